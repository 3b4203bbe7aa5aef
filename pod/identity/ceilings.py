"""What an owner is offered to let an app do, and what their answer says: levels on places, and until when.

An offer begins with what was chosen before, or with what the app asks for; nothing is given by being offered. Knows no
Flask and no page: the fields of a form in, terms out.

Spec: design section 8, an app's ceiling; RFC 9396 s2
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from itertools import islice
from typing import TypeVar
from urllib.parse import unquote

from pod.errors import BadRequest, PodError, UnprocessableContent
from pod.identity.authorization_details import AccessRequests
from pod.identity.kinds import INDEX, Place, Pod, kind_name
from pod.operations.provision import PROFILE, SETTINGS
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import AccessMode
from pod.protocol.resource import ACL_SUFFIX, DESCRIPTION_SUFFIX, Target, storage_of
from pod.services import Services
from pod.store.apps import DAY_MS, App
from pod.store.records import Kind

READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL
PODS_MAX = 5
ROWS_MAX = 34
"""Of a page: its form has a field for each, and forms have a limit."""
PLACES_MAX = 25
"""Of one app."""
FOLDERS_MAX = 15
MEMBERS_LOOKED_AT_MAX = 1_000
TYPED_CHARACTERS_MAX = 1_000
BESIDE = "beside"
"""In place of a kind: what is read only to find something else."""

_AT = "at:"
"""How names of the fields begin that are about places."""

Choice = TypeVar("Choice", bound=StrEnum)


class Level(StrEnum):
    """What may be done with one thing, as people are asked."""

    NONE = "none"
    SEE = "see"
    DROP = "drop"
    """Put something in without seeing anything: offered only for an app that asks for it."""
    ADD = "add"
    EDIT = "edit"
    # With Control. These are shown of what has it; to give it is one choice for all that an app may edit.
    CONTROL = "control"
    SEE_CONTROL = "see-control"
    DROP_CONTROL = "drop-control"
    ADD_CONTROL = "add-control"
    EDIT_CONTROL = "edit-control"


_WITHOUT_CONTROL: Mapping[Level, AccessMode] = {
    Level.NONE: AccessMode.NONE,
    Level.SEE: READ,
    Level.DROP: APPEND,
    Level.ADD: READ | APPEND,
    Level.EDIT: READ | APPEND | WRITE,
}
_CONTROLLING = (Level.CONTROL, Level.SEE_CONTROL, Level.DROP_CONTROL, Level.ADD_CONTROL, Level.EDIT_CONTROL)
_WITH_CONTROL = dict(zip(_WITHOUT_CONTROL, _CONTROLLING, strict=True))
MODES: Mapping[Level, AccessMode] = {
    **_WITHOUT_CONTROL,
    **{more: _WITHOUT_CONTROL[level] | CONTROL for level, more in _WITH_CONTROL.items()},
}
ALWAYS_OFFERED = frozenset({Level.NONE, Level.SEE, Level.ADD, Level.EDIT})


def level_of(modes: AccessMode) -> Level:
    """The least level that has all these modes; Control is none of them."""
    return next(level for level, has in _WITHOUT_CONTROL.items() if (modes & ~CONTROL) in has)


def _exact_level(modes: AccessMode) -> Level:
    """The same, with Control where it is among them."""
    return _WITH_CONTROL[level_of(modes)] if CONTROL in modes else level_of(modes)


class Until(StrEnum):
    """How long an app may do what it may."""

    ONCE = "once"
    DAY = "day"
    SEASON = "season"
    STOPPED = "stopped"
    KEPT = "kept"
    """Until the moment that was agreed before."""


DAYS = {Until.DAY: 1, Until.SEASON: 90}


@dataclass(frozen=True, slots=True)
class Terms:
    """What an app may do, and until when; `end_ms` is that of `Until.KEPT`."""

    ceiling: Ceiling
    until: Until = Until.STOPPED
    end_ms: int | None = None

    @property
    def limit(self) -> Ceiling | None:
        """As it is kept: everything is no ceiling."""
        return None if self.ceiling == EVERYTHING else self.ceiling

    def ends(self, now_ms: int) -> int | None:
        """When what the app was given is over. What was given once lasts a day, and no longer than the session."""
        if self.until is Until.KEPT:
            return self.end_ms
        if self.until is Until.STOPPED:
            return None
        return now_ms + DAYS.get(self.until, 1) * DAY_MS


EVERYTHING = Ceiling(full=True, control=True)
ALL_FOR_GOOD = Terms(EVERYTHING)
"""What an app has that may do everything its person can."""


def terms_of(app: App, now_ms: int) -> Terms:
    """What was agreed with an app. Of one whose time is over the shortest time is proposed again."""
    ceiling = app.ceiling or EVERYTHING
    if app.end_ms is None:
        return Terms(ceiling)
    if app.is_once:
        return Terms(ceiling, Until.ONCE)
    return Terms(ceiling, Until.DAY) if app.end_ms <= now_ms else Terms(ceiling, Until.KEPT, app.end_ms)


# -- what is shown -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One thing an app can be let use: a folder, a document, or where one kind of data is. `place` tells where;
    `beside` is what comes along with it, and `along` tells where that is.
    """

    path: str
    name: str
    place: str
    kind: str | None = None
    beside: tuple[str, ...] = ()
    along: tuple[str, ...] = ()
    level: Level = Level.NONE

    @property
    def field(self) -> str:
        """What its field in a form is called."""
        return _AT + self.path

    @property
    def levels(self) -> tuple[Level, ...]:
        """Those to choose from: what is unusual, only where it is so."""
        return tuple(each for each in Level if each in ALWAYS_OFFERED or each is self.level)

    def items(self, level: Level, *, control: bool) -> Iterator[CeilingItem]:
        if level is Level.NONE:
            return
        also = CONTROL if control and level is Level.EDIT else AccessMode.NONE
        yield CeilingItem(self.path, MODES[level] | also, self.kind)
        for path in self.beside:
            yield CeilingItem(path, READ, BESIDE)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a page asks, and what is chosen on it before anybody touches it."""

    rows: tuple[Row, ...]
    limited: bool = False
    control: bool = True
    """Of everything."""
    control_there: bool = False
    """Of some things."""
    elsewhere: bool = False
    until: Until = Until.STOPPED
    end_ms: int | None = None
    """Where there is one to keep."""
    seen: str = ""
    """What tells the terms before from others; empty where there were none."""
    other: str = ""
    """What was typed."""


class Offers:
    """Makes offers to one account."""

    def __init__(self, services: Services, account: int) -> None:
        self._services = services
        url = services.placement.url
        self.storages = tuple(each.path for each in services.accounts.storages(account))
        self._pods = [Pod(services, path, f"{url(path + PROFILE)}#me") for path in self.storages[:PODS_MAX]]

    def make(self, present: Terms | None = None, asked: AccessRequests = ()) -> Offer:
        """`present` is what was chosen before; to that comes what is `asked` for now."""
        ceiling = present.ceiling if present else EVERYTHING
        limited = bool(asked) or not ceiling.full
        wanted = {path: each & ~CONTROL for path, each in self._asked(asked).items()}
        modes = _joined({item.path: item.modes for item in _shown(ceiling)}, wanted) if limited else {}
        return Offer(
            rows=tuple(self._rows(ceiling, modes, asked)),
            limited=limited,
            control=ceiling.control or not ceiling.full,
            elsewhere=READ in ceiling.elsewhere,
            until=_until(present, asked),
            end_ms=present.end_ms if present else None,
            seen=_mark(present) if present else "",
        )

    def is_covered(self, ceiling: Ceiling, asked: AccessRequests) -> bool:
        """Whether an app that has this ceiling may do all that it asks for."""
        return all(
            modes in ceiling.allows(path, storage_of(path) in self.storages)
            for path, modes in self._asked(asked).items()
        )

    def told(self, ceiling: Ceiling) -> tuple[Row, ...]:
        """What a limited app may use."""
        beside = tuple(item.path for item in ceiling.items if item.kind == BESIDE)
        return tuple(self._row(item, beside if item.kind == INDEX else ()) for item in _shown(ceiling))

    def row(self, path: str) -> Row:
        """One place, with nothing chosen."""
        return self._row(CeilingItem(path, AccessMode.NONE))

    def local(self, url: str) -> str | None:
        """The path of a container or document of this server; None for other URLs."""
        path = self._services.placement.local_path(url)
        try:
            return Target.parse(path or "").subject
        except PodError:
            return None

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _rows(self, ceiling: Ceiling, modes: Mapping[str, AccessMode], asked: AccessRequests) -> list[Row]:
        """Each path once: first what is chosen already, as it is, then kinds of data, then folders."""
        rows = {row.path: row for row in self.told(ceiling)}
        for place in (*self._wanted(asked), *(each for pod in self._pods for each in pod.places())):
            rows.setdefault(place.path, self._row_of(place))
        for path in (*modes, *self._folders()):
            rows.setdefault(path, self.row(path))
        leveled = [replace(row, level=_exact_level(modes.get(row.path, AccessMode.NONE))) for row in rows.values()]
        return sorted(leveled, key=lambda row: row.level is Level.NONE)[:ROWS_MAX]

    def _asked(self, asked: AccessRequests) -> dict[str, AccessMode]:
        """Modes by path. What names neither places nor kinds of data is about all pods of the account."""
        modes: dict[str, AccessMode] = {}
        for request in asked:
            paths = [path for url in request.locations if (path := self.local(url))]
            paths += [place.path for place in self._wanted((request,))]
            if not request.locations and not request.datatypes:
                paths = list(self.storages)
            modes = _joined(modes, dict.fromkeys(paths, request.modes))
        return modes

    def _wanted(self, asked: AccessRequests) -> Iterator[Place]:
        """Where the data of the classes are that an app asks for, in the first pod."""
        for pod in self._pods[:1]:
            yield from (place for request in asked for iri in request.datatypes for place in pod.of_class(iri))

    def _folders(self) -> Iterator[str]:
        """The containers below the roots."""
        store = self._services.store
        for pod in self._pods:
            root = store.describe(Target(pod.root, pod.root), with_body=False).state
            members = islice(store.members(root.id), MEMBERS_LOOKED_AT_MAX) if root else ()
            folders = (each.path for each in members if each.kind is Kind.CONTAINER)
            yield from islice((path for path in folders if path != pod.root + SETTINGS), FOLDERS_MAX)

    def _row(self, item: CeilingItem, beside: tuple[str, ...] = ()) -> Row:
        """Of an item of a ceiling, whatever became of what it was chosen for."""
        name = kind_name(item.kind) if item.kind and item.kind != BESIDE else self._name(item.path)
        row = self._row_of(Place(item.kind, name, item.path, beside))
        return replace(row, level=_exact_level(item.modes))

    def _row_of(self, place: Place) -> Row:
        along = tuple(map(self._place, place.beside))
        return Row(place.path, place.name, self._place(place.path), place.kind, place.beside, along)

    def _name(self, path: str) -> str:
        if path in self.storages:
            return "the whole pod"
        return _readable(path.rstrip("/").rpartition("/")[2])

    def _place(self, path: str) -> str:
        """As short as it is clear: within the only pod, from its root on."""
        if storage_of(path) not in self.storages:
            return _readable(self._services.placement.url(path))
        return _readable(path.split("/", 2)[2] if len(self.storages) == 1 else path[1:]) or "/"


def _shown(ceiling: Ceiling) -> tuple[CeilingItem, ...]:
    """Those that have rows: all, but for what comes along with another."""
    has_index = any(item.kind == INDEX for item in ceiling.items)
    return tuple(item for item in ceiling.items if not (has_index and item.kind == BESIDE))


def _mark(terms: Terms) -> str:
    return sha256(f"{terms.ceiling.to_text()} {terms.end_ms}".encode()).hexdigest()[:16]


def _until(present: Terms | None, asked: AccessRequests) -> Until:
    """As before, or the shortest that is as long as is asked for."""
    if present is not None:
        return present.until
    seconds = [request.seconds for request in asked]
    if not seconds or None in seconds:
        return Until.STOPPED
    days = max(each for each in seconds if each is not None) / 86_400
    return next((until for until, number in DAYS.items() if days <= number), Until.STOPPED)


def _joined(*several: Mapping[str, AccessMode]) -> dict[str, AccessMode]:
    modes: dict[str, AccessMode] = {}
    for each in several:
        for path, more in each.items():
            modes[path] = modes.get(path, AccessMode.NONE) | more
    return modes


def _readable(path: str) -> str:
    """Of a path or URL what people would write, on one line."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in unquote(path))


# -- what they answer --------------------------------------------------------------------------------------------------


class Answers:
    """Reads what somebody chose on a page that showed them an offer."""

    def __init__(self, services: Services, offers: Offers) -> None:
        self._services = services
        self._offers = offers

    def terms(self, offer: Offer, form: Mapping[str, str]) -> Terms:
        """Raises: UnprocessableContent -- told to the person, with the field it is about in `field`; BadRequest."""
        if _is_of_before(offer, form):
            raise changed_meanwhile()
        until = _one_of(Until, form.get("until", offer.until.value))
        if until is Until.KEPT and offer.end_ms is None:
            raise BadRequest("The form says to keep an end that there is not.")
        return Terms(self._ceiling(offer, form), until, offer.end_ms)

    def places(self, wanted: Iterable[tuple[str, str]]) -> Ceiling:
        """Levels on folders and documents, as somebody types both. Raises: UnprocessableContent, BadRequest."""
        levels = [(self._typed(path), _one_of(Level, level)) for path, level in wanted]
        return Ceiling(items=merged(item for row, level in levels for item in row.items(level, control=False)))

    def _ceiling(self, offer: Offer, form: Mapping[str, str]) -> Ceiling:
        match form.get("access"):
            case "everything":
                _check_not_both(offer, form)
                return Ceiling(full=True, control="control" in form)
            case "some":
                elsewhere = READ if "elsewhere" in form else AccessMode.NONE
                return Ceiling(items=self._items(offer, form), elsewhere=elsewhere)
            case _:
                raise BadRequest("The form does not say what the app may do: everything, or some things.")

    def _items(self, offer: Offer, form: Mapping[str, str]) -> tuple[CeilingItem, ...]:
        control = "control_there" in form
        shown = {row.field for row in offer.rows}
        if any(name.startswith(_AT) and name not in shown and form[name] != Level.NONE for name in form):
            raise _wrong("", "What is in your pod has changed meanwhile. Please choose once more.")
        chosen = [(row, _one_of(Level, form.get(row.field, Level.NONE.value), row.levels)) for row in offer.rows]
        typed = form.get("other", "").strip()
        if typed:
            row, level = self._typed(typed), form.get("other_level", Level.SEE.value)
            chosen.append((row, _one_of(Level, level, row.levels)))
        items = merged(item for row, level in chosen for item in row.items(level, control=control))
        if len(items) > PLACES_MAX:
            raise _wrong("other", f"An app can have {PLACES_MAX} places at most. Choose a folder that holds several.")
        return items

    def _typed(self, text: str) -> Row:
        """A folder or document as somebody writes it: its address, or its path in a pod of theirs."""
        is_one = 0 < len(text) <= TYPED_CHARACTERS_MAX and not text.endswith((ACL_SUFFIX, DESCRIPTION_SUFFIX))
        path = self._found(text) if is_one else None
        if path is None:
            raise _wrong("other", "There is no such folder or document in your pod.")
        return Row(path, "", "")

    def _found(self, text: str) -> str | None:
        """What is in pods of others is taken as it is written: whether it is there is nobody's business here."""
        url, roots = self._services.placement.url, self._offers.storages
        below = text.lstrip("/")
        tried = [self._offers.local(text), *(self._offers.local(url(root) + below) for root in roots)]
        for path in filter(None, tried):
            if storage_of(path) not in roots:
                return path
            for each in dict.fromkeys((path, path.rstrip("/") + "/")):
                if self._services.store.describe(Target(each, each), with_body=False).state is not None:
                    return each
        return None


def as_chosen(offer: Offer, form: Mapping[str, str]) -> Offer:
    """The page once more, with what somebody chose on it, as far as that can be chosen, and is not of before."""
    if _is_of_before(offer, form):
        return offer
    levels, untils = {each.value: each for each in Level}, {each.value: each for each in Until}
    return replace(
        offer,
        rows=tuple(replace(row, level=levels.get(form.get(row.field, ""), row.level)) for row in offer.rows),
        limited=form.get("access") == "some",
        control="control" in form,
        control_there="control_there" in form,
        elsewhere="elsewhere" in form,
        until=untils.get(form.get("until", ""), offer.until),
        other=form.get("other", "")[:TYPED_CHARACTERS_MAX],
    )


def merged(items: Iterable[CeilingItem]) -> tuple[CeilingItem, ...]:
    """Each path once, with all its modes."""
    found: dict[str, CeilingItem] = {}
    for item in items:
        known = found.get(item.path)
        if known is not None:
            kind = item.kind if known.kind == BESIDE else known.kind
            item = replace(known, modes=known.modes | item.modes, kind=kind)  # noqa: PLW2901
        found[item.path] = item
    return tuple(found.values())


def _is_of_before(offer: Offer, form: Mapping[str, str]) -> bool:
    """Whether the form is of a page that showed other terms: what was decided since must not be undone unseen."""
    return form.get("seen", "") not in {"", offer.seen}


def _check_not_both(offer: Offer, form: Mapping[str, str]) -> None:
    """Where a browser does not hide what is not chosen, whoever sets limits must not give everything by mistake: they
    are asked once more.

    Raises: UnprocessableContent
    """
    if "sure" in form:
        return
    changed = any(form.get(row.field, row.level.value) != row.level.value for row in offer.rows)
    if changed or form.get("other", "").strip():
        raise _wrong("access", "You chose everything, and set limits as well. Which of the two shall it be?")


def changed_meanwhile() -> UnprocessableContent:
    return _wrong("", "What it may do was changed meanwhile. Here is how it is now: please choose once more.")


def _wrong(field: str, text: str) -> UnprocessableContent:
    return UnprocessableContent(text, field=field)


def _one_of(kind: type[Choice], value: str, offered: Iterable[Choice] | None = None) -> Choice:
    """Raises: BadRequest"""
    found = {each.value: each for each in offered or kind}.get(value)
    if found is None:
        raise BadRequest("The form has a choice in it that the page did not offer.")
    return found
