"""`freehold fsck` and `freehold explain`, on data that a server made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from pod.cli.main import main
from pod.store.records import SERVER
from tests.support.ceilings import ceiling, limit
from tests.support.client import TURTLE, acl, authorization
from tests.support.inprocess import BASE, LocalServer

ALICE = f"{BASE}alice/profile/card#me"


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Iterator[LocalServer]:
    """A storage whose rules name a group."""
    server = LocalServer(tmp_path_factory.mktemp("maintenance"))
    mine = authorization(f"{BASE}alice/", "Read Write Control", agents=(ALICE,), default=True)
    groups = authorization(f"{BASE}alice/", "Read", groups=(f"{BASE}alice/friends#1",))
    assert server.request("PUT", "/alice/.acl", TURTLE, acl(mine, groups).encode()).status == 204
    yield server
    server.close()


def run(local: LocalServer, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--data", str(local.data), "--base-url", BASE])


def test_fsck_finds_groups_that_are_not_recorded_when_it_looks_deep(local):
    assert run(local, "fsck", "--deep").exit_code == 0
    with local.services.store.write(SERVER) as tx:
        tx.rows("DELETE FROM acl_group")
    assert run(local, "fsck").exit_code == 0
    found = run(local, "fsck", "--deep")
    assert found.exit_code == 1
    assert "error: /alice/.acl: the group it names at /alice/friends is not recorded" in found.output


def test_explain_knows_what_a_program_was_let_do(local):
    limit(local.services, "alice-client", ceiling({"/alice/posts/": "read"}))
    url = f"{BASE}alice/diary"
    assert f"<{ALICE}> may read" in run(local, "explain", ALICE, "read", url).output
    assert f"<{ALICE}> may not read" in run(local, "explain", ALICE, "read", url, "--client", "alice-client").output
