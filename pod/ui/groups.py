"""The groups of an owner: made, filled, emptied. What is shared with a group, its members have while they are in it.

Spec: WAC #acl-agentgroup
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from flask import Blueprint, Response

from pod.errors import Busy, Conflict, NotFound, TooManyRequests, UnprocessableContent
from pod.sharing.audiences import is_web_iri
from pod.sharing.contacts import Contacts, contacts_of
from pod.sharing.groups import Groups
from pod.sharing.people import NobodyThere, People, Somebody
from pod.store.accounts import Account, StorageUsage
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render

GROUPS = "/.account/groups"


def add_groups(pages: Blueprint, door: Door, people: People) -> None:
    services, keeper = door.services, Groups(door.services)

    def contacts(account: Account) -> dict[str, Contacts]:
        """Of each pod, by its path."""
        web_ids = services.accounts.web_ids(account.id)
        return {
            storage.path: contacts_of(services, services.store, storage.path, web_id)
            for storage in services.accounts.storages(account.id)
            for web_id in web_ids[:1]
        }

    def page(typed: Mapping[str, str] | None = None, errors: Errors | None = None, status: int = 200) -> Response:
        found = contacts(door.session().account)
        names = {iri: name for each in found.values() for iri, name in each.people.items()}
        counts = services.config.access_control != "acp"
        return render(
            "groups.html",
            status=status,
            pods=[(path, each.groups.values()) for path, each in found.items()],
            names=names,
            counts=counts,
            typed=typed or {},
            errors=errors or {},
        )

    @pages.get(GROUPS)
    def groups() -> Response:
        return page()

    @pages.post(GROUPS)
    def make_group() -> Response:
        account, form = door.session().account, door.form()
        try:
            keeper.make(account.id, _own(services.accounts.storages(account.id), form), form.get("name", ""))
        except (UnprocessableContent, Conflict) as error:
            return page(form, {"name": error.detail}, error.status)
        return see_other(GROUPS)

    @pages.post(f"{GROUPS}/add")
    def add_member() -> Response:
        account, form = door.session().account, door.form()
        group = form.get("group", "")
        try:
            found = _found(people, form, contacts(account), account)
            keeper.add(account.id, group, found.web_id, found.name)
        except (UnprocessableContent, Conflict, Busy, TooManyRequests) as error:
            return page(form, {"": error.detail}, error.status)
        return see_other(GROUPS)


def add_leaving_groups(pages: Blueprint, door: Door) -> None:
    keeper = Groups(door.services)

    @pages.post(f"{GROUPS}/remove")
    def remove_member() -> Response:
        account, form = door.session().account, door.form()
        if is_web_iri(member := form.get("member", "")):
            keeper.remove(account.id, form.get("group", ""), member)
        return see_other(GROUPS)

    @pages.post(f"{GROUPS}/delete")
    def delete_group() -> Response:
        account, form = door.session().account, door.form()
        with suppress(NotFound):  # the button was pressed twice
            keeper.delete(account.id, form.get("group", ""))
        return see_other(GROUPS)


def _own(storages: Iterable[StorageUsage], form: Mapping[str, str]) -> str:
    """The pod that a form names. Raises: NotFound -- it is none of the account's."""
    path = form.get("pod", "")
    if path not in {each.path for each in storages}:
        raise NotFound("You have no such pod.")
    return path


def _found(people: People, form: Mapping[str, str], contacts: Mapping[str, Contacts], account: Account) -> Somebody:
    """Raises: UnprocessableContent, TooManyRequests, Busy."""
    typed = form.get("who", "").strip()
    known = {iri: name for each in contacts.values() for iri, name in each.people.items()}
    try:
        return people.find(typed, known, account.id)
    except NobodyThere:
        if form.get("sure") and is_web_iri(typed):
            return Somebody(typed)
        raise
