"""`/.console/`: the pages of those who run the server for others. Who is here, how much they hold, and who may come in;
never what they keep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request

from pod.console.handover import begin_handover, end_handover
from pod.console.invitations import Invited, invite_all, open_invitations, withdraw
from pod.console.members import NEARLY_FULL_PERCENT, Console
from pod.console.roster import roster
from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.identity.sign_up import registration
from pod.mail.message import mail_enabled
from pod.store.accounts import Role
from pod.store.handovers import Handovers
from pod.store.members import Standing
from pod.store.moderation import Cases
from pod.store.operator_acts import NEWEST, OperatorActs
from pod.store.receipts import Receipts
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.render import render

CONSOLE = "/.console/"
MEMBERS = f"{CONSOLE}members"
INVITATIONS = f"{CONSOLE}invitations"
LOG = f"{CONSOLE}log"
ROSTER = f"{CONSOLE}members.csv"
RECEIPTS = f"{CONSOLE}receipts"
ACTS = "/.account/operators"
ACTS_MAX = 100
RECEIPTS_SHOWN = 20
STANDINGS: tuple[Standing, ...] = get_args(Standing)
MEGABYTE = 1_000_000

Acting = Callable[[Console, str, Mapping[str, str]], None]
"""Does to the member of a name what a form says."""


def add_console(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(CONSOLE)
    def console() -> Response:
        looking = _console(door)
        return render(
            "console/overview.html",
            totals=looking.totals(),
            nearly_full=NEARLY_FULL_PERCENT,
            invitations=len(open_invitations(services, door.session().account)),
            acts=looking.acts()[:5],
            reports=Cases(services.store).open_reports(),
            mail=mail_enabled(services.config),
        )

    @pages.get(LOG)
    def console_log() -> Response:
        return render("console/log.html", acts=_console(door).acts(_before()))

    @pages.get(ACTS)
    def what_operators_did() -> Response:
        account = door.session().account
        return render("console/about_me.html", acts=OperatorActs(services.store).about(account.id, ACTS_MAX))


def add_members(pages: Blueprint, door: Door) -> None:
    @pages.get(MEMBERS)
    def members() -> Response:
        asked = request.args
        standing: Standing = next((each for each in STANDINGS if each == asked.get("standing")), "")
        search = asked.get("search", "")
        page = _console(door).page(asked.get("after", ""), search=search, standing=standing)
        onward = page.more and f"{MEMBERS}?{urlencode({'search': search, 'standing': standing, 'after': page.more})}"
        return render("console/members.html", page=page, search=search, standing=standing, onward=onward)

    @pages.get(ROSTER)
    def members_as_table() -> Response:
        response = Response(roster(_console(door)), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="members.csv"'
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @pages.get(RECEIPTS)
    def receipts() -> Response:
        return render("console/receipts.html", receipts=_console(door).receipts(_before()))

    @pages.get(f"{MEMBERS}/<name>")
    def member(name: str) -> Response:
        return _member_page(door, name)

    @pages.get(f"{MEMBERS}/<name>/delete")
    def ask_delete_member(name: str) -> Response:
        looking = _console(door)
        days = door.services.config.deletion_grace_days
        return render("console/delete.html", member=looking.member(name), days=days)

    @pages.post(f"{MEMBERS}/<name>/<what>")
    def change_member(name: str, what: str) -> Response:
        account = door.fresh_session(f"{MEMBERS}/{quote(name)}").account
        form, act = door.form(), _ACTS.get(what)
        if act is None:
            raise NotFound(_("There is no such page."))
        try:
            act(Console(door.services, account), name, form)
        except (Conflict, NotFound, UnprocessableContent) as error:
            return _member_page(door, name, {"": error.detail}, error.status)
        if name == account.name and what == "role":  # who gave the role away is let see the console no more
            return see_other("/.account/")
        return see_other(f"{MEMBERS}/{quote(name)}?{urlencode({'done': what})}")


def add_console_invitations(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(made: Invited | None = None, typed: str = "", errors: Errors | None = None, status: int = 200) -> Response:
        _console(door)
        return render(
            "console/invitations.html",
            status=status,
            made=made,
            typed=typed,
            errors=errors or {},
            waiting=open_invitations(services, door.session().account),
            mail=mail_enabled(services.config),
            closed=registration(services) == "closed",
            days=services.config.invitation_days,
        )

    @pages.get(INVITATIONS)
    def console_invitations() -> Response:
        return page()

    @pages.post(INVITATIONS)
    def invite_many() -> Response:
        """The links are shown in the answer itself, for they are kept nowhere."""
        operator, typed = door.session().account, door.form().get("emails", "")
        try:
            return page(invite_all(services, operator, typed))
        except (UnprocessableContent, Conflict) as error:
            return page(typed=typed, errors={"emails": error.detail}, status=error.status)

    @pages.post(f"{INVITATIONS}/withdraw")
    def withdraw_invitation() -> Response:
        operator, form = door.session().account, door.form()
        try:
            withdraw(services, operator, form.get("invitation", ""))
        except NotFound:  # pressed twice, or just used
            return see_other(INVITATIONS)
        return see_other(INVITATIONS)


def _before() -> int:
    """Where a list goes on, as its address says."""
    before = request.args.get("before", "")
    return int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else NEWEST


def _console(door: Door) -> Console:
    """Raises: SignInFirst, AccessDenied."""
    return Console(door.services, door.session().account)


def _member_page(door: Door, name: str, errors: Errors | None = None, status: int = 200) -> Response:
    looking = _console(door)
    found = looking.member(name)
    return render(
        "console/member.html",
        status=status,
        member=found,
        is_self=found.id == door.session().account.id,
        acts=looking.acts_about(found),
        receipts=Receipts(door.services.store).about(found.id, RECEIPTS_SHOWN),
        offered=Receipts(door.services.store).offered_by(found.id),
        going=Handovers(door.services.store).of(found.id),
        mail=mail_enabled(door.services.config),
        megabytes=Quota.of(found.bytes_max, found.resources_max),
        done=request.args.get("done", ""),
        errors=errors or {},
    )


@dataclass(frozen=True, slots=True)
class Quota:
    """As a form holds it: empty where there is no limit."""

    megabytes: str
    resources: str

    @classmethod
    def of(cls, bytes_max: int, resources_max: int) -> Quota:
        return cls(f"{bytes_max / MEGABYTE:g}" if bytes_max else "", str(resources_max or ""))

    def read(self) -> tuple[int, int]:
        """Bytes and resources. Raises: UnprocessableContent."""
        try:
            return int(float(self.megabytes or 0) * MEGABYTE), int(self.resources or 0)
        except (ValueError, OverflowError) as error:
            raise UnprocessableContent(_("Write how much as a number, or nothing for no limit.")) from error


def _set_quota(console: Console, name: str, form: Mapping[str, str]) -> None:
    console.set_quota(name, *Quota(form.get("megabytes", "").strip(), form.get("resources", "").strip()).read())


def _set_role(console: Console, name: str, form: Mapping[str, str]) -> None:
    console.set_role(name, Role.OPERATOR if form.get("role") == Role.OPERATOR.value else Role.MEMBER)


_ACTS: dict[str, Acting] = {
    "suspend": lambda console, name, form: console.suspend(name, form.get("reason", "")),
    "resume": lambda console, name, _form: console.resume(name),
    "quota": _set_quota,
    "role": _set_role,
    "reset": lambda console, name, _form: console.send_reset(name),
    "delete": lambda console, name, _form: console.delete(name),
    "keep": lambda console, name, _form: console.keep(name),
    "export": lambda console, name, _form: console.offer_export(name),
    "hand-over": lambda console, name, form: begin_handover(console.services, console, name, form.get("successor", "")),
    "hand-over-end": lambda console, name, _form: end_handover(console, name),
}
