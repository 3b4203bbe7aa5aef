"""Hands on a page: with the mouse, or with the keyboard alone, where all is reached with Tab and nothing else.

What a task does with them is written once. Knows no page of Freehold.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

TABS_MAX = 250
"""More than any page has things to go to."""
IS_THERE = """target => {
  const here = document.activeElement;
  return here === target || (target.type === "radio" && here.type === "radio" && here.name === target.name);
}"""
WAY_THERE = """target => {
  const order = target.compareDocumentPosition(document.activeElement ?? document.body);
  return document.activeElement !== document.body && order & Node.DOCUMENT_POSITION_FOLLOWING ? "Shift+Tab" : "Tab";
}"""


class OutOfReach(AssertionError):
    """Tab does not lead there."""


@dataclass(frozen=True, slots=True)
class Hands:
    """`press`, `write`, `pick`, `tick` and `give`, each of what a person found by its role or label."""

    page: Page
    keys_only: bool = False

    def press(self, target: Locator) -> None:
        if not self.keys_only:
            return target.click()
        self._reach(target)
        return self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        if not self.keys_only:
            return target.fill(text)
        self._reach(target)
        self.page.keyboard.press("Control+a")
        if not text:
            return self.page.keyboard.press("Delete")
        return self.page.keyboard.type(text)

    def pick(self, target: Locator, label: str) -> None:
        """From a list."""
        if not self.keys_only:
            target.select_option(label=label)
            return
        self._reach(target)
        self.page.keyboard.type(label)

    def tick(self, target: Locator) -> None:
        """A box, or one of several choices."""
        if not self.keys_only:
            return target.check()
        self._reach(target)
        if target.get_attribute("type") != "radio":
            return None if target.is_checked() else self.page.keyboard.press("Space")
        for _ in range(TABS_MAX):
            if target.is_checked():
                return None
            self.page.keyboard.press("ArrowDown")
        raise OutOfReach(str(target))

    def toggle(self, target: Locator) -> None:
        """A box."""
        if not self.keys_only:
            return target.click()
        self._reach(target)
        return self.page.keyboard.press("Space")

    def give(self, target: Locator, file: Path | dict[str, Any]) -> None:
        """A file; its dialog is the system's, and opens by Enter on what is reached."""
        if self.keys_only:
            self._reach(target)
        target.set_input_files([file])  # type: ignore[list-item]

    def _reach(self, target: Locator) -> None:
        target.wait_for()
        key = str(target.evaluate(WAY_THERE))
        for _ in range(TABS_MAX):
            if target.evaluate(IS_THERE):
                return
            self.page.keyboard.press(key)
        raise OutOfReach(f"{target} on {self.page.url}")
