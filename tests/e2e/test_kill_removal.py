"""A process that removes an account is killed with SIGKILL in the middle, again and again: the store is sound each time,
and in the end nothing of the account is left.
"""

from __future__ import annotations

import pytest

from pod.identity.accounts import create_account
from pod.identity.departure import delete_account
from pod.identity.pods import add_pod
from pod.protocol.resource import Target
from pod.store.fsck import Severity, check
from pod.store.records import SERVER
from tests.support.people import alice_of, opened
from tests.support.remover import start
from tests.support.stores import put_in, staged
from tests.support.waiting import SECONDS_MAX, until

RESOURCES, KILLS = 300, 4


def fill(services):
    large, small = b"x" * 70_000, b"x"
    for number in range(RESOURCES):
        content = staged(services.store, large if number % 30 == 0 else small)
        with services.store.write(SERVER) as tx:
            put_in(tx, f"/alice/{number % 7}/{number}", content)


def rows_left(services):
    """Resources and journal entries: what there is to remove."""
    return sum(services.store.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in ("resource", "change"))


def removed_some(services, data):
    """A process got ahead by a bit and was killed."""
    before = rows_left(services)
    remover = start(data)
    until(lambda: rows_left(services) < before - 20 or remover.poll() is not None)
    remover.kill()
    remover.wait(SECONDS_MAX)


def errors(services):
    return [finding for finding in check(services.store, deep=True) if finding.severity is Severity.ERROR]


@pytest.mark.e2e
def test_a_removal_that_is_killed_goes_on(tmp_path):
    data = tmp_path / "data"
    with opened(data) as services:
        she = alice_of(services)
        create_account(services, "bob")
        add_pod(services, she, "work")
        fill(services)
        delete_account(services, "alice")
        with services.store.write(SERVER) as tx:
            services.accounts.schedule_deletion(tx, she.id, 1)
        for _ in range(KILLS):
            removed_some(services, data)
            assert errors(services) == []
        assert services.accounts.by_name("alice")
        remover = start(data)
        assert remover.wait(timeout=60) == 0
        assert errors(services) == []
        assert services.accounts.by_name("alice") is None
        assert services.store.describe(Target.parse("/alice/")).storage is None
        assert services.store.describe(Target.parse("/bob/")).state
