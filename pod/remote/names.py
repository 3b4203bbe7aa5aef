"""Name look-ups that end in time. The system's resolver cannot be interrupted, so it runs in a thread of its own, a
bounded number of them at once; whoever waits gives up at the deadline.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

from pod.clock import Deadline
from pod.remote.errors import RemoteTimeout, Unreachable

LookUp = Callable[[str, int], Sequence[str]]
"""Host and port -> numeric addresses, best first. Raises: OSError -- there are none."""

LOOKUPS_MAX = 64
"""The resolver holds a thread for tens of seconds where a name server is slow; the others are not to wait for that."""


def system_look_up(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


class Names:
    """Turns host names into addresses within a deadline."""

    def __init__(self, look_up: LookUp = system_look_up) -> None:
        self._look_up = look_up
        self._free = BoundedSemaphore(LOOKUPS_MAX)

    def addresses(self, host: str, port: int, deadline: Deadline) -> Sequence[str]:
        """Raises: Unreachable -- no such name; RemoteTimeout -- no answer in time."""
        if _is_address(host):
            return (host,)
        if not self._free.acquire(timeout=deadline.seconds_left):
            raise RemoteTimeout(f"too many name look-ups at once, {host} had to wait")
        answer: SimpleQueue[Sequence[str] | OSError] = SimpleQueue()
        try:
            Thread(target=self._ask, args=(host, port, answer), daemon=True).start()
        except RuntimeError as error:  # the system has none to give
            self._free.release()
            raise RemoteTimeout(f"too many threads at once, {host} had to wait") from error
        try:
            found = answer.get(timeout=deadline.seconds_left)
        except Empty as error:
            raise RemoteTimeout(f"the name {host} could not be looked up in time") from error
        if isinstance(found, OSError):
            raise Unreachable(f"there is no host {host}") from found
        return found

    def _ask(self, host: str, port: int, answer: SimpleQueue[Sequence[str] | OSError]) -> None:
        try:
            answer.put(self._look_up(host, port))
        except (OSError, UnicodeError) as error:
            answer.put(OSError(str(error)))
        finally:
            self._free.release()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
