from types import SimpleNamespace

import pytest

from pod.authorization.explain import explain
from pod.errors import BadRequest, MalformedTarget, NotFound
from pod.protocol.agent import Credentials
from tests.unit.authorization.world import ALICE, BASE, BOB, EVERYONE, by_agent, rule


def told(world, who, mode, url):
    services = SimpleNamespace(store=world.store, authorizer=world.authorizer, placement=world.placement)
    return explain(services, Credentials(agent=who), mode, url)


def test_it_names_the_rule_and_the_acl(world):
    world.put("/alice/c/a")
    world.acl("/alice/c/", rule("/alice/c/", by_agent(BOB), "Read", default=True, name="<#friends>"))
    text = told(world, BOB, "Read", f"{BASE}/alice/c/a")
    assert text.splitlines() == [
        f"<{BOB}> may read <{BASE}/alice/c/a>.",
        f"  read: rule <{BASE}/alice/c/.acl#friends> in <{BASE}/alice/c/.acl>",
        f"  ACL in force: <{BASE}/alice/c/.acl>, inherited from there.",
    ]


def test_it_says_when_nothing_matches(world):
    text = told(world, BOB, "write", f"{BASE}/alice/nothing")
    assert f"<{BOB}> may not write <{BASE}/alice/nothing> (nothing is there now)." in text
    assert "No rule gives this agent anything." in text


def test_it_knows_anybody_ownership_and_rules_without_a_name(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", EVERYONE, "Read"))
    assert "Anybody may read" in told(world, None, "read", f"{BASE}/alice/a")
    assert "a rule without a name" in told(world, None, "read", f"{BASE}/alice/a")
    assert "owners of a storage always keep control" in told(world, ALICE, "control", f"{BASE}/alice/a")


def test_it_waits_for_groups_of_other_servers(world):
    group = "https://groups.example/g"
    world.remote.documents[group] = f"<{group}#1> vcard:hasMember <{BOB}>."
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", f"acl:agentGroup <{group}#1>", "Read"))
    assert f"<{BOB}> may read" in told(world, BOB, "read", f"{BASE}/alice/a")


def test_it_says_when_there_is_no_acl(world):
    world.delete("/alice/.acl")
    assert "There is no ACL: run freehold fsck." in told(world, BOB, "read", f"{BASE}/alice/")


@pytest.mark.parametrize(
    ("mode", "url", "error"),
    [
        ("share", f"{BASE}/alice/", BadRequest),
        ("", f"{BASE}/alice/", BadRequest),
        ("read", "https://elsewhere.example/alice/", NotFound),
        ("read", f"{BASE}/zoe/", NotFound),
        ("read", f"{BASE}/alice//", MalformedTarget),
        ("read", "nonsense", NotFound),
    ],
)
def test_what_cannot_be_explained_is_refused(world, mode, url, error):
    with pytest.raises(error):
        told(world, BOB, mode, url)
