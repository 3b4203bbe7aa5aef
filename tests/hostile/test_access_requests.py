"""Whoever asks for access to find out what is there, to fill the place, to be somebody else, or to be given more."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from pod.identity.accounts import create_account
from pod.protocol.agent import Credentials
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.protocol.resource import Target
from pod.sharing.grants import block_asker
from pod.sharing.requests import arrive, ask
from pod.store.access_requests import AccessItem, AccessRequests, Said
from pod.store.records import SERVER
from tests.support.asking import EDIT, LWS_JSON, document, purpose, request_for, through, until
from tests.support.inprocess import BASE, Answer, LocalServer

ASK, GIVE = "/.access/alice/requests/", "/.access/alice/grants/"
ALICE, BOB = f"{BASE}alice/profile/card#me", f"{BASE}bob/profile/card#me"
POD = f"{BASE}alice/"
SECONDS_MAX = 5


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("asking") / "data")
    server.request("PUT", "/alice/doc", {"Content-Type": "text/plain"}, b"hello")
    yield server
    server.close()


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[LocalServer]:
    """With limits, and to be broken."""
    server = LocalServer(tmp_path / "data", settings={"dev": False})
    yield server
    server.close()


def send(local: LocalServer, told: Any, by: str | None = "bob", path: str = ASK) -> Answer:
    content = told if isinstance(told, bytes) else json.dumps(told).encode()
    return local.request("POST", path, LWS_JSON, content, by=by)


def wanted(*targets: str, **changes: Any) -> dict[str, Any]:
    return request_for(POD, BOB, *(targets or (f"{POD}doc",)), **changes)


def without_names(answer: Answer) -> tuple[int, Any]:
    """What an answer tells, but for what is different each time, and what was asked for."""
    told = json.loads(answer.body)
    return answer.status, sorted(told), told.get("status"), told.get("title")


def dropped(local: LocalServer, answer: Answer) -> Answer:
    if answer.status == 201:
        assert local.request("DELETE", "/" + answer.headers["location"].removeprefix(BASE), by="bob").status == 204
    return answer


# -- finding out -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["doc", "nothing", "settings/", "nothing/", "inbox/", "profile/card", "no/where/at/all"]
)
def test_asking_tells_nothing_of_what_is_there(local: LocalServer, path: str):
    there = without_names(dropped(local, send(local, wanted(f"{POD}doc"))))
    assert without_names(dropped(local, send(local, wanted(POD + path)))) == there


def test_a_refusal_tells_the_same_of_what_is_there_and_what_is_not(local: LocalServer):
    there, missing = (local.request("GET", f"/alice/{name}", by="bob") for name in ("doc", "nothing"))
    told = [
        json.loads(each.body.replace(name, b"NAME")) | {"instance": ""}
        for each, name in ((there, b"doc"), (missing, b"nothing"))
    ]
    assert told[0] == told[1]
    assert told[0]["status"] == 403


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_others_ask_for_and_have_is_as_if_it_were_not_there(local: LocalServer, method: str):
    mine = send(local, request_for(POD, BOB, f"{POD}a"))
    place = "/" + mine.headers["location"].removeprefix(BASE)
    given = send(local, document("AccessGrant", POD, "https://friend.example/#me", f"{POD}doc"), by="alice", path=GIVE)
    grant = "/" + given.headers["location"].removeprefix(BASE)
    create_account(local.services, f"carol{method.lower()}")
    assert local.request(method, grant, by="bob").status == 404
    assert local.request(method, GIVE + place.rpartition("/")[2], by="bob").status == 404
    assert local.request(method, place.replace("alice", "bob"), by="bob").status == 404
    assert json.loads(local.request("GET", GIVE, by="bob").body)["totalItems"] == 0
    dropped(local, mine)


def test_whoever_is_blocked_is_told_what_others_are(local: LocalServer):
    alice = local.services.accounts.by_name("alice")
    assert alice is not None
    first = send(local, wanted(f"{POD}first"))
    block_asker(local.services, alice, first.headers["location"].rpartition("/")[2])
    blocked = send(local, wanted(f"{POD}second"))
    with local.services.store.write(SERVER) as tx:
        AccessRequests(tx).unblock(tx, alice.id, BOB)
    heard = send(local, wanted(f"{POD}third"))
    assert without_names(blocked) == without_names(heard)
    assert set(blocked.headers) == set(heard.headers)
    for each in (first, blocked, heard):
        dropped(local, each)


# -- being somebody else -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignee", [ALICE, "https://friend.example/#me", "http://xmlns.com/foaf/0.1/Agent"])
def test_nobody_asks_for_another_or_for_everybody(local: LocalServer, assignee: str):
    assert send(local, request_for(POD, assignee, f"{POD}doc")).status == 403


def test_nobody_asks_without_signing_in(local: LocalServer):
    answer = send(local, wanted(), by=None)
    assert (answer.status, "realm=" in answer.headers["www-authenticate"]) == (401, True)


def test_a_proof_for_one_endpoint_opens_no_other(local: LocalServer):
    environ = local.environ("POST", ASK, LWS_JSON, json.dumps(wanted()).encode(), "bob")
    environ["REQUEST_URI"] = environ["PATH_INFO"] = GIVE
    assert local.call(environ).status == 401


def test_only_the_owner_gives_access(local: LocalServer):
    told = document("AccessGrant", POD, BOB, f"{POD}doc", action=["modify"])
    assert send(local, told, path=GIVE).status == 403
    snapshot = local.services.store.describe(Target.parse("/alice/doc"), with_body=False)
    decision = local.services.authorizer.decide(local.services.store, snapshot, Credentials(agent=BOB))
    assert decision.modes == AccessMode.NONE


@contextmanager
def limited(local: LocalServer, web_id: str, ceiling: Ceiling) -> Iterator[None]:
    """Whatever app somebody uses may do that much at most."""
    services = local.services
    before = services.store.rows("SELECT id, ceiling FROM access_grant WHERE web_id = ?", (web_id,))
    with services.store.write(SERVER) as tx:
        tx.rows("UPDATE access_grant SET ceiling = ? WHERE web_id = ?", (ceiling.to_text(), web_id))
    try:
        yield
    finally:
        with services.store.write(SERVER) as tx:
            for key, text in before:
                tx.rows("UPDATE access_grant SET ceiling = ? WHERE id = ?", (text, key))


CONTROL = AccessMode.READ | AccessMode.CONTROL


@pytest.mark.parametrize(
    "ceiling",
    [
        Ceiling(full=True, control=False),
        Ceiling(items=(CeilingItem("/alice/", EDIT),)),
        Ceiling(items=(CeilingItem("/alice/", CONTROL),)),
        Ceiling(items=(CeilingItem("/alice/doc", ALL_MODES),)),
        Ceiling(elsewhere=ALL_MODES),
    ],
    ids=["no say in who gets in", "some folders", "rules without content", "one document", "elsewhere"],
)
def test_an_app_of_the_owner_that_may_not_decide_for_her_gives_and_sees_nothing(local: LocalServer, ceiling: Ceiling):
    asked = send(local, wanted(f"{POD}limited"))
    given = send(local, document("AccessGrant", POD, "https://kept.example/#me", f"{POD}doc"), by="alice", path=GIVE)
    places = ["/" + each.headers["location"].removeprefix(BASE) for each in (asked, given)]
    with limited(local, ALICE, ceiling):
        answers = [send(local, document("AccessGrant", POD, BOB, f"{POD}doc"), by="alice", path=GIVE)]
        answers += [local.request("GET", path) for path in (ASK, GIVE, *places)]
        answers += [local.request("DELETE", path) for path in places]
    told = [json.loads(each.body) for each in answers]
    assert {each["type"].rpartition("/")[2] for each in told} == {"app-not-permitted"}, told
    assert {each["widen"] for each in told} == {widening(f"{POD}", "read,write,append,control", told[0]["widen"])}
    assert [local.request("DELETE", path).status for path in places] == [204, 204]


def widening(url: str, modes: str, told: str) -> str:
    """Where an app is widened so far, in the words of one such place."""
    client = parse_qs(urlsplit(told).query)["client"][0]
    return f"{BASE}.account/apps/widen?{urlencode({'client': client, 'resource': url, 'modes': modes})}"


def test_an_app_that_was_given_the_whole_pod_decides_for_its_owner(local: LocalServer):
    with limited(local, ALICE, Ceiling(items=(CeilingItem("/alice/", ALL_MODES),))):
        assert local.request("GET", ASK).status == 200


def test_a_limited_app_sees_of_what_its_person_asked_only_what_it_asked_itself(local: LocalServer):
    mine = send(local, wanted(f"{POD}through-this-app"))
    app = AccessRequests(local.services.store).of_agent(BOB)[0].through
    other = arrive(local.services, Credentials(agent=BOB, client="https://other.example/"), "/alice/")
    asked, for_it = (
        ask(local.services, other, Said(BOB, (AccessItem(f"/alice/through-another{name}", EDIT),), name), "192.0.2.1")
        for name in ("", app)
    )
    with limited(local, BOB, Ceiling()):
        listed = json.loads(local.request("GET", ASK, by="bob").body)
        assert {each["id"] for each in listed["items"]} == {mine.headers["location"], BASE + ASK[1:] + for_it.id}
        assert local.request("GET", ASK + asked.id, by="bob").status == 404
        assert local.request("DELETE", ASK + for_it.id, by="bob").status == 403
        dropped(local, mine)
    assert [local.request("DELETE", ASK + each.id, by="bob").status for each in (asked, for_it)] == [204, 204]


def test_a_limited_app_asks_for_itself_alone(local: LocalServer):
    first = dropped(local, send(local, wanted(f"{POD}for-whom")))
    told = json.loads(first.body)
    app = local.services.store.rows("SELECT client FROM access_grant WHERE web_id = ?", (BOB,))[0][0]
    with limited(local, BOB, Ceiling()):
        for client in ((), (through("https://other.example/"),)):
            answer = send(local, wanted(f"{POD}for-whom", constraint=list(client)))
            assert (answer.status, json.loads(answer.body)["widen"]) == (403, f"{BASE}.account/apps"), told
        answer = dropped(local, send(local, wanted(f"{POD}for-whom", constraint=[through(app)])))
        assert answer.status == 201, answer.body


# -- bad input ---------------------------------------------------------------------------------------------------------


def policy(**changes: Any) -> dict[str, Any]:
    """A document whose only policy has something else, or (None) has it not."""
    told = wanted()
    told["access"][0] = {name: value for name, value in (told["access"][0] | changes).items() if value is not None}
    return told


BAD: dict[str, Any] = {
    "a list": [wanted()],
    "a number": 7,
    "no context": wanted() | {"@context": "https://schema.org"},
    "no type": wanted() | {"type": []},
    "another type": wanted() | {"type": ["AccessGrant"]},
    "another storage": wanted() | {"storage": f"{BASE}bob/"},
    "a storage that is no text": wanted() | {"storage": {"id": POD}},
    "no access": wanted() | {"access": []},
    "access that is text": wanted() | {"access": "all"},
    "too much access": wanted() | {"access": [wanted()["access"][0]] * 51},
    "two assignees": wanted() | {"access": [wanted()["access"][0], request_for(POD, ALICE)["access"][0]]},
    "no assignee": policy(assignee=None),
    "an assignee with a space": policy(assignee="https://a b/"),
    "an assignee that is a list": policy(assignee=[BOB]),
    "half a character": policy(assignee="https://friend.example/\ud800"),
    "no action": policy(action=None),
    "control": policy(action=["read", "control"]),
    "an action that is a number": policy(action=[1]),
    "no policy": policy(type=["Policy"]),
    "a target elsewhere": wanted("https://friend.example/doc"),
    "a target in another pod": wanted(f"{BASE}bob/doc"),
    "a target above": wanted(f"{POD}../bob/doc"),
    "a target that hides where it is": wanted(f"{POD}%2e%2e/bob/doc"),
    "access rules": wanted(f"{POD}doc.acl"),
    "rules of the root": wanted(f"{POD}.acl"),
    "a name of the server": wanted(f"{POD}.well-known/solid"),
    "a target without an end": wanted(POD + "x" * 5000),
    "a target that is a number": policy(target={"type": "StorageResource", "value": [1]}),
    "a target of no type": policy(target={"value": [POD]}),
    "a target of another type": policy(target={"type": "DataResource", "value": [POD]}),
    "no target": policy(target={"type": "Container", "value": []}),
    "a target that is text": policy(target=POD),
    "too many targets": wanted(*(f"{POD}{number}" for number in range(11))),
    "very many targets": wanted(*(f"{POD}{number}" for number in range(1000))),
    "two ends": wanted()
    | {"access": [policy(constraint=[until("2999-01-01T00:00:00Z")])["access"][0], *wanted()["access"]]},
    "an end in the past": policy(constraint=[until("2001-01-01T00:00:00Z")]),
    "an end that is no moment": policy(constraint=[until("tomorrow")]),
    "an end beyond time": policy(constraint=[until("9999-12-31T23:59:59-99:99")]),
    "a beginning": policy(constraint=[until("2999-01-01T00:00:00Z") | {"operator": "gteq"}]),
    "a media type": policy(constraint=[{"leftOperand": "mediaType", "operator": "eq", "rightOperand": "image/png"}]),
    "a type": policy(constraint=[{"leftOperand": "type", "operator": "eq", "rightOperand": "https://type.example/"}]),
    "a constraint that is text": policy(constraint=["none"]),
    "a purpose that is no URI": policy(constraint=[purpose("because")]),
    "very many purposes": policy(constraint=[purpose(*(f"https://purpose.example/{n}" for n in range(11)))]),
    "a client that is a list": policy(constraint=[{"leftOperand": "client", "operator": "eq", "rightOperand": ["a"]}]),
    "a long comment": wanted(comment="x" * 1001),
    "a comment with a bell": wanted(comment="a\x07b"),
    "a comment with half a character": wanted(comment="\udfff"),
    "a comment that is a number": wanted(comment=1),
    "an inbox with a password": wanted(inbox="https://bob:secret@friend.example/"),
    "an inbox that is a script": wanted(inbox="javascript:alert(1)"),
    "an inbox with a fragment": wanted(inbox="https://friend.example/#inbox"),
    "an inbox at half an address": wanted(inbox="https://[1/"),
    "an inbox at a port alone": wanted(inbox="https://:443/"),
    "an inbox at another spelling of a host": wanted(inbox="https://friend.example./"),
    "an inbox with a line break": wanted(inbox="https://friend.example/\r\nX: y"),
    "the inbox of another here": wanted(inbox=f"{POD}inbox/"),
    "our own endpoint as inbox": wanted(inbox=BASE + ASK[1:]),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_no_sense_is_refused_and_changes_nothing(local: LocalServer, name: str):
    before = local.services.store.rows("SELECT COUNT(*) FROM access_request")
    started = time.monotonic()
    answer = send(local, BAD[name])
    assert answer.status in {400, 403, 413, 422}, (answer.status, answer.body)
    assert json.loads(answer.body)["detail"]
    assert time.monotonic() - started < SECONDS_MAX
    assert local.services.store.rows("SELECT COUNT(*) FROM access_request") == before


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe{", 400),
        (b'{"type": "a", "type": "b"}', 400),
        (b"[" * 30_000, 413),
        (b'{"a":' * 10_000, 413),
        (b"[" + b"1," * 30_000 + b"1]", 413),
        (b'"' + b"x" * 70_000 + b'"', 413),
        (b"9" * 60_000, 400),
    ],
)
def test_what_is_no_document_is_refused(local: LocalServer, content: bytes, status: int):
    answer = send(local, content)
    assert answer.status == status, answer.body


@pytest.mark.parametrize(
    ("field", "status"), [({}, 400), ({"Content-Type": "text/turtle"}, 415), ({"Content-Type": ";"}, 400)]
)
def test_other_media_types_are_refused(local: LocalServer, field: dict[str, str], status: int):
    assert local.request("POST", ASK, field, b"{}", by="bob").status == status


@pytest.mark.parametrize("name", ["nobody", "ALICE", "a%2Fb", "..", "alice%00", "%C3%A4", "x" * 300])
def test_a_storage_that_is_none_is_not_found(local: LocalServer, name: str):
    assert local.request("GET", f"/.access/{name}/requests/", by="bob").status in {400, 404}


def test_what_askers_write_is_text_to_the_owner(local: LocalServer):
    words = "<script>alert(1)</script>\n\"'&\u202e"
    answer = send(local, wanted(f"{POD}words", comment=words))
    assert json.loads(answer.body)["comment"] == words
    dropped(local, answer)


# -- filling the place -------------------------------------------------------------------------------------------------


def test_whoever_asks_without_end_is_slowed_down(strict: LocalServer):
    answers = [send(strict, wanted(f"{POD}{number}")) for number in range(25)]
    assert [each.status for each in answers] == [201] * 20 + [429] * 5
    assert int(answers[-1].headers["retry-after"]) > 0


def test_the_same_question_fills_nothing(local: LocalServer):
    first = send(local, wanted(f"{POD}again"))
    again = [send(local, wanted(f"{POD}again", action=["modify"])) for _ in range(5)]
    assert {each.status for each in again} == {409}
    assert {json.loads(each.body)["request"] for each in again} == {first.headers["location"]}
    dropped(local, first)
