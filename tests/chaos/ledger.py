"""What was attempted, what was acknowledged, and whether what is found can be what came of it.

Knows no server and sends nothing: attempts and findings come in, verdicts go out. Of attempts that overlapped in time
either may have been the last; one that began after another had its answer comes after it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from math import inf
from threading import Lock
from typing import Literal

from tests.chaos.wire import NotSent, Reply, Unanswered

SHORT_BYTES = 256

Crime = Literal["lost", "half-done", "answer", "journal", "store", "process", "unheard", "overheard", "disordered"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something that may not be."""

    crime: Crime
    where: str
    what: str


@dataclass(slots=True)
class Attempt:
    """One write that was sent. Without an answer (`acknowledged` is False) it may have happened at any time before
    `ended`, or not at all. `content` is what is there afterwards (see `essence`), None for nothing; it is not `whole`
    where others add to the same document.
    """

    url: str
    content: bytes | None
    whole: bool = True
    begun: float = field(default_factory=time.monotonic)
    ended: float = inf
    acknowledged: bool = False
    version: int = 0

    def settled_before(self, other: Attempt) -> bool:
        return self.ended < other.begun


@dataclass(frozen=True, slots=True)
class Found:
    """What a read gave: no content where there is nothing."""

    content: bytes | None
    version: int = 0

    @classmethod
    def of(cls, reply: Reply) -> Found:
        assert reply.status in {200, 404}, f"{reply.status} {reply.body!r}"
        return cls(essence(reply.body), reply.version) if reply.status == 200 else cls(None)


def essence(body: bytes) -> bytes:
    """A body, or what tells a long one from all others: many are remembered."""
    return (
        body if len(body) <= SHORT_BYTES else b"%d bytes, SHA-256 %s" % (len(body), sha256(body).hexdigest().encode())
    )


@dataclass
class Ledger:
    """All attempts of all writers. Lives in the test's process alone."""

    attempts: list[Attempt] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    acknowledged: int = 0
    refused: int = 0
    tolerated: tuple[int, ...] = ()
    """Refusals that any write may meet for now, and that change nothing."""
    uncertain: set[int] = field(default_factory=set)
    """Answers that leave in doubt for now what happened."""
    doubtful: int = 0
    _mutex: Lock = field(default_factory=Lock)

    def accuse(self, crime: Crime, where: str, what: str) -> None:
        with self._mutex:
            self.verdicts.append(Verdict(crime, where, what))

    @contextmanager
    def attempt(self, url: str, body: bytes | None, *, whole: bool = True) -> Iterator[Attempt]:
        """A write being sent. The block acknowledges it, or it was refused and changed nothing."""
        attempt = Attempt(url, None if body is None else essence(body), whole)
        try:
            yield attempt
        except NotSent:
            raise
        except Unanswered:
            attempt.ended = time.monotonic()
            self._keep(attempt)
            raise
        if attempt.acknowledged:
            self._keep(attempt)

    def take(self, attempt: Attempt, reply: Reply, *expected: int, refusals: tuple[int, ...] = ()) -> bool:
        """Whether the answer acknowledges the attempt. Anything but `expected` and `refusals` is a crime."""
        if reply.status in expected:
            attempt.begun, attempt.ended = reply.begun, reply.ended
            attempt.acknowledged, attempt.version = True, reply.version
        else:
            self.refuse(attempt.url, reply.status, reply.body[:300].decode(errors="replace"), *refusals)
        return attempt.acknowledged

    def refuse(self, url: str, status: int, text: str, *refusals: int) -> None:
        """An answer that acknowledges nothing: as expected, or a crime."""
        if status not in {*refusals, *self.tolerated}:
            self.accuse("answer", url, f"{status} {text}")
        with self._mutex:
            self.refused += 1

    def _keep(self, attempt: Attempt) -> None:
        with self._mutex:
            self.attempts.append(attempt)
            self.acknowledged += attempt.acknowledged
            self.doubtful += not attempt.acknowledged


def judged(attempts: list[Attempt], found: Found) -> Verdict | None:
    """Whether a resource that only these attempts wrote can hold what was found."""
    url, acknowledged = attempts[0].url, [each for each in attempts if each.acknowledged]
    makers = [each for each in attempts if each.content == found.content]
    newest = max((each.version for each in acknowledged), default=0)
    if not makers and (found.content is not None or acknowledged):
        crime: Crime = "lost" if found.content is None else "half-done"
        return Verdict(crime, url, f"holds {short(found.content)}, which nobody wrote")
    if makers and not any(_may_be_last(each, acknowledged, found) for each in makers):
        return Verdict("lost", url, f"holds {short(found.content)} of before a later acknowledged write")
    if found.content is not None and found.version < newest:
        return Verdict("lost", url, f"is at version {found.version}, but {newest} was acknowledged")
    return None


def _may_be_last(maker: Attempt, acknowledged: list[Attempt], found: Found) -> bool:
    if maker.acknowledged and maker.version and maker.content is not None and maker.version != found.version:
        return False
    return not any(maker.settled_before(other) for other in acknowledged if other is not maker)


def out_of_order(attempts: list[Attempt]) -> Iterator[Verdict]:
    """Writes that followed each other and whose versions do not."""
    ordered = sorted((each for each in attempts if each.acknowledged and each.version), key=lambda each: each.version)
    latest_begin = -inf
    for each in ordered:
        if each.ended < latest_begin:
            yield Verdict("lost", each.url, f"version {each.version} was given before an earlier one")
        latest_begin = max(latest_begin, each.begun)


def by_url(attempts: list[Attempt]) -> dict[str, list[Attempt]]:
    grouped: dict[str, list[Attempt]] = {}
    for each in attempts:
        if each.whole:
            grouped.setdefault(each.url, []).append(each)
    return grouped


def short(content: bytes | None) -> str:
    return "nothing" if content is None else repr(content[:100])
