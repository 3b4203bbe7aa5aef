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
        self._blocked = frozenset(self.person(agent) for agent, _ in self._requests.blocked(account))

    def person(self, web_id: str) -> str:
        return person_of(self._placement, web_id)

    def hears(self, web_id: str) -> bool:
        return self.person(web_id) not in self._blocked

    def waiting(self) -> list[OpenRequest]:
        """What the owner has to answer, the newest first."""
        return [each for each in self._requests.open_of(self._account) if self.hears(each.agent)]

    def blocked_as(self, web_id: str) -> list[str]:
        """The WebIDs by which somebody was blocked."""
        person = self.person(web_id)
        return [agent for agent, _ in self._requests.blocked(self._account) if self.person(agent) == person]


def making_room(waiting: Sequence[OpenRequest], network: str, now_ms: int) -> OpenRequest | None:
    """Which of those that wait, the newest first, goes for one more from a network: the oldest, if it is old; else the
    oldest of the network that has most places, if that has more than this one will have. None: they all stay.
    """
    oldest = waiting[-1]
    if oldest.created_ms + OLD_MS < now_ms:
        return oldest
    places = Counter(each.network for each in waiting)
    most = max(places.values())
    if most <= places[network] + 1:
        return None
    return next(each for each in reversed(waiting) if places[each.network] == most)
