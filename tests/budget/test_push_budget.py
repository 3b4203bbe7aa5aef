"""What following the journal costs for channels that are pushed to, in statements, however many channels there are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pod.notifications.courier import IDLE_MS, Trip
from pod.notifications.hosts import Hosts
from pod.notifications.push import Push
from tests.support.inprocess import LocalServer
from tests.support.stores import put
from tests.support.waiting import until
from tests.unit.notifications.channels import add, channel


class Asleep:
    """Everything was delivered already."""

    def carry(self, _channel, delivery):
        return Trip(replace(delivery, sequence=10**6, due_ms=IDLE_MS))


@pytest.fixture(params=[1, 300])
def local(tmp_path, request):
    server = LocalServer(tmp_path)
    (storage,) = server.services.store.rows("SELECT id FROM storage WHERE path = '/alice/'")[0]
    for number in range(request.param):
        add(server.services.store, channel(id=str(number), storage=storage, topics=(f"/alice/topic-{number}",)))
    yield server
    server.close()


@pytest.fixture
def push(local):
    made = Push(local.services, Asleep(), Hosts(local.services.clock, 0))
    made.step()
    until(lambda: not any(line.busy for line in made._lines.values()))
    made.step()
    return made


def test_without_a_change_the_journal_is_asked_once(local, push):
    local.counts.reset()
    push.step()
    assert (len(local.counts.statements), local.counts.transactions) == (1, 0)


def test_changes_that_concern_nobody_are_read_and_that_is_all(local, push):
    for number in range(20):
        put(local.services.store, f"/alice/other-{number}")
    local.counts.reset()
    push.step()
    assert len(local.counts.statements) == 1


def test_once_a_second_it_is_asked_whether_there_are_other_channels(local, push):
    local.services.clock.time += 1
    local.counts.reset()
    push.step()
    assert len(local.counts.statements) == 2
