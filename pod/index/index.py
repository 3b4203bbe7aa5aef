"""The index of a pod: what its documents say, for lists, counts and links, without reading them again.

It follows the journal of each storage from where its rows stand, or reads a storage as a whole where it has never been
or the journal no longer tells. Storages come in when a page asks about them for the first time: pods of which nobody
looks at pages cost nothing. docs/decisions/0025-index.md says more.

Whoever asks sees to it that they may: nothing here is for anybody but a storage's owner.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pod.authorization.memory import Memory
from pod.errors import PodError
from pod.index.mentions import mentions
from pod.index.records import (
    ContactRow,
    Counts,
    FileRow,
    GroupRow,
    MemberRow,
    Mention,
    PersonSeen,
    PostRow,
    ThingRow,
    after_mark,
    before_mark,
)
from pod.index.shapes import things_of
from pod.protocol.resource import INBOX, Target, storage_of
from pod.rdf.graph import Dataset
from pod.services import Services
from pod.store import people, things
from pod.store.records import Kind
from pod.store.things import Gone, Place, ReadableState, Reading, ThingKind

FORMAT = 1
"""Raised whenever documents are read in another way: then all are read anew."""
DOCUMENT_BYTES_MAX = 1024 * 1024
DOCUMENT_TRIPLES_MAX = 25_000
CHANGES_AT_ONCE = 200
STORAGES_KNOWN_MAX = 10_000
SEARCH_CHARACTERS_MAX = 100
GROUPS_MAX = 500
PEOPLE_AT_ONCE_MAX = 500
CONTACTS_AT_ONCE_MAX = 1_000
RECENT_LOOKED_AT_MAX = 3_000
APART = ("contacts/", "posts/", "profile/", "settings/", INBOX)
"""Folders whose documents are shown elsewhere than among recent files."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long one call may take, about: a document that was begun is read to its end."""

    seconds: float


PAGE = Budget(0.3)
BACKGROUND = Budget(2.0)


class Index:
    """Shared by all threads of a process; any number of them may be at it."""

    def __init__(self, services: Services, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._store = services.store
        self._limits = replace(services.limits, bytes=DOCUMENT_BYTES_MAX, triples=DOCUMENT_TRIPLES_MAX)
        self._monotonic = monotonic
        self._known: Memory[int, int] = Memory(STORAGES_KNOWN_MAX)
        """Up to where the rows of a storage are known to be complete: they never fall back in one history."""

    # -- keeping up ----------------------------------------------------------------------------------------------------

    def catch_up(self, storage: int, budget: Budget = PAGE) -> bool:
        """Read what is new in a storage. True when its rows tell of everything; one statement when nothing is new."""
        found = things.storage_head(self._store, storage)
        if found is None:
            things.forget_storage(self._store, storage)
            return True
        root, head = found
        if self._known.get(storage) == head:
            return True
        deadline = self._monotonic() + budget.seconds
        while not (is_done := self._step(storage, root, deadline)) and self._monotonic() < deadline:
            pass
        return is_done

    def _step(self, storage: int, root: str, deadline: float) -> bool:
        """One transaction's worth of work; whether nothing is left."""
        place = things.place_of(self._store, storage)
        if place is None:
            things.begin(self._store, storage)
            return False
        if place.epoch != self._store.epoch or place.format != FORMAT:
            self._clear(place)
            return False
        if place.walked is not None:
            return self._walk(place, root, deadline)
        return self._follow(place, deadline)

    def _clear(self, place: Place) -> None:
        """Rows of another history or from another way of reading go, then all is read anew."""
        found = things.storage_head(self._store, place.storage)
        with self._store.derive() as tx:
            if things.clear_some(tx, place.storage) or found is None:
                return
            things.move(tx, place, Place(place.storage, self._store.epoch, FORMAT, found[1], ""))

    def _walk(self, place: Place, root: str, deadline: float) -> bool:
        """Read on by path. What changes behind comes later in the journal than where this began."""
        found = things.states_after(self._store, root, place.walked or "", CHANGES_AT_ONCE)
        readings: list[Reading] = []
        walked: str | None = None
        for state in found:
            readings.append(self._read(state))
            walked = state.path
            if self._monotonic() >= deadline:
                break
        self._save(place, replace(place, walked=walked), readings)
        return False

    def _follow(self, place: Place, deadline: float) -> bool:
        try:
            touched = things.touched_after(self._store, place.storage, place.sequence, CHANGES_AT_ONCE)
        except Gone:
            with self._store.derive() as tx:
                things.move(tx, place, replace(place, format=0, walked=""))
            return False
        if not touched:
            self._known.put(place.storage, place.sequence)
            return True
        states = things.states(self._store, sorted({resource for _, resource in touched}))
        readings: dict[int, Reading] = {}
        moved = place
        for sequence, resource in touched:
            moved = replace(place, sequence=sequence)
            if resource not in readings:
                state = states.get(resource)
                readings[resource] = Reading(resource) if state is None else self._read(state)
            if self._monotonic() >= deadline:
                break
        self._save(place, moved, list(readings.values()))
        return False

    def _save(self, old: Place, new: Place, readings: Sequence[Reading]) -> None:
        """Rows and place together, unless somebody else was faster: then theirs stand."""
        with self._store.derive() as tx:
            if things.move(tx, old, new):
                things.move(tx, new, things.put_readings(tx, new, readings))

    def _read(self, state: ReadableState) -> Reading:
        """What is not there any more, or not as it was, is told of later in the journal."""
        reading = Reading(state.id, state.path, state.modified_ms, is_document=state.kind is Kind.RDF)
        if not reading.is_document:
            return reading
        if state.size > DOCUMENT_BYTES_MAX:
            return replace(reading, whole=False)
        try:
            content = self._store.document(state.id, state.version)
            if content is None:
                return Reading(state.id)
            url = self._services.placement.url(state.path)
            dataset = self._services.parse(content, state.media_type, url, self._limits)
        except PodError:
            return replace(reading, whole=False)
        return self._understood(reading, dataset, url)

    def _understood(self, reading: Reading, dataset: Dataset, url: str) -> Reading:
        found, are_all = mentions(dataset, self._services.placement, reading.path)
        said = things_of(dataset, url) if _is_owners(reading.path) else ()
        return replace(reading, things=said, references=found, whole=are_all)

    # -- lists ---------------------------------------------------------------------------------------------------------

    def contacts(self, storage: int, search: str = "", after: str | None = None, limit: int = 50) -> list[ContactRow]:
        """By name. `search` finds parts of names, addresses, numbers, organizations; `after` is a row's `mark`."""
        words = " ".join(search.split()).casefold()[:SEARCH_CHARACTERS_MAX]
        rows = things.sorted_things(
            self._store, storage, ThingKind.CONTACT, words=words, after=after_mark(after), limit=limit
        )
        return [ContactRow.of(row) for row in rows]

    def books(self, storage: int, limit: int = 50) -> list[ThingRow]:
        """Address books by name."""
        rows = things.sorted_things(self._store, storage, ThingKind.BOOK, limit=limit)
        return [ThingRow.of(row) for row in rows]

    def groups(self, storage: int) -> list[GroupRow]:
        return [GroupRow.of(row) for row in things.groups_of(self._store, storage, GROUPS_MAX)]

    def group_members(self, storage: int, group: str, after: str | None = None, limit: int = 50) -> list[MemberRow]:
        """By IRI. Each with the name of the contact that it is, else the one that the group's document gives it."""
        rows = things.members_of(self._store, storage, group, after or "", limit)
        return [MemberRow(iri, named or name, contact, web_id) for iri, name, contact, named, web_id in rows]

    def groups_with(self, storage: int, members: Sequence[str]) -> list[str]:
        """IRIs of the groups that have any of these (a contact's IRI and WebID) as a member."""
        return things.groups_with(self._store, storage, members)

    def posts(self, storage: int, before: str | None = None, limit: int = 20) -> list[PostRow]:
        """The newest first. `before` is a row's `mark`."""
        rows = things.dated_things(self._store, storage, ThingKind.POST, before_mark(before), limit)
        return [PostRow.of(row) for row in rows]

    def counts(self, storage: int) -> Counts:
        place = things.place_of(self._store, storage)
        if place is None:
            return Counts()
        is_complete = place.epoch == self._store.epoch and place.format == FORMAT and place.walked is None
        return Counts(place.contacts, place.groups, place.posts, place.unread, is_complete)

    def thing(self, storage: int, iri: str) -> ThingRow | None:
        row = things.thing_at(self._store, storage, iri)
        return None if row is None else ThingRow.of(row)

    def contact(self, storage: int, iri: str) -> ContactRow | None:
        row = things.thing_at(self._store, storage, iri)
        return ContactRow.of(row) if row and row[2] == ThingKind.CONTACT else None

    def contacts_at(self, storage: int, iris: Sequence[str]) -> dict[str, ContactRow]:
        """Those that are contacts among some IRIs."""
        found = things.things_at(self._store, storage, ThingKind.CONTACT, iris[:CONTACTS_AT_ONCE_MAX])
        return {row[0]: ContactRow.of(row) for row in found}

    def post(self, storage: int, iri: str) -> PostRow | None:
        row = things.thing_at(self._store, storage, iri)
        return PostRow.of(row) if row and row[2] == ThingKind.POST else None

    def documents_mentioning(self, storage: int, path: str, *, beneath: bool = False) -> list[Mention]:
        """Documents of a storage that name a path of it, or also what lies beneath it. What a document says of itself
        does not count. Rules and descriptions are documents too.
        """
        found = things.documents_mentioning(self._store, storage, path, beneath=beneath)
        return [Mention(document, is_sure) for document, is_sure in found]

    def recent_files(self, storage: int, root: str, limit: int = 10) -> list[FileRow]:
        """What was written last, as far as the end of the journal tells. `root` is the storage's path."""
        rows = things.recent(self._store, storage, root, APART, looked_at=RECENT_LOOKED_AT_MAX, limit=limit)
        return [FileRow(*row) for row in rows]

    # -- people --------------------------------------------------------------------------------------------------------

    def people(self, web_ids: Sequence[str]) -> dict[str, PersonSeen]:
        """Names and pictures, as far as their profiles have been read. Nothing is fetched."""
        found = people.seen(self._store, list(dict.fromkeys(web_ids))[:PEOPLE_AT_ONCE_MAX])
        return {web_id: PersonSeen(name, key) for web_id, name, key in found}


def _is_owners(path: str) -> bool:
    """What strangers leave in the inbox is nobody's contact, and no post. Nor is what rules and descriptions say."""
    target = Target.parse(path)
    return target.auxiliary is None and not path.startswith(storage_of(path) + INBOX)
