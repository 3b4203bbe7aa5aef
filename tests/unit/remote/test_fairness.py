import threading

import pytest

from pod.remote.fairness import Budget, FairThreads, Places, Rate

GREEDY, MODEST = 1, 2


def test_one_account_takes_half_of_the_places():
    places = Places(4)
    assert [places.take(GREEDY) for _ in range(3)] == [True, True, False]
    assert [places.take(MODEST) for _ in range(3)] == [True, True, False]
    places.give_back(GREEDY)
    assert (places.taken(GREEDY), places.take(3), places.take(GREEDY)) == (1, True, False)


def test_a_rate_is_each_accounts_own_and_begins_anew():
    rate = Rate(2)
    assert [rate.allows(GREEDY, 0), rate.allows(GREEDY, 1), rate.allows(GREEDY, 2)] == [True, True, False]
    assert rate.allows(MODEST, 2)
    assert rate.allows(GREEDY, 60)
    assert all(Rate(0).allows(GREEDY, 0) for _ in range(1000))


def test_a_document_counts_once_in_a_budget():
    budget = Budget(10)
    assert [budget.covers("a", 6), budget.covers("b", 6), budget.covers("a", 6), budget.covers("c", 4)] == [
        *(True, False, True, True)
    ]


@pytest.fixture
def threads():
    return FairThreads(4, waiting_max=10, name="tests")


def test_one_account_keeps_half_of_the_threads_busy_and_the_others_go_on(threads):
    gate, begun = threading.Event(), []

    def slow():
        begun.append(1)
        gate.wait(60)

    jobs = [threads.submit(GREEDY, slow) for _ in range(10)]
    assert threads.submit(MODEST, lambda: "done").result(60) == "done"
    assert len(begun) <= 2
    gate.set()
    for job in jobs:
        job.result(60)
    assert len(begun) == 10


def test_so_many_jobs_of_one_account_wait(threads):
    gate = threading.Event()
    jobs = [threads.submit(GREEDY, lambda: gate.wait(60)) for _ in range(20)]
    assert [job is None for job in jobs] == [False] * 12 + [True] * 8
    assert threads.submit(MODEST, lambda: 1).result(60) == 1
    gate.set()
    assert all(job.result(60) for job in jobs[:12])


def test_accounts_take_turns():
    threads, gate, order = FairThreads(1, waiting_max=10, name="tests"), threading.Event(), []
    first = threads.submit(GREEDY, lambda: gate.wait(60))
    jobs = [threads.submit(account, lambda who=account: order.append(who)) for account in (1, 1, 1, 2, 3, 2)]
    gate.set()
    for job in [first, *jobs]:
        job.result(60)
    assert order == [1, 2, 3, 1, 2, 1]


def test_what_a_job_raises_is_its_own(threads):
    with pytest.raises(ZeroDivisionError):
        threads.submit(GREEDY, lambda: 1 // 0).result(60)
    assert threads.submit(GREEDY, lambda: 5).result(60) == 5


def test_closing_begins_nothing_more_and_waits_so_long_for_what_is_under_way(threads):
    gate, done = threading.Event(), []
    first = [threads.submit(GREEDY, lambda: done.append(gate.wait(60))) for _ in range(2)]
    waiting = [threads.submit(GREEDY, lambda: done.append("late")) for _ in range(5)]
    threads.close(0.01)
    assert done == []
    gate.set()
    threads.close(60)
    assert done == [True, True]
    assert all(job.done() for job in first)
    assert not any(job.done() for job in waiting)


def exhausted(self):
    raise RuntimeError("can't start new thread")


def test_where_the_system_has_no_thread_nobody_waits_for_one_and_no_place_is_lost(threads, monkeypatch):
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", exhausted)
        assert [threads.submit(each, lambda: 1) for each in range(5)] == [None] * 5
    assert [threads.submit(GREEDY, lambda: 1).result(60) for _ in range(5)] == [1] * 5
    assert threads._free + sum(threads._running.values()) == 4


def test_what_could_not_begin_beside_others_begins_when_they_end(threads, monkeypatch):
    gate = threading.Event()
    first = threads.submit(GREEDY, lambda: gate.wait(60))
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", exhausted)
        second = threads.submit(MODEST, lambda: "done")
    gate.set()
    assert (first.result(60), second.result(60)) == (True, "done")
