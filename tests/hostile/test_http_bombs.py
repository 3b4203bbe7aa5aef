"""Bombs over HTTP: refused, nothing changed. And what is accepted can be read, in every format that is offered.

Spec: Solid #server-representation-turtle-jsonld; RFC 9110 s8.4, s14.2
"""

from __future__ import annotations

import gzip
import zlib
from urllib.parse import urlsplit

import pytest

from pod.rdf.formats import MEDIA_TYPES
from tests.hostile.bombs import BOMBS, JSON_LD, RDF_XML, TURTLE, xml
from tests.hostile.place import Place, assert_refused
from tests.support.client import N3, SPARQL, SolidClient, assert_problem, raw_head, raw_request

KIB, MIB = 1024, 1024 * 1024
REFUSED = {400, 413, 422}
WRITES = [("PUT", "doc"), ("POST", ""), ("PUT", "doc.meta"), ("PUT", "box/")]


@pytest.mark.parametrize("name", [name for name in BOMBS if "crash" in name or "deep" in name])
def test_no_bomb_goes_off(place: Place, name: str) -> None:
    media_type, text = BOMBS[name]
    with place.unchanged():
        for method, where in WRITES:
            answer = place.client.request(
                method, place.container + where, data=text, headers={"Content-Type": media_type}
            )
            assert_problem(answer, *REFUSED)


def test_strangers_have_no_other_bombs(place: Place, anyone: SolidClient) -> None:
    for media_type, text in BOMBS.values():
        answer = anyone.post(place.client.pod + "inbox/", text, headers={"Content-Type": media_type})
        assert_problem(answer, *REFUSED)
    assert place.client.get(place.doc).status_code == 200


# -- what is accepted is readable --------------------------------------------------------------------------------------

ODD = {
    "a byte order mark": (TURTLE, "\ufeff<#a> <#b> <#c> ."),
    "NUL in a literal": (TURTLE, '<#a> <#b> "\\u0000" .'),
    "control characters": (TURTLE, '<#a> <#b> "\\u0001\\u001F\\u007F\\u0085\\u2028" .'),
    "no characters": (TURTLE, '<#a> <#b> "\\uFFFE\\uFFFF\\U0010FFFF" .'),
    "carriage returns": (TURTLE, '<#a> <#b> """\r\n\r""" .'),
    "quotes": (TURTLE, """<#a> <#b> '''"''\\'''', "\\\\", "]]>", "&amp;<" ."""),
    "labels": (TURTLE, "_:0 <#b> _:a.b, _:é, _:a-b, _:b0, _:" + "0" * 32 + " ."),
    "long names": (TURTLE, f"<#{'x' * 100_000}> <#{'y' * 100_000}> <http://x/{'z' * 100_000}> ."),
    "odd names": (TURTLE, "<#a\\u00e9> <#b%zz> <x:y> . <#a> <#1> <urn:x:y#'()*> . <a:b> <c:d> <e:f> ."),
    "predicates that are no XML names": (TURTLE, "<#a> <http://x/1> 1 ; <http://x/> 2 ; <http://x/a:> 3 ; <urn:1> 4 ."),
    "predicates of XML": (TURTLE, "<#a> <http://www.w3.org/XML/1998/namespacelang> 1 ; <http://www.w3.org/2000/xmlns/a> 2 ."),
    "predicates of RDF": (
        TURTLE,
        (
            "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
            "<#a> rdf:_1 1 ; rdf:li 2 ; rdf:about 3 ; rdf:ID 4 ; rdf:Description 5 ; rdf:RDF 6 ; rdf:first 7 ."
        ),
    ),
    "values that are none": (
        TURTLE,
        (
            "@prefix x: <http://www.w3.org/2001/XMLSchema#> . "
            '<#a> <#b> "z"^^x:integer, "99"^^x:boolean, "NaN"^^x:double, ""^^x:date, 1e9999, 0000, -0.0, +1 .'
        ),
    ),
    "languages": (TURTLE, "<#a> <#b> 'x'@en, 'x'@EN-us, 'x'@x-" + "-".join(["abcdefgh"] * 100) + " ."),
    "huge numbers": (TURTLE, f"<#a> <#b> {'9' * 100_000}, 1.{'0' * 100_000}1, 1e{'9' * 1000} ."),
    "a list that is its own tail": (
        TURTLE,
        (
            "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
            "_:a rdf:first 1 ; rdf:rest _:a . _:b rdf:first _:b ; rdf:rest rdf:nil . <#x> <#y> _:b, ( ( ) ( 1 ) ) ."
        ),
    ),
    "prefixes": (TURTLE, "@prefix : <#> . @prefix a.b: <x:> . @prefix é: <y:> . @prefix xml: <z:> . @prefix xmlns: <w:> . :a a.b:c é:d, xml:e, xmlns:f ."),
    "another base": (TURTLE, "@base <http://x/a/b/../c> . <> <.> <../..> . <?q> <#f> <//h/p> ."),
    "prefixes of JSON-LD": (JSON_LD, '{"@context":{"<>":"http://x/","a b":"http://y/","":"http://z/"},"<>:a":1,"a b:c":2}'),
    "JSON in JSON-LD": (JSON_LD, '{"http://x/p":{"@type":"@json","@value":{"b":[null,1e400,"\\u0000"],"a":{}}}}'),
    "named graphs": (JSON_LD, '{"@id":"_:g","@graph":[{"@id":"a","http://x/p":{"@graph":{"@id":"b","http://x/p":1}}}]}'),
    "reversed and nested": (JSON_LD, '{"@reverse":{"http://x/p":{"@id":"a"}},"@nest":{"http://x/q":{"@set":[]}},"@included":[{"@id":"b"}]}'),
    "graphs of TriG": ("application/trig", "<#g> { <#a> <#b> _:x } _:g { _:x <#b> 1 } GRAPH <#e> {} { <#a> <#b> <#g> }"),
    "lines": ("application/n-quads", '_:a <x:p> "\\u0000\\n"@en-a _:g .\n<x:a> <x:p> <x:a> .\n'),
    "namespaces of XML": (TURTLE, "@prefix a: <http://www.w3.org/2000/xmlns/> . @prefix xml: <http://www.w3.org/XML/1998/namespace> . <#a> <#b> a:c ."),
    "older predicates of RDF": (TURTLE, "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . <#a> rdf:bagID 1 ."),
    "XML as a value": (RDF_XML, xml('<rdf:Description><e:p rdf:parseType="Literal"><e:a e:b="&amp;">&lt;<!-- c --></e:a></e:p></rdf:Description>')),
    "XML": (RDF_XML, xml('<e:c rdf:ID="i" xml:lang="en" e:p=""><rdf:li/><rdf:_2>&#x1F600;&#13;</rdf:_2></e:c>')),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_accepted_can_be_read_in_every_format(place: Place, name: str) -> None:
    media_type, text = ODD[name]
    stored = place.client.put(place.doc, text, headers={"Content-Type": media_type})
    if stored.status_code != 204:
        assert_problem(stored, *REFUSED)
        return
    for accept in (*MEDIA_TYPES, "text/html"):
        answer = place.client.get(place.doc, headers={"Accept": accept})
        assert answer.status_code == 200 or (accept == RDF_XML and answer.status_code == 406), (accept, answer.text)
        if accept in MEDIA_TYPES and answer.status_code == 200 and accept != media_type:
            again = place.client.put(place.container + "again", answer.content, headers={"Content-Type": accept})
            assert again.status_code in {201, 204}, (accept, again.text)


@pytest.mark.parametrize("name", ODD)
def test_what_is_accepted_can_be_patched(place: Place, name: str) -> None:
    media_type, text = ODD[name]
    if place.client.put(place.doc, text, headers={"Content-Type": media_type}).status_code == 204:
        insert = place.client.patch(place.doc, "INSERT DATA { <#new> <#p> 1 }", headers=SPARQL)
        assert insert.status_code == 204 or (media_type == RDF_XML and insert.status_code in {406, 422}), insert.text
        assert place.client.get(place.doc, headers={"Accept": "application/n-quads"}).status_code == 200


# -- documents that others depend on -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "box/"])
def test_a_containers_description_stays_small(place: Place, name: str) -> None:
    """Every listing includes it."""
    place.client.put_container(place.container + "box/")
    long = f"<#a> <#b> '{'x' * (MIB + 1)}' ."
    with place.unchanged():
        for where in (place.container + name + ".meta", place.container + "new/"):
            assert_problem(place.client.put(where, long, headers={"Content-Type": TURTLE}), 413)
        row = f"INSERT DATA {{ <#a> <#b> '{'x' * (MIB + 1)}' }}"
        assert_problem(place.client.patch(place.container + name + ".meta", row, headers=SPARQL), 413)


def test_a_profile_stays_short_enough_to_sign_in_with(bob: SolidClient) -> None:
    """More than so much of a WebID's document is never read."""
    profile = bob.pod + "profile/card"
    before = bob.get(profile)
    long = "x" * (MIB + 1)
    grown = before.text + f"\n<#me> <http://x.example/about> '{long}' ."
    assert_problem(bob.put(profile, grown, headers={"Content-Type": TURTLE}), 413)
    insert = f"INSERT DATA {{ <#me> <http://x.example/about> '{long}' }}"
    assert_problem(bob.patch(profile, insert, headers=SPARQL), 413)
    assert bob.get(profile).headers["ETag"] == before.headers["ETag"]


# -- codings and ranges ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "coding",
    ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "nonsense", "compress"],
)
@pytest.mark.parametrize(("method", "name", "media_type"), [
    ("PUT", "doc", TURTLE), ("PUT", "new", "image/png"), ("POST", "", JSON_LD), ("PATCH", "doc", "text/n3"),
])  # fmt: skip
def test_content_that_would_have_to_be_unpacked_is_refused(
    place: Place, method: str, name: str, media_type: str, coding: str
) -> None:
    packed = zlib.compress(b" " * MIB) if coding == "deflate" else gzip.compress(b" " * 10 * MIB)
    headers = {"Content-Type": media_type, "Content-Encoding": coding}
    with place.unchanged():
        assert_problem(place.client.request(method, place.container + name, data=packed, headers=headers), 415)


RANGES = [
    "bytes=" + ",".join(["0-"] * 3000),
    "bytes=" + ",".join(f"{n}-{n}" for n in range(1400)),
    "bytes=0-18446744073709551616",
    "bytes=-18446744073709551616",
    "bytes=" + "9" * 10_000 + "-",
    "bytes=5-2",
    "bytes=--1",
    "bytes=0x0-1",
    "bytes=\u0661-\u0662",
    "items=0-5",
    "bytes=,,,,",
    "bytes=0-0, 0-0",
]


@pytest.mark.parametrize("asked", RANGES, ids=range(len(RANGES)))
def test_ranges_never_give_more_than_there_is(place: Place, asked: str) -> None:
    place.client.put(place.container + "picture", b"x" * 70 * KIB, headers={"Content-Type": "image/png"})
    path = urlsplit(place.container + "picture").path
    answer = raw_request(place.client.base_url, raw_head(place.client, "GET", path, f"Range: {asked}"))
    assert answer.status in {200, 206, 416}
    assert len(answer.body) <= 70 * KIB


# -- patches -----------------------------------------------------------------------------------------------------------

SOLID = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; "
UNRELATED = " . ".join(f"?a{number} <#p> ?b{number}" for number in range(6))


@pytest.mark.parametrize(("headers", "patch"), [
    (N3, f"{SOLID} solid:where {{ {UNRELATED} }}; solid:inserts {{ <#x> <#y> 1 }} ."),
    (SPARQL, f"INSERT {{ <#x> <#y> 1 }} WHERE {{ {UNRELATED} }}"),
    (SPARQL, f"DELETE {{ ?a0 <#p> ?b5 }} WHERE {{ {UNRELATED} }}"),
    (SPARQL, "DELETE WHERE " + "{ " * 20_000 + "}" * 20_000),
    (SPARQL, "INSERT { <#x> <#y> 1 } WHERE { " + "OPTIONAL { " * 20_000 + "}" * 20_000 + " }"),
    (N3, f"{SOLID} solid:where {{ {'?x <#p> [ <#p> ' * 20_000} }} ."),
])  # fmt: skip
def test_six_unrelated_conditions_over_400_triples_stop_nobody(
    place: Place, headers: dict[str, str], patch: str
) -> None:
    place.client.put_turtle(place.doc, " ".join(f"<#s{number}> <#p> {number} ." for number in range(400)))
    with place.unchanged():
        assert_problem(place.client.patch(place.doc, patch, headers=headers), 400, 409, 413, 422)


@pytest.mark.parametrize("fields", [["Content-Type: text/turtle", "Content-Length: 1"]])
def test_the_server_is_alive(place: Place, fields: list[str]) -> None:
    path = urlsplit(place.doc).path
    assert_refused(raw_request(place.client.base_url, raw_head(place.client, "PUT", path, *fields) + b"<"), 400)
    assert place.client.get(place.doc).status_code == 200
