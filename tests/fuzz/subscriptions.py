"""Targets: what clients ask of subscription services.

Spec: Solid Notifications Protocol #subscription-request, #notification-features
"""

from __future__ import annotations

from collections.abc import Callable

from pod.notifications import gateway
from pod.notifications.subscription import MESSAGE_TYPES, check_content_type, read_subscription
from pod.protocol.notification import ChannelType
from pod.protocol.representation import MediaType
from tests.fuzz import documents
from tests.fuzz.running import Target, Wrong
from tests.support.proofs import NOW
from tests.support.stores import StillClock

SERVICE = "https://pods.example/.notifications/"
DRAFT, PROTOCOL = (
    b"https://www.w3.org/ns/solid/notification/v1",
    b"https://www.w3.org/ns/solid/notifications-context/v1",
)
FEATURES = (
    b'"rate": "PT10S", "startAt": "2026-11-22T18:00:00Z", "endAt": "2030-01-01T00:00:00.5+02:00", "accept": "text/turtle", '
    b'"state": "5d41.7-ttl", "subtree": true'
)
WORDS = (
    *(
        b'"topic"',
        b'"sendTo"',
        b'"rate"',
        b'"startAt"',
        b'"state"',
        b'"keys"',
        b'"accept"',
        b'"PT1e9S"',
        b'"type"',
        DRAFT,
    ),
    *(
        b'"2030-01-01T00:00:00Z"',
        b'"9999-12-31T23:59:60-14:00"',
        b'"P999999999Y"',
        b'"https://[::1/"',
        b'"http://a:99999/"',
    ),
)


def _json(kind: bytes, context: bytes, more: bytes = FEATURES) -> bytes:
    return (
        b'{"@context": ["%s"], "type": "%s", "topic": ["https://pods.example/alice/a", "https://pods.example/alice/"], %s}'
        % (context, kind, more)
    )


def _turtle(kind: bytes) -> bytes:
    return (
        b"@prefix notify: <http://www.w3.org/ns/solid/notifications#>. [] a notify:%s; notify:topic "
        b'<https://pods.example/alice/a>; notify:rate "PT5S"; notify:sendTo <https://app.example/hook> .' % kind
    )


def _reader(service: ChannelType, media_type: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        wanted = read_subscription(data, MediaType.parse(media_type), service, SERVICE + service.value)
        if not wanted.topics or wanted.accept not in MESSAGE_TYPES or wanted.rate_seconds < 0:
            raise Wrong(f"not a channel: {wanted}")

    return read


def content_type(data: bytes) -> None:
    check_content_type(MediaType.parse(data.decode("latin-1")))


def of_gateway(data: bytes) -> None:
    wanted = gateway.read_request(data, StillClock(NOW))
    if not wanted.topics or wanted.rate_seconds < 0:
        raise Wrong(f"not a channel: {wanted}")


SENT = b'"sendTo": "https://app.example/hook", ' + FEATURES
KEYS = b'"sendTo": "https://push.example/x", "keys": {"p256dh": "BNc", "auth": "x"}, ' + FEATURES
TARGETS = (
    Target(
        "subscription",
        _reader(ChannelType.WEBSOCKET, "application/ld+json"),
        (_json(b"WebSocketChannel2023", DRAFT), _json(b"WebSocketChannel2023", PROTOCOL)),
        (*WORDS, *documents.JSON_WORDS),
    ),
    Target(
        "subscription-webhook",
        _reader(ChannelType.WEBHOOK, "application/ld+json"),
        (_json(b"WebhookChannel2023", DRAFT, SENT), _json(b"WebhookChannel2023", PROTOCOL, SENT)),
        (*WORDS, *documents.JSON_WORDS),
    ),
    Target(
        "subscription-web-push",
        _reader(ChannelType.WEB_PUSH, "application/ld+json"),
        (_json(b"WebPushChannel2023", DRAFT, KEYS), _json(b"WebPushChannel2023", PROTOCOL, KEYS)),
        (*WORDS, *documents.JSON_WORDS),
    ),
    Target(
        "subscription-turtle",
        _reader(ChannelType.WEBHOOK, "text/turtle"),
        (_turtle(b"WebhookChannel2023"),),
        documents.TURTLE_WORDS,
    ),
    Target(
        "gateway",
        of_gateway,
        (
            b'{"topic": "https://pods.example/alice/a", "state": "5d41.7", "ttl": 60, "rate": 1.5}',
            b'{"topic": "x", "ttl": "PT5S"}',
        ),
        (*WORDS, *documents.JSON_WORDS, b'"ttl"', b"1e400", b"-1"),
    ),
    Target(
        "subscription-type",
        content_type,
        (b"application/ld+json", b'application/ld+json; profile="%s"' % DRAFT, b"text/turtle; charset=utf-8"),
        (b";", b'"', b" ", b"profile="),
    ),
)
