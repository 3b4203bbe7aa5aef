"""An app that people sign in to, in the process of the server it talks to: requests, consents, codes and tokens.

What people do on pages is done by calling what the pages call; what the app does itself goes over (socketless) HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pod.identity.authorization import Redirect
from pod.identity.ceilings import ALL_FOR_GOOD, Terms
from pod.identity.identity import Identity, open_identity
from pod.identity.sessions import Session, start_session
from tests.support.client import ProofKey
from tests.support.inprocess import Answer

CALLBACK = "https://app.example/callback"
FORM = "application/x-www-form-urlencoded"
TOKEN = "/.oidc/token"
SCOPE = "openid webid offline_access"


def challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query(location: str) -> dict[str, str]:
    """The parameters of a redirect, each there once."""
    pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), location
    return dict(pairs)


def claims(token: str) -> dict[str, Any]:
    """What a token says; nobody looks at its signature."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@dataclass
class Provider:
    """The provider of a server, and its people. `server` is a LocalServer, or whatever has its `services` and `request`."""

    server: Any
    identity: Identity = field(init=False)

    def __post_init__(self) -> None:
        self.identity = open_identity(self.server.services)

    @property
    def services(self):
        return self.server.services

    @property
    def base(self) -> str:
        return self.services.placement.base_url

    @property
    def clock(self):
        return self.server.services.clock

    def sign_in(self, name: str = "alice") -> Session:
        account = self.services.accounts.by_name(name)
        return start_session(self.services, account, "a browser")[0]

    def app(self, **metadata: Any) -> App:
        """A newly registered app; public, unless `token_endpoint_auth_method` says otherwise."""
        usual = {
            "client_name": "Notes",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        registered = self.identity.clients.register({**usual, **metadata}, "127.0.0.1")
        return App(self, registered["client_id"], registered.get("client_secret"))

    def post(self, path: str, form: Any, headers: Mapping[str, str] = {}) -> Answer:
        content = (form if isinstance(form, str) else urlencode(form)).encode()
        return self.server.request("POST", path, {"Content-Type": FORM, **headers}, content, by=None)

    def web_id(self, name: str = "alice") -> str:
        return f"{self.base}{name}/profile/card#me"


@dataclass
class App:
    """One app, with one key and one PKCE verifier."""

    provider: Provider
    id: str
    secret: str | None = None
    key: ProofKey = field(default_factory=ProofKey)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    redirect_uri: str = CALLBACK

    def question(self, **changes: str | None) -> list[tuple[str, str]]:
        """The parameters of an authorization request; None leaves one out."""
        usual = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": challenge(self.verifier),
            "code_challenge_method": "S256",
        }
        return [(name, value) for name, value in (usual | changes).items() if value is not None]

    def begin(self, **changes: str | None):
        return self.provider.identity.authorization.begin(self.question(**changes))

    def decide(self, session: Session | None, **changes: str | None):
        return self.provider.identity.authorization.decide(self.begin(**changes), session)

    def code(self, session: Session, *, terms: Terms = ALL_FOR_GOOD, **changes: str | None) -> str:
        """Somebody lets the app in."""
        authorization, pending = self.provider.identity.authorization, self.begin(**changes)
        decision = authorization.decide(pending, session)
        if isinstance(decision, Redirect):
            return query(decision.location)["code"]
        return query(authorization.allow(pending, session, decision.question.web_ids[0], terms))["code"]

    def authentication(self) -> dict[str, str]:
        secret = {} if self.secret is None else {"client_secret": self.secret}
        return {"client_id": self.id, **secret}

    def proof(self, url: str | None = None, method: str = "POST", **changes: Any) -> str:
        return self.key.proof(
            method, url or f"{self.provider.base}.oidc/token", iat=int(self.provider.clock.now()), **changes
        )

    def ask(self, *, key: ProofKey | None = None, proof: str | None = "", **form: str | None) -> Answer:
        """A request to the token endpoint; a proof of its own, unless one is given (None: without)."""
        sent = {name: value for name, value in (self.authentication() | form).items() if value is not None}
        signer = App(self.provider, self.id, key=key or self.key)
        proof = signer.proof() if proof == "" else proof
        return self.provider.post(TOKEN, sent, {} if proof is None else {"DPoP": proof})

    def redeem(self, code: str, /, **changes: Any) -> Answer:
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.ask(**(usual | changes))

    def refresh(self, token: str, /, **changes: Any) -> Answer:
        return self.ask(**({"grant_type": "refresh_token", "refresh_token": token} | changes))

    def signed_in(
        self, session: Session | None = None, *, terms: Terms = ALL_FOR_GOOD, **changes: str | None
    ) -> dict[str, Any]:
        """What the token endpoint gives after a whole sign-in."""
        answer = self.redeem(self.code(session or self.provider.sign_in(), terms=terms, **changes))
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def read(self, token: str, path: str = "/alice/profile/") -> int:
        """The status of a read in alice's pod."""
        headers = {"Authorization": f"DPoP {token}", "DPoP": self.proof(self.provider.base + path[1:], "GET")}
        return self.provider.server.request("GET", path, headers, by=None).status


def error_of(answer: Answer) -> tuple[int, str]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status, json.loads(answer.body)["error"]
