"""The seed file: accounts and client credentials to create where they are missing. What exists is left alone.

`{"accounts": [{"name", "email", "password", "clients": [{"id", "secret", "label"}]}]}`; all of it is checked before
anything is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pod.errors import Conflict, UnprocessableContent
from pod.identity.accounts import create_account
from pod.identity.clients import add_client

if TYPE_CHECKING:
    from pod.services import Services

ACCOUNTS_MAX = 100_000
CLIENTS_MAX = 1_000
TEXT_CHARACTERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class SeedClient:
    """Client credentials with exactly this id and secret."""

    id: str
    secret: str
    label: str


@dataclass(frozen=True, slots=True)
class SeedAccount:
    """An account as the seed file describes it."""

    name: str
    email: str | None
    password: str | None
    clients: tuple[SeedClient, ...]


def apply_seed(services: Services, document: Mapping[str, Any]) -> list[str]:
    """What was made, a line each.

    Raises: UnprocessableContent -- the document is not of this form, says where. Conflict -- an id belongs to another.
    """
    made: list[str] = []
    for wanted in parse(document):
        account = services.accounts.by_name(wanted.name)
        if account is None:
            account = create_account(services, wanted.name, email=wanted.email, password=wanted.password)
            made.append(f"made account {wanted.name}")
        for client in wanted.clients:
            known = services.accounts.client(client.id)
            if known is None:
                add_client(services, wanted.name, client.id, client.secret, client.label)
                made.append(f"made client {client.id} of {wanted.name}")
            elif known.account != account.id:
                raise Conflict(
                    f"The client id {client.id}, which {wanted.name} is to have, belongs to another account."
                )
    return made


def parse(document: object) -> list[SeedAccount]:
    """Raises: UnprocessableContent"""
    top = _object(document, "the seed", {"accounts"})
    accounts = _array(top, "accounts", ACCOUNTS_MAX, "the seed")
    return [_account(each, f"accounts[{place}]") for place, each in enumerate(accounts)]


def _account(value: object, where: str) -> SeedAccount:
    members = _object(value, where, {"name", "email", "password", "clients"})
    clients = _array(members, "clients", CLIENTS_MAX, where)
    return SeedAccount(
        name=_text(members, "name", where),
        email=_text(members, "email", where) if "email" in members else None,
        password=_text(members, "password", where) if "password" in members else None,
        clients=tuple(_client(each, f"{where}.clients[{place}]") for place, each in enumerate(clients)),
    )


def _client(value: object, where: str) -> SeedClient:
    members = _object(value, where, {"id", "secret", "label"})
    label = _text(members, "label", where) if "label" in members else ""
    return SeedClient(_text(members, "id", where), _text(members, "secret", where), label)


def _object(value: object, where: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnprocessableContent(f"{where} must be an object.")
    unknown = sorted(value.keys() - known)
    if unknown:
        raise UnprocessableContent(f"{where} has unknown members: {', '.join(unknown)}.")
    return value


def _array(members: Mapping[str, Any], name: str, items_max: int, where: str) -> list[Any]:
    value = members.get(name, [])
    if not isinstance(value, list) or len(value) > items_max:
        raise UnprocessableContent(f"{name} of {where} must be an array of at most {items_max}.")
    return value


def _text(members: Mapping[str, Any], name: str, where: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value or len(value) > TEXT_CHARACTERS_MAX:
        raise UnprocessableContent(f"{name} of {where} must be a text of 1 to {TEXT_CHARACTERS_MAX} characters.")
    return value
