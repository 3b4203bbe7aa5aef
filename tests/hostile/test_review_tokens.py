"""One proof, one request: whatever the first one came to, however long its content took, and whoever sends the second.

Spec: RFC 9449 s11.1
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest

from tests.support.inprocess import BASE, LocalServer

PLAIN = {"Content-Type": "text/plain"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("tokens"))
    yield server
    server.close()


class SlowContent(io.BytesIO):
    """Content during whose arrival something happens, once."""

    meanwhile: Callable[[], None] | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        happening, self.meanwhile = self.meanwhile, None
        if happening:
            happening()
        return super().read(size)


def put_with(local: LocalServer, path: str, proof: dict[str, str], content: io.BytesIO) -> int:
    length = {"Content-Length": str(len(content.getvalue()))}
    environ = local.environ("PUT", path, PLAIN | proof | length, None, by=None)
    environ["wsgi.input"] = content
    return local.call(environ).status


@pytest.mark.requirement("rfc9449#11.1")
def test_a_proof_is_not_used_again_while_the_content_it_came_with_arrives(local):
    path = "/alice/slow"
    proof = local.logins["alice"].headers("PUT", BASE + path[1:])
    replayed = []
    content = SlowContent(b"mine")
    content.meanwhile = lambda: replayed.append(put_with(local, path, proof, io.BytesIO(b"stolen")))
    assert put_with(local, path, proof, content) == 201
    assert replayed == [401]
    assert local.request("GET", path).body == b"mine"


@pytest.mark.requirement("rfc9449#11.1")
def test_uploads_that_outlast_their_proof_do_not_share_it(local):
    """Both begin within the proof's minute and end after it, when no transaction remembers it any more."""
    path, clock = "/alice/slower", local.services.clock
    proof = local.logins["alice"].headers("PUT", BASE + path[1:])
    ends, content, second = [], SlowContent(b"mine"), SlowContent(b"stolen")
    content.meanwhile = lambda: ends.append(put_with(local, path, proof, second))
    second.meanwhile = lambda: setattr(clock, "time", clock.time + 200)
    before = clock.time
    try:
        ends.append(put_with(local, path, proof, content))
    finally:
        clock.time = before
    assert ends == [401, 201]


@pytest.mark.requirement("rfc9449#11.1")
def test_a_proof_that_came_with_a_refused_request_is_used(local):
    path = "/bob/private"
    proof = local.logins["alice"].headers("PUT", BASE + path[1:])
    assert [put_with(local, path, proof, io.BytesIO(b"x")) for _ in range(2)] == [403, 401]
