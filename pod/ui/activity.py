"""Who used what in a pod: found by person, app, place and time, taken along, and kept as long as its owner wants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import unquote, urlencode

from flask import Blueprint, Response, request

from pod.audit.export import FORMS
from pod.audit.keeping import CHOICES, keep_for, kept_days
from pod.audit.names import Kind, Named, Names
from pod.audit.search import LINES, NAMED, Question, choice_of, find, find_all, read_question
from pod.errors import NotFound, PodError, UnprocessableContent, WrongPassword
from pod.http.limits import Places
from pod.identity.sign_in import confirm
from pod.protocol.resource import Target, storage_of
from pod.services import Services
from pod.store.access_log import WRITTEN_SECONDS
from pod.store.access_records import CONTROL, HOUR_SECONDS, SEVERAL, Client, Record
from pod.store.accounts import Account
from pod.ui.door import Door, see_other
from pod.ui.render import render
from pod.ui.views import name_of

ACTIVITY = "/.account/activity"
FIELDS = ("person", "app", "where", "since", "until", "refused")
DOWNLOADS_MAX = 4
DAY_MS = 24 * HOUR_SECONDS * 1000
Refusal = tuple[str, PodError]
"""What is wrong with how long it is to be kept, and with which field."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record as people read it. `place` is empty for the pod as a whole, `href` is the owner's own view of it."""

    record: Record
    person: Named
    app: Named
    place: str
    href: str | None
    url: str
    hour_ms: int


def add_activity(pages: Blueprint, door: Door) -> None:
    services = door.services
    places = Places(DOWNLOADS_MAX, "Several people are taking such lists along; try again soon.")

    @pages.get(ACTIVITY)
    def activity() -> Response:
        account = door.session().account
        storage = _chosen(services, account, request.args.get("pod", ""))
        own = services.accounts.web_ids(account.id)
        question = read_question(request.args, storage, services.placement, own)
        form = request.args.get("as", "")
        if form in FORMS and not question.errors:
            return _download(services, places, storage, question, form)
        return _page(services, account, storage, question)

    @pages.post(f"{ACTIVITY}/keep")
    def keep_activity() -> Response:
        session, form = door.session(), door.form()
        account = session.account
        storage = _chosen(services, account, form.get("pod", ""))
        question = read_question({}, storage, services.placement)
        try:
            confirm(services, account, form.get("password", ""), authenticated_ms=session.authenticated_ms)
            keep_for(services, storage, form.get("days", ""))
        except WrongPassword as error:
            return _page(services, account, storage, question, ("password", error))
        except UnprocessableContent as error:
            return _page(services, account, storage, question, ("days", error))
        return see_other(f"{ACTIVITY}?{urlencode({'pod': name_of(storage), 'done': 'kept'})}")


def _chosen(services: Services, account: Account, name: str) -> str:
    """The path of a pod of the account, by its name; the first where none is named. Raises: NotFound."""
    found = [each.path for each in services.accounts.storages(account.id)]
    storage = next((path for path in found if name in {"", name_of(path)}), None)
    if storage is None:
        raise NotFound("You have no such pod.")
    return storage


def _page(
    services: Services,
    account: Account,
    storage: str,
    question: Question,
    refusal: Refusal | None = None,
) -> Response:
    records, names = services.access_log.records, Names(services, account)
    found = None if question.errors else find(records, storage, question, request.args.get("after", ""))
    known, days = records.known(storage), kept_days(services, storage)
    asked = {name: value for name in FIELDS if (value := question.typed.get(name, ""))}
    pod = name_of(storage)
    return render(
        "activity.html",
        status=422 if question.errors else refusal[1].status if refusal else 200,
        pods=[name_of(each.path) for each in services.accounts.storages(account.id)],
        pod=pod,
        people=[(NAMED + each, names.person(each)) for each in known.agents if each != SEVERAL],
        apps=[(choice_of(each), names.app(each)) for each in known.clients if each.name != SEVERAL or each.issuer],
        asked=asked,
        wrong=question.errors,
        dates=list(_by_day(_line(services, names, each) for each in found.records)) if found else [],
        query=urlencode({"pod": pod, **asked}),
        older=found.next if found else None,
        is_first="after" not in request.args,
        days=days,
        choices=sorted({*CHOICES, days}),
        seconds=int(WRITTEN_SECONDS),
        lines_max=LINES,
        done=request.args.get("done", ""),
        errors={refusal[0]: refusal[1].detail} if refusal else {},
    )


def _by_day(lines: Iterable[Line]) -> Iterator[tuple[int, list[Line]]]:
    """A moment of each day, and what was last done on it."""
    for _, some in groupby(lines, key=lambda line: line.record.last_ms // DAY_MS):
        of_day = list(some)
        yield of_day[0].record.last_ms, of_day


def _line(services: Services, names: Names, record: Record) -> Line:
    about = Target.parse(record.place).subject if record.act == CONTROL else record.place
    place = about[len(storage_of(about)) :]
    app = names.app(Client(record.client, record.issuer))
    return Line(
        record,
        app if app.kind is Kind.OPERATOR else names.person(record.agent),
        app,
        unquote(place),
        None if record.is_folded else f"/.home{about}",
        services.placement.url(record.place),
        record.hour * HOUR_SECONDS * 1000,
    )


def _download(services: Services, places: Places, storage: str, question: Question, form: str) -> Response:
    media_type, written = FORMS[form]
    records = find_all(services.access_log.records, storage, question.wanted)
    pieces: Any = places.during(written(services.placement, records))  # one iterator of bytes as good as another
    response = Response(pieces, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name_of(storage)}-activity.{form}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
