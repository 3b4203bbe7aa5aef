"""The bytes of uploads on the disk: what is synced, who may write, and what is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.config import Config
from pod.errors import Locked
from pod.store.uploads import FOLDER, Partials


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "blobs").mkdir()
    return Config(data=tmp_path)


def test_a_piece_is_synced_once_and_the_directory_when_the_file_is_new(config: Config):
    synced: list[str] = []
    partials = Partials(config, lambda descriptor: synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink())))
    folder = config.blobs / FOLDER
    for _ in range(2):
        with partials.locked("name") as file:
            file.write(b"piece")
            file.sync()
    assert synced == [str(folder), str(folder / "name"), str(folder / "name")]


def test_only_one_holds_a_file_and_a_lock_ends_with_the_hand(config: Config):
    partials, others = Partials(config), Partials(config)
    others.check_unlocked("name")
    with partials.locked("name"):
        with pytest.raises(Locked), others.locked("name"):
            pass
        with pytest.raises(Locked):
            others.check_unlocked("name")
    with others.locked("name"):
        pass


def test_what_was_not_acknowledged_is_cut_off(config: Config):
    with Partials(config).locked("name") as file:
        file.write(b"acknowledged, and more")
        file.cut(12)
        file.write(b" again")
        assert b"".join(file.pieces()) == b"acknowledged again"
        assert file.size == 18
