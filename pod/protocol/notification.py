"""What the Solid Notifications Protocol says, as values: channel types, states, durations and moments as text.

Knows no store, no HTTP and no JSON.

Spec: Solid Notifications Protocol #notification-channel-types, #notification-features, #json-ld-format; XML Schema 1.1
part 2 s3.3.6, s3.3.7
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

NAMESPACE = "http://www.w3.org/ns/solid/notifications#"
NAMESPACES = (
    NAMESPACE,
    "http://www.w3.org/ns/solid/notification#",
    "https://www.w3.org/ns/solid/notifications#",
    "https://www.w3.org/ns/solid/notification#",
)
"""Ours, and those that drafts of the channel types write. Spec: REQUIREMENTS section 17, row 34"""

PROTOCOL_CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1"
CHANNEL_CONTEXT = "https://www.w3.org/ns/solid/notification/v1"
CONTEXTS = (PROTOCOL_CONTEXT, CHANNEL_CONTEXT)
"""The one of the protocol, and the one of the drafts of the channel types. REQUIREMENTS section 17, row 33"""
ACTIVITY_CONTEXT = "https://www.w3.org/ns/activitystreams"

STATE_CHARACTERS_MAX = 200
DURATION_CHARACTERS_MAX = 64
MOMENT_CHARACTERS_MAX = 40

_STATE = re.compile(r'(?:W/)?"?([0-9a-f]{1,64})\.([0-9]{1,18})(?:-[A-Za-z0-9+._\-]{1,40})?"?')
_DURATION = re.compile(
    r"P(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})D)?"
    r"(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)S)?)?",
    re.IGNORECASE,
)
_UNIT_SECONDS = (365 * 86_400, 30 * 86_400, 86_400, 3_600, 60, 1)
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = (datetime.min.replace(tzinfo=UTC) - _START) // timedelta(milliseconds=1)
_LAST_MS = (datetime.max.replace(tzinfo=UTC) - _START) // timedelta(milliseconds=1)


class ChannelType(StrEnum):
    """How notifications reach their receiver. The value is the short name, as both JSON-LD contexts define it."""

    WEBSOCKET = "WebSocketChannel2023"
    WEBHOOK = "WebhookChannel2023"
    STREAMING_HTTP = "StreamingHTTPChannel2023"
    EVENT_SOURCE = "EventSourceChannel2023"
    LDN = "LDNChannel2023"
    WEB_PUSH = "WebPushChannel2023"

    @property
    def iri(self) -> str:
        return NAMESPACE + self.value

    @property
    def pulls(self) -> bool:
        """Whether the receiver connects to us (`receiveFrom`), rather than we to it (`sendTo`)."""
        return self in _PULLING


_PULLING = frozenset({ChannelType.WEBSOCKET, ChannelType.STREAMING_HTTP, ChannelType.EVENT_SOURCE})


@dataclass(frozen=True, slots=True)
class State:
    """How far a storage's journal had come: its first sequence numbers, of one history.

    As text it is what an ETag says before its format, so a client may hand in either.
    """

    epoch: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.sequence}"


def parse_state(text: str) -> State | None:
    """A state, bare or quoted, or an ETag; None for what this server never gave."""
    match = _STATE.fullmatch(text.strip()) if len(text) <= STATE_CHARACTERS_MAX else None
    return State(match[1], int(match[2])) if match else None


def parse_duration(text: str) -> float | None:
    """Seconds of an `xsd:duration` that is not negative; None for anything else.

    A year counts 365 days and a month 30. Lower case is taken too: examples in the specifications write `PT10s`.
    """
    if len(text) > DURATION_CHARACTERS_MAX or text[-1:] in {"P", "p", "T", "t", ""}:
        return None
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    return sum(float(amount) * unit for amount, unit in zip(match.groups("0"), _UNIT_SECONDS, strict=True))


def format_duration(seconds: float) -> str:
    """`PT10S`, `PT0.5S`."""
    return f"PT{seconds:.3f}".rstrip("0").rstrip(".") + "S"


def parse_moment(text: str) -> int | None:
    """Milliseconds since the Unix epoch of an `xsd:dateTime`, which without a time zone is UTC; None for other text."""
    match = _MOMENT.fullmatch(text) if len(text) <= MOMENT_CHARACTERS_MAX else None
    if match is None:
        return None
    *numbers, fraction, zone = match.groups()
    try:
        moment = datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[misc, arg-type]  # six numbers
    except ValueError:
        return None
    whole_ms = (moment - _START) // timedelta(milliseconds=1)
    ms = whole_ms + int((fraction or "0").ljust(3, "0")[:3]) - _offset_ms(zone)
    return ms if _FIRST_MS <= ms <= _LAST_MS else None


def _offset_ms(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (-minutes if zone[0] == "-" else minutes) * 60_000


def format_moment(ms: int) -> str:
    """`2026-01-01T07:00:00.000Z`"""
    moment = _START + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# -- what this server offers -------------------------------------------------------------------------------------------

SERVICES_PATH = ".notifications/"
"""Below the base URL: the subscription services, each at the short name of its channel type."""
CHANNELS_PATH = SERVICES_PATH + "channels/"
GATEWAY_PATH = SERVICES_PATH + "gateway"
"""Where clients of an older protocol ask for a WebSocket."""
GATEWAY_SUBPROTOCOL = "solid-0.2"

STREAM_PATHS = {
    ChannelType.WEBSOCKET: ".stream/socket/",
    ChannelType.STREAMING_HTTP: ".stream/http/",
    ChannelType.EVENT_SOURCE: ".stream/events/",
}
"""Below the stream process's URL: where receivers connect, each with the capability of its channel."""

FEATURES = ("accept", "endAt", "rate", "startAt", "state")
"""Spec: Solid Notifications Protocol #notification-features"""
SUBTREE = "urn:freehold:subtree"
"""A feature of ours: a channel on a container that also hears of all that lies beneath."""
PUSH_NAMESPACE = "https://purl.org/solid-web-push/vocab#"
"""Terms of WebPushChannel2023."""


def receive_from(stream_url: str, channel_type: ChannelType, capability: str) -> str:
    """The URL at which a receiver connects. `stream_url` ends in a slash."""
    url = stream_url + STREAM_PATHS[channel_type] + capability
    return "ws" + url.removeprefix("http") if channel_type is ChannelType.WEBSOCKET else url
