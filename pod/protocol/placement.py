"""Where storages live in URL space: turns URLs into canonical paths and back.

`path`: https://host/alice/notes    `subdomain`: https://alice.host/notes    `root`: https://alice.example/notes
The path inside the store is `/alice/notes` in all three, so a server can change placement without rewriting
its store. For that a storage is named like a host: `is_storage_name`.

Spec: Solid #server-storage-nonoverlapping; RFC 3986 s6.2.2, s6.2.3
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

PlacementKind = Literal["path", "subdomain", "root"]

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)")
_AUTHORITY = re.compile(r"[A-Za-z]+://(?:[^/?#@]*@)?([^/?#]*)")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_storage_name(name: str) -> bool:
    """Whether it can name a storage in every placement: a host label in lower case (RFC 1123 s2.1)."""
    return _LABEL.fullmatch(name) is not None


def is_loopback(host: str) -> bool:
    """Whether a host name or address is the machine itself. Spec: RFC 6761 s6.3"""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(base_url: str, host: str) -> bool:
    """Whether only this machine can reach a server: by what it is called, and by what it listens on."""
    return is_loopback(urlsplit(base_url).hostname or "") and is_loopback(host)


@dataclass(frozen=True, slots=True)
class Placement:
    """The URL space of one server.

    `base_url` ends in a slash; `root_name` is the only storage of kind `root`.
    """

    base_url: str
    kind: PlacementKind = "path"
    root_name: str = "me"

    @property
    def scheme(self) -> str:
        return _scheme_and_authority(self.base_url)[0]

    @property
    def authority(self) -> str:
        """Host and port of the base URL, lower case and without a default port."""
        return _scheme_and_authority(self.base_url)[1]

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
        if not url_path.startswith("/"):
            return None
        if self.kind == "subdomain":
            name = self.storage_name(host)
            return None if name is None else f"/{name}{url_path}"
        if self.kind == "root":
            return f"/{self.root_name}{url_path}" if _is_in_root_storage(url_path) else None
        return url_path if "/" in url_path[1:] and not _begins_with_dot(url_path) else None

    def storage_name(self, host: str) -> str | None:
        """The storage a host names in `subdomain` placement; None for the base and for foreign hosts."""
        if self.kind != "subdomain":
            return None
        name, _, rest = _normal(self.scheme, host).partition(".")
        return name if rest == self.authority and is_storage_name(name) else None

    def accepts(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        return _normal(self.scheme, host) == self.authority or self.storage_name(host) is not None

    def is_ours(self, iri: str) -> bool:
        """Whether an IRI names this server, in whatever scheme and spelling: such a one is never fetched."""
        match = _AUTHORITY.match(iri)
        return match is not None and self.accepts(match[1])

    def local_path(self, url: str) -> str | None:
        """The raw store path of an absolute URL under this server, without query and fragment; else None."""
        match = _URL.match(url)
        if match is None or match[1].lower() != self.scheme or not self.accepts(match[2]):
            return None
        return self.path(match[2], match[3] or "/")


@lru_cache(maxsize=16)
def _scheme_and_authority(base_url: str) -> tuple[str, str]:
    scheme, _, rest = base_url.partition("://")
    return scheme.lower(), _normal(scheme.lower(), rest.partition("/")[0])


def _normal(scheme: str, authority: str) -> str:
    """Without a port that is empty or the default of the scheme, as RFC 3986 s6.2.3 asks."""
    return authority.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ":")).removesuffix(":")


def _begins_with_dot(url_path: str) -> bool:
    """Whether the first segment does, which makes it the server's own. The dot may be percent-encoded."""
    return url_path.startswith(("/.", "/%2E", "/%2e"))


def _is_in_root_storage(url_path: str) -> bool:
    return not _begins_with_dot(url_path) or url_path in {"/.acl", "/.meta", "/.well-known/solid"}
