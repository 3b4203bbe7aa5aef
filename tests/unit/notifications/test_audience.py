from __future__ import annotations

import pytest

from pod.authorization.groups import AT_ONCE_BYTES_MAX
from pod.notifications.audience import Audience, Verdict
from pod.notifications.legacy import may_read
from pod.notifications.messages import heard
from pod.rdf.vocab import VCARD
from pod.store.moderation import Cases
from pod.store.records import SERVER
from tests.support.ceilings import ceiling, limit
from tests.support.client import acl, authorization
from tests.support.inprocess import BASE
from tests.unit.notifications.happenings import (
    TURTLE,
    channel,
    credentials,
    delete,
    fresh,
    now,
    put,
    share,
    since,
    web_id,
)

ALICE, BOB, NOBODY = "alice", "bob", None


@pytest.fixture
def home(local):
    """A container in which bob may read."""
    path = fresh()
    put(local, path + "doc")
    share(local, path, BOB)
    return path


def told(local, name, sequence, *topics, **more):
    """What somebody who listens to some topics is told of what happened since."""
    audience, channel_ = Audience(local.services), channel(local, *topics, name=name, **more)
    store, who = local.services.store, credentials(local, name)
    said = [each for change in since(local, sequence) for each in heard(channel_, change)]
    return [(each.type, each.object) for each in said if audience.may_hear(store, each, who)]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_readers_hear_and_others_do_not(local, home):
    before = now(local)
    put(local, home + "doc", b"changed")
    assert (
        told(local, ALICE, before, home + "doc") == told(local, BOB, before, home + "doc") == [("Update", home + "doc")]
    )
    assert told(local, NOBODY, before, home + "doc") == []


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_who_may_no_longer_read_hears_nothing_not_even_of_what_was_before(local, home):
    before = now(local)
    put(local, home + "doc", b"changed")
    share(local, home)
    put(local, home + "doc", b"changed again")
    assert told(local, BOB, before, home + "doc") == []
    assert len(told(local, ALICE, before, home + "doc")) == 2


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_of_a_deletion_hears_who_could_read_until_then(local, home):
    put(local, home + "secret")
    share(local, home + "secret")
    before = now(local)
    delete(local, home + "secret")
    delete(local, home + "doc")
    assert told(local, BOB, before, home + "secret", home + "doc") == [("Delete", home + "doc")]
    assert told(local, ALICE, before, home + "secret") == [("Delete", home + "secret")]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_of_a_deletion_hears_who_could_read_by_rules_that_went_with_it(local, home):
    share(local, home)
    put(local, home + "shared")
    share(local, home + "shared", BOB)
    before = now(local)
    delete(local, home + "shared")
    assert told(local, BOB, before, home + "shared") == [("Delete", home + "shared")]
    assert told(local, NOBODY, before, home + "shared") == []


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_rules_that_changed_after_the_deletion_do_not_count(local, home):
    before = now(local)
    delete(local, home + "doc")
    share(local, home)
    assert told(local, BOB, before, home + "doc") == [("Delete", home + "doc")]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_of_what_was_private_and_is_gone_nothing_is_told_when_its_place_is_open(local, home):
    put(local, home + "diary")
    share(local, home + "diary")
    before = now(local)
    put(local, home + "diary", b"dear diary")
    delete(local, home + "diary")
    put(local, home + "diary", b"shopping")
    assert told(local, BOB, before, home + "diary") == [("Create", home + "diary")]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_members_come_and_go_for_all_who_may_read_the_container(local, home):
    before = now(local)
    put(local, home + "new")
    share(local, home + "new")
    delete(local, home + "new")
    assert told(local, BOB, before, home) == [("Add", home + "new"), ("Remove", home + "new")]
    assert told(local, NOBODY, before, home) == []


@pytest.mark.requirement("notifications#authorization-at-delivery")
@pytest.mark.parametrize("is_made_anew", [False, True])
def test_members_that_came_and_went_while_a_container_was_closed_are_told_of_to_nobody_else(local, home, is_made_anew):
    put(local, home + "a/kept")
    share(local, home + "a/")
    before = now(local)
    put(local, home + "a/affair")
    delete(local, home + "a/affair")
    if is_made_anew:
        delete(local, home + "a/kept")
        delete(local, home + "a/")
        put(local, home + "a/new")
    share(local, home + "a/", BOB)
    anew = [("Create", home + "a/"), ("Add", home + "a/new")]
    assert told(local, BOB, before, home + "a/") == (anew if is_made_anew else [])
    assert ("Remove", home + "a/affair") in told(local, ALICE, before, home + "a/")


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_in_a_subtree_only_what_may_be_read_is_told_of(local, home):
    put(local, home + "a/open")
    put(local, home + "a/closed")
    share(local, home + "a/closed")
    before = now(local)
    put(local, home + "a/open", b"changed")
    put(local, home + "a/closed", b"changed")
    assert told(local, BOB, before, home, subtree=True) == [("Update", home + "a/open")]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_a_subtree_takes_reading_at_its_top_too(local, home):
    put(local, home + "a/doc")
    share(local, home + "a/doc", public=True)
    before = now(local)
    put(local, home + "a/doc", b"changed")
    assert told(local, NOBODY, before, home, subtree=True) == []
    assert told(local, NOBODY, before, home + "a/doc") == [("Update", home + "a/doc")]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_of_rules_hears_who_controls(local, home):
    before = now(local)
    share(local, home, BOB)
    assert told(local, ALICE, before, home + ".acl") == [("Update", home + ".acl")]
    assert told(local, BOB, before, home + ".acl") == []


def test_a_container_changes_with_its_description(local, home):
    before = now(local)
    put(local, home + ".meta", f"<{BASE}{home[1:]}> <http://purl.org/dc/terms/title> 'T'.".encode(), {"Content-Type": "text/turtle"})  # fmt: skip
    assert told(local, BOB, before, home) == [("Update", home)]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_who_was_signed_out_hears_nothing(local, home):
    before = now(local)
    put(local, home + "doc", b"changed")
    grant = credentials(local, BOB).grant
    with_grant = told(local, BOB, before, home + "doc")
    with local.services.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET revoked_ms = 1 WHERE id = ?", (grant,))
    without = told(local, BOB, before, home + "doc")
    with local.services.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET revoked_ms = NULL WHERE id = ?", (grant,))
    assert (with_grant, without) == ([("Update", home + "doc")], [])


def test_who_is_in_a_long_group_is_found_out_by_who_may_wait_for_it(local, home):
    """One thread judges for all who listen."""
    url = f"{BASE}{home[1:]}"
    group = f"<#g> <{VCARD.hasMember.value}> <{web_id(BOB)}> . #" + "#" * AT_ONCE_BYTES_MAX
    put(local, home + "group", group.encode(), TURTLE)
    rules = acl(authorization(url, "Read Write Control", agents=(web_id(ALICE),), default=True))
    rules += f"[] a acl:Authorization; acl:agentGroup <{url}group#g>; acl:default <{url}>; acl:mode acl:Read ."
    put(local, home + ".acl", rules.encode(), TURTLE)
    before = now(local)
    put(local, home + "doc", b"changed")
    audience, store = Audience(local.services), local.services.store
    (said,) = heard(channel(local, home + "doc"), since(local, before)[0])
    assert audience.judge(store, said, credentials(local, BOB)) is Verdict.UNSETTLED
    assert audience.may_hear(store, said, credentials(local, BOB))
    assert audience.judge(store, said, credentials(local, BOB)) is Verdict.YES


@pytest.fixture
def limited(local):
    """Limits alice's app until the test is over."""
    yield lambda places, elsewhere="": limit(local.services, "alice-client", ceiling(places, elsewhere))
    limit(local.services, "alice-client", None)


def test_an_app_hears_of_what_it_was_given(local, home, limited):
    put(local, home + "given/doc")
    put(local, home + "else/doc")
    before = now(local)
    for path in (home + "given/doc", home + "else/doc"):
        put(local, path, b"changed")
        put(local, path + "2")
    limited({home + "given/": "read"})
    inside = [("Update", home + "given/doc"), ("Add", home + "given/doc2")]
    assert told(local, ALICE, before, home, subtree=True) == []
    assert told(local, ALICE, before, home + "given/doc", home + "given/", home + "else/") == inside
    limited({home: "append", home + "given/": "append"}, "read")
    assert told(local, ALICE, before, home + "given/", home + "given/doc") == []


def test_of_a_subtree_an_app_hears_what_it_may_read_deeper_down(local, home, limited):
    put(local, home + "a/given")
    before = now(local)
    put(local, home + "a/given", b"changed")
    limited({home: "read"})
    assert told(local, ALICE, before, home, subtree=True) == [("Update", home + "a/given")]


def test_an_app_hears_what_everybody_hears(local, home, limited):
    put(local, home + "a/given")
    share(local, home + "a/", public=True)
    before = now(local)
    put(local, home + "a/given", b"changed")
    limited({})
    assert told(local, ALICE, before, home + "a/given") == [("Update", home + "a/given")]
    assert told(local, ALICE, before, home, subtree=True) == []


def test_of_what_is_gone_an_app_hears_if_it_was_given_the_place(local, home, limited):
    put(local, home + "a/doc")
    before = now(local)
    delete(local, home + "a/doc")
    limited({home + "a/": "read"})
    assert told(local, ALICE, before, home + "a/", home + "a/doc") == [
        ("Delete", home + "a/doc"),
        ("Remove", home + "a/doc"),
    ]
    limited({home + "b/": "read"})
    assert told(local, ALICE, before, home + "a/", home + "a/doc") == []


def test_of_rules_an_app_hears_that_may_change_them(local, home, limited):
    before = now(local)
    share(local, home, BOB)
    for modes, heard_of in (("read write append", []), ("control", [("Update", home + ".acl")])):
        limited({home: modes})
        assert told(local, ALICE, before, home + ".acl") == heard_of


def test_an_app_whose_time_is_over_hears_nothing(local, home):
    before = now(local)
    put(local, home + "doc", b"changed")
    limit(local.services, "alice-client", None, local.services.store.now_ms)
    ended = told(local, ALICE, before, home + "doc")
    limit(local.services, "alice-client", None)
    assert (ended, told(local, ALICE, before, home + "doc")) == ([], [("Update", home + "doc")])


def test_the_older_sockets_ask_for_no_more_than_was_given(local, home, limited):
    put(local, home + "given/doc")
    sealed = local.services.listeners.read(local.services.listeners.seal(credentials(local, ALICE)), None)
    limited({home + "given/": "read"})
    for path, may in ((home + "given/doc", True), (home + "doc", False), (home, False), (home + "given/.acl", False)):
        assert may_read(local.services, path, sealed.credentials) is may


@pytest.mark.parametrize("status", ["leaving", "emptying"])
def test_a_pod_that_goes_with_its_account_is_silent(local, home, status):
    before = now(local)
    put(local, home + "doc", b"changed")
    _set_status(local, status)
    try:
        assert told(local, ALICE, before, home + "doc") == []
    finally:
        _set_status(local, "active")
    assert told(local, ALICE, before, home + "doc") == [("Update", home + "doc")]


def test_a_delivery_is_one_look_at_the_store_for_what_is_there(local, home):
    before = now(local)
    put(local, home + "doc", b"changed")
    told(local, BOB, before, home + "doc")
    (change,) = since(local, before)
    (said,) = heard(channel(local, home + "doc"), change)
    who = credentials(local, BOB)
    local.counts.reset()
    assert Audience(local.services).may_hear(local.services.store, said, who)
    assert len(local.counts.statements) == 1


def _set_status(local, status):
    with local.services.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET status = ? WHERE path = '/alice/'", (status,))


@pytest.fixture
def take_down(local):
    """Keeps something from others, and gives it back in the end."""
    paths = []

    def taken(path):
        paths.append(path)
        with local.services.store.write(SERVER) as tx:
            Cases(tx).take_down(tx, path, "a reason")
        local.services.moderation.forget()

    yield taken
    with local.services.store.write(SERVER) as tx:
        for path in paths:
            Cases(tx).give_back(tx, path)
    local.services.moderation.forget()


def test_of_what_operators_took_down_only_its_owner_hears(local, home, take_down):
    take_down(home + "doc")
    before = now(local)
    put(local, home + "doc", b"changed")
    assert told(local, BOB, before, home + "doc") == []
    assert told(local, ALICE, before, home + "doc") == [("Update", home + "doc")]


def test_a_container_tells_nobody_else_of_what_is_taken_down_in_it(local, home, take_down):
    take_down(home + "new")
    before = now(local)
    put(local, home + "new")
    put(local, home + "other")
    delete(local, home + "new")
    assert {each for _, each in told(local, BOB, before, home)} == {home + "other"}
    assert home + "new" in {each for _, each in told(local, ALICE, before, home)}
