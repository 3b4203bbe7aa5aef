"""The parts of docs/ that repeat the code: `make docs` writes them, tests/test_docs.py compares them.

python -m tests.support.reference DIRECTORY
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from pod import errors
from pod.config import KIB, MIB, Config

SETTINGS_HEAD = """\
# Settings

A setting comes from the command line where there is an option for it, else from a variable, else from the TOML file named by
`--config`, else it has its default. The variable of `header_bytes_max` is `FREEHOLD_HEADER_BYTES_MAX`, and so on. Lists are TOML
arrays, or separated by spaces in a variable. Made by `make docs` from pod/config.py.

```toml
# freehold.toml
base_url = "https://pods.example/"
data = "/var/lib/freehold"
trusted_proxies = ["127.0.0.1"]
```

| setting | default | meaning |
| --- | --- | --- |
"""

PROBLEMS_HEAD = """\
# Problems

What the server answers when it cannot do what was asked, as problem details (RFC 9457): `type` is
`<base URL>.problems/<type>`, `detail` says what was wrong with this request, `instance` is its name in the log. Made by
`make docs` from pod/errors.py.

| type | status | meaning |
| --- | --- | --- |
"""


def settings() -> str:
    rows = [
        f"| `{each.name}` | {_default(each.name, each.default)} | {each.metadata['meaning']} |"
        for each in fields(Config)
    ]
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def problems() -> str:
    rows = {f"| `{each.type}` | {each.status} | {each.title} |" for each in _subclasses(errors.PodError)}
    return PROBLEMS_HEAD + "\n".join(sorted(rows)) + "\n"


PAGES = {"settings.md": settings, "problems.md": problems}


def _subclasses(of: type[errors.PodError]) -> Iterator[type[errors.PodError]]:
    yield of
    for each in of.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from _subclasses(each)


def _default(name: str, value: Any) -> str:
    if value in ("", ()):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`{_in_units(value) if 'bytes' in name.split('_') else ''}"


def _in_units(size: int) -> str:
    for unit, name in ((1024 * MIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if size and size % unit == 0:
            return f" ({size // unit} {name})"
    return ""


if __name__ == "__main__":
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), encoding="utf-8")
