"""The inbox of a pod, as those who send notifications and its owner meet it: the receiver of Linked Data Notifications.

Spec: LDN #discovery, #receiver; Solid Protocol #linked-data-notifications. Names of tests in the specification's own suite
are the ids of the requirements.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
from rdflib import RDF, Graph, URIRef

from tests.support.client import (
    CONTAINER_LINK,
    LDP,
    TURTLE,
    SolidClient,
    assert_problem,
    authorization,
    contained,
    graph,
    linked,
    listed,
)

JSON_LD = {"Content-Type": "application/ld+json"}
SPARQL = {"Content-Type": "application/sparql-update"}
ACTIVITY = json.dumps(
    {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Announce",
        "actor": "https://guinan.example/#me",
        "object": "https://guinan.example/note",
        "summary": "Listen",
    }
)
CHANGE = json.dumps(
    {
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            "https://www.w3.org/ns/solid/notifications-context/v1",
        ],
        "id": "urn:uuid:fc8b5af4-bd7e-4fd1-a649-afcbd0e1c083",
        "type": "Update",
        "object": "https://example.org/guinan/profile",
        "state": "128f-MtYev",
        "published": "2021-08-05T01:01:49.550Z",
    }
)
LOCAL = '{"@id": "#it", "https://guinan.example/is": "here"}'
"""In JSON-LD without a context to fetch, for who reads it."""
SUMMARY = URIRef("https://www.w3.org/ns/activitystreams#summary")


@pytest.fixture(scope="module")
def inbox(carol: SolidClient) -> str:
    """Where carol's profile says that notifications go."""
    (found,) = carol.graph(carol.web_id.partition("#")[0]).objects(URIRef(carol.web_id), LDP.inbox)
    return str(found)


@pytest.fixture
def opened(carol: SolidClient, inbox: str) -> Iterator[str]:
    """Whatever a test does to its rules, the inbox is as before at the end."""
    before = carol.get(f"{inbox}.acl", headers={"Accept": "text/turtle"}).content
    yield inbox
    assert carol.put(f"{inbox}.acl", before, headers=TURTLE).status_code == 204


def sent(sender: SolidClient, inbox: str, content: str = ACTIVITY, **headers: str) -> requests.Response:
    return sender.post(inbox, content, headers=JSON_LD | headers)


# -- finding it --------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ldn#discovery")
def test_everybody_finds_one_inbox_and_no_more(carol: SolidClient, anyone: SolidClient, inbox: str) -> None:
    document = carol.web_id.partition("#")[0]
    answer = anyone.get(document)
    advertised = {str(o) for o in graph(answer).objects(URIRef(carol.web_id), LDP.inbox)}
    advertised |= set(linked(answer, str(LDP.inbox)))
    assert advertised == {inbox}


@pytest.mark.requirement("ldn#test-receiver-get-ldp-container")
def test_an_inbox_is_a_container(carol: SolidClient, inbox: str) -> None:
    assert str(LDP.Container) in linked(carol.head(inbox), "type")
    assert (URIRef(inbox), RDF.type, LDP.Container) in carol.graph(inbox)


def test_a_sender_does_not_say_what_the_inbox_is(
    carol: SolidClient, bob: SolidClient, anyone: SolidClient, inbox: str
) -> None:
    described = f"{inbox}.meta"
    insertion = f'INSERT DATA {{ <{inbox}> <{SUMMARY}> "mine" }}'
    for stranger, status in ((bob, 403), (anyone, 401)):
        assert stranger.put(described, f'<{inbox}> <{SUMMARY}> "mine".', headers=TURTLE).status_code == status
        assert stranger.patch(described, insertion, headers=SPARQL).status_code == status
    assert carol.patch(described, insertion, headers=SPARQL).status_code == 201
    assert bob.patch(described, insertion.replace("mine", "ours"), headers=SPARQL).status_code == 403
    assert carol.delete(described).status_code in {204, 205}


# -- sending -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-ldn")
@pytest.mark.requirement("ldn#test-receiver-post-response")
@pytest.mark.requirement("ldn#test-receiver-post-created")
@pytest.mark.requirement("ldn#test-receiver-post-location")
@pytest.mark.parametrize("name", ["anyone", "bob"])
def test_a_stranger_sends_and_the_owner_reads_where_the_answer_says(
    carol: SolidClient, inbox: str, request: pytest.FixtureRequest, name: str
) -> None:
    answer = sent(request.getfixturevalue(name), inbox)
    assert answer.status_code == 201
    where = answer.headers["Location"]
    assert where.startswith(inbox)
    assert carol.get(where, headers={"Accept": "application/ld+json"}).text == ACTIVITY


@pytest.mark.requirement("ldn#test-receiver-post-link-profile")
@pytest.mark.parametrize(
    "profile",
    ["", '; profile="https://www.w3.org/ns/activitystreams"', '; profile="http://nobody.example/knows this"'],
)
def test_json_ld_of_any_profile_is_taken(carol: SolidClient, anyone: SolidClient, inbox: str, profile: str) -> None:
    answer = anyone.post(inbox, ACTIVITY, headers={"Content-Type": f"application/ld+json{profile}"})
    assert answer.status_code == 201
    assert next(carol.graph(answer.headers["Location"]).objects(None, SUMMARY))


@pytest.mark.requirement("solid#server-notifications-protocol-notification-receiver")
@pytest.mark.requirement("notifications#notification-receiver-notification-message-data-model")
def test_messages_of_solid_notifications_are_taken(carol: SolidClient, anyone: SolidClient, inbox: str) -> None:
    where = sent(anyone, inbox, CHANGE).headers["Location"]
    state = URIRef("http://www.w3.org/ns/solid/notifications#state")
    assert str(next(carol.graph(where).objects(None, state))) == "128f-MtYev"


@pytest.mark.requirement("ldn#test-receiver-options-response")
@pytest.mark.requirement("ldn#test-receiver-options-accept-post-accept-post")
@pytest.mark.requirement("ldn#test-receiver-options-accept-post-accept-post-contains-json-ld")
def test_the_inbox_says_what_it_takes(carol: SolidClient, inbox: str) -> None:
    answer = carol.options(inbox)
    assert answer.status_code == 204
    assert {"application/ld+json", "text/turtle"} <= listed(answer, "Accept-Post")
    assert "*/*" not in listed(answer, "Accept-Post")
    assert "POST" in listed(answer, "Allow")


@pytest.mark.requirement("ldn#test-receiver-post-response-contraints-unmet")
@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"Content-Type": "image/png"}, b"\x89PNG", 415),
        ({"Content-Type": "text/html"}, b"<p>Buy</p>", 415),
        (JSON_LD, b'{"@id": ', 400),
        (JSON_LD, b'{"@context": "https://nobody.example/knows", "a": 1}', 422),
        (TURTLE, b"<#a> <#b> '" + b"c" * 70_000 + b"' .", 413),
        (CONTAINER_LINK, b"", 409),
        (JSON_LD | CONTAINER_LINK, b"{}", 409),
    ],
)
def test_what_is_no_notification_is_refused_and_not_kept(
    carol: SolidClient, anyone: SolidClient, inbox: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    before = contained(carol, inbox)
    assert_problem(anyone.post(inbox, content, headers=headers), status)
    assert contained(carol, inbox) == before


def test_a_refusal_leads_to_the_constraint(anyone: SolidClient, inbox: str) -> None:
    answer = anyone.post(inbox, b"\x89PNG", headers={"Content-Type": "image/png"})
    assert "application/ld+json" in listed(answer, "Accept-Post")
    assert linked(answer, str(LDP.constrainedBy))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_strangers_only_add(carol: SolidClient, anyone: SolidClient, inbox: str, method: str) -> None:
    where = sent(anyone, inbox).headers["Location"]
    update = {"Content-Type": "application/sparql-update"} if method == "PATCH" else JSON_LD
    for target in (where, f"{inbox}mine", inbox):
        content = b"INSERT DATA { <#a> <#b> <#c> }" if method == "PATCH" else b"{}"
        assert anyone.request(method, target, data=content, headers=update).status_code in {401, 405}
    assert carol.get(where, headers={"Accept": "application/ld+json"}).text == ACTIVITY


def test_an_owner_may_keep_what_she_likes(carol: SolidClient, inbox: str) -> None:
    picture = {"Content-Type": "image/png"}
    answers = [carol.post(inbox, b"\x89PNG", headers=picture), carol.post(inbox, headers=CONTAINER_LINK)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [carol.delete(answer.headers["Location"]).status_code for answer in answers] == [204, 204]


@pytest.mark.requirement("ldn#sender-verification")
def test_an_owner_may_want_senders_to_sign_in(
    carol: SolidClient, bob: SolidClient, anyone: SolidClient, opened: str
) -> None:
    known = f"<#known> a <http://www.w3.org/ns/auth/acl#Authorization>; <http://www.w3.org/ns/auth/acl#agentClass> <http://www.w3.org/ns/auth/acl#AuthenticatedAgent>; <http://www.w3.org/ns/auth/acl#accessTo> <{opened}>; <http://www.w3.org/ns/auth/acl#mode> <http://www.w3.org/ns/auth/acl#Append> ."
    hers = authorization(opened, "Read Write Control", agents=(carol.web_id,), default=True)
    carol.put_acl(opened, hers, known)
    assert_problem(sent(anyone, opened), 401)
    assert sent(bob, opened).status_code == 201


# -- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("ldn#test-receiver-get-response")
@pytest.mark.requirement("ldn#test-receiver-get-ldp-contains")
@pytest.mark.requirement("ldn#test-receiver-get-notifications-json-ld")
@pytest.mark.requirement("ldn#test-receiver-get-notifications-rdf-source")
@pytest.mark.parametrize("headers", [TURTLE, JSON_LD])
def test_the_owner_lists_and_reads_notifications_in_both_formats(
    carol: SolidClient, anyone: SolidClient, inbox: str, headers: dict[str, str]
) -> None:
    content, kind = ("<#it> <#is> <#here> .", TURTLE) if headers == TURTLE else (LOCAL, JSON_LD)
    where = anyone.post(inbox, content, headers=kind).headers["Location"]
    for media_type in ("application/ld+json", "text/turtle"):
        for target in (inbox, where):
            answer = carol.get(target, headers={"Accept": media_type})
            assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, media_type)
            found = Graph().parse(data=answer.text, format=media_type, publicID=target)
            assert target == where or (URIRef(inbox), LDP.contains, URIRef(where)) in found
    assert str(LDP.RDFSource) in linked(carol.head(where), "type")


def test_strangers_add_and_see_nothing(bob: SolidClient, anyone: SolidClient, inbox: str) -> None:
    answers = [sent(sender, inbox, Slug="known-name") for sender in (bob, anyone)]
    assert all(not answer.content for answer in answers)
    assert all(not answer.headers["Location"].endswith("/known-name") for answer in answers), (
        "a name tells what is there"
    )
    for target in (inbox, answers[0].headers["Location"], f"{inbox}nothing"):
        assert_problem(anyone.get(target), 401)
        assert_problem(bob.get(target), 403)
