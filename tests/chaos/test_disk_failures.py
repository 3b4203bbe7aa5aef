"""A disk that is full, and one that fails, under sixteen writers: nothing acknowledged is lost, reads go on, and writes go
on when they can.

A file system that is cut off from its disk loses what was not synced, as it does when the power fails.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.chaos.disk import Disk, disk, kinds, server_on
from tests.chaos.judge import store_verdicts, verdicts
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.scene import Scene, set_stage
from tests.chaos.storm import writing
from tests.support.figures import record
from tests.support.processes import tree
from tests.support.server import Server
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

FULL = (503, 507)
LOSSES = [2, pytest.param(20, marks=pytest.mark.soak)]


def crimes(scene: Scene) -> list[Verdict]:
    return [*scene.ledger.verdicts, *verdicts(scene), *store_verdicts(scene.server, scene.ledger)]


def can_be_read(server: Server) -> bool:
    return all(requests.get(server.url("alice/profile/card"), timeout=20).ok for _ in range(10))


@pytest.mark.parametrize("kind", kinds())
def test_writes_are_refused_while_a_disk_is_full_and_go_on_when_there_is_room(tmp_path: Path, kind: str) -> None:
    with disk(kind, tmp_path) as place, server_on(place, tmp_path) as server:
        scene = set_stage(server).scene(Ledger(), "full")
        family = tree(server.pid)
        with writing(scene, steadfast=True) as storm:
            storm.await_acknowledged(60)
            scene.ledger.tolerated = FULL
            place.fill(server)
            until(lambda: storm.failures or scene.ledger.refused >= 150)
            assert can_be_read(server)
            place.free(server)
            storm.await_acknowledged(60)
        assert crimes(scene) == []
        assert tree(server.pid) == family


@pytest.mark.parametrize("losses", LOSSES)
@pytest.mark.parametrize("kind", kinds()[-1:])
def test_nothing_acknowledged_is_lost_with_the_disk_cut_off(tmp_path: Path, kind: str, losses: int) -> None:
    found, ledger = list[Verdict](), Ledger()
    with disk(kind, tmp_path) as place, server_on(place, tmp_path, FREEHOLD_PROOF_SKEW_SECONDS="1") as server:
        stage = set_stage(server)
        for number in range(losses):
            scene = stage.scene(ledger, f"loss{number}")
            cut_off(scene, place, after=50 + 13 * (number % 10))
            found += [*verdicts(scene), *store_verdicts(server, ledger)]
    found += ledger.verdicts
    if losses > 2:
        record("disk cut off from a mounted file system", figures(kind, losses, ledger, found))
    assert found == []


def cut_off(scene: Scene, place: Disk, after: int) -> None:
    """The disk takes no more; the server answers reads, says so to writers, and starts again when the disk is back."""
    ledger, doubts = scene.ledger, scene.ledger.doubtful
    with writing(scene, steadfast=True) as storm:
        storm.await_acknowledged(after)
        ledger.tolerated = FULL
        ledger.uncertain.add(503)
        place.fail(scene.server)
        until(lambda: storm.failures or ledger.doubtful >= doubts + 50)
        assert can_be_read(scene.server)
    place.replace(scene.server)
    until(lambda: takes_proofs(scene))
    ledger.tolerated = ()
    ledger.uncertain.clear()


def takes_proofs(scene: Scene) -> bool:
    """Those of before may have been lost with what was not synced, so for some seconds all are refused."""
    status = scene.owner.get(scene.place).status_code
    assert status in {200, 503}
    return status == 200


def figures(kind: str, losses: int, ledger: Ledger, found: list[Verdict]) -> dict[str, int | str]:
    return {
        "kind of disk": kind,
        "times cut off": losses,
        "writes acknowledged": ledger.acknowledged,
        "writes without an answer": ledger.doubtful,
        "acknowledged writes lost or half-done": len(found),
    }
