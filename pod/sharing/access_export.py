"""What an export of an account says of access: who asked, what was given and taken back, what it asked others for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from pod.protocol.access_profile import GRANTS, REQUESTS, endpoint
from pod.protocol.notification import format_moment
from pod.rdf.contexts import Json
from pod.services import Services
from pod.sharing.access_documents import grant_document, request_document
from pod.sharing.hearing import Hearing
from pod.sharing.requests import own_requests
from pod.store.access_requests import LISTED_MAX, AccessRequest, AccessRequests, GivenAccess
from pod.store.accounts import Account

About = TypeVar("About", AccessRequest, GivenAccess)


def access_files(services: Services, account: Account) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Name and content of the only file."""
    yield "access.json", _content(services, account)


def _content(services: Services, account: Account) -> Iterator[bytes]:
    requests, hearing = AccessRequests(services.store), Hearing(services, services.store, account.id)
    told = {
        "requests": [
            _request(services, each)
            for each in _all(partial(requests.of_account, account.id))
            if hearing.hears(each.said.agent)
        ],
        "grants": [_grant(services, each) for each in _all(partial(requests.given_by, account.id))],
        "blocked": [{"agent": agent, "since": format_moment(ms)} for agent, ms in requests.blocked(account.id)],
        "asked": [_request(services, each) for each in own_requests(services, account.id)],
    }
    yield json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n"


def _all(read: Callable[[int, int], Sequence[About]]) -> Iterator[About]:
    """`read` is given how many, and how many to skip."""
    skipped = 0
    while found := read(LISTED_MAX, skipped):
        yield from found
        skipped += len(found)


def _request(services: Services, request: AccessRequest) -> dict[str, Json]:
    url = endpoint(services.placement.base_url, request.root, REQUESTS) + request.id
    return request_document(request, url, services.placement)


def _grant(services: Services, grant: GivenAccess) -> dict[str, Json]:
    base_url = services.placement.base_url
    asked = grant.request and endpoint(base_url, grant.root, REQUESTS) + grant.request
    told = grant_document(grant, endpoint(base_url, grant.root, GRANTS) + grant.id, asked, services.placement)
    return told if grant.ended_ms is None else {**told, "ended": format_moment(grant.ended_ms)}
