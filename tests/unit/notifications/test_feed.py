"""What one reader is to be told, and when: nothing twice, nothing out of order, whatever comes while it is behind."""

from __future__ import annotations

import pytest

from pod.notifications.feed import Feed, Phase
from tests.unit.notifications.test_connection import message


def sequences(messages) -> list[int]:
    return [each.sequence for each in messages]


def test_what_happens_is_to_be_told_at_once_while_it_is_live():
    assert sequences(Feed().take([message(0), message(1)])) == [0, 1]


def test_what_happens_is_kept_while_it_is_behind_and_given_once_if_it_is_newer():
    feed = Feed()
    feed.fall_behind()
    assert feed.take([message(3), message(4), message(5)]) == ()
    assert (sequences(feed.catch_up(4)), feed.phase, len(feed.kept)) == ([5], Phase.LIVE, 0)


def test_what_was_told_before_it_went_live_is_not_taken_from_who_lags_behind():
    feed = Feed()
    feed.catch_up(4)
    feed.catch_up(2)
    assert sequences(feed.take([message(3), message(4), message(5)])) == [5]


def test_a_doubt_sends_it_back_once_to_before_the_first_of_what_is_in_doubt():
    feed = Feed()
    assert [feed.doubt(9), feed.doubt(7), feed.doubt(8)] == [True, False, False]
    assert (feed.phase, feed.settle_doubt()) == (Phase.BEHIND, 6)
    assert not feed.has_doubt_after(0)


@pytest.mark.parametrize(("looked", "again"), [(6, True), (7, False), (8, False)])
def test_a_look_settles_the_doubts_up_to_where_it_went(looked: int, again: bool):
    feed = Feed()
    feed.fall_behind()
    feed.doubt(7)
    assert feed.has_doubt_after(looked) is again


def test_bytes_are_counted_while_they_are_kept():
    feed = Feed()
    feed.fall_behind()
    feed.take([message(1, body=b"abc"), message(2, topic="/alice/b", body=b"de"), message(3, body=b"f")])
    assert (len(feed.kept), feed.kept.bytes) == (3, 6)
    feed.kept.drop("/alice/b")
    assert (sequences(feed.kept), feed.kept.bytes) == ([1, 3], 4)
    assert (feed.kept.pop().sequence, feed.kept.bytes) == (1, 1)
    feed.catch_up(0)
    assert (len(feed.kept), feed.kept.bytes) == (0, 0)
