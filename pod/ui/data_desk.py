"""The documents behind the data view, for one account: read as they are kept, written only over what was seen.

Each read and write is the operation that apps use, under the same rules. Whoever writes says which version they saw, so
nobody's change is lost; and nobody writes access rules that take something from themselves.

Spec: RFC 9110 s13.1.1; Solid #server-put-patch-intermediate-containers; WAC #loss-of-control-mitigation
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from pod.errors import Conflict, NotFound
from pod.operations.admission import actor
from pod.operations.content import discarded_on_failure, receive
from pod.operations.get import get
from pod.operations.operation import Body, Operation, Result
from pod.operations.put import put, put_within
from pod.operations.watched import watched
from pod.protocol.conditions import NO_CONDITIONS, Conditions
from pod.protocol.modes import AccessMode
from pod.protocol.representation import ETag, MediaType
from pod.protocol.resource import Auxiliary, Target
from pod.rdf import formats
from pod.rdf.graph import Dataset
from pod.services import Services
from pod.store.interface import Writer
from pod.ui.door import HOME
from pod.ui.home import Reader
from pod.ui.language import gettext as _

PREFIX = HOME[:-1]
TURTLE = "text/turtle"
STORED = "*/*"
"""Asks for a document in the form it is kept in."""
DOCUMENT_BYTES_MAX = 1024 * 1024
STATEMENTS_MAX = 25_000
"""Documents that are larger, or say more, are not taken apart for a page."""
BEGINNING_BYTES = 32 * 1024
"""Of a document that is too large for a page, or for the form with its source."""


@dataclass(frozen=True, slots=True)
class Held:
    """An RDF document as it is kept, or that there is none yet: then it has no `etag`. `content` is all of it, or its
    beginning, if it is larger than pages take.
    """

    target: Target
    content: bytes
    media_type: str
    etag: str
    size: int
    may_write: bool

    @property
    def is_whole(self) -> bool:
        return len(self.content) == self.size

    @property
    def is_rules(self) -> bool:
        return self.target.auxiliary is Auxiliary.ACL

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class Desk:
    """One request about a resource, on behalf of an account."""

    def __init__(self, services: Services, reader: Reader) -> None:
        self.services = services
        self.reader = reader
        self.target = reader.target
        self.credentials = reader.credentials

    def head(self, target: Target) -> Result:
        """Raises: NotFound, AccessDenied, NotAuthenticated"""
        return self._asked("HEAD", target)

    def document(self) -> Held:
        """The resource, if it is a document; else what is said about it. Raises: as `head`, and NotFound."""
        if self.target.auxiliary is None:
            found = self.head(self.target)
            if found.moved_to is not None:
                raise NotFound(_("There is nothing here that you may see."))
            if found.shape.container or not found.shape.rdf:
                return self._about(found)
        return self._held(self.target)

    def _about(self, subject: Result) -> Held:
        """What is said about something that is no document itself, which may be nothing."""
        target = Target.parse(self.target.description)
        try:
            return self._held(target)
        except NotFound:
            may = subject.granted is not None and AccessMode.WRITE in subject.granted[0]
            return Held(target, b"", TURTLE, "", 0, may)

    def _held(self, target: Target) -> Held:
        result = self._asked("GET", target)
        whole = result.representation
        if whole is None or whole.size is None or result.moved_to is not None:
            raise NotFound(_("There is nothing here that you may see."))
        may = result.granted is not None and AccessMode.WRITE in result.granted[0] and not result.shape.kept
        etag = result.etag.format() if result.etag else ""
        return Held(target, _beginning(whole.content), whole.media_type, etag, whole.size, may)

    def dataset(self, held: Held) -> Dataset:
        """What it says. Raises: MalformedContent, ContentTooLarge, UnprocessableContent"""
        if not held.etag and not held.content:
            return Dataset()
        limits = replace(self.services.limits, triples=STATEMENTS_MAX)
        with self.services.large_work.document(held.size):
            return self.services.parse(held.content, held.media_type, self.url(held.target), limits)

    def write(self, target: Target, etag: str, content: bytes, media_type: str) -> None:
        """In the place of the version with that tag; where there is none, only if nothing is there.

        Raises: PreconditionFailed, and whatever a PUT raises
        """
        seen = Conditions(if_match=ETag.parse_list(etag)) if etag else Conditions(if_none_match="*")
        body = Body(io.BytesIO(content), MediaType.parse(media_type), len(content))
        operation = Operation("PUT", target, self.credentials, seen, body=body)
        verb = put_rules if target.auxiliary is Auxiliary.ACL else put
        watched(self.services, verb, operation, app=self.services.placement.base_url)

    def write_dataset(self, held: Held, dataset: Dataset) -> None:
        """In the form that the document has, and in that of which its prefixes are kept where there was none."""
        self.write(held.target, held.etag, formats.serialize(dataset, held.media_type), held.media_type)

    def url(self, target: Target) -> str:
        return self.services.placement.url(target.path)

    def _asked(self, method: str, target: Target) -> Result:
        operation = Operation(method, target, self.credentials, NO_CONDITIONS, accept=STORED)
        return watched(self.services, get, operation, app=self.services.placement.base_url)


def put_rules(services: Services, operation: Operation) -> Result:
    """PUT of access rules, by which whoever writes them keeps what they may do. It is tried, not guessed.

    Raises: Conflict -- they would lose something
    """
    body = operation.body
    assert body is not None, "rules are written with a content"
    incoming = receive(services, body, operation.target, room=None, by_account=False)

    def change(tx: Writer) -> Result:
        before = _modes(services, tx, operation)
        result = put_within(services, tx, operation, incoming)
        if before not in _modes(services, tx, operation):
            raise Conflict(_("With these rules you could do less here than now. Leave yourself what you have."))
        return result

    with discarded_on_failure(services, incoming.content):
        return services.store.write_together(actor(operation), change)


def _modes(services: Services, tx: Writer, operation: Operation) -> AccessMode:
    subject = Target.parse(operation.target.subject)
    return services.authorizer.decide(tx, tx.describe(subject, with_body=False), operation.credentials).modes


def _beginning(content: bytes | Iterator[bytes] | BinaryIO) -> bytes:
    """All of it, if that is not more than pages take."""
    if isinstance(content, bytes):
        found = content
    elif isinstance(content, io.IOBase):
        with content:
            found = content.read(DOCUMENT_BYTES_MAX + 1)
    else:
        found = b"".join(content)
    return found if len(found) <= DOCUMENT_BYTES_MAX else found[:BEGINNING_BYTES]
