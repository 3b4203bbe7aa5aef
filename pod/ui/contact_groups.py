"""Groups on the pages of contacts: made, filled, renamed and deleted. What is shared with one, its members have.

They are those that things are shared with; `pod/sharing/groups.py` writes them.

Spec: WAC #acl-agentgroup
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, request

from pod.errors import Busy, Conflict, NotFound, TooManyRequests, UnprocessableContent
from pod.index.records import GroupRow
from pod.sharing.audiences import is_web_iri
from pod.sharing.people import NobodyThere, People, Somebody
from pod.ui.contact_desk import CONTACTS, ContactDesk, Place
from pod.ui.door import see_other
from pod.ui.finding import find_people
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.own_pod import groups_page
from pod.ui.refusals import refusal
from pod.ui.render import render

OLD_GROUPS = "/.account/groups"
"""Where groups were once; people and documents still name it."""
MEMBERS = 50


def add_contact_groups(pages: Blueprint, desk: ContactDesk, people: People) -> None:
    @pages.get(OLD_GROUPS)
    def old_groups() -> Response:
        return see_other(groups_page(desk.door.services, desk.door.session().account) or "/.account/")

    @pages.get(f"{CONTACTS}/<name>/groups")
    def contact_groups(name: str) -> Response:
        return _groups(desk, desk.place(name))

    @pages.post(f"{CONTACTS}/<name>/groups")
    def make_contact_group(name: str) -> Response:
        place, form = desk.place(name), desk.door.form()
        try:
            iri = desk.groups.make(place.account.id, place.path, form.get("name", ""))
        except (UnprocessableContent, Conflict) as error:
            return _groups(desk, place, form.get("name", ""), {"name": refusal(error.detail)}, error.status)
        return see_other(place.to("group", iri=iri))

    @pages.get(f"{CONTACTS}/<name>/group")
    def contact_group(name: str) -> Response:
        place = desk.place(name)
        return _group(desk, place, _found(desk, place))

    @pages.post(f"{CONTACTS}/<name>/group")
    def change_contact_group(name: str) -> Response:
        place = desk.place(name)
        return _changed(desk, people, place, _found(desk, place))

    @pages.post(f"{CONTACTS}/<name>/group/delete")
    def delete_contact_group(name: str) -> Response:
        place, iri = desk.place(name), desk.asked()
        desk.door.form()
        with suppress(NotFound):  # the button was pressed twice
            desk.groups.delete(place.account.id, iri)
        return see_other(place.to("groups"))


def _found(desk: ContactDesk, place: Place) -> GroupRow:
    """Raises: NotFound."""
    iri = desk.asked()
    found = next((each for each in desk.index.groups(place.id) if each.iri == iri), None)
    if found is None:
        raise NotFound(_("There is no such group."))
    return found


def _groups(
    desk: ContactDesk, place: Place, typed: str = "", errors: Errors | None = None, status: int = 200
) -> Response:
    return render(
        "people/groups.html",
        status=status,
        place=place,
        groups=desk.index.groups(place.id),
        others=desk.pods(place.account),
        counts=desk.door.services.config.access_control != "acp",
        typed=typed,
        errors=errors or {},
    )


def _group(
    desk: ContactDesk, place: Place, group: GroupRow, errors: Errors | None = None, status: int = 200, **typed: Any
) -> Response:
    """`typed` is what stands in the fields: `who`, `called`."""
    found = desk.index.group_members(place.id, group.iri, request.args.get("after"), MEMBERS + 1)
    faces = desk.seen(each.web_id for each in found if each.web_id)
    sought = request.args.get("q", "")
    return render(
        "people/group.html",
        status=status,
        pictures=True,
        place=place,
        group=group,
        members=[(each, faces.get(each.web_id or "")) for each in found[:MEMBERS]],
        more=place.to("group", iri=group.iri, after=found[MEMBERS - 1].mark) if len(found) > MEMBERS else None,
        sought=sought,
        finding=find_people(desk.door.services, desk.index, place.id, sought),
        counts=desk.door.services.config.access_control != "acp",
        errors=errors or {},
        typed=typed,
    )


def _changed(desk: ContactDesk, people: People, place: Place, group: GroupRow) -> Response:
    """What the one button did that was pressed."""
    form, account = desk.door.form(), place.account.id
    try:
        if "called" in form:
            desk.groups.rename(account, group.iri, form["called"])
        elif "member" in form:
            if is_web_iri(form["member"]):
                desk.groups.remove(account, group.iri, form["member"])
        elif _is_name(desk, place, form.get("who", "")):
            return see_other(place.to("group", iri=group.iri, q=form["who"].strip()) + "#found")
        else:
            _add(desk, people, place, group, form.get("who", ""), sure="sure" in form)
    except (UnprocessableContent, Conflict, Busy, TooManyRequests) as error:
        field = "called" if "called" in form else "who"
        return _group(desk, place, group, {field: refusal(error.detail)}, error.status, **dict(form))
    return see_other(place.to("group", iri=group.iri))


def _is_name(desk: ContactDesk, place: Place, typed: str) -> bool:
    """Whether contacts have in their names what was typed: then it is to be chosen whom of them it means."""
    return "://" not in typed and find_people(desk.door.services, desk.index, place.id, typed).is_of_contacts


def _add(desk: ContactDesk, people: People, place: Place, group: GroupRow, typed: str, *, sure: bool) -> None:
    """A contact by its IRI, else whoever a name or an address here or elsewhere leads to.

    Raises: UnprocessableContent, TooManyRequests, Busy, NotFound
    """
    typed, account = typed.strip(), place.account.id
    if desk.index.contact(place.id, typed) is not None:
        contact = desk.book.contact(account, typed)
        for member in [each for each in contact.card.web_ids if is_web_iri(each)] or [contact.iri]:
            desk.groups.add(account, group.iri, member, contact.card.name, contact.iri)
        return
    try:
        found = people.find(typed, {}, account)
    except NobodyThere:
        if not (sure and is_web_iri(typed)):
            raise
        found = Somebody(typed)
    desk.groups.add(account, group.iri, found.web_id, found.name)
