"""Access modes as a set of bits. WAC and ACP both grant these four.

Spec: WAC #access-modes, #authorization-evaluation-acl-mode-entailment
"""

from __future__ import annotations

from enum import Flag
from functools import cache


class AccessMode(Flag):
    """A set of access modes. `|` joins, `in` asks."""

    NONE = 0
    READ = 1
    APPEND = 2
    WRITE = 4
    CONTROL = 8

    def entailed(self) -> AccessMode:
        """With what follows from it: Write includes Append; Control includes nothing."""
        return self | AccessMode.APPEND if self & AccessMode.WRITE else self

    def names(self) -> tuple[str, ...]:
        """Lower-case names in the order of `WAC-Allow`: read, write, append, control."""
        return _names(self)


ALL_MODES = AccessMode.READ | AccessMode.APPEND | AccessMode.WRITE | AccessMode.CONTROL

_ORDER = (
    (AccessMode.READ, "read"),
    (AccessMode.WRITE, "write"),
    (AccessMode.APPEND, "append"),
    (AccessMode.CONTROL, "control"),
)


@cache
def _names(modes: AccessMode) -> tuple[str, ...]:
    return tuple(name for mode, name in _ORDER if modes & mode)
