"""Cross-origin sharing for pods: any app on any origin may ask; blocking is the business of authorization alone.

Pure: an origin in, header fields out. Cookies never authenticate here, so echoing an origin with credentials gives
nothing.

Spec: Solid #server-cors, #server-cors-access-control-headers, #server-cors-acao-vary, #server-cors-aceh,
#server-cors-enumerate, #server-cors-accept-acah
"""

from __future__ import annotations

from functools import lru_cache

from pod.errors import HeaderTooLarge

METHODS = "GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE"
REQUEST_HEADERS = (
    "Accept, Authorization, Content-Type, DPoP, If-Match, If-Modified-Since, If-None-Match, If-Range, "
    "If-Unmodified-Since, Link, Origin, Prefer, Range, Slug, X-Requested-With"
)
RESPONSE_HEADERS = (
    "Accept-Patch, Accept-Post, Accept-Put, Accept-Ranges, Allow, Content-Length, Content-Range, "
    "Content-Security-Policy, Content-Type, Cross-Origin-Resource-Policy, Date, DPoP-Nonce, ETag, Last-Modified, Link, "
    "Location, MS-Author-Via, Preference-Applied, Referrer-Policy, Retry-After, Server, Updates-Via, Vary, WAC-Allow, "
    "WWW-Authenticate, X-Content-Type-Options"
)
PREFLIGHT_SECONDS = 7200
ORIGIN_BYTES_MAX = 512
REQUESTED_BYTES_MAX = 4096

Headers = tuple[tuple[str, str], ...]


def shared(origin: str | None) -> Headers:
    """The fields of any answer, error or not, to a request that carries an `Origin`."""
    if origin is None or len(origin) > ORIGIN_BYTES_MAX or not origin.isprintable():
        return ()
    return _shared(origin)


@lru_cache(maxsize=1024)
def _shared(origin: str) -> Headers:
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", REQUEST_HEADERS),
        ("Access-Control-Expose-Headers", RESPONSE_HEADERS),
    )


def preflight(origin: str, requested_headers: str | None) -> Headers:
    """The whole answer to a preflight: the same for every URL, so it tells nothing about any.

    Spec: Solid #server-cors-options; what was asked for is echoed exactly.
    Raises: HeaderTooLarge
    """
    if len(origin) > ORIGIN_BYTES_MAX or len(requested_headers or "") > REQUESTED_BYTES_MAX:
        raise HeaderTooLarge(
            f"Origin may have {ORIGIN_BYTES_MAX} bytes, Access-Control-Request-Headers {REQUESTED_BYTES_MAX}."
        )
    fields = [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", METHODS),
        ("Access-Control-Expose-Headers", RESPONSE_HEADERS),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
        ("Vary", "Origin, Access-Control-Request-Headers"),
    ]
    if requested_headers and requested_headers.isprintable():
        fields.append(("Access-Control-Allow-Headers", requested_headers))
    return tuple(fields)


# -- the server's own endpoints ----------------------------------------------------------------------------------------

OPEN_METHODS = "GET, HEAD, POST, DELETE, OPTIONS"
OPEN: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Accept-Post, Allow, Location, Retry-After, WWW-Authenticate"),
)
"""Of endpoints that any app may call and no cookie opens, on the origin that has the owner's pages: no credentials."""


def open_preflight(requested_headers: str | None) -> Headers:
    """The whole answer to a preflight for such an endpoint; what was asked for is echoed, for `*` leaves things out.

    Spec: Fetch, Access-Control-Allow-Headers. Raises: HeaderTooLarge
    """
    if len(requested_headers or "") > REQUESTED_BYTES_MAX:
        raise HeaderTooLarge(f"Access-Control-Request-Headers may have {REQUESTED_BYTES_MAX} bytes.")
    fields = [
        *OPEN,
        ("Access-Control-Allow-Methods", OPEN_METHODS),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
        ("Vary", "Access-Control-Request-Headers"),
    ]
    if requested_headers and requested_headers.isprintable():
        fields.append(("Access-Control-Allow-Headers", requested_headers))
    return tuple(fields)
