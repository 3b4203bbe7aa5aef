"""`/.console/reach`: whether others can reach this server, and what to do about it, for those who run it.

What `freehold doctor` finds, looked for when somebody presses the button: opening the page asks nobody anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from flask import Blueprint, Response

from pod.errors import AccessDenied
from pod.identity.sessions import Session
from pod.operator.findings import Finding
from pod.operator.reach import Place, check_reach
from pod.operator.settings import check_settings, is_local
from pod.ui.door import Door
from pod.ui.language import gettext as _
from pod.ui.render import render

REACH = "/.console/reach"


def add_reach(pages: Blueprint, door: Door) -> None:
    services = door.services
    config = services.config

    @pages.get(REACH)
    def reach() -> Response:
        _operator(door)
        return page()

    @pages.post(REACH)
    def look_now() -> Response:
        _operator(door)
        door.form()
        place = Place(config, running=True, now=services.clock.now)
        return page([*check_settings(config, (), None), *check_reach(place)])

    def page(findings: Sequence[Finding] | None = None) -> Response:
        url = services.placement.base_url
        is_safe = urlsplit(url).scheme == "https"
        return render("reach.html", findings=findings, url=url, is_local=is_local(config), is_safe=is_safe)


def _operator(door: Door) -> Session:
    """Raises: SignInFirst, AccessDenied"""
    session = door.session()
    if not session.account.is_operator:
        raise AccessDenied(_("This page is for those who run the server."))
    return session
