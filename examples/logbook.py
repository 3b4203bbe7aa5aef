"""A logbook in a pod: adds an entry, then prints all of them. For programs that act for their owner without a browser.

    python examples/logbook.py http://localhost:3000/alice/profile/card#me CLIENT_ID CLIENT_SECRET "Watered the plants"

`freehold account add-client alice --label logbook` prints the client id and the secret.
All it needs to know is a WebID: the profile there names the provider to sign in at and the storage to write to. Needs
urllib3, jwcrypto and rdflib, which came with Freehold.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urldefrag

from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS
from urllib3 import BaseHTTPResponse, PoolManager

PIM = Namespace("http://www.w3.org/ns/pim/space#")
SOLID = Namespace("http://www.w3.org/ns/solid/terms#")

http = PoolManager()


class Refused(Exception):
    """A server said no; the message says what it said."""


class Key:
    """A key that never leaves this program. Tokens are bound to it: using one takes a fresh proof of having the key."""

    def __init__(self) -> None:
        self.jwk = JWK.generate(kty="EC", crv="P-256")

    def proof(self, method: str, url: str) -> str:
        """Says, signed, that this one request is ours and new. Spec: RFC 9449 s4.2"""
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk.export_public(as_dict=True)}
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
        token = JWS(json.dumps(claims))
        token.add_signature(self.jwk, protected=json.dumps(header))
        return str(token.serialize(compact=True))


@dataclass
class Session:
    """Somebody who is signed in."""

    token: str
    key: Key

    def request(self, method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> BaseHTTPResponse:
        """As `send`, in the name of this somebody."""
        signed = {"Authorization": f"DPoP {self.token}", "DPoP": self.key.proof(method, url)}
        return send(method, url, headers={**headers, **signed}, body=body)


def send(method: str, url: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> BaseHTTPResponse:
    """Raises: Refused -- unless the status is a success."""
    answer = http.request(method, url, headers=headers, body=body)
    if answer.status >= 300:
        raise Refused(f"{method} {url}: {answer.status} {answer.data.decode(errors='replace')}")
    return answer


def sign_in(issuer: str, client_id: str, client_secret: str) -> Session:
    metadata = send("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration").json()
    endpoint = metadata["token_endpoint"]
    key = Key()
    credentials = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    headers = {
        "Authorization": f"Basic {b64encode(credentials.encode()).decode()}",
        "Content-Type": "application/x-www-form-urlencoded",
        "DPoP": key.proof("POST", endpoint),
    }
    answer = send("POST", endpoint, headers, b"grant_type=client_credentials&scope=webid")
    return Session(answer.json()["access_token"], key)


def graph(answer: BaseHTTPResponse, url: str) -> Graph:
    return Graph().parse(data=answer.data, format="turtle", publicID=url)


def profile(web_id: str) -> tuple[str, str]:
    """The issuer and the storage that a WebID names."""
    url = urldefrag(web_id).url
    found = graph(send("GET", url, {"Accept": "text/turtle"}), url)
    issuer = found.value(URIRef(web_id), SOLID.oidcIssuer)
    storage = found.value(URIRef(web_id), PIM.storage)
    if issuer is None or storage is None:
        raise Refused(f"{web_id} names no provider or no storage")
    return str(issuer), str(storage)


def add_entry(session: Session, logbook: str, text: str) -> None:
    """A patch adds to what is there, and makes the document if need be. Spec: Solid #n3-patch"""
    entry = Graph()
    subject = URIRef(f"#{uuid.uuid4()}")
    entry.add((subject, DCTERMS.created, Literal(datetime.now(UTC))))
    entry.add((subject, DCTERMS.description, Literal(text)))
    patch = f"""
        @prefix solid: <{SOLID}>.
        <> a solid:InsertDeletePatch; solid:inserts {{ {entry.serialize(format="nt")} }}.
    """
    session.request("PATCH", logbook, {"Content-Type": "text/n3"}, patch.encode())


def entries(session: Session, logbook: str) -> list[tuple[str, str]]:
    """When and what, in order."""
    found = graph(session.request("GET", logbook, {"Accept": "text/turtle"}), logbook)
    return sorted((str(found.value(each, DCTERMS.created)), str(text)) for each, text in found[: DCTERMS.description])


def main(web_id: str, client_id: str, client_secret: str, text: str) -> None:
    issuer, storage = profile(web_id)
    session = sign_in(issuer, client_id, client_secret)
    logbook = f"{storage}logbook.ttl"
    add_entry(session, logbook, text)
    print(f"{logbook}:")
    for created, said in entries(session, logbook):
        print(f"  {created:.16}  {said}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Refused as refusal:
        sys.exit(str(refusal))
