"""Which host a request was for. `X-Forwarded-Host` counts only from a configured proxy.

Spec: RFC 9110 s7.2
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

ADDRESS_CHARACTERS_MAX = 64


def effective_host(environ: Mapping[str, Any], trusted_proxies: tuple[str, ...]) -> str:
    """Host and port, lower case."""
    forwarded: str | None = environ.get("HTTP_X_FORWARDED_HOST")
    if forwarded and trusted_proxies and is_trusted(environ.get("REMOTE_ADDR", ""), trusted_proxies):
        return forwarded.rpartition(",")[2].strip().lower()
    host: str = environ.get("HTTP_HOST", "")
    return host.lower()


def effective_address(environ: Mapping[str, Any], trusted_proxies: tuple[str, ...]) -> str:
    """Whom to hold responsible for a request: the peer, or the last address that trusted proxies say they spoke to."""
    address: str = environ.get("REMOTE_ADDR", "")
    for said in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if not is_trusted(address, trusted_proxies) or not said.strip():
            break
        address = _without_port(said.strip()[:ADDRESS_CHARACTERS_MAX])
    return address


def _without_port(said: str) -> str:
    """Some proxies add the client's port, which the client chooses: it must not make another address of it."""
    if said.startswith("["):
        return said[1:].partition("]")[0]
    return said.partition(":")[0] if said.count(":") == 1 else said


def is_forwarded_http(environ: Mapping[str, Any], trusted_proxies: tuple[str, ...]) -> bool:
    """Whether a configured proxy says that the client came without TLS."""
    forwarded: str | None = environ.get("HTTP_X_FORWARDED_PROTO")
    if forwarded is None or forwarded.strip().lower() != "http":
        return False
    return is_trusted(environ.get("REMOTE_ADDR", ""), trusted_proxies)


@lru_cache(maxsize=1024)
def is_trusted(address: str, trusted_proxies: tuple[str, ...]) -> bool:
    """Whether the peer is one of the configured proxies."""
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    return any(peer in ip_network(network, strict=False) for network in trusted_proxies)
