"""Mail to be sent: what kind, to whom and when to try. The text, and the link in it, are made when it is sent.

So no link that works lies here, and a request that asks for mail does the same work whether there is an account or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pod.db.connection import Row
from pod.store.interface import Queries, Writer

_MAIL = "id, kind, account, email, created_ms, due_ms, attempts"
_INSERT = "INSERT INTO outgoing_mail (kind, account, email, created_ms, due_ms) VALUES (?, ?, ?, ?, ?)"
_DUE = f"SELECT {_MAIL} FROM outgoing_mail WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?"  # noqa: S608
_HOW_MANY = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), 0) FROM outgoing_mail"
_HAS = "SELECT 1 FROM outgoing_mail WHERE id = ?"
_WAITS = "SELECT 1 FROM outgoing_mail WHERE account = ? AND kind = ? LIMIT 1"
_PUT_OFF = "UPDATE outgoing_mail SET attempts = attempts + 1, due_ms = ? WHERE id = ?"
_REMOVE_OF_ACCOUNT = "DELETE FROM outgoing_mail WHERE account = ? AND kind = ?"
_REMOVE = "DELETE FROM outgoing_mail WHERE id = ?"


class MailKind(StrEnum):
    """Why somebody gets mail from this server."""

    RESET = "reset"
    VERIFY = "verify"
    INVITATION = "invitation"
    LEAVING = "leaving"
    PASSWORD_CHANGED = "password changed"  # noqa: S105  # a reason
    EMAIL_CHANGED = "email changed"
    ISSUERS_CHANGED = "issuers changed"
    CLIENT_ADDED = "client added"
    CLIENT_CHANGED = "client changed"
    ACCESS_ASKED = "access asked for"
    NEW_BROWSER = "new browser"
    PASSKEY_ADDED = "passkey added"
    PASSKEY_REMOVED = "passkey removed"
    CODES_ON = "codes on"
    CODES_OFF = "codes off"
    WRONG_CODES = "wrong codes"
    STEP_ON = "passkey asked for"
    STEP_OFF = "passkey not asked for"
    RECOVERY_CODES_MADE = "recovery codes made"
    RECOVERY_CODE_USED = "recovery code used"
    PASSWORD_REMOVED = "password removed"  # noqa: S105  # a reason
    FACTORS_REMOVED = "factors removed"
    ORGANISATION_CONNECTED = "organisation connected"
    ORGANISATION_DISCONNECTED = "organisation disconnected"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    QUOTA = "quota"
    EXPORT_OFFERED = "export offered"
    HANDOVER_ASKED = "hand-over asked"
    HANDOVER_AGREED = "hand-over agreed"
    HANDED_OVER = "handed over"


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail that waits. `attempts` is how often it was tried in vain."""

    id: int
    kind: MailKind
    account: int | None
    email: str
    created_ms: int
    due_ms: int
    attempts: int


class Outbox:
    """Reads through `queries`; changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def add(self, tx: Writer, kind: MailKind, email: str, account: int | None, *, due_ms: int | None = None) -> None:
        """`due_ms`: not before then."""
        tx.rows(_INSERT, (kind.value, account, email, tx.now_ms, tx.now_ms if due_ms is None else due_ms))

    def waits(self, account: int, kind: MailKind) -> bool:
        """Whether there is one that was not sent."""
        return bool(self._queries.rows(_WAITS, (account, kind.value)))

    def waiting(self) -> tuple[int, int]:
        """How many are to be sent, and how many of them were tried in vain."""
        number, failed = self._queries.rows(_HOW_MANY)[0]
        return int(number), int(failed)

    def due(self, now_ms: int, limit: int) -> tuple[OutgoingMail, ...]:
        return tuple(_mail(row) for row in self._queries.rows(_DUE, (now_ms, limit)))

    def has(self, mail: int) -> bool:
        """Whether it still waits."""
        return bool(self._queries.rows(_HAS, (mail,)))

    def put_off(self, tx: Writer, mail: int, due_ms: int) -> None:
        tx.rows(_PUT_OFF, (due_ms, mail))

    def remove_of_account(self, tx: Writer, account: int, kind: MailKind) -> None:
        tx.rows(_REMOVE_OF_ACCOUNT, (account, kind.value))

    def remove(self, tx: Writer, mail: int) -> None:
        tx.rows(_REMOVE, (mail,))


def _mail(row: Row) -> OutgoingMail:
    key, kind, *rest = row
    return OutgoingMail(key, MailKind(kind), *rest)
