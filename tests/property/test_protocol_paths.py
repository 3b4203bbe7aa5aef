"""Paths, URLs and slugs: any text is refused cleanly or has exactly one canonical form."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.errors import PodError
from pod.protocol.placement import Placement
from pod.protocol.resource import (
    PATH_BYTES_MAX,
    SEGMENT_BYTES_MAX,
    Target,
    canonical_path,
    lineage,
    parent_of,
    storage_of,
)
from pod.protocol.slug import SUFFIX_BYTES_MAX, segment, with_suffix

PLACEMENTS = [
    Placement("https://pods.example/"),
    Placement("http://localhost:3000/", "subdomain"),
    Placement("https://pods.example:443/", "subdomain"),
    Placement("https://alice.example/", "root", "alice"),
]

hostile = st.lists(
    st.one_of(
        st.sampled_from(["/", ".", "..", "%", "%2", "%2e", "%2F", "%00", "%C3%A9", "%c3", ".acl", ".meta", "\\", "//"]),
        st.sampled_from(["%25", "%7E", "é", "\ud800", "?", "#", " ", "\n", "alice", "a", "%41", ":", "@"]),
        st.text(max_size=5),
    ),
    max_size=12,
).map("".join)
raw_paths = st.one_of(hostile, hostile.map("/alice/".__add__))


def parsed(raw):
    try:
        return Target.parse(raw)
    except PodError as error:
        return None if refused_cleanly(error) else error


def refused_cleanly(error):
    return 400 <= error.status < 500 and bool(error.detail)


in_each_placement = pytest.mark.parametrize(
    "placement", PLACEMENTS, ids=lambda placement: f"{placement.kind} {placement.base_url}"
)
targets = raw_paths.map(parsed).filter(bool)
names = st.text(min_size=1, max_size=20).map(segment).filter(bool)
paths = st.builds(
    lambda segments, end: "/alice/" + "/".join(segments) + (end if segments else end.lstrip("/")),
    st.lists(names, max_size=5),
    st.sampled_from(["", "/", ".acl", "/.acl", ".meta", "/.meta"]),
)


@settings(deadline=None, max_examples=500)
@given(raw_paths)
def test_any_path_is_refused_or_canonical(raw):
    target = parsed(raw)
    if target is not None:
        assert Target.parse(target.path) == target
        assert target.path.isascii()
        assert canonical_path(target.path) == target.path


@settings(deadline=None)
@given(targets)
def test_a_target_never_leaves_its_storage(target):
    assert target.path.startswith(target.storage)
    names = target.subject.split("/")[1:]
    assert not {".", ".."} & set(names)
    assert "" not in names[:-1]
    assert lineage(target.subject)[-1] == target.storage == storage_of(target.path)


@settings(deadline=None)
@given(targets)
def test_what_belongs_to_a_target_is_a_target(target):
    assert Target.parse(target.acl).subject == target.subject
    assert Target.parse(target.description).subject == target.subject
    for path in lineage(target.subject):
        assert Target.parse(path).path == path
    if target.twin is not None:
        assert Target.parse(target.twin).twin == target.path


@settings(deadline=None)
@given(targets)
def test_every_step_of_a_lineage_is_the_parent_of_the_one_before(target):
    line = lineage(target.subject)
    assert [parent_of(path) for path in line] == [*line[1:], None]


@settings(deadline=None)
@given(paths, st.data())
def test_percent_encoding_unreserved_characters_changes_nothing(path, data):
    chosen = data.draw(st.sets(st.integers(0, len(path) - 1), max_size=5))
    spelled = "".join(
        f"%{ord(each):02x}"
        if index in chosen and each not in "/%!'()*:" and "%" not in path[index - 2 : index]
        else each
        for index, each in enumerate(path)
    )
    assert Target.parse(spelled) == Target.parse(path)


@in_each_placement
@settings(deadline=None)
@given(path=paths)
def test_a_path_has_one_url_in_each_placement(placement, path):
    url = placement.url(Target.parse(path).path)
    assert placement.local_path(url) == path
    assert placement.local_path(url + "#me") == path
    assert placement.local_path(url + "?a=/b") == path


@in_each_placement
@settings(deadline=None, max_examples=300)
@given(
    url=st.one_of(st.text(), hostile.map("https://pods.example".__add__), hostile.map("http://localhost:3000/".__add__))
)
def test_any_url_has_a_path_here_or_none(placement, url):
    path = placement.local_path(url)
    assert path is None or path.startswith("/")


@in_each_placement
@settings(deadline=None)
@given(target=targets)
def test_every_target_of_a_storage_comes_back_from_its_url(placement, target):
    if target.storage == "/alice/":
        assert placement.local_path(placement.url(target.path)) == target.path


@in_each_placement
@settings(deadline=None)
@given(host=st.text(max_size=30))
def test_no_host_reaches_beyond_a_storage_name(placement, host):
    path = placement.path(host, "/a")
    assert path is None or path.count("/") <= 2


slugs = st.one_of(
    st.text(),
    hostile,
    hostile.map(lambda text: text + ".acl"),
    st.text(alphabet="a. \t/é日😀%", max_size=600),
    st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")),
)
containers = st.lists(names, max_size=4).map(lambda each: "/".join(["/alice", *each]) + "/")


@settings(deadline=None, max_examples=500)
@given(slugs, containers)
@pytest.mark.requirement("solid#server-post-container-create-resource")
def test_any_slug_names_something_directly_in_the_container(slug, container):
    name = segment(slug)
    if name is None:
        return
    for path in (container + name, container + name + "/"):
        target = Target.parse(path)
        assert target.path == path
        assert target.auxiliary is None
        assert target.parent == container


@settings(deadline=None)
@given(slugs, containers, st.text(alphabet="0123456789abcdef", min_size=1, max_size=SUFFIX_BYTES_MAX - 1))
def test_any_slug_has_room_for_a_suffix(slug, container, suffix):
    name = with_suffix(segment(slug) or "a", suffix)
    assert len(name) <= SEGMENT_BYTES_MAX
    assert Target.parse(container + name).parent == container
    assert Target.parse(container + name + "/.acl").path == container + name + "/.acl"


@settings(deadline=None)
@given(slugs)
def test_a_name_suggested_again_stays_the_same(slug):
    name = segment(slug)
    assert name is None or segment(name) == name


def test_the_longest_path_is_within_the_cap():
    name = "a" * 200
    path = "/alice/" + "/".join([name] * 10)
    assert len(Target.parse(path).path) < PATH_BYTES_MAX
