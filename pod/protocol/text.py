"""What is text: escapes in JSON can say halves of characters, which no database, header or page can hold.

Spec: Unicode, D76 (Unicode scalar value); RFC 8259 s8.2
"""

from __future__ import annotations

import json
from typing import Any


def is_unicode(text: str) -> bool:
    """Whether it has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_unicode(text: str, value: Any) -> None:  # JSON
    """For what strangers send, and for no more than a few kilobytes of it. `text` is the JSON, `value` what it says.

    Raises: ValueError -- a half of a character is in it; RecursionError
    """
    if "\\u" in text and not is_unicode(json.dumps(value, ensure_ascii=False)):
        raise ValueError("a half of a character is no text")
