"""A disk that is full, and one that fails, under sixteen writers: nothing acknowledged is lost, reads go on, and writes go
on when they can.

When the power fails, what was not synced may be gone: the server is started again on what its disk held at that moment.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.chaos.disk import disk, kinds, server_on
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


@pytest.mark.parametrize("kind", kinds()[-1:])
def test_a_disk_that_fails_is_told_to_writers_and_reads_go_on(tmp_path: Path, kind: str) -> None:
    with disk(kind, tmp_path) as place, server_on(place, tmp_path) as server:
        scene = set_stage(server).scene(Ledger(), "failing")
        with writing(scene, steadfast=True) as storm:
            storm.await_acknowledged(60)
            scene.ledger.tolerated = FULL
            scene.ledger.uncertain.add(503)
            place.fail(server)
            until(lambda: storm.failures or scene.ledger.doubtful >= 50)
            assert can_be_read(server)
        assert scene.ledger.verdicts == []


@pytest.mark.parametrize("losses", LOSSES)
@pytest.mark.parametrize("kind", kinds()[-1:])
def test_nothing_acknowledged_is_lost_when_the_power_fails(tmp_path: Path, kind: str, losses: int) -> None:
    found, ledger = list[Verdict](), Ledger()
    with disk(kind, tmp_path) as place, server_on(place, tmp_path, FREEHOLD_PROOF_SKEW_SECONDS="1") as server:
        stage = set_stage(server)
        for number in range(losses):
            scene = stage.scene(ledger, f"loss{number}")
            with writing(scene, steadfast=False) as storm:
                storm.await_acknowledged(50 + 13 * (number % 10))
                place.cut(server)
            until(lambda scene=scene: takes_proofs(scene))
            found += [*verdicts(scene), *store_verdicts(server, ledger)]
    found += ledger.verdicts
    if losses > 2:
        record("power failures, simulated", figures(kind, losses, ledger, found))
    assert found == []


def takes_proofs(scene: Scene) -> bool:
    """Those of before may have been lost with what was not synced, so for some seconds all are refused."""
    status = scene.owner.get(scene.place).status_code
    assert status in {200, 503}
    return status == 200


def figures(kind: str, losses: int, ledger: Ledger, found: list[Verdict]) -> dict[str, int | str]:
    return {
        "kind of disk": kind,
        "times the power failed": losses,
        "writes acknowledged": ledger.acknowledged,
        "writes without an answer": ledger.doubtful,
        "acknowledged writes lost or half-done": len(found),
    }
