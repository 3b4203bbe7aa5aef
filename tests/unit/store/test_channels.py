from __future__ import annotations

import pytest

from pod.db.connection import Database
from pod.db.migrate import migrate, migrations
from pod.errors import JournalGone
from pod.protocol.agent import Credentials
from pod.protocol.notification import ChannelType
from pod.store.access_records import AccessRecords
from pod.store.channels import (
    KEPT_AFTER_END_MS,
    Channel,
    Channels,
    Deliveries,
    Delivery,
    count_of_agent,
    count_of_network,
    count_of_topic,
    enabled,
    oldest_pulled,
    restart,
)
from pod.store.fsck import check
from pod.store.journal import changes_after
from pod.store.records import SERVER
from pod.store.removal import remove_due
from tests.support.stores import ALICE, make_storage, put, sqlite_store

BOB = "https://pods.example/bob/profile/card#me"


def channel(storage: int, key: str = "one", **more) -> Channel:
    usual = {
        "id": key,
        "type": ChannelType.WEBSOCKET,
        "storage": storage,
        "topics": ("/alice/a", "/alice/b/"),
        "agent": ALICE,
        "client": "https://app.example/id",
        "issuer": "https://pods.example/",
        "grant": "grant",
        "origin": "https://app.example",
        "context": "https://www.w3.org/ns/solid/notification/v1",
        "accept": "application/ld+json",
        "subtree": True,
        "rate_seconds": 1.5,
        "start_ms": 5,
        "end_ms": 1000,
        "sequence": 1,
        "send_to": None,
        "p256dh": None,
        "auth": None,
        "created_ms": 7,
    }
    return Channel(**(usual | more))


def pushed(storage: int, key: str = "pushed", **more) -> Channel:
    more = {"type": ChannelType.WEB_PUSH, "send_to": "https://push.example/x", "p256dh": "k", "auth": "a", **more}
    return channel(storage, key, **more)


def add(store, made: Channel, capability: str | None = None, network: str | None = None) -> Channel:
    if made.type.pulls and capability is None:
        capability = f"opens {made.id}"
    with store.write(SERVER) as tx:
        Channels(store).add(tx, made, capability=capability, network=network)
    return made


def test_a_channel_is_found_again_by_its_id_and_by_what_opens_it(store, pod):
    made = add(store, channel(pod), "secret")
    channels = Channels(store)
    assert channels.get("one") == made == channels.by_capability("secret")
    assert channels.get("two") is None
    assert channels.by_capability("one") is None


def test_a_channel_speaks_for_its_subscriber(pod):
    expected = Credentials(ALICE, "https://app.example/id", "https://pods.example/", "grant", "https://app.example")
    assert channel(pod).credentials == expected


def test_a_channel_knows_when_it_is(pod):
    made = channel(pod)
    assert [made.covers(4), made.covers(5), made.covers(999), made.covers(1000)] == [False, True, True, False]
    assert [made.has_ended(999), made.has_ended(1000)] == [False, True]
    assert channel(pod, start_ms=None).covers(0)


def test_its_secrets_are_not_shown(pod):
    assert "'k'" not in repr(pushed(pod))
    assert "'a'" not in repr(pushed(pod))


def test_channels_are_listed_for_their_subscriber_their_owner_and_their_sender(store, pod):
    bobs = make_storage(store, "bob")
    mine = add(store, channel(pod))
    others = add(store, channel(bobs, "two", agent=BOB, topics=("/bob/a",)))
    sent = add(store, pushed(pod, agent=BOB))
    channels = Channels(store)
    assert channels.of_agent(ALICE) == [mine]
    assert channels.of_storages([pod]) == [mine, sent]
    assert channels.of_storages([pod, bobs]) == [mine, sent, others]
    assert channels.of_storages([]) == []
    assert channels.push_channels() == [sent]


def test_a_channel_is_removed_once(store, pod):
    add(store, channel(pod))
    assert [Channels(store).remove("one"), Channels(store).remove("one")] == [True, False]
    assert Channels(store).get("one") is None


def test_channels_that_have_ended_are_removed_after_a_while(store, pod):
    for number in range(3):
        add(store, channel(pod, str(number), end_ms=number * 10))
    assert Channels(store).expire(10) == 0
    assert Channels(store).expire(10 + KEPT_AFTER_END_MS) == 2
    assert [each.id for each in Channels(store).of_agent(ALICE)] == ["2"]


def test_channels_are_counted_until_they_end(store, pod):
    add(store, channel(pod))
    add(store, channel(pod, "two", agent=None, topics=("/alice/a",), end_ms=500), network="192.0.2.1")
    assert (count_of_agent(store, ALICE, 0), count_of_agent(store, ALICE, 1000), count_of_agent(store, BOB, 0)) == (
        1,
        0,
        0,
    )
    assert (count_of_network(store, "192.0.2.1", 0), count_of_network(store, "192.0.2.1", 500)) == (1, 0)
    counts = [
        count_of_topic(store, path, when) for path, when in (("/alice/a", 0), ("/alice/a", 600), ("/alice/b/", 0))
    ]
    assert counts == [2, 1, 1]


def test_the_oldest_that_an_app_can_connect_to_is_known(store, pod):
    add(store, channel(pod, "newer", created_ms=9))
    add(store, channel(pod, "older", created_ms=8))
    add(store, channel(pod, "other app's", created_ms=1, client=None))
    add(store, pushed(pod, created_ms=2))
    assert oldest_pulled(store, ALICE, "https://app.example/id") == "older"
    assert oldest_pulled(store, ALICE, None) == "other app's"
    assert oldest_pulled(store, BOB, None) is None


def test_after_a_restore_channels_begin_anew(store, pod):
    add(store, channel(pod))
    put(store, "/alice/a")
    restart(store)
    assert Channels(store).get("one").sequence == 3


def test_channels_go_with_the_account(store, pod, clock, tmp_path):
    bobs = make_storage(store, "bob")
    add(store, channel(pod))
    add(store, channel(pod, "bob listens to alice", agent=BOB))
    add(store, channel(bobs, "alice listens to bob", topics=("/bob/a",)))
    add(store, channel(bobs, "bob's own", agent=BOB, topics=("/bob/a",)))
    put(store, "/alice/.acl", b"# new")
    with store.write(SERVER) as tx:
        tx.rows("UPDATE account SET delete_due_ms = 0 WHERE name = 'alice'")
    remove_due(store, clock, AccessRecords(tmp_path / "access.sqlite"))
    assert [each.id for each in Channels(store).of_storages([pod, bobs])] == ["bob's own"]
    assert store.rows("SELECT COUNT(*) FROM past_acl") == [(0,)]
    assert list(check(store)) == []


def test_no_channel_is_added_to_a_storage_that_is_not_there(store):
    with pytest.raises(Exception, match="FOREIGN KEY"):
        add(store, channel(99))


def test_deliveries_begin_where_their_channel_does(store, pod):
    made = pushed(pod, sequence=3)
    assert Deliveries(store).load(made) == Delivery("pushed", 3)


def test_deliveries_are_kept(store, pod):
    made = pushed(pod)
    delivery = Delivery("pushed", 9, 2, 100, 503, "busy", 50, 99)
    for each in (Delivery("pushed", 8), delivery):
        Deliveries(store).save(each)
    assert Deliveries(store).load(made) == delivery
    assert Deliveries(store).all() == {"pushed": delivery}
    assert enabled(delivery) == Delivery("pushed", 9, 0, 0, 503, "busy", 50, None)


def test_deliveries_of_another_history_are_unknown(store, pod):
    Deliveries(store).save(Delivery("pushed", 9))
    store.change_derived("UPDATE delivery SET epoch = 'before'")
    assert Deliveries(store).load(pushed(pod)) == Delivery("pushed", 1)
    assert Deliveries(store).all() == {}


def test_deliveries_of_channels_that_are_no_more_are_forgotten(store, pod):
    for key in ("pushed", "gone"):
        Deliveries(store).save(Delivery(key, 9))
    Deliveries(store).forget_all_but([pushed(pod)])
    assert list(Deliveries(store).all()) == ["pushed"]


def test_what_happened_before_rules_were_kept_is_told_to_nobody(tmp_path, clock):
    database = Database(tmp_path / "pod.sqlite", busy_seconds=1)
    migrate(database, migrations("main")[:2])
    with database.transaction() as connection:
        connection.execute("INSERT INTO account (name, created_ms) VALUES ('alice', 0)")
        connection.execute("INSERT INTO storage (path, account, sequence, created_ms) VALUES ('/alice/', 1, 1, 0)")
        connection.execute(
            "INSERT INTO change (storage, sequence, time_ms, kind, resource, path, media_type, size, digest, operation) "
            "VALUES (1, 1, 0, 'create', 1, '/alice/', 'text/turtle', 0, '', 'op')"
        )
    database.close()
    store = sqlite_store(tmp_path, clock)
    with pytest.raises(JournalGone):
        changes_after(store, 1, 0, 10)
    assert changes_after(store, 1, 1, 10) == []
    store.close()
