"""The file of who used what: added up by the hour, found again page by page, and bounded whatever anybody does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pod.store import access_records
from pod.store.access_records import (
    ALLOWED,
    ANYTHING,
    LIMITED,
    REFUSED,
    SEVERAL,
    STRANGERS,
    AccessRecords,
    Client,
    Record,
    Wanted,
)

BOB, APP = "https://bob.example/#me", "https://app.example/id"


@pytest.fixture
def records(tmp_path: Path):
    made = AccessRecords(tmp_path / "access.sqlite")
    yield made
    made.close()


def record(path: str = "/alice/a", **changes) -> Record:
    usual = {"hour": 10, "agent": BOB, "client": APP, "act": "read", "verdict": ALLOWED, "times": 1, "last_ms": 10}
    return Record(**{**usual, "path": path, **changes})


def add(records: AccessRecords, *some: Record, storage: str = "/alice/") -> int:
    return records.add({storage: some})


def paths(records: AccessRecords, wanted: Wanted = ANYTHING) -> list[str]:
    return [each.path for each in records.page("/alice/", wanted, 100)]


def test_the_same_in_the_same_hour_is_one_line(records):
    add(records, record(times=2, last_ms=20))
    add(records, record(times=3, last_ms=15))
    assert records.page("/alice/", ANYTHING, 10) == [record(times=5, last_ms=20)]


def test_what_is_of_one_pod_is_not_of_another(records):
    add(records, record())
    add(records, record("/alice2/a"), storage="/alice2/")
    assert paths(records) == ["/alice/a"]
    assert list(records.storages()) == ["/alice/", "/alice2/"]


def test_pages_lead_through_all_of_it_once_the_newest_hour_first(records):
    made = [
        record(f"/alice/{number % 7}", hour=number // 7, act=act) for number in range(50) for act in ("read", "write")
    ]
    add(records, *made)
    seen, after = [], None
    while some := records.page("/alice/", ANYTHING, 9, after):
        seen += some
        after = some[-1].key
    assert sorted(seen) == sorted(made)
    assert [each.hour for each in seen] == sorted((each.hour for each in made), reverse=True)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(agent=BOB), {"/alice/a", "/alice/b/c", "/alice/b/", "/alice/bc"}),
        (Wanted(agent=""), {"/alice/nobody"}),
        (Wanted(not_agents=(BOB, "else")), {"/alice/nobody", "/alice/claimed"}),
        (Wanted(client=Client("other")), {"/alice/bc"}),
        (Wanted(within="/alice/b/"), {"/alice/b/", "/alice/b/c"}),
        (Wanted(within="/alice/b"), {"/alice/b/", "/alice/b/c"}),
        (Wanted(within="/alice/a"), {"/alice/a"}),
        (Wanted(client=Client(APP, "https://idp.example/")), {"/alice/claimed"}),
        (Wanted(refused_only=True), {"/alice/nobody", "/alice/b/c"}),
        (Wanted(from_hour=11), {"/alice/b/c"}),
        (Wanted(before_hour=11, within="/alice/b/"), {"/alice/b/"}),
    ],
)
def test_it_is_found_by(records, wanted, found):
    add(
        records,
        record(),
        record("/alice/b/"),
        record("/alice/b/c", hour=11, verdict=LIMITED),
        record("/alice/bc", client="other"),
        record("/alice/claimed", agent="https://c.example/", issuer="https://idp.example/"),
        record("/alice/nobody", agent="", client="", verdict=REFUSED),
    )
    assert set(paths(records, wanted)) == found


def test_what_is_too_much_for_one_hour_is_added_up(records, monkeypatch):
    monkeypatch.setitem(access_records.PER_HOUR_MAX, ALLOWED, 6)
    assert add(records, *(record(f"/alice/{number}") for number in range(5))) == 2
    assert add(records, record("/alice/0"), record("/alice/9", times=4)) == 4
    assert add(records, record("/alice/9", hour=11)) == 0
    (much,) = [each for each in records.page("/alice/", ANYTHING, 10) if each.is_folded]
    assert (much.agent, much.client, much.place, much.times) == (BOB, APP, "/alice/", 6)
    assert sum(each.times for each in records.page("/alice/", ANYTHING, 10)) == 11


def test_nobody_takes_all_the_room_there_is(records, monkeypatch):
    """However much one does, and before whom: each is found by name, the next with all that they did."""
    monkeypatch.setitem(access_records.PER_HOUR_MAX, ALLOWED, 100)
    add(records, *(record(f"/alice/{number}", agent="https://a.example/") for number in range(1000)))
    add(records, *(record(f"/alice/{number}") for number in range(20)))
    found = records.page("/alice/", Wanted(agent=BOB), 1000)
    assert (len(found), any(each.is_folded for each in found)) == (20, False)


def test_those_who_are_too_many_are_added_up_together(records, monkeypatch):
    monkeypatch.setitem(access_records.PER_HOUR_MAX, REFUSED, 4)
    monkeypatch.setattr(access_records, "FOLDED_PER_HOUR_MAX", 3)
    crowd = [record(agent=f"https://{number:02}.example/", verdict=REFUSED) for number in range(20)]
    add(records, *crowd, record(verdict=LIMITED), record(agent="", client="", verdict=REFUSED))
    found = records.page("/alice/", ANYTHING, 100)
    assert {each.agent: each.times for each in found if each.is_folded}[SEVERAL] == 13
    assert {BOB, ""} <= {each.agent for each in found if not each.is_folded}
    assert len(found) == 4 + 3 + 1 + 2


def test_refusals_take_no_room_of_what_was_let_in(records, monkeypatch):
    monkeypatch.setitem(access_records.PER_HOUR_MAX, STRANGERS, 2)
    strangers = [record(f"/alice/{number}", agent="", client="", verdict=REFUSED) for number in range(100)]
    add(records, *strangers, record(), record(verdict=REFUSED))
    found = records.page("/alice/", ANYTHING, 10)
    assert sorted(each.times for each in found if each.agent == "") == [1, 1, 98]
    assert sorted(each.verdict for each in found if each.agent == BOB) == [ALLOWED, REFUSED]


def test_what_is_too_much_in_all_goes_refusals_first_and_old_ones_first(records):
    add(records, *(record(hour=hour) for hour in range(5)), *(record(hour=hour, verdict=REFUSED) for hour in range(5)))
    assert records.trim("/alice/", 7) == 3
    assert [each.hour for each in records.page("/alice/", Wanted(refused_only=True), 10)] == [4, 3]
    assert records.trim("/alice/", 4) == 3
    assert [each.hour for each in records.page("/alice/", ANYTHING, 10)] == [4, 3, 2, 1]
    assert records.trim("/alice/", 4) == 0


def test_repeats_are_added_up_by_the_day_before_anything_is_forgotten(records):
    hours = [
        record(f"/alice/{day}-{name}", hour=24 * day + hour) for day in range(3) for hour in range(24) for name in "ab"
    ]
    add(records, *hours, record("/alice/once", hour=1, agent="https://c.example/"))
    assert records.trim("/alice/", 60) == 145 - 53
    found = records.page("/alice/", ANYTHING, 1000)
    assert sum(each.times for each in found) == 145
    assert {each.hour for each in found} == {0, 24, *range(48, 72)}
    assert "/alice/once" in {each.path for each in found}


def test_what_is_still_too_much_is_added_up_for_each_who_did_it(records):
    many = [record(f"/alice/{number}", hour=24 * day) for day in range(3) for number in range(20)]
    add(records, *many, record("/alice/x", hour=1, agent="https://c.example/"))
    records.trim("/alice/", 30)
    found = records.page("/alice/", ANYTHING, 1000)
    assert [(each.hour, each.agent, each.times) for each in found if each.is_folded] == [
        (24, BOB, 20),
        (0, "https://c.example/", 1),
        (0, BOB, 20),
    ]
    assert sum(each.times for each in found) == 61


def test_what_is_older_is_forgotten_in_small_steps(records, monkeypatch):
    monkeypatch.setattr(access_records, "AT_ONCE_MAX", 2)
    add(records, *(record(hour=hour) for hour in range(10)))
    assert records.forget("/alice/", 7) == 7
    assert [each.hour for each in records.page("/alice/", ANYTHING, 10)] == [9, 8, 7]
    assert (records.forget("/alice/"), list(records.storages())) == (3, [])


def test_who_there_is_to_choose_from(records):
    add(records, record(), record("/alice/b"), record(agent="https://eve.example/#me", client=""))
    assert records.known("/alice/").agents == (BOB, "https://eve.example/#me")
    assert records.known("/alice/").clients == (Client(APP), Client(""))


def test_several_processes_write_the_same_file(tmp_path):
    def write(number: int) -> None:
        one = AccessRecords(tmp_path / "access.sqlite", busy_seconds=60)
        for each in range(20):
            add(one, record(), record(f"/alice/{number}-{each}"))
        one.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    records = AccessRecords(tmp_path / "access.sqlite")
    found = records.page("/alice/", ANYTHING, 1000)
    records.close()
    assert (len(found), sum(each.times for each in found)) == (81, 160)


def test_nobody_else_may_read_it(records, tmp_path):
    add(records, record())
    assert {oct(each.stat().st_mode)[-3:] for each in tmp_path.iterdir()} == {"600"}


def test_what_was_forgotten_is_not_in_the_file_any_more(records, tmp_path):
    add(records, record(agent="https://secret.example/#me"))
    records.forget("/alice/")
    records.compact()
    assert not any(b"secret.example" in each.read_bytes() for each in tmp_path.iterdir())


def test_a_row_that_lies_elsewhere_is_a_fault(records):
    add(records, record("/bob/a"))
    assert records.faults() == ["/bob/a does not lie in /alice/"]
