"""Bombs against the parsers: refused in little memory, without a crash, and without keeping other threads waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pod.rdf import formats
from pod.rdf.graph import IRI, Dataset
from tests.hostile.bombs import BOMBS, JSON_LD, LINKS, TURTLE
from tests.hostile.test_rdf_documents import MIB, status_with_memory
from tests.support.waiting import SECONDS_MAX
from tests.unit.rdf.reading import BASE, document, status_of

STACK_BYTES = MIB
"""Of a thread that the web server starts, or less."""
STALL_SECONDS_MAX = 0.5


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str) -> None:
    media_type, text = BOMBS[name]
    assert status_with_memory(300 * MIB, lambda: on_a_small_stack(lambda: document(text, media_type))) in {
        400,
        413,
        422,
    }


def on_a_small_stack(call: Callable[[], object]) -> None:
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join(SECONDS_MAX)
    assert not thread.is_alive()
    if raised:
        raise raised[0]


DEEPEST = {
    "objects": (JSON_LD, '{"http://x/p":' * 100 + "1" + "}" * 100),
    "contexts": (JSON_LD, '{"@context":{"v":"http://v/"},"v:p":' * 50 + "1" + "}" * 50),
    "scoped contexts": (
        JSON_LD,
        '{"@context":' + '{"p":{"@id":"http://x/p","@context":' * 30 + "{}" + "}}" * 30 + ',"p":1}',
    ),
    "blank nodes": (TURTLE, "<a> <b> " + "[ <p> " * 100 + "1" + " ]" * 100 + " ."),
}


@pytest.mark.parametrize("name", DEEPEST)
def test_what_the_caps_allow_fits_on_the_stack(name: str) -> None:
    media_type, text = DEEPEST[name]
    assert status_with_memory(300 * MIB, lambda: on_a_small_stack(lambda: document(text, media_type))) == 200


# -- turns -------------------------------------------------------------------------------------------------------------


@contextmanager
def stalls() -> Iterator[list[float]]:
    """Afterwards the CPU seconds that passed each time a thread waited for its turn: other processes do not count."""
    seconds: list[float] = []
    done = threading.Event()

    def look() -> None:
        last = time.process_time()
        while not done.wait(0.001):
            now = time.process_time()
            seconds.append(now - last)
            last = now

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seconds
    finally:
        done.set()
        thread.join(SECONDS_MAX)


def rows(count: int) -> str:
    return "".join(f"<#s{number // 8}> <p{number % 8}> 'value {number}' .\n" for number in range(count))


LONG = {
    "statements": (TURTLE, rows(80_000)),
    "strings": (TURTLE, "<a> <b> (" + "[]," * 200 + '"",' * 2_000_000),
    "brackets": (TURTLE, "<a> <b> " + "()" * 2_000_000),
    "one object": (JSON_LD, "{" + ",".join(f'"k{number}":1' for number in range(200_000)) + "}"),
    "a graph": (JSON_LD, '{"@graph":[' + ",".join(f'{{"@id":"a{n}","http://x/p":1}}' for n in range(100_000)) + "]}"),
    "a known context": (
        JSON_LD,
        '{"@context":"https://www.w3.org/ns/activitystreams","http://x/p":['
        + ",".join(f'"{n}"' for n in range(200_000))
        + "]}",
    ),
}


@pytest.mark.parametrize("name", LONG)
def test_reading_a_long_document_lets_others_have_their_turn(name: str) -> None:
    media_type, text = LONG[name]
    with stalls() as seconds:
        status_of(lambda: document(text, media_type))
    assert max(seconds) < STALL_SECONDS_MAX


@pytest.fixture(scope="module")
def long() -> Dataset:
    return document(rows(200_000) + "".join(f"_:n{number} <p> _:n{number * 7 % 40_000} ." for number in range(40_000)))


@pytest.mark.parametrize("media_type", formats.MEDIA_TYPES)
def test_writing_a_long_document_lets_others_have_their_turn(long: Dataset, media_type: str) -> None:
    with stalls() as seconds:
        assert len(formats.serialize(long, media_type)) > MIB
    assert max(seconds) < STALL_SECONDS_MAX


def test_forgetting_a_long_document_lets_others_have_their_turn() -> None:
    dataset = [document(rows(240_000))]
    assert dataset[0].default.count(p=IRI(f"{BASE[:-5]}p1"))
    with stalls() as seconds:
        dataset.clear()
    assert max(seconds, default=0) < STALL_SECONDS_MAX / 5


# -- definitions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "context",
    [
        '{"foaf": "http://xmlns.com/foaf/0.1/", "Person": "foaf:Person", "Agent": {"@id": "Person"}}',
        '{"en": {"@id": "http://x/en", "@language": "de"}, "de": {"@id": "http://x/de", "@language": "en"}}',
        '{"id": "@id", "type": "@type", "name": {"@id": "http://x/name", "@type": "id"}}',
        '[{"a": "http://x/"}, {"b": "a:b"}, {"c": "b:c", "a": "http://y/"}]',
    ],
)
def test_definitions_as_people_write_them_are_fine(context: str) -> None:
    assert status_of(lambda: document(f'{{"@context": {context}, "http://x/p": 1}}', JSON_LD)) == 200


def test_many_members_are_fine_in_many_objects() -> None:
    text = '{"@graph":[' + ",".join(f'{{"@id":"a{n}","http://x/p":{n}}}' for n in range(80_000)) + "]}"
    assert status_of(lambda: document(text, JSON_LD)) == 200


def test_definitions_are_looked_at_in_little_time() -> None:
    terms = ",".join(f'"t{number}": "v:{number}"' for number in range(LINKS))
    begin = time.process_time()
    assert status_of(lambda: document(f'{{"@context": {{"v": "http://x/", {terms}}}, "t1": 1}}', JSON_LD)) == 200
    assert time.process_time() - begin < 1
