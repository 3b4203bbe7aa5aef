"""The published shapes, held against documents by pySHACL, which knows nothing of the server."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import rdflib
from pyshacl import validate

SHAPES = Path(__file__).parents[2] / "vocab" / "shapes"


@cache
def _shapes(name: str) -> rdflib.Graph:
    return rdflib.Graph().parse(SHAPES / f"{name}.ttl", format="turtle")


def faults(name: str, turtle: bytes, url: str) -> str:
    """What of a document is not as a shape says; nothing where all of it is."""
    data = rdflib.Graph().parse(data=turtle, format="turtle", publicID=url)
    conforms, _, text = validate(data, shacl_graph=_shapes(name))
    return "" if conforms else str(text)
