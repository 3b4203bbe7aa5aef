"""Somebody who makes and revokes keys for programs on the account's pages, and remembers in which state each must be."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field

import requests

from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.wire import NotSent, Unanswered
from tests.support.browserless import SECONDS_MAX, Person
from tests.support.client import Login
from tests.support.server import Account

CREDENTIALS = "/.account/credentials"


@dataclass
class Office:
    """One browser, signed in as the owner of an account. For one thread."""

    base_url: str
    account: Account
    held: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Client id and secret by label."""
    revoked: dict[str, tuple[str, str]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._person = Person(self.base_url)
        answer = self._person.send("/.account/sign-in", name=self.account.name, password=self.account.password)
        assert answer.status_code in {302, 303}, answer.text

    def work(self, ledger: Ledger, name: str, turn: int) -> None:
        """Make a key, use it, revoke it. Raises: NotSent, Unanswered"""
        label = f"{name}-{turn // 3}"
        (self._make, self._use, self._revoke)[turn % 3](ledger, label)

    def check(self) -> list[Verdict]:
        """Keys that are not as their last acknowledged change left them; those in doubt are taken away."""
        page = self._page()
        listed = set(re.findall(r"<strong>([^<]+)</strong>", page)) | set(re.findall(r"Revoke<[^>]*> ([^<]+)<", page))
        lost = [label for label in self.held if label not in listed or self._status(label) != 200]
        back = [label for label in self.revoked if label not in self.doubtful and label in listed]
        return [Verdict("lost", CREDENTIALS, f"keys {lost} are gone, keys {back} are back")] if lost or back else []

    def _make(self, ledger: Ledger, label: str) -> None:
        self.doubtful.add(label)
        page = self._post(CREDENTIALS, label=label, password=self.account.password, access="everything")
        if page.status_code != 200:
            ledger.refuse(CREDENTIALS, page.status_code, page.text[-300:])
            return
        client_id, secret, _issuer = re.findall(r'<code class="secret">([^<]+)</code>', page.text)
        self.held[label] = (client_id, secret)
        self.doubtful.discard(label)
        ledger.acknowledged += 1

    def _use(self, ledger: Ledger, label: str) -> None:
        if label not in self.held:
            return
        status = self._status(label)
        if status != 200:
            ledger.refuse(CREDENTIALS, status, f"to the key {label}")

    def _revoke(self, ledger: Ledger, label: str) -> None:
        if label not in self.held:
            return
        self.revoked[label] = self.held.pop(label)
        self.doubtful.add(label)
        answer = self._post(f"{CREDENTIALS}/revoke", credential=self.revoked[label][0])
        if answer.status_code not in {302, 303}:
            ledger.refuse(CREDENTIALS, answer.status_code, answer.text[-300:])
            return
        self.doubtful.discard(label)
        ledger.acknowledged += 1

    def _status(self, label: str) -> int:
        """What a program with this key is told that asks for a token."""
        try:
            Login(self.base_url, *self.held[label]).request_token()
        except requests.HTTPError as error:
            return int(error.response.status_code) if error.response is not None else 0
        except requests.RequestException as error:
            raise Unanswered from error
        return 200

    def _page(self) -> str:
        try:
            answer = self._person.browser.get(self.base_url + CREDENTIALS[1:], timeout=SECONDS_MAX)
        except requests.RequestException as error:
            raise NotSent from error
        assert answer.status_code == 200, answer.text
        return answer.text

    def _post(self, path: str, **fields: str) -> requests.Response:
        csrf = re.findall(r'name="csrf" value="([^"]+)"', self._page())[0]
        headers = {"Origin": self.base_url.rstrip("/")}
        with suppress(requests.RequestException):
            return self._person.browser.post(
                self.base_url + path[1:],
                data={"csrf": csrf, **fields},
                headers=headers,
                timeout=SECONDS_MAX,
                allow_redirects=False,
            )
        raise Unanswered
