from __future__ import annotations

import json

import pytest

from pod.rdf import formats
from pod.rdf.descriptions import Access, Notifications, Offer, server_description, storage_description
from pod.rdf.graph import IRI
from pod.rdf.vocab import NOTIFY, PIM, RDF, SOLID
from tests.unit.rdf.reading import document

POD = "https://pods.example/alice/"
WEBID = POD + "profile/card#me"
BASE = "https://pods.example/"
OFFERS = tuple(
    Offer(f"{BASE}{name}", NOTIFY.iri + name, (NOTIFY.iri + "rate", "urn:more"))
    for name in ("WebSocketChannel2023", "WebPushChannel2023")
)
NOTIFICATIONS = Notifications(OFFERS, BASE + "gateway")
ACCESS = Access(BASE + "requests/", BASE + "grants/", "urn:profile")
DESCRIPTIONS = {
    "storage": storage_description(POD, NOTIFICATIONS, ACCESS),
    "owned": storage_description(POD, NOTIFICATIONS, ACCESS, owners=[WEBID, WEBID + "2"]),
    "both": storage_description(BASE, NOTIFICATIONS, ACCESS, server=True),
    "server": server_description(BASE, NOTIFICATIONS),
}


@pytest.mark.requirement("solid#storage-description-rdf-type")
def test_a_storage_describes_itself():
    graph = document(DESCRIPTIONS["storage"].turtle).default
    assert list(graph.objects(IRI(POD), RDF.type)) == [PIM.Storage]
    assert graph.value(IRI(POD), SOLID.owner) is None
    graph = document(DESCRIPTIONS["owned"].turtle).default
    assert list(graph.objects(IRI(POD), SOLID.owner)) == [IRI(WEBID), IRI(WEBID + "2")]


@pytest.mark.parametrize(
    ("name", "is_storage", "is_server"), [("storage", True, False), ("both", True, True), ("server", False, True)]
)
def test_a_storage_at_the_base_url_describes_the_server_too(name, is_storage, is_server):
    turtle = DESCRIPTIONS[name].turtle
    assert (b"pim:Storage" in turtle) is is_storage
    assert (b"solid:oidcIssuer <https://pods.example/>" in turtle) is is_server


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_what_is_described_comes_first(name):
    first = next(iter(document(DESCRIPTIONS[name].turtle).default)).subject
    assert first == IRI(BASE if name in {"both", "server"} else POD)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_both_forms_say_the_same(name):
    description = DESCRIPTIONS[name]
    parsed = formats.parse(description.json_ld, "application/ld+json", base=BASE, limits=formats.Limits())
    assert parsed.default == document(description.turtle).default


def test_as_json_it_has_the_shape_that_clients_look_for():
    described = json.loads(DESCRIPTIONS["storage"].json_ld)
    assert {name: value for name, value in described.items() if name != "@context"} == {
        "id": POD,
        "type": "Storage",
        "notificationGateway": BASE + "gateway",
        "subscription": [
            {"id": f"{BASE}{name}", "channelType": name, "feature": ["rate", "urn:more"]}
            for name in ("WebSocketChannel2023", "WebPushChannel2023")
        ],
        "service": [
            {"id": url, "type": kind, "serviceEndpoint": url, "conformsTo": ["urn:profile"]}
            for url, kind in ((ACCESS.requests, "AccessRequestService"), (ACCESS.grants, "AccessGrantService"))
        ],
    }
