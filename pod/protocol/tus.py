"""The fields of resumable uploads: their grammar, and nothing of what they are good for.

Spec: tus resumable upload protocol 1.0.0
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping

from pod.errors import BadRequest

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
MEDIA_TYPE = "application/offset+octet-stream"
METADATA_CHARACTERS_MAX = 8_192
PAIRS_MAX = 20

_NUMBER = re.compile(r"[0-9]{1,15}")
_KEY = re.compile(r"[!-+\--~]{1,64}")


def parse_number(name: str, text: str | None) -> int:
    """The value of `Upload-Length` or `Upload-Offset`. Raises: BadRequest"""
    if text is None or not _NUMBER.fullmatch(text):
        raise BadRequest(f"{name} must be there, and be a number of bytes.")
    return int(text)


def parse_metadata(text: str) -> dict[str, str]:
    """The value of `Upload-Metadata`; a key without a value has an empty one. Raises: BadRequest"""
    if len(text) > METADATA_CHARACTERS_MAX:
        raise BadRequest(f"Upload-Metadata may have {METADATA_CHARACTERS_MAX} characters.")
    pairs = [each.strip(" ").partition(" ") for each in text.split(",")] if text.strip() else []
    found = {key: _value(value) for key, _, value in pairs}
    if len(pairs) > PAIRS_MAX or len(found) < len(pairs) or not all(map(_KEY.fullmatch, found)):
        raise BadRequest(
            f"Upload-Metadata has at most {PAIRS_MAX} pairs of a key, unlike all others, and a value in Base64."
        )
    return found


def format_metadata(pairs: Mapping[str, str]) -> str:
    return ",".join(f"{key} {b64encode(value.encode()).decode()}".rstrip() for key, value in pairs.items())


def _value(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode()
    except (Error, ValueError) as error:
        raise BadRequest("Values in Upload-Metadata are UTF-8 in Base64.") from error
