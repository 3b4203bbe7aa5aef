"""A key ring over a real store, with the time held still, and an internet of one other issuer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pod.authentication.authenticate import Authenticator
from pod.authentication.keys import KeyRing
from pod.config import Config
from pod.protocol.placement import Placement
from pod.remote.client import Fetched, Limits
from pod.remote.errors import Unreachable
from pod.store.accounts import Accounts
from pod.store.sqlite import SQLiteStore, open_store
from tests.support.proofs import NOW, key, public, signed
from tests.support.stores import StillClock

ISSUER = "https://pods.example/"
ALICE = "https://pods.example/alice/profile/card#me"
ELSEWHERE = "https://elsewhere.example/"
BOB = "https://people.example/bob#me"
BOBS_DOCUMENT = "https://people.example/bob"
METADATA = ELSEWHERE + ".well-known/openid-configuration"
KEYS = ELSEWHERE + "keys"


@dataclass
class Internet:
    """A `Remote` that answers from a table: URL -> content, a whole answer, or an error."""

    pages: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before: Callable[[str], object] = lambda _url: None

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        self.asked.append(url)
        self.before(url)
        page = self.pages.get(url, Unreachable(f"{url} cannot be reached"))
        if isinstance(page, Exception):
            raise page
        if isinstance(page, Fetched):
            return page
        if isinstance(page, str):
            return Fetched(url, 200, "text/turtle", page.encode())
        return Fetched(url, 200, "application/json", json.dumps(page).encode())

    def has_issuer(self, issuer: str, *keys: Any) -> None:
        """Publish an issuer with those JSON Web Keys."""
        self.pages[f"{issuer.removesuffix('/')}/.well-known/openid-configuration"] = {
            "issuer": issuer,
            "jwks_uri": f"{issuer}keys",
        }
        self.pages[f"{issuer}keys"] = {"keys": list(keys)}


@dataclass(frozen=True)
class Page:
    url: str
    content: bytes
    media_type: str = "text/turtle"


@dataclass
class OwnPages:
    """`OwnDocuments` from a table: URL -> Turtle."""

    pages: dict[str, str] = field(default_factory=dict)

    def is_ours(self, iri: str) -> bool:
        return Placement(ISSUER).is_ours(iri)

    def read(self, url: str) -> Page | None:
        return Page(url, self.pages[url].encode()) if url in self.pages else None

    def is_locked(self, web_id: str) -> bool:
        return False


def jwk(kid: object = "one", algorithm: str = "ES256", number: int = 0, **changes: Any) -> dict[str, Any]:
    """A key as another issuer publishes it; `changes` add to or replace members, None removes."""
    usual = public(key(algorithm, number)) | {"kid": kid, "alg": algorithm, "use": "sig"}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def foreign_token(
    issuer: str = ELSEWHERE,
    web_id: str = BOB,
    *,
    kid: str = "one",
    algorithm: str = "ES256",
    number: int = 0,
    **more: Any,
) -> str:
    """A token that another issuer signed; `more` adds to or replaces claims, None removes."""
    usual = {
        "iss": issuer,
        "aud": ["solid", "app"],
        "webid": web_id,
        "azp": "app",
        "cnf": {"jkt": key().thumbprint()},
        "iat": NOW,
        "exp": NOW + 3600,
    }
    said = {name: value for name, value in (usual | more).items() if value is not None}
    return signed({"typ": "JWT", "alg": algorithm, "kid": kid}, said, key(algorithm, number))


def naming(web_id: str, *issuers: str) -> str:
    """A profile in Turtle."""
    return "".join(f"<{web_id}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{each}>.\n" for each in issuers)


@dataclass
class World:
    """What one process of a server has; `ring()` is another process on the same data."""

    data: Path
    clock: StillClock = field(default_factory=lambda: StillClock(NOW))
    internet: Internet = field(default_factory=Internet)
    documents: OwnPages = field(default_factory=OwnPages)
    store: SQLiteStore = field(init=False)
    keys: KeyRing = field(init=False)

    def __post_init__(self) -> None:
        self.config = Config(data=self.data, base_url=ISSUER)
        self.store = open_store(self.config, self.clock)
        self.keys = self.ring()
        self.internet.has_issuer(ELSEWHERE, jwk())
        self.internet.pages[BOBS_DOCUMENT] = naming(BOB, ELSEWHERE)

    def ring(self) -> KeyRing:
        return KeyRing.open(self.config, self.store, Accounts(self.store), self.clock)

    def authenticator(self) -> Authenticator:
        return Authenticator.for_server(self.config, self.keys, self.clock, self.internet, self.documents)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a good access token says; `changes` add to or replace it, None removes."""
        usual = {
            "iss": ISSUER,
            "aud": "solid",
            "webid": ALICE,
            "client_id": "app",
            "grant_id": "grant",
            "cnf": {"jkt": key().thumbprint()},
            "iat": NOW,
            "exp": NOW + 600,
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def token(self, kind: str = "at+jwt", algorithm: str = "ES256", **changes: Any) -> str:
        return self.keys.sign(algorithm, kind, self.claims(**changes))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
