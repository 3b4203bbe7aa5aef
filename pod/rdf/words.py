"""What people call the terms of vocabularies: `foaf:knows` is "Knows", `schema:familyName` is "Family name".

A short list of our own comes first, for what people see every day; then the labels in `vocab/`; then the term's own
name, taken apart. Nothing is fetched.

Spec: RDF Schema 1.1 s3.6 (rdfs:label)
"""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote

from pod.rdf import formats
from pod.rdf.contexts import vocabulary_directory
from pod.rdf.graph import IRI, Literal
from pod.rdf.limits import Limits
from pod.rdf.vocab import AS, DCTERMS, FOAF, LDP, PIM, RDF, RDFS, SOLID, VCARD

LABEL_CHARACTERS_MAX = 60

_OURS = {
    RDF.type: "Kind",
    RDFS.seeAlso: "See also",
    FOAF.Agent: "Person or group",
    FOAF.PersonalProfileDocument: "Profile",
    FOAF.maker: "Made by",
    FOAF.primaryTopic: "About",
    FOAF.img: "Picture",
    FOAF.mbox: "Mail",
    FOAF.nick: "Nickname",
    FOAF.homepage: "Home page",
    VCARD.fn: "Name",
    VCARD.bday: "Birthday",
    VCARD.url: "Web page",
    VCARD.hasURL: "Web page",
    VCARD.hasEmail: "Mail",
    VCARD.hasPhoto: "Picture",
    VCARD.hasTelephone: "Telephone",
    VCARD.hasAddress: "Address",
    VCARD.hasMember: "Member",
    VCARD.note: "About me",
    VCARD["organization-name"]: "Organization",
    VCARD.Individual: "Person",
    LDP.inbox: "Inbox",
    LDP.contains: "Contains",
    PIM.storage: "Pod",
    PIM.Storage: "Pod",
    PIM.preferencesFile: "Preferences",
    PIM.ConfigurationFile: "Preferences",
    SOLID.oidcIssuer: "Signs in with",
    SOLID.owner: "Owner",
    DCTERMS.creator: "Made by",
    DCTERMS.created: "Made on",
    DCTERMS.modified: "Changed on",
    AS.attributedTo: "Made by",
}
OURS = {term.value: words for term, words in _OURS.items()}

_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_\-+.\s]+")
_LABEL = RDFS.label


def words(iri: str) -> str:
    """The term in people's words: never empty, and short."""
    return known(iri) or _taken_apart(iri)


def known(iri: str) -> str | None:
    """The same, but only for terms that somebody gave a label to."""
    return OURS.get(iri) or _labels().get(iri)


def local_name(iri: str) -> str:
    """What follows the namespace, without percent-encoding; empty where nothing does."""
    return unquote(re.split(r"[#/:]", iri)[-1])


@cache
def _labels() -> dict[str, str]:
    """The English labels of the vocabularies that come with the server."""
    found: dict[str, str] = {}
    for file in sorted(vocabulary_directory().glob("*.ttl")):
        dataset = formats.parse(file.read_bytes(), "text/turtle", base=file.as_uri(), limits=Limits())
        for triple in dataset.default.match(None, _LABEL):
            label = triple.object
            if isinstance(triple.subject, IRI) and isinstance(label, Literal) and label.language in {"en", None}:
                found.setdefault(triple.subject.value, _as_label(label.value.partition(" (")[0]))
    return found


def _taken_apart(iri: str) -> str:
    name = local_name(iri) or local_name(iri.rstrip("#/"))
    parts = [part for part in _BETWEEN_WORDS.split(name[: 2 * LABEL_CHARACTERS_MAX]) if part]
    return _as_label(" ".join(map(_plain, parts))) if parts else iri[:LABEL_CHARACTERS_MAX]


def _plain(word: str) -> str:
    """In lower case, unless it is all capitals: an abbreviation."""
    return word if word.isupper() and len(word) > 1 else word.lower()


def _as_label(text: str) -> str:
    """As a label begins: with a capital, unless somebody chose capitals within the word."""
    short = text if len(text) <= LABEL_CHARACTERS_MAX else text[: LABEL_CHARACTERS_MAX - 1] + "…"
    return short[:1].upper() + short[1:]
