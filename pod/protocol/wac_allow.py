"""The `WAC-Allow` field: what the caller, and what everyone, may do with a resource.

Spec: WAC #wac-allow, #server-wac-allow
"""

from __future__ import annotations

import re
from functools import cache

from pod.protocol.headers import members
from pod.protocol.modes import AccessMode

GROUPS_MAX = 16

_GROUP = re.compile(r'([A-Za-z]++)[ \t]*+=[ \t]*+"([^"]*+)"')
_MODES = {
    "read": AccessMode.READ,
    "write": AccessMode.WRITE,
    "append": AccessMode.APPEND,
    "control": AccessMode.CONTROL,
}


@cache
def format(user: AccessMode, public: AccessMode) -> str:  # noqa: A001 -- read as wac_allow.format
    """`user="read write append",public="read"`, as decided: whoever decides knows that a writer may append, and whether
    one user is denied what the public may.
    """
    return f'user="{" ".join(user.names())}",public="{" ".join(public.names())}"'


def parse(text: str) -> tuple[AccessMode, AccessMode]:
    """The modes of `user` and of `public`. Groups and modes that nobody defined are passed over.

    Spec: WAC #client-wac-allow-parsing
    """
    groups = {"user": AccessMode.NONE, "public": AccessMode.NONE}
    for member in members(text, GROUPS_MAX):
        match = _GROUP.fullmatch(member)
        if match and match[1] in groups:
            groups[match[1]] |= _modes(match[2])
    return groups["user"], groups["public"]


def _modes(text: str) -> AccessMode:
    granted = AccessMode.NONE
    for name in text.split():
        granted |= _MODES.get(name, AccessMode.NONE)
    return granted
