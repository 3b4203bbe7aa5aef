"""One step of a sequence, as a value that can be printed and played again: what is only known when it runs has a name.

`@7` in a path is what step 7 made, with whatever follows it; `%POD%`, `%SUBJECT%`, `%ALICE%`, `%BOB%`, `%APP%`, `%OTHER%`,
`%OWN%` and `%ISSUER%` in content are URLs; `%TAG path%`, `%OLD path%` and `%DATE path%` in header fields are validators as
they were last seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from tests.model.model_paths import subject_of
from tests.model.model_values import Answer

UNSEEN_TAG, UNSEEN_DATE = '"unseen"', "Thu, 01 Jan 2026 00:00:00 GMT"

_MADE = re.compile(r"@(\d+)")
_VALIDATOR = re.compile(r"%(TAG|OLD|DATE) ([^%]*)%")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of `by` (see `driving`) to a path below the pod, `seconds` after the one before."""

    number: int
    by: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    content: str | None = None
    seconds: int = 0

    def line(self) -> str:
        said = {name: value for name, value in asdict(self).items() if value not in ({}, None, 0) or name == "number"}
        return json.dumps(said, ensure_ascii=False)

    @classmethod
    def from_line(cls, line: str) -> Ask:
        return cls(**json.loads(line))


def written(asks: Iterable[Ask]) -> str:
    return "\n".join(ask.line() for ask in asks)


def read(text: str) -> list[Ask]:
    return [Ask.from_line(line) for line in text.splitlines() if line.startswith("{")]


@dataclass(slots=True)
class Names:
    """What the names in asks stand for in one run."""

    pod: str
    known: Mapping[str, str]
    made: dict[int, str] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)

    def path(self, path: str) -> str:
        return _MADE.sub(lambda match: self.made.get(int(match[1]), "nothing"), path)

    def content(self, ask: Ask) -> bytes | None:
        if ask.content is None:
            return None
        subject = self.pod + subject_of(self.path(ask.path))
        values = {"%POD%": self.pod, "%SUBJECT%": subject, **self.known}
        return re.sub("|".join(values), lambda match: values[match[0]], ask.content).encode()

    def headers(self, ask: Ask) -> dict[str, str]:
        return {name: _VALIDATOR.sub(self._validator, value) for name, value in ask.headers.items()}

    def _validator(self, match: re.Match[str]) -> str:
        kind, path = match[1], self.path(match[2])
        if kind == "DATE":
            return self.dates.get(path, UNSEEN_DATE)
        tags = self.tags.get(path, [UNSEEN_TAG])
        return tags[-1] if kind == "TAG" else tags[max(0, len(tags) - 2)]

    def learn(self, ask: Ask, answer: Answer) -> None:
        """Where things were made, and which validators were seen."""
        path, location = self.path(ask.path), answer.header("location")
        if ask.method == "POST" and answer.status == 201 and location.startswith(self.pod):
            path = self.made[ask.number] = location.removeprefix(self.pod)
        if answer.status < 400 and answer.header("etag"):
            seen = self.tags.setdefault(path, [])
            if answer.header("etag") not in seen[-1:]:
                seen.append(answer.header("etag"))
        if answer.status < 400 and answer.header("last-modified"):
            self.dates[path] = answer.header("last-modified")
