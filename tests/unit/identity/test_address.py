"""Whom a request is counted against."""

from __future__ import annotations

import pytest

from pod.http.proxies import effective_address

PROXIES = ("10.0.0.0/8",)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.7, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.7, 198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.1", "198.51.100.9:50123", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.7, 198.51.100.9:50123, 10.0.0.2:443", "198.51.100.9"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]:50123", "2001:db8::7"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
        ("10.0.0.1", "not an address, 10.0.0.2", "not an address"),
    ],
)
def test_only_trusted_proxies_are_believed(peer, forwarded, address):
    environ = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert effective_address(environ, PROXIES) == address
