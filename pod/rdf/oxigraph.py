"""Writing through the library, with the one type its many options leave open settled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox


def serialize(
    statements: Iterable[Any],  # triples and quads: the library takes both together, its types only one kind
    rdf_format: ox.RdfFormat,
    prefixes: dict[str, str] | None = None,
) -> bytes:
    """The statements in a format. No base: absolute IRIs only."""
    content = ox.serialize(statements, format=rdf_format, prefixes=prefixes)
    assert content is not None, "without an output, the library gives the content back"
    return content
