"""What a network address counts as, wherever something is counted for whom it comes from. Text in, text out.

Spec: RFC 4291 s2.5.5.2; RFC 6177 s2
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

IPV6_NETWORK_BITS = 64


def network_of(address: str) -> str:
    """The address itself; of an IPv6 address its network, since everybody has one of those."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), IPV6_NETWORK_BITS), strict=False))
