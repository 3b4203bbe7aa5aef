"""What stands in a Markdown document: fenced code, code spans, links, and the anchors that GitHub gives its headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"(?:^<!-- (?P<note>[^>]*) -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code. `note` is the comment in the line before it."""

    language: str
    code: str
    note: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file."""

    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        return FENCE.sub("", self.text)

    def fences(self, *languages: str) -> list[Fence]:
        found = [Fence(each["language"], each["code"], each["note"] or "") for each in FENCE.finditer(self.text)]
        return [each for each in found if not languages or each.language in languages]

    def spans(self) -> list[str]:
        return [each.replace("\n", " ") for each in SPAN.findall(self.prose)]

    def links(self) -> list[str]:
        return [
            first or second
            for first, second in LINK.findall(SPAN.sub("", self.prose) + " ".join(self._spans_in_links()))
        ]

    def anchors(self) -> list[str]:
        return [anchor(each) for each in re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)]

    def _spans_in_links(self) -> list[str]:
        """Links whose text is code."""
        return re.findall(r"\[`[^`]*`\]\([^)\s]+\)", self.prose)


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
