"""Whom a post can be for, as its form offers them: groups, contacts if they are few or looked for, and who is chosen.

Beside each name stands what tells them apart from others of it: a name alone chooses nobody (`pod/ui/finding.py`).

Spec: WAC #acl-agentgroup
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from pod.errors import UnprocessableContent
from pod.index.index import Index
from pod.index.records import GroupRow
from pod.posts.readers import AUDIENCES_MAX, Reach, Readers
from pod.services import Services
from pod.sharing.audiences import Audience, Whom, is_web_iri, parse_audience, person
from pod.sharing.people import People, Somebody
from pod.store.records import StorageState
from pod.ui.finding import find_people, names_of, telling_apart
from pod.ui.language import gettext as _
from pod.ui.post_forms import DRAFT, FIND, SentPost
from pod.ui.post_words import Choice, called, code_of
from pod.ui.views import shown_iri

LISTED_MAX = 30
"""Contacts that are offered without being looked for; of more, none are."""


class Offered(NamedTuple):
    """`sought` is what was looked for; what else was typed is nobody's name, and stays in the field."""

    choices: list[Choice]
    sought: str
    is_more: bool
    is_nobody: bool = False
    """Has what was looked for in their name."""


class PostAudience:
    """Shared by all threads."""

    def __init__(self, services: Services, people: People, index: Index) -> None:
        self._services = services
        self._people = people
        self._index = index

    def offered(self, storage: StorageState, owner: str | None, readers: Readers, sent: SentPost | None) -> Offered:
        self._index.catch_up(storage.id)
        groups = self._groups(storage)
        chosen = _ticked(sent) if sent else [each for each in readers.audiences if each.whom is not Whom.EVERYONE]
        typed = _typed(sent) if sent else ""
        finding = find_people(self._services, self._index, storage.id, "" if "://" in typed else typed)
        found = {each.web_id: each.name for each in finding.people if each.web_id}
        listed = {web_id: name for web_id, name in {**self._few(storage), **found}.items() if web_id != owner}
        named = [each.iri for each in chosen if each.iri and each.iri not in listed]
        names = {
            **readers.names,
            **names_of(self._index, storage.id, named),
            **listed,
            **{each.iri: each.name for each in groups},
        }
        all_of_them = [Audience(Whom.GROUP, each.iri) for each in groups] + [person(each) for each in listed]
        apart = telling_apart(groups, storage.path)
        choices = [
            Choice(
                code_of(each),
                called(each, names),
                each.whom is Whom.GROUP,
                each in chosen,
                apart.get(each.iri, "") if each.whom is Whom.GROUP else shown_iri(each.iri),
            )
            for each in dict.fromkeys([*chosen, *all_of_them])
        ]
        is_nobody = sent is not None and sent.get("do") == FIND and bool(typed) and not found and "://" not in typed
        return Offered(choices, typed if found else "", finding.is_more, is_nobody)

    def named(self, storage: StorageState, account: int, sent: SentPost) -> dict[str, Somebody]:
        """Somebody who was typed. May wait for their profile.

        Raises: UnprocessableContent -- nobody, or a name that contacts have; TooManyRequests, Busy -- see `People.find`
        """
        typed = _typed(sent)
        if not typed or sent.reach != Reach.SOME or sent.get("do") == DRAFT:
            return {}
        try:
            self._check_no_contact(storage, typed)
            known = names_of(self._index, storage.id, [typed]) if "://" in typed else {}
            found = self._people.find(typed, known, account)
        except UnprocessableContent as error:
            raise UnprocessableContent(error.detail, field="somebody") from error
        return {found.web_id: found}

    def labels(self, storage: StorageState, chosen: Iterable[Audience]) -> dict[str, str]:
        """What the owner calls those who were chosen."""
        groups = {each.iri: each.name for each in self._groups(storage)}
        people = [each.iri for each in chosen if each.whom is Whom.PERSON]
        return {**groups, **names_of(self._index, storage.id, people)}

    def _check_no_contact(self, storage: StorageState, typed: str) -> None:
        """Raises: UnprocessableContent."""
        self._index.catch_up(storage.id)
        if "://" not in typed and find_people(self._services, self._index, storage.id, typed).is_of_contacts:
            raise UnprocessableContent(_("Choose below whom you mean."))

    def _few(self, storage: StorageState) -> dict[str, str]:
        """All contacts, where they are few."""
        rows = self._index.contacts(storage.id, limit=LISTED_MAX + 1)
        if len(rows) > LISTED_MAX:
            return {}
        return {each.web_id: each.name for each in rows if each.web_id and is_web_iri(each.web_id)}

    def _groups(self, storage: StorageState) -> list[GroupRow]:
        """None where access rules cannot name them."""
        return [] if self._services.config.access_control == "acp" else self._index.groups(storage.id)


def _typed(sent: SentPost) -> str:
    return sent.get("somebody").strip()


def _ticked(sent: SentPost) -> list[Audience]:
    """Those that can be: what cannot is told above the form."""
    found = []
    for each in sent.some[:AUDIENCES_MAX]:
        whom, _space, iri = each.partition(" ")
        with suppress(UnprocessableContent):
            found.append(parse_audience(whom, iri))
    return found
