"""Sharing, whatever language the access rules are written in: who has access to something, giving it, taking it back.

It reads and writes the documents that apps and other tools read and write, through the operation and the checks of a
PUT of theirs, so the journal, notifications and past rules follow; nothing else of a share is kept anywhere.

Spec: WAC #authorization-rule, #effective-acl-resource, #loss-of-control-mitigation; ACP #access-control-resource
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from pod.authorization.groups import Circle
from pod.authorization.required import Need
from pod.errors import AccessDenied, Busy, Conflict, NotAuthenticated, NotFound, UnprocessableContent, VersionMoved
from pod.operations.admission import settled
from pod.operations.content import Incoming, discarded_on_failure
from pod.operations.watched import note_own
from pod.operations.writing import acting_for, rendered, write
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.acp_document import ACRDocument
from pod.sharing.audiences import Audience, Level, Whom
from pod.sharing.in_force import Document, InForce, RulesUnreadable, begun, read_in_force
from pod.sharing.rules_view import RulesView
from pod.sharing.shares import Share
from pod.store.interface import Reader, Writer
from pod.store.notices import Notices
from pod.store.own_rules import with_own_rules
from pod.store.records import ACLReference, Actor, Snapshot

APART_MAX = 20
"""Resources in a folder that are told to have rules of their own."""
SHARES_MAX = 200
"""On one page: more lines than that nobody reads."""

ATTEMPTS_MAX = 10
END_MAX_MS = 253_402_300_799_999
"""The last moment that rules can name: the end of the year 9999."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of an audience: this level, until then; or nothing, where there is no level."""

    audience: Audience
    level: Level | None = None
    until_ms: int | None = None
    label: str | None = None

    def apply(self, document: Document) -> None:
        document.remove(self.audience)
        if self.level is not None:
            document.add(self.audience, self.level, self.until_ms, self.label)


@dataclass(frozen=True, slots=True)
class _Computed:
    """New rules, by whom, and from which rules they were computed."""

    who: Credentials
    target: Target
    acls: tuple[ACLReference, ...]
    incoming: Incoming
    account: int
    given_to: str
    """The WebID of whom it was shared with just now, if that is a person."""


@dataclass(frozen=True, slots=True)
class SharingState:
    """Who has access to a resource. `shares` are its own and those from above, without what names its owners."""

    path: str
    owners: tuple[str, ...]
    shares: tuple[Share, ...]
    has_own: bool
    """Whether it has rules of its own. Under Web Access Control nothing from above counts then."""
    knows_groups: bool
    """Whether the language of the rules does."""
    adds_up: bool
    """Whether what is above counts too, whatever its own rules say: so in Access Control Policy."""
    is_identity: bool
    """It holds the WebID of an account."""
    more: int = 0
    """Shares that are not told."""
    apart: tuple[str, ...] = ()
    """Paths in it that have rules of their own, some if there are many."""
    now_ms: int = 0
    is_owner: bool = True
    """Whoever asks owns the storage; else they were let decide about this."""

    @property
    def is_container(self) -> bool:
        return self.path.endswith("/")

    @property
    def own_shares(self) -> tuple[Share, ...]:
        return tuple(each for each in self.shares if each.source == self.path)

    @property
    def inherited_shares(self) -> tuple[Share, ...]:
        return tuple(each for each in self.shares if each.source != self.path)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What somebody may do with a resource now, and why. `web_id` is None for whoever is not signed in.

    `ways` are all shares that let them in, whether one alone would do or not; `denials` those that keep them out;
    `over` those that ended.
    """

    web_id: str | None
    modes: AccessMode
    is_owner: bool
    ways: tuple[Share, ...]
    denials: tuple[Share, ...]
    over: tuple[Share, ...]


class Sharing:
    """What one account shares. Shared by all threads.

    Everything is for whoever controls the resource: its owner, or whom they let decide. `path` is that of a resource
    that exists, not of an auxiliary one.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    @settled
    def state(self, account: int, path: str) -> SharingState:
        """Raises: NotFound -- nothing is there that this account may share; RulesUnreadable."""
        reader = self._services.store
        who = acting_for(self._services, reader, account, path)
        snapshot = self._controlled(reader, who, path)
        in_force = read_in_force(self._services, reader, snapshot)
        view = RulesView(self._services, reader, who, snapshot)
        storage, state = snapshot.storage, snapshot.state
        assert storage is not None
        assert state is not None
        named = {Audience(Whom.PERSON, owner) for owner in storage.owners}
        shares = tuple(each for each in view.told(in_force) if each.denies or each.audience not in named)
        adds_up = self._services.config.access_control == "acp"
        return SharingState(
            path,
            storage.owners,
            shares[:SHARES_MAX],
            has_own=in_force.own is not None,
            knows_groups=not adds_up,
            adds_up=adds_up,
            is_identity=state.protected,
            more=max(0, len(shares) - SHARES_MAX),
            apart=view.may_tell(with_own_rules(reader, path, APART_MAX)) if path.endswith("/") else (),
            now_ms=self._now_ms(),
            is_owner=view.is_owner,
        )

    @settled
    def explain(self, account: int, path: str, web_id: str | None) -> Explanation:
        """What somebody may do, by which shares. May wait for groups of other servers.

        Raises: NotFound -- see `state`; Conflict -- rules or groups count that the account may not read;
            RulesUnreadable; Busy
        """
        services, reader = self._services, self._services.store
        who = acting_for(services, reader, account, path)
        snapshot = self._controlled(reader, who, path)
        in_force = read_in_force(services, reader, snapshot)
        RulesView(services, reader, who, snapshot).check_explainable(in_force)
        decision = services.authorizer.decide(reader, snapshot, seen_as(services, web_id), may_wait=True)
        circle = services.authorizer.circle(reader, snapshot)
        circle.wait()
        concerned = [
            share for share in in_force.shares() if share.here and self._concerns(share.audience, web_id, circle, path)
        ]
        now_ms = self._now_ms()
        return Explanation(
            web_id,
            decision.modes,
            snapshot.storage is not None and web_id in snapshot.storage.owners,
            ways=tuple(each for each in concerned if each.stands(now_ms) and not each.denies),
            denials=tuple(each for each in concerned if each.stands(now_ms) and each.denies),
            over=tuple(each for each in concerned if not each.stands(now_ms)),
        )

    @settled
    def still_inside(self, account: int, path: str, audience: Audience) -> tuple[tuple[str, ...], bool]:
        """Paths in a folder whose own rules give an audience something now; and whether all in it were looked at.

        Raises: NotFound -- see `state`
        """
        reader = self._services.store
        who = acting_for(self._services, reader, account, path)
        view = RulesView(self._services, reader, who, self._controlled(reader, who, path))
        found = with_own_rules(reader, path, APART_MAX + 1) if path.endswith("/") else ()
        seen = view.may_tell(found[:APART_MAX])
        return tuple(each for each in seen if self._gives(reader, each, audience)), len(found) <= APART_MAX

    def _gives(self, reader: Reader, path: str, audience: Audience) -> bool:
        try:
            own = read_in_force(self._services, reader, reader.describe(Target.parse(path), with_body=False)).own
        except (RulesUnreadable, VersionMoved):  # unreadable ones let nobody in
            return False
        now_ms = self._now_ms()
        given = [] if own is None else [each for each in own.shares() if each.stands(now_ms) and not each.denies]
        return any(audience.covers(each.audience) for each in given)

    def _concerns(self, audience: Audience, web_id: str | None, circle: Circle, path: str) -> bool:
        if web_id is None or audience.whom is Whom.EVERYONE:
            return audience.whom is Whom.EVERYONE
        if audience.whom is Whom.GROUP:
            return circle(audience.iri, web_id)
        if audience.whom is Whom.CREATOR:
            return self._services.store.creator(path) == web_id
        return audience.whom is Whom.SIGNED_IN or audience.iri == web_id

    def share(
        self,
        account: int,
        path: str,
        audience: Audience,
        level: Level,
        until_ms: int | None = None,
        *,
        label: str | None = None,
    ) -> None:
        """From now on the rules of this resource give an audience exactly this, in place of what they gave it before.

        `until_ms`: until then, in milliseconds since the epoch. `label`: what the audience is called.

        Raises: NotFound -- see `state`; UnprocessableContent, Conflict -- it cannot be shared so; RulesUnreadable
        """
        self._check(audience, level, until_ms)
        self._settle(account, path, _Change(audience, level, until_ms, label))

    def share_within(
        self,
        tx: Writer,
        account: int,
        path: str,
        audience: Audience,
        level: Level,
        *,
        until_ms: int | None = None,
        label: str | None = None,
    ) -> None:
        """The same in a transaction of the caller's. Raises: see `share`."""
        self._check(audience, level, until_ms)
        self._at_once(tx, account, path, _Change(audience, level, until_ms, label))

    def unshare(self, account: int, path: str, audience: Audience) -> None:
        """From now on the rules of this resource give an audience nothing. Whatever else lets them in still does.

        What they have from a folder above ends here too where its own rules replace those above.

        Raises: NotFound -- see `state`; Conflict -- it comes from above, or cannot be taken back; RulesUnreadable
        """
        self._settle(account, path, _Change(audience))

    def unshare_within(self, tx: Writer, account: int, path: str, audience: Audience) -> None:
        """The same in a transaction of the caller's. Raises: see `unshare`."""
        self._at_once(tx, account, path, _Change(audience))

    # -- changing rules ------------------------------------------------------------------------------------------------

    def _settle(self, account: int, path: str, change: _Change) -> None:
        """Long lists are read and written outside the transaction, which checks that no rules changed meanwhile.

        Raises: Busy -- they kept changing.
        """
        store = self._services.store
        for _ in range(ATTEMPTS_MAX):
            with suppress(VersionMoved), store.turn(Target.parse(path).acl):
                made = self._computed(store, account, path, change)
                if made is not None:
                    with discarded_on_failure(self._services, made.incoming.content):
                        store.write_together(Actor(made.who.agent), partial(self._write, made))
                    note_own(self._services, path, made.who.agent, AccessMode.CONTROL)
                return
        raise Busy("Others kept changing who has access; try again.", headers=(("Retry-After", "1"),))

    def _at_once(self, tx: Writer, account: int, path: str, change: _Change) -> None:
        made = self._computed(tx, account, path, change)
        if made is not None:
            with discarded_on_failure(self._services, made.incoming.content):
                self._write(made, tx)

    def _write(self, made: _Computed, tx: Writer) -> None:
        """Raises: VersionMoved -- the rules are not those that it was computed from."""
        if tx.describe(made.target, with_body=False).acls != made.acls:
            raise VersionMoved
        write(self._services, tx, made.who, made.target, made.incoming)
        if made.given_to:
            owner, path = made.who.agent or "", Target.parse(made.target.path).subject
            Notices(tx).add_shared(tx, made.given_to, made.account, owner, path)

    def _computed(self, reader: Reader, account: int, path: str, change: _Change) -> _Computed | None:
        """The resource's own rules as they will be; None where there is nothing to change."""
        services = self._services
        who = acting_for(services, reader, account, path)
        snapshot = self._controlled(reader, who, path)
        in_force = read_in_force(services, reader, snapshot)
        owners = snapshot.storage.owners if snapshot.storage else ()
        view = RulesView(services, reader, who, snapshot)
        if not self._is_possible(in_force, view, snapshot, change):
            return None
        document = begun(services, in_force)
        change.apply(document)
        if isinstance(document, ACRDocument):
            document.keep_owners(owners, tuple(each for each in in_force.above if isinstance(each, ACRDocument)))
        else:
            document.keep_owners(owners)
        target = Target.parse(snapshot.target.acl)
        incoming = rendered(services, target, (document.dataset, in_force.media_type))
        given_to = change.audience.iri if change.level is not None and change.audience.whom is Whom.PERSON else ""
        return _Computed(who, target, snapshot.acls, incoming, account, given_to)

    def _is_possible(self, in_force: InForce, view: RulesView, snapshot: Snapshot, change: _Change) -> bool:
        """False where there is nothing to take back.

        Raises: Conflict -- somebody has to have it, or has it from above
        """
        audience = change.audience
        if audience.whom is Whom.PERSON and snapshot.storage is not None and audience.iri in snapshot.storage.owners:
            raise Conflict("An owner always keeps everything in their own pod.")
        is_identity = snapshot.state is not None and snapshot.state.protected
        if is_identity and audience.whom is Whom.EVERYONE and (change.level is None or change.until_ms is not None):
            raise Conflict("Everyone has to be able to see your profile: it says where you sign in.")
        return change.level is not None or self._is_given(in_force, view, audience)

    def _is_given(self, in_force: InForce, view: RulesView, audience: Audience) -> bool:
        """Whether there is something to take back here. Raises: Conflict -- it is given above, and counts here."""
        is_added_up = self._services.config.access_control == "acp"
        shares = view.told(in_force) if is_added_up else in_force.shares()
        found = [each for each in shares if audience.covers(each.audience) and not each.denies]
        elsewhere = [each for each in found if each.source != in_force.path]
        if elsewhere and is_added_up and len(elsewhere) == len(found):
            where = self._services.placement.url(elsewhere[0].source)
            raise Conflict(f"They have it from {where}: take it back there.")
        return bool(found)

    # -- whether they may ----------------------------------------------------------------------------------------------

    def _controlled(self, reader: Reader, who: Credentials, path: str) -> Snapshot:
        """Raises: NotFound -- whoever does not control it need not know whether it is there."""
        target = Target.parse(path)
        snapshot = reader.describe(target, wide=True, with_body=False)
        need = Need(target.subject, AccessMode.CONTROL, told=AccessMode.CONTROL)
        may_wait = reader is self._services.store
        try:
            self._services.authorizer.authorize(reader, snapshot, who, (need,), may_wait=may_wait)
        except (AccessDenied, NotAuthenticated) as error:
            raise NotFound("There is nothing here that you may share.") from error
        if snapshot.state is None or target.auxiliary is not None:
            raise NotFound("There is nothing here that you may share.")
        return snapshot

    def _check(self, audience: Audience, level: Level, until_ms: int | None) -> None:
        if audience.whom is Whom.CREATOR:
            raise UnprocessableContent("Share with a person, a group, anyone signed in, or everyone.")
        if level is Level.FULL and audience.whom in {Whom.EVERYONE, Whom.SIGNED_IN}:
            raise UnprocessableContent("Only people and groups that you name can be let decide who has access.")
        if until_ms is not None and until_ms <= self._now_ms():
            raise UnprocessableContent("The end is in the past.")
        if until_ms is not None and until_ms > END_MAX_MS:
            raise UnprocessableContent("The end is too far away.")

    def _now_ms(self) -> int:
        return int(self._services.clock.now() * 1000)


def is_shared(services: Services, path: str) -> bool:
    """Whether anybody but its owners has access to a resource now, as far as can be read. For owners' pages."""
    reader = services.store
    snapshot = reader.describe(Target.parse(path), with_body=False)
    owners = snapshot.storage.owners if snapshot.storage else ()
    try:
        shares = read_in_force(services, reader, snapshot).shares()
    except (RulesUnreadable, VersionMoved):
        return False
    now_ms = services.clock.now() * 1000
    return any(
        each.here and each.stands(now_ms) and not each.denies and each.audience.iri not in owners for each in shares
    )


def seen_as(services: Services, web_id: str | None) -> Credentials:
    """Somebody as they come without any app; those with an account here were let in by this server."""
    is_ours = web_id is not None and services.accounts.web_id_account(web_id) is not None
    return Credentials(agent=web_id, issuer=services.placement.base_url if is_ours else None)
