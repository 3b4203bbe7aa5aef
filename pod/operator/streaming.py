"""The process that those who wait for notifications connect to, as they reach it: is it there, do WebSockets open?"""

from __future__ import annotations

import http.client
import json

from pod.config import Config
from pod.http.headers import UPDATES_PATH
from pod.operator.asking import ask
from pod.operator.findings import Finding, fine, problem

SUBJECT = "notifications"
HEALTH = ".stream/health"
OPENING = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "ZnJlZWhvbGQgZG9jdG9yIQ==",
    "Sec-WebSocket-Protocol": "solid-0.1",
}
OPENED = 101
_ROUTE = "Have the proxy pass what begins with /.stream/ on to stream_port"


def check_stream(config: Config) -> Finding:
    """Of a server that runs."""
    url = config.stream_url
    try:
        reply = ask(url + HEALTH)
        told = json.loads(reply.body) if reply.status == 200 else None
        opened = ask(url + UPDATES_PATH, OPENING).status if told else 0
    except (OSError, ValueError, http.client.HTTPException) as error:
        text = f"nobody answers as it should at {url}{HEALTH} ({error or type(error).__name__})"
        return problem(SUBJECT, text, f"{_ROUTE} ({config.stream_port}), or set stream_url.")
    if not isinstance(told, dict) or "base_url" not in told:
        text = f"something else answers at {url}{HEALTH} (status {reply.status})"
        return problem(SUBJECT, text, f"{_ROUTE} ({config.stream_port}), or set stream_url.")
    if told["base_url"] != config.base_url:
        text = f"the process at {url}.stream/ belongs to the server at {told['base_url']}"
        return problem(SUBJECT, text, "Have the proxy lead to the right one, or mend stream_url.")
    if opened != OPENED:
        text = f"no WebSocket opens at {url}{UPDATES_PATH} (status {opened})"
        return problem(SUBJECT, text, "Have the proxy pass on Upgrade and Connection there, in HTTP/1.1.")
    return fine(SUBJECT, f"who waits for them can connect at {url}.stream/")
