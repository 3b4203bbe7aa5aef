import threading
from contextlib import suppress

import pytest

from pod.authorization import required
from pod.authorization.groups import AT_ONCE_BYTES_MAX, FETCHES_PER_MINUTE
from pod.errors import AccessDenied, Busy
from pod.protocol.agent import PUBLIC
from pod.rdf import formats
from pod.store.records import SERVER, Kind
from tests.support.waiting import SECONDS_MAX, until
from tests.unit.authorization.world import ALICE, BASE, BOB, CAROL, EVERYONE, World, agent, by_agent, rule

REMOTE = "https://groups.example/friends"
MEMBER = f"<#friends> a vcard:Group; vcard:hasMember <{BOB}>."


def in_group(iri):
    return f"acl:agentGroup <{iri}>"


@pytest.fixture
def local(world):
    """alice's document `a` for the local group `groups#friends`, with bob in it."""
    world.put("/alice/groups", prefixed(MEMBER))
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", in_group(f"{BASE}/alice/groups#friends"), "Read"))
    return world


@pytest.fixture
def remote(world):
    """alice's document `a` for a group of another server, with bob in it."""
    world.remote.documents[REMOTE] = f"<{REMOTE}#friends> vcard:hasMember <{BOB}>."
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", in_group(f"{REMOTE}#friends"), "Read"))
    return world


def prefixed(text):
    return f"@prefix vcard: <http://www.w3.org/2006/vcard/ns#>. {text}"


def may_read(world, who, *, path="/alice/a", may_wait=True):
    try:
        world.authorize(required.read, path, who, may_wait=may_wait)
    except AccessDenied:
        return False
    return True


def test_members_of_a_local_group_may_and_others_may_not(local):
    assert local.modes("/alice/a", agent(BOB)) == "read"
    assert local.modes("/alice/a", agent(CAROL)) == ""
    assert local.modes("/alice/a", PUBLIC) == ""
    assert local.remote.asked == []


def test_a_changed_group_counts_at_once(local):
    assert may_read(local, agent(BOB))
    local.put("/alice/groups", prefixed(MEMBER.replace(BOB, CAROL)))
    assert (may_read(local, agent(BOB)), may_read(local, agent(CAROL))) == (False, True)
    local.delete("/alice/groups")
    assert not may_read(local, agent(CAROL))


def test_one_local_group_costs_one_statement_when_warm(local):
    may_read(local, agent(BOB))
    snapshot = local.describe("/alice/a")
    local.statements.clear()
    local.authorizer.authorize(local.store, snapshot, agent(BOB), required.read(snapshot))
    assert len(local.statements) == 1


def test_a_group_is_asked_about_once_for_several_needs(local):
    local.acl("/alice/", rule("/alice/", in_group(f"{BASE}/alice/groups#friends"), "Append", default=True))
    local.authorize(required.put, "/alice/new/a", agent(BOB))
    snapshot = local.describe("/alice/new/b")
    local.statements.clear()
    local.authorizer.authorize(local.store, snapshot, agent(BOB), required.put(snapshot))
    assert len(local.statements) == 1


def test_a_local_group_of_the_same_storage_may_be_private(local):
    assert local.modes("/alice/groups", agent(BOB)) == ""
    assert may_read(local, agent(BOB))


def test_a_decision_that_others_wait_for_reads_no_long_group_and_is_not_final(local):
    def decide(**how):
        decision = local.authorizer.decide(local.store, local.describe("/alice/a"), agent(BOB), **how)
        return decision.modes.names(), decision.is_final

    assert decide(at_once=True) == (("read",), True)
    local.put("/alice/groups", prefixed(MEMBER + "#" * AT_ONCE_BYTES_MAX))
    assert decide(at_once=True) == ((), False)
    assert decide() == (("read",), True)
    assert decide(at_once=True) == (("read",), True)


def test_a_group_is_read_by_one_for_all_who_want_to_know_at_once(local, monkeypatch):
    parses, together, parse = [], threading.Barrier(2), formats.parse

    def slowly(*args, **more):
        parses.append(1)
        with suppress(threading.BrokenBarrierError):
            together.wait(0.5)
        return parse(*args, **more)

    may_read(local, agent(CAROL))
    local.put("/alice/groups", prefixed(MEMBER))
    monkeypatch.setattr(formats, "parse", slowly)
    threads = [threading.Thread(target=may_read, args=(local, agent(BOB))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert len(parses) == 1


@pytest.mark.parametrize(("public", "granted"), [(True, "read"), (False, "")])
def test_a_group_in_another_storage_counts_only_if_everyone_may_read_it(world, public, granted):
    world.put("/bob/groups", prefixed(f"<#g> vcard:hasMember <{CAROL}>."))
    world.acl(
        "/bob/groups", *[rule("/bob/groups", EVERYONE, "Read")] * public, rule("/bob/groups", by_agent(ALICE), "Read")
    )
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", in_group(f"{BASE}/bob/groups#g"), "Read"))
    assert world.modes("/alice/a", agent(CAROL)) == granted


@pytest.mark.parametrize(
    "group",
    [
        f"{BASE}/alice/nothing#g",
        f"{BASE}/alice/groups#others",
        f"{BASE}/alice/groups",
        f"{BASE}/alice/photo#g",
        f"{BASE}/alice/broken#g",
        f"{BASE}/.well-known/openid-configuration#g",
        f"{BASE}/alice/..%2F#g",
        f"{BASE}/",
        "http://pods.example/alice/groups#friends",
        "https://PODS.example:443/alice/groups#friends",
        "https://user@pods.example/alice/nothing#g",
    ],
)
def test_a_local_group_that_cannot_be_read_has_no_members_and_is_never_fetched(local, group):
    local.put("/alice/photo", prefixed(MEMBER), "image/png", Kind.OTHER)
    local.put("/alice/broken", "<#g> oops")
    local.acl("/alice/a", rule("/alice/a", in_group(group), "Read"))
    assert not may_read(local, agent(BOB))
    assert local.remote.asked == []


def test_members_of_a_remote_group_may_once_it_is_fetched(remote):
    assert may_read(remote, agent(BOB))
    assert not may_read(remote, agent(CAROL))
    assert remote.remote.asked == [REMOTE]


def test_inside_a_transaction_only_what_was_fetched_before_counts(remote):
    from pod.protocol.resource import Target

    assert may_read(remote, agent(BOB))
    with remote.store.write(SERVER) as tx:
        snapshot = tx.describe(Target.parse("/alice/a"), wide=True)
        remote.authorizer.authorize(tx, snapshot, agent(BOB), required.read(snapshot))
    assert remote.remote.asked == [REMOTE]


def test_a_refusal_that_did_not_wait_for_a_group_is_not_final_and_others_meanwhile_are(remote):
    arrived, asked = threading.Event(), threading.Event()
    remote.remote.before = lambda: asked.set() or arrived.wait(60)
    assert not remote.decide("/alice/a", agent(BOB)).is_final
    assert asked.wait(60)
    assert remote.decide("/bob/", agent(CAROL)).is_final
    arrived.set()
    assert may_read(remote, agent(BOB))
    assert remote.decide("/alice/a", agent(CAROL)).is_final


def test_a_remote_group_that_is_unreachable_has_no_members_and_is_left_alone_for_a_while(remote):
    remote.remote.documents.clear()
    assert not may_read(remote, agent(BOB))
    assert not may_read(remote, agent(BOB))
    assert remote.remote.asked == [REMOTE]


@pytest.mark.parametrize(("status", "document"), [(404, MEMBER), (500, MEMBER), (200, "not turtle"), (200, "")])
def test_a_bad_answer_has_no_members(remote, status, document):
    remote.remote.status, remote.remote.documents[REMOTE] = status, document
    assert not may_read(remote, agent(BOB))


def test_an_old_copy_is_fetched_again_and_not_believed_for_ever(remote):
    assert may_read(remote, agent(BOB))
    remote.remote.documents.clear()
    remote.clock.time += 299
    assert may_read(remote, agent(BOB))
    remote.clock.time += 62
    assert not may_read(remote, agent(BOB))
    assert remote.remote.asked == [REMOTE, REMOTE]


def test_a_copy_of_before_the_clock_was_set_back_is_not_believed(remote):
    assert may_read(remote, agent(BOB))
    remote.remote.documents.clear()
    remote.clock.time -= 3600
    assert not may_read(remote, agent(BOB))


def test_rules_that_match_without_the_group_and_owners_never_wait_for_it(remote):
    waiting = threading.Event()
    remote.remote.before = lambda: waiting.wait(20)
    remote.acl(
        "/alice/a",
        rule("/alice/a", in_group(f"{REMOTE}#friends"), "Read Write"),
        rule("/alice/a", by_agent(BOB), "Read"),
    )
    assert may_read(remote, agent(BOB))
    remote.authorize(required.read, "/alice/a.acl", agent(ALICE), may_wait=True)
    waiting.set()


def test_a_slow_group_is_given_up_at_the_deadline(tmp_path):
    world = World(tmp_path, remote_seconds_max=0)
    waiting = threading.Event()
    world.remote.before = lambda: waiting.wait(20)
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", in_group(f"{REMOTE}#friends"), "Read"))
    assert not may_read(world, agent(BOB))
    waiting.set()


def test_slow_groups_of_one_account_keep_a_quarter_of_the_threads_waiting_at_most(tmp_path):
    world = World(tmp_path, threads=8, remote_seconds_max=60)
    waiting = threading.Event()
    world.remote.before = lambda: waiting.wait(60)
    for name in "abc":
        world.put(f"/alice/{name}")
        world.acl(f"/alice/{name}", rule(f"/alice/{name}", in_group(f"{REMOTE}/{name}#friends"), "Read"))
    stuck = [
        threading.Thread(target=may_read, args=(world, agent(BOB)), kwargs={"path": f"/alice/{name}"}) for name in "ab"
    ]
    for thread in stuck:
        thread.start()
    account = world.describe("/alice/a").storage.account
    until(lambda: world.authorizer._groups._places.taken(account) == 2)
    assert not may_read(world, agent(BOB), path="/alice/c")
    with pytest.raises(Busy), world.store.snapshot() as reader:
        world.authorizer.decide(reader, world.describe("/alice/c"), agent(BOB), may_wait=True)
    assert all(thread.is_alive() for thread in stuck)
    waiting.set()
    for thread in stuck:
        thread.join(SECONDS_MAX)


def test_a_slow_group_of_one_account_does_not_make_another_wait_that_names_it_too(tmp_path):
    world = World(tmp_path, group_fetches_max=4, remote_seconds_max=60)
    waiting, world.remote.documents[REMOTE] = threading.Event(), f"<{REMOTE}#friends> vcard:hasMember <{CAROL}>."
    fetch = world.remote.fetch

    def slow_but_one(url, **options):
        return fetch(url, **options) if url == REMOTE or waiting.wait(60) else None

    world.remote.fetch = slow_but_one
    names = ", ".join(f"<https://slow.example/{number}#g>" for number in range(20))
    for path, groups in (("/alice/a", f"{names}, <{REMOTE}#friends>"), ("/bob/a", f"<{REMOTE}#friends>")):
        world.put(path)
        world.acl(path, rule(path, f"acl:agentGroup {groups}", "Read"))
    assert not may_read(world, agent(CAROL), may_wait=False)
    assert may_read(world, agent(CAROL), path="/bob/a")
    waiting.set()


def test_what_one_decision_reads_of_groups_is_bounded(world):
    """Half of the bytes are fine twice; of three the last in order is not looked into, nor anything a storage hides."""
    filling = "# " + "x" * (world.config.group_bytes_max // 2 - 200)
    for name in "mno":
        member = CAROL if name == "o" else BOB
        world.put(f"/alice/{name}", prefixed(f"<#g> vcard:hasMember <{member}>.\n") + filling)
    world.put("/alice/a")
    world.acl(
        "/alice/a", rule("/alice/a", "acl:agentGroup " + ", ".join(f"<{BASE}/alice/{n}#g>" for n in "mno"), "Read")
    )
    assert (may_read(world, agent(BOB)), may_read(world, agent(CAROL))) == (True, False)
    world.acl("/alice/a", rule("/alice/a", in_group(f"{BASE}/alice/o#g"), "Read"))
    assert may_read(world, agent(CAROL))


def test_a_group_is_no_member_of_itself_and_groups_in_groups_are_not_followed(world):
    world.put("/alice/g", prefixed(f"<#a> vcard:hasMember <#b>, <#a>. <#b> vcard:hasMember <#a>, <{CAROL}>, <#c>."))
    world.put("/alice/a")
    world.acl("/alice/a", rule("/alice/a", in_group(f"{BASE}/alice/g#a"), "Read"))
    assert not may_read(world, agent(CAROL))
    assert may_read(world, agent(f"{BASE}/alice/g#b"))


def test_one_account_has_so_many_groups_fetched_in_a_minute(world):
    names = [f"https://victim.example/{number}#g" for number in range(100)]
    for part in range(4):
        path = f"/alice/a{part}"
        world.put(path)
        world.acl(path, rule(path, "acl:agentGroup " + ", ".join(f"<{n}>" for n in names[part::4]), "Read"))
        may_read(world, agent(BOB), path=path)
    assert len(world.remote.asked) == FETCHES_PER_MINUTE


def test_a_group_that_became_known_meanwhile_shows_in_the_modes(remote):
    remote.acl("/alice/a", rule("/alice/a", in_group(f"{REMOTE}#friends"), "Write"), rule("/alice/a", EVERYONE, "Read"))
    fetched = threading.Event()
    remote.remote.before = fetched.set
    remote.modes("/alice/a", agent(BOB))
    assert fetched.wait(60)
    remote.authorize(required.put, "/alice/a", agent(BOB), may_wait=True)
    assert remote.modes("/alice/a", agent(BOB)) == "read write append"
    assert remote.remote.asked == [REMOTE]


def test_not_more_groups_are_asked_about_than_the_limit(tmp_path):
    world = World(tmp_path, group_lookups_max=3)
    world.put("/alice/a")
    world.put("/alice/z", prefixed(MEMBER))
    groups = ", ".join(f"<{BASE}/alice/{name}#friends>" for name in "mnopz")
    world.acl("/alice/a", rule("/alice/a", f"acl:agentGroup {groups}", "Read"))
    assert not may_read(world, agent(BOB))
    world.acl("/alice/a", rule("/alice/a", in_group(f"{BASE}/alice/z#friends"), "Read"))
    assert may_read(world, agent(BOB))


def test_many_threads_fetch_a_group_once(remote):
    gate = threading.Barrier(8, timeout=SECONDS_MAX)
    answers = []

    def ask():
        gate.wait()
        answers.append(may_read(remote, agent(BOB)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS_MAX)
    assert answers == [True] * 8
    assert remote.remote.asked == [REMOTE]
