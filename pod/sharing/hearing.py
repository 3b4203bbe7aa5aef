"""Of whom an owner hears: who asks and is not blocked, and who makes room where too many wait for one answer.

A person is whoever can make a WebID: a pod of this server, or a document elsewhere, however its address is written. So
neither a block nor a share of the places is left behind with another fragment.

Spec: LWS 1.0 #security-access-requests
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from pod.protocol.placement import Placement
from pod.services import Services
from pod.store.access_requests import AccessRequests, OpenRequest
from pod.store.interface import Queries

OLD_MS = 7 * 24 * 3600 * 1000
"""What waits for longer makes room where there is none."""
SITE_LABELS = 2
"""Of a host. Where strangers share them, they share the places, once there are none left."""
_DEFAULT_PORTS = (":443", ":80")


def person_of(placement: Placement, web_id: str) -> str:
    """The same for all WebIDs that one person can make at once."""
    path = placement.local_path(web_id)
    if path is not None and path.count("/") > 1:
        return path[: path.index("/", 1) + 1]
    try:
        url = urlsplit(web_id)
    except ValueError:
        return web_id
    if not url.netloc:
        return web_id.partition("#")[0]
    host = url.netloc.rpartition("@")[2].lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    return host.removesuffix(".") + unquote(url.path).rstrip("/")


class Hearing:
    """What one owner hears of, as it is when this is made."""

    def __init__(self, services: Services, queries: Queries, account: int) -> None:
        self._placement = services.placement
        self._requests = AccessRequests(queries)
        self._account = account
        self._persons: dict[str, str] = {}
        self._blocked = frozenset(self.person(agent) for agent, _ in self._requests.blocked(account))

    def person(self, web_id: str) -> str:
        """See `person_of`. The same few ask for much."""
        found = self._persons.get(web_id)
        if found is None:
            found = self._persons[web_id] = person_of(self._placement, web_id)
        return found

    def hears(self, web_id: str) -> bool:
        return self.person(web_id) not in self._blocked

    def waiting(self) -> list[OpenRequest]:
        """What the owner has to answer, the newest first."""
        return [each for each in self._requests.open_of(self._account) if self.hears(each.agent)]

    def blocked_as(self, web_id: str) -> list[str]:
        """The WebIDs by which somebody was blocked."""
        person = self.person(web_id)
        return [agent for agent, _ in self._requests.blocked(self._account) if self.person(agent) == person]

    def making_room(self, waiting: Sequence[OpenRequest], agent: str, network: str, now_ms: int) -> OpenRequest | None:
        """Which of those that wait, the newest first, goes for one more of somebody: the oldest, if it is old; else the
        oldest of those from the address, the site or the person with most places, if these are more than theirs will
        be. None: they all stay.
        """
        oldest = waiting[-1]
        if oldest.created_ms + OLD_MS < now_ms:
            return oldest
        kin = [self._kin(each.agent, each.network) for each in waiting]
        for mine, theirs in zip(self._kin(agent, network), zip(*kin, strict=True), strict=True):
            most, places = Counter(theirs).most_common(1)[0]
            if places > theirs.count(mine) + 1:
                return waiting[len(waiting) - 1 - theirs[::-1].index(most)]
        return None

    def _kin(self, agent: str, network: str) -> tuple[str, str, str]:
        """What many that one makes have in common: who has an IPv6 network has many addresses, who has a domain has
        many hosts.
        """
        person = self.person(agent)
        return network, person if person.startswith("/") else _site(person), person


def _site(person: str) -> str:
    host = person.partition("/")[0]
    return ".".join(host.split(".")[-SITE_LABELS:])
