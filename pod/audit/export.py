"""The access log of a pod to take along: as a table for spreadsheets, and as RDF. Piece by piece, whatever its length.

Names that others chose stand in it. In a table none of them is a formula; in RDF none of them ends what it stands in.

Spec: RFC 4180; RDF 1.1 Turtle; vocab/freehold.ttl (fh:Access)
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice

from pod.audit.search import find_all
from pod.errors import PodError
from pod.operations.watched import note_own
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.rdf.graph import IRI, Literal
from pod.rdf.vocab import ACL, FH, XSD
from pod.services import Services
from pod.store.access_records import ANYTHING, APPEND, CONTROL, HOUR_SECONDS, NOBODY, NOTIFY, READ, WRITE, Record
from pod.store.accounts import Account

CSV, TURTLE = "text/csv; charset=utf-8", "text/turtle"
RECORDS_A_PIECE = 200
COLUMNS = ("since", "last", "person", "signed in by", "app", "app as claimed", "resource", "did", "outcome", "times")
SEVERAL_IN = "several in "
"""Before the URL of a storage, where its line adds up what was done with many things."""
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 -- wide ones count too
"""What makes a spreadsheet take a cell for a formula, after spaces too."""
_MODES = {READ: "acl:Read", APPEND: "acl:Append", WRITE: "acl:Write", CONTROL: "acl:Control", NOTIFY: "fh:Notification"}
_PREFIXES = (("acl", ACL), ("fh", FH))


def as_csv(placement: Placement, records: Iterable[Record]) -> Iterator[bytes]:
    yield _rows([COLUMNS])
    for some in _batched(records):
        yield _rows(_row(placement, each) for each in some)


def _rows(rows: Iterable[Iterable[str | int]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode()


def _row(placement: Placement, record: Record) -> tuple[str | int, ...]:
    texts = (
        _moment(record.hour * HOUR_SECONDS),
        _moment(record.last_ms // 1000),
        record.agent,
        record.issuer,
        *(("", record.client) if record.issuer else (record.client, "")),
        f"{SEVERAL_IN if record.is_folded else ''}{placement.url(record.place)}",
        record.act,
        record.verdict,
    )
    return (*map(_cell, texts), record.times)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) or text.lstrip().startswith(_FORMULAS) else text


def as_turtle(placement: Placement, records: Iterable[Record]) -> Iterator[bytes]:
    yield "".join(f"@prefix {name}: <{namespace}> .\n" for name, namespace in _PREFIXES).encode()
    for some in _batched(records):
        yield "".join(_described(placement, each) for each in some).encode()


def _described(placement: Placement, record: Record) -> str:
    """Who was nobody, or through nothing, is left out."""
    facts = [
        "a fh:Access",
        *([f"fh:agent {_term(record.agent)}"] if record.agent else []),
        *([f"fh:issuer {_term(record.issuer)}"] if record.issuer else []),
        *([f"fh:{'claimedClient' if record.issuer else 'client'} {_term(record.client)}"] if record.client else []),
        f"fh:{'resourcesIn' if record.is_folded else 'resource'} {IRI(placement.url(record.place))}",
        f"fh:mode {_MODES[record.act]}",
        f"fh:outcome {Literal(record.verdict)}",
        f"fh:times {record.times}",
        f"fh:since {_time(record.hour * HOUR_SECONDS)}",
        f"fh:last {_time(record.last_ms // 1000)}",
    ]
    return "\n[] " + " ;\n   ".join(facts) + " .\n"


def _term(name: str) -> str:
    """An IRI where it is one: client ids may be any text."""
    try:
        return str(IRI(name)) if ":" in name else str(Literal(name))
    except ValueError:
        return str(Literal(name))


def _time(seconds: int) -> str:
    return str(Literal(_moment(seconds), datatype=XSD.dateTime))


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _batched(records: Iterable[Record]) -> Iterator[list[Record]]:
    records = iter(records)
    while some := list(islice(records, RECORDS_A_PIECE)):
        yield some


def activity_files(services: Services, account: Account) -> Iterator[tuple[str, Iterable[bytes]]]:
    """A table for each pod of an account, to be put beside its resources. What cannot be read now is left out."""
    for pod in services.accounts.storages(account.id):
        with suppress(PodError):
            records = find_all(services.access_log.records, pod.path, ANYTHING)
            yield f"activity-{pod.path.strip('/')}.csv", as_csv(services.placement, records)


def note_taken_along(services: Services, account: Account, *, by_operator: bool = False) -> None:
    """That everything in the pods of an account is read, by whoever is signed in to it or runs the server."""
    agent = None if by_operator else next(iter(services.accounts.web_ids(account.id)), NOBODY)
    for pod in services.accounts.storages(account.id):
        note_own(services, pod.path, agent, AccessMode.READ)


FORMS: dict[str, tuple[str, Callable[[Placement, Iterable[Record]], Iterator[bytes]]]] = {
    "csv": (CSV, as_csv),
    "ttl": (TURTLE, as_turtle),
}
"""By the ending of a file's name: its media type, and what writes it."""
