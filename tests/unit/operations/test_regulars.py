"""Writers who come back get what they got the first time, and hold up nobody."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from itertools import islice

import pytest

from pod.app import create_app
from pod.operations.admission import LITTLE_BYTES
from pod.rdf import formats
from pod.rdf.large import LargeWork
from tests.support.inprocess import LocalServer

TURTLE = {"Content-Type": "text/turtle"}
SPARQL = {"Content-Type": "application/sparql-update"}
CARD = "/alice/profile/card"
WAIT_SECONDS = 20


class Watched:
    """A store that notes how much is staged within transactions, and tells whether one is under way."""

    def __init__(self, store):
        self._store = store
        self.is_inside = False
        self.staged_inside = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def write_together(self, by, change):
        def noted(tx):
            self.is_inside = True
            try:
                return change(tx)
            finally:
                self.is_inside = False

        return self._store.write_together(by, noted)

    def stage(self, *given, **named):
        content = self._store.stage(*given, **named)
        if self.is_inside:
            self.staged_inside.append(content.size)
        return content


@pytest.fixture
def server(tmp_path):
    server = LocalServer(tmp_path)
    yield server
    server.close()


def with_services(server, **others):
    server.application = create_app(server.services.config, replace(server.services, **others)).wsgi_app


@pytest.mark.requirement("solid#server-update-protected-triples")
def test_owners_replace_their_profile_as_often_as_they_like(server):
    profile = server.request("GET", CARD).body
    answers = [server.request("PUT", CARD, TURTLE, profile + b"# %d" % each) for each in range(3)]
    assert [each.status for each in answers] == [204, 204, 204]
    other = profile + b"<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://other.example/> ."
    assert server.request("PUT", CARD, TURTLE, other).status == 409


def test_a_small_patch_that_makes_much_of_little_is_not_computed_while_others_wait(server):
    watched = Watched(server.services.store)
    with_services(server, store=watched)
    document = "".join(f"<#{each}> <#p> 1 .\n" for each in range(100)).encode()
    update = b'INSERT { ?s <#q> "%s" } WHERE { ?s <#p> 1 }' % (b"x" * 10_000)
    assert server.request("PUT", "/alice/new", TURTLE, document).status == 201
    assert server.request("PATCH", "/alice/new", SPARQL, b"INSERT DATA { <#a> <#p> 2 }").status == 204
    assert server.request("PATCH", "/alice/new", SPARQL, update).status == 204
    assert len(server.request("GET", "/alice/new").body) > 1_000_000
    assert [each for each in watched.staged_inside if each > 20_000] == []
    assert len(watched.staged_inside) == 1


LONG_PREFIX = f"@prefix p: <http://example.org/{'x' * 8_000}> .\n"
DEAR_DOCUMENTS = {
    "text/turtle": (LONG_PREFIX + " ".join(f"p:{each} p:p p:p ." for each in range(300))).encode(),
    "application/ld+json": json.dumps(
        {
            "@context": [{f"t{each}": f"http://e/{each}" for each in range(400)}, *[{"t0": "http://e/0"}] * 30],
            "@graph": [{"@context": {}, "t0": each} for each in range(20)],
        }
    ).encode(),
}


@pytest.mark.parametrize("media_type", DEAR_DOCUMENTS)
def test_a_small_document_that_is_dear_to_read_is_not_read_while_others_wait(server, monkeypatch, media_type):
    watched = Watched(server.services.store)
    with_services(server, store=watched)
    read_inside = []

    def noting(read):
        def noted(*given, **named):
            dataset = read(*given, **named)
            if named["base"].endswith("/dear"):
                read_inside.append((read.__name__, watched.is_inside))
            return dataset

        return noted

    for read in (formats.parse, formats.validate):
        monkeypatch.setattr(formats, read.__name__, noting(read))
    document = DEAR_DOCUMENTS[media_type]
    assert len(document) < LITTLE_BYTES
    assert server.request("PUT", "/alice/dear", {"Content-Type": media_type}, document).status == 201
    assert server.request("PATCH", "/alice/dear", SPARQL, b"INSERT DATA { <#a> <#p> 2 }").status == 204
    assert read_inside == [("validate", False), ("parse", False)]


def test_of_those_who_want_one_large_conversion_only_so_many_wait(server):
    work = LargeWork(1)
    with_services(server, large_work=work)
    document = b"".join(b'<#%d> <#p> "%s" .\n' % (each, b"x" * 100) for each in range(2_000))
    assert server.request("PUT", "/alice/large", TURTLE, document).status == 201
    asked = {"Accept": "application/ld+json"}
    with ThreadPoolExecutor(3) as threads:
        with work.document(len(document)):
            readers = {threads.submit(server.request, "GET", "/alice/large", asked) for _ in range(3)}
            refused = list(islice(as_completed(readers, WAIT_SECONDS), 2))
        assert [each.result().status for each in refused] == [503, 503]
        (waited,) = readers.difference(refused)
        assert waited.result(WAIT_SECONDS).status == 200
