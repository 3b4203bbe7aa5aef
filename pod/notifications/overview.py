"""Which notification channels concern an account: its own, and those of others on its pods. And ending one.

Of a target its host is told and no more: its URL is the subscriber's secret.

Spec: Solid Notifications Protocol #notification-channel; REQUIREMENTS section 17, row 37
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from pod.errors import NotFound
from pod.notifications.courier import host_of
from pod.protocol.notification import ChannelType
from pod.services import Services
from pod.store.channels import Channel, Channels, Deliveries, Delivery

LISTED_MAX = 200
TOPICS_LISTED_MAX = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A channel as people see it. `host` is empty where the receiver comes to us; times are in milliseconds."""

    id: str
    type: ChannelType
    is_own: bool
    topics: tuple[str, ...]
    more_topics: int
    subtree: bool
    host: str
    agent: str | None
    client: str | None
    created_ms: int
    end_ms: int
    success_ms: int | None
    failures: int
    error: str | None
    disabled_ms: int | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The newest first; `more` is how many are not listed."""

    channels: tuple[Listed, ...]
    more: int


def list_channels(services: Services, account: int) -> Overview:
    """What has ended, and is not swept yet, is left out."""
    found = _channels(services, account)
    newest = sorted(found.values(), key=lambda channel: channel.created_ms, reverse=True)
    own = set(services.accounts.web_ids(account))
    deliveries = Deliveries(services.store)
    listed = tuple(_listed(services, each, own, deliveries) for each in islice(newest, LISTED_MAX))
    return Overview(listed, len(newest) - len(listed))


def count_channels(services: Services, account: int) -> int:
    return len(_channels(services, account))


def end_channel(services: Services, account: int, channel: str) -> None:
    """Raises: NotFound -- it is none of theirs"""
    if channel not in _channels(services, account) or not Channels(services.store).remove(channel):
        raise NotFound("There is no such channel.")


def _channels(services: Services, account: int) -> Mapping[str, Channel]:
    channels, now_ms = Channels(services.store), int(services.clock.now() * 1000)
    found = [each for web_id in services.accounts.web_ids(account) for each in channels.of_agent(web_id)]
    found += channels.of_storages([storage.id for storage in services.accounts.storages(account)])
    return {each.id: each for each in found if not each.has_ended(now_ms)}


def _listed(services: Services, channel: Channel, own: set[str], deliveries: Deliveries) -> Listed:
    delivery = Delivery(channel.id, 0) if channel.type.pulls else deliveries.load(channel)
    return Listed(
        id=channel.id,
        type=channel.type,
        is_own=channel.agent in own,
        topics=tuple(services.placement.url(path) for path in channel.topics[:TOPICS_LISTED_MAX]),
        more_topics=max(0, len(channel.topics) - TOPICS_LISTED_MAX),
        subtree=channel.subtree,
        host=host_of(channel),
        agent=channel.agent,
        client=channel.client,
        created_ms=channel.created_ms,
        end_ms=channel.end_ms,
        success_ms=delivery.last_success_ms,
        failures=delivery.failures,
        error=delivery.last_error,
        disabled_ms=delivery.disabled_ms,
    )
