"""Access rules against whoever writes them badly, hugely, or to be misread: no owner is locked out, nobody is let in by what
only looks like a name, what is gone stays gone, and a refusal tells nothing.

Spec: WAC #loss-of-control-mitigation, #authorization-evaluation; Solid #security-considerations; RFC 3986 s6
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.support.client import acl, authorization
from tests.support.inprocess import BASE, Answer, LocalServer

TURTLE = {"Content-Type": "text/turtle"}
PLAIN = {"Content-Type": "text/plain"}
ALICE, BOB = f"{BASE}alice/profile/card#me", f"{BASE}bob/profile/card#me"
FOAF_AGENT = "http://xmlns.com/foaf/0.1/Agent"
COLD_SECONDS_MAX, WARM_SECONDS_MAX = 5.0, 0.5
"""Of the processor, on a machine that is busy with other things; a tenth of it is usual."""
KIB = 1024

_numbers = itertools.count()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("rules"), settings={"remote_seconds_max": 1})
    yield server
    server.close()


@pytest.fixture
def doc(local: LocalServer) -> str:
    """The path of a document of alice's that only she may read."""
    path = f"/alice/doc{next(_numbers)}"
    assert local.request("PUT", path, PLAIN, b"secret").status == 201
    return path


def url(path: str) -> str:
    return BASE + path[1:]


def put_acl(local: LocalServer, path: str, *rules: str) -> Answer:
    return local.request("PUT", path + ".acl", TURTLE, acl(*rules).encode())


def share(local: LocalServer, path: str, rule: str) -> None:
    assert put_acl(local, path, rule).status in {201, 204}


def reads(local: LocalServer, path: str, by: str | None = "bob") -> bool:
    return local.request("GET", path, by=by).status == 200


# -- no owner is locked out ----------------------------------------------------------------------------------------------------

LOCKING = {
    "only another agent": authorization("{url}", "Read Write Control", agents=(BOB,), default=True),
    "nothing": "",
    "another resource": authorization(BASE + "alice/other", "Read Write Control", agents=(ALICE,), default=True),
    "another host": authorization("https://evil.example/alice/", "Control", agents=(ALICE,), default=True),
    "a rule without a type": "[] acl:accessTo <{url}>; acl:agent <" + ALICE + ">; acl:mode acl:Control .",
    "an unknown mode": authorization("{url}", "Everything", agents=(ALICE,)),
    "only from an origin": authorization("{url}", "Control", agents=(ALICE,), origins=("https://evil.example",)),
    "a group that is slow, or nowhere": authorization("{url}", "Control", groups=("https://nowhere.invalid/#g",)),
    "under a condition": authorization("{url}", "Control", agents=(ALICE,))[:-1] + "; acl:condition [] .",
}


@pytest.mark.parametrize("rule", LOCKING.values(), ids=LOCKING)
@pytest.mark.parametrize("kind", ["document", "container"])
def test_whatever_its_rules_say_an_owner_can_repair_them(local, doc, kind, rule):
    path = doc + "/" * (kind == "container")
    if kind == "container":
        path = path.replace("doc", "box")
        assert local.request("PUT", path, TURTLE, b"").status == 201
    assert put_acl(local, path, rule.replace("{url}", url(path))).status in {201, 204}
    assert local.request("GET", path + ".acl").status == 200
    assert put_acl(local, path, authorization(url(path), "Read", agents=(ALICE,))).status == 204
    assert reads(local, path, by="alice")
    assert local.request("DELETE", path + ".acl").status == 204


@pytest.mark.parametrize("name", ["nothing", "another resource", "another host", "a rule without a type", "an unknown mode", "under a condition"])  # fmt: skip
def test_a_root_without_anybody_in_control_is_refused(local, name):
    before = local.request("GET", "/alice/.acl").body
    assert put_acl(local, "/alice/", LOCKING[name].replace("{url}", url("/alice/"))).status == 409
    assert local.request("DELETE", "/alice/.acl").status == 405
    assert local.request("GET", "/alice/.acl").body == before


@pytest.mark.parametrize("name", ["only another agent", "only from an origin", "a group that is slow, or nowhere"])
def test_a_root_in_the_hands_of_others_is_still_its_owners(local, name):
    before = local.request("GET", "/alice/.acl").body
    assert put_acl(local, "/alice/", LOCKING[name].replace("{url}", url("/alice/"))).status == 204
    try:
        assert not reads(local, "/alice/settings/prefs.ttl", by="alice")
    finally:
        assert local.request("PUT", "/alice/.acl", TURTLE, before).status == 204
    assert reads(local, "/alice/", by="alice")


@pytest.mark.parametrize("content", [b"<", b"\xff", b"@prefix acl: <", b"{}", b"<html>"])
@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json", "text/html", "text/plain"])
def test_rules_that_cannot_be_read_are_not_taken(local, doc, content, media_type):
    answer = local.request("PUT", doc + ".acl", {"Content-Type": media_type}, content)
    assert answer.status in {400, 415, 422} or (media_type, content) == ("application/ld+json", b"{}")
    assert reads(local, doc, by="alice") == (answer.status >= 400)


def test_who_may_write_does_not_write_rules(local, doc):
    share(local, doc, authorization(url(doc), "Read Write", agents=(BOB,)))
    mine = acl(authorization(url(doc), "Control", agents=(BOB,))).encode()
    for method in ("PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"):
        content = mine if method in {"PUT", "PATCH"} else None
        assert local.request(method, doc + ".acl", TURTLE, content, by="bob").status in {403, 415}


# -- huge rules ---------------------------------------------------------------------------------------------------------------


def filled(one: str, join: str, before: str, after: str) -> bytes:
    """As many of something as the cap of an ACL takes."""
    room = 256 * KIB - len(before) - len(after) - 10
    parts, size = [], 0
    for number in itertools.count():
        part = one.format(number)
        size += len(part) + len(join)
        if size > room:
            return f"{before}{join.join(parts)}{after}".encode()
        parts.append(part)
    raise AssertionError


HEAD = "@prefix a: <http://www.w3.org/ns/auth/acl#> .\n"
BOBS = "[] a a:Authorization; a:accessTo <{doc}>; a:mode a:Read; a:agent <" + BOB + "> .\n"
RULE = "<#{0}> a a:Authorization; a:accessTo <DOC>; a:mode a:Write; "
HUGE = {
    "agents": ("<u:{0}>", ",", HEAD + BOBS + "[] a a:Authorization; a:accessTo <{doc}>; a:mode a:Write; a:agent ", "."),
    "groups here": ("<g{0}#g>", ",", HEAD + BOBS + "[] a a:Authorization; a:accessTo <{doc}>; a:mode a:Write; a:agentGroup ", "."),
    "groups elsewhere": ("<https://g.invalid/{0}#g>", ",", HEAD + BOBS + "[] a a:Authorization; a:accessTo <{doc}>; a:mode a:Write; a:agentGroup ", "."),
    "rules": (RULE + "a:agent <u:x>.", "\n", HEAD + BOBS, ""),
    "rules with groups": (RULE + "a:agentGroup <g{0}#g>.", "\n", HEAD + BOBS, ""),
    "rules with origins": (RULE + "a:agent <u:x>; a:origin <o:{0}>.", "\n", HEAD + BOBS, ""),
    "targets": ("<d{0}>", ",", HEAD + BOBS + "[] a a:Authorization; a:mode a:Write; a:agent <u:x>; a:accessTo ", "."),
}  # fmt: skip


def processor_seconds(local: LocalServer, path: str, by: str) -> float:
    before = time.process_time()
    assert reads(local, path, by=by)
    return time.process_time() - before


@pytest.mark.parametrize("parts", HUGE.values(), ids=HUGE)
def test_rules_as_huge_as_they_may_be_are_decided_soon(local, doc, parts):
    content = filled(*(part.replace("{doc}", url(doc)).replace("DOC", url(doc)) for part in parts))
    assert len(content) > 250 * KIB
    assert local.request("PUT", doc + ".acl", TURTLE, content).status == 201
    assert processor_seconds(local, doc, "bob") < COLD_SECONDS_MAX
    assert processor_seconds(local, doc, "bob") < WARM_SECONDS_MAX
    assert local.request("PUT", doc, PLAIN, b"changed", by=None).status == 401
    assert local.request("PUT", doc + ".acl", TURTLE, content + b"#" * 20 * KIB).status == 413


def test_many_groups_as_large_as_they_may_be_are_decided_soon(local, doc):
    """Each alone is read; together they are not. Without a bound, 64 of them took a minute of the processor for each request."""
    members = ",".join(f"<u:{number}>" for number in range(24_000))
    group = f"<#g> <http://www.w3.org/2006/vcard/ns#hasMember> {members}, <{BOB}> . #".encode()
    names = [f"/alice/huge{number}" for number in range(16)]
    for name in names:
        content = group + b"x" * (512 * KIB - len(group)) + b"\n"
        assert local.request("PUT", name, TURTLE, content).status in {201, 204}
    share(local, doc, authorization(url(doc), "Write", groups=tuple(f"{url(name)}#g" for name in names[1:])))
    before = time.process_time()
    for _ in range(3):
        assert local.request("PUT", doc, PLAIN, b"by bob", by="bob").status == 204
        share(local, doc, authorization(url(doc), "Write", groups=tuple(f"{url(name)}#no" for name in names)))
        assert local.request("PUT", doc, PLAIN, b"by nobody", by="bob").status == 403
        share(local, doc, authorization(url(doc), "Write", groups=tuple(f"{url(name)}#g" for name in names[1:])))
    assert time.process_time() - before < COLD_SECONDS_MAX


# -- what only looks like a name -----------------------------------------------------------------------------------------------

CONFUSABLE_AGENTS = [
    BOB.replace("bob", "%62ob"), BOB.replace("localhost", "LOCALHOST"), BOB.replace("localhost:3000", "localhost.:3000"),
    BOB.replace("localhost", "127.0.0.1"), BOB.replace("http:", "https:"), BOB[:-3], BOB + "e", BOB.upper(), BOB + "/",
    BOB.replace("bob/", "bob//"), BOB.replace("bob/", "x/../bob/"), BOB.replace("bob", "b\u043eb"), BOB.replace("#", "%23"),
    BOB.replace("#", "?x#"), "http://x@localhost:3000/bob/profile/card#me", FOAF_AGENT, "http://www.w3.org/ns/auth/acl#AuthenticatedAgent",
]  # fmt: skip


@pytest.mark.parametrize("agent", CONFUSABLE_AGENTS)
def test_who_is_named_almost_like_somebody_is_somebody_else(local, doc, agent):
    share(local, doc, authorization(url(doc), "Read", agents=(agent,)))
    assert not reads(local, doc)
    assert not reads(local, doc, by=None)


CLASSES = [
    f'acl:agentClass "{FOAF_AGENT}"', "acl:agentClass <http://xmlns.com/foaf/0.1/agent>", "acl:agentClass foaf:Person",
    "acl:agentClass <https://xmlns.com/foaf/0.1/Agent>", "acl:agentclass foaf:Agent", "acl:agentClass [ a foaf:Agent ]",
    'acl:agent "' + BOB + '"', "acl:agent [ foaf:page <" + BOB + "> ]", "acl:agentGroup foaf:Agent", "acl:agentGroup <" + BOB + ">",
    "acl:origin <https://app.example>", "acl:agentClass acl:Agent",
]  # fmt: skip


@pytest.mark.parametrize("who", CLASSES)
def test_what_is_no_class_and_no_agent_lets_nobody_in(local, doc, who):
    share(local, doc, f"[] a acl:Authorization; acl:accessTo <{url(doc)}>; acl:mode acl:Read; {who} .")
    for by in ("bob", None):
        answer = local.request("GET", doc, {"Origin": "https://app.example"}, by=by)
        assert answer.status in {401, 403}


TARGETS = ["{0}/", "{0}#it", "{0}?x", "{0}.acl", "{0}.meta", "{1}../bob/{2}", "{1}%2e%2e/alice/{2}", "{1}.", "{0}%20", "{0}%00", "{0}\u0301", "https://evil.example/{2}"]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_a_rule_for_what_is_almost_a_resource_is_for_something_else(local, doc, target):
    name = target.format(url(doc), BASE + "alice/", doc.rpartition("/")[2])
    share(local, doc, authorization(name, "Read", public=True, default=True))
    assert not reads(local, doc)


def test_names_that_look_alike_are_two_resources_with_rules_of_their_own(local):
    composed, decomposed = "/alice/caf%C3%A9", "/alice/cafe%CC%81"
    for path in (composed, decomposed):
        assert local.request("PUT", path, PLAIN, b"mine").status == 201
    share(local, composed, authorization(BASE + "alice/caf\u00e9", "Read", public=True))
    assert (reads(local, composed, None), reads(local, decomposed, None)) == (True, False)


DETOURS = [
    "{0}", "{0}.acl", "{0}.meta", "{0}%2Eacl", "{0}.ac%6C", "{0}/", "{0}/.acl", "{0}.acl/", "{0}.acl.acl", "{0}.meta.acl",
    "/{0}", "/alice/.{0}", "/alice/x/..{0}", "/bob/..{0}", "/bob/%2e%2e{0}", "/bob/..%2f{0}", "/ALICE{1}", "/alice/%2e{1}",
    "{0};x", "{0}%00", "{0}%20", "{0}\\", "{0}%5C", "{0}?x=.acl", "{0}%3F", "{0}%23", "{0}#x", "/alice{1}", "/.home{0}", "/alice/%E2%80%A4%E2%80%A4{1}",
]  # fmt: skip


@pytest.mark.parametrize("detour", DETOURS)
@pytest.mark.parametrize("by", ["bob", None])
def test_no_detour_leads_to_what_is_private(local, doc, detour, by):
    path = detour.format(doc, doc.removeprefix("/alice"))
    before = local.request("GET", doc).body
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"):
        content = b"changed" if method in {"PUT", "PATCH", "POST"} else None
        answer = local.request(method, path, PLAIN, content, by=by)
        assert b"secret" not in answer.body
        assert answer.status in {301, 303, 308, 400, 401, 403, 404, 405, 409, 414, 415}, (method, answer)
    assert local.request("GET", doc).body == before


# -- what a refusal tells ------------------------------------------------------------------------------------------------------

QUESTIONS = [
    {}, {"Range": "bytes=0-0"}, {"Range": "bytes=99999-"}, {"If-Match": '"x"'}, {"If-None-Match": "*"}, {"If-Match": "*"},
    {"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}, {"If-Unmodified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"},
    {"Accept": "image/png"}, {"Accept": "text/html"}, {"Prefer": "return=representation"}, {"Origin": "https://app.example"},
]  # fmt: skip


def told(answer: Answer, path: str) -> tuple[object, ...]:
    """All that an answer says, but for the name that was asked for, and the number of the answer."""
    hidden = {"date", "x-request-id", "content-length"}
    fields = {name: value.replace(path, "PATH") for name, value in answer.headers.items() if name not in hidden}
    subject = path.removesuffix(".acl").removesuffix(".meta")
    text = answer.body.decode().replace(path, "PATH").replace(quote(subject, safe=""), "SUBJECT")
    kept = [
        line
        for line in text.replace(",", ",\n").replace("<", "\n<").splitlines()
        if "nstance" not in line and "urn:" not in line
    ]
    return answer.status, fields, kept


@pytest.mark.requirement("solid#timing-attacks")
@pytest.mark.parametrize("headers", QUESTIONS, ids=str)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("by", ["bob", None])
def test_what_is_private_looks_like_what_is_missing(local, doc, headers, method, by):
    missing = doc[:-1] + "~"
    content = b"x" if method in {"PUT", "PATCH", "POST"} else None
    sent = headers | (PLAIN if content else {})
    for path in (doc, doc + ".acl", doc + ".meta"):
        other = path.replace(doc, missing)
        there, nowhere = (local.request(method, each, sent, content, by=by) for each in (path, other))
        assert there.status in {401, 403}
        assert told(there, path) == told(nowhere, other)


# -- what is gone stays gone ---------------------------------------------------------------------------------------------------


def test_a_name_used_again_has_no_rules_and_no_content_of_before(local, doc):
    share(local, doc, authorization(url(doc), "Read", public=True))
    seen = local.request("GET", doc, by=None)
    etag = seen.headers["etag"]
    assert local.request("DELETE", doc).status in {204, 205, 200, 403}
    hers = authorization(url(doc), "Read Write Control", agents=(ALICE,))
    if local.request("GET", doc, by=None).status == 200:  # the ACL above leaves its owner nothing but Control
        share(local, doc, hers + authorization(url(doc), "Read", public=True))
        assert local.request("GET", doc, by=None).status == 200
        assert local.request("DELETE", doc).status == 204
    assert local.request("PUT", doc, PLAIN, b"secret").status == 201
    for headers in ({}, {"If-None-Match": etag}, {"Range": "bytes=0-1", "If-Range": etag}):
        assert local.request("GET", doc, headers, by=None).status == 401
    assert local.request("GET", doc, {"If-None-Match": etag}).status == 200
    assert local.request("GET", doc + ".acl").status == 404


@pytest.mark.parametrize("part", ["access_to", "default"])
def test_a_container_made_again_passes_nothing_on(local, part):
    box = f"/alice/again{next(_numbers)}/"
    assert local.request("PUT", box, TURTLE, b"").status == 201
    hers = authorization(url(box), "Read Write Control", agents=(ALICE,), default=True)
    everyones = authorization(url(box), "Read", public=True, access_to=part == "access_to", default=part == "default")
    assert put_acl(local, box, hers, everyones).status == 201
    assert local.request("PUT", box + "a", PLAIN, b"secret").status == 201
    assert (reads(local, box, None), reads(local, box + "a", None)) == (part == "access_to", part == "default")
    for path in (box + "a", box):
        assert local.request("DELETE", path).status == 204
    assert local.request("PUT", box + "a", PLAIN, b"secret").status == 201
    assert (reads(local, box, None), reads(local, box + "a", None)) == (False, False)
