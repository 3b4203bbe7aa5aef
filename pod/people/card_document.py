"""A person in an RDF document, as SolidOS and the contacts modules of other apps write one: read leniently, and changed
by what changed alone, so that whatever else apps keep there stays as it is.

Pure: graphs and values. Knows neither storage nor HTTP.

Spec: vCard Ontology (W3C Note 2014); WebID Profile #webid-profile-data-model; pdsinterop conventions, address book
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, zip_longest
from typing import Final, TypeVar
from urllib.parse import quote, unquote

from pod.people.card import ADDRESS_CHARACTERS_MAX, NOTE_CHARACTERS_MAX, VALUES_MAX, Address, Card, Point
from pod.rdf.graph import IRI, BNode, Graph, Literal, Node, Term, Triple
from pod.rdf.outline import SCHEMA, SCHEMA_HTTP
from pod.rdf.vocab import FOAF, RDF, SOLID, VCARD, XSD

WEB_ID_TYPES: Final = (VCARD.WebID, VCARD.WebId)
"""Of what says that somebody has a WebID; the first is what SolidOS writes now, the second what it wrote once."""
TEXT_PROPERTIES: Final = {
    "name": (VCARD.fn, FOAF.name),
    "nickname": (FOAF.nick, VCARD.nickname),
    "organisation": (VCARD["organization-name"],),
    "role": (VCARD.role, VCARD.title),
    "note": (VCARD.note,),
    "birthday": (VCARD.bday,),
    "uid": (VCARD.hasUID,),
}
"""The first is written where none is there yet."""
PRONOUNS: Final = (SOLID.preferredSubjectPronoun, SOLID.preferredObjectPronoun, SOLID.preferredRelativePronoun)
PHOTOS: Final = (VCARD.hasPhoto, FOAF.img)
PAGES: Final = (FOAF.homepage, SCHEMA_HTTP.url, SCHEMA.url, VCARD.hasURL, VCARD.url)
ADDRESS_PROPERTIES: Final = {
    "street": VCARD["street-address"],
    "locality": VCARD.locality,
    "region": VCARD.region,
    "postal_code": VCARD["postal-code"],
    "country": VCARD["country-name"],
}
KIND_TYPES: Final = {"home": VCARD.Home, "work": VCARD.Work, "mobile": VCARD.Cell}
_KINDS: Final = {term: kind for kind, term in KIND_TYPES.items()}
_SCHEMES: Final = {VCARD.hasEmail: "mailto:", VCARD.hasTelephone: "tel:"}
_NODES: Final = {VCARD.hasEmail: "email", VCARD.hasTelephone: "phone", VCARD.hasAddress: "address", VCARD.url: "webid"}
VALUES_READ_MAX = 5 * VALUES_MAX
"""Of one property: documents of other apps may hold more than we ever write."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Held:
    """A value where it stands: `term` is what the person points to, `value` what that says, if it says it in turn."""

    text: str
    term: Term
    value: Term | None = None


@dataclass(frozen=True, slots=True)
class _Page(_Held):
    """A web page, and the property that says it."""

    predicate: IRI = PAGES[0]


# -- reading -----------------------------------------------------------------------------------------------------------


def read_card(graph: Graph, node: Node) -> Card:
    """What the document says of a person; nothing where it says nothing."""
    texts = {name: _first_text(graph, node, properties) for name, properties in TEXT_PROPERTIES.items()}
    return Card(
        **texts,
        pronouns="/".join(_pronouns(graph, node)),
        photo=next((each.value for each in _iris(graph, node, PHOTOS)), ""),
        emails=tuple(_point(graph, each) for each in _held(graph, node, VCARD.hasEmail)),
        phones=tuple(_point(graph, each) for each in _held(graph, node, VCARD.hasTelephone)),
        addresses=tuple(found for _, found in _addresses(graph, node)),
        pages=tuple(dict.fromkeys(each.text for each in _pages(graph, node))),
        web_ids=tuple(dict.fromkeys(each.text for each in _web_ids(graph, node))),
    )


def is_person(graph: Graph, node: Node) -> bool:
    """Whether a document tells of a contact under this name."""
    return any(graph.count(node, RDF.type, each) for each in (VCARD.Individual, VCARD.Organization))


def hints(graph: Graph, node: Node) -> tuple[str, ...]:
    """What of a contact is not as the shape says (`vocab/shapes/contact.ttl`): names of what is wrong."""
    found = []
    if not is_person(graph, node):
        found.append("type")
    if not _first_text(graph, node, (VCARD.fn,)):
        found.append("name")
    for name, predicate in (("emails", VCARD.hasEmail), ("phones", VCARD.hasTelephone)):
        if graph.count(node, predicate) > len(list(_held(graph, node, predicate))):
            found.append(name)
    return tuple(found)


def _first_text(graph: Graph, node: Node, properties: Iterable[IRI]) -> str:
    found = (term for each in properties for term in graph.objects(node, each))
    texts = (_text_of(each) for each in found)
    return next((each for each in texts if each), "")


def _text_of(term: Term) -> str:
    if isinstance(term, BNode):
        return ""
    return _written_birthday(term)[:NOTE_CHARACTERS_MAX].strip()


def _written_birthday(term: Term) -> str:
    """`--12-31` is the same in XML Schema; a date may come with a zone, or as a moment."""
    text = str(term.value)
    if isinstance(term, Literal) and term.datatype in {XSD.date, XSD.dateTime}:
        return text[:10]
    return text


def _pronouns(graph: Graph, node: Node) -> Iterator[str]:
    found = (_first_text(graph, node, (each,)) for each in PRONOUNS)
    return (each for each in found if each)


def _iris(graph: Graph, node: Node, properties: Iterable[IRI]) -> Iterator[IRI]:
    for each in properties:
        yield from (term for term in graph.objects(node, each) if isinstance(term, IRI))


def _held(graph: Graph, node: Node, predicate: IRI) -> Iterator[_Held]:
    """Mail addresses or numbers: an IRI, a text, or something that has one as its value."""
    scheme = _SCHEMES[predicate]
    for number, term in enumerate(graph.objects(node, predicate)):
        if number >= VALUES_READ_MAX:
            return
        if isinstance(term, Literal) or (isinstance(term, IRI) and _has_scheme(term, scheme)):
            yield _Held(_reached(term, scheme), term)
            continue
        value = next(graph.objects(term, VCARD.value), None)
        if isinstance(value, IRI | Literal) and _reached(value, scheme):
            yield _Held(_reached(value, scheme), term, value)


def _has_scheme(term: IRI, scheme: str) -> bool:
    return term.value[: len(scheme)].lower() == scheme


def _reached(term: IRI | Literal, scheme: str) -> str:
    text = term.value[:ADDRESS_CHARACTERS_MAX].strip()
    if text[: len(scheme)].lower() != scheme:
        return text
    return unquote(text[len(scheme) :]) if isinstance(term, IRI) else text[len(scheme) :]


def _point(graph: Graph, held: _Held) -> Point:
    return Point(held.text, _kind(graph, held.term))


def _kind(graph: Graph, term: Term) -> str:
    if isinstance(term, Literal):
        return ""
    found = (each for each in graph.objects(term, RDF.type) if isinstance(each, IRI))
    return next((_KINDS[each] for each in found if each in _KINDS), "")


def _addresses(graph: Graph, node: Node) -> Iterator[tuple[Node, Address]]:
    for number, term in enumerate(graph.objects(node, VCARD.hasAddress)):
        if number >= VALUES_READ_MAX:
            return
        if not isinstance(term, Literal):
            parts = {name: _first_text(graph, term, (each,)) for name, each in ADDRESS_PROPERTIES.items()}
            address = Address(**parts, kind=_kind(graph, term))
            if address.lines:
                yield term, address


def _pages(graph: Graph, node: Node) -> Iterator[_Page]:
    for predicate in PAGES:
        for term in list(graph.objects(node, predicate))[:VALUES_READ_MAX]:
            if isinstance(term, Literal) or _is_web_id(graph, term):
                continue
            value = next(graph.objects(term, VCARD.value), None)
            said = term if isinstance(term, IRI) and value is None else value
            if isinstance(said, IRI | Literal) and said.value.startswith(("http://", "https://")):
                yield _Page(said.value[:ADDRESS_CHARACTERS_MAX], term, value, predicate)


def _web_ids(graph: Graph, node: Node) -> Iterator[_Held]:
    for term in list(graph.objects(node, VCARD.url))[:VALUES_READ_MAX]:
        if _is_web_id(graph, term):
            value = next(iter(graph.objects(term, VCARD.value)), None)  # type: ignore[arg-type]  # it has a type
            if isinstance(value, IRI | Literal) and value.value.strip():
                yield _Held(value.value.strip()[:ADDRESS_CHARACTERS_MAX], term, value)


def _is_web_id(graph: Graph, term: Term) -> bool:
    return not isinstance(term, Literal) and any(graph.count(term, RDF.type, each) for each in WEB_ID_TYPES)


# -- changing ----------------------------------------------------------------------------------------------------------


def change_card(graph: Graph, node: IRI, before: Card, after: Card) -> None:
    """Make of what somebody saw (`before`) what they want (`after`). What they did not touch is not touched."""
    for name, properties in TEXT_PROPERTIES.items():
        _change_text(graph, node, properties, name, (getattr(before, name), getattr(after, name)))
    _change_pronouns(graph, node, before.pronouns, after.pronouns)
    _change_photo(graph, node, before.photo, after.photo)
    for predicate, was, now in (
        (VCARD.hasEmail, before.emails, after.emails),
        (VCARD.hasTelephone, before.phones, after.phones),
    ):
        for old, new in _changed(was, now):
            _change_point(graph, node, predicate, old, new)
    for address, other in _changed(before.addresses, after.addresses):
        _change_address(graph, node, address, other)
    for page, another in _changed(before.pages, after.pages):
        _change_page(graph, node, page, another)
    for web_id, its in _changed(before.web_ids, after.web_ids):
        _change_web_id(graph, node, web_id, its)


def _changed(before: tuple[Value, ...], after: tuple[Value, ...]) -> Iterator[tuple[Value | None, Value | None]]:
    """What went with what came in its place; None where nothing did."""
    gone = [each for each in before if each not in after]
    new = [each for each in after if each not in before]
    return zip_longest(gone, new)


def _change_text(graph: Graph, node: IRI, properties: tuple[IRI, ...], name: str, texts: tuple[str, str]) -> None:
    """Every property that says the old text says the new one; where none does, the first."""
    before, after = texts
    if before == after:
        return
    said = [t for each in properties for t in list(graph.match(node, each)) if before and _says(t, before)]
    for triple in said:
        graph.discard(triple)
    if after:
        for predicate in dict.fromkeys(triple.predicate for triple in said) or properties[:1]:
            graph.add(Triple(node, predicate, _literal(name, after)))


def _says(triple: Triple, text: str) -> bool:
    return _text_of(triple.object) == text  # type: ignore[arg-type]  # no triple terms here


def _literal(name: str, text: str) -> Term:
    if name == "uid" and text.startswith("urn:uuid:"):
        return IRI(text)
    if name != "birthday":
        return Literal(text)
    return Literal(text, datatype=XSD.gMonthDay if text.startswith("--") else XSD.date)


def _change_pronouns(graph: Graph, node: IRI, before: str, after: str) -> None:
    if before == after:
        return
    wanted = [each.strip() for each in after.split("/", len(PRONOUNS) - 1)]
    for predicate, text in zip_longest(PRONOUNS, wanted, fillvalue=""):
        for triple in list(graph.match(node, predicate)):  # type: ignore[arg-type]  # there are at most three
            graph.discard(triple)
        if text:
            graph.add(Triple(node, predicate, Literal(text)))  # type: ignore[arg-type]


def _change_photo(graph: Graph, node: IRI, before: str, after: str) -> None:
    if before == after:
        return
    for predicate in PHOTOS:
        for triple in list(graph.match(node, predicate)):
            if isinstance(triple.object, IRI) and triple.object.value == before:
                graph.discard(triple)
        if after:
            graph.add(Triple(node, predicate, IRI(after)))


def _change_point(graph: Graph, node: IRI, predicate: IRI, old: Point | None, new: Point | None) -> None:
    """In place, so that what apps say of an address beside it stays with it."""
    held = next((each for each in _held(graph, node, predicate) if old and _point(graph, each) == old), None)
    if held is None:
        if new is not None:
            _add_point(graph, node, predicate, new)
        return
    link = Triple(node, predicate, held.term)
    if new is None:
        _let_go(graph, link, held)
    elif held.value is None:
        graph.discard(link)
        _add_point(graph, node, predicate, new)
    else:
        holder: Node = held.term  # type: ignore[assignment]  # it has a value
        graph.discard(Triple(holder, VCARD.value, held.value))
        graph.add(Triple(holder, VCARD.value, _written(predicate, new.value)))
        _set_kind(graph, holder, new.kind)


def _add_point(graph: Graph, node: IRI, predicate: IRI, new: Point) -> None:
    holder = _free(graph, node, _NODES[predicate])
    graph.add(Triple(node, predicate, holder))
    if new.kind:
        graph.add(Triple(holder, RDF.type, KIND_TYPES[new.kind]))
    graph.add(Triple(holder, VCARD.value, _written(predicate, new.value)))


def _written(predicate: IRI, text: str) -> IRI:
    """Spec: RFC 6068 s2; RFC 3966 s3 -- which knows no blanks"""
    if predicate == VCARD.hasEmail:
        return IRI("mailto:" + quote(text, safe="@!$'*+-._~"))
    return IRI("tel:" + quote("-".join(text.split()), safe="+()-.*,;="))


def _set_kind(graph: Graph, holder: Node, kind: str) -> None:
    if _kind(graph, holder) == kind:
        return
    for each in KIND_TYPES.values():
        graph.discard(Triple(holder, RDF.type, each))
    if kind:
        graph.add(Triple(holder, RDF.type, KIND_TYPES[kind]))


def _let_go(graph: Graph, link: Triple, held: _Held) -> None:
    """The link and the value; what else is said of it goes too only if it is no more than what it is for."""
    graph.discard(link)
    if held.value is None:
        return
    holder: Node = held.term  # type: ignore[assignment]  # it has a value
    graph.discard(Triple(holder, VCARD.value, held.value))
    rest = list(graph.match(holder))
    if all(triple.predicate == RDF.type for triple in rest) and not graph.count(o=holder):
        for triple in rest:
            graph.discard(triple)


def _change_address(graph: Graph, node: IRI, old: Address | None, new: Address | None) -> None:
    holder = next((term for term, each in _addresses(graph, node) if each == old), None)
    if holder is None:
        if new is None:
            return
        holder = _free(graph, node, _NODES[VCARD.hasAddress])
        graph.add(Triple(node, VCARD.hasAddress, holder))
    for name, predicate in ADDRESS_PROPERTIES.items():
        was, now = (getattr(each, name) if each else "" for each in (old, new))
        if was != now:
            for triple in list(graph.match(holder, predicate)):
                graph.discard(triple)
            if now:
                graph.add(Triple(holder, predicate, Literal(now)))
    if new is None:
        _let_go(graph, Triple(node, VCARD.hasAddress, holder), _Held("", holder, Literal("")))
    else:
        _set_kind(graph, holder, new.kind)


def _change_page(graph: Graph, node: IRI, old: str | None, new: str | None) -> None:
    predicate = PAGES[0]
    for held in list(_pages(graph, node)):
        if held.text == old:
            predicate = held.predicate if held.value is None else PAGES[0]
            _let_go(graph, Triple(node, held.predicate, held.term), held)
    if new:
        graph.add(Triple(node, predicate, IRI(new)))


def _change_web_id(graph: Graph, node: IRI, old: str | None, new: str | None) -> None:
    """Written as SolidOS does, which takes away only what it wrote itself: the address is a text."""
    for held in list(_web_ids(graph, node)):
        if held.text == old:
            _let_go(graph, Triple(node, VCARD.url, held.term), held)
    if new:
        holder = _free(graph, node, _NODES[VCARD.url])
        graph.add(Triple(node, VCARD.url, holder))
        graph.add(Triple(holder, RDF.type, WEB_ID_TYPES[0]))
        graph.add(Triple(holder, VCARD.value, Literal(new)))


def _free(graph: Graph, node: IRI, name: str) -> IRI:
    """A name in the document of the person that nothing in it has."""
    document = node.value.partition("#")[0]
    names = (IRI(f"{document}#{name}{number}") for number in count(1))
    return next(each for each in names if not graph.count(each) and not graph.count(o=each))
