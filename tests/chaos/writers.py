"""Sixteen writers of every kind. Each is a function that makes its next write, number `turn`, and tells the ledger.

They let through what the wire raises when the server goes away; what the server answers is judged at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from zlib import crc32

from tests.chaos.ledger import Attempt
from tests.chaos.scene import SLOTS, Scene
from tests.chaos.wire import Reply, Unanswered, Wire
from tests.support.client import N3, SPARQL, TURTLE, acl, authorization

PLAIN = {"Content-Type": "text/plain"}
BINARY = {"Content-Type": "application/octet-stream"}
NEW = {"If-None-Match": "*"}
BLOB_BYTES = 70_000
"""More than is kept in the database."""
PREFIX = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. [] a solid:InsertDeletePatch; "

Work = Callable[[Scene, Wire, str, int], None]


def written(
    scene: Scene,
    wire: Wire,
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str] = {},
    expected: tuple[int, ...] = (201, 204),
    refusals: tuple[int, ...] = (),
    *,
    signed: bool = False,
) -> Attempt:
    """One write of a whole resource."""
    with scene.ledger.attempt(url, body) as attempt:
        reply = wire.send(method, url, body, headers, signed=signed)
        scene.ledger.take(attempt, reply, *expected, refusals=refusals)
    return attempt


def unique(name: str, turn: int) -> bytes:
    return f"{name} {turn}".encode()


def make(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """New resources, signed."""
    url = f"{scene.place}{name}-{turn}"
    written(scene, wire, "PUT", url, unique(name, turn), PLAIN | NEW, (201,), signed=True)


def replace(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Shared resources, each state replaced by one writer only: `If-Match`."""
    url = f"{scene.place}shared{turn % SLOTS}"
    read = wire.send("GET", url)
    etag = read.headers.get("etag", "")
    condition = {"If-Match": etag} if etag else NEW
    attempt = written(scene, wire, "PUT", url, unique(name, turn), PLAIN | condition, refusals=(412,))
    if attempt.acknowledged:
        with scene.mutex:
            scene.spent[url, etag] += 1


def contend(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Shared resources, made, replaced and deleted without a condition."""
    url = f"{scene.place}contended{turn % SLOTS}"
    if crc32(unique(name, turn)) % 3:
        written(scene, wire, "PUT", url, unique(name, turn), PLAIN)
    else:
        written(scene, wire, "DELETE", url, None, expected=(204,), refusals=(404,))


def post(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """All with the same Slug."""
    body = unique(name, turn)
    try:
        reply = wire.send("POST", scene.posts, body, PLAIN | {"Slug": "same"})
    except Unanswered:
        with scene.mutex:
            scene.doubtful_posts.append(body)
        raise
    with scene.ledger.attempt(reply.headers.get("location", scene.posts), body) as attempt:
        scene.ledger.take(attempt, reply, 201)
    if not attempt.acknowledged:
        return
    with scene.mutex:
        if attempt.url in scene.made:
            scene.ledger.accuse("lost", attempt.url, "was given to two POSTs")
        scene.made[attempt.url] = attempt


def add(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Statements for a shared document, by SPARQL and by N3 in turn."""
    number = crc32(name.encode()) * 1_000_000 + turn
    triple = f"<#it> <#has> {number}"
    text = f"INSERT DATA {{ {triple} }}" if turn % 2 else f"{PREFIX} solid:inserts {{ {triple} }}."
    try:
        reply = patched(scene, wire, scene.set, text, SPARQL if turn % 2 else N3)
    except Unanswered:
        with scene.mutex:
            scene.doubtful_numbers.add(number)
        raise
    if reply.status in {201, 204}:
        with scene.mutex:
            scene.numbers.add(number)


def count(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """A shared counter: an N3 Patch replaces the value that was read by the next."""
    url = scene.counter(turn)
    value = counter_value(wire.send("GET", url))
    step = f"solid:deletes {{ <#counter> <#value> {value} }}; solid:inserts {{ <#counter> <#value> {value + 1} }}."
    try:
        reply = patched(scene, wire, url, PREFIX + step, N3)
    except Unanswered:
        with scene.mutex:
            scene.doubtful_counts[url] += 1
        raise
    if reply.status == 204:
        with scene.mutex:
            scene.counted[url, value] += 1


def counter_value(reply: Reply) -> int:
    (value,) = re.findall(rb"(\d+)(?:\"\S*)? *\.", reply.body)
    return int(value)


def patched(scene: Scene, wire: Wire, url: str, text: str, headers: Mapping[str, str]) -> Reply:
    """A write that others add to: what is there afterwards the scene knows."""
    with scene.ledger.attempt(url, b"", whole=False) as attempt:
        reply = wire.send("PATCH", url, text.encode(), headers)
        scene.ledger.take(attempt, reply, 201, 204, refusals=(409,))
    return reply


def bundle(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """A resource with rules and a description of its own, deleted again: all three go together."""
    url = f"{scene.place}{name}-{turn}"
    urls = (url, f"{url}.meta", f"{url}.acl")
    bodies = (unique(name, turn), f"<#it> <#has> {turn} .".encode(), rules(scene, url, turn))
    for each, body, headers in zip(urls, bodies, (PLAIN, TURTLE, TURTLE), strict=True):
        if not written(scene, wire, "PUT", each, body, headers, signed=each.endswith(".acl")).acknowledged:
            return
    if turn % 2:
        return
    with scene.mutex:
        scene.together.append(urls)
    ledger = scene.ledger
    with ExitStack() as stack:
        gone = [stack.enter_context(ledger.attempt(each, None)) for each in urls]
        reply = wire.send("DELETE", url)
        for attempt in gone:
            ledger.take(attempt, reply, 204)


def rules(scene: Scene, url: str, turn: int) -> bytes:
    owner = authorization(url, "Read Write Control", agents=(scene.owner.web_id,))
    return f"{acl(owner, authorization(url, 'Read Write', public=True))}\n# {turn}\n".encode()


def protect(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Rules of one resource, what it says of itself, and what its container does, replaced again and again."""
    url = f"{scene.place}described"
    if turn % 2:
        written(scene, wire, "PUT", f"{url}.acl", rules(scene, url, turn), TURTLE, signed=True)
    else:
        subject = url if turn % 4 else scene.place
        written(scene, wire, "PUT", f"{subject}.meta", f"<#it> <#has> {turn} .".encode(), TURTLE)


def deepen(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """A resource three containers deep, which come with it."""
    above = f"{scene.place}{name}-{turn}/"
    urls = (above, f"{above}in/", f"{above}in/side/", f"{above}in/side/text")
    with scene.mutex:
        scene.together.append(urls)
    written(scene, wire, "PUT", urls[-1], unique(name, turn), PLAIN, (201,))


def fill(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Large bodies: new ones, and some that replace others."""
    url = f"{scene.place}{name}-{turn if turn % 2 else turn % SLOTS}"
    line = b"%s\n" % unique(name, turn)
    written(scene, wire, "PUT", url, line * (BLOB_BYTES // len(line) * (1 + turn % 3)), BINARY)


def administer(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Keys for programs: one is made, used, and revoked."""
    scene.office.work(scene.ledger, scene.name, turn)


SIXTEEN: dict[str, Work] = {
    "maker": make,
    "replacer": replace,
    "other-replacer": replace,
    "contender": contend,
    "other-contender": contend,
    "poster": post,
    "other-poster": post,
    "adder": add,
    "other-adder": add,
    "counter": count,
    "other-counter": count,
    "bundler": bundle,
    "protector": protect,
    "deep": deepen,
    "blob": fill,
    "administrator": administer,
}
