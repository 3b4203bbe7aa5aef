"""Making channels: whoever may read all topics gets one, within limits; and ending them.

Refusals are those of a GET of the topic, so nobody learns here what exists. That the subscriber may read is decided
again at every delivery; what is checked here spares clients a channel that would stay silent.

Spec: Solid Notifications Protocol #subscription-server-subscription-response, #notification-channel-data-model;
REQUIREMENTS section 14.2 (derived) and section 17, rows 36 and 37
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import partial

from pod.authentication.credentials import digest
from pod.authorization import required
from pod.authorization.authorize import check_grant
from pod.config import Config
from pod.errors import (
    AccessDenied,
    CeilingReached,
    NotAuthenticated,
    NotFound,
    PodError,
    TooManyRequests,
    UnprocessableContent,
)
from pod.notifications.push import check_target
from pod.notifications.sender import sender
from pod.notifications.subscription import Wanted, compacted
from pod.notifications.web_push import check_keys
from pod.operations.admission import settled
from pod.protocol.agent import Credentials
from pod.protocol.notification import (
    CHANNELS_PATH,
    ChannelType,
    State,
    format_duration,
    format_moment,
    parse_state,
    receive_from,
)
from pod.protocol.resource import Target
from pod.rdf.contexts import Json
from pod.services import Services
from pod.store.channels import (
    Channel,
    Channels,
    count_of_agent,
    count_of_network,
    count_of_topic,
    oldest_pulled,
    remove_channels,
)
from pod.store.interface import Writer
from pod.store.journal import head
from pod.store.records import Actor, Snapshot, StorageState

CAPABILITY_BYTES = 32
CHANNEL_ID_BYTES = 16
UNKNOWN = -1
"""Where a channel begins whose subscriber knows a state of which nothing can be told: it hears how things are now."""
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Opened:
    """A new channel, and for those that are pulled the secret that connects to it."""

    channel: Channel
    capability: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Subscriber:
    """Who asks, from which network, and when."""

    credentials: Credentials
    network: str
    now_ms: int

    @property
    def counted_network(self) -> str | None:
        """The network that strangers' channels are counted by: WebIDs of other issuers cost nothing."""
        return None if self.credentials.has_account else self.network


@dataclass(frozen=True, slots=True)
class _Topics:
    """What is listened to, and the storage that all of it is in."""

    targets: tuple[Target, ...]
    storage: StorageState


def subscribe(services: Services, wanted: Wanted, credentials: Credentials, network: str) -> Opened:
    """Raises: NotAuthenticated, AccessDenied, NotFound, InvalidToken, PodLeaving -- as a GET of a topic;
    UnprocessableContent -- what cannot be had; TooManyRequests -- too many channels
    """
    if not wanted.type.pulls:
        _check_pushed(services.config, wanted, credentials)
    subscriber = _Subscriber(credentials, network, int(services.clock.now() * 1000))
    _check_times(services.config, wanted, subscriber.now_ms)
    topics = _admitted(services, _targets(services, wanted), credentials)
    if wanted.send_to is not None:
        check_target(services, wanted.send_to)
    capability = secrets.token_urlsafe(CAPABILITY_BYTES) if wanted.type.pulls else None

    def change(tx: Writer) -> Channel:
        channel = _made(services, tx, wanted, subscriber, topics)
        _check_room(services.config, tx, channel, subscriber)
        kept = None if capability is None else digest(capability)
        Channels(services.store).add(tx, channel, capability=kept, network=subscriber.counted_network)
        return channel

    channel = services.store.write_together(Actor(credentials.agent, credentials.client), change)
    return Opened(channel, capability)


def _check_pushed(config: Config, wanted: Wanted, credentials: Credentials) -> None:
    """Spec: WebhookChannel2023 #auth -- subscription clients must be authenticated"""
    if not credentials.authenticated:
        raise NotAuthenticated("Channels that send to a URL are for agents that sign in.")
    if wanted.send_to is None or not (wanted.send_to.startswith("https:") or config.dev):
        raise UnprocessableContent("`sendTo` must be an https URL.")
    if wanted.type is ChannelType.WEB_PUSH:
        check_keys(wanted.p256dh or "", wanted.auth or "")


def _check_times(config: Config, wanted: Wanted, now_ms: int) -> None:
    """Raises: UnprocessableContent"""
    last_ms = _end_ms(config, wanted, now_ms)
    if last_ms <= now_ms:
        raise UnprocessableContent("`endAt` has passed.")
    if wanted.start_ms is not None and wanted.start_ms >= last_ms:
        raise UnprocessableContent(f"The channel would start after it ends, at {format_moment(last_ms)}.")
    if wanted.rate_seconds > config.channel_days_max * _DAY_MS / 1000:
        raise UnprocessableContent(f"`rate` may be at most P{config.channel_days_max}D.")


def _end_ms(config: Config, wanted: Wanted, now_ms: int) -> int:
    latest_ms = now_ms + config.channel_days_max * _DAY_MS
    return latest_ms if wanted.end_ms is None else min(wanted.end_ms, latest_ms)


# -- topics ------------------------------------------------------------------------------------------------------------


def _targets(services: Services, wanted: Wanted) -> tuple[Target, ...]:
    """Raises: UnprocessableContent -- too many, not here, or not all of one storage"""
    most = services.config.channel_topics_max
    if len(wanted.topics) > most:
        raise UnprocessableContent(f"One channel may have at most {most} topics.")
    targets = tuple(dict.fromkeys(_target(services, topic) for topic in wanted.topics))
    if len({target.storage for target in targets}) > 1:
        raise UnprocessableContent("All topics of one channel lie in one storage; ask for a channel for each storage.")
    if wanted.subtree and not all(target.is_container for target in targets):
        raise UnprocessableContent("A subtree has a container as its topic.")
    return targets


def _target(services: Services, topic: str) -> Target:
    path = None if "?" in topic or "#" in topic else services.placement.local_path(topic)
    if path is None:
        raise UnprocessableContent(
            "A topic is the URL of a resource of a pod on this server, without query or fragment."
        )
    try:
        return Target.parse(path)
    except PodError as error:
        raise UnprocessableContent(f"A topic is not the URL of a resource: {error.detail}") from error


@settled
def _admitted(services: Services, targets: tuple[Target, ...], credentials: Credentials) -> _Topics:
    """The topics, all of which exist and may be read."""
    storage: StorageState | None = None
    for target in targets:
        snapshot = services.store.describe(target, credentials.grant, with_body=False)
        _check_readable(services, snapshot, credentials)
        if snapshot.state is None:
            raise NotFound("There is nothing at the URL of a topic.")
        storage = snapshot.storage
    if storage is None:
        raise NotFound("No storage has the URL of a topic.")
    return _Topics(targets, storage)


def _check_readable(services: Services, snapshot: Snapshot, credentials: Credentials) -> None:
    """The owner can see who was let listen, and who was not. Raises: as `authorize`"""
    path, needs, is_public = snapshot.target.path, required.read(snapshot), False
    who = credentials.agent, credentials.client
    note = partial(services.access_log.note, path, *who, needs[0].told, issuer=credentials.issuer)
    try:
        decision = services.authorizer.authorize(services.store, snapshot, credentials, needs, may_wait=True)
        is_public = needs[0].is_met_by(decision.public)
    except (AccessDenied, NotAuthenticated) as refusal:
        note(allowed=False, limited=isinstance(refusal, CeilingReached))
        raise
    if not is_public:
        note(allowed=True)


# -- the channel -------------------------------------------------------------------------------------------------------


def _made(services: Services, tx: Writer, wanted: Wanted, subscriber: _Subscriber, topics: _Topics) -> Channel:
    """Raises: NotFound -- the storage went meanwhile"""
    storage = topics.storage.id
    here = tx.describe(topics.targets[0], with_body=False).storage
    if here is None or here.id != storage or here.status != "active":
        raise NotFound("No storage has the URL of a topic.")
    who, now_ms = subscriber.credentials, subscriber.now_ms
    return Channel(
        id=secrets.token_urlsafe(CHANNEL_ID_BYTES),
        type=wanted.type,
        storage=storage,
        topics=tuple(target.path for target in topics.targets),
        agent=who.agent,
        client=who.client,
        issuer=who.issuer,
        grant=who.grant,
        origin=who.origin,
        context=wanted.context,
        accept=wanted.accept,
        subtree=wanted.subtree,
        rate_seconds=wanted.rate_seconds,
        start_ms=wanted.start_ms if wanted.start_ms is not None and wanted.start_ms > now_ms else None,
        end_ms=_end_ms(services.config, wanted, now_ms),
        sequence=_beginning(wanted.state, State(services.store.epoch, head(tx, storage))),
        send_to=wanted.send_to,
        p256dh=wanted.p256dh,
        auth=wanted.auth,
        created_ms=now_ms,
    )


def _beginning(known: str | None, now: State) -> int:
    """What comes after it is delivered: what the subscriber missed first. Spec: #notify-state"""
    if known is None:
        return now.sequence
    state = parse_state(known)
    if state is None or state.epoch != now.epoch or state.sequence > now.sequence:
        return UNKNOWN
    return state.sequence


def _check_room(config: Config, tx: Writer, channel: Channel, subscriber: _Subscriber) -> None:
    """Whoever has an account here finds room on a topic where strangers no longer do.

    Raises: TooManyRequests
    """
    now_ms = subscriber.now_ms
    most = config.channels_per_topic_max
    most = most if subscriber.credentials.has_account else max(1, most // 2)
    if any(count_of_topic(tx, topic, now_ms) >= most for topic in channel.topics):
        raise TooManyRequests(f"A topic may have at most {most} channels now. Listen to its container, or try later.")
    most = config.channels_per_agent_max
    if subscriber.counted_network is not None:
        if count_of_network(tx, subscriber.counted_network, now_ms) >= most and not _make_room(tx, channel):
            raise TooManyRequests(f"One address may have at most {most} channels without an account here. {_END}")
    elif (
        channel.agent is not None and count_of_agent(tx, channel.agent, now_ms) >= most and not _make_room(tx, channel)
    ):
        raise TooManyRequests(f"One WebID may have at most {most} channels. {_END}")


_END = "To make room, end some: DELETE their `id`."


def _make_room(tx: Writer, channel: Channel) -> bool:
    """An app that comes back forgets what it was given: its oldest channel goes, if it waits for a connection."""
    oldest = oldest_pulled(tx, channel.agent, channel.client) if channel.agent and channel.type.pulls else None
    return oldest is not None and remove_channels(tx, (oldest,)) > 0


# -- reading and ending them -------------------------------------------------------------------------------------------


def find(services: Services, key: str, credentials: Credentials) -> Channel:
    """A channel for its subscriber, or an owner of its storage; for an app that was let do only some things, one of its
    own. Of an anonymous one the unguessable id is all it takes.

    Raises: NotAuthenticated -- to everybody who is nobody; NotFound -- to all others; InvalidToken
    """
    channel = Channels(services.store).get(key)
    if channel is not None and channel.agent is None and not credentials.authenticated:
        return channel
    if not credentials.authenticated:
        raise NotAuthenticated("Sign in as who asked for this channel, or as an owner of its storage.")
    if channel is None or not _is_theirs(services, channel, credentials):
        raise NotFound("You have no such channel; it may have ended.")
    return channel


def _is_theirs(services: Services, channel: Channel, credentials: Credentials) -> bool:
    snapshot = services.store.describe(Target.parse(channel.topics[0]), credentials.grant, with_body=False)
    check_grant(snapshot, credentials)
    limits = None if snapshot.grant is None else snapshot.grant.ceiling
    if limits is not None and not limits.full:
        return (credentials.agent, credentials.client) == (channel.agent, channel.client)
    owners = () if snapshot.storage is None else snapshot.storage.owners
    return credentials.agent in {channel.agent, *owners}


def described(services: Services, channel: Channel, capability: str | None = None) -> dict[str, Json]:
    """What is told of a channel. The secret part of a pulled one is told once, when it is made.

    Spec: Solid Notifications Protocol #notification-channel-data-model
    """
    base_url, config = services.placement.base_url, services.config
    topics = [services.placement.url(topic) for topic in channel.topics]
    properties: dict[str, Json] = {
        "id": base_url + CHANNELS_PATH + channel.id,
        "type": channel.type.value,
        "topic": topics[0] if len(topics) == 1 else topics,
    }
    if capability is not None:
        properties["receiveFrom"] = receive_from(config.stream_url, channel.type, capability)
    if not channel.type.pulls:
        properties["sender"] = sender(base_url)
    return compacted(channel.context, properties | _features(services, channel))


def _features(services: Services, channel: Channel) -> dict[str, Json]:
    features: dict[str, Json] = {"accept": channel.accept, "endAt": format_moment(channel.end_ms)}
    if channel.start_ms is not None:
        features["startAt"] = format_moment(channel.start_ms)
    if channel.rate_seconds:
        features["rate"] = format_duration(channel.rate_seconds)
    if channel.sequence != UNKNOWN:
        features["state"] = str(State(services.store.epoch, channel.sequence))
    if channel.subtree:
        features["subtree"] = True
    return features
