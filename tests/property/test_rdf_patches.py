"""Patches do what rdflib does, and all or nothing."""

import re

import pytest
import rdflib
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rdflib import URIRef

from pod.errors import PatchDidNotMatch
from pod.rdf import formats, n3patch, sparql_update
from pod.rdf.graph import Dataset, Graph
from pod.rdf.limits import Limits
from pod.rdf.patch import Patch, apply
from tests.property.rdf_strategies import additions, block, conditions, facts, ground, removals
from tests.unit.rdf.reading import BASE, LIMITS, PREFIXES, SPARQL_PREFIXES, document, n3, sparql, status_of


def read_by_rdflib(before: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=PREFIXES + before, format="turtle", publicID=BASE)


def told(graph: rdflib.Graph) -> Graph:
    """What of rdflib's graph is RDF: it also holds triples whose property is a blank node or whose subject a literal."""
    kept = rdflib.Graph()
    for triple in graph:
        if is_rdf(triple):
            kept.add(triple)
    return document(kept.serialize(format="nt"), "application/n-triples").default


def is_rdf(triple: tuple[rdflib.term.Node, ...]) -> bool:
    return isinstance(triple[1], URIRef) and not isinstance(triple[0], rdflib.Literal)


def by_rdflib(before: str, update: str) -> Graph:
    """The document after an update, as rdflib does it: by the long form of DELETE WHERE, since rdflib removes what the
    short form finds while it is still looking.
    """
    graph = read_by_rdflib(before)
    graph.update(SPARQL_PREFIXES + re.sub(r"DELETE WHERE (\{.*?\})", r"DELETE \1 WHERE \1", update))
    return told(graph)


def n3_by_rdflib(before: str, where: list[str], deletes: list[str], inserts: list[str]) -> Graph | None:
    """The document after an N3 Patch, by the eight steps of the specification; None for a conflict."""
    graph = read_by_rdflib(before)
    named = sorted(unknowns(where))
    found = list(
        graph.query(f"{SPARQL_PREFIXES} SELECT DISTINCT {' '.join(named) or '(1 AS ?one)'} WHERE {block(where)}")
    )
    if len(found) != 1:
        return None
    terms = {f"?{name}": term for name, term in found[0].asdict().items()}
    removed = [triple_of(part, terms) for part in deletes]
    added = [triple_of(part, terms) for part in inserts]
    if not all(map(is_rdf, removed + added)) or not all(triple in graph for triple in removed):
        return None
    for triple in removed:
        graph.remove(triple)
    for triple in added:
        graph.add(triple)
    return told(graph)


def triple_of(part: str, terms: dict[str, rdflib.term.Node]) -> tuple[rdflib.term.Node, ...]:
    """A pattern with its variables replaced; `_:n` is one new blank node."""
    known = {"_:n": rdflib.BNode("new")} | terms
    return tuple(known[word] if word in known else value_of(word) for word in part.split())


def value_of(word: str) -> rdflib.term.Node:
    return next(read_by_rdflib(f"ex:s ex:p {word} .").objects())


def unknowns(parts: list[str]) -> set[str]:
    return {word for part in parts for word in part.split() if word.startswith("?")}


def turtle_of(parts: list[str]) -> str:
    return "".join(f"{part} . " for part in parts)


def document_of(parts: list[str]) -> Dataset:
    return document(PREFIXES + turtle_of(parts))


updates = st.one_of(
    ground.map(lambda parts: f"INSERT DATA {block(parts)}"),
    ground.map(lambda parts: f"DELETE DATA {block(parts)}"),
    removals.map(lambda parts: f"DELETE WHERE {block(parts)}"),
    st.tuples(removals, additions, conditions).map(
        lambda parts: f"DELETE {block(parts[0])} INSERT {block(parts[1])} WHERE {block(parts[2])}"
    ),
    st.tuples(additions, conditions).map(lambda parts: f"INSERT {block(parts[0])} WHERE {block(parts[1])}"),
    st.tuples(removals, conditions).map(lambda parts: f"DELETE {block(parts[0])} WHERE {block(parts[1])}"),
)


@settings(max_examples=100, deadline=None)
@given(facts, updates)
def test_sparql_update_does_as_rdflib_does(before: list[str], update: str):
    ours = apply(sparql(update), document_of(before), limits=LIMITS).default
    assert ours.isomorphic(by_rdflib(turtle_of(before), update))


@settings(max_examples=30, deadline=None)
@given(facts, st.lists(updates, min_size=2, max_size=3))
@example([":a ex:p :a"], ["INSERT DATA { :a ex:p :b }", "DELETE WHERE { :a ex:p ?y . ?x ex:p ?x }"])
def test_several_operations_do_as_rdflib_does(before: list[str], several: list[str]):
    update = " ; ".join(several)
    ours = apply(sparql(update), document_of(before), limits=LIMITS).default
    assert ours.isomorphic(by_rdflib(turtle_of(before), update))


@pytest.mark.requirement("solid#server-patch-n3-semantics")
@pytest.mark.requirement("solid#server-patch-n3-semantics-no-mapping")
@settings(max_examples=100, deadline=None)
@given(facts, conditions, removals, additions)
def test_n3_patch_does_as_the_specification_says(
    before: list[str], where: list[str], deletes: list[str], inserts: list[str]
):
    bound = unknowns(where)
    deletes = [part for part in deletes if unknowns([part]) <= bound]
    inserts = [part for part in inserts if unknowns([part]) <= bound]
    formulae = f"solid:where {block(where)} ; solid:deletes {block(deletes)} ; solid:inserts {block(inserts)}"
    patch = n3(f"[] a solid:InsertDeletePatch ; {formulae} .")
    expected = n3_by_rdflib(turtle_of(before), where, deletes, inserts)
    if expected is None:
        with pytest.raises(PatchDidNotMatch):
            apply(patch, document_of(before), limits=LIMITS)
    else:
        assert apply(patch, document_of(before), limits=LIMITS).default.isomorphic(expected)


def n3_patches() -> st.SearchStrategy[Patch]:
    texts = st.tuples(ground, ground).map(
        lambda parts: (
            f"[] a solid:InsertDeletePatch ; solid:deletes {block(parts[0])} ; solid:inserts {block(parts[1])} ."
        )
    )
    return texts.map(n3)


@pytest.mark.requirement("rfc5789#2.2")
@settings(max_examples=150, deadline=None)
@given(facts, n3_patches() | updates.map(sparql), st.integers(0, 6))
def test_whatever_becomes_of_a_patch_the_old_dataset_stays(before: list[str], patch: Patch, most: int):
    dataset = document_of(before)
    untouched = list(dataset.default)
    prefixes = dict(dataset.prefixes)
    assert status_of(lambda: apply(patch, dataset, limits=Limits(patch_steps=most, triples=most))) < 500
    assert list(dataset.default) == untouched
    assert dataset.prefixes == prefixes


@settings(max_examples=100, deadline=None)
@given(facts, ground)
def test_inserting_what_is_new_and_deleting_it_restores_the_graph(before: list[str], parts: list[str]):
    old = document_of(before)
    new = [part for part in parts if not set(document_of([part]).default) <= set(old.default)]
    patch = sparql(f"INSERT DATA {block(new)} ; DELETE DATA {block(new)}")
    assert apply(patch, old, limits=LIMITS).default == old.default


PIECES = [
    "INSERT",
    "DELETE",
    "DATA",
    "WHERE",
    "PREFIX ex: <http://x/>",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "?x",
    "ex:p",
    "<a>",
    "_:b",
    '"t"',
    "1",
    ".",
    ";",
    ",",
    "a",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "@prefix ex: <http://x/> .", "solid:inserts", "=>", "FILTER"]), max_size=25))
def test_shuffled_pieces_of_patches_parse_or_are_refused(pieces: list[str]):
    content = " ".join(pieces).encode()
    assert status_of(lambda: n3patch.parse(content, base=BASE, limits=LIMITS)) < 500
    assert status_of(lambda: sparql_update.parse(content, base=BASE, limits=LIMITS)) < 500


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_random_bytes_are_refused_as_patches(content: bytes):
    assert 400 <= status_of(lambda: n3patch.parse(content, base=BASE, limits=LIMITS)) < 500
    assert status_of(lambda: sparql_update.parse(content, base=BASE, limits=LIMITS)) < 500


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<x>",
                "ex:a.b",
                "_:b",
                '"""l"o"""',
                "'s'@en",
                "-1.5e3",
                "[ ex:p 1 ; ]",
                "( 1 () )",
                "true",
                "ex:é",
                "<#\\u00e9>",
            ]
        ),
        min_size=1,
        max_size=6,
    )
)
def test_our_grammar_of_triples_is_turtles(values: list[str]):
    text = f":s ex:p {' , '.join(values)} ; a ex:T ."
    ours = apply(sparql(f"INSERT DATA {{ {text} }}"), Dataset(), limits=LIMITS).default
    assert ours.isomorphic(formats.parse((PREFIXES + text).encode(), "text/turtle", base=BASE, limits=LIMITS).default)
