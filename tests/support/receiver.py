"""A server that receives notifications, on loopback, and what any receiver can find out about who sent them.

It keeps each POST as it came and answers as it is told to. The signatures are judged with libraries that the server does
not use, from what is published: the sender's WebID document, the issuer's metadata, and its key set.

    with receiving() as receiver:
        subscribe(alice, "WebhookChannel2023", topic, sendTo=receiver.url("hook"))
        message = receiver.next().message

Spec: RFC 9421 s3.2; RFC 9530 s2; RFC 9449 s4.3; Solid-OIDC #id-token-validation
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import rdflib
import requests
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from tests.support.client import SOLID, b64url
from tests.support.waiting import SECONDS_MAX, until

SIGNED = ("@method", "@scheme", "@authority", "@path", "@query", "content-type", "content-digest")


@dataclass(frozen=True)
class Delivered:
    """One POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


Answer = tuple[int, Mapping[str, str]]
Answering = Callable[[Delivered], Answer]


def taken(_delivered: Delivered) -> Answer:
    return 200, {}


@dataclass
class Receiver:
    """`answer` may be changed while it runs."""

    origin: str
    answer: Answering = taken
    delivered: list[Delivered] = field(default_factory=list)
    _read: int = 0
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str = "") -> str:
        return f"{self.origin}/{path}"

    def take(self, delivered: Delivered) -> Answer:
        with self._arrived:
            self.delivered.append(delivered)
            self._arrived.notify_all()
        return self.answer(delivered)

    def next(self) -> Delivered:
        """The first that this did not give yet."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.delivered) > self._read, SECONDS_MAX)
            assert came, "nothing was delivered"
            self._read += 1
            return self.delivered[self._read - 1]

    def until(self, true: Callable[[list[Delivered]], object]) -> list[Delivered]:
        """What came until then."""
        until(lambda: true(self.delivered))
        return list(self.delivered)


@contextmanager
def receiving(answer: Answering = taken) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, fields = receiver.take(Delivered(receiver.origin + self.path, headers, body))
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Tests are quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, *_arguments: Any) -> None:
            """A sender that was killed in the middle."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://localhost:{server.server_port}", answer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(SECONDS_MAX)


# -- who sent it -------------------------------------------------------------------------------------------------------


def issuer_of(sender: str) -> str:
    """The one issuer that a WebID names."""
    answer = requests.get(sender, headers={"Accept": "text/turtle"}, timeout=SECONDS_MAX)
    assert answer.status_code == 200
    graph = rdflib.Graph().parse(data=answer.content, format="turtle", publicID=sender.partition("#")[0])
    (issuer,) = graph.objects(rdflib.URIRef(sender), SOLID.oidcIssuer)
    return str(issuer)


def published_keys(sender: str) -> dict[str, dict[str, Any]]:
    """Key id -> JWK, of the sender's issuer."""
    issuer = issuer_of(sender)
    metadata = requests.get(f"{issuer}.well-known/openid-configuration", timeout=SECONDS_MAX).json()
    assert metadata["issuer"] == issuer
    keys = requests.get(metadata["jwks_uri"], timeout=SECONDS_MAX).json()["keys"]
    return {key["kid"]: key for key in keys}


def check_token(delivered: Delivered, sender: str, keys: Mapping[str, dict[str, Any]], now: float) -> dict[str, Any]:
    """The claims of the access token, once it and its proof hold for this request."""
    scheme, _, token = delivered.headers["authorization"].partition(" ")
    header, claims = _verified(token, lambda header: keys[header["kid"]])
    assert (scheme, header["alg"]) == ("DPoP", "ES256")
    assert claims["webid"] == sender
    assert claims["iss"] == issuer_of(sender)
    assert "solid" in claims["aud"]
    assert claims["iat"] - 60 <= now < claims["exp"]
    proof_header, proof = _verified(delivered.headers["dpop"], lambda header: header["jwk"])
    assert proof_header["typ"] == "dpop+jwt"
    assert (proof["htm"], proof["htu"]) == ("POST", delivered.url.partition("?")[0])
    assert abs(proof["iat"] - now) < 120
    assert proof["ath"] == b64url(hashlib.sha256(token.encode()).digest())
    assert claims["cnf"]["jkt"] == JWK(**proof_header["jwk"]).thumbprint()
    return claims


def _verified(token: str, key: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    jws = JWS()
    jws.deserialize(token)
    header = dict(jws.jose_header)
    jws.verify(JWK(**key(header)))
    return header, json.loads(jws.payload)


def check_signature(delivered: Delivered, keys: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The parameters of the message signature, once it and the digest of the content hold."""

    class Keys(HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> bytes:
            return JWK(**keys[key_id.partition("#")[2]]).export_to_pem()

    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ECDSA_P256_SHA256, key_resolver=Keys())
    request = requests.Request("POST", delivered.url, headers=dict(delivered.headers), data=delivered.body).prepare()
    (result,) = verifier.verify(request, require_components=SIGNED, body=delivered.body)
    return dict(result.parameters)
