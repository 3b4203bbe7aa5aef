"""The pods of an account, how full they are, and making another."""

from __future__ import annotations

from flask import Blueprint, Response

from pod.errors import Conflict, UnprocessableContent
from pod.identity.pods import add_pod, list_pods
from pod.store.accounts import Account
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render
from pod.ui.sign_up import around_name

PODS = "/.account/pods"


def add_pods(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(PODS)
    def account_pods() -> Response:
        return _page(door, door.session().account)

    @pages.post(PODS)
    def make_another() -> Response:
        account = door.session().account
        name = door.form().get("name", "").strip().lower()
        try:
            add_pod(services, account, name)
        except (Conflict, UnprocessableContent) as error:
            if any(each.path == f"/{name}/" for each in list_pods(services, account.id)):
                return see_other(PODS)  # the button was pressed twice
            return _page(door, account, name, {"name": error.detail}, error.status)
        return see_other(PODS)


def _page(door: Door, account: Account, name: str = "", errors: Errors | None = None, status: int = 200) -> Response:
    placement, found = door.services.placement, list_pods(door.services, account.id)
    return render(
        "pods.html",
        status=status,
        pods=found,
        url=placement.url,
        one_only=placement.kind == "root" or len(found) >= door.services.config.pods_per_account_max,
        name=name,
        errors=errors or {},
        **around_name(placement),
    )
