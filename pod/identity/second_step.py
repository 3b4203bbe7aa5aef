"""What is asked for after a password, where its owner wants more to let somebody in; and doing without a password.

The password was right; now a code from an app, a recovery code or a passkey shows that it is no thief who knows it.
Meanwhile nothing is kept: a sealed text, bound to the browser, says whose password it was. So it is after a new
password by mail as well: whoever reads an account's mail has one thing and not the other.

Spec: NIST SP 800-63B s4.2, s5.2.2, s6.1.2.3; OWASP ASVS 2.2, 2.5
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from pod.authentication.credentials import digest
from pod.authentication.secret_files import derived
from pod.errors import BadRequest, Conflict, WrongPassword
from pod.identity.accounts import forget_links, named
from pod.identity.attempts import spend
from pod.identity.challenges import FACTORS_KEY
from pod.identity.code_app import forget_wrong_codes, is_code, spend_code, take_code
from pod.identity.notices import tell_owner
from pod.identity.passkeys import can_do_without_password, has_password_now, show_passkey
from pod.identity.recovery_codes import take_recovery_code
from pod.identity.sealed import Seal
from pod.identity.sessions import end_sessions
from pod.identity.sign_in import OF_ADDRESS, find, spend_sign_in
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.accounts import Account, AccountStatus
from pod.store.factors import Factors, FactorState, Passkey
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER

STEP_SECONDS = 600
NOBODY = 0
"""No account has this id. Where there is none to let in, the work is the same."""
WRONG_CODE = "That did not let you in. Each code works once: wait for the next one, or type another recovery code."
NO_RECOVERY = "The name or the code is wrong, or this account has a password."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody whose password was right, on their way to `location`."""

    account: Account
    location: str


def begin_second_step(services: Services, account: Account, browser: str, location: str) -> str | None:
    """A text for `read_step`, if this account has a second step. `browser` is a secret that this browser alone has."""
    if not Factors(services.store).state(account.id).second_step:
        return None
    value = {"account": account.id, "password": _password_mark(account), "browser": digest(browser), "to": location}
    return _seal(services).write(value)


def read_step(services: Services, sealed: str, browser: str) -> Step:
    """Raises: BadRequest -- from another browser, too old, or the password is another by now"""
    value = _seal(services).read(sealed)
    account = services.accounts.by_id(value["account"])
    is_theirs = hmac.compare_digest(value["browser"], digest(browser))
    if account is None or not is_theirs or value["password"] != _password_mark(account):
        raise BadRequest("This page is too old, or was not made here. Go back and start over.")
    return Step(account, value["to"])


def finish_with_code(services: Services, step: Step, typed: str, address: str) -> Account:
    """With a code from the app, or a recovery code. Only the first can be guessed: after too many wrong ones the others
    still let their owner in.

    Raises: WrongPassword -- the same for all that can be wrong; TooManyRequests
    """
    account = step.account
    with services.store.write(SERVER) as tx:
        spend(services, tx, OF_ADDRESS, network_of(address))
        if is_code(typed):
            spend_code(services, tx, account, address)

    def take(tx: Writer) -> bool:
        if is_code(typed):
            return take_code(services, tx, account, typed)
        return take_recovery_code(services, tx, account.id, typed)

    if not _taken(services, account.id, take, address):
        raise WrongPassword(WRONG_CODE)
    return account


def finish_with_passkey(
    services: Services, step: Step, answer: str, browser: str, address: str
) -> tuple[Account, Passkey]:
    """With a passkey of this account. Raises: WrongPassword, TooManyRequests"""
    with services.store.write(SERVER) as tx:
        spend(services, tx, OF_ADDRESS, network_of(address))
    passkey = show_passkey(services, step.account, answer, browser)
    with services.store.write(SERVER) as tx:
        forget_wrong_codes(services, tx, step.account.id, address)
    return step.account, passkey


def sign_in_with_recovery_code(services: Services, name_or_email: str, typed: str, address: str) -> Account:
    """For whoever has no password and lost their passkeys. Where there is a password, a code alone is not enough.

    Raises: WrongPassword -- the same for all that can be wrong; TooManyRequests
    """
    spend_sign_in(services, name_or_email, address)
    account = find(services, name_or_email)
    may = account is not None and not account.has_password and account.status is AccountStatus.ACTIVE
    whose = account.id if account is not None and may else NOBODY
    is_right = _taken(services, whose, lambda tx: take_recovery_code(services, tx, whose, typed), address)
    if account is None or not is_right:
        raise WrongPassword(NO_RECOVERY)
    return account


def _taken(services: Services, account_id: int, take: Callable[[Writer], bool], address: str) -> bool:
    """Whether `take` says that it is right. What it counted stays counted."""
    with services.store.write(SERVER) as tx:
        is_right = take(tx)
        if is_right:
            forget_wrong_codes(services, tx, account_id, address)
    return is_right


def _password_mark(account: Account) -> str:
    """Another one when the password is."""
    return digest(f"{account.status}\n{account.password_hash}")


def _seal(services: Services) -> Seal:
    key = derived(services.config.keys, FACTORS_KEY, "second step")
    return Seal(key, "second step", seconds=STEP_SECONDS, now=services.clock.now)


# -- what an account wants ---------------------------------------------------------------------------------------------


def ask_for_passkey(services: Services, account: Account, *, asked: bool) -> None:
    """Whether a passkey is asked for after the password. Whoever calls has made sure that it is the owner who asks.

    Raises: Conflict -- there is none to be asked for; or no password, which makes it no question.
    """
    with services.store.write(SERVER) as tx:
        state = Factors(tx).state(account.id)
        if asked and not state.passkeys:
            raise Conflict("Add a passkey first.")
        if not asked and not has_password_now(tx, account):
            raise Conflict("Your account has no password, so passkeys are all that lets you in.")
        if state.passkey_step != asked:
            Factors(tx).set_passkey_step(tx, account.id, asked=asked)
            tell_owner(services, tx, account.id, MailKind.STEP_ON if asked else MailKind.STEP_OFF)


def remove_password(services: Services, account: Account) -> Account:
    """From now on passkeys let in, and recovery codes. Should there be a password again one day, even one chosen with a
    link from a mail, a passkey is asked for after it. Whoever calls has made sure that it is the owner who asks.

    Raises: Conflict -- one lost device would lock its owner out.
    """
    with services.store.write(SERVER) as tx:
        state = Factors(tx).state(account.id)
        if not can_do_without_password(state.passkeys, state.recovery_codes):
            raise Conflict("Without a password you need two passkeys, or one and recovery codes.")
        services.accounts.set_password_hash(tx, account.id, None)
        Factors(tx).set_passkey_step(tx, account.id, asked=True)
        forget_links(services, tx, account.id)
        tell_owner(services, tx, account.id, MailKind.PASSWORD_REMOVED)
    return replace(account, password_hash=None)


def remove_factors(services: Services, name: str) -> FactorState:
    """The operator's way, for somebody who lost all they had: a password is enough again. Signs them out everywhere.
    Gives what there was.

    Raises: NotFound
    """
    account = named(services, name)
    with services.store.write(SERVER) as tx:
        before = Factors(tx).state(account.id)
        Factors(tx).remove_all(tx, account.id)
        forget_links(services, tx, account.id)
        end_sessions(services, tx, account.id)
        tell_owner(services, tx, account.id, MailKind.FACTORS_REMOVED)
    log.warning("factors removed by the operator", account=account.name, passkeys=before.passkeys)
    return before
