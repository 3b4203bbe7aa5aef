"""What files are called in a pod, and what they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pod.files.names import file_name, folder_names, media_type_of, numbered
from pod.protocol.resource import SEGMENT_BYTES_MAX, Target, decoded_segment


@pytest.mark.parametrize(
    ("said", "folders", "name"),
    [
        ("sea.jpg", (), "sea.jpg"),
        ("Italy/Rome/sea.jpg", ("Italy", "Rome"), "sea.jpg"),
        ("/Italy//Rome/sea.jpg", ("Italy", "Rome"), "sea.jpg"),
        ("Italy\\Rome\\sea.jpg", ("Italy", "Rome"), "sea.jpg"),
        ("../../bob/./sea.jpg", ("bob",), "sea.jpg"),
        (".acl/x.meta/sea.jpg.acl", ("acl", "x"), "sea.jpg"),
        ("A\u030angstro\u0308m/e\u0301.txt", ("%C3%85ngstr%C3%B6m",), "%C3%A9.txt"),
        ("100%/50%25.txt", ("100%25",), "50%2525.txt"),
    ],
)
def test_a_relative_path_is_folders_and_a_name(said: str, folders: tuple[str, ...], name: str):
    assert (folder_names(said), file_name(said)) == (folders, name)


@given(st.text(alphabet=st.characters(codec=None), max_size=400))
def test_whatever_a_file_is_called_it_has_a_place_of_its_own(said: str):
    target = Target.parse("/alice/in/" + file_name(said))
    second = Target.parse("/alice/in/" + numbered(file_name(said), 99))
    assert target.auxiliary is second.auxiliary is None
    assert target.parent == second.parent == "/alice/in/"
    assert target.path != second.path
    assert len(decoded_segment(second.path.rpartition("/")[2])) <= SEGMENT_BYTES_MAX


@given(st.text(alphabet="ab./\\\u0308é ", max_size=60))
def test_whatever_folders_are_called_none_leads_out(said: str):
    names = folder_names(said)
    assert not {"", ".", ".."} & set(names)
    target = Target.parse("/alice/in/" + "".join(f"{each}/" for each in names) + "x")
    assert target.path.startswith("/alice/in/")


@pytest.mark.parametrize(
    ("name", "second"),
    [("sea.jpg", "sea%20(2).jpg"), ("archive.tar.gz", "archive.tar%20(2).gz"), ("README", "README%20(2)")],
)
def test_a_second_file_has_a_number_before_its_extension(name: str, second: str):
    assert numbered(name, 2) == second


@pytest.mark.parametrize(
    ("said", "name", "kept"),
    [
        ("image/png", "a.jpg", "image/png"),
        ("", "a.jpg", "image/jpeg"),
        ("", "A.JPG", "image/jpeg"),
        ("", "note.ttl", "text/turtle"),
        ("", "note.jsonld", "application/ld+json"),
        ("application/octet-stream", "readme.md", "text/markdown"),
        ("nonsense", "a.bin", "application/octet-stream"),
        ("image/png\r\nX-Evil: 1", "a", "application/octet-stream"),
        ("x/" + "y" * 5000, "a", "application/octet-stream"),
        ("multipart/mixed; boundary=x", "a.png", "application/octet-stream"),
        ("", "mail.eml", "application/octet-stream"),
        ("text/plain; charset=utf-8", "a.html", "text/plain; charset=utf-8"),
        ("", "no-extension", "application/octet-stream"),
    ],
)
def test_a_file_is_what_it_is_said_to_be_else_what_its_name_says(said: str, name: str, kept: str):
    assert str(media_type_of(said, name)) == kept
