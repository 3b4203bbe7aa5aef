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
from pod.posts.locating import is_own_of
from pod.posts.post import Post, posts_in
from pod.posts.registration import POSTS
from pod.protocol.placement import Placement
from pod.protocol.resource import Target, lineage
from pod.rdf import formats
from pod.rdf.graph import Dataset, Graph
from pod.rdf.outline import Card, Items, Link, Nested, Outline, Property, Text, outline
from pod.rdf.vocab import FOAF, LDP, PIM, SOLID, XSD
from pod.store.records import Kind, Member, ResourceState
from pod.ui.language import ENGLISH, best, marked, speaking, spoken
from pod.ui.language import gettext as _
from pod.ui.refusals import refusal
from pod.ui.render import STATIC, STYLE, TEMPLATES, html
from pod.ui.term_words import known_words, term_words
from pod.ui.written import day_and_time, long_day

TURTLE = "text/turtle"
SOURCE_BYTES_MAX = 64 * 1024
"""Longer documents are not repeated as Turtle below their cards."""
SOURCE_TRIPLES_MAX = 1_000
LINK_CHARACTERS_MAX = 2_000
TECHNICAL = (SOLID.iri, LDP.iri, PIM.preferencesFile.value)
"""How the properties of somebody begin that apps look for and people do not."""
SHOWN_CHARACTERS_MAX = 80
FEEDS = ".feed/"
HEAD_ENDS = Markup("<!--head-->")
"""In what owners are shown of a document, below its heading: no text of a pod can be a comment."""

_LINKED = re.compile(r"(?:https?://|mailto:|tel:)[^\x00-\x20]+", re.IGNORECASE)
_WORD = re.compile(r"\w")


# -- what does not change ----------------------------------------------------------------------------------------------


def _shortened(css: str) -> str:
    """The same rules without comments and the space that only people need."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*|(:)\s+|\s+", lambda match: match[1] or match[2] or " ", css).strip()


RESOURCE_STYLE = Markup(_shortened(STYLE + STATIC["resource.css"].decode()))  # noqa: S704 -- ours
STYLE_HASH = b64encode(hashlib.sha256(RESOURCE_STYLE.encode()).digest()).decode()
_BEFORE_PICTURES, _AFTER_PICTURES = (
    f"sandbox; default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src data:",
    "; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
)
POLICY = _BEFORE_PICTURES + _AFTER_PICTURES


def _code() -> str:
    """Changes with every release and every change to a template or a catalogue."""
    templates = files("pod.ui").joinpath("templates")
    sources = [templates / "base.html", templates / "parts.html", *templates.joinpath("resource").iterdir()]
    sources += [*files("pod.ui").joinpath("catalogues").iterdir(), files("pod.ui").joinpath("written.py")]
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
    """The pages about resources, in the language that is being spoken."""

    policy = POLICY
    shell: bytes | None = None
    are_public = True
    kind = "page"
    """Stands in ETags."""
    language: str | None = None

    def __init__(self, placement: Placement) -> None:
        self._placement = placement

    @property
    def code(self) -> str:
        return f"{CODE}-{self.kind}-{spoken()}"

    def read_in(self, _languages: str | None) -> Pages:
        return self

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
        post = self._post(target, dataset, about)
        if post is not None:
            more = feed_page(self._placement.base_url, target.storage)
            return self._page(
                target, Content(post.summary, article(post, url, more), (), _turtle(state, content, dataset))
            )
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
            below="" if self.are_public else HEAD_ENDS,
        )
        apps = tuple(each for each in said if each.iri.startswith(technical))
        return self._page(target, Content(title, body, apps, _turtle(state, content, dataset)))

    def policy_of(self, target: Target) -> str:
        """Pictures come from the very pod that the page is of, and from nowhere else."""
        return f"{_BEFORE_PICTURES} {self._placement.url(target.storage)}{_AFTER_PICTURES}"

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
            way = Way(
                _("Make the pod"), f"{base_url}.account/sign-up", _("If this server is yours, one form makes it.")
            )
            return Told(_("There is no pod here yet"), _("Whoever runs this server makes it."), way)
        public = feed_page(base_url, target.storage) if target.path == target.storage + POSTS else None
        found = next((way for kind, way in _WAYS.items() if isinstance(error, kind)), None)
        return Told(*_words(error), found and Way(_(found[0]), f"{base_url}.home{target.path}", _(found[1])), public)

    def _post(self, target: Target, dataset: Dataset, about: Outline) -> Post | None:
        """What a document tells, if that is one post and not somebody's profile."""
        if not self.are_public or (about.main is not None and about.main.is_somebody):
            return None
        url, is_own = self._placement.url(target.path), is_own_of(self._placement, target.storage)
        found = posts_in(dataset.default, url, is_own)
        return found[0] if len(found) == 1 else None

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
            feed=feed_url(base_url, target.storage),
            url=url,
            href=self.href,
            command=f"curl -H 'Accept: text/turtle' {shlex.quote(url)}",
            style=RESOURCE_STYLE,
            home=base_url,
        ).encode()


class PublicPages(Pages):
    """The pages at the URLs of pods, what everybody sees who may read a resource: in the first language that a request
    accepts, whatever was chosen on pages of ours, for no cookie counts there. For each language there is one of these.

    Spec: RFC 9110 s12.5.4
    """

    language: str

    def __init__(self, placement: Placement, language: str = ENGLISH) -> None:
        super().__init__(placement)
        self.language = language

    @property
    def code(self) -> str:
        return f"{CODE}-{self.kind}-{self.language}"

    def read_in(self, languages: str | None) -> PublicPages:
        language = best(None, languages)
        return self if language == self.language else PublicPages(self._placement, language)

    def container(self, target: Target, listing: Listing, description: Graph | None) -> bytes:
        with speaking(self.language):
            return super().container(target, listing, description)

    def document(self, target: Target, state: ResourceState, content: bytes, dataset: Dataset) -> bytes:
        with speaking(self.language):
            return super().document(target, state, content, dataset)

    def failure(self, error: PodError, target: Target | None, instance: str) -> bytes:
        with speaking(self.language):
            return super().failure(error, target, instance)


class HomePages(Pages):
    """The parts about a resource in its owner's own view, where links to pods of this server stay in that view."""

    are_public = False
    """Owners look at documents here, and at posts among their posts."""
    kind = "home"

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


def article(post: Post, url: str, more: str) -> Markup:
    """A post as everybody sees it who may. `url` is its document's; `more` is where there are others."""
    return _fragment("resource/_post.html", post=post, html=Markup(post.html), url=url, level=1, more=more)  # noqa: S704 -- it was cleaned


def feed_url(base_url: str, storage: str) -> str:
    """Of the posts of a pod that everyone may read, for programs."""
    return f"{feed_page(base_url, storage)}.atom"


def feed_page(base_url: str, storage: str) -> str:
    """The same for people."""
    return f"{base_url}{FEEDS}{name_of(storage)}"


def _fragment(template: str, **values: object) -> Markup:
    return Markup(html(template, **values))  # noqa: S704 -- a template has escaped what is not ours


# -- containers --------------------------------------------------------------------------------------------------------

_KINDS = {
    "image/": ("picture", marked("Picture")),
    "audio/": ("sound", marked("Sound")),
    "video/": ("film", marked("Video")),
    "application/pdf": ("text", marked("PDF")),
    "application/zip": ("box", marked("Archive")),
    "application/json": ("text", marked("JSON")),
    "text/calendar": ("text", marked("Calendar")),
    "text/markdown": ("text", marked("Text")),
    "text/html": ("text", marked("Web page")),
    "text/plain": ("text", marked("Text")),
    "text/": ("text", marked("Text")),
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
        return "folder", _("Folder")
    if kind is Kind.RDF:
        return "card", _("Document")
    found = (each for start, each in _KINDS.items() if media_type.lower().startswith(start))
    icon, word = next(found, ("file", marked("File")))
    return icon, _(word)


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
    if label := known_words(iri):
        return label
    text = re.sub(r"^(?:https?://|mailto:|tel:)", "", iri, flags=re.IGNORECASE)
    text = text[:-1] if text.endswith("/") and text.count("/") == 1 else text
    if len(text) <= SHOWN_CHARACTERS_MAX:
        return text or iri
    return f"{text[: SHOWN_CHARACTERS_MAX - 26]}…{text[-25:]}"


_NUMBERS = frozenset({XSD[name].value for name in ("integer", "decimal", "double", "float", "int", "long", "short")})
_TIMES = {XSD.date.value: long_day, XSD.dateTime.value: day_and_time}


class Shown(NamedTuple):
    """A literal as people read it; `note` is the word for a kind of value that does not speak for itself."""

    text: str
    note: str | None = None


def shown_text(literal: Text) -> Shown:
    datatype = literal.datatype
    if datatype is None or datatype in _NUMBERS:
        return Shown(literal.value)
    if datatype == XSD.boolean.value:
        return Shown(
            {"true": _("Yes"), "1": _("Yes"), "false": _("No"), "0": _("No")}.get(literal.value, literal.value)
        )
    if datatype in _TIMES:
        return Shown(_time(literal.value, _TIMES[datatype]))
    return Shown(literal.value, term_words(datatype))


def _time(value: str, shown: Callable[[datetime], str]) -> str:
    try:
        at = datetime.fromisoformat(value)
        utc = at.astimezone(UTC) if at.tzinfo else at
    except (ValueError, OverflowError):
        return value
    return shown(utc) + (" UTC" if at.tzinfo else "")


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
    posts: str | None = None
    """Where the posts in there are that are for everyone."""


_WAYS: dict[type[PodError], tuple[str, str]] = {
    NotAuthenticated: (
        marked("Sign in to see it"),
        marked("If it is yours, or shared with you, sign in and you will see it."),
    ),
    AccessDenied: (
        marked("Open it as yourself"),
        marked("If this is yours, sign in to look for it. If not, you can ask for it."),
    ),
    NotFound: (
        marked("Look in your own pod"),
        marked("If this is yours, sign in to look for it."),
    ),
}
"""To the owner's own view of the same resource."""


def _words(error: PodError) -> tuple[str, str]:
    if isinstance(error, NotAuthenticated):
        return _("This is private"), _("Its owner has not shared it with everyone.")
    if isinstance(error, AccessDenied):
        return _("This is not shared with you"), _("Its owner decides who may see it.")
    if isinstance(error, NotFound):
        return _("There is nothing here"), _("The link may be old, or mistyped.")
    return refusal(error.title), refusal(error.detail)


TEMPLATES.filters.update(shown_iri=shown_iri, shown_text=shown_text, initials=initials, words=term_words)
TEMPLATES.tests.update(
    text=lambda value: isinstance(value, Text),
    link=lambda value: isinstance(value, Link),
    nested=lambda value: isinstance(value, Nested),
    items=lambda value: isinstance(value, Items),
)
