"""The one way out: requests to servers that others name. Refuses everything but public addresses, reads no more than it
was told to, and always ends in time. It carries no cookies and no proxy settings, and credentials only where a POST is
given some.

The address is resolved once, checked, and then connected to as a number, so the name cannot change its mind in
between (DNS rebinding). A redirect is a new URL and passes the same checks.

Spec: RFC 9110 s15.4, s17; RFC 9449 s11; OAuth Client ID Metadata Document, security considerations
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from threading import Timer
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import urljoin

from pod.clock import Deadline
from pod.config import Config
from pod.protocol.cache_control import fresh_seconds
from pod.remote.addresses import may_contact
from pod.remote.errors import (
    AnswerTooLarge,
    ForbiddenAddress,
    MalformedAnswer,
    RemoteTimeout,
    TooManyRedirects,
    Unreachable,
    UnsafeURL,
)
from pod.remote.names import LookUp, Names, system_look_up

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection
    from urllib3.util import Url

# What speaks HTTP is imported by whoever asks somebody first: with the authorities of TLS it is 3 MB a process.

USER_AGENT = "Freehold"
URL_CHARACTERS_MAX = 2048
ADDRESSES_MAX = 4
READ_BYTES = 16 * 1024

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NEVER_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of another server's answer a caller is ready for."""

    bytes_max: int
    seconds_max: float
    redirects_max: int

    @classmethod
    def of(cls, config: Config) -> Limits:
        return cls(config.remote_bytes_max, config.remote_seconds_max, config.remote_redirects_max)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A complete answer of any status. `url` is where it came from in the end, `media_type` bare.

    `fresh_seconds` is how long the answer says that it may be kept; None where it does not say.
    """

    url: str
    status: int
    media_type: str
    body: bytes
    fresh_seconds: float | None = None


class Remote(Protocol):
    """What features see of the outside world."""

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        """The answer to a GET.

        Raises: RemoteError
        """
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """What another server said of a POST: its status, and `Retry-After` as it stands. Nothing else of it is read."""

    status: int
    retry_after: str


class Receivers(Protocol):
    """Servers that take what is sent to them."""

    def address(self, url: str, *, seconds_max: float) -> str:
        """The URL as it is sent to, without a fragment, once its host was found at an address that may be contacted.

        Raises: RemoteError
        """
        ...

    def post(self, url: str, content: bytes, fields: Mapping[str, str], *, seconds_max: float) -> Posted:
        """How the server took the content; a redirect is an answer like any other, and not followed.

        Raises: RemoteError
        """
        ...


class RemoteClient:
    """Fetches over the network. Safe to share between threads; every fetch has a connection of its own."""

    def __init__(
        self,
        *,
        dev: bool,
        look_up: LookUp = system_look_up,
        tls_context: ssl.SSLContext | None = None,
        blocks: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`blocks` says which hosts are never asked, whatever their address."""
        self._dev = dev
        self._blocks = blocks
        self._names = Names(look_up)
        self._tls_context = tls_context

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        """See `Remote.fetch`. All of it, name look-ups and redirects included, takes at most `seconds_max`."""
        deadline = Deadline(limits.seconds_max)
        for _ in range(limits.redirects_max + 1):
            target = self._checked(url)
            answer = self._exchange(target, deadline, partial(_converse, target=target, accept=accept, limits=limits))
            if isinstance(answer, Fetched):
                return answer
            url = _joined(target.url, answer)
        raise TooManyRedirects(f"more than {limits.redirects_max} redirects, the last to {url[:URL_CHARACTERS_MAX]}")

    def address(self, url: str, *, seconds_max: float) -> str:
        """See `Receivers.address`."""
        target = self._checked(url)
        self._allowed_addresses(target, Deadline(seconds_max))
        return wire_url(url)

    def post(self, url: str, content: bytes, fields: Mapping[str, str], *, seconds_max: float) -> Posted:
        """See `Receivers.post`. All of it takes at most `seconds_max`."""
        target = self._checked(url)
        sent = partial(_send, target=target, content=content, fields=fields)
        return self._exchange(target, Deadline(seconds_max), sent)

    def ask(self, url: str, content: bytes, fields: Mapping[str, str], *, limits: Limits) -> Fetched:
        """The answer to a POST, of any status; a redirect is an answer like any other, and not followed.

        Raises: RemoteError
        """
        target = self._checked(url)
        asked = partial(_ask, target=target, content=content, fields=fields, limits=limits)
        return self._exchange(target, Deadline(limits.seconds_max), asked)

    def _checked(self, url: str) -> Url:
        """Raises: UnsafeURL; ForbiddenAddress -- operators block this host."""
        if len(url) > URL_CHARACTERS_MAX or _NEVER_IN_URL.search(url):
            raise UnsafeURL("the URL is too long or holds characters that do not belong in a URL")
        target = _parsed(url)
        if target.scheme != "https" and not (self._dev and target.scheme == "http"):
            raise UnsafeURL(f"{url} is not https")
        if not target.host or target.auth:
            raise UnsafeURL(f"{url} names no host, or carries credentials")
        if self._blocks(target.host):
            raise ForbiddenAddress(f"the operators of this server block {target.host}")
        return target

    def _exchange(self, target: Url, deadline: Deadline, converse: Callable[[HTTPConnection], Answer]) -> Answer:
        """What one connection is good for, which is one request and its answer."""
        from http.client import HTTPException  # noqa: PLC0415 -- see above

        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        connection = self._connect(target, deadline)
        try:
            with hung_up_after(connection, deadline):
                answer = converse(connection)
        except (OSError, HTTPError, HTTPException) as error:
            raise _explained(target, error, deadline) from error
        finally:
            connection.close()
        if not deadline.seconds_left:  # hung up on: what looks like the end may be a part
            raise RemoteTimeout(f"{target.url} did not answer in time")
        return answer

    def _connect(self, target: Url, deadline: Deadline) -> HTTPConnection:
        """Raises: ForbiddenAddress, Unreachable, RemoteTimeout."""
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 -- see above

        addresses = self._allowed_addresses(target, deadline)
        while True:
            connection = self._connection(target, addresses[0], max(deadline.seconds_left / len(addresses), 0.001))
            try:
                connection.connect()
            except (OSError, HTTPError) as error:
                connection.close()
                addresses.pop(0)
                if not addresses:
                    raise _explained(target, error, deadline) from error
            else:
                return connection

    def _allowed_addresses(self, target: Url, deadline: Deadline) -> list[str]:
        """Never empty. Raises: ForbiddenAddress."""
        found = self._names.addresses(_bare_host(target), _port(target), deadline)
        allowed = [address for address in found if may_contact(address, loopback=self._dev)]
        if not allowed:
            raise ForbiddenAddress(f"{target.host} is at an address that this server does not contact")
        return allowed[:ADDRESSES_MAX]

    def _connection(self, target: Url, address: str, seconds: float) -> HTTPConnection:
        """A connection to exactly this address; TLS still asks for, and checks, the name."""
        from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415 -- see above

        if target.scheme == "http":
            return HTTPConnection(address, _port(target), timeout=seconds)
        host = _bare_host(target)
        context = self._tls_context or _public_authorities()
        return HTTPSConnection(address, _port(target), timeout=seconds, server_hostname=host, ssl_context=context)


@cache
def _public_authorities() -> ssl.SSLContext:
    """Made once in a process: reading all their certificates takes long."""
    return ssl.create_default_context()


@contextmanager
def hung_up_after(connection: HTTPConnection, deadline: Deadline) -> Iterator[None]:
    """Shut the connection at the deadline, whatever it is waiting for then.

    Socket timeouts start again with every byte, so a peer could drip header lines or chunk sizes for ever.
    """
    timer = Timer(deadline.seconds_left, _hang_up, (connection.sock,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):  # already closed
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _converse(connection: HTTPConnection, *, target: Url, accept: str, limits: Limits) -> Fetched | str:
    """A document, or the Location that it redirects to."""
    headers = {**_headers(target), "Accept": accept, "Accept-Encoding": "gzip"}
    connection.request("GET", target.request_uri, headers=headers, preload_content=False)
    with closing(connection.getresponse()) as response:
        location = response.headers.get("Location")
        if response.status in _REDIRECTS and location:
            return location
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        fresh = fresh_seconds(response.headers.get("Cache-Control", ""), response.headers.get("Age", ""))
        return Fetched(target.url, response.status, media_type, _body(response, target, limits.bytes_max), fresh)


def _send(connection: HTTPConnection, *, target: Url, content: bytes, fields: Mapping[str, str]) -> Posted:
    """The body of the answer stays unread: what a receiver says beside its status is nobody's business."""
    headers = {**_headers(target), **fields}
    connection.request("POST", target.request_uri, body=content, headers=headers, preload_content=False)
    with closing(connection.getresponse()) as response:
        return Posted(response.status, response.headers.get("Retry-After", ""))


def _ask(
    connection: HTTPConnection, *, target: Url, content: bytes, fields: Mapping[str, str], limits: Limits
) -> Fetched:
    headers = {**_headers(target), **fields}
    connection.request("POST", target.request_uri, body=content, headers=headers, preload_content=False)
    with closing(connection.getresponse()) as response:
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Fetched(target.url, response.status, media_type, _body(response, target, limits.bytes_max))


def wire_url(url: str) -> str:
    """A URL in the spelling in which it is asked for: normalized, without its fragment.

    Raises: UnsafeURL
    """
    return _parsed(url)._replace(fragment=None).url


def _parsed(url: str) -> Url:
    """Raises: UnsafeURL"""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 -- see above
    from urllib3.util import parse_url  # noqa: PLC0415

    try:
        return parse_url(url)
    except HTTPError as error:
        raise UnsafeURL(f"{url} does not parse") from error


def _headers(target: Url) -> dict[str, str]:
    port = f":{target.port}" if target.port else ""
    return {"Host": f"{target.host}{port}", "User-Agent": USER_AGENT, "Connection": "close"}


def _body(response: BaseHTTPResponse, target: Url, bytes_max: int) -> bytes:
    """The unpacked body; both what came over the wire and what it unpacks to are counted while reading."""
    parts = bytearray()
    while part := response.read1(READ_BYTES, decode_content=True):
        parts += part
        if len(parts) > bytes_max or response.tell() > bytes_max:
            raise AnswerTooLarge(f"{target.url} sends more than {bytes_max} bytes")
    return bytes(parts)


def _joined(url: str, location: str) -> str:
    """Raises: MalformedAnswer."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise MalformedAnswer(f"{url} redirects to what is no URL") from error


def _explained(target: Url, error: Exception, deadline: Deadline) -> Exception:
    from http.client import HTTPException  # noqa: PLC0415 -- see above

    from urllib3.exceptions import DecodeError  # noqa: PLC0415

    if not deadline.seconds_left or isinstance(error, TimeoutError):
        return RemoteTimeout(f"{target.url} did not answer in time")
    if isinstance(error, DecodeError | HTTPException):
        return MalformedAnswer(f"{target.url} sent an answer that cannot be read")
    return Unreachable(f"{target.url} cannot be reached")


def _bare_host(target: Url) -> str:
    """The host without the brackets of an IPv6 address."""
    return (target.host or "").strip("[]")


def _port(target: Url) -> int:
    return target.port or (443 if target.scheme == "https" else 80)
