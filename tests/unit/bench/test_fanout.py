"""What is made of when messages arrived."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bench.fanout import Heard, Results, held, markdown
from bench.listeners import Listeners, SilenceError
from tests.support.websocket import WebSocket

LISTENERS = 3


def results(*pairs: tuple[float, float]) -> Results:
    """Of each pair, when the last message of Freehold and of CSS came, in milliseconds after the write's start."""
    runs = [{"freehold": [Heard(2, 3, ours)], "css": [Heard(10, 20, theirs)]} for ours, theirs in pairs]
    settings = {"pairs": len(pairs), "listeners": 500, "writes": 1}
    return Results("2026-11-22", "a machine", {"freehold": "0.1.0", "css": "7.2.0"}, settings, runs)


def test_a_row_has_medians_and_the_range_of_ratios() -> None:
    text = markdown(results((10, 1000), (20, 3000), (30, 6000)))
    assert "| from the write's start to the last message | 20 ms | 3,000 ms | **150x** (100-200) |" in text
    assert "| from the write's answer to the last message | 18 ms | 2,990 ms | **166x** (124-214) |" in text


@pytest.mark.parametrize(("theirs", "is_held"), [(210, True), (190, False)])
def test_the_gate_is_twenty_times(theirs: float, is_held: bool) -> None:
    found = results((10, theirs))
    assert held(found) == is_held
    assert ("**not held**" in markdown(found)) != is_held


def test_messages_that_come_before_the_answer_take_no_time_after_it() -> None:
    assert Heard(acknowledged_ms=5, first_ms=3, last_ms=4).after_ms == 0


@pytest.fixture
def lines() -> Iterator[tuple[Listeners, list[socket.socket]]]:
    """Some listeners, and the other ends of their connections."""
    pairs = [socket.socketpair() for _ in range(LISTENERS)]
    listeners = Listeners([WebSocket(ours, None) for ours, _ in pairs])
    yield listeners, [theirs for _, theirs in pairs]
    listeners.close()
    for _, theirs in pairs:
        theirs.close()


def test_a_message_of_each_listener_is_gathered_with_the_answer(
    lines: tuple[Listeners, list[socket.socket]],
) -> None:
    listeners, servers = lines
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for each in servers:
            each.sendall(bytes([0x81, 5]) + b"Hello")
        theirs.sendall(b"HTTP/1.1 205 Reset Content\r\n\r\n")
        answer, messages = listeners.gather(ours)
    assert answer.text.startswith("HTTP/1.1 205")
    assert [each.text for each in messages] == ["Hello"] * LISTENERS


def test_a_listener_that_is_cut_off_is_told_of(lines: tuple[Listeners, list[socket.socket]]) -> None:
    listeners, servers = lines
    servers[0].close()
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(SilenceError):
        listeners.gather(ours)
