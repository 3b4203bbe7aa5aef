"""The links of an owner: made, shown with how often each was opened, withdrawn. For people without an account.

The page about one resource and the page about sharing it show the same part: links_of_resource.html, of which
`links_of` gives the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.errors import AccessDenied, Conflict, NotAuthenticated, NotFound, PodError, UnprocessableContent
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.link_authority import check_maker, needed, takes_files
from pod.sharing.links import Wish, list_links, make_link, maker_of, revoke_link
from pod.store.accounts import Account
from pod.store.records import ResourceState
from pod.store.share_links import LEFT_BYTES_MAX, LEFT_FILES_MAX, LinkEnd, LinkMode, ShareLink
from pod.ui.door import Door, see_other
from pod.ui.language import gettext as _
from pod.ui.render import render
from pod.ui.views import name_of

LINKS = "/.account/links"
DAYS = {"1": 1, "7": 7, "30": 30, "90": 90, "never": None}
"""What the form offers as an end."""
_NUMBER_CHARACTERS_MAX = 9


@dataclass(frozen=True, slots=True)
class Line:
    """A link as its owner sees it. `end` is why it does not work, if it does not."""

    link: ShareLink
    name: str
    href: str | None
    end: LinkEnd | None


def add_links(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(LINKS)
    def links() -> Response:
        account = door.session().account
        named = request.args.get("resource")
        if named is None:
            return render("links.html", lines=_lines(services, list_links(services, account)))
        target = target_of(services, named)
        return _page(services, account, target, {})

    @pages.post(LINKS)
    def make_a_link() -> Response:
        """The link is shown in the answer itself, for it is kept nowhere."""
        account, form = door.session().account, door.form()
        target = target_of(services, form.get("resource", ""))
        try:
            made, url = make_link(services, account, target, _wish(form))
        except (UnprocessableContent, Conflict) as error:
            return _page(services, account, target, form, error)
        return render("link_made.html", line=_line(services, made), url=url, back=_page_url(services, target))

    @pages.post(f"{LINKS}/revoke")
    def withdraw_link() -> Response:
        account, form = door.session().account, door.form()
        number, resource = form.get("link", ""), form.get("resource", "")
        with suppress(NotFound):  # the button was pressed twice
            revoke_link(services, account, _number(number) or 0)
        return see_other(f"{LINKS}?{urlencode({'resource': resource})}" if resource else LINKS)


def links_of(services: Services, account: Account, target: Target, state: ResourceState) -> dict[str, Any]:
    """The values of links_of_resource.html, for somebody who controls the target, whose state is given."""
    return {
        "is_owner": _is_owner(services, account, target),
        "lines": _lines(services, list_links(services, account, state)),
        "resource": services.placement.url(target.path),
        "takes_files": takes_files(target),
        "is_root": target.is_storage_root,
        "left_files_max": LEFT_FILES_MAX,
        "left_bytes_max": LEFT_BYTES_MAX,
        "days": DAYS,
        "chosen": {},
        "link_errors": {},
        "dev": services.config.dev,
    }


def _is_owner(services: Services, account: Account, target: Target) -> bool:
    try:
        return bool(maker_of(services, account, target))
    except AccessDenied:
        return False


def target_of(services: Services, url: str) -> Target:
    """What a URL of a pod here names. Raises: NotFound."""
    path = services.placement.local_path(url)
    try:
        target = Target.parse(path) if path else None
    except PodError:
        target = None
    if target is None or target.auxiliary is not None:
        raise NotFound("There is nothing here that a link could lead to.")
    return target


def _page(
    services: Services,
    account: Account,
    target: Target,
    chosen: Mapping[str, str],
    problem: PodError | None = None,
) -> Response:
    """Raises: NotFound -- nothing is there, or nothing that this account may share: it need not know which."""
    try:
        web_id = maker_of(services, account, target)
        state = check_maker(services, services.store, target, web_id, needed(LinkMode.VIEW), may_wait=True)
    except (AccessDenied, NotAuthenticated) as error:
        raise NotFound("There is nothing here that you may share.") from error
    values = links_of(services, account, target, state) | {
        "chosen": chosen,
        "link_errors": {"": problem.detail} if problem else {},
    }
    status = problem.status if problem else 200
    return render("links_to.html", status=status, name=name_of(target.path), href=f"/.home{target.path}", **values)


def _page_url(services: Services, target: Target) -> str:
    return f"{LINKS}?{urlencode({'resource': services.placement.url(target.path)})}"


def _lines(services: Services, links: tuple[ShareLink, ...]) -> list[Line]:
    return [_line(services, each) for each in links]


def _line(services: Services, link: ShareLink) -> Line:
    end = link.end(int(services.clock.now() * 1000)) or (LinkEnd.USED_UP if link.is_used_up else None)
    if link.path is None:
        return Line(link, _("Something that was deleted"), None, end)
    if link.mode is LinkMode.UPLOAD and not takes_files(Target(link.path, link.path)):
        end = end or LinkEnd.NO_RIGHT
    return Line(link, name_of(link.path), f"/.home{link.path}", end)


def _wish(form: Mapping[str, str]) -> Wish:
    """Raises: UnprocessableContent."""
    mode, days, uses = form.get("mode", ""), form.get("days", ""), form.get("link_uses", "").strip()
    uses_max = _number(uses)
    if mode not in set(LinkMode) or days not in DAYS or (uses and uses_max is None):
        raise UnprocessableContent("Choose what the link is for, when it ends, and how often it may be opened.")
    return Wish(LinkMode(mode), form.get("link_label", "").strip(), form.get("link_password", ""), uses_max, DAYS[days])


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _NUMBER_CHARACTERS_MAX
    return int(text) if is_number else None
