"""Groups that operators keep for members: whom rules let in by them, who sees who is in them, and who reads of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.console.groups import GroupKeeper
from pod.console.members import Console
from pod.errors import AccessDenied, Conflict, NotFound, UnprocessableContent
from pod.identity.accounts import create_account, named, set_disabled
from pod.identity.departure import delete_account
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.sharing.audiences import Level, group
from pod.sharing.sharing import Sharing
from pod.store.operator_acts import ActKind, OperatorActs
from tests.support.pages import BASE, Site
from tests.support.stores import put

GROUPS, STAFF = "/.console/groups", f"{BASE}.groups/staff#it"
BOB = f"{BASE}bob/profile/card#me"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    for name in ("alice", "bob", "carol"):
        create_account(site.services, name)
    return site


def keeper(site: Site) -> GroupKeeper:
    return GroupKeeper(site.services, Console(site.services, named(site.services, "alice")))


def staff(site: Site, *names: str, public: bool = False) -> GroupKeeper:
    made = keeper(site)
    assert made.make("Staff", is_public=public) == "staff"
    for name in names:
        made.add("staff", name)
    return made


def lets_in(site: Site, agent: str = BOB, iri: str = STAFF) -> bool:
    """Whether something of Carol's, shared with a group, can be read by somebody."""
    services, target = site.services, Target.parse("/carol/plan")
    if services.store.describe(target).state is None:
        put(services.store, "/carol/plan", b"x")
        Sharing(services).share(named(services, "carol").id, "/carol/plan", group(iri), Level.READ)
    snapshot = services.store.describe(target)
    return AccessMode.READ in services.authorizer.decide(services.store, snapshot, Credentials(agent)).modes


def test_who_is_in_a_group_has_what_is_shared_with_it_and_nobody_else(site: Site):
    kept = staff(site, "bob")
    assert (lets_in(site), lets_in(site, f"{BASE}alice/profile/card#me")) == (True, False)
    kept.remove("staff", "bob")
    assert not lets_in(site)


@pytest.mark.parametrize("iri", [f"{BASE}.groups/staff", f"{BASE}.groups/staff#other", f"{BASE}.groups/x/staff#it"])
def test_other_addresses_near_a_groups_name_no_group(site: Site, iri: str):
    staff(site, "bob")
    assert not lets_in(site, iri=iri)


def test_who_is_suspended_or_leaves_has_nothing_by_a_group(site: Site):
    staff(site, "bob")
    set_disabled(site.services, "bob", disabled=True)
    assert not lets_in(site)
    set_disabled(site.services, "bob", disabled=False)
    assert lets_in(site)
    delete_account(site.services, "bob")
    assert not lets_in(site)
    site.clock.time += 1
    delete_account(site.services, "bob", now=True)
    assert keeper(site).members(keeper(site).group("staff")) == ()


def test_the_name_of_a_group_that_ended_is_never_given_again(site: Site):
    kept = staff(site, "bob")
    kept.end("staff")
    assert not lets_in(site)
    with pytest.raises(Conflict):
        kept.make("Staff", is_public=False)
    with pytest.raises(NotFound):
        kept.add("staff", "bob")


def test_members_read_that_they_were_put_into_a_group_and_taken_out(site: Site):
    staff(site, "bob").end("staff")
    acts = OperatorActs(site.services.store).about(named(site.services, "bob").id, 9)
    assert [(each.kind, each.detail) for each in acts] == [(ActKind.LEFT, "Staff"), (ActKind.JOINED, "Staff")]
    bob = site.signed_in("bob")
    assert "alice put bob into the group Staff" in bob.get("/.account/operators").text
    assert "put you into a group" in bob.get("/.notices/").text


def test_only_members_see_who_is_in_a_group_unless_it_is_public(site: Site):
    staff(site, "bob")
    there, turtle = "/.groups/staff", {"Accept": "text/turtle"}
    assert BOB not in site.guest().get(there, **turtle).text
    assert BOB in site.signed_in("carol").get(there, **turtle).text
    assert "bob" in site.signed_in("carol").get(there).text
    keeper(site).change("staff", "All staff", is_public=True)
    answer = site.guest().get(there, **turtle)
    assert (BOB in answer.text, "All staff" in answer.text) == (True, True)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert site.guest().get(there, Accept="application/ld+json").get_json() is not None
    assert site.guest().get("/.groups/none").status_code == 404


def test_members_share_with_a_group_they_are_in_and_find_no_other(site: Site):
    staff(site, "bob")
    page = "/.account/sharing?resource=https%3A%2F%2Fpods.example%2F{}%2F"
    assert STAFF in site.signed_in("bob").get(page.format("bob")).text
    assert STAFF not in site.signed_in("carol").get(page.format("carol")).text


def test_groups_are_made_and_filled_on_pages(site: Site):
    alice = site.signed_in("alice")
    alice.submit(GROUPS, GROUPS, name="Bücher & more")
    at = f"{GROUPS}/bucher-more"
    assert alice.submit(at, f"{at}/add", member="nobody").status_code == 404
    assert alice.submit(at, f"{at}/add", member="BOB").status_code == 303
    assert "/.console/members/bob" in alice.get(at).text
    alice.submit(at, f"{at}/remove")
    assert "/.console/members/bob" not in alice.get(at).text
    alice.submit(at, f"{at}/end")
    assert alice.get(at).status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x07b"])
def test_a_group_has_a_name(site: Site, name: str):
    with pytest.raises(UnprocessableContent):
        keeper(site).make(name, is_public=False)


def test_only_operators_keep_groups(site: Site):
    bob = site.signed_in("bob")
    assert bob.get(GROUPS).status_code == 403
    assert bob.post(GROUPS, {"csrf": bob.token(), "name": "Mine"}).status_code == 403
    with pytest.raises(AccessDenied):
        Console(site.services, named(site.services, "bob"))
