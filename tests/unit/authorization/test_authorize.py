import pytest

from pod.authorization import required
from pod.authorization.authorize import check_grant
from pod.errors import AccessDenied, InvalidToken, NotAuthenticated, NotFound, VersionMoved
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.modes import AccessMode
from pod.store.records import SERVER, GrantState
from tests.unit.authorization.world import ALICE, BASE, BOB, CAROL, EVERYONE, World, agent, by_agent, rule

READ = AccessMode.READ


def test_a_root_acl_reaches_everything_below_it(world):
    world.put("/alice/a/b/c")
    for path in ("/alice/", "/alice/a/", "/alice/a/b/c", "/alice/a/nothing"):
        assert world.modes(path, agent(ALICE)) == "read write append control"
        assert world.modes(path, agent(BOB)) == ""


def test_the_nearest_acl_replaces_those_above(world):
    world.put("/alice/a/b")
    world.acl("/alice/", rule("/alice/", EVERYONE, "Read", default=True))
    world.acl("/alice/a/", rule("/alice/a/", by_agent(BOB), "Append", default=True))
    assert world.modes("/alice/x") == "read"
    assert world.modes("/alice/a/b") == ""
    assert world.modes("/alice/a/b", agent(BOB)) == "append"


def test_access_to_a_container_does_not_reach_its_members_and_default_not_itself(world):
    world.put("/alice/a/b")
    world.acl(
        "/alice/a/",
        rule("/alice/a/", EVERYONE, "Read"),
        rule("/alice/a/", by_agent(BOB), "Write", own=False, default=True),
    )
    assert (world.modes("/alice/a/"), world.modes("/alice/a/b")) == ("read", "")
    assert (world.modes("/alice/a/", agent(BOB)), world.modes("/alice/a/b", agent(BOB))) == ("read", "write append")


def test_a_default_for_another_container_is_none_for_this(world):
    world.put("/alice/a/b")
    world.acl("/alice/a/", rule("/alice/", EVERYONE, "Read", default=True))
    assert world.modes("/alice/a/b") == ""


def test_deleting_an_acl_restores_inheritance(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", EVERYONE, "Read"))
    assert world.modes("/alice/a") == "read"
    world.delete("/alice/a.acl")
    assert world.modes("/alice/a") == ""


def test_a_changed_acl_counts_at_once(world):
    world.put("/alice/a")
    for modes, granted in (("Read", "read"), ("Append", "append"), ("Control", "control")):
        world.acl("/alice/a", rule("/alice/a", EVERYONE, modes))
        assert world.modes("/alice/a", agent(BOB)) == granted


def test_rights_do_not_revive_with_a_name(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", EVERYONE, "Read"))
    assert world.modes("/alice/a") == "read"
    world.delete("/alice/a")
    world.put("/alice/a")
    assert world.modes("/alice/a") == ""


def test_owners_keep_control_whatever_the_acl_says(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", by_agent(BOB), "Read"))
    assert world.modes("/alice/a", agent(ALICE)) == "control"
    assert "owners" in str(world.decide("/alice/a", agent(ALICE)))
    assert world.modes("/bob/", agent(ALICE)) == ""


@pytest.mark.requirement("solid#webid-profile-privacy")
def test_a_webid_within_a_storage_is_no_owner_of_it(world):
    world.put("/alice/friends/card")
    assert world.modes("/alice/friends/card", agent(f"{BASE}/alice/friends/card#me")) == ""
    assert world.modes("/alice/", agent(f"{BASE}/alice/friends/card#me")) == ""


@pytest.mark.parametrize("text", ["this is not turtle", "<a> <b> <c", ""])
def test_a_broken_acl_gives_nothing_but_the_owners_control(world, text):
    world.put("/alice/a")
    world.acl("/alice/a", text, prefixes="")
    assert (world.modes("/alice/a"), world.modes("/alice/a", agent(ALICE))) == ("", "control")


def test_a_storage_without_a_root_acl_is_closed_but_for_its_owner(world):
    world.delete("/alice/.acl")
    assert (world.modes("/alice/a"), world.modes("/alice/a", agent(ALICE))) == ("", "control")
    with pytest.raises(AccessDenied):
        world.authorize(required.read, "/alice/a", agent(BOB))


def test_an_acl_in_another_syntax_is_understood(world):
    world.put("/alice/a")
    text = f"""{{"@context": {{"acl": "http://www.w3.org/ns/auth/acl#"}}, "@type": "acl:Authorization",
      "acl:accessTo": {{"@id": "{BASE}/alice/a"}}, "acl:agent": {{"@id": "{BOB}"}}, "acl:mode": {{"@id": "acl:Read"}}}}"""
    world.put("/alice/a.acl", text, "application/ld+json")
    assert world.modes("/alice/a", agent(BOB)) == "read"


def test_relative_urls_in_an_acl_are_relative_to_the_acl(world):
    world.put("/alice/a/b")
    world.acl("/alice/a/", "<#r> a acl:Authorization; acl:default <./>; acl:agentClass foaf:Agent; acl:mode acl:Read.")
    decision = world.decide("/alice/a/b")
    assert decision.modes == READ
    assert decision.reasons[0].rule == f"{BASE}/alice/a/.acl#r"


@pytest.mark.parametrize("spelling", ["/alice/%7Ea", "/alice/~a"])
def test_a_resource_may_be_spelled_differently_in_an_acl(world, spelling):
    world.put("/alice/~a")
    world.acl("/alice/~a", rule(spelling, EVERYONE, "Read"))
    assert world.modes("/alice/~a") == "read"


@pytest.mark.parametrize("part", ["/alice/a#me", "/alice/a?x", "/alice/a/", "/alice/A"])
def test_a_rule_for_something_else_gives_nothing(world, part):
    world.put("/alice/a")
    world.acl("/alice/a", rule(part, EVERYONE, "Read"))
    assert world.modes("/alice/a") == ""


def test_nobody_is_told_to_sign_in_and_somebody_is_refused(world):
    world.put("/alice/a")
    with pytest.raises(NotAuthenticated):
        world.authorize(required.read, "/alice/a")
    with pytest.raises(AccessDenied) as refused:
        world.authorize(required.read, "/alice/a", agent(BOB))
    assert refused.value.extras == {"requiredModes": ["read"]}


@pytest.mark.parametrize("credentials", [PUBLIC, agent(BOB)], ids=["nobody", "somebody"])
@pytest.mark.parametrize("needs", [required.read, required.put, required.post, required.patch, required.delete])
def test_missing_and_forbidden_look_alike_to_whoever_may_not_read(world, needs, credentials):
    world.put("/alice/there")
    refusals = []
    for path in ("/alice/there", "/alice/nothing", "/alice/no/such/path"):
        with pytest.raises((NotAuthenticated, AccessDenied)) as refused:
            world.authorize(needs, path, credentials)
        refusals.append((type(refused.value), refused.value.detail, refused.value.extras))
    assert refusals[0] == refusals[1] == refusals[2]


@pytest.mark.parametrize("needs", [required.post, required.delete])
def test_whoever_may_read_hears_that_nothing_is_there(world, needs):
    world.acl("/alice/", rule("/alice/", EVERYONE, "Read", default=True))
    with pytest.raises(NotFound):
        world.authorize(needs, "/alice/nothing", agent(BOB))


def test_creating_what_is_missing_is_refused_not_denied_existence(world):
    world.acl("/alice/", rule("/alice/", EVERYONE, "Read", default=True))
    with pytest.raises(AccessDenied):
        world.authorize(required.put, "/alice/nothing", agent(BOB))


def test_there_is_nothing_outside_storages(world):
    with pytest.raises(NotFound):
        world.authorize(required.read, "/zoe/a", agent(BOB))


def test_create_needs_append_on_the_container_that_exists_and_on_all_that_is_made(world):
    world.put("/alice/a/")
    world.acl("/alice/a/", rule("/alice/a/", by_agent(BOB), "Append", default=True))
    world.authorize(required.put, "/alice/a/b/c/d", agent(BOB))
    world.acl("/alice/a/", rule("/alice/a/", by_agent(BOB), "Append", own=False, default=True))
    with pytest.raises(AccessDenied):
        world.authorize(required.put, "/alice/a/b/c/d", agent(BOB))


def test_delete_needs_write_on_the_container_too(world):
    world.put("/alice/a/b")
    world.acl("/alice/a/b", rule("/alice/a/b", by_agent(BOB), "Write"))
    with pytest.raises(AccessDenied):
        world.authorize(required.delete, "/alice/a/b", agent(BOB))
    world.acl("/alice/a/", rule("/alice/a/", by_agent(BOB), "Write"))
    world.authorize(required.delete, "/alice/a/b", agent(BOB))


def test_an_acl_takes_control_and_shows_every_mode_to_whoever_has_it(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", by_agent(BOB), "Control"), rule("/alice/a", EVERYONE, "Read Write"))
    decision = world.authorize(required.read, "/alice/a.acl", agent(BOB))
    assert (decision.modes.names(), decision.public) == (("read", "write", "append", "control"), AccessMode.NONE)
    assert world.modes("/alice/a", agent(BOB)) == "read write append control"
    with pytest.raises(AccessDenied):
        world.authorize(required.read, "/alice/a.acl", agent(CAROL))


def test_whether_an_acl_exists_is_not_told_without_control(world):
    world.acl("/alice/", rule("/alice/", EVERYONE, "Read", default=True))
    world.put("/alice/a")
    for path in ("/alice/a.acl", "/alice/.acl", "/alice/nothing.acl"):
        with pytest.raises(NotAuthenticated):
            world.authorize(required.read, path)


def test_a_description_is_governed_by_its_subject(world):
    world.put("/alice/a")
    world.put("/alice/a.meta", "")
    world.acl("/alice/a", rule("/alice/a", by_agent(BOB), "Read Append"))
    world.authorize(required.read, "/alice/a.meta", agent(BOB))
    with pytest.raises(AccessDenied):
        world.authorize(required.put, "/alice/a.meta", agent(BOB))


def test_the_user_may_what_the_public_may(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", EVERYONE, "Read"), rule("/alice/a", by_agent(BOB), "Write"))
    decision = world.decide("/alice/a", agent(BOB))
    assert (decision.modes.names(), decision.public.names()) == (("read", "write", "append"), ("read",))
    assert world.authorizer.allowed(world.store, world.describe("/alice/a"), PUBLIC) == (READ, READ)


GRANTED = Credentials(agent=BOB, grant="g1")


@pytest.mark.parametrize(
    "grant",
    [None, GrantState("g1", BOB, "c", stands=False), GrantState("g1", ALICE, "c", stands=True)],
    ids=["not read", "revoked", "of another"],
)
def test_a_token_without_a_standing_grant_is_refused_even_for_what_is_public(world, grant):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", EVERYONE, "Read"))
    snapshot = world.describe("/alice/a")
    object.__setattr__(snapshot, "grant", grant)
    with pytest.raises(InvalidToken):
        world.authorizer.authorize(world.store, snapshot, GRANTED, required.read(snapshot))
    check_grant(snapshot, PUBLIC)


def test_a_standing_grant_is_no_obstacle(world):
    snapshot = world.describe("/alice/a")
    object.__setattr__(snapshot, "grant", GrantState("g1", BOB, "c", stands=True))
    check_grant(snapshot, GRANTED)


def test_a_decision_is_by_the_rules_of_its_snapshot_as_long_as_they_are_kept(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", EVERYONE, "Read"))
    snapshot = world.describe("/alice/a")
    world.acl("/alice/a", rule("/alice/a", by_agent(BOB), "Read"))
    assert world.authorizer.decide(world.store, snapshot, PUBLIC).modes.names() == ("read",)
    assert world.modes("/alice/a") == ""


def test_rules_that_are_no_longer_kept_are_noticed(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", EVERYONE, "Read"))
    snapshot = world.describe("/alice/a")
    world.delete("/alice/a.acl")
    with world.store.write(SERVER) as tx:
        tx.rows("DELETE FROM past_acl")
    with pytest.raises(VersionMoved):
        world.authorizer.authorize(world.store, snapshot, PUBLIC, required.read(snapshot))


def test_a_rule_under_a_condition_is_for_some_clients_each_time(world):
    world.put("/alice/a")
    condition = "acl:condition [ a acl:ClientCondition; acl:client <https://one.example/> ]"
    world.acl("/alice/a", rule("/alice/a", f"{by_agent(BOB)}; {condition}", "Read"))
    for client, modes in (("https://one.example/", "read"), ("https://two.example/", ""), (None, "")) * 2:
        assert world.modes("/alice/a", Credentials(BOB, client, "https://issuer.example/")) == modes


ORIGIN = "https://app.example"


def test_a_rule_with_an_origin_is_for_web_apps_of_that_origin(world):
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", f"{by_agent(BOB)}; acl:origin <{ORIGIN}>", "Read"))
    assert world.modes("/alice/a", agent(BOB)) == "read"
    assert world.modes("/alice/a", agent(BOB, ORIGIN)) == "read"
    assert world.modes("/alice/a", agent(BOB, "https://other.example")) == ""
    with pytest.raises(AccessDenied, match="web app"):
        world.authorize(required.read, "/alice/a", agent(BOB, "https://other.example"))


def test_strict_origins_need_a_rule_for_the_origin_unless_everyone_may(tmp_path):
    world = World(tmp_path, origin_strict=True)
    world.put("/alice/a")
    both = rule("/alice/a", f"acl:origin <{ORIGIN}>", "Read Write"), rule("/alice/a", by_agent(BOB), "Write")
    world.acl("/alice/a", *both, rule("/alice/a", EVERYONE, "Append"))
    assert world.modes("/alice/a", agent(BOB)) == "write append"
    assert world.modes("/alice/a", agent(BOB, ORIGIN)) == "write append"
    assert world.modes("/alice/a", agent(BOB, "https://other.example")) == "append"
    assert world.modes("/alice/a", agent(ALICE, "https://other.example")) == "append control"


def test_a_warm_decision_asks_the_store_nothing(world):
    world.put("/alice/a/b/c")
    snapshot = world.describe("/alice/a/b/c")
    world.authorizer.authorize(world.store, snapshot, agent(ALICE), required.read(snapshot))
    world.statements.clear()
    for credentials in (agent(ALICE), agent(ALICE, "https://any.example")):
        world.authorizer.authorize(world.store, snapshot, credentials, required.put(snapshot))
    assert world.statements == []


def test_decisions_hold_inside_a_transaction(world):
    from pod.protocol.resource import Target
    from pod.store.records import SERVER

    world.put("/alice/a")
    with world.store.write(SERVER) as tx:
        snapshot = tx.describe(Target.parse("/alice/a"), wide=True)
        world.authorizer.authorize(tx, snapshot, agent(ALICE), required.put(snapshot))
