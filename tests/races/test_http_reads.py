"""Reading while others write and while access is taken away: a reader gets a whole state, and nothing after it was barred.

Spec: Solid #server-authorization-redirect; WAC #effective-acl-resource; RFC 9110 s8.8.3
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from urllib.parse import urlsplit

import pytest
from requests import Response

from tests.support.client import (
    SPARQL,
    TURTLE,
    SolidClient,
    acl,
    authorization,
    contained,
    link,
    raw_connection,
    raw_head,
)
from tests.support.together import together
from tests.support.waiting import SECONDS_MAX, until

pytestmark = pytest.mark.e2e

Clients = list[SolidClient]
PLAIN = {"Content-Type": "text/plain"}
VCARD = "@prefix v: <http://www.w3.org/2006/vcard/ns#>. <#friends> a v:Group"
READERS = 4
BODIES = [b"%d " % number * (20 if number % 2 else 60_000) for number in range(12)]


@contextmanager
def meanwhile(readers: Clients, read: Callable[[SolidClient], object]) -> Iterator[None]:
    """Every reader reads again and again while the block lasts. What fails in a reader fails the test."""
    done = threading.Event()

    def go_on(client: SolidClient) -> None:
        while not done.is_set():
            read(client)

    with ThreadPoolExecutor(len(readers)) as pool:
        reading = [pool.submit(go_on, client) for client in readers]
        try:
            yield
        finally:
            done.set()
        for each in reading:
            each.result(SECONDS_MAX)


# -- whole states ------------------------------------------------------------------------------------------------------


def test_a_reader_gets_a_whole_body_and_the_tag_that_belongs_to_it(alices: Clients, place: str) -> None:
    url = place + "changing"
    written = {alices[0].put(url, BODIES[0], headers=PLAIN).headers["ETag"]: BODIES[0]}
    read: list[Response] = []
    with meanwhile(alices[1 : 1 + READERS], lambda client: read.append(client.get(url))):
        for body in BODIES[1:]:
            written[alices[0].put(url, body, headers=PLAIN).headers["ETag"]] = body
    assert {answer.status_code for answer in read} == {200}
    assert all(answer.content == written[answer.headers["ETag"]] for answer in read)


def test_a_conversion_belongs_to_the_tag_it_comes_with(alices: Clients, place: str) -> None:
    url, accept = place + "changing", {"Accept": "application/n-triples"}
    alices[0].put_turtle(url, "<#it> <#is> 0 .")
    read: dict[str, set[bytes]] = {}

    def convert(client: SolidClient) -> None:
        answer = client.get(url, headers=accept)
        read.setdefault(answer.headers["ETag"], set()).add(answer.content)

    with meanwhile(alices[1 : 1 + READERS], convert):
        for number in range(1, 20):
            alices[0].put_turtle(url, f"<#it> <#is> {number} .")
    assert {len(contents) for contents in read.values()} == {1}


def test_a_listing_belongs_to_the_tag_it_comes_with(alices: Clients, place: str) -> None:
    description = link(alices[0].head(place), "describedby")
    read: dict[str, set[bytes]] = {}

    def look(client: SolidClient) -> None:
        answer = client.get(place, headers={"Accept": "application/n-triples"})
        read.setdefault(answer.headers["ETag"], set()).add(answer.content)

    with meanwhile(alices[1 : 1 + READERS], look):
        for number in range(12):
            alices[0].put(f"{place}{number}", "x", headers=PLAIN)
            alices[0].put_turtle(description, f"<{place}> <#is> {number} .")
    assert {len(contents) for contents in read.values()} == {1}


def test_a_member_is_listed_as_soon_as_its_creation_was_answered(alices: Clients, place: str) -> None:
    def make(number: int) -> bool:
        url = alices[number].post(place, "x", headers=PLAIN).headers["Location"]
        listed = url in contained(alices[number], place)
        assert alices[number].delete(url).status_code == 204
        return listed and url not in contained(alices[number], place)

    assert all(together(8, make))


# -- while a body is on its way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1_000, 200_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_until_a_slow_upload_is_complete_the_old_body_is_read(
    alices: Clients, place: str, size: int, chunked: bool
) -> None:
    url, body = place + "slow", b"new" * size
    alices[0].put(url, "old", headers=PLAIN)
    announced = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    head = raw_head(alices[0], "PUT", urlsplit(url).path, "Content-Type: text/plain", announced)
    with raw_connection(url) as connection:
        connection.sendall(head + sent[:-1])
        for reader in alices[1:5]:
            assert reader.get(url).text == "old"
        connection.sendall(sent[-1:])
        until(lambda: alices[1].get(url).content == body)
        assert connection.recv(100).startswith(b"HTTP/1.1 204")


# -- access taken away -------------------------------------------------------------------------------------------------


def sharing(alice: SolidClient, target: str, *more: str) -> str:
    return acl(authorization(target, "Read Write Control", agents=(alice.web_id,), default=True), *more)


def outcomes(read: list[tuple[float, int]], barred: float) -> tuple[set[int], set[int]]:
    """Statuses of the requests begun before access was taken away for certain, and after."""
    return {status for begun, status in read if begun < barred}, {status for begun, status in read if begun > barred}


@pytest.mark.parametrize("way", ["own rules", "inherited rules", "rules removed", "group"])
def test_after_access_was_taken_away_no_read_succeeds(alices: Clients, bobs: Clients, place: str, way: str) -> None:
    alice, bob, url = alices[0], bobs[0].web_id, place + "box/doc"
    alice.put_turtle(url, "<#a> <#b> <#c> .")
    give, take = ways(alice, bob, place, way)
    read: list[tuple[float, int]] = []

    def timed(client: SolidClient) -> None:
        begun = time.monotonic()
        read.append((begun, client.get(url).status_code))

    for _ in range(3):
        give()
        read.clear()
        with meanwhile(bobs[:READERS], timed):
            until(lambda: len(read) > READERS)
            take()
            barred = time.monotonic()
            until(lambda barred=barred: sum(begun > barred for begun, _ in read) > 2 * READERS)
        before, after = outcomes(read, barred)
        assert (before, after) in [({200}, {403}), ({200, 403}, {403})]


def ways(alice: SolidClient, bob: str, place: str, way: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """How bob gets access to `box/doc`, and how it is taken away again."""
    box, doc = place + "box/", place + "box/doc"
    if way == "own rules":
        shared = sharing(alice, doc, authorization(doc, "Read", agents=(bob,)))
        own = link(alice.head(doc), "acl")
        return lambda: alice.put_turtle(own, shared), lambda: alice.put_turtle(own, sharing(alice, doc))
    if way == "group":
        alice.put_acl(
            doc,
            *[
                authorization(doc, "Read Write Control", agents=(alice.web_id,)),
                authorization(doc, "Read", groups=(place + "group#friends",)),
            ],
        )
        vcard = "@prefix v: <http://www.w3.org/2006/vcard/ns#>. <#friends> a v:Group"
        members = (f"{vcard}; v:hasMember <{bob}> .", f"{vcard} .")
        give, take = (lambda turtle=turtle: alice.put_turtle(place + "group", turtle) for turtle in members)
        return give, take
    above = link(alice.head(box), "acl")
    shared = sharing(alice, box, authorization(box, "Read", agents=(bob,), default=True))
    if way == "rules removed":
        return lambda: alice.put_turtle(above, shared), lambda: alice.delete(above)
    return lambda: alice.put_turtle(above, shared), lambda: alice.put(above, sharing(alice, box), headers=TURTLE)


def test_after_an_owner_took_write_access_away_no_write_succeeds(alices: Clients, bobs: Clients, place: str) -> None:
    alice, bob, url = alices[0], bobs[0].web_id, place + "doc"
    alice.put(url, "x", headers=PLAIN)
    own = link(alice.head(url), "acl")
    alice.put_turtle(own, sharing(alice, url, authorization(url, "Read Write", agents=(bob,))))
    written: list[tuple[float, int]] = []

    def write(client: SolidClient) -> None:
        begun = time.monotonic()
        written.append((begun, client.put(url, "y", headers=PLAIN).status_code))

    with meanwhile(bobs[:READERS], write):
        until(lambda: len(written) > READERS)
        alice.put_turtle(own, sharing(alice, url))
        barred = time.monotonic()
        tag = alice.head(url).headers["ETag"]
        until(lambda: sum(begun > barred for begun, _ in written) > 2 * READERS)
    before, after = outcomes(written, barred)
    assert (before, after) in [({204}, {403}), ({204, 403}, {403})]
    assert alice.head(url).headers["ETag"] == tag, "what was answered later was not done later either"


def until_some_begun(done: list[tuple[float, int]], moment: float, number: int) -> None:
    until(lambda: sum(begun > moment for begun, _ in done) > number)


def ways_in(alice: SolidClient, bob: str, box: str, way: str) -> tuple[Callable[[], object], Callable[[], object]]:
    """How bob gets access to what is in a container, and how it is taken away again."""
    if way == "group":
        document = box.removesuffix("box/") + "group"
        shared = authorization(box, "Read Write", groups=(f"{document}#friends",), default=True)
        alice.put_turtle(link(alice.head(box), "acl"), sharing(alice, box, shared))
        members = (f"{VCARD}; v:hasMember <{bob}> .", f"{VCARD} .")
        give, take = (lambda turtle=turtle: alice.put_turtle(document, turtle) for turtle in members)
        return give, take
    own = link(alice.head(box), "acl")
    shared = sharing(alice, box, authorization(box, "Read Write", agents=(bob,), default=True))
    if way == "rules removed":
        return lambda: alice.put_turtle(own, shared), lambda: alice.delete(own)
    return lambda: alice.put_turtle(own, shared), lambda: alice.put_turtle(own, sharing(alice, box))


def write_somehow(client: SolidClient, box: str, kind: int, number: int) -> Response:
    if kind == 0:
        return client.put(box + "doc", f"{number}", headers=PLAIN)
    if kind == 1:
        return client.post(box, "y", headers=PLAIN)
    if kind == 2:
        return client.patch(box + "graph", f"INSERT DATA {{ <#a> <#b> {number} }}", headers=SPARQL)
    return client.put(f"{box}new{number}", "z", headers=PLAIN)


@pytest.mark.parametrize("way", ["rules replaced", "rules removed", "group"])
def test_after_access_was_taken_away_no_write_of_any_kind_happens(
    alices: Clients, bobs: Clients, place: str, way: str
) -> None:
    alice, box = alices[0], place + "box/"
    alice.put(box + "doc", "x", headers=PLAIN)
    alice.put_turtle(box + "graph", "<#a> <#b> <#c> .")
    give, take = ways_in(alice, bobs[0].web_id, box, way)
    written: list[tuple[float, int]] = []
    numbers = count()

    def write(client: SolidClient) -> None:
        begun, kind = time.monotonic(), next(number for number, each in enumerate(bobs) if each is client) % 4
        written.append((begun, write_somehow(client, box, kind, next(numbers)).status_code))

    for _ in range(3):
        give()
        written.clear()
        with meanwhile(bobs[:8], write):
            until(lambda: len(written) > 8)
            take()
            barred = time.monotonic()
            state = alice.get(box).content
            until_some_begun(written, barred, 16)
        before, after = outcomes(written, barred)
        assert after == {403}
        assert before <= {201, 204, 403}
        assert before & {201, 204}, "nobody wrote while they could"
        assert alice.get(box).content == state, "what was answered later was not done later either"
