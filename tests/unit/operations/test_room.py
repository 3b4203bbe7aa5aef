"""A storage's quota and bodies on their way: no more is taken in than there is room for, and what fits is let in."""

from __future__ import annotations

import pytest

from pod.store.records import SERVER
from pod.store.staging import PIECE_BYTES
from tests.support.inprocess import LocalServer

ROOM_BYTES = 400_000
PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture
def server(tmp_path):
    server = LocalServer(tmp_path)
    assert server.request("PUT", "/alice/old", PLAIN, b"x" * 300_000).status == 201
    leave_room(server, ROOM_BYTES)
    yield server
    server.close()


def leave_room(server, size):
    with server.services.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET bytes_max = bytes + ? WHERE path = '/alice/'", (size,))


def send(server, method, path, size, *, chunked=False):
    """The status, and how much of the body was read."""
    environ = server.environ(method, path, PLAIN, b"x" * size, "alice")
    if chunked:
        del environ["CONTENT_LENGTH"]
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    return server.call(environ).status, environ["wsgi.input"].tell()


@pytest.mark.parametrize(("method", "path"), [("PUT", "/alice/new"), ("POST", "/alice/")])
@pytest.mark.parametrize("chunked", [False, True])
def test_what_fills_the_room_exactly_is_let_in(server, method, path, chunked):
    assert send(server, method, path, ROOM_BYTES, chunked=chunked) == (201, ROOM_BYTES)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/alice/new"), ("POST", "/alice/")])
def test_a_body_announced_too_large_is_not_read(server, method, path):
    assert send(server, method, path, ROOM_BYTES + 1) == (507, 0)


@pytest.mark.parametrize(("method", "path"), [("PUT", "/alice/new"), ("POST", "/alice/")])
def test_a_body_of_unknown_length_is_read_no_further_than_there_is_room(server, method, path):
    status, read = send(server, method, path, 10 * ROOM_BYTES, chunked=True)
    assert status == 507
    assert read <= ROOM_BYTES + PIECE_BYTES
    assert len(list(server.services.store.blobs.files())) == 1


@pytest.mark.parametrize(("size", "status"), [(700_000, 204), (700_001, 507)])
def test_what_is_replaced_makes_room(server, size, status):
    assert send(server, "PUT", "/alice/old", size)[0] == status


@pytest.mark.parametrize(("size", "status"), [(299_999, 204), (300_000, 204), (300_001, 507)])
def test_a_storage_that_was_given_less_than_it_holds_may_shrink(server, size, status):
    leave_room(server, -100_000)
    assert send(server, "PUT", "/alice/old", size)[0] == status
