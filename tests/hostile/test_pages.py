"""Pages made of what strangers wrote: huge, deep, or meant to act. Their length and the time they take are bounded."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.hostile.place import Place
from tests.support.client import TURTLE, SolidClient
from tests.support.processes import cpu_seconds
from tests.support.server import Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGE_BYTES_MAX = 2_000_000
CPU_SECONDS_MAX = 10
"""Of the server: other work on the machine does not count."""
EVIL = """"><script>alert(1)</script><img src=x onerror=alert(1)>'"""


class Attributes(HTMLParser):
    """The names of all attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {name for name, _ in attrs}


def nested(depth: int) -> str:
    return "<#a> <#b> " + "[ <#b> " * depth + "1" + "]" * depth + " ."


def chained(length: int) -> str:
    return "".join(f"_:n{number} <#b> _:n{number + 1} .\n" for number in range(length))


def listed(length: int) -> str:
    return f"<#a> <#b> ({' '.join(map(str, range(length)))}) ."


DOCUMENTS = {
    "many statements": "".join(f"<#a{number}> <#b> {number} .\n" for number in range(250_000)),
    "many properties": "".join(f"<#a> <#b{number}> {number} .\n" for number in range(50_000)),
    "one long text": f'<#a> <#b> "{"&" * 4_000_000}" .',
    "many long texts": "".join(f'<#a> <#b> "{number}{"<" * 9_000}" .\n' for number in range(1_000)),
    "a long IRI": f"<#a> <#b> <http://a.example/{'x' * 4_000_000}> .",
    "long names": "".join(
        f'<#a{number}> <http://xmlns.com/foaf/0.1/name> "{"x" * 9_000}" .\n' for number in range(900)
    ),
    "nested": nested(99),
    "chained": chained(50_000),
    "a long list": listed(50_000),
    "a ring": chained(900) + "_:n900 <#b> _:n0 .",
    "many types": "<#a> a " + ", ".join(f"<#t{number}>" for number in range(50_000)) + " .",
    "everything twice": "".join(f"<#a> <#b> _:n{number}, [ <#c> _:n{number} ] .\n" for number in range(20_000)),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_page_of_any_document_is_bounded(server: Server, place: Place, name: str):
    url = place.container + "huge"
    assert place.client.put(url, DOCUMENTS[name].encode(), headers=TURTLE).status_code == 201
    before = cpu_seconds(server.pid)
    response = place.client.get(url, headers=BROWSER)
    assert cpu_seconds(server.pid) - before < CPU_SECONDS_MAX
    assert response.status_code == 200
    assert len(response.content) < PAGE_BYTES_MAX


@pytest.mark.parametrize("slug", ["<script>alert(1)<-script>", "\"onclick='x", "&lt;script&gt;", "javascript:alert(1)"])
def test_a_slug_is_text(place: Place, slug: str):
    made = place.client.post(place.container, b"<#a> <#b> <#c> .", headers=TURTLE | {"Slug": slug})
    assert made.status_code == 201
    for url in (place.container, made.headers["Location"], made.headers["Location"] + "/no"):
        page = place.client.get(url, headers=BROWSER).text
        assert "<script" not in page
        assert not any(name.startswith("on") for name in Attributes(page).names)
        assert 'href="javascript:' not in page


@pytest.mark.parametrize(
    "turtle",
    [
        "<#it> <http://purl.org/dc/terms/title> {text} .",
        "<#me> a <http://xmlns.com/foaf/0.1/Person>; <http://xmlns.com/foaf/0.1/name> {text} .",
        "<> <http://www.w3.org/2000/01/rdf-schema#label> {text} .",
        "<#a> <#b> {text}@en .",
        "<#a> <#b> [ <#c> ({text}) ] .",
    ],
)
def test_what_documents_say_does_not_act(place: Place, turtle: str):
    quoted = '"' + EVIL.replace('"', '\\"') + '"'
    place.client.put_turtle(place.doc, turtle.replace("{text}", quoted))
    page = place.client.get(place.doc, headers=BROWSER).text
    assert "<script" not in page
    assert "<img" not in page
    assert "alert(1)" in page


def test_a_container_says_nothing_that_acts(place: Place):
    quoted = '"' + EVIL.replace('"', '\\"') + '"'
    place.client.put_turtle(
        place.container + ".meta", f"<{place.container}> <http://purl.org/dc/terms/title> {quoted} ."
    )
    page = place.client.get(place.container, headers=BROWSER).text
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.parametrize("query", ["page=999999", "page=9999999", "page=1&page=2", "page=%31", "a" * 8000])
def test_any_page_of_a_listing_may_be_asked_for(place: Place, query: str):
    assert place.client.get(f"{place.container}?{query}", headers=BROWSER).status_code in {200, 404, 414, 431}


@pytest.mark.parametrize(
    "accept", ["text/html," * 3000, "text/html;q=" + "1" * 5000, "text/html;" * 2000, "text/html, " + "a/b," * 500]
)
def test_an_accept_that_makes_no_sense_is_no_failure(anyone: SolidClient, place: Place, accept: str):
    for client in (place.client, anyone):
        assert client.get(place.doc, headers={"Accept": accept}).status_code in {200, 400, 401, 406, 431}
