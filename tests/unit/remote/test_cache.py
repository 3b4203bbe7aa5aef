import threading
from dataclasses import dataclass, field
from threading import BoundedSemaphore

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.errors import Busy, InvalidToken, TooManyRequests
from pod.remote.cache import FRESH_SECONDS_MIN, REFRESHES_MAX, RENEW_SECONDS, RETRY_SECONDS, Cached, Loaded
from pod.remote.errors import Unreachable
from tests.support.together import together
from tests.support.waiting import SECONDS_MAX, until

FRESH, STALE, FAILURE = 300, 3600, 30


@dataclass
class Clock:
    time: float = 1000.0

    def now(self) -> float:
        return self.time


@dataclass
class Source:
    """Gives the number of the load as the value, waits for `gate`, fails with `error`."""

    clock: Clock = field(default_factory=Clock)
    asked: list[str] = field(default_factory=list)
    error: Exception | None = None
    says: float | None = None
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def load(self, key: str) -> Loaded[int]:
        self.asked.append(key)
        number = len(self.asked)
        assert self.gate.wait(20)
        if self.error is not None:
            raise self.error
        return Loaded(number, self.says)

    def cached(self, **changes) -> Cached[str, int]:
        usual = {
            "fresh_seconds": FRESH,
            "stale_seconds": STALE,
            "failure_seconds": FAILURE,
            "entries_max": 10,
            "loads_max": 2,
        }
        return Cached(self.load, clock=self.clock, **usual | changes)


@pytest.fixture
def source():
    return Source()


def in_background(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def test_a_fresh_value_is_loaded_once(source):
    cached = source.cached()
    assert [cached.get("a"), cached.get("a"), cached.get("b")] == [1, 1, 2]
    source.clock.time += FRESH - 1
    assert cached.get("a") == 1
    assert source.asked == ["a", "b"]


def test_a_stale_value_is_given_at_once_while_one_background_load_runs(source):
    cached = source.cached()
    cached.get("a")
    source.clock.time += FRESH
    source.gate.clear()
    assert [cached.get("a"), cached.get("a"), cached.get("a")] == [1, 1, 1]
    source.gate.set()
    until(lambda: cached.get("a") == 2)
    assert source.asked == ["a", "a"]


def test_a_value_past_its_stale_age_is_loaded_again_before_it_is_used(source):
    cached = source.cached()
    cached.get("a")
    source.clock.time += STALE
    assert cached.get("a") == 2


def test_what_was_noted_before_the_clock_was_set_back_is_not_trusted(source):
    cached = source.cached()
    cached.get("a")
    source.clock.time -= 10 * STALE
    assert cached.get("a") == 2
    source.error = Unreachable("gone")
    with pytest.raises(Unreachable):
        cached.get("b")
    source.error = None
    source.clock.time -= 10 * STALE
    assert cached.get("b") == 4


def test_a_stale_value_outlives_failures_until_its_age_and_they_are_not_repeated_at_once(source):
    cached = source.cached()
    cached.get("a")
    source.clock.time += FRESH
    source.error = Unreachable("gone")
    cached.get("a")
    until(lambda: cached._failures)
    assert (cached.get("a"), len(source.asked)) == (1, 2)
    source.clock.time += RETRY_SECONDS
    cached.get("a")
    until(lambda: len(source.asked) == 3 and not cached._flights)
    source.clock.time += STALE
    with pytest.raises(Unreachable):
        cached.get("a")


@pytest.mark.parametrize("error", [Unreachable("gone"), InvalidToken("no such issuer", extra=1)])
def test_a_failure_is_remembered_for_a_while(source, error):
    cached = source.cached()
    source.error = error
    for _ in range(5):
        with pytest.raises(type(error), match=str(error)):
            cached.get("a")
    assert source.asked == ["a"]
    source.clock.time += FAILURE
    source.error = None
    assert cached.get("a") == 2


def test_failures_may_be_forgotten_at_once(source):
    cached = source.cached(failure_seconds=0)
    source.error = Unreachable("gone")
    for _ in range(3):
        with pytest.raises(Unreachable):
            cached.get("a")
    assert len(source.asked) == 3


@pytest.mark.parametrize("error", [Busy("later"), ZeroDivisionError()])
def test_what_says_nothing_about_the_key_is_not_remembered(source, error):
    cached = source.cached()
    source.error = error
    with pytest.raises(type(error)):
        cached.get("a")
    source.error = None
    assert cached.get("a") == 2


def test_many_callers_wait_for_one_load(source):
    cached = source.cached()
    source.gate.clear()
    opener = in_background(lambda: (until(lambda: source.asked), source.gate.set()))
    values = together(6, lambda _: cached.get("a"))
    opener.join(SECONDS_MAX)
    assert set(values) == {1}
    assert source.asked == ["a"]


def test_loads_at_one_time_are_bounded_and_what_is_known_is_still_given(source):
    cached = source.cached(loads_max=2)
    known = cached.get("known")
    source.gate.clear()
    loads = [in_background(cached.get, key) for key in ("a", "b")]
    until(lambda: len(source.asked) == 3)
    with pytest.raises(Busy) as refused:
        cached.get("c")
    assert dict(refused.value.headers) == {"Retry-After": "5"}
    assert cached.get("known") == known
    source.gate.set()
    for load in loads:
        load.join(20)
    assert cached.get("c") == 4


def test_callers_who_wait_for_one_load_are_bounded_too(source):
    cached = source.cached(places=BoundedSemaphore(2))
    source.gate.clear()
    first = in_background(cached.get, "a")
    until(lambda: source.asked)
    second = in_background(cached.get, "a")
    until(lambda: not cached._places._value)
    with pytest.raises(Busy):
        cached.get("a")
    source.gate.set()
    first.join(20)
    second.join(20)
    assert source.asked == ["a"]


def test_loads_in_the_background_are_bounded(source):
    keys = [str(number) for number in range(REFRESHES_MAX + 3)]
    cached = source.cached()
    values = [cached.get(key) for key in keys]
    source.clock.time += FRESH
    source.gate.clear()
    source.asked.clear()
    assert [cached.get(key) for key in keys] == values
    until(lambda: len(source.asked) == REFRESHES_MAX)
    source.gate.set()
    until(lambda: not cached._flights)
    assert len(source.asked) == REFRESHES_MAX


def test_a_closed_cache_begins_nothing_in_the_background(source):
    cached = source.cached()
    cached.get("a")
    source.clock.time += FRESH
    cached.close()
    assert cached.get("a") == 1
    assert source.asked == ["a"]


def test_a_value_is_renewed_at_a_bounded_rate(source):
    cached = source.cached()
    assert [cached.renew("a"), cached.renew("a")] == [1, 1]
    source.clock.time += RENEW_SECONDS
    assert [cached.renew("a"), cached.renew("a"), cached.get("a")] == [2, 2, 2]


def test_where_renewing_fails_the_known_value_stays_and_the_rate_too(source):
    cached = source.cached(failure_seconds=0)
    cached.get("a")
    source.error = Unreachable("gone")
    source.clock.time += RENEW_SECONDS
    assert [cached.renew("a"), cached.renew("a")] == [1, 1]
    assert len(source.asked) == 2


@pytest.mark.parametrize(
    ("says", "fresh"), [(None, FRESH), (10 * FRESH, FRESH), (FRESH - 100, FRESH - 100), (0, FRESH_SECONDS_MIN)]
)
def test_others_may_shorten_how_long_a_value_is_fresh_within_bounds(source, says, fresh):
    source.says = says
    cached = source.cached()
    cached.get("a")
    source.clock.time += fresh - 1
    cached.get("a")
    assert len(source.asked) == 1
    source.clock.time += 1
    cached.get("a")
    until(lambda: len(source.asked) == 2)


def test_what_was_not_used_for_longest_makes_room(source):
    cached = source.cached(entries_max=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        cached.get(key)
    assert source.asked == ["a", "b", "c", "b"]


def test_failures_never_displace_values(source):
    cached = source.cached(entries_max=2)
    cached.get("a")
    source.error = Unreachable("gone")
    for number in range(10):
        with pytest.raises(Unreachable):
            cached.get(f"bad{number}")
    assert cached.get("a") == 1
    assert len(cached._failures) == 2


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, STALE), st.booleans()), max_size=30))
def test_no_value_is_ever_older_than_its_age_limit(steps):
    """The value is the moment of its load: whatever happens in between, what is given is younger than `STALE`."""
    clock, fails = Clock(), False

    def load(_key: str) -> Loaded[float]:
        if fails:
            raise Unreachable("gone")
        return Loaded(clock.time)

    cached = Cached(
        load, clock=clock, fresh_seconds=STALE, stale_seconds=STALE, failure_seconds=FAILURE, entries_max=3, loads_max=1
    )
    for key, seconds, fails in steps:  # noqa: B007 -- `load` reads it
        clock.time += seconds
        try:
            value = cached.get(key)
        except Unreachable:
            continue
        assert clock.time - value < STALE
        assert len(cached._entries) <= 3


def test_what_is_kept_is_not_pushed_out(source):
    cached = source.cached(entries_max=3)
    cached.get("used")
    cached.keep("used")
    for number in range(10):
        cached.get(str(number))
    assert cached.get("used") == 1
    cached.get("6")  # of the others, three stay
    assert source.asked == ["used", *map(str, range(10)), "6"]


def test_what_is_kept_is_bounded_and_grows_old_too(source):
    cached = source.cached(entries_max=2)
    for number in range(3):
        cached.get(str(number))
        cached.keep(str(number))
    cached.get("0")
    assert len(source.asked) == 4
    source.clock.time += STALE
    assert cached.get("2") == 5


def refuse() -> None:
    raise TooManyRequests


def test_only_a_load_is_paid_for(source):
    paid = []
    cached = source.cached()
    for _ in range(3):
        cached.get("a", lambda: paid.append("a"))
    assert paid == ["a"]
    assert cached.get("a", refuse) == 1


def test_without_payment_nothing_is_loaded(source):
    cached = source.cached()
    with pytest.raises(TooManyRequests):
        cached.get("a", refuse)
    assert source.asked == []
    assert cached.get("a") == 1
    source.clock.time += FRESH
    assert (cached.get("a", refuse), cached.renew("a", refuse)) == (1, 1)
    assert source.asked == ["a"]


def test_where_the_system_has_no_thread_a_stale_value_stays_and_the_next_use_tries_again(source, monkeypatch):
    def exhausted(_thread):
        raise RuntimeError("can't start new thread")

    cached = source.cached()
    cached.get("a")
    source.clock.time += FRESH
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", exhausted)
        assert [cached.get("a") for _ in range(2 * REFRESHES_MAX)] == [1] * 2 * REFRESHES_MAX
    assert cached.get("a") == 1
    until(lambda: cached.get("a") == 2)
