"""Who asks for access, and the owner's answer with one click; what they gave, and taking it back; asking others.

Spec: LWS 1.0 #access-requests-and-grants
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Generic, TypeVar
from urllib.parse import quote, unquote, urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import Conflict, NotFound, PodError, TooManyRequests, UnprocessableContent
from pod.protocol.access_profile import ADD, EDIT, EVERYONE, SEE
from pod.protocol.addresses import network_of
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import INBOX, Target, parent_of
from pod.services import Services
from pod.sharing.access_documents import check_comment, item_path
from pod.sharing.grants import block_asker, grant_request, refuse_request, unblock, withdraw
from pod.sharing.hearing import Hearing
from pod.sharing.people import People
from pod.sharing.requests import arrive, ask, own_requests, take_back
from pod.store.access_requests import AccessItem, AccessRequest, AccessRequests, Answer, GivenAccess, Said
from pod.store.accounts import Account
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.language import marked
from pod.ui.render import render
from pod.ui.views import shown_iri

REQUESTS = "/.account/requests"
ASK = f"{REQUESTS}/ask"
LEVELS: dict[str, AccessMode] = {"see": SEE, "add": ADD, "edit": EDIT}
DAYS: dict[str, int | None] = {"1": 1, "7": 7, "30": 30, "90": 90, "365": 365, "never": None}
MEMBERS_MAX = 100
"""Of the folders of one request, of which the owner may choose one in its place."""
PAGE = 10
"""Requests, grants or people on one page, of each."""
DONE = {
    "asked": marked("Your request was sent. You will see the answer here."),
    "given": marked("They have access now."),
    "refused": marked("You refused. They get no access."),
    "blocked": marked("You will hear no more of them. They are not told."),
    "unblocked": marked("They can ask you again."),
    "withdrawn": marked("They have no access any more."),
    "taken-back": marked("You took your request back."),
}
_DAY_MS = 24 * 3600 * 1000
_SPACES = re.compile(r"(?<= ) |^ | $")
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")

Called = Callable[[str], str | None]
"""What a WebID is called, if that is known."""
Thing = TypeVar("Thing")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was asked for, or given. `place` is its whole path as people read it, no two alike; `choices` are
    what an owner may give in its place.
    """

    name: str
    place: str
    url: str
    is_folder: bool
    is_pod: bool
    level: str
    until_ms: int | None
    levels: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A request or a grant as a page shows it."""

    key: str
    who: str
    address: str
    """Where the name comes from; empty where the name is the whole address."""
    web_id: str
    app: str
    comment: str
    purposes: tuple[str, ...]
    parts: tuple[Part, ...]
    created_ms: int
    status: str = ""


@dataclass(frozen=True, slots=True)
class Shown(Generic[Thing]):
    """A page of a list."""

    items: tuple[Thing, ...]
    number: int
    pages: int
    count: int

    def of(self, items: Iterable[Other]) -> Shown[Other]:
        """The same page of what is made of each."""
        return Shown(tuple(items), self.number, self.pages, self.count)


# -- answering ---------------------------------------------------------------------------------------------------------


def add_requests(pages: Blueprint, door: Door) -> None:
    services, people = door.services, People(door.services)

    @pages.get(REQUESTS)
    def requests() -> Response:
        return _overview(services, people, door.session().account, request.args)

    @pages.post(REQUESTS)
    def act() -> Response:
        account, form = door.session().account, door.form()
        action = _ACTIONS.get(form.get("do", ""))
        if action is None:
            raise NotFound("There is no such button.")
        try:
            done = action(services, account, form)
        except (NotFound, Conflict, UnprocessableContent) as error:
            errors = {"": error.detail or error.title}
            return _overview(services, people, account, {}, errors=errors, status=error.status)
        return see_other(f"{REQUESTS}?{urlencode({'done': done})}")


def _give(services: Services, account: Account, form: Mapping[str, str]) -> str:
    grant_request(services, account, form.get("key", ""))
    return "given"


def _give_less(services: Services, account: Account, form: Mapping[str, str]) -> str:
    key = form.get("key", "")
    asked = AccessRequests(services.store).by_id(key)
    if asked is None or asked.account != account.id:
        raise NotFound("There is no such request. Whoever asked may have taken it back.")
    grant_request(services, account, key, tuple(_chosen(services, asked, form)))
    return "given"


def _refuse(services: Services, account: Account, form: Mapping[str, str]) -> str:
    refuse_request(services, account, form.get("key", ""))
    return "refused"


def _block(services: Services, account: Account, form: Mapping[str, str]) -> str:
    block_asker(services, account, form.get("key", ""))
    return "blocked"


def _unblock(services: Services, account: Account, form: Mapping[str, str]) -> str:
    unblock(services, account, form.get("agent", ""))
    return "unblocked"


def _withdraw(services: Services, account: Account, form: Mapping[str, str]) -> str:
    withdraw(services, account.id, form.get("key", ""))
    return "withdrawn"


def _take_back(services: Services, account: Account, form: Mapping[str, str]) -> str:
    with suppress(NotFound):  # the button was pressed twice
        take_back(services, account.id, form.get("key", ""))
    return "taken-back"


_ACTIONS = {
    "give": _give,
    "give-less": _give_less,
    "refuse": _refuse,
    "block": _block,
    "unblock": _unblock,
    "withdraw": _withdraw,
    "take-back": _take_back,
}


def _chosen(services: Services, asked: AccessRequest, form: Mapping[str, str]) -> list[AccessItem]:
    """What an owner wants to give of what was asked for. Raises: UnprocessableContent."""
    chosen = []
    for number, item in enumerate(asked.said.items, 1):
        level, what = form.get(f"level-{number}", ""), form.get(f"what-{number}", item.path)
        if level == "nothing":
            continue
        if level not in LEVELS:
            raise UnprocessableContent("Choose what they may do.")
        chosen.append(AccessItem(what, LEVELS[level], _until(services, form.get("until", ""), item.until_ms)))
    return chosen


def _until(services: Services, choice: str, asked_ms: int | None) -> int | None:
    """Raises: UnprocessableContent."""
    if choice == "asked":
        return asked_ms
    if choice not in DAYS:
        raise UnprocessableContent("Choose until when.")
    days = DAYS[choice]
    return None if days is None else int(services.clock.now() * 1000) + days * _DAY_MS


def _overview(
    services: Services,
    people: People,
    account: Account,
    query: Mapping[str, str],
    *,
    errors: Errors | None = None,
    status: int = 200,
) -> Response:
    requests, hearing = AccessRequests(services.store), Hearing(services, services.store, account.id)
    now_ms, called = services.clock.now() * 1000, cache(people.name)
    standing = [each for each in requests.given_by(account.id) if each.stands(int(now_ms))]
    waiting = _shown(hearing.waiting(), query, "waiting")
    found = (requests.by_id(each.id) for each in waiting.items)
    told = tuple(_card(services, called, each, choose=True) for each in found if each is not None)
    blocked = _shown(requests.blocked(account.id), query, "blocked")
    return render(
        "requests.html",
        status=status,
        waiting=waiting.of(told),
        given=_cards(services, called, _shown(standing, query, "given")),
        asked=_cards(services, called, _shown(own_requests(services, account.id), query, "asked")),
        blocked=blocked.of((*_who(called, agent), agent, since) for agent, since in blocked.items),
        days=DAYS,
        done=_(DONE[query["done"]]) if query.get("done") in DONE else "",
        errors=errors or {},
    )


def _shown(found: Sequence[Thing], query: Mapping[str, str], name: str) -> Shown[Thing]:
    """The page of a list that was asked for, or the last."""
    pages = max(1, -(-len(found) // PAGE))
    asked = query.get(name, "")
    number = min(int(asked) if _NUMBER.fullmatch(asked) else 1, pages)
    return Shown(tuple(found[(number - 1) * PAGE : number * PAGE]), number, pages, len(found))


def _cards(services: Services, called: Called, found: Shown[AccessRequest] | Shown[GivenAccess]) -> Shown[Card]:
    cards = [_card(services, called, each) for each in found.items]
    return found.of(cards)


def _who(called: Called, agent: str) -> tuple[str, str]:
    """What somebody is called, and their address where that is not the whole of it."""
    if agent == EVERYONE:
        return _("Everyone"), ""
    name = "".join(each for each in called(agent) or "" if each.isprintable()).strip()
    whole, short = in_ascii(agent), shown_iri(in_ascii(agent))
    return (name, whole) if name else (short, whole if "…" in short else "")


def in_ascii(iri: str) -> str:
    """An address that strangers chose: what only looks like a letter of it is as it is written in a URL."""
    return "".join(each if each.isascii() and each.isprintable() else quote(each, errors="replace") for each in iri)


def legible(text: str) -> str:
    """With what cannot be seen, or turns what is around it, as it is written in a URL."""
    return "".join(each if each.isprintable() else quote(each, errors="replace") for each in text)


def place_of(path: str) -> str:
    """A whole path as people read it. What would make it look like another is as it is in the URL."""
    return "/".join(_segment(each) for each in path.lstrip("/").split("/"))


def _segment(written: str) -> str:
    text = unquote(written)
    if "\ufffd" in text:  # no text in UTF-8
        return written
    text = text.replace("%", "%25").replace("/", "%2F")
    return _SPACES.sub("%20", legible(text))


def _card(services: Services, called: Called, about: AccessRequest | GivenAccess, *, choose: bool = False) -> Card:
    said = about.said
    who, address = _who(called, said.agent)
    status = about.answer.value if isinstance(about, AccessRequest) else Answer.GRANTED.value
    return Card(
        key=about.id,
        who=who,
        address=address,
        web_id=in_ascii(said.agent),
        app=in_ascii(said.client),
        comment=said.comment,
        purposes=tuple(map(in_ascii, said.purposes)),
        parts=tuple(_part(services, each, MEMBERS_MAX // len(said.items) if choose else 0) for each in said.items),
        created_ms=about.created_ms,
        status=status,
    )


def _part(services: Services, item: AccessItem, members: int) -> Part:
    level = next((name for name, modes in reversed(LEVELS.items()) if modes in item.modes), "see")
    return Part(
        name=_last(item.path),
        place=place_of(item.path),
        url=services.placement.url(item.path),
        is_folder=item.path.endswith("/"),
        is_pod=Target.parse(item.path).is_storage_root,
        level=level,
        until_ms=item.until_ms,
        levels=tuple(name for name, modes in LEVELS.items() if modes in item.modes),
        choices=tuple(_choices(services, item.path, members)) if members else (),
    )


def _choices(services: Services, path: str, members: int) -> list[tuple[str, str]]:
    """The folder, and some of what is in it."""
    found = [(path, _last(path))]
    state = services.store.describe(Target.parse(path), with_body=False).state
    if state is not None and state.is_container:
        some = islice(services.store.members(state.id), members)
        found.extend((member.path, _last(member.path)) for member in some)
    return found


def _last(path: str) -> str:
    """What something is called."""
    return place_of(path).rstrip("/").rpartition("/")[2]


# -- asking ------------------------------------------------------------------------------------------------------------


def add_ask(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(ASK)
    def wish() -> AnyResponse:
        account = door.session().account
        target = _target(services, request.args.get("resource", ""))
        if _owner(services, account, target) is not None:
            return redirect(f"/.home{target.path}", 303)
        return _ask_page(services, target)

    @pages.post(ASK)
    def send() -> Response:
        account, form = door.session().account, door.form()
        target = _target(services, form.get("resource", ""))
        try:
            said = _said(services, account, target, form)
            credentials = Credentials(agent=said.agent, issuer=services.placement.base_url)
            ask(services, arrive(services, credentials, target.storage), said, network_of(door.address()))
        except (UnprocessableContent, Conflict, TooManyRequests) as error:
            return _ask_page(services, target, form, {"": error.detail}, error.status)
        return see_other(f"{REQUESTS}?{urlencode({'done': 'asked'})}")


def ask_url(services: Services, target: Target) -> str:
    """Where somebody who is signed in here asks for access."""
    return f"{ASK}?{urlencode({'resource': services.placement.url(target.subject)})}"


def _target(services: Services, url: str) -> Target:
    """What somebody may ask for, there or not. Raises: NotFound."""
    path = services.placement.local_path(url)
    try:
        target = Target.parse(path) if path else None
    except PodError:
        target = None
    root = None if target is None else services.store.describe(Target(target.storage, target.storage), with_body=False)
    if target is None or root is None or root.state is None:
        raise NotFound("There is no pod here whose owner could be asked.")
    return Target(target.subject, target.subject)


def _owner(services: Services, account: Account, target: Target) -> str | None:
    """As whom an account owns what is there, if it does."""
    storage = services.store.describe(Target(target.storage, target.storage), with_body=False).storage
    owners = () if storage is None else storage.owners
    return next((each for each in services.accounts.web_ids(account.id) if each in owners), None)


def _ask_page(
    services: Services,
    target: Target,
    chosen: Mapping[str, str] | None = None,
    errors: Errors | None = None,
    status: int = 200,
) -> Response:
    above = _above(target)
    return render(
        "ask.html",
        status=status,
        name=_last(target.path),
        url=services.placement.url(target.path),
        is_container=target.is_container,
        above=None if above is None else _last(above),
        days=DAYS,
        chosen=chosen or {},
        errors=errors or {},
    )


def _above(target: Target) -> str | None:
    """The folder something is in, unless that is a whole pod."""
    above = parent_of(target.path)
    return None if above == target.storage else above


def _said(services: Services, account: Account, target: Target, form: Mapping[str, str]) -> Said:
    """Raises: UnprocessableContent."""
    web_id = next(iter(services.accounts.web_ids(account.id)), None)
    level, comment = form.get("level", ""), check_comment(form.get("comment", "").replace("\r\n", "\n"))
    if web_id is None:
        raise UnprocessableContent("Your account has no WebID that could be let in.")
    if level not in LEVELS or form.get("what") not in {"this", "above"}:
        raise UnprocessableContent("Choose what you want to do, and with what.")
    if not comment:
        raise UnprocessableContent("Say why: the owner does not know you otherwise.")
    wanted = _above(target) if form.get("what") == "above" else target.path
    if wanted is None:
        raise UnprocessableContent("Choose what you want to do, and with what.")
    path = item_path(services.placement.url(wanted), target.storage, services.placement)
    until_ms = _until(services, form.get("until", ""), None)
    return Said(web_id, (AccessItem(path, LEVELS[level], until_ms),), comment=comment, inbox=_inbox(services, account))


def _inbox(services: Services, account: Account) -> str | None:
    """Of the first pod of an account: there the answer goes."""
    pod = next(iter(services.accounts.storages(account.id)), None)
    return None if pod is None else services.placement.url(pod.path + INBOX)
