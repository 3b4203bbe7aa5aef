"""What each operation may cost, counted exactly: one more statement, commit, sync, parse or signature fails here.

Times depend on the machine, these counts do not; so speed cannot rot unseen. Whoever needs more says why by changing a
row. The server is warm unless a row says otherwise, and `syncs` are those of bodies in files: each commit has its own.

Design: one SQL statement for an authorized read, one synced commit for a write.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from pod.store.records import SERVER
from tests.support.ceilings import ceiling, limited_app
from tests.support.client import CONTAINER_LINK, N3, SPARQL, TURTLE, acl, authorization
from tests.support.inprocess import BASE, LocalServer, Work
from tests.tables.languages import acr, policy

SMALL = b"<#me> <http://xmlns.com/foaf/0.1/name> 'A name'."
LARGE = b"x" * 100_000
BINARY = {"Content-Type": "application/octet-stream"}
JSON_LD = {"Accept": "application/ld+json"}
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
GERMAN = HTML | {"Accept-Language": "de"}
SAME = {"If-None-Match": "{etag}"}
INSERT = b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. _:p a solid:InsertDeletePatch; solid:inserts {<#a> <#b> <#c>}."
UPDATE = b"INSERT DATA { <#a> <#b> <#c> }"
GROUP = b"<#g> <http://www.w3.org/2006/vcard/ns#hasMember> <%salice/profile/card#me>." % BASE.encode()


@dataclass(frozen=True)
class Request:
    """One request. Its path is within a container of alice's that is the row's own."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    by: str | None = "alice"


@dataclass(frozen=True)
class Row:
    """After `first`, `request` is answered with `status` at the cost of `work`."""

    name: str
    request: Request
    status: int
    work: Work
    first: tuple[Request, ...] = ()


def get(path: str, headers: dict[str, str] | None = None, by: str | None = "alice") -> Request:
    return Request("GET", path, headers or {}, by=by)


def put(path: str, content: bytes = SMALL, headers: dict[str, str] = TURTLE, by: str | None = "alice") -> Request:
    return Request("PUT", path, headers, content, by)


def rules(*more: str) -> Request:
    """The row's container: alice may do all, others what is added. `{url}` stands for its URL."""
    alice = authorization("{url}", "Read Write Control", agents=(f"{BASE}alice/profile/card#me",), default=True)
    return put(".acl", acl(alice, *more).encode())


DOCUMENT = (put("doc"), get("doc"))
PUBLIC = (put("doc"), rules(authorization("{url}", "Read", public=True, default=True)), get("doc", by=None))
GROUPED = (
    put("doc"),
    put("group", GROUP),
    put(
        ".acl",
        acl(
            authorization("{url}", "Read", groups=("{url}group#g",), default=True),
            authorization("{url}", "Write Control", agents=(f"{BASE}alice/profile/card#me",), default=True),
        ).encode(),
    ),
    get("doc"),
)
FILE = (put("file", LARGE, BINARY),)
LISTED = tuple(put(f"member-{number}") for number in range(20))

SIGNED = Work(statements=1, signatures=1)

READS = (
    Row("GET", get("doc"), 200, SIGNED, DOCUMENT),
    Row("GET, deep down", get("a/b/c/d/e/f/g"), 200, SIGNED, (put("a/b/c/d/e/f/g"),)),
    Row("GET, rules not yet known", get("doc"), 200, replace(SIGNED, statements=2, parses=1), (put("doc"), rules())),
    Row("GET, a group in the rules", get("doc"), 200, replace(SIGNED, statements=2), GROUPED),
    Row("GET by anyone", get("doc", by=None), 200, Work(statements=1), PUBLIC),
    Row("GET by somebody else", get("doc", by="bob"), 200, SIGNED, (*PUBLIC, get("doc", by="bob"))),
    Row("GET, not modified", get("doc", {"If-None-Match": "{etag}"}), 304, SIGNED, DOCUMENT),
    Row("GET by anyone, not modified", get("doc", {"If-None-Match": "{etag}"}, None), 304, Work(statements=1), PUBLIC),
    Row("GET of a part", get("doc", {"Range": "bytes=1-4"}), 206, SIGNED, DOCUMENT),
    Row("GET of a file", get("file"), 200, SIGNED, FILE),
    Row("GET of what is missing", get("none"), 404, replace(SIGNED, statements=2), DOCUMENT),
    Row("GET of an ACL", get(".acl"), 200, SIGNED, (*PUBLIC, get(".acl"))),
    Row("HEAD", Request("HEAD", "doc"), 200, SIGNED, DOCUMENT),
    Row("OPTIONS", Request("OPTIONS", "doc"), 204, SIGNED, DOCUMENT),
    Row("conversion, the first", get("doc", JSON_LD), 200, replace(SIGNED, parses=1), DOCUMENT),
    Row("conversion, the next", get("doc", JSON_LD), 200, SIGNED, (*DOCUMENT, get("doc", JSON_LD))),
    Row(
        "page, the first",
        get("doc", HTML),
        200,
        replace(SIGNED, parses=1),
        (put("words"), get("words", HTML), *DOCUMENT),
    ),
    Row("page, the next", get("doc", HTML, by=None), 200, Work(statements=1), (*PUBLIC, get("doc", HTML))),
    Row(
        "page, the next in another language",
        get("doc", GERMAN, by=None),
        200,
        Work(statements=1),
        (*PUBLIC, get("doc", GERMAN)),
    ),
    Row("page, not modified", get("doc", HTML | SAME, by=None), 304, Work(statements=1), (*PUBLIC, get("doc", HTML))),
    Row("page of a listing, the first", get("", HTML), 200, replace(SIGNED, statements=3), LISTED),
    Row("page of a listing, the next", get("", HTML), 200, SIGNED, (*LISTED, get("", HTML))),
    Row("page of a refusal", get("doc", HTML, by=None), 401, Work(statements=1), DOCUMENT),
    Row("HEAD of a conversion", Request("HEAD", "doc", JSON_LD), 200, SIGNED, (*DOCUMENT, get("doc", JSON_LD))),
    Row("listing, the first", get(""), 200, replace(SIGNED, statements=3), LISTED),
    Row("listing, the next", get(""), 200, SIGNED, (*LISTED, get(""))),
    Row("listing with a description", get(""), 200, replace(SIGNED, statements=3, parses=1), (*LISTED, put(".meta"))),
)

PREFLIGHT = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
OTHERS_VERSION = {"If-Match": '"other"', **TURTLE}

LOOKED_AT = Work(statements=1, rollbacks=1, parses=1, signatures=1, reads=2)
"""What somebody sent who was let write here a moment ago: only the transaction looks at the target."""

REFUSALS = (
    Row("GET by a stranger", get("doc", by=None), 401, Work(statements=1), DOCUMENT),
    Row("GET by the wrong one", get("doc", by="bob"), 403, SIGNED, DOCUMENT),
    Row("GET with a bad token", get("doc", {"Authorization": "DPoP e30.e30.e30"}, None), 401, Work(), DOCUMENT),
    Row("GET with a false proof", get("doc", {"DPoP": "e30.e30.e30"}), 401, Work(), DOCUMENT),
    Row("preflight", Request("OPTIONS", "doc", PREFLIGHT, by=None), 204, Work(), DOCUMENT),
    Row("PUT by a stranger", put("doc", by=None), 401, Work(statements=1), DOCUMENT),
    Row("PUT by the wrong one", put("doc", by="bob"), 403, SIGNED, DOCUMENT),
    Row("PUT over another version", put("doc", headers=OTHERS_VERSION), 412, LOOKED_AT, DOCUMENT),
    Row("PUT over a container", put("box/"), 409, LOOKED_AT, (put("box/", b"", CONTAINER_LINK), get("box/"))),
    Row("PUT of a file by a stranger", put("file", LARGE, BINARY, by=None), 401, Work(statements=1), FILE),
    Row("PATCH by the wrong one", Request("PATCH", "doc", N3, INSERT, "bob"), 403, SIGNED, DOCUMENT),
    Row("POST by a stranger", Request("POST", "", TURTLE, SMALL, None), 401, Work(statements=1), DOCUMENT),
    Row("DELETE by the wrong one", Request("DELETE", "doc", by="bob"), 403, SIGNED, DOCUMENT),
)

WRITTEN = Work(commits=1, parses=1, signatures=1, reads=2)
PATCHED_BEFORE = replace(WRITTEN, statements=5, parses=1)
TWICE = (*DOCUMENT, Request("PATCH", "doc", N3, INSERT.replace(b"#a", b"#z")))
OPAQUE = replace(WRITTEN, parses=0)
BODILESS = replace(OPAQUE, reads=0)
OWN_RULES = put(
    "doc.acl",
    acl(authorization("{url}doc", "Read Write Control", agents=(f"{BASE}alice/profile/card#me",))).encode(),
)

WRITES = (
    Row("PUT, new", put("new"), 201, replace(WRITTEN, statements=7), DOCUMENT),
    Row(
        "PUT, the first here", put("box/new"), 201, replace(WRITTEN, statements=8), (put("box/", b"", CONTAINER_LINK),)
    ),
    Row("PUT, new in two new containers", put("a/b/new"), 201, replace(WRITTEN, statements=20), DOCUMENT),
    Row("PUT, new container", put("new/", b"", CONTAINER_LINK), 201, replace(BODILESS, statements=7), DOCUMENT),
    Row("PUT, replacing", put("doc"), 204, replace(WRITTEN, statements=5), DOCUMENT),
    Row("PUT of an ACL", rules(), 204, replace(WRITTEN, statements=5), PUBLIC),
    Row("PUT of an ACL that names a group", GROUPED[2], 204, replace(WRITTEN, statements=7), GROUPED),
    Row("PUT of small bytes", put("new", b"bytes", BINARY), 201, replace(OPAQUE, statements=7), DOCUMENT),
    Row("PUT of a file", put("new", LARGE, BINARY), 201, replace(OPAQUE, statements=8, syncs=2), DOCUMENT),
    Row("PUT, replacing a file", put("file", LARGE, BINARY), 204, replace(OPAQUE, statements=7, syncs=2), FILE),
    Row("PATCH", Request("PATCH", "doc", N3, INSERT), 204, replace(WRITTEN, statements=5, parses=2), DOCUMENT),
    Row("PATCH, the next", Request("PATCH", "doc", N3, INSERT), 204, PATCHED_BEFORE, TWICE),
    Row(
        "PATCH, SPARQL",
        Request("PATCH", "doc", SPARQL, UPDATE),
        204,
        replace(WRITTEN, statements=5, parses=2),
        DOCUMENT,
    ),
    Row("PATCH, new", Request("PATCH", "new", N3, INSERT), 201, replace(WRITTEN, statements=8), DOCUMENT),
    Row("POST", Request("POST", "", TURTLE, SMALL), 201, replace(WRITTEN, statements=8), DOCUMENT),
    Row("POST of a container", Request("POST", "", CONTAINER_LINK), 201, replace(BODILESS, statements=8), DOCUMENT),
    Row("DELETE", Request("DELETE", "doc"), 204, replace(BODILESS, statements=7), DOCUMENT),
    Row(
        "DELETE with its rules",
        Request("DELETE", "doc"),
        204,
        replace(BODILESS, statements=14),
        (*DOCUMENT, put("doc.meta"), OWN_RULES, get("doc")),
    ),
)

LIMITED = ceiling({"/alice/": "read append write", "/alice/other/": "read", "/bob/": "read"}, elsewhere="read")
"""What an app of alice's was let do that costs no more than others."""

BY_LIMITED_APPS = (
    Row("GET", get("doc", by="limited"), 200, SIGNED, (*DOCUMENT, get("doc", by="limited"))),
    Row("GET, the next conversion", get("doc", JSON_LD, "limited"), 200, SIGNED, (*DOCUMENT, get("doc", JSON_LD))),
    Row("GET, not modified", get("doc", {"If-None-Match": "{etag}"}, "limited"), 304, SIGNED, DOCUMENT),
    Row("GET beyond the ceiling", get(".acl", by="limited"), 403, SIGNED, (*PUBLIC, get(".acl"))),
    Row("listing, the next", get("", by="limited"), 200, SIGNED, (*LISTED, get(""))),
    Row(
        "PUT, new",
        put("new", by="limited"),
        201,
        replace(WRITTEN, statements=7),
        (*DOCUMENT, put("doc", by="limited")),
    ),
    Row(
        "PUT, replacing", put("doc", by="limited"), 204, replace(WRITTEN, statements=5), (put("doc", by="limited"),) * 2
    ),
    Row(
        "DELETE",
        Request("DELETE", "doc", by="limited"),
        204,
        replace(BODILESS, statements=7),
        (put("doc", by="limited"),),
    ),
)

BOB = f'acp:agent <{BASE}bob/profile/card#me>; acp:client "bob-client"; acp:issuer <{BASE}>'
LEVELS = tuple("".join(f"{each}/" for each in "abcdefgh"[:level]) for level in range(9))


def policies(level: str, attributes: str = BOB) -> Request:
    """An access control resource by which bob may read what is inside."""
    return put(f"{level}.acl", acr("{url}" + level, members=[policy("Read", attributes)]).encode())


DEEP = f"{LEVELS[8]}doc"
DEEP_DOWN = (put(DEEP), *map(policies, LEVELS), get(DEEP), get(DEEP, by="bob"))
CREATED = (put("doc"), policies("", "acp:agent acp:CreatorAgent"), get("doc"))

UNDER_POLICIES = (
    Row("GET", get("doc"), 200, SIGNED, DOCUMENT),
    Row("GET by somebody else", get("doc", by="bob"), 200, SIGNED, (put("doc"), policies(""), get("doc", by="bob"))),
    Row("GET, policies at eight levels", get(DEEP), 200, SIGNED, DEEP_DOWN),
    Row("GET by somebody else, policies at eight levels", get(DEEP, by="bob"), 200, SIGNED, DEEP_DOWN),
    Row(
        "GET, policies not yet known",
        get("doc"),
        200,
        replace(SIGNED, statements=2, parses=1),
        (put("doc"), policies("")),
    ),
    Row("GET, a policy for creators", get("doc"), 200, replace(SIGNED, statements=2), CREATED),
    Row("GET of an ACR", get(".acl"), 200, SIGNED, (*DOCUMENT, policies(""), get(".acl"))),
    Row("GET of an ACR that nobody wrote", get("doc.acl"), 200, replace(SIGNED, statements=2), DOCUMENT),
    Row("GET by the wrong one", get("doc", by="bob"), 403, SIGNED, DOCUMENT),
    Row("PUT, new", put("new"), 201, replace(WRITTEN, statements=7), DOCUMENT),
    Row("PUT, replacing", put("doc"), 204, replace(WRITTEN, statements=5), DOCUMENT),
    Row("DELETE", Request("DELETE", "doc"), 204, replace(BODILESS, statements=7), DOCUMENT),
)

numbers = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("budget"))
    limited_app(server, "alice", "limited", LIMITED)
    yield server
    server.close()


@pytest.fixture(scope="module")
def acp_server(tmp_path_factory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("budget"), settings={"access_control": "acp"})
    yield server
    server.close()


def environ_of(server: LocalServer, home: str, request: Request, etag: str) -> dict:
    url = BASE + home[1:]
    headers = {name: value.replace("{etag}", etag) for name, value in request.headers.items()}
    content = None if request.content is None else request.content.replace(b"{url}", url.encode())
    return server.environ(request.method, home + request.path, headers, content, request.by)


@pytest.mark.parametrize("row", READS + REFUSALS + WRITES, ids=lambda row: row.name)
def test_the_work_of_an_operation_is(server, row):
    check(server, row)


@pytest.mark.parametrize("row", BY_LIMITED_APPS, ids=lambda row: row.name)
def test_the_work_of_an_operation_by_an_app_with_a_ceiling_is(server, row):
    check(server, row)


@pytest.mark.parametrize("row", UNDER_POLICIES, ids=lambda row: row.name)
def test_the_work_of_an_operation_under_access_control_policy_is(acp_server, row):
    check(acp_server, row)


def check(server: LocalServer, row: Row) -> None:
    home, etag = f"/alice/c{next(numbers)}/", ""
    for request in row.first:
        answer = server.call(environ_of(server, home, request, etag))
        assert answer.status < 300, answer.body
        etag = answer.headers.get("etag", "")
    answer, work = server.measured(environ_of(server, home, row.request, etag))
    assert (answer.status, work) == (row.status, row.work), "\n".join(server.counts.statements)


def test_every_commit_is_synced(server):
    full = 2  # as SQLite numbers it
    with server.services.store.write(SERVER) as tx:
        assert tx.rows("PRAGMA synchronous") == [(full,)]
