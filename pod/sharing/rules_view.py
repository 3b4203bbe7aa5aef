"""What of the access rules in force somebody may be told: owners of a storage all, whom they let decide about something
only what documents say that they may read themselves.

Otherwise whoever controls one folder could ask who may see what is above it, and who is in a group that is private.

Spec: WAC #reading-writing-resources (an ACL is read with Control), #security-considerations
"""

from __future__ import annotations

from collections.abc import Iterable

from pod.errors import Conflict, PodError
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.audiences import Whom
from pod.sharing.in_force import InForce
from pod.sharing.shares import Share
from pod.store.interface import Reader
from pod.store.records import Snapshot

GROUPS_MAX = 20
"""Documents of groups that are looked at, whether somebody may read them."""


class RulesView:
    """The rules in force of one resource, as somebody who controls it may see them. For one request."""

    def __init__(self, services: Services, reader: Reader, who: Credentials, snapshot: Snapshot) -> None:
        self._services = services
        self._reader = reader
        self._who = who
        self._path = snapshot.target.subject
        self.is_owner = snapshot.storage is not None and who.agent in snapshot.storage.owners

    def told(self, in_force: InForce) -> tuple[Share, ...]:
        """The shares that documents say that they may read."""
        shares = in_force.shares()
        seen = set(self.may_tell(dict.fromkeys(each.source for each in shares)))
        return tuple(each for each in shares if each.source in seen)

    def may_tell(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of the resources whose rules they may read."""
        return tuple(path for path in paths if self.is_owner or path == self._path or self._controls(path))

    def check_explainable(self, in_force: InForce) -> None:
        """Raises: Conflict -- what others may do here tells of rules or of groups that they may not read."""
        if self.is_owner:
            return
        sources = dict.fromkeys(each.path for each in in_force.documents)
        if len(self.may_tell(sources)) < len(sources) or not self._reads_groups(in_force.shares()):
            raise Conflict("This depends on rules or groups that only the owner may see. Ask them.")

    def _reads_groups(self, shares: Iterable[Share]) -> bool:
        groups = {each.audience.iri.partition("#")[0] for each in shares if each.audience.whom is Whom.GROUP}
        return len(groups) <= GROUPS_MAX and all(self._reads(each) for each in groups)

    def _reads(self, group: str) -> bool:
        """Those of other servers are read as everybody may read them."""
        if not self._services.placement.is_ours(group):
            return True
        path = self._services.placement.local_path(group)
        return path is not None and AccessMode.READ in self._modes(path)

    def _controls(self, path: str) -> bool:
        return AccessMode.CONTROL in self._modes(path)

    def _modes(self, path: str) -> AccessMode:
        try:
            snapshot = self._reader.describe(Target.parse(path), with_body=False)
            return self._services.authorizer.decide(self._reader, snapshot, self._who).modes
        except PodError:
            return AccessMode.NONE
