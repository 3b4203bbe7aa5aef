"""Who a request speaks for: agent, client and issuer, each an IRI, and what can take that away again.

Made only by authentication; authorization reads it. Nobody at all is `PUBLIC`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proof:
    """What identifies one DPoP proof, so that it can be refused a second time."""

    jkt: str
    jti: str
    expires: float


@dataclass(frozen=True, slots=True)
class Credentials:
    """The verified identity behind a request.

    `grant` is the id of the grant a token of our own provider was issued under; the store tells with every
    read whether it still stands. It is None for anonymous requests and for tokens of foreign issuers.
    """

    agent: str | None = None
    client: str | None = None
    issuer: str | None = None
    grant: str | None = None
    origin: str | None = None
    """The request's `Origin` header: a claim of the browser, so it may only narrow what rules give."""

    @property
    def authenticated(self) -> bool:
        return self.agent is not None

    @property
    def has_account(self) -> bool:
        """Whether an account of this server answers for the request. Strangers get less of what everyone shares."""
        return self.grant is not None


PUBLIC = Credentials()
