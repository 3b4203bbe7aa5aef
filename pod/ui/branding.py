"""What pages show of the organisation that runs the server. Kept for moments, so that no page asks for it."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from markupsafe import Markup

from pod.clock import Clock
from pod.protocol.colour import Accent, Colour
from pod.store.interface import ResourceStore
from pod.store.organisation import Organisation, organisation

KEPT_SECONDS = 5.0
OURS = "Freehold"
LOGOS = ".about/logo/"
LIGHT, DARK = Colour.parse("#f8f5ef"), Colour.parse("#211e1a")
"""The grounds of style.css on which a colour is hardest to read."""


@dataclass(frozen=True, slots=True)
class Brand:
    """`style` is what the colours change in the style sheet, or nothing. `logo` is where `picture` (WebP) is, if any: a
    URL that is another one when the picture is.
    """

    name: str
    logo: str
    picture: bytes
    style: Markup
    has_terms: bool
    has_privacy: bool
    contact: str


class Branding:
    """Of one process. What was changed elsewhere shows within `KEPT_SECONDS`."""

    def __init__(self, store: ResourceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: tuple[float, Brand] | None = None

    def brand(self) -> Brand:
        now = self._clock.now()
        if self._known is None or not 0 <= now - self._known[0] < KEPT_SECONDS:
            self._known = now, brand_of(organisation(self._store))
        return self._known[1]

    def forget(self) -> None:
        """It was changed here."""
        self._known = None


def brand_of(said: Organisation) -> Brand:
    picture = b64decode(said.logo.partition(",")[2])
    logo = f"/{LOGOS}{sha256(picture).hexdigest()[:16]}.webp" if picture else ""
    texts = (bool(said.terms), bool(said.privacy), said.contact)
    return Brand(said.name or OURS, logo, picture, accent_style(said.accent), *texts)


@lru_cache(maxsize=8)
def accent_style(accent: str) -> Markup:
    """The same colour on light and on dark ground, each so that it can be read."""
    if not accent:
        return Markup()
    chosen = Colour.parse(accent)
    light, dark = _rule(Accent.of(chosen, LIGHT)), _rule(Accent.of(chosen, DARK))
    return Markup("{}@media (prefers-color-scheme: dark){{{}}}").format(light, dark)


def _rule(accent: Accent) -> Markup:
    names = {"": accent.plain, "-strong": accent.strong, "-soft": accent.soft}
    said = ";".join(f"--accent{name}:{colour.format()}" for name, colour in names.items())
    return Markup(":root{{{};--on-accent:{}}}").format(Markup(said), accent.on.format())  # noqa: S704 -- only digits


PLAIN = brand_of(Organisation())
"""Where nobody said anything, and at the URLs of pods."""
