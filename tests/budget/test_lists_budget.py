"""What pages with lists cost: as much in a pod with ten thousand files as in a small one, and nothing is parsed.

The numbers hold for a warm server in whose index nothing is new: a row says how many statements its page may make.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pod.identity.sessions import start_session
from pod.ui.cookies import Cookies
from tests.support.big_pod import fill
from tests.support.inprocess import BASE, LocalServer, Work

SMALL = {"contacts": 60, "posts": 60, "files": 180}
LARGE = {"contacts": 1_000, "posts": 5_000, "files": 10_000}
PAGES = {
    "/.home/": 10,
    "/.contacts/alice/": 10,
    "/.contacts/alice/?q=person+0": 10,
    "/.posts/alice/": 30,
    "/.home/alice/contacts/Person/?sort=newest": 15,
}
PARSES = {"/.home/alice/contacts/Person/?sort=newest": 1}
"""Of the rules of a folder, which say who can see it."""


class Visited:
    """A server whose alice is signed in in a browser."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        account = server.services.accounts.by_name("alice")
        assert account is not None
        _, secret = start_session(server.services, account, "a browser")
        self.headers = {"Cookie": f"{Cookies.of(BASE).session}={secret}", "Accept": "text/html"}

    def work(self, page: str) -> Work:
        path, _, query = page.partition("?")
        for _ in range(2):  # warm
            environ = self.server.environ("GET", path, self.headers, None, None)
            environ["QUERY_STRING"] = query
            answer, done = self.server.measured(environ)
            assert answer.status == 200, answer.body
        return done


@pytest.fixture(scope="module")
def pods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Visited]]:
    made = {}
    for size, counts in (("small", SMALL), ("large", LARGE)):
        server = LocalServer(tmp_path_factory.mktemp(size))
        fill(server.services, **counts)
        made[size] = Visited(server)
    yield made
    for each in made.values():
        each.server.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_costs_the_same_in_a_large_pod(pods, page):
    large = pods["large"].work(page)
    told = "\n".join(statement.strip()[:120] for statement in pods["large"].server.counts.statements)
    assert large.statements <= PAGES[page], told
    assert (large.parses, large.commits) == (PARSES.get(page, 0), 0), told
    assert large == pods["small"].work(page), told


def test_a_write_costs_the_same_with_an_index(pods):
    """The index follows the journal; no write does anything for it."""
    server = pods["large"].server
    turtle = {"Content-Type": "text/turtle"}
    body = b"<#this> a <http://www.w3.org/2006/vcard/ns#Individual>."
    done = {}
    for path in ("/alice/folder-1/file-1.ttl", "/alice/folder-2/file-2.ttl", "/alice/contacts/Person/p1/index.ttl"):
        answer, done[path] = server.measured(server.environ("PUT", path, turtle, body, "alice"))
        assert answer.status < 300
        assert not [each for each in server.counts.statements if "thing" in each]
    assert done["/alice/contacts/Person/p1/index.ttl"] == done["/alice/folder-2/file-2.ttl"]
