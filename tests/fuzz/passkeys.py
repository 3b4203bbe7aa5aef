"""Targets: what browsers answer for passkeys. Only what a device signed, for us, is ever taken for true.

Spec: WebAuthn Level 3 s7.1, s7.2
"""

from __future__ import annotations

import json
from functools import cache
from types import SimpleNamespace
from typing import Any

import cbor2

from pod.identity import passkeys
from pod.protocol.placement import Placement
from pod.store.factors import Passkey
from tests.fuzz.running import Target, Wrong
from tests.support.authenticator import Authenticator, decoded, encoded
from tests.support.proofs import NOW
from tests.support.stores import StillClock

BASE = "https://pods.example/"
CHALLENGE = b"a challenge of 56 bytes, which somebody made here before"
WORDS = (
    *(b'"id"', b'"rawId"', b'"response"', b'"userHandle"', b'"transports"', b'"public-key"', b"null", b"[", b"{", b"\\ud800"),
    *(b"\xa1", b"\xa0", b"\xbf", b"\x9f", b"\xff", b"\xd9\x01\x03", b"\x5b", b"\xfb", b"\x01\x02\x03\x26\x20\x01\x21\x58"),
)  # fmt: skip
SERVICES: Any = SimpleNamespace(placement=Placement(BASE, "path", ""), clock=StillClock(NOW))
ACCOUNT: Any = SimpleNamespace(id=1, name="alice", has_password=True)


@cache
def device() -> Authenticator:
    return Authenticator(BASE.rstrip("/"), counts=True)


@cache
def made() -> str:
    options = {"user": {"id": "YQ"}, "rp": {"id": "pods.example"}, "challenge": encoded(CHALLENGE)}
    return device().make(options)


@cache
def kept() -> Passkey:
    return passkeys._made(SERVICES, ACCOUNT, json.loads(made()), CHALLENGE, "Phone")


@cache
def shown() -> str:
    made()
    return device().show({"allowCredentials": [], "rpId": "pods.example", "challenge": encoded(CHALLENGE)})


def make(data: bytes) -> None:
    answer = passkeys._read(data.decode("utf-8", "replace"))
    passkeys._challenge(answer)
    found = passkeys._made(SERVICES, ACCOUNT, answer, CHALLENGE, "Phone")
    if len(found.public_key) > passkeys.PUBLIC_KEY_BYTES_MAX or not set(found.transports) <= passkeys.TRANSPORTS:
        raise Wrong("a passkey that is none")


def show(data: bytes) -> None:
    answer = passkeys._read(data.decode("utf-8", "replace"))
    passkeys._challenge(answer)
    passkeys._verified(SERVICES, answer, CHALLENGE, kept())
    signed = json.loads(shown())["response"]
    if any(
        decoded(answer["response"][each]) != decoded(signed[each]) for each in ("clientDataJSON", "authenticatorData")
    ):
        raise Wrong("no device signed this")


def attest(data: bytes) -> None:
    """An answer that says what it likes of how it was made."""
    answer = json.loads(made())
    answer["response"]["attestationObject"] = encoded(data)
    passkeys._made(SERVICES, ACCOUNT, answer, CHALLENGE, "Phone")


def describe(data: bytes) -> None:
    """The same, of the key and its device alone."""
    attest(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}))


def attestation() -> bytes:
    return decoded(json.loads(made())["response"]["attestationObject"])


TARGETS = (
    Target("passkey-made", make, (made().encode(),), WORDS),
    Target("passkey-shown", show, (shown().encode(),), WORDS),
    Target("attestation", attest, (attestation(),), WORDS),
    Target("authenticator-data", describe, (cbor2.loads(attestation())["authData"],), WORDS),
)
