"""Everything an account has, in a zip: all of it, byte for byte, made on the way."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.audit.export import activity_files
from pod.errors import MalformedTarget, PodError, StorageDamaged
from pod.identity.departure import schedule_deletion
from pod.identity.export import export_account, name_in_archive
from pod.identity.pods import add_pod
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.store.walk import walk
from tests.support.people import PASSWORD
from tests.support.stores import body, delete, put

LARGE = bytes(range(256)) * 4_000


def unzipped(services, account):
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export_account(services, account))))
    assert archive.testzip() is None
    return archive


def test_every_resource_is_there_byte_for_byte(people, she):
    add_pod(people, she, "work")
    put(people.store, "/alice/photos/cat.jpg", LARGE)
    put(people.store, "/work/notes/")
    put(people.store, "/work/notes/.acl", b"# rules")
    archive = unzipped(people, she)
    for storage in ("/alice/", "/work/"):
        for state in walk(people.store, storage):
            assert archive.read(name_in_archive(state.path)) == body(people.store, state.path)
    assert archive.read("alice/photos/cat.jpg") == LARGE
    assert archive.read("work/notes/.acl") == b"# rules"
    assert archive.getinfo("alice/photos/").is_dir()


def test_the_manifest_says_what_a_file_system_cannot(people, she):
    put(people.store, "/alice/caf%C3%A9%20list", b"<> a <#List> .")
    manifest = json.loads(unzipped(people, she).read("manifest.json"))
    assert (manifest["account"], manifest["webIds"]) == ("alice", ["https://pods.example/alice/profile/card#me"])
    told = {each["file"]: each for each in manifest["resources"]}
    assert told["alice/café list"] == {
        "url": "https://pods.example/alice/caf%C3%A9%20list",
        "file": "alice/café list",
        "mediaType": "text/turtle",
        "modified": "1970-01-12T13:46:40.000Z",
        "size": 14,
        "sha256": hashlib.sha256(b"<> a <#List> .").hexdigest(),
    }


def test_the_manifest_names_every_file(people, she):
    archive = unzipped(people, she)
    manifest = json.loads(archive.read("manifest.json"))
    assert [each["file"] for each in manifest["resources"]] == archive.namelist()[:-1]


def test_what_is_read_in_pieces_is_not_kept(people, she):
    put(people.store, "/alice/film", LARGE * 30)
    tracemalloc.start()
    longest = max(len(piece) for piece in export_account(people, she))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert longest < 256 * 1024
    assert peak < len(LARGE) * 4


def test_what_goes_or_changes_meanwhile_spoils_nothing(people, she):
    put(people.store, "/alice/a", LARGE)
    put(people.store, "/alice/b", LARGE)
    pieces = export_account(people, she)
    received = [next(pieces)]
    delete(people.store, "/alice/b")
    put(people.store, "/alice/a", LARGE[::-1])
    archive = zipfile.ZipFile(io.BytesIO(b"".join([*received, *pieces])))
    assert archive.testzip() is None
    assert "alice/b" not in archive.namelist()
    assert archive.read("alice/a") == LARGE[::-1]


def test_who_goes_away_in_the_middle_leaves_nothing_behind(people, she):
    pieces = export_account(people, she)
    next(pieces)
    pieces.close()
    assert {each.name for each in people.config.data.iterdir()} >= {"pod.sqlite", "blobs"}
    assert not [each for each in people.config.data.iterdir() if each.name.startswith("tmp")]


def test_whoever_leaves_can_take_it_along(people, she):
    leaving = schedule_deletion(people, she, PASSWORD)
    assert "alice/profile/card" in unzipped(people, leaving).namelist()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/alice/", "alice/"),
        ("/alice/a/b.acl", "alice/a/b.acl"),
        ("/alice/caf%C3%A9", "alice/café"),
        ("/alice/a%20b", "alice/a b"),
        ("/alice/100%25", "alice/100%25"),
        ("/alice/a%28", "alice/a%28"),
        ("/alice/a(", "alice/a("),
        ("/alice/a:b*", "alice/a%3ab%2a"),
        ("/alice/a%3Ab", "alice/a%3Ab"),
        ("/alice/%E2%80%AEgpj.exe", "alice/%E2%80%AEgpj.exe"),
        ("/alice/...", "alice/..."),
    ],
)
def test_names_are_readable_where_that_is_safe(path, name):
    assert name_in_archive(path) == name


@pytest.mark.parametrize("path", ["/alice/../bob/a", "/alice/./a", "/../a", "alice/a", "//a", "/alice//a", "/alice/.."])
def test_a_damaged_path_leaves_the_archive_nowhere(path):
    with pytest.raises(StorageDamaged):
        name_in_archive(path)


def canonical(text):
    try:
        return Target.parse("/alice/" + text).path
    except PodError:
        return None


@given(st.sets(st.text(st.sampled_from("aA.:*(%é /\\-~_\u202e\x01\u00a0") | st.characters(codec="utf-8"), max_size=8)))
@settings(max_examples=200, deadline=None)
def test_names_are_safe_and_all_different(texts):
    paths = {path for path in map(canonical, texts) if path}
    names = {name_in_archive(path) for path in paths}
    assert len(names) == len(paths)
    for name in names:
        parts = PurePosixPath(name).parts
        assert not name.startswith("/")
        assert not {"..", "."} & set(parts)
        assert not set(name) & set('\\:*\x00"<>|?')
        assert name.isprintable()


def test_such_paths_cannot_come_to_be():
    with pytest.raises(MalformedTarget):
        Target.parse("/alice/%2e%2e/a")


def test_who_used_what_is_taken_along(people, she):
    people.access_log.note("/alice/a", "https://bob.example/#me", "=app", AccessMode.READ, allowed=True)
    people.access_log.write_down()
    pieces = export_account(people, she, activity_files(people, she))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert b"https://bob.example/#me" in archive.read("activity-alice.csv")


def test_what_cannot_be_read_of_that_spoils_nothing(people, she):
    people.config.access_database.write_bytes(b"no database" * 1000)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(export_account(people, she, activity_files(people, she)))))
    assert archive.namelist()[-1] == "manifest.json"
