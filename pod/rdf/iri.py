"""Relative IRIs against a base, as RFC 3986 says and the parser of documents does: what has a scheme stays as it is.

Spec: RFC 3986 s5.2 (strict), RFC 3987
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)


class Parts(NamedTuple):
    """The five components of an IRI; None where one is absent."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None


def split(iri: str) -> Parts:
    match = _PARTS.fullmatch(iri)
    assert match is not None, "every string has parts"
    return Parts(*match.groups())


def is_absolute(reference: str) -> bool:
    return _SCHEME.match(reference) is not None


def resolve(base: Parts, reference: str) -> str:
    """The IRI that a reference in a document with this base stands for. Spec: RFC 3986 s5.2.2"""
    if is_absolute(reference):
        return reference
    _, authority, path, query, fragment = split(reference)
    if authority is not None:
        return f"{base.scheme}:{reference}"  # as the document parser does: the path of another host is left alone
    if not path:
        kept = base.query if query is None else query
        return _join(Parts(base.scheme, base.authority, base.path, kept, fragment))
    merged = path if path.startswith("/") else _merge(base, path)
    return _join(Parts(base.scheme, base.authority, _without_dots(merged), query, fragment))


def _merge(base: Parts, path: str) -> str:
    """Spec: RFC 3986 s5.2.3"""
    if base.authority is not None and not base.path:
        return "/" + path
    return base.path[: base.path.rfind("/") + 1] + path


def _without_dots(path: str) -> str:
    """Spec: RFC 3986 s5.2.4"""
    if "." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def _join(parts: Parts) -> str:
    scheme = f"{parts.scheme}:" if parts.scheme is not None else ""
    authority = f"//{parts.authority}" if parts.authority is not None else ""
    query = f"?{parts.query}" if parts.query is not None else ""
    fragment = f"#{parts.fragment}" if parts.fragment is not None else ""
    return f"{scheme}{authority}{parts.path}{query}{fragment}"
