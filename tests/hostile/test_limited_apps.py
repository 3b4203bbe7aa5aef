"""An app that was let do little, and tries to do more by everything it may write: rules, groups, indexes, profiles, names.

Whatever it writes, what it was not given stays as closed to it as before, and to those it would like to let in.

Spec: design section 8, the rule of ceilings
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from tests.support.ceilings import ceiling, limit, limited_app
from tests.support.client import CONTAINER_LINK, N3, SPARQL, TURTLE, acl, authorization
from tests.support.inprocess import BASE, Answer, LocalServer
from tests.tables.languages import acr, policy

ALICE, BOB = (f"{BASE}{name}/profile/card#me" for name in ("alice", "bob"))
APP = "limited"
CEILING = ceiling(
    {
        "/alice/posts/": "read append write",
        "/alice/profile/card": "read append write",
        "/alice/settings/publicTypeIndex.ttl": "read append write",
        "/alice/settings/privateTypeIndex.ttl": "read append write",
        "/alice/settings/prefs.ttl": "read append write",
    }
)
GROUP = "/alice/posts/friends"
CLOSED = (
    *("/alice/", "/alice/.acl", "/alice/.meta", "/alice/secret/", "/alice/secret/.acl", "/alice/secret/doc"),
    *("/alice/secret/doc.acl", "/alice/diary", "/alice/diary.acl", "/alice/posts/.acl", f"{GROUP}.acl"),
    *("/alice/profile/card.acl", "/alice/profile/", "/alice/settings/", "/alice/settings/.acl", "/alice/inbox/"),
)
"""What was not given to the app, by name."""
HELD = ("/alice/secret/doc", "/alice/diary", "/alice/.acl", "/alice/secret/.acl")
MEMBER = f"<{BASE}alice/posts/friends#g> <http://www.w3.org/2006/vcard/ns#hasMember> <{BOB}>"
TEXT = {"Content-Type": "text/plain"}


def url(path: str) -> str:
    return BASE + path[1:]


def open_rules(language: str, path: str) -> str:
    """All for everybody."""
    if language == "acp":
        everybody = policy("Read Write Control", "acp:agent acp:PublicAgent")
        return acr(url(path), own=[everybody], members=[everybody])
    everything = {"public": True, "default": path.endswith("/")}
    return acl(authorization(url(path), "Read Write Control", **everything))


def members_rules(language: str, path: str) -> str:
    """All for the owner, and reading for a group."""
    if language == "acp":
        mine = policy("Read Write Control", f"acp:agent <{ALICE}>")
        return acr(url(path), own=[mine], members=[mine])
    mine = authorization(url(path), "Read Write Control", agents=(ALICE,), default=True)
    return acl(mine, authorization(url(path), "Read", groups=(f"{url(GROUP)}#g",), default=True))


@dataclass
class Scene:
    """A server with an app that was let write posts, the profile and the indexes of types."""

    language: str
    server: LocalServer
    before: Any = field(init=False)

    def __post_init__(self) -> None:
        for path in ("/alice/secret/doc", "/alice/diary", "/alice/posts/first"):
            self.done("PUT", path, TEXT, b"hello")
        self.done("PUT", GROUP, TURTLE, b"<#g> a <http://www.w3.org/2006/vcard/ns#Group>.")
        self.done("PUT", "/alice/secret/.acl", TURTLE, members_rules(self.language, "/alice/secret/").encode())
        limited_app(self.server, "alice", APP, CEILING)
        self.before = self.view()

    def done(self, method: str, path: str, headers: dict[str, str], content: bytes, by: str = "alice") -> Answer:
        answer = self.server.request(method, path, headers, content, by=by)
        assert answer.status in {200, 201, 204}, answer.body
        return answer

    def ask(self, method: str, path: str, headers: Any = (), content: bytes | None = None, by: str = APP) -> Answer:
        return self.server.request(method, path, dict(headers), content, by=by)

    def problem(self, method: str, path: str, headers: Any = (), content: bytes | None = None) -> dict[str, Any]:
        answer = self.ask(method, path, headers, content)
        assert answer.status == 403, (answer.status, answer.body)
        return json.loads(answer.body)

    def view(self) -> Any:
        """What is closed to the app, to bob and to strangers, and what alice finds there."""
        said = {
            (by, path): (answer.status, answer.headers.get("wac-allow"))
            for by in (APP, "bob", None)
            for path in CLOSED
            for answer in [self.server.request("GET", path, by=by)]
        }
        held = [self.server.request("GET", path, by="alice") for path in HELD]
        return said, [(answer.headers["etag"], answer.body) for answer in held]


@pytest.fixture(scope="module", params=["wac", "acp"])
def scene(request, tmp_path_factory) -> Iterator[Scene]:
    server = LocalServer(tmp_path_factory.mktemp("limited"), settings={"access_control": request.param})
    yield Scene(request.param, server)
    server.close()


WITH_GROUPS = pytest.mark.parametrize("scene", ["wac"], indirect=True)
"""Access Control Policy knows none."""

# -- everything it may think of ----------------------------------------------------------------------------------------

INSERT = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:inserts {{ {} }}."
REGISTRATION = (
    "<#r> a <http://www.w3.org/ns/solid/terms#TypeRegistration>; <http://www.w3.org/ns/solid/terms#forClass> "
    f"<https://schema.org/Article>; <http://www.w3.org/ns/solid/terms#instanceContainer> <{BASE}alice/secret/>"
)
APP_TRUSTED = (
    "<http://www.w3.org/ns/auth/acl#trustedApp> [ <http://www.w3.org/ns/auth/acl#origin> <https://x.example> ]"
)
CLAIMS = (
    f"<{ALICE}> {APP_TRUSTED}",
    f"<{ALICE}> <http://www.w3.org/ns/auth/acl#delegates> <{BOB}>",
    f"<{ALICE}> <http://www.w3.org/2002/07/owl#sameAs> <{BOB}>",
    f"<{ALICE}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://evil.example/>",
    f"<{ALICE}> <http://www.w3.org/ns/pim/space#storage> <{BASE}alice/secret/>",
    f"<{BASE}alice/secret/> <http://www.w3.org/ns/solid/terms#owner> <{BOB}>",
    f"<{BASE}alice/posts/> <http://www.w3.org/ns/ldp#contains> <{BASE}alice/secret/doc>",
    f"<{BASE}alice/posts/> <http://www.w3.org/2002/07/owl#sameAs> <{BASE}alice/secret/>",
    REGISTRATION,
    MEMBER,
)
WRITABLE = (
    *("/alice/profile/card", "/alice/settings/publicTypeIndex.ttl", "/alice/settings/privateTypeIndex.ttl"),
    *("/alice/settings/prefs.ttl", "/alice/posts/.meta", "/alice/posts/first.meta", "/alice/posts/new", GROUP),
)
RULES = (*(path for path in CLOSED if path.endswith(".acl")), "/alice/posts/new.acl", "/alice/inbox/.acl")
NAMES = (
    *("/alice/posts/../secret/doc", "/alice/posts/%2e%2e/secret/doc", "/alice/posts/%2E%2E%2Fsecret%2Fdoc"),
    *("/alice/posts%2F..%2Fsecret/doc", "/alice/posts/..;/secret/doc", "/alice/posts//alice/secret/doc"),
    *("/alice/Posts/new", "/alice/posts2/new", "/alice/posts", "/alice/posts.acl", "/alice/posts/%2Eacl"),
    *("/alice/posts/.acl/", "/alice/posts/.acl.meta", "/alice/posts/friends/", "/alice/posts/friends%23g"),
    *("/alice/settings/apps.ttl", "/alice/settings/new", "/alice/profile/card/new", "/alice/profile/other"),
)
SLUGS = ("friends", "../secret/doc", "..%2Fsecret%2Fdoc", ".acl", "friends.acl", ".meta", "/alice/secret/doc", "")
LINKS = (
    f'<{BASE}alice/secret/doc>; rel="describedby"',
    f'<{BASE}alice/posts/.acl>; rel="acl"',
    f'<{BASE}alice/secret/>; rel="canonical"',
)


def attempt(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    """One of many ways to get further."""
    kinds = (_rules, _group, _claim, _name, _slug, _link, _removal, _elsewhere)
    return random.choice(kinds)(scene, random)


def _rules(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    path = random.choice(RULES)
    text = open_rules(scene.language, path.removesuffix(".acl"))
    statement = "<#all> a <http://www.w3.org/ns/auth/acl#Authorization>"
    return random.choice(
        (
            ("PUT", path, TURTLE, text.encode()),
            ("PATCH", path, N3, INSERT.format(statement).encode()),
            ("PATCH", path, SPARQL, f"INSERT DATA {{ {statement} }}".encode()),
            ("DELETE", path, {}, None),
        )
    )


def _group(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    return random.choice(
        (
            ("PUT", GROUP, TURTLE, f"{MEMBER}.".encode()),
            ("PATCH", GROUP, N3, INSERT.format(MEMBER).encode()),
            ("PATCH", GROUP, SPARQL, f"INSERT DATA {{ {MEMBER} }}".encode()),
            ("DELETE", GROUP, {}, None),
            ("POST", "/alice/posts/", {**TURTLE, "Slug": "friends"}, f"{MEMBER}.".encode()),
            ("PUT", f"{GROUP}.meta", TURTLE, f"{MEMBER}.".encode()),
            ("PUT", f"{GROUP}/", {**TURTLE, **CONTAINER_LINK}, f"{MEMBER}.".encode()),
        )
    )


def _claim(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    path, claim = random.choice(WRITABLE), random.choice(CLAIMS)
    return random.choice(
        (
            ("PATCH", path, N3, INSERT.format(claim).encode()),
            ("PATCH", path, SPARQL, f"INSERT DATA {{ {claim} }}".encode()),
            ("PUT", path, TURTLE, f"{claim}.".encode()),
        )
    )


def _name(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    return random.choice(("PUT", "GET", "DELETE")), random.choice(NAMES), TEXT, b"mine"


def _slug(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    container = random.choice(("/alice/posts/", "/alice/posts/", "/alice/secret/", "/alice/", "/alice/inbox/"))
    headers = {**TURTLE, "Slug": random.choice(SLUGS)} | (CONTAINER_LINK if random.random() < 0.3 else {})
    return "POST", container, headers, f"{MEMBER}.".encode()


def _link(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    return "PUT", random.choice(WRITABLE), {**TURTLE, "Link": random.choice(LINKS)}, f"{MEMBER}.".encode()


def _removal(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    return "DELETE", random.choice((*WRITABLE, *HELD, "/alice/posts/", "/alice/secret/", "/alice/")), {}, None


def _elsewhere(scene: Scene, random: Random) -> tuple[str, str, dict[str, str], bytes | None]:
    asked = {"@context": "https://www.w3.org/ns/solid/notifications-context/v1", "type": "WebSocketChannel2023"}
    topic = json.dumps(asked | {"topic": url(random.choice(CLOSED))}).encode()
    return random.choice(
        (
            ("MOVE", "/alice/secret/doc", {"Destination": url("/alice/posts/stolen")}, None),
            ("COPY", "/alice/secret/doc", {"Destination": url("/alice/posts/stolen")}, None),
            ("POST", "/alice/secret/doc", {"X-HTTP-Method-Override": "GET"}, None),
            ("POST", "/.notifications/WebSocketChannel2023", {"Content-Type": "application/ld+json"}, topic),
            ("PUT", "/bob/posts", TEXT, b"mine"),
            ("GET", "/bob/", {}, None),
        )
    )


@pytest.mark.parametrize("seed", range(10))
def test_no_sequence_of_writes_opens_what_was_not_given(scene, seed):
    random = Random(seed)
    made = [attempt(scene, random) for _ in range(25)]
    answers = [scene.ask(*each) for each in made]
    assert all(answer.status < 500 for answer in answers), [each.status for each in answers]
    assert {"created": any(answer.status in {201, 204} for answer in answers)} == {"created": True}
    assert scene.view() == scene.before, made


# -- the ways one by one, and what is said of them ---------------------------------------------------------------------


def test_what_it_may_do_it_does(scene):
    assert scene.ask("PUT", "/alice/posts/today", TEXT, b"hello").status in {201, 204}
    answer = scene.ask("GET", "/alice/posts/today")
    assert (answer.status, answer.headers["wac-allow"]) == (200, 'user="read write append",public=""')
    assert scene.ask("DELETE", "/alice/posts/today").status == 204
    assert scene.ask("GET", "/alice/posts/").status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"])
def test_beyond_the_ceiling_every_method_is_refused(scene, method):
    path = "/alice/secret/" if method == "POST" else "/alice/secret/doc"
    content = {"PATCH": N3, "GET": {}, "HEAD": {}, "OPTIONS": {}, "DELETE": {}}.get(method, TEXT)
    answer = scene.ask(method, path, content, b"x" if content else None)
    assert answer.status == 403
    if method != "HEAD":
        assert json.loads(answer.body)["type"].endswith("app-not-permitted")


def test_a_refusal_says_what_an_app_can_ask_for(scene):
    told = scene.problem("GET", "/alice/diary")
    assert (told["requiredModes"], told["permittedModes"]) == (["read"], [])
    assert told["widen"].startswith(f"{BASE}.account/apps/widen?client=limited&resource=")
    assert told["authorization_details"][0]["locations"] == [url("/alice/diary")]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_refusal_tells_what_the_app_may_do_and_not_what_its_person_may(scene, method):
    assert scene.ask(method, "/alice/diary").headers["wac-allow"] == 'user="",public=""'
    appender = ceiling({"/alice/diary": "append"})
    limited_app(scene.server, "alice", "appender", appender)
    told = scene.ask(method, "/alice/diary", by="appender").headers["wac-allow"]
    assert told == 'user="append",public=""'


@WITH_GROUPS
def test_a_group_that_rules_name_is_not_for_it_to_change(scene):
    patch = INSERT.format(MEMBER).encode()
    for method, headers, content in (
        ("PUT", TURTLE, f"{MEMBER}.".encode()),
        ("PATCH", N3, patch),
        ("DELETE", {}, None),
    ):
        assert scene.problem(method, GROUP, headers, content)["type"].endswith("group-in-use")
    assert scene.ask("GET", GROUP).status == 200
    answer = scene.ask("POST", "/alice/posts/", {**TURTLE, "Slug": "friends"}, f"{MEMBER}.".encode())
    assert answer.headers["location"] != url(GROUP)


@WITH_GROUPS
def test_a_group_that_rules_come_to_name_is_kept_from_then_on(scene):
    scene.done("PUT", "/alice/later/doc", TEXT, b"hello")
    rules = members_rules("wac", "/alice/later/").replace("posts/friends", "posts/later")
    assert scene.ask("PUT", "/alice/posts/later", TURTLE, b"<#a> <#b> <#c>.").status in {201, 204}
    scene.done("PUT", "/alice/later/.acl", TURTLE, rules.encode())
    assert scene.problem("PUT", "/alice/posts/later", TURTLE, b"")["type"].endswith("group-in-use")
    more = b"INSERT DATA { <#more> <http://www.w3.org/ns/auth/acl#agentGroup> <../posts/patched#g> }"
    scene.done("PATCH", "/alice/later/.acl", SPARQL, more)
    assert scene.problem("PUT", "/alice/posts/patched", TURTLE, b"")["type"].endswith("group-in-use")
    answer = scene.ask("POST", "/alice/posts/", {**TURTLE, "Slug": "patched"}, f"{MEMBER}.".encode())
    assert (answer.status, answer.headers["location"] == url("/alice/posts/patched")) == (201, False)
    scene.done("DELETE", "/alice/later/.acl", {}, b"")
    assert scene.ask("PUT", "/alice/posts/later", TURTLE, b"").status == 204


@WITH_GROUPS
@pytest.mark.parametrize("name", ["planned", "box/"])
def test_it_makes_no_group_that_rules_of_others_name_already(scene, name):
    """Where everybody may read it, so that it would let people in there. Other content may have that name."""
    path = f"/alice/open/{name}"
    document = f"{path}.meta" if name.endswith("/") else path
    limited_app(scene.server, "alice", "opener", ceiling({"/alice/open/": "read append write"}))
    scene.done("PUT", "/alice/open/a", TEXT, b"hello")
    scene.done("PUT", "/alice/open/.acl", TURTLE, open_rules("wac", "/alice/open/").encode())
    named = authorization(f"{BASE}bob/", "Read", groups=(f"{url(document)}#g",), default=True)
    mine = authorization(f"{BASE}bob/", "Read Write Control", agents=(BOB,), default=True)
    scene.done("PUT", "/bob/.acl", TURTLE, acl(mine, named).encode(), by="bob")
    member = f"<{url(document)}#g> <http://www.w3.org/2006/vcard/ns#hasMember> <{ALICE}>."
    answer = scene.ask("PUT", path, TURTLE, member.encode(), by="opener")
    assert (answer.status, json.loads(answer.body)["type"].rpartition("/")[2]) == (403, "group-in-use")
    assert scene.ask("PUT", path, TURTLE, b"<#a> <#b> <#c>.", by="opener").status == 201
    patch = INSERT.format(member.rstrip(".")).encode()
    assert scene.ask("PATCH", document, N3, patch, by="opener").status == 403


def test_its_listings_show_what_is_in_what_it_was_given(scene):
    assert scene.ask("GET", "/alice/").status == 403
    assert b"/alice/posts/first>" in scene.ask("GET", "/alice/posts/", {"Accept": "text/turtle"}).body


def test_it_hears_of_nothing_else(scene):
    asked = {"@context": "https://www.w3.org/ns/solid/notifications-context/v1", "type": "WebSocketChannel2023"}
    for topic, status in (("/alice/posts/", 200), ("/alice/secret/", 403), ("/alice/diary", 403), ("/alice/", 403)):
        content = json.dumps(asked | {"topic": url(topic)}).encode()
        headers = {"Content-Type": "application/ld+json"}
        assert scene.ask("POST", "/.notifications/WebSocketChannel2023", headers, content).status == status


def test_it_sees_and_ends_no_channels_but_its_own(scene):
    asked = {"@context": "https://www.w3.org/ns/solid/notifications-context/v1", "type": "WebSocketChannel2023"}
    content = json.dumps(asked | {"topic": url("/alice/posts/")}).encode()
    headers = {"Content-Type": "application/ld+json"}
    for by, status in (("alice", 404), (APP, 200)):
        made = scene.ask("POST", "/.notifications/WebSocketChannel2023", headers, content, by)
        channel = "/" + json.loads(made.body)["id"].removeprefix(BASE)
        assert scene.ask("GET", channel).status == status
        assert scene.ask("DELETE", channel).status == (204 if status == 200 else 404)


def test_what_it_may_do_changes_with_the_next_request(scene):
    for places, status in (({"/alice/diary": "read"}, 200), ({}, 403), ({"/alice/": "read"}, 200)):
        limit(scene.server.services, APP, ceiling(places))
        assert scene.ask("GET", "/alice/diary").status == status
    now_ms = scene.server.services.store.now_ms
    limit(scene.server.services, APP, CEILING, now_ms)
    assert scene.ask("GET", "/alice/posts/").status == 401
    limit(scene.server.services, APP, CEILING)
    assert scene.ask("GET", "/alice/posts/").status == 200
