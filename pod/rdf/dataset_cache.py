"""The parsed documents of late patches, so that the next patch of the same document need not parse it.

Keyed by URL and by the digest of the content, so an entry is right or it is not found; nothing is invalidated. Bounded
by what the statements take in memory. What is kept is shared: nobody may change it.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import pyoxigraph as ox

from pod.config import KIB
from pod.rdf import oxigraph
from pod.rdf.graph import Dataset

STATEMENT_BYTES = 250
"""What a statement takes in memory beside the text of its terms."""
ESTIMATED_BYTES_MAX = 128 * KIB


class DatasetCache:
    """One dataset a URL, the least recently used forgotten first."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._entries: OrderedDict[str, tuple[str, Dataset, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str, digest: str) -> Dataset | None:
        """What the content with this digest says at this URL, if that is known."""
        with self._lock:
            kept, dataset, _ = self._entries.get(url, (None, None, 0))
            if kept != digest:
                return None
            self._entries.move_to_end(url)
            return dataset

    def put(self, url: str, digest: str, dataset: Dataset, content_bytes: int) -> None:
        """Keep what is worth it: one entry may take half of the whole. `content_bytes`: what it takes written out."""
        room = self._bytes_max // 2
        size = _bytes_of(dataset, content_bytes) if len(dataset) * STATEMENT_BYTES <= room else self._bytes_max
        with self._lock:
            self._bytes -= self._entries.pop(url, ("", None, 0))[2]
            if size > room:
                return
            self._entries[url] = digest, dataset, size
            self._bytes += size
            while self._bytes > self._bytes_max:
                self._bytes -= self._entries.popitem(last=False)[1][2]


def _bytes_of(dataset: Dataset, content_bytes: int) -> int:
    """What it takes in memory, or, of a small one, could take at most: that is quicker to say."""
    longest_term = content_bytes + max(map(len, dataset.prefixes.values()), default=0)
    at_most = len(dataset) * (STATEMENT_BYTES + 3 * longest_term)
    if at_most <= ESTIMATED_BYTES_MAX:
        return at_most
    graphs = (dataset.default, *dataset.named.values())
    written_out = sum(len(oxigraph.serialize(graph, ox.RdfFormat.N_TRIPLES)) for graph in graphs)
    return len(dataset) * STATEMENT_BYTES + written_out
