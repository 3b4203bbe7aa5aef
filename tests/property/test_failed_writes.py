"""A write that is refused, or fails on the way, leaves everything as it was: resources, journal, quota, proofs and blobs.

Requests are drawn without care for whether they make sense, and meet a store that fails now and then, at any step.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from pod.errors import TruncatedContent
from pod.http.request import SAFE_METHODS
from pod.store.fsck import check
from pod.store.records import SERVER
from tests.support.counting import Counts
from tests.support.inprocess import Answer, LocalServer

LARGE = b"x" * 70_000
"""More than is kept in the database: a blob."""
ROOM_BYTES, ROOM_RESOURCES = 150_000, 6
UNLIMITED_PAGES = 1_073_741_823

PLAIN, TURTLE = {"Content-Type": "text/plain"}, {"Content-Type": "text/turtle"}
SPARQL, N3 = {"Content-Type": "application/sparql-update"}, {"Content-Type": "text/n3"}
CONTAINER = {"Link": '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'}
RULES = """
@prefix acl: <http://www.w3.org/ns/auth/acl#>.
[] a acl:Authorization; acl:agent <http://localhost:3000/alice/profile/card#me>; acl:accessTo <./>; acl:default <./>;
  acl:mode acl:Read, acl:Write, acl:Control.
[] a acl:Authorization; acl:agent <http://localhost:3000/bob/profile/card#me>; acl:accessTo <./>; acl:default <./>;
  acl:mode acl:Read, acl:Append.
"""
THERE = [
    ("text", PLAIN, b"text"),
    ("blob", PLAIN, LARGE),
    ("graph", TURTLE, b"<#a> <#b> <#c> ."),
    ("box/", CONTAINER, None),
    ("box/.acl", TURTLE, RULES.encode()),
    ("box/.meta", TURTLE, b"<./> <#is> <#described> ."),
    ("box/inner", PLAIN, b"inner"),
]


# -- a store that fails ------------------------------------------------------------------------------------------------


@dataclass
class Faults(Counts):
    """`LocalServer(counts=Faults())`, then act within `fault(...)`."""

    writer: sqlite3.Connection | None = None
    syncs_left: int = 0
    error: int = 0

    def on_connect(self, connection: sqlite3.Connection) -> None:
        self.writer = self.writer or connection

    def sync(self, descriptor: int) -> None:
        self.syncs_left -= 1
        if self.syncs_left == 0:
            raise OSError(self.error, os.strerror(self.error))
        os.fsync(descriptor)

    @contextmanager
    def fault(self, kind: str, step: int) -> Iterator[None]:
        """What goes wrong once, at the latest at a `step`, if anything comes so far."""
        if kind in {"ENOSPC", "EDQUOT", "EIO", "EROFS"}:
            self.syncs_left, self.error = 1 + step % 2, getattr(errno, kind)
        elif kind == "full database":
            self.writer.execute("PRAGMA max_page_count = 1")  # raised to what is in use
        elif kind == "read-only database":
            self.writer.execute("PRAGMA query_only = 1")
        elif kind == "interrupted":
            once = [1]
            self.writer.set_progress_handler(lambda: once.pop() if once else 0, step)
        elif kind == "refused commit":
            self.writer.set_authorizer(refuse_commit)
        try:
            yield
        finally:
            self.repair()

    def repair(self) -> None:
        self.syncs_left = 0
        self.writer.set_progress_handler(None, 0)
        self.writer.set_authorizer(None)
        self.writer.execute("PRAGMA query_only = 0")
        self.writer.execute(f"PRAGMA max_page_count = {UNLIMITED_PAGES}")


def refuse_commit(action: int, what: str | None, *_: object) -> int:
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT" else sqlite3.SQLITE_OK


FAULTS = [
    "ENOSPC", "EDQUOT", "EIO", "EROFS", "full database", "read-only database", "interrupted", "refused commit",
]  # fmt: skip
UNHEARD_OF = {"interrupted", "refused commit"}
"""What no machine does by itself: an internal error will do."""


class BreaksOff(io.BytesIO):
    """Content that ends before its end, as the web server tells of it."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size) or self._broken()

    def _broken(self) -> bytes:
        raise TruncatedContent


# -- requests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """One request, and what befalls it."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = field(default=None, repr=False)
    by: str | None = "alice"
    breaks_off: bool = False
    fault: str | None = None
    step: int = 1


BODIES: list[tuple[dict[str, str], bytes | None]] = [
    (PLAIN, b"new"),
    (PLAIN, LARGE),
    (PLAIN, LARGE[1:]),
    (TURTLE, b"<#new> <#is> <#good> ."),
    (TURTLE, b"<#new> <#is> bad"),
    (TURTLE, RULES.encode()),
    (TURTLE, b"<./> <http://www.w3.org/ns/ldp#contains> <./x> ."),
    ({"Content-Type": "application/ld+json"}, b'{"@id": "#new", "#is": '),
    (SPARQL, b"INSERT DATA { <#new> <#is> <#good> }"),
    (SPARQL, b"DELETE DATA { <#not> <#there> <#at_all> }"),
    (SPARQL, b"INSERT DATA { <#new> <#is> }"),
    (
        N3,
        b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. [] a solid:InsertDeletePatch; solid:inserts { <#n> <#i> 1 }.",
    ),
    (
        N3,
        b"@prefix solid: <http://www.w3.org/ns/solid/terms#>. [] a solid:InsertDeletePatch; solid:inserts { ?n <#i> 1 }.",
    ),
    ({}, b"of no type"),
    ({}, None),
]
NAMES = [
    "",
    "new",
    "new/",
    "text",
    "text/",
    "blob",
    "graph",
    "box",
    "box/",
    "box/inner",
    "box/new",
    "box/new/deep",
    "profile/card",
]
PATHS = [f"/alice/{name}{suffix}" for name in NAMES for suffix in ("", "", ".acl", ".meta")] + [
    "/nobody/x",
    "/alice/.x",
]
MORE_HEADERS = [
    {}, {}, {}, CONTAINER, {"Slug": "text"}, {"Slug": "wished"}, {"If-None-Match": "*"}, {"If-Match": "*"},
    {"If-Match": '"other"'}, {"If-Match": "not a tag"}, {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
    {"Content-Range": "bytes 0-1/2"}, {"Content-Encoding": "gzip"},
]  # fmt: skip


LIKELY = [
    ("PUT", "text", PLAIN, b"new"),
    ("PUT", "text", PLAIN, LARGE),
    ("PUT", "new", PLAIN, LARGE[1:]),
    ("PUT", "blob", PLAIN, LARGE[2:]),
    ("PUT", "blob", PLAIN, b"new"),
    ("PUT", "box/new/deep", PLAIN, LARGE[3:]),
    ("PUT", "box/new/", CONTAINER, None),
    ("PUT", "graph", TURTLE, b"<#new> <#is> <#good> ."),
    ("PUT", "graph.acl", TURTLE, RULES.encode()),
    ("PUT", "box/.acl", TURTLE, RULES.encode()),
    ("PUT", "box/.meta", TURTLE, b"<./> <#is> <#new> ."),
    ("PATCH", "graph", SPARQL, b"INSERT DATA { <#new> <#is> <#good> }"),
    ("PATCH", "new/graph", SPARQL, b"INSERT DATA { <#new> <#is> <#good> }"),
    ("PATCH", "box/.meta", SPARQL, b"INSERT DATA { <#new> <#is> <#good> }"),
    ("POST", "box/", PLAIN | {"Slug": "inner"}, LARGE),
    ("POST", "box/", TURTLE | CONTAINER | {"Slug": "inner"}, b"<> <#is> <#new> ."),
    ("DELETE", "text", {}, None),
    ("DELETE", "blob", {}, None),
    ("DELETE", "box/inner", {}, None),
    ("DELETE", "box/", {}, None),
    ("DELETE", "box/.meta", {}, None),
]

likely = st.builds(
    lambda likely, **named: Request(likely[0], f"/alice/{likely[1]}", *likely[2:], **named),
    st.sampled_from(LIKELY),
    fault=st.sampled_from([None, None, *FAULTS]),
    step=st.integers(30, 2_000),
    breaks_off=st.sampled_from([False] * 7 + [True]),
)
"""What succeeds, were it not for what befalls it."""

anything = st.builds(
    lambda body, more, **named: Request(headers={**body[0], **more}, content=body[1], **named),
    st.sampled_from(BODIES),
    st.sampled_from(MORE_HEADERS),
    method=st.sampled_from(["PUT", "PUT", "POST", "PATCH", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS"]),
    path=st.sampled_from(PATHS),
    by=st.sampled_from(["alice", "alice", "alice", "bob", None]),
    fault=st.sampled_from([None, None, None, *FAULTS]),
    breaks_off=st.sampled_from([False] * 7 + [True]),
)


def ask(server: LocalServer, request: Request) -> Answer:
    environ = server.environ(request.method, request.path, request.headers, request.content, request.by)
    if request.breaks_off and request.content:
        environ["wsgi.input"] = BreaksOff(request.content[: len(request.content) // 2])
    if request.fault is None:
        return server.call(environ)
    with server.counts.fault(request.fault, request.step):
        return server.call(environ)


# -- everything there is -----------------------------------------------------------------------------------------------


def everything(data: Path) -> dict[str, object]:
    """Every row of every table of the truth, and every blob."""
    connection = sqlite3.connect(data / "pod.sqlite")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    state: dict[str, object] = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    connection.close()
    return state | {"blobs": {name for *_, names in os.walk(data / "blobs") for name in names}}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with something of everything, and room for a little more."""
    data = tmp_path_factory.mktemp("template") / "data"
    server = LocalServer(data)
    for name, headers, content in THERE:
        assert server.request("PUT", f"/alice/{name}", headers, content).status == 201
    with server.services.store.write(SERVER) as tx:
        room = (ROOM_BYTES, ROOM_RESOURCES)
        tx.rows("UPDATE storage SET bytes_max = bytes + ?, resources_max = resources + ? WHERE path = '/alice/'", room)
    server.close()
    return data


@contextmanager
def copied(template: Path) -> Iterator[LocalServer]:
    with tempfile.TemporaryDirectory() as folder:
        server = LocalServer(shutil.copytree(template, Path(folder) / "data"), Faults())
        try:
            yield server
        finally:
            server.close()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(likely, anything), min_size=40, max_size=80))
def test_what_is_refused_or_fails_changes_nothing(template: Path, asked: list[Request]) -> None:
    with copied(template) as server:
        before = everything(server.data)
        for request in asked:
            with capture_logs() as told:
                answer = ask(server, request)
            after = everything(server.data)
            changed = answer.status < 300 and request.method not in SAFE_METHODS
            assert (after != before) == changed, (request, answer)
            assert answer.status != 500 or request.fault in UNHEARD_OF, (request, answer)
            assert len(told) == (answer.status >= 500 and b"quota" not in answer.body), "the operator hears of faults"
            before = after
        assert list(check(server.services.store, deep=True)) == []
