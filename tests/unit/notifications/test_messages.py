from __future__ import annotations

import json

import pytest
import rdflib

from pod.notifications.messages import Writer, activities, beneath, heard, topics_of
from pod.protocol.notification import CHANNEL_CONTEXT, PROTOCOL_CONTEXT
from pod.store.records import ChangeKind
from tests.support.inprocess import BASE
from tests.unit.notifications.happenings import change, channel, storage

CREATE, UPDATE, DELETE = ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.DELETE


def told(each):
    return each.type, each.topic, each.object, each.target


@pytest.mark.requirement("notifications#types")
@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        (CREATE, "/a/b", [("Create", "/a/b", "/a/b", None), ("Add", "/a/", "/a/b", "/a/")]),
        (CREATE, "/a/c/", [("Create", "/a/c/", "/a/c/", None), ("Add", "/a/", "/a/c/", "/a/")]),
        (UPDATE, "/a/b", [("Update", "/a/b", "/a/b", None)]),
        (DELETE, "/a/b", [("Delete", "/a/b", "/a/b", None), ("Remove", "/a/", "/a/b", "/a/")]),
        (CREATE, "/a/", [("Create", "/a/", "/a/", None)]),
        (CREATE, "/a/b.acl", [("Create", "/a/b.acl", "/a/b.acl", None)]),
        (DELETE, "/a/b.meta", [("Delete", "/a/b.meta", "/a/b.meta", None)]),
        (UPDATE, "/a/.acl", [("Update", "/a/.acl", "/a/.acl", None)]),
        (UPDATE, "/a/.meta", [("Update", "/a/.meta", "/a/.meta", None), ("Update", "/a/", "/a/", None)]),
        (CREATE, "/a/.meta", [("Create", "/a/.meta", "/a/.meta", None), ("Update", "/a/", "/a/", None)]),
    ],
)
def test_a_change_is_told_to_those_who_listen_to_the_resource_and_to_its_container(kind, path, expected):
    assert [told(each) for each in activities(change(kind, path))] == expected


@pytest.mark.parametrize(
    ("path", "topic", "is_told"),
    [
        ("/a/b/c", "/a/", True),
        ("/a/b/c", "/a/b/", True),
        ("/a/b/", "/a/", True),
        ("/a/b", "/a/b", False),
        ("/a/b/", "/a/b/", False),
        ("/a/bc", "/a/b/", False),
        ("/a/b.acl", "/a/", False),
        ("/a/b/.meta", "/a/", False),
    ],
)
def test_a_subtree_hears_of_all_that_lies_beneath(path, topic, is_told):
    found = beneath(change(UPDATE, path), topic)
    assert (found and told(found)) == (("Update", topic, path, topic) if is_told else None)


def test_every_topic_that_a_change_is_told_on_is_known():
    for kind in (CREATE, UPDATE, DELETE):
        for path in ("/a/b/c", "/a/b/", "/a/", "/a/b/.meta", "/a/b.acl"):
            happened = change(kind, path)
            topics = set(topics_of(happened))
            assert {each.topic for each in activities(happened)} <= topics
            assert {topic for topic in ("/a/", "/a/b/", "/a/b/c") if beneath(happened, topic)} <= topics


def test_a_channel_hears_of_its_topics_alone(local):
    here = storage(local)
    plain, deep = channel(local, "/alice/a/", "/alice/x"), channel(local, "/alice/a/", subtree=True)
    made = change(CREATE, "/alice/a/b", storage=here)
    assert [each.type for each in heard(plain, made)] == ["Add"]
    assert [each.type for each in heard(deep, made)] == ["Add", "Create"]
    assert [each.type for each in heard(plain, change(UPDATE, "/alice/a/b", storage=here))] == []
    assert [each.type for each in heard(plain, change(UPDATE, "/alice/x", storage=here))] == ["Update"]
    assert heard(plain, change(CREATE, "/alice/a/b", storage=here + 1)) == ()


@pytest.mark.requirement("notifications#notify-startAt")
def test_a_channel_does_not_hear_of_what_happened_before_it_starts(local):
    late = channel(local, "/alice/x", start_ms=6)
    assert heard(late, change(UPDATE, "/alice/x", storage=storage(local), time_ms=5)) == ()
    assert len(heard(late, change(UPDATE, "/alice/x", storage=storage(local), time_ms=6))) == 1


@pytest.fixture(scope="module")
def writer(services):
    return Writer(services)


@pytest.mark.requirement("notifications#notification-sender-notification-message-data-model")
@pytest.mark.requirement("notifications#message-target")
@pytest.mark.requirement("notifications#message-state")
@pytest.mark.requirement("notifications#json-ld-format")
def test_a_message_says_what_happened(writer, services):
    _, added = activities(change(CREATE, "/alice/a/b", time_ms=1_672_144_635_250))
    message = json.loads(writer.message(added, PROTOCOL_CONTEXT))
    assert message.pop("id").startswith("urn:uuid:")
    assert message == {
        "@context": ["https://www.w3.org/ns/activitystreams", PROTOCOL_CONTEXT],
        "type": "Add",
        "object": f"{BASE}alice/a/b",
        "target": f"{BASE}alice/a/",
        "state": f"{services.store.epoch}.7",
        "published": "2022-12-27T12:37:15.250Z",
    }


@pytest.mark.requirement("notifications#json-ld-format")
def test_a_message_is_in_the_context_of_its_reader(writer):
    (happened,) = activities(change(UPDATE, "/alice/a/b"))
    assert json.loads(writer.message(happened, CHANNEL_CONTEXT))["@context"][1] == CHANNEL_CONTEXT


def test_what_is_not_yet_all_of_a_change_carries_no_state(writer):
    (happened,) = activities(change(UPDATE, "/alice/a/b"))
    assert "state" not in json.loads(writer.message(happened, PROTOCOL_CONTEXT, with_state=False))
    assert "state" in json.loads(writer.message(happened, PROTOCOL_CONTEXT))


def test_a_message_has_the_same_name_whenever_it_is_made_and_no_other_has_it(services):
    names = {
        Writer(services).name(each)
        for sequence in (7, 8)
        for where in (1, 2)
        for path in ("/alice/a/b", "/alice/a/c")
        for kind in (CREATE, UPDATE, DELETE)
        for each in activities(change(kind, path, sequence=sequence, storage=where))
    }
    again = activities(change(CREATE, "/alice/a/b"))[0]
    assert Writer(services).name(again) == Writer(services).name(again) in names
    assert len(names) == 2 * 2 * (2 * 3 + 2 * 1)  # of two in one container Add and Remove have one topic


@pytest.mark.requirement("notifications#notify-accept")
@pytest.mark.parametrize("media_type", ["text/turtle", "application/n-triples"])
def test_a_message_says_the_same_in_other_media_types(writer, media_type):
    _, added = activities(change(CREATE, "/alice/a/b"))
    graph = rdflib.Graph().parse(data=writer.message(added, PROTOCOL_CONTEXT, media_type), format=media_type)
    activity = rdflib.Namespace("https://www.w3.org/ns/activitystreams#")
    (subject,) = graph.subjects(rdflib.RDF.type, activity.Add)
    assert str(subject) == writer.name(added)
    assert str(graph.value(subject, activity.object)) == f"{BASE}alice/a/b"
    assert str(graph.value(subject, activity.target)) == f"{BASE}alice/a/"
    assert str(graph.value(subject, rdflib.URIRef("http://www.w3.org/ns/solid/notifications#state"))).endswith(".7")
