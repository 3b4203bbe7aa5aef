from __future__ import annotations

import json

import pytest

from pod.errors import ContentTypeMissing, MalformedContent, UnprocessableContent, UnsupportedMediaType
from pod.notifications.subscription import Wanted, check_content_type, read_subscription
from pod.protocol.notification import CHANNEL_CONTEXT, CONTEXTS, NAMESPACE, NAMESPACES, PROTOCOL_CONTEXT, ChannelType
from pod.protocol.representation import MediaType

URL = "https://pods.example/.notifications/WebSocketChannel2023"
TOPIC = "https://pods.example/alice/doc"
SOCKET, HOOK, PUSH = ChannelType.WEBSOCKET, ChannelType.WEBHOOK, ChannelType.WEB_PUSH
JSON_LD = MediaType("application/ld+json")
KEYS = {"p256dh": "BNoc", "auth": "Z51Y"}


def read(document, channel_type=SOCKET, media_type=JSON_LD):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_subscription(content, media_type, channel_type, URL)


def asked(channel_type=SOCKET, **more):
    return {"@context": [PROTOCOL_CONTEXT], "type": channel_type.value, "topic": TOPIC, **more}


PLAIN = Wanted(SOCKET, (TOPIC,))


@pytest.mark.requirement("notifications#json-ld-format")
@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("as_list", [True, False])
def test_both_contexts_are_understood_alone_and_in_a_list(context, as_list):
    wanted = read(asked() | {"@context": [context] if as_list else context})
    assert wanted == Wanted(SOCKET, (TOPIC,), context=context)


@pytest.mark.requirement("notifications#json-ld-format")
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_namespace_in_use_is_understood(namespace):
    document = {"@type": namespace + SOCKET.value, namespace + "topic": {"@id": TOPIC}}
    assert read(document) == PLAIN
    assert read([document][0] | {"@context": {"n": namespace}, "@type": f"n:{SOCKET.value}"}) == PLAIN


def test_a_context_of_ones_own_is_understood():
    document = {"@context": {"kind": "@type", "of": {"@id": NAMESPACE + "topic", "@type": "@id"}}, "of": TOPIC}
    assert read(document | {"kind": SOCKET.iri}) == PLAIN


def test_what_else_a_request_says_is_passed_over():
    assert read(asked(id="urn:x", more=[1, {"y": 2}], receiveFrom="https://elsewhere.example/")) == PLAIN


def test_turtle_is_understood():
    text = f"@prefix n: <{NAMESPACE}>. <> a n:{SOCKET.value}; n:topic <{TOPIC}>.".encode()
    assert read(text, media_type=MediaType("text/turtle")) == PLAIN


def test_several_topics_are_kept_in_order_and_once():
    assert read(asked(topic=[TOPIC + "2", TOPIC, TOPIC])).topics == (TOPIC + "2", TOPIC)


def test_features_are_read():
    features = {
        "accept": "text/turtle",
        "startAt": "2030-01-01T00:00:00Z",
        "endAt": "2030-01-02T00:00:00Z",
        "rate": "PT10s",
        "state": "opaque",
        "subtree": True,
    }
    wanted = read(asked(**features))
    assert (wanted.accept, wanted.rate_seconds, wanted.state, wanted.subtree) == ("text/turtle", 10, "opaque", True)
    assert wanted.end_ms - wanted.start_ms == 24 * 3600 * 1000


def test_the_feature_of_ours_has_a_name_of_its_own():
    assert read(asked() | {"urn:freehold:subtree": True}).subtree
    assert not read(asked(subtree=False)).subtree


def test_where_to_send_is_read():
    assert read(asked(HOOK, sendTo="https://hook.example/x?y=1"), HOOK).send_to == "https://hook.example/x?y=1"


def test_the_keys_of_a_browser_are_read():
    wanted = read(asked(PUSH, sendTo="https://push.example/x", keys=KEYS), PUSH)
    assert (wanted.p256dh, wanted.auth) == ("BNoc", "Z51Y")
    assert "BNoc" not in repr(wanted)


@pytest.mark.requirement("notifications#subscription-server-subscription-request-unprocessable-entity")
@pytest.mark.parametrize(
    ("document", "hint"),
    [
        ({"type": "WebSocketChannel2023", "topic": TOPIC}, "@context"),
        (asked() | {"@context": "https://elsewhere.example/context"}, "https://elsewhere.example/context"),
        (asked(HOOK), "WebSocketChannel2023"),
        (asked() | {"type": ["Nothing"]}, "type"),
        ({"@context": PROTOCOL_CONTEXT, "type": "WebSocketChannel2023"}, "topic"),
        ([asked()], "object"),
        ("text", "object"),
        (asked(rate="often"), "rate"),
        (asked(rate=["PT1S", "PT2S"]), "rate"),
        (asked(startAt="tomorrow"), "startAt"),
        (asked(endAt="2030-01-01"), "endAt"),
        (asked(accept="image/png"), "accept"),
        (asked(topic={"id": "_:b"}), "topic"),
        (asked(state=[["a"], ["b"]]), "state"),
        ({"@context": PROTOCOL_CONTEXT, "@graph": [asked(id="urn:a"), asked(id="urn:b")]}, "one channel"),
    ],
)
def test_what_cannot_be_a_channel_is_refused_with_the_way_to_mend_it(document, hint):
    with pytest.raises(UnprocessableContent, match=hint):
        read(document)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "hook",
        "ftp://hook.example/",
        "https:///x",
        "https://user@hook.example/",
        "https://hook.example/#here",
        "https://hook.example:0/",
        "https://hook.example:99999/",
        "https://[::1/",
        "https://hook.example/" + "x" * 2048,
        "https://hök.example/",
        "javascript:alert(1)",
    ],
)
def test_where_nothing_can_be_sent_is_refused(url):
    with pytest.raises(UnprocessableContent):
        read(asked(HOOK, **({} if url is None else {"sendTo": url})), HOOK)


@pytest.mark.parametrize("keys", [None, {}, {"auth": "x"}, {"p256dh": "x"}, "x"])
def test_web_push_takes_keys(keys):
    with pytest.raises(UnprocessableContent, match="p256dh"):
        read(asked(PUSH, sendTo="https://push.example/x", **({} if keys is None else {"keys": keys})), PUSH)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"topic": 1, "topic": 2}', b"nope"])
def test_what_is_no_json_is_malformed(content):
    with pytest.raises(MalformedContent):
        read(content)


@pytest.mark.requirement("notifications#subscription-server-subscription-request-profile-unrecognised")
@pytest.mark.parametrize("profile", ["https://elsewhere.example/", f"{PROTOCOL_CONTEXT} https://elsewhere.example/"])
def test_an_unknown_profile_is_refused(profile):
    with pytest.raises(UnsupportedMediaType, match="profile"):
        check_content_type(MediaType("application/ld+json", (("profile", profile),)))


@pytest.mark.parametrize("profile", ["", PROTOCOL_CONTEXT, CHANNEL_CONTEXT, "http://www.w3.org/ns/json-ld#compacted"])
def test_known_profiles_are_taken(profile):
    media_type = MediaType("application/ld+json", (("profile", profile),))
    assert check_content_type(media_type) == media_type


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/rdf+xml"])
def test_other_media_types_are_refused(media_type):
    with pytest.raises(UnsupportedMediaType) as refusal:
        check_content_type(MediaType(media_type))
    assert refusal.value.headers == (("Accept-Post", "application/ld+json, text/turtle"),)


def test_content_without_a_type_is_refused():
    with pytest.raises(ContentTypeMissing):
        check_content_type(None)
