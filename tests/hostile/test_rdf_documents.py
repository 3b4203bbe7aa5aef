"""Documents made to hurt: each is refused or read, quickly and in little memory."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pod.rdf import formats
from pod.rdf.graph import Dataset
from tests.unit.rdf.reading import document, status_of

SECONDS_MAX = 2.0
MIB = 1024 * 1024
JSON_LD, RDF_XML = "application/ld+json", "application/rdf+xml"


@contextmanager
def quickly(seconds: float = SECONDS_MAX) -> Iterator[None]:
    """CPU seconds of this process: other work on the machine does not count."""
    begin = time.process_time()
    yield
    assert time.process_time() - begin < seconds


def status_with_memory(extra_bytes: int, call: Callable[[], object]) -> int:
    """What `status_of` gives in a process that may take so much more memory; 0 if that was not enough."""
    child = os.fork()
    if child == 0:
        outcome = 1
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + extra_bytes
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            outcome = status_of(call) - 200
        finally:
            os._exit(outcome)
    _, state = os.waitpid(child, 0)
    return os.WEXITSTATUS(state) + 200 if os.WIFEXITED(state) else 0


XML_HEAD = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.example/">'

DEEP = [
    ("json arrays", JSON_LD, "[" * 1_000 + "]" * 1_000),
    ("json objects", JSON_LD, '{"http://x/p":' * 20_000 + "1" + "}" * 20_000),
    ("unclosed json", JSON_LD, "[" * 1_000_000),
    ("json with brackets in strings", JSON_LD, '["]","\\"]",' * 20_000 + "1" + "]" * 20_000),
    ("blank nodes", "text/turtle", "<a> <b> " + "[ <p> " * 20_000 + "1" + " ]" * 20_000 + " ."),
    ("lists", "text/turtle", "<a> <b> " + "( " * 20_000 + " )" * 20_000 + " ."),
    ("unclosed lists", "text/turtle", "<a> <b> " + "(" * 1_000_000),
    ("brackets behind strings", "text/turtle", "<a> <b> " + '[ <p> "]", ' * 20_000 + "1" + " ]" * 20_000 + " ."),
    ("graphs", "application/trig", "<g> { <a> <b> " + "[ <p> " * 20_000 + "1" + " ]" * 20_000 + " }"),
    ("elements", RDF_XML, XML_HEAD + "<e:c><e:p>" * 20_000 + "</e:p></e:c>" * 20_000 + "</rdf:RDF>"),
    ("elements behind comments", RDF_XML, XML_HEAD + "<e:c><!-- /></e:c> --><e:p>" * 20_000),
]


@pytest.mark.parametrize(("media_type", "text"), [each[1:] for each in DEEP], ids=[each[0] for each in DEEP])
def test_deep_nesting_is_refused_at_once(media_type: str, text: str):
    with quickly():
        assert status_of(lambda: document(text, media_type)) == 413


@pytest.mark.parametrize("depth", [99, 100])
def test_nesting_within_the_cap_is_read(depth: int):
    text = "<a> <b> " + "[ <p> " * depth + "1" + " ]" * depth + " ."
    with quickly():
        dataset = document(text)
        for media_type in formats.MEDIA_TYPES:
            assert formats.serialize(dataset, media_type)


LARGE = [
    ("a long literal", "text/turtle", '<a> <b> "' + "x" * 5 * MIB + '" .', 413),
    ("a long literal of escapes", "text/turtle", '<a> <b> "' + "\\n" * 5 * MIB + '" .', 413),
    ("a long literal in json", JSON_LD, '{"http://x/p": "' + "x" * 5 * MIB + '"}', 413),
    ("a long literal just within", "text/turtle", '<a> <b> "' + "x" * (4 * MIB - 1) + '" .', 200),
    ("many statements", "text/turtle", "".join(f"<a> <b> {n} .\n" for n in range(200_000)), 200),
    ("too many statements", "text/turtle", "<a> <b> 1" + ",1" * 250_001 + " .", 413),
    ("too many statements in json", JSON_LD, '{"http://x/p": [' + "1," * 250_001 + "1]}", 413),
    ("too many bytes", "text/turtle", "#" * (20 * MIB + 1), 413),
    ("a long comment", "text/turtle", "#" * (15 * MIB), 200),
    ("a very long comment", "text/turtle", "#" * (19 * MIB), 413),
    ("a long list", "text/turtle", "<a> <b> ( " + "1 " * 100_000 + ") .", 200),
    ("many prefixes", "text/turtle", "".join(f"@prefix p{n}: <http://x/{n}> ." for n in range(50_000)), 413),
    ("an unclosed string", "text/turtle", '<a> <b> """' + '"" ' * 500_000, 400),
    ("many unclosed strings", "text/turtle", "<a> <b> [" + "\"'" * 500_000, 400),
    ("many unclosed iris", "text/turtle", "[" * 200 + "<" * 500_000, (400, 413)),
    ("many unclosed comments", RDF_XML, XML_HEAD + "<!--" * 200_000, (400, 413)),
    ("many unclosed attributes", RDF_XML, XML_HEAD + '<a "' * 200_000, (400, 413)),
    ("many unclosed sections", RDF_XML, XML_HEAD + "<![CDATA[" * 100_000, (400, 413)),
    ("backslashes", JSON_LD, '["' + "\\" * 1_000_001, 400),
]


@pytest.mark.parametrize(
    ("media_type", "text", "expected"), [each[1:] for each in LARGE], ids=[each[0] for each in LARGE]
)
def test_large_documents_are_read_or_refused_in_linear_time(
    media_type: str, text: str, expected: int | tuple[int, ...]
):
    with quickly(3 * SECONDS_MAX):
        status = status_of(lambda: document(text, media_type))
    assert status in (expected if isinstance(expected, tuple) else (expected,))


LONG = "x" * 500_000
AMPLIFIED = [
    ("a prefix", "text/turtle", f"@prefix p: <http://{LONG}> . <a> <b> p:" + ", p:" * 100_000 + " ."),
    ("a base", "text/turtle", f"@base <http://{LONG}/> . <a> <b> <c>" + ", <c>" * 100_000 + " ."),
    (
        "a term",
        JSON_LD,
        f'{{"@context": {{"p": "http://{LONG}/"}}, "@graph": [{{"p": 1}}' + ', {"p": 1}' * 50_000 + "]}",
    ),
    ("a vocabulary", JSON_LD, f'{{"@context": {{"@vocab": "http://{LONG}/"}}, "p": [1' + ", 1" * 50_000 + "]}"),
    (
        "a language",
        JSON_LD,
        '{"@context": {"@language": "en' + "-abcdefgh" * 50_000 + '"}, "http://x/p": ["a"' + ', "a"' * 50_000 + "]}",
    ),
    ("a datatype", "text/turtle", f'@prefix p: <http://{LONG}> . <a> <b> ""^^p:' + ', "1"^^p:' * 100_000 + " ."),
    ("a namespace", RDF_XML, XML_HEAD.replace("e.example", LONG) + "<e:c>" + "<e:p/>" * 100_000 + "</e:c></rdf:RDF>"),
    (
        "an xml base",
        RDF_XML,
        XML_HEAD[:-1] + f' xml:base="http://{LONG}/"><e:c>' + '<e:p rdf:resource="a"/>' * 50_000 + "</e:c></rdf:RDF>",
    ),
]


@pytest.mark.parametrize(("media_type", "text"), [each[1:] for each in AMPLIFIED], ids=[each[0] for each in AMPLIFIED])
def test_short_names_for_long_ones_do_not_fill_the_memory(media_type: str, text: str):
    with quickly():
        assert status_with_memory(512 * MIB, lambda: document(text, media_type)) == 413


TERMS = ",".join(f'"t{n}": "http://x/t{n}"' for n in range(2_000))
CONTEXTS = [
    (
        "scoped to a property",
        f'{{"@context": {{"p": {{"@id": "http://x/p", "@context": {{{TERMS}}}}}}}, "@graph": ['
        + '{"p": {"t1": 1}},' * 2_000
        + "{}]}",
    ),
    (
        "scoped to a type",
        f'{{"@context": {{"P": {{"@id": "http://x/p", "@context": {{{TERMS}}}}}}}, "@graph": ['
        + '{"@type": "P", "t1": 1},' * 2_000
        + "{}]}",
    ),
    ("again and again", f'{{"@context": {{{TERMS}}}, "@graph": [' + '{"@context": {}, "t1": 1},' * 5_000 + "{}]}"),
    ("known and again", "[" + '{"@context": "https://www.w3.org/ns/activitystreams", "name": 1},' * 20_000 + "{}]"),
    (
        "nested",
        '{"@context": '
        + '{"p": {"@id": "http://x/p", "@context": ' * 30
        + f"{{{TERMS}}}"
        + "}}" * 30
        + ', "@graph": ['
        + '{"p": 1},' * 5_000
        + "{}]}",
    ),
]


@pytest.mark.parametrize("text", [each[1] for each in CONTEXTS], ids=[each[0] for each in CONTEXTS])
def test_contexts_that_are_read_over_and_over_are_refused(text: str):
    with quickly():
        assert status_of(lambda: document(text, JSON_LD)) == 413


def test_many_objects_under_a_modest_context_are_read():
    text = (
        '{"@context": "https://www.w3.org/ns/activitystreams", "items": ['
        + '{"type": "Note", "name": "n"},' * 5_000
        + "{}]}"
    )
    with quickly():
        assert status_of(lambda: document(text, JSON_LD)) == 200


def written_everywhere(dataset: Dataset) -> None:
    for media_type in formats.MEDIA_TYPES:
        formats.serialize(dataset, media_type)


BLANK_GRAPHS = [
    ("a chain", "".join(f"_:n{n} <p> _:n{n + 1} ." for n in range(4_000))),
    ("a ring", "".join(f"_:n{n} <p> _:n{(n + 1) % 4_000} ." for n in range(4_000))),
    ("a list without end", "".join(f"_:n{n} rdf:first 1 ; rdf:rest _:n{(n + 1) % 2_000} ." for n in range(2_000))),
    ("a broken list", "".join(f"_:n{n} rdf:first 1 ; rdf:rest _:n{n + 1} ." for n in range(2_000))),
    (
        "lists that share a tail",
        "".join(f"<l{n}> <p> _:n{n} . _:n{n} rdf:first 1 ; rdf:rest _:t ." for n in range(1_200)) + "_:t rdf:rest () .",
    ),
    ("a star", "_:c <p> " + ", ".join(f"_:n{n}" for n in range(4_900)) + " ."),
]


@pytest.mark.parametrize("text", [each[1] for each in BLANK_GRAPHS], ids=[each[0] for each in BLANK_GRAPHS])
def test_awkward_blank_nodes_are_written_in_linear_time(text: str):
    dataset = document("@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> ." + text)
    with quickly():
        written_everywhere(dataset)
    assert len(document(formats.serialize(dataset, "text/turtle")).default) == len(dataset.default)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (media_type, content)
        for media_type in formats.MEDIA_TYPES
        for content in (
            b"\x00" * 1000,
            b"\xff\xfe" * 500,
            "é".encode("utf-16"),
            b"\xc3",
            b"\xed\xa0\x80",
            b"\x1f\x8b\x08",
        )
    ],
)
def test_bytes_that_are_no_text_are_malformed(media_type: str, content: bytes):
    assert status_of(lambda: document(content, media_type)) == 400


@pytest.mark.parametrize(
    "text",
    [
        '{"@context": "file:///etc/passwd", "a": 1}',
        '{"@context": "http://127.0.0.1:1/", "a": 1}',
        '{"@context": ["http://169.254.169.254/latest/meta-data"], "a": 1}',
        '{"@context": {"p": {"@id": "http://x/p", "@context": "http://127.0.0.1:1/"}}, "p": {}}',
        '{"@context": {"@version": 1.1, "@import": "http://127.0.0.1:1/"}, "a": 1}',
        '{"\\u0040context": "http://127.0.0.1:1/", "a": 1}',
        '{"http://x/p": {"@context": "http://127.0.0.1:1/", "a": 1}}',
    ],
)
def test_no_context_is_fetched(text: str):
    assert status_of(lambda: document(text, JSON_LD)) == 422


@pytest.mark.parametrize(
    "text",
    [
        '{"@id": "http://x/a> <http://x/b> <http://x/c> .\\n<http://x/d", "http://x/p": 1}',
        '{"@id": "a", "http://x/p> <http://x/b> .\\n<http://x/d": 1}',
        '{"@id": "_:a <http://x/b> <http://x/c> .\\n_:b", "http://x/p": 1}',
        '{"@id": "a", "http://x/p": {"@value": "x", "@language": "en .\\n<http://x/a> <http://x/b> 1"}}',
    ],
)
def test_names_cannot_smuggle_statements(text: str):
    assert status_of(lambda: document(text, JSON_LD)) in {400, 422}
