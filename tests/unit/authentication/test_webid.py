"""Whether a WebID document names an issuer: of others, fetched and kept; our own, read from the store.

Spec: Solid-OIDC #oidc-issuer-discovery, #id-token-validation
"""

from __future__ import annotations

import json
from threading import BoundedSemaphore

import pytest

from pod.authentication.issuer import FAILURE_SECONDS
from pod.authentication.webid import STATEMENTS_MAX, WebIDs
from pod.config import Config
from pod.errors import Busy, InvalidToken
from pod.remote.cache import RENEW_SECONDS
from pod.remote.client import Fetched
from pod.remote.errors import RemoteTimeout
from tests.support.stores import StillClock
from tests.support.waiting import until
from tests.unit.authentication.conftest import ALICE, BOB, BOBS_DOCUMENT, ELSEWHERE, Internet, OwnPages, naming

pytestmark = pytest.mark.requirement("oidc#id-token-validation/2")


class World:
    def __init__(self):
        self.config = Config(base_url="https://pods.example/")
        self.clock = StillClock()
        self.internet = Internet({BOBS_DOCUMENT: naming(BOB, ELSEWHERE)})
        self.documents = OwnPages()
        self.web_ids = WebIDs(self.config, self.clock, self.internet, self.documents, BoundedSemaphore(8))

    def allows(self, web_id=BOB, issuer=ELSEWHERE):
        try:
            self.web_ids.check(web_id, issuer)
        except InvalidToken:
            return False
        return True

    def says(self, page):
        self.internet.pages[BOBS_DOCUMENT] = page


@pytest.fixture
def world():
    return World()


def test_the_issuer_that_is_named_may_speak_for_the_webid_and_the_document_is_kept(world):
    assert world.allows()
    assert world.allows()
    assert world.internet.asked == [BOBS_DOCUMENT]


@pytest.mark.parametrize(
    "issuer",
    [
        "https://elsewhere.example",
        "https://elsewhere.example//",
        "https://ELSEWHERE.example/",
        "https://elsewhere.example:443/",
        "https://elsewhere.example/x",
        "http://elsewhere.example/",
        "https://evil.example/",
    ],
)
def test_any_other_string_is_another_issuer(world, issuer):
    assert not world.allows(issuer=issuer)


@pytest.mark.parametrize("web_id", [BOBS_DOCUMENT, BOB + "x", BOBS_DOCUMENT + "#you"])
def test_other_webids_of_the_document_are_not_spoken_for(world, web_id):
    assert not world.allows(web_id=web_id)
    assert world.internet.asked[0] == BOBS_DOCUMENT


def test_a_webid_may_name_several_issuers(world):
    world.says(naming(BOB, "https://one.example/", ELSEWHERE, "https://two.example/"))
    assert world.allows()
    assert world.allows(issuer="https://two.example/")


def test_a_document_may_hold_several_webids(world):
    world.says(naming(BOB, ELSEWHERE) + naming(BOBS_DOCUMENT + "#work", "https://work.example/"))
    assert world.allows(BOBS_DOCUMENT + "#work", "https://work.example/")
    assert not world.allows(BOBS_DOCUMENT + "#work", ELSEWHERE)
    assert not world.allows(BOB, "https://work.example/")


def test_json_ld_and_relative_names_are_understood(world):
    context = {"@vocab": "http://www.w3.org/ns/solid/terms#"}
    document = {"@context": context, "@id": "#me", "oidcIssuer": {"@id": ELSEWHERE}}
    world.says(Fetched(BOBS_DOCUMENT, 200, "application/ld+json", json.dumps(document).encode()))
    assert world.allows()


def test_a_webid_without_hash_may_lead_to_its_document(world):
    world.internet.pages["https://people.example/carol"] = Fetched(
        "https://people.example/carol/about",
        200,
        "text/turtle",
        naming("https://people.example/carol", ELSEWHERE).encode(),
    )
    assert world.allows("https://people.example/carol")


@pytest.mark.parametrize(
    "page",
    [
        "",
        f'<{BOB}> <http://www.w3.org/ns/solid/terms#oidcIssuer> "{ELSEWHERE}".',
        f"<{ELSEWHERE}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{BOB}>.",
        f"<{BOB}> <http://www.w3.org/ns/solid/terms#oidcissuer> <{ELSEWHERE}>.",
        Fetched(
            BOBS_DOCUMENT, 200, "application/trig", f"<https://g.example/> {{ {naming(BOB, ELSEWHERE)} }}".encode()
        ),
        Fetched(BOBS_DOCUMENT, 200, "text/html", naming(BOB, ELSEWHERE).encode()),
        Fetched(BOBS_DOCUMENT, 200, "", naming(BOB, ELSEWHERE).encode()),
        Fetched(BOBS_DOCUMENT, 404, "text/turtle", naming(BOB, ELSEWHERE).encode()),
        Fetched(BOBS_DOCUMENT, 500, "text/turtle", naming(BOB, ELSEWHERE).encode()),
        Fetched(BOBS_DOCUMENT, 203, "text/turtle", naming(BOB, ELSEWHERE).encode()),
        Fetched(BOBS_DOCUMENT, 200, "text/turtle", naming(BOB, ELSEWHERE).encode() + b"oops"),
        Fetched(BOBS_DOCUMENT, 200, "text/turtle", b"\xff" + naming(BOB, ELSEWHERE).encode()),
        Fetched(BOBS_DOCUMENT, 200, "application/ld+json", b'{"@context": "https://context.example/"}'),
        RemoteTimeout("too slow"),
    ],
)
def test_what_does_not_say_so_names_nobody(world, page):
    world.says(page)
    assert not world.allows()


def test_the_refusal_says_what_to_add(world):
    with pytest.raises(InvalidToken) as refused:
        world.web_ids.check(BOB, "https://other.example/")
    triple = f"<{BOB}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://other.example/> ."
    assert BOBS_DOCUMENT in refused.value.detail
    assert triple in refused.value.detail


def test_an_issuer_that_is_added_counts_after_seconds_and_asking_stays_bounded(world):
    for _ in range(50):
        assert not world.allows(issuer="https://new.example/")
    assert len(world.internet.asked) == 1
    world.says(naming(BOB, "https://new.example/"))
    world.clock.time += RENEW_SECONDS
    assert world.allows(issuer="https://new.example/")


def test_an_issuer_that_is_removed_counts_no_longer_once_the_document_is_read_again(world):
    assert world.allows()
    world.says(naming(BOB, "https://other.example/"))
    world.clock.time += world.config.webid_seconds_fresh
    until(lambda: not world.allows())


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_document_that_is_gone_takes_back_what_it_said(world, status):
    assert world.allows()
    world.says(Fetched(BOBS_DOCUMENT, status, "text/html", b""))
    world.clock.time += world.config.webid_seconds_fresh
    until(lambda: not world.allows())


def test_a_host_that_is_down_is_believed_until_the_age_limit(world):
    assert world.allows()
    world.internet.pages.clear()
    world.clock.time += world.config.webid_seconds_stale - 1
    assert world.allows()
    world.clock.time += 1
    assert not world.allows()


def test_a_document_that_cannot_be_had_is_left_alone_for_a_while_and_why_is_not_told(world):
    world.internet.pages.clear()
    for _ in range(20):
        with pytest.raises(InvalidToken, match=f"{BOBS_DOCUMENT} cannot be read") as refused:
            world.web_ids.check(BOB, ELSEWHERE)
        assert "reached" not in refused.value.detail
    assert world.internet.asked == [BOBS_DOCUMENT]
    world.says(naming(BOB, ELSEWHERE))
    world.clock.time += FAILURE_SECONDS
    assert world.allows()


def test_of_very_many_statements_only_some_are_kept(world):
    world.says(naming(BOB, *[f"https://issuer.example/{number:06}" for number in range(5_000)]))
    assert world.allows(issuer="https://issuer.example/000000")
    assert not world.allows(issuer="https://issuer.example/004999")


def test_a_document_of_very_many_statements_is_not_read_to_its_end(world):
    """Strangers say which documents are read, and may keep ever new ones."""
    filling = "".join(f"<#a> <#b> {number} .\n" for number in range(STATEMENTS_MAX + 1))
    world.says(naming(BOB, ELSEWHERE) + "\n" + filling)
    with pytest.raises(InvalidToken, match="cannot be read"):
        world.web_ids.check(BOB, ELSEWHERE)


def test_a_document_of_ours_is_read_from_the_store_as_it_is_now(world):
    assert not world.allows(ALICE)
    world.documents.pages[ALICE.partition("#")[0]] = naming(ALICE, ELSEWHERE)
    assert world.allows(ALICE)
    world.documents.pages.clear()
    assert not world.allows(ALICE)
    assert world.internet.asked == []


@pytest.mark.parametrize("web_id", ["https://PODS.example/alice/profile/card#me", "https://pods.example/#me"])
def test_nothing_under_our_own_urls_is_fetched(world, web_id):
    assert not world.allows(web_id)
    assert world.internet.asked == []


def test_being_busy_is_no_verdict(world):
    world.says(Busy("later"))
    with pytest.raises(Busy):
        world.web_ids.check(BOB, ELSEWHERE)
    world.says(naming(BOB, ELSEWHERE))
    assert world.allows()


def test_the_owner_of_an_account_here_is_told_where_to_add_the_issuer(world):
    for web_id, is_told in ((ALICE, True), (BOB, False)):
        with pytest.raises(InvalidToken) as refused:
            world.web_ids.check(web_id, "https://other.example/")
        assert f"<{web_id}>" in refused.value.detail
        assert ("https://pods.example/.account/issuers" in refused.value.detail) == is_told
