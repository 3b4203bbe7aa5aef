"""Several processes read the documents of one storage at once, while it changes, and are killed at any moment."""

from __future__ import annotations

from select import select

import pytest

from pod.index.records import Counts
from tests.support import index_reader
from tests.support.waiting import SECONDS_MAX, until
from tests.unit.index.documents import contact, group, note, pod_in

CONTACTS, ROUNDS, STEPS = 40, 4, 12
TABLES = {
    "thing": "path, iri, kind, t.name, sort, at_ms, web_id, words, data",
    "thing_member": "path, of_group, member, t.name",
    "thing_reference": "path, target",
}


@pytest.fixture
def pod(tmp_path):
    with pod_in(tmp_path) as made:
        yield made


def kept(pod):
    """All rows, whatever their order."""
    join = "JOIN thing_document d ON d.storage = t.storage AND d.resource = t.resource"
    ask = pod.services.store.derived_rows
    return {
        "thing_document": sorted(ask("SELECT storage, resource, path, whole FROM thing_document")),
        **{table: sorted(ask(f"SELECT {what} FROM {table} t {join}"), key=repr) for table, what in TABLES.items()},
    }


def change(pod, turn):
    """Some contacts are written anew, some go and come, a group and a post change."""
    pod.write_all({f"c/{n}": contact(f"Name{n}-{turn}") for n in range(turn, CONTACTS, 3)})
    pod.remove(f"c/{turn}")
    pod.write("g", group(f"Group {turn}", *(f"https://m{n}.example/" for n in range(turn, turn + 5))))
    pod.write(f"p/{turn}", note(f"post {turn}") + "<> as:attachment <../c/1>.")


def test_whoever_reads_at_one_time_and_whoever_is_killed_the_rows_are_right(pod, tmp_path):
    pod.write_all({f"c/{n}": contact(f"Name{n}") for n in range(CONTACTS)})
    readers = [index_reader.start(tmp_path / "data", pod.storage) for _ in range(2)]
    try:
        for turn in range(ROUNDS):
            victim = readers[turn % 2]
            for _ in range(STEPS):
                assert select([victim.stdout], [], [], SECONDS_MAX)[0], "a reader is stuck"
                assert victim.stdout.readline() == index_reader.STEP
            change(pod, turn)
            if turn % 2:
                victim.kill()
                victim.communicate(timeout=60)
                readers[turn % 2] = index_reader.start(tmp_path / "data", pod.storage)
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate(timeout=60)
    pod.catch_up()
    found = kept(pod)
    pod.services.store.change_derived("UPDATE thing_place SET format = 0")
    again = pod.another_index()
    until(lambda: again.catch_up(pod.storage))
    assert kept(pod) == found
    assert again.counts(pod.storage) == Counts(CONTACTS - ROUNDS, 1, ROUNDS, 0, is_complete=True)
