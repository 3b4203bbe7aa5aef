from __future__ import annotations

from dataclasses import replace

import pytest

from pod.errors import JournalGone
from pod.notifications.channel import UNKNOWN
from pod.notifications.missed import missed, present
from pod.protocol.notification import State
from tests.unit.notifications.happenings import channel, delete, fresh, now, put


def after(local, sequence):
    return State(local.services.store.epoch, sequence)


def told(activities):
    return [(each.type, each.object) for each in activities]


@pytest.mark.requirement("notifications#notify-state")
def test_what_was_missed_is_told_in_order(local):
    home = fresh()
    put(local, home + "doc")
    before = now(local)
    put(local, home + "doc", b"changed")
    put(local, home + "other")
    delete(local, home + "doc")
    found = list(missed(local.services, channel(local, home + "doc", home), after(local, before)))
    assert told(found) == [
        ("Update", home + "doc"),
        ("Add", home + "other"),
        ("Delete", home + "doc"),
        ("Remove", home + "doc"),
    ]
    assert [each.sequence for each in found] == [before + 1, before + 2, before + 3, before + 3]


def test_nothing_is_told_to_who_missed_nothing(local):
    assert list(missed(local.services, channel(local, "/alice/"), after(local, now(local)))) == []


def test_many_changes_are_read_page_by_page(local, monkeypatch):
    monkeypatch.setattr("pod.notifications.missed.PAGE", 2)
    home = fresh()
    put(local, home + "doc")
    before = now(local)
    for number in range(5):
        put(local, f"{home}{number}")
    found = list(missed(local.services, channel(local, home), after(local, before)))
    assert told(found) == [("Add", f"{home}{number}") for number in range(5)]


@pytest.mark.parametrize("sequence", [UNKNOWN, 10**9])
def test_a_state_that_never_was_is_too_long_ago(local, sequence):
    with pytest.raises(JournalGone):
        list(missed(local.services, channel(local, "/alice/"), after(local, sequence)))


def test_so_is_one_of_another_history(local):
    with pytest.raises(JournalGone):
        list(missed(local.services, channel(local, "/alice/"), State("before", now(local))))


def test_so_is_one_with_too_much_since(local):
    home, before = fresh(), now(local)
    for number in range(5):
        put(local, f"{home}{number}")
    for most, fits in ((now(local) - before, True), (now(local) - before - 1, False)):
        services = replace(local.services, config=replace(local.services.config, missed_changes_max=most))
        found = missed(services, channel(local, "/alice/nothing"), after(local, before))
        if fits:
            assert list(found) == []
        else:
            with pytest.raises(JournalGone):
                list(found)


def test_how_things_are_is_one_update_of_each_topic_that_is_there(local):
    home = fresh()
    put(local, home + "doc")
    found = list(present(local.services, channel(local, home + "doc", home, home + "gone")))
    assert told(found) == [("Update", home + "doc"), ("Update", home)]
    assert {each.sequence for each in found} == {now(local)}
