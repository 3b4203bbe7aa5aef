"""What a task is, and what is there when somebody begins it."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import Hands
from tests.browser.people import Person
from tests.support.client import SolidClient
from tests.support.fixtures import signed_in


@dataclass(frozen=True, slots=True)
class Doing:
    """Somebody who does a task; `mark` tells what they make from what others made."""

    person: Person
    hands: Hands
    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    look: Callable[[], None] = lambda: None
    """At what is there before each step."""

    @property
    def page(self) -> Page:
        return self.person.page

    @property
    def client(self) -> SolidClient:
        """A program of theirs, to bring about what the task begins with and to see what it led to."""
        return signed_in(self.person.server, self.person.account)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("button", name=name, exact=True)

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("main").get_by_role("link", name=name)

    def field(self, label: str) -> Locator:
        return self.page.get_by_role("main").get_by_label(label, exact=True)

    def press(self, name: str) -> None:
        self.look()
        self.hands.press(self.button(name).first)

    def follow(self, name: str) -> None:
        self.look()
        self.hands.press(self.link(name).first)

    def write(self, label: str, text: str) -> None:
        self.hands.write(self.field(label).first, text)

    def is_told(self, said: str) -> None:
        expect(self.page.get_by_role("status").first).to_contain_text(said)
        self.look()

    def reads(self, said: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(said)


def picture() -> dict[str, Any]:
    """A file, as `give` takes one."""
    made = io.BytesIO()
    Image.new("RGB", (96, 96), (30, 120, 60)).save(made, "PNG")
    return {"name": "picture.png", "mimeType": "image/png", "buffer": made.getvalue()}


Steps = Callable[[Doing], None]


@dataclass(frozen=True, slots=True)
class Task:
    """`at` is the page where it begins."""

    name: str
    at: str
    steps: Steps
