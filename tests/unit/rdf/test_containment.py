import json

import pytest

from pod.errors import NotAcceptable
from pod.rdf import containment
from pod.rdf.containment import ListedContainer, ListedMember
from pod.rdf.formats import MEDIA_TYPES
from pod.rdf.graph import IRI, Graph, Literal
from pod.rdf.vocab import DCTERMS, LDP, PIM, RDF, STAT, XSD
from tests.unit.rdf.reading import document, turtle

URL = "http://pod.example/alice/notes/"
CONTAINER = ListedContainer(URL, 1_700_000_000)
MEMBERS = [
    ListedMember(URL + "sub/", is_container=True, media_type="text/turtle", size=0, modified=1_700_000_001),
    ListedMember(URL + "a.ttl", is_container=False, media_type="text/turtle; charset=utf-8", size=12, modified=0),
    ListedMember(URL + "caf%C3%A9'(1).svg", is_container=False, media_type="image/svg+xml", size=3, modified=5),
    ListedMember(URL + "odd", is_container=False, media_type="x/y|{z}", size=1, modified=6),
]


def listing(media_type: str = "text/turtle", description: Graph | None = None, root: bool = False) -> Graph:
    container = CONTAINER._replace(root=root)
    content = b"".join(containment.write(container, iter(MEMBERS), description, media_type))
    return document(content, media_type).default


@pytest.mark.requirement("solid#server-contained-resource-metadata")
@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_every_format_says_the_same(media_type: str):
    assert listing(media_type) == listing()
    assert listing(media_type, turtle(f"<{URL}> ex:about [ ex:p 1 ] .")).isomorphic(
        listing(description=turtle(f"<{URL}> ex:about [ ex:p 1 ] ."))
    )


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_many_members_come_in_several_pieces(media_type: str):
    number = 2 * containment.MEMBERS_PER_CHUNK + 1
    members = (ListedMember(f"{URL}{n}", False, "text/plain", n, n) for n in range(number))
    pieces = list(containment.write(CONTAINER, members, None, media_type))
    graph = document(b"".join(pieces), media_type).default
    assert graph.count(IRI(URL), LDP.contains) == number
    assert len(graph) == 5 + 6 * number
    assert len(pieces) >= 3 or media_type == "application/rdf+xml"


def test_an_empty_container_is_a_document_in_every_format():
    for media_type in MEDIA_TYPES:
        content = b"".join(containment.write(CONTAINER, (), None, media_type))
        assert len(document(content, media_type).default) == 5


@pytest.mark.requirement("solid#server-basic-container")
def test_the_container_says_what_it_is():
    graph, subject = listing(), IRI(URL)
    assert {*graph.objects(subject, RDF.type)} == {LDP.Resource, LDP.Container, LDP.BasicContainer}
    assert graph.value(subject, DCTERMS.modified) == Literal("2023-11-14T22:13:20Z", datatype=XSD.dateTime)
    assert graph.value(subject, STAT.mtime) == Literal("1700000000", datatype=XSD.integer)
    assert {member.value for member in graph.objects(subject, LDP.contains)} == {member.url for member in MEMBERS}


def test_the_root_of_a_storage_says_so():
    assert PIM.Storage in set(listing(root=True).objects(IRI(URL), RDF.type))


@pytest.mark.requirement("solid#contained-resource-metadata-rdf-type")
@pytest.mark.requirement("solid#contained-resource-metadata-stat-size")
@pytest.mark.requirement("solid#contained-resource-metadata-dcterms-modified")
@pytest.mark.requirement("solid#contained-resource-metadata-stat-mtime")
def test_members_have_their_metadata():
    graph, member = listing(), IRI(URL + "a.ttl")
    kind = IRI("http://www.w3.org/ns/iana/media-types/text/turtle#Resource")
    assert {*graph.objects(member, RDF.type)} == {LDP.Resource, kind}
    assert graph.value(member, STAT.size) == Literal("12", datatype=XSD.integer)
    assert graph.value(member, STAT.mtime) == Literal("0", datatype=XSD.integer)
    assert graph.value(member, DCTERMS.modified) == Literal("1970-01-01T00:00:00Z", datatype=XSD.dateTime)


def test_contained_containers_have_types_but_no_size():
    graph, member = listing(), IRI(URL + "sub/")
    assert {*graph.objects(member, RDF.type)} == {LDP.Resource, LDP.Container, LDP.BasicContainer}
    assert graph.value(member, STAT.size) is None


def test_a_media_type_that_no_iri_can_name_gives_no_class():
    assert list(listing().objects(IRI(URL + "odd"), RDF.type)) == [LDP.Resource]


def test_json_ld_is_one_array_of_objects():
    nodes = json.loads(b"".join(containment.write(CONTAINER, MEMBERS, None, "application/ld+json")))
    assert {node["@id"] for node in nodes} == {URL, *(member.url for member in MEMBERS)}


def test_what_rdf_xml_cannot_say_is_not_acceptable():
    with pytest.raises(NotAcceptable):
        list(containment.write(CONTAINER, MEMBERS, turtle(f"<{URL}> ex:1 2 ."), "application/rdf+xml"))


LDP_PREFIXES = """@prefix ldp: <http://www.w3.org/ns/ldp#> . @prefix stat: <http://www.w3.org/ns/posix/stat#> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix pim: <http://www.w3.org/ns/pim/space#> ."""


@pytest.mark.requirement("solid#server-protect-containment")
@pytest.mark.requirement("solid#server-protect-contained-resource-metadata")
@pytest.mark.parametrize(
    "statement",
    [
        f"<{URL}> ldp:contains <{URL}new> .",
        f"<{URL}> ldp:contains <http://elsewhere.example/> .",
        "<http://elsewhere.example/> ldp:contains <http://elsewhere.example/x> .",
        "[] ldp:contains [] .",
        f"<{URL}> dcterms:modified 'now' .",
        f"<{URL}> stat:mtime 1 .",
        f"<{URL}a> dcterms:modified 'now' .",
        f"<{URL}a> stat:size 1 .",
        f"<{URL}sub/> stat:mtime 1 .",
        f"<{URL}a> a <http://www.w3.org/ns/iana/media-types/image/png#Resource> .",
        f"<{URL}a> a ldp:Container .",
    ],
)
def test_what_only_the_server_may_say_is_found(statement: str):
    graph = turtle(f"{LDP_PREFIXES} <{URL}> ex:p 1 . {statement}")
    _, expected = graph
    assert containment.protected(graph, URL) == expected


@pytest.mark.parametrize(
    "statement",
    [
        f"<{URL}> a ldp:Resource, ldp:Container, ldp:BasicContainer .",
        f"<{URL}> dcterms:title 'Notes' ; dcterms:created 'then' .",
        f"<{URL}a> dcterms:title 'A note' ; a ex:Note .",
        f"<{URL}a#it> dcterms:modified 'then' .",
        f"<{URL}sub/deeper> dcterms:modified 'then' .",
        "<http://elsewhere.example/> dcterms:modified 'then' .",
        "[] dcterms:modified 'then' .",
    ],
)
def test_what_clients_may_say_is_left_alone(statement: str):
    assert containment.protected(turtle(LDP_PREFIXES + statement), URL) is None
