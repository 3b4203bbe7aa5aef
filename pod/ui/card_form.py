"""A person as a form: of a contact, or of one's own profile. Fields that one can have several of are numbered rows, and
a button that works without JavaScript brings another.

What the page showed goes along (`was`), so that what somebody else changed meanwhile, and this person did not, stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pod.people.card import VALUES_MAX, Address, Card, Point, from_json
from pod.ui.language import gettext as _

ROWS: Final = ("emails", "phones", "addresses", "pages", "web_ids")
ADDRESS_PARTS: Final = ("street", "postal_code", "locality", "region", "country")
TEXTS: Final = ("name", "nickname", "organisation", "role", "pronouns", "birthday", "note")


def read_card_form(form: Mapping[str, str]) -> tuple[Card, Card]:
    """What was shown, and what somebody made of it. Raises: BadRequest."""
    was = from_json(form.get("was", "{}"))
    texts = {name: form.get(name, getattr(was, name)) for name in TEXTS}
    now = Card(
        **texts,
        photo=was.photo,
        uid=was.uid,
        emails=tuple(_points(form, "emails")) if _has(form, "emails") else was.emails,
        phones=tuple(_points(form, "phones")) if _has(form, "phones") else was.phones,
        addresses=tuple(_addresses(form)) if _has(form, "addresses") else was.addresses,
        pages=tuple(_rows(form, "pages")) if _has(form, "pages") else was.pages,
        web_ids=tuple(_rows(form, "web_ids")) if _has(form, "web_ids") else was.web_ids,
    )
    return was, now


def card_form(was: Card, card: Card, form: Mapping[str, str] | None = None) -> dict[str, Any]:  # values of a template
    """What `people/card_form.html` needs. `form` is what was sent, if it was: with a button for one `more` row."""
    return {
        "was": was.to_json(),
        "card": card,
        "rows": {name: _shown(name, getattr(card, name), form or {}) for name in ROWS},
        "kinds": {"": _("Other"), "home": _("Home"), "work": _("Work"), "mobile": _("Mobile")},
    }


def _shown(name: str, values: tuple[Any, ...], form: Mapping[str, str]) -> list[Any]:
    """As many rows as there were, and one for the first."""
    there = sum(_has(form, name, number) for number in range(VALUES_MAX))
    wanted = max(len(values), there + (form.get("more") == name), 1)
    empty: Any = {"emails": Point(""), "phones": Point(""), "addresses": Address()}.get(name, "")
    return [*values, *[empty] * (min(wanted, VALUES_MAX) - len(values))]


def _has(form: Mapping[str, str], name: str, number: int = 0) -> bool:
    return any(f"{name}-{number}{end}" in form for end in ("", "-locality"))


def _rows(form: Mapping[str, str], name: str) -> Iterator[str]:
    for number in range(VALUES_MAX + 1):
        text = form.get(f"{name}-{number}", "").strip()
        if text:
            yield text


def _points(form: Mapping[str, str], name: str) -> Iterator[Point]:
    for number in range(VALUES_MAX + 1):
        text = form.get(f"{name}-{number}", "").strip()
        if text:
            yield Point(text, form.get(f"{name}-{number}-kind", ""))


def _addresses(form: Mapping[str, str]) -> Iterator[Address]:
    for number in range(VALUES_MAX + 1):
        parts = {part: form.get(f"addresses-{number}-{part}", "").strip() for part in ADDRESS_PARTS}
        if any(parts.values()):
            yield Address(**parts, kind=form.get(f"addresses-{number}-kind", ""))
