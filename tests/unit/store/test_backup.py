"""What is saved comes back, under a new epoch; what is damaged, unfinished, newer or in the way is refused by name."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from pod.config import Config
from pod.db.migrate import Migration, migrations
from pod.errors import JournalGone
from pod.store.access_records import ANYTHING, AccessRecords, Record
from pod.store.backup import RECORD, SUMS, BackupRefused, back_up, digest_of
from pod.store.channels import Channels
from pod.store.fsck import check
from pod.store.journal import entries, head
from pod.store.restore import read_manifest, restore, sums, verify
from pod.store.sweep import sweep_garbage
from tests.support.stores import StillClock, body, make_storage, put, sqlite_store
from tests.support.waiting import SECONDS_MAX
from tests.unit.store.test_channels import add, channel

LARGE = b"large " * 100
INLINE_BYTES_MAX = 100


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a pod, a document, two blobs and keys."""
    folder = tmp_path / "data"
    store = sqlite_store(folder, inline_bytes_max=INLINE_BYTES_MAX)
    make_storage(store)
    put(store, "/alice/small", b"small")
    put(store, "/alice/large", LARGE)
    put(store, "/alice/larger", LARGE * 2)
    store.close()
    (folder / "keys").mkdir(mode=0o700)
    (folder / "keys" / "master.key").write_text("secret\n")
    (folder / "base-url").write_text("https://pods.example/\n")
    return folder


@pytest.fixture
def saved(data: Path, tmp_path: Path) -> Path:
    return save(data, tmp_path / "backups")


def save(data: Path, folder: Path, now: float = 1_000_000.0, **options) -> Path:
    return back_up(Config(data=data), folder, StillClock(now), **options).directory


def brought_back(backup: Path, data: Path):
    return restore(backup, Config(data=data), StillClock())


def blobs(folder: Path) -> list[Path]:
    return sorted((folder / "blobs").glob("??/*"))


def test_what_is_saved_comes_back(saved: Path, tmp_path: Path):
    assert brought_back(saved, tmp_path / "new").findings == ()
    store = sqlite_store(tmp_path / "new")
    assert [body(store, f"/alice/{name}") for name in ("small", "large", "larger")] == [b"small", LARGE, LARGE * 2]
    assert list(check(store, deep=True)) == []
    store.close()
    for name in ("keys/master.key", "base-url"):
        assert (tmp_path / "new" / name).read_bytes() == (tmp_path / "data" / name).read_bytes()


def test_who_followed_the_journal_before_reads_everything_anew(saved: Path, data: Path, tmp_path: Path):
    before = sqlite_store(data)
    cursor = before.cursor("search")
    made = brought_back(saved, tmp_path / "new")
    after = sqlite_store(tmp_path / "new")
    assert (after.epoch, before.epoch != after.epoch) == (made.epoch, True)
    assert entries(before, cursor, 10)
    with pytest.raises(JournalGone):
        entries(after, cursor, 10)
    assert entries(after, after.cursor("search"), 10)
    before.close()
    after.close()


def test_channels_are_brought_back_and_begin_anew(data: Path, tmp_path: Path):
    before = sqlite_store(data)
    pod = before.rows("SELECT id FROM storage")[0][0]
    made = add(before, channel(pod, sequence=1))
    put(before, "/alice/.acl", b"# new")
    put(before, "/alice/later", b"later")
    last = head(before, pod)
    before.close()
    brought_back(save(data, tmp_path / "backups"), tmp_path / "new")
    after = sqlite_store(tmp_path / "new")
    assert Channels(after).by_capability("opens one") == replace(made, sequence=last)
    assert after.rows("SELECT COUNT(*) FROM past_acl") == [(1,)]
    after.close()


def test_nobody_else_may_read_it(saved: Path, tmp_path: Path):
    brought_back(saved, tmp_path / "new")
    for root in (saved, tmp_path / "new"):
        modes = {(each.is_dir(), oct(each.stat().st_mode)[-3:]) for each in [root, *root.rglob("*")]}
        assert modes == {(True, "700"), (False, "600")}


def test_the_digests_are_those_of_everyday_tools(saved: Path):
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", SUMS], cwd=saved, check=True, timeout=SECONDS_MAX)
    files = {str(each.relative_to(saved)) for each in saved.rglob("*") if each.is_file()}
    listed = {line.split()[1] for line in (saved / SUMS).read_text().splitlines()}
    assert files - listed == {SUMS, "manifest.json"}


def test_bodies_share_their_room_on_the_disk(saved: Path, data: Path):
    assert [each.stat().st_ino for each in blobs(saved)] == [each.stat().st_ino for each in blobs(data)]


def test_bodies_that_cannot_be_linked_are_copied_or_shared_with_the_last_backup(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    linked = []

    def elsewhere(source: Path, target: Path, **_) -> None:
        if data in Path(source).parents:
            raise OSError(18, "another file system")
        linked.append(Path(target))
        shutil.copy(source, target)

    monkeypatch.setattr("os.link", elsewhere)
    first = save(data, tmp_path / "elsewhere")
    assert (len(blobs(first)), linked) == (2, [])
    second = save(data, tmp_path / "elsewhere", 1_000_100.0)
    assert [each.name for each in linked] == [each.name for each in blobs(second)]
    assert brought_back(second, tmp_path / "new").findings == ()


def test_nothing_is_swept_while_a_backup_is_made(data: Path):
    clock = StillClock()
    store = sqlite_store(data, clock, inline_bytes_max=INLINE_BYTES_MAX)
    put(store, "/alice/large", b"other")
    clock.time += 1000
    with store.blobs.held():
        assert sweep_garbage(store, clock) == 0
        assert len(blobs(data)) == 2
    assert sweep_garbage(store, clock) == 1
    store.close()


@pytest.mark.parametrize("name", ["pod.sqlite", "keys/master.key", "base-url", "blobs", SUMS, "manifest.json"])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_damaged_backup_is_refused_by_the_name_of_the_file(saved: Path, tmp_path: Path, name: str, how: str):
    file = blobs(saved)[0] if name == "blobs" else saved / name
    content = bytearray(file.read_bytes())
    file.unlink()
    content[len(content) // 2] ^= 1
    if how != "gone":
        file.write_bytes(content if how == "changed" else content[:-1] if name != "manifest.json" else content[:20])
    if name == "manifest.json" and how == "changed":
        file.write_bytes(content.replace(b'"sums"', b'"sum"'))
    with pytest.raises(BackupRefused, match=re.escape(file.name)):
        verify(saved)
    with pytest.raises(BackupRefused, match=re.escape(file.name)):
        brought_back(saved, tmp_path / "new")
    assert list((tmp_path / "new").glob("*")) == []


@pytest.mark.parametrize(
    "line", ["../../etc/passwd", "/etc/passwd", "keys/../../x", "keys/.x", "blobs/ab/x", "derived.sqlite"]
)
def test_a_list_that_names_other_files_is_refused(saved: Path, tmp_path: Path, line: str):
    with (saved / SUMS).open("a") as listed:
        listed.write(f"{'0' * 64}  {line}\n")
    change_manifest(saved, sums=digest_of(saved / SUMS))
    with pytest.raises(BackupRefused, match="names a file that no backup has"):
        brought_back(saved, tmp_path / "new")


def relist(saved: Path, listed: bytes, files: int) -> None:
    """Another list, which the manifest says is the right one."""
    (saved / SUMS).write_bytes(listed)
    change_manifest(saved, sums=digest_of(saved / SUMS), files=files)


def refused_by_both(saved: Path, tmp_path: Path, why: str) -> None:
    with pytest.raises(BackupRefused, match=why):
        verify(saved)
    with pytest.raises(BackupRefused, match=why):
        brought_back(saved, tmp_path / "new")
    assert list((tmp_path / "new").glob("*")) == []


def test_a_manifest_nested_without_end_is_refused(saved: Path, tmp_path: Path):
    (saved / "manifest.json").write_text("[" * 1_000_000)
    refused_by_both(saved, tmp_path, "damaged")


def test_a_list_that_is_no_text_is_refused(saved: Path, tmp_path: Path):
    relist(saved, b"\xff" + (saved / SUMS).read_bytes(), 5)
    refused_by_both(saved, tmp_path, "names a file that no backup has")


def test_a_list_without_the_database_is_refused(saved: Path, tmp_path: Path):
    lines = (saved / SUMS).read_bytes().splitlines(keepends=True)
    relist(saved, b"".join(line for line in lines if not line.endswith(b" pod.sqlite\n")), len(lines) - 1)
    refused_by_both(saved, tmp_path, r"does not name pod\.sqlite")


def test_a_line_without_end_is_not_read_whole(saved: Path):
    relist(saved, b"0" * 20_000_000, 1)
    manifest = read_manifest(saved)
    tracemalloc.start()
    try:
        with pytest.raises(BackupRefused, match="names a file that no backup has"):
            list(sums(saved, manifest))
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_a_pipe_is_not_waited_for(saved: Path, tmp_path: Path):
    (saved / "base-url").unlink()
    os.mkfifo(saved / "base-url")
    refused_by_both(saved, tmp_path, "base-url is no regular file")


def test_a_link_is_not_followed(saved: Path, tmp_path: Path):
    (saved / "base-url").rename(tmp_path / "elsewhere")
    (saved / "base-url").symlink_to(tmp_path / "elsewhere")
    refused_by_both(saved, tmp_path, "base-url is no regular file")


def test_a_database_of_something_else_is_refused(saved: Path, tmp_path: Path):
    (saved / "pod.sqlite").write_bytes(b"")  # SQLite takes it for a database without tables
    relist(saved, f"{digest_of(saved / 'pod.sqlite')}  pod.sqlite\n".encode(), 1)
    with pytest.raises(BackupRefused, match="no database of Freehold"):
        brought_back(saved, tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize("change", [{"format": 2}, {"schema": 9999}])
def test_a_backup_of_a_newer_version_is_refused(saved: Path, tmp_path: Path, change: dict[str, int]):
    change_manifest(saved, version="99.0", **change)
    with pytest.raises(BackupRefused, match=r"99\.0"):
        brought_back(saved, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def change_manifest(saved: Path, **changes: object) -> None:
    manifest = saved / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changes))


def test_a_directory_that_holds_anything_is_left_alone(saved: Path, data: Path):
    before = (data / "pod.sqlite").read_bytes()
    with pytest.raises(BackupRefused, match="is not empty"):
        brought_back(saved, data)
    assert (data / "pod.sqlite").read_bytes() == before


def test_a_server_that_was_started_there_meanwhile_keeps_its_data(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    data = tmp_path / "new"

    def meanwhile(_: Path) -> None:
        (data / "pod.sqlite").write_bytes(b"of the server")

    monkeypatch.setattr("pod.store.restore.sync_tree", meanwhile)
    with pytest.raises(BackupRefused, match="is not empty"):
        brought_back(saved, data)
    assert [each.name for each in data.iterdir()] == ["pod.sqlite"]
    assert (data / "pod.sqlite").read_bytes() == b"of the server"


def test_an_empty_directory_may_be_there(saved: Path, tmp_path: Path):
    (tmp_path / "new" / "lost+found").mkdir(parents=True)
    assert brought_back(saved, tmp_path / "new").findings == ()
    assert (tmp_path / "new" / "pod.sqlite").exists()


def test_what_was_damaged_before_is_left_out_and_named(data: Path, tmp_path: Path):
    changed, gone = blobs(data)
    changed.write_bytes(b"x" * changed.stat().st_size)
    gone.unlink()
    made = back_up(Config(data=data), tmp_path / "backups", StillClock(), verify=True)
    assert {Path(name).name for name in made.manifest.damaged} == {changed.name, gone.name}
    found = brought_back(made.directory, tmp_path / "new").findings
    assert {each.path for each in found} == {"/alice/large", "/alice/larger"}


def test_a_damaged_database_is_no_backup(data: Path, tmp_path: Path):
    with sqlite3.connect(data / "pod.sqlite") as database:
        database.execute("PRAGMA journal_mode = DELETE")
    content = bytearray((data / "pod.sqlite").read_bytes())
    content[4096:8192] = b"\xff" * 4096
    (data / "pod.sqlite").write_bytes(content)
    with pytest.raises(Exception, match="damaged"):
        save(data, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_folder_of_backups_is_no_backup_but_names_the_last(data: Path, tmp_path: Path):
    save(data, tmp_path / "backups")
    last = save(data, tmp_path / "backups", 1_000_100.0)
    with pytest.raises(BackupRefused, match=re.escape(str(last))):
        verify(tmp_path / "backups")


def test_without_data_there_is_nothing_to_back_up(tmp_path: Path):
    with pytest.raises(BackupRefused, match="no data"):
        save(tmp_path / "none", tmp_path / "backups")
    assert list(tmp_path.iterdir()) == []


def test_what_an_ended_backup_left_behind_goes(data: Path, tmp_path: Path):
    left = tmp_path / "backups" / "19700101T000000Z.unfinished"
    left.mkdir(parents=True)
    with pytest.raises(BackupRefused, match="no finished backup"):
        verify(left)
    made = save(data, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == [made]


def test_a_backup_that_has_not_got_its_name_yet_is_none(saved: Path):
    left = saved.rename(saved.with_name(saved.name + ".unfinished"))
    with pytest.raises(BackupRefused, match="no finished backup"):
        verify(left)


def test_two_backups_into_one_folder_take_turns(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def meanwhile(*_, **__):
        with pytest.raises(BackupRefused, match="Another backup"):
            save(data, tmp_path / "backups", 1_000_100.0)
        raise BackupRefused("enough")

    monkeypatch.setattr("pod.store.backup.copy_database", meanwhile)
    with pytest.raises(BackupRefused, match="enough"):
        save(data, tmp_path / "backups")


def test_a_backup_is_noted_beside_the_data_and_not_in_what_comes_back(saved: Path, data: Path, tmp_path: Path):
    assert json.loads((data / RECORD).read_text()) == {"time": 1_000_000.0, "directory": str(saved)}
    brought_back(saved, tmp_path / "new")
    assert not (tmp_path / "new" / RECORD).exists()


def test_a_backup_of_an_older_version_is_brought_up_to_date(data: Path, tmp_path: Path):
    old = sqlite3.connect(data / "pod.sqlite")
    steps = migrations("main")
    older = old.execute("SELECT MAX(number) FROM schema_migration").fetchone()[0]
    old.close()
    newer = (*steps, Migration(older + 1, "more.sql", "CREATE TABLE more (id INTEGER PRIMARY KEY);"))
    saved = save(data, tmp_path / "backups")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pod.store.sqlite.migrations", lambda schema: newer if schema == "main" else migrations(schema))
        brought_back(saved, tmp_path / "new")
    with sqlite3.connect(tmp_path / "new" / "pod.sqlite") as new:
        assert new.execute("SELECT COUNT(*) FROM more").fetchone() == (0,)


USED = Record(100, "https://bob.example/#me", "", "/alice/small", "read", "allowed", 3, 1)


@pytest.fixture
def used(data: Path) -> Path:
    """The same, of which somebody used something."""
    records = AccessRecords(data / "access.sqlite")
    records.add({"/alice/": [USED]})
    records.close()
    return data


def test_who_used_what_comes_back(used: Path, tmp_path: Path):
    assert brought_back(save(used, tmp_path / "backups"), tmp_path / "new").findings == ()
    records = AccessRecords(tmp_path / "new" / "access.sqlite")
    assert records.page("/alice/", ANYTHING, 10) == [USED]
    records.close()


def test_a_damaged_access_log_keeps_nothing_else_from_being_saved(used: Path, tmp_path: Path):
    (used / "access.sqlite").write_bytes(b"no database" * 1000)
    made = back_up(Config(data=used), tmp_path / "backups", StillClock())
    assert made.manifest.damaged == ("access.sqlite",)
    assert brought_back(made.directory, tmp_path / "new").findings == ()
    assert not (made.directory / "access.sqlite").exists()


def test_a_changed_access_log_in_a_backup_is_refused(used: Path, tmp_path: Path):
    saved = save(used, tmp_path / "backups")
    content = bytearray((saved / "access.sqlite").read_bytes())
    content[-1] ^= 1
    (saved / "access.sqlite").write_bytes(content)
    refused_by_both(saved, tmp_path, r"access\.sqlite is damaged")
