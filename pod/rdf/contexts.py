"""JSON-LD contexts: those in `vocab/` are known without a network, others come through a loader of the caller's.

The remote contexts of a document are written into it before the parser sees it, so the parser itself never fetches.
What they may cost is bounded here too: a scoped context is read again wherever its term is used.

Spec: JSON-LD 1.1 s4.1.5 (scoped), s4.1.9 (imported), API s4.1.2; Solid-OIDC #jsonld-context; Notifications
#json-ld-format
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from pod.errors import MalformedContent, UnprocessableContent
from pod.protocol.text import is_unicode
from pod.rdf import iri, nesting
from pod.rdf.definitions import Definitions
from pod.rdf.limits import Limits, contexts_cost_too_much

Json: TypeAlias = Any
"""What a JSON parser gives: the shape is checked where it is used."""

REMOTE_CONTEXTS_MAX = 16

KNOWN = {
    "https://www.w3.org/ns/solid/oidc-context.jsonld": "solid-oidc",
    "https://www.w3.org/ns/solid/notifications-context/v1": "solid-notifications",
    "https://www.w3.org/ns/solid/notification/v1": "solid-notifications",
    "https://www.w3.org/ns/activitystreams": "activitystreams",
    "https://www.w3.org/ns/lws/v1": "lws",
}


class ContextLoader(Protocol):
    """Gives the content of contexts that are not in `vocab/`."""

    def load(self, url: str) -> bytes:
        """The JSON at the URL. Raises: UnprocessableContent -- it cannot be had; the text names it."""
        ...


class Offline:
    """Knows no context beyond those in `vocab/`."""

    def load(self, url: str) -> bytes:
        raise UnprocessableContent(
            f"The JSON-LD context {url} is not known here. Use one of {', '.join(KNOWN)}, or write the context out.",
            context=url,
        )


OFFLINE = Offline()


def vocabulary_directory() -> Path:
    """Where the packaged data is: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "vocab"
    return installed if installed.is_dir() else package.parent / "vocab"


@cache
def known_context(url: str) -> bytes | None:
    """A context of `vocab/`; None if it has none for this URL."""
    name = KNOWN.get(url)
    return (vocabulary_directory() / "contexts" / f"{name}.jsonld").read_bytes() if name else None


def with_contexts(content: bytes, base: str, limits: Limits, loader: ContextLoader) -> tuple[bytes, Json]:
    """The document with its remote contexts written out, as bytes and as JSON; the same bytes if it names none.

    Raises: MalformedContent -- not JSON. UnprocessableContent -- a context cannot be had or used.
    Raises: ContentTooLarge -- the contexts cost too much to apply.
    """
    document = parsed(content)
    inlining = _Inlining(base, limits, loader)
    inlining.document(document)
    return _written(document) if inlining.changed else content, document


def _written(document: Json) -> bytes:
    """The document as JSON, made piece by piece: `json.dumps` lets no other thread run until it is done."""
    written = io.BytesIO()
    for piece in json.JSONEncoder().iterencode(document):
        written.write(piece.encode())
    return written.getvalue()


def parsed(content: bytes) -> Json:
    """What JSON says. Raises: MalformedContent -- it is not JSON, or an object of it has two members of one name"""
    try:
        return json.loads(content, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        raise MalformedContent(
            f"Line {error.lineno}, column {error.colno}: {error.msg}.", line=error.lineno, column=error.colno
        ) from error
    except ValueError as error:
        raise MalformedContent(f"This is not JSON: {error}.") from error


def _without_duplicates(members: list[tuple[str, Json]]) -> Json:
    together = dict(members)
    if len(together) < len(members):
        raise MalformedContent("An object of this JSON-LD document has two members of the same name.")
    return together


class _Inlining:
    """One walk through one document: replaces context URLs in place and counts what the contexts cost."""

    def __init__(self, base: str, limits: Limits, loader: ContextLoader) -> None:
        self._base = base
        self._limits = limits
        self._loader = loader
        self._inlined: dict[str, Json] = {}
        self._definitions_seen = Definitions(base)
        self._json_terms: set[str] = set()
        self._objects = 0
        self._scoped_terms = 0
        self._widest = 0
        self._steps = 0
        self.changed = False

    def document(self, document: Json) -> None:
        self._node(document, 0)
        if self._scoped_terms:
            self._spend(self._objects * (self._widest + self._scoped_terms))

    def _node(self, value: Json, active: int) -> None:
        """`active` is the number of terms defined around this value."""
        if isinstance(value, list):
            for item in value:
                self._node(item, active)
        elif isinstance(value, dict):
            self._object(value, active)

    def _object(self, members: dict[str, Json], active: int) -> None:
        self._objects += 1
        if "@context" in members:
            members["@context"] = self._context(members["@context"], self._base, ())
            active += self._terms(members["@context"])
            self._widest = max(self._widest, active)
            self._spend(active)
        if members.get("@type") == "@json":
            return
        for name, value in members.items():
            if name != "@context" and name not in self._json_terms:
                self._node(value, active)

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > self._limits.context_steps:
            raise contexts_cost_too_much(self._limits)

    # -- contexts ------------------------------------------------------------------------------------------------------

    def _context(self, context: Json, base: str, within: tuple[str, ...]) -> Json:
        """A context without references. `within` are the URLs being loaded around it."""
        if isinstance(context, str):
            self.changed = True
            return self._remote(iri.resolve(iri.split(base), context), within)
        if isinstance(context, list):
            return _flat(self._context(each, base, within) for each in context)
        if isinstance(context, dict):
            return self._definitions(context, base, within)
        return context

    def _definitions(self, context: dict[str, Json], base: str, within: tuple[str, ...]) -> dict[str, Json]:
        if isinstance(context.get("@import"), str):
            context = self._with_import(context, base, within)
        for term, definition in context.items():
            if isinstance(definition, dict):
                self._definition(term, definition, base, within)
        return context

    def _definition(self, term: str, definition: dict[str, Json], base: str, within: tuple[str, ...]) -> None:
        if definition.get("@type") == "@json":
            self._json_terms.add(term)
        if "@context" in definition:
            definition["@context"] = self._context(definition["@context"], base, within)
            self._scoped_terms += 1 + self._terms(definition["@context"])

    def _with_import(self, context: dict[str, Json], base: str, within: tuple[str, ...]) -> dict[str, Json]:
        """JSON-LD 1.1 API s5.1.2, 5.6: what the importing context says itself prevails."""
        self.changed = True
        imported = self._remote(iri.resolve(iri.split(base), context["@import"]), within)
        if not isinstance(imported, dict) or "@import" in imported:
            raise UnprocessableContent(f"The JSON-LD context {context['@import']} cannot be imported.")
        return imported | {name: value for name, value in context.items() if name != "@import"}

    def _remote(self, url: str, within: tuple[str, ...]) -> Json:
        if not is_unicode(url):
            raise UnprocessableContent("The URL of a JSON-LD context has a half of a character.")
        if url in within:
            raise UnprocessableContent(f"The JSON-LD context {url} includes itself.", context=url)
        if url not in self._inlined:
            if len(self._inlined) + len(within) >= REMOTE_CONTEXTS_MAX:
                raise UnprocessableContent(f"A document may use at most {REMOTE_CONTEXTS_MAX} remote contexts.")
            context = _context_of(url, known_context(url) or self._loader.load(url), self._limits)
            self._inlined[url] = self._context(_without_base(context), url, (*within, url))
        return self._inlined[url]

    def _terms(self, context: Json) -> int:
        """How many definitions a context without references has; a long one counts as several."""
        if isinstance(context, list):
            return sum(self._terms(each) for each in context)
        if not isinstance(context, dict):
            return 0
        self._spend(len(context))
        steps = self._definitions_seen.steps(context)
        self._spend(steps - len(context))
        return steps


def _context_of(url: str, content: bytes, limits: Limits) -> Json:
    nesting.check_json(content, limits)
    try:
        document = json.loads(content)
    except ValueError as error:
        raise UnprocessableContent(f"What is at the JSON-LD context {url} is not JSON.", context=url) from error
    if not isinstance(document, dict) or "@context" not in document:
        raise UnprocessableContent(f"What is at {url} is not a JSON-LD context.", context=url)
    return document["@context"]


def _without_base(context: Json) -> Json:
    """JSON-LD 1.1 API s5.1.2, 5.7: `@base` counts only in the document's own contexts."""
    if isinstance(context, list):
        return [_without_base(each) for each in context]
    if isinstance(context, dict):
        return {name: value for name, value in context.items() if name != "@base"}
    return context


def _flat(contexts: Iterable[Json]) -> list[Json]:
    flat: list[Json] = []
    for each in contexts:
        flat += each if isinstance(each, list) else [each]
    return flat
