"""What operators do in the console: to whom, what becomes of it, who reads of it afterwards, and what they never see."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pod.console.members import PAGE, Console
from pod.errors import AccessDenied, Conflict, UnprocessableContent
from pod.identity.accounts import create_account, named
from pod.identity.departure import delete_account
from pod.identity.sign_in import FRESH_SECONDS
from pod.store.accounts import AccountStatus, Role
from pod.store.operator_acts import ActKind
from tests.support.pages import Guest, Site
from tests.support.stores import put

MAIL = {"mail_from": "pods@pods.example", "smtp_host": "localhost", "registration": "invitation"}
MEMBERS, INVITATIONS = "/.console/members", "/.console/invitations"
BOB = f"{MEMBERS}/bob"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, **MAIL)
    for name in ("alice", "bob", "carol"):
        create_account(site.services, name, email=f"{name}@mail.example")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def console(site: Site, name: str = "alice") -> Console:
    return Console(site.services, named(site.services, name))


def kinds(site: Site, name: str) -> list[ActKind]:
    looking = console(site)
    return [each.kind for each in looking.acts_about(looking.member(name))]


@pytest.mark.parametrize("path", ["/.console/", MEMBERS, BOB, f"{BOB}/delete", INVITATIONS, "/.console/log"])
def test_members_see_nothing_of_it(site: Site, path: str):
    assert site.signed_in("bob").get(path).status_code == 403
    assert site.guest().get(path).status_code == 303


@pytest.mark.parametrize("what", ["suspend", "resume", "quota", "role", "reset", "delete", "keep"])
def test_members_do_nothing_there(site: Site, what: str):
    bob = site.signed_in("bob")
    answer = bob.post(f"{MEMBERS}/carol/{what}", {"csrf": bob.token(), "reason": "x", "role": "operator"})
    assert answer.status_code == 403
    assert console(site).acts() == ()


def test_who_is_suspended_is_signed_out_and_reads_why(site: Site, alice: Guest):
    bob = site.signed_in("bob")
    alice.submit(BOB, f"{BOB}/suspend", reason="Because of\n the terms")
    assert bob.get("/.account/").status_code == 303
    assert named(site.services, "bob").status is AccountStatus.DISABLED
    alice.submit(BOB, f"{BOB}/resume")
    page = site.signed_in("bob").get("/.account/operators").text
    assert "alice suspended bob" in page
    assert "Because of the terms" in page
    assert "alice let bob in again" in page


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_suspending_takes_a_reason(site: Site, alice: Guest, reason: str):
    answer = alice.submit(BOB, f"{BOB}/suspend", reason=reason)
    assert answer.status_code == 422
    assert kinds(site, "bob") == []


@pytest.mark.parametrize("what", ["suspend", "delete"])
def test_nobody_ends_their_own_account_there(site: Site, alice: Guest, what: str):
    answer = alice.post(f"{MEMBERS}/alice/{what}", {"csrf": alice.token(), "reason": "x"})
    assert answer.status_code == 409
    assert named(site.services, "alice").stands


def test_somebody_always_runs_the_server(site: Site):
    with pytest.raises(Conflict):
        console(site).set_role("alice", Role.MEMBER)
    console(site).set_role("bob", Role.OPERATOR)
    console(site, "bob").set_role("alice", Role.MEMBER)
    with pytest.raises(AccessDenied):
        console(site, "alice")
    with pytest.raises(Conflict):
        console(site, "bob").set_role("bob", Role.MEMBER)


def test_who_lost_the_role_meanwhile_can_no_longer_act(site: Site):
    before = console(site)
    before.set_role("bob", Role.OPERATOR)
    console(site, "bob").set_role("alice", Role.MEMBER)
    with pytest.raises(AccessDenied):
        before.suspend("carol", "a reason")
    assert named(site.services, "carol").status is AccountStatus.ACTIVE


def test_quotas_are_megabytes_of_each_pod_and_can_be_taken_back(site: Site, alice: Guest):
    alice.submit(BOB, f"{BOB}/quota", megabytes="1.5", resources="20")
    (pod,) = site.services.accounts.storages(named(site.services, "bob").id)
    assert (pod.bytes_max, pod.resources_max) == (1_500_000, 20)
    alice.submit(BOB, f"{BOB}/quota", megabytes="", resources="")
    (pod,) = site.services.accounts.storages(named(site.services, "bob").id)
    assert (pod.bytes_max, pod.resources_max) == (0, 0)


@pytest.mark.parametrize("typed", ["much", "-1", "nan", "inf", "1e40"])
def test_quotas_are_numbers(site: Site, alice: Guest, typed: str):
    assert alice.submit(BOB, f"{BOB}/quota", megabytes=typed).status_code == 422
    assert kinds(site, "bob") == []


def test_deletion_leaves_days_to_keep_the_account(site: Site, alice: Guest):
    alice.submit(f"{BOB}/delete")
    assert named(site.services, "bob").leaving
    alice.submit(BOB, f"{BOB}/keep")
    assert not named(site.services, "bob").leaving
    assert kinds(site, "bob") == [ActKind.KEPT, ActKind.DELETION]


def test_a_new_password_is_mailed_and_no_operator_sees_the_link(site: Site, alice: Guest):
    answer = alice.submit(BOB, f"{BOB}/reset")
    (mail,) = site.services.outbox.due(int(site.clock.now() * 1000), 10)
    assert (mail.kind.value, mail.email) == ("reset", "bob@mail.example")
    assert "/.account/reset/" not in answer.text + alice.get(BOB).text


def test_acting_takes_a_sign_in_of_the_last_minutes(site: Site, alice: Guest):
    site.clock.time += FRESH_SECONDS + 1
    answer = alice.submit(BOB, f"{BOB}/suspend", reason="a reason")
    assert answer.status_code == 303
    assert "/.account/sign-in" in answer.headers["Location"]
    assert kinds(site, "bob") == []


def test_many_are_invited_from_a_table_and_what_has_no_address_is_told(site: Site, alice: Guest):
    table = "Name;Mail\nEve;<eve@mail.example>\nNobody;none\nFrank;frank@mail.example\nEve again;EVE@mail.example\n"
    page = alice.submit(INVITATIONS, INVITATIONS, emails=table).text
    links = re.findall(r"sign-up\?invitation=([\w-]+)", page)
    assert len(links) == 2
    assert re.search(r"no address in these lines: 3<", page)
    assert len(site.services.outbox.due(int(site.clock.now() * 1000), 10)) == 2
    assert site.guest().get(f"/.account/sign-up?invitation={links[0]}").status_code == 200


def test_without_an_address_there_is_a_link_to_pass_on(site: Site, alice: Guest):
    page = alice.submit(INVITATIONS, INVITATIONS, emails=" ").text
    assert len(re.findall(r"sign-up\?invitation=[\w-]+", page)) == 1
    assert site.services.outbox.due(int(site.clock.now() * 1000), 10) == ()


def test_an_invitation_that_was_taken_back_works_no_more(site: Site, alice: Guest):
    page = alice.submit(INVITATIONS, INVITATIONS, emails="eve@mail.example").text
    link = re.search(r"/\.account/sign-up\?invitation=[\w-]+", page)[0]
    alice.submit(INVITATIONS, f"{INVITATIONS}/withdraw")
    assert site.guest().get(link).status_code == 403
    assert "took the invitation of eve@mail.example back" in alice.get("/.console/log").text


@pytest.mark.parametrize("typed", ["nobody", "\n".join(f"a{n}@mail.example" for n in range(501))])
def test_a_list_without_addresses_or_with_too_many_invites_nobody(site: Site, alice: Guest, typed: str):
    assert alice.submit(INVITATIONS, INVITATIONS, emails=typed).status_code == 422
    assert site.services.links.invitations(int(site.clock.now() * 1000)) == ()


def test_members_are_found_by_a_piece_of_name_or_address_and_by_what_they_are(site: Site, alice: Guest):
    def found(**asked: str) -> list[str]:
        return re.findall(
            r'href="/\.console/members/(\w+)"', alice.get(f"{MEMBERS}?{'&'.join(map('='.join, asked.items()))}").text
        )

    console(site).suspend("carol", "a reason")
    assert found(search="ARO") == ["carol"]
    assert found(search="bob@") == ["bob"]
    assert found(search="%25") == found(search="_") == []
    assert found(standing="disabled") == ["carol"]
    assert found(standing="operator") == ["alice"]
    assert found(standing="x") == ["alice", "bob", "carol"]


def test_a_list_of_members_goes_on_where_it_stopped(site: Site):
    for number in range(PAGE):
        create_account(site.services, f"m{number:03}")
    first = console(site).page()
    rest = console(site).page(first.more)
    assert len(first.members) == PAGE
    assert [each.name for each in (*first.members, *rest.members)] == sorted(
        ["alice", "bob", "carol", *(f"m{number:03}" for number in range(PAGE))]
    )
    assert rest.more is None


def test_no_page_of_the_console_names_what_members_keep(site: Site, alice: Guest):
    put(site.services.store, "/bob/secret-diary.txt", b"a secret")
    pages = [alice.get(path).text for path in ("/.console/", MEMBERS, BOB, f"{BOB}/delete", "/.console/log")]
    assert not any("diary" in page or "a secret" in page for page in pages)
    assert "Keeps" in pages[2]


def test_a_full_pod_is_told_from_four_fifths_on(site: Site, alice: Guest):
    size = console(site).member("bob").bytes
    console(site).set_quota("bob", size * 5 // 4, 0)
    assert "more than 80 % full" in alice.get("/.console/").text
    console(site).set_quota("bob", size * 2, 0)
    assert "more than 80 % full" not in alice.get("/.console/").text


def test_the_record_of_what_was_done_outlives_both(site: Site, alice: Guest):
    console(site).suspend("bob", "a reason")
    delete_account(site.services, "bob", now=True)
    assert "alice suspended bob" in alice.get("/.console/log").text


def test_reasons_are_text(site: Site):
    with pytest.raises(UnprocessableContent):
        console(site).suspend("bob", "\n")
