"""After a storm: reads everything that was written in a scene, and the data directory itself, and says what may not be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from pod.protocol.resource import Target
from pod.store.fsck import Severity, check
from pod.store.records import Change, ChangeKind
from pod.store.sqlite import SQLiteStore
from tests.chaos.ledger import Attempt, Found, Ledger, Verdict, by_url, judged, out_of_order
from tests.chaos.scene import COUNTERS, Scene
from tests.chaos.wire import Wire
from tests.chaos.writers import counter_value
from tests.support.server import Server
from tests.support.stores import sqlite_store

CHANGES_MAX = 10_000_000
LINES = {"Accept": "application/n-triples"}


def verdicts(scene: Scene) -> list[Verdict]:
    """Everything wrong with what a scene's writers left behind."""
    wire = scene.wire()
    attempts = [each for each in scene.ledger.attempts if each.url.startswith(scene.place)]
    found = {
        url: read(wire, url) for url in by_url(attempts) | dict.fromkeys(url for each in scene.together for url in each)
    }
    judgements = [judged(each, found[url]) for url, each in by_url(attempts).items()]
    wrong = [each for each in judgements if each is not None]
    wrong += [*_halves(scene, found), *_posts(scene, wire), *_numbers(scene, wire), *_counters(scene, wire)]
    wrong += [*_listing(scene, wire, found), *_updates(scene), *scene.office.check()]
    wire.close()
    return wrong


def read(wire: Wire, url: str) -> Found:
    return Found.of(wire.send("GET", url, signed=url.endswith(".acl")))


def _halves(scene: Scene, found: dict[str, Found]) -> Iterator[Verdict]:
    """Of what comes and goes in one transaction all is there, or nothing."""
    for urls in scene.together:
        there = [url for url in urls if found[url].content is not None]
        if there and len(there) < len(urls):
            yield Verdict("half-done", urls[0], f"only {there} are there")


def _posts(scene: Scene, wire: Wire) -> Iterator[Verdict]:
    """What no answer told of: made by a POST without an answer, each at most once."""
    doubtful = list(scene.doubtful_posts)
    for url in contained(wire, scene.posts) - scene.made.keys():
        body = wire.send("GET", url).body
        if body in doubtful:
            doubtful.remove(body)
        else:
            yield Verdict("half-done", url, f"holds {body[:80]!r}, which no POST without an answer sent")


def _numbers(scene: Scene, wire: Wire) -> Iterator[Verdict]:
    reply = wire.send("GET", scene.set, headers=LINES)
    there = {int(number) for number in re.findall(rb'> "(\d+)"', reply.body)}
    if scene.numbers - there:
        yield Verdict("lost", scene.set, f"{len(scene.numbers - there)} acknowledged insertions are not there")
    if there - scene.numbers - scene.doubtful_numbers:
        yield Verdict("half-done", scene.set, "holds what nobody inserted, or what was refused")


def _counters(scene: Scene, wire: Wire) -> Iterator[Verdict]:
    for url in map(scene.counter, range(COUNTERS)):
        value = counter_value(wire.send("GET", url))
        steps = {step: times for (counter, step), times in scene.counted.items() if counter == url}
        if max(steps.values(), default=1) > 1:
            yield Verdict("lost", url, "two increments started from one value")
        if not len(steps) <= value <= len(steps) + scene.doubtful_counts[url]:
            doubts = scene.doubtful_counts[url]
            yield Verdict("lost", url, f"is {value}; {len(steps)} increments were acknowledged, {doubts} in doubt")


def _listing(scene: Scene, wire: Wire, found: dict[str, Found]) -> Iterator[Verdict]:
    """The container lists what can be read in it, and nothing else."""
    names = {url.removeprefix(scene.place): each.content is not None for url, each in found.items()}
    shown = {scene.place + name for name, there in names.items() if there and _is_member(name)}
    known = {scene.place + name for name in names if _is_member(name)}
    listed = contained(wire, scene.place) & known
    if listed != shown:
        yield Verdict("half-done", scene.place, f"lists {sorted(listed - shown)}, not {sorted(shown - listed)}")


def _is_member(name: str) -> bool:
    return bool(name) and "/" not in name.rstrip("/") and not name.endswith((".acl", ".meta"))


def _updates(scene: Scene) -> Iterator[Verdict]:
    """No state was replaced by two writers who both named it."""
    for (url, etag), times in scene.spent.items():
        if etag and times > 1:
            yield Verdict("lost", url, f"{times} writers replaced {etag}")


def contained(wire: Wire, container: str) -> set[str]:
    body = wire.send("GET", container, headers=LINES).body.decode()
    return set(re.findall(r"<http://www.w3.org/ns/ldp#contains> <([^>]+)>", body))


# -- the data directory ------------------------------------------------------------------------------------------------


def store_verdicts(server: Server, ledger: Ledger) -> list[Verdict]:
    """What the store itself says, beside the server that works on it: soundness, and a journal of all that was written."""
    store = sqlite_store(server.data)
    try:
        errors = [each for each in check(store, deep=True) if each.severity is Severity.ERROR]
        found = [Verdict("store", each.path, each.text) for each in errors]
        return [*found, *_journal(server, store, ledger.attempts), *out_of_order(ledger.attempts)]
    finally:
        store.close()


def _journal(server: Server, store: SQLiteStore, attempts: list[Attempt]) -> Iterator[Verdict]:
    changes = store.changes(0, CHANGES_MAX)
    positions = [each.position for each in changes]
    if positions != list(range(1, len(positions) + 1)):
        yield Verdict("journal", "", f"{len(positions)} entries, the last at {positions[-1]}")
    kept = {(each.path, each.sequence): each for each in changes if each.kind is not ChangeKind.DELETE}
    deleted = {each.path for each in changes if each.kind is ChangeKind.DELETE}
    for each in attempts:
        path = Target.parse("/" + each.url.removeprefix(server.base_url)).path
        if each.acknowledged and not _told(each, path, kept, deleted):
            yield Verdict("journal", each.url, f"does not tell of version {each.version}")


def _told(attempt: Attempt, path: str, kept: dict[tuple[str, int], Change], deleted: set[str]) -> bool:
    if attempt.content is None:
        return path in deleted
    change = kept.get((path, attempt.version))
    if change is None or not attempt.whole:
        return change is not None
    return not attempt.content or change.digest in {sha256(attempt.content).hexdigest(), *_digest(attempt.content)}


def _digest(essence: bytes) -> list[str]:
    """The digest of a body that is remembered by it alone."""
    return [essence.decode().rpartition(" ")[2]] if b", SHA-256 " in essence else []


def litter(server: Server) -> list[str]:
    """Files of a stopped server that nothing will remove or use again. What was being uploaded is swept in time."""
    known = re.compile(
        r"(pod|derived|access)\.sqlite(-wal|-shm)?|lock|base-url|(keys|run)/.*|blobs/../[0-9a-f]+(\.part)?"
    )
    files = (str(each.relative_to(server.data)) for each in server.data.rglob("*") if each.is_file())
    return [each for each in files if not known.fullmatch(each) or each.endswith(".new")]
