"""Every text of every page is in the catalogues, translated, with the same values and the same elements in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from pod.ui.language import speak
from pod.ui.refusals import refusal
from pod.ui.render import TEMPLATES
from tests.support.pages import Site
from tests.support.texts import TEMPLATES as FOLDER
from tests.support.texts import TRANSLATED, catalogue, texts

NAMES = frozenset({"Freehold", "UTC", "WebID", "OpenID Connect", "freehold account invite", "·"})
"""What is the same in every language."""
NOT_SHOWN = frozenset({"resource/_icons.html"})
SPOKEN = frozenset({"aria-label", "alt", "placeholder", "title", "label"})
"""Attributes that people read or hear."""
ASIDE = frozenset({"code", "pre", "style", "script", "svg"})
VALUE = "z9"
"""Stands for a value in a page: it may be the name of an element."""
_PLACE = re.compile(r"%\(\w+\)s")
_ELEMENT = re.compile(r"<[^>]+>")
_WORD = re.compile(r"[A-Za-z]{2}")


def forms(catalog: Catalog) -> dict[tuple[str | None, str], tuple[tuple[str, ...], tuple[str, ...]]]:
    """Of each text its forms in English and in the language."""
    found = {}
    for each in catalog:
        if each.id:
            english = (each.id,) if isinstance(each.id, str) else each.id
            found[each.context, english[0]] = (english, (each.string,) if isinstance(each.string, str) else each.string)
    return found


@pytest.fixture(scope="module")
def wanted() -> set[tuple[str | None, str]]:
    return {(context, text if isinstance(text, str) else text[0]) for context, text in texts()}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_texts_there_are_and_no_others(language: str, wanted: set[tuple[str | None, str]]):
    """If it fails: `make texts`, and translate what is empty."""
    catalog = catalogue(language)
    assert not catalog.obsolete
    assert set(forms(catalog)) == wanted


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_for_certain(language: str):
    catalog = catalogue(language)
    empty = [english for english, said in forms(catalog).values() if not all(said)]
    assert (empty, [each.id for each in catalog if each.id and each.fuzzy]) == ([], [])


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_values_and_elements_of_the_text(language: str):
    for english, said in forms(catalogue(language)).values():
        for number, each in enumerate(said):
            places, given = set(_PLACE.findall("".join(english))), set(_PLACE.findall(each))
            is_one = number == 0 and len(said) > 1  # which may be said without its number
            assert given <= places, each
            assert not each or is_one or set(_PLACE.findall(english[-1])) <= given, each
            assert not each or sorted(_ELEMENT.findall(each)) == sorted(_ELEMENT.findall(english[-1])), each
            assert not re.search(r"%(?!\(\w+\)s)", each.replace("%%", "")), each


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("This was taken back before", "This was taken back before"),
        ("The name alice is taken. Choose another.", "alice"),
        ("This is not the password of this link.", "Link"),
    ],
)
def test_what_lower_layers_refuse_with_is_found_again_with_its_values(text: str, german: str):
    speak("de")
    try:
        assert german in refusal(text)
        assert (refusal(text) == text) == (german == text)
    finally:
        speak("en")


class _Untranslated(HTMLParser):
    """The texts in a page whose translated ones were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._aside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._aside += tag in ASIDE
        self.found += [value for name, value in attrs if name in SPOKEN and value and _WORD.search(value)]

    def handle_endtag(self, tag: str) -> None:
        self._aside -= tag in ASIDE

    def handle_data(self, data: str) -> None:
        text = data.replace(VALUE, "").strip()
        if not self._aside and _WORD.search(text):
            self.found.append(text)


def untranslated(source: str) -> list[str]:
    """Texts of a template outside of what is marked, and strings in its expressions that look like such texts."""
    page, strings, tokens = [], [], []
    hidden = False
    for _, kind, value in TEMPLATES.lex(source):
        tokens.append((kind, value))
        if kind == "name" and tokens[-2:-1] and tokens[-2][0] in {"whitespace", "block_begin"} and is_first(tokens):
            hidden = {"trans": True, "endtrans": False}.get(value, hidden)
        if kind == "data" and not hidden:
            page.append(value)
        if kind == "variable_begin" and not hidden:
            page.append(VALUE)
        if kind == "string" and re.match(r"""["'][A-Z][a-z]+(?: |["'.?])""", value) and not is_marked(tokens):
            strings.append(value)
    parser = _Untranslated()
    parser.feed("".join(page))
    return [each for each in [*parser.found, *strings] if each.strip("\"'").rstrip(".:,") not in NAMES]


def is_first(tokens: list[tuple[str, str]]) -> bool:
    """Whether the last token is the name of a block."""
    before = [kind for kind, _ in tokens[:-1] if kind != "whitespace"]
    return before[-1:] == ["block_begin"]


def is_marked(tokens: list[tuple[str, str]]) -> bool:
    """Whether the last token is what `_` or `ngettext` is called with."""
    before = [value for kind, value in tokens[:-1] if kind != "whitespace"]
    return before[-2:] in (["_", "("], ["ngettext", "("]) or before[-4:-2] == ["ngettext", "("]


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.html")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_template_says_nothing_that_cannot_be_translated(path: Path):
    if str(path.relative_to(FOLDER)) not in NOT_SHOWN:
        source = re.sub(r"\{% block width %\}.*?\{% endblock %\}", "", path.read_text())
        assert untranslated(source) == []


PAGES = (
    ".home/",
    ".home/alice/",
    ".home/alice/profile/card",
    ".account/",
    ".account/activity",
    ".account/apps",
    ".account/credentials",
    ".account/issuers",
    ".account/links",
    ".account/password",
    ".account/pods",
    ".account/requests",
    ".account/security",
    ".account/sessions",
    ".account/sharing",
    ".account/sharing?resource=https%3A%2F%2Fpods.example%2Falice%2F",
    ".console/",
    ".contacts/alice/",
    ".contacts/alice/groups",
    ".notices/",
    ".posts/alice/",
    ".profile/alice/",
)
LETTERS_MIN = 12
"""Shorter texts may be in a page by chance."""


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_page_has_english_texts_in_it_that_were_translated(language: str, tmp_path: Path):
    site = Site(tmp_path)
    site.account("alice")
    alice = site.signed_in("alice")
    told = {english: said for english, said in forms(catalogue(language)).values() if len(english) == 1}
    english = {
        each[0] for each, said in told.items() if each != said and len(each[0]) >= LETTERS_MIN and "%" not in each[0]
    }
    for page in PAGES:
        answer = alice.get(f"/{page}", **{"Accept-Language": language})
        assert answer.status_code == 200, page
        assert [each for each in english if f">{each}<" in answer.text] == [], page
