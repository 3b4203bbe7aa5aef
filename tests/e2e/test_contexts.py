"""A JSON-LD document that names a context of another server stays readable after that server is gone."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from rdflib import Literal, URIRef

from tests.support.waiting import SECONDS_MAX

CONTEXT = json.dumps({"@context": {"name": "http://xmlns.com/foaf/0.1/name"}}).encode()


class Contexts(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/ld+json")
        self.send_header("Content-Length", str(len(CONTEXT)))
        self.end_headers()
        self.wfile.write(CONTEXT)

    def log_message(self, *_):
        pass


@pytest.mark.e2e
def test_a_document_outlives_the_server_of_its_context(alice, container):
    server = HTTPServer(("127.0.0.1", 0), Contexts)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    context = f"http://127.0.0.1:{server.server_port}/context"
    document = json.dumps({"@context": context, "@id": "#me", "name": "Alice"})
    written = alice.put(container + "doc", document, headers={"Content-Type": "application/ld+json"})
    server.shutdown()
    thread.join(SECONDS_MAX)
    server.server_close()
    assert written.status_code == 201
    name = (URIRef(container + "doc#me"), URIRef("http://xmlns.com/foaf/0.1/name"), Literal("Alice"))
    assert name in alice.graph(container + "doc")
