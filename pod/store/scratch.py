"""Room on the disk for what has to wait and is too large to wait in memory. Files without a name: none is left behind.

Knows no resource; what is written here is never part of the store.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from pod.config import KIB
from pod.store.blobs.filesystem import translated

MEMORY_BYTES_MAX = 128 * KIB


def written(directory: Path, content: bytes) -> BinaryIO:
    """The content as a file to be read from its beginning; it is gone when it is closed. Raises: as `held`"""
    with translated():
        file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 -- its reader closes it
        file.write(content)
        file.seek(0)
    return cast("BinaryIO", file)


@contextmanager
def held(directory: Path, pieces: Iterable[bytes]) -> Iterator[tuple[BinaryIO, int]]:
    """The pieces one after the other as a file to be read from its beginning, and its size. Few stay in memory.

    Raises: NoSpaceLeft, StoreUnavailable -- the disk refuses. What `pieces` raises passes through.
    """
    with tempfile.SpooledTemporaryFile(MEMORY_BYTES_MAX, "w+b", dir=str(directory)) as file:
        for piece in pieces:
            with translated():
                file.write(piece)
        size = file.tell()
        with translated():
            file.seek(0)
        yield cast("BinaryIO", file), size
