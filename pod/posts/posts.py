"""Writing, changing and deleting posts in a pod: each a document in `posts/`, with its pictures in a folder beside it.

Text, pictures and access rules of a post are written in one transaction, by the checks of a PUT, so nobody ever sees
more of it than its readers may, and what other apps keep in the document stays.

Spec: Activity Vocabulary; Type Indexes #type-registration; docs/decisions/0027-posts.md
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar

from pod.operations.content import discarded_on_failure
from pod.operations.watched import note_own
from pod.operations.writing import acting_in
from pod.posts.changing import Change, Writing
from pod.posts.locating import own_target
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.services import Services
from pod.store.interface import Writer
from pod.store.records import Actor, Content

Made = TypeVar("Made")


class Posts:
    """The posts of accounts. Shared by all threads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def write(self, account: int, storage: str, writing: Writing, author: str = "") -> str:
        """The IRI of a new post. `author` is what its owner is called.

        Raises: UnprocessableContent; Conflict; NotFound -- no such pod of theirs; QuotaExceeded
        """
        writing = writing.tidied()
        writing.check(has_pictures=False)
        who = acting_in(self._services, self._services.store, account, storage)
        with self._staged(writing) as staged:
            make = partial(self._made, who, account, writing, staged)
            iri = self._services.store.write_together(Actor(who.agent), lambda tx: make(tx).make(storage, author))
        note_own(self._services, own_target(self._services, iri).path, who.agent, AccessMode.APPEND)
        return iri

    def edit(self, account: int, iri: str, writing: Writing, version: str) -> None:
        """`version`: of the document that somebody saw before they changed it (`version_of`).

        Raises: PreconditionFailed -- it was changed meanwhile; UnprocessableContent; Conflict; NotFound
        """
        target = own_target(self._services, iri)
        who = acting_in(self._services, self._services.store, account, target.storage)
        writing = writing.tidied()
        with self._staged(writing) as staged:
            made = partial(self._made, who, account, writing, staged)
            self._services.store.write_together(Actor(who.agent), lambda tx: made(tx).change(iri, version))
        note_own(self._services, target.path, who.agent, AccessMode.WRITE)

    def delete(self, account: int, iri: str) -> None:
        """With its pictures, as far as they lie in its own folder. What else is in the document stays.

        Raises: NotFound
        """
        target = own_target(self._services, iri)
        who = acting_in(self._services, self._services.store, account, target.storage)
        self._services.store.write_together(
            Actor(who.agent), lambda tx: Change(self._services, tx, who, account).delete(iri)
        )
        note_own(self._services, target.path, who.agent, AccessMode.WRITE)

    def _made(
        self, who: Credentials, account: int, writing: Writing, staged: tuple[Content, ...], tx: Writer
    ) -> Change:
        return Change(self._services, tx, who, account, writing, staged)

    @contextmanager
    def _staged(self, writing: Writing) -> Iterator[tuple[Content, ...]]:
        """Pictures on their way: durable before the transaction begins, gone if it fails."""
        with ExitStack() as stack:
            made = []
            for each in writing.pictures:
                size = len(each.content)
                content = self._services.store.stage(io.BytesIO(each.content), each.media_type, bytes_max=size)
                stack.enter_context(discarded_on_failure(self._services, content))
                made.append(content)
            yield tuple(made)
