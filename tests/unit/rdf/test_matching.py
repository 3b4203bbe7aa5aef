import pytest

from pod.errors import UnprocessableContent
from pod.rdf.graph import Graph
from pod.rdf.matching import Steps, solutions
from tests.unit.rdf.reading import n3, turtle


def matches(graph: Graph, where: str, steps: int = 10_000) -> list[dict[str, str]]:
    (operation,) = n3(f"[] a solid:InsertDeletePatch ; solid:where {{ {where} }} .").operations
    found = solutions(graph, operation.where, Steps(steps))
    return [{str(unknown): str(term) for unknown, term in binding.items()} for binding in found]


def family(size: int) -> Graph:
    return turtle("".join(f":p{n} a ex:Person ; ex:knows :p{n + 1} ; ex:name '{n}' . " for n in range(size)))


def test_no_patterns_fit_in_one_way():
    assert matches(family(2), "") == [{}]


@pytest.mark.parametrize(
    ("where", "count"),
    [
        (":p0 a ex:Person", 1),
        (":p0 a ex:Nobody", 0),
        ("?x a ex:Person", 50),
        ("?x ex:knows ?y . ?y ex:knows ?z", 49),
        ("?x ex:name '3' . ?x ex:knows ?y . ?y ex:name ?n", 1),
        (":p0 ?p ?o", 3),
        ("?x ?p ?x", 0),
        ("?x a ex:Person . :p1 a ex:Person", 50),
        ("?x a ex:Person . :p1 a ex:Nobody", 0),
        ("?x ex:name '3' . ?y ex:name '4'", 1),
        ("?x ex:name ?n . ?y ex:knows ?n", 0),
        ("?x ex:knows ?y . ?z ?x ?y", 0),
        ("_:b ex:knows _:c . _:c ex:name '7'", 1),
    ],
)
def test_patterns_fit_as_often_as_they_should(where: str, count: int):
    assert len(matches(family(50), where)) == count
    assert len(matches(family(50).copy(), where)) == count


def test_a_chain_costs_no_more_than_its_length_times_the_graph():
    chain = " . ".join(f"?v{n} ex:knows ?v{n + 1}" for n in range(10))
    assert len(matches(family(100), chain, steps=2_000)) == 91


def test_the_order_of_the_patterns_does_not_matter_for_the_work():
    patterns = ["?x a ex:Person", "?y a ex:Person", "?x ex:knows ?y", "?y ex:name '50'"]
    for where in (" . ".join(patterns), " . ".join(reversed(patterns))):
        assert len(matches(family(100), where, steps=100)) == 1


def test_too_much_work_is_refused():
    with pytest.raises(UnprocessableContent) as caught:
        matches(family(50), "?a ?b ?c . ?d ?e ?f . ?g ?h ?i")
    assert caught.value.extras["limit"] == 10_000
