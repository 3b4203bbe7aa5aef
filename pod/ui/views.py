"""Pages about resources: a container as a list of what is in it, an RDF document as cards, a refusal in people's words.

What comes from pods is text that templates escape; IRIs become links only where the scheme is harmless. On a pod's URLs
the pages carry their one style sheet in themselves and nothing else acts in them: no script, no form, no picture.

Spec: CSP Level 3 s2.3.1 (hashes); RFC 9110 s8.8.3; HTML s4.8.5 (sandbox)
"""

from __future__ import annotations

import hashlib
import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import unquote

from markupsafe import Markup

from pod import __version__
from pod.errors import AccessDenied, NotAuthenticated, NotFound, PodError
from pod.operations.pages import Listing
from pod.protocol.placement import Placement
from pod.protocol.resource import Target, lineage
from pod.rdf import formats
from pod.rdf.graph import Dataset, Graph
from pod.rdf.outline import Card, Items, Link, Nested, Outline, Property, Text, outline
from pod.rdf.vocab import FOAF, LDP, PIM, SOLID, XSD
from pod.rdf.words import known, words
from pod.store.records import Kind, Member, ResourceState
from pod.ui.render import STATIC, STYLE, TEMPLATES, html

TURTLE = "text/turtle"
SOURCE_BYTES_MAX = 64 * 1024
"""Longer documents are not repeated as Turtle below their cards."""
SOURCE_TRIPLES_MAX = 1_000
LINK_CHARACTERS_MAX = 2_000
TECHNICAL = (SOLID.iri, LDP.iri, PIM.preferencesFile.value)
"""How the properties of somebody begin that apps look for and people do not."""
SHOWN_CHARACTERS_MAX = 80

_LINKED = re.compile(r"(?:https?://|mailto:|tel:)[^\x00-\x20]+", re.IGNORECASE)
_WORD = re.compile(r"\w")


# -- what does not change ----------------------------------------------------------------------------------------------


def _shortened(css: str) -> str:
    """The same rules without comments and the space that only people need."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*|(:)\s+|\s+", lambda match: match[1] or match[2] or " ", css).strip()


RESOURCE_STYLE = Markup(_shortened(STYLE + STATIC["resource.css"].decode()))  # noqa: S704 -- ours
STYLE_HASH = b64encode(hashlib.sha256(RESOURCE_STYLE.encode()).digest()).decode()
POLICY = (
    f"sandbox; default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def _code() -> str:
    """Changes with every release and every change to a template."""
    templates = files("pod.ui").joinpath("templates")
    sources = [templates / "base.html", templates / "parts.html", *templates.joinpath("resource").iterdir()]
    known = [each.read_bytes() for each in sorted(sources, key=str)]
    return "html" + hashlib.sha256(b"".join([__version__.encode(), STYLE_HASH.encode(), *known])).hexdigest()[:8]


CODE = _code()


# -- pages -------------------------------------------------------------------------------------------------------------


class Content(NamedTuple):
    """What a page shows. `technical` is what it does not show at once; `source` the document in Turtle, unless that is
    long.
    """

    title: str
    body: Markup
    technical: tuple[Property, ...] = ()
    source: str | None = None
    wide: bool = False


class Pages:
    """The pages at the URLs of pods: what everybody sees who may read a resource."""

    code = CODE
    policy = POLICY
    shell: bytes | None = None

    def __init__(self, placement: Placement) -> None:
        self._placement = placement

    def container(self, target: Target, listing: Listing, description: Graph | None) -> bytes:
        about = outline(Dataset(description or Graph()), self._placement.url(target.path))
        title = _title(about, target)
        body = _fragment(
            "resource/_container.html",
            rows=[Row.of(each, self.link(each.path)) for each in listing.members],
            listing=listing,
            outline=about,
            title=title,
            is_pod=target.is_storage_root,
            href=self.href,
        )
        return self._page(target, Content(title, body, wide=True))

    def document(self, target: Target, state: ResourceState, content: bytes, dataset: Dataset) -> bytes:
        url = self._placement.url(target.path)
        about = outline(dataset, url)
        title = _title(about, target)
        said = about.main.properties if about.main else ()
        technical = TECHNICAL if about.main and about.main.is_somebody else ()
        body = _fragment(
            "resource/_document.html",
            outline=about,
            title=title,
            cards=_cards(about, url),
            facts=[each for each in said if not each.iri.startswith(technical)],
            url=url,
            href=self.href,
        )
        apps = tuple(each for each in said if each.iri.startswith(technical))
        return self._page(target, Content(title, body, apps, _turtle(state, content, dataset)))

    def failure(self, error: PodError, target: Target | None, instance: str) -> bytes:
        """The same facts as in the problem document, and for what may be somebody's own the way to it."""
        base_url = self._placement.base_url
        return html(
            "resource/failure.html",
            error=error,
            told=self._told(error, target),
            problem=f"{base_url}.problems/{error.type}",
            instance=instance,
            style=RESOURCE_STYLE,
            home=base_url,
        ).encode()

    def _told(self, error: PodError, target: Target | None) -> Told:
        base_url = self._placement.base_url
        if target is None:
            return Told(*_words(error))
        if self._placement.kind == "root" and target.is_storage_root and isinstance(error, NotFound):
            way = Way("Make the pod", f"{base_url}.account/sign-up", "If this server is yours, one form makes it.")
            return Told("There is no pod here yet", "Whoever runs this server makes it.", way)
        found = next((way for kind, way in _WAYS.items() if isinstance(error, kind)), None)
        return Told(*_words(error), found and Way(found[0], f"{base_url}.home{target.path}", found[1]))

    def link(self, path: str) -> str:
        """Where a resource of this server is shown."""
        return self._placement.url(path)

    def href(self, iri: str) -> str | None:
        """Where an IRI of a document leads, if it may lead anywhere."""
        return iri if len(iri) <= LINK_CHARACTERS_MAX and _LINKED.fullmatch(iri) else None

    def _page(self, target: Target, content: Content) -> bytes:
        base_url, url = self._placement.base_url, self._placement.url(target.path)
        return html(
            "resource/page.html",
            content=content,
            crumbs=list(crumbs(target, self.link)),
            yours=f"{base_url}.home{target.path}",
            url=url,
            href=self.href,
            command=f"curl -H 'Accept: text/turtle' {shlex.quote(url)}",
            style=RESOURCE_STYLE,
            home=base_url,
        ).encode()


class HomePages(Pages):
    """The parts about a resource in its owner's own view, where links to pods of this server stay in that view."""

    code = CODE + "-home"

    def link(self, path: str) -> str:
        return f"/.home{path}"

    def href(self, iri: str) -> str | None:
        path = self._placement.local_path(iri)
        try:
            return self.link(Target.parse(path).path) if path else super().href(iri)
        except PodError:
            return super().href(iri)

    def _page(self, target: Target, content: Content) -> bytes:
        return html(
            "resource/_part.html", content=content, url=self._placement.url(target.path), href=self.href
        ).encode()


def _fragment(template: str, **values: object) -> Markup:
    return Markup(html(template, **values))  # noqa: S704 -- a template has escaped what is not ours


# -- containers --------------------------------------------------------------------------------------------------------

_KINDS = {
    "image/": ("picture", "Picture"),
    "audio/": ("sound", "Sound"),
    "video/": ("film", "Video"),
    "application/pdf": ("text", "PDF"),
    "application/zip": ("box", "Archive"),
    "application/json": ("text", "JSON"),
    "text/calendar": ("text", "Calendar"),
    "text/markdown": ("text", "Text"),
    "text/html": ("text", "Web page"),
    "text/plain": ("text", "Text"),
    "text/": ("text", "Text"),
}


class Row(NamedTuple):
    """A member of a container, in people's words."""

    name: str
    href: str
    icon: str
    kind: str
    bytes: int | None
    modified_ms: int

    @classmethod
    def of(cls, member: Member, href: str) -> Row:
        icon, kind = kind_of(member.kind, member.media_type)
        size = None if member.kind is Kind.CONTAINER else member.size
        return cls(name_of(member.path), href, icon, kind, size, member.modified_ms)


def kind_of(kind: Kind, media_type: str) -> tuple[str, str]:
    """The icon and the word for a kind of resource."""
    if kind is Kind.CONTAINER:
        return "folder", "Folder"
    if kind is Kind.RDF:
        return "card", "Document"
    found = (each for start, each in _KINDS.items() if media_type.lower().startswith(start))
    return next(found, ("file", "File"))


def name_of(path: str) -> str:
    """The last segment of a path as people write it."""
    return unquote(path.rstrip("/").rpartition("/")[2])


class Crumb(NamedTuple):
    """A container on the way to a resource."""

    name: str
    href: str


def crumbs(target: Target, link: Callable[[str], str]) -> Iterator[Crumb]:
    """The containers of a resource, the storage first."""
    for path in reversed(lineage(target.subject)[0 if target.auxiliary else 1 :]):
        yield Crumb(name_of(path), link(path))


# -- documents ---------------------------------------------------------------------------------------------------------


def _title(about: Outline, target: Target) -> str:
    return about.main.name if about.main and about.main.name else name_of(target.path)


def _cards(about: Outline, url: str) -> tuple[Card, ...]:
    """Without the card that is the head of the page; a profile need not say that it is one."""
    if about.main is None:
        return about.cards
    return tuple(each for each in about.cards[1:] if not (about.main.is_somebody and _only_repeats(each, url)))


_REPEATED = frozenset({FOAF.maker.value, FOAF.primaryTopic.value})


def _only_repeats(card: Card, url: str) -> bool:
    return card.iri == url and all(each.iri in _REPEATED for each in card.properties)


def _turtle(state: ResourceState, content: bytes, dataset: Dataset) -> str | None:
    """The document as Turtle: as it was written, if it was; None if that is long."""
    if formats.code(state.media_type) == formats.TURTLE.code:
        return content.decode("utf-8", "replace") if len(content) <= SOURCE_BYTES_MAX else None
    if len(content) > SOURCE_BYTES_MAX or len(dataset.default) > SOURCE_TRIPLES_MAX:
        return None
    turtle = formats.serialize(dataset, TURTLE)
    return turtle.decode() if len(turtle) <= SOURCE_BYTES_MAX else None


def shown_iri(iri: str) -> str:
    """An IRI as text: in words where it is a term we know, else without what every one has, and short."""
    if label := known(iri):
        return label
    text = re.sub(r"^(?:https?://|mailto:|tel:)", "", iri, flags=re.IGNORECASE)
    text = text[:-1] if text.endswith("/") and text.count("/") == 1 else text
    if len(text) <= SHOWN_CHARACTERS_MAX:
        return text or iri
    return f"{text[: SHOWN_CHARACTERS_MAX - 26]}…{text[-25:]}"


_NUMBERS = frozenset({XSD[name].value for name in ("integer", "decimal", "double", "float", "int", "long", "short")})
_TIMES = {XSD.date.value: "%-d %B %Y", XSD.dateTime.value: "%-d %B %Y, %H:%M"}


class Shown(NamedTuple):
    """A literal as people read it; `note` is the word for a kind of value that does not speak for itself."""

    text: str
    note: str | None = None


def shown_text(literal: Text) -> Shown:
    datatype = literal.datatype
    if datatype is None or datatype in _NUMBERS:
        return Shown(literal.value)
    if datatype == XSD.boolean.value:
        return Shown({"true": "Yes", "1": "Yes", "false": "No", "0": "No"}.get(literal.value, literal.value))
    if datatype in _TIMES:
        return Shown(_time(literal.value, _TIMES[datatype]))
    return Shown(literal.value, words(datatype))


def _time(value: str, pattern: str) -> str:
    try:
        at = datetime.fromisoformat(value)
        utc = at.astimezone(UTC) if at.tzinfo else at
    except (ValueError, OverflowError):
        return value
    return utc.strftime(pattern) + (" UTC" if at.tzinfo else "")


def initials(name: str) -> str:
    """Of a name, at most two."""
    letters = [found[0] for word in name.split() if (found := _WORD.search(word))]
    return "".join([*letters[:1], *letters[1:][-1:]]).upper() or "?"


# -- refusals ----------------------------------------------------------------------------------------------------------


class Way(NamedTuple):
    """A way on: what its link says, where that leads, and for whom it is."""

    text: str
    href: str
    whom: str


class Told(NamedTuple):
    """What a refusal says to people."""

    title: str
    text: str
    way: Way | None = None


_WAYS: dict[type[PodError], tuple[str, str]] = {
    NotAuthenticated: ("Sign in to see it", "If it is yours, or shared with you, sign in and you will see it."),
    AccessDenied: ("Open it as yourself", "If this is yours, sign in to look for it. If not, you can ask for it."),
    NotFound: ("Look in your own pod", "If this is yours, sign in to look for it."),
}
"""To the owner's own view of the same resource."""


def _words(error: PodError) -> tuple[str, str]:
    if isinstance(error, NotAuthenticated):
        return "This is private", "Its owner has not shared it with everyone."
    if isinstance(error, AccessDenied):
        return "This is not shared with you", "Its owner decides who may see it."
    if isinstance(error, NotFound):
        return "There is nothing here", "The link may be old, or mistyped."
    return error.title, error.detail


TEMPLATES.filters.update(shown_iri=shown_iri, shown_text=shown_text, initials=initials, words=words)
TEMPLATES.tests.update(
    text=lambda value: isinstance(value, Text),
    link=lambda value: isinstance(value, Link),
    nested=lambda value: isinstance(value, Nested),
    items=lambda value: isinstance(value, Items),
)
