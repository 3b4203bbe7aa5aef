"""Slug: names people and programs suggest, friendly and not."""

from urllib.parse import unquote

import pytest

from pod.protocol.resource import SEGMENT_BYTES_MAX, Target
from pod.protocol.slug import NAME_BYTES_MAX, segment, with_suffix


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("notes", "notes"),
        ("photo.jpg", "photo.jpg"),
        ("photo (1).jpg", "photo%20(1).jpg"),
        ("photo%20(1).jpg", "photo%20(1).jpg"),
        ("  padded\t", "padded"),
        ("folder/", "folder"),
        ("The Beach at S%C3%A8te", "The%20Beach%20at%20S%C3%A8te"),
        ("é".encode().decode("latin-1"), "%C3%A9"),
        ("é", "%C3%A9"),
        ("日本", "%E6%97%A5%E6%9C%AC"),
        ("a%7Eb", "a~b"),
        ("100%", "100%25"),
        ("a%zz", "a%25zz"),
        ("a&b=c", "a%26b%3Dc"),
        ("a?b#c", "a%3Fb%23c"),
    ],
)
def test_a_suggestion_becomes_a_name(slug, name):
    assert segment(slug) == name


@pytest.mark.requirement("solid#server-post-container-create-resource")
@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("../../etc/passwd", "etcpasswd"),
        ("..%2F..%2Fetc", "etc"),
        ("%2e%2e%2fa", "a"),
        ("..", None),
        (".", None),
        ("/", None),
        ("a/b", "ab"),
        ("a%2Fb", "ab"),
        ("a\\b%5Cc", "abc"),
        ("/alice/private/a", "aliceprivatea"),
        ("http://evil.example/", "http%3Aevil.example"),
        ("%00a%0D%0Ab%7F", "ab"),
        ("a%C2%85b%E2%80%A8c", "abc"),
        ("a%FFb", "ab"),
        ("%C0%AFa", "a"),
        ("%ED%A0%80a", "a"),
        ("\ud800a日", "a%E6%97%A5"),
        ("%252e%252e", "%252e%252e"),
        (".hidden", "hidden"),
        (" . .hidden", "hidden"),
        ("a.acl", "a"),
        ("a.meta", "a"),
        ("a.acl.meta.acl", "a"),
        ("a.acl .meta", "a"),
        ("a%2Eacl", "a"),
        ("a.acl/", "a"),
        (".acl", "acl"),
        (".meta.acl", "meta"),
        ("acl", "acl"),
        ("", None),
        (" ", None),
        ("%20%09", None),
        (None, None),
    ],
)
def test_a_suggestion_never_leads_elsewhere(slug, name):
    assert segment(slug) == name


@pytest.mark.parametrize("slug", ["a" * 5000, "é" * 5000, "日" * 5000, "😀" * 5000, "%F0%9F%98%80" * 2000, " a" * 5000])
def test_long_suggestions_are_cut_between_characters(slug):
    name = segment(slug)
    assert NAME_BYTES_MAX - 12 < len(name) <= NAME_BYTES_MAX
    assert Target.parse("/alice/" + name).path == "/alice/" + name


def test_a_reserved_suffix_that_cutting_brings_to_the_end_goes_too():
    name = segment("a" * (NAME_BYTES_MAX - 4) + ".acl_x")
    assert name == "a" * (NAME_BYTES_MAX - 4)


@pytest.mark.parametrize(
    ("name", "suffixed"),
    [
        ("photo.jpg", "photo-3f2a.jpg"),
        ("notes", "notes-3f2a"),
        ("archive.tar.gz", "archive.tar-3f2a.gz"),
        ("ends.", "ends.-3f2a"),
        ("a.b%20c", "a.b%20c-3f2a"),
        ("a.%C3%A9", "a.%C3%A9-3f2a"),
        ("a." + "x" * 17, "a." + "x" * 17 + "-3f2a"),
    ],
)
def test_a_suffix_leaves_the_extension_last(name, suffixed):
    assert with_suffix(name, "3f2a") == suffixed


def test_there_is_room_for_a_long_suffix():
    name = with_suffix(segment("a" * 5000 + ".jpg"), "0123456789abcdef0123456789abcdef")
    assert len(name) <= SEGMENT_BYTES_MAX


@pytest.mark.parametrize("extension", [".jpg", ".tar", ".é"])
def test_a_long_name_keeps_its_extension(extension):
    name = segment("n" * 1_000 + extension)
    assert unquote(name).endswith(f"n{extension}")
    assert len(name) <= NAME_BYTES_MAX
    assert len(unquote(name)) > NAME_BYTES_MAX - 20


@pytest.mark.parametrize("character", ["x\u0302\u0323", "👩\u200d🚀", "👍\U0001f3fd", "❤\ufe0f"])
def test_a_long_name_is_not_cut_within_what_people_see_as_one_character(character):
    for shift in range(12):
        shown = unquote(segment("a" * shift + character * 200 + ".png")).removesuffix(".png")
        assert shown.lstrip("a").replace(character, "") == ""


def test_marks_piled_up_are_cut_somewhere():
    assert 0 < len(segment("a" + "\u0302" * 5_000)) <= NAME_BYTES_MAX
