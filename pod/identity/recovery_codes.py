"""Ten codes on paper, for whoever lost their phone: each works once, in place of what was lost.

They are random enough that their digest is what is kept, and shown once. New ones end the old ones.

Spec: NIST SP 800-63B s5.1.2 (look-up secrets)
"""

from __future__ import annotations

import secrets

from pod.authentication.credentials import digest
from pod.identity.notices import tell_owner
from pod.services import Services
from pod.store.accounts import Account
from pod.store.factors import Factors
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER

NUMBER = 10
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without letters that look like others: 5 bits each."""
CHARACTERS, GROUP = 16, 4
TYPED_CHARACTERS_MAX = 60
_LOOK_ALIKE = str.maketrans("oil", "011")


def make_recovery_codes(services: Services, account: Account) -> tuple[str, ...]:
    """To be shown now and never again. Whoever calls has made sure that it is the owner who asks."""
    codes = tuple(_new() for _ in range(NUMBER))
    with services.store.write(SERVER) as tx:
        Factors(tx).set_recovery_codes(tx, account.id, [_kept(account.id, each) for each in codes])
        tell_owner(services, tx, account.id, MailKind.RECOVERY_CODES_MADE)
    return codes


def take_recovery_code(services: Services, tx: Writer, account: int, typed: str) -> bool:
    """Whether it is one that nobody has used; it is used up then."""
    if not Factors(tx).use_recovery_code(tx, account, _kept(account, typed)):
        return False
    tell_owner(services, tx, account, MailKind.RECOVERY_CODE_USED)
    return True


def _new() -> str:
    characters = "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))
    return "-".join(characters[start : start + GROUP] for start in range(0, CHARACTERS, GROUP))


def _kept(account: int, typed: str) -> str:
    """However it was typed: in capitals, without hyphens, with an O for a zero."""
    code = "".join(each for each in typed[:TYPED_CHARACTERS_MAX].lower() if each.isalnum()).translate(_LOOK_ALIKE)
    return digest(f"recovery code of {account}\n{code}")
