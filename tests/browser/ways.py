"""How pages are used: wide or narrow, light or dark, with scripts or without. Two ways in `make test`, all eight in `make soak`.

The two ways of one task are opposites, and each next task gets the next pair: over all tasks, every width is seen in both
schemes, with scripts and without; and every task in both widths, in both schemes, with scripts and without.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from tests.support.browser import NARROW, WIDE


@dataclass(frozen=True, slots=True)
class Way:
    """One way to use a page."""

    width: int
    scheme: str
    script: bool

    @property
    def name(self) -> str:
        return f"{self.width} {self.scheme}{'' if self.script else ' without scripts'}"

    @property
    def options(self) -> dict[str, Any]:
        """Those of `visitor`."""
        return {"width": self.width, "color_scheme": self.scheme, "java_script_enabled": self.script}

    @property
    def opposite(self) -> Way:
        return Way(
            NARROW if self.width == WIDE else WIDE, "dark" if self.scheme == "light" else "light", not self.script
        )


ALL_WAYS = tuple(Way(*each) for each in product((WIDE, NARROW), ("light", "dark"), (True, False)))
_FIRST = [way for way in ALL_WAYS if way.width == WIDE]


def few_ways(turn: int) -> tuple[Way, Way]:
    """For the task whose turn it is, by its number."""
    one = _FIRST[turn % len(_FIRST)]
    return one, one.opposite
