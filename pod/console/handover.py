"""Handing an account over: its pod, its address and its WebID go to another member, who is its person from then on.

An operator begins it, and can do no more: whoever has the account agrees with their password, and whoever gets it takes
it by choosing a new one. So nobody comes to read a pod whose person did not want that. What signed in before signs in
no more: passwords, passkeys, codes, sessions, apps, programs, listeners for changes, and links that were sent.

Spec: GDPR article 5(1)(f)
"""

from __future__ import annotations

from pod.console.members import Console, Settled, member_named
from pod.errors import Conflict, NotFound
from pod.identity.accounts import forget_links, hashed
from pod.identity.issuers import list_issuers
from pod.identity.sessions import end_sessions
from pod.identity.sign_in import confirm
from pod.mail.message import mail_enabled
from pod.services import Services
from pod.store.account_events import AccountEvents
from pod.store.accounts import Account, Accounts, Role
from pod.store.channels import remove_channels
from pod.store.factors import Factors
from pod.store.handovers import Handover, Handovers
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.members import Members
from pod.store.notices import NoticeKind, Notices
from pod.store.operator_acts import ActKind
from pod.store.receipts import Receipt, ReceiptKind, Receipts, tally
from pod.store.records import SERVER
from pod.store.share_links import ShareLinks

_CHANNELS = "SELECT id FROM channel WHERE agent IN (SELECT iri FROM web_id WHERE account = ?)"
_OF_ITS_PERSON = ("account_event", "notice", "outside_identity")
"""Tables of what is its person's and does not go along: what they were told, and who they are elsewhere."""
_FORGET = tuple(f"DELETE FROM {table} WHERE account = ?" for table in _OF_ITS_PERSON)  # noqa: S608


def begin_handover(services: Services, console: Console, name: str, successor: str) -> None:
    """Nothing happens until the member agrees. Raises: NotFound; Conflict -- not both can, or one is under way."""

    def change(tx: Writer) -> Settled:
        member, other = member_named(tx, name), member_named(tx, successor.strip().lower())
        if member.id == other.id or not member.stands or not other.stands:
            raise Conflict("An account goes to another member, and both must be able to sign in.")
        if not Handovers(tx).begin(tx, member.id, other.id, console.operator.name):
            raise Conflict("This account is being handed over already.")
        _mail(services, tx, member, MailKind.HANDOVER_ASKED)
        return Settled(detail=other.name, member=member)

    console.settle(ActKind.HANDOVER, change)


def end_handover(console: Console, name: str) -> None:
    """The operators changed their mind. Raises: NotFound."""

    def change(tx: Writer) -> Settled:
        member = member_named(tx, name)
        if not Handovers(tx).end(tx, member.id):
            raise NotFound("This account is not being handed over.")
        return Settled(member=member)

    console.settle(ActKind.HANDOVER_ENDED, change)


def agree(services: Services, account: Account, successor: str, password: str, *, authenticated_ms: int = 0) -> None:
    """Whoever has the account says yes, to this successor and no other.

    Raises: WrongPassword; NotFound -- nobody asked; Conflict -- other servers could still sign in to it; Busy
    """
    confirm(services, account, password, authenticated_ms=authenticated_ms)
    with services.store.write(SERVER) as tx:
        going = _asked(Handovers(tx).of(account.id), successor)
        _check_issuers(services, account)
        _check_other_operator(tx, account)
        Handovers(tx).agree(tx, account.id, going.successor)
        Notices(tx).add(tx, going.successor, NoticeKind.HANDOVER, thing=account.name)
        other = Accounts(tx).by_id(going.successor)
        if other is not None:
            _mail(services, tx, other, MailKind.HANDOVER_AGREED)


def refuse(services: Services, account: Account) -> None:
    """Whoever has the account says no, before or after they said yes."""
    with services.store.write(SERVER) as tx:
        Handovers(tx).end(tx, account.id)


def take_over(services: Services, successor: Account, name: str, password: str) -> Receipt:
    """The account is the successor's from now on, under a new password.

    Raises: NotFound -- it was not given; UnprocessableContent -- no good password; Conflict; Busy
    """
    before = next((each for each in Handovers(services.store).to(successor.id) if each.name == name), None)
    if before is None:
        raise NotFound("Nobody hands an account of this name over to you.")
    password_hash = hashed(services, name, password)
    found = tally(services.store, [each.path for each in services.accounts.storages(before.account)])
    with services.store.write(SERVER) as tx:
        going, account = Handovers(tx).of(before.account), Accounts(tx).by_id(before.account)
        if going is None or going.agreed_ms is None or going.successor != successor.id or account is None:
            raise NotFound("Nobody hands an account of this name over to you.")
        if not account.stands:
            raise Conflict("This account cannot be taken over now: it is suspended, or leaves.")
        _check_issuers(services, account)
        _check_other_operator(tx, account)
        _mail(services, tx, account, MailKind.HANDED_OVER)
        _disarm(services, tx, account)
        services.accounts.set_password_hash(tx, account.id, password_hash)
        Handovers(tx).end(tx, account.id)
        who = (account.id, account.name)
        return Receipts(tx).add(
            tx, ReceiptKind.HANDOVER, who, found, operator=going.operator, successor=going.successor_name
        )


def _disarm(services: Services, tx: Writer, account: Account) -> None:
    """All that let its person in before, and what they alone should read."""
    end_sessions(services, tx, account.id)
    services.accounts.revoke_clients(tx, account.id)
    for web_id in services.accounts.web_ids(account.id):
        services.apps.forget_as(tx, account.id, web_id)
    remove_channels(tx, [row[0] for row in tx.rows(_CHANNELS, (account.id,))])
    forget_links(services, tx, account.id)
    ShareLinks(tx).revoke_made_by(tx, account.id)
    Factors(tx).remove_all(tx, account.id)
    AccountEvents(tx).forget_browsers(tx, account.id)
    for statement in _FORGET:
        tx.rows(statement, (account.id,))
    Receipts(tx).take_offer(tx, account.id)
    services.accounts.set_email(tx, account.id, None, verified=False)
    Members(tx).set_role(tx, account.id, Role.MEMBER)


def _asked(going: Handover | None, successor: str) -> Handover:
    """Raises: NotFound."""
    if going is None or going.successor_name != successor:
        raise NotFound("Nobody asks you to hand your account over to this member.")
    return going


def _check_issuers(services: Services, account: Account) -> None:
    """Raises: Conflict."""
    own = services.placement.base_url
    if any(issuer != own for each in list_issuers(services, account.id) for issuer in each.issuers):
        raise Conflict("Other servers can sign in to this account. Take them off first, under “Where you sign in”.")


def _check_other_operator(tx: Writer, account: Account) -> None:
    """The role does not go along. Raises: Conflict."""
    if account.is_operator and not Members(tx).other_operators(account.id):
        raise Conflict("Nobody else runs this server. Give the role to another member first.")


def _mail(services: Services, tx: Writer, account: Account, kind: MailKind) -> None:
    if mail_enabled(services.config) and account.email is not None and account.email_verified:
        services.outbox.add(tx, kind, account.email, account.id)
