import pytest

from pod.errors import Busy
from pod.remote.client import Fetched, Limits
from pod.remote.pace import HOSTS_FACTOR, Paced
from tests.support.stores import StillClock

LIMITS = Limits(bytes_max=1, seconds_max=1, redirects_max=0)


class Counting:
    def __init__(self):
        self.asked = []

    def fetch(self, url, *, accept, limits):
        self.asked.append(url)
        return Fetched(url, 200, "", b"")


@pytest.fixture
def world():
    clock, remote = StillClock(1_200_005.0), Counting()
    return clock, remote, Paced(remote, clock, 3)


def asked(paced, *urls):
    """How many of these were asked for before the first was refused."""
    for number, url in enumerate(urls):
        try:
            paced.fetch(url, accept="", limits=LIMITS)
        except Busy:
            return number
    return len(urls)


def test_one_host_is_asked_so_often_in_a_minute_however_it_is_spelled(world):
    clock, remote, paced = world
    assert asked(paced, *[f"https://{'a' if n % 2 else 'A'}.example/{n}" for n in range(9)]) == 3
    assert asked(paced, "https://b.example/") == 1
    clock.time += 60
    assert asked(paced, "https://a.example/") == 1
    assert len(remote.asked) == 5


def test_all_hosts_together_are_asked_ten_times_as_often(world):
    _, remote, paced = world
    assert asked(paced, *[f"https://h{n}.example/" for n in range(100)]) == 3 * HOSTS_FACTOR == len(remote.asked)


def test_the_refusal_says_when_to_come_back(world):
    _, _, paced = world
    asked(paced, *["https://a.example/"] * 3)
    with pytest.raises(Busy, match="in 55 seconds") as refused:
        paced.fetch("https://a.example/", accept="", limits=LIMITS)
    assert dict(refused.value.headers) == {"Retry-After": "55"}


def test_zero_is_no_limit():
    remote = Counting()
    assert asked(Paced(remote, StillClock(), 0), *["https://a.example/"] * 500) == 500


def test_what_is_no_url_is_left_to_the_client(world):
    assert asked(world[2], "https://[half/", "x", "") == 3
