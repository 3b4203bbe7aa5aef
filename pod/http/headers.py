"""The header fields of answers from storages: what depends only on the kind of resource is made once and kept.

Spec: Solid #server-allow-methods, #server-accept-headers, #server-link-auxiliary-type, #server-storage-description,
#server-link-storage; LDP 4.2.1.4, 5.2.1.4; WAC #server-wac-allow, #server-link-condition; ACP #conforming-acp-server
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from pod.authorization import acp, wac
from pod.operations.admission import allowed_methods
from pod.operations.operation import Shape
from pod.operations.patch import ACCEPT_PATCH
from pod.protocol.placement import Placement, is_loopback
from pod.protocol.resource import REMEMBERED_PATH_BYTES_MAX, Auxiliary, Target
from pod.rdf.formats import MEDIA_TYPES
from pod.rdf.modes import MODES
from pod.rdf.vocab import ACL, ACP

Headers = tuple[tuple[str, str], ...]

DESCRIPTION_PATH = ".well-known/solid"
"""Below a storage root: where its description is."""

LDP = "http://www.w3.org/ns/ldp#"
STORAGE_TYPE = "http://www.w3.org/ns/pim/space#Storage"
STORAGE_DESCRIPTION = "http://www.w3.org/ns/solid/terms#storageDescription"

RDF_TYPES = ", ".join(MEDIA_TYPES)
ANYTHING = f"{RDF_TYPES}, */*"

# User content never acts on our origin: no scripts, no forms, no plugins, no guessing of types (design.md section 10).
POLICY = "Content-Security-Policy"
SAFETY: Headers = (
    (
        POLICY,
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)
TRANSPORT_SECURITY = "Strict-Transport-Security"
TRANSPORT_SECURITY_SECONDS = 365 * 24 * 3600
VARY = ("Vary", "Accept, Authorization, Origin")
VARY_OF_CONTAINER = ("Vary", "Accept, Authorization, Origin, Prefer")
ACCEPT_LANGUAGE = "Accept-Language"
"""Chooses among pages only: whoever accepts RDF gets the same in any language. Spec: RFC 9110 s12.5.5"""


UPDATES_PATH = ".stream/solid-0.1"
"""Below the URL of the stream process: where the older WebSockets are."""
LISTENER = "as"
"""In the query there: as whom the client listens, sealed."""


@lru_cache(maxsize=16)
def updates_via(stream_url: str) -> tuple[str, str]:
    """Where clients that do not know channels listen. Spec: Solid WebSockets API solid-0.1, discovery"""
    return "Updates-Via", "ws" + stream_url.removeprefix("http") + UPDATES_PATH


def transport_security(placement: Placement) -> Headers:
    """That browsers shall come by https from now on, to this host alone: the pods on hosts of their own say it too, and
    what else is below it is not ours.

    It holds for every port of a host, so a server at a port of its own says nothing: the others may be somebody else's.

    Spec: RFC 6797 s6.1, s8.3
    """
    base = urlsplit(placement.base_url)
    if base.scheme != "https" or base.port not in {None, 443} or is_loopback(base.hostname or ""):
        return ()
    return ((TRANSPORT_SECURITY, f"max-age={TRANSPORT_SECURITY_SECONDS}"),)


@lru_cache(maxsize=256)
def of_kind(auxiliary: Auxiliary | None, shape: Shape) -> Headers:
    """Every field that depends only on the kind of resource."""
    return (VARY_OF_CONTAINER if shape.container else VARY, *methods(auxiliary, shape), *SAFETY)


@lru_cache(maxsize=256)
def of_page(fields: Headers, policy: str) -> Headers:
    """The same fields for a page of ours, whose style is known."""
    return tuple((name, policy if name == POLICY else value) for name, value in fields)


def also_vary(fields: list[tuple[str, str]], name: str) -> None:
    """Adds a field of the request to the one `Vary` of an answer. Spec: RFC 9110 s12.5.5"""
    fields[:] = [(field, f"{value}, {name}" if field == "Vary" else value) for field, value in fields]


def methods(auxiliary: Auxiliary | None, shape: Shape) -> Headers:
    """`Allow` and the `Accept-*` of the methods in it, consistent with each other."""
    sample = {None: "/s/x", Auxiliary.ACL: "/s/x.acl", Auxiliary.DESCRIPTION: "/s/x.meta"}[auxiliary]
    allowed = allowed_methods(Target(sample, "/s/x", auxiliary), shape)
    accepted = RDF_TYPES if auxiliary or shape.container else ANYTHING
    fields = [("Allow", ", ".join(allowed))]
    if "PUT" in allowed:
        fields.append(("Accept-Put", accepted))
    if "POST" in allowed:
        fields.append(("Accept-Post", RDF_TYPES if shape.inbox else ANYTHING))
    if "PATCH" in allowed:
        fields.append(("Accept-Patch", ACCEPT_PATCH))
    return tuple(fields)


def links(placement: Placement, target: Target, shape: Shape, access_control: str, *, offers: bool = False) -> str:
    """The value of one `Link` field: types, auxiliary resources, storage description; on an ACL, what is understood of
    the language of its rules.
    """
    make = _remembered_links if len(target.path) <= REMEMBERED_PATH_BYTES_MAX else _links
    return make(placement, target, shape, access_control, offers)


def _links(placement: Placement, target: Target, shape: Shape, access_control: str, offers: bool) -> str:
    found = [_link(url, "type") for url in _types(shape, storage=target.is_storage_root)]
    if target.auxiliary is Auxiliary.ACL:
        found += language_links(access_control, exists=shape.exists, offers=offers)
    else:
        found.append(_link(placement.url(target.acl), "acl"))
    if target.auxiliary is None:
        found.append(_link(placement.url(target.description), "describedby"))
    if target.auxiliary is Auxiliary.DESCRIPTION:
        found.append(_link(placement.url(target.subject), "describes"))
    found.append(description_link(placement, target))
    return ", ".join(found)


_remembered_links = lru_cache(maxsize=8192)(_links)


def language_links(access_control: str, *, exists: bool = False, offers: bool = False) -> list[str]:
    """What an ACL is, and which of its language is evaluated here. `offers`: all of it is asked for.

    Spec: ACP #conforming-acp-server -- the type always, modes and attributes to OPTIONS; WAC #server-link-condition --
    on whatever may be "the effective ACL resource"
    """
    if access_control != "acp":
        return [_link(kind.value, ACL.condition.value) for kind in wac.CONDITIONS if exists]
    found = [_link(ACP.AccessControlResource.value, "type")]
    if offers:
        found += [_link(mode.value, ACP.grant.value) for mode in MODES]
        found += [_link(attribute.value, ACP.attribute.value) for attribute in acp.UNDERSTOOD]
    return found


def links_of_created(placement: Placement, created: Target, container: Shape) -> str:
    """The `Link` of an answer to POST: auxiliary resources are those of what was made, not of the container asked.

    Spec: LDP 5.2.3.12; Solid #server-description-resource-max
    """
    anchor = f'; anchor="{placement.url(created.path)}"'
    found = [_link(url, "type") for url in _types(container, storage=container.root)]
    found.append(_link(placement.url(created.acl), "acl") + anchor)
    found.append(_link(placement.url(created.description), "describedby") + anchor)
    return ", ".join([*found, description_link(placement, created)])


def description_link(placement: Placement, target: Target) -> str:
    """Spec: Solid #server-storage-description"""
    return _link(placement.url(target.storage) + DESCRIPTION_PATH, STORAGE_DESCRIPTION)


def _types(shape: Shape, *, storage: bool) -> list[str]:
    found = [LDP + "Resource"]
    if shape.container:
        found += [LDP + "BasicContainer", LDP + "Container"]
    elif shape.exists:
        found.append(LDP + ("RDFSource" if shape.rdf else "NonRDFSource"))
    if storage:
        found.append(STORAGE_TYPE)
    return found


def _link(url: str, rel: str) -> str:
    return f'<{url}>; rel="{rel}"'
