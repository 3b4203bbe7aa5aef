"""What small pictures of files cost once they were made: a fixed number of statements, and nobody looks at the file."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from pod.files import previews
from pod.identity.sessions import start_session
from pod.ui.cookies import Cookies
from pod.ui.thumbnails import thumbnail_url
from tests.support.inprocess import BASE, LocalServer, Work
from tests.support.stores import state_in

PHOTO = "/alice/photos/one.png"
STATEMENTS = 3
"""Who is there, what is there and who may see it, and the picture."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("pictures"))
    photo = io.BytesIO()
    Image.effect_noise((500, 300), 100).save(photo, "PNG")
    assert server.request("PUT", PHOTO, {"Content-Type": "image/png"}, photo.getvalue(), by="alice").status == 201
    yield server
    server.close()


def seen(server: LocalServer, page: str) -> tuple[int, Work]:
    """As in a browser of the owner's."""
    account = server.services.accounts.by_name("alice")
    assert account is not None
    _, secret = start_session(server.services, account, "a browser")
    path, _, query = page.partition("?")
    environ = server.environ("GET", path, {"Cookie": f"{Cookies.of(BASE).session}={secret}"}, None, None)
    environ["QUERY_STRING"] = query
    answer, done = server.measured(environ)
    return answer.status, done


def test_a_warm_picture_costs_a_look_into_the_cache(server: LocalServer, monkeypatch: pytest.MonkeyPatch):
    state = state_in(server.services.store, PHOTO)
    assert state.blob is not None
    url = thumbnail_url(state, "tile") or ""
    assert seen(server, url)[0] == 200
    monkeypatch.setattr(previews, "_asked", None)
    server.services.store.blobs.remove(state.blob)
    status, done = seen(server, url)
    assert (status, done) == (200, Work(statements=STATEMENTS)), "\n".join(server.counts.statements)
