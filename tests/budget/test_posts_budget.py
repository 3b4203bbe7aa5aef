"""What looking at posts costs, counted exactly: it is the same however many there are, and nothing is parsed twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pod.identity.accounts import named
from pod.identity.sessions import start_session
from pod.posts.changing import Writing
from pod.posts.posts import Posts
from pod.posts.readers import Readers
from pod.ui.cookies import Cookies
from tests.support.inprocess import BASE, LocalServer, Work

FEED, TIMELINE = "/.feed/alice.atom", "/.posts/alice/"
FOR_ALL = Readers.chosen("everyone", [])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    made = LocalServer(tmp_path)
    yield made
    made.close()


def write(server: LocalServer, count: int) -> None:
    posts, account = Posts(server.services), named(server.services, "alice").id
    for _ in range(count):
        posts.write(account, "/alice/", Writing("Hello", readers=FOR_ALL))


def browser(server: LocalServer) -> dict[str, str]:
    """The cookies of alice before her pages."""
    _, secret = start_session(server.services, named(server.services, "alice"), "a browser")
    return {"Cookie": f"{Cookies.of(BASE).session}={secret}", "Accept": "text/html"}


def test_a_feed_that_did_not_change_costs_one_statement(server: LocalServer):
    write(server, 3)
    etag = server.request("GET", FEED, by=None).headers["etag"]
    answer, work = server.measured(server.environ("GET", FEED, {"If-None-Match": etag}, None, None))
    assert (answer.status, work) == (304, Work(statements=1))


def test_a_page_of_posts_costs_the_same_however_many_there_are(server: LocalServer):
    costs = []
    headers = browser(server)
    for more in (25, 30):
        write(server, more)
        for _ in range(2):
            answer, work = server.measured(server.environ("GET", TIMELINE, headers, None, None))
        assert answer.status == 200
        assert answer.body.count(b"<article") == 20
        costs.append(work)
    assert costs[0] == costs[1]
    assert costs[0].parses == 0, costs
    assert costs[0].statements <= 35
