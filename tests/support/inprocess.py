"""The whole web application without a socket, and what one request makes it do.

Store, keys, token and proofs are real, and the application is called as the web server calls it. Nothing of the product
is patched: statements and syncs are seen by the openings of `open_store`, parses and signatures by Python's profiler.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from pod.app import create_app
from pod.config import Config
from pod.http.asgi import make_environ
from pod.identity.seed import apply_seed
from pod.rdf import formats, n3patch, sparql_update
from pod.services import open_services
from pod.store.sqlite import open_store
from tests.support.client import ProofKey
from tests.support.counting import Counts
from tests.support.proofs import NOW
from tests.support.stores import StillClock

BASE = "http://localhost:3000/"
PARSERS = {parse.__code__ for parse in (formats.parse, formats.validate, n3patch.parse, sparql_update.parse)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Work:
    """What one request made the server do. `syncs` are of files, `reads` are of the content that came with it."""

    statements: int = 0
    commits: int = 0
    rollbacks: int = 0
    syncs: int = 0
    parses: int = 0
    signatures: int = 0
    reads: int = 0


class Content(io.BytesIO):
    """The content of a request; it counts how often it was read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


class CPUWork:
    """Counts parses at the border of pod.rdf, and verifications where they leave for the cryptography library."""

    def __init__(self) -> None:
        self.parses = self.signatures = 0

    def __call__(self, frame: Any, event: str, called: Any) -> None:
        if event == "call":
            self.parses += frame.f_code in PARSERS
        elif event == "c_call" and called.__name__ == "verify":
            self.signatures += type(called.__self__).__module__.startswith("cryptography")


@contextmanager
def cpu_work() -> Iterator[CPUWork]:
    work = CPUWork()
    sys.setprofile(work)
    try:
        yield work
    finally:
        sys.setprofile(None)


@dataclass
class Login:
    """An access token and the key it is bound to."""

    key: ProofKey
    token: str

    def headers(self, method: str, url: str) -> dict[str, str]:
        """Good for one request."""
        return {"Authorization": f"DPoP {self.token}", "DPoP": self.key.proof(method, url, iat=NOW)}


@dataclass
class LocalServer:
    """One web process with the accounts alice and bob, whose clock stands still."""

    data: Path
    counts: Counts = field(default_factory=Counts)
    logins: dict[str, Login] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chosen = {"dev": True, **self.settings}
        config, clock = Config(data=self.data, base_url=BASE, **chosen), StillClock(NOW)
        store = open_store(config, clock, on_connect=self.counts.on_connect, sync=self.counts.sync)
        self.services = open_services(config, clock, store)
        self.application = create_app(config, self.services).wsgi_app
        for name in ("alice", "bob"):
            self.add_client(name, f"{name}-client")
            self.logins[name] = self.logins.pop(f"{name}-client")

    def add_client(self, account: str, client: str) -> None:
        """More client credentials of an account; requests are made `by` them too."""
        clients = [{"id": client, "secret": "secret"}]
        apply_seed(self.services, {"accounts": [{"name": account, "clients": clients}]})
        self.logins[client] = self._signed_in(client, "secret")

    def close(self) -> None:
        self.services.close()

    def environ(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes | None, by: str | None
    ) -> dict[str, Any]:
        """A request as the web server hands it over, signed by one of the accounts."""
        signed = self.logins[by].headers(method, BASE + path[1:]) if by else {}
        length = {} if content is None else {"Content-Length": str(len(content))}
        sent = {"Host": urlsplit(BASE).netloc, **signed, **length, **headers}
        environ = make_environ(
            {
                "method": method,
                "raw_path": path.encode(),
                "query_string": b"",
                "http_version": "1.1",
                "scheme": "http",
                "server": ("127.0.0.1", "3000"),
                "client": ("127.0.0.9", "5000"),
                "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            }
        )
        environ["wsgi.input"] = Content(content or b"")
        return environ

    def call(self, environ: dict[str, Any]) -> Answer:
        told: list[Any] = []
        result = self.application(environ, lambda *head: told.extend(head))
        body = b"".join(result)
        if hasattr(result, "close"):
            result.close()
        return Answer(int(told[0][:3]), {name.lower(): value for name, value in told[1]}, body)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = {},
        content: bytes | None = None,
        *,
        by: str | None = "alice",
    ) -> Answer:
        return self.call(self.environ(method, path, headers, content, by))

    def measured(self, environ: dict[str, Any]) -> tuple[Answer, Work]:
        """The answer to a request and the work it was, without what a process asks for once in moments."""
        self.services.moderation.lists()
        self.counts.reset()
        with cpu_work() as cpu:
            answer = self.call(environ)
        counts = self.counts
        return answer, Work(
            statements=len(counts.statements),
            commits=counts.transactions,
            rollbacks=counts.rollbacks,
            syncs=counts.syncs,
            parses=cpu.parses,
            signatures=cpu.signatures,
            reads=environ["wsgi.input"].reads,
        )

    def _signed_in(self, client: str, secret: str) -> Login:
        key, endpoint = ProofKey(), f"{BASE}.oidc/token"
        form = urlencode({"grant_type": "client_credentials", "scope": "webid", "client_id": client})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "DPoP": key.proof("POST", endpoint, iat=NOW),
        }
        content = f"{form}&client_secret={secret}".encode()
        answer = self.request("POST", urlsplit(endpoint).path, headers, content, by=None)
        assert answer.status == 200, answer.body
        return Login(key, json.loads(answer.body)["access_token"])
