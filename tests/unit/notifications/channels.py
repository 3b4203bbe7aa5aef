"""Channels for tests of what becomes of them."""

from __future__ import annotations

from typing import Any

from pod.protocol.notification import PROTOCOL_CONTEXT, ChannelType
from pod.store.channels import Channel, Channels
from pod.store.interface import ResourceStore
from pod.store.records import SERVER

HOOK = "https://hooks.example/in"


def channel(**changes: Any) -> Channel:
    usual: dict[str, Any] = {
        "id": "channel",
        "type": ChannelType.WEBHOOK,
        "storage": 1,
        "topics": ("/alice/notes",),
        "agent": None,
        "client": None,
        "issuer": None,
        "grant": None,
        "origin": None,
        "context": PROTOCOL_CONTEXT,
        "accept": "application/ld+json",
        "subtree": False,
        "rate_seconds": 0.0,
        "start_ms": None,
        "end_ms": 2**50,
        "sequence": 0,
        "send_to": HOOK,
        "p256dh": None,
        "auth": None,
        "created_ms": 0,
    }
    return Channel(**usual | changes)


def add(store: ResourceStore, made: Channel) -> Channel:
    with store.write(SERVER) as tx:
        Channels(store).add(tx, made, capability=None, network=None)
    return made
