"""The judge of what subscribers heard finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.chaos.hearing import Event, Heard, events, judged

FIRST, SECOND, THIRD = Event(1, "Create", "a"), Event(2, "Update", "a"), Event(3, "Delete", "a")
ALL = [FIRST, SECOND, THIRD]


def heard(*told: Event) -> list[Heard]:
    """Messages of events, each with an id of its own."""
    return [Heard(f"{each}", each.type, each.object, "", each.sequence) for each in told]


@pytest.mark.parametrize(
    ("told", "crimes"),
    [
        (heard(*ALL), []),
        (heard(FIRST, SECOND, FIRST, SECOND, THIRD), []),
        (heard(FIRST, THIRD), ["unheard"]),
        (heard(*ALL, Event(4, "Update", "secret")), ["overheard"]),
        (heard(FIRST, THIRD, SECOND), ["disordered"]),
        ([*heard(*ALL), Heard("another", "Delete", "a", "", 3)], ["overheard"]),
        ([*heard(FIRST, SECOND), Heard(f"{SECOND}", "Delete", "a", "", 3)], ["overheard"]),
        ([], ["unheard"]),
    ],
)
def test_what_is_missing_too_much_or_out_of_order_is_found(told: list[Heard], crimes: list[str]) -> None:
    assert [each.crime for each in judged("somebody", set(ALL), told)] == crimes


def test_a_message_without_a_state_is_of_the_next_that_has_one() -> None:
    told = [Heard("1", "Create", "a", "c", None), Heard("2", "Add", "a", "c", 7), Heard("3", "Create", "b", "c", None)]
    assert [event for _, event in events(told)] == [Event(7, "Create", "a", "c"), Event(7, "Add", "a", "c")]


def test_the_state_of_a_message_says_where_in_the_journal_it_stands() -> None:
    message = {"id": "urn:uuid:1", "type": "Update", "object": "http://here/a", "state": "0badc0de.17"}
    assert Heard.of(message).sequence == 17
