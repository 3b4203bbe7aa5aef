"""What an app may do at most, in force: with rules, ownership and the public, in refusals, and with groups."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from pod.authorization import required
from pod.errors import AccessDenied, CeilingReached, GroupInUse, InvalidToken, NotAuthenticated
from pod.protocol.agent import Credentials
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.store.accounts import Accounts
from pod.store.apps import Apps
from pod.store.records import SERVER
from tests.support.ceilings import FULL, NO_CONTROL, ceiling
from tests.tables.languages import acr, policy
from tests.unit.authorization.world import ALICE, BASE, BOB, EVERYONE, World, by_agent, rule

POSTS = ceiling({"/alice/posts/": "read append"})


def app(world, limits, web_id=ALICE, end_ms=None):
    """An app of an account, as it comes with a token."""
    accounts, apps = Accounts(world.store), Apps(world.store)
    account = accounts.by_name(web_id.split("/")[3])
    with world.store.write(SERVER) as tx:
        if web_id not in accounts.web_ids(account.id):
            accounts.add_web_id(tx, account.id, web_id)
        grant = accounts.create_grant(tx, account.id, "https://app.example/id", web_id).id
        apps.limit_grant(tx, grant, limits, end_ms)
    return Credentials(web_id, "https://app.example/id", f"{BASE}/", grant)


def effective(world, path, who):
    snapshot = world.describe(path, who)
    return " ".join(world.authorizer.decide(world.store, snapshot, who).modes.names())


def needing(modes):
    return lambda snapshot: (required.Need(snapshot.target.subject, modes, modes),)


@pytest.fixture
def posts(world):
    world.put("/alice/posts/a")
    world.put("/alice/diary")
    return world


def test_an_app_may_do_what_its_person_may_and_its_ceiling_allows(posts):
    who = app(posts, POSTS)
    assert [effective(posts, path, who) for path in ("/alice/posts/a", "/alice/diary", "/alice/")] == [
        "read append",
        "",
        "",
    ]


def test_a_ceiling_gives_nothing_that_the_person_has_not(posts):
    posts.acl("/alice/posts/", rule("/alice/posts/", by_agent(BOB), "Read", default=True))
    who = app(posts, ceiling({}, elsewhere="read write control"), BOB)
    assert effective(posts, "/alice/posts/a", who) == "read"
    assert effective(posts, "/alice/diary", who) == ""


def test_an_app_never_sees_less_than_a_stranger(posts):
    posts.acl("/alice/posts/", rule("/alice/posts/", EVERYONE, "Read Append", default=True))
    assert effective(posts, "/alice/posts/a", app(posts, ceiling({}))) == "read append"


@pytest.mark.parametrize(("elsewhere", "names"), [("", ""), ("read", "read"), ("read write", "read write append")])
def test_in_pods_of_others_the_app_may_what_was_chosen_for_them(posts, elsewhere, names):
    posts.acl("/alice/posts/", rule("/alice/posts/", by_agent(BOB), "Read Write", default=True))
    assert effective(posts, "/alice/posts/a", app(posts, ceiling({"/bob/": "control"}, elsewhere), BOB)) == names


def test_an_item_in_a_pod_of_somebody_else_counts_there(posts):
    posts.acl("/alice/posts/", rule("/alice/posts/", by_agent(BOB), "Read Write", default=True))
    who = app(posts, ceiling({"/alice/posts/": "append"}, elsewhere="read"), BOB)
    assert effective(posts, "/alice/posts/a", who) == "append"


@pytest.mark.parametrize(
    ("limits", "names"),
    [
        (None, "read write append control"),
        (FULL, "read write append control"),
        (NO_CONTROL, "read write append"),
        (ceiling({"/alice/": "read"}), "read"),
        (ceiling({"/alice/": "control"}), "control"),
    ],
)
def test_control_is_a_choice_of_its_own_also_for_owners(posts, limits, names):
    who = app(posts, limits)
    assert effective(posts, "/alice/diary", who) == names
    assert effective(posts, "/alice/.acl", who) == ("read write append control" if "control" in names else "")


def test_descriptions_go_with_what_they_describe(posts):
    who = app(posts, ceiling({"/alice/posts/": "read", "/alice/diary": "append"}))
    assert effective(posts, "/alice/posts/.meta", who) == effective(posts, "/alice/posts/a.meta", who) == "read"
    assert effective(posts, "/alice/diary.meta", who) == "append"


def test_a_change_counts_at_once(posts):
    who = app(posts, POSTS)
    for limits, names in ((FULL, "read write append control"), (ceiling({}), ""), (POSTS, "read append")):
        with posts.store.write(SERVER) as tx:
            Apps(tx).limit_grant(tx, who.grant, limits, None)
        assert effective(posts, "/alice/posts/a", who) == names


def test_a_grant_past_its_end_does_not_stand(posts):
    who = app(posts, FULL, end_ms=int(posts.clock.time * 1000) + 1000)
    posts.authorize(required.read, "/alice/diary", who)
    posts.clock.time += 1
    with pytest.raises(InvalidToken):
        posts.authorize(required.read, "/alice/diary", who)
    assert effective(posts, "/alice/diary", who) == ""


@pytest.mark.parametrize(("elsewhere", "may_read"), [("append", False), ("read", True)])
def test_nobody_waits_for_groups_for_what_an_app_may_not_read_anyway(posts, elsewhere, may_read):
    group = "https://groups.example/g"
    posts.remote.documents[group] = f"<{group}#1> vcard:hasMember <{BOB}>."
    posts.acl("/alice/diary", rule("/alice/diary", f"acl:agentGroup <{group}#1>", "Read"))
    who = app(posts, ceiling({}, elsewhere), BOB)
    snapshot = posts.describe("/alice/diary", who)
    assert posts.authorizer.decide(posts.store, snapshot, who).is_final is not may_read
    decision = posts.authorizer.decide(posts.store, snapshot, who, may_wait=True)
    assert (AccessMode.READ in decision.modes) is may_read


def test_a_policy_that_denies_the_person_what_strangers_may_binds_their_app(tmp_path):
    world = World(tmp_path, access_control="acp")
    world.put("/alice/diary")
    reading, denial = policy("Read Append", "acp:agent acp:PublicAgent"), policy("", f"acp:agent <{BOB}>", deny="Read")
    world.put("/alice/diary.acl", acr(f"{BASE}/alice/diary", [reading, denial]))
    assert effective(world, "/alice/diary", app(world, ceiling({}), BOB)) == "append"
    assert effective(world, "/alice/diary", app(world, ceiling({}, "read write"), BOB)) == "append"
    world.store.close()


# -- closed in doubt ---------------------------------------------------------------------------------------------------


def test_where_the_grant_was_not_read_an_app_may_what_everybody_may(posts):
    posts.acl("/alice/posts/", rule("/alice/posts/", EVERYONE, "Read", default=True))
    without = posts.describe("/alice/posts/a")
    decide = posts.authorizer.decide
    assert decide(posts.store, without, app(posts, FULL)).modes == decide(posts.store, without, app(posts, None)).modes
    assert decide(posts.store, without, app(posts, None)).modes == AccessMode.READ


def test_where_another_grant_was_read_or_none_was_found_an_app_may_nothing(posts):
    one, other = app(posts, None), app(posts, None)
    snapshot = posts.describe("/alice/diary", one)
    decide = posts.authorizer.decide
    assert decide(posts.store, snapshot, one).modes == ALL_MODES
    assert decide(posts.store, snapshot, other).modes == AccessMode.NONE
    assert effective(posts, "/alice/diary", replace(one, grant="unknown")) == ""


def test_a_ceiling_that_cannot_be_read_allows_nothing(posts):
    who = app(posts, FULL)
    with posts.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET ceiling = '{\"full\": true}' WHERE id = ?", (who.grant,))
    assert effective(posts, "/alice/diary", who) == ""


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_a_refusal_says_that_it_was_the_ceiling_and_where_it_can_be_widened(posts):
    with pytest.raises(CeilingReached) as refusal:
        posts.authorize(needing(AccessMode.WRITE), "/alice/posts/a", app(posts, POSTS))
    told = refusal.value.extras
    assert (told["requiredModes"], told["permittedModes"]) == (["write"], ["read", "append"])
    url = urlsplit(told["widen"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{BASE}/.account/apps/widen"
    resource = f"{BASE}/alice/posts/a"
    assert parse_qs(url.query) == {"client": ["https://app.example/id"], "resource": [resource], "modes": ["write"]}
    (asked,) = told["authorization_details"]
    assert asked == {"type": "https://www.w3.org/ns/lws#AccessRequest", "actions": ["write"], "locations": [resource]}


def test_what_the_person_may_not_either_is_an_ordinary_refusal(posts):
    with pytest.raises(AccessDenied) as refusal:
        posts.authorize(required.read, "/alice/diary", app(posts, ceiling({}, "append"), BOB))
    assert not isinstance(refusal.value, CeilingReached)
    with pytest.raises(NotAuthenticated):
        posts.authorize(required.read, "/alice/diary")


def test_beyond_the_ceiling_what_is_missing_looks_like_what_is_there(posts):
    who, refusals = app(posts, POSTS), []
    for path in ("/alice/diary", "/alice/nothing"):
        with pytest.raises(CeilingReached) as refusal:
            posts.authorize(required.read, path, who)
        refusals.append((refusal.value.detail, refusal.value.extras["requiredModes"]))
    assert refusals[0] == refusals[1]


def test_a_decision_tells_what_the_person_may_and_what_was_withheld(posts):
    who = app(posts, POSTS)
    decision = posts.authorize(required.read, "/alice/posts/a", who)
    assert (decision.granted, decision.modes) == (ALL_MODES, AccessMode.READ | AccessMode.APPEND)
    assert decision.ceiling == AccessMode.READ | AccessMode.APPEND
    assert posts.authorize(required.read, "/alice/diary", app(posts, None)).ceiling is None


@pytest.mark.parametrize(
    ("needs", "path", "limits"),
    [
        (required.put, "/alice/posts/new", {"/alice/posts/new": "append"}),
        (required.put, "/alice/new/deep", {"/alice/new/": "append"}),
        (required.delete, "/alice/posts/a", {"/alice/posts/a": "read write"}),
        (required.delete, "/alice/posts/", {"/alice/posts/": "read write"}),
        (required.put, "/alice/posts/.acl", {"/alice/posts/": "read write"}),
        (required.post, "/alice/", {"/alice/posts/": "append"}),
    ],
)
def test_what_a_container_shows_takes_what_was_given_for_the_container(posts, needs, path, limits):
    who = app(posts, ceiling(limits))
    with pytest.raises(CeilingReached):
        posts.authorize(needs, path, who)
    limits[path.rpartition("/")[0] + "/" if path[-1] != "/" else "/alice/"] = "read append write control"
    posts.authorize(needs, path, app(posts, ceiling(limits | {"/alice/": "read append write control"})))


# -- groups ------------------------------------------------------------------------------------------------------------


GROUP = f"<{BASE}/alice/posts/friends#1> vcard:hasMember <{BOB}>."


def use_group(world, path, at="/alice/posts/friends", holder=ALICE):
    """Let the members of a group in, by rules written as requests write them."""
    text = rule(path, f"acl:agentGroup <{BASE}{at}#1>", "Read", default=True) + rule(
        path, by_agent(holder), "Read Write Control", default=True
    )
    world.acl(path, text)
    world.record_groups(path)


@pytest.fixture
def friends(posts):
    posts.put("/alice/posts/friends", "@prefix vcard: <http://www.w3.org/2006/vcard/ns#>. " + GROUP)
    return posts


EDIT = "read append write"


@pytest.mark.parametrize("path", ["/alice/secret/", "/alice/posts/", "/alice/posts/inner/"])
def test_who_may_not_change_rules_may_not_change_the_groups_they_name(friends, path):
    friends.put(path + "a")
    who = app(friends, ceiling({"/alice/posts/": EDIT}))
    friends.authorize(required.put, "/alice/posts/friends", who)
    use_group(friends, path)
    for needs in (required.put, required.delete, required.patch):
        with pytest.raises(GroupInUse):
            friends.authorize(needs, "/alice/posts/friends", who)
    assert effective(friends, "/alice/posts/friends", who) == "read write append"
    friends.authorize(required.put, "/alice/posts/a", who)


def test_who_may_change_the_rules_may_change_the_group(friends):
    use_group(friends, "/alice/posts/")
    friends.authorize(required.put, "/alice/posts/friends", app(friends, ceiling({"/alice/posts/": EDIT + " control"})))
    friends.put("/alice/secret/a")
    use_group(friends, "/alice/secret/")
    with pytest.raises(GroupInUse):
        friends.authorize(
            required.put, "/alice/posts/friends", app(friends, ceiling({"/alice/posts/": EDIT + " control"}))
        )
    with pytest.raises(GroupInUse):
        friends.authorize(required.put, "/alice/posts/friends", app(friends, NO_CONTROL))
    for limits in (None, FULL):
        friends.authorize(required.put, "/alice/posts/friends", app(friends, limits))


def test_a_group_that_is_not_there_yet_is_kept_too(posts):
    use_group(posts, "/alice/", at="/alice/posts/new")
    use_group(posts, "/alice/posts/", at="/alice/posts/box/.meta")
    who = app(posts, ceiling({"/alice/posts/": EDIT}))
    for path in ("/alice/posts/new", "/alice/posts/box/"):
        with pytest.raises(GroupInUse):
            posts.authorize(required.put, path, who)
    posts.authorize(required.put, "/alice/posts/other", who)


def test_rules_that_no_longer_name_a_group_do_not_keep_it(friends):
    use_group(friends, "/alice/")
    who = app(friends, ceiling({"/alice/posts/": EDIT}))
    with pytest.raises(GroupInUse):
        friends.authorize(required.put, "/alice/posts/friends", who)
    friends.acl("/alice/", rule("/alice/", by_agent(ALICE), "Read Write Control", default=True))
    friends.authorize(required.put, "/alice/posts/friends", who)


def publish(world, *more):
    """Let everybody read the posts."""
    mine = rule("/alice/posts/", by_agent(ALICE), "Read Write Control", default=True)
    world.acl("/alice/posts/", mine, rule("/alice/posts/", EVERYONE, "Read", default=True), *more)


def changing_friends(world, who):
    return lambda: world.authorize(required.put, "/alice/posts/friends", who)


def test_what_others_name_counts_where_it_lets_somebody_in(friends):
    """Anybody may name any document in rules of theirs: that must not stop the apps of whoever has it."""
    who = app(friends, ceiling({"/alice/posts/": EDIT}))
    use_group(friends, "/bob/", at="/alice/posts/a", holder=BOB)
    friends.authorize(required.put, "/alice/posts/a", who)
    use_group(friends, "/bob/", holder=BOB)
    changing_friends(friends, who)()
    publish(friends)
    with pytest.raises(GroupInUse):
        changing_friends(friends, who)()
    friends.put("/alice/posts/friends", f"<{BASE}/alice/posts/friends#1> a <http://www.w3.org/2006/vcard/ns#Group>.")
    with pytest.raises(GroupInUse):
        changing_friends(friends, replace(who, origin="https://app.example"))()


def test_a_use_that_the_app_could_change_does_not_hide_one_that_it_could_not(friends):
    """However many rules of others name a group."""
    publish(friends)
    friends.put("/bob/harmless/a")
    who = app(friends, ceiling({"/alice/posts/": EDIT, "/bob/harmless/": "read control"}))
    for path in ("/bob/harmless/", "/bob/"):
        use_group(friends, path, holder=BOB)
        with pytest.raises(GroupInUse):
            changing_friends(friends, who)()


def test_a_person_can_take_a_group_back_that_others_keep_from_an_app_by_naming_it(friends):
    publish(friends)
    use_group(friends, "/bob/", holder=BOB)
    with pytest.raises(GroupInUse) as refusal:
        changing_friends(friends, app(friends, ceiling({"/alice/posts/": EDIT})))()
    asked = parse_qs(urlsplit(refusal.value.extras["widen"]).query)
    assert (asked["resource"], asked["modes"]) == ([f"{BASE}/alice/posts/friends"], ["control"])
    changing_friends(friends, app(friends, ceiling({"/alice/posts/": EDIT + " control"})))()


def test_groups_of_apps_and_issuers_are_groups(friends):
    condition = f"acl:condition [ a acl:ClientCondition; acl:clientGroup <{BASE}/alice/posts/friends#1> ]"
    mine = rule("/alice/", by_agent(ALICE), "Read Write Control", default=True)
    friends.acl("/alice/", rule("/alice/", f"{EVERYONE}; {condition}", "Read"), mine)
    friends.record_groups("/alice/")
    with pytest.raises(GroupInUse):
        friends.authorize(required.put, "/alice/posts/friends", app(friends, ceiling({"/alice/posts/": EDIT})))


def test_who_may_not_write_there_hears_that_first(friends):
    use_group(friends, "/alice/")
    with pytest.raises(CeilingReached):
        friends.authorize(required.put, "/alice/posts/friends", app(friends, ceiling({"/alice/posts/": "read"})))
