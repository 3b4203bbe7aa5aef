"""Tokens that make this server ask others: what strangers may name, how often, and what the answers may do.

Everything here goes through the authenticator of a web process. Where a test says "elsewhere", pages of other servers
come from a table; where it says "socket", from sockets on loopback.

Spec: Solid-OIDC #id-token-validation, #security-token-verification; RFC 8725; RFC 9449 s11
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.common import base64url_encode
from jwcrypto.jwk import JWK

from pod.authentication.authenticate import Authenticator
from pod.authentication.issuer import KEYS_MAX
from pod.errors import Busy, InvalidToken
from pod.protocol.agent import Credentials
from pod.remote.client import Fetched, Remote, RemoteClient
from pod.remote.pace import HOSTS_FACTOR
from tests.support.proofs import NOW, URL, key, proof, signed, unsigned
from tests.support.together import together
from tests.unit.authentication.conftest import (
    ALICE,
    BOB,
    BOBS_DOCUMENT,
    ELSEWHERE,
    ISSUER,
    KEYS,
    METADATA,
    World,
    foreign_token,
    jwk,
    naming,
)
from tests.unit.remote.servers import answering, ok, redirect, serving

pytestmark = pytest.mark.requirement("oidc#id-token-validation/3")

LONG_SECONDS = 60
"""What waits for an answer waits so long; what was to be quick is not measured more closely on a busy machine."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A server, the issuer elsewhere, and bob, whose profile names it."""
    made = World(tmp_path)
    yield made
    made.store.close()


def with_remote(world: World, remote: Remote, **config: Any) -> Authenticator:
    return Authenticator.for_server(replace(world.config, **config), world.keys, world.clock, remote, world.documents)


def ask(authenticator: Authenticator, token: str) -> Credentials:
    return authenticator.authenticate(
        method="GET", url=URL, authorization=[f"DPoP {token}"], dpop=[proof()], origin=None
    )


def assert_refused(authenticator: Authenticator, token: str) -> InvalidToken:
    with pytest.raises(InvalidToken) as refused:
        ask(authenticator, token)
    challenge, _ = authenticator.challenges(refused.value, realm="pods")
    assert 'error="invalid_token", error_description="' in challenge
    return refused.value


# -- what a token may claim --------------------------------------------------------------------------------------------


def test_a_good_foreign_token_speaks_for_its_webid(world):
    found = ask(world.authenticator(), foreign_token())
    assert (found.agent, found.client, found.issuer, found.grant) == (BOB, "app", ELSEWHERE, None)


def test_our_grant_in_a_foreign_token_means_nothing(world):
    found = ask(world.authenticator(), foreign_token(grant_id="grant"))
    assert found.grant is None
    assert not found.has_account


def test_a_foreign_token_that_says_it_is_ours_is_refused(world):
    for number in range(2):
        assert_refused(world.authenticator(), foreign_token(ISSUER, ALICE, number=number, grant_id="grant"))
    kid = world.keys.key_set()["keys"][0]["kid"]
    assert_refused(world.authenticator(), foreign_token(ISSUER, ALICE, kid=kid, grant_id="grant"))
    assert world.internet.asked == []


def test_a_token_of_ours_cannot_do_without_its_grant(world):
    assert_refused(world.authenticator(), world.token(grant_id=None))


def test_a_token_of_ours_is_taken_without_asking_anybody(world):
    assert ask(world.authenticator(), world.token()).grant == "grant"
    assert world.internet.asked == []


@pytest.mark.requirement("oidc#id-token-validation/2")
def test_a_foreign_issuer_does_not_speak_for_our_accounts(world):
    refused = assert_refused(world.authenticator(), foreign_token(web_id=ALICE))
    assert f"<{ALICE}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{ELSEWHERE}> ." in refused.detail
    world.documents.pages[ALICE.partition("#")[0]] = naming(ALICE, ISSUER)
    assert_refused(world.authenticator(), foreign_token(web_id=ALICE))
    assert world.internet.asked.count(ALICE.partition("#")[0]) == 0


@pytest.mark.parametrize("issuer", [ISSUER[:-1], "https://PODS.example/", "http://pods.example/", ISSUER + "alice/idp"])
def test_nothing_under_our_own_urls_is_asked_for_keys(world, issuer):
    assert_refused(world.authenticator(), foreign_token(issuer))
    assert world.internet.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW},
        {"exp": None},
        {"iat": NOW + 60},
        {"nbf": NOW + 60},
        {"aud": "app"},
        {"aud": None},
        {"azp": None},
        {"webid": None},
        {"webid": "urn:bob"},
        {"cnf": None},
        {"cnf": {"jkt": key("ES256", 9).thumbprint()}},
    ],
)
@pytest.mark.requirement("oidc#id-token-validation/1")
def test_a_spoiled_foreign_token_is_refused(world, changes):
    assert_refused(world.authenticator(), foreign_token(**changes))


def test_a_token_signed_with_another_key_is_refused_before_the_webid_is_looked_at(world):
    assert_refused(world.authenticator(), foreign_token(number=5))
    assert BOBS_DOCUMENT not in world.internet.asked


# -- keys --------------------------------------------------------------------------------------------------------------


def claims() -> dict[str, Any]:
    return {"iss": ELSEWHERE, "aud": "solid", "webid": BOB, "azp": "app", "cnf": {"jkt": key().thumbprint()}, "iat": NOW, "exp": NOW + 60}  # fmt: skip


def header(algorithm: str, **more: Any) -> dict[str, Any]:
    return {"typ": "JWT", "alg": algorithm, "kid": "one", **more}


def oct_key(secret: bytes) -> JWK:
    return JWK(kty="oct", k=base64url_encode(secret))


RSA = key("RS256")
CONFUSED = {
    "none": lambda: unsigned(header("none"), claims(), b""),
    "none with a signature": lambda: unsigned(header("none"), claims()),
    "an HMAC keyed with the public key": lambda: signed(header("HS256"), claims(), oct_key(RSA.export_to_pem())),
    "another padding": lambda: signed(header("PS256"), claims(), RSA),
    "another hash": lambda: signed(header("RS512"), claims(), RSA),
    "a key in the header": lambda: signed(header("ES256", jwk=jwk()), claims(), key()),
    "a key set in the header": lambda: signed(header("ES256", jku="https://evil.example/keys"), claims(), key()),
    "critical extensions": lambda: signed(header("RS256", crit=["b64"], b64=True), claims(), RSA),
}


@pytest.mark.parametrize("token", CONFUSED.values(), ids=CONFUSED.keys())
def test_a_key_is_used_with_its_own_algorithm_only(world, token: Callable[[], str]):
    world.internet.has_issuer(ELSEWHERE, jwk("one", "RS256"))
    assert_refused(world.authenticator(), token())
    assert set(world.internet.asked) <= {METADATA, KEYS}


SECRET = b"a secret that everybody can read"
BAD_KEYS = {
    "symmetric": (
        {"kty": "oct", "k": base64url_encode(SECRET), "kid": "one", "alg": "HS256"},
        lambda: signed(header("HS256"), claims(), oct_key(SECRET)),
    ),
    "private": (
        key().export_private(as_dict=True) | {"kid": "one", "alg": "ES256"},
        lambda: signed(header("ES256"), claims(), key()),
    ),
    "for encryption": (jwk(use="enc"), lambda: signed(header("ES256"), claims(), key())),
}


@pytest.mark.parametrize(("published", "token"), BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_published_keys_that_prove_nothing_are_not_used(world, published, token):
    world.internet.has_issuer(ELSEWHERE, published)
    assert_refused(world.authenticator(), token())


def test_a_key_of_one_issuer_does_not_sign_for_another(world):
    other = "https://other.example/"
    world.internet.has_issuer(other, jwk("one", number=3))
    world.internet.pages[BOBS_DOCUMENT] = naming(BOB, ELSEWHERE, other)
    authenticator = world.authenticator()
    assert ask(authenticator, foreign_token(other, number=3)).issuer == other
    assert_refused(authenticator, foreign_token(ELSEWHERE, number=3))
    assert_refused(authenticator, foreign_token(other, number=0))


def test_a_key_set_with_very_many_keys_costs_little(world):
    world.internet.has_issuer(ELSEWHERE, *[jwk(f"k{number}") for number in range(5_000)], jwk("one"))
    assert_refused(world.authenticator(), foreign_token())
    assert ask(world.authenticator(), foreign_token(kid=f"k{KEYS_MAX - 1}")).agent == BOB


# -- floods ------------------------------------------------------------------------------------------------------------


def test_a_flood_of_key_ids_asks_an_issuer_once(world):
    authenticator = world.authenticator()
    for number in range(100):
        assert_refused(authenticator, foreign_token(kid=f"k{number}"))
    assert world.internet.asked == [METADATA, KEYS]


def test_a_flood_of_tokens_of_a_bad_issuer_asks_it_once(world):
    world.internet.pages.clear()
    authenticator = world.authenticator()
    for number in range(100):
        assert_refused(authenticator, foreign_token(jti=str(number)))
    assert world.internet.asked == [METADATA]


def flood(authenticator: Authenticator, tokens: Sequence[str]) -> set[type[Exception]]:
    """How tokens that are no good were refused."""
    seen: set[type[Exception]] = set()
    for token in tokens:
        with pytest.raises((InvalidToken, Busy)) as refused:
            ask(authenticator, token)
        seen.add(refused.type)
    return seen


def test_a_flood_of_issuers_at_one_host_makes_a_bounded_number_of_fetches(world):
    authenticator = world.authenticator()
    tokens = [foreign_token(f"https://victim.example/{number}") for number in range(200)]
    assert flood(authenticator, tokens) == {InvalidToken, Busy}
    assert len(world.internet.asked) == world.config.foreign_fetches_per_minute
    assert ask(authenticator, foreign_token()).agent == BOB


def test_a_flood_of_issuers_everywhere_makes_a_bounded_number_of_fetches_and_known_ones_go_on(world):
    authenticator = with_remote(world, world.internet, foreign_fetches_per_minute=10)
    assert ask(authenticator, foreign_token(jti="1")).agent == BOB
    tokens = [foreign_token(f"https://h{number}.example/") for number in range(300)]
    assert flood(authenticator, tokens) == {InvalidToken, Busy}
    assert len(world.internet.asked) == 10 * HOSTS_FACTOR
    assert ask(authenticator, foreign_token(jti="2")).agent == BOB


def test_a_flood_of_webids_at_one_host_makes_a_bounded_number_of_fetches(world):
    authenticator = world.authenticator()
    tokens = [foreign_token(web_id=f"https://victim.example/{number}#me") for number in range(200)]
    assert flood(authenticator, tokens) == {InvalidToken, Busy}
    asked = [url for url in world.internet.asked if "victim" in url]
    assert len(asked) == world.config.foreign_fetches_per_minute


def test_a_flood_of_names_in_one_document_fetches_it_once(world):
    authenticator = world.authenticator()
    for number in range(100):
        assert_refused(authenticator, foreign_token(web_id=f"{BOBS_DOCUMENT}#x{number}"))
    assert world.internet.asked.count(BOBS_DOCUMENT) == 1


def test_what_is_remembered_of_others_is_bounded(world):
    authenticator = with_remote(
        world, world.internet, issuer_cache_entries=5, webid_cache_entries=5, foreign_fetches_per_minute=0
    )
    for number in range(20):
        issuer, web_id = f"https://i{number}.example/", f"https://w{number}.example/#me"
        world.internet.has_issuer(issuer, jwk())
        world.internet.pages[web_id.partition("#")[0]] = naming(web_id, issuer)
        assert ask(authenticator, foreign_token(issuer, web_id)).agent == web_id
    assert len(authenticator._tokens._keys._others._keys._entries) == 5
    assert len(authenticator._tokens._web_ids._issuers._entries) == 5


def test_half_of_the_threads_may_wait_for_a_slow_issuer_and_the_others_are_told_to_come_back(world):
    answers, busy = threading.Event(), []
    world.internet.before = lambda _url: answers.wait(LONG_SECONDS)
    authenticator = with_remote(world, world.internet, threads=8, remote_seconds_max=LONG_SECONDS)

    def one(number: int) -> str | None:
        try:
            return ask(authenticator, foreign_token(jti=str(number))).agent
        except Busy:
            busy.append(number)
            if len(busy) == 8:
                answers.set()
            return None

    assert together(12, one).count(BOB) == 4
    assert world.internet.asked == [METADATA, KEYS, BOBS_DOCUMENT]


# -- addresses ---------------------------------------------------------------------------------------------------------

INSIDE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "[::1]",
    "[::]",
    "[fe80::1]",
    "[fd00::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "2130706433",
    "0x7f.1",
]


@dataclass
class Outside:
    """A `Remote`: pages elsewhere from the table, everything else really, over the network."""

    world: World
    real: RemoteClient

    def fetch(self, url: str, **options: Any) -> Fetched:
        remote: Remote = self.world.internet if url in self.world.internet.pages else self.real
        return remote.fetch(url, **options)


def look_up(host: str, _port: int) -> Sequence[str]:
    """Every name is that of the machine itself, and numbers in odd spellings are what a resolver makes of them."""
    odd = {"2130706433": "127.0.0.1", "0x7f.1": "127.0.0.1"}
    return [odd.get(host, "127.0.0.1")]


@contextmanager
def listening() -> Iterator[tuple[int, list[Any]]]:
    """A port of the machine, and who connected to it."""
    came: list[Any] = []
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:

        def take() -> None:
            with suppress(OSError):
                while True:
                    came.append(listener.accept()[1])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield listener.getsockname()[1], came
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.mark.parametrize("host", [*INSIDE, "localhost", "inside.example"])
@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("place", ["issuer", "keys", "WebID"])
def test_nothing_inside_is_contacted(world, host, scheme, place):
    with listening() as (port, came):
        url = f"{scheme}://{host}:{port}/"
        if place == "issuer":
            token = foreign_token(url)
        elif place == "keys":
            world.internet.pages[METADATA] = {"issuer": ELSEWHERE, "jwks_uri": url}
            token = foreign_token()
        else:
            token = foreign_token(web_id=f"{url}#me")
        remote = Outside(world, RemoteClient(dev=False, look_up=look_up))
        authenticator = with_remote(world, remote, remote_seconds_max=LONG_SECONDS)
        started = time.monotonic()
        refused = assert_refused(authenticator, token)
    assert came == []
    assert time.monotonic() - started < LONG_SECONDS / 2
    assert "address" not in refused.detail


PRIVATE = ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/", "http://[fe80::1]/", "file:///etc/passwd", "gopher://localhost/"]  # fmt: skip


@pytest.mark.parametrize("location", PRIVATE)
@pytest.mark.parametrize("place", ["issuer", "keys", "WebID"])
def test_no_redirect_leads_inside(world, location, place):
    """Over sockets on loopback, which `dev` allows; what they redirect to is forbidden with `dev` too."""
    real = RemoteClient(dev=True, look_up=look_up)
    with serving(answering(redirect(location))) as port:
        url = f"http://localhost:{port}/"
        world.internet.pages |= {METADATA: {"issuer": ELSEWHERE, "jwks_uri": url}} if place == "keys" else {}
        token = foreign_token(url if place == "issuer" else ELSEWHERE, f"{url}#me" if place == "WebID" else BOB)
        started = time.monotonic()
        authenticator = with_remote(world, Outside(world, real), dev=True, remote_seconds_max=LONG_SECONDS)
        assert_refused(authenticator, token)
    assert time.monotonic() - started < LONG_SECONDS / 2


def test_a_name_that_changes_its_address_does_not_lead_inside(world):
    """The first look-up of the issuer is fine, the next leads into the network: each is judged by itself."""
    addresses = iter(["127.0.0.1", "169.254.169.254", "169.254.169.254"])
    looked_up: list[str] = []

    def rebinding(host: str, _port: int) -> Sequence[str]:
        looked_up.append(host)
        return [next(addresses)]

    def answer(connection: socket.socket, _request: bytes) -> None:
        issuer = f"http://rebinding.example:{connection.getsockname()[1]}/"
        document = {"issuer": issuer, "jwks_uri": f"{issuer}keys", "keys": [jwk()]}
        connection.sendall(ok(json.dumps(document).encode(), "application/json"))

    with serving(answer) as port:
        remote = RemoteClient(dev=True, look_up=rebinding)
        authenticator = with_remote(world, remote, dev=True, remote_seconds_max=LONG_SECONDS)
        started = time.monotonic()
        assert_refused(authenticator, foreign_token(f"http://rebinding.example:{port}/"))
    assert looked_up == ["rebinding.example"] * 2
    assert time.monotonic() - started < LONG_SECONDS / 2


# -- answers over sockets ----------------------------------------------------------------------------------------------


def chunks_for_ever(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/turtle\r\nTransfer-Encoding: chunked\r\n\r\n")
    with suppress(OSError):
        while True:
            connection.sendall(b"1000\r\n" + b"# " + b"x" * 4094 + b"\r\n")


def drips(connection: socket.socket, _request: bytes) -> None:
    with suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\nContent-Type: " + b"x" * 10_000:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)


def silent(connection: socket.socket, _request: bytes) -> None:
    with suppress(OSError):
        connection.recv(1)


BAD_ANSWERS: dict[str, Callable[[socket.socket, bytes], None]] = {
    "endless": chunks_for_ever,
    "dripping": drips,
    "silent": silent,
    "announced as huge": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}"),
    "cut off": answering(
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"keys": []}'
    ),
    "redirecting for ever": answering(redirect("/again")),
    "a page": answering(ok(b"<html><body>Welcome</body></html>", "text/html")),
    "an image": answering(ok(b"\x89PNG\r\n\x1a\n" * 100, "image/png")),
    "nested": answering(ok(b'{"a":' * 50_000, "application/json")),
    "Turtle nested": answering(ok(b"<#a> <#b> " + b"(" * 100_000, "text/turtle")),
    "no HTTP": answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "nothing": answering(b""),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
@pytest.mark.parametrize("place", ["issuer", "WebID"])
def test_a_bad_answer_is_a_refusal_in_time(world, answer, place):
    with serving(answer) as port:
        url = f"http://localhost:{port}/"
        remote = Outside(world, RemoteClient(dev=True, look_up=look_up))
        authenticator = with_remote(world, remote, dev=True, remote_seconds_max=1, remote_bytes_max=200_000)
        token = foreign_token(url) if place == "issuer" else foreign_token(web_id=f"{url}#me")
        started = time.monotonic()
        assert_refused(authenticator, token)
    assert time.monotonic() - started < LONG_SECONDS / 2
