"""The supervisor, with small programs in place of the real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pod.cli.supervisor import BACKOFF_SECONDS_MAX, MISCONFIGURED, backoff_seconds, describe
from tests.support.waiting import until

LIVES = "import time\nwhile True: time.sleep(60)"
IGNORES = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LIVES

RUN = """
import json, sys
from pod.cli import guard, supervisor
supervisor.DRAIN_SECONDS = float(sys.argv[2])
programs = []
for name, code in json.loads(sys.argv[1]).items():
    code = f'''
import os, sys
sys.path.insert(0, {sys.path[0]!r})
from pod.cli import guard
guard.die_with(os.getppid())
open({name!r}, "a").write(f"{{os.getpid()}}\\\\n")
''' + code
    programs.append(supervisor.Program(name, (sys.executable, "-c", code)))
sys.exit(supervisor.Supervisor(programs, say=print).run())
"""


class Running:
    """A supervisor in a process of its own. Each program writes its process id into a file of its name."""

    def __init__(self, directory: Path, programs: dict[str, str], drain_seconds: float = 5) -> None:
        self.directory = directory
        here = str(Path(__file__).parents[3])
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, json.dumps(programs), str(drain_seconds)],
            cwd=directory,
            env=os.environ | {"PYTHONPATH": here},
        )

    def pids(self, name: str) -> list[int]:
        file = self.directory / name
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def started(self, name: str, times: int = 1) -> int:
        """The process id of a program when it has been started so many times."""
        until(lambda: len(self.pids(name)) >= times)
        return self.pids(name)[-1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator:
    runs: list[Running] = []

    def start(programs: dict[str, str], drain_seconds: float = 5) -> Running:
        runs.append(Running(tmp_path, programs, drain_seconds))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_its_children_and_itself_when_told(supervise, number):
    run = supervise({"a": LIVES, "b": LIVES})
    pids = [run.started("a"), run.started("b")]
    assert run.stop(number) == 0
    assert not any(map(is_alive, pids))


def test_a_killed_child_is_started_again(supervise):
    run = supervise({"a": LIVES, "b": LIVES})
    other = run.started("b")
    for times in (1, 2):
        os.kill(run.started("a", times), signal.SIGKILL)
    assert is_alive(run.started("a", 3))
    assert run.pids("b") == [other]


def test_a_child_that_ends_by_itself_is_started_again(supervise):
    run = supervise({"a": "raise SystemExit(3)"})
    run.started("a", 3)
    assert run.stop() == 0


def test_a_misconfigured_child_ends_everything(supervise):
    run = supervise({"a": LIVES, "b": f"raise SystemExit({MISCONFIGURED})"})
    assert run.process.wait(20) == MISCONFIGURED
    assert len(run.pids("b")) == 1
    assert not any(map(is_alive, run.pids("a")))


def test_a_child_that_does_not_finish_is_killed(supervise):
    run = supervise({"a": IGNORES}, drain_seconds=0.2)
    pid = run.started("a")
    assert run.stop() == 0
    assert not is_alive(pid)


def test_being_told_twice_kills_at_once(supervise):
    run = supervise({"a": IGNORES}, drain_seconds=60)
    pid = run.started("a")
    run.process.send_signal(signal.SIGTERM)
    assert run.stop(signal.SIGINT) == 0
    assert not is_alive(pid)


def test_no_child_outlives_a_killed_supervisor(supervise):
    run = supervise({"a": LIVES, "b": IGNORES})
    pids = [run.started("a"), run.started("b")]
    run.stop(signal.SIGKILL)
    until(lambda: not any(map(is_alive, pids)))


def test_pauses_grow_and_stay_bearable():
    pauses = [backoff_seconds(failures) for failures in range(20)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 0.2
    assert pauses[-1] == BACKOFF_SECONDS_MAX


@pytest.mark.parametrize(("code", "words"), [(3, "exit code 3"), (-9, "killed by SIGKILL")])
def test_how_a_child_ended_is_told_in_words(code, words):
    assert describe(code) == words
