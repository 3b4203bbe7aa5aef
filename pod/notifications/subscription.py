"""What a client asks of a subscription service: its request read into a value, or refused with the way to mend it.

Read as RDF, so every form that JSON-LD allows is understood; contexts are those of `vocab/`, and none is ever fetched.
Does not know who asks, nor what is in the store.

Spec: Solid Notifications Protocol #subscription-request, #notification-channel-data-model, #notification-features;
REQUIREMENTS section 14.2, 14.3 and section 17, rows 33 to 35
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from pod.config import KIB
from pod.errors import ContentTypeMissing, UnprocessableContent, UnsupportedMediaType
from pod.protocol.conneg import negotiate
from pod.protocol.notification import (
    CONTEXTS,
    NAMESPACES,
    PROTOCOL_CONTEXT,
    PUSH_NAMESPACE,
    SUBTREE,
    ChannelType,
    parse_duration,
    parse_moment,
)
from pod.protocol.representation import MediaType
from pod.rdf import formats, nesting
from pod.rdf.contexts import OFFLINE, Json, parsed
from pod.rdf.formats import Limits
from pod.rdf.graph import IRI, BNode, Graph, Node, Term
from pod.rdf.vocab import RDF

REQUEST_BYTES_MAX = 64 * KIB
URL_CHARACTERS_MAX = 2_048
LIMITS = Limits(
    bytes=REQUEST_BYTES_MAX, triples=2_000, depth=12, literal_bytes=8 * KIB, json_values=5_000, context_steps=20_000
)
"""Of a request: what is asked for is a page of text at most."""
BASE = "urn:freehold:subscription"
"""What relative URLs in a request resolve against: nothing that could be listened or sent to."""
JSON_LD, TURTLE = formats.JSON_LD.media_type, formats.TURTLE.media_type
ACCEPTED = (JSON_LD, TURTLE)
ACCEPT_POST = ("Accept-Post", ", ".join(ACCEPTED))
MESSAGE_TYPES = (JSON_LD, TURTLE, formats.N_TRIPLES.media_type)
_JSON_LD_FORMS = tuple(f"http://www.w3.org/ns/json-ld#{form}" for form in ("expanded", "compacted", "flattened"))
PROFILES = frozenset({*CONTEXTS, *_JSON_LD_FORMS})

_OUR_TERMS = {
    ChannelType.WEB_PUSH.value: ChannelType.WEB_PUSH.iri,
    "subtree": SUBTREE,
    "keys": PUSH_NAMESPACE + "keys",
    "auth": PUSH_NAMESPACE + "auth",
    "p256dh": PUSH_NAMESPACE + "p256dh",
    "vapidPublicKey": PUSH_NAMESPACE + "vapidPublicKey",
}
"""Terms of channel types and features that neither context defines; a request's own context prevails."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The channel a client asks for. Topics are URLs, as given; what is None was not asked for."""

    type: ChannelType
    topics: tuple[str, ...]
    context: str = PROTOCOL_CONTEXT
    accept: str = JSON_LD
    subtree: bool = False
    rate_seconds: float = 0.0
    start_ms: int | None = None
    end_ms: int | None = None
    state: str | None = None
    send_to: str | None = None
    p256dh: str | None = field(default=None, repr=False)
    auth: str | None = field(default=None, repr=False)


def check_content_type(media_type: MediaType | None) -> MediaType:
    """Raises: ContentTypeMissing; UnsupportedMediaType -- not RDF as it is taken here, or a profile of something else

    Spec: Solid Notifications Protocol #subscription-server-subscription-request-profile-unrecognised
    """
    if media_type is None:
        raise ContentTypeMissing(f"A subscription request is {JSON_LD}: say so with Content-Type.")
    if media_type.essence not in ACCEPTED:
        raise UnsupportedMediaType(f"A subscription request is {' or '.join(ACCEPTED)}.", headers=(ACCEPT_POST,))
    for profile in (media_type.parameter("profile") or "").split():
        if profile not in PROFILES:
            raise UnsupportedMediaType(
                f"The profile {profile} is not known here; use {CONTEXTS[0]}, or none.", headers=(ACCEPT_POST,)
            )
    return media_type


def read_subscription(content: bytes, media_type: MediaType, service: ChannelType, url: str) -> Wanted:
    """The request to the subscription service at `url`, which makes channels of one type.

    Raises: MalformedContent, ContentTooLarge; UnprocessableContent -- an unknown context, or not what a channel is
    """
    context = PROTOCOL_CONTEXT
    if media_type.essence == JSON_LD:
        content, context = _with_our_terms(content)
    graph = formats.parse(content, media_type.essence, base=BASE, limits=LIMITS, contexts=OFFLINE).default
    asked = _Asked(graph, _channel(graph, service, url))
    return Wanted(
        type=service,
        topics=tuple(dict.fromkeys(asked.topics())),
        context=context,
        accept=_message_type(asked.one("accept"), (JSON_LD,) if service is ChannelType.LDN else MESSAGE_TYPES),
        subtree=asked.flag(SUBTREE),
        rate_seconds=_seconds(asked.one("rate")),
        start_ms=_moment("startAt", asked.one("startAt")),
        end_ms=_moment("endAt", asked.one("endAt")),
        state=asked.one("state"),
        send_to=None if service.pulls else _receiver(asked.one("sendTo")),
        p256dh=asked.key("p256dh") if service is ChannelType.WEB_PUSH else None,
        auth=asked.key("auth") if service is ChannelType.WEB_PUSH else None,
    )


def _with_our_terms(content: bytes) -> tuple[bytes, str]:
    """The document with our terms added to its context, and the context that its sender uses."""
    content = formats.decoded(content, LIMITS.bytes)
    nesting.check_json(content, LIMITS)
    document = parsed(content)
    if not isinstance(document, dict):
        raise UnprocessableContent("A subscription request is one JSON object.")
    given = document.get("@context")
    contexts: list[Json] = given if isinstance(given, list) else [given] if given is not None else []
    document["@context"] = [_OUR_TERMS, *contexts]
    used = next((each for each in contexts if isinstance(each, str) and each in CONTEXTS), PROTOCOL_CONTEXT)
    return json.dumps(document).encode(), used


def _channel(graph: Graph, service: ChannelType, url: str) -> Node:
    """What in the request is of the service's type. Spec: REQUIREMENTS section 17, row 34"""
    names = {namespace + service.value for namespace in NAMESPACES}
    typed = [(triple.subject, triple.object) for triple in graph.match(p=RDF.type)]
    found = {subject for subject, kind in typed if isinstance(kind, IRI) and kind.value in names}
    if not found:
        raise UnprocessableContent(
            f"This service makes channels of type {service.value}: the request must say so with `type`, "
            f'in "@context": "{CONTEXTS[0]}". Other types have services of their own.',
            channelType=service.iri,
            service=url,
        )
    if len(found) > 1:
        raise UnprocessableContent("One request asks for one channel.")
    return cast("Node", next(iter(found)))


class _Asked:
    """The properties of the channel that a request describes."""

    def __init__(self, graph: Graph, channel: Node) -> None:
        self._graph = graph
        self._channel = channel

    def topics(self) -> list[str]:
        found = list(self._all("topic"))
        if not found:
            raise UnprocessableContent("Say with `topic` which resource to listen to.")
        return found

    def one(self, name: str) -> str | None:
        """Raises: UnprocessableContent -- there is more than one"""
        found = set(self._all(name))
        if len(found) > 1:
            raise UnprocessableContent(f"There is more than one `{name}`.")
        return next(iter(found), None)

    def flag(self, iri: str) -> bool:
        return any(_text(term) in {"true", "1"} for term in self._graph.objects(self._channel, IRI(iri)))

    def key(self, name: str) -> str:
        """Spec: WebPushChannel2023 #channel-type"""
        for holder in self._graph.objects(self._channel, IRI(PUSH_NAMESPACE + "keys")):
            if isinstance(holder, IRI | BNode):
                for term in self._graph.objects(holder, IRI(PUSH_NAMESPACE + name)):
                    return _text(term)
        raise UnprocessableContent(
            "`keys` must hold `p256dh` and `auth`, as the browser's PushSubscription gives them."
        )

    def _all(self, name: str) -> Iterator[str]:
        for namespace in NAMESPACES:
            for term in self._graph.objects(self._channel, IRI(namespace + name)):
                yield _text(term, name)


def _text(term: Term, name: str = "value") -> str:
    if isinstance(term, BNode):
        raise UnprocessableContent(f"`{name}` must be a plain value.")
    return term.value


def _message_type(accept: str | None, offered: tuple[str, ...]) -> str:
    """Spec: Solid Notifications Protocol #notify-accept; LDN #test-sender-header-post-content-type-json-ld"""
    media_type = negotiate(accept, offered)
    if media_type is None:
        raise UnprocessableContent(f"Messages come as {', '.join(offered)}: `accept` must name one of them.")
    return media_type


def _seconds(rate: str | None) -> float:
    seconds = 0.0 if rate is None else parse_duration(rate)
    if seconds is None:
        raise UnprocessableContent("`rate` must be an xsd:duration, like PT10S.")
    return seconds


def _moment(name: str, text: str | None) -> int | None:
    moment = None if text is None else parse_moment(text)
    if text is not None and moment is None:
        raise UnprocessableContent(f"`{name}` must be an xsd:dateTime, like 2030-01-31T12:00:00Z.")
    return moment


def _receiver(url: str | None) -> str:
    """Whether it may be contacted is decided when it is. Spec: WebhookChannel2023 #channel-type"""
    if url is None:
        raise UnprocessableContent("Say with `sendTo` where messages are to be sent.")
    try:
        parts = urlsplit(url)
        plain = bool(parts.hostname) and parts.username is None and not parts.fragment and parts.port != 0
    except ValueError:
        plain = False
    if not plain or len(url) > URL_CHARACTERS_MAX or not url.isascii() or parts.scheme not in {"https", "http"}:
        raise UnprocessableContent("`sendTo` must be an https URL without a user name or fragment.")
    return url


def compacted(context: str, properties: dict[str, Json]) -> dict[str, Json]:
    """A description in the context that its reader uses, with what that one does not define beside it."""
    ours = {name: iri for name, iri in _OUR_TERMS.items() if name in properties}
    ours |= {value: _OUR_TERMS[value] for value in properties.values() if value == ChannelType.WEB_PUSH.value}
    return {"@context": [context, ours] if ours else [context], **properties}
