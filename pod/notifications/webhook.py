"""Messages to webhooks: POSTs that say who sent them, and are signed.

Spec: WebhookChannel2023 #channel-type, #auth; REQUIREMENTS section 17, row 39
"""

from __future__ import annotations

from pod.notifications.sender import Sender
from pod.notifications.signatures import MessageSigner
from pod.remote.client import Posted, Receivers
from pod.store.channels import Channel


class Webhooks:
    """Shared by all threads."""

    def __init__(self, receivers: Receivers, signer: MessageSigner, sender: Sender, *, seconds_max: float) -> None:
        self._receivers = receivers
        self._signer = signer
        self._sender = sender
        self._seconds_max = seconds_max

    def send(self, channel: Channel, url: str, message: bytes) -> Posted:
        """Raises: RemoteError"""
        fields = {
            "Content-Type": channel.accept,
            **self._signer.fields(url, message, channel.accept),
            **self._sender.fields(url),
        }
        return self._receivers.post(url, message, fields, seconds_max=self._seconds_max)
