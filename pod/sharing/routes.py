"""The endpoints of a storage for access requests and grants, on Flask: asking, giving, reading, taking back.

On the base URL, open to apps of any origin, without cookies. They look like LWS containers: what lies in one is seen by
the storage's owner and, as far as it is about them, by whoever is named in it.

Spec: LWS 1.0 #access-protocol, #container-representation, #privacy-access-requests
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import Blueprint, Response, request

from pod.errors import (
    BadRequest,
    ContentTooLarge,
    ContentTypeMissing,
    NotAuthenticated,
    NotFound,
    UnsupportedMediaType,
)
from pod.http.open_to_apps import open_to_apps
from pod.http.proxies import effective_address
from pod.http.request import page_number, raw_path
from pod.protocol.access_profile import ACCESS_PATH, CONTEXT, GRANTS, LWS, LWS_JSON, MEDIA_TYPES, REQUESTS, endpoint
from pod.protocol.addresses import network_of
from pod.protocol.conneg import negotiate
from pod.protocol.notification import format_moment
from pod.protocol.placement import is_storage_name
from pod.protocol.representation import MediaType
from pod.rdf.contexts import Json
from pod.services import Services
from pod.sharing.access_documents import BYTES_MAX, GRANT, REQUEST, grant_document, read_document, request_document
from pod.sharing.grants import give, revoke, visible_grant, visible_grants
from pod.sharing.requests import Visitor, arrive, ask, drop_request, visible_request, visible_requests
from pod.store.access_requests import AccessRequest, AccessRequests, GivenAccess, Said

PAGE = 100
"""Members of a listing told at once."""
ACCEPT_POST = ("Accept-Post", ", ".join(MEDIA_TYPES))
_REQUESTS, _GRANTS = f"/{ACCESS_PATH}<name>/{REQUESTS}", f"/{ACCESS_PATH}<name>/{GRANTS}"


def access_endpoints(services: Services) -> Blueprint:
    """Routes on the base URL."""
    routes = Blueprint("access", __name__)
    desk = _Desk(services)
    _add_requests(routes, services, desk)
    _add_grants(routes, services, desk)
    _add_options(routes)
    open_to_apps(routes)
    return routes


def _add_requests(routes: Blueprint, services: Services, desk: _Desk) -> None:
    @routes.get(_REQUESTS, provide_automatic_options=False)
    def list_requests(name: str) -> Response:
        with desk.visitor(name) as visitor:
            return desk.listing(visitor, REQUESTS, visible_requests(services, visitor))

    @routes.post(_REQUESTS, provide_automatic_options=False)
    def new_request(name: str) -> Response:
        """Spec: LWS 1.0 #access-request-endpoint"""
        with desk.visitor(name) as visitor:
            said = desk.said(visitor, REQUEST)
            network = network_of(effective_address(request.environ, services.config.trusted_proxies))
            made = ask(services, visitor, said, network)
        return desk.created(desk.url(visitor, REQUESTS, made.id), desk.told_request(made))

    @routes.get(f"{_REQUESTS}<key>", provide_automatic_options=False)
    def one_request(name: str, key: str) -> Response:
        with desk.visitor(name) as visitor:
            return desk.document(desk.told_request(visible_request(services, visitor, key)))

    @routes.delete(f"{_REQUESTS}<key>", provide_automatic_options=False)
    def cancel(name: str, key: str) -> Response:
        with desk.visitor(name) as visitor:
            drop_request(services, visitor, key)
        return Response(status=204)


def _add_grants(routes: Blueprint, services: Services, desk: _Desk) -> None:
    @routes.get(_GRANTS, provide_automatic_options=False)
    def list_grants(name: str) -> Response:
        with desk.visitor(name) as visitor:
            return desk.listing(visitor, GRANTS, visible_grants(services, visitor))

    @routes.post(_GRANTS, provide_automatic_options=False)
    def new_grant(name: str) -> Response:
        """Spec: LWS 1.0 #access-grant-endpoint"""
        with desk.visitor(name) as visitor:
            made = give(services, visitor, desk.said(visitor, GRANT))
        return desk.created(desk.url(visitor, GRANTS, made.id), desk.told_grant(made))

    @routes.get(f"{_GRANTS}<key>", provide_automatic_options=False)
    def one_grant(name: str, key: str) -> Response:
        with desk.visitor(name) as visitor:
            return desk.document(desk.told_grant(visible_grant(services, visitor, key)))

    @routes.delete(f"{_GRANTS}<key>", provide_automatic_options=False)
    def end_grant(name: str, key: str) -> Response:
        with desk.visitor(name) as visitor:
            revoke(services, visitor, key)
        return Response(status=204)


def _add_options(routes: Blueprint) -> None:
    @routes.route(_REQUESTS, methods=["OPTIONS"], endpoint="requests_options")
    @routes.route(_GRANTS, methods=["OPTIONS"], endpoint="grants_options")
    def of_endpoint(name: str) -> Response:  # noqa: ARG001 -- the same for all
        return Response(status=204, headers=[("Allow", "GET, HEAD, OPTIONS, POST"), ACCEPT_POST])

    @routes.route(f"{_REQUESTS}<key>", methods=["OPTIONS"], endpoint="request_options")
    @routes.route(f"{_GRANTS}<key>", methods=["OPTIONS"], endpoint="grant_options")
    def of_document(name: str, key: str) -> Response:  # noqa: ARG001 -- the same for all
        return Response(status=204, headers=[("Allow", "GET, HEAD, OPTIONS, DELETE")])


class _Desk:
    """Who comes, what they brought, and what they are given."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._base_url = services.placement.base_url

    # -- who comes -----------------------------------------------------------------------------------------------------

    @contextmanager
    def visitor(self, name: str) -> Iterator[Visitor]:
        """Whoever sent the request, at the storage of that name; a 401 tells how to sign in. Raises: NotFound"""
        url = self._base_url + raw_path(request.environ).lstrip("/")
        try:
            credentials = self._services.authenticator.authenticate(
                method=request.method,
                url=url,
                authorization=_values("Authorization"),
                dpop=_values("DPoP"),
                origin=request.headers.get("Origin"),
            )
            if not is_storage_name(name):
                raise NotFound("There is no such storage.")
            yield arrive(self._services, credentials, f"/{name}/")
        except NotAuthenticated as error:
            challenges = self._services.authenticator.challenges(error, realm=self._base_url, url=url)
            error.headers += tuple(("WWW-Authenticate", each) for each in challenges)
            raise

    # -- what they brought ---------------------------------------------------------------------------------------------

    def said(self, visitor: Visitor, kind: str) -> Said:
        """Raises: see `read_document`"""
        field = request.headers.get("Content-Type")
        if not field:
            raise ContentTypeMissing(f"This takes {LWS_JSON}: say so with Content-Type.", headers=(ACCEPT_POST,))
        if MediaType.parse(field).essence not in MEDIA_TYPES:
            raise UnsupportedMediaType(f"This takes {' or '.join(MEDIA_TYPES)}.", headers=(ACCEPT_POST,))
        content = request.stream.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise ContentTooLarge(f"A document about access may have at most {BYTES_MAX} bytes.", limit=BYTES_MAX)
        if not content:
            raise BadRequest("Send a document that says what it is about.")
        return read_document(content, kind, visitor.storage.path, self._services.placement)[1]

    # -- what they are given -------------------------------------------------------------------------------------------

    def url(self, visitor: Visitor, which: str, key: str = "") -> str:
        return endpoint(self._base_url, visitor.storage.path, which) + key

    def told_request(self, found: AccessRequest) -> dict[str, Json]:
        told = request_document(found, self._url_of(found, REQUESTS, found.id), self._services.placement)
        given = AccessRequests(self._services.store).grant_of(found.id)
        return told if given is None else {**told, "grant": self._url_of(found, GRANTS, given)}

    def told_grant(self, found: GivenAccess) -> dict[str, Json]:
        asked = found.request and self._url_of(found, REQUESTS, found.request)
        return grant_document(found, self._url_of(found, GRANTS, found.id), asked, self._services.placement)

    def _url_of(self, found: AccessRequest | GivenAccess, which: str, key: str) -> str:
        return endpoint(self._base_url, found.root, which) + key

    def document(self, told: dict[str, Json]) -> Response:
        return _answer(told, "DataResource")

    def created(self, url: str, told: dict[str, Json]) -> Response:
        """Spec: LWS 1.0 #access-protocol"""
        response = _answer(told, "DataResource")
        response.status_code = 201
        response.headers["Location"] = url
        return response

    def listing(self, visitor: Visitor, which: str, found: Sequence[AccessRequest] | Sequence[GivenAccess]) -> Response:
        """Spec: LWS 1.0 #container-representation, #pagination"""
        url = self.url(visitor, which)
        pages = max(1, -(-len(found) // PAGE))
        page = min(page_number(request.environ), pages)
        told = {
            "@context": CONTEXT,
            "id": url,
            "type": "Container",
            "totalItems": len(found),
            "items": [self._line(each, which) for each in found[(page - 1) * PAGE : page * PAGE]],
        }
        response = _answer(told, "Container")
        response.headers.add(*ACCEPT_POST)
        for relation, number in _relations(page, pages):
            response.headers.add("Link", f'<{url}?page={number}>; rel="{relation}"')
        return response

    def _line(self, found: AccessRequest | GivenAccess, which: str) -> dict[str, Json]:
        return {
            "type": ["DataResource", LWS + (REQUEST if which == REQUESTS else GRANT)],
            "id": self._url_of(found, which, found.id),
            "mediaType": LWS_JSON,
            "modified": format_moment(found.created_ms),
        }


def _relations(page: int, pages: int) -> Iterator[tuple[str, int]]:
    if pages > 1:
        yield from (("first", 1), ("last", pages))
    if page > 1:
        yield "prev", page - 1
    if page < pages:
        yield "next", page + 1


def _answer(told: dict[str, Json], kind: str) -> Response:
    """In LWS's own media type for whoever accepts none of ours: it exists, and must be known to be taken back."""
    media_type = negotiate(request.headers.get("Accept"), MEDIA_TYPES) or LWS_JSON
    headers = {"Cache-Control": "no-store", "Vary": "Accept", "Link": f'<{LWS}{kind}>; rel="type"'}
    return Response(json.dumps(told, ensure_ascii=False).encode(), content_type=media_type, headers=headers)


def _values(header: str) -> list[str]:
    """A repeated header may arrive joined by commas, which no token contains."""
    return [part.strip() for field in request.headers.getlist(header) for part in field.split(",")]
