"""A clock for removing things, when the machine's own jumps."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pod.clock import SteadyClock
from tests.support.stores import StillClock

START, HOUR, DAY = 1_000_000.0, 3600, 24 * 3600


@dataclass
class Passing:
    """Time that passes, and a machine's clock that shows it until it is set."""

    machine: StillClock = field(default_factory=lambda: StillClock(START))
    passed: float = 0.0

    def __post_init__(self) -> None:
        self.steady = SteadyClock(self.machine, lambda: self.passed)

    def wait(self, seconds: float) -> None:
        self.passed += seconds
        self.machine.time += seconds


@pytest.fixture
def time() -> Passing:
    return Passing()


def test_it_shows_what_the_machine_shows(time: Passing):
    time.wait(HOUR)
    assert time.steady.now() == time.machine.now() == START + HOUR


def test_a_jump_ahead_is_believed_after_a_day(time: Passing):
    time.machine.time += 10 * DAY
    assert time.steady.now() == START
    time.wait(DAY - 1)
    assert time.steady.now() == START + DAY - 1
    time.wait(1)
    assert time.steady.now() == time.machine.now() == START + 11 * DAY


def test_a_jump_ahead_that_is_taken_back_changes_nothing(time: Passing):
    time.machine.time += 10 * DAY
    assert time.steady.now() == START
    time.wait(DAY / 2)
    time.machine.time -= 10 * DAY
    assert time.steady.now() == START + DAY / 2
    time.machine.time += 10 * DAY
    time.wait(DAY / 2)
    assert time.steady.now() == START + DAY


def test_it_is_set_back_with_the_machine_and_catches_up(time: Passing):
    time.machine.time -= 10 * DAY
    assert time.steady.now() == START - 10 * DAY
    time.machine.time += 10 * DAY
    time.wait(HOUR)
    assert time.steady.now() == START + HOUR
