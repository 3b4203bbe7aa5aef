"""EventSourceChannel2023: notifications as server-sent events, whose ids are states, so that a browser that connects
again says by itself how far it had heard.

An event without data is not shown to anyone, but its id is kept: so the state moves on in quiet times too.

Spec: Solid EventSourceChannel2023; HTML Standard s9.2
"""

from __future__ import annotations

import secrets

from pod.notifications.connection import Ending
from pod.notifications.feed import Heard
from pod.notifications.streaming_http import StreamConnection

MEDIA_TYPE = "text/event-stream"
RETRY_MS_MIN = 1_000
RETRY_MS_SPREAD = 4_000
"""When a server restarts, its readers do not come back all at once."""


class EventConnection(StreamConnection):
    """One stream of events."""

    __slots__ = ()

    @property
    def media_type(self) -> str:
        return MEDIA_TYPE

    def prologue(self) -> bytes:
        return b"retry: %d\n\n" % (RETRY_MS_MIN + secrets.randbelow(RETRY_MS_SPREAD))

    async def tell(self, message: Heard) -> None:
        await self.write(self._id(message.sequence if message.whole else 0) + event_data(message.body))

    async def settle(self, last: int) -> None:
        await self.write(self._id(last) + b"\n")

    async def sign_of_life(self, reached: int) -> None:
        self.reached = max(self.reached, reached)
        await self.write(self._id(self.reached) + b":\n\n")

    async def farewell(self, ending: Ending) -> None:
        if self.reached:
            await self.write(self._id(self.reached) + b"\n")
        await super().farewell(ending)

    def _id(self, sequence: int) -> bytes:
        return f"id: {self.state(sequence)}\n".encode() if sequence else b""


def event_data(body: bytes) -> bytes:
    """The data of one event, and its end. No line of it can be taken for anything else."""
    return b"".join(b"data: " + line + b"\n" for line in body.splitlines() or [b""]) + b"\n"
