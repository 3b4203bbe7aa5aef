"""Accounts, their WebIDs, client credentials and grants, and the signing keys."""

from __future__ import annotations

import pytest

from pod.errors import Conflict, NotFound
from pod.protocol.resource import Target
from pod.store.accounts import Accounts, AccountStatus
from pod.store.records import SERVER

WEB_ID = "https://pods.example/alice/profile/card#me"


@pytest.fixture
def accounts(store):
    return Accounts(store)


@pytest.fixture
def tx(store):
    """One write transaction, committed after the test."""
    with store.write(SERVER) as tx:
        yield tx


@pytest.fixture
def alice(store, accounts):
    with store.write(SERVER) as tx:
        account = accounts.create_account(tx, "alice", "Alice@Example.org", "$argon2id$...")
        accounts.add_web_id(tx, account.id, WEB_ID)
    return account


def test_an_account_is_found_by_id_name_mail_and_web_id(accounts, alice):
    found = {accounts.by_id(alice.id), accounts.by_name("alice"), accounts.by_email("alice@example.org")}
    assert found == {alice, accounts.web_id_account(WEB_ID)} == {alice}
    assert (alice.status, alice.created_ms) == (AccountStatus.ACTIVE, 1_000_000_000)


def test_what_is_not_there_is_none(accounts, alice):
    nothing = (accounts.by_id(99), accounts.by_name("Alice"), accounts.by_email("x"), accounts.web_id_account("x"))
    assert nothing == (None, None, None, None)
    assert accounts.client("x") is None


def test_an_account_may_have_neither_mail_nor_password(accounts, tx):
    first = accounts.create_account(tx, "bob", None, None)
    second = accounts.create_account(tx, "carol", None, None)
    assert (first.email, second.password_hash) == (None, None)


@pytest.mark.parametrize(
    ("name", "email", "told"),
    [("alice", None, "named alice"), ("bob", "ALICE@example.ORG", "mail address")],
)
def test_names_and_mail_addresses_are_taken_once(accounts, alice, tx, name, email, told):
    with pytest.raises(Conflict, match=told):
        accounts.create_account(tx, name, email, None)


def test_secrets_are_not_printed(accounts, alice, tx):
    client = accounts.create_client(tx, "app", account=alice.id, web_id=WEB_ID, label="", secret_hash="hash-of-secret")
    key = accounts.add_signing_key(tx, "k1", "ES256", b"private-bytes")
    printed = f"{alice} {client} {key}"
    assert not any(secret in printed for secret in ("argon2id", "hash-of-secret", "private-bytes"))


def test_the_first_web_id_is_the_primary_one(store, accounts, alice):
    with store.write(SERVER) as tx:
        accounts.add_web_id(tx, alice.id, "https://a.example/#first-in-order")
    assert accounts.web_ids(alice.id) == (WEB_ID, "https://a.example/#first-in-order")


def test_a_web_id_has_one_account(accounts, alice, tx):
    bob = accounts.create_account(tx, "bob", None, None)
    with pytest.raises(Conflict, match=WEB_ID):
        accounts.add_web_id(tx, bob.id, WEB_ID)


def test_accounts_are_listed_with_their_storages(store, accounts, alice):
    with store.write(SERVER) as tx:
        accounts.create_account(tx, "aaron", None, None)
        tx.create_storage("/alice/", alice.id, (WEB_ID,))
        tx.create_storage("/work/", alice.id, ())
    listed = {account.name: [usage.path for usage in storages] for account, storages in accounts.listed()}
    assert list(listed.items()) == [("aaron", []), ("alice", ["/alice/", "/work/"])]
    assert [usage.path for usage in accounts.storages(alice.id)] == ["/alice/", "/work/"]


def test_status_and_password_can_be_set(store, accounts, alice):
    with store.write(SERVER) as tx:
        accounts.set_status(tx, alice.id, AccountStatus.DISABLED)
        accounts.set_password_hash(tx, alice.id, "other")
    changed = accounts.by_name("alice")
    assert (changed.status, changed.password_hash) == (AccountStatus.DISABLED, "other")


def test_an_account_and_its_storage_commit_together(store, accounts):
    with pytest.raises(ZeroDivisionError), store.write(SERVER) as tx:
        account = accounts.create_account(tx, "alice", None, None)
        tx.create_storage("/alice/", account.id, ())
        assert Accounts(tx).by_name("alice") == account
        raise ZeroDivisionError
    assert accounts.by_name("alice") is None
    assert store.describe(Target.parse("/alice/")).storage is None


def test_client_credentials_come_with_a_grant(store, accounts, alice):
    with store.write(SERVER) as tx:
        made = accounts.create_client(tx, "app", account=alice.id, web_id=WEB_ID, label="My app", secret_hash="h")
    assert accounts.client("app") == made
    assert accounts.clients(alice.id) == (made,)
    grant = store.describe(Target.parse("/alice/"), made.grant).grant
    assert (grant.client, grant.web_id, grant.stands) == ("app", WEB_ID, True)


def test_a_client_id_is_taken_once(accounts, alice, tx):
    given = {"account": alice.id, "web_id": WEB_ID, "label": "", "secret_hash": "h"}
    accounts.create_client(tx, "app", **given)
    with pytest.raises(Conflict, match="app"):
        accounts.create_client(tx, "app", **given)


def test_a_revoked_client_takes_its_grant_along(store, accounts, alice, clock):
    with store.write(SERVER) as tx:
        made = accounts.create_client(tx, "app", account=alice.id, web_id=WEB_ID, label="", secret_hash="h")
    for _ in range(2):
        with store.write(SERVER) as tx:
            accounts.revoke_client(tx, "app")
        clock.time += 1
    assert accounts.client("app").revoked_ms == 1_000_000_000
    assert not store.describe(Target.parse("/alice/"), made.grant).grant.stands


def test_signing_keys_are_listed_newest_first_retired_ones_too(store, accounts, clock):
    for kid in ("old", "new"):
        with store.write(SERVER) as tx:
            accounts.add_signing_key(tx, kid, "ES256", b"private")
        clock.time += 1
    with store.write(SERVER) as tx:
        accounts.retire_signing_key(tx, "old")
    keys = accounts.signing_keys()
    assert [(key.kid, key.private_key, key.retired_ms) for key in keys] == [
        ("new", b"private", None),
        ("old", b"private", 1_000_002_000),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts, tx: accounts.set_status(tx, 99, AccountStatus.ACTIVE),
        lambda accounts, tx: accounts.set_password_hash(tx, 99, "h"),
        lambda accounts, tx: accounts.revoke_grant(tx, "x"),
        lambda accounts, tx: accounts.revoke_client(tx, "x"),
        lambda accounts, tx: accounts.retire_signing_key(tx, "x"),
    ],
)
def test_changing_what_is_not_there_is_told(accounts, tx, change):
    with pytest.raises(NotFound):
        change(accounts, tx)
