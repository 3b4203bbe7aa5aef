"""Names and pictures of people elsewhere on pages: nobody is asked for them while somebody looks, and few may see them."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pod.index.acquaintance import Acquaintance
from pod.store import people
from tests.support.big_pod import fill
from tests.support.pages import Site
from tests.support.waiting import SECONDS_MAX, until

CONTACTS = 50
PNG = b"\x89PNG\r\n\x1a\n and so on"


class Elsewhere:
    """A server of fifty people, that counts who is asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.url = ""

    def answer(self, path: str) -> tuple[str, bytes]:
        self.asked[path] += 1
        if path.endswith(".png"):
            return "image/png", b"a picture"
        turtle = f'<#me> <http://xmlns.com/foaf/0.1/name> "N"; <http://xmlns.com/foaf/0.1/img> <{path}.png>.'
        return "text/turtle", turtle.encode()


@contextmanager
def running_elsewhere():
    elsewhere = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            media_type, content = elsewhere.answer(self.path)
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    elsewhere.url = f"http://127.0.0.1:{server.server_port}/p"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield elsewhere
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS_MAX)


@pytest.fixture
def elsewhere():
    with running_elsewhere() as made:
        yield made


@pytest.fixture
def site(tmp_path, elsewhere):
    site = Site(tmp_path / "data", dev=True)
    site.account("alice")
    site.account("bob")
    fill(site.services, contacts=CONTACTS, posts=10, files=60, elsewhere=elsewhere.url)
    yield site
    site.services.close()


def refuse(*_arguments, **_more):
    raise OSError("the network is cut")


@pytest.mark.parametrize("page", ["/.contacts/alice/", "/.posts/alice/", "/.home/"])
def test_a_page_of_people_asks_nobody_and_works_with_the_network_cut(site, elsewhere, page, monkeypatch):
    alice = site.signed_in("alice")
    assert alice.get(page).status_code == 200
    assert elsewhere.asked == {}
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    answer = alice.get(page)
    assert answer.status_code == 200
    assert page != "/.contacts/alice/" or answer.text.count("Person 000") >= CONTACTS


def test_names_and_pictures_come_later_each_asked_for_once(site, elsewhere):
    acquaintance = Acquaintance(site.services, site.services.outbound(), lambda source, side: PNG + source)
    try:
        until(lambda: ask_on(acquaintance, site) or everybody_is_known(site))
    finally:
        acquaintance.close()
    assert len(elsewhere.asked) == 2 * CONTACTS
    assert set(elsewhere.asked.values()) == {1}
    alice = site.signed_in("alice")
    (key,) = {
        key for _, _, key in people.seen(site.services.store, [f"{elsewhere.url}{n}#me" for n in range(CONTACTS)])
    }
    assert f"/.people/{key}" in alice.get("/.contacts/alice/").text
    assert len(elsewhere.asked) == 2 * CONTACTS
    picture = alice.get(f"/.people/{key}")
    assert (picture.status_code, picture.mimetype, picture.data) == (200, "image/png", PNG + b"a picture")
    assert "immutable" in picture.headers["Cache-Control"]
    assert "private" in picture.headers["Cache-Control"]
    assert site.signed_in("bob").get(f"/.people/{key}").status_code == 200
    assert site.guest().get(f"/.people/{key}").status_code == 404
    assert alice.get("/.people/nobody").status_code == 404


def ask_on(acquaintance, site):
    site.clock.time += 1
    acquaintance.work()


def everybody_is_known(site):
    rows = site.services.store.derived_rows("SELECT COUNT(*) FROM person WHERE fetched_ms IS NOT NULL")
    return rows == [(CONTACTS,)]


def test_only_pictures_are_sent_as_such(site):
    store = site.services.store
    store.change_derived("UPDATE person SET picture_key = 'k', picture = ?", (b"<script>",))
    assert site.signed_in("alice").get("/.people/k").status_code == 404
