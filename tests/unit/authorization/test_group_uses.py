"""The record of the groups that access rules name: made once for rules that are older, checked, and swept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pod.authorization.authorize import Authorizer
from pod.authorization.group_uses import check_group_uses, settle_group_uses
from pod.protocol.placement import Placement
from pod.services import open_services
from pod.store.acl_groups import AT_ONCE_MAX, all_rules, kept_groups, sweep_groups
from pod.store.records import SERVER
from tests.support.client import TURTLE, acl, authorization
from tests.support.inprocess import BASE as BASE_URL
from tests.support.inprocess import LocalServer
from tests.unit.authorization.world import ALICE, BASE, by_agent, rule

MINE = rule("/alice/", by_agent(ALICE), "Read Write Control", default=True)


def use(world, *paths):
    groups = ", ".join(f"<{BASE}{path}>" for path in paths)
    world.acl("/alice/", MINE, rule("/alice/", f"acl:agentGroup {groups}", "Read"))


def settle(world):
    settle_group_uses(world.store, world.config, world.placement, world.authorizer.groups_named)


def findings(world):
    found = check_group_uses(world.store, world.config, world.placement, world.authorizer.groups_named)
    return [(each.path, each.text) for each in found]


def kept(world):
    return {path for acl in all_rules(world.store) for path in kept_groups(world.store, acl)}


def test_rules_that_are_older_than_the_record_are_read_once(world):
    use(world, "/alice/friends#1", "/alice/friends#2", "/bob/box/.meta#it")
    settle(world)
    assert kept(world) == {"/alice/friends", "/bob/box/.meta"}
    use(world, "/alice/others#1")
    settle(world)
    assert kept(world) == set()


def test_rules_are_read_again_for_a_server_with_another_url(world):
    use(world, "/alice/friends#1")
    other = replace(world.config, base_url="https://other.example/")
    placement = Placement(other.base_url)
    named = Authorizer(other, placement, world.clock, world.remote).groups_named
    settle_group_uses(world.store, other, placement, named)
    assert kept(world) == set()
    settle(world)
    assert kept(world) == {"/alice/friends"}


@pytest.mark.parametrize(
    ("before", "after", "group"),
    [
        ({}, {"placement": "subdomain"}, "http://alice.pods.test/friends#1"),
        ({"placement": "root"}, {"placement": "root", "root_name": "alice"}, "http://pods.test/friends#1"),
        ({"document_triples_max": 1}, {}, "http://pods.test/alice/friends#1"),
        ({"acl_bytes_max": 10}, {}, "http://pods.test/alice/friends#1"),
    ],
)
def test_rules_are_read_again_where_settings_let_them_name_more(world, before, after, group):
    world.acl("/alice/", MINE, rule("/alice/", f"acl:agentGroup <{group}>", "Read"))
    for settings, is_found in ((before, False), (after, True)):
        config = replace(world.config, base_url="http://pods.test/", **settings)
        placement = Placement(config.base_url, config.placement, config.root_name)
        named = Authorizer(config, placement, world.clock, world.remote).groups_named
        settle_group_uses(world.store, config, placement, named)
        assert ("/alice/friends" in kept(world)) is is_found


@pytest.mark.parametrize(
    "group", ["https://elsewhere.example/g#1", f"{BASE}/.account/", f"{BASE}/alice//g", "mailto:a"]
)
def test_what_is_no_document_of_a_storage_here_is_not_recorded(world, group):
    world.acl("/alice/", MINE, rule("/alice/", f"acl:agentGroup <{group}>", "Read"))
    settle(world)
    assert kept(world) == set()


def test_rules_that_cannot_be_read_name_nobody(world):
    world.put("/alice/a")
    world.put("/alice/a.acl", "<#this is not Turtle")
    settle(world)
    assert findings(world) == []


def test_a_group_that_is_not_recorded_is_found(world):
    use(world, "/alice/friends#1", "/alice/family#1")
    assert [path for path, _ in findings(world)] == ["/alice/.acl"] * 2
    settle(world)
    assert findings(world) == []
    with world.store.write(SERVER) as tx:
        tx.rows("DELETE FROM acl_group WHERE path = '/alice/friends'")
    assert findings(world) == [("/alice/.acl", "the group it names at /alice/friends is not recorded")]


def test_any_number_of_groups_is_recorded(world):
    paths = [f"/alice/group{number}" for number in range(2 * AT_ONCE_MAX + 1)]
    use(world, *paths)
    settle(world)
    assert kept(world) == set(paths)


def test_the_record_of_rules_that_are_gone_is_swept(world):
    world.put("/alice/a/doc")
    world.acl("/alice/a/", rule("/alice/a/", f"acl:agentGroup <{BASE}/alice/friends#1>", "Read"))
    use(world, "/alice/family#1")
    settle(world)
    world.delete("/alice/a/.acl")
    assert (sweep_groups(world.store), sweep_groups(world.store)) == (1, 0)
    assert kept(world) == {"/alice/family"}


def test_a_server_that_is_started_with_older_rules_reads_them(tmp_path):
    server = LocalServer(tmp_path)
    try:
        mine = authorization(f"{BASE_URL}alice/", "Read Write Control", agents=(f"{BASE_URL}alice/profile/card#me",))
        groups = authorization(f"{BASE_URL}alice/", "Read", groups=(f"{BASE_URL}alice/friends#1",))
        assert server.request("PUT", "/alice/.acl", TURTLE, acl(mine, groups).encode()).status == 204
        store, named = server.services.store, server.services.authorizer.groups_named
        with store.write(SERVER) as tx:
            for statement in ("DELETE FROM acl_group", "DELETE FROM setting WHERE name = 'acl_groups'"):
                tx.rows(statement)
        assert len(list(check_group_uses(store, server.services.config, server.services.placement, named))) == 1
        open_services(server.services.config, server.services.clock, store)
        assert list(check_group_uses(store, server.services.config, server.services.placement, named)) == []
    finally:
        server.close()
