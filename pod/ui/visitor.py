"""Who opened a page, as far as cookies tell, and the token that proves that a form came from one of our pages.

The token is bound to a secret in a cookie: the session's, or before there is one a cookie of its own.

Spec: RFC 6265bis s8.8 (what SameSite leaves open)
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from pod.identity.sessions import Session
from pod.store.accounts import Account


@dataclass(frozen=True, slots=True)
class Visitor:
    """`secret` is that of the cookie which binds forms; `is_new` where the browser has no such cookie yet."""

    session: Session | None
    secret: str = field(repr=False)
    is_new: bool

    @property
    def account(self) -> Account | None:
        return None if self.session is None else self.session.account

    @property
    def unread(self) -> int:
        """Notices."""
        return 0 if self.session is None else self.session.unread

    def form_token(self) -> str:
        return urlsafe_b64encode(hmac.digest(self.secret.encode(), b"form", "sha256")).decode().rstrip("=")

    def sent(self, token: str) -> bool:
        """Whether a form carries this visitor's token."""
        return hmac.compare_digest(self.form_token().encode(), token.encode("utf-8", "replace"))
