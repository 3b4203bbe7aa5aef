"""What is taken along says what was kept, and nothing in it is more than text, whoever chose it."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from pod.audit.export import as_csv, as_turtle
from pod.config import Config
from pod.protocol.placement import Placement
from pod.rdf import formats
from pod.rdf.formats import Limits
from pod.rdf.graph import IRI, Literal
from pod.rdf.vocab import ACL, FH, XSD
from pod.store.access_records import Record

HERE = Placement("https://pods.example/", "path", "me")
BOB = "https://bob.example/#me"
VOCABULARY = Path(__file__).parents[3] / "vocab" / "freehold.ttl"
HOSTILE = (
    '=HYPERLINK("https://evil.example")',
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u3000\uff1d1",
    '"> .\n<a> <b> <c',
    "a>b",
    "\\",
)


def record(**changes) -> Record:
    usual = {"hour": 1, "agent": BOB, "client": "app", "path": "/alice/a%20b", "act": "read", "verdict": "allowed"}
    return Record(**{**usual, "times": 3, "last_ms": 3_661_000, **changes})


def rows(*records: Record) -> list[list[str]]:
    text = b"".join(as_csv(HERE, records)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def graph(*records: Record):
    content = b"".join(as_turtle(HERE, records))
    return formats.parse(content, "text/turtle", base="https://x.example/", limits=Limits.from_config(Config())).default


def test_a_table_has_a_line_for_each():
    assert rows(record()) == [
        ["since", "last", "person", "signed in by", "app", "app as claimed", "resource", "did", "outcome", "times"],
        [
            "1970-01-01T01:00:00Z",
            "1970-01-01T01:01:01Z",
            BOB,
            "",
            "app",
            "",
            "https://pods.example/alice/a%20b",
            "read",
            "allowed",
            "3",
        ],
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_table_is_a_formula(text):
    (_, found) = rows(record(client=text, agent=text))
    assert not any(cell.lstrip()[:1] in set("=+-@\uff1d") or cell[:1] in set("\t\r\n") for cell in found)
    assert found[4].removeprefix("'") == text
    (_, found) = rows(record(client=text, agent=text, issuer=text))
    assert not any(cell.lstrip()[:1] in set("=+-@\uff1d") or cell[:1] in set("\t\r\n") for cell in found)
    assert (found[3].removeprefix("'"), found[4], found[5].removeprefix("'")) == (text, "", text)


def test_rdf_says_it_in_the_vocabulary():
    found = graph(record())
    subject = next(iter(found)).subject
    assert {(each.predicate, each.object) for each in found if each.subject == subject} == {
        (IRI("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), FH.Access),
        (FH.agent, IRI(BOB)),
        (FH.client, Literal("app")),
        (FH.resource, IRI("https://pods.example/alice/a%20b")),
        (FH.mode, ACL.Read),
        (FH.outcome, Literal("allowed")),
        (FH.times, Literal("3", datatype=XSD.integer)),
        (FH.since, Literal("1970-01-01T01:00:00Z", datatype=XSD.dateTime)),
        (FH.last, Literal("1970-01-01T01:01:01Z", datatype=XSD.dateTime)),
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_rdf_ends_what_it_stands_in(text):
    found = graph(record(client=text), record(agent=f"https://{text}"), record(agent=""))
    assert len({each.subject for each in found}) == 3
    assert Literal(text) in {each.object for each in found if each.predicate == FH.client}


def test_what_is_only_claimed_is_told_as_that():
    found = graph(record(issuer="https://idp.example/", path="/alice/?"))
    facts = {(each.predicate, each.object) for each in found}
    assert {(FH.issuer, IRI("https://idp.example/")), (FH.claimedClient, Literal("app"))} <= facts
    assert (FH.resourcesIn, IRI("https://pods.example/alice/")) in facts
    assert not {FH.client, FH.resource} & {predicate for predicate, _ in facts}


def test_every_term_is_defined():
    folded = record(issuer="https://idp.example/", path="/alice/?")
    written = b"".join(
        as_turtle(HERE, [folded, *(record(act=act) for act in ("read", "append", "write", "control", "notify"))])
    )
    used = set(re.findall(r"fh:(\w+)", written.decode()))
    assert used <= set(re.findall(r"^fh:(\w+)$", VOCABULARY.read_text(), re.MULTILINE))


def test_however_many_there_are_they_come_in_pieces():
    assert len(list(as_csv(HERE, (record(hour=hour) for hour in range(1000))))) == 6
