"""The server's own pages that belong to no feature: start, health, what a problem type means, and everything unknown.

Spec: RFC 9457 s4; RFC 9110 s15.5.5
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from pod import errors
from pod.http import cors, problems
from pod.protocol.placement import is_storage_name
from pod.services import Services


def server_pages(services: Services) -> Blueprint:
    """Routes on the base URL."""
    pages = Blueprint("server", __name__)
    base_url = services.placement.base_url

    @pages.get("/")
    def start() -> Response:
        pod = services.placement.url("/NAME/")
        text = (
            f"Freehold is running at {base_url}\n\n"
            f"A pod lives at {pod} and its owner's WebID is {pod}profile/card#me\n"
            "Make one with: freehold account create NAME\n"
        )
        return Response(text, content_type="text/plain; charset=utf-8")

    @pages.get("/.health")
    def health() -> Response:
        services.store.changes(0, 1)
        return Response('{"status": "ok"}\n', content_type="application/json", headers={"Cache-Control": "no-store"})

    @pages.get("/.problems/<name>")
    def problem_type(name: str) -> Response:
        found = next((each for each in problem_types() if each.type == name), None)
        if found is None:
            raise errors.NotFound("There is no such type of problem.")
        text = f"{found.status} {found.title}\n\n{(found.__doc__ or '').strip()}\n"
        return Response(text, content_type="text/plain; charset=utf-8")

    @pages.get("/<name>")
    def storage_without_slash(name: str) -> AnyResponse:
        """Every storage URL ends in a slash; this tells nothing about which exist."""
        if not is_storage_name(name):
            raise errors.NotFound("There is nothing at this URL.")
        return redirect(services.placement.url(f"/{name}/"), 308)

    @pages.app_errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return _problem(_as_pod_error(error), base_url)

    @pages.app_errorhandler(errors.PodError)
    def failed(error: errors.PodError) -> Response:
        return _problem(error, base_url)

    @pages.app_errorhandler(Exception)
    def broke(error: Exception) -> Response:
        internal = errors.PodError()
        internal.__cause__ = error
        return _problem(internal, base_url)

    return pages


def _problem(error: errors.PodError, base_url: str) -> Response:
    body = problems.problem(error, base_url, problems.report(error, request.path[:200]))
    response = Response(body, status=error.status, content_type=problems.MEDIA_TYPE)
    response.headers.extend(error.headers)
    response.headers.extend(cors.shared(request.headers.get("Origin")))
    return response


def _as_pod_error(error: HTTPException) -> errors.PodError:
    """What Flask itself refuses, as one of ours."""
    if error.code == 405:
        allow = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return errors.MethodNotAllowed("This page does not support that method.", headers=(("Allow", allow),))
    if error.code == 404:
        return errors.NotFound("There is nothing at this URL.")
    if error.code == 413:
        return errors.ContentTooLarge("The content is too large for this page.")
    return errors.BadRequest("The request cannot be understood.")


def problem_types(kind: type[errors.PodError] = errors.PodError) -> Iterator[type[errors.PodError]]:
    """Every class of error a client may meet."""
    yield kind
    for each in kind.__subclasses__():
        yield from problem_types(each)
