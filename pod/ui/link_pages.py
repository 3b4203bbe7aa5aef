"""What people see who were given a link: a page that asks before a use is counted, then the file or folder, or a form
that takes files in. They need no account here, and one that they have changes nothing.

No page leads anywhere with the address of the link in it, and what it shows of a pod acts nowhere.

Spec: W3C TAG, Good Practices for Capability URLs; Referrer Policy s3.1; RFC 6265bis s5.1.4; RFC 7578
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import BadRequest, ForeignForm, NotFound, PodError, WrongPassword
from pod.http.limits import Places
from pod.http.multipart import SentField, SentFile, parts
from pod.http.request import page_number, raw_path
from pod.http.upload import Reader
from pod.identity.throttle import Throttle
from pod.operations.operation import Operation, Result
from pod.operations.pages import View
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS, Conditions
from pod.protocol.resource import Target, lineage, storage_of
from pod.services import Services
from pod.sharing.link_authority import ended, maker
from pod.sharing.link_content import leave, reached, read
from pod.sharing.links import LINKS, OPEN_SECONDS, Visit, find_link, open_link
from pod.store.share_links import LinkEnd, LinkMode, ShareLink
from pod.ui.cookies import Cookies
from pod.ui.door import Door, see_other
from pod.ui.forms import check_origin, read_form
from pod.ui.render import render
from pod.ui.showing import may_show, player, sent, told
from pod.ui.views import Content, Crumb, HomePages, Pages, name_of

LINK = f"/{LINKS}<secret>"
FILES_MAX = 100
"""Left at once."""
UNKNOWN_PER_MINUTE = 60
"""Links that never were, asked for from one address in each process. Nobody can guess one: this saves work."""
NAME_CHARACTERS_MAX = 80
ENDING = 12
"""Of a long name, with the extension, by which people tell files."""


class FolderPages(HomePages):
    """The parts about a resource as a link shows it: what is in a folder is named from there, so that one page is good
    for every link, and nothing tells where the folder is.
    """

    kind = "link"

    def link(self, path: str) -> str:
        slash = "/" if path.endswith("/") else ""
        return f"./{path.rstrip('/').rpartition('/')[2]}{slash}"

    def href(self, iri: str) -> str | None:
        return Pages.href(self, iri)

    def _page(self, _target: Target, content: Content) -> bytes:
        return content.body.encode()


def add_link_pages(pages: Blueprint, door: Door) -> None:
    services = door.services
    made = Blueprint("link", __name__)
    made.after_request(_untold)
    desk = Desk(services, door)

    @made.get(LINK)
    @made.get(f"{LINK}/")
    @made.get(f"{LINK}/<path:_rest>")
    def link(secret: str, _rest: str = "") -> AnyResponse:
        return desk.show(secret, _rest_of(secret))

    @made.post(LINK)
    def open_it(secret: str) -> AnyResponse:
        return desk.open(secret)

    @made.post(f"{LINK}/files")
    def take_files(secret: str) -> AnyResponse:
        return desk.take(secret)

    pages.register_blueprint(made)


def _untold(response: Response) -> Response:
    """Neither the places that a page leads to nor those who search hear of the link."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _rest_of(secret: str) -> str:
    """What comes after the link in the path as it was sent. Raises: NotFound -- the link itself was spelled oddly."""
    path, link = raw_path(request.environ), f"/{LINKS}{secret}"
    if not path.startswith(link):
        raise NotFound("There is nothing at this URL.")
    return path.removeprefix(link)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What came of a form with files: how many were kept, and what went wrong with the next."""

    files: int
    name: str = ""
    error: PodError | None = None


class Desk:
    """Where links are shown. Made once per process."""

    def __init__(self, services: Services, door: Door) -> None:
        self._services = services
        self._door = door
        self._renderer = FolderPages(services.placement)
        self._cookies = Cookies.of(services.placement.base_url)
        self._unknown = Throttle(0 if services.config.dev else UNKNOWN_PER_MINUTE)
        self._senders = Places(
            services.config.threads // 4, "Too many people are sending files at once; try again soon."
        )

    def show(self, secret: str, rest: str) -> AnyResponse:
        """What a link leads to, where it is open; else the question whether to open it, if that uses anything up."""
        visit = self._visit(secret)
        if visit.is_open:
            return self._content(visit.link, secret, rest)
        if not visit.opens_at_once or request.method == "HEAD":
            return self._asked(visit, secret)
        opening = open_link(self._services, visit, "", self._door.address())
        return self._let_in(self._content(visit.link, secret, rest), secret, opening)

    def open(self, secret: str) -> AnyResponse:
        """One use, for whoever pressed the button, and knows the password if there is one."""
        visit = self._visit(secret)
        form = read_form(self._door.visitor(), self._services.placement.origin, nameless=True)
        if visit.is_open:
            return see_other(_url(visit.link, secret))
        try:
            opening = open_link(self._services, visit, form.get("password", ""), self._door.address())
        except WrongPassword as error:
            return self._asked(visit, secret, {"password": error.detail}, error.status)
        return self._let_in(see_other(_url(visit.link, secret)), secret, opening)

    def take(self, secret: str) -> AnyResponse:
        """Files for the folder of an upload link that is open in this browser."""
        visit = self._visit(secret)
        if visit.link.mode is not LinkMode.UPLOAD:
            raise NotFound("This link takes no files.")
        check_origin(request.headers, self._services.placement.origin, nameless=True)
        if not visit.is_open:
            return see_other(_url(visit.link, secret))
        # Slow content holds one of the threads that everyone's uploads share.
        with self._senders if isinstance(request.environ["wsgi.input"], Reader) else nullcontext():
            came = self._kept(visit.link)
        if came.error is None:
            return see_other(f"{_url(visit.link, secret)}?sent={came.files}")
        return self._form(self._visit(secret).link, secret, came)

    # -- pages

    def _visit(self, secret: str) -> Visit:
        try:
            return find_link(self._services, secret, self._cookies.link_secret(request))
        except NotFound:
            self._unknown.count((self._door.address(),), self._services.clock.now())
            raise

    def _let_in(self, response: AnyResponse, secret: str, opening: str) -> AnyResponse:
        self._cookies.set_link(response, opening, OPEN_SECONDS, f"/{LINKS}{secret}")
        return response

    def _asked(self, visit: Visit, secret: str, errors: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
        link = visit.link
        if link.is_used_up:
            raise ended(LinkEnd.USED_UP)
        return render(
            "link/ask.html",
            status=status,
            account=None,
            owner=_owner(link),
            name=None if link.password_hash else _name(link),
            takes_files=link.mode is LinkMode.UPLOAD,
            is_folder=_is_folder(link),
            has_password=link.password_hash is not None,
            left=None if link.uses_max is None else link.uses_max - link.uses,
            action=f"/{LINKS}{secret}",
            errors=errors or {},
        )

    def _content(self, link: ShareLink, secret: str, rest: str) -> AnyResponse:
        if link.mode is LinkMode.UPLOAD:
            return self._upload_page(link, secret, rest)
        if rest == "" and _is_folder(link):
            return see_other(_url(link, secret))
        target = reached(link, rest)
        if {"download", "show"} & request.args.keys():
            return self._file(link, secret, target)
        return self._page(link, secret, target)

    def _page(self, link: ShareLink, secret: str, target: Target) -> AnyResponse:
        view = View(self._renderer, page_number(request.environ))
        operation = Operation("HEAD", target, self._maker(link), NO_CONDITIONS, view=view)
        result = read(self._services, link, operation)
        if result.moved_to is not None:
            return _moved(link, secret, result)
        shown = told(result)
        media_type = shown.get("media_type", "")
        plays = player(media_type)
        response = render(
            "link/shown.html",
            account=None,
            owner=_owner(link),
            title=name_of(target.path),
            crumbs=list(_crumbs(link, secret, target)),
            is_container=target.is_container,
            player=plays,
            can_show=plays is None and may_show(media_type),
            **shown,
        )
        if plays:
            response.headers["Content-Security-Policy"] += "; media-src 'self'"
        return response

    def _file(self, link: ShareLink, secret: str, target: Target) -> AnyResponse:
        if target.is_container:
            raise NotFound("A folder is looked at, and what is in it saved.")
        conditions, asked = Conditions.parse(request.headers.get), request.headers.get("Range")
        operation = Operation(request.method, target, self._maker(link), conditions, range=asked)
        result = read(self._services, link, operation)
        if result.moved_to is not None:
            return _moved(link, secret, result)
        return sent(result, name_of(target.path), shown="show" in request.args)

    def _maker(self, link: ShareLink) -> Credentials:
        return maker(self._services, link.web_id)

    # -- files that are left

    def _upload_page(self, link: ShareLink, secret: str, rest: str) -> AnyResponse:
        if rest not in {"", "/"}:
            raise NotFound("This link takes files, and shows none.")
        count = request.args.get("sent", "")
        return self._form(link, secret, _Sent(int(count) if count.isdecimal() and len(count) <= 3 else 0))

    def _form(self, link: ShareLink, secret: str, came: _Sent) -> AnyResponse:
        errors = {}
        if came.error is not None:
            errors["files"] = f"{came.name}: {came.error.detail}" if came.name else came.error.detail
        return render(
            "link/upload.html",
            status=came.error.status if came.error else 200,
            account=None,
            owner=_owner(link),
            name=_name(link),
            sent=came.files,
            files_max=min(FILES_MAX, link.files_left),
            bytes_left=link.bytes_left,
            is_full=link.is_full,
            action=f"/{LINKS}{secret}/files",
            errors=errors,
        )

    def _kept(self, link: ShareLink) -> _Sent:
        """Each file is kept by itself: what came before the one that did not fit stays."""
        count, name = 0, ""
        try:
            for file in self._files():
                name = _shown_name(file.file_name)
                leave(self._services, link, file.file_name, file.media_type, file.stream)
                count += 1
            if not count:
                raise BadRequest("Choose a file first.")
        except ForeignForm:
            raise
        except PodError as error:
            return _Sent(count, name, error)
        return _Sent(count)

    def _files(self) -> Iterator[SentFile]:
        """Of a form that came from our page. Raises: ForeignForm; BadRequest, ContentTooLarge"""
        stream: Any = request.environ["wsgi.input"]
        is_ours = False
        for part in parts(request.content_type or "", stream, parts_max=FILES_MAX + 1):
            if isinstance(part, SentField):
                is_ours = is_ours or (part.name == "csrf" and self._door.visitor().sent(part.value))
            elif not is_ours:
                raise ForeignForm
            elif part.file_name:  # without a name: nothing was chosen
                yield part


def _url(link: ShareLink, secret: str) -> str:
    return f"/{LINKS}{secret}{'/' if _is_folder(link) and link.mode is LinkMode.VIEW else ''}"


def _moved(link: ShareLink, secret: str, result: Result) -> AnyResponse:
    """To the twin with or without a slash, which is below the link as well."""
    rest = (result.moved_to or "").removeprefix(_path(link))
    return see_other(f"/{LINKS}{secret}/{rest}")


def _crumbs(link: ShareLink, secret: str, target: Target) -> Iterator[Crumb]:
    """The folders from the link's own down to the target."""
    root = _path(link)
    for path in reversed(lineage(target.path)[1:]):
        if path.startswith(root):
            yield Crumb(name_of(path), f"/{LINKS}{secret}/{path.removeprefix(root)}")


def _path(link: ShareLink) -> str:
    """Of one that works."""
    assert link.path is not None
    return link.path


def _owner(link: ShareLink) -> str:
    """Whose pod it is."""
    return name_of(storage_of(_path(link)))


def _name(link: ShareLink) -> str:
    return name_of(_path(link))


def _is_folder(link: ShareLink) -> bool:
    return _path(link).endswith("/")


def _shown_name(said: str) -> str:
    shown = "".join(each for each in said if each.isprintable())
    return shown if len(shown) <= NAME_CHARACTERS_MAX else f"{shown[: NAME_CHARACTERS_MAX - ENDING]}…{shown[-ENDING:]}"
