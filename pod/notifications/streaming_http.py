"""StreamingHTTPChannel2023: notifications one after the other as the content of one answer that does not end.

Each is a chunk of its own, with a line break after it; a line break alone is a sign of life.

Spec: Solid StreamingHTTPChannel2023; solid/notifications issue 46
"""

from __future__ import annotations

from pod.http import cors
from pod.notifications.connection import Ending
from pod.notifications.feed import Heard
from pod.notifications.reception import ChannelConnection

UNKEPT: cors.Headers = (
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),
    ("X-Content-Type-Options", "nosniff"),
    ("Vary", "Origin"),
)
"""Of an answer that nobody may keep, nor a proxy collect before passing it on."""
LAST = ("Connection", "close")
"""One request a connection: none waits for another that takes its time to come."""


class StreamConnection(ChannelConnection):
    """One such answer."""

    __slots__ = ()

    @property
    def media_type(self) -> str:
        return self.channel.accept

    async def begin(self) -> None:
        fields = [("Content-Type", self.media_type), *UNKEPT, LAST, *cors.shared(self.visit.origin)]
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields]
        await self.visit.send({"type": "http.response.start", "status": 200, "headers": headers})
        await self.write(self.prologue())

    def prologue(self) -> bytes:
        """Sent at once, so that the reader, and whoever stands between, sees that the answer has begun."""
        return b"\n"

    async def tell(self, message: Heard) -> None:
        await self.write(message.body + b"\n")

    async def sign_of_life(self, reached: int) -> None:  # noqa: ARG002 -- nothing to carry it in
        await self.write(b"\n")

    async def farewell(self, ending: Ending) -> None:  # noqa: ARG002 -- told when it comes back
        await self.visit.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def write(self, piece: bytes) -> None:
        await self.visit.send({"type": "http.response.body", "body": piece, "more_body": True})
