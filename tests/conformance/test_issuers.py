"""A profile names its issuers: the owner says which, on a page, and no app; tokens of ours follow what it says.

Spec: WebID Profile #server-update-protected-triples; Solid-OIDC #id-token-validation, #oidc-issuer-discovery
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pod.errors import RefusedAuthorization
from pod.identity.authorization import ConsentNeeded, Redirect
from pod.identity.ceilings import ALL_FOR_GOOD
from pod.identity.issuers import add_issuer, remove_issuer
from pod.identity.providers import Providers
from tests.support.apps import App, Provider, error_of, query
from tests.support.inprocess import BASE, LocalServer
from tests.unit.authentication.conftest import ELSEWHERE, Internet

CARD = "/alice/profile/card"
ALICE = f"{BASE}alice/profile/card#me"
NAMES = "http://www.w3.org/ns/solid/terms#oidcIssuer"
SPARQL = {"Content-Type": "application/sparql-update"}


@pytest.fixture
def provider(tmp_path) -> Iterator[Provider]:
    server = LocalServer(tmp_path)
    yield Provider(server)
    server.close()


@pytest.fixture
def app(provider: Provider) -> App:
    return provider.app()


def add(provider: Provider, issuer: str = ELSEWHERE) -> None:
    internet, services = Internet(), provider.services
    internet.has_issuer(issuer)
    add_issuer(services, Providers(services, internet), services.accounts.by_name("alice"), ALICE, issuer)


def remove(provider: Provider, issuer: str = BASE) -> None:
    remove_issuer(provider.services, provider.services.accounts.by_name("alice"), ALICE, issuer)


def patch(provider: Provider, update: str):
    return provider.server.request("PATCH", CARD, SPARQL, update.encode())


@pytest.mark.requirement("solid#server-update-protected-triples")
def test_what_the_owner_added_apps_can_neither_take_away_nor_follow(provider):
    add(provider)
    assert patch(provider, "INSERT DATA { <#me> <http://xmlns.com/foaf/0.1/nick> 'A' }").status == 204
    for update in (
        f"DELETE DATA {{ <#me> <{NAMES}> <{ELSEWHERE}> }}",
        f"DELETE DATA {{ <#me> <{NAMES}> <{BASE}> }}",
        f"INSERT DATA {{ <#me> <{NAMES}> <https://evil.example/> }}",
    ):
        refused = patch(provider, update)
        assert refused.status == 409
        assert f"{BASE}.account/issuers" in json.loads(refused.body)["detail"]


@pytest.mark.requirement("solid#server-update-protected-triples")
def test_the_profile_is_a_new_version_that_everybody_can_read(provider):
    before = provider.server.request("GET", CARD, by=None).headers["etag"]
    add(provider)
    after = provider.server.request("GET", CARD, by=None)
    assert after.headers["etag"] != before
    assert f"<{ELSEWHERE}>" in after.body.decode()
    stale = provider.server.request("PUT", CARD, {"Content-Type": "text/turtle", "If-Match": before}, b"")
    assert stale.status == 412


@pytest.mark.requirement("oidc#id-token-validation/2")
def test_tokens_of_ours_fall_with_the_statement_that_names_us(provider, app):
    token, program = app.signed_in()["access_token"], provider.server.logins["alice"]
    add(provider)
    assert app.read(token) == 200
    remove(provider)
    assert app.read(token) == 401
    assert provider.server.request("GET", "/alice/").status == 401
    assert program.token
    assert provider.server.request("GET", "/bob/", by="bob").status == 200


@pytest.mark.requirement("oidc#id-token-validation/2")
def test_no_token_is_given_for_a_webid_that_does_not_name_us(provider, app):
    refresh_token = app.signed_in(scope="openid webid offline_access")["refresh_token"]
    session = provider.sign_in()
    code = app.code(session)
    add(provider)
    remove(provider)
    assert error_of(app.refresh(refresh_token)) == (400, "invalid_grant")
    assert error_of(app.redeem(code)) == (400, "invalid_grant")
    program = App(provider, "alice-client", "secret")
    assert error_of(program.ask(grant_type="client_credentials")) == (401, "invalid_client")


def test_a_person_is_told_why_and_an_app_that_asks_nothing_too(provider, app):
    session = provider.sign_in()
    app.code(session)
    pending = app.begin()
    add(provider)
    remove(provider)
    with pytest.raises(RefusedAuthorization, match=r"no longer names this server.*\.account/issuers"):
        app.decide(session)
    with pytest.raises(RefusedAuthorization):
        provider.identity.authorization.allow(pending, session, ALICE, ALL_FOR_GOOD)
    silent = app.decide(session, prompt="none")
    assert isinstance(silent, Redirect)
    assert query(silent.location)["error"] == "access_denied"


def test_who_comes_back_is_asked_about_each_app_anew(provider, app):
    session = provider.sign_in()
    token = app.signed_in(session)["access_token"]
    add(provider)
    remove(provider)
    add(provider, BASE)
    assert app.read(token) == 401
    assert isinstance(app.decide(session), ConsentNeeded)
    assert app.read(app.signed_in(session)["access_token"]) == 200
