"""The home page and the ways to go that every page has: for whoever is signed in, and in the pod that a page is about."""

from __future__ import annotations

import re

import pytest

from pod.identity.pods import add_pod
from pod.ui.render import safety, section_of
from tests.support.linking import file
from tests.support.pages import BASE, Guest, Site
from tests.support.stores import put

MARKUP = "<b>&amp;'\""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("front") / "data", quota_bytes=200_000)
    for name in ("alice", "bob"):
        site.account(name)
    alice = site.services.accounts.by_name("alice")
    assert alice is not None
    add_pod(site.services, alice, "club")
    card = (
        f'<#this> a <http://www.w3.org/2006/vcard/ns#Individual>; <http://www.w3.org/2006/vcard/ns#fn> """{MARKUP} """.'
    )
    put(site.services.store, "/alice/contacts/Person/x/index.ttl", card.encode())
    note = f'<> a <https://www.w3.org/ns/activitystreams#Note>; <https://www.w3.org/ns/activitystreams#name> """{MARKUP} """.'
    put(site.services.store, "/alice/posts/x.ttl", note.encode())
    put(site.services.store, "/alice/things/")
    file(site.services, "/alice/things/a%3Cb%3E.txt")
    file(site.services, "/club/minutes.txt")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def test_the_page_tells_what_is_new_in_the_pod_and_nothing_of_it_is_markup(alice: Guest):
    page = alice.get("/.home/").text
    for href in ("/.home/alice/things/a%3Cb%3E.txt", "/.posts/alice/post?iri=", "/.contacts/alice/person?iri="):
        assert f'href="{href}' in page
    assert page.count("&lt;b&gt;&amp;amp;") == 2
    assert "<b>" not in page
    assert "minutes" not in page


def test_several_pods_are_a_switch(alice: Guest):
    page = alice.get("/.home/?pod=club").text
    assert "minutes.txt" in page
    assert '<a href="/.home/?pod=club" aria-current="page">' in page
    assert 'href="/.contacts/club/"' in page
    assert alice.get("/.home/?pod=bob").status_code == 404


def test_a_pod_without_files_takes_the_first_ones_in(site: Site):
    bob = site.signed_in("bob")
    assert "First steps" in bob.get("/.home/").text
    assert 'id="upload"' in bob.get("/.home/").text


@pytest.mark.parametrize(
    ("path", "place"),
    [("/.files/", "/.home/alice/"), *((f"/.{each}/", f"/.{each}/alice/") for each in ("contacts", "posts", "profile"))],
)
def test_what_names_no_pod_leads_to_the_first(site: Site, alice: Guest, path: str, place: str):
    assert alice.get(path).location == place
    assert "/.account/sign-in?next=" in site.guest().get(path).location


def test_only_who_is_signed_in_has_the_ways_to_go_and_operators_one_more(site: Site, alice: Guest):
    assert 'class="sections"' in alice.get("/.account/").text
    assert "/.console/" not in site.signed_in("bob").get("/.home/").text
    for path in ("/", "/.account/sign-in"):
        page = site.guest().get(path).text
        assert 'class="sections"' not in page
        assert "/.notices/" not in page


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/.home/", "home"),
        ("/.home/alice/photos/", "files"),
        ("/.contacts/alice/person", "contacts"),
        ("/.account/links", "sharing"),
        ("/.account/apps/change", "apps"),
        ("/.account/security", "me"),
        ("/", ""),
    ],
)
def test_the_way_that_was_gone_is_marked(path: str, section: str):
    assert section_of(path) == section


def test_the_current_page_is_told_to_those_who_do_not_see_it(alice: Guest):
    page = alice.get("/.home/").text
    assert re.findall(r'<a href="([^"]*)" aria-current="page"', page)[0] == "/.home/"


def test_a_page_shows_what_it_needs_by_its_path_and_never_all_of_the_origin():
    def policy(**needs: bool) -> list[str]:
        return safety("n", base=BASE, **needs)["Content-Security-Policy"].split("; ")

    assert "img-src data:" in policy()
    assert f"img-src data: {BASE}.thumbnails/ {BASE}.people/" in policy(pictures=True)
    assert f"connect-src {BASE}.uploads/" in policy(uploads=True)
    media = policy(media=True)
    assert {f"img-src data: {BASE}.home/", f"media-src {BASE}.home/"} <= set(media)
    everything = policy(pictures=True, uploads=True, media=True)
    assert not [
        each for each in everything if not each.startswith("form-action") and re.search(rf"'self'|{BASE}(?: |$)", each)
    ]
