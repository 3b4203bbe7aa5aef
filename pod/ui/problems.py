"""What went wrong, as a page; and the pages that say what each type of problem means.

Spec: RFC 9457 s3.1.1
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from pod.errors import NotFound, PodError
from pod.http.problems import report
from pod.http.routes import problem_types
from pod.ui.refusals import refusal
from pod.ui.render import render

_WITH_FORMS = re.compile(r"/\.(?:account/|oidc/authorize)[!-\[\]-~]*")


def problem_page(error: PodError) -> Response:
    """For whoever opened one of our own pages."""
    headers = dict(error.headers)
    seconds = headers.get("Retry-After", "")
    response = render(
        "problem.html",
        status=error.status,
        type=error.type,
        title=refusal(error.title),
        detail=refusal(error.detail),
        number=error.status,
        instance=report(error, request.path[:200]),
        retry_seconds=int(seconds) if seconds.isdecimal() else None,
        path=request.path,
        form=_page_before(),
    )
    response.headers.extend(headers)
    return response


def _page_before() -> str:
    """The page of ours that a form was sent from, if the browser says so; else the first page."""
    try:
        before = urlsplit(request.referrer or "")
    except ValueError:
        return "/"
    page = before._replace(scheme="", netloc="", fragment="").geturl()
    return page if _WITH_FORMS.fullmatch(page) else "/"


def add_problem_types(pages: Blueprint) -> None:
    """Where the `type` of a problem document leads."""

    @pages.get("/.problems/<name>")
    def problem_type(name: str) -> Response:
        found = next((each for each in problem_types() if each.type == name), None)
        if found is None:
            raise NotFound("There is no such type of problem.")
        explanation = (found.__doc__ or "").split("Spec:")[0].replace("`", "").strip()
        return render(
            "problem_type.html", type=found.type, title=found.title, number=found.status, explanation=explanation
        )
