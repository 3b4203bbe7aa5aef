"""The gateway of an older draft, which published clients still look for: two requests in JSON, then a WebSocket.

First a protocol is negotiated, then a topic is named; the socket is one of WebSocketChannel2023. Knows no HTTP.

Spec: Solid Notifications Protocol 0.1 (2022), gateway; @inrupt/solid-client-notifications 3
"""

from __future__ import annotations

from pod.clock import Clock
from pod.errors import BadRequest, UnprocessableContent
from pod.notifications.channel import Opened
from pod.notifications.subscription import LIMITS, Wanted
from pod.protocol.notification import (
    GATEWAY_PATH,
    GATEWAY_SUBPROTOCOL,
    ChannelType,
    parse_duration,
    receive_from,
)
from pod.rdf import formats, nesting
from pod.rdf.contexts import Json, parsed
from pod.services import Services

SOCKET_PATH = GATEWAY_PATH + "/ws"
PROTOCOL = "ws"
OFFERED = ("rate", "state", "ttl")
SECONDS_MAX = 10 * 365 * 86_400


def negotiated(services: Services, content: bytes) -> dict[str, Json]:
    """Where to ask for a socket. Raises: BadRequest, UnprocessableContent -- none of the client's protocols is ours"""
    document = _object(content)
    if PROTOCOL not in _list(document, "protocols"):
        raise UnprocessableContent(f'This gateway speaks "{PROTOCOL}"; name it in `protocols`.')
    features = [feature for feature in OFFERED if feature in _list(document, "features")]
    return {"endpoint": services.placement.base_url + SOCKET_PATH, "protocol": PROTOCOL, "features": features}


def read_request(content: bytes, clock: Clock) -> Wanted:
    """Raises: BadRequest, UnprocessableContent"""
    document = _object(content)
    topic, state = document.get("topic"), document.get("state")
    if not isinstance(topic, str):
        raise UnprocessableContent("Say with `topic` which resource to listen to.")
    if state is not None and not isinstance(state, str):
        raise UnprocessableContent("`state` must be a string.")
    ttl = _seconds(document, "ttl")
    return Wanted(
        type=ChannelType.WEBSOCKET,
        topics=(topic,),
        rate_seconds=_seconds(document, "rate") or 0.0,
        end_ms=None if ttl is None else int((clock.now() + ttl) * 1000),
        state=state,
    )


def connection(services: Services, opened: Opened) -> dict[str, Json]:
    """Where the socket is."""
    assert opened.capability is not None, "a WebSocket is pulled"
    endpoint = receive_from(services.config.stream_url, opened.channel.type, opened.capability)
    return {"endpoint": endpoint, "protocol": PROTOCOL, "subprotocol": GATEWAY_SUBPROTOCOL}


def _object(content: bytes) -> dict[str, Json]:
    content = formats.decoded(content, LIMITS.bytes)
    nesting.check_json(content, LIMITS)
    document = parsed(content)
    if not isinstance(document, dict):
        raise BadRequest("This takes a JSON object.")
    return document


def _list(document: dict[str, Json], name: str) -> list[Json]:
    value = document.get(name, [])
    if not isinstance(value, list):
        raise BadRequest(f"`{name}` must be a list.")
    return value


def _seconds(document: dict[str, Json], name: str) -> float | None:
    """A number of seconds, or an xsd:duration."""
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        value = parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= SECONDS_MAX:
        raise UnprocessableContent(f"`{name}` must be a number of seconds.")
    return float(value)
