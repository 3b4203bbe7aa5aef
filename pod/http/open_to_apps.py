"""Routes of the server that apps of any origin may call: on the origin of the owner's pages, so without credentials.

Spec: Fetch, CORS protocol
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from pod.http import cors


def open_to_apps(routes: Blueprint) -> None:
    """Answers preflights of all its routes, and lets every answer be read, errors too."""
    routes.before_request(_preflight)
    routes.after_request(_open)


def _preflight() -> Response | None:
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    return Response(status=204, headers=cors.open_preflight(request.headers.get("Access-Control-Request-Headers")))


def _open(response: Response) -> Response:
    if "Access-Control-Allow-Origin" not in response.headers:
        response.headers.extend(cors.OPEN)
    return response
