"""Passkeys: keys that phones, computers and security keys hold, with which somebody signs in without a password.

A passkey is a whole sign-in: the device is one thing, and the finger, face or PIN that opens it the other, so that is
asked for each time. Nobody says who they are before it: a list of somebody's passkeys would tell strangers whose mail
address is known here. What a browser answers is verified by a library; this says what is asked, and whose the answer
is. Which kind of device made a key is not asked: nobody here would decide by it.

Spec: WebAuthn Level 3 s5.4, s5.5, s7.1, s7.2, s13.4.9, s14.6
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import structlog

from pod.authentication.secret_files import derived
from pod.errors import Conflict, NotFound, UnprocessableContent, WrongPassword
from pod.identity.attempts import spend
from pod.identity.challenges import (
    CHALLENGE_SECONDS,
    FACTORS_KEY,
    WRONG_PASSKEY,
    check_challenge,
    make_challenge,
    use_challenge,
)
from pod.identity.notices import tell_owner
from pod.identity.sessions import Session, end_sessions
from pod.identity.sign_in import OF_ADDRESS
from pod.protocol.addresses import network_of
from pod.services import Services
from pod.store.account_events import AccountEvents
from pod.store.accounts import Account, Accounts, AccountStatus
from pod.store.factors import Factors, Passkey
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER

SIGN_IN_USE = "sign in"
ANSWER_CHARACTERS_MAX = 24_000
ID_CHARACTERS_MAX = 1_400
"""1023 bytes in base64url."""
PUBLIC_KEY_BYTES_MAX = 2_000
PASSKEYS_MAX = 20
NAME_CHARACTERS_MAX = 60
TRANSPORTS = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})
ALGORITHMS = (-7, -8, -257)
"""ES256, Ed25519, RS256: what all authenticators have one of."""
FORMATS = ("none", "packed")
"""Of attestations: browsers give these where none is asked for. Others are long to read and say nothing we use."""

_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{ID_CHARACTERS_MAX}}}")

Options = dict[str, Any]  # JSON, as `PublicKeyCredential.parseCreationOptionsFromJSON` and its sister take it

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """What browsers know this server as. A passkey works at the host it was made for, for good."""

    id: str
    origin: str


def relying_party(services: Services) -> RelyingParty | None:
    """None: passkeys need a name for a host, and a connection that nobody can change on its way."""
    parts = urlsplit(services.placement.base_url)
    host = parts.hostname or ""
    is_here = host == "localhost" or host.endswith(".localhost")
    if _is_address(host) or (parts.scheme != "https" and not is_here):
        return None
    return RelyingParty(host, services.placement.origin)


# -- making one --------------------------------------------------------------------------------------------------------


def registration_options(services: Services, account: Account, browser: str) -> Options:
    """What a browser is asked to make: one that its device finds without a name, and not twice in one device.

    Raises: Conflict -- see `_party`
    """
    party = _party(services)
    return {
        "rp": {"id": party.id, "name": f"Freehold at {party.id}"},
        "user": {"id": _text(_handle(services, account.id)), "name": account.name, "displayName": account.name},
        "challenge": _text(make_challenge(services, _registration_of(account), browser)),
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": CHALLENGE_SECONDS * 1000,
        "attestation": "none",
        "excludeCredentials": _named(Factors(services.store).passkeys(account.id)),
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
    }


def add_passkey(services: Services, account: Account, browser: str, answer: str, name: str) -> Passkey:
    """The key a browser made. Whoever calls has made sure that it is the owner who asks.

    Raises: UnprocessableContent -- it is none, or no longer wanted; Conflict -- there are too many, or it is known.
    """
    try:
        said = _read(answer)
        challenge = _challenge(said)
        check_challenge(services, challenge, _registration_of(account), browser)
        made = _made(services, account, said, challenge, name)
        with services.store.write(SERVER) as tx:
            use_challenge(tx, challenge)
            _keep(services, tx, made)
    except WrongPassword as error:
        raise UnprocessableContent("No passkey was made, or it took too long. Try again.") from error
    return made


def _keep(services: Services, tx: Writer, made: Passkey) -> None:
    if len(Factors(tx).passkeys(made.account)) >= PASSKEYS_MAX:
        raise Conflict(f"An account has at most {PASSKEYS_MAX} passkeys. Remove one first.")
    if not Factors(tx).add_passkey(tx, made):
        raise Conflict("This passkey is known here already.")
    tell_owner(services, tx, made.account, MailKind.PASSKEY_ADDED)


def _made(services: Services, account: Account, answer: Options, challenge: bytes, name: str) -> Passkey:
    """What the answer says, once verified. Raises: WrongPassword"""
    from webauthn import verify_registration_response  # noqa: PLC0415 -- 5 MB that most servers need late or never

    party = _party(services)
    _check_format(answer)
    try:
        verified = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),  # type: ignore[arg-type]  # an IntEnum
        )
    except Exception as error:  # the border: whatever the library makes of what it was not made for
        raise _refused(error) from error
    key = _text(verified.credential_id)
    is_small = len(verified.credential_public_key) <= PUBLIC_KEY_BYTES_MAX and len(key) <= ID_CHARACTERS_MAX
    if not is_small:
        raise WrongPassword(WRONG_PASSKEY)
    return Passkey(
        id=key,
        account=account.id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        name=_name(name),
        transports=_transports(answer),
        synced=verified.credential_backed_up,
        created_ms=int(services.clock.now() * 1000),
    )


def _check_format(answer: Options) -> None:
    """Raises: WrongPassword"""
    from webauthn.helpers import parse_attestation_object  # noqa: PLC0415 -- see `_made`

    try:
        said = parse_attestation_object(_bytes(answer["response"]["attestationObject"])).fmt
    except Exception as error:  # the border: see `_made`
        raise _refused(error) from error
    if said not in FORMATS:
        raise WrongPassword(WRONG_PASSKEY)


def remove_passkey(services: Services, account: Account, key: str, *, stay: Session | None = None) -> None:
    """`stay`: it was lost, so all sessions but this one end, and what apps were given.

    Raises: NotFound; Conflict -- without it, nothing would let its owner in.
    """
    with services.store.write(SERVER) as tx:
        if not Factors(tx).remove_passkey(tx, account.id, key):
            raise NotFound("There is no such passkey.")
        left = Factors(tx).state(account.id)
        if not has_password_now(tx, account) and not can_do_without_password(left.passkeys, left.recovery_codes):
            raise Conflict("This is your last way in. Add another passkey or recovery codes, or choose a password.")
        if stay is not None:
            end_sessions(services, tx, account.id, keep=stay)
            AccountEvents(tx).forget_browsers(tx, account.id)
        tell_owner(services, tx, account.id, MailKind.PASSKEY_REMOVED)


def has_password_now(tx: Writer, account: Account) -> bool:
    """In the transaction that decides by it: in another window its owner may have just given it up."""
    now = Accounts(tx).by_id(account.id)
    return now is not None and now.has_password


def can_do_without_password(passkeys: int, recovery_codes: int) -> bool:
    """A device can be lost: there has to be another way in."""
    return passkeys > 1 or (passkeys == 1 and recovery_codes > 0)


# -- showing one -------------------------------------------------------------------------------------------------------


def sign_in_options(services: Services, browser: str) -> Options:
    """What a browser is asked for, the same for everybody: it offers those that it keeps for this server.

    Raises: Conflict -- see `_party`
    """
    return _options(services, SIGN_IN_USE, browser, [])


def second_step_options(services: Services, account: Account, browser: str) -> Options:
    """What is asked for after the password of an account. Raises: Conflict -- see `_party`"""
    allowed = _named(Factors(services.store).passkeys(account.id))
    return _options(services, _second_step_of(account), browser, allowed)


def sign_in_with_passkey(services: Services, answer: str, browser: str, address: str) -> tuple[Account, Passkey]:
    """Whose passkey it is. `address` is `effective_address` of the request.

    Raises: WrongPassword -- the same for all that can be wrong; TooManyRequests
    """
    with services.store.write(SERVER) as tx:
        spend(services, tx, OF_ADDRESS, network_of(address))
    passkey = _shown(services, answer, SIGN_IN_USE, browser, None)
    account = services.accounts.by_id(passkey.account)
    if account is None or account.status is not AccountStatus.ACTIVE:
        raise WrongPassword(WRONG_PASSKEY)
    return account, passkey


def show_passkey(services: Services, account: Account, answer: str, browser: str) -> Passkey:
    """A passkey as the second step, after the password. Raises: WrongPassword"""
    return _shown(services, answer, _second_step_of(account), browser, account)


def _shown(services: Services, text: str, use: str, browser: str, owner: Account | None) -> Passkey:
    """One that its device has just signed with; of `owner` alone, if given. Else the device has to say whose it is.

    Raises: WrongPassword
    """
    answer = _read(text)
    challenge = _challenge(answer)
    check_challenge(services, challenge, use, browser)
    passkey = Factors(services.store).passkey(answer["id"])
    if passkey is None or (owner is not None and passkey.account != owner.id):
        raise WrongPassword(WRONG_PASSKEY)
    handle = answer["response"].get("userHandle")
    if (handle is not None or owner is None) and handle != _text(_handle(services, passkey.account)):
        raise WrongPassword(WRONG_PASSKEY)
    sign_count, synced = _verified(services, answer, challenge, passkey)
    with services.store.write(SERVER) as tx:
        use_challenge(tx, challenge)
        if not Factors(tx).use_passkey(tx, passkey, sign_count=sign_count, synced=synced):
            raise WrongPassword(WRONG_PASSKEY)
    return passkey


def _verified(services: Services, answer: Options, challenge: bytes, passkey: Passkey) -> tuple[int, bool]:
    """How often it signed by now, and whether other devices have it. Raises: WrongPassword"""
    from webauthn import verify_authentication_response  # noqa: PLC0415 -- see `_made`

    party = _party(services)
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # the border: see `_made`
        raise _refused(error) from error
    return verified.new_sign_count, verified.credential_backed_up


# -- what is sent and comes back ---------------------------------------------------------------------------------------


def _options(services: Services, use: str, browser: str, allowed: list[Options]) -> Options:
    return {
        "challenge": _text(make_challenge(services, use, browser)),
        "rpId": _party(services).id,
        "allowCredentials": allowed,
        "timeout": CHALLENGE_SECONDS * 1000,
        "userVerification": "required",
    }


def _party(services: Services) -> RelyingParty:
    """Raises: Conflict -- browsers allow none here."""
    party = relying_party(services)
    if party is None:
        raise Conflict("Browsers allow passkeys only at an https address with a name, or on this machine.")
    return party


def _named(passkeys: Iterable[Passkey]) -> list[Options]:
    return [{"type": "public-key", "id": each.id, "transports": list(each.transports)} for each in passkeys]


def _handle(services: Services, account: int) -> bytes:
    """What devices call the account: it says nothing of who it is."""
    return hmac.digest(derived(services.config.keys, FACTORS_KEY, "user handles"), str(account).encode(), "sha256")


def _registration_of(account: Account) -> str:
    return f"add to {account.id}"


def _second_step_of(account: Account) -> str:
    return f"second step of {account.id}"


def _read(text: str) -> Options:
    """What a page of ours sends, as far as it is used before the library has looked at it. Raises: WrongPassword"""
    try:
        answer = json.loads(text) if len(text) <= ANSWER_CHARACTERS_MAX else None
    except (ValueError, RecursionError) as error:
        raise WrongPassword(WRONG_PASSKEY) from error
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str) or not _ID.fullmatch(answer["id"]):
        raise WrongPassword(WRONG_PASSKEY)
    if not isinstance(answer.get("response"), dict):
        raise WrongPassword(WRONG_PASSKEY)
    return answer


def _challenge(answer: Options) -> bytes:
    """The challenge that the browser says it answers; the library sees that it was signed. Raises: WrongPassword"""
    try:
        return _bytes(json.loads(_bytes(answer["response"]["clientDataJSON"]))["challenge"])
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise WrongPassword(WRONG_PASSKEY) from error


def _transports(answer: Options) -> tuple[str, ...]:
    said = answer["response"].get("transports")
    return tuple(each for each in sorted(TRANSPORTS) if each in said) if isinstance(said, list) else ()


def _name(typed: str) -> str:
    return "".join(each for each in typed if each.isprintable()).strip()[:NAME_CHARACTERS_MAX] or "Passkey"


def _refused(error: Exception) -> WrongPassword:
    log.info("passkey refused", error=type(error).__name__, why=str(error)[:200])
    return WrongPassword(WRONG_PASSKEY)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    """Raises: ValueError, AttributeError -- no text"""
    return urlsafe_b64decode(text.encode("ascii") + b"==")
