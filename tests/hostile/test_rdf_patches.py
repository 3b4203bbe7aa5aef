"""Patches made to hurt: each is refused or applied, quickly."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pod.config import Config
from pod.rdf.limits import NESTING_MAX, Limits
from pod.rdf.patch import apply
from tests.unit.rdf.reading import LIMITS, PREFIXES, document, n3, sparql, status_of

SECONDS_MAX = 2.0


@contextmanager
def quickly(seconds: float = SECONDS_MAX) -> Iterator[None]:
    begin = time.process_time()
    yield
    assert time.process_time() - begin < seconds


def inserts(formula: str) -> str:
    return f"<> a solid:InsertDeletePatch ; solid:inserts {{ {formula} }} ."


DEEP = [
    "( " * 20_000 + ") " * 20_000,
    "[ ex:p " * 20_000 + "1" + " ]" * 20_000,
    "( " * 500_000,
    "[ ex:p " * 500_000,
    "{ :a ex:p " * 20_000,
]


@pytest.mark.parametrize("deep", DEEP, ids=lambda deep: deep[:8])
def test_deep_nesting_is_refused_at_once(deep: str):
    with quickly(0.5):
        assert status_of(lambda: n3(inserts(f":a ex:p {deep}"))) in {413, 422}
        assert status_of(lambda: sparql(f"INSERT DATA {{ :a ex:p {deep} }}")) in {413, 422}
        assert status_of(lambda: sparql(f"INSERT {{ :a ex:p 1 }} WHERE {{ {deep} }}")) in {413, 422}


def test_nesting_within_the_cap_is_read():
    deep = "[ ex:p ( " * (NESTING_MAX // 2 - 1) + " ) ]" * (NESTING_MAX // 2 - 1)
    assert status_of(lambda: n3(inserts(f":a ex:p {deep}"))) == 200
    assert status_of(lambda: sparql(f"INSERT DATA {{ :a ex:p {deep} }}")) == 200


def test_a_deeper_setting_does_not_exhaust_the_stack():
    assert Limits.from_config(Config(document_depth_max=100_000)).depth == NESTING_MAX


def test_nested_groups_are_refused_at_once():
    with quickly(0.5):
        assert status_of(lambda: sparql("DELETE WHERE " + "{ " * 20_000 + "} " * 20_000)) == 422


LARGE = [
    ":a ex:p 1" + ", 1" * 250_001,
    ":a ex:p '" + "x" * 4_500_000 + "'",
    ":a ex:p '" + "\\n" * 2_200_000 + "'",
    ":a ex:p " + "." * 1_000_000,
    ":a ex:p ex:a" + "." * 1_000_000,
    ":a ex:p " + '"""' * 500_000,
    ":a ex:p " + "'''\"" * 500_000,
    ":a ex:p '" + "\\u00e" * 300_000,
    ":a ex:p <" + "a" * 4_000_000,
    ":a ex:p " + "<a" * 1_000_000,
    ":a ex:p " + "#" * 4_000_000,
    ":a ex:p 1" + "1" * 4_500_000,
    ":a ex:p 'x'@" + "a-" * 1_000_000,
    ":a ex:p " + "_:" * 1_000_000,
    ":a ex:p " + "a:" * 1_000_000,
    "?" * 1_000_000,
    " " * 5_000_000,
    "; " * 1_000_000,
]


@pytest.mark.parametrize("part", LARGE, ids=lambda part: part[:12])
def test_large_patches_are_read_or_refused_in_linear_time(part: str):
    with quickly(5 * SECONDS_MAX):
        assert status_of(lambda: n3(inserts(part))) < 500
    with quickly(5 * SECONDS_MAX):
        assert status_of(lambda: sparql(f"INSERT DATA {{ {part} }}")) < 500


def test_short_names_for_long_ones_do_not_fill_the_memory():
    names = ", ".join(f"long:{n}" for n in range(1_000))
    text = f"@prefix long: <http://{'x' * 500_000}/> . {inserts(':a ex:p ' + names)}"
    with quickly():
        assert status_of(lambda: n3(text)) == 413


CROWD = PREFIXES + " ".join(f":s{n} ex:p {n} ." for n in range(400))


@pytest.mark.parametrize(
    "where",
    [
        "?a ex:p ?b . ?c ex:p ?d . ?e ex:p ?f . ?g ex:p ?h . ?i ex:p ?j . ?k ex:p ?l",
        "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?q ?r ?s",
        "_:a ex:p _:b . _:c ex:p _:d . _:e ex:p _:f . _:g ex:p _:h . _:i ex:p _:j . _:k ex:p _:l",
        "?a ex:p ?b . ?c ex:p ?d . ?e ex:p ?f . ?g ex:p ?h . ?h ex:p ?g",
        "?a ex:p ?b . _:c ex:p _:d . _:e ex:p _:f . ?a ex:q ?b",
        " . ".join(f"?v{n} ex:p ?w{n}" for n in range(5_000)),
    ],
    ids=lambda where: where[:30],
)
def test_conditions_that_fit_in_countless_ways_end_soon(where: str):
    dataset = document(CROWD)
    patch = n3(f"<> a solid:InsertDeletePatch ; solid:where {{ {where} }} ; solid:inserts {{ :a ex:p 1 }} .")
    with quickly(1.0):
        assert status_of(lambda: apply(patch, dataset, limits=LIMITS)) in {409, 422}
    update = sparql(f"INSERT {{ :a ex:p 1 }} WHERE {{ {where} }}")
    with quickly():
        assert status_of(lambda: apply(update, dataset, limits=LIMITS)) in {200, 422}


def test_many_operations_share_one_budget_of_steps():
    update = sparql("DELETE { ?x ex:p ?y } INSERT { ?x ex:p ?y } WHERE { ?x ex:p ?y } ;" * 20_000)
    dataset = document(CROWD)
    with quickly():
        assert status_of(lambda: apply(update, dataset, limits=LIMITS)) == 422


def test_a_template_cannot_copy_a_long_literal_for_ever():
    update = sparql(f"INSERT {{ ?x ex:q '{'x' * 1_000_000}' }} WHERE {{ ?x ex:p ?y }}")
    dataset = document(CROWD)
    with quickly():
        assert status_of(lambda: apply(update, dataset, limits=LIMITS)) == 413


def test_patches_multiplying_statements_stop_at_the_cap():
    update = sparql("INSERT { ?x ex:q ?b } WHERE { ?x ex:p ?y . ?a ex:p ?b }")
    dataset = document(PREFIXES + " ".join(f":s{n} ex:p {n} ." for n in range(60)))
    with quickly():
        assert status_of(lambda: apply(update, dataset, limits=Limits(triples=1_000))) == 413


def test_a_large_document_and_a_small_patch_take_milliseconds():
    dataset = document(PREFIXES + " ".join(f":s{n} ex:p {n} ; ex:name 'n{n}' ." for n in range(5_000)))
    patch = n3("<> a solid:InsertDeletePatch ; solid:where { ?x ex:name 'n77' } ; solid:inserts { ?x ex:q 1 } .")
    with quickly(0.5):
        assert len(apply(patch, dataset, limits=LIMITS).default) == 10_001


def test_updates_make_no_request():
    for text in (
        "LOAD <http://127.0.0.1:1/>",
        "INSERT { ?a ?b ?c } WHERE { SERVICE <http://127.0.0.1:1/> { ?a ?b ?c } }",
    ):
        assert status_of(lambda text=text: sparql(text)) == 422
