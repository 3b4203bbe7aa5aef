"""Paths: what is one resource, what belongs to what, and what can be no resource at all."""

import pytest

from pod.errors import MalformedTarget, PodError, ReservedName, TargetTooLong
from pod.protocol.resource import (
    DEPTH_MAX,
    PATH_BYTES_MAX,
    SEGMENT_BYTES_MAX,
    Auxiliary,
    Target,
    lineage,
    parent_of,
    storage_of,
)


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("/alice/a", "/alice/a"),
        ("/alice/a%7Eb", "/alice/a~b"),
        ("/alice/%61%2Dz", "/alice/a-z"),
        ("/alice/a%28", "/alice/a%28"),
        ("/alice/a(", "/alice/a("),
        ("/alice/%c3%a9", "/alice/%C3%A9"),
        ("/alice/é", "/alice/%C3%A9"),
        ("/alice/a b|c", "/alice/a%20b%7Cc"),
        ("/alice/%2541", "/alice/%2541"),
        ("/alice/a?b#c", "/alice/a%3Fb%23c"),
        ("/alice/x/...", "/alice/x/..."),
    ],
)
def test_equivalent_spellings_are_one_resource(raw, canonical):
    assert Target.parse(raw).path == canonical


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "*",
        "/",
        "//",
        "/alice",
        "alice/",
        "//alice/",
        "/alice//",
        "/alice//a",
        "/alice/.",
        "/alice/..",
        "/alice/../bob/",
        "/alice/%2e%2E/bob/",
        "/alice/a/./b",
        "/alice/a%2Fb",
        "/alice/a%2fb",
        "/alice/a%5Cb",
        "/alice/a\\b",
        "/alice/a%00",
        "/alice/a\x00",
        "/alice/a%0D%0A",
        "/alice/a\n",
        "/alice/a%7F",
        "/alice/%FF",
        "/alice/%C0%AF",
        "/alice/%ED%A0%80",
        "/alice/\ud800",
        "/alice/%",
        "/alice/%4",
        "/alice/%zz",
        "/alice/x/..acl",
        "/alice/x/...meta",
        "/alice/x/%2E.acl",
        "/alice//.acl",
        "/.acl",
        "/alice.acl",
    ],
)
def test_malformed_paths_are_refused(raw):
    with pytest.raises(MalformedTarget):
        Target.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "/alice/.acl.acl",
        "/alice/a.acl.acl",
        "/alice/a.meta.acl",
        "/alice/a.acl.meta",
        "/alice/a.acl/",
        "/alice/a.meta/b",
        "/alice/.acl/",
        "/alice.acl/",
        "/.well-known/solid",
        "/%2Ewell-known/solid",
        "/alice/.search",
        "/alice/.well-known/solid",
        "/alice/.hidden.acl",
        "/alice/.hidden/a",
    ],
)
def test_names_of_the_server_are_refused(raw):
    with pytest.raises(ReservedName):
        Target.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "/alice/" + "a" * (SEGMENT_BYTES_MAX + 1),
        "/alice/" + "%C3%A9" * 128,
        "/alice/" + "a/" * DEPTH_MAX,
        "/alice/" + "abc/" * 60 + "x" * PATH_BYTES_MAX,
        "/alice/" + "%7E" * PATH_BYTES_MAX,
        "/" * 100_000,
    ],
)
def test_paths_beyond_a_cap_are_refused(raw):
    with pytest.raises(TargetTooLong):
        Target.parse(raw)


def test_what_can_exist_can_have_its_auxiliary_resources():
    longest = Target.parse("/alice/" + "a" * SEGMENT_BYTES_MAX)
    long_path = "/alice/" + "/".join(["b" * 250] * 8)
    deepest = Target.parse("/alice/" + long_path[7:] + "/" + "c" * (PATH_BYTES_MAX - len(long_path) - 1))
    for target in (longest, deepest):
        assert Target.parse(target.acl).subject == target.path
        assert Target.parse(target.description).subject == target.path


@pytest.mark.parametrize(
    ("raw", "kind", "subject"),
    [
        ("/alice/a.acl", Auxiliary.ACL, "/alice/a"),
        ("/alice/.acl", Auxiliary.ACL, "/alice/"),
        ("/alice/b/.meta", Auxiliary.DESCRIPTION, "/alice/b/"),
        ("/alice/a%2Eacl", Auxiliary.ACL, "/alice/a"),
        ("/alice/b/.hidden.acl", Auxiliary.ACL, "/alice/b/.hidden"),
    ],
)
def test_auxiliary_resources_name_their_subject(raw, kind, subject):
    target = Target.parse(raw)
    assert (target.auxiliary, target.subject) == (kind, subject)
    assert target.parent == parent_of(subject)
    assert target.twin is None
    assert not target.is_storage_root


@pytest.mark.parametrize("name", ["acl", "a.acls", "a.ACL", "aacl", "meta", "a.acl~"])
def test_other_names_are_not_auxiliary(name):
    assert Target.parse(f"/alice/{name}").auxiliary is None


def test_an_acl_has_no_acl_of_its_own():
    assert Target.parse("/alice/a.acl").acl == "/alice/a.acl"


@pytest.mark.parametrize(("raw", "twin"), [("/alice/a", "/alice/a/"), ("/alice/a/", "/alice/a"), ("/alice/", None)])
def test_the_twin_differs_by_its_slash(raw, twin):
    assert Target.parse(raw).twin == twin


def test_a_storage_root_is_a_container_without_parent():
    root = Target.parse("/alice/")
    assert root.is_storage_root
    assert root.is_container
    assert root.parent is None
    assert root.storage == "/alice/"


def test_lineage_leads_to_the_storage_root():
    assert lineage("/alice/a/b") == ("/alice/a/b", "/alice/a/", "/alice/")
    assert lineage("/alice/a/") == ("/alice/a/", "/alice/")
    assert lineage("/alice/") == ("/alice/",)


def test_long_paths_give_the_same_without_being_remembered():
    path = "/alice/" + "abcdefgh/" * 60
    assert Target.parse(path).path == path
    assert len(lineage(path)) == 61
    assert storage_of(path) == "/alice/"


@pytest.mark.parametrize("raw", ["/alice/%", "/alice/../x", "/" * 3000, "/alice/a.acl.acl"])
def test_a_refusal_says_what_is_wrong(raw):
    with pytest.raises(PodError) as caught:
        Target.parse(raw)
    assert caught.value.detail
    assert 400 <= caught.value.status < 500
