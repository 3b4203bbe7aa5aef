"""Values and properties as people type them: kinds of values in words, and which term of RDF comes of them.

Pure. What cannot be meant is refused in the words of the form, at the field that it stands in.

Spec: RDF 1.1 Concepts s3.3; XML Schema 1.1 part 2; BCP 47
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import NamedTuple
from urllib.parse import quote

from pod.errors import UnprocessableContent
from pod.rdf import iri as iris
from pod.rdf.graph import IRI, Dataset, Literal
from pod.rdf.vocab import AS, DCTERMS, FOAF, PREFIXES, RDF, RDFS, VCARD, XSD
from pod.ui.language import gettext as _
from pod.ui.language import marked
from pod.ui.term_words import term_words

VALUE_CHARACTERS_MAX = 100_000
IRI_CHARACTERS_MAX = 2_000

KINDS = {
    "text": marked("Text"),
    "language": marked("Text in a language"),
    "number": marked("Number"),
    "date": marked("Day"),
    "moment": marked("Day and time"),
    "truth": marked("Yes or no"),
    "link": marked("Link or address"),
    "other": marked("Something else"),
}
OFFERED = (
    *(FOAF.name, FOAF.nick, DCTERMS.title, DCTERMS.description, VCARD.note, RDFS.comment, RDF.type, RDFS.seeAlso),
    *(DCTERMS.created, DCTERMS.modified, DCTERMS.creator, FOAF.homepage, FOAF.img, FOAF.knows, FOAF.mbox),
    *(VCARD.hasEmail, VCARD.hasTelephone, VCARD.hasAddress, VCARD.bday, VCARD.role, AS.content, AS.published),
)
"""Properties to choose from by their words; of two of the same words the first counts."""

_WHOLE = frozenset({XSD[name].value for name in ("integer", "int", "long", "short", "byte", "nonNegativeInteger")})
_NUMBERS = {
    XSD.integer.value: re.compile(r"[+-]?[0-9]+"),
    XSD.decimal.value: re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)"),
    XSD.double.value: re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+"),
}
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]+")
_MAIL = re.compile(r"[^\s@:/<>\"]+@[^\s@:/<>\"]+\.[^\s@:/<>\"]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}")
_PREFIXED = re.compile(r"([A-Za-z][\w.\-]*):([\w.\-]*)", re.ASCII)


class Typed(NamedTuple):
    """A value as a form has it."""

    kind: str = "text"
    value: str = ""
    language: str = ""
    datatype: str = ""

    @classmethod
    def sent(cls, form: Mapping[str, str]) -> Typed:
        value = form.get("value", "").replace("\r\n", "\n")
        return cls(form.get("kind", ""), value, form.get("language", "").strip(), form.get("datatype", "").strip())

    @classmethod
    def of(cls, term: object) -> Typed:
        """What the form begins with."""
        if isinstance(term, IRI):
            return cls("link", term.value)
        if not isinstance(term, Literal):
            return cls()
        if term.language is not None:
            return cls("language", term.value, term.language)
        datatype = term.datatype.value
        if datatype == XSD.string.value:
            return cls("text", term.value)
        return cls(_kind_of(datatype), term.value, "", datatype)


def _kind_of(datatype: str) -> str:
    if datatype in _NUMBERS or datatype in _WHOLE:
        return "number"
    kinds = {XSD.date.value: "date", XSD.dateTime.value: "moment", XSD.boolean.value: "truth"}
    return kinds.get(datatype, "other")


def term_of(typed: Typed, url: str) -> IRI | Literal:
    """The term that was meant, in a document at a URL. Raises: UnprocessableContent"""
    if len(typed.value) > VALUE_CHARACTERS_MAX:
        raise _wrong("value", _("This text is too long for the form. Change it in the source of the document."))
    makers: dict[str, Callable[[], IRI | Literal]] = {
        "text": lambda: Literal(typed.value),
        "language": lambda: _in_language(typed),
        "number": lambda: _number(typed),
        "date": lambda: _day(typed.value.strip()),
        "moment": lambda: _moment(typed.value.strip()),
        "truth": lambda: _truth(typed.value.strip()),
        "link": lambda: link_of(typed.value, url, "value"),
        "other": lambda: Literal(typed.value, datatype=link_of(typed.datatype, url, "datatype")),
    }
    if typed.kind not in makers:
        raise _wrong("kind", _("Choose what kind of value this is."))
    if not typed.value.strip() and typed.kind != "other":
        raise _wrong("value", _("Write a value, or remove this one."))
    return makers[typed.kind]()


def _in_language(typed: Typed) -> Literal:
    if not _LANGUAGE.fullmatch(typed.language):
        raise _wrong("language", _("Name the language by its short code, like en, de or fr-CA."))
    return Literal(typed.value, language=typed.language.lower())


def _number(typed: Typed) -> Literal:
    """Of the same type as before, where that can say it."""
    value = typed.value.strip()
    found = next((datatype for datatype, form in _NUMBERS.items() if form.fullmatch(value)), None)
    if found is None:
        raise _wrong("value", _("Write a number in digits, like 42 or 3.14."))
    is_whole = found == XSD.integer.value
    keeps = typed.datatype in (_WHOLE if is_whole else frozenset({XSD.double.value, XSD.decimal.value}) & {found})
    keeps = keeps or (is_whole and typed.datatype in {XSD.decimal.value, XSD.double.value})
    return Literal(value, datatype=IRI(typed.datatype if keeps else found))


def _day(value: str) -> Literal:
    try:
        return Literal(date.fromisoformat(value).isoformat(), datatype=XSD.date)
    except ValueError as error:
        raise _wrong("value", _("Write the day as year, month and day, like 2030-01-31.")) from error


def _moment(value: str) -> Literal:
    """Seconds may be left out."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise _wrong("value", _("Write day and time like 2030-01-31T18:30:00Z.")) from error
    return Literal(at.isoformat().replace("+00:00", "Z"), datatype=XSD.dateTime)


def _truth(value: str) -> Literal:
    said = {"true": "true", "1": "true", "false": "false", "0": "false"}
    said |= {"yes": "true", "no": "false", _("Yes").casefold(): "true", _("No").casefold(): "false"}
    if value.casefold() not in said:
        raise _wrong("value", _("Write yes or no."))
    return Literal(said[value.casefold()], datatype=XSD.boolean)


def link_of(typed: str, url: str, field: str) -> IRI:
    """An IRI as people write it: whole, as a path or a fragment in the pod, or an e-mail address."""
    text = typed.strip()
    if _MAIL.fullmatch(text):
        return IRI(f"mailto:{text}")
    whole = iris.resolve(iris.split(url), quote(text, safe="/:?#[]@!$&'()*+,;=%~") if " " in text else text)
    if not text or len(whole) > IRI_CHARACTERS_MAX or not _IRI.fullmatch(whole):
        why = _("Write a whole address like https://example.org/, or #name for something in this document.")
        raise _wrong(field, why)
    return IRI(whole)


# -- properties --------------------------------------------------------------------------------------------------------


def offered(dataset: Dataset) -> dict[str, str]:
    """Properties to choose from: words, in the language of the page, and the IRI."""
    used = dict.fromkeys(each.predicate.value for each in dataset.default)
    found: dict[str, str] = {}
    for each in (*used, *(term.value for term in OFFERED)):
        found.setdefault(term_words(each), each)
        if len(found) >= OFFERED_MAX:
            break
    return found


OFFERED_MAX = 60


def property_of(typed: str, dataset: Dataset, url: str) -> IRI:
    """By its words, its prefixed name or its IRI. Raises: UnprocessableContent"""
    text = typed.strip()
    known = {label.casefold(): iri for label, iri in offered(dataset).items()}
    if text.casefold() in known:
        return IRI(known[text.casefold()])
    prefixed = _PREFIXED.fullmatch(text)
    namespace = ({**PREFIXES, **dataset.prefixes}).get(prefixed[1]) if prefixed else None
    if prefixed and namespace:
        return link_of(namespace + prefixed[2], url, "property")
    if not text or not (_IRI.fullmatch(text) or text.startswith("#")):
        raise _wrong("property", _("Choose a property from the list, or write the whole address of one."))
    return link_of(text, url, "property")


def _wrong(field: str, why: str) -> UnprocessableContent:
    return UnprocessableContent(why, field=field)
