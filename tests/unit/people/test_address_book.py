"""Contacts as apps keep them: what is written has the published shapes, what others keep beside it stays, and nothing
that others write breaks the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pod.errors import NotFound
from pod.identity.accounts import create_account
from pod.people.address_book import AddressBook, New
from pod.people.card import Address, Card, Point
from pod.protocol.resource import Target
from pod.sharing.contacts import contacts_of
from pod.sharing.groups import Groups
from tests.support.people import PUBLIC as BASE
from tests.support.shapes import SHAPES, faults
from tests.unit.sharing.pod import ALICE, BOB, CAROL, Pod, pod_of

ADA = Card(
    name="Ada Lovelace",
    nickname="Countess",
    organisation="Engines",
    role="Programmer",
    pronouns="she/her/hers",
    birthday="1815-12-10",
    note="Two\nlines",
    uid="urn:uuid:0d6f5c9e-5b0a-4b59-8ab2-4f8b9a2f0001",
    emails=(Point("ada+x@example.org", "home"), Point("a%l@work.example", "work")),
    phones=(Point("+44-20", "mobile"),),
    addresses=(Address("12 Square", "London", "", "SW1Y", "England", "home"),),
    pages=("https://ada.example/",),
    web_ids=(BOB,),
)
PICTURE = b"\x89PNG made here"


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, "wac") as made:
        yield made


@pytest.fixture
def book(pod: Pod) -> AddressBook:
    return AddressBook(pod.services)


def content(pod: Pod, path: str) -> bytes:
    state = pod.services.store.describe(Target.parse(path)).state
    assert state is not None, path
    return pod.services.store.document(state.id, state.version) or b""


def exists(pod: Pod, path: str) -> bool:
    return pod.services.store.describe(Target.parse(path), with_body=False).state is not None


def path_of(iri: str) -> str:
    return iri.removeprefix(BASE[:-1]).partition("#")[0]


def test_a_contact_is_read_as_it_was_written(pod: Pod, book: AddressBook):
    iri = book.add(pod.account, "/alice/", New(ADA, PICTURE))
    found = book.contact(pod.account, iri)
    assert replace(found.card, photo="") == ADA
    assert content(pod, path_of(found.card.photo)) == PICTURE
    assert found.odd == ()


def test_what_is_written_has_the_published_shapes(pod: Pod, book: AddressBook):
    family = Groups(pod.services).make(pod.account, "/alice/", "Family")
    iri = book.add(pod.account, "/alice/", New(ADA, PICTURE))
    Groups(pod.services).add(pod.account, family, BOB, "Ada", contact=iri)
    assert faults("contact", content(pod, path_of(iri)), iri) == ""
    for name in ("contacts/index.ttl", "contacts/people.ttl", "contacts/groups.ttl", "contacts/groups/family.ttl"):
        assert faults("address-book", content(pod, f"/alice/{name}"), f"{BASE}alice/{name}") == "", name


def test_the_shapes_say_what_is_wrong():
    wrong = b"<#this> a <http://www.w3.org/2006/vcard/ns#Individual>."
    assert "fn" in faults("contact", wrong, f"{BASE}x")


def test_the_examples_of_the_guide_have_the_published_shapes():
    guide = (SHAPES.parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
    examples = [each.partition("```")[0].encode() for each in guide.split("```turtle\n")[1:]]
    for name, example in zip(("profile", "contact", "address-book"), examples, strict=False):
        assert faults(name, example, f"{BASE}alice/x") == "", name


def test_apps_find_the_book_its_people_and_its_groups(pod: Pod, book: AddressBook):
    keeper = Groups(pod.services)
    before = keeper.make(pod.account, "/alice/", "Before")
    iri = book.add(pod.account, "/alice/", New(ADA))
    after = keeper.make(pod.account, "/alice/", "After")
    found = contacts_of(pod.services, pod.services.store, "/alice/", ALICE)
    assert found.people == {BOB: "Ada Lovelace"}
    assert set(found.groups) == {before, after}
    listed = content(pod, "/alice/contacts/groups.ttl")
    assert b"Before" in listed
    assert b"After" in listed
    assert iri.encode() in content(pod, "/alice/contacts/people.ttl") or b"Person/" in content(
        pod, "/alice/contacts/people.ttl"
    )


def test_a_group_that_is_renamed_or_deleted_is_so_in_the_index(pod: Pod, book: AddressBook):
    book.add(pod.account, "/alice/", New(ADA))
    keeper = Groups(pod.services)
    group = keeper.make(pod.account, "/alice/", "Old")
    keeper.rename(pod.account, group, "New")
    assert b'"New"' in content(pod, "/alice/contacts/groups.ttl")
    assert b'"Old"' not in content(pod, "/alice/contacts/groups.ttl") + content(pod, "/alice/contacts/groups/old.ttl")
    keeper.delete(pod.account, group)
    assert b"Group" not in content(pod, "/alice/contacts/groups.ttl")


@pytest.mark.parametrize(
    "after",
    [
        replace(ADA, name="Augusta Ada King"),
        replace(ADA, emails=(Point("new@example.org", "work"), ADA.emails[1])),
        replace(ADA, emails=(), phones=(), addresses=(), pages=(), web_ids=()),
        replace(ADA, nickname="", organisation="", role="", pronouns="", birthday="", note="", uid=""),
        replace(ADA, addresses=(Address(country="France"),), web_ids=(CAROL, BOB), birthday="--02-29"),
        replace(ADA, pronouns="they/them", pages=("https://a.example/", "https://b.example/")),
    ],
)
def test_a_contact_becomes_what_somebody_made_of_it(pod: Pod, book: AddressBook, after: Card):
    iri = book.add(pod.account, "/alice/", New(ADA))
    book.change(pod.account, iri, ADA, after)
    found = book.contact(pod.account, iri).card
    assert {name: sorted(getattr(found, name), key=repr) for name in found.__slots__} == {
        name: sorted(getattr(after, name), key=repr) for name in after.__slots__
    }
    assert after.name.encode() in content(pod, "/alice/contacts/people.ttl")
    assert faults("contact", content(pod, path_of(iri)), iri) == ""


OTHERS = """
<#this> a vcard:Individual; vcard:fn "Grace Hopper"; vcard:hasEmail <#m>, <mailto:g@navy.example>, [ vcard:note "odd" ];
    vcard:hasTelephone "555"; vcard:url [ a vcard:WebId; vcard:value <https://grace.example/#me> ],
    [ a vcard:PublicId; vcard:value <http://www.wikidata.org/wiki/Q11641> ]; rdfs:comment "kept".
<#m> a vcard:Work; vcard:value <mailto:grace@example.org>; rdfs:comment "kept too".
<#other> a vcard:Individual; vcard:fn "Somebody else".
"""


def test_what_other_apps_wrote_is_read_and_kept(pod: Pod, book: AddressBook):
    pod.write("/alice/people/grace", OTHERS)
    iri = f"{BASE}alice/people/grace#this"
    found = book.contact(pod.account, iri)
    assert {each.value for each in found.card.emails} == {"grace@example.org", "g@navy.example"}
    assert (found.card.web_ids, found.odd) == (("https://grace.example/#me",), ("emails",))
    kept = replace(found.card, emails=(Point("new@example.org", "work"),), name="Grace B. Hopper", web_ids=())
    book.change(pod.account, iri, found.card, kept)
    text = content(pod, "/alice/people/grace").decode()
    for each in ('"kept"', '"kept too"', '"odd"', "Q11641", '"555"', '"Somebody else"', "new@example.org"):
        assert each in text, each
    assert "g@navy.example" not in text
    assert "grace.example" not in text


def test_an_address_that_goes_leaves_what_apps_say_beside_it(pod: Pod, book: AddressBook):
    pod.write("/alice/people/grace", OTHERS)
    iri = f"{BASE}alice/people/grace#this"
    seen = book.contact(pod.account, iri).card
    book.change(pod.account, iri, seen, replace(seen, emails=()))
    text = content(pod, "/alice/people/grace").decode()
    assert "grace@example.org" not in text
    assert '"kept too"' in text


def test_taking_out_a_contact_leaves_what_is_not_about_them(pod: Pod, book: AddressBook):
    pod.write("/alice/people/grace", OTHERS)
    book.remove(pod.account, f"{BASE}alice/people/grace#this")
    text = content(pod, "/alice/people/grace").decode()
    assert "Somebody else" in text
    assert "Grace" not in text
    assert "kept" not in text
    assert "Q11641" not in text


def test_taking_out_a_contact_leaves_whom_they_know(pod: Pod, book: AddressBook):
    """Though nothing else leads there."""
    said = "@prefix v: <http://www.w3.org/2006/vcard/ns#>. "
    said += '<#a> a v:Individual; v:fn "Ada"; v:hasRelated <#b>, <#c>. <#b> a v:Individual; v:fn "Bob". <#c> v:fn "C".'
    pod.write("/alice/people/both", said)
    book.remove(pod.account, f"{BASE}alice/people/both#a")
    assert book.contact(pod.account, f"{BASE}alice/people/both#b").card.name == "Bob"
    assert b"Ada" not in content(pod, "/alice/people/both")


def test_a_contact_goes_with_its_document_its_picture_and_its_line_in_the_index(pod: Pod, book: AddressBook):
    iri, other = book.add_all(pod.account, "/alice/", [New(ADA, PICTURE), New(Card(name="Stays"))])
    folder = path_of(iri).rpartition("/")[0] + "/"
    book.remove(pod.account, iri)
    assert not exists(pod, folder)
    assert b"Ada" not in content(pod, "/alice/contacts/people.ttl")
    assert book.contact(pod.account, other).card.name == "Stays"
    with pytest.raises(NotFound):
        book.contact(pod.account, iri)


def test_what_two_people_change_at_once_is_both_kept(pod: Pod, book: AddressBook):
    iri = book.add(pod.account, "/alice/", New(ADA))
    seen = book.contact(pod.account, iri).card
    book.change(pod.account, iri, seen, replace(seen, role="Countess"))
    book.change(pod.account, iri, seen, replace(seen, emails=(*seen.emails, Point("third@example.org"))))
    found = book.contact(pod.account, iri).card
    assert (found.role, len(found.emails)) == ("Countess", 3)


def test_a_new_picture_takes_the_place_of_the_old_one(pod: Pod, book: AddressBook):
    iri = book.add(pod.account, "/alice/", New(ADA, PICTURE))
    old = book.contact(pod.account, iri).card
    book.change(pod.account, iri, old, old, PICTURE + b"2")
    new = book.contact(pod.account, iri).card
    assert content(pod, path_of(new.photo)) == PICTURE + b"2"
    assert not exists(pod, path_of(old.photo))
    book.change(pod.account, iri, new, new, b"")
    assert book.contact(pod.account, iri).card.photo == ""
    assert not exists(pod, path_of(new.photo))


def test_a_picture_that_is_not_beside_the_contact_is_not_deleted(pod: Pod, book: AddressBook):
    pod.write("/alice/photos/face", "<> a <http://example.org/Photo>.")
    pod.write("/alice/p", f"<#it> a vcard:Individual; vcard:fn 'X'; vcard:hasPhoto <{BASE}alice/photos/face>.")
    book.remove(pod.account, f"{BASE}alice/p#it")
    assert exists(pod, "/alice/photos/face")
    assert not exists(pod, "/alice/p")


def test_a_book_that_an_app_registered_is_the_one_that_is_filled(pod: Pod, book: AddressBook):
    pod.write(
        "/alice/settings/privateTypeIndex.ttl",
        f"<> a solid:TypeIndex. <#b> a solid:TypeRegistration; solid:forClass vcard:AddressBook;"
        f" solid:instance <https://elsewhere.example/book#this>, <{BASE}alice/none#this>, <{BASE}alice/my/book#this>.",
    )
    pod.write("/alice/my/book", "<#this> a vcard:AddressBook; vcard:nameEmailIndex <names>; vcard:groupIndex <groups>.")
    iri = book.add(pod.account, "/alice/", New(ADA))
    assert iri.startswith(f"{BASE}alice/my/Person/")
    assert b"Ada" in content(pod, "/alice/my/names")
    assert not exists(pod, "/alice/contacts/")


def test_nobody_changes_the_contacts_of_others(pod: Pod, book: AddressBook):
    iri = book.add(pod.account, "/alice/", New(ADA))
    mallory = create_account(pod.services, "mallory", password=None).id
    for act in (
        lambda: book.contact(mallory, iri),
        lambda: book.change(mallory, iri, ADA, replace(ADA, name="X")),
        lambda: book.remove(mallory, iri),
        lambda: book.add(mallory, "/alice/", New(ADA)),
        lambda: book.contact(pod.account, f"{BASE}alice/profile/none#me"),
        lambda: book.contact(pod.account, "https://elsewhere.example/x#this"),
    ):
        with pytest.raises(NotFound):
            act()


def test_a_deep_document_is_taken_out_without_end(pod: Pod, book: AddressBook):
    chain = "".join(f"_:b{n} vcard:hasEmail _:b{n + 1}. " for n in range(3_000))
    pod.write("/alice/deep", f"<#it> a vcard:Individual; vcard:fn 'X'; vcard:hasEmail _:b0. {chain}")
    assert book.contact(pod.account, f"{BASE}alice/deep#it").card.emails == ()
    book.remove(pod.account, f"{BASE}alice/deep#it")
    assert not exists(pod, "/alice/deep")
