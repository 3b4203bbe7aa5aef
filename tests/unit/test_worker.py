"""The worker does what is due, and goes on when a task fails."""

from __future__ import annotations

from threading import Event, Thread

from pod import worker
from pod.config import Config
from pod.worker import Task, run, upkeep
from tests.support.waiting import SECONDS_MAX, until
from tests.unit.index.documents import contact, pod_in


class StillClock:
    def __init__(self, seconds=1_000_000.0):
        self.seconds = seconds

    def now(self):
        return self.seconds


def test_a_task_runs_when_it_is_due_and_not_before():
    done = []
    task = Task("count", 60, lambda: done.append(1))
    for now in (100, 159, 160, 161):
        task.run_if_due(now)
    assert len(done) == 2


def test_a_failing_task_does_not_stop_the_worker_and_is_tried_again():
    tried = []

    def fail():
        tried.append(1)
        raise OSError("disk")

    task = Task("fail", 10, fail)
    task.run_if_due(0)
    task.run_if_due(10)
    assert len(tried) == 2


def test_the_worker_ends_when_told_to(tmp_path):
    stop = Event()
    stop.set()
    run(Config(data=tmp_path), stop)
    assert (tmp_path / "pod.sqlite").exists()


def test_documents_of_pods_are_read_once_somebody_has_looked(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "INDEX_EVERY_SECONDS", 0.01)
    with pod_in(tmp_path) as pod:
        stop = Event()
        work = Thread(target=run, args=(pod.services.config, stop))
        work.start()
        try:
            pod.catch_up()
            pod.write("contacts/bob", contact("Bob"))
            until(lambda: [row.name for row in pod.index.contacts(pod.storage)] == ["Bob"])
            pod.remove("contacts/bob")
            until(lambda: pod.index.contacts(pod.storage) == [])
        finally:
            stop.set()
            work.join(SECONDS_MAX)


def test_upkeep_runs_on_an_empty_store(tmp_path):
    from pod.store.sqlite import open_store

    clock, config = StillClock(), Config(data=tmp_path)
    store = open_store(config, clock)
    for task in upkeep(config, store, clock):
        task.work()
    store.close()


def test_a_clock_that_is_set_back_stops_no_task():
    done = []
    task = Task("count", 60, lambda: done.append(1))
    for now in (10_000_000, 1_000, 1_059, 1_060):
        task.run_if_due(now)
    assert len(done) == 3
