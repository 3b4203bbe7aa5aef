"""A post as a value, and how it is read out of a document, whoever wrote that: as ActivityStreams says it, or leniently
as Schema.org or SIOC do.

Pure: graphs in, values out. What a document lacks, or says in a way that nobody can show, is told as a hint.

Spec: Activity Vocabulary, Note, Article, Image; ActivityPub s3.3 (source); docs/data.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice

from pod.posts.cleaning import CHARACTERS_MAX, IsOwn, cleaned, link, paragraphs, plain
from pod.posts.markdown import to_html
from pod.rdf.graph import IRI, Graph, Literal, Node, Term
from pod.rdf.outline import SCHEMA, SCHEMA_HTTP
from pod.rdf.vocab import AS, DCTERMS, FOAF, RDF, Namespace

SIOC = Namespace("http://rdfs.org/sioc/ns#")
HTML, MARKDOWN = "text/html", "text/markdown"
DRAFT = "Draft"

POSTS_MAX = 50
"""In one document: more are not looked at."""
PICTURES_MAX = 20
LOOKED_AT_MAX = 100
"""Of the things that a post names, to find its pictures."""
NAME_CHARACTERS_MAX = 200
ALT_CHARACTERS_MAX = 1_500
END_MS = 253_402_300_799_999
"""The last moment that can be written: the end of the year 9999."""
SUMMARY_CHARACTERS_MAX = 200


def _both(name: str) -> tuple[IRI, IRI]:
    return SCHEMA[name], SCHEMA_HTTP[name]


TYPES = (AS.Note, AS.Article, *_both("SocialMediaPosting"), *_both("BlogPosting"), SIOC.Post)
OURS = (AS.Note, AS.Article)
STATUS = SCHEMA.creativeWorkStatus
_NAMES = (AS.name, *_both("headline"), *_both("name"), DCTERMS.title)
_TEXTS = (*_both("articleBody"), *_both("text"), SIOC.content)
_PUBLISHED = (AS.published, *_both("datePublished"), *_both("dateCreated"), DCTERMS.created)
_UPDATED = (AS.updated, *_both("dateModified"), DCTERMS.modified)
_AUTHORS = (AS.attributedTo, *_both("author"), SIOC.has_creator, FOAF.maker, DCTERMS.creator)
_PICTURES = (AS.attachment, AS.image, *_both("image"))
_ADDRESSES = (AS.url, AS.href, *_both("contentUrl"), *_both("url"))
_IMAGES = {AS.Image, *_both("ImageObject")}
_PERSON_NAMES = (AS.name, FOAF.name, *_both("name"))


class Hint(StrEnum):
    """What is wrong with a post that is shown all the same."""

    NO_TEXT = "no-text"
    NO_DATE = "no-date"
    NO_AUTHOR = "no-author"


@dataclass(frozen=True, slots=True)
class Picture:
    """`is_own`: it is of the same pod, so that pages may show it."""

    url: str
    alt: str = ""
    media_type: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `html` is clean; `markdown` is what it was written as, None where it was written by another app."""

    iri: str
    html: str = ""
    name: str = ""
    published_ms: int | None = None
    updated_ms: int | None = None
    author: str | None = None
    author_name: str = ""
    pictures: tuple[Picture, ...] = ()
    markdown: str | None = None
    is_draft: bool = False
    hints: tuple[Hint, ...] = ()

    @property
    def summary(self) -> str:
        """What to call it where there is room for a line."""
        text = self.name or " ".join(plain(self.html).split())
        return text if len(text) <= SUMMARY_CHARACTERS_MAX else f"{text[: SUMMARY_CHARACTERS_MAX - 1]}…"

    @property
    def was_edited(self) -> bool:
        return self.updated_ms is not None and self.published_ms is not None and self.updated_ms > self.published_ms


def posts_in(graph: Graph, document: str, is_own: IsOwn) -> tuple[Post, ...]:
    """The posts of a document, by their IRIs: what has none, or is described elsewhere, is none."""
    found: dict[IRI, None] = {}
    for kind in TYPES:
        for node in islice(graph.subjects(RDF.type, kind), POSTS_MAX):
            if isinstance(node, IRI) and node.value.partition("#")[0] == document:
                found[node] = None
    return tuple(_Reading(graph, node, document, is_own).post() for node in islice(found, POSTS_MAX))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One post on its way out of a graph."""

    graph: Graph
    node: IRI
    document: str
    is_own: IsOwn

    def post(self) -> Post:
        html, published = self._html(), self._moment(_PUBLISHED)
        author = self._author()
        is_draft = self._text((STATUS, SCHEMA_HTTP.creativeWorkStatus)) == DRAFT
        pictures = tuple(islice(self._pictures(), PICTURES_MAX))
        found = {
            Hint.NO_TEXT: not html and not pictures,
            Hint.NO_DATE: published is None and not is_draft,
            Hint.NO_AUTHOR: author is None,
        }
        return Post(
            self.node.value,
            html,
            readable(self._text(_NAMES))[:NAME_CHARACTERS_MAX],
            published,
            self._moment(_UPDATED),
            author.value if author else None,
            readable(text_of(self.graph, author, _PERSON_NAMES))[:NAME_CHARACTERS_MAX] if author else "",
            pictures,
            self._source(),
            is_draft,
            tuple(hint for hint, is_so in found.items() if is_so),
        )

    def _html(self) -> str:
        said = self._text((AS.content,))
        if not said:
            return paragraphs(self._text(_TEXTS))
        kind = self._text((AS.mediaType,)).partition(";")[0].strip().lower()
        if kind == MARKDOWN:
            said = to_html(said)
        elif kind and kind != HTML:
            return paragraphs(said)
        return cleaned(said, base=self.document, is_own=self.is_own)

    def _source(self) -> str | None:
        """Spec: ActivityPub s3.3"""
        source = self.graph.value(self.node, AS.source)
        if source is None or isinstance(source, Literal) or self._is_of_others():
            return None
        if text_of(self.graph, source, (AS.mediaType,)).partition(";")[0] != MARKDOWN:
            return None
        return text_of(self.graph, source, (AS.content,))

    def _is_of_others(self) -> bool:
        return not any(self.graph.count(self.node, RDF.type, each) for each in OURS)

    def _author(self) -> IRI | None:
        found = (term for each in _AUTHORS for term in self.graph.objects(self.node, each))
        return next((each for each in found if isinstance(each, IRI) and link(each.value, "") is not None), None)

    def _moment(self, predicates: tuple[IRI, ...]) -> int | None:
        return moment_ms(self._text(predicates))

    def _pictures(self) -> Iterator[Picture]:
        seen: set[str] = set()
        for predicate in _PICTURES:
            for term in islice(self.graph.objects(self.node, predicate), LOOKED_AT_MAX):
                picture = self._picture(term, surely=predicate != AS.attachment)
                if picture is not None and picture.url not in seen:
                    seen.add(picture.url)
                    yield picture

    def _picture(self, term: Term, *, surely: bool) -> Picture | None:
        """An image with a URL; or, where nothing else can be meant, the URL alone."""
        if isinstance(term, Literal):
            return None
        media_type = text_of(self.graph, term, (AS.mediaType, *_both("encodingFormat")))
        kinds = set(islice(self.graph.objects(term, RDF.type), LOOKED_AT_MAX))
        if kinds.isdisjoint(_IMAGES) and not media_type.startswith("image/") and (kinds or not surely):
            return None
        address = self._address(term) if self.graph.count(term) else term
        url = link(address.value, self.document) if isinstance(address, IRI | Literal) else None
        if url is None or url.startswith("mailto:"):
            return None
        alt = readable(text_of(self.graph, term, (AS.name, AS.summary, *_both("caption"))))[:ALT_CHARACTERS_MAX]
        return Picture(url, alt, media_type, self.is_own(url))

    def _address(self, node: Node) -> Term | None:
        """Perhaps by way of an as:Link."""
        found = next((term for each in _ADDRESSES for term in self.graph.objects(node, each)), None)
        if found is not None and not isinstance(found, Literal) and self.graph.count(found, AS.href):
            return self.graph.value(found, AS.href)
        return found

    def _text(self, predicates: tuple[IRI, ...]) -> str:
        return text_of(self.graph, self.node, predicates)


def text_of(graph: Graph, node: Node, predicates: tuple[IRI, ...]) -> str:
    """The first literal of these properties; empty where there is none."""
    found = (term for each in predicates for term in graph.objects(node, each))
    return next((each.value[:CHARACTERS_MAX] for each in found if isinstance(each, Literal)), "")


def readable(text: str) -> str:
    """In one line, without what turns the direction of what follows or cannot be seen."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def moment_ms(text: str) -> int | None:
    """A date and time as XML Schema writes it, or a date alone; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text.strip())
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        ms = int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return ms if 0 <= ms <= END_MS else None
