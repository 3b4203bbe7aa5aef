"""Bodies: taken in, kept, given out, swept."""

from __future__ import annotations

import hashlib
import io

import pytest

from pod.errors import ContentTooLarge, StorageDamaged, VersionMoved
from pod.protocol.resource import Target
from pod.store.fsck import Severity, check
from pod.store.records import SERVER
from pod.store.sweep import GARBAGE_GRACE_SECONDS, sweep
from tests.support.stores import TURTLE, body, delete, make_storage, put, put_in, staged, state_in

SMALL, LARGE = b"s" * 100, b"l" * 101


class Broken(io.RawIOBase):
    """Gives some bytes, then fails as a cut connection does."""

    def __init__(self, given: bytes) -> None:
        self._given = [given]

    def read(self, _size: int = -1) -> bytes:
        if not self._given:
            raise ConnectionResetError
        return self._given.pop()


def blob_names(store):
    return {file.name for file in store.blobs.files()}


class BodiesContract:
    @pytest.fixture
    def tight(self, opened):
        """A store that keeps more than 100 bytes in blobs."""
        store = opened(inline_bytes_max=100)
        make_storage(store)
        return store

    def test_small_bodies_stay_in_memory(self, tight):
        content = staged(tight, SMALL)
        assert (content.inline, content.blob, content.size) == (SMALL, None, 100)
        assert content.digest == hashlib.sha256(SMALL).hexdigest()

    def test_large_bodies_become_blobs(self, tight):
        content = staged(tight, LARGE)
        assert (content.inline, content.size) == (None, 101)
        assert blob_names(tight) == {content.blob}
        assert content.digest == hashlib.sha256(LARGE).hexdigest()

    @pytest.mark.parametrize("given", [b"", SMALL, LARGE, b"m" * 1_000_000])
    def test_a_body_is_given_back_byte_for_byte(self, tight, given):
        put(tight, "/alice/a", given)
        assert body(tight, "/alice/a") == given

    @pytest.mark.parametrize("given", [SMALL, LARGE])
    def test_a_body_described_without_it_can_be_opened(self, tight, given):
        put(tight, "/alice/a", given)
        state = tight.describe(Target.parse("/alice/a"), with_body=False).state
        with tight.open(state) as file:
            assert file.read() == given

    @pytest.mark.parametrize("given", [SMALL, LARGE])
    def test_an_open_body_is_seekable(self, tight, given):
        with tight.open(put(tight, "/alice/a", given)) as file:
            assert file.seek(-10, io.SEEK_END) == len(given) - 10
            assert file.read() == given[-10:]

    @pytest.mark.parametrize("bytes_max", [50, 150])
    def test_more_than_the_limit_is_refused_and_nothing_stays(self, tight, bytes_max):
        with pytest.raises(ContentTooLarge):
            tight.stage(io.BytesIO(b"x" * 151), TURTLE, bytes_max=bytes_max)
        assert blob_names(tight) == set()

    def test_exactly_the_limit_is_fine(self, tight):
        assert tight.stage(io.BytesIO(LARGE), TURTLE, bytes_max=101).size == 101

    @pytest.mark.parametrize("given", [SMALL, LARGE])
    def test_what_reading_raises_passes_through_and_nothing_stays(self, tight, given):
        with pytest.raises(ConnectionResetError):
            tight.stage(Broken(given), TURTLE, bytes_max=1000)
        assert blob_names(tight) == set()

    def test_discarded_content_is_gone(self, tight):
        tight.discard(staged(tight, LARGE))
        tight.discard(staged(tight, SMALL))
        assert blob_names(tight) == set()

    def test_an_open_body_outlives_its_replacement(self, tight, clock):
        with tight.open(put(tight, "/alice/a", LARGE)) as file:
            put(tight, "/alice/a", b"new")
            clock.time += GARBAGE_GRACE_SECONDS
            assert sweep(tight, clock, 3600).garbage == 1
            assert file.read() == LARGE

    def test_a_replaced_body_can_still_be_opened_for_a_while(self, tight, clock):
        old = put(tight, "/alice/a", LARGE)
        put(tight, "/alice/a", b"new")
        assert sweep(tight, clock, 3600).garbage == 0
        with tight.open(old) as file:
            assert file.read() == LARGE

    def test_a_swept_body_is_told_as_moved(self, tight, clock):
        old = put(tight, "/alice/a", LARGE)
        put(tight, "/alice/a", b"new")
        clock.time += GARBAGE_GRACE_SECONDS
        sweep(tight, clock, 3600)
        with pytest.raises(VersionMoved):
            tight.open(old)

    def test_a_replaced_inline_body_is_told_as_moved(self, tight):
        put(tight, "/alice/a", SMALL)
        old = tight.describe(Target.parse("/alice/a"), with_body=False).state
        put(tight, "/alice/a", b"new")
        with pytest.raises(VersionMoved):
            tight.open(old)

    def test_a_missing_body_is_told_as_damage(self, tight):
        state = put(tight, "/alice/a", LARGE)
        tight.blobs.remove(state.blob)
        with pytest.raises(StorageDamaged):
            tight.open(state)
        with pytest.raises(StorageDamaged):
            tight.document(state.id, state.version)

    def test_a_deleted_body_is_swept(self, tight, clock):
        put(tight, "/alice/a", LARGE)
        delete(tight, "/alice/a")
        clock.time += GARBAGE_GRACE_SECONDS
        assert sweep(tight, clock, 3600).garbage == 1
        assert blob_names(tight) == set()
        assert sweep(tight, clock, 3600).garbage == 0

    def test_what_was_staged_and_never_written_is_swept_in_time(self, tight, clock):
        kept = put(tight, "/alice/a", LARGE)
        orphan = staged(tight, LARGE)
        clock.time = next(iter(tight.blobs.files())).modified + 3000
        assert sweep(tight, clock, 3600).orphans == 0
        clock.time += 3000
        assert [finding.severity for finding in check(tight)] == [Severity.NOTICE]
        assert sweep(tight, clock, 3600).orphans == 1
        assert blob_names(tight) == {kept.blob} != {orphan.blob}

    def test_a_failed_write_leaves_the_old_body(self, tight):
        put(tight, "/alice/a", LARGE)
        content = staged(tight, b"n" * 500)
        with pytest.raises(ZeroDivisionError), tight.write(SERVER) as tx:
            put_in(tx, "/alice/a", content)
            raise ZeroDivisionError
        assert body(tight, "/alice/a") == LARGE

    def test_a_body_belongs_to_one_resource_only(self, tight):
        content = staged(tight, LARGE)
        with pytest.raises(Exception, match="blob"), tight.write(SERVER) as tx:
            put_in(tx, "/alice/a", content)
            put_in(tx, "/alice/b", content)
        assert state_in(tight, "/alice/").id
        assert list(tight.members(state_in(tight, "/alice/").id)) == []
