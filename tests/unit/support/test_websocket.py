"""The WebSocket client of the tests, held against the examples of RFC 6455 and a server that is a few lines long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.support.waiting import SECONDS_MAX
from tests.support.websocket import Closed, Frame, Frames, Refused, WebSocket, connect, masked

HELLO = bytes([0x81, 5]) + b"Hello"


@pytest.fixture
def line() -> Iterator[tuple[WebSocket, socket.socket]]:
    """An open connection, and its other end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        yield WebSocket(ours, None), theirs


@pytest.mark.parametrize(
    ("received", "frames"),
    [
        (HELLO, [Frame(1, b"Hello")]),
        (HELLO * 2, [Frame(1, b"Hello")] * 2),
        (bytes([0x82, 126, 1, 0]) + bytes(256), [Frame(2, bytes(256))]),
        (bytes([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]) + bytes(65536), [Frame(2, bytes(65536))]),
        (bytes([0x89, 0]), [Frame(9, b"")]),
    ],
)
def test_frames_are_read_in_pieces_of_any_size(received: bytes, frames: list[Frame]) -> None:
    whole, pieces = Frames(), Frames()
    assert list(whole.feed(received)) == frames
    assert [frame for byte in received for frame in pieces.feed(bytes([byte]))] == frames


@pytest.mark.parametrize("size", [0, 5, 125, 126, 65_535])
def test_what_a_client_sends_is_masked(size: int) -> None:
    content = b"x" * size
    frame = masked(1, content)
    begins = 2 if size < 126 else 4
    mask, covered = frame[begins : begins + 4], frame[begins + 4 :]
    assert frame[1] & 0x80
    assert bytes(each ^ mask[number % 4] for number, each in enumerate(covered)) == content


def test_pings_are_answered_and_messages_given(line: tuple[WebSocket, socket.socket]) -> None:
    client, server = line
    server.sendall(bytes([0x89, 2]) + b"hi" + HELLO)
    assert client.receive() == "Hello"
    assert server.recv(100)[:2] == bytes([0x8A, 0x82])


@pytest.mark.parametrize(("sent", "code"), [(bytes([0x88, 2]) + (4410).to_bytes(2, "big"), 4410), (b"", 1006)])
def test_the_end_of_a_connection_has_a_code(sent: bytes, code: int, line: tuple[WebSocket, socket.socket]) -> None:
    client, server = line
    server.sendall(sent)
    server.close()
    with pytest.raises(Closed) as closed:
        client.receive()
    assert closed.value.code == code


def test_a_refusal_tells_what_the_server_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            with listening.accept()[0] as connection:
                connection.recv(10_000)
                connection.sendall(b"HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\nlate")

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(Refused) as refused:
            connect(f"ws://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join(SECONDS_MAX)
    assert (refused.value.status, refused.value.content) == (410, "late")
