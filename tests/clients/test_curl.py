"""curl on an event stream: what anybody's command line shows of it, and how it goes on after the connection was lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.client import SolidClient
from tests.support.subscribing import subscribe

pytestmark = [pytest.mark.clients, pytest.mark.e2e]

KIND = "EventSourceChannel2023"
PLAIN = {"Content-Type": "text/plain"}
SECONDS_MAX = "90"


@dataclass
class Shown:
    """What curl writes, line by line: the head of the answer, then events."""

    head: list[str]
    _lines: Iterator[str]

    def event(self) -> tuple[str, dict[str, Any]]:
        """The id and the content of the next."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line and "data" in fields:
                return fields["id"], json.loads(fields["data"])
            name, _, value = line.partition(": ")
            fields[name] = value
        pytest.fail(f"the stream ended with {fields}")


@contextmanager
def curl(url: str, *options: str) -> Iterator[Shown]:
    command = ["curl", "-sS", "-N", "-D", "-", "--max-time", SECONDS_MAX, *options, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = (line.rstrip("\r\n") for line in process.stdout)
        head = []
        while line := next(lines, ""):
            head.append(line)
        try:
            yield Shown(head, lines)
        finally:
            process.kill()


def write(client: SolidClient, url: str, text: str) -> str:
    answer = client.put(url, text, headers=PLAIN)
    assert answer.ok, answer.text
    return answer.headers["ETag"].strip('"').partition("-")[0]


def test_each_change_is_an_event_and_nothing_is_missed_between_two_connections(
    alice: SolidClient, container: str
) -> None:
    note = f"{container}note"
    write(alice, note, "before")
    url = subscribe(alice, KIND, note, container)["receiveFrom"]
    with curl(url) as shown:
        assert shown.head[0].split()[1] == "200"
        assert any(line.lower().startswith("content-type: text/event-stream") for line in shown.head)
        state = write(alice, note, "seen")
        last, message = shown.event()
    assert (last, message["type"], message["object"]) == (state, "Update", note)
    write(alice, note, "missed")
    write(alice, f"{container}new", "missed too")
    with curl(url, "-H", f"Last-Event-ID: {last}") as shown:
        live = write(alice, note, "seen again")
        heard = [shown.event() for _ in range(3)]
    assert [message["type"] for _, message in heard] == ["Update", "Add", "Update"]
    assert heard[-1][0] == live


@pytest.mark.parametrize(("state", "status"), [("0123456789abcdef.1", "410"), ("no state at all", "400")])
def test_a_state_that_the_server_cannot_go_on_from_is_refused(
    state: str, status: str, alice: SolidClient, container: str
) -> None:
    url = subscribe(alice, KIND, container)["receiveFrom"]
    with curl(url, "-H", f"Last-Event-ID: {state}") as shown:
        assert shown.head[0].split()[1] == status
