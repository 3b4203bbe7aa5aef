"""What the pages about contacts have in common: whose pod it is, its index, its groups, and the faces of people.

No page asks another server: names and pictures of people elsewhere are those that the index keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import request

from pod.errors import NotFound, PodError
from pod.index.index import Index
from pod.index.records import GroupRow
from pod.people.address_book import AddressBook
from pod.people.card import Card
from pod.protocol.resource import Target
from pod.sharing.groups import Groups
from pod.store.accounts import Account
from pod.ui.door import Door
from pod.ui.faces import face_url, own_picture
from pod.ui.language import gettext as _
from pod.ui.own_pod import name_in_path, pod_of

CONTACTS = "/.contacts"
FACE_SIDE = 512
"""Pixels of a picture of somebody."""

Pictures = Callable[[bytes, int], bytes]
"""A picture made anew, at most so many pixels wide and high. Raises: PodError -- it is none."""


@dataclass(frozen=True, slots=True)
class Place:
    """A pod of whoever is signed in. `url` is where its contacts are."""

    account: Account
    id: int
    path: str
    name: str

    @property
    def url(self) -> str:
        return f"{CONTACTS}/{self.name}"

    def to(self, page: str = "", **query: str) -> str:
        asked = urlencode({key: value for key, value in query.items() if value})
        return f"{self.url}/{page}{'?' if asked else ''}{asked}"


@dataclass(frozen=True, slots=True)
class Face:
    """How somebody is shown in a list: a name, and a picture if there is one that we keep."""

    name: str
    picture: str | None = None


class ContactDesk:
    """Made once per process."""

    def __init__(self, door: Door, index: Index, pictures: Pictures) -> None:
        self.door = door
        self.index = index
        self.book = AddressBook(door.services)
        self.groups = Groups(door.services)
        self.pictures = pictures

    def place(self, name: str, *, fresh: bool = True) -> Place:
        """Raises: SignInFirst, NotFound -- they have no such pod. `fresh`: what was just written is in the lists."""
        account = self.door.session().account
        path = pod_of(self.door.services, account, name).path
        root = self.door.services.store.describe(Target(path, path), with_body=False).storage
        if root is None:
            raise NotFound(_("You have no pod of this name."))
        if fresh:
            self.index.catch_up(root.id)
        return Place(account, root.id, path, name)

    def pods(self, account: Account) -> list[str]:
        """The names of all pods, where there are several."""
        found = [name_in_path(each) for each in self.door.services.accounts.storages(account.id)]
        return found if len(found) > 1 else []

    def asked(self) -> str:
        """Which contact or group the address of a page is about. Raises: NotFound."""
        iri = request.args.get("iri", "")
        if not iri:
            raise NotFound(_("There is nothing at this URL."))
        return iri

    def check_here(self, place: Place, iri: str) -> None:
        """Raises: NotFound -- it is not in this pod."""
        path = self.door.services.placement.local_path(iri)
        try:
            target = Target.parse(path) if path else None
        except PodError:
            target = None
        if target is None or target.storage != place.path:
            raise NotFound(_("There is no such contact."))

    def memberships(self, place: Place, iri: str, card: Card) -> list[GroupRow]:
        """The groups that somebody is in."""
        mine = set(self.index.groups_with(place.id, [iri, *card.web_ids]))
        return [each for each in self.index.groups(place.id) if each.iri in mine]

    def own_picture(self, iri: str | None, place: Place) -> str | None:
        """Where our page may show a picture that lies in this pod; None for one that lies elsewhere."""
        target = own_picture(self.door.services, place.path, iri)
        return face_url(target.path) if target else None

    def seen(self, web_ids: Iterable[str]) -> dict[str, Face]:
        """Those whom the index knows by their profiles."""
        found = self.index.people(list(web_ids))
        return {each: Face(seen.name or "", person_picture(seen.picture_key)) for each, seen in found.items()}


def person_picture(key: str | None) -> str | None:
    return f"/.people/{key}" if key else None
