"""The request of an app that waits while somebody signs in or up: a signed text in the pages, never a place to go to.

Spec: OpenID Connect Core s3.1.2.1; RFC 6749 s10.15
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from pod.identity.authorization import Authorization
from pod.identity.requests import PendingRequest

AUTHORIZE = "/.oidc/authorize"


class Waiting:
    """Reads requests that wait. An empty text is none."""

    def __init__(self, authorization: Authorization, address: Callable[[], str]) -> None:
        """`address` is where whoever asks now comes from."""
        self._authorization = authorization
        self._address = address

    def read(self, sealed: str) -> PendingRequest | None:
        """Raises: RefusedAuthorization, UnknownClient, TooManyRequests -- see `Authorization.unseal`."""
        return self._authorization.unseal(sealed, address=self._address()) if sealed else None

    def path(self, sealed: str) -> str:
        """Where the request goes on."""
        return f"{AUTHORIZE}?{urlencode({'pending': sealed})}"

    def targets_at(self, location: str) -> tuple[str, ...]:
        """The same, for a page of ours that may be where a request goes on. Raises: as `read`."""
        parts = urlsplit(location)
        return self.targets(parse_qs(parts.query).get("pending", [""])[0]) if parts.path == AUTHORIZE else ()

    def targets(self, sealed: str) -> tuple[str, ...]:
        """Where a form that carries the request may lead. Raises: as `read`."""
        pending = self.read(sealed)
        return () if pending is None else (pending.redirect_uri,)
