"""`/.home/`: what is in the pods of whoever is signed in, private things too. Only looked at here, never changed.

The account reads as its WebID, through the operation and the rules that apps read through; no client is named.
What pods hold is shown as escaped text, or sent as a download that no browser opens on this origin.

Spec: WAC #authorization-evaluation
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import AccessDenied, NotAuthenticated, NotFound
from pod.http.request import page_number, parse_target, raw_path
from pod.identity.sessions import Session
from pod.operations.get import get
from pod.operations.operation import Operation, Result
from pod.operations.pages import View
from pod.operations.watched import watched
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.conditions import NO_CONDITIONS, Conditions
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.sharing import is_shared
from pod.ui.door import Door, SignInFirst
from pod.ui.render import render
from pod.ui.requests import ask_url
from pod.ui.showing import sent, told
from pod.ui.views import Crumb, HomePages, crumbs, name_of

HOME = "/.home/"
PREFIX = HOME[:-1]
_NOTHING = "There is nothing here that you may see."


def add_home(pages: Blueprint, door: Door) -> None:
    services = door.services
    renderer = HomePages(services.placement)

    @pages.get(HOME)
    def pods() -> Response:
        account = _session(door).account
        storages = services.accounts.storages(account.id)
        url = services.placement.url
        return render("resource/pods.html", pods=[(each, name_of(each.path), url(each.path)) for each in storages])

    @pages.get(f"{PREFIX}/<path:_path>")
    def resource(_path: str) -> AnyResponse:
        reader = Reader.of(services, _session(door), _target())
        if "download" in request.args:
            return reader.download()
        return reader.shown(View(renderer, page_number(request.environ)))


def _session(door: Door) -> Session:
    """Raises: SignInFirst -- with the path as it was sent: the decoded one may name something else."""
    session = door.visitor().session
    if session is None:
        raise SignInFirst(raw_path(request.environ))
    return session


def _target() -> Target:
    """Raises: NotFound, MalformedTarget, TargetTooLong -- see `Target.parse`."""
    path = raw_path(request.environ)
    if not path.startswith(HOME):
        raise NotFound("There is nothing at this URL.")
    return parse_target(path.removeprefix(PREFIX), "GET")


@dataclass(frozen=True, slots=True)
class Reader:
    """One request for a resource of a pod, on behalf of an account."""

    services: Services
    target: Target
    credentials: Credentials
    is_owner: bool

    @classmethod
    def of(cls, services: Services, session: Session, target: Target) -> Reader:
        """As the WebID that owns the storage; in other people's, as the account's first."""
        root = Target(target.storage, target.storage)
        storage = services.store.describe(root, with_body=False).storage
        web_ids = services.accounts.web_ids(session.account.id)
        owner = next((each for each in web_ids if storage and each in storage.owners), None)
        agent = owner or next(iter(web_ids), None)
        issuer = services.placement.base_url
        credentials = Credentials(agent=agent, issuer=issuer) if agent else PUBLIC
        return cls(services, target, credentials, owner is not None)

    def shown(self, view: View) -> AnyResponse:
        """A page about the resource. Asked as HEAD, so that no file is opened."""
        try:
            result = self._read(Operation("HEAD", self.target, self.credentials, NO_CONDITIONS, view=view))
        except (AccessDenied, NotAuthenticated) as error:
            if self.is_owner:
                raise NotFound(_NOTHING) from error
            return self._not_shared()
        if result.moved_to is not None:
            return redirect(PREFIX + result.moved_to, 303)
        return render(
            "resource/home.html",
            title=name_of(self.target.path),
            crumbs=[Crumb("My pods", HOME), *crumbs(self.target, lambda path: PREFIX + path)],
            url=self.services.placement.url(self.target.path),
            is_public=result.granted is not None and AccessMode.READ in result.granted[1],
            is_owner=self.is_owner,
            is_shared=self.is_owner and is_shared(self.services, self.target.path),
            is_container=self.target.is_container,
            **told(result),
        )

    def download(self) -> AnyResponse:
        """The stored file, or a document as Turtle, as an attachment; whole or a part."""
        if self.target.is_container:
            raise NotFound("A folder cannot be downloaded from here.")
        conditions = Conditions.parse(request.headers.get)
        asked = request.headers.get("Range")
        try:
            result = self._read(Operation(request.method, self.target, self.credentials, conditions, range=asked))
        except (AccessDenied, NotAuthenticated) as error:
            raise NotFound(_NOTHING) from error
        if result.moved_to is not None:
            return redirect(PREFIX + result.moved_to, 303)
        return sent(result, name_of(self.target.path))

    def _not_shared(self) -> AnyResponse:
        """Nothing is there, or nothing for this account: it need not know which, and can ask the owner."""
        url = self.services.placement.url(self.target.subject)
        return render("resource/not_shared.html", status=404, url=url, ask=ask_url(self.services, self.target))

    def _read(self, operation: Operation) -> Result:
        """Raises: NotFound; AccessDenied, NotAuthenticated -- there or not"""
        return watched(self.services, get, operation, app=self.services.placement.base_url)
