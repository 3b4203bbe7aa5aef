"""One HTTP request to this server by its own public name, as anyone's would come, and what TLS says on the way.

The guarded client of pod/remote is not for this: it keeps out of private networks, where the server may well be, and
only URLs that the operator named are asked here. Follows no redirect, so that what a proxy does can be seen.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509

SECONDS_MAX = 10.0
BODY_BYTES_MAX = 256 * 1024
_ADDRESS_MISMATCH, _NAME_MISMATCH = 64, 62
_OF_ITSELF, _UNKNOWN_ISSUER, _NO_ISSUER_HERE = 18, 20, 21
"""OpenSSL's codes of what a certificate lacks."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def date(self) -> str | None:
        return self.headers.get("date")


def ask(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    announced_bytes: int | None = None,
    seconds_max: float = SECONDS_MAX,
    verified: bool = True,
) -> Reply:
    """`announced_bytes`: a length that is told, though nothing is sent; who wants to refuse it can do so.

    Raises: OSError -- nobody answers, or not in time; http.client.HTTPException -- not in HTTP.
    """
    parts = urlsplit(url)
    with closing(_connection(parts.scheme, parts.netloc, seconds_max, verified=verified)) as connection:
        connection.putrequest(method, f"{parts.path or '/'}?{parts.query}".rstrip("?"))
        connection.putheader("User-Agent", "freehold doctor")
        if announced_bytes is not None:
            connection.putheader("Content-Length", str(announced_bytes))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        body = b"" if announced_bytes is not None else answer.read(BODY_BYTES_MAX)
        return Reply(answer.status, fields, body)


def _connection(scheme: str, netloc: str, seconds_max: float, *, verified: bool) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(netloc, timeout=seconds_max)
    context = ssl.create_default_context()
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(netloc, timeout=seconds_max, context=context)


@dataclass(frozen=True, slots=True)
class Certificate:
    """How long it is good, and what is wrong with it, if anything."""

    ends: datetime | None
    fault: str = ""


def certificate(host: str, port: int, now: datetime) -> Certificate:
    """The one that is shown there. Raises: OSError -- nobody answers, or nothing in TLS."""
    connection = http.client.HTTPSConnection(host, port, timeout=SECONDS_MAX, context=ssl.create_default_context())
    try:
        with closing(connection):
            connection.connect()
            shown = connection.sock.getpeercert(binary_form=True) or b""
    except ssl.SSLCertVerificationError as error:
        shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, port), timeout=SECONDS_MAX))
        read = x509.load_der_x509_certificate(shown)
        return Certificate(read.not_valid_after_utc, _fault(error, read, host, now))
    read = x509.load_der_x509_certificate(shown)
    return Certificate(read.not_valid_after_utc)


def _fault(error: ssl.SSLCertVerificationError, read: x509.Certificate, host: str, now: datetime) -> str:
    if read.not_valid_after_utc < now:
        return f"it ended on {read.not_valid_after_utc:%Y-%m-%d}"
    if read.not_valid_before_utc > now:
        return f"it only begins on {read.not_valid_before_utc:%Y-%m-%d}: is the clock right?"
    if error.verify_code in {_NAME_MISMATCH, _ADDRESS_MISMATCH}:
        return f"it is not for {host}"
    if error.verify_code in {_OF_ITSELF, _UNKNOWN_ISSUER, _NO_ISSUER_HERE}:
        return "browsers do not know who signed it, or the proxy does not send the certificates in between"
    return error.verify_message


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
