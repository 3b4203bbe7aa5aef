"""Somebody with a browser before Freehold's pages, without a socket: the real application, cookies, and forms as sent."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from werkzeug.test import Client, TestResponse

from pod.app import create_app
from pod.config import Config
from pod.http.asgi import FileWrapper
from pod.identity.accounts import create_account, named
from pod.identity.sessions import start_session
from pod.services import Services, open_services
from tests.support.stores import StillClock

BASE = "https://pods.example/"
NOW = 1_800_000_000.0
PASSWORD = "a password of many words"
CALLBACK = "https://app.example/callback"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class Site:
    """A server that people open in browsers."""

    def __init__(self, data: Path, base_url: str = BASE, **settings: Any) -> None:
        self.base_url = base_url
        self.clock = StillClock(NOW)
        config = Config(data=data, base_url=base_url, **settings)
        self.services: Services = open_services(config, self.clock)
        self.app: Flask = create_app(config, self.services)

    def account(self, name: str, **more: Any) -> None:
        create_account(self.services, name, password=PASSWORD, **more)

    def guest(self) -> Guest:
        return Guest(self)

    def signed_in(self, name: str) -> Guest:
        """As after signing in, without the cost of a password."""
        guest = self.guest()
        _, secret = start_session(self.services, named(self.services, name), guest.agent)
        guest.hold(secret)
        return guest

    def app_id(self, **metadata: Any) -> str:
        """The client id of an app that registered itself."""
        document = {
            "redirect_uris": [CALLBACK],
            "client_name": "An App",
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            **metadata,
        }
        answer = self.guest().client.post(
            "/.oidc/register", data=json.dumps(document), content_type="application/json", base_url=self.base_url
        )
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["client_id"])


CHOSEN = {"radio", "checkbox"}
"""Inputs that are sent only if they are checked."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.above = 0
        """How many stand before the page's own content: ways out, in the head of the page."""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "main":
            self.above = len(self.forms)
        if tag == "form":
            self.forms.append((found.get("action") or "", {}))
        if tag == "input" and self.forms and (found.get("type") not in CHOSEN or "checked" in found):
            self.forms[-1][1][found.get("name") or ""] = found.get("value") or ""
        if tag == "select":
            self._select = found.get("name") or ""
        if tag == "option" and self.forms and ("selected" in found or self._select not in self.forms[-1][1]):
            self.forms[-1][1][self._select] = found.get("value") or ""


def forms(html: str) -> list[tuple[str, dict[str, str]]]:
    """Action and fields of each form of a page, those in its head last."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms[parser.above :] + parser.forms[: parser.above]


@dataclass
class Guest:
    """One browser with its cookies."""

    site: Site
    agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.site.app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self._send("GET", path, headers, None)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> TestResponse:
        """As a browser sends a form of one of our pages; `headers` may say something else."""
        sent = {"Origin": self.site.base_url[:-1], "Sec-Fetch-Site": "same-origin", **headers}
        return self._send("POST", path, sent, urlencode(fields))

    def submit(self, page: str, action: str = "", /, **fields: str) -> TestResponse:
        """Open a page, fill in its form with that action (or its first), and send it."""
        found = forms(self.get(page).text)
        where, given = next(each for each in found if not action or each[0] == action)
        return self.post(where, {**given, **fields})

    def sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        return self.submit("/.account/sign-in", name=name, password=password)

    def token(self) -> str:
        """What this browser's forms carry now."""
        page = "/.account/password" if self.cookie(session=True) else "/.account/sign-in"
        return forms(self.get(page).text)[0][1]["csrf"]

    def cookie(self, *, session: bool) -> str | None:
        name = "__Host-freehold" if session else "__Host-freehold-form"
        found = self.client.get_cookie(name, urlsplit(self.site.base_url).hostname or "")
        return found.value if found else None

    def hold(self, secret: str) -> None:
        """Have that session cookie, wherever it is from."""
        host = urlsplit(self.site.base_url).hostname or ""
        self.client.set_cookie("__Host-freehold", secret, domain=host, secure=True)

    def ask(self, client_id: str, **parameters: str) -> TestResponse:
        """Come from an app that wants to sign its person in."""
        query = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid webid offline_access",
            "state": "the state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **parameters,
        }
        return self.get(f"/.oidc/authorize?{urlencode(query)}")

    def answer(self, page: TestResponse, answer: str) -> TestResponse:
        action, fields = next(each for each in forms(page.text) if each[0] == "/.oidc/authorize")
        return self.post(action, {**fields, "answer": answer})

    def _send(self, method: str, path: str, headers: dict[str, str], content: str | None) -> TestResponse:
        said = {"Accept": "text/html", "User-Agent": self.agent, **headers}
        kind = None if content is None else "application/x-www-form-urlencoded"
        return self.client.open(
            path,
            method=method,
            headers=said,
            data=content,
            content_type=kind,
            base_url=self.site.base_url,
            environ_overrides={"wsgi.file_wrapper": FileWrapper},
        )


def query(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))
