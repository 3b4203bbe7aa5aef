"""What a provider, a member and a stranger in between may try at the organisation's sign-in. The keys are real; the
provider's answers are made here, each wrong in one way.

Spec: OpenID Connect Core s3.1.3.7; RFC 9207; RFC 9700 s4.4, s4.5, s4.7
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from itsdangerous import URLSafeTimedSerializer

from pod.authentication import jose
from pod.console.members import Console
from pod.console.provider import Said, save_provider
from pod.errors import BadRequest, Conflict, PodError, ProviderFailed, UnprocessableContent, WrongPassword
from pod.identity import organisation_sign_in as signing_in
from pod.identity import sign_in
from pod.identity.accounts import named, set_disabled
from pod.identity.organisation_provider import Journey, OrganisationProvider, Person
from pod.identity.sessions import Arrival, start_session
from pod.remote.client import Fetched
from pod.remote.errors import Unreachable
from pod.store.outside import provider_settings, put_provider_settings
from pod.store.records import SERVER
from tests.support.pages import NOW, Site

ISSUER = "https://id.organisation.example"
BROWSER = "a secret of one browser"
KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
HEADER = {"alg": "ES256", "kid": "one", "typ": "JWT"}
SAID = Said(ISSUER, "freehold", "The Organisation", domain="organisation.example", may_join=True, secret="s3cret")


@dataclass
class Outside:
    """Everything but this server, as far as it is asked."""

    token: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    is_down: bool = False

    def fetch(self, url: str, **_: Any) -> Fetched:
        if self.is_down:
            raise Unreachable("no connection")
        keys = {"keys": [{**jose.public_jwk(KEY), "kid": "one", "alg": "ES256", "use": "sig"}]}
        said = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }
        body = keys if url.endswith("/keys") else said
        return Fetched(url, 200, "application/json", json.dumps(body).encode())

    def ask(self, url: str, content: bytes, fields: Any, **_: Any) -> Fetched:
        self.asked.append({**dict(parse_qsl(content.decode())), "url": url, **fields})
        status = 200 if self.token else 400
        return Fetched(
            url, status, "application/json", json.dumps({"id_token": self.token} if self.token else {}).encode()
        )


@pytest.fixture
def site(tmp_path) -> Site:
    made = Site(tmp_path)
    for name in ("alice", "bob"):
        made.account(name)
    return made


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def provider(site: Site, outside: Outside) -> OrganisationProvider:
    made = OrganisationProvider(site.services, outside)
    save_provider(Console(site.services, named(site.services, "alice")), made, SAID)
    return made


def setting_out(provider: OrganisationProvider, use: str = "in") -> dict[str, str]:
    """What the browser is sent with."""
    way = urlsplit(provider.way(Journey(use, "/.home/"), BROWSER))
    return {name: values[0] for name, values in parse_qs(way.query).items()}


def token(sent: dict[str, str], *, key: Any = KEY, header: dict[str, Any] = HEADER, **changed: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": "freehold",
        "sub": "1234",
        "exp": NOW + 60,
        "iat": NOW,
        "nonce": sent["nonce"],
        "name": "Nora",
        "email": "nora@organisation.example",
        "email_verified": True,
        **changed,
    }
    return jose.sign(key, header, {name: value for name, value in claims.items() if value is not None})


def back(sent: dict[str, str], **changed: str) -> dict[str, str]:
    answer = {"state": sent["state"], "code": "a code", "iss": ISSUER, **changed}
    return {name: value for name, value in answer.items() if value}


def test_whoever_the_provider_vouches_for_comes_back(provider, outside):
    sent = setting_out(provider)
    outside.token = token(sent)
    who, journey = provider.arrived(back(sent), BROWSER)
    assert (who, journey) == (Person(ISSUER, "1234", "Nora", "nora@organisation.example"), Journey("in", "/.home/"))
    (asked,) = outside.asked
    assert (asked["url"], asked["code"], asked["redirect_uri"]) == (f"{ISSUER}/token", "a code", provider.callback)
    challenge = jose.encode_segment(sha256(asked["code_verifier"].encode()).digest())
    assert (sent["code_challenge"], sent["code_challenge_method"]) == (challenge, "S256")
    assert asked["code_verifier"] not in str(sent)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"aud": "another client"},
        {"aud": ["freehold", "another client"]},
        {"aud": ["freehold", "another client"], "azp": "another client"},
        {"azp": "another client"},
        {"exp": NOW - 120},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"iat": NOW + 3600},
        {"iat": None},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 5},
        {"sub": ""},
        {"sub": 5},
        {"sub": "x" * 256},
        {"key": OTHER_KEY},
        {"header": {**HEADER, "kid": "two"}},
        {"header": {"alg": "ES256"}},
        {"header": {**HEADER, "crit": ["x"]}},
        {"header": {**HEADER, "alg": "RS256"}},
    ],
    ids=", ".join,
)
def test_a_token_that_is_wrong_in_one_way_lets_nobody_in(provider, outside, changed):
    sent = setting_out(provider)
    outside.token = token(sent, **changed)
    with pytest.raises(ProviderFailed):
        provider.arrived(back(sent), BROWSER)


@pytest.mark.parametrize(
    "said", ["nora", "nora@organisation.example\r\nBcc: all@organisation.example", "x" * 300 + "@organisation.example"]
)
def test_what_is_no_mail_address_is_none_however_it_was_verified(provider, outside, said):
    sent = setting_out(provider)
    outside.token = token(sent, email=said)
    with pytest.raises(WrongPassword):
        provider.arrived(back(sent), BROWSER)


@pytest.mark.parametrize(
    ("auth_time", "is_fresh"), [(NOW - 10, True), (NOW - 86_400, False), (None, True), ("then", True), (1e300, True)]
)
def test_whoever_went_on_at_the_provider_has_not_just_shown_who_they_are(site, provider, outside, auth_time, is_fresh):
    signing_in.connect_account(site.services, named(site.services, "bob"), Person(ISSUER, "1234"))
    sent = setting_out(provider)
    assert int(sent["max_age"]) > 0
    outside.token = token(sent, auth_time=auth_time)
    who, _ = provider.arrived(back(sent), BROWSER)
    arrival = Arrival("a browser", shown_ms=who.shown_ms)
    session, _ = start_session(site.services, signing_in.account_of(site.services, who), "", arrival=arrival)
    assert sign_in.is_fresh(site.services, session.authenticated_ms) is is_fresh


def test_whoever_is_to_show_anew_who_they_are_is_asked_at_the_provider_too(site, provider):
    she = site.signed_in("alice")
    page = she.get("/.account/sign-in?next=/.account/organisation/connect&again=yes").text
    link = unescape(re.search(r'href="(/.account/sign-in/organisation[^"]*)"', page)[1])
    assert parse_qs(urlsplit(link).query)["again"] == ["yes"]


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_nobody_signed_lets_nobody_in(provider, outside, algorithm):
    sent = setting_out(provider)
    _, payload, _ = token(sent).split(".")
    header = jose.encode_segment(json.dumps({**HEADER, "alg": algorithm}).encode())
    for signature in ("", "AAAA"):
        outside.token = f"{header}.{payload}.{signature}"
        with pytest.raises(ProviderFailed):
            provider.arrived(back(sent), BROWSER)


@pytest.mark.parametrize(
    ("changed", "browser"),
    [
        ({"iss": "https://other.example"}, BROWSER),
        ({"iss": ""}, BROWSER),
        ({"state": ""}, BROWSER),
        ({"state": "made up"}, BROWSER),
        ({}, "another browser"),
    ],
)
def test_an_answer_to_nobody_or_to_somebody_else_asks_the_provider_nothing(provider, outside, changed, browser):
    sent = setting_out(provider)
    outside.token = token(sent)
    with pytest.raises(BadRequest):
        provider.arrived(back(sent, **changed), browser)
    assert outside.asked == []


def test_a_state_is_good_for_ten_minutes(site, provider, outside):
    sent = setting_out(provider)
    outside.token = token(sent, exp=NOW + 10_000)
    site.clock.time += 601
    with pytest.raises(BadRequest):
        provider.arrived(back(sent), BROWSER)


def test_what_travels_in_addresses_does_not_tell_the_secret_of_the_browser(site, provider):
    sealed = signing_in.seal_person(site.services, Person(ISSUER, "1234", "Nora"), BROWSER)
    told = URLSafeTimedSerializer("any", salt="any").loads_unsafe(sealed)[1]
    assert told["sub"] == "1234"
    assert BROWSER not in str(told)
    assert signing_in.unseal_person(site.services, sealed, BROWSER).name == "Nora"
    with pytest.raises(BadRequest):
        signing_in.unseal_person(site.services, sealed, "another browser")


@pytest.mark.parametrize("query", [{"error": "access_denied"}, {"code": ""}, {"code": "x" * 5000}])
def test_a_provider_that_says_no_is_not_asked_again(provider, outside, query):
    sent = setting_out(provider)
    with pytest.raises(WrongPassword):
        provider.arrived(back(sent, **query), BROWSER)
    assert outside.asked == []


@pytest.mark.parametrize(
    "changed",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "nora@organisation.example.evil.example"},
        {"email": "nora@evil.example"},
        {"email": None},
        {"email": "organisation.example"},
    ],
)
def test_only_verified_addresses_of_the_domain_come_in(provider, outside, changed):
    sent = setting_out(provider)
    outside.token = token(sent, **changed)
    with pytest.raises(WrongPassword):
        provider.arrived(back(sent), BROWSER)


@pytest.mark.parametrize(
    ("said", "comes_in"),
    [("pod-users", True), (["a", "pod-users"], True), (["a"], False), (None, False), ({"pod-users": 1}, False)],
)
def test_a_claim_can_be_asked_for(site, provider, outside, said, comes_in):
    asked = Said(ISSUER, "freehold", "The Organisation", claim="groups", value="pod-users")
    save_provider(Console(site.services, named(site.services, "alice")), provider, asked)
    sent = setting_out(provider)
    outside.token = token(sent, groups=said)
    if comes_in:
        assert provider.arrived(back(sent), BROWSER)[0].subject == "1234"
    else:
        with pytest.raises(WrongPassword):
            provider.arrived(back(sent), BROWSER)


def test_a_provider_that_is_down_is_said_so(provider, outside):
    sent = setting_out(provider)
    with pytest.raises(ProviderFailed, match="did not accept"):
        provider.arrived(back(sent), BROWSER)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": f"{ISSUER}/"},
        {"authorization_endpoint": "http://id.organisation.example/plain"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://me:you@elsewhere.example/"},
        {"token_endpoint": None},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
def test_a_provider_that_cannot_be_used_safely_is_not_set(site, metadata):
    provider = OrganisationProvider(site.services, Outside(metadata=metadata))
    with pytest.raises(UnprocessableContent):
        save_provider(Console(site.services, named(site.services, "alice")), provider, SAID)
    assert provider_settings(site.services.store) is None


def test_a_secret_goes_to_no_other_provider_and_is_not_kept_readable(site, provider):
    kept = provider_settings(site.services.store)
    assert kept is not None
    assert "s3cret" not in str(kept)
    elsewhere = Said("https://evil.example", "freehold", "The Organisation")
    with pytest.raises(UnprocessableContent, match="secret"):
        save_provider(Console(site.services, named(site.services, "alice")), provider, elsewhere)


def test_a_secret_goes_to_no_other_provider_that_somebody_saves_meanwhile(site, provider, monkeypatch):
    kept = provider_settings(site.services.store)
    assert kept is not None

    def meanwhile(_provider: OrganisationProvider, _issuer: str) -> None:
        with site.services.store.write(SERVER) as tx:
            put_provider_settings(tx, replace(kept, issuer="https://other.example"))

    monkeypatch.setattr(OrganisationProvider, "metadata", meanwhile)
    with pytest.raises(UnprocessableContent, match="secret"):
        save_provider(Console(site.services, named(site.services, "alice")), provider, Said.of(kept))
    after = provider_settings(site.services.store)
    assert after is not None
    assert after.issuer == "https://other.example"


def test_only_operators_set_it(site, provider):
    bob = site.signed_in("bob")
    assert bob.client.get("/.console/sign-in", base_url=site.base_url).status_code == 403


# -- accounts ----------------------------------------------------------------------------------------------------------

NORA = Person(ISSUER, "1234", "Nora", "alice@organisation.example")


def test_nobody_gets_an_account_by_its_mail_address(site, provider):
    assert signing_in.account_of(site.services, NORA) is None


def test_an_identity_is_of_one_account_and_an_account_of_one(site, provider):
    alice, bob = (named(site.services, name) for name in ("alice", "bob"))
    signing_in.connect_account(site.services, alice, NORA)
    for account, person in ((bob, NORA), (alice, Person(ISSUER, "5678"))):
        with pytest.raises(Conflict):
            signing_in.connect_account(site.services, account, person)
    assert signing_in.account_of(site.services, NORA) == named(site.services, "alice")


def test_whoever_is_suspended_stays_out(site, provider):

    signing_in.connect_account(site.services, named(site.services, "bob"), NORA)
    set_disabled(site.services, "bob", True)
    with pytest.raises(WrongPassword, match="locked"):
        signing_in.account_of(site.services, NORA)


def test_a_new_pod_takes_a_free_name_and_the_last_way_in_stays(site, provider):
    for name in ("bob", "www", "Nora!", ""):
        with pytest.raises(PodError):
            signing_in.join(site.services, NORA, name, address="192.0.2.1")
    made = signing_in.join(site.services, NORA, "nora", address="192.0.2.1")
    assert signing_in.account_of(site.services, NORA) == made
    with pytest.raises(Conflict, match="password"):
        signing_in.disconnect_account(site.services, made)


def test_who_came_from_the_provider_stays_in_that_browser(site, provider):
    sealed = signing_in.seal_person(site.services, NORA, BROWSER)
    assert signing_in.unseal_person(site.services, sealed, BROWSER) == NORA
    with pytest.raises(BadRequest):
        signing_in.unseal_person(site.services, sealed, "another browser")
    site.clock.time += 1801
    with pytest.raises(BadRequest):
        signing_in.unseal_person(site.services, sealed, BROWSER)
