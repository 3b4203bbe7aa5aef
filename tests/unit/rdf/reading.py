"""Short ways to say documents and patches in tests."""

from collections.abc import Callable

from pod.errors import PodError
from pod.rdf import formats, n3patch, sparql_update
from pod.rdf.graph import Dataset, Graph
from pod.rdf.limits import Limits
from pod.rdf.patch import Patch, apply

BASE = "http://pod.example/alice/notes"
LIMITS = Limits()
PREFIXES = """
@prefix : <http://pod.example/alice/notes#> .
@prefix ex: <http://www.example.org/terms#> .
@prefix solid: <http://www.w3.org/ns/solid/terms#> .
"""
SPARQL_PREFIXES = "PREFIX : <http://pod.example/alice/notes#> PREFIX ex: <http://www.example.org/terms#>\n"


def document(text: str | bytes, media_type: str = "text/turtle", limits: Limits = LIMITS) -> Dataset:
    content = text.encode() if isinstance(text, str) else text
    return formats.parse(content, media_type, base=BASE, limits=limits)


def turtle(text: str) -> Graph:
    """The graph of some Turtle with the usual prefixes."""
    return document(PREFIXES + text).default


def n3(text: str, limits: Limits = LIMITS) -> Patch:
    return n3patch.parse((PREFIXES + text).encode(), base=BASE, limits=limits)


def sparql(text: str, limits: Limits = LIMITS) -> Patch:
    return sparql_update.parse((SPARQL_PREFIXES + text).encode(), base=BASE, limits=limits)


def patched(before: str, patch: Patch, limits: Limits = LIMITS) -> Graph:
    return apply(patch, document(PREFIXES + before), limits=limits).default


def status_of(call: Callable[[], object]) -> int:
    """200, or the status of the refusal; any other exception is a failure."""
    try:
        call()
    except PodError as error:
        return error.status
    return 200
