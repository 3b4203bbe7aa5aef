"""Subscribing to notifications as the protocol says, on any server: the storage description names the services.

Spec: Solid Notifications Protocol #discovery, #subscription
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

from rdflib import Graph, Namespace

from bench.tokens import RefusedError, Session

NOTIFY = Namespace("http://www.w3.org/ns/solid/notifications#")
CONTEXT = "https://www.w3.org/ns/solid/notification/v1"
"""The one that both servers take."""
DESCRIPTION = re.compile(r'<([^>]+)>\s*;\s*rel="http://www\.w3\.org/ns/solid/terms#storageDescription"')
JSON_LD = {"Content-Type": "application/ld+json", "Accept": "application/ld+json"}
SUBSCRIBING_THREADS = 8


def service(session: Session, topic: str, channel_type: str) -> str:
    """Where to subscribe with such a channel. Raises: RefusedError"""
    links = session.send(None, "HEAD", topic, {}).headers.get("Link", "")
    found = DESCRIPTION.search(links)
    if found is None:
        raise RefusedError(f"{session.target.name}: {topic} links no storage description: {links}")
    url = urljoin(topic, found[1])
    answer = session.send(None, "GET", url, {"Accept": "text/turtle"})
    description = Graph().parse(data=answer.data, format="turtle", publicID=url)
    offered = description.value(predicate=NOTIFY.channelType, object=NOTIFY[channel_type])
    if offered is None:
        raise RefusedError(f"{session.target.name}: no service for {channel_type} in {url}")
    return str(offered)


def subscribe(session: Session, at: str, topic: str, channel_type: str) -> str:
    """The `receiveFrom` of a new channel of a stranger's. Raises: RefusedError"""
    asked = {"@context": [CONTEXT], "type": f"{NOTIFY}{channel_type}", "topic": topic}
    answer = session.send(None, "POST", at, JSON_LD, json.dumps(asked).encode())
    return str(json.loads(answer.data)["receiveFrom"])


def subscribe_often(session: Session, topic: str, channel_type: str, count: int) -> list[str]:
    """So many channels on one topic, as so many people would have. Raises: RefusedError"""
    at = service(session, topic, channel_type)
    with ThreadPoolExecutor(SUBSCRIBING_THREADS) as threads:
        return list(threads.map(lambda _: subscribe(session, at, topic, channel_type), range(count)))
