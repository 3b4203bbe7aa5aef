"""Hosts that do not answer are left alone for a while, and none is asked too often."""

from __future__ import annotations

import pytest

from pod.notifications.hosts import (
    BACKOFF_SECONDS_MAX,
    HOSTS_MAX,
    RETRY_AFTER_SECONDS_MAX,
    Hosts,
    asked_seconds,
    pause_seconds,
)
from tests.support.stores import StillClock

A, B = "a.example", "b.example"


def test_a_host_that_was_silent_is_asked_by_one_after_a_pause_that_grows():
    clock = StillClock()
    hosts, pauses = Hosts(clock, 0), []
    for _ in range(8):
        hosts.was_silent(A)
        pauses.append(hosts.ask(A))
        clock.time += pauses[-1]
        assert hosts.ask(A) == 0
        assert hosts.ask(A) > 0, "the others wait for what that one finds"
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (2, 60)


def test_one_that_answers_again_is_asked_by_all():
    hosts = Hosts(StillClock(), 0)
    hosts.was_silent(A)
    hosts.answered(A, 0.1)
    assert (hosts.ask(A), hosts.ask(A), hosts.is_suspect(A)) == (0, 0, False)


def test_one_that_is_slow_is_asked_and_kept_apart():
    hosts = Hosts(StillClock(), 0)
    hosts.answered(A, 3.0)
    assert (hosts.is_suspect(A), hosts.ask(A), hosts.ask(A)) == (True, 0, 0)


def test_a_silent_host_does_not_concern_another():
    hosts = Hosts(StillClock(), 0)
    hosts.was_silent(A)
    assert (hosts.is_suspect(B), hosts.ask(B)) == (False, 0)


def test_a_host_is_asked_so_often_in_a_minute():
    clock = StillClock(600.0)
    hosts = Hosts(clock, 2)
    assert [hosts.ask(A), hosts.ask(A), hosts.ask(A), hosts.ask(B)] == [0, 0, 60, 0]
    clock.time += 60
    assert hosts.ask(A) == 0


def test_what_is_remembered_of_hosts_is_bounded():
    hosts = Hosts(StillClock(), 0)
    for number in range(HOSTS_MAX + 10):
        hosts.was_silent(str(number))
    assert not hosts.is_suspect("0")
    assert hosts.is_suspect(str(HOSTS_MAX + 9))


def test_a_clock_that_is_set_back_does_not_silence_a_host():
    clock = StillClock()
    hosts = Hosts(clock, 0)
    hosts.was_silent(A)
    clock.time -= 10_000
    assert hosts.ask(A) == 0


def test_pauses_double_up_to_a_bound_and_are_scattered():
    assert [pause_seconds(failures, 0, 1.0) for failures in (1, 2, 3, 11, 10_000)] == [5, 10, 20, 3600, 3600]
    assert pause_seconds(4, 0, 0.0) == 20


def test_a_receiver_may_ask_for_more_time_but_not_for_ever():
    assert pause_seconds(1, 300, 0.5) == 300
    assert pause_seconds(20, 300, 1.0) == BACKOFF_SECONDS_MAX
    assert pause_seconds(1, 10**9, 0.5) == RETRY_AFTER_SECONDS_MAX


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ("", 0),
        ("120", 120),
        (" 7 ", 7),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("²", 0),
        ("9" * 500, 9_999_999_999),
    ],
)
def test_retry_after_is_read_as_far_as_it_can_be(field, seconds):
    assert asked_seconds(field, 60.0) == seconds
