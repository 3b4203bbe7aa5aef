"""Colours that can be read: what a chosen one becomes on light and on dark ground, and what stands on it.

Spec: WCAG 2.2 s1.4.3 (contrast), and its definition of relative luminance
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

CONTRAST_MIN = 5.0
"""A little above the 4.5 of the recommendation: soft grounds are a little darker than paper."""
_STEP = 0.04
_WRITTEN = re.compile(r"#[0-9a-fA-F]{6}")


class Colour(NamedTuple):
    """Red, green and blue from 0 to 1."""

    red: float
    green: float
    blue: float

    @classmethod
    def parse(cls, text: str) -> Colour:
        """Raises: ValueError -- not `#rrggbb`."""
        if not _WRITTEN.fullmatch(text):
            raise ValueError(text)
        return cls(*(int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)))

    def format(self) -> str:
        return "#" + "".join(f"{round(part * 255):02x}" for part in self)

    def mixed(self, other: Colour, share: float) -> Colour:
        """With so much of another one in it."""
        return Colour(*(mine * (1 - share) + theirs * share for mine, theirs in zip(self, other, strict=True)))

    @property
    def luminance(self) -> float:
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


BLACK, WHITE = Colour(0, 0, 0), Colour(1, 1, 1)


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


@dataclass(frozen=True, slots=True)
class Accent:
    """A colour for links and buttons on one ground: itself, one that stands out more, a soft one, and what is on it."""

    plain: Colour
    strong: Colour
    soft: Colour
    on: Colour

    @classmethod
    def of(cls, chosen: Colour, ground: Colour) -> Accent:
        """As near to the chosen one as can be read on the ground, and on its own soft one."""
        away = BLACK if ground.luminance > 0.5 else WHITE
        plain = chosen
        while contrast(plain, ground.mixed(plain, 0.12)) < CONTRAST_MIN and plain != away:
            plain = Colour(*(min(1.0, max(0.0, part)) for part in plain.mixed(away, _STEP)))
            if contrast(plain, away) < 1.02:
                plain = away
        on = max((WHITE, plain.mixed(BLACK, 0.85)), key=lambda each: contrast(each, plain))
        return cls(plain, plain.mixed(away, 0.25), ground.mixed(plain, 0.12), on)
