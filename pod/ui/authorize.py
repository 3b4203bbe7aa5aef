"""The page on which somebody lets an app in, or does not.

Everything about the request is decided in identity/; here are its query, its form, and the question to the person.

Spec: OpenID Connect Core s3.1.2; RFC 6749 s3.1, s4.1.2.1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.errors import BadRequest
from pod.identity.authorization import Authorization, ConsentNeeded, Redirect, SignInNeeded
from pod.identity.requests import ErrorRedirect, PendingRequest
from pod.ui.door import ACCOUNT, SIGN_IN, Door, see_other
from pod.ui.forms import read_fields
from pod.ui.pending import AUTHORIZE, Waiting
from pod.ui.render import render


def add_authorize(pages: Blueprint, door: Door, waiting: Waiting, authorization: Authorization) -> None:
    @pages.get(AUTHORIZE)
    def authorize() -> Response:
        """A request that has just come, or one that waited for a sign-in."""
        pending = waiting.read(request.args.get("pending", ""))
        asked = list(request.args.items(multi=True))
        return _next(door, authorization, pending or authorization.begin(asked, address=door.address()))

    @pages.post(AUTHORIZE)
    def answer_app() -> Response:
        """Spec: OpenID Connect Core s3.1.2.1 -- an app may send its request as a form, which brings no cookies along"""
        fields = read_fields()
        if "answer" not in dict(fields):
            return see_other(waiting.path(authorization.seal(authorization.begin(fields, address=door.address()))))
        form = door.form()
        pending = waiting.read(form.get("request", ""))
        if pending is None:
            raise BadRequest("The form does not say which request it answers.")
        return see_other(_answer(door, authorization, pending, form))

    @pages.errorhandler(ErrorRedirect)
    def told_to_app(error: ErrorRedirect) -> Response:
        return see_other(error.location)


def _next(door: Door, authorization: Authorization, pending: PendingRequest) -> Response:
    account, session = door.visitor().account, door.visitor().session
    match authorization.decide(pending, session, address=door.address()):
        case Redirect(location):
            return see_other(location)
        case SignInNeeded(again):
            query = {"request": authorization.seal(pending), **({"again": "yes"} if again else {})}
            return see_other(f"{SIGN_IN}?{urlencode(query)}")
        case ConsentNeeded() if account is not None and account.leaving:
            return see_other(ACCOUNT)  # which asks whether the account shall stay: until then nothing acts for it
        case ConsentNeeded(question):
            return render(
                "consent.html",
                form_targets=(pending.redirect_uri,),
                question=question,
                request=authorization.seal(pending),
            )
        case never:
            assert_never(never)


def _answer(door: Door, authorization: Authorization, pending: PendingRequest, form: Mapping[str, str]) -> str:
    """Where the answer leads. Raises: SignInFirst, BadRequest, RefusedAuthorization."""
    session = door.session()
    match form["answer"]:
        case "allow":
            return authorization.allow(pending, session, form.get("web_id", ""))
        case "refuse":
            return authorization.refuse(pending)
        case _:
            raise BadRequest("The answer is allow or refuse.")
