"""Two servers: accounts of one are people on the other, as far as WebID documents name the issuer they come from.

Spec: Solid-OIDC #id-token-validation, #oidc-issuer-discovery
"""

from __future__ import annotations

import io
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from pod.authentication.keys import KeyRing
from pod.clock import SystemClock
from pod.config import Config
from pod.protocol.resource import Target
from pod.store.accounts import Accounts
from pod.store.records import SERVER, Kind
from pod.store.sqlite import SQLiteStore, open_store
from tests.support.client import SECONDS_MAX, ProofKey, SolidClient, authorization
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, Server, account, running_server
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

CAROL = account("carol")
NAMES = "http://www.w3.org/ns/solid/terms#oidcIssuer"
THREADS = 4
WAITING = 4 * THREADS


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((ALICE,), directory=tmp_path_factory.mktemp("here")) as running:
        yield running


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((BOB, CAROL), directory=tmp_path_factory.mktemp("there")) as running:
        yield running


@pytest.fixture(scope="module")
def alice(here: Server) -> SolidClient:
    return signed_in(here, ALICE)


@dataclass
class Visitor:
    """Somebody with an account of another server; sends requests here with the tokens from there."""

    key: ProofKey
    token: str

    @classmethod
    def of(cls, there: Server, who: Any = BOB) -> Visitor:
        login = signed_in(there, who).login
        return cls(login.key, login.token())

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.request("GET", url, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"DPoP {self.token}", "DPoP": self.key.proof(method, url)}
        headers |= options.pop("headers", {})
        return requests.request(method, url, headers=headers, timeout=SECONDS_MAX, **options)


@contextmanager
def opened(server: Server) -> Iterator[tuple[SQLiteStore, Config]]:
    """The store of a server that runs, as its command line opens it."""
    config = Config(data=server.data, base_url=server.base_url, dev=True)
    store = open_store(config, SystemClock())
    try:
        yield store, config
    finally:
        store.close()


@contextmanager
def key_ring(server: Server) -> Iterator[KeyRing]:
    with opened(server) as (store, config):
        yield KeyRing.open(config, store, Accounts(store), SystemClock())


def claiming(there: Server, web_id: str, **claims: Any) -> Visitor:
    """A visitor with a token that the other server did sign, for whatever WebID."""
    key, now = ProofKey(), int(time.time())
    said = {
        "iss": there.base_url,
        "aud": ["solid"],
        "webid": web_id,
        "client_id": "app",
        "cnf": {"jkt": key.thumbprint},
    }
    with key_ring(there) as keys:
        return Visitor(key, keys.sign("ES256", "at+jwt", said | {"iat": now, "exp": now + 600} | claims))


def replace_profile(server: Server, name: str, turtle: str) -> None:
    """What only the server itself may do: apps may not change which issuers a profile names."""
    target = Target.parse(f"/{name}/profile/card")
    with opened(server) as (store, _):
        content = store.stage(io.BytesIO(turtle.encode()), "text/turtle", bytes_max=10**6)
        with store.write(SERVER) as tx:
            snapshot = tx.describe(target, wide=True)
            tx.replace(snapshot.state, content, kind=Kind.RDF, acl=snapshot.acls[0])


def shared(alice: SolidClient, *agents: str, modes: str = "Read Write") -> str:
    """A document of alice's that these agents may use."""
    url = f"{alice.pod}d-{uuid.uuid4().hex[:12]}"
    alice.put_turtle(url, "<#a> <#b> <#c> .")
    owner = authorization(url, "Read Write Control", agents=(alice.web_id,))
    alice.put_acl(url, owner, *[authorization(url, modes, agents=agents)] * bool(agents))
    return url


def assert_names_what_to_add(answer: requests.Response, web_id: str, issuer: str) -> None:
    """A clear 401: the code, and a sentence that says how it would work."""
    assert answer.status_code == 401, answer.text
    challenge = answer.headers["WWW-Authenticate"]
    assert 'error="invalid_token"' in challenge
    triple = f"<{web_id}> <{NAMES}> <{issuer}> ."
    assert triple in challenge
    assert triple in answer.json()["detail"]


@pytest.mark.requirement("oidc#id-token-validation/2")
@pytest.mark.requirement("oidc#id-token-validation/3")
def test_an_account_of_another_server_is_admitted_by_an_acl_and_no_other(alice, there):
    url = shared(alice, there.web_id("bob"))
    bob, carol = Visitor.of(there), Visitor.of(there, CAROL)
    assert bob.get(url).status_code == 200
    written = bob.request("PUT", url, data=b"<#bob> <#was> <#here> .", headers={"Content-Type": "text/turtle"})
    assert written.status_code in {200, 204}
    assert carol.get(url).status_code == 403
    assert requests.get(url, timeout=SECONDS_MAX).status_code == 401


@pytest.mark.requirement("oidc#id-token-validation/2")
def test_an_issuer_speaks_for_a_webid_here_only_once_its_document_says_so(alice, here, there):
    url = shared(alice)
    impostor = claiming(there, alice.web_id, grant_id="any")
    assert_names_what_to_add(impostor.get(url), alice.web_id, there.base_url)
    profile = alice.get(alice.web_id.partition("#")[0]).text
    replace_profile(here, "alice", f"{profile}\n<{alice.web_id}> <{NAMES}> <{there.base_url}> .")
    assert impostor.get(url).status_code == 200
    replace_profile(here, "alice", profile)
    assert_names_what_to_add(claiming(there, alice.web_id).get(url), alice.web_id, there.base_url)
    assert alice.get(url).status_code == 200


@pytest.mark.requirement("oidc#id-token-validation/2")
def test_a_profile_on_some_web_server_may_name_the_issuer_or_not(alice, there):
    pages: dict[str, str] = {}
    with web_server(pages) as base:
        dave, erin = f"{base}dave#me", f"{base}erin#me"
        pages |= {
            "/dave": f"<#me> <{NAMES}> <{there.base_url}> .",
            "/erin": f"<#me> <{NAMES}> <{there.base_url.removesuffix('/')}> .",
        }
        url = shared(alice, dave, erin)
        assert claiming(there, dave).get(url).status_code == 200
        assert_names_what_to_add(claiming(there, erin).get(url), erin, there.base_url)


def test_an_id_token_of_another_issuer_is_as_good(alice, there):
    url = shared(alice, there.web_id("bob"))
    visitor = claiming(there, there.web_id("bob"), client_id="", azp="https://app.example/id", aud=["solid", "app"])
    assert visitor.get(url).status_code == 401
    key, now = ProofKey(), int(time.time())
    said = {"iss": there.base_url, "aud": ["solid", "app"], "azp": "app", "webid": there.web_id("bob")}
    with key_ring(there) as keys:
        token = keys.sign("RS256", "JWT", said | {"cnf": {"jkt": key.thumbprint}, "iat": now, "exp": now + 600})
    assert Visitor(key, token).get(url).status_code == 200


@pytest.mark.requirement("oidc#id-token-validation/3")
def test_a_new_key_of_the_other_server_is_followed(alice, there):
    url = shared(alice, there.web_id("bob"))
    assert Visitor.of(there).get(url).status_code == 200
    with key_ring(there) as keys:
        for jwk in keys.key_set()["keys"]:
            keys.retire(jwk["kid"])
        visitor = claiming(there, there.web_id("bob"))
    there.restart()  # or it would take it a minute to read, and publish, what was changed behind its back
    until(lambda: visitor.get(url).status_code == 200, seconds_max=60)


@pytest.mark.requirement("oidc#id-token-validation/3")
def test_what_is_known_of_another_server_counts_while_it_is_down(alice, there):
    url = shared(alice, there.web_id("bob"))
    visitors = [claiming(there, there.web_id("bob"), jti=str(number)) for number in range(3)]
    until(lambda: visitors[0].get(url).status_code == 200, seconds_max=60)  # its keys may have changed just now
    there.stop()
    try:
        assert [visitor.get(url).status_code for visitor in visitors] == [200, 200, 200]
        unknown = claiming(there, there.web_id("nobody"))
        assert unknown.get(url).status_code == 401  # its document was never read
    finally:
        there.start()


# -- servers that behave otherwise -------------------------------------------------------------------------------------


@contextmanager
def web_server(pages: dict[str, str]) -> Iterator[str]:
    """A plain web server on loopback with these pages of Turtle; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", "text/turtle")
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def silent_server() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that takes every connection and never says a word; gives its URL and who came."""
    came: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:

        def take() -> None:
            with suppress(OSError):
                while True:
                    came.append(listener.accept()[0])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/", came
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            for each in came:
                each.close()


def test_more_tokens_of_silent_issuers_than_threads_stop_nobody(tmp_path):
    settings = {"FREEHOLD_THREADS": str(THREADS), "FREEHOLD_REMOTE_SECONDS_MAX": str(SECONDS_MAX)}
    with running_server((ALICE,), directory=tmp_path, environment=settings) as server:
        alice = signed_in(server, ALICE)
        url = shared(alice)
        statuses: list[int] = []

        def come(issuer: str) -> None:
            statuses.append(forged(issuer).get(url).status_code)

        with silent_server() as (silent, came):
            threads = [threading.Thread(target=come, args=(f"{silent}{number % 5}/",)) for number in range(WAITING)]
            for thread in threads:
                thread.start()
            until(lambda: came)
            served = [alice.get(url).status_code for _ in range(10)]
            still_waiting = sum(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join(SECONDS_MAX)
    assert served == [200] * 10
    assert still_waiting, "nobody had to wait while the others were served"
    assert sorted(set(statuses)) == [401, 503]
    assert len(statuses) == WAITING
    assert len(came) <= 5


def forged(issuer: str) -> Visitor:
    """A token of an issuer that nobody has heard of."""
    key, now = ProofKey(), int(time.time())
    said = {"iss": issuer, "aud": "solid", "webid": f"{issuer}#me", "client_id": "app", "cnf": {"jkt": key.thumbprint}}
    token = ProofKey().sign({"typ": "at+jwt", "alg": "ES256", "kid": "k"}, said | {"iat": now, "exp": now + 600})
    return Visitor(key, token)
