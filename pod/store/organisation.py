"""What the operators say of themselves and of their server, as they set it in the console.

One row, read by whoever shows it; each process keeps it for moments (`pod/ui/branding.py`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

from pod.store import statements as sql
from pod.store.interface import Queries, Writer

NAME = "organisation"
_PUT = "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"

Registration = Literal["", "closed", "open", "invitation"]
"""Who may sign up; empty is what the settings of the server say."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """Empty texts are not shown. `terms` and `privacy` are Markdown, `accent` is `#rrggbb`, `logo` a data URI."""

    name: str = ""
    contact: str = ""
    terms: str = ""
    privacy: str = ""
    accent: str = ""
    logo: str = ""
    registration: Registration = ""


def organisation(queries: Queries) -> Organisation:
    """One statement."""
    rows = queries.rows(sql.SETTING, (NAME,))
    return Organisation(**json.loads(rows[0][0])) if rows else Organisation()


def put_organisation(tx: Writer, said: Organisation) -> None:
    tx.rows(_PUT, (NAME, json.dumps(asdict(said), ensure_ascii=False)))
