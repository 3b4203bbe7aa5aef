"""Removing a container with all that is in it, and telling before what goes with it.

In several transactions, the innermost first, so that nobody waits long and each of them leaves the pod sound: what was
interrupted left the rest, which can be removed again. Whether all of it may go is looked at before anything does.

Spec: Solid #server-delete-protect-root-container, #server-delete-remove-auxiliary-resource; LDP 5.2.5
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from pod.authorization import required
from pod.errors import Conflict, NotFound, PodError
from pod.operations.admission import admit, allowed_methods, check_not_kept, current_shape, refuse_method, settled
from pod.operations.delete import delete_within
from pod.operations.operation import Operation
from pod.operations.watched import note_own
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import ACL_SUFFIX, APP_LIST, Target
from pod.rdf.graph import IRI
from pod.rdf.vocab import ACL, ACP
from pod.services import Services
from pod.store import trees
from pod.store.interface import Reader, Writer
from pod.store.own_rules import with_own_rules
from pod.store.records import Actor, Snapshot

REMOVED_AT_ONCE = 500
REMOVED_MAX = 100_000
RULES_MAX = 5_000
"""Rules of their own beneath what goes."""
RULES_READ_MAX = 200
"""To tell how many people lose their access."""
_NAMING = (ACL.agent, ACL.agentGroup, ACP.agent)


@dataclass(frozen=True, slots=True)
class Tree:
    """What is in a container, itself included; of a document, the document. `links` are those that end; `people` the
    agents and groups that access rules within it name, its owner left out.
    """

    resources: int
    bytes: int
    documents: int
    links: int = 0
    people: int = 0
    is_too_large: bool = False


def tree_of(services: Services, who: Credentials, target: Target) -> Tree:
    """Raises: NotFound, AccessDenied, Conflict -- as removing it would"""
    snapshot = _admit(services, services.store, who, target)
    _check_protected(services, target)
    counted = trees.count(services.store, target)
    return Tree(
        counted.resources,
        counted.bytes,
        counted.documents,
        counted.links,
        _people(services, target, snapshot),
        is_too_large=counted.resources > REMOVED_MAX,
    )


def remove_tree(services: Services, who: Credentials, target: Target) -> int:
    """Gives how many resources went, auxiliary ones not counted.

    Raises: NotFound, AccessDenied; MethodNotAllowed -- a storage root; Conflict -- something in it is to stay, or it is
        too large
    """
    _admit(services, services.store, who, target)
    _check(services, who, target)
    removed = 0
    while some := settled(_remove_some)(services, who, target):
        removed += some
    note_own(services, target.path, who.agent, AccessMode.WRITE)
    return removed


def _admit(services: Services, reader: Reader, who: Credentials, target: Target) -> Snapshot:
    snapshot = admit(services, reader, Operation("DELETE", target, who, NO_CONDITIONS), required.delete)
    if snapshot.state is None:
        raise NotFound("There is nothing here to delete.")
    shape = current_shape(snapshot)
    check_not_kept(target, shape)
    if "DELETE" not in allowed_methods(target, shape):
        raise refuse_method(target, shape, "A storage root cannot be deleted.")
    return snapshot


def _check(services: Services, who: Credentials, target: Target) -> None:
    """That all of it may go: where rules are inherited, what holds above holds."""
    _check_protected(services, target)
    if trees.count(services.store, target).resources > REMOVED_MAX:
        raise Conflict(f"At most {REMOVED_MAX} things can be deleted at once. Delete what is in it part by part.")
    own = with_own_rules(services.store, target.path, RULES_MAX + 1) if target.is_container else ()
    if len(own) > RULES_MAX:
        raise Conflict("Too many things in it have rules of their own. Delete what is in it part by part.")
    for path in own:
        _admit(services, services.store, who, Target.parse(path))


def _check_protected(services: Services, target: Target) -> None:
    """Raises: Conflict, MethodNotAllowed -- something in it is to stay"""
    apps = Target.parse(target.storage + APP_LIST)
    if target.is_container and apps.path.startswith(target.path):
        found = services.store.describe(apps, with_body=False)
        if found.state is not None:
            check_not_kept(apps, current_shape(found))
    if trees.holds_protected(services.store, target):
        raise Conflict("Something in it holds the WebID of an account; it goes when the account is deleted.")


def _remove_some(services: Services, who: Credentials, target: Target) -> int:
    with services.store.write(Actor(who.agent, who.client)) as tx:
        return _remove(services, tx, who, target)


def _remove(services: Services, tx: Writer, who: Credentials, target: Target) -> int:
    paths = trees.innermost(tx, target, REMOVED_AT_ONCE)
    for path in paths:
        delete_within(services, tx, Operation("DELETE", Target.parse(path), who, NO_CONDITIONS))
    return len(paths)


def _people(services: Services, target: Target, snapshot: Snapshot) -> int:
    """As far as rules can be read."""
    owners = set(snapshot.storage.owners) if snapshot.storage else set()
    own = with_own_rules(services.store, target.path, RULES_READ_MAX) if target.is_container else ()
    named: set[str] = set()
    for path in islice((target.path, *own), RULES_READ_MAX):
        named |= _named(services, path + ACL_SUFFIX)
    return len(named - owners)


def _named(services: Services, rules: str) -> set[str]:
    state = services.store.describe(Target.parse(rules), with_body=False).state
    content = services.store.document(state.id, state.version) if state else None
    if state is None or content is None:
        return set()
    try:
        graph = services.parse(content, state.media_type, services.placement.url(rules)).default
    except PodError:
        return set()
    return {each.object.value for p in _NAMING for each in graph.match(p=p) if isinstance(each.object, IRI)}
