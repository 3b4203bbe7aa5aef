"""Attacks on signing in: on requests, codes, refresh tokens, redirects, sealed texts and logout.

Spec: RFC 9700; RFC 6749 s10; RFC 7636 s7; OpenID Connect Core s16; RP-Initiated Logout s6
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pod.errors import BadRequest, PodError, RefusedAuthorization, UnknownClient
from pod.identity.authorization import ConsentNeeded, SignInNeeded
from pod.identity.ceilings import ALL_FOR_GOOD
from pod.identity.identity import open_identity
from pod.identity.logout import begin_logout
from pod.identity.requests import CHARACTERS_MAX, ErrorRedirect
from pod.identity.sealed import Seal
from pod.identity.sessions import end_session
from tests.support import proofs
from tests.support.apps import CALLBACK, App, Provider, challenge, claims, error_of, query
from tests.support.client import ProofKey
from tests.support.inprocess import BASE, LocalServer


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    server = LocalServer(tmp_path_factory.mktemp("provider"))
    yield Provider(server)
    server.close()


@pytest.fixture
def session(provider: Provider):
    return provider.sign_in()


@pytest.fixture
def app(provider: Provider) -> App:
    return provider.app()


def refused_at_app(app: App, **changes) -> str:
    with pytest.raises(ErrorRedirect) as raised:
        app.begin(**changes)
    answer = query(raised.value.location)
    assert raised.value.location.startswith(CALLBACK + "?")
    assert answer["iss"] == BASE
    return answer["error"]


# -- requests ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("oidc#concepts")
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "s256"},
        {"code_challenge_method": "S256 plain"},
        {"code_challenge": "a" * 42},
        {"code_challenge": "a" * 44},
        {"code_challenge": "a" * 42 + "="},
        {"code_challenge": "é" * 43},
    ],
)
def test_without_pkce_by_s256_nothing_begins(app, changes):
    assert refused_at_app(app, **changes) == "invalid_request"


@pytest.mark.parametrize(
    ("response_type", "error"),
    [
        ("token", "unsupported_response_type"),
        ("id_token", "unsupported_response_type"),
        ("code token", "unsupported_response_type"),
        ("code id_token token", "unsupported_response_type"),
        ("none", "unsupported_response_type"),
        ("CODE", "unsupported_response_type"),
        ("code ", "unsupported_response_type"),
        ("", "invalid_request"),
        (None, "invalid_request"),
    ],
)
def test_there_is_one_response_type(app, response_type, error):
    assert refused_at_app(app, response_type=response_type) == error


@pytest.mark.parametrize("mode", ["fragment", "form_post", "web_message", "jwt", "query.jwt", "x"])
def test_answers_come_in_the_query_alone(app, mode):
    assert refused_at_app(app, response_mode=mode) == "invalid_request"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
def test_requests_that_come_otherwise_are_refused_by_name(app, name, error):
    assert refused_at_app(app, **{name: "https://evil.example/request"}) == error


@pytest.mark.parametrize("prompt", ["none login", "none consent", "login none select_account", "create", "NONE", "x"])
def test_prompt_none_stands_alone_and_others_must_be_known(app, prompt):
    assert refused_at_app(app, prompt=prompt) == "invalid_request"


@pytest.mark.parametrize("max_age", ["-1", "1.5", "x", "1e3", "١٢", "9999999999", " 1"])
def test_max_age_is_a_number_of_seconds(app, max_age):
    assert refused_at_app(app, max_age=max_age) == "invalid_request"


@pytest.mark.parametrize("jkt", ["x", "k" * 42, "k" * 44, "k" * 42 + "="])
def test_dpop_jkt_is_a_thumbprint(app, jkt):
    assert refused_at_app(app, dpop_jkt=jkt) == "invalid_request"


@pytest.mark.parametrize("scope", ['"webid"', "webid\topenid", "webid\\", "x" * 1001, "\x00"])
def test_a_scope_that_is_none_is_refused(app, scope):
    assert refused_at_app(app, scope=scope) in {"invalid_scope", "invalid_request"}


REPEATABLE = ["response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method"]


@pytest.mark.parametrize("name", REPEATABLE)
@pytest.mark.parametrize("same", [True, False])
def test_a_parameter_given_twice_is_refused(app, name, same):
    question = app.question()
    question.append((name, dict(question)[name] if same else "other"))
    with pytest.raises(ErrorRedirect) as raised:
        app.provider.identity.authorization.begin(question)
    assert query(raised.value.location)["error"] == "invalid_request"
    assert ("state" in query(raised.value.location)) == (name != "state")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
@pytest.mark.parametrize("place", [0, -1])
def test_who_asks_and_where_to_answer_must_be_certain(app, name, place):
    question = app.question()
    question.insert(place if place == 0 else len(question), (name, "https://evil.example/"))
    with pytest.raises(RefusedAuthorization):
        app.provider.identity.authorization.begin(question)
    with pytest.raises(RefusedAuthorization):
        app.begin(**{name: None})


@pytest.mark.parametrize("name", sorted(set(CHARACTERS_MAX) - {"client_id", "redirect_uri"}))
def test_a_huge_parameter_is_refused_and_not_given_back(app, name):
    with pytest.raises(ErrorRedirect) as raised:
        app.begin(**{name: "x" * (CHARACTERS_MAX[name] + 1)})
    assert len(raised.value.location) < 1000


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_huge_client_or_redirect_uri_is_refused_on_the_spot(app, name):
    with pytest.raises((RefusedAuthorization, UnknownClient)):
        app.begin(**{name: "https://app.example/" + "x" * 100_000})


def test_many_parameters_are_refused(app):
    with pytest.raises(RefusedAuthorization):
        app.provider.identity.authorization.begin([*app.question(), *((f"x{each}", "y") for each in range(100))])


def test_unknown_parameters_mean_nothing(app):
    assert app.begin(audience="x", claims="{}", display="popup", ui_locales="de").state == "a state"


@pytest.mark.parametrize("name", ["state", "nonce", "client_id", "redirect_uri", "login_hint"])
def test_text_that_is_not_unicode_is_refused(app, name):
    with pytest.raises((RefusedAuthorization, UnknownClient)):
        app.begin(**{name: "\udcff"})


@pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.e30", "\x00"])
def test_a_hint_that_is_no_id_token_of_ours_is_refused(app, token):
    assert refused_at_app(app, id_token_hint=token) == "invalid_request"


def test_an_access_token_is_no_hint(app, session):
    assert refused_at_app(app, id_token_hint=app.signed_in(session)["access_token"]) == "invalid_request"


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/callback",
        "https://app.example/callback/",
        "https://app.example/callback?",
        "https://app.example/callback#x",
        "https://app.example/callback/../evil",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "https://app.example./callback",
        "https://app.example@evil.example/callback",
        "https://app.example\\@evil.example/callback",
        "https://evil.example/https://app.example/callback",
        "https://app.example.evil.example/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://app.example/callback",
        "https://app.example/callback\r\nSet-Cookie: a=b",
        "https://app.example/callback\x00",
        "https://app.example/%63allback",
        "http://127.0.0.1:1/callback",
        "urn:ietf:wg:oauth:2.0:oob",
    ],
)
def test_no_redirect_uri_but_a_registered_one(app, uri):
    with pytest.raises(RefusedAuthorization):
        app.begin(redirect_uri=uri)


@pytest.mark.parametrize("client", ["unknown", "", "\x00", "alice-client", "é" * 10, "'; DROP TABLE app"])
def test_unknown_clients_are_never_redirected_to(app, client):
    with pytest.raises(BadRequest):
        app.begin(client_id=client)


def test_the_answer_stays_within_the_registered_query(provider, session):
    app = provider.app(redirect_uris=[f"{CALLBACK}?error=none&state=fixed"])
    app.redirect_uri = f"{CALLBACK}?error=none&state=fixed"
    location = provider.identity.authorization.allow(
        app.begin(state="&code=evil#"), session, provider.web_id(), ALL_FOR_GOOD
    )
    assert location.startswith(f"{app.redirect_uri}&code=")
    assert location.count("code=") == 1
    assert "#" not in location


# -- sealed requests ---------------------------------------------------------------------------------------------------


def test_a_sealed_request_is_not_to_be_changed(app):
    authorization = app.provider.identity.authorization
    text = authorization.seal(app.begin())
    for place in range(0, len(text), 7):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(BadRequest):
            authorization.unseal(changed)


@pytest.mark.parametrize("text", ["", ".", "..", "x", "a.b.c", "x" * 100_000, "\udcff", "é", "\x00", ".eJw.x.y"])
def test_nonsense_is_no_sealed_request(provider, text):
    with pytest.raises(BadRequest):
        provider.identity.authorization.unseal(text)


def test_a_sealed_request_of_another_purpose_or_another_key_is_refused(app):
    authorization, services = app.provider.identity.authorization, app.provider.services
    key = bytes.fromhex((services.config.keys / "requests.key").read_text())
    for seal in (
        Seal(key, "another purpose", seconds=3600, now=services.clock.now),
        Seal(b"k" * 32, "authorization request", seconds=3600, now=services.clock.now),
    ):
        with pytest.raises(BadRequest):
            authorization.unseal(seal.write({"client": app.id, "redirect_uri": CALLBACK}))


def test_a_sealed_request_is_good_for_an_hour(app):
    authorization = app.provider.identity.authorization
    text = authorization.seal(app.begin())
    app.provider.clock.time += 3601
    with pytest.raises(BadRequest):
        authorization.unseal(text)


def test_a_sealed_request_outlives_no_client(provider):
    app = provider.app()
    text = provider.identity.authorization.seal(app.begin())
    with provider.services.store.write(None) as tx:
        tx.rows("DELETE FROM registered_client WHERE id = ?", (app.id,))
    with pytest.raises(PodError):
        open_identity(provider.services).authorization.unseal(text)


# -- allowing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("web_id", [f"{BASE}bob/profile/card#me", "", "https://evil.example/#me", "\x00"])
def test_nobody_allows_an_app_to_be_somebody_else(app, session, web_id):
    with pytest.raises(RefusedAuthorization):
        app.provider.identity.authorization.allow(app.begin(), session, web_id, ALL_FOR_GOOD)


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "5"}, {"max_age": "0"}])
def test_allowing_is_no_way_around_signing_in_again(app, session, changes):
    app.provider.clock.time += 10
    with pytest.raises(RefusedAuthorization):
        app.provider.identity.authorization.allow(app.begin(**changes), session, app.provider.web_id(), ALL_FOR_GOOD)


def test_an_ended_session_allows_nothing(app, session):
    end_session(app.provider.services, session)
    with pytest.raises(RefusedAuthorization):
        app.provider.identity.authorization.allow(app.begin(), session, app.provider.web_id(), ALL_FOR_GOOD)


def test_who_is_meant_and_is_not_there_is_not_asked_for_ever(app, session):
    hint = app.signed_in(session)["id_token"]
    app.provider.clock.time += 10
    pending, decide = app.begin(id_token_hint=hint), app.provider.identity.authorization.decide
    app.provider.clock.time += 10
    assert query(decide(pending, app.provider.sign_in("bob")).location)["error"] == "login_required"
    with pytest.raises(RefusedAuthorization):
        app.provider.identity.authorization.allow(
            pending, app.provider.sign_in("bob"), app.provider.web_id("bob"), ALL_FOR_GOOD
        )


def test_what_one_account_allowed_another_is_asked(app, session):
    app.code(session)
    assert isinstance(app.decide(app.provider.sign_in("bob")), ConsentNeeded)


def test_what_one_app_was_allowed_another_is_not(app, session):
    app.code(session)
    assert isinstance(app.provider.app().decide(session), ConsentNeeded)


@pytest.mark.parametrize(
    ("registered", "asked"),
    [("http://127.0.0.1/callback", "http://127.0.0.1:4711/callback"), ("com.example.app:/callback",) * 2],
)
def test_where_another_program_may_listen_a_person_is_asked_each_time(provider, session, registered, asked):
    app = provider.app(application_type="native", redirect_uris=[registered])
    app.redirect_uri = asked
    app.code(session)
    assert isinstance(app.decide(session), ConsentNeeded)
    assert query(app.decide(session, prompt="none").location)["error"] == "consent_required"


def test_nobody_signed_in_gets_no_code(app):
    assert isinstance(app.decide(None, max_age="999999999"), SignInNeeded)


# -- codes -------------------------------------------------------------------------------------------------------------


def test_a_code_used_twice_ends_everything_it_gave(app, session):
    code = app.code(session)
    tokens = json.loads(app.redeem(code).body)
    assert error_of(app.redeem(code)) == (400, "invalid_grant")
    assert app.read(tokens["access_token"]) == 401
    assert error_of(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_the_same_request_again_is_a_replay_and_no_theft(app, session):
    code, proof = app.code(session), app.proof()
    tokens = json.loads(app.redeem(code, proof=proof).body)
    assert error_of(app.redeem(code, proof=proof)) == (400, "invalid_dpop_proof")
    assert app.read(tokens["access_token"]) == 200


def test_a_stranger_with_a_used_code_takes_nothing_back(app, session):
    code = app.code(session)
    tokens, other = json.loads(app.redeem(code).body), app.provider.app()
    assert error_of(other.redeem(code, code_verifier=app.verifier)) == (400, "invalid_grant")
    assert app.read(tokens["access_token"]) == 200


def test_another_client_cannot_use_or_spend_a_code(app, session):
    code = app.code(session)
    assert error_of(app.provider.app().redeem(code, code_verifier=app.verifier)) == (400, "invalid_grant")
    assert app.redeem(code).status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": CALLBACK + "/"},
        {"code_verifier": "w" * 43},
        {"key": ProofKey()},
    ],
)
def test_a_code_shown_wrongly_is_spent(app, session, wrong):
    code = app.code(session, dpop_jkt=app.key.thumbprint)
    assert error_of(app.redeem(code, **wrong)) == (400, "invalid_grant")
    assert error_of(app.redeem(code)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "missing",
    [
        {"code": None},
        {"redirect_uri": None},
        {"code_verifier": None},
        {"code_verifier": ""},
        {"code_verifier": "short"},
        {"code_verifier": "w" * 129},
        {"code_verifier": "é" * 43},
        {"code": "x" * 9000},
        {"redirect_uri": "x" * 9000},
    ],
)
def test_a_request_with_something_missing_spends_nothing(app, session, missing):
    code = app.code(session)
    assert error_of(app.redeem(code, **missing)) == (400, "invalid_request")
    assert app.redeem(code).status == 200


def test_the_challenge_is_no_verifier(app, session):
    """What was sent openly gives nothing, whether or not the challenge is a valid verifier itself."""
    assert error_of(app.redeem(app.code(session), code_verifier=challenge(app.verifier))) == (400, "invalid_grant")


@pytest.mark.parametrize("name", ["code", "redirect_uri", "code_verifier", "client_id", "grant_type"])
def test_a_token_request_says_nothing_twice(app, session, name):
    form = {"grant_type": "authorization_code", "code": app.code(session), "redirect_uri": CALLBACK}
    pairs = list((form | {"code_verifier": app.verifier, "client_id": app.id}).items())
    answer = app.provider.post("/.oidc/token", [*pairs, (name, dict(pairs)[name])], {"DPoP": app.proof()})
    assert error_of(answer) == (400, "invalid_request")


def test_two_clients_at_once_are_refused(app, session):
    form = {"grant_type": "authorization_code", "code": app.code(session), "client_id": app.id}
    answer = app.provider.post("/.oidc/token", form, {"Authorization": "Basic YTpi", "DPoP": app.proof()})
    assert error_of(answer) == (400, "invalid_request")


def test_a_public_client_has_no_secret_to_show(app, session):
    assert error_of(app.redeem(app.code(session), client_secret="x")) == (401, "invalid_client")


def test_an_app_gets_nothing_by_client_credentials(provider):
    app = provider.app(token_endpoint_auth_method="client_secret_post")
    assert error_of(app.ask(grant_type="client_credentials")) == (401, "invalid_client")


def test_client_credentials_get_nothing_by_code(provider, app, session):
    program = App(provider, "alice-client", "secret", verifier=app.verifier)
    assert error_of(program.redeem(app.code(session))) == (401, "invalid_client")


# -- refresh tokens ----------------------------------------------------------------------------------------------------


def test_a_refresh_token_used_twice_ends_the_sign_in(app, session):
    first = app.signed_in(session)
    second = json.loads(app.refresh(first["refresh_token"]).body)
    assert error_of(app.refresh(first["refresh_token"])) == (400, "invalid_grant")
    assert error_of(app.refresh(second["refresh_token"])) == (400, "invalid_grant")
    assert app.read(second["access_token"]) == 401


def test_a_thief_without_the_key_neither_gets_nor_ends_anything(app, session):
    first = app.signed_in(session)
    second = json.loads(app.refresh(first["refresh_token"]).body)
    for token in (first["refresh_token"], second["refresh_token"]):
        assert error_of(app.refresh(token, key=ProofKey())) == (400, "invalid_grant")
    assert app.refresh(second["refresh_token"]).status == 200


def test_another_client_neither_gets_nor_ends_anything(app, session):
    token = app.signed_in(session)["refresh_token"]
    other = App(app.provider, app.provider.app().id, key=app.key)
    assert error_of(other.refresh(token)) == (400, "invalid_grant")
    assert app.refresh(token).status == 200


@pytest.mark.parametrize("token", ["x", "", None, "é", "\x00", "x" * 9000])
def test_nonsense_is_no_refresh_token(app, token):
    assert error_of(app.refresh(token))[1] in {"invalid_grant", "invalid_request"}


@pytest.mark.parametrize("name", ["access_token", "id_token"])
def test_no_other_token_refreshes(app, session, name):
    assert error_of(app.refresh(app.signed_in(session)[name]))[1] == "invalid_grant"


def test_a_refresh_token_opens_no_resource(app, session):
    assert app.read(app.signed_in(session)["refresh_token"]) == 401


# -- logout ------------------------------------------------------------------------------------------------------------

GOODBYE = "https://app.example/goodbye"


def logout(provider: Provider, session, *parameters: tuple[str, str], **named: str):
    return begin_logout(provider.services, provider.identity, [*parameters, *named.items()], session)


@pytest.fixture
def leaving(provider: Provider) -> App:
    return provider.app(post_logout_redirect_uris=[GOODBYE])


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/",
        CALLBACK,
        GOODBYE + "/",
        GOODBYE + "?x",
        GOODBYE + "#x",
        "https://app.example@evil.example/goodbye",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        GOODBYE + "\r\n",
    ],
)
def test_logout_redirects_to_nothing_that_was_not_registered(leaving, session, uri):
    hint = leaving.signed_in(session)["id_token"]
    decision = logout(leaving.provider, session, id_token_hint=hint, post_logout_redirect_uri=uri)
    assert (decision.at_once, decision.location) == (True, None)


def test_without_a_hint_and_a_question_logout_redirects_nowhere(leaving):
    decision = logout(leaving.provider, None, client_id=leaving.id, post_logout_redirect_uri=GOODBYE)
    assert (decision.at_once, decision.location) == (True, None)


def test_the_hint_of_one_app_redirects_to_no_other(leaving, app, session):
    hint = app.signed_in(session)["id_token"]
    wanted = {"id_token_hint": hint, "post_logout_redirect_uri": GOODBYE}
    assert logout(leaving.provider, session, **wanted).location is None
    assert logout(leaving.provider, session, **wanted, client_id=leaving.id).location is None


def test_somebody_elses_id_token_ends_no_session_unasked(leaving, session):
    hint = leaving.signed_in(leaving.provider.sign_in("bob"))["id_token"]
    assert not logout(leaving.provider, session, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).at_once


def test_a_forged_hint_ends_no_session_unasked(leaving, session):
    hint = leaving.signed_in(session)["id_token"]
    header, payload, signature = hint.split(".")
    own = proofs.signed({"alg": "ES256", "typ": "JWT", "kid": "mine"}, claims(hint), proofs.key())
    unsigned = proofs.unsigned({"alg": "none", "typ": "JWT"}, claims(hint))
    access_token = leaving.signed_in(session)["access_token"]
    for forged in (own, unsigned, f"{header}.{payload}.{signature[:-4]}AAAA", access_token, "x", "e30.e30.e30"):
        decision = logout(leaving.provider, session, id_token_hint=forged, post_logout_redirect_uri=GOODBYE)
        assert (decision.at_once, decision.location) == (False, None)


@pytest.mark.parametrize("name", ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"])
def test_repeated_and_huge_parameters_of_logout_are_refused(provider, session, name):
    for parameters in ([(name, "x"), (name, "y")], [(name, "x" * 10_000)]):
        with pytest.raises(BadRequest):
            logout(provider, session, *parameters)


def test_state_comes_back_quoted(leaving, session):
    wanted = {"client_id": leaving.id, "post_logout_redirect_uri": GOODBYE, "state": "\r\nSet-Cookie: a&b#"}
    location = logout(leaving.provider, session, **wanted).location
    assert location.isprintable()
    assert query(location) == {"state": wanted["state"]}
