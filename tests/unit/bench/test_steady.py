"""The client that waits for every answer."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from bench.load import OutOfRequestsError, Request
from bench.steady import steady


class Answers(BaseHTTPRequestHandler):
    """Gives back what it got with 200; /missing is not there, /broken ends the connection."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/broken":
            self.close_connection = True
            return
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def base_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def put(base_url: str, path: str = "", body: bytes = b"body") -> Request:
    return Request("PUT", base_url + path, {"Content-Type": "text/plain"}, body)


def test_a_count_is_sent_however_long_it_takes(base_url: str):
    seen = steady(base_url, [put(base_url)], seconds=0, connections=3, loop=True, count=7)
    assert (seen.good, seen.errors) == (7, {})
    assert seen.p50_ms <= seen.p99_ms <= seen.seconds * 1000


def test_what_is_started_in_time_is_waited_for(base_url: str):
    seen = steady(base_url, [put(base_url)], seconds=0.05, connections=2, loop=True)
    assert seen.good >= 2


@pytest.mark.parametrize(("path", "error"), [("missing", "status 404"), ("broken", "RemoteDisconnected")])
def test_errors_are_counted_by_kind_and_the_rest_goes_on(base_url: str, path: str, error: str):
    requests = [put(base_url), put(base_url, path), put(base_url)]
    seen = steady(base_url, requests, seconds=60, connections=1, loop=False, count=3)
    assert (seen.good, seen.errors) == (2, {error: 1})


def test_running_out_of_requests_says_so(base_url: str):
    with pytest.raises(OutOfRequestsError):
        steady(base_url, [put(base_url)], seconds=60, connections=1, loop=False)
