"""Subscribing to notifications as any client does: the storage description names the services, a service gives a channel.

Spec: Solid Notifications Protocol #discovery, #subscription
"""

from __future__ import annotations

from typing import Any

import requests

from tests.support.client import SOLID, SolidClient, link

NOTIFY = "http://www.w3.org/ns/solid/notifications#"
CONTEXT = "https://www.w3.org/ns/solid/notifications-context/v1"
JSON_LD = "application/ld+json"


def service(client: SolidClient, topic: str, channel_type: str) -> str:
    """Where to subscribe with such a channel."""
    description = link(client.head(topic), str(SOLID.storageDescription))
    offered = client.graph(description).query(
        f"SELECT ?service WHERE {{ ?service <{NOTIFY}channelType> <{NOTIFY}{channel_type}> }}"
    )
    (found,) = (str(row[0]) for row in offered)  # type: ignore[index]  # rows of a SELECT are tuples
    return found


def ask(client: SolidClient, channel_type: str, *topics: str, **more: Any) -> requests.Response:
    """A subscription request, whatever comes of it."""
    body = {"@context": [CONTEXT], "type": channel_type, "topic": topics[0] if len(topics) == 1 else topics, **more}
    headers = {"Content-Type": JSON_LD, "Accept": JSON_LD}
    return client.request("POST", service(client, topics[0], channel_type), headers=headers, json=body)


def subscribe(client: SolidClient, channel_type: str, *topics: str, **more: Any) -> dict[str, Any]:
    """The channel: its id, and where to listen (`receiveFrom`) or who will send (`sender`)."""
    answer = ask(client, channel_type, *topics, **more)
    assert answer.status_code in {200, 201}, f"{answer.status_code} {answer.text}"
    return dict(answer.json())
