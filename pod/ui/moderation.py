"""Telling the operators that something should not be here, and what they do about it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from pod.console.members import Console
from pod.console.moderation import Complaint, Moderator, report
from pod.errors import Conflict, NotFound, TooManyRequests, UnprocessableContent
from pod.ui.console import CONSOLE
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors, errors_of
from pod.ui.organisation import ABOUT
from pod.ui.render import render

REPORT = f"{ABOUT}report"
REPORTS = f"{CONSOLE}reports"
BLOCKED = f"{CONSOLE}blocked"


def add_reporting(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(REPORT)
    def ask_report() -> Response:
        return render("report.html", said=Complaint(request.args.get("url", ""), ""), errors={})

    @pages.post(REPORT)
    def take_report() -> Response:
        form = door.form()
        said = Complaint(form.get("url", ""), form.get("reason", ""), form.get("contact", ""))
        try:
            report(services, said, door.address())
        except (UnprocessableContent, TooManyRequests, Conflict) as error:
            return render("report.html", status=error.status, said=said, errors=errors_of_any(error))
        return see_other(f"{REPORT}/done")

    @pages.get(f"{REPORT}/done")
    def reported() -> Response:
        return render("reported.html")


def add_moderation(pages: Blueprint, door: Door) -> None:
    services = door.services

    def reports_page(errors: Errors | None = None, status: int = 200) -> Response:
        moderator = _moderator(door)
        withheld = [each for each in moderator.entries() if each.kind == "path"]
        url = services.placement.url
        return render(
            "console/reports.html",
            status=status,
            reports=moderator.reports(),
            withheld=[(each, url(each.name)) for each in withheld],
            errors=errors or {},
        )

    def blocked_page(errors: Errors | None = None, status: int = 200) -> Response:
        found = [each for each in _moderator(door).entries() if each.kind != "path"]
        return render("console/blocked.html", status=status, blocked=found, errors=errors or {})

    @pages.get(REPORTS)
    def reports() -> Response:
        return reports_page()

    @pages.post(f"{REPORTS}/take-down")
    def take_down() -> Response:
        moderator, form = _acting(door, REPORTS), door.form()
        key = form.get("report", "")
        known = int(key) if key.isdecimal() and len(key) < 18 else None
        return _done(
            lambda: moderator.take_down(form.get("url", ""), form.get("reason", ""), known), REPORTS, reports_page
        )

    @pages.post(f"{REPORTS}/give-back")
    def give_back() -> Response:
        moderator, form = _acting(door, REPORTS), door.form()
        return _done(lambda: moderator.give_back(form.get("path", "")), REPORTS, reports_page)

    @pages.post(f"{REPORTS}/leave")
    def leave_report() -> Response:
        moderator, key = _acting(door, REPORTS), door.form().get("report", "")
        known = int(key) if key.isdecimal() and len(key) < 18 else 0
        return _done(lambda: moderator.leave(known), REPORTS, reports_page)

    @pages.get(BLOCKED)
    def blocked() -> Response:
        return blocked_page()

    @pages.post(BLOCKED)
    def block() -> Response:
        moderator, form = _acting(door, BLOCKED), door.form()
        kind, name = form.get("kind", ""), form.get("name", "")
        return _done(lambda: moderator.block(kind, name, form.get("reason", "")), BLOCKED, blocked_page)

    @pages.post(f"{BLOCKED}/end")
    def unblock() -> Response:
        moderator, form = _acting(door, BLOCKED), door.form()
        return _done(lambda: moderator.unblock(form.get("kind", ""), form.get("name", "")), BLOCKED, blocked_page)


def _moderator(door: Door) -> Moderator:
    """Raises: SignInFirst, AccessDenied."""
    return Moderator(door.services, Console(door.services, door.session().account))


def _acting(door: Door, back: str) -> Moderator:
    """Raises: SignInFirst, SignInAgain, AccessDenied."""
    return Moderator(door.services, Console(door.services, door.fresh_session(back).account))


def _done(act: Callable[[], None], back: str, page: Callable[[Errors, int], Response]) -> Response:
    """The page again, or with what is wrong. What was done already needs no complaint."""
    try:
        act()
    except NotFound:
        return see_other(back)
    except (UnprocessableContent, Conflict) as error:
        return page(errors_of_any(error), error.status)
    return see_other(back)


def errors_of_any(error: UnprocessableContent | Conflict | TooManyRequests) -> Errors:
    return errors_of(error) if isinstance(error, UnprocessableContent) else {"": error.detail}
