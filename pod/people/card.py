"""What is known of one person, as a value: of a contact, or of the owner of a pod.

It knows neither graphs nor vCard; `pod/people/card_document.py` and `pod/people/vcards.py` read and write it.

Spec: RFC 6350 s6 (the properties, and what they are for)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from pod.errors import BadRequest, UnprocessableContent
from pod.rdf.graph import IRI

NAME_CHARACTERS_MAX = 128
TEXT_CHARACTERS_MAX = 256
NOTE_CHARACTERS_MAX = 10_000
ADDRESS_CHARACTERS_MAX = 2_000
"""Of a web page, a WebID, a mail address or a number."""
VALUES_MAX = 20
"""Mail addresses of one person, telephone numbers, and so on."""
JSON_CHARACTERS_MAX = 64 * 1024

KINDS: Final = ("", "home", "work", "mobile")
"""What a mail address, a number or an address is for."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MONTH_DAY = re.compile(r"--(\d\d)-(\d\d)")
LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Point:
    """A way to reach somebody, and what it is for."""

    value: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    street: str = ""
    locality: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    kind: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """As one writes it on a letter."""
        town = " ".join(each for each in (self.postal_code, self.locality) if each)
        return tuple(each for each in (self.street, town, self.region, self.country) if each)


@dataclass(frozen=True, slots=True)
class Card:
    """Empty texts are what is not known. `birthday` is 1980-12-31, or --12-31 without the year."""

    name: str = ""
    nickname: str = ""
    organisation: str = ""
    role: str = ""
    pronouns: str = ""
    birthday: str = ""
    note: str = ""
    photo: str = ""
    """The IRI of a picture."""
    uid: str = ""
    """By which address books elsewhere know the person."""
    emails: tuple[Point, ...] = ()
    phones: tuple[Point, ...] = ()
    addresses: tuple[Address, ...] = ()
    pages: tuple[str, ...] = ()
    web_ids: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


EMPTY: Final = Card()
TEXTS: Final = ("name", "nickname", "organisation", "role", "pronouns", "birthday", "note", "photo", "uid")


def from_json(text: str) -> Card:
    """What `Card.to_json` made, and a page gave back. Raises: BadRequest."""
    try:
        said = json.loads(text[: JSON_CHARACTERS_MAX + 1])
        texts = {name: _string(said.get(name, "")) for name in TEXTS}
        return Card(
            **texts,
            emails=tuple(Point(**_strings(each)) for each in said.get("emails", ())),
            phones=tuple(Point(**_strings(each)) for each in said.get("phones", ())),
            addresses=tuple(Address(**_strings(each)) for each in said.get("addresses", ())),
            pages=tuple(_string(each) for each in said.get("pages", ())),
            web_ids=tuple(_string(each) for each in said.get("web_ids", ())),
        )
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadRequest("The page was out of date. Please try again.") from error


def cleaned(card: Card, was: Card = EMPTY) -> Card:
    """As a person filled it in: without blanks around, empty rows and characters that no text has. What others wrote
    (`was`) is not held against whoever did not touch it.

    Raises: UnprocessableContent -- with the `field` that is wrong
    """
    card = _plain(card)
    if not card.name:
        raise UnprocessableContent("Say what the person is called.", field="name")
    for name in ("name", "nickname", "organisation", "role", "pronouns", "note"):
        text = getattr(card, name)
        characters_max = {"name": NAME_CHARACTERS_MAX, "note": NOTE_CHARACTERS_MAX}.get(name, TEXT_CHARACTERS_MAX)
        if len(text) > characters_max and text != getattr(was, name):
            raise UnprocessableContent(f"This may have at most {characters_max} characters.", field=name)
    if card.birthday not in {"", was.birthday} and not is_birthday(card.birthday):
        raise UnprocessableContent("Write the birthday like 1980-12-31, or --12-31 without the year.", field="birthday")
    for name in ("emails", "phones", "addresses", "pages", "web_ids"):
        _check_values(name, getattr(card, name), getattr(was, name))
    return card


def limited(card: Card) -> Card:
    """As a file from elsewhere says it, cut to what a contact may have."""
    card = _plain(card)
    name = card.name[:NAME_CHARACTERS_MAX]
    texts = {each: getattr(card, each)[:TEXT_CHARACTERS_MAX] for each in ("nickname", "organisation", "role")}
    return Card(
        name=name,
        **texts,
        birthday=card.birthday if is_birthday(card.birthday) else "",
        note=card.note[:NOTE_CHARACTERS_MAX],
        uid=card.uid if len(card.uid) <= TEXT_CHARACTERS_MAX else "",
        emails=tuple(each for each in card.emails if is_email(each.value))[:VALUES_MAX],
        phones=tuple(each for each in card.phones if is_phone(each.value))[:VALUES_MAX],
        addresses=tuple(each for each in card.addresses if _is_short(each))[:VALUES_MAX],
        pages=tuple(each for each in card.pages if is_web_address(each))[:VALUES_MAX],
        web_ids=tuple(each for each in card.web_ids if is_web_address(each))[:VALUES_MAX],
    )


def is_email(text: str) -> bool:
    """Whether it can be one: what is before and after the last @ has no blanks in it."""
    before, at, after = text.rpartition("@")
    has_blanks = any(each.isspace() or each in "<>," for each in text)
    return bool(before and at and after) and not has_blanks and len(text) <= ADDRESS_CHARACTERS_MAX


def is_phone(text: str) -> bool:
    return any(each.isdigit() for each in text) and len(text) <= TEXT_CHARACTERS_MAX and "\n" not in text


def is_web_address(text: str) -> bool:
    """Of the Web, without blanks and what no IRI has."""
    if len(text) > ADDRESS_CHARACTERS_MAX or any(each.isspace() or each in '<>"{}|^`\\' for each in text):
        return False
    try:
        scheme, host = urlsplit(IRI(text).value)[:2]
    except ValueError:
        return False
    return scheme in {"http", "https"} and bool(host)


def is_birthday(text: str) -> bool:
    found = _MONTH_DAY.fullmatch(text)
    try:
        if found:
            date(LEAP_YEAR, int(found[1]), int(found[2]))
        else:
            return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
    return True


def digits(phone: str) -> str:
    """What of a telephone number is dialled, to see whether two are the same."""
    return "".join(each for each in phone if each.isdigit())


# -- cleaning ----------------------------------------------------------------------------------------------------------


def _plain(card: Card) -> Card:
    texts = {name: _line(getattr(card, name)) for name in TEXTS if name != "note"}
    return Card(
        **texts,
        note=_text(card.note),
        emails=_points(card.emails),
        phones=_points(card.phones),
        addresses=tuple(each for each in map(_address, card.addresses) if each.lines),
        pages=_unique(_line(each) for each in card.pages),
        web_ids=_unique(_line(each) for each in card.web_ids),
    )


def _points(points: Iterable[Point]) -> tuple[Point, ...]:
    found = (Point(_line(each.value), each.kind if each.kind in KINDS else "") for each in points)
    return tuple(dict.fromkeys(each for each in found if each.value))


def _address(address: Address) -> Address:
    parts = {each.name: _line(getattr(address, each.name)) for each in fields(Address) if each.name != "kind"}
    return Address(**parts, kind=address.kind if address.kind in KINDS else "")


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in texts if each))


def _line(text: str) -> str:
    return " ".join(_text(text).split())


def _text(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


_RIGHT: Final = {
    "emails": (is_email, "A mail address looks like name@example.org."),
    "phones": (is_phone, "A telephone number has digits in it."),
    "pages": (is_web_address, "The address of a web page begins with https://."),
    "web_ids": (is_web_address, "A WebID is an address that begins with https://."),
}


def _check_values(field: str, values: tuple[Any, ...], was: tuple[Any, ...]) -> None:  # points, addresses or texts
    """Raises: UnprocessableContent."""
    if len(values) > max(VALUES_MAX, len(was)):
        raise UnprocessableContent(f"There can be at most {VALUES_MAX} of them.", field=f"{field}-0")
    for number, each in enumerate(values):
        if each in was:
            continue
        if isinstance(each, Address):
            if not _is_short(each):
                hint = f"This may have at most {TEXT_CHARACTERS_MAX} characters."
                raise UnprocessableContent(hint, field=f"{field}-{number}-street")
            continue
        is_right, hint = _RIGHT[field]
        if not is_right(each.value if isinstance(each, Point) else each):
            raise UnprocessableContent(hint, field=f"{field}-{number}")


def _is_short(address: Address) -> bool:
    return all(len(getattr(address, each.name)) <= TEXT_CHARACTERS_MAX for each in fields(Address))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _strings(value: Mapping[str, object]) -> dict[str, str]:
    return {name: _string(each) for name, each in value.items()}
