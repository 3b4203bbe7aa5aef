"""What is reported, what operators keep from others, whom they keep out: who is told what, and from when on it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.authorization.required import Need
from pod.console.members import Console
from pod.console.moderation import Moderator
from pod.errors import Conflict, KeptOut, UnprocessableContent, Withheld
from pod.identity.accounts import create_account, named
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.remote.client import Limits
from pod.remote.errors import ForbiddenAddress
from pod.store.moderation import KEPT_SECONDS, Lists
from tests.support.pages import BASE, Guest, Site

REPORTS, BLOCKED = "/.console/reports", "/.console/blocked"
CARD = f"{BASE}bob/profile/card"
BOB = f"{CARD}#me"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, registration="invitation")
    create_account(site.services, "alice")
    create_account(site.services, "bob")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def moderator(site: Site) -> Moderator:
    return Moderator(site.services, Console(site.services, named(site.services, "alice")))


def card(site: Site, **headers: str) -> int:
    return site.guest().get("/bob/profile/card", **headers).status_code


def read(site: Site, credentials: Credentials, path: str = "/bob/profile/card"):
    services, target = site.services, Target.parse(path)
    snapshot = services.store.describe(target)
    need = Need(target.subject, AccessMode.READ, told=AccessMode.READ)
    return services.authorizer.authorize(services.store, snapshot, credentials, (need,))


def test_a_report_is_settled_and_what_it_is_about_is_shown_to_nobody_but_its_owner(site: Site, alice: Guest):
    site.guest().submit("/.about/report", "/.about/report", url=f"{CARD}?x#me", reason="Not <b>nice</b>")
    page = alice.get(REPORTS).text
    assert "Not &lt;b&gt;nice&lt;/b&gt;" in page
    assert card(site) == 200
    alice.submit(REPORTS, f"{REPORTS}/take-down", reason="Against the terms")
    assert card(site) == card(site, Accept="text/turtle") == 451
    assert read(site, Credentials(agent=BOB)).modes
    assert "alice took /bob/profile/card down" in (theirs := site.signed_in("bob").get("/.account/operators").text)
    assert "Against the terms" in theirs
    assert "taken down" in alice.get(REPORTS).text
    alice.submit(REPORTS, f"{REPORTS}/give-back")
    assert card(site) == 200


def test_its_owner_sees_that_everybody_else_does_not(site: Site):
    moderator(site).take_down(CARD, "a reason")
    assert read(site, Credentials(agent=BOB)).public == AccessMode.NONE
    with pytest.raises(Withheld):
        read(site, Credentials(agent=f"{BASE}alice/profile/card#me"))


def test_what_is_in_a_folder_goes_with_it_and_its_neighbours_do_not(site: Site):
    moderator(site).take_down(f"{BASE}bob/profile/", "a reason")
    assert card(site) == 451
    assert site.guest().get("/bob/settings/publicTypeIndex.ttl").status_code == 200


def test_what_was_private_is_no_more_told_of_than_before(site: Site):
    moderator(site).take_down(f"{BASE}bob/settings/prefs.ttl", "a reason")
    assert site.guest().get("/bob/settings/prefs.ttl", Accept="text/turtle").status_code == 401


def test_a_report_that_is_left_changes_nothing(site: Site, alice: Guest):
    site.guest().submit("/.about/report", "/.about/report", url=CARD, reason="x")
    alice.submit(REPORTS, f"{REPORTS}/leave")
    assert card(site) == 200
    assert moderator(site).waiting() == 0


@pytest.mark.parametrize("url", [BASE, f"{BASE}bob/", "https://elsewhere.example/x", "x", f"{BASE}.console/"])
def test_only_what_is_in_a_pod_is_taken_down(site: Site, url: str):
    with pytest.raises(UnprocessableContent):
        moderator(site).take_down(url, "a reason")


def test_it_is_done_once(site: Site):
    moderator(site).take_down(CARD, "a reason")
    with pytest.raises(Conflict):
        moderator(site).take_down(CARD, "a reason")


@pytest.mark.parametrize(
    ("field", "value"), [("url", "x"), ("url", "javascript:alert(1)"), ("reason", " "), ("contact", "nobody")]
)
def test_a_report_needs_an_address_and_a_reason(site: Site, field: str, value: str):
    said = {"url": CARD, "reason": "x", field: value}
    assert site.guest().submit("/.about/report", "/.about/report", **said).status_code == 422
    assert moderator(site).waiting() == 0


def test_nobody_reports_without_end(site: Site):
    guest = site.guest()
    codes = [guest.submit("/.about/report", "/.about/report", url=CARD, reason="x").status_code for _ in range(11)]
    assert codes == [303] * 10 + [429]


@pytest.mark.parametrize(
    ("kind", "name", "agent", "issuer"),
    [
        ("agent", "https://them.example/#me", "https://them.example/#me", "https://login.example/"),
        ("host", "them.example", "https://them.example/#me", "https://login.example/"),
        ("host", "them.example.", "https://a.b.THEM.example/#me", "https://login.example/"),
        ("host", "login.example", "https://other.example/#me", "https://login.example/"),
    ],
)
def test_who_is_kept_out_can_do_nothing_even_what_everybody_may(
    site: Site, kind: str, name: str, agent: str, issuer: str
):
    who = Credentials(agent=agent, issuer=issuer)
    assert read(site, who).modes
    moderator(site).block(kind, name, "a reason")
    with pytest.raises(KeptOut):
        read(site, who)
    assert read(site, PUBLIC).modes
    assert read(site, Credentials(agent="https://nothem.example/#me", issuer="https://elsewhere.example/")).modes
    moderator(site).unblock(kind, name.rstrip("."))
    assert read(site, who).modes


def test_a_host_that_is_kept_out_is_asked_for_nothing(site: Site):
    moderator(site).block("host", "them.example", "a reason")
    with pytest.raises(ForbiddenAddress):
        site.services.outbound().fetch(
            "https://www.them.example/", accept="*/*", limits=Limits.of(site.services.config)
        )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("host", "pods.example"),
        ("host", "example"),
        ("host", "a b"),
        ("host", ""),
        ("agent", "bob"),
        ("what", "x.example"),
    ],
)
def test_nobody_keeps_this_server_out_of_itself(site: Site, kind: str, name: str):
    with pytest.raises(UnprocessableContent):
        moderator(site).block(kind, name, "a reason")


def test_other_processes_hear_of_it_within_moments(site: Site):
    other = Lists()
    assert site.services.moderation.lists() == other
    console = Console(site.services, named(site.services, "alice"))
    Moderator(site.services, console).take_down(CARD, "a reason")
    site.services.moderation._known = (site.clock.now(), other)
    site.clock.time += KEPT_SECONDS
    assert card(site) == 451


def test_members_settle_nothing(site: Site):
    bob = site.signed_in("bob")
    for path in (REPORTS, BLOCKED):
        assert bob.get(path).status_code == 403
    for path in (f"{REPORTS}/take-down", f"{REPORTS}/give-back", f"{REPORTS}/leave", BLOCKED, f"{BLOCKED}/end"):
        assert bob.post(path, {"csrf": bob.token(), "url": CARD, "reason": "x"}).status_code == 403
    assert card(site) == 200
