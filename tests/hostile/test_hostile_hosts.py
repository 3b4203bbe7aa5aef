"""Documents of other servers that never end, drip, are huge, unpack to more, or lead inside: fetched by a real server, through
its guarded client, from a real host that means harm. Whoever named them is refused in time; nobody else notices.

Spec: WAC #acl-agentgroup; Solid-OIDC #oidc-issuer-discovery, #clientids-document; JSON-LD 1.1 API s9.4
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.client import TURTLE, ProofKey, SolidClient, acl, authorization
from tests.support.fixtures import signed_in
from tests.support.processes import tree
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.together import together
from tests.unit.remote.servers import ok, redirect, serving

pytestmark = pytest.mark.e2e

SECONDS_MAX = 20.0
"""For what takes a second on a quiet machine, and would take for ever without a bound."""
MEMORY_KIB_MAX = 150 * 1024
JSON_LD = {"Content-Type": "application/ld+json"}
FILLING = b"# " + b"x" * 65_000 + b"\n"


@dataclass
class Host:
    """What it answers depends on the path: what is in `pages`, or `/<kind>/...`."""

    key: ProofKey = field(default_factory=ProofKey)
    port: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    pages: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def answer(self, connection: Any, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        self.asked.append(path)
        kind = path.split("/")[1]
        with suppress(OSError):
            if path.endswith("openid-configuration"):
                issuer = f"{self.origin}/{kind}/"
                keys = f"{self.origin}/keys" if kind == "good" else f"{issuer}keys"
                connection.sendall(ok(json.dumps({"issuer": issuer, "jwks_uri": keys}).encode(), "application/json"))
            elif path == "/keys":
                jwk = {**self.key.jwk, "kid": "one", "alg": "ES256"}
                connection.sendall(ok(json.dumps({"keys": [jwk]}).encode(), "application/json"))
            elif path in self.pages:
                connection.sendall(ok(*self.pages[path]))
            else:
                ANSWERS[kind](self, connection)

    def send(self, kind: str, connection: Any, part: bytes) -> None:
        connection.sendall(part)
        self.sent[kind] = self.sent.get(kind, 0) + len(part)


def _head(media_type: str = "text/turtle", *fields: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", f"Content-Type: {media_type}", *fields, "", "")).encode()


def _huge(host: Host, connection: Any) -> None:
    connection.sendall(_head("text/turtle", "Content-Length: 209715200"))
    for _ in range(209_715_200 // len(FILLING)):
        host.send("huge", connection, FILLING)


def _endless(host: Host, connection: Any) -> None:
    connection.sendall(_head("text/turtle", "Transfer-Encoding: chunked"))
    while not host.over.is_set():
        host.send("endless", connection, b"%x\r\n%s\r\n" % (len(FILLING), FILLING))


def _slow(host: Host, connection: Any) -> None:
    connection.sendall(_head())
    while not host.over.wait(0.1):
        host.send("slow", connection, b"#")


def _silent(host: Host, connection: Any) -> None:
    connection.settimeout(60)
    connection.recv(1)


def _packed(host: Host, connection: Any) -> None:
    content = gzip.compress(gzip.compress(FILLING * 3_000))
    connection.sendall(ok(content, "text/turtle", "Content-Encoding: gzip, gzip"))


def _leading(location: str) -> Callable[[Host, Any], None]:
    return lambda _host, connection: connection.sendall(redirect(location))


ANSWERS: dict[str, Callable[[Host, Any], None]] = {
    "huge": _huge,
    "endless": _endless,
    "slow": _slow,
    "silent": _silent,
    "packed": _packed,
    "inside": _leading("http://10.0.0.1/"),
    "metadata": _leading("http://169.254.169.254/latest/meta-data/"),
    "mapped": _leading("http://[::ffff:192.168.0.1]/"),
    "file": _leading("file:///etc/passwd"),
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    made = Host()
    with serving(made.answer) as port:
        made.port = port
        yield made
        made.over.set()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Shadows the fixture of all other tests."""
    settings = {"FREEHOLD_REMOTE_SECONDS_MAX": "1", "FREEHOLD_THREADS": "16"}
    with running_server((ALICE, BOB), environment=settings) as running:
        yield running


@pytest.fixture(scope="module")
def alice(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


@pytest.fixture(scope="module")
def bob(server: Server) -> SolidClient:
    return signed_in(server, BOB)


def foreign(server: Server, host: Host, issuer: str, web_id: str) -> requests.Response:
    """A request for a public document with a token of that issuer, as that WebID."""
    now, url = int(time.time()), server.url("bob/profile/card")
    claims = {"iss": issuer, "webid": web_id, "sub": web_id, "aud": "solid", "azp": "app", "iat": now, "exp": now + 300}
    claims["cnf"] = {"jkt": host.key.thumbprint}
    token = host.key.sign({"alg": "ES256", "typ": "JWT", "kid": "one"}, claims)
    headers = {"Authorization": f"DPoP {token}", "DPoP": host.key.proof("GET", url)}
    return requests.get(url, headers=headers, timeout=60)


def memory_kib(server: Server) -> int:
    assert server.pid is not None
    total = 0
    for pid in tree(server.pid):
        with suppress(OSError), Path(f"/proc/{pid}/smaps_rollup").open(encoding="ascii") as rollup:
            total += int(next(line for line in rollup if line.startswith("Pss:")).split()[1])
    return total


# -- one at a time -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """Somebody names a document at the host; what they get to see."""

    server: Server
    host: Host
    alice: SolidClient
    bob: SolidClient
    kind: str

    @property
    def document(self) -> str:
        return f"{self.host.origin}/{self.kind}/document"

    def group(self) -> int:
        url = f"{self.alice.pod}for-group-{self.kind}"
        if self.alice.head(url).status_code == 404:
            self.alice.put_turtle(url, "<#a> <#b> <#c> .")
            hers = authorization(url, "Read Write Control", agents=(self.alice.web_id,))
            self.alice.put_acl(url, hers, authorization(url, "Read", groups=(f"{self.document}#g",)))
        assert self.alice.get(url).status_code == 200, "the owner waits for nobody"
        return self.bob.get(url).status_code

    def context(self) -> int:
        content = json.dumps({"@context": [f"{self.document}-1", f"{self.document}-2"], "@id": "#a"})
        return self.alice.put(f"{self.alice.pod}context", content, headers=JSON_LD).status_code

    def issuer(self) -> int:
        issuer = f"{self.host.origin}/{self.kind}/"
        return foreign(self.server, self.host, issuer, f"{self.host.origin}/good/card#me").status_code

    def web_id(self) -> int:
        return foreign(self.server, self.host, f"{self.host.origin}/good/", f"{self.document}#me").status_code

    def client(self) -> int:
        asked = {"client_id": self.document, "redirect_uri": self.host.origin, "response_type": "code"}
        url = self.server.url(".oidc/authorize")
        return requests.get(url, params=asked, timeout=60, allow_redirects=False).status_code


def test_good_documents_of_the_same_host_are_taken(server, host, alice, bob):
    """The control: nothing but what is bad about the others has them refused."""
    named = Named(server, host, alice, bob, "good")
    context = b'{"@context": {"name": "http://xmlns.com/foaf/0.1/name"}}', "application/ld+json"
    turtle = f"""<#g> <http://www.w3.org/2006/vcard/ns#hasMember> <{bob.web_id}> .
        <#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{host.origin}/good/> ."""
    host.pages |= {"/good/document": (turtle.encode(), "text/turtle")}
    host.pages |= {"/good/document-1": context, "/good/document-2": context, "/good/card": (b"", "text/turtle")}
    assert (named.group(), named.context(), named.web_id(), named.issuer()) == (200, 201, 200, 401)


PLACES = {Named.group: {403}, Named.context: {422}, Named.issuer: {401}, Named.web_id: {401}, Named.client: {400}}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("kind", ANSWERS)
def test_who_names_a_bad_document_is_refused_in_time(server, host, alice, bob, place, kind):
    host.sent.clear()
    before, started = memory_kib(server), time.monotonic()
    assert place(Named(server, host, alice, bob, kind)) in PLACES[place]
    assert time.monotonic() - started < SECONDS_MAX
    assert f"/{kind}/" in "".join(host.asked)
    assert memory_kib(server) - before < MEMORY_KIB_MAX
    assert host.sent.get(kind, 0) < 16 * 1024 * 1024, "what was on its way when the server hung up"


# -- many at once --------------------------------------------------------------------------------------------------------------


def test_slow_groups_hold_up_nobody_else(server, host, alice, bob):
    """More requests for alice's slow groups than there are threads: her own, public ones and bob's groups are answered."""
    folder, quick = f"{alice.pod}slow/", f"{bob.pod}quick"
    alice.put_container(folder)
    hers = authorization(folder, "Read Write Control", agents=(alice.web_id,), default=True)
    alice.put_acl(folder, hers)
    for number in range(20):
        url = f"{folder}{number}"
        alice.put_turtle(url, "<#a> <#b> <#c> .")
        groups = tuple(f"{host.origin}/silent/{number}-{each}#g" for each in range(60))
        alice.put_acl(
            url, authorization(url, "Read", groups=groups), authorization(url, "Read", agents=(alice.web_id,))
        )
    bob.put_turtle(f"{bob.pod}members", f"<#g> <http://www.w3.org/2006/vcard/ns#hasMember> <{alice.web_id}> .")
    bob.put_turtle(quick, "<#a> <#b> <#c> .")
    rule = acl(authorization(quick, "Read", groups=(f"{bob.pod}members#g",)))
    assert bob.put(quick + ".acl", rule, headers=TURTLE).status_code == 201
    answered: list[float] = []

    def ask(number: int) -> int:
        status = signed_in(server, BOB).get(f"{folder}{number}").status_code
        answered.append(time.monotonic())
        return status

    statuses: list[int] = []
    flood = threading.Thread(target=lambda: statuses.extend(together(20, ask)))
    flood.start()
    while flood.is_alive():
        started = time.monotonic()
        assert alice.get(f"{folder}0").status_code == 200
        assert alice.get(quick).status_code == 200
        assert requests.get(server.url("bob/profile/card"), timeout=60).status_code == 200
        assert time.monotonic() - started < SECONDS_MAX
    flood.join(SECONDS_MAX)
    assert statuses == [403] * 20
