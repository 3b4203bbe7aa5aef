"""An attacker's own site, which serves what it likes with no header of ours, and notes who asks it for what: where a script
that runs reports to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.waiting import SECONDS_MAX, until

Upload = tuple[str, bytes]
"""A media type, and content."""


@dataclass(frozen=True, slots=True)
class Trap:
    """`files` may be changed while it runs; keys are paths. `asked` has methods and paths, in order.

    It is at localhost as Freehold is: to a browser the same site, another origin, and cookies go to both.
    """

    origin: str
    files: dict[str, Upload] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return self.origin + path

    def serve(self, path: str, media_type: str, content: bytes) -> str:
        """Its URL."""
        self.files[path] = media_type, content
        return self.url(path)

    def hears(self, said: str) -> None:
        """Waits until somebody asks for it."""
        until(lambda: said in self.asked)


@contextmanager
def running_trap() -> Iterator[Trap]:
    files: dict[str, Upload] = {}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            asked.append(f"{self.command} {path}")
            media_type, body = files.get(path, ("text/plain", b""))
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        def log_message(self, *_arguments: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield Trap(f"http://localhost:{server.server_port}", files, asked)
        finally:
            server.shutdown()
            thread.join(SECONDS_MAX)
