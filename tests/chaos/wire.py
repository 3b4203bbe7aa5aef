"""One writer's connection: kept alive, made anew when it broke, and honest about what a broken one leaves open.

Much faster than a full client, because the server is to be the one that is busy. Knows HTTP and no Solid.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from tests.support.client import SECONDS_MAX, SolidClient


class NotSent(Exception):
    """Nobody took the request: it cannot have had an effect."""


class Unanswered(Exception):
    """It may have happened, or not."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and when it was asked for and given."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    begun: float
    ended: float

    @property
    def version(self) -> int:
        """What the ETag says of the order of writes; 0 where there is none."""
        return version_of(self.headers.get("etag"))


def version_of(etag: str | None) -> int:
    """`"epoch.17-turtle"` is 17."""
    return int(etag.partition(".")[2].partition("-")[0]) if etag else 0


@dataclass
class Wire:
    """Sends one request after the other; `signer` gives the headers of those that are to be signed."""

    base_url: str
    signer: SolidClient | None = None
    uncertain: Collection[int] = ()
    """Statuses that leave open what happened: a disk that fails can have taken what it said it did not."""
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] = {}, *, signed: bool = False
    ) -> Reply:
        """Raises: NotSent, Unanswered"""
        sent = {**headers, **(self._signed(method, url) if signed else {})}
        connection, begun = self._connected(), time.monotonic()
        try:
            connection.request(method, urlsplit(url).path, body, sent)
            answer = connection.getresponse()
            content = answer.read()
        except TimeoutError as error:
            raise AssertionError(f"{method} {url} had no answer for {SECONDS_MAX} s") from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unanswered from error
        if answer.status in self.uncertain:
            raise Unanswered
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, named, content, begun, time.monotonic())

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            parts = urlsplit(self.base_url)
            connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=SECONDS_MAX)
            try:
                connection.connect()
            except OSError as error:
                raise NotSent from error
            self._connection = connection
        return self._connection

    def _signed(self, method: str, url: str) -> Mapping[str, str]:
        assert self.signer is not None
        with suppress(requests.RequestException):
            return self.signer.authorization(method, url)
        raise NotSent
