"""The page on which somebody lets an app in, or does not.

Everything about the request is decided in identity/; here are its query, its form, and the question to the person.

Spec: OpenID Connect Core s3.1.2; RFC 6749 s3.1, s4.1.2.1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.errors import BadRequest, UnprocessableContent
from pod.identity.authorization import Authorization, ConsentNeeded, Redirect, SignInNeeded
from pod.identity.ceilings import Offer, as_chosen
from pod.identity.consent import ConsentQuestion
from pod.identity.requests import ErrorRedirect, PendingRequest
from pod.ui.door import ACCOUNT, SIGN_IN, Door, see_other
from pod.ui.forms import Errors, errors_of, read_fields
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
        return _answer(door, authorization, pending, form)

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
        case ConsentNeeded(question, offer):
            return _ask(authorization, pending, question=question, offer=offer)
        case never:
            assert_never(never)


def _ask(
    authorization: Authorization,
    pending: PendingRequest,
    *,
    question: ConsentQuestion,
    offer: Offer,
    errors: Errors | None = None,
    status: int = 200,
) -> Response:
    return render(
        "consent.html",
        status=status,
        form_targets=(pending.redirect_uri,),
        question=question,
        offer=offer,
        request=authorization.seal(pending),
        errors=errors or {},
    )


def _answer(door: Door, authorization: Authorization, pending: PendingRequest, form: Mapping[str, str]) -> Response:
    """Raises: SignInFirst, BadRequest, RefusedAuthorization."""
    session = door.session()
    match form["answer"]:
        case "allow":
            try:
                terms = authorization.answered(pending, session, form)
            except UnprocessableContent as error:
                question = authorization.question(pending, session, address=door.address())
                offer = as_chosen(authorization.offer(pending, session), form)
                errors, status = errors_of(error), error.status
                return _ask(authorization, pending, question=question, offer=offer, errors=errors, status=status)
            return see_other(authorization.allow(pending, session, form.get("web_id", ""), terms))
        case "refuse":
            return see_other(authorization.refuse(pending))
        case _:
            raise BadRequest("The answer is allow or refuse.")
