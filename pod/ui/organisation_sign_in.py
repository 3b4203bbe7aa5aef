"""Signing in with the organisation's provider: there, and back; then in, to a new pod, or to connect an account.

The ways there are links, so that no form has to be allowed to lead to another server; what changes anything is a form
of ours, filled in by whoever came back.

Spec: OpenID Connect Core s3.1.2; RFC 9700 s4.7
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request

from pod.errors import Conflict, PodError, ProviderFailed, RegistrationClosed, UnprocessableContent, WrongPassword
from pod.identity.organisation_provider import CALLBACK, Journey, OrganisationProvider, Person
from pod.identity.organisation_sign_in import (
    account_of,
    connect_account,
    connected,
    disconnect_account,
    join,
    may_join,
    seal_person,
    unseal_person,
)
from pod.ui.door import SIGN_IN, Door, local, see_other
from pod.ui.language import spoken
from pod.ui.pending import Waiting
from pod.ui.render import render
from pod.ui.sign_in import SignIn
from pod.ui.sign_up import READY, around_name

THERE = f"{SIGN_IN}/organisation"
JOIN = f"{THERE}/join"
ORGANISATION = "/.account/organisation"
CONNECT = f"{ORGANISATION}/connect"


def add_organisation_sign_in(pages: Blueprint, door: Door, waiting: Waiting, provider: OrganisationProvider) -> None:
    services = door.services

    @pages.get(THERE)
    def go_there() -> Response:
        sent = SignIn.linked(request.args)
        waiting.read(sent.request)
        journey = Journey("in", local(sent.next) if sent.next else "", sent.request)
        return _there(door, provider, journey, again=sent.again)

    @pages.get(CALLBACK)
    def come_back() -> Response:
        browser = door.visitor().secret
        try:
            person, journey = provider.arrived(request.args, browser)
            account = account_of(services, person)
        except (ProviderFailed, WrongPassword) as error:
            return _failed(error)
        if journey.use == "connect":
            return see_other(f"{ORGANISATION}?who={seal_person(services, person, browser)}")
        sealed = seal_person(services, person, browser)
        if account is None:
            return _Newcomer(person, sealed, journey.request).page(door, provider)
        onward = waiting.path(journey.request) if journey.request else local(journey.next)
        return door.let_in(account, onward, shown_ms=person.shown_ms)

    @pages.post(JOIN)
    def join_organisation() -> Response:
        form, browser = door.form(), door.visitor().secret
        sealed, waits = form.get("who", ""), form.get("request", "")
        person, name = unseal_person(services, sealed, browser), form.get("name", "").strip().lower()
        try:
            account = join(services, person, name, address=door.address(), language=spoken())
        except (Conflict, RegistrationClosed, UnprocessableContent) as error:
            return _Newcomer(person, sealed, waits).page(door, provider, name, error)
        return door.let_in(account, waiting.path(waits) if waits else READY, expected=True)


def add_organisation_account(pages: Blueprint, door: Door, provider: OrganisationProvider) -> None:
    """Connecting an account with the provider, and disconnecting it."""
    services = door.services

    def page(person: Person | None = None, sealed: str = "", error: PodError | None = None) -> Response:
        settings = provider.settings()
        return render(
            "account_organisation.html",
            status=error.status if error else 200,
            label=settings.label if settings else "",
            known=connected(services, door.session().account.id),
            person=person,
            sealed=sealed,
            done=request.args.get("done", ""),
            errors={"": error.detail} if error else {},
        )

    @pages.get(ORGANISATION)
    def see_connection() -> Response:
        door.session()
        sealed = request.args.get("who", "")
        person = unseal_person(services, sealed, door.visitor().secret) if sealed else None
        return page(person, sealed)

    @pages.get(CONNECT)
    def go_to_connect() -> Response:
        door.fresh_session(CONNECT)
        return _there(door, provider, Journey("connect"), again=True)

    @pages.post(ORGANISATION)
    def change_connection() -> Response:
        session, form = door.fresh_session(ORGANISATION), door.form()
        try:
            if "disconnect" in form:
                disconnect_account(services, session.account)
                return see_other(f"{ORGANISATION}?done=disconnected")
            connect_account(
                services, session.account, unseal_person(services, form.get("who", ""), door.visitor().secret)
            )
        except Conflict as error:
            return page(error=error)
        return see_other(f"{ORGANISATION}?done=connected")


def _there(door: Door, provider: OrganisationProvider, journey: Journey, *, again: bool) -> Response:
    """A visitor without a cookie gets the one to which the way back is bound."""
    try:
        response = see_other(provider.way(journey, door.visitor().secret, again=again))
    except ProviderFailed as error:
        return _failed(error)
    return door.remember(response)


def _failed(error: PodError) -> Response:
    return render("organisation_failed.html", status=error.status, why=error.detail)


@dataclass(frozen=True, slots=True)
class _Newcomer:
    """Somebody whom the provider knows and nobody here does; `waits` is the request of an app."""

    person: Person
    sealed: str
    waits: str

    def page(
        self,
        door: Door,
        provider: OrganisationProvider,
        name: str = "",
        error: PodError | None = None,
    ) -> Response:
        settings, placement = provider.settings(), door.services.placement
        return render(
            "organisation_join.html",
            status=error.status if error else 200,
            label=settings.label if settings else "",
            person=self.person,
            sealed=self.sealed,
            request=self.waits,
            name=name or _proposed(self.person),
            may_join=may_join(door.services) and placement.kind != "root",
            errors={"name": error.detail} if error else {},
            **around_name(placement),
        )


def _proposed(person: Person) -> str:
    """A name for the pod, of the address that they have there."""
    typed = person.email.partition("@")[0].lower()
    return "".join(each if each.isascii() and each.isalnum() else "-" for each in typed).strip("-")[:63]
