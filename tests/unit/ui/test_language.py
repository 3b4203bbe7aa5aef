"""Pages speak the language of whoever looks at them, and remember a choice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pod.ui.language import best, spoken
from tests.support.pages import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.account("alice")
    return made


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        (None, None, "en"),
        (None, "de", "de"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "pt, fr;q=0.3, de;q=0.5", "de"),
        (None, "pt-BR", "en"),
        (None, "en-US,en;q=0.9,fr;q=0.8", "en"),
        (None, ";;,=;q=z,*", "en"),
        ("fr", "de", "fr"),
        ("klingon", "de", "de"),
    ],
)
def test_a_choice_comes_before_what_a_browser_says_and_english_last(chosen, accepted, expected):
    assert best(chosen, accepted) == expected


def language(page: str) -> str:
    return re.search(r'<html lang="(\w+)" dir="ltr">', page)[1]


def test_a_page_is_in_the_language_of_the_browser_and_the_thread_forgets_it(site: Site):
    assert language(site.guest().get("/.account/sign-in", **{"Accept-Language": "fr"}).text) == "fr"
    assert spoken() == "en"
    assert language(site.guest().get("/.account/sign-in").text) == "en"


def test_a_choice_lasts_and_leads_back_to_the_page(site: Site):
    guest = site.guest()
    answer = guest.submit("/.account/sign-in?next=%2F.home%2F", "/.account/language", language="de")
    assert (answer.status_code, answer.location) == (303, "/.account/sign-in?next=%2F.home%2F")
    assert language(guest.get("/.account/sign-in", **{"Accept-Language": "fr"}).text) == "de"


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "/alice/", "/.home/../alice/", ""]
)
def test_a_choice_leads_to_no_other_site_and_to_no_pod(site: Site, back: str):
    guest = site.guest()
    assert guest.submit("/.account/sign-in", "/.account/language", language="de", back=back).location == "/"


def test_a_language_that_is_not_ours_is_none(site: Site):
    assert site.guest().submit("/.account/sign-in", "/.account/language", language="xx").status_code == 404


def test_after_a_form_that_has_no_page_of_its_own_the_choice_leads_to_the_first_page(site: Site):
    guest = site.signed_in("alice")
    wrong = guest.post("/.account/activity/keep", {"csrf": guest.token(), "pod": "alice", "days": "x"})
    assert 'name="back" value="/"' in wrong.text


def test_refusals_of_unknown_addresses_are_in_the_language_of_the_browser(site: Site):
    page = site.guest().get("/.account/nothing", **{"Accept-Language": "de", "Accept": "text/html"})
    assert (page.status_code, language(page.text)) == (404, "de")


def test_pages_at_the_urls_of_pods_are_in_the_language_of_the_browser_and_look_at_no_choice(site: Site):
    guest = site.guest()
    guest.submit("/.account/sign-in", "/.account/language", language="fr")
    for path in ("/alice/profile/card", "/alice/public/", "/alice/inbox/"):
        answers = [guest.get(path, **{"Accept": "text/html", "Accept-Language": each}) for each in ("de", "en")]
        assert [language(each.text) for each in answers] == ["de", "en"]


def test_pages_are_kept_in_as_many_languages_as_there_are(site: Site):
    kept = set()
    for accepted in (
        None,
        "",
        "*",
        "xx",
        "de",
        "de-CH",
        "fr, de;q=0.5",
        "zh, ja;q=0.1",
        "\xff;;q=,",
        "de;q=0",
        "a," * 500,
    ):
        headers = {"Accept": "text/html"} | ({} if accepted is None else {"Accept-Language": accepted})
        kept.add(site.guest().get("/alice/profile/card", **headers).headers["ETag"])
    assert len(kept) == 3


def test_the_parts_that_are_kept_of_an_owners_pages_are_kept_for_each_language(site: Site):
    alice = site.signed_in("alice")
    german = alice.get("/.home/alice/", **{"Accept-Language": "de"}).text
    assert language(german) == "de"
    assert language(alice.get("/.home/alice/").text) == "en"


def test_what_is_said_to_whoever_may_not_see_something_is_in_the_language_of_their_browser(site: Site):
    asked = {"Accept": "text/html", "Accept-Language": "fr-CH, fr;q=0.9"}
    answer = site.guest().get("/alice/inbox/", **asked)
    assert (answer.status_code, language(answer.text), answer.headers["Cache-Control"]) == (401, "fr", "no-store")
    assert "Ceci est privé" in answer.text
    assert language(site.guest().get("/alice/inbox/", Accept="text/html").text) == "en"
