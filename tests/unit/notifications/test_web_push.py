"""Web Push: the examples of the specifications, and what a push service and a browser make of our messages."""

from __future__ import annotations

import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto.common import base64url_decode, base64url_encode
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from pod.config import Config
from pod.errors import UnprocessableContent
from pod.notifications.web_push import (
    CONTENT_BYTES_MAX,
    PushServices,
    check_keys,
    encrypted,
    seal,
    vapid_public_key,
)
from pod.remote.client import Posted
from tests.support.stores import StillClock
from tests.support.web_push import opened
from tests.unit.notifications.channels import channel

# RFC 8291 section 5 and appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text):
    return ec.derive_private_key(int.from_bytes(base64url_decode(text), "big"), ec.SECP256R1())


@pytest.mark.requirement("webpush2023#keys")
def test_a_message_is_sealed_as_in_the_specification():
    sealed = seal(PLAIN, P256DH, AUTH, private(SENDER), base64url_decode(SALT))
    assert base64url_encode(sealed) == SEALED


@pytest.mark.parametrize("size", [0, 1, 600, CONTENT_BYTES_MAX])
def test_a_browser_reads_it(size):
    content = os.urandom(size)
    sealed = encrypted(content, P256DH, AUTH)
    assert len(sealed) <= 4096
    assert opened(sealed, private_key=private(RECEIVER), auth_secret=base64url_decode(AUTH)) == content


@pytest.mark.requirement("webpush2023#keys")
@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", AUTH),
        (P256DH, ""),
        (P256DH[:-4], AUTH),
        (P256DH, AUTH + "AAAA"),
        ("A" * len(P256DH), AUTH),
        (P256DH[:-4] + "AAAA", AUTH),
        ("ü" + P256DH[1:], AUTH),
        (P256DH, "!" * 22),
    ],
)
def test_other_keys_are_refused(p256dh, auth):
    with pytest.raises(UnprocessableContent):
        check_keys(p256dh, auth)


def test_the_keys_of_browsers_are_taken():
    check_keys(P256DH, AUTH)
    check_keys(P256DH + "=", AUTH + "==")


class PushService:
    """Takes the place of the network."""

    def __init__(self):
        self.posts = []

    def post(self, url, content, fields, *, seconds_max):
        self.posts.append((url, content, fields))
        return Posted(201, "")


@pytest.fixture
def config(tmp_path):
    return Config(data=tmp_path, base_url="https://pods.example/")


@pytest.mark.requirement("webpush2023#vapidPublicKey")
def test_a_push_service_learns_who_sends_and_nothing_of_what(config):
    service, clock = PushService(), StillClock()
    subscription = channel(p256dh=P256DH, auth=AUTH)
    assert PushServices(service, config, clock).send(subscription, "https://push.example:443/x?y", PLAIN).status == 201
    _, content, fields = service.posts[0]
    assert PLAIN not in content
    assert (fields["Content-Encoding"], int(fields["TTL"]) > 0) == ("aes128gcm", True)
    token, _, key = fields["Authorization"].removeprefix("vapid t=").partition(", k=")
    assert key == vapid_public_key(config)
    claims = verified(token, key)
    assert claims["aud"] == "https://push.example"
    assert clock.now() < claims["exp"] <= clock.now() + 24 * 3600
    assert claims["sub"] == "https://pods.example/"


def verified(token, key):
    point = base64url_decode(key)
    jwk = JWK(kty="EC", crv="P-256", x=base64url_encode(point[1:33]), y=base64url_encode(point[33:]))
    jws = JWS()
    jws.deserialize(token, key=jwk)
    return json.loads(jws.payload)


def test_the_key_that_browsers_are_bound_to_stays(config):
    first = vapid_public_key(config)
    assert vapid_public_key(config) == first
    assert len(base64url_decode(first)) == 65


def test_a_message_too_long_for_any_push_service_is_not_sent(config):
    service = PushService()
    subscription = channel(p256dh=P256DH, auth=AUTH)
    posted = PushServices(service, config, StillClock()).send(
        subscription, "https://push.example/", b"x" * (CONTENT_BYTES_MAX + 1)
    )
    assert (posted.status, service.posts) == (413, [])
