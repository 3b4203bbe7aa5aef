"""A file of contacts taken in: once, whatever else is in it, and told what became of each entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pod.errors import UnprocessableContent
from pod.people import importing
from pod.people.address_book import AddressBook, New
from pod.people.card import Card, Point
from pod.people.importing import Report, take_in
from pod.people.vcards import Problem, write_vcard
from pod.protocol.resource import Target
from tests.unit.people.test_vcards import PICTURE
from tests.unit.sharing.pod import Pod, pod_of


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, "wac") as made:
        yield made


def person(number: int) -> Card:
    return Card(name=f"Person {number}", emails=(Point(f"p{number}@example.org"),))


def taken(pod: Pod, data: str, known: list[Card] | None = None, pictures: importing.Pictures | None = None) -> Report:
    return take_in(AddressBook(pod.services), (pod.account, "/alice/"), data.encode(), known or [], pictures)


def persons(pod: Pod) -> int:
    state = pod.services.store.describe(Target.parse("/alice/contacts/Person/"), with_body=False).state
    return len(list(pod.services.store.members(state.id))) if state else 0


def test_all_who_are_new_come_in_and_the_rest_is_told(pod: Pod):
    data = "".join(write_vcard(person(number % 120)) for number in range(130)) + "BEGIN:VCARD\nX-A:1\nEND:VCARD\n"
    report = taken(
        pod, data, [person(3), Card(name="person  4"), Card(name="Person 5", emails=(Point("other@x.example"),))]
    )
    assert (report.taken, report.known, report.bad, report.left) == (118, 12, 1, False)
    assert report.problems[0][1] is Problem.NO_NAME
    assert persons(pod) == 118


def test_photos_are_made_anew_and_bad_ones_left_out(pod: Pod):
    def pictures(source: bytes) -> bytes:
        if source != PICTURE:
            raise UnprocessableContent
        return b"\x89PNG anew"

    report = taken(pod, write_vcard(person(1), PICTURE) + write_vcard(person(2), PICTURE + b"x"), None, pictures)
    assert (report.taken, report.photos_lost) == (2, 1)


def test_it_ends_when_its_time_is_over_and_goes_on_with_the_same_file(pod: Pod, monkeypatch: pytest.MonkeyPatch):
    data = "".join(write_vcard(person(number)) for number in range(3))
    monkeypatch.setattr(importing, "SECONDS_MAX", -1.0)
    assert (taken(pod, data).left, persons(pod)) == (True, 0)
    monkeypatch.undo()
    assert (taken(pod, data, [person(0)]).taken, persons(pod)) == (2, 2)


def test_a_full_book_ends_it_and_what_came_before_stays(pod: Pod, monkeypatch: pytest.MonkeyPatch):
    AddressBook(pod.services).add(pod.account, "/alice/", New(person(0)))
    monkeypatch.setattr("pod.people.books.CONTACTS_MAX", 52)
    report = taken(pod, "".join(write_vcard(person(number)) for number in range(1, 60)))
    assert report.error is not None
    assert (report.taken, persons(pod)) == (50, 51)
