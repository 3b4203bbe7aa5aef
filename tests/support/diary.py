"""A client that writes all kinds of things into a container of its own and remembers what must be there, for tests that
take the server away meanwhile.

What was acknowledged is certain; of the last write before the server was gone only two outcomes are possible.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

import requests
from requests import Response

from tests.support.client import SPARQL, SolidClient, contained

BLOB_BYTES = 300_000
SLOTS = 3
PLAIN = {"Content-Type": "text/plain"}

Content = Hashable | None
"""What is at a URL: bytes, or the numbers a document tells; None for nothing."""


@dataclass(frozen=True)
class Step:
    """One write: what it must be answered, and what is at `url` afterwards. Where a POST puts it the answer says."""

    send: Callable[[], Response]
    status: int
    after: Content
    url: str = ""


@dataclass
class Diary:
    """Writes until the server is gone (`write_on`); then what is there must be what was written (`check`)."""

    client: SolidClient
    container: str
    acknowledged: int = 0
    _there: dict[str, Content] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)
    _in_doubt: Step | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def write_on(self) -> None:
        self.client.session.close()  # what it kept open leads to a server that is gone
        try:
            for number in self._numbers:
                self._take(self._step(number))
        except requests.RequestException:
            return

    def check(self) -> None:
        """What was written since the last check, and what the container lists."""
        self._resolve()
        for url in self._touched:
            assert self._read(url) == self._there[url], url
        self._touched.clear()
        assert contained(self.client, self.container) == self._members()

    def check_all(self) -> None:
        self._touched.update(self._there)
        self.check()

    # -- writing ---------------------------------------------------------------------------------------------------

    def _take(self, step: Step) -> None:
        self._in_doubt = step
        answer = step.send()
        assert answer.status_code == step.status, f"{answer.status_code} {answer.text}"
        self._in_doubt = None
        self._note(step.url or answer.headers["Location"], step.after)
        self.acknowledged += 1

    def _note(self, url: str, content: Content) -> None:
        self._there[url] = content
        self._touched.add(url)

    def _step(self, number: int) -> Step:
        kinds = (self._put, self._patch, self._post, self._put_blob, self._put_deep, self._delete)
        turn, kind = divmod(number, len(kinds))
        return kinds[kind](turn)

    def _put(self, turn: int) -> Step:
        return self._replace(f"text{turn % SLOTS}", b"text %d" % turn)

    def _put_blob(self, turn: int) -> Step:
        return self._replace(f"blob{turn % SLOTS}", b"%09d " % turn * (BLOB_BYTES // 10))

    def _put_deep(self, turn: int) -> Step:
        return self._replace(f"deep{turn}/in/text", b"deep %d" % turn)

    def _replace(self, name: str, body: bytes) -> Step:
        url = self.container + name
        status = 204 if self._there.get(url) else 201
        return Step(lambda: self.client.put(url, body, headers=PLAIN), status, body, url)

    def _post(self, turn: int) -> Step:
        body = b"posted %d" % turn
        return Step(lambda: self.client.post(self.container, body, headers=PLAIN | {"Slug": "note"}), 201, body)

    def _patch(self, turn: int) -> Step:
        url = f"{self.container}document{turn % SLOTS}"
        before = self._there.get(url)
        after = frozenset({turn, *(before or ())})
        patch = f"INSERT DATA {{ <#it> <#has> {turn} }}"
        return Step(lambda: self.client.patch(url, patch, headers=SPARQL), 204 if before else 201, after, url)

    def _delete(self, turn: int) -> Step:
        name = self.container + ("text", "blob")[turn % 2]
        url = next((url for url, content in self._there.items() if content and url.startswith(name)), None)
        if url is None:
            return self._put(turn)
        return Step(lambda: self.client.delete(url), 204, None, url)

    # -- reading ---------------------------------------------------------------------------------------------------

    def _resolve(self) -> None:
        """A write that was not acknowledged happened wholly or not at all."""
        step, self._in_doubt = self._in_doubt, None
        if step is None:
            return
        for url in [step.url] if step.url else self._unknown():
            content = self._read(url)
            assert content in {self._there.get(url), step.after}, url
            self._note(url, content)

    def _unknown(self) -> set[str]:
        """What a POST without an answer may have made: one thing at most."""
        unknown = contained(self.client, self.container) - self._members()
        assert len(unknown) <= 1
        return unknown

    def _read(self, url: str) -> Content:
        if url.startswith(f"{self.container}document"):
            answer = self.client.get(url)
            return frozenset(int(told) for told in self.client.graph(url).objects()) if answer.ok else None
        answer = self.client.get(url)
        assert answer.status_code in {200, 404}
        return answer.content if answer.ok else None

    def _members(self) -> set[str]:
        names = {url.removeprefix(self.container) for url, content in self._there.items() if content is not None}
        return {self.container + name[: name.find("/") + 1 or None] for name in names}
