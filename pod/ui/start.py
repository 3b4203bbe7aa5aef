"""The first page that somebody sees here, and the first after they made a pod."""

from __future__ import annotations

from flask import Blueprint, Response

from pod.identity.sign_up import registration
from pod.ui.door import ACCOUNT, Door, see_other
from pod.ui.pending import Waiting
from pod.ui.render import render
from pod.ui.sign_up import READY, SignUp, sign_up_form, sign_up_refused


def add_start(pages: Blueprint, door: Door, waiting: Waiting) -> None:
    services = door.services

    @pages.get("/")
    def start() -> Response:
        if door.visitor().session:
            return see_other(ACCOUNT)
        how = registration(services)
        if not services.accounts.any():
            return sign_up_form(door, waiting, SignUp()) if how == "first" else sign_up_refused(door)
        return render("start.html", may_sign_up=how == "open", by_invitation=how == "invitation")

    @pages.get(READY)
    def ready() -> Response:
        account = door.session().account
        pod, *_ = services.accounts.storages(account.id)
        web_id, *_ = services.accounts.web_ids(account.id)
        placement = services.placement
        return render("ready.html", pod_url=placement.url(pod.path), web_id=web_id, issuer=placement.base_url)
