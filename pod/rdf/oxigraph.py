"""Writing through the library, with the one type its many options leave open settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyoxigraph as ox


def serialize(
    statements: Iterable[Any],  # triples and quads: the library takes both together, its types only one kind
    rdf_format: ox.RdfFormat,
    prefixes: dict[str, str] | None = None,
) -> bytes:
    """The statements in a format. No base: absolute IRIs only."""
    content = ox.serialize(_in_turns(statements), format=rdf_format, prefixes=prefixes)
    assert content is not None, "without an output, the library gives the content back"
    return content


def _in_turns(statements: Iterable[Any]) -> Iterator[Any]:
    """The same. Python lets other threads have their turn between two of its loops' rounds; the library keeps them out,
    and so would `yield from`.
    """
    for statement in statements:  # noqa: UP028
        yield statement
