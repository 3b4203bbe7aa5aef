"""May this subscriber hear of it? Decided at each delivery, by the rules in force then.

Of what is gone, by the rules as they were when it went: afterwards there is nothing that could be allowed or denied.

Spec: REQUIREMENTS section 14.2 (derived), section 18 item 18; Solid Notifications Protocol
#authentication-authorization
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from functools import partial

from pod.authorization.authorize import check_grant
from pod.authorization.decision import Decision
from pod.errors import InvalidToken, VersionMoved
from pod.notifications.messages import Activity
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.interface import Reader
from pod.store.journal import end_of
from pod.store.records import Snapshot

SETTLE_ATTEMPTS_MAX = 5
MEMBERSHIP = frozenset({"Add", "Remove"})
"""Told to whoever may read the container: so is its listing. Of members that are gone, to whoever could until then."""


class Verdict(Enum):
    """Whether somebody may hear of something. `UNSETTLED`: not as far as is known, and groups were asked for."""

    YES = "yes"
    NO = "no"
    UNSETTLED = "unsettled"


class Audience:
    """Decides for subscribers. Shared by all threads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def may_hear(self, reader: Reader, activity: Activity, credentials: Credentials) -> bool:
        """Whether the subscriber's grant stands, and it may read the topic, and what lies deeper. When in doubt, not.

        Waits for documents of remote groups, if nothing else lets it.

        Raises: Busy -- too many others wait for such documents
        """
        return self._judge(reader, activity, credentials, may_wait=True) is Verdict.YES

    def may_still_hear(self, reader: Reader, activity: Activity, credentials: Credentials) -> bool:
        """The same again, of what was decided when it happened and is told only now. Raises: Busy"""
        return self._judge(reader, activity, credentials, may_wait=True, again=True) is Verdict.YES

    def judge(self, reader: Reader, activity: Activity, credentials: Credentials) -> Verdict:
        """The same at once, as far as is known: so nobody waits for the groups of somebody else's rules."""
        return self._judge(reader, activity, credentials, may_wait=False)

    def _judge(
        self, reader: Reader, activity: Activity, credentials: Credentials, *, may_wait: bool, again: bool = False
    ) -> Verdict:
        is_listed = activity.type in MEMBERSHIP and not self._is_taken_down(activity.object)
        paths = {activity.topic} if is_listed else {activity.topic, activity.object}
        found = [self._may_read(reader, activity, path, credentials, may_wait) for path in paths]
        verdicts = {verdict for verdict, _ in found}
        verdict = next(each for each in (Verdict.NO, Verdict.UNSETTLED, Verdict.YES) if each in verdicts)
        if verdict is Verdict.YES and not again and not all(is_public for _, is_public in found):
            self._services.access_log.told(activity.object, credentials.agent, credentials.client, credentials.issuer)
        return verdict

    def _may_read(
        self, reader: Reader, activity: Activity, path: str, credentials: Credentials, may_wait: bool
    ) -> tuple[Verdict, bool]:
        """And whether everybody may."""
        decide = partial(self._services.authorizer.decide, reader, may_wait=may_wait, at_once=not may_wait)
        for _ in range(SETTLE_ATTEMPTS_MAX):
            snapshot = reader.describe(Target.parse(path), credentials.grant, with_body=False)
            if not self._stands(snapshot, activity, credentials):
                return Verdict.NO, False
            judged = _judged_by(reader, activity, snapshot)
            try:
                decisions = [decide(each, credentials) for each in judged]
            except VersionMoved:
                continue
            return _verdict(decisions), all(AccessMode.READ in each.public for each in decisions)
        return Verdict.NO, False

    def _is_taken_down(self, path: str) -> bool:
        """What operators keep from others is not told by its container either."""
        return self._services.moderation.lists().covers(Target.parse(path).subject)

    def _stands(self, snapshot: Snapshot, activity: Activity, credentials: Credentials) -> bool:
        """Whether the storage is still there for anybody, and the subscriber still who it was."""
        storage = snapshot.storage
        if storage is None or storage.status != "active" or storage.id != activity.storage:
            return False
        try:
            check_grant(snapshot, credentials)
        except InvalidToken:
            return False
        return not self._is_locked(credentials)

    def _is_locked(self, credentials: Credentials) -> bool:
        """Of the accounts here that sign in elsewhere: what a grant of ours tells of the others."""
        agent, documents = credentials.agent, self._services.public_documents
        if agent is None or credentials.grant is not None or not documents.is_ours(agent):
            return False
        return documents.is_locked(agent)


def _verdict(decisions: list[Decision]) -> Verdict:
    """Of all of them together; of none, no."""
    refusals = [each for each in decisions if AccessMode.READ not in each.modes]
    if not decisions or any(each.is_final for each in refusals):
        return Verdict.NO
    return Verdict.UNSETTLED if refusals else Verdict.YES


def _judged_by(reader: Reader, activity: Activity, snapshot: Snapshot) -> tuple[Snapshot, ...]:
    """What decides of a topic, all of it: the rules now, or if it is gone since, those when it went; and where a member
    is gone, those when that one went, since no listing shows it any more. Nothing: some of them are not known.
    """
    gone = [] if _is_there(snapshot, activity) else [snapshot.target.path]
    present = () if gone else (snapshot,)
    if activity.type in MEMBERSHIP and not _is_there(_described(reader, activity.object), activity):
        gone.append(activity.object)
    ends = [end_of(reader, activity.storage, path, activity.sequence) for path in gone]
    rules = [reader.lineage_rules(snapshot.target, end.sequence) for end in ends if end is not None]
    if len(rules) < len(ends):
        return ()
    ending = end_of(reader, activity.storage, snapshot.target.subject, activity.sequence) if gone else None
    return (*present, *(replace(snapshot, acls=each, ending=ending) for each in rules))


def _described(reader: Reader, path: str) -> Snapshot:
    return reader.describe(Target.parse(path), with_body=False)


def _is_there(snapshot: Snapshot, activity: Activity) -> bool:
    """Still, and not another one since at the same place."""
    path, state, change = snapshot.target.path, snapshot.state, activity.change
    return state is not None and (path != change.path or state.id == change.resource)
