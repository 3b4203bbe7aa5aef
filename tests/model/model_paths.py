"""Paths: slashes make the hierarchy, two suffixes name auxiliary resources, and some names nobody can have.

Spec: Solid #uri-slashes-hierarchical-identifier, #server-uri-trailing-slash-distinct, #auxiliary-resources
"""

from __future__ import annotations

import re

ACL, DESCRIPTION = ".acl", ".meta"

_IMPOSSIBLE = re.compile(r"//|/\.\.?(/|$)|%2[Ff]|%5[Cc]|%00|%[^0-9A-Fa-f]|%$")


def subject_of(path: str) -> str:
    """The resource that an auxiliary resource is about; any other is about itself."""
    return path.removesuffix(ACL) if path.endswith(ACL) else path.removesuffix(DESCRIPTION)


def is_auxiliary(path: str) -> bool:
    return path.endswith((ACL, DESCRIPTION))


def parent_of(path: str, root: str) -> str | None:
    """The container a resource is in; None for the storage's root and what is auxiliary to something."""
    if path == root or is_auxiliary(path):
        return None
    return path[: path.rstrip("/").rindex("/") + 1]


def above(path: str, root: str) -> list[str]:
    """The containers of a path, nearest first."""
    found: list[str] = []
    parent = parent_of(subject_of(path), root)
    while parent is not None:
        found.append(parent)
        parent = parent_of(parent, root)
    return found


def twin_of(path: str) -> str:
    return path[:-1] if path.endswith("/") else path + "/"


def is_reserved(path: str, root: str) -> bool:
    """Names that cannot be: auxiliary resources of auxiliary ones, the server's own, and what no path can hold."""
    subject = subject_of(path)
    segments = subject.removeprefix(root).split("/")
    return (
        bool(_IMPOSSIBLE.search(path))
        or (subject != root and segments[0].startswith("."))
        or any(each.endswith((ACL, DESCRIPTION)) for each in segments)
    )
