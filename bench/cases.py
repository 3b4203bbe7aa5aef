"""What is measured: for each case where it takes place, and the requests one after the other.

Every request is one that a published client library sends. Knows no server but through its URLs.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.load import Request
from bench.places import (
    BINARIES,
    BINARY,
    CONTAINER,
    DEEP,
    DEEP_DOWN,
    DOCUMENTS,
    LARGE,
    MIXED,
    NEW,
    PATCHED,
    PRIVATE,
    PUBLIC,
    TEN,
    TEN_THOUSAND,
    THOUSAND,
    TURTLE,
    VALUE,
    Place,
    Scene,
    binary,
    document,
)

SPARQL = {"Content-Type": "application/sparql-update"}
READABLE = {"Accept": "text/turtle"}
RESOURCE = {"Link": '<http://www.w3.org/ns/ldp#Resource>; rel="type"'}
READ, UNCHANGED, CREATED = frozenset({200}), frozenset({304}), frozenset({201})
CHANGED = frozenset({200, 204, 205})
BOTH = frozenset({"freehold", "css"})
CSS = frozenset({"css"})
NEWCOMERS = 250
"""So many documents are added to the container of 10,000 in a run, and taken away after it."""
WRITE_EVERY = 10
UNDER_WAY = 16
"""More than the patches of one document that can overtake each other."""

Requests = Callable[[Scene], Iterator[Request]]
Step = Callable[[Scene], None]


def nothing(_scene: Scene) -> None:
    """Most cases need nothing done around a run."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request.

    `drained` servers answer so slowly that every answer is waited for (bench/steady.py). `count` makes a run so many
    requests long, whatever time they take. `before` and `after` each run something may be done that is not measured.
    `pairs_max` is for what takes minutes. `mebibytes` is what each request carries up or down.
    """

    name: str
    title: str
    place: Place
    requests: Requests
    statuses: frozenset[int] = READ
    signed: bool = True
    drained: frozenset[str] = frozenset()
    connections: int | None = None
    count: int | None = None
    pairs_max: int | None = None
    before: Step = nothing
    after: Step = nothing
    mebibytes: int = 0


def reads(under: str = "", media_type: str = "text/turtle") -> Requests:
    def requests(scene: Scene) -> Iterator[Request]:
        for number in itertools.cycle(range(DOCUMENTS)):
            yield Request("GET", f"{scene.home}{under}doc{number}", {"Accept": media_type})

    return requests


def revalidations(scene: Scene) -> Iterator[Request]:
    """Reads by somebody who has the documents already."""
    known = []
    for number in range(10):
        url = f"{scene.home}doc{number}"
        etag = scene.session.send(None, "GET", url, READABLE).headers["ETag"]
        known.append(Request("GET", url, {**READABLE, "If-None-Match": etag}))
    yield from itertools.cycle(known)


def listings(scene: Scene) -> Iterator[Request]:
    yield from itertools.repeat(Request("GET", scene.home, READABLE))


def new_documents(prefix: str) -> Requests:
    """As `saveSolidDatasetAt` sends them. `prefix` tells the series: a container of its own, or part of the name."""

    def requests(scene: Scene) -> Iterator[Request]:
        headers = {**TURTLE, "If-None-Match": "*", **RESOURCE}
        for number in itertools.count():
            url = f"{scene.home}{prefix.format(scene.series)}doc{number}"
            yield Request("PUT", url, headers, document(number))

    return requests


def posts(scene: Scene) -> Iterator[Request]:
    """As `saveSolidDatasetInContainer` sends them unless it is told a name."""
    for number in itertools.count():
        yield Request("POST", f"{scene.home}{scene.series}/", {**TURTLE, **RESOURCE}, document(number))


def fresh_container(scene: Scene) -> None:
    scene.put(f"{scene.series}/", CONTAINER, b"")


def mixture(scene: Scene) -> Iterator[Request]:
    """Nine reads, then one of the documents written anew."""
    for number in itertools.count():
        url = f"{scene.home}doc{number * 7 % DOCUMENTS}"
        if (number + 1) % WRITE_EVERY:
            yield Request("GET", url, READABLE)
        else:
            yield Request("PUT", url, {**TURTLE, **RESOURCE}, document(number))


def patches_of_many(scene: Scene) -> Iterator[Request]:
    """Each document's value replaced by the next: however many patches it gets, it keeps its size."""
    for number in itertools.count():
        turn, which = divmod(number, DOCUMENTS)
        yield _replacement(f"{scene.home}doc{which}", scene, turn, 1)


def patches_of_one(name: str) -> Requests:
    """The same document by everybody at once: the value that goes is one that is there for certain."""

    def requests(scene: Scene) -> Iterator[Request]:
        for number in itertools.count():
            yield _replacement(f"{scene.home}{name}", scene, number, UNDER_WAY)

    return requests


def _replacement(url: str, scene: Scene, turn: int, distance: int) -> Request:
    """Of a value that is not there yet in the first turns: deleting it is no error."""
    old = f'DELETE DATA {{<#me> <{VALUE}> "{scene.series}-{turn - distance}".}};'
    body = f'{old} INSERT DATA {{<#me> <{VALUE}> "{scene.series}-{turn}".}};'
    return Request("PATCH", url, SPARQL, body.encode())


def as_it_was(scene: Scene) -> None:
    scene.put("doc0", TURTLE, document(0))


def uploads(mebibytes: int) -> Requests:
    """Eight documents written over and over."""

    def requests(scene: Scene) -> Iterator[Request]:
        for number in itertools.count():
            yield Request("PUT", f"{scene.home}up{mebibytes}-{number % 8}", BINARY, binary(mebibytes))

    return requests


def downloads(mebibytes: int) -> Requests:
    def requests(scene: Scene) -> Iterator[Request]:
        yield from itertools.repeat(Request("GET", f"{scene.home}blob{mebibytes}", {"Accept": "*/*"}))

    return requests


def make_room(scene: Scene) -> None:
    """Take away the newcomers of a run, and that of the check."""
    scene.delete_all(f"{scene.series}doc{number}" for number in range(NEWCOMERS))


LARGE_DOCUMENT = {1_000: "1k", 10_000: "10k", 100_000: "100k"}


def _patch_in(statements: int, connections: int | None = None) -> Case:
    name, title = f"patch-{LARGE_DOCUMENT[statements]}", f"PATCH in {statements:,} triples"
    requests = patches_of_one(f"doc{statements}")
    return Case(name, title, LARGE, requests, CHANGED, drained=BOTH, connections=connections)


def _body(way: str, mebibytes: int, connections: int | None = None, count: int | None = None) -> Case:
    """A large body on its way up or down."""
    requests, statuses = (uploads(mebibytes), CREATED | CHANGED) if way == "up" else (downloads(mebibytes), READ)
    title = f"{'PUT' if way == 'up' else 'GET'} of {mebibytes} MiB"
    return Case(
        *(f"{way}-{mebibytes}m", title, BINARIES, requests, statuses),
        drained=BOTH,
        connections=connections,
        count=count,
        mebibytes=mebibytes,
    )


JSON_LD = reads(media_type="application/ld+json")
NEWCOMER = new_documents("{}")
TITLE_64 = "Listing of 10,000 members, 64 at once"

CASES = (
    Case("public-get", "GET of a public document", PUBLIC, reads(), signed=False),
    Case("json-ld", "GET of it as JSON-LD", PUBLIC, JSON_LD, signed=False),
    Case(
        *("not-modified", "GET of it, unchanged (304)", PUBLIC, revalidations, UNCHANGED),
        signed=False,
        drained=CSS,  # its 304 has a Content-Length, and wrk would wait for that content
    ),
    Case("signed-get", "GET with a fresh DPoP proof", PRIVATE, reads()),
    Case("deep-get", "GET with its ACL 8 levels up", DEEP_DOWN, reads(DEEP)),
    Case("put-new", "PUT of a new document", NEW, new_documents("{}/"), CREATED),
    Case("post", "POST of a new document", NEW, posts, CREATED, before=fresh_container),
    Case("patch-many", "PATCH of 100 documents in turn", PATCHED, patches_of_many, CHANGED),
    Case("patch-one", "PATCH of one document by all", PATCHED, patches_of_one("doc0"), CHANGED, before=as_it_was),
    Case("mix", "9 GETs, then a PUT, with proofs", MIXED, mixture),
    _patch_in(1_000),
    _patch_in(10_000),
    _patch_in(100_000, connections=1),
    Case("listing-10", "Listing of 10 members", TEN, listings, signed=False),
    Case("listing-1k", "Listing of 1,000 members", THOUSAND, listings, signed=False, drained=CSS),
    Case("listing-10k", "Listing of 10,000 members", TEN_THOUSAND, listings, signed=False, drained=BOTH),
    Case(
        *("put-10k", "PUT of a new document beside 10,000", TEN_THOUSAND, NEWCOMER, CREATED),
        drained=BOTH,
        count=NEWCOMERS,
        after=make_room,
    ),
    _body("up", 1),
    _body("down", 1),
    _body("up", 100, connections=2, count=4),
    _body("down", 100, connections=2, count=4),
    Case(
        *("listing-10k-64", TITLE_64, TEN_THOUSAND, listings),
        signed=False,
        drained=BOTH,
        connections=64,
        count=64,
        pairs_max=1,
    ),
)
