"""Server-sent events: whatever a message holds, it is the data of one event."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pod.notifications.event_stream import event_data


def parsed(stream: bytes) -> list[tuple[str, str]]:
    """Fields as a browser reads them. Spec: HTML Standard s9.2.6"""
    lines = stream.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    fields = [line.partition(":") for line in lines if line]
    return [(name, value.removeprefix(" ")) for name, _, value in fields]


@pytest.mark.requirement("eventsource2023#channel-type")
@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b'{"a": 1}', b'data: {"a": 1}\n\n'),
        (b"", b"data: \n\n"),
        (b"<a> <b> <c> .\n<d> <e> <f> .\n", b"data: <a> <b> <c> .\ndata: <d> <e> <f> .\n\n"),
        (b"x\rid: 9\r\n\r\ndata: y", b"data: x\ndata: id: 9\ndata: \ndata: data: y\n\n"),
    ],
)
def test_each_line_is_data(body: bytes, event: bytes):
    assert event_data(body) == event


@given(st.text())
def test_nothing_in_a_message_ends_the_event_or_begins_another_field(text: str):
    event = event_data(text.encode())
    assert event.endswith(b"\n\n")
    assert event.count(b"\n\n") == 1
    assert {name for name, _ in parsed(event)} == {"data"}
