"""What accounts sign in with beside passwords: passkeys, codes from an app, recovery codes; and answered challenges.

Every change is made in a `Writer` the caller opened. Stores keys encrypted and codes hashed as given; knows neither
what passkeys say nor how codes are made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pod.db.connection import Row
from pod.store.interface import Queries, Writer

SWEPT_AT_ONCE_MAX = 1_000

_PASSKEY = "id, account, public_key, sign_count, name, transports, synced, created_ms, used_ms"
_INSERT = (
    f"INSERT INTO passkey ({_PASSKEY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL) "  # noqa: S608
    "ON CONFLICT DO NOTHING RETURNING id"
)
_BY_ID = f"SELECT {_PASSKEY} FROM passkey WHERE id = ?"  # noqa: S608
_OF_ACCOUNT = f"SELECT {_PASSKEY} FROM passkey WHERE account = ? ORDER BY created_ms, id"  # noqa: S608
_USE = """
UPDATE passkey SET sign_count = ?, synced = ?, used_ms = ? WHERE id = ? AND account = ? AND sign_count = ? RETURNING id
"""
_REMOVE = "DELETE FROM passkey WHERE id = ? AND account = ? RETURNING id"
_REMOVE_OF_ACCOUNT = "DELETE FROM passkey WHERE account = ?"

_STATE = """
SELECT a.id, COALESCE(f.passkey_step, 0), f.code_key, f.code_since_ms, COALESCE(f.wrong_codes, 0),
  (SELECT COUNT(*) FROM passkey p WHERE p.account = a.id), (SELECT COUNT(*) FROM recovery_code r WHERE r.account = a.id)
FROM account a LEFT JOIN account_factors f ON f.account = a.id WHERE a.id = ?
"""
_SET_PASSKEY_STEP = """
INSERT INTO account_factors (account, passkey_step) VALUES (?, ?)
ON CONFLICT (account) DO UPDATE SET passkey_step = excluded.passkey_step
"""
_SET_CODE_KEY = """
INSERT INTO account_factors (account, code_key, code_since_ms, code_step) VALUES (?, ?, ?, ?)
ON CONFLICT (account) DO UPDATE SET code_key = excluded.code_key, code_since_ms = excluded.code_since_ms,
  code_step = excluded.code_step, wrong_codes = 0
"""
_REMOVE_CODE_KEY = """
UPDATE account_factors SET code_key = NULL, code_since_ms = NULL, wrong_codes = 0
WHERE account = ? AND code_key IS NOT NULL RETURNING account
"""
_SPEND_STEP = """
UPDATE account_factors SET code_step = ?, wrong_codes = 0 WHERE account = ? AND code_step < ? RETURNING account
"""
_COUNT_WRONG = "UPDATE account_factors SET wrong_codes = wrong_codes + 1 WHERE account = ? RETURNING wrong_codes"
_FORGET_WRONG = "UPDATE account_factors SET wrong_codes = 0 WHERE account = ?"
_REMOVE_FACTORS = "DELETE FROM account_factors WHERE account = ?"

_INSERT_RECOVERY = "INSERT INTO recovery_code (account, hash) VALUES (?, ?)"
_USE_RECOVERY = "DELETE FROM recovery_code WHERE account = ? AND hash = ? RETURNING hash"
_REMOVE_RECOVERY = "DELETE FROM recovery_code WHERE account = ?"

_USE_CHALLENGE = "INSERT INTO used_challenge (hash, expires_ms) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING hash"
_SWEEP = """
DELETE FROM used_challenge WHERE hash IN (SELECT hash FROM used_challenge WHERE expires_ms <= ? LIMIT ?) RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that a device holds. `synced`: others of its owner have it too."""

    id: str
    account: int
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str
    transports: tuple[str, ...]
    synced: bool
    created_ms: int
    used_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FactorState:
    """What an account has at one moment. `passkeys` and `recovery_codes` are numbers."""

    account: int
    passkey_step: bool
    code_key: bytes | None = field(repr=False)
    code_since_ms: int | None
    wrong_codes: int
    passkeys: int
    recovery_codes: int

    @property
    def has_codes(self) -> bool:
        """Whether an app makes codes for it."""
        return self.code_key is not None

    @property
    def second_step(self) -> bool:
        """Whether a password alone does not let in."""
        return self.has_codes or (self.passkey_step and self.passkeys > 0)


class Factors:
    """Reads through `queries` (a store, or a Writer to see its own changes); changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def state(self, account: int) -> FactorState:
        """Of an account that is there; of one that is not, as of one that has nothing."""
        rows = self._queries.rows(_STATE, (account,))
        key, passkey_step, *rest = rows[0] if rows else (account, 0, None, None, 0, 0, 0)
        return FactorState(key, bool(passkey_step), *rest)

    # -- passkeys ------------------------------------------------------------------------------------------

    def passkey(self, key: str) -> Passkey | None:
        rows = self._queries.rows(_BY_ID, (key,))
        return _passkey(rows[0]) if rows else None

    def passkeys(self, account: int) -> tuple[Passkey, ...]:
        """The oldest first."""
        return tuple(_passkey(row) for row in self._queries.rows(_OF_ACCOUNT, (account,)))

    def add_passkey(self, tx: Writer, passkey: Passkey) -> bool:
        """False: there is one with this id."""
        transports = " ".join(passkey.transports)
        values = (passkey.id, passkey.account, passkey.public_key, passkey.sign_count, passkey.name, transports)
        return bool(tx.rows(_INSERT, (*values, int(passkey.synced), passkey.created_ms)))

    def use_passkey(self, tx: Writer, passkey: Passkey, *, sign_count: int, synced: bool) -> bool:
        """Whether it is there still, and counts as it did: of two who come with one count, one is late."""
        values = (sign_count, int(synced), tx.now_ms, passkey.id, passkey.account, passkey.sign_count)
        return bool(tx.rows(_USE, values))

    def remove_passkey(self, tx: Writer, account: int, key: str) -> bool:
        """Whether the account had it."""
        return bool(tx.rows(_REMOVE, (key, account)))

    def set_passkey_step(self, tx: Writer, account: int, *, asked: bool) -> None:
        tx.rows(_SET_PASSKEY_STEP, (account, int(asked)))

    # -- codes from an app ---------------------------------------------------------------------------------

    def set_code_key(self, tx: Writer, account: int, key: bytes, *, step: int) -> None:
        """From now on; the code of `step` was used up to show it."""
        tx.rows(_SET_CODE_KEY, (account, key, tx.now_ms, step))

    def remove_code_key(self, tx: Writer, account: int) -> bool:
        """Whether there was one."""
        return bool(tx.rows(_REMOVE_CODE_KEY, (account,)))

    def spend_step(self, tx: Writer, account: int, step: int) -> bool:
        """Use a period's code up. False: it was used, or a later one."""
        return bool(tx.rows(_SPEND_STEP, (step, account, step)))

    def count_wrong(self, tx: Writer, account: int) -> int:
        """How many codes were wrong since one was right, this one included."""
        rows = tx.rows(_COUNT_WRONG, (account,))
        return int(rows[0][0]) if rows else 0

    def forget_wrong(self, tx: Writer, account: int) -> None:
        tx.rows(_FORGET_WRONG, (account,))

    # -- recovery codes ------------------------------------------------------------------------------------

    def set_recovery_codes(self, tx: Writer, account: int, hashes: Iterable[str]) -> None:
        """Those of before work no longer."""
        tx.rows(_REMOVE_RECOVERY, (account,))
        for each in hashes:
            tx.rows(_INSERT_RECOVERY, (account, each))

    def use_recovery_code(self, tx: Writer, account: int, key: str) -> bool:
        """Whether it was one that nobody had used."""
        return bool(tx.rows(_USE_RECOVERY, (account, key)))

    # -- everything ----------------------------------------------------------------------------------------

    def remove_all(self, tx: Writer, account: int) -> None:
        """A password is all that is asked for afterwards."""
        for statement in (_REMOVE_OF_ACCOUNT, _REMOVE_FACTORS, _REMOVE_RECOVERY):
            tx.rows(statement, (account,))

    def use_challenge(self, tx: Writer, key: str, expires_ms: int) -> bool:
        """False: it was answered before."""
        return bool(tx.rows(_USE_CHALLENGE, (key, expires_ms)))

    def sweep(self, tx: Writer) -> int:
        """Removes some answered challenges that are too old to be answered again; gives their number."""
        return len(tx.rows(_SWEEP, (tx.now_ms, SWEPT_AT_ONCE_MAX)))


def _passkey(row: Row) -> Passkey:
    key, account, public_key, sign_count, name, transports, synced, created_ms, used_ms = row
    known = tuple(transports.split())
    return Passkey(key, account, bytes(public_key), sign_count, name, known, bool(synced), created_ms, used_ms)
