"""Client credentials: an id and secret with which a program acts as one account, under a grant that can be revoked.

Spec: Solid-OIDC #client-credentials; RFC 6749 appendix A.1, A.2
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from pod.authentication.credentials import ClientSecrets
from pod.authentication.secret_files import secret as secret_file
from pod.config import Config
from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.identity.accounts import named
from pod.identity.ceilings import ALL_FOR_GOOD, EVERYTHING, Answers, Level, Offers, Terms, Until, changed_meanwhile
from pod.identity.notices import tell_owner
from pod.identity.projection import decided
from pod.protocol.notification import format_moment
from pod.services import Services
from pod.store.accounts import Accounts, ClientCredential
from pod.store.apps import DAY_MS, Apps
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER, Actor

PEPPER = "client-secrets.key"
ID_CHARACTERS_MAX = 255
SECRET_CHARACTERS_MAX = 1000
LABEL_CHARACTERS_MAX = 200
CLIENTS_OF_ACCOUNT_MAX = 100

LEVELS = (Level.SEE.value, Level.ADD.value, Level.EDIT.value)
"""What a key can be made for, as it is typed."""

_VISIBLE = re.compile(r"[\x20-\x7e]+")


def client_secrets(config: Config) -> ClientSecrets:
    """What tests client secrets; the first call on this server makes its pepper."""
    return ClientSecrets(secret_file(config.keys, PEPPER))


def add_client(
    services: Services,
    account_name: str,
    client_id: str,
    secret: str,
    label: str = "",
    *,
    web_id: str | None = None,
    terms: Terms = ALL_FOR_GOOD,
    tell: bool = False,
) -> ClientCredential:
    """Client credentials with exactly this id and secret, for a WebID of the account, by default its primary one.

    `terms` are what they are good for; `tell`: the owner, who makes it, gets mail of it and finds it in the pod.

    Raises: NotFound -- no such account, or not its WebID; Conflict -- the id is taken, or the account has enough;
        UnprocessableContent -- an id, secret or label that cannot be used.
    """
    _check(client_id, "A client id", ID_CHARACTERS_MAX)
    _check(secret, "A client secret", SECRET_CHARACTERS_MAX)
    if len(label) > LABEL_CHARACTERS_MAX or not label.isprintable():
        raise UnprocessableContent(f"A label has at most {LABEL_CHARACTERS_MAX} printable characters.")
    account = named(services, account_name)
    if account.leaving:
        raise Conflict("The account is about to be deleted.")
    web_ids = services.accounts.web_ids(account.id)
    web_id = web_id or web_ids[0]
    if web_id not in web_ids:
        raise NotFound(f"The account {account_name} has no WebID {web_id}.")
    if web_id not in services.accounts.web_ids_signing_in_here(account.id):
        raise Conflict(f"{web_id} no longer names this server as an issuer, so no program can act as it from here.")
    secret_hash = client_secrets(services.config).hash(secret)

    def make(tx: Writer) -> ClientCredential:
        if _is_enough(Accounts(tx), account.id, tx.now_ms):
            raise Conflict(f"An account has at most {CLIENTS_OF_ACCOUNT_MAX} clients. Revoke one first.")
        if tell:
            tell_owner(services, tx, account.id, MailKind.CLIENT_ADDED)
        return services.accounts.create_client(
            tx,
            client_id,
            account=account.id,
            web_id=web_id,
            label=label,
            secret_hash=secret_hash,
            ceiling=terms.limit,
            end_ms=terms.ends(tx.now_ms),
        )

    if tell:
        return decided(services, account.id, make, by=Actor(web_id), ceiling=terms.ceiling)
    with services.store.write(SERVER) as tx:
        return make(tx)


def create_client(
    services: Services, account_name: str, label: str = "", *, web_id: str | None = None, terms: Terms = ALL_FOR_GOOD
) -> tuple[ClientCredential, str]:
    """Client credentials with a new id, and their secret, which is not kept. The owner gets mail of it.

    Raises: see `add_client`.
    """
    secret, client_id = secrets.token_urlsafe(32), f"{account_name}-{secrets.token_hex(6)}"
    return add_client(services, account_name, client_id, secret, label, web_id=web_id, terms=terms, tell=True), secret


def list_clients(services: Services, account_name: str) -> tuple[ClientCredential, ...]:
    """Those of an account, revoked ones too. Raises: NotFound."""
    return services.accounts.clients(named(services, account_name).id)


def change_client(
    services: Services, account_name: str, client_id: str, terms: Terms, *, seen: ClientCredential | None = None
) -> None:
    """What its tokens are good for, with the next request. The owner gets mail of it. `seen` is how it was when that
    was chosen.

    Raises: NotFound -- the account has no such client; UnprocessableContent -- it is not as it was seen
    """
    client = named_client(services, account_name, client_id)

    def change(tx: Writer) -> None:
        now = Accounts(tx).client(client_id)
        if seen and now and (now.ceiling, now.end_ms) != (seen.ceiling, seen.end_ms):
            raise changed_meanwhile()
        tell_owner(services, tx, client.account, MailKind.CLIENT_CHANGED)
        Apps(tx).limit_grant(tx, client.grant, terms.limit, terms.ends(tx.now_ms))

    decided(services, client.account, change, ceiling=terms.ceiling)


def named_client(services: Services, account_name: str, client_id: str) -> ClientCredential:
    """Raises: NotFound."""
    for client in list_clients(services, account_name):
        if client.id == client_id:
            return client
    raise NotFound(f"The account {account_name} has no client {client_id}.")


def typed_terms(services: Services, account_name: str, places: Sequence[str], days: int | None) -> Terms:
    """Of a key that may use these places alone, each `PATH=LEVEL`, and for so many days.

    Raises: NotFound, UnprocessableContent, BadRequest
    """
    account = named(services, account_name)
    if any(each.rpartition("=")[2] not in LEVELS for each in places):
        raise UnprocessableContent(f"Say of each place what may be done there, like photos/=see: {', '.join(LEVELS)}.")
    wanted = [(path, level) for path, _, level in (each.rpartition("=") for each in places)]
    answers = Answers(services, Offers(services, account.id))
    ceiling = answers.places(wanted) if places else EVERYTHING
    if days is None:
        return Terms(ceiling)
    return Terms(ceiling, Until.KEPT, int(services.clock.now() * 1000) + days * DAY_MS)


def client_terms(client: ClientCredential, now_ms: int) -> Terms:
    """What was agreed for it. Where that is over, a short time is proposed."""
    ceiling = client.ceiling or EVERYTHING
    if client.end_ms is None:
        return Terms(ceiling)
    return Terms(ceiling, Until.KEPT, client.end_ms) if client.end_ms > now_ms else Terms(ceiling, Until.DAY)


def line(services: Services, client: ClientCredential) -> str:
    """One key in a list: its state, when it was used last if it ever was, and what it is called."""
    is_over = not client.holds(int(services.clock.now() * 1000))
    state = "revoked" if client.revoked_ms else "ended" if is_over else "limited" if client.ceiling else "active"
    used = "" if client.used_ms is None else f" used {format_moment(client.used_ms)[:10]}"
    return f"{client.id} {state}{used} {client.label}".rstrip()


def revoke_client(services: Services, account_name: str, client_id: str) -> None:
    """Its tokens stop working with the next request. Raises: NotFound -- the account has no such client."""
    client = named_client(services, account_name, client_id)
    decided(services, client.account, lambda tx: services.accounts.revoke_client(tx, client_id), ceiling=None)


def _is_enough(accounts: Accounts, account_id: int, now_ms: int) -> bool:
    return sum(client.holds(now_ms) for client in accounts.clients(account_id)) >= CLIENTS_OF_ACCOUNT_MAX


def _check(text: str, what: str, characters_max: int) -> None:
    if len(text) > characters_max or not _VISIBLE.fullmatch(text):
        raise UnprocessableContent(f"{what} has 1 to {characters_max} visible ASCII characters.")
