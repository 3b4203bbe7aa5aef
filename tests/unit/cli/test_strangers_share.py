"""Strangers' servers are waited for by a part of the threads that a process has, not of those that another one has."""

from __future__ import annotations

from threading import Event

import pytest

from pod import worker
from pod.cli import stream
from pod.config import Config
from pod.notifications import push, reception


class Opened(Exception):
    """As far as it is to go; holds the settings."""


def opened(config: Config, *_: object) -> None:
    raise Opened(config)


def test_of_the_threads_that_let_readers_in(tmp_path, monkeypatch: pytest.MonkeyPatch):
    for done_before in ("observed.set_up", "quieten", "share_few_arenas", "allow_connections", "share_meters"):
        monkeypatch.setattr(f"pod.cli.stream.{done_before}", lambda *_: None)
    monkeypatch.setattr(stream, "open_services", opened)
    with pytest.raises(Opened) as caught:
        stream.run(Config(data=tmp_path))
    assert caught.value.args[0].threads == reception.THREADS


def test_of_the_threads_that_push(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pod.services.open_services", opened)
    with pytest.raises(Opened) as caught:
        worker._push(Config(data=tmp_path), None, None, Event())  # type: ignore[arg-type]  # not asked for anything
    assert caught.value.args[0].threads == push.THREADS
