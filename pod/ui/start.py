"""The first page that somebody sees here, and the first after they made a pod."""

from __future__ import annotations

from flask import Blueprint, Response

from pod.identity.sign_up import registration
from pod.operator.settings import is_local
from pod.protocol.resource import Target
from pod.ui.door import HOME, Door, see_other
from pod.ui.own_pod import first_pod, name_in_path
from pod.ui.pending import Waiting
from pod.ui.render import render
from pod.ui.sign_up import READY, SignUp, sign_up_form, sign_up_refused
from pod.ui.uploads import upload_of


def add_start(pages: Blueprint, door: Door, waiting: Waiting) -> None:
    services = door.services

    @pages.get("/")
    def start() -> Response:
        if door.visitor().session:
            return see_other(HOME)
        how = registration(services)
        if not services.accounts.any():
            return sign_up_form(door, waiting, SignUp()) if how == "first" else sign_up_refused(door)
        return render("start.html", may_sign_up=how == "open", by_invitation=how == "invitation")

    @pages.get(READY)
    def ready() -> Response:
        account = door.session().account
        pod, placement = first_pod(services, account), services.placement
        return render(
            "ready.html",
            pod=name_in_path(pod),
            pod_url=placement.url(pod.path),
            web_id=services.accounts.web_ids(account.id)[0],
            issuer=placement.base_url,
            is_local=is_local(services.config),
            upload=upload_of(services, account, Target.parse(pod.path)),
            script="uploads.js",
            uploads=True,
        )
