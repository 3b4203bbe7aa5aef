"""Signing in with a name or mail address and a password.

Whoever guesses learns nothing but "wrong": an unknown name costs the same work and gives the same answer. Guesses are
counted by address, and by name at an address. The count of a name from everywhere refuses nobody, or strangers could
lock its owner out: it makes the allowance of each address smaller, so that many addresses gain little.

What comes after the password, where more is asked for: second_step.py.

Spec: NIST SP 800-63B s5.2.2; OWASP ASVS 2.2.1
"""

from __future__ import annotations

from pod.authentication.credentials import PASSWORD_BYTES_MAX
from pod.config import MAIL_ADDRESS_CHARACTERS_MAX
from pod.errors import WrongPassword
from pod.identity.attempts import Allowance, count, forget, spend
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.accounts import Account, Accounts, AccountStatus
from pod.store.factors import Factors
from pod.store.interface import Writer
from pod.store.records import SERVER

OF_ADDRESS = Allowance("sign in, address", 100, 15 * 60)
OF_NAME_AT_ADDRESS = Allowance("sign in, name at address", 10, 15 * 60)
OF_NAME = Allowance("sign in, name", 30, 15 * 60)
TIMES_WHEN_MANY_GUESS = 3
"""What `OF_NAME_AT_ADDRESS` allows while `OF_NAME` is used up."""
CONFIRMATIONS = Allowance("confirm", 10, 15 * 60)
FRESH_SECONDS = 15 * 60
"""How long signing in counts as having just shown who one is."""


def sign_in(services: Services, name_or_email: str, password: str, address: str) -> Account:
    """The account whose password this is; a disabled one has none. `address` is `effective_address` of the request.

    Raises: WrongPassword -- the same for all that can be wrong; TooManyRequests; Busy
    """
    account = find(services, name_or_email)
    spend_sign_in(services, name_or_email, address)
    if not is_password_of(services, account, password):
        raise WrongPassword("The name or the password is wrong, or the account is locked.")
    assert account is not None
    if not Factors(services.store).state(account.id).second_step:
        with services.store.write(SERVER) as tx:
            forget(services, tx, OF_NAME_AT_ADDRESS, as_typed(name_or_email), network_of(address))
    return account


def spend_sign_in(services: Services, name_or_email: str, address: str) -> None:
    """Count a try to get in by a name. Raises: TooManyRequests"""
    key, network = as_typed(name_or_email), network_of(address)
    with services.store.write(SERVER) as tx:
        spend(services, tx, OF_ADDRESS, network)
        many_guess = count(services, tx, OF_NAME, key) > OF_NAME.times
        spend(services, tx, OF_NAME_AT_ADDRESS, key, network, times=TIMES_WHEN_MANY_GUESS if many_guess else None)


def as_typed(name_or_email: str) -> str:
    """What a name or mail address counts as, whoever has it. By account, a name whose count ran out would tell which
    mail address is the same account's: it runs out with it.
    """
    return name_or_email.strip()[:MAIL_ADDRESS_CHARACTERS_MAX].lower()


def find(services: Services, name_or_email: str) -> Account | None:
    """By name, or by an address that is known to be the account's: others may name whatever address they like."""
    typed = name_or_email.strip()
    if len(typed) > MAIL_ADDRESS_CHARACTERS_MAX or not typed.isprintable():
        return None
    accounts = services.accounts
    return accounts.by_email(typed) if "@" in typed else accounts.by_name(typed.lower())


def is_password_of(services: Services, account: Account | None, password: str) -> bool:
    """At the same cost whether there is such an account or not. Raises: Busy"""
    if len(password.encode("utf-8", "replace")) > PASSWORD_BYTES_MAX:
        return False
    password_hash = account.password_hash if account and account.status is AccountStatus.ACTIVE else None
    return services.passwords.matches(password_hash, password)


def confirm(services: Services, account: Account, password: str, *, authenticated_ms: int = 0) -> Account:
    """Before what cannot be taken back: whoever found an open browser does not know the password. Where that is not all
    that signs in, its owner has done so lately: `authenticated_ms` is when the session did. Gives the account as it was
    when it had this password.

    Raises: WrongPassword, TooManyRequests, Busy
    """
    with services.store.write(SERVER) as tx:
        spend(services, tx, CONFIRMATIONS, str(account.id))
    confirmed = services.accounts.by_id(account.id)
    if confirmed is None or (confirmed.has_password and not is_password_of(services, confirmed, password)):
        raise WrongPassword("This is not the password of the account.")
    if not is_password_enough(services, confirmed) and not is_fresh(services, authenticated_ms):
        raise WrongPassword("Sign in again first: too much time has passed since you did.")
    with services.store.write(SERVER) as tx:
        forget(services, tx, CONFIRMATIONS, str(account.id))
    return confirmed


def is_password_enough(services: Services, account: Account) -> bool:
    """Whether it alone signs in: there is one, and no second step after it."""
    return account.has_password and not Factors(services.store).state(account.id).second_step


def is_fresh(services: Services, authenticated_ms: int) -> bool:
    """Whether who signed in then has just shown who they are."""
    return 0 <= services.clock.now() * 1000 - authenticated_ms < FRESH_SECONDS * 1000


def check_unchanged(tx: Writer, account: Account) -> None:
    """In the transaction that acts on a password: testing it takes long, and its owner may have chosen another
    because somebody else knows this one.

    Raises: WrongPassword
    """
    now = Accounts(tx).by_id(account.id)
    if now is None or (now.password_hash, now.status) != (account.password_hash, account.status):
        raise WrongPassword("The password of the account has just been changed, or the account locked.")
