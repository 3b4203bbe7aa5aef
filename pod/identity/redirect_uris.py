"""Where an app may be sent back to: which redirect URIs can be registered, and which registered one a request names.

Pure. The grammar is narrower than RFC 3986, so that every browser and every library reads a URI as it is read here;
what is compared, is compared as it was written.

Spec: RFC 6749 s3.1.2; RFC 7591 s5; RFC 8252 s7, s8.3; RFC 9700 s2.1; Solid-OIDC #clientids-document
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from pod.errors import InvalidRedirectURI
from pod.protocol.placement import Placement
from pod.protocol.resource import storage_of

URI_CHARACTERS_MAX = 2048
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "[::1]"})
PORT_MAX = 65535

# No backslash, no fragment, no wildcard, no bracket or quote: nothing that two readers could read in two ways.
_REST = r"(?:[A-Za-z0-9\-._~:@!$&'()+,;=/]|%[0-9A-Fa-f]{2})*"
_QUERY = r"(?:\?(?:[A-Za-z0-9\-._~:@!$&'()+,;=/?]|%[0-9A-Fa-f]{2})*)?"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-_.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_WEB = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?(/{_REST})?({_QUERY})")
_PRIVATE_USE = re.compile(rf"([a-z][a-z0-9+\-]*(?:\.[a-z0-9+\-]+)+):{_REST}{_QUERY}")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2[eE]){1,2}(?:/|$)")


@dataclass(frozen=True, slots=True)
class WebURL:
    """The parts of an http(s) URL that names its host plainly. `host` is in lower case, IPv6 in brackets."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str

    @property
    def authority(self) -> str:
        """Host and port as a browser's address line shows them."""
        is_default = self.port is None or (self.scheme, self.port) in {("https", 443), ("http", 80)}
        return self.host if is_default else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Spec: RFC 6761 s6.3 -- names below localhost are this machine too"""
        return self.host in LOOPBACK_HOSTS or self.host.endswith(".localhost")

    @property
    def has_dot_segments(self) -> bool:
        return _DOT_SEGMENT.search(self.path) is not None


def web_url(text: str) -> WebURL | None:
    """An http(s) URL without userinfo and fragment; None for everything else."""
    match = _WEB.fullmatch(text) if len(text) <= URI_CHARACTERS_MAX else None
    if match is None or ".." in match[2] or not _is_port(match[3]) or not _is_literal(match[2]):
        return None
    return WebURL(match[1], match[2].lower(), int(match[3]) if match[3] else None, match[4] or "", match[5])


def check(uri: str, *, native: bool) -> None:
    """Whether an app may register a redirect URI; `native` apps may have a scheme of their own.

    Raises: InvalidRedirectURI.
    """
    url = web_url(uri)
    if url is None:
        _check_private_use(uri, native=native)
    elif url.has_dot_segments:
        raise _refused(uri, "leave out the segments . and ..")
    elif url.scheme == "http" and not url.is_loopback:
        raise _refused(uri, "use https; http is for localhost, names below it, 127.0.0.1 and [::1] only")


def matches(registered: str, requested: str) -> bool:
    """Whether a request names this registered URI: the same characters, or any port of the same loopback address.

    Spec: RFC 9700 s2.1, exact matching; RFC 8252 s7.3, ports of loopback IP literals
    """
    if registered == requested:
        return True
    ours, theirs = web_url(registered), web_url(requested)
    if ours is None or theirs is None or ours.scheme != "http" or ours.host not in LOOPBACK_ADDRESSES:
        return False
    return replace(ours, port=None) == replace(theirs, port=None)


def redirect_host(uri: str) -> str:
    """What to tell people about where a checked redirect URI leads: host and port; or the scheme of a native app, which
    may be a host's name as well and must not be taken for that.
    """
    url = web_url(uri)
    return f"{uri.partition(':')[0]}: on your device" if url is None else url.authority


def leads_to(uri: str, placement: Placement) -> str:
    """The same; of what is on this server, which holds the pods of many, the pod as well."""
    path = placement.local_path(uri) if placement.kind == "path" else None
    return redirect_host(uri) if path is None else placement.authority + storage_of(path)


def _check_private_use(uri: str, *, native: bool) -> None:
    """Spec: RFC 8252 s7.1, a scheme is a reversed domain name; so it is never javascript:, data: or file:."""
    if len(uri) > URI_CHARACTERS_MAX or not _PRIVATE_USE.fullmatch(uri):
        raise _refused(
            uri,
            "it is not a plain URI: https with a host, or a native app's own scheme with a dot in it; in ASCII, without"
            " credentials, fragment, wildcard or backslash",
        )
    if not native:
        raise _refused(uri, "only an app with application_type native may have a scheme of its own")


def _is_port(text: str | None) -> bool:
    return text is None or (text[0] != "0" and int(text) <= PORT_MAX)


def _is_literal(host: str) -> bool:
    """Whether a bracketed host is an IPv6 address; names and IPv4 addresses are what the grammar says."""
    if not host.startswith("["):
        return True
    try:
        IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def _refused(uri: str, why: str) -> InvalidRedirectURI:
    return InvalidRedirectURI(f"The redirect URI {uri[:200]!a} cannot be used: {why}.")
