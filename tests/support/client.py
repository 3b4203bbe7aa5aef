"""A small Solid client for tests: signs in with client credentials and DPoP, sends one fresh proof a request, follows nothing.

It knows HTTP and the specs, and nothing of the server's code, so it can judge any Solid server.

Spec: Solid-OIDC #client-credentials; RFC 9449 s4.2; WAC #authorization-rule
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import socket
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import rdflib
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ACL = rdflib.Namespace("http://www.w3.org/ns/auth/acl#")
DCTERMS = rdflib.Namespace("http://purl.org/dc/terms/")
FOAF = rdflib.Namespace("http://xmlns.com/foaf/0.1/")
LDP = rdflib.Namespace("http://www.w3.org/ns/ldp#")
PIM = rdflib.Namespace("http://www.w3.org/ns/pim/space#")
SOLID = rdflib.Namespace("http://www.w3.org/ns/solid/terms#")
STAT = rdflib.Namespace("http://www.w3.org/ns/posix/stat#")

TURTLE = {"Content-Type": "text/turtle"}
N3 = {"Content-Type": "text/n3"}
SPARQL = {"Content-Type": "application/sparql-update"}
CONTAINER_LINK = {"Link": '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'}

SECONDS_MAX = 60
"""Longest wait for one answer: a test that hangs is a failure, not a pause."""


# -- signing in --------------------------------------------------------------------------------------------------------


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def json_segment(value: Any) -> str:
    return b64url(json.dumps(value, separators=(",", ":")).encode())


@dataclass(frozen=True)
class ProofKey:
    """An ES256 key and the DPoP proofs made with it."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        x, y = (b64url(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    @property
    def thumbprint(self) -> str:
        """Spec: RFC 7638"""
        return b64url(hashlib.sha256(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")).encode()).digest())

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        signed = f"{json_segment(header)}.{json_segment(claims)}"
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{b64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def proof(self, method: str, url: str, **claims: Any) -> str:
        """A DPoP proof; `claims` add to or replace the usual ones, None removes one."""
        usual = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
        chosen = {name: value for name, value in (usual | claims).items() if value is not None}
        return self.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk}, chosen)


@dataclass
class Login:
    """Client credentials, and the token they last gave."""

    issuer: str
    client_id: str
    client_secret: str
    key: ProofKey = field(default_factory=ProofKey)
    answer: dict[str, Any] = field(default_factory=dict)
    renew_at: float = 0.0

    def token(self) -> str:
        if time.time() >= self.renew_at:
            self.answer = self.request_token()
            self.renew_at = time.time() + self.answer["expires_in"] / 2
        return str(self.answer["access_token"])

    def request_token(self) -> dict[str, Any]:
        endpoint = requests.get(f"{self.issuer}.well-known/openid-configuration", timeout=SECONDS_MAX).json()[
            "token_endpoint"
        ]
        response = requests.post(
            endpoint,
            data={"grant_type": "client_credentials", "scope": "webid"},
            auth=(quote(self.client_id, safe=""), quote(self.client_secret, safe="")),
            headers={"DPoP": self.key.proof("POST", endpoint)},
            timeout=SECONDS_MAX,
        )
        response.raise_for_status()
        return dict(response.json())


# -- requests ----------------------------------------------------------------------------------------------------------


@dataclass
class SolidClient:
    """Sends requests as one agent, or as nobody when there is no login. Targets are URLs, or paths under `base_url`."""

    base_url: str
    login: Login | None = None
    name: str = ""
    ath: bool = False
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    @property
    def pod(self) -> str:
        return f"{self.base_url}{self.name}/"

    @property
    def web_id(self) -> str:
        return f"{self.pod}profile/card#me"

    @property
    def client_id(self) -> str:
        """The client it asks through."""
        assert self.login is not None
        return self.login.client_id

    def url(self, target: str) -> str:
        return urljoin(self.base_url, target)

    def authorization(self, method: str, url: str, **claims: Any) -> dict[str, str]:
        """The two headers that authenticate one request; none for nobody."""
        if self.login is None:
            return {}
        token = self.login.token()
        if self.ath:
            claims.setdefault("ath", b64url(hashlib.sha256(token.encode()).digest()))
        return {
            "Authorization": f"DPoP {token}",
            "DPoP": self.login.key.proof(method, proof_url(url), **claims),
        }

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str] | None = None,
        data: Any = None,
        **options: Any,
    ) -> requests.Response:
        url = self.url(target)
        sent = {"Accept": None, **self.authorization(method, url), **(headers or {})}
        body = data.encode() if isinstance(data, str) else data
        options = {"timeout": SECONDS_MAX, "allow_redirects": False, **options}
        return self.session.request(method, url, headers=sent, data=body, **options)

    def get(self, target: str, **options: Any) -> requests.Response:
        return self.request("GET", target, **options)

    def head(self, target: str, **options: Any) -> requests.Response:
        return self.request("HEAD", target, **options)

    def options(self, target: str, **options: Any) -> requests.Response:
        return self.request("OPTIONS", target, **options)

    def put(self, target: str, data: Any = None, **options: Any) -> requests.Response:
        return self.request("PUT", target, data=data, **options)

    def post(self, target: str, data: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", target, data=data, **options)

    def patch(self, target: str, data: Any = None, **options: Any) -> requests.Response:
        return self.request("PATCH", target, data=data, **options)

    def delete(self, target: str, **options: Any) -> requests.Response:
        return self.request("DELETE", target, **options)

    def put_turtle(self, target: str, turtle: str = "", **headers: str) -> requests.Response:
        """PUT Turtle and insist that it worked: the arrangement of a test, not its subject."""
        response = self.put(target, data=turtle.encode(), headers=TURTLE | headers)
        assert response.status_code in {200, 201, 204}, f"{response.status_code} {response.text}"
        return response

    def put_container(self, target: str) -> requests.Response:
        response = self.put(target, headers=CONTAINER_LINK)
        assert response.status_code == 201, f"{response.status_code} {response.text}"
        return response

    def put_acl(self, subject: str, *authorizations: str) -> requests.Response:
        """Give a resource an ACL of its own, at the URL that its `acl` link names."""
        return self.put_turtle(link(self.head(subject), "acl"), acl(*authorizations))

    def graph(self, target: str) -> rdflib.Graph:
        response = self.get(target, headers={"Accept": "text/turtle"})
        assert response.status_code == 200, f"{response.status_code} {response.text}"
        return graph(response)


def proof_url(url: str) -> str:
    """What `htu` says: the URL without query and fragment. Spec: RFC 9449 s4.2"""
    return url.partition("#")[0].partition("?")[0]


# -- reading answers ---------------------------------------------------------------------------------------------------


def links(response: requests.Response) -> list[tuple[str, str, dict[str, str]]]:
    """The `Link` header as (target, relation, parameters), targets absolute. Spec: RFC 8288 s3"""
    found = []
    for target, parameters in re.findall(
        r"<([^>]*)>((?:\s*;\s*[^,;=]+=(?:\"[^\"]*\"|[^,;\"]*))*)", response.headers.get("Link", "")
    ):
        named = {name.strip().lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(parameters)}
        found += [(urljoin(response.url, target), relation, named) for relation in named.get("rel", "").split()]
    return found


_PARAMETER = re.compile(r";\s*([^=;]+)=(?:\"([^\"]*)\"|([^,;\"]*))")


def linked(response: requests.Response, relation: str) -> list[str]:
    return [target for target, rel, _ in links(response) if rel == relation]


def types(client: SolidClient, method: str, url: str) -> set[str]:
    """What the answer to a request says the resource is."""
    return set(linked(client.request(method, url), "type"))


def link(response: requests.Response, relation: str) -> str:
    """The only target of a relation."""
    targets = linked(response, relation)
    assert len(targets) == 1, f"{relation}: {targets} in {response.headers.get('Link')} ({response.status_code})"
    return targets[0]


def listed(response: requests.Response, header: str) -> set[str]:
    """The members of a comma-separated header field."""
    return {member.strip() for member in response.headers.get(header, "").split(",") if member.strip()}


def graph(response: requests.Response, base: str | None = None) -> rdflib.Graph:
    media_type = response.headers["Content-Type"].partition(";")[0]
    return rdflib.Graph().parse(data=response.content, format=media_type, publicID=base or response.url)


def contained(client: SolidClient, container: str) -> set[str]:
    """The URLs a container says it contains."""
    return {str(member) for member in client.graph(container).objects(rdflib.URIRef(container), LDP.contains)}


def assert_problem(response: requests.Response, *statuses: int) -> dict[str, Any]:
    """A clear refusal: the status, and a problem document that agrees and explains. Spec: RFC 9457 s3"""
    assert response.status_code in statuses, f"{response.status_code} {response.text[:500]}"
    assert response.headers["Content-Type"].partition(";")[0] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert all(problem.get(member) for member in ("type", "title", "detail", "instance")), problem
    return dict(problem)


# -- access control lists ----------------------------------------------------------------------------------------------


def authorization(
    subject: str,
    modes: str,
    *,
    agents: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    origins: tuple[str, ...] = (),
    public: bool = False,
    authenticated: bool = False,
    access_to: bool = True,
    default: bool = False,
) -> str:
    """One `acl:Authorization`, in Turtle. `modes` are words: "Read Write". `default` passes it on to what is inside."""
    classes = ["foaf:Agent"] * public + ["acl:AuthenticatedAgent"] * authenticated
    statements = {
        "acl:accessTo": [f"<{subject}>"] * access_to,
        "acl:default": [f"<{subject}>"] * default,
        "acl:agent": [f"<{agent}>" for agent in agents],
        "acl:agentGroup": [f"<{group}>" for group in groups],
        "acl:agentClass": classes,
        "acl:origin": [f"<{origin}>" for origin in origins],
        "acl:mode": [f"acl:{mode}" for mode in modes.split()],
    }
    stated = "; ".join(f"{name} {', '.join(values)}" for name, values in statements.items() if values)
    return f"[] a acl:Authorization; {stated} ."


def acl(*authorizations: str) -> str:
    """The Turtle of an access control list."""
    prefixes = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n@prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    return prefixes + "\n".join(authorizations)


# -- raw bytes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RawAnswer:
    """What came back on a socket; status 0 when the server closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


def raw_connection(base_url: str) -> socket.socket:
    parts = urlsplit(base_url)
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=SECONDS_MAX)


def raw_request(base_url: str, sent: bytes, *, cut: bool = False) -> RawAnswer:
    """Send bytes as they are. `cut` closes our side after them, as a client that dies in the middle does."""
    with raw_connection(base_url) as connection:
        try:
            connection.sendall(sent)
            if cut:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused while we were still sending: the answer may already be there
        return _read_answer(connection, method=sent.split(b" ", 1)[0].decode("latin-1"))


def _read_answer(connection: socket.socket, method: str) -> RawAnswer:
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return RawAnswer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        )
    except (http.client.BadStatusLine, http.client.IncompleteRead, ConnectionError):
        return RawAnswer(0, {}, b"")


def raw_head(client: SolidClient, method: str, target: str, *fields: str, claims_url: str | None = None) -> bytes:
    """The head of a request as bytes, authenticated, with `target` sent exactly as given."""
    authenticated = client.authorization(method, claims_url or client.url(target))
    lines = [f"{method} {target} HTTP/1.1", f"Host: {urlsplit(client.base_url).netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in authenticated.items()]
    return "\r\n".join([*lines, *fields, "", ""]).encode("utf-8", "surrogateescape")
