from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Triple
from pod.rdf.vocab import FOAF
from tests.unit.rdf.reading import turtle

A, B = IRI("http://pod.example/a"), IRI("http://pod.example/b")


def people(number: int) -> Graph:
    """Enough of them, and lookups go through an index."""
    return Graph(Triple(IRI(f"http://pod.example/{n}"), FOAF.name, Literal(f"Name {n % 7}")) for n in range(number))


def test_a_graph_keeps_the_order_of_its_triples_and_each_once():
    first, second = Triple(B, FOAF.knows, A), Triple(A, FOAF.knows, B)
    assert list(Graph([first, second, first])) == [first, second]


def test_graphs_are_equal_as_sets():
    first, second = Triple(B, FOAF.knows, A), Triple(A, FOAF.knows, B)
    assert Graph([first, second]) == Graph([second, first])
    assert Graph([first]) != Graph([second])
    assert Graph() != "not a graph"


def test_matching_finds_by_any_terms_in_small_and_large_graphs():
    for size in (5, 100):
        graph = people(size)
        subject = IRI("http://pod.example/3")
        triple = Triple(subject, FOAF.name, Literal("Name 3"))
        assert list(graph.match(subject)) == [triple]
        assert list(graph.match(subject, FOAF.name)) == [triple]
        assert list(graph.match(subject, None, Literal("Name 3"))) == [triple]
        assert triple in graph.match(None, FOAF.name, Literal("Name 3"))
        assert triple in graph.match(None, None, Literal("Name 3"))
        assert len(list(graph.match(None, FOAF.name))) == size
        assert list(graph.match(subject, FOAF.name, Literal("Name 3"))) == [triple]
        assert not list(graph.match(subject, FOAF.name, Literal("Name 4")))
        assert len(list(graph.match())) == graph.count() == size


def test_indexes_follow_changes():
    graph = people(100)
    assert not list(graph.match(A))
    added = Triple(A, FOAF.name, Literal("Name 3"))
    before = graph.count(None, None, Literal("Name 3"))
    graph.add(added)
    graph.add(added)
    assert list(graph.match(A)) == [added]
    assert graph.count(None, None, Literal("Name 3")) == before + 1
    graph.discard(added)
    graph.discard(added)
    assert not list(graph.match(A))
    assert graph.count(None, None, Literal("Name 3")) == before


def test_a_copy_goes_its_own_way():
    graph = people(3)
    copy = graph.copy()
    copy.add(Triple(A, FOAF.knows, B))
    assert len(graph) == 3
    assert len(copy) == 4


def test_values_objects_and_subjects():
    graph = turtle(':a ex:p "one", "two" . :b ex:p "one" .')
    a, p = IRI("http://pod.example/alice/notes#a"), IRI("http://www.example.org/terms#p")
    assert graph.value(a, p) == Literal("one")
    assert graph.value(a, FOAF.name) is None
    assert list(graph.objects(a, p)) == [Literal("one"), Literal("two")]
    assert len(list(graph.subjects(p, Literal("one")))) == 2


def test_by_subject_brings_statements_together_in_first_seen_order():
    graph = Graph([Triple(B, FOAF.knows, A), Triple(A, FOAF.knows, B), Triple(B, FOAF.name, Literal("B"))])
    assert [triple.subject for triple in graph.by_subject()] == [B, B, A]


def test_isomorphic_graphs_differ_only_in_the_names_of_blank_nodes():
    first = turtle("_:x ex:p _:y . _:y ex:p 1 .")
    assert first != turtle("_:q ex:p _:r . _:r ex:p 1 .")
    assert first.isomorphic(turtle("_:q ex:p _:r . _:r ex:p 1 ."))
    assert not first.isomorphic(turtle("_:q ex:p _:r . _:q ex:p 1 ."))
    assert not first.isomorphic(Graph())


def test_an_empty_dataset_is_still_a_dataset():
    assert Dataset()
    assert len(Dataset()) == 0
    assert len(Dataset(people(3), {BNode(): people(2)})) == 5
