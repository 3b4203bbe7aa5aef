"""Operators who want to know what members keep: no page of the console, no table, receipt or document tells them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from pod.console.groups import GroupKeeper
from pod.console.handover import begin_handover, take_over
from pod.console.members import Console
from pod.errors import NotFound
from pod.identity.accounts import create_account, named
from pod.identity.departure import delete_account
from tests.support.pages import BASE, PASSWORD, Guest, Site
from tests.support.stores import put

SECRETS = ("sesame-folder", "sesame-file", "sesame content")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    for name in ("alice", "bob", "carol", "dora"):
        create_account(site.services, name, email=f"{name}@mail.example", password=PASSWORD)
    for name in ("bob", "dora"):
        put(site.services.store, f"/{name}/sesame-folder/sesame-file", b"sesame content")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    """Who did everything that an operator can do about Bob, and of whom Dora is gone."""
    console = Console(site.services, named(site.services, "alice"))
    keeper = GroupKeeper(site.services, console)
    keeper.make("Staff", is_public=False)
    keeper.add("staff", "bob")
    console.set_quota("bob", 1000, 10)
    console.offer_export("bob")
    begin_handover(site.services, console, "bob", "carol")
    _ = site.signed_in("bob").submit("/.account/export", "/.account/export").data
    delete_account(site.services, "dora", now=True)
    return site.signed_in("alice")


def pages_of(app: Flask) -> list[str]:
    """Every page of the console, and of what operators make, with Bob or his group in it."""
    rules = [each for each in app.url_map.iter_rules() if "GET" in (each.methods or ())]
    ours = [each.rule for each in rules if each.rule.startswith(("/.console", "/.groups", "/.about"))]
    return [re.sub(r"<name>", "bob", each).replace("<slug>", "staff").replace("<text>", "terms") for each in ours]


def test_no_page_of_the_console_tells_what_a_member_keeps(site: Site, alice: Guest):
    seen = pages_of(site.app)
    assert {"/.console/members/bob", "/.console/members.csv", "/.console/receipts", "/.console/health"} <= set(seen)
    for path in seen:
        answer = alice.get(path)
        assert answer.status_code in {200, 404}, path
        assert [each for each in SECRETS if each in answer.text] == [], path
    assert "Receipt" in alice.get("/.console/receipts").text


@pytest.mark.parametrize(
    "path",
    [
        "/.home/bob/sesame-folder/sesame-file",
        "/.home/bob/",
        "/bob/sesame-folder/sesame-file",
        "/.thumbnails/160/bob/sesame-folder/sesame-file",
        "/.contacts/bob/",
        "/.posts/bob/",
    ],
)
def test_an_operator_is_a_stranger_in_the_pods_of_members(site: Site, alice: Guest, path: str):
    """Pages of what is public are for everybody; the rest is refused, whoever runs the server."""
    answer = alice.get(path)
    assert answer.status_code in {303, 401, 403, 404} or path == "/.posts/bob/"
    assert "sesame content" not in answer.text


def test_an_operator_who_names_themselves_gets_no_account_without_its_persons_word(site: Site, alice: Guest):
    site.signed_in("alice").submit("/.console/members/bob", "/.console/members/bob/hand-over-end")
    alice.submit("/.console/members/bob", "/.console/members/bob/hand-over", successor="carol")
    for who in ("alice", "carol"):
        with pytest.raises(NotFound):
            take_over(site.services, named(site.services, who), "bob", "a new password")
    bob = site.signed_in("bob")
    page = bob.get("/.account/hand-over").text
    assert "private things too" in page
    assert "carol" in page


@pytest.mark.parametrize("path", ["/.account/hand-over", "/.account/hand-over/take", "/.account/export"])
def test_these_forms_come_from_our_pages_alone(site: Site, alice: Guest, path: str):
    bob = site.signed_in("bob")
    fields = {"csrf": bob.token(), "successor": "carol", "password": PASSWORD, "name": "bob", "new": "x" * 12}
    assert bob.post(path, fields, Origin="https://evil.example").status_code == 403
    assert bob.post(path, {**fields, "csrf": "x"}).status_code == 403


def test_a_name_of_a_group_is_text_in_every_place(site: Site, alice: Guest):
    name = '<img src=x onerror=alert(1)>"} a <x:y> .'
    keeper = GroupKeeper(site.services, Console(site.services, named(site.services, "alice")))
    slug = keeper.make(name, is_public=True)
    keeper.add(slug, "bob")
    for path in ("/.console/groups", f"/.console/groups/{slug}", f"/.groups/{slug}", "/.console/log"):
        assert "<img src=x" not in alice.get(path).text, path
    turtle = site.guest().get(f"/.groups/{slug}", Accept="text/turtle")
    assert turtle.headers["X-Content-Type-Options"] == "nosniff"
    assert f"<{BASE}bob/profile/card#me>" in turtle.text
    assert "<x:y> ." not in re.sub(r'"(?:[^"\\]|\\.)*"', "", turtle.text)
