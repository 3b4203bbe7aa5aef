"""The file of who used what: added up by the hour, found again page by page, and bounded whatever anybody does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pod.store import access_records
from pod.store.access_records import ALLOWED, ANYTHING, LIMITED, REFUSED, SEVERAL, AccessRecords, Record, Wanted

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
        (Wanted(not_agents=(BOB, "else")), {"/alice/nobody"}),
        (Wanted(client="other"), {"/alice/bc"}),
        (Wanted(within="/alice/b/"), {"/alice/b/", "/alice/b/c"}),
        (Wanted(within="/alice/b"), {"/alice/b/", "/alice/b/c"}),
        (Wanted(within="/alice/a"), {"/alice/a"}),
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
        record("/alice/nobody", agent="", client="", verdict=REFUSED),
    )
    assert set(paths(records, wanted)) == found


def test_what_is_too_much_for_one_hour_is_added_up(records, monkeypatch):
    monkeypatch.setattr(access_records, "ALLOWED_PER_HOUR_MAX", 3)
    assert add(records, *(record(f"/alice/{number}") for number in range(5))) == 2
    assert add(records, record("/alice/0"), record("/alice/9", times=4)) == 4
    assert add(records, record("/alice/9", hour=11)) == 0
    (several,) = records.page("/alice/", Wanted(agent=SEVERAL), 10)
    assert (several.path, several.times) == ("/alice/", 6)
    assert sum(each.times for each in records.page("/alice/", ANYTHING, 10)) == 11


def test_refusals_take_no_room_of_what_was_let_in(records, monkeypatch):
    monkeypatch.setattr(access_records, "REFUSED_PER_HOUR_MAX", 2)
    strangers = [record(f"/alice/{number}", agent=f"{number}", verdict=REFUSED) for number in range(100)]
    add(records, *strangers, record())
    assert sorted(each.agent for each in records.page("/alice/", ANYTHING, 10)) == sorted([SEVERAL, "0", "1", BOB])


def test_what_is_too_much_in_all_goes_refusals_first_and_old_ones_first(records):
    add(records, *(record(hour=hour) for hour in range(5)), *(record(hour=hour, verdict=REFUSED) for hour in range(5)))
    assert records.trim("/alice/", 7) == 3
    assert [each.hour for each in records.page("/alice/", Wanted(refused_only=True), 10)] == [4, 3]
    assert records.trim("/alice/", 4) == 3
    assert [each.hour for each in records.page("/alice/", ANYTHING, 10)] == [4, 3, 2, 1]
    assert records.trim("/alice/", 4) == 0


def test_what_is_older_is_forgotten_in_small_steps(records, monkeypatch):
    monkeypatch.setattr(access_records, "AT_ONCE_MAX", 2)
    add(records, *(record(hour=hour) for hour in range(10)))
    assert records.forget("/alice/", 7) == 7
    assert [each.hour for each in records.page("/alice/", ANYTHING, 10)] == [9, 8, 7]
    assert (records.forget("/alice/"), list(records.storages())) == (3, [])


def test_who_there_is_to_choose_from(records):
    add(records, record(), record("/alice/b"), record(agent="https://eve.example/#me", client=""))
    assert records.known("/alice/").agents == (BOB, "https://eve.example/#me")
    assert records.known("/alice/").clients == (APP, "")


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
