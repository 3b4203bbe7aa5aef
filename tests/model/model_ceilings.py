"""What an app may do at most: the rule of ceilings, and nothing else.

    effective = (granted(agent) & ceiling(client)) | granted(public)

An app never sees less than a stranger, but where a policy denies its person what strangers may; it never has more than
its person. Written from the rule as its owners are told of it, in sets of words and paths; no line of the server's code
is behind it.

Spec: design section 8; decision 19
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.model.model_access import ALL, APPEND, CONTROL, NONE, WRITE, Modes


@dataclass(frozen=True, slots=True)
class Ceiling:
    """`everything` the person can, Control of it being a choice of its own; or what was chosen place by place."""

    everything: bool = False
    control: bool = False
    places: Mapping[str, Modes] = field(default_factory=dict)
    """By path: a container is meant with all that is in it, at any depth."""
    in_other_pods: Modes = NONE
    """Wherever no place says otherwise."""

    def at(self, path: str, *, is_own: bool) -> Modes:
        """What may be done at most with a resource, which is not the rules of another."""
        if self.everything:
            return ALL if self.control else ALL - {CONTROL}
        named = [modes for place, modes in self.places.items() if path == place or _is_within(path, place)]
        chosen = frozenset().union(*named) if named else (NONE if is_own else self.in_other_pods)
        return chosen | ({APPEND} if WRITE in chosen else NONE)


def _is_within(path: str, place: str) -> bool:
    return place.endswith("/") and path[: len(place)] == place


def effective(granted: Modes, public: Modes, most: Modes) -> Modes:
    """`granted` lacks what a policy denies the person although strangers may: that binds their apps too."""
    return granted & (most | public)
