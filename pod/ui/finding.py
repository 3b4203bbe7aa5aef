"""People to choose from: contacts of a pod that are called what is typed, each with the address that tells them apart.

A name is no proof of anything: whatever writes documents in a pod makes contacts of any name. So a name alone chooses
nobody; it leads to those who have it, and whoever chooses sees who they are. Nobody is fetched.

Spec: WebID Profile #webid-profile-data-model
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from pod.index.index import Index
from pod.index.records import ContactRow, GroupRow
from pod.people.books import CONTACTS
from pod.protocol.placement import is_storage_name
from pod.services import Services
from pod.sharing.audiences import is_web_iri
from pod.ui.views import shown_iri

FOUND_MAX = 20
NAMED_MAX = 20
"""People whose names are looked for among the contacts, for one page."""
NAMESAKES_MAX = 5


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who may be meant. `contact` is their IRI in the address book, if they are in it."""

    name: str
    address: str
    web_id: str | None = None
    contact: str = ""

    @classmethod
    def of(cls, row: ContactRow) -> Found:
        web_id = next((each for each in row.web_ids if is_web_iri(each)), None)
        return cls(row.name, shown_iri(web_id) if web_id else next(iter(row.emails), ""), web_id, row.iri)


@dataclass(frozen=True, slots=True)
class Finding:
    people: tuple[Found, ...] = ()
    is_more: bool = False

    @property
    def is_of_contacts(self) -> bool:
        return any(each.contact for each in self.people)


def find_people(services: Services, index: Index, storage: int, typed: str) -> Finding:
    """Whose names have in them what was typed, or their addresses; and who has an account of that name here."""
    typed = " ".join(typed.split())
    if not typed:
        return Finding()
    rows = index.contacts(storage, typed, limit=FOUND_MAX + 1)
    found = tuple(Found.of(each) for each in rows[:FOUND_MAX])
    known = {each for row in rows for each in row.web_ids}
    here = tuple(each for each in _of_account(services, typed) if each.web_id not in known)
    return Finding((*here, *found), len(rows) > FOUND_MAX)


def names_of(index: Index, storage: int, web_ids: Iterable[str]) -> dict[str, str]:
    """What the owner calls some people, as far as they are contacts; else as their own profiles do."""
    wanted = list(dict.fromkeys(web_ids))
    names = {web_id: each.name for web_id, each in index.people(wanted).items() if each.name}
    for web_id in islice(wanted, NAMED_MAX):
        rows = index.contacts(storage, web_id, limit=NAMESAKES_MAX)
        if called := next((row.name for row in rows if web_id in row.web_ids and row.name), None):
            names[web_id] = called
    return names


def telling_apart(groups: Sequence[GroupRow], storage: str) -> dict[str, str]:
    """Where groups are that could be taken for others: those of one name, and those outside the address book."""
    alike = Counter(each.name.casefold() for each in groups)
    book = storage + CONTACTS
    return {
        each.iri: shown_iri(each.iri)
        for each in groups
        if alike[each.name.casefold()] > 1 or not each.path.startswith(book)
    }


def _of_account(services: Services, typed: str) -> tuple[Found, ...]:
    """Names of accounts are nobody else's."""
    account = services.accounts.by_name(typed.lower()) if is_storage_name(typed.lower()) else None
    web_ids = services.accounts.web_ids(account.id) if account is not None and account.stands else ()
    return tuple(Found(typed.lower(), shown_iri(each), each) for each in web_ids[:1])
