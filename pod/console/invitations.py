"""Letting many in at once: invitations for a list of addresses as people keep them, and those that are still open.

Spec: RFC 4180 (CSV)
"""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from pod.config import is_mail_address
from pod.errors import AccessDenied, NotFound, UnprocessableContent
from pod.identity.outgoing_mail import INVITATION_PATH
from pod.identity.sign_up import check_invites, invite_within
from pod.services import Services
from pod.store.accounts import Account
from pod.store.links import Link, Links, Purpose
from pod.store.operator_acts import ActKind, OperatorActs
from pod.store.records import SERVER

AT_ONCE_MAX = 500
LINE_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that was just made, for an address or for whoever has it. It is shown once: what is kept of it opens
    nothing.
    """

    email: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Invited:
    """`passed_over` are lines without an address in them, by number."""

    invitations: tuple[Invitation, ...]
    passed_over: tuple[int, ...]


def invite_all(services: Services, operator: Account, text: str) -> Invited:
    """One invitation for each address in a list: a line each, or a table of commas or semicolons with the address in
    any column; without any, one for whoever has the link. All of them or none; mailed where this server sends mail.

    Raises: Conflict -- registration is closed, or too many are open; UnprocessableContent -- no address, or too many
    """
    _check_operator(operator)
    check_invites(services)
    emails, passed_over = _read(text) if text.strip() else ((None,), ())
    invitations = tuple(_made(services, email) for email in emails)
    with services.store.write(SERVER) as tx:
        for each in invitations:
            invite_within(services, tx, each.email, each.url.rpartition("=")[2])
            OperatorActs(tx).add(tx, operator, ActKind.INVITED, None, about=each.email or "")
    return Invited(invitations, passed_over)


def open_invitations(services: Services, operator: Account) -> tuple[Link, ...]:
    """The oldest first."""
    _check_operator(operator)
    return services.links.invitations(int(services.clock.now() * 1000))


def withdraw(services: Services, operator: Account, key: str) -> None:
    """With all others to the same address. Raises: NotFound."""
    _check_operator(operator)
    with services.store.write(SERVER) as tx:
        links = Links(tx)
        found = next((each for each in links.invitations(tx.now_ms) if each.id == key), None)
        if found is None:
            raise NotFound("This invitation was used, taken back, or is too old.")
        links.remove(tx, found.id, Purpose.INVITATION)
        if found.email is not None:
            links.remove_invitations_to(tx, found.email)
        OperatorActs(tx).add(tx, operator, ActKind.WITHDRAWN, None, about=found.email or "")


def _made(services: Services, email: str | None) -> Invitation:
    return Invitation(email, f"{services.config.base_url}{INVITATION_PATH}{secrets.token_urlsafe(32)}")


def _read(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Addresses in their order, each once, whatever the case of its letters. Raises: UnprocessableContent."""
    found: dict[str, str] = {}
    passed_over: list[int] = []
    for number, cells in _rows(text):
        email = next((cell for cell in cells if is_mail_address(cell)), None)
        if email is not None:
            found.setdefault(email.lower(), email)
        elif any(cells) and number > 1:  # the first line may be the head of a table
            passed_over.append(number)
    if not found:
        raise UnprocessableContent("There is no mail address in this list.")
    if len(found) > AT_ONCE_MAX:
        raise UnprocessableContent(f"These are {len(found)} addresses; at most {AT_ONCE_MAX} are invited at once.")
    return tuple(found.values()), tuple(passed_over)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        separator = next((each for each in ";\t" if each in line), ",")
        cells = next(iter(csv.reader([line[:LINE_CHARACTERS_MAX]], delimiter=separator)), [])
        yield number, [cell.strip().removeprefix("<").removesuffix(">") for cell in cells]


def _check_operator(operator: Account) -> None:
    """Raises: AccessDenied."""
    if not operator.is_operator:
        raise AccessDenied("Only whoever runs this server invites people.")
