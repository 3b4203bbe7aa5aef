import json
from dataclasses import dataclass, field

import pytest

from pod.errors import ContentTooLarge, MalformedContent, UnprocessableContent
from pod.rdf import contexts, formats
from pod.rdf.graph import IRI, Graph, Literal, Triple
from pod.rdf.limits import Limits
from pod.rdf.vocab import AS, LDP, NOTIFY, OIDC, RDF, XSD
from tests.unit.rdf.reading import BASE, LIMITS, document

JSON_LD = "application/ld+json"


@dataclass
class Shelf:
    """A loader with a few contexts, which counts what it was asked for."""

    documents: dict[str, object]
    asked: list[str] = field(default_factory=list)

    def load(self, url: str) -> bytes:
        self.asked.append(url)
        return json.dumps(self.documents[url]).encode()


def read(document: object, shelf: Shelf, limits: Limits = LIMITS) -> Graph:
    return formats.parse(json.dumps(document).encode(), JSON_LD, base=BASE, limits=limits, contexts=shelf).default


@pytest.mark.parametrize("url", contexts.KNOWN)
def test_known_contexts_are_packaged(url: str):
    content = contexts.known_context(url)
    assert content is not None
    assert "@context" in json.loads(content)


@pytest.mark.requirement("as2#context")
@pytest.mark.parametrize(
    ("url", "text", "predicate"),
    [
        ("https://www.w3.org/ns/activitystreams", '"name": "n"', AS.name),
        ("https://www.w3.org/ns/activitystreams", '"inbox": "http://x/"', LDP.inbox),
        ("https://www.w3.org/ns/solid/oidc-context.jsonld", '"client_name": "n"', OIDC.client_name),
        ("https://www.w3.org/ns/solid/notifications-context/v1", '"topic": "http://x/"', NOTIFY.topic),
        ("https://www.w3.org/ns/solid/notification/v1", '"state": "s"', NOTIFY.state),
        ("https://www.w3.org/ns/lws/v1", '"totalItems": 1', AS.totalItems),
    ],
)
def test_known_contexts_are_used_without_a_loader(url: str, text: str, predicate: IRI):
    (triple,) = document(f'{{"@context": "{url}", "@id": "a", {text}}}', JSON_LD).default
    assert triple.predicate == predicate


def test_several_contexts_with_the_documents_own():
    text = """{"@context": ["https://www.w3.org/ns/activitystreams", "https://www.w3.org/ns/solid/notification/v1",
      {"ex": "http://www.example.org/terms#"}], "id": "a", "type": "Update", "state": "s", "ex:p": true}"""
    graph = document(text, JSON_LD).default
    subject = IRI("http://pod.example/alice/a")
    assert set(graph) == {
        Triple(subject, RDF.type, AS.Update),
        Triple(subject, NOTIFY.state, Literal("s")),
        Triple(subject, IRI("http://www.example.org/terms#p"), Literal("true", datatype=XSD.boolean)),
    }


def test_an_unknown_context_is_refused_by_its_name():
    with pytest.raises(UnprocessableContent) as caught:
        document('{"@context": "https://elsewhere.example/c", "name": "x"}', JSON_LD)
    assert "https://elsewhere.example/c" in caught.value.detail
    assert caught.value.extras["context"] == "https://elsewhere.example/c"


def test_other_contexts_come_from_the_loader_once_each():
    shelf = Shelf({"https://c.example/": {"@context": {"p": "http://x/p"}}})
    graph = read({"@graph": [{"@context": "https://c.example/", "p": n} for n in range(5)]}, shelf)
    assert len(graph) == 5
    assert shelf.asked == ["https://c.example/"]


def test_relative_references_to_contexts_resolve_where_they_stand():
    shelf = Shelf(
        {
            "http://pod.example/alice/c": {"@context": ["sub/d", {"p": "http://x/p"}]},
            "http://pod.example/alice/sub/d": {"@context": {"q": "http://x/q"}},
        }
    )
    assert len(read({"@context": "c", "p": 1, "q": 2}, shelf)) == 2


def test_scoped_contexts_are_found():
    shelf = Shelf({"https://c.example/": {"@context": {"q": "http://x/q"}}})
    scoped = {"p": {"@id": "http://x/p", "@context": "https://c.example/"}}
    assert len(read({"@context": scoped, "p": {"q": 1}}, shelf)) == 2


def test_imported_contexts_yield_to_what_imports_them():
    shelf = Shelf({"https://c.example/": {"@context": {"p": "http://x/old", "q": "http://x/q"}}})
    context = {"@version": 1.1, "@import": "https://c.example/", "p": "http://x/new"}
    assert {triple.predicate.value for triple in read({"@context": context, "p": 1, "q": 2}, shelf)} == {
        "http://x/new",
        "http://x/q",
    }


def test_a_base_in_a_remote_context_does_not_count():
    shelf = Shelf({"https://c.example/": {"@context": {"@base": "http://evil.example/", "p": "http://x/p"}}})
    (triple,) = read({"@context": "https://c.example/", "@id": "a", "p": 1}, shelf)
    assert triple.subject == IRI("http://pod.example/alice/a")


def test_json_literals_are_left_alone():
    value = {"@context": "https://not-a-context.example/"}
    context = {"data": {"@id": "http://x/data", "@type": "@json"}, "as": "https://www.w3.org/ns/activitystreams#"}
    (triple,) = read({"@context": [context], "data": value}, Shelf({}))
    assert json.loads(triple.object.value) == value
    (triple,) = read({"http://x/p": {"@type": "@json", "@value": value}}, Shelf({}))
    assert json.loads(triple.object.value) == value


@pytest.mark.parametrize(
    "context",
    [
        {"@context": "https://c.example/"},
        {"@context": {"p": {"@id": "http://x/p", "@context": "https://c.example/"}}},
        {"@context": {"@version": 1.1, "@import": "https://c.example/"}},
        {"no context": {}},
        ["https://c.example/"],
    ],
)
def test_contexts_that_include_themselves_or_are_none_are_refused(context: object):
    with pytest.raises(UnprocessableContent):
        read({"@context": "https://c.example/", "p": 1}, Shelf({"https://c.example/": context}))


def test_a_document_may_not_use_very_many_contexts():
    urls = [f"https://c.example/{n}" for n in range(contexts.REMOTE_CONTEXTS_MAX + 1)]
    shelf = Shelf({url: {"@context": {}} for url in urls})
    assert read({"@context": urls[:-1], "http://x/p": 1}, shelf)
    with pytest.raises(UnprocessableContent):
        read({"@context": urls, "http://x/p": 1}, shelf)


def test_contexts_that_cost_too_much_are_refused():
    terms = {f"t{n}": f"http://x/{n}" for n in range(100)}
    document = {"@context": {"p": {"@id": "http://x/p", "@context": terms}}, "@graph": [{"p": {"t1": 1}}] * 100}
    assert read(document, Shelf({}))
    with pytest.raises(ContentTooLarge):
        read(document, Shelf({}), Limits(context_steps=10_000))


def test_two_members_of_one_name_are_malformed():
    with pytest.raises(MalformedContent):
        document('{"@context": {"p": "http://x/p"}, "p": 1, "p": 2}', JSON_LD)
