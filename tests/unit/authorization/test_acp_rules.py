"""Access Control Policy over a store: what is in force on a resource, what is remembered of it, and what stays closed."""

import gc
import io
import uuid

import pytest

from pod.authorization import acp_rules, required
from pod.authorization.decision import Decision
from pod.errors import AccessDenied
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.resource import Target
from pod.store.records import SERVER, Actor, Kind
from tests.tables.languages import acr, agent, policy
from tests.unit.authorization.world import ALICE, BASE, BOB, CAROL, World
from tests.unit.authorization.world import agent as signed_in


@pytest.fixture
def world(tmp_path):
    made = ACPWorld(tmp_path, access_control="acp")
    yield made
    made.store.close()


class ACPWorld(World):
    """Its roots are their owners', and so is everything in them."""

    def acl(self, path, *rules, **options):
        if path.count("/") == 2:
            everything = policy("Read Write Control", agent(f"{BASE}{path}profile/card#me"))
            rules = (acr(f"{BASE}{path}", [everything], [everything]),)
        super().acl(path, *rules, **options)

    def acr(self, path, own=(), members=(), more=""):
        self.put(f"{path}.acl", acr(f"{BASE}{path}", own, members, more))


READ_BOB = policy("Read", agent(BOB))


@pytest.mark.requirement("acp#effective-policies")
def test_member_access_controls_of_all_ancestors_add_up_and_own_ones_stay_where_they_are(world):
    world.put("/alice/b/c/d")
    world.acr("/alice/b/", own=[policy("Write", agent(BOB))], members=[READ_BOB])
    world.acr("/alice/b/c/", own=[policy("Append", agent(BOB))], members=[policy("Control", agent(BOB))])
    world.acr("/alice/b/c/d", own=[policy("Append", agent(BOB))])
    asked = ("/alice/", "/alice/b/", "/alice/b/c/", "/alice/b/c/d", "/alice/b/c/new")
    assert [world.modes(path, signed_in(BOB)) for path in asked] == [
        "",
        "write append",
        "read append",
        "read append control",
        "read control",
    ]


def test_a_denial_above_cannot_be_allowed_away_below(world):
    world.put("/alice/b/c")
    world.acr("/alice/b/", members=[policy("", agent(BOB), deny="Read")])
    world.acr("/alice/b/c", own=[policy("Read Append", agent(BOB))])
    decision = world.decide("/alice/b/c", signed_in(BOB))
    assert decision.modes.names() == ("append",)
    assert [(reason.denies, reason.acl) for reason in decision.reasons] == [
        (False, f"{BASE}/alice/b/c.acl"),
        (True, f"{BASE}/alice/b/.acl"),
    ]


def test_one_who_is_denied_what_everybody_may_is_denied(world):
    world.put("/alice/a")
    everybody = policy("Read", "acp:agent acp:PublicAgent")
    world.acr("/alice/a", own=[everybody, policy("", agent(BOB), deny="Read")])
    decision = world.decide("/alice/a", signed_in(BOB))
    assert (decision.modes.names(), decision.public.names()) == ((), ("read",))
    with pytest.raises(AccessDenied):
        world.authorize(required.read, "/alice/a", signed_in(BOB))


def test_owners_keep_control_whatever_is_denied(world):
    world.put("/alice/a")
    world.acr("/alice/a", own=[policy("", "acp:agent acp:PublicAgent", deny="Read Write Append Control")])
    decision = world.decide("/alice/a", signed_in(ALICE))
    assert decision.modes.names() == ("control",)
    assert "owners of a storage always keep control" in str(decision)


def test_a_changed_acr_counts_at_once_and_a_deleted_one_no_more(world):
    world.put("/alice/a")
    world.acr("/alice/a", own=[READ_BOB])
    assert world.modes("/alice/a", signed_in(BOB)) == "read"
    world.acr("/alice/a", own=[policy("Append", agent(BOB))])
    assert world.modes("/alice/a", signed_in(BOB)) == "append"
    world.delete("/alice/a.acl")
    assert world.modes("/alice/a", signed_in(BOB)) == ""


def made_by(world, who, path):
    with world.store.write(Actor(who)) as tx:
        content = world.store.stage(io.BytesIO(b""), "text/turtle", bytes_max=10)
        tx.create(Target.parse(path), Kind.RDF, content, acl=None)


@pytest.mark.requirement("acp#acp-creator-agent")
def test_who_made_a_resource_is_known_as_its_creator_and_of_the_next_one_there_another(world):
    world.acr("/alice/", [policy("Control", agent(ALICE))], [policy("Read", "acp:agent acp:CreatorAgent")])
    made_by(world, BOB, "/alice/a")
    assert [world.modes("/alice/a", signed_in(who)) for who in (BOB, CAROL)] == ["read", ""]
    world.delete("/alice/a")
    assert world.modes("/alice/a", signed_in(BOB)) == ""
    made_by(world, CAROL, "/alice/a")
    assert [world.modes("/alice/a", signed_in(who)) for who in (BOB, CAROL)] == ["", "read"]


def test_the_target_is_matched_where_a_matcher_names_it(world):
    world.put("/alice/a")
    world.put("/alice/b")
    world.acr("/alice/", [], [policy("Read", f"acp:target <{BASE}/alice/a>")])
    assert [world.modes(path) for path in ("/alice/a", "/alice/b", "/alice/a")] == ["read", "", "read"]


def test_a_client_or_issuer_makes_a_difference_each_time(world):
    world.put("/alice/a")
    world.acr("/alice/a", own=[policy("Read", "acp:client <https://one.example/>; acp:issuer <https://i.example/>")])
    asked = [
        ("https://one.example/", "https://i.example/"),
        ("https://two.example/", "https://i.example/"),
        (None, None),
    ]
    for client, issuer in (*asked, *asked):
        expected = "read" if client == "https://one.example/" else ""
        assert world.modes("/alice/a", Credentials(BOB, client, issuer)) == expected


def statements_of(world, path, who):
    snapshot = world.describe(path)
    world.statements.clear()
    world.authorizer.authorize(world.store, snapshot, who, required.read(snapshot))
    return len(world.statements)


def test_a_warm_decision_takes_no_statement_however_deep_and_one_where_the_creator_matters(world):
    path = "/alice/" + "".join(f"{level}/" for level in range(8))
    world.put(f"{path}a")
    for end in range(2, 10):
        world.acr("/".join(path.split("/")[:end]) + "/", [policy("Control", agent(ALICE))], [READ_BOB])
    world.modes(f"{path}a", signed_in(BOB))
    assert statements_of(world, f"{path}a", signed_in(BOB)) == 0
    world.acr(f"{path}a", own=[policy("Read", "acp:agent acp:CreatorAgent")])
    world.modes(f"{path}a", signed_in(BOB))
    assert statements_of(world, f"{path}a", signed_in(BOB)) == 1


def test_nobody_is_asked_who_made_what_is_not_there(world):
    given = policy("Append", agent(BOB))
    world.acr("/alice/", [given], [policy("Write", "acp:agent acp:CreatorAgent"), given])
    asked = []
    for levels in (1, 20):
        snapshot = world.describe("/alice/" + "new/" * levels, signed_in(BOB))
        world.statements.clear()
        world.authorizer.authorize(world.store, snapshot, signed_in(BOB), required.put(snapshot))
        asked.append(len(world.statements))
    assert asked[1] <= asked[0]


def test_one_evaluation_holds_for_all_that_policies_tell_apart_by_nothing(world, monkeypatch):
    named = f"acp:agent <{BOB}>; acp:target <{BASE}/alice/new/3/4/>; acp:creator <{CAROL}>"
    given = policy("Append", agent(BOB))
    world.acr("/alice/", [given], [given, policy("Read", named)])
    evaluate, evaluated = acp_rules._evaluate, []
    monkeypatch.setattr(acp_rules, "_evaluate", lambda *args, **more: evaluated.append(args) or evaluate(*args, **more))
    world.authorize(required.put, "/alice/new/" + "".join(f"{level}/" for level in range(20)) + "a", signed_in(BOB))
    assert len(evaluated) <= 2


def test_one_evaluation_holds_for_what_strangers_made(world, monkeypatch):
    world.acr("/alice/", [], [policy("Read", "acp:agent acp:CreatorAgent")])
    made_by(world, BOB, "/alice/a")
    made_by(world, CAROL, "/alice/b")
    evaluate, evaluated = acp_rules._evaluate, []
    monkeypatch.setattr(acp_rules, "_evaluate", lambda *args, **more: evaluated.append(args) or evaluate(*args, **more))
    assert [world.modes(path, signed_in(ALICE)) for path in ("/alice/a", "/alice/b")] == ["control", "control"]
    assert len(evaluated) == 1


@pytest.mark.parametrize("text", ["this is no turtle", "<> a <#b> ; .\x00"])
def test_an_acr_that_cannot_be_read_closes_what_is_below_it_but_not_to_its_owner(world, text):
    world.put("/alice/b/c")
    world.acr("/alice/", [], [policy("Read", "acp:agent acp:PublicAgent")])
    assert world.modes("/alice/b/c") == "read"
    world.put("/alice/b/.acl", text)
    assert world.modes("/alice/b/c") == world.modes("/alice/b/c", signed_in(BOB)) == ""
    assert world.modes("/alice/b/c", signed_in(ALICE)) == "control"


def test_more_policies_than_a_decision_may_look_at_close_too(world, monkeypatch):
    monkeypatch.setattr(acp_rules, "POLICIES_IN_FORCE_MAX", 5)
    world.put("/alice/b/c")
    world.acr("/alice/b/", members=[READ_BOB] * 3)
    assert world.modes("/alice/b/c", signed_in(BOB)) == "read"
    world.acr("/alice/b/c", own=[READ_BOB] * 2)
    assert world.modes("/alice/b/c", signed_in(BOB)) == ""
    assert world.modes("/alice/b/c", signed_in(ALICE)) == "control"


def test_more_matchers_than_a_decision_may_look_at_close_too(world, monkeypatch):
    monkeypatch.setattr(acp_rules, "MATCHERS_IN_FORCE_MAX", 5)
    world.put("/alice/b/c")
    world.acr("/alice/b/", members=[READ_BOB] * 3)
    assert world.modes("/alice/b/c", signed_in(BOB)) == "read"
    world.acr("/alice/b/c", own=["[ acp:noneOf [], [], [] ]"])
    assert world.modes("/alice/b/c", signed_in(BOB)) == ""
    assert world.modes("/alice/b/c", signed_in(ALICE)) == "control"


def remembered(url):
    return sum(type(each) is Decision and each.acl == url for each in gc.get_objects())  # a dead proxy has no class


@pytest.mark.parametrize(("policies", "most"), [(1, 20), (100, 4)])
def test_decisions_with_many_reasons_are_remembered_for_fewer_agents(tmp_path, policies, most):
    world = ACPWorld(tmp_path, access_control="acp", acl_cache_entries=20)
    path = f"/alice/{uuid.uuid4()}"
    world.put(path)
    world.acr(path, own=[policy("Read", "acp:agent acp:PublicAgent")] * policies)
    for number in range(40):
        assert world.modes(path, signed_in(f"https://{number}.example/#me")) == "read"
    assert 1 <= remembered(f"{BASE}{path}.acl") <= most + 2
    world.store.close()


def test_without_any_acr_nobody_may_anything_but_its_owner(world):
    world.delete("/alice/.acl")
    assert world.modes("/alice/", PUBLIC) == world.modes("/alice/", signed_in(BOB)) == ""
    assert world.modes("/alice/", signed_in(ALICE)) == "control"


def test_what_a_transaction_changed_is_not_remembered_when_it_comes_to_nothing(world):
    world.put("/alice/a")
    world.acr("/alice/a", own=[READ_BOB])
    target = Target.parse("/alice/a.acl")
    text = acr(f"{BASE}/alice/a", [policy("Write", agent(BOB))]).encode()
    with pytest.raises(RuntimeError), world.store.write(SERVER) as tx:
        content = world.store.stage(io.BytesIO(text), "text/turtle", bytes_max=10**6)
        tx.replace(tx.describe(target).state, content, kind=Kind.RDF, acl=None)
        snapshot = tx.describe(Target.parse("/alice/a"))
        inside = world.authorizer.decide(tx, snapshot, signed_in(BOB))
        raise RuntimeError
    assert inside.modes.names() == ("write", "append")
    assert world.modes("/alice/a", signed_in(BOB)) == "read"
    world.acr("/alice/a", own=[policy("Append", agent(BOB))])  # takes the version that came to nothing
    assert world.modes("/alice/a", signed_in(BOB)) == "append"
