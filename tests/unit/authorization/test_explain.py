from types import SimpleNamespace

import pytest

from pod.authorization.explain import explain
from pod.errors import BadRequest, MalformedTarget, NotFound
from pod.protocol.agent import Credentials
from pod.store.accounts import Accounts
from pod.store.apps import Apps
from pod.store.records import SERVER
from tests.support.ceilings import ceiling
from tests.unit.authorization.world import ALICE, BASE, BOB, EVERYONE, by_agent, rule


def told(world, who, mode, url, client=None):
    services = SimpleNamespace(store=world.store, authorizer=world.authorizer, placement=world.placement)
    return explain(services, Credentials(agent=who, client=client), mode, url)


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


def limited(world, client="https://app.example/id"):
    """An app of alice's, and client credentials, both of which may read her posts alone."""
    accounts, apps, limits = Accounts(world.store), Apps(world.store), ceiling({"/alice/posts/": "read"})
    account = accounts.by_name("alice").id
    with world.store.write(SERVER) as tx:
        accounts.add_web_id(tx, account, ALICE)
        apps.remember(tx, account, client, ALICE, name="App", host="app.example", scope="", ceiling=limits)
        credential = accounts.create_client(
            tx, "robot", account=account, web_id=ALICE, label="Robot", secret_hash="hash"
        )
        apps.limit_grant(tx, credential.grant, limits, None)


@pytest.mark.parametrize("client", ["https://app.example/id", "robot"])
def test_it_says_what_the_account_let_an_app_do(world, client):
    limited(world)
    text = told(world, ALICE, "write", f"{BASE}/alice/posts/a", client)
    assert f"<{ALICE}> may not write" in text
    assert "The app was given read here, beside what everybody may." in text
    assert "Through other apps, the same agent may read, write, append, control." in text
    assert "The app was given nothing here" in told(world, ALICE, "read", f"{BASE}/alice/diary", client)


def test_of_apps_that_nobody_limited_it_says_nothing_more(world):
    limited(world)
    assert "The app" not in told(world, ALICE, "read", f"{BASE}/alice/diary", "https://other.example/id")
    assert "The app" not in told(world, BOB, "read", f"{BASE}/alice/diary", "https://app.example/id")


def test_what_an_app_was_let_do_as_one_web_id_says_nothing_of_another(world):
    limited(world)
    accounts, other = Accounts(world.store), f"{BASE}/alice/other#me"
    with world.store.write(SERVER) as tx:
        accounts.add_web_id(tx, accounts.by_name("alice").id, other)
    assert "The app" not in told(world, other, "read", f"{BASE}/alice/diary", "https://app.example/id")
