"""What a representation is made from: one state of the resource, even when it changes meanwhile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pod.app import create_app
from pod.protocol.resource import Target
from tests.support.inprocess import LocalServer

TURTLE = {"Content-Type": "text/turtle"}
CONTAINER = {"Link": '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'}
MINIMAL = {"Prefer": 'return=representation; include="http://www.w3.org/ns/ldp#PreferMinimalContainer"'}
BOX, DESCRIPTION = "/alice/box/", "/alice/box/.meta"


class ChangesMeanwhile:
    """A store in which the description of a container changes just before it is read for the first time."""

    def __init__(self, store, change):
        self._store = store
        self._change = change

    def __getattr__(self, name):
        return getattr(self._store, name)

    def describe(self, target, *given, **named):
        if target == Target.parse(DESCRIPTION) and self._change:
            change, self._change = self._change, None
            change()
        return self._store.describe(target, *given, **named)


@pytest.fixture
def server(tmp_path):
    server = LocalServer(tmp_path)
    assert server.request("PUT", BOX, CONTAINER).status == 201
    yield server
    server.close()


def describe(server, title):
    answer = server.request("PUT", DESCRIPTION, TURTLE, f"<./> <#title> '{title}' .".encode())
    assert answer.status in {201, 204}


@pytest.mark.parametrize("headers", [{}, MINIMAL])
def test_a_listing_shows_the_description_of_the_state_it_is_tagged_with(server, headers):
    describe(server, "old")
    store = ChangesMeanwhile(server.services.store, lambda: describe(server, "new"))
    server.application = create_app(server.services.config, replace(server.services, store=store)).wsgi_app
    first, second = (server.request("GET", BOX, headers) for _ in range(2))
    assert b"new" in first.body
    assert (first.headers["etag"], first.body) == (second.headers["etag"], second.body)
