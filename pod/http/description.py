"""The storage description: one public RDF document a storage, at `<storage>.well-known/solid`; and the server's own.

Where a storage has the base URL, one document describes both. Each names the subscription services, all of which are on
the base URL.

Spec: Solid #server-storage-description-resource, #storage-description-statements, #storage-description-rdf-type; Solid
Notifications Protocol #discovery
"""

from __future__ import annotations

from pod.errors import MethodNotAllowed, NotAcceptable, NotFound
from pod.http import cors
from pod.http.headers import SAFETY, VARY
from pod.http.response import Answer
from pod.protocol.access_profile import GRANTS, PROFILE, REQUESTS, endpoint
from pod.protocol.conneg import negotiate
from pod.protocol.notification import FEATURES, GATEWAY_PATH, NAMESPACE, SERVICES_PATH, SUBTREE, ChannelType
from pod.protocol.representation import format_http_date
from pod.protocol.resource import Target, storage_of
from pod.rdf import descriptions, formats
from pod.rdf.descriptions import Access, Description, Notifications, Offer
from pod.services import Services

METHODS = ("GET", "HEAD", "OPTIONS")
ALLOW = ("Allow", ", ".join(METHODS))
TURTLE, JSON_LD = formats.TURTLE.media_type, formats.JSON_LD.media_type
_FEATURES = (*(NAMESPACE + feature for feature in FEATURES), SUBTREE)


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
    url, base_url = services.placement.url(root), services.placement.base_url
    notifications, access = _notifications(base_url), _access(base_url, root)
    description = descriptions.storage_description(url, notifications, access, server=url == base_url)
    media_type, body = _negotiated(services, url, description, accept)
    modified = ("Last-Modified", format_http_date(state.modified))
    fields = [("Content-Type", media_type), ("Content-Length", str(len(body))), modified, *shared]
    return Answer(200, fields, b"" if method == "HEAD" else body)


def server_description(services: Services, accept: str | None) -> tuple[str, bytes]:
    """The server's description and its media type. Raises: NotAcceptable."""
    url = services.placement.base_url
    return _negotiated(services, url, descriptions.server_description(url, _notifications(url)), accept)


def _notifications(base_url: str) -> Notifications:
    services = (Offer(base_url + SERVICES_PATH + each.value, each.iri, _FEATURES) for each in ChannelType)
    return Notifications(tuple(services), base_url + GATEWAY_PATH)


def _access(base_url: str, root: str) -> Access:
    return Access(endpoint(base_url, root, REQUESTS), endpoint(base_url, root, GRANTS), PROFILE)


def _negotiated(services: Services, url: str, description: Description, accept: str | None) -> tuple[str, bytes]:
    offers = formats.offers(TURTLE)
    media_type = negotiate(accept, offers)
    if media_type is None:
        raise NotAcceptable(f"This description is available as {', '.join(offers)}.")
    if media_type == TURTLE:
        return media_type, description.turtle
    if media_type == JSON_LD:
        return media_type, description.json_ld
    return media_type, formats.serialize(services.parse(description.turtle, TURTLE, url), media_type)
