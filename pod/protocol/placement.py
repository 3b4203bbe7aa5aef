"""Where storages live in URL space: turns URLs into canonical paths and back.

`path`: https://host/alice/notes    `subdomain`: https://alice.host/notes    `root`: https://alice.example/notes
The path inside the store is `/alice/notes` in all three, so a server can change placement without rewriting its store.

Spec: Solid #server-storage-nonoverlapping
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

PlacementKind = Literal["path", "subdomain", "root"]


@dataclass(frozen=True, slots=True)
class Placement:
    """The URL space of one server. `base_url` ends in a slash; `root_name` is the only storage of kind `root`."""

    base_url: str
    kind: PlacementKind = "path"
    root_name: str = "me"

    @property
    def authority(self) -> str:
        """Host and port of the base URL, lower case, as a `Host` header has it."""
        return urlsplit(self.base_url).netloc.lower()

    @property
    def origin(self) -> str:
        return self.base_url[:-1]

    def url(self, path: str) -> str:
        """The URL of a canonical path."""
        if self.kind == "path":
            return self.origin + path
        name, _, rest = path[1:].partition("/")
        if self.kind == "root":
            return self.base_url + rest
        scheme, _, authority = self.origin.partition("://")
        return f"{scheme}://{name}.{authority}/{rest}"

    def path(self, host: str, url_path: str) -> str | None:
        """The raw store path of a request, or None when the URL belongs to the server and to no storage.

        `host` is an accepted authority: the base, or a storage's own host in `subdomain` placement.
        """
        if self.kind == "subdomain":
            name = self.storage_name(host)
            return None if name is None else f"/{name}{url_path}"
        if self.kind == "root":
            return None if url_path.startswith("/.") and not _is_root_auxiliary(url_path) else f"/{self.root_name}{url_path}"
        return None if url_path == "/" or url_path.startswith("/.") or url_path.count("/") == 1 else url_path

    def storage_name(self, host: str) -> str | None:
        """The storage a host names in `subdomain` placement; None for the base host and for hosts of others."""
        name, dot, rest = host.lower().partition(".")
        return name if self.kind == "subdomain" and dot and name and rest == self.authority else None

    def accepts(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        return host.lower() == self.authority or self.storage_name(host) is not None

    def local_path(self, url: str) -> str | None:
        """The raw store path of an absolute URL under this server, without query and fragment; None for any other."""
        parts = urlsplit(url)
        if parts.scheme != self.base_url.partition(":")[0] or not self.accepts(parts.netloc):
            return None
        return self.path(parts.netloc, parts.path or "/")


def _is_root_auxiliary(url_path: str) -> bool:
    return url_path in {"/.acl", "/.meta"}
