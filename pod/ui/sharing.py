"""Sharing, for owners: who has access to something of theirs, giving and taking it, and what somebody else can see.

The pages speak of people, groups and folders; what comes of them is written by pod/sharing. Whoever an address leads to
is looked up before something is shared with them, since addresses are hard to type.

Spec: WAC #authorization-rule, #effective-acl-resource; WebID Profile #webid-profile-data-model
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.authorization.groups import GROUP_FRAGMENT, MEMBER_GROUPS
from pod.errors import (
    AccessDenied,
    Busy,
    Conflict,
    ContentTooLarge,
    NotAuthenticated,
    NotFound,
    PodError,
    QuotaExceeded,
    TooManyRequests,
    UnprocessableContent,
)
from pod.http.request import page_number, parse_target, raw_path
from pod.index.index import Index
from pod.operations.get import get
from pod.operations.operation import Operation, Result
from pod.operations.pages import View
from pod.operations.watched import watched
from pod.operations.writing import acting_for
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.audiences import Audience, Level, Whom, is_web_iri, parse_audience
from pod.sharing.contacts import Contacts, Group, contacts_of
from pod.sharing.people import NobodyThere, People, Somebody
from pod.sharing.shares import Share
from pod.sharing.sharing import Sharing, SharingState, seen_as
from pod.store.accounts import Account
from pod.store.member_groups import MemberGroups
from pod.store.own_rules import with_own_rules
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.links import links_of
from pod.ui.own_pod import groups_page
from pod.ui.render import render
from pod.ui.sharing_words import LEVELS, Line, called, doing
from pod.ui.showing import told
from pod.ui.views import Crumb, HomePages, crumbs, name_of

SHARING = "/.account/sharing"
WHO = f"{SHARING}/who"
AS = f"{SHARING}/as"
NAMESAKES_MAX = 50
"""Contacts that are looked at for one name."""
_TOLD = (UnprocessableContent, Conflict, Busy, ContentTooLarge, QuotaExceeded, TooManyRequests)
"""What is told above the form that it comes from."""
_ANYBODY = {Whom.SIGNED_IN.value, Whom.EVERYONE.value}
NOBODY = "-"
"""Stands for whoever is not signed in, where a page is shown as others see it."""
LISTED_MAX = 100
"""Things with rules of their own, on the page that tells all that is shared."""
DAYS = {"1": 1, "7": 7, "30": 30, "365": 365}
"""How long a share may last, to choose from."""
DAY_MS = 24 * 3600 * 1000
NAMES_READ_MAX = 100
"""Of people with accounts here, in their profiles, for one page."""
MOMENT_DIGITS_MAX = 15
"""Of a moment in milliseconds since the epoch, as a form brings it back: thousands of years."""


def add_sharing(pages: Blueprint, door: Door, people: People) -> None:
    office = _Office(door, people)

    @pages.get(SHARING)
    def sharing() -> Response:
        if "resource" not in request.args:
            return office.overview()
        return office.page(office.named(), done=request.args.get("done", ""))

    @pages.post(SHARING)
    def share_with() -> Response:
        return office.share(door.form())

    @pages.post(f"{SHARING}/remove")
    def take_back() -> Response:
        return office.remove(door.form())

    @pages.get(WHO)
    def who_sees() -> Response:
        return office.explained(office.named(), request.args.get("asked", ""))

    @pages.get(f"{AS}/<_who>/<path:_path>")
    def seen_as_others(_who: str, _path: str) -> Response:
        code, _, path = raw_path(request.environ).removeprefix(f"{AS}/").partition("/")
        return office.seen(code, parse_target(f"/{path}", "GET"))


class _Office:
    """What the pages have in common. Made once per process."""

    def __init__(self, door: Door, people: People) -> None:
        self._door = door
        self._services = door.services
        self._sharing = Sharing(door.services)
        self._people = people
        self._index = Index(door.services)

    def named(self) -> Target:
        """The resource that the address of a page names, for whoever is signed in."""
        self._account()
        return _target(self._services, request.args.get("resource", ""))

    # -- one resource --------------------------------------------------------------------------------------------------

    def page(
        self,
        target: Target,
        *,
        typed: Mapping[str, str] | None = None,
        errors: Errors | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response:
        account, services = self._account(), self._services
        state = self._sharing.state(account.id, target.path)
        contacts = self._contacts(account, target)
        names = self._names(state, contacts)
        found = services.store.describe(target, with_body=False).state
        if found is None:
            raise NotFound("There is nothing here that you may share.")
        return render(
            "sharing.html",
            status=status,
            **links_of(services, account, target, found),
            **self._place(target),
            state=state,
            own=[Line.of(each, target.path, names, state.now_ms) for each in state.own_shares],
            above=[Line.of(each, target.path, names, state.now_ms) for each in state.inherited_shares],
            apart=[Crumb(path.removeprefix(target.path), f"/.home{path}") for path in state.apart],
            contacts=contacts,
            groups=groups_page(services, account, target.path),
            levels=_levels(),
            day_choices=DAYS,
            typed=typed or {},
            errors=errors or {},
            unsure=bool(errors) and is_web_iri((typed or {}).get("who", "")),
            **self._told(account, state, names, done),
            rules=f"{services.placement.url(target.path)}.acl",
        )

    def _told(self, account: Account, state: SharingState, names: Mapping[str, str], done: str) -> dict[str, Any]:
        """What was done just now, as far as it is so: anybody could make a link that says something else."""
        who = request.args.get("who", "")
        named = {each.audience.iri or each.audience.whom.value: each.audience for each in state.shares}
        if done == "shared" and who in named:
            return {"done": done, "done_name": called(named[who], names)}
        if done != "removed" or who in named or not (who in _ANYBODY or is_web_iri(who)):
            return {"done": ""}
        kind = Whom.GROUP if request.args.get("whom") == Whom.GROUP.value else Whom.PERSON
        audience = Audience(Whom(who)) if who in _ANYBODY else Audience(kind, who)
        name = names.get(who) or self._people.name(who)
        inside, all_seen = self._sharing.still_inside(account.id, state.path, audience)
        return {
            "done": done,
            "done_name": called(audience, names, name),
            "done_who": audience.iri,
            "still": self._still(account, state.path, audience),
            "inside": [Crumb(path.removeprefix(state.path), self._page_of(path)) for path in inside],
            "all_seen": all_seen,
        }

    def _still(self, account: Account, path: str, audience: Audience) -> str:
        """What somebody can do all the same; nothing for those who are many."""
        if audience.whom not in {Whom.PERSON, Whom.EVERYONE}:
            return ""
        try:
            modes = self._sharing.explain(account.id, path, audience.iri or None).modes
        except Conflict:  # what else they have is not for whoever asks
            return ""
        return doing(modes) if modes else ""

    def share(self, form: Mapping[str, str]) -> Response:
        account = self._account()
        target = _target(self._services, form.get("resource", ""))
        try:
            until_ms = self._until_ms(form)
            audience, name = self._audience(form, self._contacts(account, target, form.get("who", "")))
            level = Level.named(form.get("level", ""))
            self._sharing.share(account.id, target.path, audience, level, until_ms, label=name)
        except NobodyThere as error:
            return self.page(target, typed=form, errors={"who": error.detail}, status=error.status)
        except _TOLD as error:
            return self.page(target, typed=form, errors={"": error.detail}, status=error.status)
        return _done(self._services, target, "shared", audience)

    def remove(self, form: Mapping[str, str]) -> Response:
        account = self._account()
        target = _target(self._services, form.get("resource", ""))
        client = form.get("client") or None
        audience = parse_audience(form.get("whom", ""), form.get("iri", ""), client)
        try:
            self._sharing.unshare(account.id, target.path, audience)
        except _TOLD as error:
            return self.page(target, errors={"": error.detail}, status=error.status)
        return _done(self._services, target, "removed", audience)

    def _audience(self, form: Mapping[str, str], contacts: Contacts) -> tuple[Audience, str | None]:
        """Whom a form names, and what to call them. Raises: UnprocessableContent, Busy."""
        whom, client = form.get("whom", ""), form.get("client") or None
        if whom == Whom.PERSON.value and form.get("iri"):
            return parse_audience(whom, form["iri"], client), form.get("name") or None
        if whom == Whom.PERSON.value:
            found = self._found(form, contacts)
            return parse_audience(whom, found.web_id), found.name
        if whom.startswith("http"):
            whom, iri = Whom.GROUP.value, whom
            known = contacts.groups.get(iri)
            return parse_audience(whom, iri), known.name if known else None
        return parse_audience(whom, form.get("iri", ""), client), form.get("name") or None

    def _found(self, form: Mapping[str, str], contacts: Contacts) -> Somebody:
        typed = form.get("who", "").strip()
        if form.get("sure") and is_web_iri(typed):
            return Somebody(typed)
        return self._people.find(typed, contacts.people, self._account().id)

    def _until_ms(self, form: Mapping[str, str]) -> int | None:
        """The end that a form names: so many days from now, or the end of a day. Raises: UnprocessableContent."""
        day = form.get("date", "").strip()
        if day:
            try:
                chosen = date.fromisoformat(day)
                after = datetime.combine(chosen, time(), UTC) + timedelta(days=1)
            except (ValueError, OverflowError) as error:
                raise UnprocessableContent("The last day must be a date, like 2030-01-31.") from error
            return int(after.timestamp() * 1000)
        if form.get("days") == "keep" and form.get("until", "").isdecimal():
            return int(form["until"][:MOMENT_DIGITS_MAX])
        days = DAYS.get(form.get("days", ""))
        return None if days is None else int(self._services.clock.now() * 1000) + days * DAY_MS

    # -- what somebody else can see ------------------------------------------------------------------------------------

    def explained(self, target: Target, typed: str) -> Response:
        account = self._account()
        state = self._sharing.state(account.id, target.path)
        contacts = self._contacts(account, target)
        names = self._names(state, contacts)
        try:
            somebody = self._somebody(typed, contacts)
        except _TOLD as error:
            return self.page(target, typed={"asked": typed}, errors={"asked": error.detail}, status=error.status)
        web_id = somebody.web_id if somebody else None
        try:
            found = self._sharing.explain(account.id, target.path, web_id)
        except Conflict as error:
            return self.page(target, typed={"asked": typed}, errors={"asked": error.detail}, status=error.status)

        def lines(shares: Iterable[Share]) -> list[Line]:
            return [Line.of(each, target.path, names, state.now_ms) for each in shares]

        return render(
            "sharing_who.html",
            **self._place(target),
            ways=lines(found.ways),
            denials=lines(found.denials),
            over=lines(found.over),
            found=found,
            name=self._called(somebody, names),
            can=doing(found.modes),
            seen=f"{AS}/{_code(web_id)}{target.path}",
        )

    def seen(self, code: str, target: Target) -> Response:
        """The resource as the page about it would be for somebody else. Only to those who see it themselves."""
        account, services = self._account(), self._services
        web_id = _decoded(code)
        state = self._sharing.state(account.id, target.path)
        self._sharing.explain(account.id, target.path, web_id)  # what they see tells of the rules
        own = Operation("HEAD", target, acting_for(services, services.store, account.id, target.path), NO_CONDITIONS)
        try:
            watched(services, get, own, app=services.placement.base_url)
        except AccessDenied as error:
            raise NotFound("There is nothing here that you may see.") from error
        names = self._names(state, self._contacts(account, target))
        pages = _SeenPages(services, code)
        result = self._result(target, web_id, View(pages, page_number(request.environ)))
        return render(
            "sharing_as.html",
            **(self._place(target) | {"crumbs": list(crumbs(target, pages.link))}),
            **(told(result) if result else {}),
            name=self._called(Somebody(web_id) if web_id else None, names),
            hidden=result is None,
            who=web_id or "",
            url=services.placement.url(target.path),
        )

    def _result(self, target: Target, web_id: str | None, view: View) -> Result | None:
        operation = Operation("HEAD", target, seen_as(self._services, web_id), NO_CONDITIONS, view=view)
        try:
            return get(self._services, operation)
        except (AccessDenied, NotAuthenticated):
            return None

    def _somebody(self, typed: str, contacts: Contacts) -> Somebody | None:
        """None for whoever is not signed in. Raises: UnprocessableContent, Busy."""
        if typed.strip() in {"", NOBODY}:
            return None
        try:
            return self._people.find(typed, contacts.people, self._account().id)
        except NobodyThere:
            if is_web_iri(typed.strip()):  # what it can see does not depend on whether it can be looked up now
                return Somebody(typed.strip())
            raise

    def _called(self, somebody: Somebody | None, names: Mapping[str, str]) -> str:
        if somebody is None:
            return _("Somebody who is not signed in")
        name = somebody.name or self._people.name(somebody.web_id)
        return called(Audience(Whom.PERSON, somebody.web_id), names, name)

    # -- everything ----------------------------------------------------------------------------------------------------

    def overview(self) -> Response:
        """All that somebody else has access to by rules of its own."""
        account, store = self._account(), self._services.store
        found: list[dict[str, Any]] = []  # values of a template
        more = False
        for storage in self._services.accounts.storages(account.id):
            paths = (storage.path, *with_own_rules(store, storage.path, LISTED_MAX))
            more = more or len(paths) > LISTED_MAX
            contacts = self._contacts(account, Target.parse(storage.path))
            found += [entry for path in paths if (entry := self._entry(account, path, contacts)) is not None]
        groups = groups_page(self._services, account)
        return render("sharing_all.html", entries=found, more=more, sharing_of=self._page_of, groups=groups)

    def _entry(self, account: Account, path: str, contacts: Contacts) -> dict[str, Any] | None:  # values of a template
        try:
            state = self._sharing.state(account.id, path)
        except PodError:  # it went meanwhile, or its rules cannot be read: its own page says so
            return None
        names = self._names(state, contacts)
        lines = [Line.of(each, path, names, state.now_ms) for each in state.own_shares]
        return {"title": name_of(path), "path": path, "lines": lines} if lines else None

    # -- what pages need of a resource ---------------------------------------------------------------------------------

    def _place(self, target: Target) -> dict[str, Any]:  # values of a template
        return {
            "title": name_of(target.path),
            "back": f"/.home{target.path}",
            "is_container": target.is_container,
            "kind": "pod" if target.is_storage_root else "folder" if target.is_container else "file",
            "sharing": self._page_of(target.path),
            "sharing_of": self._page_of,
        }

    def _page_of(self, path: str) -> str:
        return sharing_url(self._services, Target.parse(path))

    # -- who is who ----------------------------------------------------------------------------------------------------

    def _account(self) -> Account:
        return self._door.session().account

    def _contacts(self, account: Account, target: Target, typed: str = "") -> Contacts:
        """Those of the owner, on pages for the owner: some, and whoever is called as was `typed`."""
        who = acting_for(self._services, self._services.store, account.id, target.path)
        storage = self._services.store.describe(Target(target.storage, target.storage), with_body=False).storage
        if storage is None or who.agent is None or who.agent not in storage.owners:
            return Contacts()
        found = contacts_of(self._services, self._services.store, storage.path, who.agent)
        found = replace(found, groups={**found.groups, **self._groups_of_members(account)})
        return replace(found, people={**self._namesakes(storage.id, typed), **found.people}) if typed else found

    def _groups_of_members(self, account: Account) -> dict[str, Group]:
        """Those that operators keep and that somebody is in."""
        base = f"{self._services.placement.base_url}{MEMBER_GROUPS}"
        kept = MemberGroups(self._services.store).of_account(account.id)
        groups = (Group(f"{base}{each.slug}#{GROUP_FRAGMENT}", each.name) for each in kept)
        return {each.iri: each for each in groups}

    def _namesakes(self, storage: int, typed: str) -> dict[str, str]:
        """Contacts of that name, of any number of contacts."""
        self._index.catch_up(storage)
        rows = self._index.contacts(storage, typed, limit=NAMESAKES_MAX)
        named = (each for each in rows if each.name.casefold() == typed.strip().casefold())
        return {each.web_id: each.name for each in named if each.web_id and is_web_iri(each.web_id)}

    def _names(self, state: SharingState, contacts: Contacts) -> dict[str, str]:
        """What to call those whom the rules name: as the owner does, else as their own profile here does."""
        names = contacts.names
        people = {each.audience.iri for each in state.shares if each.audience.whom is Whom.PERSON} - set(names)
        for web_id in islice(sorted(people), NAMES_READ_MAX):
            if name := self._people.name(web_id):
                names[web_id] = name
        return names


class _SeenPages(HomePages):
    """Links stay in the view of somebody else."""

    kind = "seen"

    def __init__(self, services: Services, who: str) -> None:
        super().__init__(services.placement)
        self._who = who

    def link(self, path: str) -> str:
        return f"{AS}/{self._who}{path}"


def _target(services: Services, url: str) -> Target:
    """What a URL of a pod here names, or a path as we write it. Raises: NotFound."""
    path = url if url.startswith("/") else services.placement.local_path(url)
    try:
        target = Target.parse(path) if path else None
    except PodError:
        target = None
    if target is None or target.auxiliary is not None:
        raise NotFound("There is nothing here that you may share.")
    return target


def sharing_url(services: Services, target: Target, **more: str) -> str:
    """Where the sharing of a resource is shown."""
    return f"{SHARING}?{urlencode({'resource': services.placement.url(target.path), **more})}"


def _done(services: Services, target: Target, what: str, audience: Audience) -> Response:
    more = {"whom": audience.whom.value} if audience.whom is Whom.GROUP else {}
    return see_other(sharing_url(services, target, done=what, who=audience.iri or audience.whom.value, **more))


def _levels() -> list[tuple[str, str]]:
    return [(level.name.lower(), _(words)) for level, words in LEVELS.items()]


def _code(web_id: str | None) -> str:
    """A WebID as one segment of a path."""
    return NOBODY if web_id is None else urlsafe_b64encode(web_id.encode()).decode().rstrip("=")


def _decoded(code: str) -> str | None:
    """Raises: NotFound."""
    if code == NOBODY:
        return None
    try:
        web_id = urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode()
    except ValueError as error:
        raise NotFound("There is nothing at this URL.") from error
    if not is_web_iri(web_id):
        raise NotFound("There is nothing at this URL.")
    return web_id
