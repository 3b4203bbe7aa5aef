"""The way in and out of pages: recognises who comes by their cookies, lets in who signed in, leads others to sign-in.

`Door.watch` puts it in front of a blueprint; after that `visitor`, `session` and `form` tell each page what came.

Spec: RFC 6265bis s4.1; RFC 9110 s15.4.4
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import unquote, urlencode

from flask import Blueprint, Response, g, request

from pod.errors import PodError
from pod.http.proxies import effective_address
from pod.identity.second_step import Step, begin_second_step, read_step
from pod.identity.sessions import Arrival, Session, end_session, find_session, start_session
from pod.identity.sign_in import is_fresh, is_password_enough
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.accounts import Account
from pod.store.factors import Passkey
from pod.ui.branding import Branding
from pod.ui.cookies import Cookies
from pod.ui.forms import read_form
from pod.ui.language import ENGLISH, best, speak
from pod.ui.problems import problem_page
from pod.ui.visitor import Visitor

SIGN_IN = "/.account/sign-in"
SECOND_STEP = f"{SIGN_IN}/second"
ACCOUNT = "/.account/"
HOME = "/.home/"
NEXT_CHARACTERS_MAX = 2000
DAY_SECONDS = 24 * 3600
READING = frozenset({"GET", "HEAD"})

_NEXT = re.compile(
    r"/\.(?:(?:home|account|files|contacts|posts|profile|notices|console)(?:/[!-\[\]-~]*)?|uploads/new(?:\?[!-\[\]-~]*)?)"
)


class SignInFirst(Exception):
    """The page belongs to an account. `path` is where to come back to."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class SignInAgain(SignInFirst):
    """The page belongs to somebody who has just shown who they are, and that was too long ago."""


class Door:
    """Made once per process."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.branding = Branding(services.store, services.clock)
        self._cookies = Cookies.of(services.placement.base_url)
        self._session_seconds = services.config.session_days * DAY_SECONDS

    def watch(self, pages: Blueprint) -> None:
        """Each request to `pages` has a visitor, and each failure is told as a page. Whatever is said on the way, on
        others' pages too, is said in the visitor's language.
        """
        pages.before_app_request(self._listen)
        pages.teardown_app_request(_forget_language)
        pages.before_request(self._recognise)
        pages.after_request(self._remember)
        pages.register_error_handler(SignInFirst, _lead_to_sign_in)
        pages.register_error_handler(PodError, problem_page)

    def _listen(self) -> None:
        speak(best(self._cookies.chosen_language(request), request.headers.get("Accept-Language")))

    def _recognise(self) -> None:
        g.brand, g.base = self.branding.brand(), self.services.placement.base_url
        secret = self._cookies.session_secret(request)
        session = find_session(self.services, secret, network_of(self.address())) if secret else None
        if secret and session:
            g.visitor = Visitor(session, secret, is_new=False)
            return
        known = self._cookies.form_secret(request)
        g.visitor = Visitor(None, known or secrets.token_urlsafe(32), is_new=known is None)

    def _remember(self, response: Response) -> Response:
        visitor: Visitor | None = g.get("visitor")
        if visitor is not None and visitor.is_new and response.mimetype == "text/html":
            self._cookies.set_form(response, visitor.secret)
        return response

    def visitor(self) -> Visitor:
        visitor: Visitor = g.visitor
        return visitor

    def session(self) -> Session:
        """Of whoever is signed in. Raises: SignInFirst."""
        session = self.visitor().session
        if session is None:
            raise SignInFirst(request.full_path.rstrip("?") if request.method in READING else ACCOUNT)
        return session

    def fresh_session(self, back: str = ACCOUNT) -> Session:
        """Of whoever has signed in within the last minutes; `back` is where a form's page is. Raises: SignInFirst."""
        session = self.session()
        if not is_fresh(self.services, session.authenticated_ms):
            raise SignInAgain(request.full_path.rstrip("?") if request.method in READING else back)
        return session

    def confirmable(self) -> Session:
        """For a page whose form `confirm` decides about: a fresh one, where a password is not all that signs in.

        Raises: SignInFirst
        """
        session = self.session()
        return session if is_password_enough(self.services, session.account) else self.fresh_session()

    def form(self, *, long: bool = False) -> Mapping[str, str]:
        """Raises: ForeignForm, BadRequest, ContentTooLarge -- see `read_form`."""
        return read_form(self.visitor(), self.services.placement.origin, long=long)

    def address(self) -> str:
        return effective_address(request.environ, self.services.config.trusted_proxies)

    def remember(self, response: Response) -> Response:
        """A visitor who is new gets the cookie by which this browser is known again, with a redirect too."""
        visitor = self.visitor()
        if visitor.is_new:
            self._cookies.set_form(response, visitor.secret)
        return response

    def let_in(
        self, account: Account, location: str, *, expected: bool = False, shown_ms: int | None = None
    ) -> Response:
        """After a password: signs the account in, or leads to the second step where it has one. `shown_ms`: see
        `Arrival`.
        """
        browser = secrets.token_urlsafe(32)
        step = begin_second_step(self.services, account, browser, location)
        if step is None:
            return self.welcome(account, location, expected=expected, shown_ms=shown_ms)
        response = see_other(f"{SECOND_STEP}?{urlencode({'step': step})}")
        self._cookies.set_form(response, browser)
        return response

    def step(self, sealed: str) -> Step:
        """Of whoever came here from `let_in`. Raises: BadRequest"""
        return read_step(self.services, sealed, self._cookies.form_secret(request) or "")

    def welcome(
        self,
        account: Account,
        location: str,
        *,
        passkey: Passkey | None = None,
        expected: bool = False,
        shown_ms: int | None = None,
    ) -> Response:
        """Signs an account in that showed all it has to, under a new secret: what a browser held before opens nothing.

        `passkey` is what it came with; `expected`: see `Arrival`.
        """
        agent, before = request.headers.get("User-Agent", ""), self.visitor().session
        browser = self._cookies.browser_secret(request) or secrets.token_urlsafe(32)
        key = passkey.id if passkey else None
        network = network_of(self.address())
        arrival = Arrival(browser, network, passkey=key, expected=expected, shown_ms=shown_ms)
        _, secret = start_session(self.services, account, agent, instead_of=before, arrival=arrival)
        response = see_other(location)
        self._cookies.set_session(response, secret, self._session_seconds)
        self._cookies.set_browser(response, browser)
        return response

    def let_out(self, location: str) -> Response:
        """Ends the session here and in the browser."""
        session = self.visitor().session
        if session is not None:
            end_session(self.services, session)
        return self.forget(see_other(location))

    def forget(self, response: Response) -> Response:
        """For a session that has ended already."""
        self._cookies.clear_session(response)
        return response


def _forget_language(_error: BaseException | None) -> None:
    """The thread goes on to other requests, to pods among them, whose pages are the same for everybody."""
    speak(ENGLISH)


def see_other(location: str) -> Response:
    """After a form, so that reloading sends nothing twice."""
    return Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})


def local(path: str) -> str:
    """Where to go on to, if it is one of our own pages; else the home page. No pod and no other site can be named."""
    is_ours = len(path) <= NEXT_CHARACTERS_MAX and _NEXT.fullmatch(path) and ".." not in unquote(path).split("/")
    return path if is_ours else HOME


def _lead_to_sign_in(needed: SignInFirst) -> Response:
    again = {"again": "yes"} if isinstance(needed, SignInAgain) else {}
    return see_other(f"{SIGN_IN}?{urlencode({'next': local(needed.path), **again})}")
