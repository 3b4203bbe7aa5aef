"""A name for each request, to find it again: in every line that is logged while it is worked on, and in the problem a
client is told.

Made only when somebody asks for it, since most requests need none. A trusted proxy may have given one already. Knows
nothing of HTTP but the environ's keys.
"""

from __future__ import annotations

import re
import secrets
from itertools import count
from threading import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

Environ = dict[str, Any]  # WSGI's own type

GIVEN = "freehold.request_given"
"""In the environ: whether the name in its header may be believed."""
_KEPT = "freehold.request"
_NAME = re.compile(r"[A-Za-z0-9._\-]{8,64}")

under_way: dict[int, Environ] = {}
"""What each thread works on now. Whoever takes a request enters it here and removes it at its end."""
_process = secrets.token_hex(4)
_numbers = count(1)


def new_name() -> str:
    return f"{_process}{next(_numbers):08x}"


def name_of(environ: Environ) -> str:
    """The name of a request, always the same."""
    name: str | None = environ.get(_KEPT)
    if name is None:
        given = environ.get("HTTP_X_REQUEST_ID", "") if environ.get(GIVEN) else ""
        name = environ[_KEPT] = given if _NAME.fullmatch(given) else new_name()
    return name


def current_name() -> str:
    """The name of the request this thread works on; a new one where there is none."""
    environ = under_way.get(get_ident())
    return new_name() if environ is None else name_of(environ)


def named(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Adds the request's name to a line that is logged while it is worked on."""
    environ = under_way.get(get_ident())
    if environ is not None and "request" not in event:
        event["request"] = name_of(environ)
    return event
