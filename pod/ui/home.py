"""`/.home/`: what is in the pods of whoever is signed in, private things too. What is changed there: `pod/ui/files.py`.

The account reads as its WebID, through the operation and the rules that apps read through; no client is named.
What pods hold is shown as escaped text, or sent as a download that no browser opens on this origin.

Spec: WAC #authorization-evaluation
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import AccessDenied, NotAuthenticated, NotFound, PodError
from pod.http.request import parse_target, raw_path
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
from pod.store.accounts import Account
from pod.ui.change_forms import Chosen, Forms
from pod.ui.door import Door, SignInFirst
from pod.ui.folder import PREFIX, Bare, Opened, show_folder
from pod.ui.forms import Errors
from pod.ui.preview import preview_of
from pod.ui.render import render
from pod.ui.requests import ask_url
from pod.ui.showing import parted, sent, told
from pod.ui.views import HomePages, crumbs, name_of

HOME = "/.home/"
NO_ERRORS: Errors = {}
_NOTHING = "There is nothing here that you may see."


def add_home(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(f"{PREFIX}/<path:_path>")
    def resource(_path: str) -> AnyResponse:
        reader = Reader.of(services, _session(door), home_target("GET"))
        if "change" in request.args:
            return reader.change(request.args["change"])
        if "download" in request.args:
            return reader.download()
        if "shown" in request.args:
            return reader.download(shown=True)
        return reader.page()


def _session(door: Door) -> Session:
    """Raises: SignInFirst -- with the path as it was sent: the decoded one may name something else."""
    session = door.visitor().session
    if session is None:
        raise SignInFirst(raw_path(request.environ))
    return session


def home_target(method: str) -> Target:
    """Raises: NotFound, MalformedTarget, TargetTooLong -- see `Target.parse`."""
    path = raw_path(request.environ)
    if not path.startswith(HOME):
        raise NotFound("There is nothing at this URL.")
    return parse_target(path.removeprefix(PREFIX), method)


@dataclass(frozen=True, slots=True)
class Reader:
    """One request for a resource of a pod, on behalf of an account."""

    services: Services
    account: Account
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
        return cls(services, session.account, target, credentials, owner is not None)

    def page(self, errors: Errors = NO_ERRORS) -> AnyResponse:
        """About the resource; with `errors`, after a form on it that did not work."""
        if self.is_owner:
            g.pod = self.target.storage.strip("/")
        if self.target.is_container:
            return self._folder(errors)
        return self._shown(View(HomePages(self.services.placement)), errors)

    def change(self, what: str) -> AnyResponse:
        """The page that asks before this is renamed, moved or deleted. Raises: NotFound"""
        parent = self.target.parent
        if self.target.auxiliary is not None or parent is None:
            raise NotFound(_NOTHING)
        forms = Forms(self.services, self.credentials, Target.parse(parent))
        return forms.show(what, [Chosen.of(self.target.path)])

    def _folder(self, errors: Errors) -> AnyResponse:
        operation = Operation(
            "HEAD", self.target, self.credentials, NO_CONDITIONS, view=View(Bare(self.services.placement))
        )
        try:
            result = self._read(operation)
        except (AccessDenied, NotAuthenticated) as error:
            return self._refused(error)
        if result.moved_to is not None:
            return redirect(PREFIX + result.moved_to, 303)
        opened = Opened(
            self.services,
            self.account,
            self.target,
            is_owner=self.is_owner,
            is_public=self._is_public(result),
            may_add=self._may(result, AccessMode.APPEND),
            may_change=self._may(result, AccessMode.WRITE),
        )
        return show_folder(opened, errors)

    def _refused(self, error: PodError) -> AnyResponse:
        if self.is_owner:
            raise NotFound(_NOTHING) from error
        return self._not_shared()

    def _is_public(self, result: Result) -> bool:
        return result.granted is not None and AccessMode.READ in result.granted[1]

    def _shown(self, view: View, errors: Errors) -> AnyResponse:
        """Asked as HEAD, so that no file is opened."""
        try:
            result = self._read(Operation("HEAD", self.target, self.credentials, NO_CONDITIONS, view=view))
        except (AccessDenied, NotAuthenticated) as error:
            return self._refused(error)
        if result.moved_to is not None:
            return redirect(PREFIX + result.moved_to, 303)
        return render(
            "resource/home.html",
            title=name_of(self.target.path),
            crumbs=list(crumbs(self.target, lambda path: PREFIX + path)),
            url=self.services.placement.url(self.target.path),
            is_public=self._is_public(result),
            is_owner=self.is_owner,
            is_shared=self.is_owner and is_shared(self.services, self.target.path),
            may_change=self.is_owner and self.target.auxiliary is None,
            preview=preview_of(self.services, result, self.credentials, is_owner=self.is_owner),
            media=True,
            pictures=True,
            errors=errors,
            status=422 if errors else 200,
            **parted(told(result)),
        )

    def _may(self, result: Result, mode: AccessMode) -> bool:
        """Whether this account may do so in the folder that this is."""
        return self.target.is_container and result.granted is not None and mode in result.granted[0]

    def download(self, *, shown: bool = False) -> AnyResponse:
        """The stored file, or a document as Turtle, whole or a part: as an attachment, or to be `shown`, if it may."""
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
        return sent(result, name_of(self.target.path), shown=shown)

    def _not_shared(self) -> AnyResponse:
        """Nothing is there, or nothing for this account: it need not know which, and can ask the owner."""
        url = self.services.placement.url(self.target.subject)
        return render("resource/not_shared.html", status=404, url=url, ask=ask_url(self.services, self.target))

    def _read(self, operation: Operation) -> Result:
        """Raises: NotFound; AccessDenied, NotAuthenticated -- there or not"""
        return watched(self.services, get, operation, app=self.services.placement.base_url)
