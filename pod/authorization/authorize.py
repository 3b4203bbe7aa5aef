"""The one entry: may these credentials do what an operation needs? Compares required modes with granted ones and
gives a decision with its reason, or refuses. In which language the rules are written, it does not know.

It decides on one snapshot of the store and fetches nothing unless it may wait, so it can run inside a transaction.
Everything remembered is keyed by ids and versions that never come back.

Spec: Solid #server-wac-acp; WAC #authorization-evaluation, #access-privileges; ACP #conforming-resource-server;
REQUIREMENTS section 10.5 and section 17, rows 3 to 7
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pod.authorization.acp_rules import AccessControlPolicy
from pod.authorization.ceilings import check_group, is_named, permitted, refusal
from pod.authorization.decision import Decision, Reason
from pod.authorization.groups import Circle, Groups
from pod.authorization.inquiry import Inquiry, Language
from pod.authorization.required import Need
from pod.authorization.wac_rules import WebAccessControl
from pod.clock import Clock
from pod.config import Config
from pod.errors import (
    AccessDenied,
    Busy,
    InvalidToken,
    KeptOut,
    NotAuthenticated,
    NotFound,
    PodError,
    PodLeaving,
    Withheld,
)
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.protocol.resource import Auxiliary, Target
from pod.rdf.graph import Graph
from pod.remote.client import Remote
from pod.store.interface import Reader
from pod.store.moderation import Moderates, Nobody
from pod.store.records import ResourceState, Snapshot

_LATER = (("Retry-After", "5"),)


class Authorizer:
    """Decides by the language of the settings, which are those of `Services`. Shared by all threads."""

    def __init__(
        self,
        config: Config,
        placement: Placement,
        clock: Clock,
        remote: Remote,
        moderation: Moderates | None = None,
    ) -> None:
        language = AccessControlPolicy if config.access_control == "acp" else WebAccessControl
        self._language: Language = language(config, placement, clock)
        self._placement = placement
        self._moderation = moderation or Nobody()
        self._groups = Groups(config, placement, clock, remote, self._may_everyone_read)

    def authorize(
        self,
        reader: Reader,
        snapshot: Snapshot,
        credentials: Credentials,
        needs: Sequence[Need],
        *,
        may_wait: bool = False,
    ) -> Decision:
        """What may be done with the target, when everything in `needs` may be.

        `may_wait`: for documents of remote groups, if nothing else grants what is needed. Never in a transaction.

        Raises: PodLeaving, InvalidToken, NotAuthenticated, AccessDenied, CeilingReached, GroupInUse; NotFound -- to
            whoever may know that nothing is there; VersionMoved -- an ACL changed since the snapshot.
        """
        if snapshot.storage is not None and snapshot.storage.status != "active":
            raise PodLeaving("This pod is being deleted with its account. Its owner can still keep it by signing in.")
        check_grant(snapshot, credentials)
        if snapshot.storage is None:
            raise NotFound("No storage has this URL.")
        inquiry = self._inquiry(reader, snapshot, credentials)
        subject = snapshot.target.subject
        decision = self._decide(inquiry, subject)
        for need in needs:
            there = decision if need.path == subject else self._decide(inquiry, need.path)
            if not need.is_met_by(there.modes):
                there = self._insist(inquiry, need, there, may_wait=may_wait)
                decision = there if need.path == subject else decision
        check_group(snapshot, self._placement, lambda: self._lets_in(reader, snapshot, snapshot.state))
        return _as_shown(snapshot, decision)

    def decide(
        self,
        reader: Reader,
        snapshot: Snapshot,
        credentials: Credentials,
        *,
        may_wait: bool = False,
        at_once: bool = False,
    ) -> Decision:
        """What may be done with the target, whatever is needed. Does not refuse a token whose grant does not stand: it
        may do what everybody may.

        `at_once`: without reading long documents of groups that are not known yet; then it may not be final.

        Raises: Busy -- it may not be read as far as is known, but too many wait for documents of groups to know more
        """
        inquiry = self._inquiry(reader, snapshot, credentials, at_once=at_once)
        shown = _as_shown(snapshot, self._decide(inquiry, snapshot.target.subject))
        if not inquiry.circle.is_incomplete or not shown.allows_ever(AccessMode.READ):
            return shown
        if not may_wait:
            return replace(shown, is_final=False)
        inquiry.circle.wait()
        shown = _as_shown(snapshot, self._decide(inquiry, snapshot.target.subject))
        if inquiry.circle.is_crowded and AccessMode.READ not in shown.modes:
            raise Busy("Too many wait for the groups that access rules name; try again in a moment.", headers=_LATER)
        return shown

    def check_made(self, tx: Reader, snapshot: Snapshot, made: ResourceState) -> None:
        """Refuse an app what it just wrote to the target of a wide snapshot: a group that rules of others name already.

        Raises: GroupInUse
        """
        check_group(snapshot, self._placement, lambda: self._lets_in(tx, snapshot, made))

    def held_back(self, snapshot: Snapshot) -> bool:
        """Whether access rules name the target of a wide snapshot as a group that the app may not make."""
        return is_named(snapshot)

    def allowed(self, reader: Reader, snapshot: Snapshot, credentials: Credentials) -> tuple[AccessMode, AccessMode]:
        """Modes of the caller and of the public on the target, as `WAC-Allow` tells them.

        On an ACL, Control of its subject counts as every mode, since it allows to read and write the ACL.

        Spec: WAC #wac-allow, #server-wac-allow; the same under Access Control Policy
        """
        decision = self.decide(reader, snapshot, credentials)
        return decision.modes, decision.public

    def circle(self, reader: Reader, snapshot: Snapshot) -> Circle:
        """Who is in which group, as decisions on this resource see it."""
        return Circle(self._groups, reader, snapshot.storage)

    def groups_named(self, graph: Graph) -> frozenset[str]:
        """The paths of documents of this server that access rules name as groups."""
        return self._groups.named(graph)

    def check_content(self, target: Target, graph: Graph) -> None:
        """Refuse what may not be the new content of the ACL `target`.

        Raises: Conflict -- nobody would control the storage; UnprocessableContent
        """
        self._language.check(target, graph)

    def _inquiry(
        self, reader: Reader, snapshot: Snapshot, credentials: Credentials, *, at_once: bool = False
    ) -> Inquiry:
        circle = Circle(self._groups, reader, snapshot.storage, at_once=at_once)
        return Inquiry(reader, snapshot, credentials, circle)

    def _decide(self, inquiry: Inquiry, path: str) -> Decision:
        """The decision on the target's subject or on a container of it, existing or not."""
        decision = self._language.decide(inquiry, path)
        storage = inquiry.snapshot.storage
        if storage is not None and inquiry.credentials.agent in storage.owners:
            decision = _with_ownership(decision)
        ceiling = permitted(inquiry.snapshot, inquiry.credentials, path)
        decision = decision if ceiling is None else decision.under(ceiling)
        return self._moderated(inquiry, path, decision)

    def _moderated(self, inquiry: Inquiry, path: str, decision: Decision) -> Decision:
        """What operators leave of a decision."""
        lists, who, storage = self._moderation.lists(), inquiry.credentials, inquiry.snapshot.storage
        if lists.keeps_out(who.agent, who.issuer):
            return replace(decision, modes=AccessMode.NONE, withheld=AccessMode.NONE)
        if not lists.covers(path):
            return decision
        is_owner = storage is not None and who.agent in storage.owners
        return decision.kept_private() if is_owner else decision.take_down()

    def _insist(self, inquiry: Inquiry, need: Need, there: Decision, *, may_wait: bool) -> Decision:
        """A decision that meets the need after waiting for groups that were not known; raises the refusal if none."""
        if may_wait and inquiry.circle.is_incomplete:
            inquiry.circle.wait()
            there = self._decide(inquiry, need.path)
        if not need.is_met_by(there.modes):
            raise self._refusal(inquiry, need, there)
        return there

    def _refusal(self, inquiry: Inquiry, need: Need, there: Decision) -> PodError:
        """401 to nobody, 403 to somebody and to the app they use, 404 to whoever may know that nothing is there.

        Spec: REQUIREMENTS section 17 row 3
        """
        if self._moderation.lists().keeps_out(inquiry.credentials.agent, inquiry.credentials.issuer):
            return KeptOut("The operators of this server keep this agent, or its host, out.")
        if need.is_met_by(there.taken_down):
            return Withheld("The operators of this server keep this from everybody but its owner.")
        if need.missing and AccessMode.READ in there.modes:
            return NotFound("There is nothing at this URL.")
        modes = " and ".join(need.told.names())
        if not inquiry.credentials.authenticated:
            return NotAuthenticated(f"This takes {modes} access, which not everyone has here: sign in.")
        if there.ceiling is not None and need.is_met_by(there.granted):
            return refusal(self._placement, inquiry.credentials, need, there)
        who = "the web app that asks" if self._is_for_its_origin(inquiry, need) else "this account"
        return AccessDenied(
            f"This takes {modes} access, which the access rules do not give to {who}.",
            requiredModes=list(need.told.names()),
        )

    def _is_for_its_origin(self, inquiry: Inquiry, need: Need) -> bool:
        """Whether the same agent might do it, only not from this origin.

        Spec: WAC #access-subject-origin-rejection-reason
        """
        if inquiry.credentials.origin is None:
            return False
        without = replace(inquiry, credentials=replace(inquiry.credentials, origin=None))
        return need.is_met_by(self._decide(without, need.path).modes)

    def _lets_in(self, reader: Reader, snapshot: Snapshot, state: ResourceState | None) -> bool:
        """Whether rules of other storages that name the target let in whom it says in this state."""
        return self._may_everyone_read(reader, snapshot) and self._groups.is_group(reader, state)

    def _may_everyone_read(self, reader: Reader, snapshot: Snapshot) -> bool:
        return AccessMode.READ in self.decide(reader, snapshot, PUBLIC).modes


def check_grant(snapshot: Snapshot, credentials: Credentials) -> None:
    """Refuse a token whose grant was taken back, however good its signature is.

    Raises: InvalidToken
    """
    if credentials.grant is None:
        return
    grant = snapshot.grant
    if grant is None or not grant.stands or grant.web_id != credentials.agent:
        raise InvalidToken("The access token was revoked, or its account is no longer active; sign in again.")


def _with_ownership(decision: Decision) -> Decision:
    """Owners of a storage can always repair its access rules.

    Spec: WAC #loss-of-control-mitigation
    """
    if AccessMode.CONTROL in decision.modes:
        return decision
    ownership = Reason(AccessMode.CONTROL, None)
    modes = decision.modes | AccessMode.CONTROL
    return replace(decision, modes=modes, reasons=(*decision.reasons, ownership))


def _as_shown(snapshot: Snapshot, decision: Decision) -> Decision:
    return decision.of_acl() if snapshot.target.auxiliary is Auxiliary.ACL else decision
