"""The storage description: one public RDF document a storage, at `<storage>.well-known/solid`; and the server's own.

Where a storage has the base URL, one document describes both.

Spec: Solid #server-storage-description-resource, #storage-description-statements, #storage-description-rdf-type
"""

from __future__ import annotations

from pod.errors import MethodNotAllowed, NotAcceptable, NotFound
from pod.http import cors
from pod.http.headers import SAFETY, VARY
from pod.http.response import Answer
from pod.protocol.conneg import negotiate
from pod.protocol.representation import format_http_date
from pod.protocol.resource import Target, storage_of
from pod.rdf import documents, formats
from pod.services import Services

METHODS = ("GET", "HEAD", "OPTIONS")
ALLOW = ("Allow", ", ".join(METHODS))


def describe_storage(services: Services, path: str, method: str, accept: str | None, origin: str | None) -> Answer:
    """Raises: NotFound -- no such storage; MethodNotAllowed, NotAcceptable"""
    if method not in METHODS:
        raise MethodNotAllowed("The server writes this document.", headers=(ALLOW,))
    root = storage_of(path)
    state = services.store.describe(Target(root, root), with_body=False).state
    if state is None:
        raise NotFound("No storage has this URL.")
    shared = [ALLOW, VARY, *SAFETY, *cors.shared(origin)]
    if method == "OPTIONS":
        return Answer(204, shared)
    url = services.placement.url(root)
    turtle = documents.storage_description(url, server=url == services.placement.base_url)
    media_type, body = _negotiated(services, url, turtle, accept)
    modified = ("Last-Modified", format_http_date(state.modified))
    fields = [("Content-Type", media_type), ("Content-Length", str(len(body))), modified, *shared]
    return Answer(200, fields, b"" if method == "HEAD" else body)


def server_description(services: Services, accept: str | None) -> tuple[str, bytes]:
    """The server's description and its media type. Raises: NotAcceptable."""
    url = services.placement.base_url
    return _negotiated(services, url, documents.server_description(url), accept)


def _negotiated(services: Services, url: str, turtle: bytes, accept: str | None) -> tuple[str, bytes]:
    offers = formats.offers("text/turtle")
    media_type = negotiate(accept, offers)
    if media_type is None:
        raise NotAcceptable(f"This description is available as {', '.join(offers)}.")
    if media_type == "text/turtle":
        return media_type, turtle
    return media_type, formats.serialize(services.parse(turtle, "text/turtle", url), media_type)
