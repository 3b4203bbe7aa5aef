"""Names, media types and bodies go in over HTTP and come back as they were; writes that fail leave no trace in the store.

Spec: RFC 3986 s6.2.2; Solid Protocol #server-post-uri-assignment; RFC 9110 s8.3; design: the write path
"""

from __future__ import annotations

import sqlite3
import uuid
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.support.client import CONTAINER_LINK, N3, SPARQL, TURTLE, SolidClient, contained
from tests.support.server import Server

ROUNDS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=False
)

CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\")
NAMES = st.text(CHARACTERS, min_size=1, max_size=20).filter(lambda name: name not in {".", ".."})


def reserved(name: str) -> bool:
    return name.endswith((".acl", ".meta"))


def fresh(client: SolidClient) -> str:
    """A container of its own for every example."""
    url = f"{client.pod}p-{uuid.uuid4().hex[:12]}/"
    client.put_container(url)
    return url


def only_member(client: SolidClient, container: str) -> str:
    (member,) = contained(client, container)
    return member


@pytest.mark.requirement("solid#server-hierarchical-containment")
@ROUNDS
@given(name=NAMES, body=st.binary(max_size=100))
@example(name="a b", body=b"")
@example(name="100%", body=b"\x00")
@example(name="é/日本💩".replace("/", ""), body=b"\xff")
@example(name="e\u0301", body=b"decomposed")
@example(name="a?b#c;d=e&f", body=b"\r\n")
@example(name="'\"<>|^`{}[]", body=b"x")
def test_a_name_put_is_listed_and_fetched_as_it_was(alice: SolidClient, name: str, body: bytes) -> None:
    assume(not reserved(name))
    container = fresh(alice)
    url = container + quote(name, safe="")
    assert alice.put(url, body, headers={"Content-Type": "application/octet-stream"}).status_code == 201
    member = only_member(alice, container)
    assert unquote(member.removeprefix(container)) == name
    for spelling in (url, member):
        assert alice.get(spelling).content == body


@ROUNDS
@given(name=NAMES)
@example(name="a b")
@example(name="%41")
def test_a_container_put_is_listed_and_can_be_filled(alice: SolidClient, name: str) -> None:
    assume(not reserved(name))
    container = fresh(alice)
    url = container + quote(name, safe="") + "/"
    assert alice.put(url, headers=CONTAINER_LINK).status_code == 201
    member = only_member(alice, container)
    assert unquote(member) == unquote(url)
    assert alice.put(member + "doc", b"", headers=TURTLE).status_code == 201
    assert contained(alice, url) == {member + "doc"}


@pytest.mark.requirement("solid#server-post-container-create-resource")
@ROUNDS
@given(slug=st.text(st.characters(exclude_categories=("Cs",)), max_size=30), body=st.binary(max_size=100))
@example(slug="a/b", body=b"")
@example(slug="..", body=b"")
@example(slug=".acl", body=b"")
@example(slug="x.meta/", body=b"")
@example(slug="\r\nX: y", body=b"")
def test_whatever_the_slug_the_location_is_listed_and_fetched(alice: SolidClient, slug: str, body: bytes) -> None:
    container = fresh(alice)
    headers = {"Content-Type": "application/octet-stream", "Slug": quote(slug, safe="!'()*,;:@&=+$")}
    response = alice.post(container, body, headers=headers)
    assert response.status_code == 201
    location = response.headers["Location"]
    assert location == only_member(alice, container)
    name = unquote(location.removeprefix(container))
    assert "/" not in name.rstrip("/")
    assert not reserved(name)
    assert alice.get(location).content == body


TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$&-^_.+", min_size=1, max_size=20)


@ROUNDS
@given(
    subtype=TOKENS,
    name=TOKENS,
    value=st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='",\\'), max_size=20),
)
@example(subtype="plain", name="charset", value="iso-8859-1")
def test_a_media_type_comes_back_with_its_parameters(alice: SolidClient, subtype: str, name: str, value: str) -> None:
    assume(subtype[0].isalnum())
    container = fresh(alice)
    media_type = f'application/x-{subtype}; {name}="{value}"'
    response = alice.put(container + "it", b"x", headers={"Content-Type": media_type})
    assert response.status_code == 201
    essence, _, parameter = alice.get(container + "it").headers["Content-Type"].partition(";")
    assert essence.lower() == f"application/x-{subtype}".lower()
    found, _, content = parameter.strip().partition("=")
    assert (found.lower(), content.strip('"')) == (name.lower(), value)


@ROUNDS
@given(body=st.binary(max_size=200_000), ranges=st.tuples(st.integers(0, 250_000), st.integers(0, 250_000)))
@example(body=b"x" * 65_536, ranges=(0, 65_535))
@example(body=b"x" * 65_537, ranges=(65_536, 65_536))
def test_a_body_comes_back_whole_and_in_parts(alice: SolidClient, body: bytes, ranges: tuple[int, int]) -> None:
    url = fresh(alice) + "it"
    alice.put(url, body, headers={"Content-Type": "application/octet-stream"})
    first, last = min(ranges), max(ranges)
    response = alice.get(url, headers={"Range": f"bytes={first}-{last}"})
    assert alice.get(url).content == body
    if first < len(body):
        assert (response.status_code, response.content) == (206, body[first : last + 1])
    else:  # of nothing, the whole may be sent instead (RFC 9110 s14.2)
        assert response.status_code == 416 or (response.status_code, body) == (200, b"")


# -- what fails leaves no trace ----------------------------------------------------------------------------------------------------

BAD_BODIES = st.one_of(
    st.binary(min_size=1, max_size=60).map(lambda noise: b"<" + noise.replace(b">", b"")),
    st.sampled_from([b"@prefix", b"<#a> <#b>", b"{", b"\xff", b"INSERT DATA { <#a> }", b"LOAD <http://a.example/>"]),
)
FAILING = st.one_of(
    st.tuples(st.just("PUT"), st.sampled_from(["doc", "new", "a/b/new", "doc.acl", ".meta", "box/"]), st.just(TURTLE), BAD_BODIES),
    st.tuples(st.just("POST"), st.sampled_from(["", "doc", "nothing/"]), st.just(TURTLE), BAD_BODIES),
    st.tuples(st.just("PATCH"), st.sampled_from(["doc", "new", "a/new", ".acl"]), st.sampled_from([N3, SPARQL]), BAD_BODIES),
    st.tuples(st.just("PUT"), st.sampled_from(["doc", "", "doc/", "doc/x"]), st.just(TURTLE | {"If-Match": '"x"'}), st.just(b"")),
    st.tuples(st.just("PUT"), st.just("new"), st.just({}), st.binary(min_size=1, max_size=20)),
    st.tuples(st.just("DELETE"), st.sampled_from(["", "nothing", "doc/", ".acl"]), st.just({}), st.none()),
    st.tuples(st.just("PATCH"), st.just("doc"), st.just(SPARQL), st.just(b"DELETE { <#no> ?p ?o } INSERT { <#x> <#y> }")),
)  # fmt: skip


def books(server: Server, name: str) -> tuple[object, ...]:
    """What the store has written down about a storage: sequence, bytes and resources counted, and the journal's length."""
    with sqlite3.connect(f"file:{server.data}/pod.sqlite?mode=ro", uri=True) as database:
        row = database.execute(
            "SELECT sequence, bytes, resources FROM storage WHERE path = ?", (f"/{name}/",)
        ).fetchone()
        entries = database.execute("SELECT count(*), max(position) FROM change").fetchone()
    return (*row, *entries)


@pytest.mark.parametrize("who", ["alice", "bob", "anyone"])
@settings(ROUNDS, max_examples=30)
@given(data=st.data())
def test_a_refused_write_leaves_state_journal_and_quota_as_they_were(
    request: pytest.FixtureRequest, server: Server, alice: SolidClient, container: str, who: str, data: st.DataObject
) -> None:
    method, name, headers, body = data.draw(FAILING)
    alice.put_turtle(container + "doc", "<#a> <#b> <#c> .")
    before = (alice.get(container + "doc").content, contained(alice, container), books(server, "alice"))
    client: SolidClient = request.getfixturevalue(who)
    response = client.request(method, container + name, headers=headers, data=body)
    assert 400 <= response.status_code < 500, response.text
    after = (alice.get(container + "doc").content, contained(alice, container), books(server, "alice"))
    assert after == before
