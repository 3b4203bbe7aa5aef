"""Writes that succeed beside writes that fail, many at once: whatever they share on their way to the disk, each has the
answer and the effect it would have had alone.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from tests.chaos.disk import limit
from tests.chaos.failing import FAILING, FILE_BYTES, MEMBERS_MAX, POISON, arrange, heal, poison, poisoned, too_large
from tests.chaos.judge import contained, store_verdicts, verdicts
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.scene import Scene, Stage, set_stage
from tests.chaos.storm import writing
from tests.chaos.writers import Work, add, count, deepen, fill, make
from tests.support.server import ALICE, BOB, running_server
from tests.support.stores import sqlite_store
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

WORKERS = 2
SUCCEEDING: dict[str, Work] = {
    "maker": make,
    "other-maker": make,
    "adder": add,
    "counter": count,
    "deep": deepen,
    "blob": fill,
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    settings = {"FREEHOLD_MEMBERS_MAX": str(MEMBERS_MAX), "FREEHOLD_WORKERS": str(WORKERS)}
    with running_server((ALICE, BOB), directory=tmp_path_factory.mktemp("near"), environment=settings) as server:
        yield set_stage(server)


@pytest.fixture
def scene(stage: Stage, request: pytest.FixtureRequest) -> Scene:
    return stage.scene(Ledger(), request.node.name.replace("[", "-").rstrip("]"))


def run(scene: Scene, failing: dict[str, Work], *, acknowledged: int, refused: int) -> list[Verdict]:
    """Everything that is wrong after some writers succeeded and others failed."""
    ledger = scene.ledger
    with writing(scene, steadfast=False, works=SUCCEEDING | failing) as storm:
        storm.await_acknowledged(acknowledged)
        until(lambda: storm.failures or ledger.refused >= refused)
    return [*ledger.verdicts, *verdicts(scene), *store_verdicts(scene.server, ledger), *traces(scene, failing)]


def traces(scene: Scene, failing: dict[str, Work]) -> list[Verdict]:
    """What the journal tells of writes that failed."""
    store = sqlite_store(scene.server.data)
    place = "/" + scene.place.removeprefix(scene.server.base_url)
    changes = [each for each in store.changes(0, 1_000_000) if each.path.startswith((place, "/bob/"))]
    store.close()
    return [
        Verdict("half-done", each.path, "was refused")
        for each in changes
        if any(f"/{name}" in each.path for name in failing)
    ]


def test_writes_beside_refused_writes_succeed(scene: Scene) -> None:
    arrange(scene)
    assert run(scene, FAILING, acknowledged=150, refused=300) == []
    wire = scene.wire()
    assert wire.send("GET", f"{scene.place}doc").body == b"kept"
    assert b"here" in wire.send("GET", f"{scene.place}graph").body
    assert len(contained(wire, f"{scene.place}full/")) == MEMBERS_MAX
    wire.close()


def test_a_write_that_the_database_refuses_fails_alone(scene: Scene) -> None:
    poison(scene, "ABORT")
    try:
        wrong = run(scene, {POISON: poisoned}, acknowledged=100, refused=20)
    finally:
        heal(scene)
    assert wrong == []


def test_when_the_database_drops_a_transaction_nobody_in_it_is_acknowledged(scene: Scene) -> None:
    """As it does by itself when the disk is full or fails. Neighbours may be asked to try again."""
    poison(scene, "ROLLBACK")
    scene.ledger.tolerated = (503,)
    try:
        wrong = run(scene, {POISON: poisoned}, acknowledged=100, refused=20)
    finally:
        heal(scene)
    assert wrong == []


def test_a_body_that_finds_no_room_fails_alone(scene: Scene) -> None:
    limit(scene.server, FILE_BYTES)
    try:
        wrong = run(scene, {"too-large": too_large}, acknowledged=100, refused=5)
    finally:
        limit(scene.server, resource.RLIM_INFINITY)
    assert wrong == []
