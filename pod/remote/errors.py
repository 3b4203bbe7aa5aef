"""What can go wrong when asking another server. None of it is an answer to a client: callers say what it means.

Messages name the URL and the reason; they go to the log and to owners, never to strangers.
"""

from __future__ import annotations


class RemoteError(Exception):
    """Another server gave no answer that can be used."""


class UnsafeURL(RemoteError):
    """The URL is one we never contact: wrong scheme, credentials in it, or malformed."""


class ForbiddenAddress(RemoteError):
    """The host is at an address we never contact."""


class Unreachable(RemoteError):
    """No connection, or it broke."""


class RemoteTimeout(RemoteError):
    """No complete answer in time."""


class AnswerTooLarge(RemoteError):
    """More bytes than the caller wants to read, on the wire or unpacked."""


class TooManyRedirects(RemoteError):
    """More redirects than the caller wants to follow."""


class MalformedAnswer(RemoteError):
    """Not HTTP, or content that does not unpack."""
