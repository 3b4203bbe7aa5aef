"""The cookies: the session of who is signed in, before that one that only binds forms, one by which a browser is known
again that somebody signed in with, one for the language somebody chose, one for how they like to see files, and for
each link that somebody opened, that they did.

Under https all but the last have the prefix `__Host-`, so that no sibling host can set them; that of a link belongs to
its path, and has `__Secure-`. Cookies ignore ports, so under http the names carry the port.

Spec: RFC 6265bis s4.1.3.2, s8.8.2
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

SECRET_CHARACTERS_MAX = 128
BROWSER_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """What they are called on one server. A value that no cookie of ours can have counts as none."""

    session: str
    form: str
    link: str
    browser: str
    language: str
    files: str
    secure: bool

    @classmethod
    def of(cls, base_url: str) -> Cookies:
        parts = urlsplit(base_url)
        kinds = ("", "-form", "-link", "-browser", "-language", "-files")
        if parts.scheme == "https":
            session, form, _, browser, language, files = (f"__Host-freehold{kind}" for kind in kinds)
            return cls(session, form, "__Secure-freehold-link", browser, language, files, secure=True)
        session, form, link, browser, language, files = (f"freehold{kind}-{parts.port or 80}" for kind in kinds)
        return cls(session, form, link, browser, language, files, secure=False)

    def session_secret(self, request: Request) -> str | None:
        return _plausible(request.cookies.get(self.session))

    def form_secret(self, request: Request) -> str | None:
        return _plausible(request.cookies.get(self.form))

    def link_secret(self, request: Request) -> str | None:
        return _plausible(request.cookies.get(self.link))

    def browser_secret(self, request: Request) -> str | None:
        return _plausible(request.cookies.get(self.browser))

    def chosen_language(self, request: Request) -> str | None:
        return _plausible(request.cookies.get(self.language))

    def chosen_files(self, request: Request) -> str | None:
        return _plausible(request.cookies.get(self.files))

    def set_files(self, response: Response, taste: str) -> None:
        self._set(response, self.files, taste, BROWSER_SECONDS)

    def set_language(self, response: Response, language: str) -> None:
        self._set(response, self.language, language, BROWSER_SECONDS)

    def set_browser(self, response: Response, secret: str) -> None:
        self._set(response, self.browser, secret, BROWSER_SECONDS)

    def set_session(self, response: Response, secret: str, seconds: int) -> None:
        self._set(response, self.session, secret, seconds)

    def set_form(self, response: Response, secret: str) -> None:
        self._set(response, self.form, secret, None)

    def set_link(self, response: Response, secret: str, seconds: int, path: str) -> None:
        """`path` is that of the link: the browser sends it nowhere else."""
        self._set(response, self.link, secret, seconds, path)

    def clear_session(self, response: Response) -> None:
        self._set(response, self.session, "", 0)

    def _set(self, response: Response, name: str, value: str, seconds: int | None, path: str = "/") -> None:
        response.set_cookie(
            name, value, max_age=seconds, path=path, secure=self.secure, httponly=True, samesite="Lax", domain=None
        )


def _plausible(secret: str | None) -> str | None:
    return secret if secret and secret.isascii() and len(secret) <= SECRET_CHARACTERS_MAX else None
