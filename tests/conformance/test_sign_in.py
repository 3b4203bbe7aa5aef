"""Signing in to apps: authorization codes, ID tokens, refresh tokens, userinfo, introspection, revocation, logout.

Spec: OpenID Connect Core; RFC 7636; RFC 9207; RFC 9449 s5, s10; RFC 7009; RFC 7662; REQUIREMENTS section 13
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

from pod.identity.authorization import ConsentNeeded, Redirect, SignInNeeded
from pod.identity.ceilings import ALL_FOR_GOOD
from pod.identity.consent import revoke_app
from pod.identity.logout import begin_logout
from pod.identity.requests import ErrorRedirect
from pod.identity.sessions import end_session, revoke_session
from tests.support.apps import App, Provider, claims, error_of, query
from tests.support.client import ProofKey
from tests.support.inprocess import BASE, LocalServer

requirement = pytest.mark.requirement


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    server = LocalServer(tmp_path_factory.mktemp("provider"))
    yield Provider(server)
    server.close()


@pytest.fixture
def fresh(tmp_path) -> Iterator[Provider]:
    """One whose time is its own."""
    server = LocalServer(tmp_path)
    yield Provider(server)
    server.close()


@pytest.fixture
def session(provider: Provider):
    return provider.sign_in()


@pytest.fixture
def app(provider: Provider) -> App:
    return provider.app()


def metadata(provider: Provider) -> dict:
    return json.loads(provider.server.request("GET", "/.well-known/openid-configuration", by=None).body)


def error_at_app(app: App, **changes) -> dict[str, str]:
    """The error that an app gets for its request at once."""
    with pytest.raises(ErrorRedirect) as raised:
        app.begin(**changes)
    assert raised.value.location.startswith(app.redirect_uri)
    return query(raised.value.location)


# -- metadata ----------------------------------------------------------------------------------------------------------


@requirement("rfc9207#3")
@requirement("discovery#provider-metadata")
def test_the_metadata_announces_the_whole_flow(provider):
    said = metadata(provider)
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["response_types_supported"] == ["code"]
    assert {"authorization_code", "refresh_token", "client_credentials"} == set(said["grant_types_supported"])
    assert {"RS256", "ES256"} == set(said["id_token_signing_alg_values_supported"])
    assert "none" in said["token_endpoint_auth_methods_supported"]
    assert "offline_access" in said["scopes_supported"]


@requirement("discovery#provider-metadata")
@pytest.mark.parametrize(
    "name", ["token", "registration", "revocation", "introspection", "userinfo", "end_session", "authorization"]
)
def test_every_announced_endpoint_is_there(provider, name):
    path = urlsplit(metadata(provider)[f"{name}_endpoint"]).path
    assert provider.server.request("OPTIONS", path, by=None).status in {200, 204}


# -- authorization -----------------------------------------------------------------------------------------------------


@requirement("oidc#iss-check/1")
@requirement("rfc9207#2")
def test_the_answer_carries_code_state_and_issuer(app, session):
    authorization, pending = app.provider.identity.authorization, app.begin()
    answer = query(authorization.allow(pending, session, app.provider.web_id(), ALL_FOR_GOOD))
    assert (answer["state"], answer["iss"]) == ("a state", BASE)
    assert len(answer["code"]) >= 43


@requirement("rfc9207#2")
@requirement("oidc#iss-check/1")
def test_errors_carry_state_and_issuer_too(app, session):
    refused = query(app.provider.identity.authorization.refuse(app.begin()))
    assert refused["error"] == "access_denied"
    for answer in (refused, error_at_app(app, response_type="token"), error_at_app(app, code_challenge=None)):
        assert (answer["iss"], answer["state"]) == (BASE, "a state")


def test_who_is_not_signed_in_is_asked_to(app):
    assert app.decide(None) == SignInNeeded(again=False)


def test_the_first_time_a_person_is_asked_and_then_no_more(app, session):
    decision = app.decide(session)
    assert isinstance(decision, ConsentNeeded)
    assert (decision.question.name, decision.question.verified) == ("Notes", False)
    app.code(session)
    assert isinstance(app.decide(session), Redirect)


def test_what_was_allowed_covers_no_more_than_was_asked(app, session):
    app.code(session, scope="openid webid")
    assert isinstance(app.decide(session, scope="openid webid"), Redirect)
    assert isinstance(app.decide(session), ConsentNeeded)


@pytest.mark.parametrize("prompt", ["consent", "select_account", "login consent"])
def test_an_app_can_want_the_question_again(app, session, prompt):
    app.code(session)
    assert isinstance(app.decide(session, prompt=prompt), ConsentNeeded)


def test_prompt_none_asks_nothing(app, session):
    assert query(app.decide(None, prompt="none").location)["error"] == "login_required"
    assert query(app.decide(session, prompt="none").location)["error"] == "consent_required"
    app.code(session)
    assert "code" in query(app.decide(session, prompt="none").location)


def test_prompt_login_wants_a_sign_in_after_the_request(app, session):
    app.code(session)
    app.provider.clock.time += 10
    pending = app.begin(prompt="login")
    decide = app.provider.identity.authorization.decide
    assert decide(pending, session) == SignInNeeded(again=True)
    assert isinstance(decide(pending, app.provider.sign_in()), Redirect)


@pytest.mark.parametrize(("max_age", "decision"), [("100", Redirect), ("9", SignInNeeded), ("0", SignInNeeded)])
def test_max_age_bounds_how_old_a_sign_in_may_be(app, session, max_age, decision):
    app.code(session)
    app.provider.clock.time += 10
    assert isinstance(app.decide(session, max_age=max_age), decision)


def test_an_id_token_hint_says_who_is_meant(app, session):
    hint = app.signed_in(session)["id_token"]
    assert isinstance(app.decide(session, id_token_hint=hint), Redirect)
    other = app.provider.sign_in("bob")
    assert query(app.decide(other, id_token_hint=hint, prompt="none").location)["error"] == "login_required"
    app.provider.clock.time += 10
    assert app.decide(other, id_token_hint=hint) == SignInNeeded(again=True)


def test_a_request_survives_its_way_through_the_pages(app):
    authorization = app.provider.identity.authorization
    pending = app.begin(prompt="login consent", max_age="5", login_hint="alice", dpop_jkt="k" * 43, state="ä&=\n")
    assert authorization.unseal(authorization.seal(pending)) == pending


@pytest.mark.parametrize(
    "state", ["a b&c=d#e", "äöü \N{GRINNING FACE}", "%00%0d%0a", "\r\nSet-Cookie: a=b", "+", "x" * 4096]
)
def test_state_and_nonce_come_back_as_they_were(app, session, state):
    pending = app.begin(state=state, nonce=state[:1000])
    location = app.provider.identity.authorization.allow(pending, session, app.provider.web_id(), ALL_FOR_GOOD)
    assert location.isascii()
    assert location.isprintable()
    assert query(location)["state"] == state
    assert claims(json.loads(app.redeem(query(location)["code"]).body)["id_token"])["nonce"] == state[:1000]


# -- tokens ------------------------------------------------------------------------------------------------------------


@requirement("oidc#tokens")
@requirement("rfc9449#5")
@requirement("rfc7636#4.6")
def test_a_code_gives_bound_tokens_that_work(app):
    tokens = app.signed_in()
    assert tokens["token_type"] == "DPoP"
    assert claims(tokens["access_token"])["cnf"] == {"jkt": app.key.thumbprint}
    assert claims(tokens["access_token"])["client_id"] == app.id
    assert app.read(tokens["access_token"]) == app.read(tokens["id_token"]) == 200


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_id_token_says_what_openid_connect_wants(provider, session, algorithm):
    app = provider.app(id_token_signed_response_alg=algorithm)
    tokens = app.signed_in(session)
    keys = JWKSet.from_json(provider.server.request("GET", "/.oidc/jwks", by=None).body)
    said = json.loads(JWT(jwt=tokens["id_token"], key=keys, algs=[algorithm], check_claims={"exp": 0}).claims)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert said["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    assert (said["nonce"], said["auth_time"]) == ("a nonce", session.authenticated_ms // 1000)
    assert (said["aud"], said["azp"], said["iss"]) == ([app.id, "solid"], app.id, BASE)
    assert said["webid"] == said["sub"] == provider.web_id()


def test_without_offline_access_there_is_no_refresh_token(app):
    tokens = app.signed_in(scope="webid")
    assert (tokens["scope"], tokens.keys() & {"id_token", "refresh_token"}) == ("webid", {"id_token"})


def test_who_is_not_registered_for_refresh_tokens_gets_none(provider):
    tokens = provider.app(grant_types=["authorization_code"]).signed_in()
    assert tokens["scope"] == "openid webid"
    assert "refresh_token" not in tokens


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_confidential_clients_show_their_secret(provider, session, method):
    app = provider.app(token_endpoint_auth_method=method)
    app_without = App(provider, app.id, verifier=app.verifier)
    code = app.code(session)
    assert error_of(app_without.redeem(code)) == (401, "invalid_client")
    assert error_of(app.redeem(code, client_secret="wrong")) == (401, "invalid_client")
    assert app.redeem(code).status == 200


def test_a_secret_in_the_header_is_as_good(provider, session):
    app = provider.app(token_endpoint_auth_method="client_secret_basic")
    form = {"grant_type": "authorization_code", "code": app.code(session), "code_verifier": app.verifier}
    basic = base64.b64encode(f"{app.id}:{app.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "DPoP": app.proof()}
    assert provider.post("/.oidc/token", form | {"redirect_uri": app.redirect_uri}, headers).status == 200


@requirement("rfc9449#5.2")
@pytest.mark.parametrize("bound", [True, False])
def test_no_token_without_a_proof(provider, session, bound):
    app = provider.app(dpop_bound_access_tokens=bound)
    answer = app.redeem(app.code(session), proof=None)
    assert error_of(answer) == (400, "invalid_dpop_proof")
    assert "DPoP header" in json.loads(answer.body)["error_description"]


@requirement("rfc7636#4.6")
@pytest.mark.parametrize("verifier", ["w" * 43, "W" * 128])
def test_a_wrong_verifier_is_an_invalid_grant(app, session, verifier):
    assert error_of(app.redeem(app.code(session), code_verifier=verifier)) == (400, "invalid_grant")


@requirement("rfc9449#10")
def test_dpop_jkt_binds_the_code_to_a_key(app, session):
    bound = {"dpop_jkt": app.key.thumbprint}
    assert app.redeem(app.code(session, **bound)).status == 200
    assert error_of(app.redeem(app.code(session, **bound), key=ProofKey())) == (400, "invalid_grant")


def test_a_code_is_good_for_a_minute(app, session):
    code = app.code(session)
    app.provider.clock.time += 60
    assert error_of(app.redeem(code)) == (400, "invalid_grant")


# -- refresh tokens ----------------------------------------------------------------------------------------------------


def test_a_refresh_token_gives_new_tokens_and_the_next_one(app):
    first = app.signed_in()
    app.provider.clock.time += 30
    second = json.loads(app.refresh(first["refresh_token"]).body)
    assert second["refresh_token"] != first["refresh_token"]
    assert app.read(second["access_token"]) == 200
    said = claims(second["id_token"])
    assert said["auth_time"] == claims(first["id_token"])["auth_time"] < said["iat"]
    assert "nonce" not in said


@requirement("rfc9449#5")
def test_a_public_clients_refresh_token_needs_its_key_and_a_stranger_does_no_harm(app):
    token = app.signed_in()["refresh_token"]
    assert error_of(app.refresh(token, key=ProofKey())) == (400, "invalid_grant")
    assert app.refresh(token).status == 200


def test_a_confidential_client_may_change_its_key(provider):
    app = provider.app(token_endpoint_auth_method="client_secret_post")
    assert app.refresh(app.signed_in()["refresh_token"], key=ProofKey()).status == 200


def test_the_scope_may_be_narrowed_and_never_widened(app):
    token = app.signed_in(scope="webid offline_access")["refresh_token"]
    assert error_of(app.refresh(token, scope="webid openid")) == (400, "invalid_scope")
    answer = json.loads(app.refresh(token, scope="webid").body)
    assert answer["scope"] == "webid"
    assert json.loads(app.refresh(answer["refresh_token"]).body)["scope"] == "webid offline_access"


def test_refresh_tokens_slide_up_to_a_maximum(fresh):
    app, config, clock = fresh.app(), fresh.services.config, fresh.clock
    before, token = clock.time, app.signed_in()["refresh_token"]
    while clock.time - before < (config.refresh_token_days_max - config.refresh_token_days) * 24 * 3600:
        clock.time += (config.refresh_token_days - 1) * 24 * 3600
        token = json.loads(app.refresh(token).body)["refresh_token"]
    clock.time = before + config.refresh_token_days_max * 24 * 3600
    assert error_of(app.refresh(token)) == (400, "invalid_grant")


def test_an_unused_refresh_token_expires(fresh):
    app = fresh.app()
    token = app.signed_in()["refresh_token"]
    app.provider.clock.time += app.provider.services.config.refresh_token_days * 24 * 3600
    assert error_of(app.refresh(token)) == (400, "invalid_grant")


# -- taking back -------------------------------------------------------------------------------------------------------


def test_revoking_an_app_ends_its_tokens_at_once(app, session):
    tokens, code = app.signed_in(session), app.code(session)
    (known,) = app.provider.services.apps.of_client(session.account.id, app.id)
    revoke_app(app.provider.services, session.account.id, known.id)
    assert app.read(tokens["access_token"]) == 401
    assert error_of(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert error_of(app.redeem(code)) == (400, "invalid_grant")
    assert isinstance(app.decide(session), ConsentNeeded)


def test_signing_out_ends_what_apps_have_but_for_offline_access(provider):
    session, staying, going = provider.sign_in(), provider.app(), provider.app()
    kept, lost = staying.signed_in(session), going.signed_in(session, scope="openid webid")
    end_session(provider.services, session)
    assert (staying.read(kept["access_token"]), going.read(lost["access_token"])) == (200, 401)


def test_revoking_a_session_ends_all_that_it_gave(provider):
    session, app = provider.sign_in(), provider.app()
    tokens = app.signed_in(session)
    revoke_session(provider.services, session.account.id, session.id)
    assert app.read(tokens["access_token"]) == 401
    assert error_of(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize("name", ["refresh_token", "access_token"])
def test_an_app_can_give_back_what_it_has(app, name):
    tokens = app.signed_in()
    answer = app.provider.post("/.oidc/revoke", app.authentication() | {"token": tokens[name]})
    assert (answer.status, json.loads(answer.body)) == (200, {})
    assert app.read(tokens["access_token"]) == 401
    assert error_of(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_revoking_nonsense_succeeds_and_revoking_anothers_does_not(provider, app):
    tokens, other = app.signed_in(), provider.app()
    assert provider.post("/.oidc/revoke", app.authentication() | {"token": "nonsense"}).status == 200
    stolen = provider.post("/.oidc/revoke", other.authentication() | {"token": tokens["refresh_token"]})
    assert error_of(stolen) == (400, "invalid_grant")
    assert app.refresh(tokens["refresh_token"]).status == 200


def test_tokens_of_client_credentials_cannot_be_given_back(fresh):
    token = fresh.server.logins["alice"].token
    form = {"client_id": "alice-client", "client_secret": "secret", "token": token}
    assert error_of(fresh.post("/.oidc/revoke", form)) == (400, "unsupported_token_type")
    assert fresh.server.request("GET", "/alice/profile/").status == 200


# -- introspection and userinfo ----------------------------------------------------------------------------------------


def introspected(app: App, token: str) -> dict:
    answer = app.provider.post("/.oidc/introspect", app.authentication() | {"token": token})
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_a_client_with_a_secret_may_ask_about_its_own_tokens(provider):
    app, other = (provider.app(token_endpoint_auth_method="client_secret_post") for _ in range(2))
    tokens = app.signed_in()
    told = introspected(app, tokens["access_token"])
    assert (told["active"], told["token_type"], told["client_id"]) == (True, "DPoP", app.id)
    assert (told["sub"], told["cnf"]) == (provider.web_id(), {"jkt": app.key.thumbprint})
    assert introspected(app, tokens["refresh_token"])["scope"] == tokens["scope"]
    for token in (tokens["access_token"], tokens["refresh_token"], "nonsense"):
        assert introspected(other, token) == {"active": False}


def test_dead_tokens_are_inactive(provider):
    app = provider.app(token_endpoint_auth_method="client_secret_post")
    tokens = app.signed_in()
    app.refresh(tokens["refresh_token"])
    assert introspected(app, tokens["refresh_token"]) == {"active": False}
    provider.clock.time += 600
    assert introspected(app, tokens["access_token"]) == {"active": False}
    later = app.signed_in()
    provider.post("/.oidc/revoke", app.authentication() | {"token": later["refresh_token"]})
    assert introspected(app, later["access_token"]) == {"active": False}


def test_who_has_no_secret_may_not_ask(app):
    answer = app.provider.post("/.oidc/introspect", app.authentication() | {"token": "x"})
    assert error_of(answer) == (401, "invalid_client")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_says_who_it_is(app, method):
    url = f"{BASE}.oidc/userinfo"
    headers = {"Authorization": f"DPoP {app.signed_in()['access_token']}", "DPoP": app.proof(url, method)}
    answer = app.provider.server.request(method, "/.oidc/userinfo", headers, by=None)
    assert json.loads(answer.body) == {"sub": app.provider.web_id(), "webid": app.provider.web_id()}
    assert answer.headers["cache-control"] == "no-store"


def test_userinfo_refuses_bearers_strangers_and_what_was_revoked(app):
    server, url, tokens = app.provider.server, f"{BASE}.oidc/userinfo", app.signed_in()
    assert server.request("GET", "/.oidc/userinfo", by=None).status == 401
    bearer = server.request("GET", "/.oidc/userinfo", {"Authorization": f"Bearer {tokens['access_token']}"}, by=None)
    assert (bearer.status, "invalid_token" in bearer.headers["www-authenticate"]) == (401, True)
    app.provider.post("/.oidc/revoke", app.authentication() | {"token": tokens["refresh_token"]})
    headers = {"Authorization": f"DPoP {tokens['access_token']}", "DPoP": app.proof(url, "GET")}
    assert server.request("GET", "/.oidc/userinfo", headers, by=None).status == 401


# -- logout ------------------------------------------------------------------------------------------------------------

GOODBYE = "https://app.example/goodbye"


def logout(app: App, session, **parameters):
    provider = app.provider
    return begin_logout(provider.services, provider.identity, list(parameters.items()), session)


@requirement("oidc#rp-initiated-logout")
def test_an_app_that_shows_the_persons_id_token_signs_them_out_at_once(provider, session):
    app = provider.app(post_logout_redirect_uris=[GOODBYE])
    hint = app.signed_in(session)["id_token"]
    decision = logout(app, session, id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="a b")
    assert (decision.at_once, decision.location) == (True, f"{GOODBYE}?state=a+b")


@requirement("oidc#rp-initiated-logout")
def test_an_expired_id_token_is_still_a_hint(fresh):
    app, session = fresh.app(post_logout_redirect_uris=[GOODBYE]), fresh.sign_in()
    hint = app.signed_in(session)["id_token"]
    fresh.clock.time += 7 * 24 * 3600
    assert logout(app, session, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).at_once


def test_without_a_hint_the_person_is_asked(provider, session):
    app = provider.app(post_logout_redirect_uris=[GOODBYE])
    decision = logout(app, session, client_id=app.id, post_logout_redirect_uri=GOODBYE)
    assert (decision.at_once, decision.location, decision.client.id) == (False, GOODBYE, app.id)
    assert not logout(app, session).at_once


# -- the servers' own documents ----------------------------------------------------------------------------------------

ENDPOINTS = ["token", "register", "revoke", "introspect", "userinfo", "jwks"]


@pytest.mark.parametrize("name", ENDPOINTS)
def test_preflights_of_endpoints_allow_dpop_and_no_credentials(provider, name):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop, content-type"}
    headers = {"Origin": "https://app.example", **asked}
    answer = provider.server.request("OPTIONS", f"/.oidc/{name}", headers, by=None)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "dpop, content-type"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("name", ENDPOINTS)
def test_answers_of_endpoints_are_readable_everywhere_without_credentials(provider, name):
    method = "GET" if name == "jwks" else "POST"
    answer = provider.server.request(method, f"/.oidc/{name}", {"Origin": "https://app.example"}, by=None)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/", "/.account/", "/.account/nothing", "/.oidc/authorize", "/.oidc/logout", "/.nothing"]
)
def test_pages_are_readable_by_no_other_origin(provider, path):
    headers = {"Origin": "https://app.example"}
    for method in ("GET", "POST", "OPTIONS"):
        answer = provider.server.request(method, path, headers, by=None)
        assert not [name for name in answer.headers if name.startswith("access-control-")], (method, path)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [(None, "text/turtle"), ("application/ld+json", "application/ld+json"), ("image/png", None)],
)
def test_the_server_describes_itself(provider, accept, media_type):
    headers = {"Origin": "https://app.example"} | ({"Accept": accept} if accept else {})
    answer = provider.server.request("GET", "/.well-known/solid", headers, by=None)
    if media_type is None:
        assert answer.status == 406
        return
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert f"{BASE}".encode() in answer.body
    assert b"oidcIssuer" in answer.body
