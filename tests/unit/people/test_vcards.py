"""Address books as files: what programs write is read, what is wrong with an entry is told, and nothing takes long."""

from __future__ import annotations

import base64
import time

import pytest
import vobject

from pod.people.card import Address, Card, Point
from pod.people.vcards import LINE_BYTES_MAX, Entry, Problem, read_vcards, write_vcard

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
WHOLE = Card(
    name="Ada Lovelace",
    nickname="Countess",
    organisation="Analytical Engines; Ltd.",
    role="Programmer, first",
    birthday="1815-12-10",
    note="Two\nlines, and a \\ too",
    uid="urn:uuid:0d6f5c9e-5b0a-4b59-8ab2-4f8b9a2f0001",
    emails=(Point("ada@example.org", "home"), Point("a.l@work.example", "work")),
    phones=(Point("+44 20 7946 0000", "mobile"), Point("12345")),
    addresses=(Address("12 St James's Square", "London", "", "SW1Y 4JH", "England", "home"),),
    pages=("https://ada.example/",),
    web_ids=("https://ada.example/card#me",),
)


def entry(*lines: str | bytes, version: str = "3.0") -> bytes:
    head = [b"BEGIN:VCARD", f"VERSION:{version}".encode()]
    body = [each.encode() if isinstance(each, str) else each for each in lines]
    return b"\r\n".join([*head, *body, b"END:VCARD", b""])


def only(data: bytes) -> Entry:
    [found] = read_vcards(data)
    return found


def card(*lines: str | bytes, version: str = "3.0") -> Card:
    found = only(entry(*lines, version=version)).card
    assert found is not None
    return found


def test_what_is_written_is_read_the_same():
    found = only(write_vcard(WHOLE, PICTURE).encode())
    assert (found.card, found.photo) == (WHOLE, PICTURE)


def test_other_programs_read_what_is_written():
    read = vobject.readOne(write_vcard(WHOLE, PICTURE))
    assert read.fn.value == WHOLE.name
    assert read.n.value.family == "Lovelace"
    assert [each.value for each in read.email_list] == [each.value for each in WHOLE.emails]
    assert read.photo.value == PICTURE
    assert read.note.value == WHOLE.note


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["FN:Zoë", "TEL;HOME;VOICE:1 2"], Card(name="Zoë", phones=(Point("1 2", "home"),))),
        (["N:Möller;Zoë;;Dr.;"], Card(name="Dr. Zoë Möller")),
        (
            ["FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Zo=EB M=", "=F6ller"],
            Card(name="Zoë Möller"),
        ),
        (["FN;QUOTED-PRINTABLE:a=", " b"], Card(name="a b")),
        ([b"FN:Zo\xeb"], Card(name="Zoë")),
        (["ORG:ACME;Research", "EMAIL;INTERNET:x@y.example"], Card(
            name="ACME, Research", organisation="ACME, Research", emails=(Point("x@y.example"),))),
        (["FN:A", "item1.EMAIL;type=INTERNET;type=WORK:a@b.example", "item1.X-ABLabel:Other"], Card(
            name="A", emails=(Point("a@b.example", "work"),))),
        (["FN:A\\, B\\;C\\nD"], Card(name="A, B;C D")),
        (["FN:Lo", " ng", "\tname"], Card(name="Longname")),
        (["FN:A", "BDAY:19800131"], Card(name="A", birthday="1980-01-31")),
        (["FN:A", "BDAY:1604-02-29"], Card(name="A", birthday="--02-29")),
        (["FN:A", "BDAY;VALUE=text:circa 1800"], Card(name="A")),
        (["FN:A", "TITLE:Boss", "ROLE:Lead"], Card(name="A", role="Boss, Lead")),
        (["FN:A", "URL:example.org/x"], Card(name="A", pages=("https://example.org/x",))),
        (["FN:A", "URL:javascript:alert(1)"], Card(name="A")),
        (["FN:A", "EMAIL:not one"], Card(name="A")),
        (["FN:A", "NOTE:x", "NOTE:y"], Card(name="A", note="x\n\ny")),
    ],
)  # fmt: skip
def test_the_ways_of_programs_are_understood(lines: list[str | bytes], expected: Card):
    assert card(*lines) == expected


def test_version_4_is_understood():
    found = card(
        "FN:A", 'TEL;VALUE=uri;TYPE="cell,voice":tel:+1-201-555-0123;ext=1', "EMAIL;TYPE=work:mailto:a%40b@c.example",
        'ADR;TYPE=home;LABEL="Way 1, Town":;;Way 1;Town;;123;Land', "BDAY:--0412", "UID:urn:uuid:4", version="4.0",
    )  # fmt: skip
    assert found.phones == (Point("+1-201-555-0123", "mobile"),)
    assert found.emails == (Point("a@b@c.example", "work"),)
    assert found.addresses == (Address("Way 1", "Town", "", "123", "Land", "home"),)
    assert (found.birthday, found.uid) == ("--04-12", "urn:uuid:4")


@pytest.mark.parametrize(
    "line",
    [
        b"PHOTO;ENCODING=b;TYPE=PNG:" + base64.b64encode(PICTURE),
        b"PHOTO;PNG;BASE64:\r\n " + base64.encodebytes(PICTURE).replace(b"\n", b"\r\n ").rstrip(b" "),
        b"PHOTO:data:image/png;base64," + base64.b64encode(PICTURE),
    ],
)
def test_photos_come_along_however_they_are_written(line: bytes):
    assert only(entry("FN:A", line)).photo == PICTURE


def test_what_has_no_place_is_told():
    assert only(entry("FN:A", "IMPP:xmpp:a@b", "IMPP:sip:a", "X-ABLabel:x", "CATEGORIES:x")).left_out == {
        "IMPP": 2,
        "CATEGORIES": 1,
    }


def test_a_bad_entry_is_told_by_its_line_and_the_next_is_read():
    data = entry("NOTE:nobody") + entry("FN:A") + b"BEGIN:VCARD\nFN:cut\n" + entry("FN:B") + b"BEGIN:VCARD\nFN:C"
    assert [(each.line, each.problem or (each.card and each.card.name)) for each in read_vcards(data)] == [
        (1, Problem.NO_NAME),
        (5, "A"),
        (9, Problem.NO_END),
        (11, "B"),
        (15, Problem.NO_END),
    ]


def test_groups_and_entries_inside_others_are_no_people():
    assert only(entry("FN:Family", "KIND:group", version="4.0")).problem is Problem.GROUP
    assert card("FN:Boss", "AGENT:", "BEGIN:VCARD", "FN:Agent", "END:VCARD", "NOTE:x").name == "Boss"


def test_utf_16_is_read():
    assert only(entry("FN:Zoë").decode().encode("utf-16")).card == Card(name="Zoë")


@pytest.mark.parametrize("data", [b"", b"\0" * 1000, b"\xff\xfe\xff", b"<html>", b":" * 10_000, b"END:VCARD\n" * 1000])
def test_what_is_no_such_file_has_no_entries(data: bytes):
    assert list(read_vcards(data)) == []


@pytest.mark.parametrize(
    "line",
    [
        b"TEL;TYPE=" + b"," * 1_000_000 + b'"',
        b"TEL;A=" + b'"' * 1_000_000,
        b"TEL" + b";A=," * 250_000 + b":1",
        b"ADR:" + b";" * 1_000_000,
        b"N:" + b"\\" * 1_000_000,
        b"FN;ENCODING=QUOTED-PRINTABLE:" + b"=\n" * 200_000,
        b"NOTE:" + b"\\," * 500_000,
        b"PHOTO;BASE64:" + b"\n A" * 300_000,
        b"X:" + b"y" * (LINE_BYTES_MAX + 1),
        b"BEGIN:VCARD\n" * 10_000,
        b"A:1\n" * 200_000,
        (b"NOTE:" + b"a" * 50_000 + b"\n") * 900,
        b"TEL;TYPE=" + b"," * 3_900_000 + b":1",
    ],
)
def test_nothing_takes_long(line: bytes):
    begun = time.process_time()
    for found in read_vcards(entry("FN:A", line)):
        assert found.problem or found.card
    assert time.process_time() - begun < 1.5
