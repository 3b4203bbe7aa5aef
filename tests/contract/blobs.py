"""The suite every blob store inherits: one test for each promise of pod/store/blobs/interface.py."""

from __future__ import annotations

import io

import pytest

from pod.store.blobs.interface import BlobFile, BlobStore


def broken():
    yield b"some"
    raise ConnectionResetError


class BlobStoreContract:
    """Inherit, and give `open`: a blob store in an empty folder."""

    def open(self, folder) -> BlobStore:
        raise NotImplementedError

    @pytest.fixture
    def blobs(self, tmp_path):
        return self.open(tmp_path / "blobs")

    @pytest.mark.parametrize("pieces", [[], [b""], [b"one"], [b"one", b"two", b"x" * 1_000_000]])
    def test_a_body_is_given_back_byte_for_byte(self, blobs, pieces):
        with blobs.open(blobs.stage(pieces)) as file:
            assert file.read() == b"".join(pieces)

    def test_an_open_blob_is_seekable(self, blobs):
        with blobs.open(blobs.stage([b"0123456789"])) as file:
            assert file.seek(-3, io.SEEK_END) == 7
            assert file.read() == b"789"

    def test_equal_bodies_are_not_shared(self, blobs):
        assert blobs.stage([b"same"]) != blobs.stage([b"same"])

    def test_what_the_pieces_raise_passes_through_and_leaves_nothing(self, blobs):
        with pytest.raises(ConnectionResetError):
            blobs.stage(broken())
        assert list(blobs.files()) == []

    def test_an_unknown_blob_is_not_found(self, blobs):
        with pytest.raises(FileNotFoundError):
            blobs.open("0" * 40)

    def test_a_removed_blob_is_gone_but_not_for_who_has_it_open(self, blobs):
        name = blobs.stage([b"body"])
        with blobs.open(name) as file:
            blobs.remove(name)
            assert file.read() == b"body"
        with pytest.raises(FileNotFoundError):
            blobs.open(name)

    def test_removing_what_is_not_there_does_nothing(self, blobs):
        blobs.remove("0" * 40)

    def test_files_lists_all_blobs_with_their_sizes(self, blobs):
        names = {blobs.stage([b"x" * size]): size for size in range(5)}
        files = list(blobs.files())
        assert {file.name: file.size for file in files} == names
        assert all(isinstance(file, BlobFile) and file.modified > 0 for file in files)

    def test_a_file_is_adopted_as_it_is_any_number_of_times(self, blobs, tmp_path):
        file = tmp_path / "file"
        file.write_bytes(b"body")
        names = [blobs.adopt(file), blobs.adopt(file)]
        blobs.remove(names[0])
        file.unlink(missing_ok=True)
        with blobs.open(names[1]) as adopted:
            assert adopted.read() == b"body"
