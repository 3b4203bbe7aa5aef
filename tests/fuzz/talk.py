"""Requests for a real server, as bytes: methods, paths, header fields and content that are nearly right, of anybody.

Each request is drawn from a seed and a number alone; only what signs it is new every time.

Spec: RFC 9112; Solid Protocol; what is offered under `/.oidc/`, `/.account/`, `/.notifications/` and `/.stream/`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from tests.fuzz import documents, fields, tokens
from tests.fuzz.mutate import Mutator
from tests.support.client import SolidClient

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
ODD_METHODS = ("COPY", "MOVE", "TRACE", "PROPFIND", "QUERY", "get", "X" * 40, "PO ST", "")
POD_PATHS = (
    *("", "a", "b.ttl", "c/", "c/d", "c/e/f", "t.txt", ".acl", "a.acl", "c/.acl", ".meta", "a.meta", "c/.meta"),
    *("profile/card", "inbox/", "settings/", "settings/prefs.ttl", "settings/publicTypeIndex.ttl", "c/e/", "a/"),
)
OWN_PATHS = (
    *(".well-known/solid", ".well-known/openid-configuration", ".well-known/oauth-protected-resource/alice/", ""),
    *(".oidc/token", ".oidc/jwks", ".oidc/auth", ".oidc/register", ".oidc/revoke", ".oidc/introspect", ".oidc/logout"),
    *(".account/", ".account/login", ".account/notifications", ".account/clients", ".health", ".metrics", "style.css"),
    *(".notifications/WebSocketChannel2023", ".notifications/WebhookChannel2023", ".notifications/LDNChannel2023"),
    *(".notifications/EventSourceChannel2023", ".notifications/StreamingHTTPChannel2023", ".notifications/gateway"),
    *(".notifications/WebPushChannel2023", ".notifications/gateway/ws", ".notifications/channels/abc", ".nothing"),
)
STREAM_PATHS = (
    *(
        ".stream/socket/abc",
        ".stream/http/abc",
        ".stream/events/abc",
        ".stream/solid-0.1",
        ".stream/health",
        ".stream/",
    ),
)
FIELDS: Mapping[str, tuple[bytes, ...]] = {
    "Accept": (b"text/turtle", b"application/ld+json;q=0.5, */*;q=0.1", b"text/html", b"text/event-stream", b"*/*;q=0"),
    "Content-Type": (),
    "If-Match": fields.TAGS,
    "If-None-Match": fields.TAGS,
    "If-Modified-Since": fields.DATES,
    "If-Unmodified-Since": fields.DATES,
    "If-Range": (*fields.TAGS, *fields.DATES),
    "Range": (b"bytes=0-3", b"bytes=-5", b"bytes=0-1,5-6"),
    "Link": (b'<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"', b'<a>; rel="type"'),
    "Slug": (b"photo.jpg", b"%C3%A9", b".acl", b"a/b"),
    "Prefer": (b'return=representation; include="http://www.w3.org/ns/ldp#PreferMinimalContainer"',),
    "Origin": (b"https://app.example", b"null", b"http://localhost:1"),
    "Authorization": (b"DPoP a.b.c", b"Basic YTpi", b"Bearer x"),
    "DPoP": tokens.good_proofs()[:1],
    "Cookie": (b"session=abc; a=b", b'a="b', b";;"),
    "Host": (b"localhost", b"evil.example", b"[::1]", b"pods.example:99999"),
    "Forwarded": (b"for=1.2.3.4;host=evil.example;proto=https", b'for="[::1]:x"'),
    "X-Forwarded-For": (b"1.2.3.4, 5.6.7.8", b"unknown"),
    "Access-Control-Request-Method": (b"PUT", b"X"),
    "Access-Control-Request-Headers": (b"content-type, x-y",),
    "Content-Length": (b"5", b"-1", b"0x5", b"99999999999999999999", b"5, 5"),
    "Transfer-Encoding": (b"chunked", b"gzip, chunked", b"identity"),
    "Content-Encoding": (b"gzip", b"identity"),
    "Content-Range": (b"bytes 0-1/2",),
    "Expect": (b"100-continue", b"x"),
    "Last-Event-ID": (b"5d41.7", b"x"),
    "Upgrade": (b"websocket", b"h2c"),
    "Connection": (b"Upgrade", b"keep-alive", b"close"),
    "Sec-WebSocket-Key": (b"dGhlIHNhbXBsZSBub25jZQ==", b"x"),
    "Sec-WebSocket-Version": (b"13", b"8", b"x"),
    "Sec-WebSocket-Protocol": (b"solid-0.1", b"a, b"),
}
FRAMING = {"Host", "Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "Connection"}
LIKELY = ("Accept", "If-Match", "If-None-Match", "Range", "Link", "Slug", "Prefer", "Origin", "Cookie")
SUBSCRIPTIONS = (
    b'{"@context": ["https://www.w3.org/ns/solid/notification/v1"], "type": "WebSocketChannel2023", "topic": "%POD%a"}',
    (
        b'{"@context": "https://www.w3.org/ns/solid/notifications-context/v1", "type": "http://www.w3.org/ns/solid/'
        b'notifications#WebhookChannel2023", "topic": "%POD%c/", "sendTo": "https://app.example/hook", "rate": "PT10S",'
        b'"startAt": "2026-11-22T18:00:00Z", "endAt": "2030-01-01T00:00:00Z", "accept": "text/turtle", "state": "5d41.7"}'
    ),
    b'{"topic": "%POD%", "protocols": ["ws"], "features": ["state", "rate"]}',
)
FORMS = (
    b"grant_type=client_credentials&scope=webid&client_id=a&client_secret=b",
    b"grant_type=authorization_code&code=x&code_verifier=y&redirect_uri=https%3A%2F%2Fapp.example%2F",
    b"email=alice%40example.org&password=x&next=%2F",
)
CONTENTS: Mapping[str, tuple[tuple[bytes, ...], tuple[bytes, ...]]] = {
    "text/turtle": (documents.seeds("text/turtle"), documents.TURTLE_WORDS),
    "application/ld+json": ((*documents.seeds("application/ld+json"), *SUBSCRIPTIONS), documents.JSON_WORDS),
    "application/rdf+xml": (documents.seeds("application/rdf+xml"), documents.XML_WORDS),
    "text/n3": (tuple(documents.N3_HEAD + each for each in documents.N3_PATCHES), documents.N3_WORDS),
    "application/sparql-update": (
        tuple(documents.SPARQL_HEAD + each for each in documents.SPARQL_PATCHES),
        documents.SPARQL_WORDS,
    ),
    "application/json": ((*SUBSCRIPTIONS, b'{"redirect_uris": ["https://app.example/"]}'), documents.JSON_WORDS),
    "application/x-www-form-urlencoded": (FORMS, (b"&", b"=", b"%", b"+", b"scope", b"client_id")),
    "text/plain": ((b"text", b""), ()),
}
RULES = (
    (
        b"@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>. [] a acl:Authorization; "
        b"acl:agentClass foaf:Agent; acl:accessTo <./>, <a>; acl:default <./>; acl:mode acl:Read, acl:Write, acl:Append ."
    ),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `framed` is whether it says clearly where it ends; who reads it cannot be blamed otherwise."""

    number: int
    method: str
    sent: bytes
    framed: bool


class Talker:
    """Draws requests to a server on which alice has a pod."""

    def __init__(self, seed: int, alice: SolidClient, own_paths: Iterable[str] = OWN_PATHS) -> None:
        self._seed = seed
        self._alice = alice
        self._own_paths = tuple(own_paths)

    def request(self, number: int) -> Asked:
        random = Random(f"{self._seed} {number}")
        method = random.choice(METHODS) if random.random() < 0.97 else random.choice(ODD_METHODS)
        path = self._path(random)
        lines = [f"{method} {path} HTTP/1.1".encode("latin-1")]
        said = self._fields(random)
        told = set(said)
        content = self._content(random, method, said)
        if content is not None and "Content-Length" not in said and "Transfer-Encoding" not in said:
            said["Content-Length"] = str(len(content)).encode()
        usual = {"Host": urlsplit(self._alice.base_url).netloc.encode(), "Connection": b"close"}
        chosen = usual | self._signed(random, method, path) | said
        lines += [name.encode() + b": " + _one_line(value) for name, value in chosen.items()]
        framed = method in METHODS and FRAMING.isdisjoint(told)
        return Asked(number, method, b"\r\n".join([*lines, b"", b""]) + (content or b""), framed)

    def _path(self, random: Random) -> str:
        if random.random() < 0.75:
            path = f"/{self._alice.name}/{random.choice(POD_PATHS)}"
        else:
            path = f"/{random.choice(self._own_paths)}"
        if random.random() < 0.15:
            words = (b"/", b"%", b"..", b".acl", b".meta", b"?", b"#", b"%00", b"*")
            path = _one_line(Mutator(random, (path.encode(),), words).draw()[:3_000]).decode("latin-1")
        return path.replace(" ", "%20") or "/"

    def _signed(self, random: Random, method: str, path: str) -> dict[str, bytes]:
        """By alice, or by nobody."""
        if random.random() < 0.3:
            return {}
        url = self._alice.base_url + path[1:]
        signed = self._alice.authorization(method, url)
        return {name: value.encode() for name, value in signed.items()}

    def _fields(self, random: Random) -> dict[str, bytes]:
        names = random.sample(LIKELY, random.choice((0, 0, 1, 1, 2, 4)))
        names += random.sample(list(FIELDS), random.choice((0, 0, 0, 1, 2)))
        found = {}
        for name in names:
            if FIELDS[name]:
                mutator = Mutator(random, FIELDS[name], fields.PUNCTUATION)
                found[name] = random.choice(FIELDS[name]) if random.random() < 0.4 else mutator.draw()
        return found

    def _content(self, random: Random, method: str, said: dict[str, bytes]) -> bytes | None:
        """Content, most of all where the method has some; its type is told in `said`."""
        if random.random() > (0.9 if method in {"PUT", "POST", "PATCH"} else 0.05):
            return None
        kinds = ("text/n3", "application/sparql-update") if method == "PATCH" else tuple(CONTENTS)
        media_type = random.choice(kinds)
        seeds, words = CONTENTS[media_type]
        if media_type == "text/turtle" and random.random() < 0.2:
            seeds = RULES
        said["Content-Type"] = media_type.encode()
        if random.random() < 0.06:
            said["Content-Type"] = Mutator(random, (media_type.encode(), b""), fields.PUNCTUATION).draw()
        drawn = random.choice(seeds) if random.random() < 0.4 else Mutator(random, seeds, words).draw()
        content = drawn.replace(b"%POD%", self._alice.pod.encode())
        if random.random() < 0.05:
            said["Transfer-Encoding"] = b"chunked"
            return b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        return content


def _one_line(value: bytes) -> bytes:
    """Mostly: line ends would make other fields of what follows, and so other requests than were drawn."""
    return value.replace(b"\r", b"").replace(b"\n", b"")
