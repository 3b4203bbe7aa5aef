"""What an owner looks for in the access log of a pod: a question as a form sends it, and the page that answers it.

Pages go by the key of the last line, so that each costs the same, however far down.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote

from pod.errors import BadRequest, PodError
from pod.protocol.placement import Placement
from pod.protocol.resource import Target
from pod.protocol.text import check_unicode
from pod.store.access_records import HOUR_SECONDS, AccessRecords, Client, Key, Record, Wanted

LINES = 50
RECORDS_AT_ONCE = 1_000
KEY_CHARACTERS_MAX = 8_000
OTHERS = "others"
"""In place of a person: everybody but the owner."""
NAMED = "is:"
"""Before the name of a person or app in a form, because nobody has a name too: the empty one."""
CLAIMED = "by:"
"""Before an issuer, a space, and what its tokens call an app."""

_KEPT_AS_TYPED = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class Question:
    """`typed` is what stood in the form, `errors` what is wrong with it, by field."""

    wanted: Wanted
    typed: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)


def read_question(typed: Mapping[str, str], storage: str, placement: Placement, own: tuple[str, ...] = ()) -> Question:
    """Of one storage, whose owner has the WebIDs `own`. What cannot be understood looks for nothing, and says why."""
    errors: dict[str, str] = {}
    within = _path(typed.get("where", "").strip(), storage, placement, errors)
    since, until = (_day(typed.get(name, ""), name, errors) for name in ("since", "until"))
    wanted = Wanted(
        agent=_named(typed.get("person", "")),
        not_agents=own if typed.get("person") == OTHERS else (),
        client=_client(typed.get("app", "")),
        within=within,
        refused_only=bool(typed.get("refused")),
        from_hour=_hour(since),
        before_hour=_hour(until and until + timedelta(days=1)),
    )
    return Question(wanted, typed, errors)


def _named(choice: str) -> str | None:
    return choice.removeprefix(NAMED) if choice.startswith(NAMED) else None


def _client(choice: str) -> Client | None:
    if choice.startswith(CLAIMED):
        issuer, _, claimed = choice.removeprefix(CLAIMED).partition(" ")
        return Client(claimed, issuer)
    name = _named(choice)
    return None if name is None else Client(name)


def choice_of(client: Client) -> str:
    """As a form sends it."""
    return f"{CLAIMED}{client.issuer} {client.name}" if client.issuer else NAMED + client.name


def _path(text: str, storage: str, placement: Placement, errors: dict[str, str]) -> str | None:
    """Of a file or folder, as its URL or as its way from the root of the pod."""
    if not text:
        return None
    path = placement.local_path(text) if "://" in text else None
    try:
        found = Target.parse(path or storage + quote(text.lstrip("/"), safe=_KEPT_AS_TYPED))
    except PodError:
        errors["where"] = "No file or folder can have that name."
        return None
    if found.storage != storage or ("://" in text and path is None):
        errors["where"] = "This is not in the pod."
        return None
    return found.path


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        errors[name] = "A day looks like 2030-01-31."
        return None
    if not date(1970, 1, 1) <= day < date.max:
        errors[name] = "There is nothing of that day."
        return None
    return day


def _hour(day: date | None) -> int | None:
    """Its first."""
    return None if day is None else int(datetime.combine(day, time(), UTC).timestamp()) // HOUR_SECONDS


# -- answers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """`next` names the page after this one; None where this is the last."""

    records: tuple[Record, ...]
    next: str | None


def find(records: AccessRecords, storage: str, question: Question, after: str = "") -> Found:
    """A page of it, the newest first.

    Raises: BadRequest -- `after` is none of ours. StoreUnavailable, StorageDamaged, Busy
    """
    key = read_key(after) if after else None
    found = records.page(storage, question.wanted, LINES + 1, key)
    shown = found[:LINES]
    following = write_key(shown[-1].key) if len(found) > LINES else None
    return Found(tuple(sorted(shown, key=lambda each: (each.hour, each.last_ms), reverse=True)), following)


def find_all(records: AccessRecords, storage: str, wanted: Wanted) -> Iterator[Record]:
    """All of it, for whoever takes long to read it: nothing is held up meanwhile. The first are read at once.

    Raises: StoreUnavailable, StorageDamaged, Busy
    """
    return _all(records, storage, wanted, records.page(storage, wanted, RECORDS_AT_ONCE))


def _all(records: AccessRecords, storage: str, wanted: Wanted, found: list[Record]) -> Iterator[Record]:
    while found:
        yield from found
        found = records.page(storage, wanted, RECORDS_AT_ONCE, found[-1].key)


def write_key(key: Key) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_key(text: str) -> Key:
    """Raises: BadRequest."""
    key: object = None
    if len(text) <= KEY_CHARACTERS_MAX:
        with suppress(ValueError, RecursionError):
            said = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
            value = json.loads(said)
            check_unicode(said, value)
            key = value
    if not isinstance(key, list) or [type(each) for each in key] != [int, *[str] * 6] or not 0 <= key[0] < 2**53:
        raise BadRequest("This page does not go on there. Begin with the first.")
    hour, agent, client, path, act, verdict, issuer = key
    return hour, agent, client, path, act, verdict, issuer
