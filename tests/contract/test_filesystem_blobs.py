"""Local files keep the contract of blob stores."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pod.errors import NoSpaceLeft, StoreUnavailable
from pod.store.blobs.filesystem import FilesystemBlobs
from tests.contract.blobs import BlobStoreContract


class TestFilesystemBlobs(BlobStoreContract):
    def open(self, folder):
        return FilesystemBlobs(folder)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_directories_are_private(tmp_path):
    blobs = FilesystemBlobs(tmp_path / "blobs")
    blobs.stage([b"secret"])
    for path in (tmp_path / "blobs").rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600)
    assert mode(tmp_path / "blobs") == 0o700


def test_staging_syncs_the_file_and_its_directory_before_it_returns(tmp_path):
    synced = []
    blobs = FilesystemBlobs(
        tmp_path, sync=lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
    )
    synced.clear()
    name = blobs.stage([b"body"])
    assert synced == [tmp_path / name[:2] / f"{name}.part", tmp_path / name[:2]]


def test_a_file_that_cannot_be_adopted_is_left_where_it_was(tmp_path):
    def refuse(_descriptor):
        if armed:
            raise OSError(errno.EIO, "broken")

    armed = []
    blobs = FilesystemBlobs(tmp_path / "blobs", sync=refuse)
    armed.append(True)
    (tmp_path / "file").write_bytes(b"body")
    with pytest.raises(StoreUnavailable):
        blobs.adopt(tmp_path / "file")
    assert (list(blobs.files()), (tmp_path / "file").read_bytes()) == ([], b"body")


def test_where_files_have_one_name_only_an_adopted_one_gets_another(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    blobs = FilesystemBlobs(tmp_path / "blobs")
    (tmp_path / "file").write_bytes(b"body")
    with blobs.open(blobs.adopt(tmp_path / "file")) as adopted:
        assert adopted.read() == b"body"
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("of_directory", [False, True])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, NoSpaceLeft),
        (errno.EDQUOT, NoSpaceLeft),
        (errno.EFBIG, NoSpaceLeft),
        (errno.EIO, StoreUnavailable),
        (errno.EROFS, StoreUnavailable),
    ],
)
def test_a_disk_that_refuses_is_told_and_leaves_nothing(tmp_path, code, expected, of_directory):
    def refuse(descriptor):
        if armed and stat.S_ISDIR(os.fstat(descriptor).st_mode) == of_directory:
            raise OSError(code, os.strerror(code))

    armed = []
    blobs = FilesystemBlobs(tmp_path, sync=refuse)
    armed.append(True)
    with pytest.raises(expected):
        blobs.stage([b"body"])
    assert list(blobs.files()) == []


def test_blobs_whose_directory_is_gone_are_unavailable(tmp_path):
    blobs = FilesystemBlobs(tmp_path / "blobs")
    (tmp_path / "blobs").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable):
        blobs.stage([b"body"])
