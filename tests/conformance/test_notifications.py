"""Subscribing to notifications: where the services are found, what they take, whom they refuse, and how channels end.

Spec: Solid Notifications Protocol #discovery, #subscription, #data-model; the channel types' own texts
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import rdflib
import requests
from rdflib import RDF, URIRef

from tests.support.client import SOLID, SolidClient, assert_problem, authorization, graph, link, listed
from tests.support.fixtures import Share
from tests.support.subscribing import CONTEXT, JSON_LD, NOTIFY, ask, service, subscribe

OLDER_CONTEXT = "https://www.w3.org/ns/solid/notification/v1"
PULLED = ["WebSocketChannel2023", "StreamingHTTPChannel2023", "EventSourceChannel2023"]
PUSHED = ["WebhookChannel2023", "LDNChannel2023", "WebPushChannel2023"]
TYPES = [*PULLED, *PUSHED]
FEATURES = {"accept", "endAt", "rate", "startAt", "state"}
SUBTREE = "urn:freehold:subtree"
SEND_TO = {"sendTo": "https://hook.example/messages"}
KEYS = {
    "p256dh": "BNocq-WqQufNxY5NtFWz-ckbLoCprrHT74ALR-DXcpCoKmqV2cVflQ6ibyas-vJBMWMLeSDPdRBbJhcc0lDmJ5g",
    "auth": "Z51Yn6DRglyzR6SpDYHkqw",
}
STREAM = {"WebSocketChannel2023": "ws", "StreamingHTTPChannel2023": "http", "EventSourceChannel2023": "http"}
notify = rdflib.Namespace(NOTIFY)


def needed(channel_type: str) -> dict[str, Any]:
    """What a request needs beside type and topic."""
    if channel_type in PULLED:
        return {}
    return SEND_TO | ({"keys": KEYS} if channel_type == "WebPushChannel2023" else {})


def offered(client: SolidClient, channel_type: str = "WebSocketChannel2023") -> str:
    return service(client, client.pod, channel_type)


@pytest.fixture
def doc(alice: SolidClient, container: str) -> str:
    alice.put_turtle(container + "doc")
    return container + "doc"


@pytest.fixture
def public_doc(alice: SolidClient, doc: str) -> str:
    owner = authorization(doc, "Read Write Control", agents=(alice.web_id,))
    alice.put_acl(doc, owner, authorization(doc, "Read", public=True))
    return doc


# -- discovery ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-notifications-protocol-resource-server")
@pytest.mark.requirement("notifications#resource-server-link-storage-description-resource")
@pytest.mark.requirement("notifications#resource-server-description-resource-response")
@pytest.mark.requirement("notifications#notify-subscription")
@pytest.mark.requirement("notifications#notify-channelType")
@pytest.mark.parametrize("channel_type", TYPES)
def test_every_resource_leads_to_a_service_for_each_type(alice: SolidClient, doc: str, channel_type: str) -> None:
    description = alice.graph(link(alice.head(doc), str(SOLID.storageDescription)))
    (found,) = description.subjects(notify.channelType, notify[channel_type])
    assert (URIRef(alice.pod), notify.subscription, found) in description
    assert {str(feature) for feature in description.objects(found, notify.feature)} == {
        *(NOTIFY + feature for feature in FEATURES),
        SUBTREE,
    }


@pytest.mark.requirement("notifications#resource-server-description-resource-accept")
@pytest.mark.requirement("notifications#notify-resource-id")
def test_the_description_reads_well_as_json(alice: SolidClient) -> None:
    response = alice.get(alice.pod + ".well-known/solid", headers={"Accept": JSON_LD})
    assert response.headers["Content-Type"] == JSON_LD
    described = response.json()
    assert isinstance(described["@context"], dict), "many RDF clients fetch no contexts"
    assert (described["id"], described["type"]) == (alice.pod, "Storage")
    assert [each["channelType"] for each in described["subscription"]] == TYPES_AS_LISTED
    assert all(set(each["feature"]) > FEATURES for each in described["subscription"])


TYPES_AS_LISTED = [
    "WebSocketChannel2023",
    "WebhookChannel2023",
    "StreamingHTTPChannel2023",
    "EventSourceChannel2023",
    "LDNChannel2023",
    "WebPushChannel2023",
]


@pytest.mark.parametrize("url", ["{pod}.well-known/solid", "{base}.well-known/solid"])
def test_descriptions_say_the_same_in_every_media_type(anyone: SolidClient, alice: SolidClient, url: str) -> None:
    url = url.format(pod=alice.pod, base=alice.base_url)
    turtle = graph(anyone.get(url, headers={"Accept": "text/turtle"}))
    assert len(turtle) > 40
    for media_type in (JSON_LD, "application/n-triples", "application/rdf+xml"):
        assert set(graph(anyone.get(url, headers={"Accept": media_type}))) == set(turtle)


def test_the_server_names_services_and_the_older_gateway_first(anyone: SolidClient) -> None:
    response = anyone.get("/.well-known/solid", headers={"Accept": "text/turtle"})
    first = re.search(r"^<([^>]+)>", response.text, re.MULTILINE)
    assert first is not None
    assert first[1] == anyone.base_url
    about = graph(response)
    assert (
        str(about.value(URIRef(anyone.base_url), SOLID.notificationGateway))
        == anyone.base_url + ".notifications/gateway"
    )
    assert len(list(about.objects(URIRef(anyone.base_url), notify.subscription))) == 6


@pytest.mark.requirement("notifications#subscription-server-subscription-request-accept")
@pytest.mark.requirement("notifications#notify-subscription-id")
@pytest.mark.requirement("notifications#notify-feature")
@pytest.mark.parametrize("channel_type", TYPES)
def test_a_service_describes_itself(anyone: SolidClient, alice: SolidClient, channel_type: str) -> None:
    url = offered(alice, channel_type)
    response = anyone.get(url, headers={"Accept": JSON_LD})
    assert (response.status_code, response.headers["Content-Type"]) == (200, JSON_LD)
    described = response.json()
    assert (described["id"], described["channelType"]) == (url, channel_type)
    assert set(described["feature"]) == {*FEATURES, SUBTREE}
    assert described["@context"][0] == CONTEXT
    assert ("vapidPublicKey" in described) == (channel_type == "WebPushChannel2023")


@pytest.mark.parametrize("channel_type", TYPES)
def test_a_service_describes_itself_in_turtle_too(anyone: SolidClient, alice: SolidClient, channel_type: str) -> None:
    url = offered(alice, channel_type)
    about = anyone.graph(url)
    assert about.value(URIRef(url), notify.channelType) == notify[channel_type]
    assert set(map(str, about.objects(URIRef(url), notify.feature))) == {*(NOTIFY + each for each in FEATURES), SUBTREE}


@pytest.mark.requirement("notifications#subscription-server-subscription-request-methods")
@pytest.mark.parametrize("channel_type", TYPES)
def test_a_service_supports_its_methods(anyone: SolidClient, alice: SolidClient, channel_type: str) -> None:
    url = offered(alice, channel_type)
    head = anyone.head(url)
    assert (head.status_code, head.content) == (200, b"")
    options = anyone.options(url)
    assert options.status_code in {200, 204}
    assert listed(options, "Allow") == {"GET", "HEAD", "OPTIONS", "POST"}
    assert JSON_LD in listed(options, "Accept-Post")
    assert anyone.put(url, b"x").status_code == 405


def test_apps_of_any_origin_may_subscribe_and_unsubscribe(anyone: SolidClient, alice: SolidClient, doc: str) -> None:
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,dpop,content-type",
    }
    preflight = anyone.options(offered(alice), headers=headers)
    assert {"POST", "DELETE"} <= listed(preflight, "Access-Control-Allow-Methods")
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization,dpop,content-type"
    answer = alice.post(offered(alice), headers=JSON | {"Origin": "https://app.example"}, json=request(doc))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Location" in listed(answer, "Access-Control-Expose-Headers")


JSON = {"Content-Type": JSON_LD}


def request(topic: str, channel_type: str = "WebSocketChannel2023", **more: Any) -> dict[str, Any]:
    return {"@context": [CONTEXT], "type": channel_type, "topic": topic, **more}


# -- subscribing -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ldn2023#subscription-server-subscription-response")
@pytest.mark.requirement("solid#server-notifications-protocol-subscription-server")
@pytest.mark.requirement("notifications#subscription-server-subscription-response")
@pytest.mark.requirement("notifications#subscription-server-subscription-request-content-type")
@pytest.mark.requirement("notifications#notify-channel-id")
@pytest.mark.requirement("notifications#notify-channel-type")
@pytest.mark.requirement("notifications#notify-topic")
@pytest.mark.parametrize("channel_type", TYPES)
def test_a_request_is_answered_with_the_channel(alice: SolidClient, doc: str, channel_type: str) -> None:
    response = ask(alice, channel_type, doc, **needed(channel_type))
    assert response.status_code == (201 if channel_type == "WebPushChannel2023" else 200)
    assert response.headers["Content-Type"] == JSON_LD
    assert response.headers["Cache-Control"] == "no-store"
    channel = response.json()
    assert channel["@context"][0] == CONTEXT
    assert (channel["type"], channel["topic"]) == (channel_type, doc)
    assert channel["id"] == response.headers["Location"]
    assert ("receiveFrom" in channel, "sender" in channel) == (channel_type in PULLED, channel_type in PUSHED)


@pytest.mark.requirement("notifications#notify-receiveFrom")
@pytest.mark.requirement("websocket2023#receiveFrom")
@pytest.mark.requirement("streaming2023#receiveFrom")
@pytest.mark.requirement("eventsource2023#receiveFrom")
@pytest.mark.parametrize("channel_type", PULLED)
def test_where_to_listen_cannot_be_guessed(alice: SolidClient, doc: str, channel_type: str) -> None:
    one, two = (subscribe(alice, channel_type, doc)["receiveFrom"] for _ in range(2))
    assert one.startswith(STREAM[channel_type] + "://")
    assert len(one.rpartition("/")[2]) >= 43
    assert one != two


@pytest.mark.requirement("notifications#json-ld-format")
@pytest.mark.parametrize("context", [OLDER_CONTEXT, [OLDER_CONTEXT], [CONTEXT, OLDER_CONTEXT]])
def test_the_answer_is_in_the_context_of_the_request(alice: SolidClient, doc: str, context: Any) -> None:
    answer = alice.post(offered(alice), headers=JSON, json=request(doc) | {"@context": context})
    assert answer.json()["@context"][0] == (context if isinstance(context, str) else context[0])


def test_the_answer_is_had_in_turtle_too(alice: SolidClient, doc: str) -> None:
    answer = alice.post(offered(alice), headers=JSON | {"Accept": "text/turtle"}, json=request(doc))
    about = graph(answer)
    (channel,) = about.subjects(RDF.type, notify.WebSocketChannel2023)
    assert str(about.value(channel, notify.topic)) == doc
    assert str(channel) == answer.headers["Location"]


def test_who_accepts_nothing_we_have_is_told_of_the_channel_all_the_same(alice: SolidClient, doc: str) -> None:
    answer = alice.post(offered(alice), headers=JSON | {"Accept": "application/json"}, json=request(doc))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON_LD)


def test_a_request_may_be_turtle(alice: SolidClient, doc: str) -> None:
    turtle = f"@prefix notify: <{NOTIFY}>. <> a notify:WebSocketChannel2023; notify:topic <{doc}>."
    assert alice.post(offered(alice), turtle, headers={"Content-Type": "text/turtle"}).json()["topic"] == doc


def test_a_channel_may_have_several_topics_of_one_storage(alice: SolidClient, container: str, doc: str) -> None:
    assert set(subscribe(alice, "WebSocketChannel2023", doc, container)["topic"]) == {doc, container}


@pytest.mark.requirement("webpush2023#features")
@pytest.mark.requirement("notifications#notify-startAt")
@pytest.mark.requirement("notifications#notify-endAt")
@pytest.mark.requirement("notifications#notify-rate")
@pytest.mark.requirement("notifications#notify-accept")
@pytest.mark.requirement("webhook2023#features")
@pytest.mark.requirement("streaming2023#features")
@pytest.mark.parametrize("channel_type", TYPES)
def test_features_are_granted(alice: SolidClient, doc: str, channel_type: str) -> None:
    now = datetime.now(UTC)
    start, end = ((now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for hours in (1, 2))
    accept = JSON_LD if channel_type == "LDNChannel2023" else "text/turtle"
    features = {"startAt": start, "endAt": end, "rate": "PT5S", "accept": accept}
    channel = subscribe(alice, channel_type, doc, **features, **needed(channel_type))
    assert {name: channel[name] for name in features} == features


@pytest.mark.requirement("notifications#notify-endAt")
def test_a_channel_ends_by_itself(alice: SolidClient, doc: str) -> None:
    for more in ({}, {"endAt": "2999-01-01T00:00:00Z"}):
        end = datetime.fromisoformat(subscribe(alice, "WebSocketChannel2023", doc, **more)["endAt"])
        assert timedelta(days=13) < end - datetime.now(UTC) <= timedelta(days=14)


@pytest.mark.requirement("notifications#notify-state")
def test_a_channel_says_where_it_begins(alice: SolidClient, doc: str) -> None:
    etag = alice.put_turtle(doc, "<#a> <#b> <#c>.").headers["ETag"]
    state = subscribe(alice, "WebSocketChannel2023", doc)["state"]
    assert etag.startswith(f'"{state}-')
    alice.put_turtle(doc)
    assert subscribe(alice, "WebSocketChannel2023", doc, state=etag)["state"] == state
    assert subscribe(alice, "WebSocketChannel2023", doc)["state"] != state
    assert "state" not in subscribe(alice, "WebSocketChannel2023", doc, state="unheard-of")


def test_a_subtree_can_be_listened_to(alice: SolidClient, container: str, doc: str) -> None:
    assert subscribe(alice, "WebSocketChannel2023", container, subtree=True)["subtree"] is True
    assert_problem(ask(alice, "WebSocketChannel2023", doc, subtree=True), 422)


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("notifications#authorization-at-subscription")
@pytest.mark.parametrize("channel_type", TYPES)
def test_who_may_not_read_may_not_listen(
    alice: SolidClient, bob: SolidClient, anyone: SolidClient, doc: str, channel_type: str
) -> None:
    url, body = offered(alice, channel_type), request(doc, channel_type, **needed(channel_type))
    assert_problem(bob.post(url, headers=JSON, json=body), 403)
    refused = anyone.post(url, headers=JSON, json=body)
    assert_problem(refused, 401)
    assert "DPoP" in refused.headers["WWW-Authenticate"]


@pytest.mark.requirement("notifications#authorization-at-subscription")
def test_a_refusal_does_not_tell_what_there_is(bob: SolidClient, anyone: SolidClient, container: str, doc: str) -> None:
    url = offered(bob)
    for client in (bob, anyone):
        there, missing = (client.post(url, headers=JSON, json=request(topic)) for topic in (doc, container + "missing"))
        assert told(there) == told(missing)


def told(response: requests.Response) -> tuple[int, dict[str, Any]]:
    return response.status_code, {name: value for name, value in response.json().items() if name != "instance"}


@pytest.mark.parametrize("name", ["missing", "missing/", "doc/"])
def test_readers_are_told_that_there_is_nothing(alice: SolidClient, container: str, doc: str, name: str) -> None:
    assert doc
    assert_problem(ask(alice, "WebSocketChannel2023", container, container + name), 404)


@pytest.mark.requirement("notifications#authorization-at-subscription")
def test_all_topics_must_be_readable(bob: SolidClient, share: Share, container: str, doc: str) -> None:
    share(doc, "Read")
    assert ask(bob, "WebSocketChannel2023", doc).status_code == 200
    assert_problem(ask(bob, "WebSocketChannel2023", doc, container), 403)


def test_only_who_controls_may_listen_to_access_rules(
    bob: SolidClient, alice: SolidClient, share: Share, doc: str
) -> None:
    share(doc, "Read")
    assert_problem(bob.post(offered(bob), headers=JSON, json=request(doc + ".acl")), 403)
    assert alice.post(offered(alice), headers=JSON, json=request(doc + ".acl")).status_code == 200


@pytest.mark.parametrize("channel_type", PULLED)
def test_anybody_may_listen_to_what_everybody_may_read(anyone: SolidClient, public_doc: str, channel_type: str) -> None:
    assert subscribe(anyone, channel_type, public_doc)["topic"] == public_doc


@pytest.mark.requirement("webhook2023#auth-subscription")
@pytest.mark.parametrize("channel_type", PUSHED)
def test_only_agents_that_sign_in_may_have_messages_sent(
    anyone: SolidClient, bob: SolidClient, public_doc: str, channel_type: str
) -> None:
    assert_problem(ask(anyone, channel_type, public_doc, **needed(channel_type)), 401)
    assert ask(bob, channel_type, public_doc, **needed(channel_type)).status_code in {200, 201}


@pytest.mark.requirement("notifications#subscription-server-subscription-request-profile-unrecognised")
def test_an_unknown_profile_is_refused(alice: SolidClient, doc: str) -> None:
    for profile, status in (("https://elsewhere.example/", 415), (CONTEXT, 200), (OLDER_CONTEXT, 200)):
        headers = {"Content-Type": f'{JSON_LD}; profile="{profile}"'}
        assert alice.post(offered(alice), headers=headers, json=request(doc)).status_code == status


@pytest.mark.requirement("notifications#subscription-server-subscription-request-unprocessable-entity")
@pytest.mark.parametrize(
    "more",
    [
        {"@context": "https://elsewhere.example/context"},
        {"type": "WebhookChannel2023"},
        {"topic": []},
        {"topic": "https://elsewhere.example/doc"},
        {"rate": "often"},
        {"endAt": "2001-01-01T00:00:00Z"},
        {"startAt": "2999-01-01T00:00:00Z"},
        {"accept": "image/png"},
    ],
)
def test_what_cannot_be_done_is_refused(alice: SolidClient, doc: str, more: dict[str, Any]) -> None:
    assert_problem(alice.post(offered(alice), headers=JSON, json=request(doc) | more), 422)


@pytest.mark.requirement("websocket2023#client-subcription-type")
@pytest.mark.requirement("websocket2023#client-subscription-feature")
@pytest.mark.requirement("eventsource2023#client-subcription-type")
@pytest.mark.requirement("eventsource2023#client-subscription-feature")
@pytest.mark.parametrize("channel_type", TYPES)
@pytest.mark.parametrize("missing", ["type", "topic"])
def test_type_and_topic_must_be_said(alice: SolidClient, doc: str, channel_type: str, missing: str) -> None:
    body = request(doc, channel_type, **needed(channel_type))
    del body[missing]
    assert_problem(alice.post(offered(alice, channel_type), headers=JSON, json=body), 422)


@pytest.mark.requirement("notifications#notify-sendTo")
@pytest.mark.requirement("webhook2023#sendTo")
@pytest.mark.parametrize("channel_type", PUSHED)
@pytest.mark.parametrize("send_to", [None, "ftp://hook.example/", "/hook", "https://user:pass@hook.example/"])
def test_where_to_send_must_be_said(alice: SolidClient, doc: str, channel_type: str, send_to: str | None) -> None:
    body = request(doc, channel_type, **needed(channel_type)) | {"sendTo": send_to}
    assert_problem(alice.post(offered(alice, channel_type), headers=JSON, json=body), 422)


def test_a_channel_is_of_one_storage(alice: SolidClient, bob: SolidClient, public_doc: str) -> None:
    assert_problem(ask(bob, "WebSocketChannel2023", bob.pod, public_doc), 422)


@pytest.mark.parametrize(("media_type", "status"), [(None, 400), ("text/plain", 415), ("application/json", 415)])
def test_a_request_says_what_it_is(alice: SolidClient, doc: str, media_type: str | None, status: int) -> None:
    response = alice.post(offered(alice), b"{}", headers={"Content-Type": media_type})  # type: ignore[dict-item]
    assert_problem(response, status)


# -- reading and ending channels ---------------------------------------------------------------------------------------


def test_a_channel_can_be_read_again_without_its_secret(alice: SolidClient, doc: str) -> None:
    channel = subscribe(alice, "WebSocketChannel2023", doc)
    again = alice.get(channel["id"]).json()
    assert again == {name: value for name, value in channel.items() if name != "receiveFrom"}


@pytest.mark.requirement("notifications#unsubscribe")
@pytest.mark.parametrize("channel_type", TYPES)
def test_a_subscriber_ends_a_channel(alice: SolidClient, doc: str, channel_type: str) -> None:
    url = subscribe(alice, channel_type, doc, **needed(channel_type))["id"]
    assert alice.delete(url).status_code == 204
    assert_problem(alice.delete(url), 404)
    assert_problem(alice.get(url), 404)


@pytest.mark.requirement("notifications#unsubscribe")
def test_the_owner_of_the_pod_ends_a_channel_of_others(
    alice: SolidClient, bob: SolidClient, share: Share, doc: str
) -> None:
    share(doc, "Read")
    url = subscribe(bob, "WebSocketChannel2023", doc)["id"]
    assert alice.get(url).json()["topic"] == doc
    assert alice.delete(url).status_code == 204
    assert_problem(bob.get(url), 404)


@pytest.mark.requirement("notifications#unsubscribe")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nobody_else_reads_or_ends_it(
    alice: SolidClient, bob: SolidClient, carol: SolidClient, anyone: SolidClient, doc: str, method: str
) -> None:
    url = subscribe(alice, "WebSocketChannel2023", doc)["id"]
    for client in (bob, carol):
        assert told(client.request(method, url)) == told(client.request(method, url + "x"))
    assert_problem(bob.request(method, url), 404)
    assert told(anyone.request(method, url)) == told(anyone.request(method, url + "x"))
    assert_problem(anyone.request(method, url), 401)
    assert alice.get(url).status_code == 200


def test_whoever_has_the_id_of_an_anonymous_channel_ends_it(anyone: SolidClient, public_doc: str) -> None:
    url = subscribe(anyone, "WebSocketChannel2023", public_doc)["id"]
    assert len(url.rpartition("/")[2]) >= 22
    assert anyone.delete(url).status_code == 204


def test_channels_are_not_listed(anyone: SolidClient, alice: SolidClient) -> None:
    for url in (".notifications/", ".notifications/channels/", ".notifications/channels"):
        assert_problem(anyone.get("/" + url), 404)
        assert_problem(alice.get("/" + url), 404)


# -- the older gateway -------------------------------------------------------------------------------------------------


def test_the_older_gateway_leads_to_a_socket(alice: SolidClient, doc: str) -> None:
    gateway = str(alice.graph("/.well-known/solid").value(URIRef(alice.base_url), SOLID.notificationGateway))
    negotiated = alice.post(gateway, json={"protocols": ["ws"], "features": ["state", "ttl", "magic"]})
    assert (negotiated.status_code, negotiated.json()["features"]) == (200, ["state", "ttl"])
    answer = alice.post(negotiated.json()["endpoint"], json={"topic": doc})
    assert answer.status_code == 200
    connection = answer.json()
    assert re.match(r"wss?://.+/\.stream/socket/[\w-]{43}$", connection["endpoint"])
    assert re.fullmatch(r"[\w.-]+", connection["subprotocol"])


def test_the_older_gateway_refuses_as_the_services_do(bob: SolidClient, anyone: SolidClient, doc: str) -> None:
    endpoint = "/.notifications/gateway/ws"
    assert_problem(bob.post(endpoint, json={"topic": doc}), 403)
    assert_problem(anyone.post(endpoint, json={"topic": doc}), 401)
    assert_problem(anyone.post("/.notifications/gateway", json={"protocols": ["mqtt"]}), 422)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({}, 422),
        ({"topic": 1}, 422),
        ({"topic": "https://elsewhere.example/"}, 422),
        ({"state": 1}, 422),
        ({"ttl": "x"}, 422),
        ({"ttl": -1}, 422),
        ({"ttl": 0}, 422),
        ({"rate": True}, 422),
        ({"rate": 1e300}, 422),
    ],
)
def test_the_older_gateway_says_what_is_wrong(alice: SolidClient, doc: str, body: Any, status: int) -> None:
    if isinstance(body, dict) and body:
        body = {"topic": doc} | body
    assert_problem(alice.post("/.notifications/gateway/ws", json=body), status)


# -- the sender --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("notifications#notify-sender")
@pytest.mark.requirement("webhook2023#response")
@pytest.mark.parametrize("media_type", ["text/turtle", JSON_LD])
def test_the_sender_says_who_vouches_for_it(alice: SolidClient, anyone: SolidClient, doc: str, media_type: str) -> None:
    sender = subscribe(alice, "WebhookChannel2023", doc, **SEND_TO)["sender"]
    about = graph(anyone.get(sender.partition("#")[0], headers={"Accept": media_type}))
    assert [str(issuer) for issuer in about.objects(URIRef(sender), SOLID.oidcIssuer)] == [alice.base_url]
