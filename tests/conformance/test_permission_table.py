"""Runs the permission table over HTTP, its modes written as Web Access Control, the same under conditions (WAC 1.1), and
as Access Control Policy.

Every outcome is tried by an agent who was given the modes, and by nobody when everyone was given them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.support.client import CONTAINER_LINK, N3, SPARQL, TURTLE, SolidClient, acl, authorization, listed
from tests.support.fixtures import People
from tests.tables import permissions as table
from tests.tables.languages import AccessControlPolicy, Conditions, Friend, WebAccessControl
from tests.tables.permissions import ALWAYS_AN_ACR, SAME, TABLE, Row

LANGUAGES = {each.name: each for each in (WebAccessControl(), Conditions(), AccessControlPolicy())}
SECRET = "told only to readers"
OLD = f'<#it> <http://example.org/says> "{SECRET}".'
NEW = '<#it> <http://example.org/says> "something else".'
_PATCH = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. <> a solid:InsertDeletePatch;"
PATCHES = {
    table.INSERT: (N3, f"{_PATCH} solid:inserts {{ {NEW} }}."),
    table.DELETE: (N3, f"{_PATCH} solid:deletes {{ {OLD} }}."),
    table.CHANGE: (
        N3,
        (
            f"{_PATCH} solid:where {{ <#it> <http://example.org/says> ?x }}; "
            f"solid:deletes {{ <#it> <http://example.org/says> ?x }}; solid:inserts {{ {NEW} }}."
        ),
    ),
    table.SPARQL: (SPARQL, f"INSERT DATA {{ {NEW} }}"),
}

PLACES = {
    "document": "R",
    "container": "N/",
    "full": "F/",
    "itself": "",
    "deep": "X/Y/R",
    "acl": "R.acl",
    "meta": "R.meta",
    "box acl": "N/.acl",
    "box meta": "N/.meta",
    "stray acl": "Z.acl",
    "stray meta": "Z.meta",
    "root": "",
    "root acl": ".acl",
}
AUXILIARY = re.compile(r"\.(acl|meta)$")


@dataclass(frozen=True)
class Case:
    row: Row
    exists: bool
    signed_in: bool
    language: str = "wac"

    def __str__(self) -> str:
        row = self.row
        who = "bob" if self.signed_in else "nobody"
        there = "there" if self.exists else "missing"
        rules = f"C/:{row.on_c or '-'} in:{row.inside or '-'}"
        return f"{self.language} {row.method} {row.body} {row.target} {there} {rules} {who}"

    @property
    def expected(self) -> tuple[int, str]:
        outcome = self.row.exists if self.exists else self.row.missing
        if self.language == "acp" and not self.exists:
            outcome = ALWAYS_AN_ACR.get(self.row, outcome)
        status, _, effect = (outcome or "").partition(" ")
        return (401 if status == "403" and not self.signed_in else int(status)), effect


def _is_under_conditions(row: Row, signed_in: bool) -> bool:
    """A condition is on a rule: where none gives anything, there is none. Nobody has no client to look at, so of those
    reading is enough.
    """
    return (signed_in or row.method == "GET") and row.on_c + row.inside not in {SAME, "!"}


CASES = [
    Case(row, exists, signed_in, language)
    for language in LANGUAGES
    for row in TABLE
    for exists, outcome in ((True, row.exists), (False, row.missing))
    for signed_in in (True, False)
    if outcome is not None and (language != "wac-conditions" or _is_under_conditions(row, signed_in))
]


@dataclass
class Scene:
    """A container (or storage root) of `owner`'s, with the target of a case in it."""

    case: Case
    owner: SolidClient
    friend: Friend | None
    """Who holds the modes; None: everyone does."""
    container: str
    asking: SolidClient

    @property
    def absent(self) -> int:
        """What its owner hears of a target that nobody made: under Access Control Policy, every resource has an ACR."""
        target = self.case.row.target
        return 200 if self.case.language == "acp" and target.endswith("acl") and target != "stray acl" else 404

    @property
    def target(self) -> str:
        return self.container + PLACES[self.case.row.target]

    @property
    def subject(self) -> str:
        return AUXILIARY.sub("", self.target)

    def arrange(self) -> None:
        row, target = self.case.row, self.case.row.target
        if not target.startswith("root"):
            self.owner.put_container(self.container)
        if target == "full":
            self.owner.put_turtle(f"{self.subject}member")
        elif target.endswith(("acl", "meta")) and not target.startswith(("stray", "root")):
            self._make(self.subject)
        if self.case.exists and target not in {"itself", "full", "root", "root acl", "acl", "box acl"}:
            self._make(self.target)
        if row.inside.startswith("!") or (self.case.exists and target in {"acl", "box acl"}):
            self._write_acl(self.subject, self._inside, self._inside, taken=self._from_above)
        if target.startswith("root"):
            self._write_acl(self.container, row.on_c, self._inside)
        else:
            self._write_acl(self.container, row.on_c, row.on_c if row.inside.startswith("!") else self._inside)

    @property
    def _inside(self) -> str:
        row = self.case.row
        return row.on_c if row.inside == SAME else row.inside.removeprefix("!")

    @property
    def _from_above(self) -> str:
        """What the rules of C/ pass on to a target that has rules of its own."""
        row = self.case.row
        return row.on_c if row.inside.startswith("!") else self._inside

    def _make(self, url: str) -> None:
        if url.endswith("/"):
            self.owner.put_container(url)
        else:
            self.owner.put_turtle(url, OLD)

    def _write_acl(self, url: str, here: str, inside: str, *, taken: str = "") -> None:
        self.owner.put_turtle(f"{url}.acl", self.rules(url, here, inside, taken=taken))

    def rules(self, url: str, here: str, inside: str, *, taken: str = "") -> str:
        """The modes of the case in its language."""
        language = LANGUAGES[self.case.language]
        return language.rules(self.owner.web_id, self.friend, url, here, inside, taken=taken)

    def state(self) -> dict[str, tuple[int, str | None]]:
        """All that a request could change, by URL: whether it is there, and which state of it."""
        urls = {self.target, self.container}  # whose listing shows whatever is made on the way
        answers = {url: self.owner.head(url) for url in urls}
        return {url: (answer.status_code, answer.headers.get("ETag")) for url, answer in answers.items()}

    def send(self, client: SolidClient) -> requests.Response:
        row = self.case.row
        if row.method == "PATCH":
            headers, body = PATCHES[row.body]
            return client.patch(self.target, body, headers=headers)
        if row.method == "PUT" and self.target.endswith("/"):
            return client.put(self.target, headers=CONTAINER_LINK)
        if row.method in {"PUT", "POST"}:
            return client.request(row.method, self.target, data=self._content(), headers=TURTLE)
        return client.request(row.method, self.target)

    def _content(self) -> str:
        """Something new to write; into an ACL, rules that leave its owner in control."""
        if self.case.row.target.endswith("acl") and self.case.row.method == "PUT":
            return self.rules(self.subject, "R", "R") + NEW
        return NEW


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    case: Case = request.param
    people: People = request.getfixturevalue("acp_people" if case.language == "acp" else "people")
    alice, bob, carol = people.alice, people.bob, people.carol
    friend = Friend(bob.web_id, bob.client_id, people.server.base_url) if case.signed_in else None
    asking = bob if case.signed_in else people.anyone
    if not case.row.target.startswith("root"):
        yield Scene(case, alice, friend, f"{alice.pod}p-{uuid.uuid4().hex[:12]}/", asking)
        return
    before = carol.get(f"{carol.pod}.acl").text
    yield Scene(case, carol, friend, carol.pod, asking)
    carol.put_turtle(f"{carol.pod}.acl", before)


@pytest.mark.requirement("wac#server-read-operation")
@pytest.mark.requirement("wac#server-create-operation")
@pytest.mark.requirement("wac#server-update-operation")
@pytest.mark.requirement("wac#server-delete-operation")
@pytest.mark.requirement("wac#server-control-operation")
@pytest.mark.requirement("solid#server-description-resource-authorization")
@pytest.mark.requirement("wac#container-permissions")
@pytest.mark.requirement("wac#consider-delete-read-diff")
@pytest.mark.requirement("ct#status-matrix")
@pytest.mark.parametrize("scene", CASES, ids=str, indirect=True)
def test_a_request_does_what_the_modes_allow(scene: Scene) -> None:
    scene.arrange()
    before = scene.state()
    response = scene.send(scene.asking)
    status, effect = scene.case.expected
    assert response.status_code == status, response.text
    assert_effect(effect, scene, response, before, scene.state())
    if effect != "read" and status != 409:  # a conflict may name what the patch itself said
        assert SECRET not in response.text


def assert_effect(
    effect: str, scene: Scene, response: requests.Response, before: dict[str, tuple], after: dict[str, tuple]
) -> None:
    was, now = before[scene.target], after[scene.target]
    if effect in {"", "read"}:
        assert after == before
    if effect == "read":
        assert response.content
    if effect == "made" and scene.case.row.method == "POST":
        assert re.fullmatch(f"{re.escape(scene.target)}[^/]+", response.headers["Location"])
        assert scene.owner.delete(response.headers["Location"]).status_code == 204
    elif effect == "made":
        assert (was[0], now[0]) == (scene.absent, 200)
        assert was[1] != now[1]
    if effect == "changed":
        assert (was[0], now[0]) == (200, 200)
        assert was[1] != now[1]
    if effect == "gone":
        assert (was[0], now[0]) == (200, scene.absent)


def test_the_table_is_as_large_as_it_promises_and_says_nothing_twice() -> None:
    assert len(TABLE) >= 100
    assert len(set(TABLE)) == len(TABLE)
    assert {row.target for row in TABLE} == set(PLACES)
    assert {row.method for row in TABLE} == {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize("row", [row for row in TABLE if "405" in f"{row.exists}"], ids=str)
def test_what_is_refused_as_a_method_is_not_in_allow(row: Row, alice: SolidClient, container: str) -> None:
    alice.put_turtle(f"{container}R")
    alice.put_container(f"{container}N/")
    alice.put_turtle(f"{container}R.acl", acl(authorization(f"{container}R", "Control", agents=(alice.web_id,))))
    target = (alice.pod if row.target.startswith("root") else container) + PLACES[row.target]
    assert row.method not in listed(alice.options(target), "Allow")
