"""Turns: one holder at a time among threads and processes; a holder that dies gives its turn back."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pod.db.turns import Turns
from pod.errors import Busy
from tests.support.together import together
from tests.support.waiting import SECONDS_MAX

HOLDER = """
import sys, threading
from pathlib import Path
from pod.db.turns import Turns

turns = Turns(Path(sys.argv[1]), 30)
with turns.take("theirs"):
    print("holds", flush=True)
    if sys.argv[2:]:
        waiter = threading.Thread(target=lambda: turns.take(sys.argv[2]).__enter__() and print("never"), daemon=True)
        waiter.start()
    sys.stdin.readline()
"""


@contextmanager
def holder(file, *waits_for):
    """Another process that holds the turn `theirs`, waits for another with a second thread, and lets go when told."""
    command = [sys.executable, "-c", HOLDER, str(file), *waits_for]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "holds\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def turns(tmp_path):
    turns = Turns(tmp_path / "run" / "turns", 0.2)
    yield turns
    turns.close()


@pytest.fixture
def patient(tmp_path):
    turns = Turns(tmp_path / "run" / "turns", 20)
    yield turns
    turns.close()


def test_threads_take_turns(patient):
    inside, most = [], []

    def work(number):
        for _ in range(20):
            with patient.take("one"):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    together(4, work)
    assert most == [1] * 80


def test_different_names_do_not_wait_for_each_other(turns):
    with turns.take("one"), ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: turns.take("two").__enter__()).result(SECONDS_MAX)


def test_waiting_for_a_thread_ends(turns):
    with turns.take("one"), ThreadPoolExecutor(1) as pool, pytest.raises(Busy):
        pool.submit(lambda: turns.take("one").__enter__()).result(SECONDS_MAX)


def test_waiting_for_a_process_ends(turns, tmp_path):
    with holder(tmp_path / "run" / "turns"), pytest.raises(Busy), turns.take("theirs"):
        pass


def test_the_turn_of_a_killed_process_is_free(patient, tmp_path):
    with holder(tmp_path / "run" / "turns") as process:
        process.kill()
        with patient.take("theirs"):
            pass


def test_a_turn_ends_with_an_exception(turns):
    with pytest.raises(ZeroDivisionError), turns.take("one"):
        raise ZeroDivisionError
    with turns.take("one"):
        pass


def test_threads_of_two_processes_that_wait_crosswise_are_no_deadlock(patient, tmp_path):
    """The kernel would call it one, because it takes the threads of a process for one."""
    with patient.take("ours"), holder(tmp_path / "run" / "turns", "ours") as process, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: patient.take("theirs").__enter__())
        threading.Timer(0.2, lambda: print("go", file=process.stdin, flush=True)).start()
        waiting.result(SECONDS_MAX)
