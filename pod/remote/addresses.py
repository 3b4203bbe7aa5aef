"""Which network addresses this server may contact for others: public ones, and loopback where `--dev` says so.

A pure table and its look-up; it resolves no names and opens no sockets. An IPv6 address that carries an IPv4
address is judged by what it carries, because that is where its packets go.

Spec: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890; RFC 6052 s2.1; RFC 4291 s2.5.5.2
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

IPAddress = IPv4Address | IPv6Address

_FORBIDDEN_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private use
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata services
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",  # private use
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, limited broadcast
    )
)

# Of IPv6 only global unicast is in use. Everything outside it (loopback, unique local, link-local, multicast, local
# NAT64, segment routing) is refused without being listed.
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_FORBIDDEN_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address, deprecated
        "3fff::/20",  # documentation
    )
)
_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
_IPV4_TRANSLATED = IPv6Network("64:ff9b::/96")


def may_contact(address: str, *, loopback: bool) -> bool:
    """Whether a connection to a numeric address is allowed; `loopback` adds the machine itself.

    False for what is no address.
    """
    try:
        ip = _effective(ip_address(address))
    except ValueError:
        return False
    return is_public(ip) or (loopback and ip.is_loopback)


def is_public(ip: IPAddress) -> bool:
    """Whether an address is ordinary unicast on the public internet."""
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _FORBIDDEN_IPV4)
    if ip.scope_id is not None or ip not in _PUBLIC_IPV6:
        return False
    return not any(ip in network for network in _FORBIDDEN_IPV6)


def _effective(ip: IPAddress) -> IPAddress:
    if isinstance(ip, IPv6Address) and (ip in _IPV4_MAPPED or ip in _IPV4_TRANSLATED):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip
