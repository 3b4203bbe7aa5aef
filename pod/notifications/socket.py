"""WebSocketChannel2023: notifications as messages of a WebSocket, which only the server sends.

Spec: Solid WebSocketChannel2023; RFC 6455 s7.4
"""

from __future__ import annotations

from pod.notifications.connection import SILENT, Ending
from pod.notifications.feed import Heard
from pod.notifications.reception import ChannelConnection
from pod.protocol.notification import GATEWAY_SUBPROTOCOL, NAMESPACES, ChannelType

SUBPROTOCOLS = frozenset(
    {
        ChannelType.WEBSOCKET.value,
        GATEWAY_SUBPROTOCOL,
        *(each + ChannelType.WEBSOCKET for each in NAMESPACES),
    }
)


class SocketConnection(ChannelConnection):
    """One WebSocket of a channel."""

    __slots__ = ()

    async def begin(self) -> None:
        spoken = next((each for each in self.visit.subprotocols if each in SUBPROTOCOLS), None)
        await self.visit.send({"type": "websocket.accept", "subprotocol": spoken})

    async def tell(self, message: Heard) -> None:
        await self.visit.send({"type": "websocket.send", "text": message.body.decode()})

    async def sign_of_life(self, reached: int) -> None:  # noqa: ARG002 -- a ping carries nothing
        if not self.visit.line.ping():
            self.end(SILENT)

    async def farewell(self, ending: Ending) -> None:
        await self.visit.send({"type": "websocket.close", "code": ending.code, "reason": ending.reason})
