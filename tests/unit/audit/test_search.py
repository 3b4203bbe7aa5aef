"""What an owner's question means, and that every page of the answer is found."""

from __future__ import annotations

import pytest

from pod.audit import search
from pod.audit.search import NAMED, choice_of, find, find_all, read_key, read_question, write_key
from pod.errors import BadRequest
from pod.protocol.placement import Placement
from pod.store.access_records import ANYTHING, AccessRecords, Client, Record, Wanted

HERE = Placement("https://pods.example/", "path", "me")
ALICE, BOB = "https://pods.example/alice/profile/card#me", "https://bob.example/#me"


def asked(**typed: str) -> search.Question:
    return read_question(typed, "/alice/", HERE, (ALICE,))


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ({}, ANYTHING),
        ({"person": "", "app": "", "where": "  ", "since": ""}, ANYTHING),
        ({"person": NAMED + BOB}, Wanted(agent=BOB)),
        ({"person": NAMED, "app": NAMED}, Wanted(agent="", client=Client(""))),
        ({"person": "just words"}, ANYTHING),
        ({"app": choice_of(Client("an app", BOB))}, Wanted(client=Client("an app", BOB))),
        ({"person": "others"}, Wanted(not_agents=(ALICE,))),
        ({"refused": "yes"}, Wanted(refused_only=True)),
        ({"since": "1970-01-02"}, Wanted(from_hour=24)),
        ({"until": "1970-01-02"}, Wanted(before_hour=48)),
        ({"where": "photos/"}, Wanted(within="/alice/photos/")),
        ({"where": "/photos/my cat.jpg"}, Wanted(within="/alice/photos/my%20cat.jpg")),
        ({"where": "photos/my%20cat.jpg"}, Wanted(within="/alice/photos/my%20cat.jpg")),
        ({"where": "Fußball/"}, Wanted(within="/alice/Fu%C3%9Fball/")),
        ({"where": "https://pods.example/alice/photos/"}, Wanted(within="/alice/photos/")),
    ],
)
def test_a_question_means(typed, wanted):
    question = asked(**typed)
    assert (question.wanted, question.errors) == (wanted, {})


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("since", "tomorrow"),
        ("until", "9999-12-31"),
        ("since", "1969-12-31"),
        ("where", "../bob/"),
        ("where", "a" * 5000),
        ("where", "https://pods.example/bob/photos/"),
        ("where", "https://elsewhere.example/alice/"),
        ("where", "a\x00b"),
    ],
)
def test_what_cannot_be_understood_is_said(field, text):
    assert list(asked(**{field: text}).errors) == [field]


@pytest.fixture
def records(tmp_path):
    made = AccessRecords(tmp_path / "access.sqlite")
    lines = [
        Record(number // 30, BOB, "app", f"/alice/{number}", "read", "allowed", 1, number) for number in range(120)
    ]
    made.add({"/alice/": lines})
    yield made
    made.close()


def test_pages_lead_to_the_last(records):
    seen, after = [], ""
    while after is not None:
        found = find(records, "/alice/", asked(), after)
        seen += found.records
        after = found.next
    assert sorted(each.last_ms for each in seen) == list(range(120))


def test_on_a_page_the_newest_is_first(records):
    first = find(records, "/alice/", asked())
    assert [each.last_ms for each in first.records[:30]] == list(range(119, 89, -1))


def test_all_of_it_is_read_in_parts(records, monkeypatch):
    monkeypatch.setattr(search, "RECORDS_AT_ONCE", 7)
    assert sorted(each.last_ms for each in find_all(records, "/alice/", ANYTHING)) == list(range(120))


def test_a_key_is_what_it_was():
    key = (10, BOB, "=app", "/alice/Fu%C3%9F", "read", "allowed", "")
    assert read_key(write_key(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "é",
        "A" * 9000,
        "W10",
        write_key((1, "a", "b", "c", "d", "e")),  # type: ignore[arg-type]
        write_key(("1", "a", "b", "c", "d", "e", "f")),  # type: ignore[arg-type]
        write_key((True, "a", "b", "c", "d", "e", "f")),
        write_key((2**70, "a", "b", "c", "d", "e", "f")),
        write_key((1, "a", "b", "c", "d", "e", 1)),  # type: ignore[arg-type]
        write_key((1, "a", "\ud800", "c", "d", "e", "f")),
    ],
)
def test_a_key_of_somebody_else_is_refused(text):
    with pytest.raises(BadRequest):
        read_key(text)
