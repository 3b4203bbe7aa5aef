"""Somebody who fills in forms over sockets, as a browser without scripts does."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urljoin, urlsplit

import requests

SECONDS_MAX = 20


class Person:
    """One browser with its cookies."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.browser = requests.Session()
        self.browser.trust_env = False

    def send(self, path: str, **fields: str) -> requests.Response:
        """Open the page, fill in its form, send it."""
        prepared = self.browser.prepare_request(self._filled_in(path, fields))
        return self.browser.send(prepared, timeout=SECONDS_MAX, allow_redirects=False)

    def as_sent(self, path: str, **fields: str) -> bytes:
        """The same request in bytes, for a connection of the test's own."""
        prepared = self.browser.prepare_request(self._filled_in(path, fields))
        lines = [f"POST {prepared.path_url} HTTP/1.1", f"Host: {urlsplit(self.base_url).netloc}"]
        lines += [f"{name}: {value}" for name, value in prepared.headers.items()]
        return "\r\n".join([*lines, "", str(prepared.body)]).encode()

    def _filled_in(self, path: str, fields: dict[str, str]) -> requests.Request:
        url = urljoin(self.base_url, path)
        page = self.browser.get(url, timeout=SECONDS_MAX)
        assert page.status_code == 200, page.text
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page.text))
        headers = {"Origin": self.base_url.rstrip("/"), "Content-Type": "application/x-www-form-urlencoded"}
        return requests.Request("POST", url, headers=headers, data=urlencode({"csrf": csrf, **fields}))
