"""WSGI environ -> Operation: every header parsed once.

What the environ holds is said in docs/decisions/0001-web-server.md.

Spec: Solid #http-request-headers-validity, #server-content-type-missing; RFC 9110 s14.5
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from pod.errors import (
    BadRequest,
    ContentRangeUnsupported,
    ContentTypeMissing,
    HeaderTooLarge,
    NotFound,
    ReservedName,
    UnsupportedMediaType,
)
from pod.http.cors import ORIGIN_BYTES_MAX
from pod.http.problems import MEDIA_TYPE as PROBLEM
from pod.operations.operation import Body, Operation
from pod.operations.pages import PageRenderer, View
from pod.protocol import prefer
from pod.protocol.addresses import network_of
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS, Conditions
from pod.protocol.conneg import prefers
from pod.protocol.link import requested_types
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.rdf.formats import MEDIA_TYPES

Environ = Mapping[str, Any]  # WSGI's own type

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONDITIONAL = (
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_IF_RANGE",
)
MINIMAL = {"http://www.w3.org/ns/ldp#PreferMinimalContainer", "http://www.w3.org/ns/ldp#PreferEmptyContainer"}
HTML = "text/html"
DATA_TYPES = (*MEDIA_TYPES, PROBLEM, "application/json")
_PAGE_NUMBER = re.compile(r"(?:.*&)?page=([1-9][0-9]{0,5})(?:&.*)?")
CONTAINMENT = "http://www.w3.org/ns/ldp#PreferContainment"
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def raw_path(environ: Environ) -> str:
    """The path of the request target as it was sent, without its query.

    Bytes that belong into no URL, such as bare UTF-8, are percent-encoded: the environ holds each as one character.
    """
    uri: str = environ["REQUEST_URI"]
    path = uri.partition("?")[0]
    return path if path.isascii() else _NOT_ASCII.sub(lambda match: f"%{ord(match[0]):02X}", path)


def check_headers(environ: Environ, bytes_max: int) -> None:
    """Raises: HeaderTooLarge, BadRequest -- a field that may come once came twice"""
    for name, value in environ.items():
        if name.startswith("HTTP_") and len(value) > bytes_max:
            raise HeaderTooLarge(f"A header field may have at most {bytes_max} bytes.")
    if len(environ.get("HTTP_ORIGIN", "")) > ORIGIN_BYTES_MAX:
        raise HeaderTooLarge(f"An Origin may have at most {ORIGIN_BYTES_MAX} bytes.")
    if "," in environ.get("CONTENT_TYPE", ""):
        raise BadRequest("Send Content-Type once.")


def parse_target(path: str, method: str) -> Target:
    """Raises: NotFound -- reading a reserved name; ReservedName -- writing one; MalformedTarget, TargetTooLong"""
    try:
        return Target.parse(path)
    except ReservedName as error:
        if method in SAFE_METHODS:
            raise NotFound("There is nothing at this URL.") from error
        raise


def parse_operation(
    environ: Environ,
    method: str,
    target: Target,
    credentials: Credentials,
    renderer: PageRenderer,
    *,
    address: str = "",
) -> Operation:
    """`address` is whom to hold responsible, where that matters.

    Raises: BadRequest, ContentTypeMissing, ContentRangeUnsupported, UnsupportedMediaType
    """
    conditional = not environ.keys().isdisjoint(CONDITIONAL)
    get = environ.get
    accept = get("HTTP_ACCEPT")
    return Operation(
        method,
        target,
        credentials,
        Conditions.parse(lambda name: get(f"HTTP_{name.upper().replace('-', '_')}")) if conditional else NO_CONDITIONS,
        accept=accept,
        range=get("HTTP_RANGE"),
        body=None if method in SAFE_METHODS else parse_body(environ),
        link_types=requested_types(get("HTTP_LINK")),
        slug=get("HTTP_SLUG"),
        minimal=wants_minimal(get("HTTP_PREFER")),
        view=View(renderer.read_in(get("HTTP_ACCEPT_LANGUAGE")), page_number(environ)) if wants_page(accept) else None,
        network=network_of(address) if address else "",
    )


def wants_page(accept: str | None) -> bool:
    """Whether the client is a browser that somebody looks at. Whoever names RDF as readily as HTML gets RDF.

    Spec: RFC 9110 s12.5.1
    """
    return accept is not None and HTML in accept and prefers(accept, HTML, DATA_TYPES)


def is_navigation(environ: Environ) -> bool:
    """Whether somebody goes there in a browser, as browsers say of themselves where a connection is secure.

    Programs, crawlers, frames and old browsers do not say so. Spec: Fetch Metadata Request Headers s2.1
    """
    return bool(environ.get("HTTP_SEC_FETCH_DEST") == "document")


def page_number(environ: Environ) -> int:
    """Which page of a long listing, from a query that only our own pages link to."""
    match = _PAGE_NUMBER.fullmatch(environ.get("QUERY_STRING", ""))
    return int(match[1]) if match else 1


def wants_minimal(header: str | None) -> bool:
    """Spec: LDP 7.2.2 -- a container without its listing"""
    if header is None:
        return False
    wish = prefer.parse(header)
    return wish.return_ == "representation" and (bool(wish.include & MINIMAL) or CONTAINMENT in wish.omit)


def parse_body(environ: Environ) -> Body | None:
    """The content of a request, if it has any.

    Raises: ContentRangeUnsupported -- RFC 9110 s14.5; ContentTypeMissing -- Solid #server-content-type-missing;
    UnsupportedMediaType, BadRequest
    """
    if "HTTP_CONTENT_RANGE" in environ:
        raise ContentRangeUnsupported("Send the whole representation; Content-Range is not supported on requests.")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    media_type: str = environ.get("CONTENT_TYPE", "")
    if not length and "HTTP_TRANSFER_ENCODING" not in environ and not media_type:
        return None
    if not media_type:
        raise ContentTypeMissing("Say with Content-Type what the content is, for instance text/turtle.")
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Send the content without Content-Encoding.")
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    stream = cast("BinaryIO", environ["wsgi.input"])
    return Body(stream, _storable(MediaType.parse(media_type)), None if chunked else length)


def _storable(media_type: MediaType) -> MediaType:
    """Browsers take header fields, cookies among them, from the parts of what replaces itself: as if we had set them.

    Raises: UnsupportedMediaType
    """
    if media_type.essence == "multipart/x-mixed-replace":
        raise UnsupportedMediaType("Content that replaces itself is not kept here; send one of its parts.")
    return media_type
