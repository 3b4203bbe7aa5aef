"""A container with a document in it, to be found as it was after anything bad was sent there; what a clear refusal is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.client import RawAnswer, SolidClient, contained

ONE = b"<#a> <#b> <#c> ."


@dataclass(frozen=True)
class Place:
    """A container with a document in it, and how both looked."""

    client: SolidClient
    container: str

    @property
    def doc(self) -> str:
        return self.container + "doc"

    def state(self) -> tuple[object, ...]:
        document, listing = self.client.get(self.doc), self.client.head(self.container)
        members = contained(self.client, self.container)
        return document.content, document.headers["ETag"], listing.headers["ETag"], frozenset(members)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        before = self.state()
        yield
        assert self.state() == before


def assert_refused(answer: RawAnswer, *statuses: int) -> None:
    """A raw answer that is a clear refusal."""
    assert answer.status in statuses, answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.problem()["status"] == answer.status
