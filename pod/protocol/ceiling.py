"""What an owner lets an app do at most: everything the owner can, or some modes on some containers and documents.

A value that is written into the store as text and read back; says nothing of what the owner may do, and knows neither
consents nor grants. Text that is not understood lets an app do nothing.

Spec: design section 8, the rule of ceilings
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pod.errors import BadRequest, PodError
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.protocol.resource import Target

CEILING_ITEMS_MAX = 100
CEILING_CHARACTERS_MAX = 65_536
KIND_CHARACTERS_MAX = 512
_REMEMBERED_MAX = 2_048
_REMEMBERED_CHARACTERS_MAX = 8_192
"""Longer texts are parsed each time: accounts choose them, and must not fill the memory."""
_MODES = {mode.names()[0]: mode for mode in AccessMode}


@dataclass(frozen=True, slots=True)
class CeilingItem:
    """Modes on a container with all beneath it, or on one document; on their descriptions, and with Control on their
    ACLs. `kind` is the kind of data that the owner chose, where this is what it was resolved to.
    """

    path: str
    modes: AccessMode
    kind: str | None = None

    def __post_init__(self) -> None:
        """Raises: BadRequest, MalformedTarget, TargetTooLong, ReservedName"""
        target = Target.parse(self.path)
        if target.path != self.path or target.auxiliary:
            raise BadRequest("Access is given to containers and documents, each by the one spelling of its path.")
        if self.kind is not None and len(self.kind) > KIND_CHARACTERS_MAX:
            raise BadRequest(f"The name of a kind of data has at most {KIND_CHARACTERS_MAX} characters.")

    def covers(self, path: str) -> bool:
        return path == self.path or (self.path.endswith("/") and path.startswith(self.path))


@dataclass(frozen=True, slots=True)
class Ceiling:
    """At most this. `full` is everything the owner can, Control of it only with `control`; then the rest is not asked.

    `elsewhere` holds in pods of this server that are not the owner's, wherever no item says otherwise.
    """

    full: bool = False
    control: bool = False
    items: tuple[CeilingItem, ...] = ()
    elsewhere: AccessMode = AccessMode.NONE

    def __post_init__(self) -> None:
        """Raises: BadRequest"""
        if len(self.items) > CEILING_ITEMS_MAX:
            raise BadRequest(f"An app can be limited to at most {CEILING_ITEMS_MAX} places; choose a container above.")

    @property
    def is_everything(self) -> bool:
        """Whether it is as if there were none."""
        return self.full and self.control

    def allows(self, path: str, own: bool) -> AccessMode:
        """At most which modes on what `path` names, no auxiliary resource; `own`: it is in a pod of the owner."""
        if self.full:
            return ALL_MODES if self.control else _ALL_BUT_CONTROL
        covering = [item.modes for item in self.items if item.covers(path)]
        if not covering:
            return _NONE if own else self.elsewhere.entailed()
        modes = _NONE
        for each in covering:
            modes |= each
        return modes.entailed()

    def within(self, other: Ceiling, is_own: Callable[[str], bool]) -> Ceiling:
        """What both allow, and less `elsewhere` where one closes a place there that the other opens with the rest.
        `is_own` says of a path whether it is in a pod of the owner. Raises: BadRequest
        """
        if self.full and other.full:
            return Ceiling(full=True, control=self.control and other.control)
        kinds = {each.path: each.kind for each in (*other.items, *self.items)}
        modes = {path: self.allows(path, own) & other.allows(path, own) for path in kinds for own in [is_own(path)]}
        items = tuple(CeilingItem(path, both, kinds[path]) for path, both in modes.items() if both)
        is_apart = any(not both and not is_own(path) for path, both in modes.items())
        return Ceiling(items=items, elsewhere=_NONE if is_apart else self._abroad() & other._abroad())

    def _abroad(self) -> AccessMode:
        return self.allows("", False) if self.full else self.elsewhere.entailed()

    def to_text(self) -> str:
        """The same text for the same ceiling.

        Raises: BadRequest -- it would be too long
        """
        content = {
            "full": self.full,
            "control": self.control,
            "items": [{"path": each.path, "modes": each.modes.names(), "kind": each.kind} for each in self.items],
            "elsewhere": self.elsewhere.names(),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        if len(text) > CEILING_CHARACTERS_MAX:
            raise BadRequest("The names of all these places are too long together; choose containers above.")
        return text

    @classmethod
    def from_text(cls, text: str) -> Ceiling:
        """`NOTHING_ALLOWED` where it is not what `to_text` writes."""
        return _remembered(text) if len(text) <= _REMEMBERED_CHARACTERS_MAX else _parsed(text)


_NONE = AccessMode.NONE
_ALL_BUT_CONTROL = ALL_MODES & ~AccessMode.CONTROL
NOTHING_ALLOWED = Ceiling()


def _parsed(text: str) -> Ceiling:
    try:
        return _ceiling(json.loads(text) if len(text) <= CEILING_CHARACTERS_MAX else None)
    except (ValueError, TypeError, KeyError, RecursionError, PodError):
        return NOTHING_ALLOWED


_remembered = lru_cache(_REMEMBERED_MAX)(_parsed)


def _ceiling(content: Any) -> Ceiling:
    """Raises: TypeError, KeyError, BadRequest -- it is something else."""
    items = tuple(_item(each) for each in _listed(content["items"]))
    full, control = content["full"], content["control"]
    if not isinstance(full, bool) or not isinstance(control, bool) or len(content) != 4:
        raise TypeError("not a ceiling")
    return Ceiling(full, control, items, _modes(content["elsewhere"]))


def _item(content: Any) -> CeilingItem:
    path, kind = content["path"], content["kind"]
    if not isinstance(path, str) or not isinstance(kind, str | None) or len(content) != 3:
        raise TypeError("not an item")
    return CeilingItem(path, _modes(content["modes"]), kind)


def _modes(names: Any) -> AccessMode:
    modes = _NONE
    for name in _listed(names):
        modes |= _MODES[name]
    return modes


def _listed(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise TypeError("not a list")
    return content
