"""Names instead of URLs: what an owner calls the people and apps that the access log names.

Who chose a name is told by what stands beside it: only accounts of this server, and what the owner let in, have names
here; everybody else is called by their address. What the tokens of other servers call an app is nobody's name: whatever
they say, it is told as said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from pod.operations.watched import OPERATOR
from pod.services import Services
from pod.store.access_records import NOBODY, SEVERAL, Client
from pod.store.accounts import Account
from pod.store.clients import RegisteredClients

CHARACTERS_MAX = 80
QUOTATION_MARKS = frozenset('"\u201c\u201d\u201e\u201f\u2033\uff02')
LINKS = ".account/links#"
"""What the client of whoever came through a link has after the base URL: where its owner finds the link."""


class Kind(StrEnum):
    """What there is to say of somebody or something beside a name."""

    YOU = "you"
    HERE = "here"
    ELSEWHERE = "elsewhere"
    NOBODY = "nobody"
    LINK = "link"
    REGISTERED = "registered"
    """It chose the name itself."""
    CLAIMED = "claimed"
    """By whoever signed the person in elsewhere, or by the app."""
    PAGES = "pages"
    OPERATOR = "operator"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Named:
    """`name` is empty where the kind says all."""

    kind: Kind
    name: str = ""


class Names:
    """For one page: looks up each name once."""

    def __init__(self, services: Services, account: Account) -> None:
        self._services = services
        self._own = frozenset(services.accounts.web_ids(account.id))
        self._apps = {app.client: app.name for app in services.apps.of_account(account.id)}
        self._apps |= {each.id: each.label or each.id for each in services.accounts.clients(account.id)}
        self._people: dict[str, Named] = {}
        self._clients: dict[Client, Named] = {}

    def person(self, agent: str) -> Named:
        if agent not in self._people:
            self._people[agent] = self._person(agent)
        return self._people[agent]

    def app(self, client: Client) -> Named:
        if client not in self._clients:
            self._clients[client] = self._app(client.name) if client.issuer == "" else _claimed(client.name)
        return self._clients[client]

    def _person(self, agent: str) -> Named:
        if agent == SEVERAL:
            return Named(Kind.SEVERAL)
        if agent == NOBODY:
            return Named(Kind.NOBODY)
        if agent in self._own:
            return Named(Kind.YOU)
        account = self._services.accounts.web_id_account(agent) if self._services.placement.is_ours(agent) else None
        return Named(Kind.HERE, account.name) if account else Named(Kind.ELSEWHERE, short(agent))

    def _app(self, client: str) -> Named:
        if client in {NOBODY, SEVERAL}:
            return Named(Kind.SEVERAL if client else Kind.NOBODY)
        if client == self._services.placement.base_url:
            return Named(Kind.PAGES)
        if client == self._services.placement.base_url + OPERATOR:
            return Named(Kind.OPERATOR)
        if client.startswith(self._services.placement.base_url + LINKS):
            return Named(Kind.LINK)
        if client in self._apps:
            return Named(Kind.HERE, self._apps[client])
        name = self._registered(client)
        return Named(Kind.REGISTERED, _quotable(name)) if name else Named(Kind.ELSEWHERE, short(client))

    def _registered(self, client: str) -> str | None:
        """What it called itself when it registered here."""
        found = None if "/" in client else RegisteredClients(self._services.store).find(client)
        name = json.loads(found.metadata).get("client_name") if found else None
        return name[:CHARACTERS_MAX] if isinstance(name, str) and name.isprintable() else None


def _claimed(client: str) -> Named:
    return Named(Kind.CLAIMED, _quotable(short(client))) if client else Named(Kind.NOBODY)


def _quotable(said: str) -> str:
    """Nothing in it ends the quotation marks that stand around it, or turns around what follows."""
    return "".join(each if each.isprintable() and each not in QUOTATION_MARKS else "?" for each in said)


def short(iri: str) -> str:
    """Without what every address has, and not too long; the beginning stays, for it says whose it is."""
    parts = urlsplit(iri) if iri.startswith(("https://", "http://")) else None
    text = iri if parts is None else f"{parts.netloc}{parts.path}".rstrip("/")
    return text if len(text) <= CHARACTERS_MAX else f"{text[: CHARACTERS_MAX - 1]}…"
