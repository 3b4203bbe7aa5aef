"""What accounts that were there before become when people can sign up by themselves."""

from __future__ import annotations

from pod.db.connection import Database
from pod.db.migrate import migrate, migrations
from pod.store.accounts import Accounts
from tests.support.stores import sqlite_store


def test_the_first_account_is_the_operators_and_the_operator_vouched_for_all_addresses(tmp_path):
    database = Database(tmp_path / "pod.sqlite", busy_seconds=1)
    migrate(database, migrations("main")[:1])
    with database.transaction() as connection:
        for name, email in (("alice", "alice@example.org"), ("bob", None)):
            connection.execute("INSERT INTO account (name, email, created_ms) VALUES (?, ?, 7)", (name, email))
    database.close()
    store = sqlite_store(tmp_path)
    alice, bob = (account for account, _ in Accounts(store).listed())
    assert (alice.is_operator, alice.email_verified_ms, alice.leaving, alice.stands) == (True, 7, False, True)
    assert (bob.is_operator, bob.email_verified_ms) == (False, None)
    assert Accounts(store).by_email("ALICE@example.org") == alice
    store.close()
