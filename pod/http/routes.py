"""What belongs to no feature: everything unknown, and what any route of the server refuses.

Spec: RFC 9457 s4; RFC 9110 s15.5.5
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from pod import errors
from pod.http import problems
from pod.http.description import server_description
from pod.http.headers import DESCRIPTION_PATH
from pod.http.open_to_apps import open_to_apps
from pod.http.request import wants_page
from pod.protocol.placement import is_storage_name
from pod.services import Services

DESCRIPTION_SECONDS = 3600

ProblemPage = Callable[[errors.PodError], Response]


def server_pages(services: Services, problem_page: ProblemPage) -> Blueprint:
    """Routes on the base URL. `problem_page` tells an error to people; programs get a problem document."""
    pages = Blueprint("server", __name__)
    base_url = services.placement.base_url

    def tell(error: errors.PodError) -> Response:
        if wants_page(request.headers.get("Accept")):
            return problem_page(error)
        return _problem(error, base_url)

    @pages.get("/<name>")
    def storage_without_slash(name: str) -> AnyResponse:
        """Every storage URL ends in a slash; this tells nothing about which exist."""
        if not is_storage_name(name):
            raise errors.NotFound("There is nothing at this URL.")
        return redirect(services.placement.url(f"/{name}/"), 308)

    @pages.app_errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return tell(_as_pod_error(error))

    @pages.app_errorhandler(errors.PodError)
    def failed(error: errors.PodError) -> Response:
        return tell(error)

    @pages.app_errorhandler(Exception)
    def broke(error: Exception) -> Response:
        internal = errors.PodError()
        internal.__cause__ = error
        return tell(internal)

    pages.register_blueprint(_description(services))
    pages.after_app_request(_guarded)
    return pages


def _guarded(response: Response) -> Response:
    """With what every answer has, unless its route knows better: types are not guessed, refusals not kept."""
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if response.status_code >= errors.BadRequest.status:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _description(services: Services) -> Blueprint:
    about = Blueprint("description", __name__)

    @about.get(f"/{DESCRIPTION_PATH}")
    def about_server() -> Response:
        media_type, body = server_description(services, request.headers.get("Accept"))
        headers = {"Cache-Control": f"public, max-age={DESCRIPTION_SECONDS}", "Vary": "Accept"}
        return Response(body, content_type=media_type, headers=headers)

    open_to_apps(about)
    return about


def _problem(error: errors.PodError, base_url: str) -> Response:
    body = problems.problem(error, base_url, problems.report(error, request.path[:200]))
    response = Response(body, status=error.status, content_type=problems.MEDIA_TYPE)
    response.headers.extend(error.headers)
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
