"""The list of members as a table for spreadsheets: who is here and how much they keep, never what.

Names that others chose stand in it; none of them is a formula.

Spec: RFC 4180; OWASP, CSV Injection
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

from pod.console.members import Console
from pod.store.members import Member

COLUMNS = (
    "name",
    "mail address",
    "confirmed",
    "role",
    "state",
    "here since",
    "pods",
    "bytes",
    "bytes at most",
    "files",
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 -- wide ones count too


def roster(console: Console) -> Iterator[bytes]:
    """In pieces, by name."""
    yield _written([COLUMNS])
    after: str | None = ""
    while after is not None:
        page = console.page(after)
        yield _written(map(_row, page.members))
        after = page.more


def _row(member: Member) -> tuple[str | int, ...]:
    state = "leaving" if member.delete_due_ms else "suspended" if member.is_suspended else "active"
    since = datetime.fromtimestamp(member.created_ms / 1000, UTC).date().isoformat()
    email, confirmed = member.email or "", "yes" if member.email_verified else "no"
    texts = (member.name, email, confirmed, member.role.value, state, since)
    return (*map(_cell, texts), member.pods, member.bytes, member.bytes_max, member.resources)


def _cell(text: str) -> str:
    """Spec: OWASP, CSV Injection -- a quotation mark before what a spreadsheet would work out, after spaces too"""
    return f"'{text}" if text.lstrip().startswith(_FORMULAS) or text.startswith(_FORMULAS) else text


def _written(rows: Iterator[tuple[str | int, ...]] | list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue().encode()
