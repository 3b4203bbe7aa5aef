"""What the processes say about themselves: one set-up for our own lines and those of libraries, as text or as JSON.

Tokens, proofs, cookies and passwords are scrubbed from every line, whoever wrote it, before it is rendered. Must not
know what is being logged, nor why.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from pod.observability import requests

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

    from pod.config import Config

HIDDEN = "[hidden]"
DEPTH_MAX = 6

_SECRET_NAMES = re.compile(
    r"^(?:http_)?(?:proxy_)?(?:authorization|dpop|cookie|set_cookie)$"
    r"|secret|password|passphrase|private_key|assertion|proof"
    r"|(?:^|_)(?:token|access_token|refresh_token|id_token|code_verifier|code)$"
)
_SECRET_TEXTS = (
    (re.compile(r"eyJ[\w-]{5,}\.[\w-]*(?:\.[\w-]*)?"), HIDDEN),  # a JWT, wherever it stands
    (re.compile(r"\b((?i:DPoP|Bearer)|Basic)\s+[\w.~+/=:-]{6,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\b((?:set-)?cookie|authorization)(['\"]?\s*[:=]\s*)[^\n]+", re.IGNORECASE), rf"\1\2{HIDDEN}"),
    (
        re.compile(
            r"\b(client_secret|secret|password|access_token|refresh_token|id_token|token|code|code_verifier)"
            r"(['\"]?\s*[=:]\s*['\"]?)[^\s&'\",;})]+",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(/\.account/(?:reset|verify)/)[\w-]{16,}"), rf"\1{HIDDEN}"),  # a link that opens an account
    (re.compile(r"(/(?:\.|%2[eE])link/)[^\s/?#'\"]+"), rf"\1{HIDDEN}"),  # a link that opens a file or folder
)


def is_secret_name(name: str) -> bool:
    return _SECRET_NAMES.search(name.lower().replace("-", "_")) is not None


def scrub(value: Any, depth: int = 0) -> Any:  # log lines carry anything
    """The same value without secrets: by the names of members, and by what a secret looks like in text."""
    if depth > DEPTH_MAX:
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: _member(key, inner, depth) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_pair(inner, depth) for inner in value]
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value if isinstance(value, (int, float, type(None))) else scrub_text(str(value))


def scrub_text(text: str) -> str:
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def _member(name: Any, value: Any, depth: int) -> Any:  # see scrub
    return HIDDEN if isinstance(name, str) and is_secret_name(name) else scrub(value, depth + 1)


def _pair(value: Any, depth: int) -> Any:  # see scrub
    """A header as a (name, value) pair is a member too."""
    match value:
        case (str(name), str() | bytes()) if is_secret_name(name):
            return [name, HIDDEN]
        case (bytes(name), str() | bytes()) if is_secret_name(name.decode("latin-1")):
            return [name.decode("latin-1"), HIDDEN]
    return scrub(value, depth + 1)


def scrubbed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that stands last before rendering. Names that begin with `_` belong to the machinery."""
    return {key: value if key.startswith("_") else _member(key, value, 0) for key, value in event.items()}


def as_text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """2026-11-22T09:00:00Z [warning] what happened  name=value

    A line break or an escape code that came from outside starts no line and commands no terminal.
    """
    moment, level, what = event.pop("timestamp", ""), event.pop("level", "info"), event.pop("event", "")
    trace: str | None = event.pop("exception", None)
    rest = "".join(f"  {name}={value}" for name, value in event.items() if not name.startswith("_"))
    below = "".join(f"\n  {printable(line)}" for line in trace.split("\n")) if trace else ""
    return printable(f"{moment} [{level}] {what}{rest}") + below


def printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def set_up(config: Config, stream: TextIO | None = None) -> None:
    """Sends every line of this process to `stream` (standard error): ours and those of the standard library."""
    shared: list[Processor] = [
        requests.named,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: Processor = structlog.processors.JSONRenderer() if config.log_format == "json" else as_text
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            scrubbed,
            render,
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=config.log_level.upper(), force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
