"""The worker process ends when it is asked to, whatever it is at."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from pod.cli import work
from pod.config import Config
from pod.observability.meters import METERS
from tests.support.waiting import SECONDS_MAX


@pytest.fixture
def _handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is set up for the whole process goes again."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(work.observed, "set_up", lambda _config: None)
    monkeypatch.setattr(METERS, "share", lambda *_: None)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["terminate", "interrupt"])
def test_it_stops_also_where_it_is_asked_while_it_begins_to_wait(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stopped = []

    def waits(_config: Config, stop: Event) -> None:
        with stop._cond:  # type: ignore[attr-defined]  # as `wait` holds it for a moment
            signal.raise_signal(number)
        stopped.append(stop.wait(SECONDS_MAX))

    monkeypatch.setattr(work, "work", waits)
    work.run(Config(data=tmp_path))
    assert stopped == [True]
