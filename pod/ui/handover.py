"""`/.account/hand-over`: giving the own account to another member, if operators asked for that, and taking one over."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pod.console.handover import agree, refuse, take_over
from pod.errors import Busy, Conflict, NotFound, TooManyRequests, UnprocessableContent, WrongPassword
from pod.store.handovers import Handovers
from pod.ui.door import ACCOUNT, Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render
from pod.ui.sign_up import password_minimum

HAND_OVER = f"{ACCOUNT}hand-over"
_TOLD = (Busy, Conflict, NotFound, TooManyRequests)


def add_handover(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(HAND_OVER)
    def ask_hand_over() -> Response:
        if Handovers(services.store).of(door.session().account.id) is not None:
            door.confirmable()
        return _page(door)

    @pages.post(HAND_OVER)
    def give_account() -> Response:
        session, form = door.session(), door.form()
        if "no" in form:
            refuse(services, session.account)
            return see_other(f"{HAND_OVER}?done=no")
        password, since = form.get("password", ""), session.authenticated_ms
        try:
            agree(services, session.account, form.get("successor", ""), password, authenticated_ms=since)
        except WrongPassword as error:
            return _page(door, {"password": error.detail}, error.status)
        except _TOLD as error:
            return _page(door, {"": error.detail}, error.status)
        return see_other(f"{HAND_OVER}?done=yes")


def add_taking_over(pages: Blueprint, door: Door) -> None:
    @pages.post(f"{HAND_OVER}/take")
    def take_account() -> Response:
        account, form = door.fresh_session(HAND_OVER).account, door.form()
        try:
            receipt = take_over(door.services, account, form.get("name", ""), form.get("new", ""))
        except UnprocessableContent as error:
            return _page(door, {"new": error.detail}, error.status)
        except _TOLD as error:
            return _page(door, {"": error.detail}, error.status)
        return render("handed_over.html", receipt=receipt)


def _page(door: Door, errors: Errors | None = None, status: int = 200) -> Response:
    account, handovers = door.session().account, Handovers(door.services.store)
    return render(
        "hand_over.html",
        status=status,
        going=handovers.of(account.id),
        coming=handovers.to(account.id),
        minimum=password_minimum(door.services.config),
        done=request.args.get("done", ""),
        errors=errors or {},
    )
