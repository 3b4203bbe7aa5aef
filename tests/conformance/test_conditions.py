"""Conditional requests: entity tags, dates, what comes before and after them.

Spec: RFC 9110 sections 8.8, 13, 15.4.5; Solid Protocol #server-etag, #resource-update-integrity
"""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime

import pytest

from tests.support.client import CONTAINER_LINK, SPARQL, TURTLE, SolidClient, assert_problem, contained, listed

ONE, TWO = "<#a> <#b> <#c> .", "<#a> <#b> <#d> ."
INSERT = "INSERT DATA { <#x> <#y> <#z> }"
EARLIER = "Mon, 01 Jan 2001 00:00:00 GMT"
LATER = formatdate(4_000_000_000, usegmt=True)


@pytest.fixture
def doc(alice: SolidClient, container: str) -> str:
    alice.put_turtle(container + "doc", ONE)
    return container + "doc"


def etag(alice: SolidClient, url: str, accept: str | None = None) -> str:
    return alice.head(url, headers={"Accept": accept}).headers["ETag"]


def write(alice: SolidClient, method: str, url: str, **conditions: str):
    """One write by each method, under conditions given as header fields with underscores."""
    fields = {name.replace("_", "-"): value for name, value in conditions.items()}
    if method == "PUT":
        return alice.put(url, TWO, headers=TURTLE | fields)
    if method == "PATCH":
        return alice.patch(url, INSERT, headers=SPARQL | fields)
    return alice.delete(url, headers=fields)


WRITES = pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
READS = pytest.mark.parametrize("method", ["GET", "HEAD"])


# -- entity tags ---------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-etag")
@pytest.mark.requirement("rfc9110#8.8.3.3")
def test_representations_have_strong_tags_of_their_own(alice: SolidClient, doc: str, container: str) -> None:
    for url in (doc, container):
        tags = [etag(alice, url, accept) for accept in ("text/turtle", "application/ld+json", "application/n-triples")]
        assert len(set(tags)) == 3
        assert all(tag.startswith('"') for tag in tags)


@pytest.mark.requirement("rfc9110#8.8.3.3")
@WRITES
@pytest.mark.parametrize("accept", ["text/turtle", "application/ld+json"])
def test_a_write_accepts_the_tag_of_any_representation(alice: SolidClient, doc: str, method: str, accept: str) -> None:
    assert write(alice, method, doc, If_Match=etag(alice, doc, accept)).status_code == 204


@pytest.mark.requirement("rfc9110#8.8.3.3")
def test_a_read_accepts_only_the_tag_of_its_representation(alice: SolidClient, doc: str) -> None:
    headers = {"If-None-Match": etag(alice, doc, "text/turtle"), "Accept": "application/ld+json"}
    assert alice.get(doc, headers=headers).status_code == 200


def test_every_write_gives_another_tag(alice: SolidClient, doc: str) -> None:
    seen = {etag(alice, doc)}
    for _ in range(5):
        alice.put_turtle(doc, ONE)
        assert etag(alice, doc) not in seen
        seen.add(etag(alice, doc))


# -- If-Match ------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("rfc9110#13.1.1")
@WRITES
def test_if_match_holds_for_the_current_tag(alice: SolidClient, doc: str, method: str) -> None:
    assert write(alice, method, doc, If_Match=f'"other", {etag(alice, doc)}').status_code == 204


@pytest.mark.requirement("rfc9110#13.1.1")
@WRITES
def test_if_match_star_holds_for_what_exists(alice: SolidClient, doc: str, method: str) -> None:
    assert write(alice, method, doc, If_Match="*").status_code == 204


@pytest.mark.requirement("rfc9110#13.1.1")
@WRITES
@pytest.mark.parametrize("value", ['"x"', "W/{0}", '"x", "y"', '""'])
def test_if_match_fails_for_any_other_tag(alice: SolidClient, doc: str, method: str, value: str) -> None:
    before = etag(alice, doc)
    assert_problem(write(alice, method, doc, If_Match=value.format(before)), 412)
    assert (etag(alice, doc), alice.get(doc).text) == (before, ONE)


@pytest.mark.requirement("rfc9110#13.1.1")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("value", ['"x"', "*"])
def test_if_match_fails_where_nothing_is(alice: SolidClient, container: str, method: str, value: str) -> None:
    assert_problem(write(alice, method, container + "new", If_Match=value), 412)
    assert contained(alice, container) == set()


@pytest.mark.requirement("rfc9110#13.1.1")
@READS
def test_if_match_counts_for_reads_too(alice: SolidClient, doc: str, method: str) -> None:
    assert alice.request(method, doc, headers={"If-Match": '"x"'}).status_code == 412
    assert alice.request(method, doc, headers={"If-Match": etag(alice, doc)}).status_code == 200


@pytest.mark.requirement("rfc9110#13.1.1")
def test_if_match_guards_a_container(alice: SolidClient, container: str) -> None:
    alice.put_container(container + "box/")
    stale = etag(alice, container + "box/")
    alice.put_turtle(container + "box/doc")
    alice.delete(container + "box/doc")
    assert_problem(alice.delete(container + "box/", headers={"If-Match": stale}), 412)
    assert alice.delete(container + "box/", headers={"If-Match": etag(alice, container + "box/")}).status_code == 204


# -- If-None-Match -------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("rfc9110#13.1.2")
@pytest.mark.requirement("rfc9110#15.4.5")
@READS
@pytest.mark.parametrize("value", ["{0}", "W/{0}", '"x", {0}', "*"])
@pytest.mark.parametrize("name", ["doc", ""])
def test_if_none_match_saves_a_transfer(
    alice: SolidClient, doc: str, container: str, method: str, value: str, name: str
) -> None:
    whole = alice.get(container + name)
    headers = {"If-None-Match": value.format(whole.headers["ETag"])}
    response = alice.request(method, container + name, headers=headers)
    assert (response.status_code, response.content) == (304, b"")
    for field in ("ETag", "Vary", "Cache-Control", "Last-Modified"):
        assert response.headers.get(field) == whole.headers.get(field), field
    assert response.headers["Date"]


@pytest.mark.requirement("rfc9110#13.1.2")
@READS
@pytest.mark.parametrize("value", ['"x"', "x", '"x", "y"'])
def test_another_tag_gets_the_whole(alice: SolidClient, doc: str, method: str, value: str) -> None:
    assert alice.request(method, doc, headers={"If-None-Match": value}).status_code == 200


@pytest.mark.requirement("solid#resource-update-integrity")
@pytest.mark.requirement("rfc9110#13.1.2")
@WRITES
@pytest.mark.parametrize("value", ["*", "{0}", "W/{0}", '"x", {0}'])
def test_if_none_match_refuses_a_write_over_what_is_there(
    alice: SolidClient, doc: str, method: str, value: str
) -> None:
    assert_problem(write(alice, method, doc, If_None_Match=value.format(etag(alice, doc))), 412)
    assert alice.get(doc).text == ONE


@pytest.mark.requirement("rfc9110#13.1.2")
@WRITES
def test_if_none_match_of_another_tag_lets_a_write_through(alice: SolidClient, doc: str, method: str) -> None:
    assert write(alice, method, doc, If_None_Match='"x"').status_code == 204


@pytest.mark.requirement("solid#resource-update-integrity")
@pytest.mark.requirement("rfc9110#13.1.2")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_if_none_match_star_creates(alice: SolidClient, container: str, method: str) -> None:
    assert write(alice, method, container + "new", If_None_Match="*").status_code == 201
    assert_problem(write(alice, method, container + "new", If_None_Match="*"), 412)


# -- dates -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("rfc9110#13.1.3")
@READS
def test_if_modified_since_saves_a_transfer(alice: SolidClient, doc: str, method: str) -> None:
    modified = alice.head(doc).headers["Last-Modified"]
    assert alice.request(method, doc, headers={"If-Modified-Since": modified}).status_code == 304
    assert alice.request(method, doc, headers={"If-Modified-Since": EARLIER}).status_code == 200


@pytest.mark.requirement("rfc9110#13.1.3")
def test_if_modified_since_is_ignored_beside_if_none_match(alice: SolidClient, doc: str) -> None:
    modified = alice.head(doc).headers["Last-Modified"]
    headers = {"If-Modified-Since": modified, "If-None-Match": '"x"'}
    assert alice.get(doc, headers=headers).status_code == 200


@pytest.mark.requirement("rfc9110#13.1.3")
@pytest.mark.parametrize("value", ["yesterday", "2040-01-01", "", "0", "Mon, 99 Foo 2040 00:00:00 GMT", "9" * 400])
def test_an_invalid_date_is_ignored(alice: SolidClient, doc: str, value: str) -> None:
    assert alice.get(doc, headers={"If-Modified-Since": value}).status_code == 200
    assert alice.get(doc, headers={"If-Unmodified-Since": value}).status_code == 200


@pytest.mark.requirement("rfc9110#13.1.3")
@WRITES
def test_if_modified_since_is_ignored_by_writes(alice: SolidClient, doc: str, method: str) -> None:
    assert write(alice, method, doc, If_Modified_Since=LATER).status_code == 204


@pytest.mark.requirement("rfc9110#13.1.4")
@WRITES
def test_if_unmodified_since_refuses_a_write_over_a_newer_state(alice: SolidClient, doc: str, method: str) -> None:
    assert_problem(write(alice, method, doc, If_Unmodified_Since=EARLIER), 412)
    assert alice.get(doc).text == ONE
    modified = alice.head(doc).headers["Last-Modified"]
    assert write(alice, method, doc, If_Unmodified_Since=modified).status_code == 204


@pytest.mark.requirement("rfc9110#13.1.4")
@WRITES
def test_if_unmodified_since_is_ignored_beside_if_match(alice: SolidClient, doc: str, method: str) -> None:
    assert write(alice, method, doc, If_Unmodified_Since=EARLIER, If_Match=etag(alice, doc)).status_code == 204


@pytest.mark.parametrize("form", ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"])
def test_obsolete_date_forms_are_understood(alice: SolidClient, doc: str, form: str) -> None:
    """Spec: RFC 9110 s5.6.7"""
    modified = parsedate_to_datetime(alice.head(doc).headers["Last-Modified"])
    assert alice.get(doc, headers={"If-Modified-Since": modified.strftime(form)}).status_code == 304


# -- If-Range --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def photo(alice: SolidClient, container: str) -> str:
    alice.put(container + "photo", b"0123456789", headers={"Content-Type": "image/png"})
    return container + "photo"


@pytest.mark.requirement("rfc9110#13.1.5")
@pytest.mark.parametrize(
    ("value", "status"), [("{0}", 206), ("W/{0}", 200), ('"x"', 200), (EARLIER, 200), ("nonsense", 200)]
)
def test_if_range_needs_the_current_strong_tag(alice: SolidClient, photo: str, value: str, status: int) -> None:
    headers = {"Range": "bytes=2-3", "If-Range": value.format(etag(alice, photo))}
    response = alice.get(photo, headers=headers)
    assert (response.status_code, response.content) == (status, b"23" if status == 206 else b"0123456789")


@pytest.mark.requirement("rfc9110#13.1.5")
def test_if_range_without_range_is_ignored(alice: SolidClient, photo: str) -> None:
    assert alice.get(photo, headers={"If-Range": etag(alice, photo)}).status_code == 200


# -- order -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("rfc9110#13.2.1")
@pytest.mark.parametrize("condition", ["If-Match", "If-None-Match"])
def test_authorization_comes_before_preconditions(
    alice: SolidClient, bob: SolidClient, anyone: SolidClient, doc: str, condition: str
) -> None:
    value = '"x"' if condition == "If-Match" else "*"
    for client, status in ((bob, 403), (anyone, 401)):
        for url in (doc, doc + "-missing"):
            assert_problem(client.put(url, TWO, headers=TURTLE | {condition: value}), status)
            assert_problem(client.get(url, headers={condition: value}), status)


@pytest.mark.requirement("rfc9110#13.2.1")
def test_a_missing_resource_is_missing_whatever_the_precondition(alice: SolidClient, container: str) -> None:
    for condition in ({"If-Match": '"x"'}, {"If-None-Match": "*"}):
        assert_problem(alice.get(container + "new", headers=condition), 404)
        assert_problem(alice.delete(container + "new", headers=condition), 404)


@pytest.mark.requirement("rfc9110#13.2.1")
def test_a_method_that_is_not_allowed_stays_so(alice: SolidClient, doc: str) -> None:
    assert_problem(alice.post(doc, TWO, headers=TURTLE | {"If-Match": '"x"'}), 405)


@pytest.mark.requirement("rfc9110#13.2.1")
def test_preconditions_come_before_the_content(alice: SolidClient, doc: str) -> None:
    """A stale writer hears that first, whatever is wrong with the content."""
    assert_problem(alice.put(doc, "<", headers=TURTLE | {"If-Match": '"x"'}), 412)
    assert_problem(alice.patch(doc, "DELETE DATA { <#no> <#no> <#no> }", headers=SPARQL | {"If-Match": '"x"'}), 412)


@pytest.mark.requirement("rfc9110#13.2.2")
def test_if_match_is_asked_before_if_none_match(alice: SolidClient, doc: str) -> None:
    current = etag(alice, doc)
    both = {"If-Match": '"x"', "If-None-Match": current}
    assert alice.get(doc, headers=both).status_code == 412
    assert alice.get(doc, headers={"If-Match": current, "If-None-Match": current}).status_code == 304


@pytest.mark.requirement("rfc9110#13.2.2")
def test_if_unmodified_since_is_asked_before_if_none_match(alice: SolidClient, doc: str) -> None:
    headers = {"If-Unmodified-Since": EARLIER, "If-None-Match": etag(alice, doc)}
    assert alice.get(doc, headers=headers).status_code == 412


@pytest.mark.requirement("rfc9110#13.2.2")
def test_if_none_match_is_asked_before_if_range(alice: SolidClient, photo: str) -> None:
    current = etag(alice, photo)
    headers = {"If-None-Match": current, "Range": "bytes=0-1", "If-Range": current}
    assert alice.get(photo, headers=headers).status_code == 304


@pytest.mark.requirement("rfc9110#15.4.5")
def test_304_keeps_the_access_headers(alice: SolidClient, doc: str) -> None:
    headers = {"If-None-Match": etag(alice, doc), "Origin": "https://app.example"}
    response = alice.get(doc, headers=headers)
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Origin" in listed(response, "Vary")
    assert response.headers["WAC-Allow"]


@pytest.mark.parametrize("value", ["*, *", '"unclosed', "*x", '"a" "b"', "W/", ",", "x" * 5000])
@pytest.mark.parametrize("condition", ["If-Match", "If-None-Match"])
def test_a_tag_list_that_makes_no_sense_is_no_failure(alice: SolidClient, doc: str, condition: str, value: str) -> None:
    assert alice.put(doc, ONE, headers=TURTLE | {condition: value}).status_code in {204, 400, 412}


def test_a_container_is_created_once(alice: SolidClient, container: str) -> None:
    headers = CONTAINER_LINK | {"If-None-Match": "*"}
    assert [alice.put(container + "box/", headers=headers).status_code for _ in range(2)] == [201, 412]


@pytest.mark.requirement("solid26#conditional-put")
def test_read_modify_write_loses_no_update(alice: SolidClient, doc: str) -> None:
    """Two clients read the same state and both write: the second hears of it."""
    seen = etag(alice, doc)
    assert write(alice, "PUT", doc, If_Match=seen).status_code == 204
    assert_problem(write(alice, "PUT", doc, If_Match=seen), 412)
