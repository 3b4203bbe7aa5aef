"""A web app of somebody else: a few files on an origin of its own, served from memory on loopback.

Its origin names 127.0.0.1 while Freehold is at localhost, so that to a browser the two are different sites.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.waiting import SECONDS_MAX

TYPES = {"": "text/html", "html": "text/html", "js": "text/javascript", "jsonld": "application/ld+json"}


@dataclass(frozen=True, slots=True)
class AppServer:
    """`files` may be changed while it runs; keys are paths."""

    origin: str
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def home(self) -> str:
        return f"{self.origin}/"

    @property
    def client_id(self) -> str:
        """Where its Client ID Document is."""
        return f"{self.origin}/clientid.jsonld"

    def describe(self, **members: Any) -> None:
        """Serve a Client ID Document; `members` add to or replace the usual ones. Spec: Solid-OIDC #clientids-document"""
        document = {
            "@context": "https://www.w3.org/ns/solid/oidc-context.jsonld",
            "client_id": self.client_id,
            "client_name": "The Documented App",
            "client_uri": self.home,
            "redirect_uris": [self.home],
            "post_logout_redirect_uris": [self.home],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": "openid webid offline_access",
            "token_endpoint_auth_method": "none",
        }
        self.files["/clientid.jsonld"] = json.dumps(document | members).encode()


@contextmanager
def running_app(files: Mapping[str, bytes]) -> Iterator[AppServer]:
    held = dict(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = held.get(path)
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", TYPES.get(path.rpartition("/")[2].rpartition(".")[2], "text/plain"))
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_arguments: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield AppServer(f"http://127.0.0.1:{server.server_port}", held)
        finally:
            server.shutdown()
            thread.join(SECONDS_MAX)
