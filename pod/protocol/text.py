"""What is text: JSON and escapes can say halves of characters, which no database, header or page can hold.

Spec: Unicode, D76 (Unicode scalar value); RFC 8259 s8.2
"""

from __future__ import annotations


def is_unicode(text: str) -> bool:
    """Whether it has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
