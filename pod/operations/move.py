"""Moving a resource within its pod, a container with all that is in it: in one transaction, with the links to it.

What the pod's documents say of the old places they say of the new ones afterwards; which documents mention them the
caller tells, who has an index. It takes what deleting there and creating here take, of everything that has rules of its
own. HTTP has no such method here: pages do it, on behalf of the pod's owner.

Spec: Solid #server-hierarchical-containment, #server-uri-trailing-slash-distinct; WAC #server-delete-operation,
#server-create-operation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from pod.authorization import required
from pod.config import MIB
from pod.errors import Busy, Conflict, NotFound, PodError, SlashTwinExists, VersionMoved
from pod.operations.admission import (
    admit,
    allowed_methods,
    check_creatable,
    check_not_kept,
    current_shape,
    refuse_method,
    settled,
)
from pod.operations.content import Incoming, discarded_on_failure
from pod.operations.create import effective
from pod.operations.operation import Operation
from pod.operations.put import put_within
from pod.operations.rules import check_deletable
from pod.operations.watched import note_own
from pod.operations.writing import rendered
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import INBOX, Target
from pod.rdf.graph import Dataset
from pod.rdf.renaming import are_alike, renamed
from pod.services import Services
from pod.store import moving
from pod.store.acl_groups import keep_groups, kept_groups
from pod.store.interface import Reader, Writer
from pod.store.moving import Way
from pod.store.records import ACLReference, Actor, Content, Held, Kind, ResourceState, Snapshot

MOVED_MAX = 10_000
"""Resources in one move; about a second in which nobody else writes."""
DOCUMENT_BYTES_MAX = MIB
"""Of a document whose links are looked at."""
REWRITTEN_MAX = 1_000
"""Documents outside of what moves, whose links are looked at."""
_SETTLED_PLACES = (INBOX, "profile/", "settings/")
"""Below a storage root: where apps and servers look for them."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of it. `left` are the documents, by path, that may still name the old places."""

    resources: int
    rewritten: int
    left: tuple[str, ...]
    limits_followed: bool
    """What some app may do at most names the new places now."""


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A document that is to say something else, and the state it was read in."""

    target: Target
    version: int
    incoming: Incoming


@dataclass(slots=True)
class _Plan:
    """What was read before the transaction, which sees to it that it still is so."""

    tree: list[Held]
    contents: dict[int, Content] = field(default_factory=dict)
    elsewhere: list[_Elsewhere] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def move(
    services: Services, who: Credentials, source: Target, destination: Target, mentioning: Sequence[str] = ()
) -> Moved:
    """`mentioning` are the documents that mention something of it, by path.

    Raises: Conflict, SlashTwinExists -- something is there, or it stays where it is; NotFound; MalformedTarget,
        TargetTooLong, ReservedName -- something of it cannot have its new name; QuotaExceeded; AccessDenied
    """
    _check_names(source, destination)
    moved = settled(_move)(services, who, source, destination, tuple(mentioning))
    services.moderation.forget()  # what was taken down stays so at its new place
    note_own(services, source.path, who.agent, AccessMode.WRITE)
    note_own(services, destination.path, who.agent, AccessMode.WRITE)
    return moved


def _check_names(source: Target, destination: Target) -> None:
    if source.auxiliary or destination.auxiliary or source.is_container is not destination.is_container:
        raise Conflict("A folder stays a folder, and a file a file.")
    if source.storage != destination.storage:
        raise Conflict("Things are moved within one pod.")
    if destination.path.startswith(source.path) and source.is_container:
        raise Conflict("A folder cannot be moved into itself.")
    settled_places = {source.storage + place for place in _SETTLED_PLACES}
    if settled_places & {source.path, destination.path} or destination.path.startswith(source.storage + INBOX):
        raise Conflict("This folder has its place, where apps look for it.")


def _move(
    services: Services, who: Credentials, source: Target, destination: Target, mentioning: tuple[str, ...]
) -> Moved:
    _admit(services, services.store, who, source, destination)
    way = Way(source.path, destination.path)
    with ExitStack() as staged:
        plan = _Plan(moving.tree(services.store, source, MOVED_MAX + 1))
        _Planner(services, staged, way, plan).look_at(mentioning)
        with services.store.write(Actor(who.agent, who.client)) as tx:
            return _change(services, tx, who, way, plan)


# -- may they ----------------------------------------------------------------------------------------------------------


def _admit(
    services: Services, reader: Reader, who: Credentials, source: Target, destination: Target
) -> tuple[Snapshot, Snapshot]:
    """Of both ends; rules of their own within the tree are looked at with the tree. Who may write and not read could
    else bring things to where they may.
    """
    admit(services, reader, Operation("GET", source, who, NO_CONDITIONS), required.read)
    there = _admit_going(services, reader, who, source)
    new = admit(services, reader, Operation("PUT", destination, who, NO_CONDITIONS), required.put)
    if new.state is not None:
        raise Conflict("There is something of that name already.")
    check_not_kept(destination, current_shape(new))
    check_creatable(new)
    if destination.parent not in new.others:
        raise NotFound("The folder it is to go to is gone.")
    if destination.twin in new.others and destination.twin != source.path:
        raise SlashTwinExists("A file and a folder in the same place cannot have the same name.")
    return there, new


def _admit_going(services: Services, reader: Reader, who: Credentials, target: Target) -> Snapshot:
    snapshot = admit(services, reader, Operation("DELETE", target, who, NO_CONDITIONS), required.delete)
    if snapshot.state is None:
        raise NotFound("There is nothing here to move.")
    shape = current_shape(snapshot)
    check_not_kept(target, shape)
    if "DELETE" not in allowed_methods(target, shape):
        raise refuse_method(target, shape, "A storage root cannot be moved.")
    check_deletable(snapshot)
    return snapshot


def _check_tree(services: Services, reader: Reader, who: Credentials, tree: Sequence[Held], way: Way) -> None:
    """Raises: what one that cannot go, or cannot have its new name, raises"""
    if len(tree) > MOVED_MAX:
        raise Conflict(f"At most {MOVED_MAX} things can be moved at once. Move what is in this folder part by part.")
    for held in tree:
        Target.parse(way(held.state.path))
        if held.state.protected:
            raise Conflict("Something in this folder holds the WebID of an account, which stays where it is.")
        if held.is_rules:
            _admit_going(services, reader, who, Target.parse(held.place))
            rules = Operation("DELETE", Target.parse(held.state.path), who, NO_CONDITIONS)
            admit(services, reader, rules, required.delete)


# -- what documents say ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Planner:
    """Reads what documents say, and stages what they are to say; what is staged goes when the move fails."""

    services: Services
    staged: ExitStack
    way: Way
    plan: _Plan

    def look_at(self, mentioning: tuple[str, ...]) -> _Plan:
        for held in self.plan.tree if len(self.plan.tree) <= MOVED_MAX else ():
            if held.state.kind is Kind.RDF:
                self._look(Target.parse(self.way(held.state.path)), held.state, moves=True)
        self.plan.left += mentioning[REWRITTEN_MAX:]
        for path in mentioning[:REWRITTEN_MAX]:
            target = Target.parse(path)
            state = self.services.store.describe(target, with_body=False).state
            if state is not None and state.kind is Kind.RDF and not self.way.covers(path) and not target.is_app_list:
                self._look(target, state, moves=False)
        return self.plan

    def _look(self, target: Target, state: ResourceState, *, moves: bool) -> None:
        """At a document that will be at `target`. One that moves says at its new place what it said, in most cases: its
        relative references move with it.
        """
        try:
            with self.services.large_work.document(state.size):
                content = self._content(state)
                meant = renamed(self._parsed(content, state, state.path), self._rename)
                if are_alike(self._parsed(content, state, target.path), meant):
                    return
                incoming = rendered(self.services, target, (meant, state.media_type))
        except Busy:
            raise
        except PodError:
            self.plan.left.append(target.path)
            return
        self.staged.enter_context(discarded_on_failure(self.services, incoming.content))
        if moves:
            self.plan.contents[state.id] = incoming.content
        else:
            self.plan.elsewhere.append(_Elsewhere(target, state.version, incoming))

    def _parsed(self, content: bytes, state: ResourceState, path: str) -> Dataset:
        return self.services.parse(content, state.media_type, self.services.placement.url(path))

    def _content(self, state: ResourceState) -> bytes:
        """Raises: Conflict -- it is too large; VersionMoved"""
        if state.size > DOCUMENT_BYTES_MAX:
            raise Conflict("This document is too large to look for links in it.")
        content = self.services.store.document(state.id, state.version)
        if content is None:
            raise VersionMoved
        return content

    def _rename(self, iri: str) -> str:
        end = min((iri.index(each) for each in "?#" if each in iri), default=len(iri))
        document, rest = iri[:end], iri[end:]
        path = self.services.placement.local_path(document)
        with suppress(PodError):
            if path and self.way.covers(canonical := Target.parse(path).path):
                return self.services.placement.url(self.way(canonical)) + rest
        return iri


# -- the transaction ---------------------------------------------------------------------------------------------------


def _change(services: Services, tx: Writer, who: Credentials, way: Way, plan: _Plan) -> Moved:
    source, destination = Target.parse(way.old), Target.parse(way.new)
    there, new = _admit(services, tx, who, source, destination)
    tree = moving.tree(tx, source, MOVED_MAX + 1)
    if [(held.state.id, held.state.version) for held in tree] != [
        (held.state.id, held.state.version) for held in plan.tree
    ]:
        raise VersionMoved
    _check_tree(services, tx, who, tree, way)
    versions = tx.move(tree, destination, plan.contents, acl=effective(there), acl_there=effective(new))
    _keep_groups(tx, tree, versions, way)
    storage = there.storage
    followed = storage is not None and moving.follow(tx, storage.account, storage.id, way)
    rewritten = [each for each in plan.elsewhere if _rewrite(services, tx, who, each, plan.left)]
    return Moved(len(tree), len(rewritten) + len(plan.contents), tuple(plan.left), followed)


def _keep_groups(tx: Writer, tree: Sequence[Held], versions: Mapping[int, int], way: Way) -> None:
    """Rules that moved have another version: which groups they name is told of that too. Groups that went along are
    named at their new places, also where the rules kept their bytes, and at the old ones where these were left.
    """
    for held in tree:
        if held.is_rules:
            named = kept_groups(tx, ACLReference(held.place, held.state.id, held.state.version))
            keep_groups(tx, held.state.id, versions[held.state.id], named | {way(path) for path in named})


def _rewrite(services: Services, tx: Writer, who: Credentials, each: _Elsewhere, left: list[str]) -> bool:
    state = tx.describe(each.target, with_body=False).state
    if state is None or state.version != each.version:
        raise VersionMoved
    try:
        put_within(services, tx, Operation("PUT", each.target, who, NO_CONDITIONS), each.incoming)
    except Busy:
        raise
    except PodError:
        left.append(each.target.path)
        return False
    return True
