"""Taking an address book in from a file: whoever is there already is recognised, and what could not be read is told.

One piece of work has an end in time as well as in numbers. What is left then is taken in by the same file again, since
what came in the first time is recognised the second.

Spec: RFC 6350; see `pod/people/vcards.py`
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pod.errors import Conflict, PodError, QuotaExceeded
from pod.people.address_book import AddressBook, New
from pod.people.card import Card, digits
from pod.people.vcards import Entry, Problem, read_vcards

ENTRIES_MAX = 10_000
SECONDS_MAX = 25.0
"""For one file, in one request."""
TOGETHER = 50
"""Contacts that are written in one transaction: nobody else writes meanwhile."""
TOLD_MAX = 50
"""Of those recognised or passed over, how many are named."""
PHOTO_SIDE = 512

Pictures = Callable[[bytes], bytes]
"""A picture made anew from one that came from anywhere. Raises: PodError."""


@dataclass(slots=True)
class Report:
    """What became of a file."""

    taken: int = 0
    known: int = 0
    known_names: list[str] = field(default_factory=list)
    bad: int = 0
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    photos_lost: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    left: bool = False
    """Time ran out, or there were too many."""
    error: PodError | None = None
    """Why it ended early otherwise: what came before is taken in."""

    @property
    def is_empty(self) -> bool:
        """There was nothing in the file that one could take for an entry."""
        return not (self.taken or self.known or self.bad)


class Faces:
    """Whom an address book knows: somebody of the same name, unless each has addresses or numbers of their own."""

    def __init__(self, known: Iterable[Card]) -> None:
        self._by_name: dict[str, list[frozenset[str]]] = {}
        for each in known:
            self.add(each)

    def add(self, card: Card) -> None:
        self._by_name.setdefault(_folded(card.name), []).append(_reached(card))

    def has(self, card: Card) -> bool:
        mine = _reached(card)
        return any(not mine or not theirs or mine & theirs for theirs in self._by_name.get(_folded(card.name), ()))


def take_in(
    book: AddressBook, owner: tuple[int, str], data: bytes, known: Iterable[Card], pictures: Pictures | None
) -> Report:
    """The entries of a file into the pod of an `owner`: their account, and the path of the pod."""
    report, faces, ends = Report(), Faces(known), time.monotonic() + SECONDS_MAX
    for together in _together(_new(read_vcards(data), faces, report)):
        if time.monotonic() > ends:
            report.left = True
            break
        people = [New(each.card, _picture(each, pictures, report)) for each in together if each.card]
        try:
            book.add_all(*owner, people)
        except (Conflict, QuotaExceeded) as error:
            report.error = error
            break
        report.taken += len(people)
    return report


def _new(entries: Iterator[Entry], faces: Faces, report: Report) -> Iterator[Entry]:
    """Those that are read and not known."""
    for number, entry in enumerate(entries):
        if number >= ENTRIES_MAX:
            report.left = True
            return
        report.left_out.update(entry.left_out)
        if entry.card is None:
            report.bad += 1
            if entry.problem and len(report.problems) < TOLD_MAX:
                report.problems.append((entry.line, entry.problem))
        elif faces.has(entry.card):
            report.known += 1
            if len(report.known_names) < TOLD_MAX:
                report.known_names.append(entry.card.name)
        else:
            faces.add(entry.card)
            yield entry


def _together(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    waiting: list[Entry] = []
    for entry in entries:
        waiting.append(entry)
        if len(waiting) == TOGETHER:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _picture(entry: Entry, pictures: Pictures | None, report: Report) -> bytes:
    if not entry.photo:
        return b""
    try:
        made = pictures(entry.photo) if pictures else b""
    except PodError:
        made = b""
    report.photos_lost += not made
    return made


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _reached(card: Card) -> frozenset[str]:
    emails = (each.value.casefold() for each in card.emails)
    phones = (digits(each.value) for each in card.phones)
    return frozenset(each for each in (*emails, *phones) if each)
