"""In which language a page speaks: that of whoever looks at it, where we have it, else English.

English is in the code and the templates; the others are catalogues (catalogues/LANGUAGE.po), read when first needed.
Dates and numbers are written as people of that language write them.

Spec: RFC 9110 s12.5.4 (Accept-Language); BCP 47; GNU gettext, PO files
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import TYPE_CHECKING

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch", "fr": "Français"}
"""What they are called by those who speak them."""
REMEMBERED_CHARACTERS_MAX = 200
"""Of what browsers say they read."""

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def best(chosen: str | None, accepted: str | None) -> str:
    """Of our languages what somebody chose here, else the first of what their browser says they read.

    Spec: RFC 9110 s12.5.4; RFC 4647 s3.4
    """
    if chosen in LANGUAGES:
        return chosen
    if accepted is None:
        return ENGLISH
    return _remembered(accepted) if len(accepted) <= REMEMBERED_CHARACTERS_MAX else _accepted(accepted)


def _accepted(accepted: str) -> str:
    return parse_accept_header(accepted, LanguageAccept).best_match(LANGUAGES, ENGLISH)


_remembered = lru_cache(maxsize=256)(_accepted)


def speak(language: str) -> None:
    """From here on in this thread. One that is not ours is English."""
    _spoken.set(language if language in LANGUAGES else ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """For the time of something, and English again."""
    speak(language)
    try:
        yield
    finally:
        speak(ENGLISH)


def spoken() -> str:
    return _spoken.get()


def gettext(text: str, /, **values: object) -> str:
    """The same in the language of the page, with the values in their places."""
    return translated(text) % values


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The form of a text that goes with a number, which is a value too: `num`."""
    return translated_number(one, many, number) % ({"num": number} | values)


def translated(text: str) -> str:
    """The text in the language of the page, its places still empty."""
    return _catalogue(spoken()).gettext(text)


def translated_number(one: str, many: str, number: int) -> str:
    return _catalogue(spoken()).ngettext(one, many, number)


def in_context(context: str, text: str) -> str:
    """The text, as the catalogues have it in a context."""
    return _catalogue(spoken()).pgettext(context, text)


def marked(text: str) -> str:
    """Takes a text into the catalogues that is looked up where it is shown."""
    return text


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 -- many servers never need it

    compiled = io.BytesIO()
    write_mo(compiled, _read(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def messages(language: str) -> list[tuple[str | None, str, str]]:
    """Context, English and translation of all texts that have one form."""
    found = [(each.context, each.id, each.string) for each in _read(language) if each.id]
    return [(context, text, said) for context, text, said in found if isinstance(text, str) and isinstance(said, str)]


def _read(language: str) -> Catalog:
    from babel.messages.pofile import read_po  # noqa: PLC0415 -- many servers never need it

    source = files("pod.ui").joinpath("catalogues", f"{language}.po").read_bytes()
    return read_po(io.BytesIO(source), locale=language)
