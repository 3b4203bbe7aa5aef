"""Codes that an app on a phone makes anew every half minute: asked for after the password, each taken once.

The key they are made of is encrypted under a file beside the database. It counts once its owner showed a code made of
it, so nobody locks themselves out with a picture their phone did not read.

Spec: RFC 6238 s5.2; RFC 4226 s7.3; NIST SP 800-63B s5.1.4.2, s5.2.2
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pod.authentication.secret_files import derived
from pod.errors import BadRequest, StorageDamaged, UnprocessableContent
from pod.identity.attempts import Allowance, forget, spend
from pod.identity.challenges import FACTORS_KEY
from pod.identity.notices import tell_owner
from pod.identity.sealed import Seal
from pod.identity.sign_in import CONFIRMATIONS
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.accounts import Account
from pod.store.factors import Factors
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER

SETUP_SECONDS = 3600
PERIODS_OFF_MAX = 1
"""How far the clock of a phone may be off, in periods of half a minute."""
WRONG_CODES_TOLD = (20, 100)
"""After how many in a row the owner is told: who types them knows the password."""
DIGITS = 6
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Pace:
    """From `wrong_codes` in a row on, codes are taken `times` in `seconds`, and half as often from one address."""

    wrong_codes: int
    times: int
    seconds: int


PACES = (Pace(0, 20, 15 * 60), Pace(60, 10, 3600), Pace(100, 2, 4 * 3600))
"""So that guessing hits once in some 75 years. Nothing but a right answer makes it faster again: who reads the mail of
an account chooses its password, as often as they like.
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """A key that is shown to its owner and kept nowhere yet. `sealed` brings it back with the first code."""

    key: str = field(repr=False)
    sealed: str = field(repr=False)
    uri: str = field(repr=False)

    @property
    def groups(self) -> str:
        """The key as one types it."""
        return " ".join(self.key[start : start + 4] for start in range(0, len(self.key), 4))


def begin_setup(services: Services, account: Account) -> Setup:
    """A new key, for whoever has no codes yet or wants them in another app."""
    key = pyotp.random_base32()
    return _setup(services, account, key, _seal(services).write({"account": account.id, "key": key}))


def read_setup(services: Services, account: Account, sealed: str) -> Setup:
    """One that was shown before. Raises: BadRequest -- not to this account, or long ago"""
    value = _seal(services).read(sealed)
    if value["account"] != account.id:
        raise BadRequest("This page was made for another account. Go back and start over.")
    return _setup(services, account, value["key"], sealed)


def finish_setup(services: Services, account: Account, sealed: str, code: str) -> None:
    """From now on the codes of this key are asked for. Whoever calls has made sure that it is the owner who asks.

    Raises: UnprocessableContent -- that was no code of it; BadRequest -- see `read_setup`; TooManyRequests
    """
    setup = read_setup(services, account, sealed)
    with services.store.write(SERVER) as tx:
        spend(services, tx, CONFIRMATIONS, str(account.id))
    step = _step_of(setup.key, code, services.clock.now())
    if step is None:
        raise UnprocessableContent("This is not the code for this key now. Look at the app again; is its clock right?")
    with services.store.write(SERVER) as tx:
        Factors(tx).set_code_key(tx, account.id, _encrypted(services, account.id, setup.key), step=step)
        tell_owner(services, tx, account.id, MailKind.CODES_ON)


def switch_codes_off(services: Services, account: Account) -> None:
    """Whoever calls has made sure that it is the owner who asks."""
    with services.store.write(SERVER) as tx:
        if Factors(tx).remove_code_key(tx, account.id):
            tell_owner(services, tx, account.id, MailKind.CODES_OFF)


def is_code(typed: str) -> bool:
    """Whether it has the form of one."""
    code = _typed(typed)
    return len(code) == DIGITS and code.isascii() and code.isdecimal()


def take_code(services: Services, tx: Writer, account: Account, typed: str) -> bool:
    """Whether it is the code of now, and was not taken before."""
    factors = Factors(tx)
    state = factors.state(account.id)
    if state.code_key is None:
        return False
    step = _step_of(_decrypted(services, account.id, state.code_key), typed, services.clock.now())
    if step is not None:
        return factors.spend_step(tx, account.id, step)
    if factors.count_wrong(tx, account.id) in WRONG_CODES_TOLD:
        tell_owner(services, tx, account.id, MailKind.WRONG_CODES)
    return False


def spend_code(services: Services, tx: Writer, account: Account, address: str) -> None:
    """Before one is looked at. Only who knows the password comes here, so strangers keep nobody from it.

    Raises: TooManyRequests
    """
    wrong = Factors(tx).state(account.id).wrong_codes
    pace = next(each for each in reversed(PACES) if each.wrong_codes <= wrong)
    everywhere, at_address = _allowances(pace)
    spend(services, tx, at_address, str(account.id), network_of(address))
    spend(services, tx, everywhere, str(account.id))


def forget_wrong_codes(services: Services, tx: Writer, account_id: int, address: str) -> None:
    """It was the owner: the next wrong code is the first one again."""
    everywhere, at_address = _allowances(PACES[0])
    forget(services, tx, at_address, str(account_id), network_of(address))
    forget(services, tx, everywhere, str(account_id))
    Factors(tx).forget_wrong(tx, account_id)


def _allowances(pace: Pace) -> tuple[Allowance, Allowance]:
    at_address = Allowance("code, account at address", pace.times // 2, pace.seconds)
    return Allowance("code, account", pace.times, pace.seconds), at_address


def _step_of(key: str, typed: str, now: float) -> int | None:
    """The period of a code, if it is one of about now."""
    if not is_code(typed):
        return None
    try:
        return pyotp.TOTP(key).verify_and_get_timecode(_typed(typed), for_time=now, valid_window=PERIODS_OFF_MAX)
    except pyotp.OTPVerificationError:
        return None


def _typed(text: str) -> str:
    """Apps show codes in two halves."""
    return "".join(text[:40].split())


def _setup(services: Services, account: Account, key: str, sealed: str) -> Setup:
    host = urlsplit(services.placement.base_url).hostname  # apps take no colon in it
    return Setup(key, sealed, pyotp.TOTP(key, name=account.name, issuer=host).provisioning_uri())


def _seal(services: Services) -> Seal:
    key = derived(services.config.keys, FACTORS_KEY, "setup of codes")
    return Seal(key, "setup of codes", seconds=SETUP_SECONDS, now=services.clock.now)


# -- the key at rest ---------------------------------------------------------------------------------------------------


def _encrypted(services: Services, account: int, key: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(services).encrypt(nonce, key.encode(), _bound_to(account))


def _decrypted(services: Services, account: int, kept: bytes) -> str:
    """Raises: StorageDamaged -- it was encrypted under another key, or for another account"""
    nonce, content = kept[:_NONCE_BYTES], kept[_NONCE_BYTES:]
    try:
        return _cipher(services).decrypt(nonce, content, _bound_to(account)).decode()
    except InvalidTag as error:
        raise StorageDamaged("The key of an account's codes cannot be read: is factors.key another?") from error


def _cipher(services: Services) -> AESGCM:
    return AESGCM(derived(services.config.keys, FACTORS_KEY, "keys of codes"))


def _bound_to(account: int) -> bytes:
    return f"codes of {account}".encode()
