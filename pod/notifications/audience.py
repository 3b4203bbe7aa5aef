"""May this subscriber hear of it? Decided at each delivery, by the rules in force then.

Of what is gone, by the rules as they were when it went: afterwards there is nothing that could be allowed or denied.

Spec: REQUIREMENTS section 14.2 (derived), section 18 item 18; Solid Notifications Protocol
#authentication-authorization
"""

from __future__ import annotations

from dataclasses import replace

from pod.authorization.authorize import check_grant
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
"""Told to whoever may read the container: so is its listing."""


class Audience:
    """Decides for subscribers. Shared by all threads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def may_hear(self, reader: Reader, activity: Activity, credentials: Credentials, *, may_wait: bool = False) -> bool:
        """Whether the subscriber's grant stands, and it may read the topic, and what lies deeper.

        `may_wait`: for documents of remote groups, if nothing else lets it. When in doubt, not.
        """
        paths = {activity.topic} if activity.type in MEMBERSHIP else {activity.topic, activity.object}
        return all(self._may_read(reader, activity, path, credentials, may_wait) for path in paths)

    def _may_read(
        self, reader: Reader, activity: Activity, path: str, credentials: Credentials, may_wait: bool
    ) -> bool:
        for _ in range(SETTLE_ATTEMPTS_MAX):
            snapshot = reader.describe(Target.parse(path), credentials.grant, with_body=False)
            if not self._stands(snapshot, activity, credentials):
                return False
            judged = _as_it_was(reader, activity, snapshot)
            if judged is None:
                return False
            try:
                decision = self._services.authorizer.decide(reader, judged, credentials, may_wait=may_wait)
            except VersionMoved:
                continue
            return AccessMode.READ in decision.modes
        return False

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


def _as_it_was(reader: Reader, activity: Activity, snapshot: Snapshot) -> Snapshot | None:
    """What decides of a topic: the rules now, or if it is gone since, those when it went; None: they are not known."""
    path, state = snapshot.target.path, snapshot.state
    if state is not None and (path != activity.change.path or state.id == activity.change.resource):
        return snapshot
    gone = end_of(reader, activity.storage, path, activity.sequence)
    if gone is None:
        return None
    return replace(snapshot, acls=reader.lineage_rules(snapshot.target, gone))
