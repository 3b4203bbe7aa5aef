"""Writers on threads of their own while something happens to the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from tests.chaos.scene import Scene
from tests.chaos.wire import NotSent, Unanswered, Wire
from tests.chaos.writers import SIXTEEN, Work
from tests.support.waiting import SECONDS_MAX, until

PAUSE_SECONDS = 0.02
"""Between two tries to reach a server that is away."""


@dataclass
class Storm:
    """What goes on. `steadfast` writers go on when the server was away, others end with it."""

    scene: Scene
    steadfast: bool
    failures: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def await_acknowledged(self, more: int) -> None:
        """Until so many writes more are acknowledged."""
        goal = self.scene.ledger.acknowledged + more
        until(lambda: self.failures or self.scene.ledger.acknowledged >= goal)

    def blow(self, name: str, work: Work) -> None:
        wire = self.scene.wire()
        try:
            for turn in count():
                if self.over.is_set() or not self._step(work, wire, name, turn):
                    return
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            wire.close()

    def _step(self, work: Work, wire: Wire, name: str, turn: int) -> bool:
        """Whether to go on."""
        try:
            work(self.scene, wire, name, turn)
        except (NotSent, Unanswered):
            self.over.wait(PAUSE_SECONDS)
            return self.steadfast
        return True


@contextmanager
def writing(scene: Scene, *, steadfast: bool, works: dict[str, Work] = SIXTEEN) -> Iterator[Storm]:
    """All write while the block lasts; those who are not steadfast no longer than the server does."""
    storm = Storm(scene, steadfast)
    threads = [threading.Thread(target=storm.blow, args=each, daemon=True) for each in works.items()]
    for thread in threads:
        thread.start()
    try:
        yield storm
    finally:
        storm.over.set()
        for thread in threads:
            thread.join(SECONDS_MAX)
    if storm.failures:
        raise storm.failures[0]
