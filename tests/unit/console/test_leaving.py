"""When members leave: what they take along, whom their account goes to, what is deleted, and the receipt of each."""

from __future__ import annotations

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from pod.console.handover import begin_handover, refuse, take_over
from pod.console.members import Console
from pod.errors import LinkEnded, NotFound
from pod.identity.accounts import create_account, named
from pod.identity.clients import create_client
from pod.identity.departure import delete_account
from pod.identity.issuers import list_issuers
from pod.store.accounts import Role
from pod.store.receipts import Receipt, ReceiptKind, Receipts, tally
from pod.store.records import SERVER
from tests.support.linking import link_to, visit
from tests.support.pages import BASE, PASSWORD, Guest, Site
from tests.support.stores import put

BOB, HAND_OVER, EXPORT = "/.console/members/bob", "/.account/hand-over", "/.account/export"
NEW = "quite another password"
_LINKED = "INSERT INTO outside_identity (issuer, subject, account, name, since_ms) VALUES ('i', 's', ?, 'bob', 1)"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, mail_from="pods@pods.example", smtp_host="localhost")
    for name in ("alice", "bob", "carol"):
        create_account(site.services, name, email=f"{name}@mail.example", password=PASSWORD)
    put(site.services.store, "/bob/diary", b"dear diary")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def receipts(site: Site) -> tuple[Receipt, ...]:
    return Console(site.services, named(site.services, "alice")).receipts()


def agreed(site: Site, alice: Guest) -> Guest:
    """Bob, who agreed to hand his account over to Carol."""
    alice.submit(BOB, f"{BOB}/hand-over", successor="Carol ")
    bob = site.signed_in("bob")
    assert bob.submit(HAND_OVER, HAND_OVER, password=PASSWORD).headers["Location"].endswith("done=yes")
    return bob


def test_a_member_takes_along_what_an_operator_asked_for_and_the_receipt_fits_the_file(site: Site, alice: Guest):
    alice.submit(BOB, f"{BOB}/export")
    bob = site.signed_in("bob")
    assert "alice, who runs this server, asks you" in bob.get(EXPORT).text
    content = bob.submit(EXPORT, EXPORT).data
    (receipt,) = receipts(site)
    assert (receipt.kind, receipt.operator, receipt.archive) == (
        ReceiptKind.EXPORT,
        "alice",
        sha256(content).hexdigest(),
    )
    told = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("manifest.json"))["resources"]
    lines = [f"{each['sha256'] or '-'}  {each['url'].removeprefix(BASE[:-1])}\n" for each in told]
    by_path = sorted(lines, key=lambda each: each.partition("  ")[2])
    assert receipt.contents == sha256("".join(by_path).encode()).hexdigest()
    assert (receipt.resources, receipt.bytes) == (len(told), sum(each["size"] for each in told))
    assert receipt.archive in bob.get(EXPORT).text
    assert receipt.archive in alice.get(BOB).text


def test_what_members_take_along_by_themselves_is_their_own_business(site: Site, alice: Guest):
    bob = site.signed_in("bob")
    _ = bob.submit(EXPORT, EXPORT).data
    assert receipts(site) == ()
    assert "began" not in alice.get(BOB).text
    assert "Receipt" in bob.get(EXPORT).text


def test_a_file_that_was_not_taken_whole_gives_no_receipt(site: Site, alice: Guest):
    alice.submit(BOB, f"{BOB}/export")
    answer = site.signed_in("bob").submit(EXPORT, EXPORT)
    next(iter(answer.response))
    answer.close()
    assert receipts(site) == ()
    assert Receipts(site.services.store).offered_by(named(site.services, "bob").id) == "alice"


def test_what_is_deleted_leaves_a_receipt_of_how_much_it_was(site: Site, alice: Guest):
    before = tally(site.services.store, ["/bob/"])
    alice.submit(f"{BOB}/delete", f"{BOB}/delete")
    assert receipts(site) == ()
    delete_account(site.services, "bob", now=True)
    (receipt,) = receipts(site)
    assert (receipt.kind, receipt.operator, receipt.member_name) == (ReceiptKind.DELETION, "alice", "bob")
    assert (receipt.resources, receipt.bytes, receipt.contents) == (before.resources, before.bytes, before.contents)
    assert receipt.done_ms is not None
    page = alice.get("/.console/receipts").text
    assert "The account bob was deleted" in page
    assert "diary" not in page


def test_an_account_goes_to_another_member_once_both_agreed(site: Site, alice: Guest):
    bob = agreed(site, alice)
    create_client(site.services, "bob", label="a script")
    with site.services.store.write(SERVER) as tx:
        tx.rows(_LINKED, (named(site.services, "bob").id,))
    link = link_to(site.services, named(site.services, "bob"), "/bob/diary")
    carol = site.signed_in("carol")
    assert "The account bob is handed over to you" in carol.get("/.notices/").text
    answer = carol.submit(HAND_OVER, f"{HAND_OVER}/take", new=NEW)
    assert answer.status_code == 200
    assert bob.get("/.account/").status_code == 303
    assert site.guest().sign_in("bob").status_code == 403
    assert site.guest().sign_in("bob", NEW).status_code == 303
    account = named(site.services, "bob")
    assert account.email is None
    assert site.services.store.rows("SELECT 1 FROM outside_identity") == []
    assert all(each.revoked_ms for each in site.services.accounts.clients(account.id))
    with pytest.raises(LinkEnded):
        visit(site.services, link)
    (receipt,) = receipts(site)
    assert (receipt.kind, receipt.operator, receipt.successor) == (ReceiptKind.HANDOVER, "alice", "carol")
    mails = site.services.store.rows("SELECT kind FROM outgoing_mail WHERE email LIKE 'bob%' ORDER BY id")
    assert (mails[0][0], mails[-1][0]) == ("hand-over asked", "handed over")


def test_without_the_members_password_nothing_is_handed_over(site: Site, alice: Guest):
    alice.submit(BOB, f"{BOB}/hand-over", successor="carol")
    with pytest.raises(NotFound):
        take_over(site.services, named(site.services, "carol"), "bob", NEW)
    assert site.signed_in("bob").submit(HAND_OVER, HAND_OVER, password="wrong").status_code == 403
    with pytest.raises(NotFound):
        take_over(site.services, named(site.services, "carol"), "bob", NEW)


def test_a_member_who_says_no_keeps_their_account(site: Site, alice: Guest):
    bob = agreed(site, alice)
    bob.submit(HAND_OVER, HAND_OVER, no="yes")
    with pytest.raises(NotFound):
        take_over(site.services, named(site.services, "carol"), "bob", NEW)
    assert "stays yours" in bob.get(f"{HAND_OVER}?done=no").text


def test_who_changes_their_mind_at_the_last_moment_keeps_their_account(
    site: Site, alice: Guest, monkeypatch: pytest.MonkeyPatch
):
    agreed(site, alice)

    def meanwhile(*_arguments: object) -> str:
        """Asked again, Bob has not agreed."""
        refuse(site.services, named(site.services, "bob"))
        begin_handover(site.services, Console(site.services, named(site.services, "alice")), "bob", "carol")
        return "a hash"

    monkeypatch.setattr("pod.console.handover.hashed", meanwhile)
    with pytest.raises(NotFound):
        take_over(site.services, named(site.services, "carol"), "bob", NEW)
    assert site.guest().sign_in("bob").status_code == 303


def test_nobody_but_the_successor_that_was_agreed_to_takes_it(site: Site, alice: Guest):
    alice.submit(BOB, f"{BOB}/hand-over", successor="carol")
    bob = site.signed_in("bob")
    alice.submit(BOB, f"{BOB}/hand-over-end")
    alice.submit(BOB, f"{BOB}/hand-over", successor="alice")
    answer = bob.post(HAND_OVER, {"csrf": bob.token(), "successor": "carol", "password": PASSWORD})
    assert answer.status_code == 404
    with pytest.raises(NotFound):
        take_over(site.services, named(site.services, "alice"), "bob", NEW)


def test_an_account_that_other_servers_sign_in_to_is_not_handed_over(
    site: Site, alice: Guest, monkeypatch: pytest.MonkeyPatch
):
    found = list_issuers(site.services, named(site.services, "bob").id)
    others = (type(found[0])(found[0].web_id, (*found[0].issuers, "https://elsewhere.example/")),)
    monkeypatch.setattr("pod.console.handover.list_issuers", lambda _services, _account: others)
    alice.submit(BOB, f"{BOB}/hand-over", successor="carol")
    answer = site.signed_in("bob").submit(HAND_OVER, HAND_OVER, password=PASSWORD)
    assert answer.status_code == 409
    assert "Other servers can sign in" in answer.text


@pytest.mark.parametrize("successor", ["bob", "nobody", ""])
def test_an_account_goes_to_another_member_who_is_here(site: Site, alice: Guest, successor: str):
    assert alice.submit(BOB, f"{BOB}/hand-over", successor=successor).status_code in {404, 409}


def test_the_role_does_not_go_along(site: Site, alice: Guest):
    Console(site.services, named(site.services, "alice")).set_role("bob", Role.OPERATOR)
    agreed(site, alice)
    take_over(site.services, named(site.services, "carol"), "bob", NEW)
    assert not named(site.services, "bob").is_operator
