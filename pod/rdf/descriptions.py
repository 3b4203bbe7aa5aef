"""What a storage says of itself, and a server: which subscription services there are, and who the issuer is.

Written once as statements; Turtle for those who read RDF, and JSON-LD in the shape that clients of notifications expect
when they read it as JSON. Values in, bytes out.

Spec: Solid #storage-description-statements, #storage-description-rdf-type, #server-storage-link-owner; Solid
Notifications Protocol #description-resource-data-model; Solid-OIDC #oidc-issuer-discovery
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pod.protocol.notification import FEATURES, ChannelType
from pod.rdf import turtle_writer
from pod.rdf.contexts import Json
from pod.rdf.graph import IRI, Graph, Term, Triple
from pod.rdf.vocab import DCTERMS, LWS, NOTIFY, PIM, PREFIXES, RDF, SOLID

Property = tuple[IRI, Term]

SOLID_PROTOCOL = "https://solidproject.org/TR/protocol"

_LINK, _TERM = {"@type": "@id"}, {"@type": "@vocab"}
_CONTEXT: dict[str, Json] = {
    "id": "@id",
    "type": "@type",
    "notify": NOTIFY.iri,
    "Storage": PIM.Storage.value,
    "owner": {"@id": SOLID.owner.value, **_LINK},
    "oidcIssuer": {"@id": SOLID.oidcIssuer.value, **_LINK},
    "notificationGateway": {"@id": SOLID.notificationGateway.value, **_LINK},
    "conformsTo": {"@id": DCTERMS.conformsTo.value, **_LINK},
    "subscription": {"@id": NOTIFY.subscription.value, **_LINK},
    "channelType": {"@id": NOTIFY.channelType.value, **_TERM},
    "feature": {"@id": NOTIFY.feature.value, **_TERM},
    "service": LWS.service.value,
    "serviceEndpoint": {"@id": LWS.serviceEndpoint.value, **_LINK},
    **{name: LWS[name].value for name in ("AccessRequestService", "AccessGrantService")},
    **{name: f"notify:{name}" for name in (*ChannelType, *FEATURES)},
}
"""Written out, with the names that the context of notifications gives: many who read such a description fetch none."""
_NAMES = {
    RDF.type: "type",
    SOLID.owner: "owner",
    SOLID.oidcIssuer: "oidcIssuer",
    SOLID.notificationGateway: "notificationGateway",
    DCTERMS.conformsTo: "conformsTo",
    NOTIFY.subscription: "subscription",
    NOTIFY.channelType: "channelType",
    NOTIFY.feature: "feature",
    LWS.service: "service",
    LWS.serviceEndpoint: "serviceEndpoint",
}
_MANY = frozenset({NOTIFY.subscription, NOTIFY.feature, LWS.service})
"""Lists, however many there are."""
_WITHIN = frozenset({NOTIFY.subscription, LWS.service})
"""What they name is told within them."""
_MANY_WITHIN = _MANY | {DCTERMS.conformsTo}
_WITHIN = frozenset({NOTIFY.subscription, LWS.service})
"""What they name is told within them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A subscription service: where it is and what it makes. Channel type and features are IRIs."""

    url: str
    channel_type: str
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notifications:
    """How to hear of changes: the services, and the gateway of an older protocol."""

    offers: tuple[Offer, ...]
    gateway: str


@dataclass(frozen=True, slots=True)
class Access:
    """Where to ask for access to a storage, and where it is given. Spec: LWS 1.0 #access-discovery"""

    requests: str
    grants: str
    profile: str


@dataclass(frozen=True, slots=True)
class Description:
    """One document in its two forms."""

    turtle: bytes
    json_ld: bytes


def storage_description(
    storage: str,
    notifications: Notifications,
    access: Access,
    *,
    owners: Sequence[str] = (),
    server: bool = False,
) -> Description:
    """`owners` only where they may be known. `server`: its URL is the server's too."""
    about: list[Property] = [(RDF.type, PIM.Storage), *((SOLID.owner, IRI(owner)) for owner in owners)]
    about += _about_server(storage) if server else []
    return _description(storage, about, notifications, access)


def server_description(base_url: str, notifications: Notifications) -> Description:
    """Its base URL comes first: there are clients that look no further."""
    return _description(base_url, _about_server(base_url), notifications)


def _about_server(base_url: str) -> list[Property]:
    """People of this server sign in at its own issuer."""
    return [(DCTERMS.conformsTo, IRI(SOLID_PROTOCOL)), (SOLID.oidcIssuer, IRI(base_url))]


def _description(
    subject: str, about: list[Property], notifications: Notifications, access: Access | None = None
) -> Description:
    about = [*about, (SOLID.notificationGateway, IRI(notifications.gateway))]
    about += [(NOTIFY.subscription, IRI(offer.url)) for offer in notifications.offers]
    graph = Graph(Triple(IRI(subject), predicate, value) for predicate, value in about)
    for offer in notifications.offers:
        for triple in _about_offer(offer):
            graph.add(triple)
    for triple in () if access is None else _about_access(subject, access):
        graph.add(triple)
    return Description(_turtle(graph), _json_ld(graph, subject))


def _about_access(storage: str, access: Access) -> list[Triple]:
    """Each service goes by the name of its endpoint."""
    found = []
    for url, kind in ((access.requests, LWS.AccessRequestService), (access.grants, LWS.AccessGrantService)):
        service = IRI(url)
        found.append(Triple(IRI(storage), LWS.service, service))
        found.append(Triple(service, RDF.type, kind))
        found.append(Triple(service, LWS.serviceEndpoint, service))
        found.append(Triple(service, DCTERMS.conformsTo, IRI(access.profile)))
    return found


def _about_offer(offer: Offer) -> list[Triple]:
    service = IRI(offer.url)
    features = [Triple(service, NOTIFY.feature, IRI(feature)) for feature in offer.features]
    return [Triple(service, NOTIFY.channelType, IRI(offer.channel_type)), *features]


def _turtle(graph: Graph) -> bytes:
    text = "".join(map(str, graph))
    used = [name for name in ("dcterms", "lws", "notify", "pim", "solid") if PREFIXES[name] in text]
    return turtle_writer.write(graph, {name: PREFIXES[name] for name in used})


def _json_ld(graph: Graph, subject: str) -> bytes:
    document = {"@context": _CONTEXT, **_object(graph, IRI(subject))}
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def _object(graph: Graph, subject: IRI, many: frozenset[IRI] = _MANY) -> dict[str, Json]:
    """The statements about a subject under their short names; what it offers is told within it. `many`: see `_MANY`."""
    found: dict[str, Json] = {"id": subject.value}
    for triple in graph.match(s=subject):
        name, value = _NAMES[triple.predicate], triple.object
        assert isinstance(value, IRI), "all that is told here has a name"
        told = _object(graph, value, _MANY_WITHIN) if triple.predicate in _WITHIN else _short(value)
        if triple.predicate in many:
            found.setdefault(name, []).append(told)
        elif name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), told]
        else:
            found[name] = told
    return found


def _short(value: IRI) -> str:
    """What the contexts make of a name."""
    if value == PIM.Storage:
        return "Storage"
    return value.value.removeprefix(NOTIFY.iri).removeprefix(LWS.iri)
