"""What documents say that people keep lists of: contacts, groups, posts and whose profile a document is. Pure.

Read as other apps write it, and leniently: what is of a kind is listed, whatever else is missing or wrong. A thing
counts where its own document describes it, so that an index of names beside it is no second one. Everything is cut to a
size.

Spec: vCard ontology; ActivityStreams 2.0 s2, s4; Solid WebID Profile #webid-profile-data-model
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from html import unescape
from itertools import islice
from typing import TypeAlias, cast
from urllib.parse import unquote

from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Node, Term
from pod.rdf.outline import NAMES, SCHEMA, SCHEMA_HTTP
from pod.rdf.vocab import AS, DCTERMS, FOAF, LDP, PIM, RDF, SOLID, VCARD, Namespace
from pod.rdf.words import local_name
from pod.store.things import Thing, ThingKind

THINGS_MAX = 1_000
"""Of one document."""
MEMBERS_MAX = 5_000
"""Of all groups of one document."""
VALUES_MAX = 5
"""Of one kind, such as mail addresses, that lists know of."""
AUDIENCE_MAX = 10
LOOKED_AT_MAX = 100
"""Values of one property."""
NAME_CHARACTERS_MAX = 120
VALUE_CHARACTERS_MAX = 200
SUMMARY_CHARACTERS_MAX = 300
CONTENT_CHARACTERS_MAX = 8_000
"""Of what a post says: where its summary is taken from."""
WORDS_CHARACTERS_MAX = 800
WEB_ID_CHARACTERS_MAX = 500
IRI_CHARACTERS_MAX = 2_000
"""A thing with a longer name than that is not listed."""

SIOC = Namespace("http://rdfs.org/sioc/ns#")
_SCHEMAS = (SCHEMA, SCHEMA_HTTP)

Said: TypeAlias = dict[str, object]

_CONTACT_TYPES = (VCARD.Individual, VCARD.Organization)
_POST_TYPES = (
    *(AS.Note, AS.Article, SIOC.Post),
    *(space[name] for space in _SCHEMAS for name in ("SocialMediaPosting", "BlogPosting")),
)
_PICTURES = (VCARD.hasPhoto, FOAF.img, FOAF.depiction, *(space.image for space in _SCHEMAS), AS.image, AS.icon)
_CONTENTS = (
    *(AS.content, SIOC.content),
    *(space[name] for space in _SCHEMAS for name in ("articleBody", "text")),
)
_SUMMARIES = (AS.summary, *(space.description for space in _SCHEMAS))
_TITLES = (AS.name, DCTERMS.title, *(space.headline for space in _SCHEMAS), *(space.name for space in _SCHEMAS))
_AUTHORS = (
    *(AS.attributedTo, AS.actor, DCTERMS.creator, FOAF.maker, SIOC.has_creator),
    *(space.author for space in _SCHEMAS),
)
_PUBLISHED = (AS.published, DCTERMS.issued, DCTERMS.created, *(space.datePublished for space in _SCHEMAS))
_UPDATED = (AS.updated, DCTERMS.modified, *(space.dateModified for space in _SCHEMAS))
_PROFILE_SIGNS = (SOLID.oidcIssuer, PIM.storage, LDP.inbox, PIM.preferencesFile)
_SOMEBODY = (FOAF.Person, FOAF.Agent, VCARD.Individual, *(space.Person for space in _SCHEMAS), AS.Person)

_YEARS = range(1000, 9999)
"""Whatever the time zone, what is shown of these is a date."""
_MARKUP = re.compile(r"<[^<>]*>")
_BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6]|blockquote)>|<br ?/?>", re.IGNORECASE)

_WEB_ID_TYPES = (VCARD.WebID, VCARD.WebId)
"""SolidOS writes the first now, and wrote the second once."""


def things_of(dataset: Dataset, url: str) -> tuple[Thing, ...]:
    """What the document at a URL describes, at most `THINGS_MAX`."""
    found: dict[str, Thing] = {}
    for graph in islice((dataset.default, *dataset.named.values()), LOOKED_AT_MAX):
        for read, subjects in _candidates(graph):
            for subject in subjects:
                if len(found) >= THINGS_MAX:
                    return tuple(found.values())
                if _is_described_here(subject, url) and subject.value not in found:
                    found[subject.value] = read(graph, subject)
    return tuple(found.values())


def _candidates(graph: Graph) -> Iterator[tuple[Callable[[Graph, Node], Thing], Iterable[Node]]]:
    """The first reader that a thing has is the one that counts: a profile is no contact."""
    yield _person, (each for kind in _SOMEBODY for each in graph.subjects(RDF.type, kind) if _has_profile(graph, each))
    yield _contact, (each for kind in _CONTACT_TYPES for each in graph.subjects(RDF.type, kind))
    yield _contact, (cast("Node", triple.subject) for triple in graph.match(None, VCARD.inAddressBook))
    yield _group, graph.subjects(RDF.type, VCARD.Group)
    yield _book, graph.subjects(RDF.type, VCARD.AddressBook)
    yield _post, (each for kind in _POST_TYPES for each in graph.subjects(RDF.type, kind))


def _is_described_here(subject: Node, url: str) -> bool:
    return isinstance(subject, IRI) and len(subject.value) <= IRI_CHARACTERS_MAX and _document(subject.value) == url


def _document(iri: str) -> str:
    return iri.partition("#")[0]


def _has_profile(graph: Graph, node: Node) -> bool:
    return any(graph.count(node, sign) for sign in _PROFILE_SIGNS)


# -- kinds -------------------------------------------------------------------------------------------------------------


def _person(graph: Graph, node: Node) -> Thing:
    return _thing(ThingKind.PERSON, node, _name(graph, node), {"picture": picture_of(graph, node)}, web_id=node.value)


def _book(graph: Graph, node: Node) -> Thing:
    title = _name(graph, node) or _text(graph, node, (DCTERMS.title,))
    return _thing(ThingKind.BOOK, node, title, {})


def _contact(graph: Graph, node: Node) -> Thing:
    """Spec: vCard ontology s3 -- values may stand by themselves or at a node of their own"""
    web_ids = _web_ids(graph, node)
    web_id = next(iter(web_ids), None)
    emails = _addresses(graph, node, (VCARD.hasEmail, FOAF.mbox), "mailto:")
    phones = _addresses(graph, node, (VCARD.hasTelephone, FOAF.phone), "tel:")
    said: Said = {
        "emails": emails,
        "phones": phones,
        "web_ids": web_ids if len(web_ids) > 1 else [],
        "picture": picture_of(graph, node),
        "organization": _text(graph, node, (VCARD["organization-name"],)),
        "role": _text(graph, node, (VCARD.role, VCARD.title)),
        "is_organization": bool(graph.count(node, RDF.type, VCARD.Organization)),
    }
    name = _name(graph, node) or _name_of_parts(graph, node) or (emails or phones or [""])[0]
    words = (*emails, *phones, str(said["organization"]), str(said["role"]), web_id or "")
    return _thing(ThingKind.CONTACT, node, name, said, words=words, web_id=web_id)


def _group(graph: Graph, node: Node) -> Thing:
    members: dict[str, str] = {}
    for term in islice(graph.objects(node, VCARD.hasMember), MEMBERS_MAX // 5):
        if isinstance(term, IRI) and len(term.value) <= IRI_CHARACTERS_MAX:
            members[term.value] = _name(graph, term)
    return _thing(ThingKind.GROUP, node, _name(graph, node), {}, members=tuple(members.items()))


def _post(graph: Graph, node: Node) -> Thing:
    content = _first_text(graph, node, _CONTENTS, CONTENT_CHARACTERS_MAX)
    said: Said = {
        "type": _post_type(graph, node),
        "summary": plain(_text(graph, node, _SUMMARIES, CONTENT_CHARACTERS_MAX) or content, SUMMARY_CHARACTERS_MAX),
        "updated_ms": _time(graph, node, _UPDATED),
        "attachments": sum(1 for _ in islice(graph.objects(node, AS.attachment), LOOKED_AT_MAX)),
        "picture": _attached_picture(graph, node) or picture_of(graph, node),
        "audience": list(_iris(graph, node, (AS.to, AS.cc, AS.audience), AUDIENCE_MAX)),
        "in_reply_to": next(_iris(graph, node, (AS.inReplyTo,), 1), None),
    }
    author = next(_iris(graph, node, _AUTHORS, 1), None)
    published = _time(graph, node, _PUBLISHED)
    title = _text(graph, node, _TITLES)
    return _thing(ThingKind.POST, node, title, said, words=(str(said["summary"]),), web_id=author, at_ms=published)


def _thing(
    kind: ThingKind,
    node: Node,
    name: str,
    said: Said,
    *,
    words: Iterable[str] = (),
    web_id: str | None = None,
    at_ms: int | None = None,
    members: tuple[tuple[str, str], ...] = (),
) -> Thing:
    """A post may be without a name; all else is called by its address at least."""
    if not name and kind is not ThingKind.POST:
        name = _fitted(local_name(_document(node.value).removesuffix("/index.ttl")), NAME_CHARACTERS_MAX)
    data = json.dumps({key: value for key, value in said.items() if value}, ensure_ascii=False)
    sought = " ".join((name, *words)).casefold()[:WORDS_CHARACTERS_MAX]
    return Thing(node.value, kind, name, name.casefold(), sought, data, at_ms, web_id, members)


# -- values ------------------------------------------------------------------------------------------------------------


def picture_of(graph: Graph, node: Node) -> str | None:
    """The picture that something is said to have. Spec: WebID Profile #webid-profile-data-model"""
    for term in _objects(graph, node, _PICTURES):
        if (found := _picture(graph, term)) is not None:
            return found
    return None


def name_of(graph: Graph, node: Node) -> str:
    """What to call somebody; empty where nothing says so."""
    return _name(graph, node)


def _picture(graph: Graph, term: Term) -> str | None:
    """At the IRI itself, or as what a node says its address is."""
    if isinstance(term, Literal):
        return None
    ways = (AS.url, AS.href, VCARD.value, *(space.url for space in _SCHEMAS), *(space.contentUrl for space in _SCHEMAS))
    for other in _objects(graph, term, ways):
        if isinstance(other, IRI) and _is_web(other.value):
            return other.value
    return term.value if isinstance(term, IRI) and _is_web(term.value) else None


def _attached_picture(graph: Graph, node: Node) -> str | None:
    for term in islice(graph.objects(node, AS.attachment), LOOKED_AT_MAX):
        is_picture = not isinstance(term, Literal) and graph.count(term, RDF.type, AS.Image)
        if is_picture and (found := _picture(graph, term)) is not None:
            return found
    return None


def _web_ids(graph: Graph, node: Node) -> list[str]:
    """As SolidOS writes them: among addresses, those that are said to be WebIDs."""
    found: dict[str, None] = {}
    for term in _objects(graph, node, (VCARD.url, VCARD.hasURL)):
        if not isinstance(term, Literal) and any(graph.count(term, RDF.type, each) for each in _WEB_ID_TYPES):
            values = (
                each.value.strip() for each in _objects(graph, term, (VCARD.value,)) if not isinstance(each, BNode)
            )
            found.update((value, None) for value in values if _is_web(value) and len(value) <= WEB_ID_CHARACTERS_MAX)
    return list(found)[:VALUES_MAX]


def _addresses(graph: Graph, node: Node, properties: tuple[IRI, ...], scheme: str) -> list[str]:
    found: dict[str, None] = {}
    for term in _objects(graph, node, properties):
        terms: Iterable[Term] = (term,)
        if not isinstance(term, Literal) and graph.count(term, VCARD.value):
            terms = _objects(graph, term, (VCARD.value,))
        for each in terms:
            if not isinstance(each, BNode) and (text := _address(each, scheme)):
                found[text] = None
        if len(found) >= VALUES_MAX:
            break
    return list(found)[:VALUES_MAX]


def _address(term: IRI | Literal, scheme: str) -> str:
    value = term.value[:VALUE_CHARACTERS_MAX]
    if value.lower().startswith(scheme):
        return _fitted(unquote(value[len(scheme) :]), VALUE_CHARACTERS_MAX)
    return _fitted(value, VALUE_CHARACTERS_MAX) if isinstance(term, Literal) else ""


def _post_type(graph: Graph, node: Node) -> str:
    return next((local_name(kind.value) for kind in _POST_TYPES if graph.count(node, RDF.type, kind)), "Note")


def _name(graph: Graph, node: Node) -> str:
    return _text(graph, node, NAMES)


def _name_of_parts(graph: Graph, node: Node) -> str:
    """Spec: vCard ontology s3 (hasName)"""
    names = [node, *(each for each in _objects(graph, node, (VCARD.hasName,)) if not isinstance(each, Literal))]
    for each in names:
        parts = (_text(graph, each, (VCARD["given-name"],)), _text(graph, each, (VCARD["family-name"],)))
        if any(parts):
            return _fitted(" ".join(parts), NAME_CHARACTERS_MAX)
    return ""


def _text(graph: Graph, node: Node, properties: tuple[IRI, ...], characters_max: int = NAME_CHARACTERS_MAX) -> str:
    """In one line."""
    return _fitted(_first_text(graph, node, properties, 4 * characters_max), characters_max)


def _first_text(graph: Graph, node: Node, properties: tuple[IRI, ...], characters_max: int) -> str:
    for term in _objects(graph, node, properties):
        if isinstance(term, Literal) and (text := term.value[:characters_max]).strip():
            return text
    return ""


def _iris(graph: Graph, node: Node, properties: tuple[IRI, ...], most: int) -> Iterator[str]:
    found = (term.value for term in _objects(graph, node, properties) if isinstance(term, IRI) and _is_web(term.value))
    return islice(found, most)


def _objects(graph: Graph, node: Node, properties: tuple[IRI, ...]) -> Iterator[Term]:
    for each in properties:
        yield from islice(graph.objects(node, each), LOOKED_AT_MAX)


def _is_web(iri: str) -> bool:
    return iri.startswith(("https://", "http://")) and len(iri) <= IRI_CHARACTERS_MAX


def _time(graph: Graph, node: Node, properties: tuple[IRI, ...]) -> int | None:
    """Milliseconds since 1970; None where nothing can be read."""
    for term in _objects(graph, node, properties):
        if isinstance(term, Literal):
            try:
                moment = datetime.fromisoformat(term.value[:VALUE_CHARACTERS_MAX].strip())
            except ValueError:
                continue
            if moment.year in _YEARS:
                return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return None


def plain(text: str, characters_max: int) -> str:
    """What is written in HTML as text in one line; still to be escaped wherever it is shown."""
    return _fitted(unescape(_MARKUP.sub("", _BLOCK_END.sub(" ", text))), characters_max)


def _fitted(text: str, characters_max: int) -> str:
    """In one line, without what cannot be kept or shown, and cut."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= characters_max else line[: characters_max - 1] + "…"
