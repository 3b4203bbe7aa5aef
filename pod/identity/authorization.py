"""The authorization endpoint without its pages: an app's request in; a redirect, a sign-in or a question out.

A request under way is kept nowhere. It travels through the pages as a signed text, so strangers fill no table, and a
redirect leads only where the request was checked to lead. Knows no Flask and no cookies: a session in.

Spec: OpenID Connect Core s3.1.2; RFC 6749 s4.1, s10.15; RFC 9207; RFC 9396 s4; RFC 9700 s2.1, s4.11
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from pod.authentication.credentials import digest
from pod.authentication.secret_files import secret
from pod.authentication.webid import ISSUERS_PAGE
from pod.errors import RefusedAuthorization
from pod.identity import consent
from pod.identity.applications import Clients
from pod.identity.authorization_details import read
from pod.identity.ceilings import EVERYTHING, Answers, Offer, Offers, Terms, Until, terms_of
from pod.identity.client_metadata import Client
from pod.identity.consent import ConsentQuestion
from pod.identity.id_token_hint import read_hint
from pod.identity.projection import decided
from pod.identity.requests import (
    ErrorRedirect,
    Parameters,
    PendingRequest,
    RequestError,
    check_places,
    checked,
    location,
)
from pod.identity.sealed import Seal
from pod.services import Services
from pod.store.apps import App, Apps
from pod.store.interface import Writer
from pod.store.records import SERVER, Actor
from pod.store.sessions import Session

SEAL_KEY = "requests.key"
SEAL_PURPOSE = "authorization request"
SEALED_SECONDS_MAX = 3600
CODE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer is at the app."""

    location: str


@dataclass(frozen=True, slots=True)
class SignInNeeded:
    """Nobody is signed in, or somebody must sign in `again`."""

    again: bool


@dataclass(frozen=True, slots=True)
class ConsentNeeded:
    """The person signed in must answer; then comes `allow` or `refuse`."""

    question: ConsentQuestion
    offer: Offer


class Authorization:
    """Answers authorization requests. One a process."""

    def __init__(self, services: Services, clients: Clients) -> None:
        self._services = services
        self._clients = clients
        self._issuer = services.placement.base_url
        key = secret(services.config.keys, SEAL_KEY)
        self._seal = Seal(key, SEAL_PURPOSE, seconds=SEALED_SECONDS_MAX, now=services.clock.now)

    def begin(self, parameters: Sequence[tuple[str, str]], *, address: str | None = None) -> PendingRequest:
        """A new request, from the query or the form it came in. `address` is where from, here and below.

        Raises: RefusedAuthorization, UnknownClient, TooManyRequests -- for people to read, never redirected;
            ErrorRedirect.
        """
        asked = Parameters.of(parameters)
        redirect_uri = asked.certain("redirect_uri")
        client = self._client(asked.certain("client_id"), redirect_uri, address)
        try:
            pending = checked(asked, client, self._now_ms())
            check_places(pending.details, self._services.placement)
            return self._hinted(pending, asked.values.get("id_token_hint"))
        except RequestError as error:
            answer = {"error": error.error, "error_description": error.description}
            raise ErrorRedirect(location(redirect_uri, self._issuer, asked.state, answer)) from error

    def seal(self, pending: PendingRequest) -> str:
        """A request as a text that only this server can write, good for `SEALED_SECONDS_MAX`."""
        said = {each.name: getattr(pending, each.name) for each in fields(pending)}
        details = [each.to_json() for each in pending.details]
        return self._seal.write(
            said | {"client": pending.client.id, "prompt": sorted(pending.prompt), "details": details}
        )

    def unseal(self, text: str, *, address: str | None = None) -> PendingRequest:
        """Raises: BadRequest -- forged or too old; RefusedAuthorization, UnknownClient -- the client has changed;
        TooManyRequests.
        """
        said = self._seal.read(text)
        client = self._client(said.pop("client"), said["redirect_uri"], address)
        prompt, details = frozenset(said.pop("prompt")), said.pop("details")
        return PendingRequest(client=client, prompt=prompt, details=read(details) if details else (), **said)

    def decide(
        self, pending: PendingRequest, session: Session | None, *, address: str | None = None
    ) -> Redirect | SignInNeeded | ConsentNeeded:
        """What comes next, for whoever has this session.

        Raises: RefusedAuthorization -- the WebID is theirs, but no longer names this server as an issuer.
        """
        if session is None or not pending.is_recent_enough(session):
            return self._sign_in(pending, session)
        web_ids = self._web_ids(pending, session)
        if not web_ids:
            return self._nobody(pending, session)
        app = self._remembered(pending, session, web_ids)
        if app is not None:
            return Redirect(self._allow(pending, session, app.web_id, None))
        if pending.is_silent:
            return self._error(pending, "consent_required", "The account has not allowed this app yet.")
        return ConsentNeeded(self.question(pending, session, address=address), self.offer(pending, session))

    def question(self, pending: PendingRequest, session: Session, *, address: str | None = None) -> ConsentQuestion:
        """What the person is asked. Raises: RefusedAuthorization -- no WebID of theirs signs in here any more."""
        web_ids = self._web_ids(pending, session)
        if not web_ids:
            raise RefusedAuthorization("You have no WebID that signs in here. Go back to the app and start over.")
        logo = self._clients.logo(pending.client, address=address)
        return consent.question(pending, web_ids, logo, self._services.placement)

    def offer(self, pending: PendingRequest, session: Session) -> Offer:
        """What the person can let the app do: to begin with what they chose last time, and what it asks for now."""
        apps = self._services.apps.of_account(session.account.id)
        before = consent.chosen_before(pending, apps)
        present = terms_of(before, self._now_ms()) if before else None
        return Offers(self._services, session.account.id).make(present, pending.details)

    def answered(self, pending: PendingRequest, session: Session, form: Mapping[str, str]) -> Terms:
        """What the person chose on the page that showed the offer. Raises: UnprocessableContent, BadRequest."""
        offers = Offers(self._services, session.account.id)
        return Answers(self._services, offers).terms(self.offer(pending, session), form)

    def allow(self, pending: PendingRequest, session: Session, web_id: str, terms: Terms) -> str:
        """Where the app gets its code. From now on these terms hold for all that the app was given, and are remembered.

        Raises: RefusedAuthorization -- not a WebID of this account, or the session is too old, or has ended.
        """
        return self._allow(pending, session, web_id, terms)

    def _allow(self, pending: PendingRequest, session: Session, web_id: str, terms: Terms | None) -> str:
        """Without terms, on those of the last time."""
        if web_id not in self._web_ids(pending, session):
            raise RefusedAuthorization("The app cannot act as this WebID: it is not one of yours that signs in here.")
        if not pending.is_recent_enough(session):
            raise RefusedAuthorization("The app wants you to sign in again. Go back to it and start over.")
        code = self._granted(pending, session, web_id, terms)
        self._clients.used(pending.client.id)
        return pending.location(self._issuer, code=code)

    def refuse(self, pending: PendingRequest) -> str:
        """Where the app learns that the person does not want it."""
        return self._error(pending, "access_denied", "The person refused.").location

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _client(self, client_id: str, redirect_uri: str, address: str | None) -> Client:
        """Spec: RFC 6749 s3.1.2.4, never redirect where the client did not say; Solid-OIDC #clientids-document."""
        client = self._clients.find(client_id, redirect_uri, address=address)
        if not client.allows_redirect(redirect_uri):
            raise RefusedAuthorization("The app asks to be answered at a URL that is not one of its redirect_uris.")
        return client

    def _hinted(self, pending: PendingRequest, id_token: str | None) -> PendingRequest:
        if id_token is None:
            return pending
        hint = read_hint(self._services.keys, self._issuer, id_token)
        if hint is None:
            raise RequestError("invalid_request", "The id_token_hint is not an ID token of this server.")
        return replace(pending, web_id=hint.web_id)

    def _web_ids(self, pending: PendingRequest, session: Session) -> tuple[str, ...]:
        """Those of the account that the request can mean, and that tokens of this server can speak for."""
        return pending.meant(self._services.accounts.web_ids_signing_in_here(session.account.id))

    def _nobody(self, pending: PendingRequest, session: Session) -> Redirect | SignInNeeded:
        """What somebody is told who has no WebID to give.

        Spec: Solid-OIDC #oidc-issuer-discovery -- others would refuse a token that their profile does not vouch for.
        """
        elsewhere = pending.meant(self._services.accounts.web_ids(session.account.id))
        if not elsewhere:
            return self._sign_in(pending, session)
        why = f"{elsewhere[0]} no longer names this server, so it cannot sign you in."
        if pending.is_silent:
            return self._error(pending, "access_denied", why)
        page = self._issuer + ISSUERS_PAGE
        raise RefusedAuthorization(f"{why} Choose the server it names in the app, or add this one again at {page}")

    def _sign_in(self, pending: PendingRequest, session: Session | None) -> Redirect | SignInNeeded:
        """Whoever just signed in and is not who is meant is not asked for ever.

        Spec: OpenID Connect Core s3.1.2.1, "the Authorization Server MUST return an error, such as login_required"
        """
        is_another = session is not None and session.authenticated_ms >= pending.asked_ms
        if pending.is_silent or is_another:
            return self._error(pending, "login_required", "The person the app asks for is not signed in.")
        return SignInNeeded(again=session is not None)

    def _remembered(self, pending: PendingRequest, session: Session, web_ids: tuple[str, ...]) -> App | None:
        """The earlier answer that covers this request. None where somebody must be asked: always for an app whose
        document lies in a pod, for another app may have written it since, and would take what this one was given.
        """
        if self._services.placement.is_ours(pending.client.id):
            return None
        apps = self._services.apps.of_client(session.account.id, pending.client.id)
        app = consent.remembered(pending, apps, web_ids, self._now_ms())
        if app is None or not pending.details:
            return app
        offers = Offers(self._services, session.account.id)
        return app if offers.is_covered(app.ceiling or EVERYTHING, pending.details) else None

    def _granted(self, pending: PendingRequest, session: Session, web_id: str, terms: Terms | None) -> str:
        """A code for a grant made in this session, all in one transaction."""
        code = secrets.token_urlsafe(32)

        def change(tx: Writer) -> None:
            app = self._app(tx, pending, session, web_id, terms)
            once = terms is not None and terms.until is Until.ONCE
            self._give(tx, pending, Apps(tx).add_grant(tx, app, session.id, pending.scope, once=once), code)

        if terms is not None:
            decided(self._services, session.account.id, change, by=Actor(web_id), ceiling=terms.ceiling)
            return code
        with self._services.store.write(SERVER) as tx:
            change(tx)
        return code

    def _app(self, tx: Writer, pending: PendingRequest, session: Session, web_id: str, terms: Terms | None) -> App:
        """The app as it is remembered from now on.

        Raises: RefusedAuthorization -- on the terms of the last time, which are not remembered any more.
        """
        apps, client, account = Apps(tx), pending.client, session.account.id
        known = next((app for app in apps.of_client(account, client.id) if app.web_id == web_id), None)
        if terms is None and (known is None or not known.holds(tx.now_ms)):
            raise RefusedAuthorization("You have taken back what this app may do. Go back to it and start over.")
        scope = consent.joined(pending.scope, known.scope if known else "")
        app = apps.remember(tx, account, client.id, web_id, name=client.name, host=client.host, scope=scope)
        return app if terms is None else consent.put_terms(tx, app, terms)

    def _give(self, tx: Writer, pending: PendingRequest, grant: str | None, code: str) -> None:
        if grant is None:
            raise RefusedAuthorization("You have signed out meanwhile. Go back to the app and start over.")
        Apps(tx).add_code(
            tx,
            digest(code),
            grant=grant,
            client=pending.client.id,
            redirect_uri=pending.redirect_uri,
            challenge=pending.challenge,
            jkt=pending.dpop_jkt,
            nonce=pending.nonce,
            seconds=CODE_SECONDS,
        )

    def _error(self, pending: PendingRequest, error: str, description: str) -> Redirect:
        return Redirect(pending.location(self._issuer, error=error, error_description=description))

    def _now_ms(self) -> int:
        return int(self._services.clock.now() * 1000)
