"""Keys of other issuers: how they are found, which are taken, and how long they are kept.

Spec: OpenID Connect Discovery s3, s4; RFC 7517 s4; Solid-OIDC #id-token-validation
"""

from __future__ import annotations

import json
from threading import BoundedSemaphore

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.authentication.issuer import FAILURE_SECONDS, KEYS_MAX, ForeignIssuers, check_issuer, read_key_set
from pod.authentication.jose import VerificationKey
from pod.config import Config
from pod.errors import InvalidToken
from pod.remote.cache import RENEW_SECONDS
from pod.remote.client import Fetched
from tests.support.proofs import key, public
from tests.support.stores import StillClock
from tests.unit.authentication.conftest import ELSEWHERE, KEYS, METADATA, Internet, jwk

pytestmark = pytest.mark.requirement("oidc#id-token-validation/3")


class World:
    def __init__(self, **config):
        self.config = Config(base_url="https://pods.example/", **config)
        self.clock = StillClock()
        self.internet = Internet()
        self.internet.has_issuer(ELSEWHERE, jwk("one"), jwk("two", "RS256"))
        self.issuers = ForeignIssuers(self.config, self.clock, self.internet, BoundedSemaphore(8))

    def key(self, kid="one", issuer=ELSEWHERE):
        return self.issuers.key(issuer, kid)

    def pages(self, **pages):
        self.internet.pages |= {{"metadata": METADATA, "keys": KEYS}[name]: page for name, page in pages.items()}


@pytest.fixture
def world():
    return World()


def test_keys_are_found_by_discovery_and_kept(world):
    assert world.key("one").algorithm == "ES256"
    assert world.key("two").algorithm == "RS256"
    assert world.internet.asked == [METADATA, KEYS]


@pytest.mark.parametrize(
    ("issuer", "metadata"),
    [
        ("https://a.example", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
        ("https://a.example/realms/x", "https://a.example/realms/x/.well-known/openid-configuration"),
        ("https://a.example:8443/x/", "https://a.example:8443/x/.well-known/openid-configuration"),
    ],
)
def test_one_ending_slash_goes_before_the_well_known_path(world, issuer, metadata):
    world.internet.pages |= {metadata: {"issuer": issuer, "jwks_uri": KEYS}}
    assert world.key(issuer=issuer)
    assert world.internet.asked[0] == metadata


@pytest.mark.parametrize("said", ["https://elsewhere.example", "https://elsewhere.example//", "https://evil.example/"])
def test_metadata_of_another_issuer_is_refused(world, said):
    world.pages(metadata={"issuer": said, "jwks_uri": KEYS})
    with pytest.raises(InvalidToken, match="names another issuer"):
        world.key()
    assert world.internet.asked == [METADATA]


def test_a_slash_too_few_is_told(world):
    world.pages(metadata={"issuer": ELSEWHERE[:-1], "jwks_uri": KEYS})
    with pytest.raises(InvalidToken, match="trailing slash"):
        world.key()


@pytest.mark.parametrize(
    "issuer",
    [
        "http://elsewhere.example/",
        "ftp://elsewhere.example/",
        "elsewhere.example",
        "urn:x",
        "",
        "https://",
        "https:///x",
        "https://[half/",
        "https://user@elsewhere.example/",
        "https://elsewhere.example/?x",
        "https://elsewhere.example/?",
        "https://elsewhere.example/#x",
        "https://elsewhere.example/#",
    ],
)
def test_what_cannot_be_an_issuer_is_refused_without_asking_anybody(world, issuer):
    with pytest.raises(InvalidToken):
        world.key(issuer=issuer)
    assert world.internet.asked == []


def test_http_issuers_are_for_development():
    check_issuer("http://localhost:3001/", dev=True)
    with pytest.raises(InvalidToken):
        check_issuer("http://localhost:3001/", dev=False)


OTHER_ANSWERS = {
    "not JSON": Fetched(KEYS, 200, "application/json", b"<html>"),
    "cut off": Fetched(KEYS, 200, "application/json", b'{"keys": ['),
    "not UTF-8": Fetched(KEYS, 200, "application/json", b'{"keys": "\xff"}'),
    "of another type": Fetched(KEYS, 200, "text/html", json.dumps({"keys": [jwk()]}).encode()),
    "without a type": Fetched(KEYS, 200, "", json.dumps({"keys": [jwk()]}).encode()),
    "an error": Fetched(KEYS, 500, "application/json", json.dumps({"keys": [jwk()]}).encode()),
    "nested too deep": Fetched(KEYS, 200, "application/json", b"[" * 200_000),
    "a number too long": Fetched(KEYS, 200, "application/json", b'{"keys": ' + b"9" * 50_000 + b"}"),
    "a list": [jwk()],
    "without keys": {},
    "keys an object": {"keys": jwk()},
    "keys null": {"keys": None},
}


@pytest.mark.parametrize("page", ["metadata", "keys"])
@pytest.mark.parametrize("answer", OTHER_ANSWERS.values(), ids=OTHER_ANSWERS.keys())
def test_another_answer_gives_no_keys(world, page, answer):
    world.pages(**{page: answer})
    with pytest.raises(InvalidToken):
        world.key()


@pytest.mark.parametrize("uri", [None, 5, ["https://elsewhere.example/keys"], ""])
def test_metadata_without_a_place_of_keys_is_refused(world, uri):
    world.pages(metadata={"issuer": ELSEWHERE, "jwks_uri": uri})
    with pytest.raises(InvalidToken):
        world.key()


def of(algorithm, **changes):
    return jwk(**{"kid": "one", "algorithm": algorithm} | changes)


@pytest.mark.parametrize(
    ("listed", "algorithm"),
    [
        (of("ES256", alg=None), "ES256"),
        (of("ES384", alg=None), "ES384"),
        (of("EdDSA", alg=None), "EdDSA"),
        (of("RS256", alg=None), "RS256"),
        (of("PS256"), "PS256"),
        (of("ES256", use=None), "ES256"),
        (of("ES256", key_ops=["verify"]), "ES256"),
        (of("ES256", x5c=["x"], extra={"a": [1]}), "ES256"),
    ],
)
def test_a_key_is_used_with_the_one_algorithm_it_is_for(world, listed, algorithm):
    world.pages(keys={"keys": [listed]})
    assert world.key().algorithm == algorithm


UNUSABLE = {
    "private": key("ES256").export_private(as_dict=True) | {"kid": "one", "alg": "ES256"},
    "symmetric": {"kty": "oct", "k": "c2VjcmV0", "kid": "one", "alg": "HS256"},
    "symmetric, posing": {"kty": "oct", "k": "c2VjcmV0", "kid": "one", "alg": "ES256"},
    "none": of("ES256", alg="none"),
    "of another algorithm": of("ES256", alg="RS256"),
    "of an unknown algorithm": of("ES256", alg="ES999"),
    "algorithm a list": of("ES256", alg=["ES256"]),
    "for encryption": of("ES256", use="enc"),
    "for signing only": of("ES256", key_ops=["sign"]),
    "operations a text": of("ES256", key_ops="verify"),
    "type a list": of("ES256", kty=["EC"], alg=None),
    "curve a list": of("ES256", crv=["P-256"], alg=None),
    "off the curve": of("ES256", y=public(key("ES256", 7))["y"]),
    "an RSA key without modulus": of("RS256", n=None),
    "a weak RSA key": of("RS256", n="AQAB"),
    "a slow RSA key": of("RS256", e="A" * 500),
    "without id": of("ES256", kid=None),
    "id a number": of("ES256", kid=1),
    "id too long": of("ES256", kid="x" * 200),
    "a text": "one",
    "null": None,
}


@pytest.mark.parametrize("listed", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_unusable_keys_are_passed_over_and_the_others_count(world, listed):
    world.pages(keys={"keys": [listed, jwk("good")]})
    assert world.key("good")
    with pytest.raises(InvalidToken, match="does not publish"):
        world.key("one")


def test_only_so_many_keys_are_read(world):
    world.pages(keys={"keys": [jwk(f"k{number}") for number in range(KEYS_MAX + 1)]})
    assert world.key(f"k{KEYS_MAX - 1}")
    with pytest.raises(InvalidToken):
        world.key(f"k{KEYS_MAX}")


def test_a_new_key_of_an_issuer_is_found_and_a_flood_of_unknown_ones_asks_at_a_bounded_rate(world):
    world.key("one")
    world.clock.time += RENEW_SECONDS
    world.pages(keys={"keys": [jwk("new")]})
    assert world.key("new")
    asked = len(world.internet.asked)
    for number in range(100):
        with pytest.raises(InvalidToken, match="does not publish"):
            world.key(f"unknown{number}")
    assert len(world.internet.asked) == asked


def test_an_issuer_that_cannot_be_reached_is_left_alone_for_a_while(world):
    world.internet.pages.clear()
    for _ in range(100):
        with pytest.raises(InvalidToken, match="cannot be fetched"):
            world.key()
    assert world.internet.asked == [METADATA]
    world.clock.time += FAILURE_SECONDS
    world.internet.has_issuer(ELSEWHERE, jwk())
    assert world.key()


def test_keys_of_an_issuer_that_is_down_count_until_their_age_limit(world):
    world.key()
    world.internet.pages.clear()
    world.clock.time += world.config.issuer_seconds_stale - 1
    assert world.key()
    world.clock.time += 1
    with pytest.raises(InvalidToken):
        world.key()


def test_why_an_issuer_cannot_be_reached_is_not_told(world):
    with pytest.raises(InvalidToken) as refused:
        world.key(issuer="https://internal.example/")
    assert refused.value.detail == (
        "The keys of the access token's issuer https://internal.example/ cannot be fetched."
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kid", "kty", "crv", "alg", "use", "key_ops", "x", "y", "n", "e"]), inner, max_size=6),
    max_leaves=10,
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(JSON, st.dictionaries(st.sampled_from(["kid", "kty", "crv", "alg", "use", "key_ops", "x", "y", "d"]), JSON))
def test_whatever_a_key_set_holds_only_keys_come_out(listed, changes):
    body = json.dumps({"keys": [listed, jwk() | changes, jwk("good")]}).encode()
    found = read_key_set(Fetched(KEYS, 200, "application/json", body), ELSEWHERE)
    assert "good" in found
    assert all(isinstance(each, VerificationKey) for each in found.values())
