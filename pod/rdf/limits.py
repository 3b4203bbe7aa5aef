"""Named caps for everything RDF that comes from outside, and the one way each of them is refused.

Plain numbers: what they are by default is said once, in config.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.config import MIB, Config
from pod.errors import ContentTooLarge

DEFAULTS = Config()
EXPANSION_BYTES_MAX = 64 * MIB
NESTING_MAX = 100
"""No setting goes beyond it: our own parsers descend into nested brackets by calls."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one document or patch may ask of the server."""

    bytes: int = DEFAULTS.document_bytes_max
    triples: int = DEFAULTS.document_triples_max
    depth: int = DEFAULTS.document_depth_max
    literal_bytes: int = DEFAULTS.literal_bytes_max
    name_bytes: int = 4 * MIB
    """Of one IRI. Some hold a whole picture."""
    prefixes: int = 2_000
    attributes: int = 2_000
    """Of one XML element, namespaces included."""
    expansion_bytes: int = EXPANSION_BYTES_MAX
    """All terms written out in full: a short name may stand for a long IRI, a hundred thousand times."""
    json_values: int = 3 * DEFAULTS.document_triples_max
    """Values in one JSON document, whether they state something or not: each takes memory before that is known."""
    json_members: int = 100_000
    """Of one JSON object, as far as they hold no other: its reader lets no other thread run until it has them all."""
    context_steps: int = 250_000
    """JSON-LD term definitions, times how often they must be read: scoped contexts are read at every use."""
    patch_bytes: int = DEFAULTS.patch_bytes_max
    patch_steps: int = DEFAULTS.patch_steps_max

    @classmethod
    def from_config(cls, config: Config) -> Limits:
        return cls(
            bytes=config.document_bytes_max,
            triples=config.document_triples_max,
            depth=min(config.document_depth_max, NESTING_MAX),
            literal_bytes=config.literal_bytes_max,
            json_values=3 * config.document_triples_max,
            patch_bytes=config.patch_bytes_max,
            patch_steps=config.patch_steps_max,
        )


def too_many_bytes(bytes_max: int) -> ContentTooLarge:
    return ContentTooLarge(f"This content may have at most {bytes_max} bytes.", limit=bytes_max)


def too_many_triples(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"One document may have at most {limits.triples} statements.", limit=limits.triples)


def too_many_values(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(
        f"A JSON-LD document may have at most {limits.json_values} values.", limit=limits.json_values
    )


def too_many_members(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(
        f"One object of JSON-LD may have at most {limits.json_members} members.", limit=limits.json_members
    )


def too_deep(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"Brackets may be nested at most {limits.depth} deep.", limit=limits.depth)


def literal_too_long(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"One literal may have at most {limits.literal_bytes} bytes.", limit=limits.literal_bytes)


def name_too_long(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"One IRI may have at most {limits.name_bytes} bytes.", limit=limits.name_bytes)


def too_many_attributes(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"One element may have at most {limits.attributes} attributes.", limit=limits.attributes)


def too_many_prefixes(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(f"One document may declare at most {limits.prefixes} prefixes.", limit=limits.prefixes)


def expands_too_far(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(
        f"Written out in full, the terms of this content take more than {limits.expansion_bytes} bytes.",
        limit=limits.expansion_bytes,
    )


def contexts_cost_too_much(limits: Limits) -> ContentTooLarge:
    return ContentTooLarge(
        "The contexts of this JSON-LD document take too much work to apply; use fewer or smaller ones.",
        limit=limits.context_steps,
    )
