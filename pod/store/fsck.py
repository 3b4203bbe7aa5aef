"""Checks that the store keeps its promises: every finding is a place where it does not.

Reads one committed state and the blobs; changes nothing, so it may run beside a working server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from io import SEEK_END
from typing import BinaryIO

from pod.errors import PodError
from pod.protocol.ceiling import Ceiling
from pod.protocol.resource import ACL_SUFFIX, DESCRIPTION_SUFFIX, parent_of, storage_of
from pod.store import statements as sql
from pod.store.access_records import AccessRecords
from pod.store.access_retention import days_of
from pod.store.interface import Reader, ResourceStore
from pod.store.records import Kind
from pod.store.staging import PIECE_BYTES
from pod.store.sweep import orphans


class Severity(StrEnum):
    """An error needs someone's hand; a notice will be cleaned up by itself."""

    ERROR = "error"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise. `path` is a resource, a storage, or empty for the store as a whole."""

    severity: Severity
    path: str
    text: str


def check(store: ResourceStore, *, deep: bool = False) -> Iterator[Finding]:
    """Everything found wrong; `deep` also reads every body and compares its digest."""
    for fault in store.faults():
        yield _error("", f"the database is damaged: {fault}")
    with store.snapshot() as reader:
        for examine in (_tree, _twins, _roots, _counters, _sequences, _versions, _past_rules, _channels, _ceilings):
            yield from examine(reader)
        yield from _bodies(reader, store, deep=deep)
    yield from _orphan_blobs(store)


def check_access(store: ResourceStore, records: AccessRecords) -> Iterator[Finding]:
    """What is wrong with the file that says who used what."""
    try:
        for fault in records.faults():
            yield _error("", f"the access log is damaged: {fault}")
        for storage in records.storages():
            if not days_of(store, (storage,), 0):
                yield Finding(Severity.NOTICE, storage, "is gone; what the access log says of it will be swept")
    except PodError as error:
        yield _error("", f"the access log cannot be read: {error}")


def _error(path: str, text: str) -> Finding:
    return Finding(Severity.ERROR, path, text)


def _tree(reader: Reader) -> Iterator[Finding]:
    for path, kind, parent, subject, storage, above, below in reader.stream(sql.FSCK_TREE):
        if storage_of(path) != storage:
            yield _error(path, f"lies in the storage {storage}")
        if subject is not None:
            yield from _auxiliary(path, below)
        elif parent is not None:
            yield from _contained(path, above)
        elif path != storage:
            yield _error(path, "is in no container")
        if (kind == Kind.CONTAINER.value) != path.endswith("/"):
            yield _error(path, f"is of kind {kind}, which its trailing slash contradicts")


def _auxiliary(path: str, subject: str | None) -> Iterator[Finding]:
    if subject is None or path not in {subject + ACL_SUFFIX, subject + DESCRIPTION_SUFFIX}:
        yield _error(path, f"is an auxiliary resource of {subject or 'nothing'}")


def _contained(path: str, parent: str | None) -> Iterator[Finding]:
    if parent is None or parent_of(path) != parent:
        yield _error(path, f"is a member of {parent or 'nothing'}")


def _twins(reader: Reader) -> Iterator[Finding]:
    for (path,) in reader.stream(sql.FSCK_TWINS):
        yield _error(path, "exists with and without its trailing slash")


def _roots(reader: Reader) -> Iterator[Finding]:
    for path, root, acl in reader.stream(sql.FSCK_ROOTS):
        if root is None:
            yield _error(path, "the storage has no root container")
        if acl is None:
            yield _error(path, "the storage's root container has no access control list")


def _counters(reader: Reader) -> Iterator[Finding]:
    for path, size, count, sizes, counted in reader.stream(sql.FSCK_COUNTERS):
        yield _error(path, f"counts {size} bytes in {count} resources, but has {sizes} in {counted}")
    for path, count, counted in reader.stream(sql.FSCK_MEMBERS):
        yield _error(path, f"counts {count} members, but has {counted}")


def _sequences(reader: Reader) -> Iterator[Finding]:
    expired = reader.rows(sql.SETTING, ("journal_floor",)) != [("0",)]
    for path, sequence, first, last, count in reader.stream(sql.FSCK_SEQUENCES):
        start = (first or sequence + 1) if expired else 1
        if count != sequence + 1 - start or (count and (first, last) != (start, sequence)):
            yield _error(path, f"is at {sequence}, but its journal has {count} entries from {first} to {last}")


def _versions(reader: Reader) -> Iterator[Finding]:
    for path, version, listing_version, sequence in reader.stream(sql.FSCK_VERSIONS):
        yield _error(path, f"has versions {version} and {listing_version}; its storage is at {sequence}")
    for path, version in reader.stream(sql.FSCK_UNRECORDED):
        yield _error(path, f"has version {version}, of which its journal tells otherwise")
    for path, listing_version, version in reader.stream(sql.FSCK_STALE_LISTINGS):
        yield _error(path, f"has listing version {listing_version}, but a member has version {version}")


def _past_rules(reader: Reader) -> Iterator[Finding]:
    for path, floor, sequence in reader.stream(sql.FSCK_FLOORS):
        yield _error(path, f"has forgotten rules up to {floor}, but its storage is at {sequence}")
    for path, version, until in reader.stream(sql.FSCK_PAST_RULES):
        yield _error(path, f"its past rules of version {version} cannot have been in force until {until}")


def _channels(reader: Reader) -> Iterator[Finding]:
    for channel, storage in reader.stream(sql.FSCK_CHANNELS):
        yield _error(storage, f"its notification channel {channel} has no topic there, or no end")


def _ceilings(reader: Reader) -> Iterator[Finding]:
    for account, client, text in reader.stream(sql.FSCK_CEILINGS):
        if Ceiling.from_text(text).to_text() != text:
            yield _error("", f"what {account} let {client} do cannot be read, so it may do nothing; choose it again")


def _bodies(reader: Reader, store: ResourceStore, *, deep: bool) -> Iterator[Finding]:
    for path, size, digest, blob, inline_size in reader.stream(sql.FSCK_BODIES):
        if blob is not None:
            yield from _blob(store, path, blob, size, digest if deep else None)
        elif inline_size != size:
            yield _error(path, f"should have {size} bytes, but has {inline_size}")
    if deep:
        yield from _inline_digests(reader)
    for path, blob in reader.stream(sql.FSCK_DOOMED):
        yield _error(path, f"its blob {blob} is marked for removal")


def _inline_digests(reader: Reader) -> Iterator[Finding]:
    for path, digest, body in reader.stream(sql.FSCK_INLINE):
        if hashlib.sha256(body).hexdigest() != digest:
            yield _error(path, "its body does not have the digest it was stored with")


def _blob(store: ResourceStore, path: str, name: str, size: int, digest: str | None) -> Iterator[Finding]:
    try:
        with store.blobs.open(name) as file:
            there = file.seek(0, SEEK_END)
            if there != size:
                yield _error(path, f"should have {size} bytes, but its blob {name} has {there}")
            elif digest is not None and _digest(file) != digest:
                yield _error(path, f"its blob {name} does not have the digest it was stored with")
    except FileNotFoundError:
        # a working server may have replaced and swept it since the snapshot
        if store.rows(sql.BLOB_NEEDED, (name,)):
            yield _error(path, f"its blob {name} is missing")


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _orphan_blobs(store: ResourceStore) -> Iterator[Finding]:
    for file in orphans(store, store.blobs.files()):
        text = f"blob {file.name} ({file.size} bytes) belongs to nothing; it will be swept"
        yield Finding(Severity.NOTICE, "", text)
