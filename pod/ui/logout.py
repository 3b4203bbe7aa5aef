"""Where apps send their person to sign out here too: at once if that is surely what they want, else after a question.

Spec: OpenID Connect RP-Initiated Logout s2, s3
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.identity.identity import Identity
from pod.identity.logout import LogoutDecision, begin_logout, read_parameters
from pod.ui.door import ACCOUNT, Door, see_other
from pod.ui.forms import read_fields
from pod.ui.render import render
from pod.ui.sign_in import SIGNED_OUT

LOGOUT = "/.oidc/logout"


def add_logout(pages: Blueprint, door: Door, identity: Identity) -> None:
    def decide(parameters: list[tuple[str, str]]) -> LogoutDecision:
        return begin_logout(door.services, identity, parameters, door.visitor().session, address=door.address())

    @pages.get(LOGOUT)
    def logout() -> Response:
        parameters = list(request.args.items(multi=True))
        decision = decide(parameters)
        if decision.at_once:
            return door.let_out(decision.location or SIGNED_OUT)
        return render(
            "logout.html",
            form_targets=(decision.location,) if decision.location else (),
            app=decision.client.name if decision.client else "",
            parameters=read_parameters(parameters),
        )

    @pages.post(LOGOUT)
    def answer_logout() -> Response:
        """Spec: RP-Initiated Logout s2 -- an app may send its request as a form, which brings no cookies along"""
        fields = read_fields()
        if "answer" not in dict(fields):
            return see_other(f"{LOGOUT}?{urlencode(read_parameters(fields))}")
        if door.form()["answer"] != "sign-out":
            return see_other(ACCOUNT)
        return door.let_out(decide(fields).location or SIGNED_OUT)
