"""Counting in memory that processes share: nothing is lost when they come and go, and sums are those of all."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pod.observability import meters
from pod.observability.meters import CACHES, KINDS, Meters, Sums, sums
from tests.support.waiting import SECONDS_MAX, until

POD, PAGE = KINDS.index("pod"), KINDS.index("page")
REPRESENTATION = CACHES.index("representation")
COUNTING = """
import sys
from pathlib import Path
from pod.observability.meters import Meters
meters = Meters()
meters.share(Path(sys.argv[1]), "web")
for number in range(1000):
    meters.answered((0, "PUT", 201, 0.0, 0.5))
meters.write_down()
print("counted", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def own() -> Iterator[Meters]:
    made = Meters()
    yield made
    made.close()


def counted(directory: Path) -> dict[tuple[str, str, str], float]:
    """Without what the process of the tests counted in private."""
    return {name: count for *name_, count in shared(directory).requests() for name in [tuple(name_)]}


def shared(directory: Path) -> Sums:
    return Sums(tuple(table for table in sums(directory).tables if table.role))


@pytest.mark.parametrize(
    ("kind", "method", "status", "counted_as"),
    [
        (POD, "GET", 200, ("pod", "GET", "2xx")),
        (POD, "DELETE", 308, ("pod", "DELETE", "3xx")),
        (PAGE, "POST", 404, ("page", "POST", "4xx")),
        (len(KINDS) - 1, "BREW", 503, ("other", "other", "5xx")),
    ],
)
def test_an_answer_counts_where_it_belongs(own: Meters, tmp_path: Path, kind, method, status, counted_as):
    own.share(tmp_path, "web")
    own.answered((kind, method, status, 0.0, 0.5))
    own.write_down()
    assert counted(tmp_path) == {counted_as: 1}


def test_every_kind_method_and_status_has_a_place_of_its_own(own: Meters, tmp_path: Path):
    own.share(tmp_path, "web")
    everything = [
        (kind, verb, code) for kind in range(len(KINDS)) for verb in meters.METHODS for code in (200, 304, 404, 500)
    ]
    for number, (kind, method, status) in enumerate(everything):
        for _ in range(number):
            own.answered((kind, method, status, 0.0, 1e9))
    own.write_down()
    assert sorted(counted(tmp_path).values()) == list(range(1, len(everything)))


def test_latencies_fall_into_buckets(own: Meters, tmp_path: Path):
    own.share(tmp_path, "web")
    for seconds in (0.0, 0.0001, 0.3, 60.0):
        own.answered((POD, "GET", 200, 0.0, seconds))
    own.write_down()
    ((method, histogram),) = shared(tmp_path).latencies(POD)
    assert (method, histogram.total) == ("GET", pytest.approx(60.3001))
    assert [count for count in histogram.counts if count] == [2, 1, 1]
    assert histogram.counts[-1] == 1


def test_processes_are_added_up_and_one_that_was_killed_stays_counted(own: Meters, tmp_path: Path):
    own.share(tmp_path, "web")
    others = [
        subprocess.Popen([sys.executable, "-c", COUNTING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout
        assert other.stdout.readline() == b"counted\n"
    assert len(shared(tmp_path).living("web")) == 3
    others[0].kill()
    others[0].wait(SECONDS_MAX)
    assert len(shared(tmp_path).living("web")) == 2
    successor = Meters()
    successor.share(tmp_path, "web")
    successor.answered((POD, "PUT", 201, 0.0, 0.5))
    successor.write_down()
    assert len(list(tmp_path.iterdir())) == 3
    assert counted(tmp_path) == {("pod", "PUT", "2xx"): 2001}
    successor.close()
    others[1].communicate(timeout=SECONDS_MAX)


def test_threads_lose_no_count(own: Meters, tmp_path: Path):
    own.share(tmp_path, "web")

    def count() -> None:
        for number in range(5_000):
            own.looked_up(REPRESENTATION, hit=number % 2 == 0)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS_MAX)
    assert list(shared(tmp_path).lookups())[REPRESENTATION] == ("representation", 20_000, 20_000)


def test_what_was_noted_is_written_down_soon(own: Meters, tmp_path: Path):
    own.share(tmp_path, "web")
    own.answered((POD, "GET", 200, 0.0, 0.5))
    own.wake()
    until(lambda: counted(tmp_path) and own.asleep)
    own.answered((POD, "GET", 200, 0.0, 0.5))
    own.wake()
    until(lambda: counted(tmp_path) == {("pod", "GET", "2xx"): 2})


def test_what_was_counted_before_sharing_goes_along(own: Meters, tmp_path: Path):
    own.waited(0.1)
    own.share(tmp_path, "web")
    assert shared(tmp_path).write_waits.total == pytest.approx(0.1)


@pytest.mark.parametrize("content", [b"", b"x" * 16, b"x" * 100_000])
def test_a_table_of_another_version_counts_nothing_and_is_made_anew(own: Meters, tmp_path: Path, content: bytes):
    (tmp_path / "web-0").write_bytes(content)
    assert shared(tmp_path).tables == ()
    own.share(tmp_path, "web")
    own.committed(0.1)
    assert shared(tmp_path).commits.total == pytest.approx(0.1)


def test_tables_are_private_to_the_server(own: Meters, tmp_path: Path):
    own.share(tmp_path / "meters", "web")
    assert oct((tmp_path / "meters").stat().st_mode)[-3:] == "700"
    assert oct((tmp_path / "meters" / "web-0").stat().st_mode)[-3:] == "600"


def test_a_task_says_when_it_last_ended_well_and_how_often_it_failed(own: Meters, tmp_path: Path):
    own.share(tmp_path, "worker")
    own.task_ended("sweep orphans", 100.0, failed=False)
    own.task_ended("sweep orphans", 200.0, failed=True)
    tasks = {name: (done, failed) for name, done, failed in shared(tmp_path).tasks()}
    assert tasks["sweep orphans"] == (100.0, 1)
