"""Serves the notes app on http://localhost:8080/, with Python alone. `make example` installs its two libraries first.

python3 examples/notes/serve.py --port 8081
"""

from __future__ import annotations

import argparse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
CLIENT_ID = HERE / "clientid.jsonld"
WRITTEN_FOR = "http://localhost:8080/"


class App(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".jsonld": "application/ld+json",
    }

    def do_GET(self) -> None:
        if self.path == "/clientid.jsonld":
            self.send_client_id()
        else:
            super().do_GET()

    def send_client_id(self) -> None:
        """A Client ID Document names the place it is at."""
        here = f"http://localhost:{self.connection.getsockname()[1]}/"
        body = CLIENT_ID.read_text(encoding="utf-8").replace(WRITTEN_FOR, here).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/ld+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8080)
    port = options.parse_args().port
    with ThreadingHTTPServer(("localhost", port), partial(App, directory=HERE)) as server:
        print(f"Notes is at http://localhost:{server.server_port}/ (Ctrl+C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
