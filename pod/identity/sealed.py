"""Values that travel through browsers and come back as they left: signed texts with an age, kept nowhere.

Anyone may read one; only this server can write one, and one of another purpose is not accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from pod.errors import BadRequest

CHARACTERS_MAX = 24_000


class Seal:
    """Writes and reads texts of one purpose."""

    def __init__(self, key: bytes, purpose: str, *, seconds: int, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._serializer: URLSafeTimedSerializer = URLSafeTimedSerializer(
            key,
            salt=purpose,
            signer=_Signer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256, "now": now},
        )

    def write(self, value: dict[str, Any]) -> str:  # JSON
        return self._serializer.dumps(value)

    def read(self, text: str) -> dict[str, Any]:  # JSON
        """Raises: BadRequest -- not one of ours, of another purpose, or too old."""
        try:
            value: dict[str, Any] = self._serializer.loads(
                text[: CHARACTERS_MAX + 1].encode("ascii", "replace"), max_age=self._seconds
            )
        except BadData as error:
            raise BadRequest("This page is too old, or was not made here. Go back and start over.") from error
        return value


class _Signer(TimestampSigner):
    """Its time is the server's clock."""

    def __init__(self, *arguments: Any, now: Callable[[], float], **options: Any) -> None:  # those of itsdangerous
        super().__init__(*arguments, **options)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now())
