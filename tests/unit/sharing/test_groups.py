"""Groups that owners keep, and whom an owner knows: found where apps look, and read from the owner's own pod alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.identity.accounts import create_account
from pod.protocol.modes import AccessMode
from pod.sharing import contacts, groups
from pod.sharing.audiences import Level, group
from pod.sharing.contacts import Contacts, contacts_of
from pod.sharing.groups import Groups
from pod.store.access_records import Wanted
from tests.support.people import PUBLIC as BASE
from tests.unit.sharing.pod import ALICE, BOB, CAROL, FILE, FOLDER, Pod, pod_of

READ, NONE = AccessMode.READ, AccessMode.NONE


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, "wac") as made:
        yield made


@pytest.fixture
def keeper(pod: Pod) -> Groups:
    return Groups(pod.services)


def known(pod: Pod) -> Contacts:
    return contacts_of(pod.services, pod.services.store, "/alice/", ALICE)


def test_a_new_group_is_found_by_the_type_index(pod: Pod, keeper: Groups):
    first = keeper.make(pod.account, "/alice/", " Die Müllers ")
    second = keeper.make(pod.account, "/alice/", "die muellers")
    third = keeper.make(pod.account, "/alice/", "Die Müllers")
    assert [first, third] == [f"{BASE}alice/contacts/groups/die-mullers{each}.ttl#it" for each in ("", "-2")]
    assert {iri: each.name for iri, each in known(pod).groups.items()} == {
        first: "Die Müllers",
        second: "die muellers",
        third: "Die Müllers",
    }


def test_who_leaves_a_group_loses_at_once_what_it_has(pod: Pod, keeper: Groups):
    family = keeper.make(pod.account, "/alice/", "Family")
    pod.share(FOLDER, group(family), Level.READ)
    for who, name in ((BOB, "Bob"), (CAROL, "Carol")):
        keeper.add(pod.account, family, who, name)
    assert known(pod).names == {BOB: "Bob", CAROL: "Carol", family: "Family"}
    assert pod.modes(FILE, BOB) == pod.modes(FILE, CAROL) == READ
    keeper.remove(pod.account, family, BOB)
    assert (pod.modes(FILE, BOB), pod.modes(FILE, CAROL)) == (NONE, READ)
    assert known(pod).groups[family].members == (CAROL,)
    keeper.delete(pod.account, family)
    assert pod.modes(FILE, CAROL) == NONE
    assert known(pod).groups == {}


def test_what_apps_keep_beside_a_group_stays(pod: Pod, keeper: Groups):
    pod.write(
        "/alice/book", f"<#it> a vcard:Group; vcard:hasMember <{BOB}>; rdfs:comment 'kept'. <{BOB}> vcard:note 'kept'."
    )
    keeper.add(pod.account, f"{BASE}alice/book#it", CAROL, "Carol")
    keeper.remove(pod.account, f"{BASE}alice/book#it", BOB)
    keeper.remove(pod.account, f"{BASE}alice/book#it", CAROL)
    with pytest.raises(NotFound):
        keeper.delete(pod.account, f"{BASE}alice/book#it")
    state = pod.services.store.describe(contacts.Target.parse("/alice/book")).state
    assert state is not None
    assert (state.inline or b"").count(b"kept") == 2
    assert b"hasMember" not in (state.inline or b"")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_group_needs_a_name(pod: Pod, keeper: Groups, name: str):
    with pytest.raises(UnprocessableContent):
        keeper.make(pod.account, "/alice/", name)


def test_groups_are_bounded(pod: Pod, keeper: Groups, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(groups, "MEMBERS_MAX", 1)
    monkeypatch.setattr(groups, "SAME_NAME_MAX", 1)
    family = keeper.make(pod.account, "/alice/", "Family")
    keeper.add(pod.account, family, BOB)
    with pytest.raises(Conflict):
        keeper.add(pod.account, family, CAROL)
    with pytest.raises(Conflict):
        keeper.make(pod.account, "/alice/", "Family")


@pytest.mark.parametrize(
    "iri", ["https://elsewhere.example/g#it", f"{BASE}alice/photos/sea#it", f"{BASE}alice/none#it"]
)
def test_only_groups_of_ones_own_are_changed(pod: Pod, keeper: Groups, iri: str):
    for act in (keeper.add, keeper.remove):
        with pytest.raises(NotFound):
            act(pod.account, iri, BOB)
    bob = create_account(pod.services, "bob", password=None).id
    family = keeper.make(pod.account, "/alice/", "Family")
    for change in (lambda: keeper.add(bob, family, BOB), lambda: keeper.delete(bob, family)):
        with pytest.raises(NotFound):
            change()
    assert known(pod).groups[family].members == ()


# -- whom an owner knows -----------------------------------------------------------------------------------------------


def test_who_has_no_name_in_a_group_is_called_by_their_pod_or_their_address(pod: Pod, keeper: Groups):
    family = keeper.make(pod.account, "/alice/", "Family")
    for who in (f"{BASE}bob/profile/card#me", CAROL):
        keeper.add(pod.account, family, who)
    assert known(pod).people == {f"{BASE}bob/profile/card#me": "bob", CAROL: CAROL}


def test_address_books_are_read_as_solidos_writes_them(pod: Pod):
    pod.write(
        "/alice/settings/privateTypeIndex.ttl",
        "<> a solid:TypeIndex. <#b> solid:forClass vcard:AddressBook; solid:instance </alice/contacts/index.ttl#this>.",
    )
    pod.write(
        "/alice/contacts/index.ttl",
        "<#this> a vcard:AddressBook; vcard:nameEmailIndex <people.ttl>; vcard:groupIndex <groups.ttl>.",
    )
    pod.write(
        "/alice/contacts/people.ttl", "<Person/1/index.ttl#this> vcard:inAddressBook <index.ttl#this>; vcard:fn 'Bob'."
    )
    pod.write("/alice/contacts/groups.ttl", "<index.ttl#this> vcard:includesGroup <Group/friends.ttl#this>.")
    pod.write(
        "/alice/contacts/Group/friends.ttl", f"<#this> a vcard:Group; vcard:fn 'Friends'; vcard:hasMember <{CAROL}>."
    )
    pod.write("/alice/contacts/Person/1/index.ttl", f"<#this> vcard:url [ a vcard:WebId; vcard:value <{BOB}> ].")
    assert known(pod).names == {BOB: "Bob", CAROL: CAROL, f"{BASE}alice/contacts/Group/friends.ttl#this": "Friends"}


def test_address_books_are_known_beyond_the_documents_that_are_read(pod: Pod, monkeypatch: pytest.MonkeyPatch):
    """The index knows the cards, and what was written just now as well."""
    monkeypatch.setattr(contacts, "DOCUMENTS_MAX", 6)
    registered = "solid:forClass vcard:AddressBook; solid:instance </alice/contacts/index.ttl#this>"
    pod.write("/alice/settings/privateTypeIndex.ttl", f"<> a solid:TypeIndex. <#b> {registered}.")
    pod.write("/alice/contacts/index.ttl", "<#this> a vcard:AddressBook; vcard:nameEmailIndex <people.ttl>.")
    cards = "".join(f"<c{n}#it> vcard:inAddressBook <index.ttl#this>; vcard:fn 'Name{n}'. " for n in range(20))
    pod.write("/alice/contacts/people.ttl", cards)
    for n in range(20):
        url = f"vcard:url [ a vcard:WebId; vcard:value <https://p{n}.example/#me> ]"
        pod.write(f"/alice/contacts/c{n}", f"<#it> a vcard:Individual; {url}.")
    assert known(pod).people == {f"https://p{n}.example/#me": f"Name{n}" for n in range(20)}
    pod.write("/alice/contacts/c0", "<#it> a vcard:Individual; vcard:fn 'Somebody without a WebID'.")
    assert len(known(pod).people) == 19


def test_those_whom_the_profile_knows_are_known(pod: Pod):
    pod.services.store.describe(contacts.Target.parse("/alice/profile/card"))
    before = pod.services.store.describe(contacts.Target.parse("/alice/profile/card")).state
    assert before is not None
    more = f"<{ALICE}> foaf:knows <{BOB}>, <{ALICE}>, <mailto:x@example.org>. <{BOB}> foaf:name 'Bob'."
    pod.write("/alice/profile/card", f"{(before.inline or b'').decode()}\n{more}")
    assert known(pod).people == {BOB: "Bob"}


def test_nothing_of_others_is_read_and_not_more_than_so_much(pod: Pod, monkeypatch: pytest.MonkeyPatch):
    create_account(pod.services, "bob", password=None)
    pod.write("/bob/g", f"<#it> a vcard:Group; vcard:fn 'Bobs'; vcard:hasMember <{BOB}>.", f"{BASE}bob/profile/card#me")
    index = "<#g> solid:forClass vcard:Group; solid:instance <https://x.example/g#it>, </bob/g#it>, </alice/g#it>."
    pod.write("/alice/settings/privateTypeIndex.ttl", f"<> a solid:TypeIndex. {index}")
    pod.write("/alice/g", f"<#it> a vcard:Group; vcard:fn 'Mine'; vcard:hasMember <{BOB}>.")
    found = known(pod).groups
    assert {iri: (each.name, each.members) for iri, each in found.items()} == {
        "https://x.example/g#it": ("it", ()),
        f"{BASE}bob/g#it": ("it", ()),
        f"{BASE}alice/g#it": ("Mine", (BOB,)),
    }
    monkeypatch.setattr(contacts, "DOCUMENTS_MAX", 2)
    assert known(pod).groups == {}


def test_owners_see_what_they_changed_on_the_page(pod: Pod, keeper: Groups):
    family = keeper.make(pod.account, "/alice/", "Family")
    for _ in range(2):
        keeper.add(pod.account, family, BOB, "Bob")
    keeper.delete(pod.account, family)
    log = pod.services.access_log
    assert log.write_down()
    found = log.records.page("/alice/", Wanted(within=f"/alice/{groups.GROUPS}"), 10)
    assert sorted((each.agent, each.client, each.act, each.times) for each in found) == [
        (ALICE, BASE, "append", 1),
        (ALICE, BASE, "write", 2),
    ]
