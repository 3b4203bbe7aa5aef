"""Files that come piece by piece, over connections that break, from browsers that are reloaded, to servers that start
again.

What is acknowledged is on the disk. The last piece is acknowledged only when the file is in the pod: until then it can
be sent again, so whoever hears that all of it is there can rely on that. The file in the pod is the file that was
written to here, under another name; nothing is copied.

Spec: tus resumable upload protocol 1.0.0 (core, creation, expiration, termination)
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from pod.errors import (
    Conflict,
    ContentTooLarge,
    NotFound,
    PodError,
    QuotaExceeded,
    RequestTimeout,
    TooManyRequests,
    TruncatedContent,
)
from pod.files.keeping import Same, Wish, check, keep, read_in, wish_for
from pod.http.request import parse_target
from pod.operations.content import Incoming, discarded_on_failure, document_bytes_max
from pod.operations.writing import acting_for
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.protocol.tus import format_metadata, parse_metadata
from pod.rdf import formats
from pod.services import Services
from pod.store import quota
from pod.store.interface import Writer
from pod.store.records import SERVER, Content, Kind
from pod.store.uploads import PIECE_BYTES, Partial, Partials, Upload, Uploads

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

DAY_MS = 24 * 3600 * 1000
NAME_BYTES = 20
DIGESTS_MAX = 200
_GONE = "This file is not being sent any more. Send it again from its beginning."


class Resumable:
    """Uploads of all accounts. Made once per process; any number of them share the work."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._partials = Partials(services.config)
        self._digests = _Digests()

    def create(self, account: int, length: int, metadata: str) -> Upload:
        """Make room for a file. An empty one is in the pod when this returns.

        Raises: BadRequest, ContentTooLarge, QuotaExceeded, TooManyRequests; what a PUT raises before it reads
        """
        said = parse_metadata(metadata)
        folder = parse_target(said.get("folder", ""), "POST")
        same = Same.REPLACE if said.get("same") == Same.REPLACE else Same.BOTH
        name = said.get("relativePath") or said.get("filename", "")
        wish = wish_for(self._services, folder, name, said.get("filetype", ""), same)
        check(self._services, acting_for(self._services, self._services.store, account, wish.target.path), wish)
        self._check_size(wish, length)
        upload = Upload(
            name=secrets.token_hex(NAME_BYTES),
            account=account,
            storage=0,
            path=wish.target.path,
            media_type=str(wish.media_type),
            replaces=wish.replaces,
            metadata=format_metadata(said),
            length=length,
            bytes=0,
            end_ms=0,
        )
        upload = self._services.store.write_together(SERVER, lambda tx: self._reserve(tx, upload))
        if length == 0:
            with self._partials.locked(upload.name) as file:
                return self._finish(upload, file, hashlib.sha256())
        return upload

    def find(self, account: int, name: str) -> Upload:
        """One of an account's own, while nobody writes to it. Raises: NotFound, Locked"""
        self._partials.check_unlocked(self._found(account, name).name)
        return self._found(account, name)

    def append(self, account: int, name: str, offset: int, length: int | None, stream: BinaryIO) -> Upload:
        """Write what comes to the end of what is there. Where a connection breaks, what came before that is kept.

        Raises: NotFound, Locked, Conflict, ContentTooLarge, TruncatedContent, RequestTimeout, NoSpaceLeft; with the
            last piece, what a PUT raises
        """
        with self._partials.locked(self._found(account, name).name) as file:
            upload = self._found(account, name)
            if offset != upload.bytes:
                raise Conflict(f"{upload.bytes} bytes of this file are here; what follows begins there.")
            if file.size < upload.bytes:  # of a backup that was restored, only the database was here
                self.remove(account, name)
                raise NotFound(_GONE)
            if length is not None and length > upload.length - offset:
                raise _too_much(upload)
            return self._append(upload, file, stream)

    def remove(self, account: int, name: str) -> None:
        """Stop; nothing of it stays, unless it was whole before. Raises: NotFound"""
        upload = self._found(account, name)
        self._services.store.write_together(SERVER, lambda tx: Uploads(tx).remove(upload.name))
        self._partials.remove(upload.name)

    def _found(self, account: int, name: str) -> Upload:
        upload = Uploads(self._services.store).find(name)
        if upload is None or upload.account != account or upload.end_ms <= self._services.store.now_ms:
            raise NotFound(_GONE)
        return upload

    def _check_size(self, wish: Wish, length: int) -> None:
        """Raises: ContentTooLarge."""
        is_document = formats.is_rdf(wish.media_type.essence)
        most = self._services.config.blob_bytes_max
        if is_document:
            most = min(most, document_bytes_max(self._services, wish.target))
        if length > most:
            raise ContentTooLarge(f"A file of this kind may have at most {most} bytes here.", limit=most)

    def _reserve(self, tx: Writer, upload: Upload) -> Upload:
        """Raises: TooManyRequests, NotFound, QuotaExceeded."""
        uploads, most = Uploads(tx), self._services.config.uploads_per_account_max
        if uploads.open_of(upload.account) >= most:
            raise TooManyRequests(
                f"{most} files are being sent already, or were given up lately; wait until some of them are done.",
                headers=(("Retry-After", "60"),),
            )
        snapshot = tx.describe(Target.parse(upload.path), with_body=False)
        if snapshot.storage is None:
            raise NotFound("No storage has this URL.")
        room = quota.room(snapshot)
        if room is not None and upload.length > (left := max(0, room - uploads.reserved(snapshot.storage.id))):
            raise QuotaExceeded(f"The storage has room for {left} bytes here. Delete something first.", bytesLeft=left)
        made = replace(upload, storage=snapshot.storage.id, end_ms=self._end(tx.now_ms))
        uploads.add(made)
        return made

    def _end(self, now_ms: int) -> int:
        return now_ms + self._services.config.upload_days * DAY_MS

    def _append(self, upload: Upload, file: Partial, stream: BinaryIO) -> Upload:
        digest = self._digests.taken(upload)
        size, broken = self._take_in(upload, file, stream, digest)
        if size == upload.length and broken is None:
            return self._finish(upload, file, digest)
        if size > upload.bytes:
            upload = self._acknowledge(upload, file, size, digest)
        if broken is not None:
            raise broken
        return upload

    def _take_in(
        self, upload: Upload, file: Partial, stream: BinaryIO, digest: Hash | None
    ) -> tuple[int, PodError | None]:
        """How much of the file is there now, and how the connection broke, if it did."""
        size = upload.bytes
        file.cut(size)
        try:
            while piece := stream.read(PIECE_BYTES):
                if size + len(piece) > upload.length:
                    raise _too_much(upload)
                file.write(piece)
                size += len(piece)
                if digest is not None:
                    digest.update(piece)
        except (TruncatedContent, RequestTimeout) as error:
            return size, error
        except PodError:
            file.cut(upload.bytes)
            raise
        return size, None

    def _acknowledge(self, upload: Upload, file: Partial, size: int, digest: Hash | None) -> Upload:
        """Raises: NotFound -- it was stopped meanwhile"""
        file.sync()
        end_ms = self._end(self._services.store.now_ms)
        if not self._services.store.write_together(SERVER, lambda tx: Uploads(tx).advance(upload, size, end_ms)):
            raise NotFound(_GONE)
        self._digests.keep(upload.name, size, digest)
        return replace(upload, bytes=size, end_ms=end_ms)

    def _finish(self, upload: Upload, file: Partial, digest: Hash | None) -> Upload:
        """Raises: what a PUT raises; NotFound -- it was stopped meanwhile"""
        services = self._services
        wish = Wish(Target.parse(upload.path), MediaType.parse(upload.media_type), upload.replaces)
        who = acting_for(services, services.store, upload.account, upload.path)
        end_ms = self._end(services.store.now_ms)

        def mark(tx: Writer, target: Target) -> None:
            if not Uploads(tx).finish(upload, target.path, end_ms):
                raise NotFound(_GONE)

        check(services, who, wish)
        try:
            incoming = self._incoming(upload, wish, file, digest)
        except FileNotFoundError as error:
            raise NotFound(_GONE) from error
        with discarded_on_failure(services, incoming.content):
            kept = keep(services, who, wish, incoming, mark)
        self._partials.remove(upload.name)
        return replace(upload, bytes=upload.length, kept=kept.path, end_ms=end_ms)

    def _incoming(self, upload: Upload, wish: Wish, file: Partial, digest: Hash | None) -> Incoming:
        """Small files and documents are read; others become blobs as they are."""
        if upload.length <= self._services.config.inline_bytes_max or formats.is_rdf(wish.media_type.essence):
            with file.path.open("rb") as stream:
                return read_in(self._services, wish, stream, upload.length)
        if digest is None:  # pieces came to another process, or before a restart
            digest = hashlib.sha256()
            for piece in file.pieces():
                digest.update(piece)
        file.sync()
        blob = self._services.store.blobs.adopt(file.path)
        content = Content(upload.media_type, upload.length, digest.hexdigest(), blob=blob)
        return Incoming(content, Kind.OTHER)


class _Digests:
    """Of the files whose pieces come to this process, as far as they came: so that none has to be read again."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, Hash]] = OrderedDict()
        self._lock = Lock()

    def taken(self, upload: Upload) -> Hash | None:
        """To be gone on with. None: what came before is not known here."""
        with self._lock:
            size, digest = self._known.pop(upload.name, (0, hashlib.sha256()))
        return digest if size == upload.bytes else None

    def keep(self, name: str, size: int, digest: Hash | None) -> None:
        if digest is None:
            return
        with self._lock:
            self._known[name] = (size, digest)
            while len(self._known) > DIGESTS_MAX:
                self._known.popitem(last=False)


def _too_much(upload: Upload) -> ContentTooLarge:
    return ContentTooLarge(f"This file was to have {upload.length} bytes, of which {upload.bytes} are here.")
