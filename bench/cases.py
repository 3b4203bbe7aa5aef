"""What is measured: for each case what has to exist first, and the requests one after the other.

Every request is one that a published client library sends. Knows no server but through its URLs.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bench.load import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.tokens import Session

TURTLE = {"Content-Type": "text/turtle"}
SPARQL = {"Content-Type": "application/sparql-update"}
DOCUMENTS = 100
MEMBERS = 1000
READ, CREATED, CHANGED = frozenset({200}), frozenset({201}), frozenset({200, 204, 205})
VALUE = "https://vocab.example/#value"


class Prepare(Protocol):
    def __call__(self, session: Session, token: str, home: str) -> None: ...


class Requests(Protocol):
    def __call__(self, home: str, series: str) -> Iterator[Request]: ...


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request. `home` is its container; `series` tells one run's requests from another's."""

    name: str
    title: str
    signed: bool
    statuses: frozenset[int]
    prepare: Prepare
    requests: Requests


def document(number: int) -> bytes:
    """A contact card of 20 statements, about 1 kB."""
    lines = [f'<#me> <{VALUE}> "0".', f'<#me> <http://www.w3.org/2006/vcard/ns#fn> "Person {number}".']
    lines += [f'<#me> <https://vocab.example/#field{each}> "what is said in field {each}".' for each in range(18)]
    return "\n".join(lines).encode()


def access_rules(owner: str, container: str, *, public: bool) -> bytes:
    """Full control for the owner and, if `public`, Read for everyone, on the container and its contents."""
    prefix = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
    scope = f"a acl:Authorization; acl:accessTo <{container}>; acl:default <{container}>"
    rules = f"<#owner> {scope}; acl:agent <{owner}>; acl:mode acl:Read, acl:Write, acl:Control.\n"
    everyone = f"<#public> {scope}; acl:agentClass <http://xmlns.com/foaf/0.1/Agent>; acl:mode acl:Read.\n"
    return (prefix + rules + (everyone if public else "")).encode()


def _fill(session: Session, token: str, home: str, count: int) -> None:
    for number in range(count):
        session.send(token, "PUT", f"{home}doc{number}", TURTLE, document(number))


def _rules(session: Session, token: str, home: str, *, public: bool) -> None:
    body = access_rules(session.target.web_id, home, public=public)
    session.send(token, "PUT", f"{home}.acl", TURTLE, body)


def prepare_private(session: Session, token: str, home: str) -> None:
    _fill(session, token, home, DOCUMENTS)
    _rules(session, token, home, public=False)


def prepare_public(session: Session, token: str, home: str) -> None:
    _fill(session, token, home, DOCUMENTS)
    _rules(session, token, home, public=True)


def prepare_members(session: Session, token: str, home: str) -> None:
    _fill(session, token, home, MEMBERS)
    _rules(session, token, home, public=True)


def prepare_empty(session: Session, token: str, home: str) -> None:
    _fill(session, token, home, 1)
    _rules(session, token, home, public=False)


def read_documents(home: str, series: str) -> Iterator[Request]:
    del series  # reads may repeat
    for number in itertools.cycle(range(DOCUMENTS)):
        yield Request("GET", f"{home}doc{number}", {"Accept": "text/turtle"})


def read_listing(home: str, series: str) -> Iterator[Request]:
    del series
    yield from itertools.repeat(Request("GET", home, {"Accept": "text/turtle"}))


def put_new(home: str, series: str) -> Iterator[Request]:
    headers = {**TURTLE, "If-None-Match": "*", "Link": '<http://www.w3.org/ns/ldp#Resource>; rel="type"'}
    for number in itertools.count():
        yield Request("PUT", f"{home}{series}/doc{number}", headers, document(number))


def patch_value(home: str, series: str) -> Iterator[Request]:
    """Each document's value replaced by the next: however many patches it gets, it keeps its size."""
    for number in itertools.count():
        turn, which = divmod(number, DOCUMENTS)
        old = f"DELETE DATA {{<#me> <{VALUE}> {_value(series, turn)}.}};" if turn else ""
        body = f"{old} INSERT DATA {{<#me> <{VALUE}> {_value(series, turn + 1)}.}};"
        yield Request("PATCH", f"{home}doc{which}", SPARQL, body.encode())


def _value(series: str, turn: int) -> str:
    return f'"{series}-{turn}"'


CASES = (
    Case("public-get", "GET of a public document", False, READ, prepare_public, read_documents),
    Case("signed-get", "GET with a fresh DPoP proof", True, READ, prepare_private, read_documents),
    Case("put-new", "PUT of a new document", True, CREATED, prepare_empty, put_new),
    Case("patch", "PATCH (SPARQL, one value replaced)", True, CHANGED, prepare_private, patch_value),
    Case("listing", f"GET of a container of {MEMBERS:,} members", False, READ, prepare_members, read_listing),
)
