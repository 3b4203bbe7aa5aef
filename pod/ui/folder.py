"""The page of a folder: what is in it, as a list or as tiles, in the order that its reader likes, and what can be done.

The things of a folder are gone through once, in memory, up to a limit; beyond it they come page by page in the order of
their names alone. Who may see the folder was decided before.

Spec: Solid #server-contained-resource-metadata; RFC 9110 s15.3.1
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple
from unicodedata import combining, normalize
from urllib.parse import quote, unquote, urlencode

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import PodError
from pod.operations.writing import read_document
from pod.protocol.resource import Target
from pod.rdf.graph import Dataset
from pod.rdf.outline import Outline, outline
from pod.services import Services
from pod.sharing.sharing import is_shared
from pod.store import folders
from pod.store.accounts import Account
from pod.store.folders import Listed
from pod.store.records import Kind, Member
from pod.ui.cookies import Cookies
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.render import render
from pod.ui.thumbnails import thumbnail_url
from pod.ui.uploads import counted, upload_of
from pod.ui.views import Crumb, HomePages, crumbs, kind_of, name_of

PREFIX = "/.home"
PAGE = 60
"""Things on one page, which stays below 100 KB with them."""
SORTED_MAX = 20_000
"""Things that are put in order; a folder with more is shown in the order of its paths."""
PAGE_DIGITS_MAX = 6
PATH_CHARACTERS_MAX = 4_096
NAME_BYTES_TO_SORT = 20
ABOUT_BYTES_MAX = 64 * 1024
"""Of what apps say about a folder; more is not shown on its page."""

_DIGITS = re.compile(r"[0-9]+")


class Layout(StrEnum):
    LIST = "list"
    GRID = "grid"


class Order(StrEnum):
    """How the things of a folder follow each other. Folders always come first."""

    NAME = "name"
    NAME_DOWN = "name-down"
    NEWEST = "newest"
    OLDEST = "oldest"
    LARGEST = "largest"
    SMALLEST = "smallest"
    KIND = "kind"


@dataclass(frozen=True, slots=True)
class Taste:
    """How somebody likes to see folders: as the address says, else as they chose last in this browser."""

    layout: Layout = Layout.LIST
    order: Order = Order.NAME

    @classmethod
    def of(cls, kept: str | None) -> Taste:
        """What was said in the address wins over what is `kept`. What nobody can have chosen counts as nothing."""
        layout, _dot, order = (kept or "").partition(".")
        asked = (request.args.get("as", layout), request.args.get("sort", order))
        found = cls()
        if asked[0] in set(Layout):
            found = replace(found, layout=Layout(asked[0]))
        return replace(found, order=Order(asked[1])) if asked[1] in set(Order) else found

    def __str__(self) -> str:
        return f"{self.layout}.{self.order}"


class Bare(HomePages):
    """Asks whether a folder may be seen, and by whom, without the list that others get of it."""

    kind = "folder"
    shell = b""


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder that somebody looks at, and what they may do with it."""

    services: Services
    account: Account
    target: Target
    is_owner: bool
    is_public: bool
    may_add: bool
    may_change: bool


class Entry(NamedTuple):
    """A thing in a folder, in people's words. `picture` is where a small one of it is."""

    name: str
    href: str
    icon: str
    kind: str
    bytes: int | None
    modified_ms: int
    picture: str | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one page shows of a folder: things in order, and how many there are in all.

    `is_sorted` is False where there are too many of them to be put in order: then `after` leads to the next ones.
    """

    members: list[Member]
    folders: int = 0
    files: int = 0
    page: int = 1
    pages: int = 1
    is_sorted: bool = True
    after: str = ""


def show_folder(opened: Opened, errors: Errors) -> AnyResponse:
    """With `errors`, after a form on it that did not work."""
    cookies = Cookies.of(opened.services.placement.base_url)
    taste = Taste.of(cookies.chosen_files(request))
    response = _page(opened, taste, errors)
    if "as" in request.args or "sort" in request.args:
        cookies.set_files(response, str(taste))
    return response


def _page(opened: Opened, taste: Taste, errors: Errors) -> AnyResponse:
    services, target = opened.services, opened.target
    shelf = _shelf(services, target, taste.order)
    about = _about(services, target)
    upload = upload_of(services, opened.account, target) if opened.may_add else None
    return render(
        "files/folder.html",
        status=422 if errors else 200,
        script=("uploads.js", "files.js") if upload else "files.js",
        uploads=upload is not None,
        pictures=True,
        title=about.main.name if about.main and about.main.name else name_of(target.path),
        crumbs=[Crumb(each.name, each.href) for each in crumbs(target, _home)],
        here=f"{PREFIX}{target.path}",
        url=services.placement.url(target.path),
        opened=opened,
        is_root=target.is_storage_root,
        is_shared=opened.is_owner and is_shared(services, target.path),
        shelf=shelf,
        entries=_entries(services, shelf.members, taste.layout),
        taste=taste,
        orders=[(each, _order_words(each)) for each in Order],
        link=_linked(taste, shelf),
        cards=about.cards,
        href=HomePages(services.placement).href,
        upload=upload,
        words=json.dumps(_words()),
        errors=errors,
        went=_went(target),
        done={what: counted(what) for what in ("uploaded", "deleted", "moved", "renamed", "made", "left")},
    )


def seen() -> str:
    """How its reader sees the folder, as far as the address says: what a query begins with that comes back to it."""
    said = {
        name: request.args[name][:PATH_CHARACTERS_MAX]
        for name in ("as", "sort", "page", "after")
        if name in request.args
    }
    return f"?{urlencode(said)}" if said else ""


def _went(target: Target) -> Crumb | None:
    """The folder that things went to just now, if that is one of the same pod."""
    try:
        there = Target.parse(request.args.get("to", ""))
    except PodError:
        return None
    return Crumb(name_of(there.path), _home(there.path)) if there.storage == target.storage else None


def _home(path: str) -> str:
    return PREFIX + path


# -- what is in it -----------------------------------------------------------------------------------------------------


def _shelf(services: Services, target: Target, order: Order) -> Shelf:
    """One or two statements, whatever is in the folder."""
    state = services.store.describe(target, with_body=False).state
    if state is None:
        return Shelf([])
    total = folders.count(services.store, state.id)
    if total > SORTED_MAX:
        return _some_of_many(services, state.id, total)
    found = sorted_members(services.store.members(state.id), order)
    containers = sum(each.kind is Kind.CONTAINER for each in found)
    pages = max(1, -(-len(found) // PAGE))
    page = min(_page_asked(), pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return Shelf(shown, containers, len(found) - containers, page, pages)


def _page_asked() -> int:
    said = request.args.get("page", "")
    return max(1, int(said)) if said.isdecimal() and said.isascii() and len(said) <= PAGE_DIGITS_MAX else 1


def _some_of_many(services: Services, container: int, total: int) -> Shelf:
    after = request.args.get("after", "")[:PATH_CHARACTERS_MAX]
    found = folders.members_after(services.store, container, after, PAGE + 1)
    more = found[PAGE - 1].path if len(found) > PAGE else ""
    return Shelf(found[:PAGE], 0, total, 2 if after else 1, 2, is_sorted=False, after=more)


def sorted_members(members: Iterable[Member], order: Order) -> list[Member]:
    """Folders first. Among things that are alike, by name."""
    found = sorted(members, key=by_name, reverse=order is Order.NAME_DOWN)
    if order in _KEYS:
        key, descending = _KEYS[order]
        found.sort(key=key, reverse=descending)
    found.sort(key=lambda each: each.kind is not Kind.CONTAINER)
    return found


def by_name(member: Member) -> str:
    """As people order names: without regard to capitals and accents, and by the numbers in them."""
    name = unquote(member.path.rstrip("/").rpartition("/")[2])
    if not name.isascii():
        name = "".join(each for each in normalize("NFKD", name) if not combining(each))
    return _DIGITS.sub(_padded, name.casefold())


def _padded(digits: re.Match[str]) -> str:
    return digits[0].lstrip("0").zfill(NAME_BYTES_TO_SORT)


_KEYS: dict[Order, tuple[Callable[[Member], int | str], bool]] = {
    Order.NEWEST: (lambda each: each.modified_ms, True),
    Order.OLDEST: (lambda each: each.modified_ms, False),
    Order.LARGEST: (lambda each: each.size, True),
    Order.SMALLEST: (lambda each: each.size, False),
    Order.KIND: (lambda each: each.media_type, False),
}
"""What comes first by them, and whether the greatest does."""


def _entries(services: Services, members: Iterable[Member], layout: Layout) -> list[Entry]:
    size = "tile" if layout is Layout.GRID else "row"
    return [_entry(each, size) for each in folders.with_versions(services.store, members)]


def _entry(member: Listed, size: str) -> Entry:
    icon, kind = kind_of(member.kind, member.media_type)
    count = None if member.kind is Kind.CONTAINER else member.size
    picture = thumbnail_url(member, size)
    return Entry(name_of(member.path), _home(member.path), icon, kind, count, member.modified_ms, picture)


def _about(services: Services, target: Target) -> Outline:
    """What apps say about the folder, if that is short and can be read."""
    described, nothing = Target.parse(target.description), Dataset()
    url = services.placement.url(target.path)
    state = services.store.describe(described, with_body=False).state
    if state is None or state.size > ABOUT_BYTES_MAX:
        return outline(nothing, url)
    try:
        document = read_document(services, services.store, described)
    except PodError:
        return outline(nothing, url)
    return outline(document[0] if document else nothing, url)


# -- what the page says ------------------------------------------------------------------------------------------------


def _linked(taste: Taste, shelf: Shelf) -> Callable[..., str]:
    """Gives addresses of the same folder, seen otherwise: `link(sort=...)` begins with its first page."""

    def link(**changed: object) -> str:
        said: dict[str, object] = {"as": taste.layout, "sort": taste.order}
        if "as" in changed and shelf.is_sorted and shelf.page > 1:
            said["page"] = shelf.page
        return "?" + urlencode({name: str(value) for name, value in (said | changed).items()}, quote_via=quote)

    return link


def _order_words(order: Order) -> str:
    return {
        Order.NAME: _("Name, A to Z"),
        Order.NAME_DOWN: _("Name, Z to A"),
        Order.NEWEST: _("Newest first"),
        Order.OLDEST: _("Oldest first"),
        Order.LARGEST: _("Largest first"),
        Order.SMALLEST: _("Smallest first"),
        Order.KIND: _("Kind"),
    }[order]


def _words() -> dict[str, str]:
    """What files.js says. It puts values where there are braces."""
    return {
        "some": _("Chosen: {count}"),
        "none": _("Nothing is chosen."),
        "on": _("{name} chosen"),
        "off": _("{name} no longer chosen"),
    }
