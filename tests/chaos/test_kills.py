"""Processes are killed with SIGKILL at random while sixteen writers of every kind are at work: what was acknowledged is
there, what was not is there wholly or not at all, and the server is back by itself.
"""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pod.store.sweep import sweep
from tests.chaos.harm import SUPERVISOR, WEB, WORKER, kill, strays
from tests.chaos.judge import litter, store_verdicts, verdicts
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.scene import Scene, set_stage
from tests.chaos.storm import writing
from tests.chaos.writers import SIXTEEN
from tests.support.figures import record
from tests.support.server import ALICE, Server, running_server
from tests.support.stores import StillClock, sqlite_store

pytestmark = pytest.mark.e2e

ROUNDS = [6, pytest.param(200, marks=pytest.mark.soak)]
ROUNDS_OF_A_SERVER = 20
KINDS = (WEB, WEB, WEB, SUPERVISOR, SUPERVISOR, WORKER)
FREEHOLD = str(Path(sys.executable).with_name("freehold"))
A_DAY_LATER = 4e9


@dataclass
class Toll:
    """What happened in all rounds together."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    doubtful: int = 0
    back_seconds: float = 0.0
    crimes: list[Verdict] = field(default_factory=list)

    def figures(self) -> dict[str, int | float | str]:
        by_crime = Counter(each.crime for each in self.crimes)
        return {
            "rounds": self.kills.total(),
            **{f"times the {kind} process was killed": self.kills[kind] for kind in (WEB, WORKER, SUPERVISOR)},
            "writers at once": len(SIXTEEN),
            "writes acknowledged": self.acknowledged,
            "writes in the midst of a kill": self.doubtful,
            "acknowledged writes lost": by_crime["lost"] + by_crime["journal"],
            "writes found half-done": by_crime["half-done"] + by_crime["store"],
            "answers that should not be": by_crime["answer"],
            "hand repairs": by_crime["process"],
            "longest time to come back, seconds": self.back_seconds,
        }


@pytest.mark.parametrize("rounds", ROUNDS)
def test_nothing_acknowledged_is_lost_to_kills(tmp_path: Path, rounds: int) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "0")) or secrets.randbits(32)
    chance, toll = random.Random(seed), Toll()
    kinds = [KINDS[number % len(KINDS)] for number in range(rounds)]
    chance.shuffle(kinds)
    for number in range(0, rounds, ROUNDS_OF_A_SERVER):
        directory = tmp_path / str(number)
        directory.mkdir()
        through(directory, kinds[number : number + ROUNDS_OF_A_SERVER], chance, toll)
    if rounds > ROUNDS_OF_A_SERVER:
        record("processes killed at random", toll.figures())
    assert toll.crimes == [], f"CHAOS_SEED={seed}"


def through(directory: Path, kinds: list[str], chance: random.Random, toll: Toll) -> None:
    """Some rounds on one server."""
    ledger, scenes = Ledger(), []
    with running_server((ALICE,), directory=directory, environment=processes(chance)) as server:
        stage = set_stage(server)
        for number, kind in enumerate(kinds):
            scenes.append(stage.scene(ledger, f"r{number}"))
            one_round(scenes[-1], kind, chance, toll)
        toll.crimes += [each for scene in scenes for each in verdicts(scene)]
        toll.crimes += store_verdicts(server, ledger)
    toll.crimes += ledger.verdicts
    toll.crimes += after_all(server)
    toll.acknowledged += ledger.acknowledged
    toll.doubtful += sum(not each.acknowledged for each in ledger.attempts)


def one_round(scene: Scene, kind: str, chance: random.Random, toll: Toll) -> None:
    """Writers write, a process is killed, the server comes back, and what is there is looked at."""
    server = scene.server
    if kind == SUPERVISOR:  # it starts again as another
        server.environment = {**server.environment, **processes(chance)}
    with writing(scene, steadfast=chance.random() < 0.5) as storm:
        storm.await_acknowledged(chance.randrange(50, 250))
        seconds = kill(server, kind, chance)
        if storm.steadfast:
            storm.await_acknowledged(chance.randrange(20, 80))
    toll.kills[kind] += 1
    toll.back_seconds = max(toll.back_seconds, seconds)
    workers = int(server.environment["FREEHOLD_WORKERS"])
    toll.crimes += [Verdict("process", str(pid), "should not be") for pid in strays(server, workers)]
    toll.crimes += verdicts(scene)
    toll.crimes += store_verdicts(server, scene.ledger)


def processes(chance: random.Random) -> dict[str, str]:
    """One web process or two."""
    return {"FREEHOLD_WORKERS": str(chance.choice((1, 1, 2)))}


def after_all(server: Server) -> list[Verdict]:
    """`freehold fsck --deep` of what is left, and that nothing is left that should not be."""
    command = [FREEHOLD, "fsck", "--deep", "--data", str(server.data)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    found = [] if checked.returncode == 0 else [Verdict("store", "", checked.stdout[-2000:])]
    store = sqlite_store(server.data)
    sweep(store, StillClock(A_DAY_LATER), 0)
    named = {name for (name,) in store.rows("SELECT blob FROM resource WHERE blob IS NOT NULL")}
    files = {each.name for each in store.blobs.files()}
    store.close()
    if files != named:
        found.append(Verdict("store", "blobs", f"{len(files - named)} too many, {len(named - files)} too few"))
    return found + [Verdict("process", each, "was left behind") for each in litter(server)]
