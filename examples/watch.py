"""Watches a container: prints what comes into it and goes from it, as it happens, until it is interrupted.

    python examples/watch.py http://localhost:3000/alice/notes/
    python examples/watch.py http://localhost:3000/alice/notes/ WEBID CLIENT_ID CLIENT_SECRET

The first is for a container that everyone may read. `freehold account add-client alice --label watch` prints the client
id and the secret for the second. What happens while the connection is lost is printed when it is back. Needs what
logbook.py beside it needs.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from logbook import Refused, graph, http, profile, send, sign_in
from rdflib import Namespace
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

NOTIFY = Namespace("http://www.w3.org/ns/solid/notifications#")
CHANNEL_TYPE = "EventSourceChannel2023"
DESCRIPTION = re.compile(r'<([^>]+)>; *rel="http://www\.w3\.org/ns/solid/terms#storageDescription"')
SILENCE_SECONDS_MAX = 120
RECONNECT_SECONDS = 1
WORDS = {"Add": "came", "Remove": "went"}

Ask = Callable[..., BaseHTTPResponse]


def subscribe(ask: Ask, container: str) -> str:
    """Where to listen. Spec: Solid Notifications Protocol #discovery, #subscription"""
    found = DESCRIPTION.search(ask("HEAD", container, {}).headers.get("Link", ""))
    if found is None:
        raise Refused(f"{container} does not say where its storage is described")
    description = graph(ask("GET", found[1], {"Accept": "text/turtle"}), found[1])
    service = description.value(predicate=NOTIFY.channelType, object=NOTIFY[CHANNEL_TYPE])
    if service is None:
        raise Refused(f"{found[1]} offers no {CHANNEL_TYPE}")
    wanted = {
        "@context": ["https://www.w3.org/ns/solid/notifications-context/v1"],
        "type": CHANNEL_TYPE,
        "topic": container,
    }
    answer = ask("POST", str(service), {"Content-Type": "application/ld+json"}, json.dumps(wanted).encode())
    return str(answer.json()["receiveFrom"])


def notifications(channel: str) -> Iterator[dict[str, Any]]:
    """All that is told, however often the connection has to be made anew."""
    last = ""
    while True:
        try:
            for event, message in events(channel, last):
                last = event
                yield message
        except HTTPError:
            time.sleep(RECONNECT_SECONDS)


def events(channel: str, last: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The id and the content of each event after the last, until the connection ends."""
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
    timeout = Timeout(connect=10, read=SILENCE_SECONDS_MAX)
    answer = http.request("GET", channel, headers=headers, timeout=timeout, retries=False, preload_content=False)
    if answer.status != 200:
        raise Refused(f"{channel}: {answer.status} {answer.data.decode(errors='replace')}")
    for line in answer:
        name, _, value = line.decode().strip().partition(": ")
        if name == "id":
            last = value
        if name == "data":
            yield last, json.loads(value)


def main(container: str, web_id: str = "", client_id: str = "", client_secret: str = "") -> None:
    ask: Ask = sign_in(profile(web_id)[0], client_id, client_secret).request if web_id else send
    channel = subscribe(ask, container)
    print(f"{container}:", flush=True)
    for message in notifications(channel):
        if message["type"] in WORDS:
            print(f"  {message['published']:.19}  {WORDS[message['type']]}  {message['object']}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in {2, 5}:
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Refused as refusal:
        sys.exit(str(refusal))
    except KeyboardInterrupt:
        pass
