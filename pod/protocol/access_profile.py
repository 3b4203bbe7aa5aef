"""What LWS calls access requests and grants, as values: where they are, what their actions are as access modes.

Knows no store, no HTTP and no JSON.

Spec: LWS 1.0 #access-discovery, #odrl-action, #access-serialization
"""

from __future__ import annotations

from pod.protocol.modes import AccessMode

ACCESS_PATH = ".access/"
"""Below the base URL: for each storage, by its name, one endpoint for requests and one for grants."""
REQUESTS, GRANTS = "requests/", "grants/"
ASK_PATH = ".account/requests/ask"
"""The page on which people ask."""

LWS = "https://www.w3.org/ns/lws#"
ODRL = "http://www.w3.org/ns/odrl/2/"
CONTEXT = "https://www.w3.org/ns/lws/v1"
PROFILE = "urn:freehold:AccessProfile"
"""That of LWS, without conditions on media types and types: no access rule here can hold anybody to those."""
REQUEST_SERVICE, GRANT_SERVICE = "AccessRequestService", "AccessGrantService"
LWS_JSON = "application/lws+json"
MEDIA_TYPES = (LWS_JSON, "application/ld+json", "application/json")
EVERYONE = "http://xmlns.com/foaf/0.1/Agent"
"""Assignee of what is for everybody."""

READ, APPEND, WRITE = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE
SEE, ADD, EDIT = READ, READ | APPEND, READ | APPEND | WRITE
_LEVELS = {"read": SEE, "create": ADD, "modify": EDIT, "delete": EDIT}
ACTIONS = tuple(_LEVELS)


def modes_of(action: str) -> AccessMode:
    """The least that people are given here and that includes the action. Raises: KeyError."""
    return _LEVELS[action]


def actions_of(modes: AccessMode) -> tuple[str, ...]:
    """What may be done with some modes."""
    return tuple(action for action, needed in _LEVELS.items() if needed in modes)


def endpoint(base_url: str, storage: str, which: str) -> str:
    """The URL of an endpoint of a storage, which its root path names."""
    return f"{base_url}{ACCESS_PATH}{storage.strip('/')}/{which}"
