"""The contract of blob stores: immutable bodies under opaque names, durable before anyone hears of the name.

A blob store knows no path, no resource and no version, and never shares a blob between two of them. Whether a blob is
still needed is the database's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class BlobFile:
    """One blob as a sweep or a check finds it. Blobs still being staged are among them."""

    name: str
    size: int
    modified: float


class BlobStore(Protocol):
    """Bodies too large for the database.

    Raises (all): StoreUnavailable -- the disk refuses.
    """

    def stage(self, pieces: Iterable[bytes]) -> str:
        """Write a body under a new name, durable when this returns; what `pieces` raises passes through, nothing stays.

        Raises: NoSpaceLeft -- the disk is full.
        """
        ...

    def adopt(self, file: Path) -> str:
        """Take in a file on the same disk whose bytes are durable, under a new name, without a copy. It may stay under
        its old name too, to be removed, or to be adopted again when nothing came of the first time.

        Raises: FileNotFoundError -- it is gone; NoSpaceLeft -- the disk is full.
        """
        ...

    def open(self, name: str) -> BinaryIO:
        """A seekable reader that outlives a removal of the blob.

        Raises: FileNotFoundError -- there is no such blob.
        """
        ...

    def remove(self, name: str) -> None:
        """Forget a blob; nothing happens when it is not there."""
        ...

    def files(self) -> Iterator[BlobFile]:
        """Everything there is, in no order."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """While the block lasts nothing is swept: what the database names within it can be read until its end."""
        ...

    def sweeping(self) -> AbstractContextManager[bool]:
        """Whether blobs may be swept now: false while anybody holds them, and nobody begins to within the block."""
        ...
