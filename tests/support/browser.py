"""Chromium, driven by Playwright, cut off from every host but this one; and pages that remember what went wrong in them.

Debian's `chromium-headless-shell` on PATH, or the one that CHROMIUM names. Nothing is ever downloaded. Knows no page of
Freehold.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.support.node import node

PROGRAM = "chromium-headless-shell"
SECONDS_MAX = 60.0
NARROW = 360
WIDE = 1280
HEIGHTS = {NARROW: 740, WIDE: 800}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
)


class BrowserMissing(Exception):
    """There is no Chromium; the message says what to type."""


def chromium() -> str:
    """Raises: BrowserMissing"""
    named = os.environ.get("CHROMIUM", PROGRAM)
    found = shutil.which(named)
    if found is None:
        raise BrowserMissing(f"{named} is missing: as root, apt-get install {PROGRAM}; or name another in CHROMIUM")
    return found


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser with an empty profile. Raises: BrowserMissing"""
    path = chromium()
    # Playwright's own Node wants a library (libatomic) that a new Debian does not have.
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS), timeout=SECONDS_MAX * 1000)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visitor:
    """A tab of one person's browser, and what was wrong with the pages of one origin that it was shown.

    `faults` gets what such a page writes to the console as an error (a breach of its Content-Security-Policy is one), what
    its scripts throw, and each request that leaves its origin, except for going to another page. `pages` gets their URLs.
    """

    context: BrowserContext
    watched: str
    page: Page = field(init=False)
    faults: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(SECONDS_MAX * 1000)
        self.page = self.context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self._blame(f"throws {error}"))
        self.page.on("request", self._asked)
        self.page.on("framenavigated", lambda frame: self.pages.append(frame.url))

    def another(self) -> Visitor:
        """A second tab."""
        return Visitor(self.context, self.watched)

    def _said(self, message: ConsoleMessage) -> None:
        of_the_page_itself = message.location["url"] == self.page.url and "Failed to load resource" in message.text
        if message.type == "error" and not of_the_page_itself:
            self._blame(f"says {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.is_navigation_request() and origin(request.url) not in {self.watched, "data:"}:
            self._blame(f"asks for {request.url}")

    def _blame(self, what: str) -> None:
        if origin(self.page.url) == self.watched:
            self.faults.append(f"{self.page.url} {what}")

    def look(self, width: int, scheme: str = "light") -> None:
        """See the page anew: in another width, in light or dark."""
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")


def origin(url: str) -> str:
    """For a URL without a host, its scheme."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


@contextmanager
def visitor(browser: Browser, watched: str, width: int = WIDE, **options: Any) -> Iterator[Visitor]:
    """A fresh profile; `options` are those of Playwright's `new_context`."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHTS[width]}, **options)
    try:
        yield Visitor(context, origin(watched))
    finally:
        context.close()
