"""Which DPoP proofs this machine has seen: a fixed-size table in a file that all web processes map into memory.

Each entry is kept for the whole time any proof could still be accepted, so entries leave a bucket in the order they
came: a bucket is a ring. When the oldest entry of a full ring may not go yet, the proof is refused: the table forgets
nothing that could be replayed. It outlives every process, but not the machine's memory: a table of an earlier boot may
lack what was never written out, so a new one takes its place, and what the old one could have held is refused.

Layout: one page of header, then `buckets` buckets of `SLOTS` tags of 8 bytes, `SLOTS` times of 4 bytes and the ring's
head. A tag is a keyed hash, so nobody can aim at one bucket.

Spec: RFC 9449 s11.1
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import secrets
import struct
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from pod.db.turns import held
from pod.errors import Busy
from pod.protocol.agent import Proof

SLOTS = 256
WAIT_SECONDS_MAX = 5.0
"""For a bucket that another holds: it takes microseconds, unless that one was stopped."""
_TAG_BYTES = 8
_TAGS_BYTES = SLOTS * _TAG_BYTES
_TIMES_BYTES = SLOTS * 4
_BUCKET_BYTES = _TAGS_BYTES + _TIMES_BYTES + 4
_KEY_BYTES = 16
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BOOT_BYTES = 36
_HEADER = struct.Struct(f"<8sII{_KEY_BYTES}s{_BOOT_BYTES}sI")
_HEADER_BYTES = 4096
_MAGIC = b"proofs\x00\x02"
_UINT = struct.Struct("<I")

_STRIPES = tuple(Lock() for _ in range(64))
"""Record locks exclude processes, not threads; these exclude the threads of this process, whatever table they use."""


class ReplayTable:
    """Remembers proofs across the threads and processes of this machine.

    Open a file once in a process: closing one of two tables on the same file would drop the locks of the other.
    """

    def __init__(self, file: Path, *, entries: int, lifetime_seconds: int, now: float) -> None:
        self._lifetime_seconds = lifetime_seconds
        self._buckets = max(1, math.ceil(entries / SLOTS))
        self._descriptor = _opened(file, self._buckets, int(now))
        self._memory = mmap.mmap(self._descriptor, _file_bytes(self._buckets))
        *_, self._key, _, self._since = _HEADER.unpack_from(self._memory)

    def remember(self, proof: Proof, now: float) -> bool:
        """False when the proof was seen before. Of all callers with the same proof, one gets True.

        Raises: Busy -- no room to remember it, or it may have been seen by a table that was lost, so it is not
            accepted.
        """
        self._check_memory(proof, now)
        digest = blake2b(f"{proof.jkt} {proof.jti}".encode(), digest_size=_TAG_BYTES + 4, key=self._key).digest()
        bucket = _UINT.unpack_from(digest, _TAG_BYTES)[0] % self._buckets
        # A tag of zeros would look like an empty slot.
        tag = digest[:_TAG_BYTES].replace(b"\x00" * _TAG_BYTES, b"\x01" * _TAG_BYTES)
        with held(_STRIPES[bucket % len(_STRIPES)], self._descriptor, bucket, WAIT_SECONDS_MAX):
            return self._insert(_HEADER_BYTES + bucket * _BUCKET_BYTES, tag, int(now))

    def _check_memory(self, proof: Proof, now: float) -> None:
        """A proof may be dated ahead, so for some seconds after a loss even the newest could have been seen."""
        if self._since <= now and proof.expires < self._since + self._lifetime_seconds:
            raise Busy("This machine has just started; try again soon with a new DPoP proof.", headers=_RETRY_SOON)

    def _insert(self, start: int, tag: bytes, now: int) -> bool:
        times = start + _TAGS_BYTES
        if self._holds(start, tag, now):
            return False
        (head,) = _UINT.unpack_from(self._memory, times + _TIMES_BYTES)
        slot = head % SLOTS
        if self._stands(times, slot, now):
            raise Busy("Too many requests are under way to keep track of; try again in a minute.", headers=_RETRY)
        self._memory[start + slot * _TAG_BYTES : start + (slot + 1) * _TAG_BYTES] = tag
        _UINT.pack_into(self._memory, times + slot * 4, now + self._lifetime_seconds + 1)
        _UINT.pack_into(self._memory, times + _TIMES_BYTES, (slot + 1) % SLOTS)
        return True

    def _holds(self, start: int, tag: bytes, now: int) -> bool:
        tags = self._memory[start : start + _TAGS_BYTES]
        at = tags.find(tag)
        while at >= 0:
            if at % _TAG_BYTES == 0 and self._stands(start + _TAGS_BYTES, at // _TAG_BYTES, now):
                return True
            at = tags.find(tag, at + 1)
        return False

    def _stands(self, times: int, slot: int, now: int) -> bool:
        """Whether a slot is still needed.

        A time far too far ahead is the trace of a process killed while it wrote, or of a clock set back: proofs from
        then lie in the future now and are refused anyway. Callers may be a little late with their `now`.
        """
        (until,) = _UINT.unpack_from(self._memory, times + slot * 4)
        return bool(now < until <= now + 2 * self._lifetime_seconds + 2)

    def close(self) -> None:
        self._memory.close()
        os.close(self._descriptor)


_RETRY = (("Retry-After", "60"),)
_RETRY_SOON = (("Retry-After", "10"),)


def _file_bytes(buckets: int) -> int:
    return _HEADER_BYTES + buckets * _BUCKET_BYTES


def _opened(file: Path, buckets: int, now: int) -> int:
    """A descriptor of the table's file, made anew by one process when it is missing, of another size or another boot.

    One that is missing has lost nothing.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    guard = os.open(file.with_name(file.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
            if _fits(descriptor, buckets):
                return descriptor
            os.close(descriptor)
            return _made(file, buckets, now)
        return _made(file, buckets, 0)
    finally:
        os.close(guard)


def _fits(descriptor: int, buckets: int) -> bool:
    header = os.pread(descriptor, _HEADER.size, 0)
    if len(header) < _HEADER.size or os.fstat(descriptor).st_size != _file_bytes(buckets):
        return False
    magic, slots, known_buckets, _, boot, _ = _HEADER.unpack(header)
    return bool((magic, slots, known_buckets, boot) == (_MAGIC, SLOTS, buckets, _boot()))


def _boot() -> bytes:
    """Which run of the machine this is; always the same where the system does not tell."""
    with suppress(OSError):
        return _BOOT_ID.read_bytes()[:_BOOT_BYTES].ljust(_BOOT_BYTES)
    return b" " * _BOOT_BYTES


def _made(file: Path, buckets: int, since: int) -> int:
    """The room is taken on the disk now: a mapped page that finds the disk full later would kill the process."""
    partial = file.with_name(file.name + ".new")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.posix_fallocate(descriptor, 0, _file_bytes(buckets))
    os.pwrite(descriptor, _HEADER.pack(_MAGIC, SLOTS, buckets, secrets.token_bytes(_KEY_BYTES), _boot(), since), 0)
    partial.replace(file)
    return descriptor
