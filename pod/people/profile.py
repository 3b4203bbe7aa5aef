"""The profile of a pod's owner, which everyone can see: read, and changed by what changed alone.

Nothing here touches who may sign in as them; the rules of `pod/operations/rules.py` would not let it.

Spec: WebID Profile #webid-profile-data-model, #server-update-protected-triples
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from pod.errors import ContentTooLarge, NotFound
from pod.operations.content import discarded_on_failure
from pod.operations.watched import note_own
from pod.operations.writing import Document, acting_in, located, read_document, rendered, write
from pod.people.card import Card
from pod.people.card_document import change_card, read_card
from pod.people.pictures import drop_picture, put_picture
from pod.people.type_index import Pen
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.rdf.graph import IRI
from pod.rdf.vocab import PREFIXES
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Actor

ShowToAll = Callable[[Writer, int, str], None]
"""Let everyone see what is at a path of an account's, in the transaction."""


@dataclass(frozen=True, slots=True)
class Profile:
    web_id: str
    path: str
    card: Card


class Profiles:
    """The profiles of all accounts. Shared by all threads."""

    def __init__(self, services: Services, show_to_all: ShowToAll) -> None:
        self._services = services
        self._show_to_all = show_to_all

    def profile(self, account: int, storage: str) -> Profile:
        """Of the owner of a pod. Raises: NotFound -- it is not kept in a pod of theirs here; MalformedContent."""
        store = self._services.store
        web_id = acting_in(self._services, store, account, storage).agent or ""
        target, _ = located(self._services, store, account, web_id)
        return Profile(web_id, target.path, read_card(self._found(store, target)[0].default, IRI(web_id)))

    def change(self, account: int, web_id: str, before: Card, after: Card, picture: bytes | None = None) -> None:
        """Make of what somebody saw what they want. `picture` is a new one; empty takes it away.

        Raises: NotFound, QuotaExceeded, ContentTooLarge
        """
        target, who = located(self._services, self._services.store, account, web_id)
        act = partial(self._changed, account, web_id, (before, after), picture)
        if self._services.store.write_together(Actor(who.agent), act):
            note_own(self._services, target.path, who.agent, AccessMode.WRITE)

    def _changed(self, account: int, web_id: str, cards: tuple[Card, Card], picture: bytes | None, tx: Writer) -> bool:
        """Whether there was anything to change."""
        target, who = located(self._services, tx, account, web_id)
        pen = Pen(self._services, tx, who, target.storage)
        dataset, media_type = self._found(tx, target)
        before, after = cards
        was = dataset.default.copy()
        if picture is not None:
            held = read_card(was, IRI(web_id)).photo
            before = replace(before, photo=held)
            after = replace(after, photo=self._picture(pen, account, target, picture))
            drop_picture(pen, target, held)
        change_card(dataset.default, IRI(web_id), before, after)
        if dataset.default == was:
            return False
        dataset.prefixes.setdefault("vcard", PREFIXES["vcard"])
        self._write(pen, target, (dataset, media_type))
        return True

    def _picture(self, pen: Pen, account: int, target: Target, picture: bytes) -> str:
        iri = put_picture(pen, target, picture)
        path = self._services.placement.local_path(iri) if iri else None
        if path:
            self._show_to_all(pen.tx, account, path)
        return iri

    def _write(self, pen: Pen, target: Target, document: Document) -> None:
        """Raises: ContentTooLarge -- others would not read as much."""
        incoming = rendered(self._services, target, document)
        with discarded_on_failure(self._services, incoming.content):
            if incoming.content.size > (limit := self._services.config.remote_bytes_max):
                raise ContentTooLarge(f"A profile may have at most {limit} bytes.", limit=limit)
            write(self._services, pen.tx, pen.who, target, incoming)

    def _found(self, reader: Reader, target: Target) -> Document:
        """Raises: NotFound, MalformedContent"""
        found = read_document(self._services, reader, target)
        if found is None:
            raise NotFound("Your profile is not kept in this pod.")
        return found
