"""The pages about requests for access: what they show, and what their forms do, sent as they are and sent otherwise."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from urllib.parse import urlencode
from zipfile import ZipFile

import pytest
from werkzeug.test import TestResponse

from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.sharing.hearing import Hearing
from pod.sharing.requests import OF_ASKER
from pod.store.access_requests import AccessRequest, AccessRequests
from pod.store.records import SERVER
from pod.ui import requests as pages
from pod.ui.requests import ASK, PAGE, REQUESTS, place_of
from tests.support.asking import FRIEND, SEE, asked, may
from tests.support.linking import file
from tests.support.pages import BASE, PASSWORD, Guest, Site
from tests.support.stores import put

MARKUP = "<script>alert(1)</script>\"'&amp;"
DOC = f"{BASE}alice/photos/cat"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Made once: keys and passwords take long."""
    site = Site(tmp_path_factory.mktemp("requests") / "data")
    for name in ("alice", "bob"):
        site.account(name)
    put(site.services.store, "/alice/photos/")
    file(site.services, "/alice/photos/cat")
    return site


@pytest.fixture
def site(town: Site) -> Iterator[Site]:
    """With nothing asked for and nothing given, an hour later."""
    yield town
    town.clock.time += 3600
    with town.services.store.write(SERVER) as tx:
        for table in ("access_request", "given_access", "access_block"):
            tx.rows(f"DELETE FROM {table}")
        for path in ("/alice/photos/.acl", "/alice/photos/cat.acl"):
            if (rules := tx.describe(Target.parse(path)).state) is not None:
                tx.delete(rules, acl=None)


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


@pytest.fixture
def bob(site: Site) -> Guest:
    return site.signed_in("bob")


def act(guest: Guest, do: str, **fields: str) -> TestResponse:
    return guest.post(REQUESTS, {"csrf": guest.token(), "do": do, **fields})


def wishes(guest: Guest, **changed: str) -> TestResponse:
    usual = {"resource": DOC, "what": "this", "level": "see", "until": "30", "comment": "I was there"}
    return guest.post(ASK, {"csrf": guest.token(), **usual, **changed})


def requests_of(site: Site) -> tuple[AccessRequest, ...]:
    alice = site.services.accounts.by_name("alice")
    assert alice is not None
    requests = AccessRequests(site.services.store)
    lines = Hearing(site.services, site.services.store, alice.id).waiting()
    return tuple(each for line in lines if (each := requests.by_id(line.id)) is not None)


@pytest.mark.parametrize("page", [REQUESTS, f"{ASK}?{urlencode({'resource': DOC})}"])
def test_who_is_not_signed_in_is_led_to_where_they_can_and_back(site: Site, page: str):
    answer = site.guest().get(page)
    assert answer.status_code == 303
    assert urlencode({"next": page}) in answer.headers["Location"]


def test_what_somebody_wrote_is_text(site: Site, alice: Guest):
    asked(site.services, comment=MARKUP, purposes=("https://purpose.example/<script>",))
    text = alice.get(REQUESTS).text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_one_button_gives_and_one_takes_back(site: Site, alice: Guest):
    request = asked(site.services, "/alice/photos/")
    assert act(alice, "give", key=request.id).headers["Location"] == f"{REQUESTS}?done=given"
    assert may(site.services, "/alice/photos/cat") == SEE
    given = AccessRequests(site.services.store).grant_of(request.id)
    assert act(alice, "withdraw", key=given or "").status_code == 303
    assert may(site.services, "/alice/photos/cat") == AccessMode.NONE


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"what-1": "/alice/", "level-1": "see", "until": "7"}, 422),
        ({"what-1": "/bob/", "level-1": "see", "until": "7"}, 422),
        ({"what-1": "/alice/photos/../", "level-1": "see", "until": "7"}, 400),
        ({"what-1": "/alice/photos/.acl", "level-1": "see", "until": "7"}, 404),
        ({"what-1": "/alice/photos/cat.meta", "level-1": "see", "until": "7"}, 404),
        ({"what-1": "/alice/photos/none", "level-1": "see", "until": "7"}, 404),
        ({"what-1": "/alice/photos/", "level-1": "edit", "until": "7"}, 422),
        ({"what-1": "/alice/photos/", "level-1": "control", "until": "7"}, 422),
        ({"what-1": "/alice/photos/", "level-1": "see", "until": "-1"}, 422),
        ({"what-1": "/alice/photos/", "level-1": "nothing", "until": "7"}, 422),
        ({}, 422),
    ],
    ids=str,
)
def test_less_is_less_whatever_is_sent(site: Site, alice: Guest, fields: dict[str, str], status: int):
    request = asked(site.services, "/alice/photos/")
    assert act(alice, "give-less", key=request.id, **fields).status_code == status
    assert may(site.services, "/alice/photos/cat") == AccessMode.NONE
    assert [each.id for each in requests_of(site)] == [request.id]


@pytest.mark.parametrize("do", ["give", "give-less", "refuse", "block", "withdraw", "no such button"])
def test_what_is_not_theirs_cannot_be_answered(site: Site, bob: Guest, do: str):
    request = asked(site.services, "/alice/photos/")
    assert act(bob, do, key=request.id).status_code == 404
    assert [each.id for each in requests_of(site)] == [request.id]


@pytest.mark.parametrize("do", ["give", "refuse", "block"])
def test_foreign_forms_answer_nothing(site: Site, alice: Guest, do: str):
    request = asked(site.services, "/alice/photos/")
    assert alice.post(REQUESTS, {"csrf": "guessed", "do": do, "key": request.id}).status_code == 403
    assert [each.id for each in requests_of(site)] == [request.id]


def test_blocking_and_unblocking(site: Site, alice: Guest):
    request = asked(site.services, "/alice/photos/")
    assert act(alice, "block", key=request.id).headers["Location"].endswith("done=blocked")
    assert "Unblock" in alice.get(REQUESTS).text
    act(alice, "unblock", agent=FRIEND)
    assert [each.id for each in requests_of(site)] == [request.id]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/alice/photos/", "alice/photos/"),
        ("/alice/a%20b/%C3%BC/", "alice/a b/ü/"),
        ("/alice/a%E2%80%AEb", "alice/a%E2%80%AEb"),
        ("/alice/a%E2%80%8Bb", "alice/a%E2%80%8Bb"),
        ("/alice/a%20%20b%20", "alice/a %20b%20"),
        ("/alice/a%2525", "alice/a%2525"),
        ("/alice/%FF", "alice/%FF"),
    ],
)
def test_a_place_is_told_so_that_no_other_looks_like_it(path: str, place: str):
    assert place_of(path) == place


def test_places_are_told_whole(site: Site, alice: Guest):
    deep = [f"/alice/{'x' * 60}/{name}/{'y' * 60}/same/" for name in ("one", "two")]
    for path in deep:
        asked(site.services, path)
    text = alice.get(REQUESTS).text.replace("<wbr>", "")
    assert all(f"<bdi>{path[1:]}</bdi>" in text for path in deep)


def test_who_asks_is_told_whole_and_in_plain_letters(site: Site, alice: Guest):
    web_id = f"https://friend.example.{'a' * 60}.evil.example/{{}}{'b' * 40}#me"
    asked(site.services, agent=web_id.format("\u202e\u0430"), purposes=("https://purpose.example/\u202e",))
    text = alice.get(REQUESTS).text.replace("<wbr>", "")
    assert f"<bdi>{web_id.format('%E2%80%AE%D0%B0')}</bdi>" in text
    assert ("…" in text, "\u202e" in text) == (True, False)


@pytest.mark.parametrize("number", ["2", "99", "0", "-1", "x", "1" * 30, "٢"])
def test_many_requests_are_shown_page_by_page(site: Site, alice: Guest, number: str):
    for each in range(PAGE + 1):
        asked(site.services, f"/alice/{each}", agent=f"https://friend-{each}.example/#me")
    text = alice.get(f"{REQUESTS}?{urlencode({'waiting': number})}").text
    is_last = number in {"2", "99"}
    assert text.count('value="block"') == (1 if is_last else PAGE)
    assert (f"{REQUESTS}?waiting=1#waiting" in text, f"{REQUESTS}?waiting=2#waiting" in text) == (is_last, not is_last)


def test_of_large_folders_some_of_the_content_is_offered(site: Site, alice: Guest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "MEMBERS_MAX", 3)
    for number in range(5):
        file(site.services, f"/alice/photos/{number}")
    asked(site.services, "/alice/photos/")
    assert alice.get(REQUESTS).text.count(">Only ") == 3


# -- asking ------------------------------------------------------------------------------------------------------------


def test_a_wish_for_a_whole_pod_is_seen_to_be_one(site: Site, alice: Guest):
    asked(site.services, "/alice/")
    assert "your whole pod" in alice.get(REQUESTS).text


def test_nobody_asks_for_a_whole_pod_by_mistake(site: Site, bob: Guest):
    page = bob.get(f"{ASK}?{urlencode({'resource': f'{BASE}alice/doc'})}").text
    assert 'value="above"' not in page
    assert wishes(bob, resource=f"{BASE}alice/doc", what="above").status_code == 422
    assert requests_of(site) == ()


def test_people_ask_on_a_page(site: Site, bob: Guest):
    assert wishes(bob).headers["Location"] == f"{REQUESTS}?done=asked"
    (request,) = requests_of(site)
    said = request.said
    assert (said.agent, said.comment, said.inbox) == (f"{BASE}bob/profile/card#me", "I was there", f"{BASE}bob/inbox/")
    assert said.items[0].until_ms == int(site.clock.now() * 1000) + 30 * 24 * 3600 * 1000
    assert act(bob, "take-back", key=request.id).status_code == 303
    assert requests_of(site) == ()


@pytest.mark.parametrize("what", ["cat", "dog", "private/", "x/y/z"])
def test_the_page_is_the_same_whether_or_not_something_is_there(site: Site, bob: Guest, what: str):
    pages = [bob.get(f"/.home/alice/photos/{name}") for name in ("cat", what)]
    assert {page.status_code for page in pages} == {404}
    assert pages[0].text.replace("cat", what).count("Ask for access") == pages[1].text.count("Ask for access") == 1
    asking = bob.get(f"{ASK}?{urlencode({'resource': f'{BASE}alice/photos/{what}'})}")
    assert asking.status_code == 200


@pytest.mark.parametrize(
    "resource", ["", "https://evil.example/", f"{BASE}nobody/x", BASE, f"{BASE}.account/", "javascript:x"]
)
def test_only_owners_of_pods_here_can_be_asked(bob: Guest, resource: str):
    assert bob.get(f"{ASK}?{urlencode({'resource': resource})}").status_code == 404
    assert wishes(bob, resource=resource).status_code == 404


def test_owners_are_led_to_what_is_theirs(alice: Guest):
    assert alice.get(f"{ASK}?{urlencode({'resource': DOC})}").headers["Location"] == "/.home/alice/photos/cat"
    assert wishes(alice).status_code == 409


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"comment": ""}, 422),
        ({"comment": "x" * 1001}, 422),
        ({"comment": "x\r\n" * 20 + "x"}, 422),
        ({"level": "control"}, 422),
        ({"what": "everything"}, 422),
        ({"until": "0"}, 422),
    ],
    ids=str,
)
def test_a_wish_that_makes_no_sense_is_shown_again(site: Site, bob: Guest, changed: dict[str, str], status: int):
    answer = wishes(bob, **changed)
    assert (answer.status_code, "Ask the owner" in answer.text) == (status, True)
    assert requests_of(site) == ()


def test_asking_twice_and_too_often_is_said_on_the_page(site: Site, bob: Guest):
    wishes(bob)
    assert "asked for this before" in wishes(bob).text
    answers = [wishes(bob, resource=f"{DOC}{number}") for number in range(OF_ASKER.times)]
    assert answers[-1].status_code == 429


def test_an_export_tells_of_it(site: Site, alice: Guest):
    request = asked(site.services, "/alice/photos/", comment="Please")
    act(alice, "give", key=request.id)
    asked(site.services, "/alice/photos/cat")
    answer = alice.post("/.account/export", {"csrf": alice.token(), "password": PASSWORD})
    told = json.loads(ZipFile(io.BytesIO(answer.data)).read("access.json"))
    assert [len(told[each]) for each in ("requests", "grants", "blocked", "asked")] == [2, 1, 0, 0]
    assert (told["grants"][0]["comment"], told["grants"][0]["access"][0]["assignee"]) == ("Please", FRIEND)
