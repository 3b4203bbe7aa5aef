"""What `freehold backup` says no to, and who may read what it and other commands write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pod.cli.main import main
from pod.errors import NoSpaceLeft
from pod.store import backup as saving
from tests.support.stores import sqlite_store
from tests.support.waiting import SECONDS_MAX


def run(*words: str | Path):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    sqlite_store(folder).close()
    (folder / "keys").mkdir()
    return folder


@pytest.mark.parametrize("place", ["data", "data/blobs", "data/keys", "data/new/one", "link/blobs", "data/../data"])
def test_no_backup_is_made_within_the_data(data: Path, tmp_path: Path, place: str):
    """It would be lost with the data; and where the bodies are, two locks would wait for each other."""
    (tmp_path / "link").symlink_to(data)
    before = sorted(data.rglob("*"))
    refused = run("backup", tmp_path / place, "--data", data)
    assert (refused.exit_code, "would be lost with it" in refused.output) == (1, True)
    assert sorted(data.rglob("*")) == before


def test_the_disk_that_is_full_is_named(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_, **__):
        raise NoSpaceLeft

    monkeypatch.setattr(saving, "copy_database", full)
    refused = run("backup", tmp_path / "usb", "--data", data)
    assert (refused.exit_code, f"disk on which {tmp_path / 'usb'} lies is full" in refused.output) == (1, True)


def test_what_commands_write_is_for_their_user_alone_whatever_the_umask(tmp_path: Path):
    command = [sys.executable, "-m", "pod.cli.main"]
    for words in (["account", "create", "ann"], ["backup", str(tmp_path / "usb" / "backups")]):
        said = "a password of words\n" * 2
        options = ["--data", str(tmp_path / "data")]
        all_words = [*command, *words, *options]
        subprocess.run(all_words, input=said, text=True, umask=0, capture_output=True, check=True, timeout=SECONDS_MAX)
    assert [each for each in tmp_path.rglob("*") if not each.is_symlink() and each.stat().st_mode & 0o077] == []
