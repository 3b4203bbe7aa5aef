"""Reading notifications as they come over HTTP: server-sent events, and answers that do not end.

Spec: HTML Standard s9.2; Solid StreamingHTTPChannel2023
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SECONDS_MAX = 60


@dataclass(frozen=True)
class Event:
    """What a browser would show, and the id it would come back with."""

    data: dict[str, Any]
    id: str


@dataclass
class Stream:
    """An answer that does not end. `last_id` is what a browser would send when it connects again."""

    response: http.client.HTTPResponse
    connection: http.client.HTTPConnection
    last_id: str = ""
    comments: int = 0
    fields: dict[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """The next line; "" once it has ended."""
        return self.response.readline().decode()

    def message(self) -> dict[str, Any]:
        """The next notification of a streaming answer. Raises: EOFError"""
        while line := self.line():
            if line.strip():
                return dict(json.loads(line))
        raise EOFError

    def event(self) -> Event:
        """The next event that a browser would show. Raises: EOFError"""
        data = ""
        while line := self.line():
            name, _, value = line.rstrip("\n").partition(":")
            value = value.removeprefix(" ")
            if line == "\n" and data:
                return Event(json.loads(data), self.last_id)
            if line.startswith(":"):
                self.comments += 1
            elif name == "data":
                data += value
            elif name == "id":
                self.last_id = value
            elif name:
                self.fields[name] = value
        raise EOFError

    def until_id(self) -> str:
        """The first id it tells."""
        while not self.last_id and (line := self.line()):
            if line.startswith("id:"):
                self.last_id = line[3:].strip()
        return self.last_id

    def close(self) -> None:
        with suppress(OSError):
            self.response.close()
        self.connection.close()


def opened(url: str, headers: Mapping[str, str] = {}, method: str = "GET") -> Stream:
    """Whatever the status of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=SECONDS_MAX)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request(method, target, headers=dict(headers))
    return Stream(connection.getresponse(), connection)


@contextmanager
def reading(url: str, headers: Mapping[str, str] = {}) -> Iterator[Stream]:
    """One that was opened, and is closed afterwards."""
    stream = opened(url, headers)
    try:
        assert stream.response.status == 200, f"{stream.response.status} {stream.response.read()!r}"
        yield stream
    finally:
        stream.close()
