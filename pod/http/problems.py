"""Errors as problem documents, in one place for every route, and in the log where they are the server's own.

Spec: RFC 9457; Solid #server-content-type-includes; LDP 4.2.1.6
"""

from __future__ import annotations

import json

import structlog

from pod.errors import NoSpaceLeft, PodError, StoreUnavailable
from pod.observability.requests import current_name

MEDIA_TYPE = "application/problem+json"
PROBLEMS_PATH = ".problems/"
CONSTRAINED_BY = "http://www.w3.org/ns/ldp#constrainedBy"
CONSTRAINT_STATUSES = frozenset({405, 409, 413, 415, 422, 507})


log = structlog.get_logger()


def report(error: PodError, path: str | None) -> str:
    """The name of the request that failed. The client is told it, and it stands in the log with the cause of what an
    operator must mend.
    """
    request = current_name()
    if error.status == 500 or isinstance(error, NoSpaceLeft | StoreUnavailable):
        log.error("failed", request=request, problem=error.type, path=path, exc_info=error.__cause__ or error)
    return f"urn:freehold:request:{request}"


def problem(error: PodError, base_url: str, instance: str) -> bytes:
    """The problem document: what is wrong and how to mend it, and nothing the client could not know."""
    document = {
        "type": problem_url(error, base_url),
        "title": error.title,
        "status": error.status,
        "detail": error.detail or error.title,
        "instance": instance,
        **error.extras,
    }
    return json.dumps(document, ensure_ascii=False).encode(
        errors="backslashreplace"
    )  # a half of a character is an escape


def problem_url(error: PodError, base_url: str) -> str:
    return f"{base_url}{PROBLEMS_PATH}{error.type}"


def constraint_link(error: PodError, base_url: str) -> str | None:
    """Spec: LDP 4.2.1.6 -- where a client reads which rule its request broke"""
    if error.status not in CONSTRAINT_STATUSES:
        return None
    return f'<{problem_url(error, base_url)}>; rel="{CONSTRAINED_BY}"'
