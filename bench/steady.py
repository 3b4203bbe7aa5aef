"""The client for slow answers and large bodies: it starts no request after its time and waits for every answer.

Several threads with a connection each. A request costs it some 100 µs, which load.py weighs; where a server answers a
few times a second, what is still under way at the end must be counted. Errors are counted by kind, never raised.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from urllib.parse import urlsplit

from bench.load import Answers, OutOfRequestsError, Request

REQUEST_SECONDS_MAX = 180
BUFFER_BYTES = 256 * 1024


class Supply:
    """Requests for several threads, until the time is up or so many have been taken."""

    def __init__(self, requests: Iterator[Request], seconds: float, count: int | None) -> None:
        self.ran_out = False
        self._requests, self._lock = requests, threading.Lock()
        self._deadline = time.perf_counter() + seconds if count is None else math.inf
        self._left = math.inf if count is None else count

    def take(self) -> Request | None:
        with self._lock:
            if time.perf_counter() >= self._deadline or self._left <= 0:
                return None
            self._left -= 1
            found = next(self._requests, None)
            self.ran_out |= found is None
            return found


class Tally:
    """What came back so far."""

    def __init__(self) -> None:
        self.begun = self.ended = time.perf_counter()
        self.milliseconds: list[float] = []
        self.errors: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, begun: float, error: str | None) -> None:
        with self._lock:
            self.ended = time.perf_counter()
            if error is None:
                self.milliseconds.append((self.ended - begun) * 1000)
            else:
                self.errors[error] += 1

    def answers(self) -> Answers:
        ordered = sorted(self.milliseconds)
        p50, p99 = (percentile(ordered, share) for share in (0.5, 0.99))
        return Answers(len(ordered), self.ended - self.begun, p50, p99, dict(self.errors))


def steady(
    base_url: str,
    requests: Sequence[Request],
    *,
    seconds: float,
    connections: int,
    loop: bool,
    count: int | None = None,
) -> Answers:
    """Send requests for some time, or `count` of them however long it takes, and see every answer.

    Raises: OutOfRequestsError -- there were too few.
    """
    supply, tally = Supply(cycle(requests) if loop else iter(requests), seconds, count), Tally()
    threads = [threading.Thread(target=_client, args=(base_url, supply, tally)) for _ in range(connections)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if supply.ran_out:
        raise OutOfRequestsError(f"more than the requests made for {seconds} s")
    return tally.answers()


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that so large a share of them does not exceed; None of no values."""
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3) if ordered else None


def _client(base_url: str, supply: Supply, tally: Tally) -> None:
    parts = urlsplit(base_url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=REQUEST_SECONDS_MAX)
    buffer = bytearray(BUFFER_BYTES)
    while (request := supply.take()) is not None:
        begun = time.perf_counter()
        try:
            status = _status(connection, request, buffer)
        except (OSError, HTTPException) as error:
            connection.close()
            tally.add(begun, type(error).__name__)
        else:
            tally.add(begun, f"status {status}" if status >= 400 else None)
    connection.close()


def _status(connection: HTTPConnection, request: Request, buffer: bytearray) -> int:
    """Send it and read the whole answer."""
    connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.all_headers.items():
        connection.putheader(name, value)
    connection.endheaders(request.body or None)
    answer = connection.getresponse()
    while answer.readinto(buffer):
        pass
    return answer.status
