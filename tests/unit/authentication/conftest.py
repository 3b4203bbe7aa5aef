"""A key ring over a real store, with the time held still."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pod.authentication.keys import KeyRing
from pod.config import Config
from pod.store.accounts import Accounts
from pod.store.sqlite import SQLiteStore, open_store
from tests.support.proofs import NOW, key
from tests.support.stores import StillClock

ISSUER = "https://pods.example/"
ALICE = "https://pods.example/alice/profile/card#me"


@dataclass
class World:
    """What one process of a server has; `ring()` is another process on the same data."""

    data: Path
    clock: StillClock = field(default_factory=lambda: StillClock(NOW))
    store: SQLiteStore = field(init=False)
    keys: KeyRing = field(init=False)

    def __post_init__(self) -> None:
        self.config = Config(data=self.data, base_url=ISSUER)
        self.store = open_store(self.config, self.clock)
        self.keys = self.ring()

    def ring(self) -> KeyRing:
        return KeyRing.open(self.config, self.store, Accounts(self.store), self.clock)

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
