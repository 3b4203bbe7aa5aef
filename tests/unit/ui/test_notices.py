"""What people are told of, in the transaction of what it tells of; and the page that has all of it, read or not."""

from __future__ import annotations

import re

import pytest

from pod.errors import VersionMoved
from pod.identity.notices import tell_owner
from pod.sharing.audiences import Level, person
from pod.sharing.sharing import Sharing
from pod.store.mail import MailKind
from pod.store.notices import KEPT_MAX, NoticeKind, Notices
from pod.store.records import SERVER
from pod.ui.notices import PAGE
from pod.ui.requests import ASK, REQUESTS
from tests.support.linking import file
from tests.support.pages import BASE, Guest, Site
from tests.support.stores import put

BOB = f"{BASE}bob/profile/card#me"
DOC = f"{BASE}alice/photos/dog"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("notices") / "data", quota_bytes=100_000)
    for name in ("alice", "bob"):
        site.account(name)
    put(site.services.store, "/alice/photos/")
    for name in ("cat", "dog"):
        file(site.services, f"/alice/photos/{name}")
    return site


@pytest.fixture
def site(town: Site) -> Site:
    """An hour later, with nothing told yet."""
    town.clock.time += 3600
    with town.services.store.write(SERVER) as tx:
        for table in ("notice", "access_request"):
            tx.rows(f"DELETE FROM {table}")
    return town


def account(site: Site, name: str) -> int:
    found = site.services.accounts.by_name(name)
    assert found is not None
    return found.id


def lines(guest: Guest) -> list[str]:
    """The texts of the page, those not read yet with a mark."""
    page = guest.get("/.notices/").text
    rows = re.findall(r'<li( class="new")?><button.*?<bdi>(.*?)</bdi>', page, re.DOTALL)
    return [("* " if new else "") + text for new, text in rows]


def tell(site: Site, *kinds: MailKind) -> None:
    for kind in kinds:
        site.clock.time += 1
        with site.services.store.write(SERVER) as tx:
            tell_owner(site.services, tx, account(site, "alice"), kind)


def test_whoever_is_shared_with_is_told_by_whom_and_what_and_the_owner_is_not(site: Site):
    Sharing(site.services).share(account(site, "alice"), "/alice/photos/cat", person(BOB), Level.READ)
    bob = site.signed_in("bob")
    assert lines(bob) == ["* pods.example/alice/profile/card#me shared “cat” with you"]
    assert lines(site.signed_in("alice")) == []
    opened = bob.submit("/.notices/", "/.notices/open", notice=str(notices(site, "bob")[0].id))
    assert opened.location == "/.home/alice/photos/cat"
    assert not lines(bob)[0].startswith("*")


def notices(site: Site, name: str):
    return Notices(site.services.store).latest(account(site, name))


def test_an_owner_is_told_who_asks_and_the_asker_that_they_got_nothing(site: Site):
    alice, bob = site.signed_in("alice"), site.signed_in("bob")
    wish = {"resource": DOC, "what": "this", "level": "see", "until": "30", "comment": "It is me"}
    answer = bob.post(ASK, {"csrf": bob.token(), **wish})
    assert answer.status_code == 303, answer.text
    assert lines(alice) == ["* pods.example/bob/profile/card#me asks for access to your pod"]
    ((key,),) = site.services.store.rows("SELECT id FROM access_request")
    answered = alice.post(REQUESTS, {"csrf": alice.token(), "do": "refuse", "key": key})
    assert answered.status_code == 303
    assert lines(alice) == ["pods.example/bob/profile/card#me asks for access to your pod"]
    assert lines(bob) == ["* Your request for access in the pod alice was refused"]


def test_an_owner_is_told_once_when_a_pod_gets_nearly_full(site: Site):
    put(site.services.store, "/alice/photos/a", b"x" * 70_000)
    assert lines(site.signed_in("alice")) == []
    put(site.services.store, "/alice/photos/b", b"x" * 15_000)
    put(site.services.store, "/alice/photos/c", b"x" * 100)
    assert lines(site.signed_in("alice")) == ["* Your pod alice is nearly full"]
    assert [each.times for each in notices(site, "alice")] == [1]


def test_nothing_is_told_of_what_did_not_happen(site: Site):
    with pytest.raises(VersionMoved), site.services.store.write(SERVER) as tx:
        tell_owner(site.services, tx, account(site, "alice"), MailKind.PASSWORD_CHANGED)
        raise VersionMoved
    assert lines(site.signed_in("alice")) == []


def test_the_bell_counts_what_is_not_read_and_reading_all_leaves_what_came_later(site: Site):
    alice = site.signed_in("alice")
    tell(site, MailKind.PASSWORD_CHANGED, MailKind.NEW_BROWSER)
    page = alice.get("/.home/").text
    assert re.search(r'class="count">.*?2</span>', page)
    seen = notices(site, "alice")[0].at_ms
    tell(site, MailKind.CODES_OFF)
    alice.submit("/.notices/", "/.notices/read", until=str(seen))
    assert [each[0] for each in lines(alice)] == ["*", "S", "Y"]


def test_the_same_again_is_one_line_not_read(site: Site):
    alice = site.signed_in("alice")
    tell(site, MailKind.NEW_BROWSER)
    alice.submit("/.notices/", "/.notices/read")
    tell(site, MailKind.NEW_BROWSER)
    assert lines(alice) == ["* Somebody signed in to your account from a browser not seen before"]


def test_notices_are_kept_in_bounds_and_shown_a_page_at_a_time(site: Site):
    owner = account(site, "alice")
    with site.services.store.write(SERVER) as tx:
        Notices(tx).add(tx, owner, NoticeKind.ACCOUNT, thing=MailKind.PASSWORD_CHANGED.value)
        for number in range(KEPT_MAX + 50):
            Notices(tx).add(tx, owner, NoticeKind.ASKED, f"https://people.example/{number}", "/alice/")
    assert site.services.store.rows("SELECT COUNT(*) FROM notice WHERE account = ?", (owner,)) == [(KEPT_MAX,)]
    alice, path, found = site.signed_in("alice"), "/.notices/", 0
    while path:
        page = alice.get(path).text
        found += page.count('<li class="new">')
        onward = re.search(r'rel="next" href="([^"]*)"', page)
        path = f"/.notices/{onward[1]}" if onward else ""
        assert page.count('<li class="new">') <= PAGE
    assert (found, "99+" in page) == (KEPT_MAX, True)
    assert MailKind.PASSWORD_CHANGED.value in {
        each.thing for each in Notices(site.services.store).latest(owner, limit=KEPT_MAX)
    }


def test_nobody_reads_what_others_are_told(site: Site):
    tell(site, MailKind.PASSWORD_CHANGED)
    bob = site.signed_in("bob")
    assert lines(bob) == []
    answer = bob.post("/.notices/open", {"csrf": bob.token(), "notice": str(notices(site, "alice")[0].id)})
    assert answer.status_code == 404
    assert notices(site, "alice")[0].is_unread


@pytest.mark.parametrize("mark", ["x", "1-", "-", "9" * 40 + "-1", "1-x", "%E2%80%99-1"])
def test_what_is_no_mark_begins_at_the_newest(site: Site, mark: str):
    tell(site, MailKind.PASSWORD_CHANGED)
    assert "password" in site.signed_in("alice").get(f"/.notices/?before={mark}").text
