"""Messages to inboxes: Linked Data Notifications, signed; the sender says who it is where the inbox asks.

Many inboxes take notifications from strangers, and of those some refuse a token they cannot verify.

Spec: LDN #sender; LDNChannel2023 #notification-message, "MUST use the `sender` value to identify themselves when the
Notification Receiver requires authentication"
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pod.authorization.memory import Memory
from pod.notifications.sender import Sender
from pod.notifications.signatures import MessageSigner
from pod.protocol.placement import Placement
from pod.remote.client import Posted, Receivers
from pod.store.channels import Channel

HOSTS_MAX = 1_000
NOT_AUTHENTICATED = 401


class Inboxes:
    """Shared by all threads. `placement` is this server's: its own inboxes are always told who comes."""

    def __init__(
        self, receivers: Receivers, signer: MessageSigner, sender: Sender, placement: Placement, *, seconds_max: float
    ) -> None:
        self._receivers = receivers
        self._signer = signer
        self._sender = sender
        self._placement = placement
        self._seconds_max = seconds_max
        self._asking: Memory[str, bool] = Memory(HOSTS_MAX)

    def send(self, channel: Channel, url: str, message: bytes) -> Posted:
        """Raises: RemoteError"""
        return self.post(url, message, channel.accept)

    def post(self, url: str, message: bytes, media_type: str) -> Posted:
        """Raises: RemoteError"""
        host = urlsplit(url).netloc
        if self._placement.is_ours(url) or self._asking.get(host):
            return self._post(url, message, media_type, self._sender.fields(url))
        posted = self._post(url, message, media_type, {})
        if posted.status != NOT_AUTHENTICATED:
            return posted
        self._asking.put(host, value=True)
        return self._post(url, message, media_type, self._sender.fields(url))

    def _post(self, url: str, message: bytes, media_type: str, identity: dict[str, str]) -> Posted:
        signed = self._signer.fields(url, message, media_type)
        fields = {"Content-Type": media_type, **signed, **identity}
        return self._receivers.post(url, message, fields, seconds_max=self._seconds_max)
