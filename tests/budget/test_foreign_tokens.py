"""A request with a token of another issuer costs what one of our own costs, once both are known: nobody else is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from pod.app import create_app
from pod.authentication.authenticate import Authenticator
from pod.remote.client import Fetched, Limits
from tests.support.client import TURTLE, ProofKey, acl, authorization
from tests.support.inprocess import BASE, LocalServer, Login, Work
from tests.support.proofs import NOW

ISSUER = "http://elsewhere.example/"
BOB = "http://elsewhere.example/bob#me"
ALICE = f"{BASE}alice/profile/card#me"


@dataclass
class Elsewhere:
    """A `Remote` that knows one issuer, whose profile of bob names it."""

    key: ProofKey = field(default_factory=ProofKey)
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        self.asked.append(url)
        if url.endswith("/bob"):
            profile = f"<{BOB}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{ISSUER}>."
            return Fetched(url, 200, "text/turtle", profile.encode())
        document = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}keys", "keys": [self.key.jwk | {"kid": "k"}]}
        return Fetched(url, 200, "application/json", json.dumps(document).encode())

    def login(self) -> Login:
        key = ProofKey()
        said = {"iss": ISSUER, "aud": "solid", "webid": BOB, "client_id": "app", "cnf": {"jkt": key.thumbprint}}
        header = {"typ": "at+jwt", "alg": "ES256", "kid": "k"}
        return Login(key, self.key.sign(header, said | {"iat": NOW, "exp": NOW + 3600}))


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def local(tmp_path, elsewhere) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path)
    made = server.services
    authenticator = Authenticator.for_server(made.config, made.keys, made.clock, elsewhere, made.public_documents)
    made.authenticator.close()
    server.services = replace(made, authenticator=authenticator)
    server.application = create_app(made.config, server.services).wsgi_app
    server.logins["elsewhere"] = elsewhere.login()
    yield server
    server.close()


def test_a_warm_request_of_a_foreign_token_costs_one_statement_and_one_signature(local, elsewhere):
    document = f"{BASE}alice/doc"
    rules = [authorization(document, "Read Write Control", agents=(each,)) for each in (ALICE, BOB)]
    assert local.request("PUT", "/alice/doc", TURTLE, b"<#a> <#b> <#c>.").status == 201
    assert local.request("PUT", "/alice/doc.acl", TURTLE, acl(*rules).encode()).status == 201
    assert local.request("GET", "/alice/doc", by="elsewhere").status == 200
    asked = len(elsewhere.asked)
    answer, work = local.measured(local.environ("GET", "/alice/doc", {}, None, "elsewhere"))
    assert (answer.status, work) == (200, Work(statements=1, signatures=1))
    assert len(elsewhere.asked) == asked == 3


def test_after_a_minute_the_token_is_verified_again_and_still_nobody_is_asked(local, elsewhere):
    path = "/alice/profile/card"
    assert local.request("GET", path, by="elsewhere").status == 200
    local.services.clock.time += 61
    asked = len(elsewhere.asked)
    login = local.logins["elsewhere"]
    proof = login.key.proof("GET", BASE + path[1:], iat=NOW + 61)
    environ = local.environ("GET", path, {"Authorization": f"DPoP {login.token}", "DPoP": proof}, None, None)
    answer, work = local.measured(environ)
    assert (answer.status, work) == (200, Work(statements=1, signatures=2))
    assert len(elsewhere.asked) == asked == 3
