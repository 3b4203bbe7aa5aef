"""Web, stream and worker process are killed with SIGKILL at random while writers write and subscribers of every kind listen:
who comes back with its last state has heard of every change it may see, in order, and of none it may not.

What happened is read from the journal, which tells of every acknowledged write: that is looked at too.
"""

from __future__ import annotations

import os
import random
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import pytest

from pod.store.records import Change
from tests.chaos.harm import STREAM, WEB, WORKER, kill, strays
from tests.chaos.hearing import Heard, events, judged, told_beneath
from tests.chaos.judge import CHANGES_MAX, store_verdicts
from tests.chaos.ledger import Ledger, Verdict
from tests.chaos.scene import Scene, set_stage
from tests.chaos.storm import PAUSE_SECONDS, writing
from tests.chaos.subscribers import PULLED, Listener, Receiver, attending, receiving
from tests.chaos.wire import Wire, version_of
from tests.chaos.writers import PLAIN, SIXTEEN, Work, unique, written
from tests.support.client import SolidClient, authorization
from tests.support.figures import record
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, running_server
from tests.support.stores import sqlite_store
from tests.support.subscribing import subscribe
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

SHORT, LONG = 6, 50
ROUNDS = [SHORT, pytest.param(LONG, marks=pytest.mark.soak)]
KINDS = (STREAM, WEB, WORKER)
WEBHOOK = "WebhookChannel2023"
HIDDEN = "hidden/"
"""A container in which only the owner may read."""
LAST_WORD = "last-word"
WRITES_MEANWHILE_MAX = 50
HEARD_SECONDS_MAX = 180.0


def hide(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """What strangers may not hear of: made, replaced and deleted, signed."""
    url = f"{scene.place}{HIDDEN}{name}{turn % 3}"
    if turn % 4:
        written(scene, wire, "PUT", url, unique(name, turn), PLAIN, signed=True)
    else:
        written(scene, wire, "DELETE", url, None, expected=(204,), refusals=(404,), signed=True)


CHOSEN = ("maker", "contender", "other-contender", "poster", "adder", "bundler", "protector", "deep")
WRITERS: dict[str, Work] = {**{name: SIXTEEN[name] for name in CHOSEN}, "hider": hide}


@dataclass
class Crowd:
    """The subscribers of a scene, and what each heard. All began with the same state."""

    listeners: list[Listener]
    receiver: Receiver
    sequence: int

    def heard(self) -> dict[str, list[Heard]]:
        return {each.name: each.heard for each in self.listeners} | self.receiver.heard

    def stay(self) -> None:
        """From now on nobody leaves by itself: with a long way to go, most of it would be told over and over."""
        for each in self.listeners:
            each.chance = None

    def have_heard(self, sequence: int) -> bool:
        """Whether all have, even of so late a change."""
        return all(heard and heard[-1].sequence == sequence for heard in self.heard().values())


@dataclass
class Allowance:
    """Bounds what is written while a process comes back, however long that takes: it all has to be told."""

    ledger: Ledger
    most: float = inf
    _lifted: threading.Event = field(default_factory=threading.Event)

    def bounding(self, work: Work) -> Work:
        def bounded(scene: Scene, wire: Wire, name: str, turn: int) -> None:
            if self.ledger.acknowledged < self.most:
                work(scene, wire, name, turn)
            else:
                self._lifted.wait(PAUSE_SECONDS)

        return bounded

    def lift(self) -> None:
        self.most = inf
        self._lifted.set()


@dataclass
class Toll:
    """What happened in all rounds together."""

    kills: Counter[str] = field(default_factory=Counter)
    figures: dict[str, int | float | str] = field(default_factory=dict)
    crimes: list[Verdict] = field(default_factory=list)

    def count(self, scene: Scene, crowd: Crowd) -> None:
        heard = [events(each) for each in crowd.heard().values()]
        by_crime = Counter(each.crime for each in self.crimes)
        self.figures = {
            "rounds": self.kills.total(),
            **{f"times the {kind} process was killed": self.kills[kind] for kind in KINDS},
            "writers at once": len(WRITERS),
            "subscribers at once": len(heard),
            "writes acknowledged": scene.ledger.acknowledged,
            "times a subscriber connected": sum(each.connections for each in crowd.listeners),
            "webhooks refused by their receiver": crowd.receiver.refused,
            "messages heard": sum(map(len, heard)),
            "of these heard before": sum(len(each) - len(set(each)) for each in heard),
            "changes that a subscriber did not hear of": by_crime["unheard"],
            "changes heard that were not for the subscriber": by_crime["overheard"],
            "changes heard out of order": by_crime["disordered"],
        }


@pytest.mark.parametrize("rounds", ROUNDS)
def test_no_subscriber_misses_what_happens_while_processes_are_killed(tmp_path: Path, rounds: int) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "0")) or secrets.randbits(32)
    chance, toll = random.Random(seed), Toll()
    kinds = [KINDS[number % len(KINDS)] for number in range(rounds)]
    chance.shuffle(kinds)
    with running_server((ALICE, BOB), directory=tmp_path) as server:
        scene = set_stage(server).scene(Ledger(), "heard")
        conceal(scene)
        with listening(scene, signed_in(server, BOB), chance) as crowd:
            for number, kind in enumerate(kinds):
                one_round(scene, crowd.receiver, number, kind, chance, toll)
            end = last_word(scene)
            crowd.stay()
            until(lambda: crowd.have_heard(end) or any(each.failures for each in crowd.listeners), HEARD_SECONDS_MAX)
        toll.crimes += [*scene.ledger.verdicts, *store_verdicts(server, scene.ledger), *verdicts(scene, crowd)]
    toll.count(scene, crowd)
    if rounds == LONG:
        record("subscribers while processes are killed", toll.figures)
    assert toll.crimes == [], f"CHAOS_SEED={seed}"


def conceal(scene: Scene) -> None:
    """Where the owner is alone."""
    place = f"{scene.place}{HIDDEN}"
    scene.owner.put_container(place)
    scene.owner.put_acl(place, authorization(place, "Read Write Control", agents=(scene.owner.web_id,), default=True))


@contextmanager
def listening(scene: Scene, stranger: SolidClient, chance: random.Random) -> Iterator[Crowd]:
    """The owner and somebody else, each with a channel of every kind on all that is in the scene."""
    etag = scene.owner.head(scene.place).headers["ETag"]
    state = etag.strip('"').partition("-")[0]
    people = {"owner": scene.owner, "stranger": stranger}
    with receiving(chance) as receiver:
        crowd = Crowd([], receiver, version_of(etag))
        for who, client in people.items():
            for kind, stream in PULLED.items():
                channel = subscribe(client, kind, scene.place, subtree=True)
                name, whims = f"{who}/{kind}", random.Random(chance.random())
                crowd.listeners.append(Listener(name, stream, channel["receiveFrom"], state, whims))
            receiver.heard[f"{who}/{WEBHOOK}"] = []
            to = f"{receiver.url}{who}/{WEBHOOK}"
            subscribe(client, WEBHOOK, scene.place, subtree=True, sendTo=to, state=state)
        with attending(*crowd.listeners):
            yield crowd


def one_round(scene: Scene, receiver: Receiver, number: int, kind: str, chance: random.Random, toll: Toll) -> None:
    """Writers write, a process is killed and comes back, and they go on. The worker dies while it waits for an answer."""
    allowance = Allowance(scene.ledger)
    works = {f"{name}-{number}": allowance.bounding(work) for name, work in WRITERS.items()}
    with writing(scene, steadfast=True, works=works) as storm:
        storm.await_acknowledged(chance.randrange(5, 25))
        allowance.most = scene.ledger.acknowledged + WRITES_MEANWHILE_MAX
        with receiver.withholding() if kind == WORKER else nullcontext():
            kill(scene.server, kind, chance)
        allowance.lift()
        storm.await_acknowledged(chance.randrange(5, 20))
    toll.kills[kind] += 1
    toll.crimes += [Verdict("process", str(pid), "should not be") for pid in strays(scene.server, 1)]


def last_word(scene: Scene) -> int:
    """A change that everyone hears of, after all others: who has heard it has heard all."""
    url = f"{scene.place}{LAST_WORD}"
    attempt = written(scene, scene.wire(), "PUT", url, b"the end", PLAIN, (201,))
    assert attempt.acknowledged, scene.ledger.verdicts
    return attempt.version


def verdicts(scene: Scene, crowd: Crowd) -> Iterator[Verdict]:
    """What each subscriber heard, held against what happened since they began."""
    hidden, changes = f"{scene.place}{HIDDEN}", happened(scene, crowd.sequence)
    for name, heard in crowd.heard().items():
        concealed = "" if name.startswith("owner/") else hidden
        yield from judged(name, told_beneath(changes, scene.server.base_url, scene.place, concealed), heard)


def happened(scene: Scene, since: int) -> list[Change]:
    """The journal of the owner's storage."""
    store = sqlite_store(scene.server.data)
    try:
        changes = store.changes(0, CHANGES_MAX)
    finally:
        store.close()
    return [each for each in changes if each.path.startswith(f"/{ALICE.name}/") and each.sequence > since]
