"""What the terms of vocabularies that many use are called in the language of a page. Others keep their English name.

The catalogues know these names by a context of their own: a title is that of a book here, and nobody's rank on a form.

Spec: GNU gettext, PO files (contexts); RDF Schema 1.1 s3.6 (rdfs:label)
"""

from __future__ import annotations

from pod.rdf.vocab import AS, DCTERMS, FOAF, RDFS, VCARD
from pod.rdf.words import OURS, known, words
from pod.ui.language import in_context

CONTEXT = "term"

_SCHEMA = (
    "name alternateName givenName familyName description image url email telephone address streetAddress "
    "addressLocality addressRegion postalCode addressCountry birthDate gender jobTitle worksFor "
    "affiliation knows author creator dateCreated dateModified datePublished headline text keywords about "
    "startDate endDate location organizer member identifier inLanguage license sameAs Person Organization "
    "Event Place PostalAddress CreativeWork Article Book Recipe"
)
_NAMES = {
    FOAF.iri: "name givenName familyName firstName lastName knows member Person Group Organization Document Image "
    "OnlineAccount depiction phone account accountName based_near birthday age gender title interest "
    "topic made page logo weblog",
    VCARD.iri: "given-name family-name additional-name honorific-prefix honorific-suffix nickname hasName hasUID "
    "hasNote hasRole hasTitle hasOrganizationName hasRelated hasGeo hasLanguage hasCategory street-address "
    "locality region postal-code country-name role title organization-unit anniversary category "
    "language photo email tel value Group Organization AddressBook Address Home Work Cell Fax Voice Email "
    "inAddressBook includesGroup",
    "https://schema.org/": _SCHEMA,
    "http://schema.org/": _SCHEMA,
    AS.iri: "name content summary published updated startTime endTime duration to cc audience tag attachment "
    "inReplyTo replies url mediaType image icon actor object target location items totalItems Note "
    "Article Image Video Audio Document Event Place Person Group Organization Collection Create Update "
    "Delete Follow Like Announce",
    DCTERMS.iri: "title alternative description abstract subject publisher contributor date issued available valid "
    "language license rights rightsHolder format extent identifier source type isPartOf hasPart "
    "references isReferencedBy replaces isVersionOf",
    RDFS.iri: "label comment Class Resource Literal member domain range subClassOf subPropertyOf isDefinedBy",
}
TERMS = frozenset({*OURS, *(namespace + name for namespace, names in _NAMES.items() for name in names.split())})


def term_words(iri: str) -> str:
    """A term in people's words: never empty, and short."""
    return in_context(CONTEXT, words(iri)) if iri in TERMS else words(iri)


def known_words(iri: str) -> str | None:
    """The same, but only for terms that somebody gave a label to."""
    return term_words(iri) if known(iri) else None
