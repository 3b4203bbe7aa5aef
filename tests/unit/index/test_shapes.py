"""What documents say that lists show: as SolidOS and other apps write it, and when it is wrong or hostile."""

from __future__ import annotations

import json

import pytest

from pod.index.shapes import NAME_CHARACTERS_MAX, THINGS_MAX, plain, things_of
from pod.rdf import formats
from pod.rdf.limits import Limits
from pod.store.things import Thing, ThingKind
from tests.unit.index.documents import BOB, PREFIXES, group

URL = "https://pods.example/alice/doc"


def things(turtle: str) -> list[Thing]:
    return list(things_of(formats.parse((PREFIXES + turtle).encode(), "text/turtle", base=URL, limits=Limits()), URL))


def thing(turtle: str) -> Thing:
    (found,) = things(turtle)
    return found


def said(turtle: str) -> dict:
    return json.loads(thing(turtle).data)


SOLIDOS = f"""
<#this> a vcard:Individual; vcard:fn "Bob Builder"; vcard:hasEmail <#id1>; vcard:hasTelephone <#id2>;
  vcard:url <#id3>; vcard:hasPhoto <image.png>; vcard:organization-name "Works"; vcard:role "Builder".
<#id1> a vcard:Home; vcard:value <mailto:bob%2Bhome@example.org>.
<#id2> a vcard:Cell; vcard:value <tel:+44-20-1234>.
<#id3> a vcard:WebId; vcard:value <{BOB}>.
"""


def test_a_contact_of_solidos_is_read_with_all_that_lists_show():
    found = thing(SOLIDOS)
    assert (found.kind, found.name, found.web_id, found.iri) == (ThingKind.CONTACT, "Bob Builder", BOB, f"{URL}#this")
    assert json.loads(found.data) == {
        "emails": ["bob+home@example.org"],
        "phones": ["+44-20-1234"],
        "picture": "https://pods.example/alice/image.png",
        "organization": "Works",
        "role": "Builder",
    }


@pytest.mark.parametrize(
    ("turtle", "emails"),
    [
        ("<#a> a vcard:Individual; vcard:hasEmail <mailto:a@b.org>.", ["a@b.org"]),
        ("<#a> a vcard:Individual; vcard:hasEmail 'a@b.org'.", ["a@b.org"]),
        ("<#a> a vcard:Individual; vcard:hasEmail [vcard:value 'a@b.org'].", ["a@b.org"]),
        ("<#a> a vcard:Individual; vcard:hasEmail <#b>.", None),
        ("<#a> a vcard:Individual; vcard:hasEmail <javascript:alert(1)>.", None),
    ],
)
def test_mail_addresses_are_read_however_they_are_written(turtle, emails):
    assert said(turtle).get("emails") == emails


@pytest.mark.parametrize(
    ("turtle", "name"),
    [
        ("<#a> a vcard:Individual; vcard:given-name 'Ann'; vcard:family-name 'Lee'.", "Ann Lee"),
        ("<#a> a vcard:Individual; vcard:hasName [vcard:given-name 'Ann'].", "Ann"),
        ("<#a> a vcard:Individual; vcard:hasTelephone <tel:112>.", "112"),
        ("<#a> a vcard:Individual; vcard:fn '  A\\n \\u202E B '.", "A B"),
        ("<#a> a vcard:Individual.", "doc"),
        ("<#a> a vcard:Organization; vcard:organization-name 'Works'.", "Works"),
    ],
)
def test_a_contact_has_some_name(turtle, name):
    assert thing(turtle).name == name


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("as:Note", "Note"), ("as:Article", "Article"), ("schema:BlogPosting", "BlogPosting"), ("sioc:Post", "Post")],
)
def test_posts_of_several_vocabularies_are_read(type_, kind):
    turtle = f"<> a {type_}; as:content '<p>Hi &amp; <b>bye</b></p><p>now</p>'; as:attributedTo <{BOB}>."
    assert said(turtle) == {"type": kind, "summary": "Hi & bye now"}
    assert thing(turtle).web_id == BOB


def test_a_post_tells_of_its_pictures_and_for_whom_it_is():
    found = said(
        "<> a as:Article; as:name 'T'; as:to as:Public; as:inReplyTo <https://o.example/1>; as:updated '2025-01-01';"
        "as:attachment [a as:Image; as:url <sea.jpg>], [a as:Document; as:url <x.pdf>]."
    )
    assert found == {
        "type": "Article",
        "attachments": 2,
        "picture": "https://pods.example/alice/sea.jpg",
        "audience": ["https://www.w3.org/ns/activitystreams#Public"],
        "in_reply_to": "https://o.example/1",
        "updated_ms": 1735689600000,
    }


@pytest.mark.parametrize(
    ("value", "at_ms"),
    [
        ("2025-05-01T10:00:00Z", 1746093600000),
        ("2025-05-01", 1746057600000),
        ("99999-01-01T00:00:00Z", None),
        ("soon", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_times_that_nobody_can_read_count_as_not_said(value, at_ms):
    assert thing(f"<> a as:Note; as:published '{value}'.").at_ms == at_ms


def test_a_contact_may_have_several_web_ids_and_be_known_by_its_address_book_alone():
    turtle = f"<#a> vcard:inAddressBook <b#this>; vcard:url [a vcard:WebId; vcard:value <{BOB}>, <https://b.example/>]."
    assert thing(turtle).web_id == BOB
    assert said(turtle) == {"web_ids": [BOB, "https://b.example/"]}


def test_a_group_names_its_members():
    found = thing(group("Friends", BOB) + f"<{BOB}> vcard:fn 'Bob'.")
    assert (found.kind, found.members) == (ThingKind.GROUP, ((BOB, "Bob"),))


def test_a_profile_is_whose_profile_it_is_and_no_contact():
    turtle = "<#me> a vcard:Individual, foaf:Person; foaf:name 'Alice'; solid:oidcIssuer <https://pods.example/>."
    assert thing(turtle).kind is ThingKind.PERSON


@pytest.mark.parametrize(
    "turtle",
    [
        "<other#this> a vcard:Individual; vcard:fn 'In an index of names'.",
        "<https://elsewhere.example/#x> a vcard:Individual.",
        "[] a vcard:Individual; vcard:fn 'Nameless node'.",
        "<#a> vcard:fn 'Of no kind'.",
    ],
)
def test_what_is_described_elsewhere_is_not_listed_here(turtle):
    assert things(turtle) == []


def test_a_document_gives_a_bounded_number_of_things_of_a_bounded_size():
    many = "".join(f"<#{n}> a vcard:Individual; vcard:fn '{'x' * 5000}'.\n" for n in range(THINGS_MAX + 5))
    found = things(many)
    assert len(found) == THINGS_MAX
    assert {len(each.name) for each in found} == {NAME_CHARACTERS_MAX}


def test_everything_that_is_kept_of_a_thing_is_bounded():
    values = "".join(f"; vcard:hasEmail 'a{n}{'b' * 3000}'; vcard:fn '{n}{'n' * 4000}'" for n in range(300))
    found = thing(f"<#a> a vcard:Individual{values}; vcard:hasPhoto <https://p.example/{'p' * 5000}>.")
    assert len(found.data) + len(found.name) + len(found.words) + len(found.sort) < 4096
    assert "picture" not in json.loads(found.data)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a b"),
        ("a<br>b", "a b"),
        ("<" * 50, "<" * 50),
        ("&lt;i&gt;", "<i>"),
        ("x" * 99, "x" * 9 + "…"),
    ],
)
def test_the_beginning_of_a_text_is_plain(html, text):
    assert plain(html, 10 if len(html) > 60 else 100) == text
