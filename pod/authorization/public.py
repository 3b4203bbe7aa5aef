"""Documents of this server that others name: what everybody may read of them, straight from the store.

Nothing under our own URLs is ever fetched, so that naming one of our documents tells nobody more than asking for it.

Spec: WAC #access-privileges; design: documents of our own are read as an anonymous reader
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pod.authorization.authorize import Authorizer
from pod.errors import PodError
from pod.protocol.agent import PUBLIC
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.protocol.resource import Target
from pod.store.accounts import Accounts
from pod.store.interface import ResourceStore
from pod.store.records import Kind


@dataclass(frozen=True, slots=True)
class PublicDocument:
    """A document of ours as it is now, and the URL that it resolves its relative IRIs against."""

    url: str
    media_type: str
    content: bytes


class PublicDocuments:
    """Reads documents of our own as nobody in particular."""

    def __init__(self, store: ResourceStore, placement: Placement, authorizer: Authorizer, *, bytes_max: int) -> None:
        self._store = store
        self._placement = placement
        self._authorizer = authorizer
        self._bytes_max = bytes_max

    def is_ours(self, iri: str) -> bool:
        """Whether it lies under our own URLs."""
        return self._placement.is_ours(iri)

    def read(
        self, url: str, kinds: Collection[Kind] = (Kind.RDF,), *, bytes_max: int | None = None
    ) -> PublicDocument | None:
        """The document at a URL of ours; None where there is none that everybody may read, or it is too long."""
        target = self._target(url)
        if target is None:
            return None
        snapshot = self._store.describe(target, with_body=False)
        state = snapshot.state
        if state is None or state.kind not in kinds or state.size > (bytes_max or self._bytes_max):
            return None
        if AccessMode.READ not in self._authorizer.decide(self._store, snapshot, PUBLIC).modes:
            return None
        content = self._store.document(state.id, state.version)
        return None if content is None else PublicDocument(self._placement.url(state.path), state.media_type, content)

    def is_locked(self, web_id: str) -> bool:
        """Whether it is of an account here that is disabled, or leaving."""
        account = Accounts(self._store).web_id_account(web_id)
        return account is not None and not account.stands

    def _target(self, url: str) -> Target | None:
        path = self._placement.local_path(url)
        try:
            return Target.parse(path) if path else None
        except PodError:
            return None
