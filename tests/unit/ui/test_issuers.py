"""The page on which people say where they sign in, with another provider on loopback."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pod.identity.issuers import list_issuers
from tests.support.pages import PASSWORD, Guest, Site
from tests.unit.remote.servers import ok, serving

LOCAL = "http://localhost:3111/"
ALICE = f"{LOCAL}alice/profile/card#me"
ISSUERS = "/.account/issuers"
LEAVE = f"{ISSUERS}/leave?web_id=http%3A%2F%2Flocalhost%3A3111%2Falice%2Fprofile%2Fcard%23me"


def provider(ending: str) -> Callable[[socket.socket, bytes], None]:
    def answer(connection: socket.socket, _request: bytes) -> None:
        issuer = f"http://localhost:{connection.getsockname()[1]}{ending}"
        connection.sendall(ok(json.dumps({"issuer": issuer, "jwks_uri": issuer}).encode(), "application/json"))

    return answer


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    with serving(provider("/")) as port:
        yield f"http://localhost:{port}/"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, LOCAL, dev=True)
    site.account("alice")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    guest = site.guest()
    guest.sign_in("alice")
    return guest


def named(site: Site) -> tuple[str, ...]:
    return list_issuers(site.services, 1)[0].issuers


def test_the_account_leads_to_the_page_and_it_names_this_server(alice: Guest):
    assert f'href="{ISSUERS}"' in alice.get("/.account/").text
    page = alice.get(ISSUERS).text
    assert "This server" in page
    assert "Remove" not in page


def test_another_server_is_added_and_removed(site: Site, alice: Guest, elsewhere: str):
    assert alice.submit(ISSUERS, issuer=f" {elsewhere} ", password=PASSWORD).location == ISSUERS
    assert named(site) == (LOCAL, elsewhere)
    assert alice.submit(ISSUERS, f"{ISSUERS}/remove").location == ISSUERS
    assert named(site) == (LOCAL,)


def test_a_slash_too_few_is_told_with_what_to_enter(alice: Guest, elsewhere: str):
    page = alice.submit(ISSUERS, issuer=elsewhere[:-1], password=PASSWORD)
    assert page.status_code == 422
    assert f"calls itself {elsewhere} (a slash at the end counts)" in page.text
    assert f'value="{elsewhere[:-1]}"' in page.text


def test_a_server_that_is_none_is_told(site: Site, alice: Guest):
    page = alice.submit(ISSUERS, issuer="http://localhost:1/", password=PASSWORD)
    assert page.status_code == 422
    assert 'id="issuer-error"' in page.text
    assert named(site) == (LOCAL,)


def test_moving_away_says_what_it_means_and_takes_the_password(site: Site, alice: Guest, elsewhere: str):
    alice.submit(ISSUERS, issuer=elsewhere, password=PASSWORD)
    assert LEAVE in alice.get(ISSUERS).text
    page = alice.get(LEAVE)
    assert "All apps and programs that use this sign-in are disconnected now" in page.text
    wrong = alice.submit(LEAVE, password="wrong")
    assert (wrong.status_code, named(site)) == (403, (LOCAL, elsewhere))
    assert alice.submit(LEAVE, password=PASSWORD).location == ISSUERS
    assert named(site) == (elsewhere,)
    assert f"Add <strong>{LOCAL}</strong> to come back" in alice.get(ISSUERS).text


def test_who_moved_away_can_come_back(site: Site, alice: Guest, elsewhere: str):
    alice.submit(ISSUERS, issuer=elsewhere, password=PASSWORD)
    alice.submit(LEAVE, password=PASSWORD)
    assert alice.submit(ISSUERS, issuer=LOCAL, password=PASSWORD).location == ISSUERS
    assert named(site) == (LOCAL, elsewhere)


def test_an_app_of_who_moved_away_is_told_so(site: Site, alice: Guest, elsewhere: str):
    app_id = site.app_id()
    alice.answer(alice.ask(app_id), "allow")
    alice.submit(ISSUERS, issuer=elsewhere, password=PASSWORD)
    alice.submit(LEAVE, password=PASSWORD)
    assert "No app is connected" in alice.get("/.account/apps").text
    page = alice.ask(app_id)
    assert page.status_code == 400
    assert "no longer names this server" in page.text
    assert f"{LOCAL}.account/issuers" in page.text


def test_a_key_for_programs_is_not_made_then(alice: Guest, elsewhere: str):
    alice.submit(ISSUERS, issuer=elsewhere, password=PASSWORD)
    alice.submit(LEAVE, password=PASSWORD)
    page = alice.submit("/.account/credentials", label="Backup", password=PASSWORD)
    assert page.status_code == 409
    assert "no longer names this server" in page.text


def test_the_only_server_is_not_removed(site: Site, alice: Guest):
    page = alice.submit(LEAVE, password=PASSWORD)
    assert page.status_code == 409
    assert "Add another one first" in page.text
    assert named(site) == (LOCAL,)


def test_of_several_webids_one_is_chosen(site: Site, alice: Guest, elsewhere: str):
    alice.submit("/.account/pods", name="work")
    work = f"{LOCAL}work/profile/card#me"
    assert f'name="web_id" value="{work}"' in alice.get(ISSUERS).text
    assert alice.submit(ISSUERS, issuer=elsewhere, password=PASSWORD, web_id=work).location == ISSUERS
    assert {each.web_id: each.issuers for each in list_issuers(site.services, 1)} == {
        ALICE: (LOCAL,),
        work: (LOCAL, elsewhere),
    }
