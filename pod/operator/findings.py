"""What a check found: fine, worth a look, or broken; and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """A problem keeps people from using the server, or lets others do what they should not."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` says what to do, where there is something to do."""

    level: Level
    subject: str
    text: str
    remedy: str = ""

    def format(self) -> str:
        return f"{self.level:8} {self.subject}: {self.text}.{' ' * bool(self.remedy)}{self.remedy}"


def fine(subject: str, text: str) -> Finding:
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, subject, text, remedy)


def problem(subject: str, text: str, remedy: str) -> Finding:
    return Finding(Level.PROBLEM, subject, text, remedy)
