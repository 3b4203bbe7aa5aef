"""A reverse proxy as a process of its own, with TLS and with the mistakes that people make when they set one up.

with proxy(to=port, certificate=file, mistakes={"host": "127.0.0.1"}) as port:
    requests.get(f"https://localhost:{port}/")
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.waiting import SECONDS_MAX

HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


@dataclass(frozen=True)
class Settings:
    """`headers` are set instead of the usual ones, or left out where they are None. `limit` is of a body."""

    to: int
    certificate: str
    port: int = 0
    headers: dict[str, str | None] = field(default_factory=dict)
    source: str = "127.0.0.1"
    date: str | None = None
    limit: int | None = None
    keeps_uploads: bool = False
    stream: int = 0
    """Where what begins with /.stream/ goes; the port after `to` if 0."""


@contextmanager
def proxy(**settings: Any) -> Iterator[int]:
    """Gives its port."""
    command = [sys.executable, "-m", "tests.support.proxy", json.dumps(settings)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
    )
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate(timeout=SECONDS_MAX)


def certificate(file: Path, *, name: str = "localhost", begins: float = -1, ends: float = 90) -> Path:
    """Signed by itself, with its key; begins and ends so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


class Handler(BaseHTTPRequestHandler):
    settings: Settings
    protocol_version = "HTTP/1.1"

    def pass_on(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if self.settings.limit is not None and length > self.settings.limit:
            self.answer(413, [], b"too large")
            return
        body = self.rfile.read(length) if self.settings.keeps_uploads else b""
        try:
            reply, content = self.ask(body)
        except OSError:
            self.answer(502, [], b"bad gateway")
        else:
            self.answer(reply.status, reply.getheaders(), content)

    do_GET = do_HEAD = do_POST = do_OPTIONS = pass_on  # noqa: N815 -- names of http.server

    def ask(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        to = self.settings.to
        if self.path.startswith("/.stream/"):
            to = self.settings.stream or to + 1
        connection = http.client.HTTPConnection(
            "127.0.0.1", to, timeout=SECONDS_MAX, source_address=(self.settings.source, 0)
        )
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        usual = dict(self.headers.items())
        usual |= {"X-Forwarded-For": self.client_address[0], "X-Forwarded-Proto": "https"}
        for name, value in (usual | self.settings.headers).items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        reply = connection.getresponse()
        return reply, reply.read()

    def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Date", self.settings.date or self.date_time_string())
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True


def main(settings: Settings) -> None:
    Handler.settings = settings
    server = ThreadingHTTPServer(("127.0.0.1", settings.port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(Settings(**json.loads(sys.argv[1])))
