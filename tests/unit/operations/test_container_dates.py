"""When a container was modified, as it says itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.inprocess import LocalServer

TURTLE = {"Content-Type": "text/turtle"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    started = LocalServer(tmp_path)
    yield started
    started.close()


def after(server: LocalServer, method: str, path: str) -> str:
    """`Last-Modified` of the container, once something was done a second later."""
    server.services.clock.time += 1  # type: ignore[attr-defined]
    assert server.request(method, path, TURTLE, b"" if method == "PUT" else None).status < 300
    return server.request("HEAD", "/alice/c/").headers["last-modified"]


@pytest.mark.requirement("solid#server-container-last-modified")
def test_a_container_is_modified_when_a_member_comes_or_goes_and_not_when_one_changes(server: LocalServer):
    made = after(server, "PUT", "/alice/c/")
    grown = after(server, "PUT", "/alice/c/member")
    assert made != grown
    assert after(server, "PUT", "/alice/c/member") == grown
    assert after(server, "DELETE", "/alice/c/member") != grown
