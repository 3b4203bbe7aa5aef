"""The documents that hold access rules, each parsed once a version, whatever language they are written in.

Reads them through the reader of whoever asks. Knows neither operations nor what a rule means.

Spec: REQUIREMENTS section 17, row 30
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

import structlog

from pod.authorization.memory import Memory
from pod.config import Config
from pod.errors import PodError, VersionMoved
from pod.observability.meters import CACHES, METERS
from pod.protocol.placement import Placement
from pod.protocol.resource import Auxiliary, Target
from pod.rdf import formats
from pod.rdf.formats import Limits
from pod.rdf.graph import Graph
from pod.store.interface import Reader
from pod.store.records import ACLReference

log = structlog.get_logger()

ORDINARY_ACL_BYTES = 4096
"""Larger ACLs count as several in `acl_cache_entries`."""
ACL_CACHE = CACHES.index("acl")

Rules = TypeVar("Rules")


class RuleDocuments(Generic[Rules]):
    """The ACLs one process knows. Shared by all threads.

    `parse` is given a graph and the URLs of its document and of what that belongs to; `unreadable` stands for what does
    not parse: the owners of the storage keep control and can repair it.
    """

    def __init__(
        self, config: Config, placement: Placement, parse: Callable[[Graph, str, str], Rules], unreadable: Rules
    ) -> None:
        self._placement = placement
        self._parse = parse
        self._unreadable = unreadable
        self._limits = replace(Limits.from_config(config), bytes=config.acl_bytes_max)
        self._known: Memory[tuple[int, int], Rules] = Memory(config.acl_cache_entries)

    def get(self, reader: Reader, reference: ACLReference) -> Rules:
        """Raises: VersionMoved -- that version is no longer kept."""
        key = (reference.id, reference.version)
        rules = self._known.get(key)
        if rules is None:
            METERS.looked_up(ACL_CACHE, hit=False)
            found = reader.rules(reference)
            if found is None:
                raise VersionMoved("The access rules changed while they were read; try again.")
            rules = self._parsed(reference, *found)
            if reader.is_committed(reference.id):
                self._known.put(key, rules, 1 + len(found[1]) // ORDINARY_ACL_BYTES)
        return rules

    def _parsed(self, reference: ACLReference, media_type: str, content: bytes) -> Rules:
        resource = self._placement.url(reference.subject)
        document = resource + Auxiliary.ACL.value
        try:
            dataset = formats.parse(content, media_type, base=document, limits=self._limits)
        except PodError as error:
            log.error("acl unreadable", acl=document, why=str(error))  # noqa: TRY400 -- the document, not us
            return self._unreadable
        return self._parse(dataset.default, document, resource)


def canonical(placement: Placement, url: str) -> str:
    """The one spelling of a URL of ours; others, and parts of documents, stay as they are."""
    path = None if "#" in url or "?" in url else placement.local_path(url)
    try:
        return placement.url(Target.parse(path).path) if path else url
    except PodError:
        return url
