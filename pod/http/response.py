"""Result or error -> status, header fields and body of a WSGI answer.

Each of `Vary`, `Allow`, `Link` and `WAC-Allow` is one combined field, as published clients expect.

Spec: Solid #server-allow-methods, #server-last-modified-includes, #server-cors-access-control-headers; WAC #wac-allow
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pod.errors import AccessDenied, NotAuthenticated, PodError
from pod.http import cors, problems
from pod.http.headers import (
    ACCEPT_LANGUAGE,
    LDP,
    LISTENER,
    SAFETY,
    VARY,
    also_vary,
    description_link,
    language_links,
    links,
    links_of_created,
    of_kind,
    of_page,
    updates_via,
)
from pod.operations.operation import Result
from pod.operations.pages import HTML, PageRenderer
from pod.protocol import wac_allow
from pod.protocol.access_profile import ASK_PATH, REQUESTS, endpoint
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.representation import format_http_date
from pod.protocol.resource import Auxiliary, Target
from pod.services import Services

STATUS_LINES = {each.value: f"{each.value} {each.phrase}" for each in HTTPStatus}
PRIVATE = ("Cache-Control", "private, no-cache")
PUBLIC = ("Cache-Control", "no-cache")
"""Kept copies are asked about before use: without this, browsers guess a lifetime from Last-Modified."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a WSGI application gives back. `file` bodies go through the server's own file wrapper."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Iterable[bytes] | Any = b""  # an open file has no useful common type

    @property
    def status_line(self) -> str:
        return STATUS_LINES[self.status]


def answer(services: Services, result: Result, credentials: Credentials, *, head: bool) -> Answer:
    """A success, for whoever asked."""
    origin = credentials.origin
    if result.moved_to is not None:
        return _redirect(services.placement.url(result.moved_to), origin)
    kind = of_kind(result.target.auxiliary, result.shape)
    if result.page_policy is not None:
        kind = of_page(kind, result.page_policy)
    fields = [*_representation(result), *_about(services, result, credentials), *kind, *cors.shared(origin)]
    if result.page_language is not None:
        also_vary(fields, ACCEPT_LANGUAGE)
    if head or result.status == 304 or result.representation is None:
        return Answer(result.status, fields)
    return Answer(result.status, fields, result.representation.content)


def _redirect(location: str, origin: str | None) -> Answer:
    return Answer(301, [("Location", location), ("Content-Length", "0"), PRIVATE, VARY, *cors.shared(origin)])


def _representation(result: Result) -> list[tuple[str, str]]:
    fields = []
    if result.representation is not None:
        fields.append(("Content-Type", result.representation.media_type))
        fields.append(("Content-Length", str(result.representation.size)))
        fields.append(("Accept-Ranges", "bytes"))
        if result.page_language is not None:
            fields.append(("Content-Language", result.page_language))
    elif result.status not in {204, 304}:
        fields.append(("Content-Length", "0"))
    if result.content_range is not None:
        fields.append(("Content-Range", result.content_range))
    return fields


def _about(services: Services, result: Result, credentials: Credentials) -> list[tuple[str, str]]:
    fields = [("Link", _links(services, result)), _listening(services, credentials)]
    if result.etag is not None:
        fields.append(("ETag", result.etag.format()))
    if result.modified is not None:
        fields.append(("Last-Modified", format_http_date(result.modified)))
    if result.created is not None:
        fields.append(("Location", services.placement.url(result.created.path)))
    if result.granted is not None:
        fields.append(("WAC-Allow", wac_allow.format(*result.granted)))
        fields.append(PUBLIC if AccessMode.READ in result.granted[1] else PRIVATE)
    if result.minimal:
        fields.append(("Preference-Applied", "return=representation"))
    return fields


def _listening(services: Services, credentials: Credentials) -> tuple[str, str]:
    """Where to listen: for who is signed in, as that one. Caches that others share keep no such answer.

    Spec: Solid WebSockets API solid-0.1, discovery; RFC 9111 s3.5
    """
    name, url = updates_via(services.config.stream_url)
    listener = services.listeners.seal(credentials)
    return name, url if listener is None else f"{url}?{LISTENER}={listener}"


def _links(services: Services, result: Result) -> str:
    if result.created is None or result.created == result.target:
        language = services.config.access_control
        return links(services.placement, result.target, result.shape, language, offers=result.offers)
    return links_of_created(services.placement, result.created, result.shape)


def failure(
    services: Services,
    error: PodError,
    target: Target | None,
    origin: str | None,
    *,
    head: bool,
    renderer: PageRenderer | None = None,
    languages: str | None = None,
) -> Answer:
    """An error, with everything that lets the client see and mend it: a page where there is a `renderer`, in one of the
    `languages` of the browser.
    """
    instance = problems.report(error, target.path if target else None)
    if target is not None and type(error) is AccessDenied:
        error.extras |= _asking(services, target)
    page = None if renderer is None else renderer.read_in(languages)
    if page is None:
        media_type, body = problems.MEDIA_TYPE, problems.problem(error, services.placement.base_url, instance)
    else:
        media_type, body = HTML, page.failure(error, target, instance)
    fields = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        VARY,
        ("Link", _error_links(services, error, target)),
        *error.headers,
        *_challenges(services, error, target),
        *(SAFETY if page is None else of_page(SAFETY, page.policy)),
        *cors.shared(origin),
    ]
    if page is not None and page.language is not None:
        fields.append(("Content-Language", page.language))
        also_vary(fields, ACCEPT_LANGUAGE)
    return Answer(error.status, fields, b"" if head else body)


def _asking(services: Services, target: Target) -> dict[str, str]:
    """Where to ask for access: for apps, and for people with a browser. The same whether or not anything is there."""
    base_url, subject = services.placement.base_url, services.placement.url(target.subject)
    page = f"{base_url}{ASK_PATH}?{urlencode({'resource': subject})}"
    return {"requestAccess": endpoint(base_url, target.storage, REQUESTS), "requestAccessPage": page}


def _error_links(services: Services, error: PodError, target: Target | None) -> str:
    found = [f'<{LDP}Resource>; rel="type"', problems.constraint_link(error, services.placement.base_url)]
    if target is not None:
        found.append(description_link(services.placement, target))
        found += language_links(services.config.access_control) if target.auxiliary is Auxiliary.ACL else []
    return ", ".join(each for each in found if each)


def _challenges(services: Services, error: PodError, target: Target | None) -> list[tuple[str, str]]:
    """Spec: Solid #server-unauthenticated; RFC 9449 s7.1 -- every 401 explains itself"""
    if not isinstance(error, NotAuthenticated):
        return []
    placement = services.placement
    realm, url = (placement.url(target.storage), placement.url(target.path)) if target else (placement.base_url, None)
    challenges = services.authenticator.challenges(error, realm=realm, url=url)
    return [("WWW-Authenticate", each) for each in challenges]
