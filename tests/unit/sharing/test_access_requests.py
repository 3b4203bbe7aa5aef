"""Asking for access, and every answer to it: what comes to be, and what of it anybody learns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from pod.errors import (
    AccessDenied,
    Conflict,
    NotAuthenticated,
    NotFound,
    TooManyRequests,
    UnprocessableContent,
)
from pod.identity.accounts import create_account
from pod.identity.departure import delete_account
from pod.notifications.hosts import Hosts
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.remote.client import Posted
from pod.remote.errors import ForbiddenAddress
from pod.services import Services
from pod.sharing import grants, notices
from pod.sharing import requests as asking
from pod.sharing.audiences import Level, person
from pod.sharing.grants import (
    block_asker,
    give,
    grant_request,
    refuse_request,
    revoke,
    unblock,
    visible_grants,
    withdraw,
)
from pod.sharing.hearing import OLD_MS, Hearing, person_of
from pod.sharing.notices import AGE_MS_MAX, AT_ONCE_MAX, ATTEMPTS_MAX, THREADS, WAITING_OF_ONE_MAX, Notices
from pod.sharing.requests import arrive, ask, drop_request, own_requests, take_back, visible_request, visible_requests
from pod.sharing.sharing import Sharing
from pod.store.access_records import ANYTHING
from pod.store.access_requests import AccessItem, AccessRequests, Answer, Said
from pod.store.accounts import Account
from pod.store.forget import ANSWERED_KEPT_MS, ASKED_KEPT_MS, forget
from pod.store.records import SERVER
from tests.support.asking import (
    ADD,
    EDIT,
    FRIEND,
    SEE,
    Elsewhere,
    asked,
    may,
    messages,
    passed_on,
    visitor,
)
from tests.support.linking import file, folder
from tests.support.people import DAY, ELSEWHERE, HERE, MAIL, PUBLIC, Letters, alice_of, opened, pass_time
from tests.support.stores import delete
from tests.support.waiting import SECONDS_MAX

BOB = f"{PUBLIC}bob/profile/card#me"
ALICE = f"{PUBLIC}alice/profile/card#me"
APP = "https://app.example/id"


both_languages = pytest.mark.parametrize("people", ["wac", "acp"], indirect=True)
"""What is written into access rules is written in either."""


@pytest.fixture
def people(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Services]:
    with opened(tmp_path / "data", access_control=getattr(request, "param", "wac"), **MAIL) as services:
        alice_of(services)
        create_account(services, "bob")
        folder(services, "/alice/photos/")
        file(services, "/alice/photos/cat")
        yield services


@pytest.fixture
def alice(people: Services) -> Account:
    found = people.accounts.by_name("alice")
    assert found is not None
    return found


def now_ms(people: Services) -> int:
    return int(people.clock.now() * 1000)


def waiting(people: Services, alice: Account) -> list[str]:
    return [each.id for each in Hearing(people, people.store, alice.id).waiting()]


# -- asking ------------------------------------------------------------------------------------------------------------


def test_whoever_asks_gets_nothing_until_the_owner_says_so(people: Services, alice: Account):
    request = asked(people, comment="We were there together.")
    assert waiting(people, alice) == [request.id]
    assert may(people, "/alice/photos/cat") == AccessMode.NONE


@pytest.mark.parametrize("path", ["/alice/photos/cat", "/alice/photos/dog", "/alice/nowhere/at/all", "/alice/"])
def test_asking_is_the_same_whether_or_not_something_is_there(people: Services, path: str):
    request = asked(people, path)
    assert (request.answer, request.said.items) == (Answer.OPEN, (AccessItem(path, SEE),))


def test_nobody_asks_without_a_name(people: Services):
    with pytest.raises(NotAuthenticated):
        arrive(people, Credentials(), "/alice/")


def test_nobody_asks_in_the_name_of_another(people: Services):
    said = Said(BOB, (AccessItem("/alice/photos/", SEE),))
    with pytest.raises(AccessDenied):
        ask(people, visitor(people, FRIEND), said, HERE)


def test_owners_need_not_ask_themselves(people: Services):
    with pytest.raises(Conflict):
        asked(people, agent=ALICE)


def test_what_is_over_cannot_be_asked_for(people: Services):
    with pytest.raises(UnprocessableContent):
        asked(people, until_ms=now_ms(people))


def test_the_same_is_asked_for_once(people: Services, alice: Account):
    first = asked(people)
    with pytest.raises(Conflict) as refused:
        asked(people, level="edit")
    assert refused.value.extras["request"] == f"{PUBLIC}.access/alice/requests/{first.id}"
    asked(people, "/alice/photos/cat")
    asked(people, agent=BOB)
    assert len(waiting(people, alice)) == 3


def test_a_request_that_was_taken_back_can_be_made_anew(people: Services, alice: Account):
    drop_request(people, visitor(people), asked(people).id)
    again = asked(people, level="edit")
    assert waiting(people, alice) == [again.id]


@pytest.mark.parametrize("inbox", ["alice/inbox/", "bob/", "bob/inbox/x", ".access/bob/grants/", "bob/profile/inbox/"])
def test_answers_go_to_no_inbox_of_another_on_this_server(people: Services, inbox: str):
    with pytest.raises(UnprocessableContent):
        asked(people, agent=BOB, inbox=PUBLIC + inbox)


# -- limits ------------------------------------------------------------------------------------------------------------


def test_one_may_ask_so_often_in_an_hour(people: Services):
    for number in range(asking.OF_ASKER.times):
        drop_request(people, visitor(people), asked(people, f"/alice/{number}").id)
    with pytest.raises(TooManyRequests):
        asked(people, "/alice/more")
    asked(people, agent=BOB)
    pass_time(people, asking.OF_ASKER.seconds)
    asked(people, "/alice/more")


def test_many_names_at_one_address_are_one_asker(people: Services):
    for number in range(asking.FROM_ADDRESS.times):
        who = f"https://friend.example/{number}#me"
        drop_request(people, visitor(people, who), asked(people, agent=who).id)
    with pytest.raises(TooManyRequests):
        asked(people)
    asked(people, network=ELSEWHERE)


def test_so_many_requests_wait_at_one_storage(people: Services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "OPEN_MAX", 3)
    for number in range(3):
        asked(people, agent=f"https://friend.example/{number}#me", network=f"192.0.2.{number + 10}")
    with pytest.raises(TooManyRequests):
        asked(people)


@pytest.mark.parametrize("cap", ["OPEN_OF_PERSON_MAX", "OPEN_OF_NETWORK_MAX"])
def test_so_many_requests_of_one_wait_at_once(people: Services, cap: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, cap, 2)
    for path in ("/alice/1", "/alice/2"):
        asked(people, path)
    with pytest.raises(TooManyRequests):
        asked(people, "/alice/3")
    asked(people, "/alice/3", agent=BOB, network=ELSEWHERE)


def a_stranger(number: int) -> dict[str, str]:
    return {"agent": f"https://friend-{number}.example/#me", "network": f"192.0.2.{number}"}


def test_whoever_is_blocked_takes_no_place_of_others(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "OPEN_MAX", 3)
    monkeypatch.setattr(asking, "UNHEARD_MAX", 3)
    for number in range(3):
        block_asker(people, alice, asked(people, **a_stranger(number)).id)
    heard = [asked(people, **a_stranger(number)).id for number in range(10, 13)]
    with pytest.raises(TooManyRequests):
        asked(people, **a_stranger(13))
    refuse_request(people, alice, heard.pop(0))
    for number in range(3):
        asked(people, f"/alice/{number}", **a_stranger(0))
    heard.append(asked(people, **a_stranger(13)).id)
    assert set(waiting(people, alice)) == set(heard)
    assert people.store.rows("SELECT COUNT(*) FROM access_request WHERE status = 'open'") == [(6,)]


def test_what_waited_long_makes_room(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "OPEN_MAX", 2)
    for number in range(2):
        asked(people, **a_stranger(number))
        pass_time(people, OLD_MS / 1000 / 2 + 1)
    newest = asked(people, **a_stranger(2))
    assert (waiting(people, alice)[0], len(waiting(people, alice))) == (newest.id, 2)


def test_nothing_makes_room_for_whoever_is_blocked(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "OPEN_MAX", 2)
    block_asker(people, alice, asked(people, **a_stranger(0)).id)
    heard = {asked(people, **a_stranger(number)).id for number in (1, 2)}
    pass_time(people, OLD_MS / 1000 + 1)
    asked(people, "/alice/1", **a_stranger(0))
    assert set(waiting(people, alice)) == heard


@pytest.mark.parametrize(
    "many",
    [
        {"agent": "https://many-{}.example/#me", "network": HERE},
        {"agent": "https://x.many.example/{}#me", "network": "2001:db8:{}::"},
        {"agent": "https://{}.many.example/#me", "network": "2001:db8:{}::"},
        {"agent": FRIEND + "{}", "network": "2001:db8:{}::"},
        {"agent": BOB + "{}", "network": "2001:db8:{}::"},
    ],
    ids=["address", "host", "domain", "person", "pod"],
)
def test_who_has_most_places_makes_room(
    people: Services, alice: Account, many: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asking, "OPEN_MAX", 4)
    first = []
    for number in range(3):
        first.append(asked(people, **{name: each.format(number) for name, each in many.items()}).id)
        pass_time(people, 1)
    other = asked(people, **a_stranger(9))
    newest = asked(people, **a_stranger(10))
    assert set(waiting(people, alice)) == {*first[1:], other.id, newest.id}
    with pytest.raises(TooManyRequests):
        asked(people, "/alice/1", **a_stranger(10))


@pytest.mark.parametrize(
    ("web_id", "same"),
    [
        ("https://friend.example/card#you", True),
        ("https://friend.example/card", True),
        ("https://friend.example/card?x=1#me", True),
        ("https://FRIEND.example:443/card/#me", True),
        ("https://friend.example./%63ard#me", True),
        ("https://friend.example/card2#me", False),
        ("https://other.example/card#me", False),
        ("https://friend.example/", False),
        ("https://[/card", False),
        ("did:web:friend.example", False),
    ],
)
def test_a_block_holds_for_all_that_one_person_can_be_called(
    people: Services, alice: Account, web_id: str, *, same: bool
):
    block_asker(people, alice, asked(people).id)
    request = asked(people, "/alice/1", agent=web_id)
    passed_on(people)
    assert (waiting(people, alice) == []) is same
    assert (len(messages(people)) == 0) is same
    block_asker(people, alice, request.id)
    assert len(AccessRequests(people.store).blocked(alice.id)) == (1 if same else 2)
    unblock(people, alice, web_id)
    assert request.id in waiting(people, alice)


def test_all_that_lies_in_one_pod_here_is_one_person(people: Services):
    said = {person_of(people.placement, f"{PUBLIC}bob/{name}") for name in ("profile/card#me", "x#me", "")}
    assert said == {"/bob/"}
    assert person_of(people.placement, ALICE) == "/alice/"


def test_one_person_is_one_asker_whatever_they_are_called(people: Services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "OPEN_OF_PERSON_MAX", 2)
    for number in range(2):
        asked(people, agent=f"{FRIEND}{number}", network=f"192.0.2.{number}")
    with pytest.raises(TooManyRequests):
        asked(people, agent=f"{FRIEND}2", network="192.0.2.3")


def test_what_ended_by_itself_leaves_room_for_more(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(grants, "GRANTS_MAX", 2)
    over = grant_request(people, alice, asked(people, until_ms=now_ms(people) + 1000).id)
    grant_request(people, alice, asked(people, agent=BOB).id)
    with pytest.raises(Conflict):
        give(people, visitor(people, ALICE), Said(FRIEND, (AccessItem("/alice/photos/cat", SEE),)))
    pass_time(people, 1)
    newest = give(people, visitor(people, ALICE), Said(FRIEND, (AccessItem("/alice/photos/cat", SEE),)))
    told = AccessRequests(people.store).given_by(alice.id)
    assert (told[0].id, told[0].ended_ms) == (newest.id, None)
    assert [each.id for each in told if each.ended_ms is not None] == [over.id] == [told[-1].id]


# -- giving ------------------------------------------------------------------------------------------------------------


@both_languages
@pytest.mark.parametrize(("level", "modes"), [("see", SEE), ("add", ADD), ("edit", EDIT)])
def test_one_click_gives_what_was_asked_for_and_no_more(
    people: Services, alice: Account, level: str, modes: AccessMode
):
    request = asked(people, level=level)
    grant_request(people, alice, request.id)
    assert (may(people, "/alice/photos/"), may(people, "/alice/photos/cat")) == (modes, modes)
    assert may(people, "/alice/") == may(people, "/alice/photos/", agent=BOB) == AccessMode.NONE
    assert waiting(people, alice) == []


@both_languages
def test_what_was_given_ends_when_it_was_said_to(people: Services, alice: Account):
    grant_request(people, alice, asked(people, until_ms=now_ms(people) + DAY * 1000).id)
    assert may(people, "/alice/photos/cat") == SEE
    pass_time(people, DAY)
    assert may(people, "/alice/photos/cat") == AccessMode.NONE


def test_what_was_asked_for_until_a_moment_that_has_passed_is_not_given_by_mistake(people: Services, alice: Account):
    request = asked(people, until_ms=now_ms(people) + 1000)
    pass_time(people, 1)
    with pytest.raises(UnprocessableContent):
        grant_request(people, alice, request.id)
    assert waiting(people, alice) == [request.id]


@both_languages
def test_an_owner_gives_less(people: Services, alice: Account):
    request = asked(people, level="edit")
    end = now_ms(people) + DAY * 1000
    given = grant_request(people, alice, request.id, (AccessItem("/alice/photos/cat", SEE, end),))
    assert given.said.items == (AccessItem("/alice/photos/cat", SEE, end),)
    assert (may(people, "/alice/photos/cat"), may(people, "/alice/photos/")) == (SEE, AccessMode.NONE)


@pytest.mark.parametrize(
    "items",
    [
        (),
        (AccessItem("/alice/photos/", EDIT),),
        (AccessItem("/alice/", SEE),),
        (AccessItem("/alice/photos2/", SEE),),
        (AccessItem("/alice/photos/cat", SEE), AccessItem("/alice/photos/cat", ADD)),
    ],
    ids=str,
)
def test_less_is_never_more_than_was_asked_for(people: Services, alice: Account, items: tuple[AccessItem, ...]):
    request = asked(people, level="add")
    with pytest.raises(UnprocessableContent):
        grant_request(people, alice, request.id, items)
    assert waiting(people, alice) == [request.id]


def test_what_is_not_there_cannot_be_given_and_the_owner_hears_why(people: Services, alice: Account):
    request = asked(people, "/alice/nothing")
    with pytest.raises(NotFound) as refused:
        grant_request(people, alice, request.id)
    assert f"{PUBLIC}alice/nothing" in refused.value.detail
    assert waiting(people, alice) == [request.id]


def test_a_request_is_answered_once(people: Services, alice: Account):
    request = asked(people)
    refuse_request(people, alice, request.id)
    with pytest.raises(Conflict):
        grant_request(people, alice, request.id)
    assert may(people, "/alice/photos/cat") == AccessMode.NONE


def test_of_two_answers_at_once_one_counts(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    request = asked(people)
    monkeypatch.setattr(grants, "_open", lambda *_: request)  # both have seen it open
    refuse_request(people, alice, request.id)
    with pytest.raises(Conflict):
        grant_request(people, alice, request.id)
    assert may(people, "/alice/photos/cat") == AccessMode.NONE


def test_nobody_answers_for_another_owner(people: Services, alice: Account):
    request, bob = asked(people), people.accounts.by_name("bob")
    assert bob is not None
    for answer in (grant_request, refuse_request, block_asker):
        with pytest.raises(NotFound):
            answer(people, bob, request.id)
    given = grant_request(people, alice, request.id)
    with pytest.raises(NotFound):
        withdraw(people, bob.id, given.id)


@both_languages
def test_access_for_one_app_is_no_access_for_others(people: Services, alice: Account):
    request = ask(people, visitor(people, client=APP), Said(FRIEND, (AccessItem("/alice/photos/", SEE),), APP), HERE)
    grant_request(people, alice, request.id)
    assert may(people, "/alice/photos/cat", client=APP) == SEE
    assert may(people, "/alice/photos/cat", client="https://other.example/") == AccessMode.NONE


@both_languages
def test_who_had_more_does_not_lose_it_by_asking(people: Services, alice: Account):
    Sharing(people).share(alice.id, "/alice/photos/", person(FRIEND), Level.EDIT)
    given = grant_request(people, alice, asked(people).id)
    assert may(people, "/alice/photos/cat") == EDIT
    withdraw(people, alice.id, given.id)
    assert may(people, "/alice/photos/cat") == EDIT, "what she shared herself is not the grant's"


# -- taking back -------------------------------------------------------------------------------------------------------


@both_languages
def test_what_was_given_is_taken_back_at_once(people: Services, alice: Account):
    given = grant_request(people, alice, asked(people, level="edit").id)
    withdraw(people, alice.id, given.id)
    assert may(people, "/alice/photos/cat") == AccessMode.NONE
    with pytest.raises(NotFound):
        withdraw(people, alice.id, given.id)


@both_languages
def test_taking_back_leaves_what_others_have(people: Services, alice: Account):
    given = grant_request(people, alice, asked(people).id)
    grant_request(people, alice, asked(people, agent=BOB).id)
    withdraw(people, alice.id, given.id)
    assert (may(people, "/alice/photos/cat"), may(people, "/alice/photos/cat", agent=BOB)) == (AccessMode.NONE, SEE)


@both_languages
def test_a_newer_grant_is_not_ended_with_an_older_one(people: Services, alice: Account):
    older = grant_request(people, alice, asked(people).id)
    newer = grant_request(people, alice, asked(people, level="edit").id)
    with pytest.raises(NotFound):
        withdraw(people, alice.id, older.id)
    assert may(people, "/alice/photos/cat") == EDIT
    withdraw(people, alice.id, newer.id)
    assert may(people, "/alice/photos/cat") == AccessMode.NONE


@both_languages
@pytest.mark.parametrize("levels", [("see", "see"), ("edit", "see"), ("see", "edit")], ids=str)
def test_the_newest_grant_says_and_ends_all_that_was_given(people: Services, alice: Account, levels: tuple[str, str]):
    older, newer = (grant_request(people, alice, asked(people, level=level).id) for level in levels)
    assert newer.said.items == (AccessItem("/alice/photos/", may(people, "/alice/photos/cat")),)
    assert [each.id for each in AccessRequests(people.store).given_by(alice.id) if each.stands(0)] == [newer.id]
    withdraw(people, alice.id, newer.id)
    assert may(people, "/alice/photos/cat") == AccessMode.NONE, older


def test_what_was_taken_back_while_it_was_given_again_is_given_again(
    people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch
):
    older, plan = grant_request(people, alice, asked(people).id), grants._plan

    def planned(*facts: Any) -> Any:
        monkeypatch.setattr(grants, "_plan", plan)
        made = plan(*facts)
        withdraw(people, alice.id, older.id)
        return made

    monkeypatch.setattr(grants, "_plan", planned)
    grant_request(people, alice, asked(people).id)
    assert may(people, "/alice/photos/cat") == SEE


def test_taking_back_does_not_end_what_was_given_anew_meanwhile(
    people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch
):
    both = tuple(AccessItem(path, SEE) for path in ("/alice/photos/", "/alice/photos/cat"))
    older, there = give(people, visitor(people, ALICE), Said(FRIEND, both)), grants._is_there

    def looked(*facts: Any) -> bool:
        monkeypatch.setattr(grants, "_is_there", there)
        give(people, visitor(people, ALICE), Said(FRIEND, (AccessItem("/alice/photos/cat", EDIT),)))
        return there(*facts)

    monkeypatch.setattr(grants, "_is_there", looked)
    withdraw(people, alice.id, older.id)
    assert (may(people, "/alice/photos/cat"), may(people, "/alice/photos/")) == (EDIT, AccessMode.NONE)


@both_languages
def test_what_is_gone_can_be_taken_back_too(people: Services, alice: Account):
    given = grant_request(people, alice, asked(people, "/alice/photos/cat").id)
    delete(people.store, "/alice/photos/cat")
    withdraw(people, alice.id, given.id)
    assert AccessRequests(people.store).count_given(alice.id) == 0


@both_languages
def test_what_a_folder_gives_is_not_taken_back_with_a_file(people: Services, alice: Account):
    given = grant_request(people, alice, asked(people, "/alice/photos/cat").id)
    Sharing(people).unshare(alice.id, "/alice/photos/cat", person(FRIEND))
    delete(people.store, "/alice/photos/cat")
    file(people, "/alice/photos/cat")
    Sharing(people).share(alice.id, "/alice/photos/", person(FRIEND), Level.READ)
    withdraw(people, alice.id, given.id)
    assert may(people, "/alice/photos/cat") == SEE


def test_owners_see_who_decided_and_through_what(people: Services, alice: Account):
    given = grant_request(people, alice, asked(people).id)
    withdraw(people, alice.id, given.id)
    by = visitor(people, ALICE, client=APP)
    revoke(people, by, give(people, by, Said(FRIEND, (AccessItem("/alice/photos/cat", SEE),))).id)
    assert people.access_log.write_down()
    found = people.access_log.records.page("/alice/", ANYTHING, 10)
    assert {(each.agent, each.path, each.act, each.times, APP in each.client) for each in found} == {
        (ALICE, "/alice/photos/", "control", 2, False),
        (ALICE, "/alice/photos/cat", "control", 2, True),
    }


# -- who sees what -----------------------------------------------------------------------------------------------------


def test_requests_and_grants_are_seen_by_the_owner_and_by_whom_they_are_about(people: Services, alice: Account):
    request = asked(people)
    seen = {who: len(visible_requests(people, visitor(people, who))) for who in (ALICE, FRIEND, BOB)}
    assert seen == {ALICE: 1, FRIEND: 1, BOB: 0}
    with pytest.raises(NotFound):
        visible_request(people, visitor(people, BOB), request.id)
    with pytest.raises(NotFound):
        visible_request(people, visitor(people, FRIEND, "/bob/"), request.id)
    grant_request(people, alice, request.id)
    assert [len(visible_grants(people, visitor(people, who))) for who in (ALICE, FRIEND, BOB)] == [1, 1, 0]


def test_what_is_for_one_app_is_not_told_to_others(people: Services):
    ask(people, visitor(people, client=APP), Said(FRIEND, (AccessItem("/alice/photos/", SEE),), APP), HERE)
    assert [len(visible_requests(people, visitor(people, client=each))) for each in (APP, "other", None)] == [1, 0, 0]


def test_only_the_owner_gives(people: Services):
    said = Said(FRIEND, (AccessItem("/alice/photos/", SEE),))
    with pytest.raises(AccessDenied):
        give(people, visitor(people, FRIEND), said)
    give(people, visitor(people, ALICE), said)
    assert may(people, "/alice/photos/cat") == SEE


def test_what_an_app_of_the_owner_gives_answers_the_request_for_it(people: Services, alice: Account):
    inbox = "https://friend.example/inbox/"
    request, other = asked(people, inbox=inbox), asked(people, "/alice/photos/cat")
    given = give(people, visitor(people, ALICE), Said(FRIEND, (AccessItem("/alice/photos/", SEE),)))
    assert visible_request(people, visitor(people), request.id).answer is Answer.GRANTED
    assert (given.request, waiting(people, alice)) == (request.id, [other.id])
    assert [url for url, _ in passed_on(people).sent] == [inbox]


def test_people_see_and_take_back_what_they_asked_for(people: Services):
    bob = people.accounts.by_name("bob")
    assert bob is not None
    request, other = asked(people, agent=BOB), asked(people)
    assert [each.id for each in own_requests(people, bob.id)] == [request.id]
    with pytest.raises(NotFound):
        take_back(people, bob.id, other.id)
    take_back(people, bob.id, request.id)
    assert own_requests(people, bob.id) == []


# -- blocking ----------------------------------------------------------------------------------------------------------


def test_whoever_is_blocked_is_not_heard_and_not_told(people: Services, alice: Account):
    first = asked(people)
    passed_on(people)
    block_asker(people, alice, first.id)
    second = asked(people, "/alice/photos/cat")
    passed_on(people)
    assert (waiting(people, alice), len(messages(people))) == ([], 1)
    assert {each.answer for each in visible_requests(people, visitor(people))} == {Answer.OPEN}
    assert visible_request(people, visitor(people), second.id).answer is Answer.OPEN


def test_whoever_is_blocked_meets_the_same_limits(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    block_asker(people, alice, asked(people).id)
    monkeypatch.setattr(asking, "OPEN_OF_PERSON_MAX", 2)
    with pytest.raises(Conflict):
        asked(people)
    asked(people, "/alice/photos/cat")
    with pytest.raises(TooManyRequests):
        asked(people, "/alice/more")


def test_whoever_is_let_ask_again_is_heard(people: Services, alice: Account):
    request = asked(people)
    block_asker(people, alice, request.id)
    unblock(people, alice, FRIEND)
    assert waiting(people, alice) == [request.id]


# -- telling -----------------------------------------------------------------------------------------------------------


def test_owners_find_requests_in_their_inbox(people: Services):
    request = asked(people, comment="<b>Please</b>")
    passed_on(people)
    passed_on(people)
    (message,) = messages(people)
    about = message["activity"]
    assert (message["type"], message["storage"]) == ("Notification", f"{PUBLIC}alice/")
    assert about["object"] == {"id": f"{PUBLIC}.access/alice/requests/{request.id}", "type": ["AccessRequest"]}
    assert (about["actor"], "Please" in str(message)) == (FRIEND, False)


def test_one_mail_an_hour_tells_of_requests(people: Services, alice: Account):
    letters = Letters(people)
    asked(people)
    passed_on(people)
    assert [email for email, _ in letters.delivered()] == [alice.email]
    for path in ("/alice/1", "/alice/2"):
        asked(people, path)
    passed_on(people)
    assert letters.delivered() == []
    pass_time(people, 3600)
    assert len(letters.delivered()) == 1


def test_no_mail_tells_of_what_is_answered(people: Services, alice: Account):
    request = asked(people)
    passed_on(people)
    refuse_request(people, alice, request.id)
    assert Letters(people).delivered() == []


def test_a_full_inbox_does_not_keep_a_request_from_its_owner(people: Services, alice: Account):
    with people.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET resources_max = 1 WHERE path = '/alice/'")
    request = asked(people)
    passed_on(people)
    assert waiting(people, alice) == [request.id]
    assert len(Letters(people).delivered()) == 1
    assert AccessRequests(people.store).has_news(now_ms(people)) is False


def test_the_answer_goes_to_the_inbox_of_whoever_asked(people: Services, alice: Account):
    inbox = "https://friend.example/inbox/"
    given = grant_request(people, alice, asked(people, inbox=inbox).id)
    refused = asked(people, "/alice/1", inbox=inbox)
    refuse_request(people, alice, refused.id)
    elsewhere = passed_on(people)
    assert [url for url, _ in elsewhere.sent] == [inbox, inbox]
    told = [(each["activity"]["type"], each["activity"]["object"]["id"]) for _, each in elsewhere.sent]
    access = f"{PUBLIC}.access/alice/"
    assert told == [(["Create"], f"{access}grants/{given.id}"), (["Reject"], f"{access}requests/{refused.id}")]
    assert passed_on(people).sent == []


def test_the_answer_comes_to_an_inbox_here(people: Services, alice: Account):
    grant_request(people, alice, asked(people, agent=BOB, inbox=f"{PUBLIC}bob/inbox/").id)
    assert passed_on(people).sent == []
    assert [each["activity"]["actor"] for each in messages(people, "bob")] == [ALICE]


def test_an_inbox_that_does_not_answer_is_tried_again_and_then_given_up(people: Services, alice: Account):
    elsewhere = Elsewhere(*[503] * 20)
    grant_request(people, alice, asked(people, inbox="https://friend.example/inbox/").id)
    for _ in range(ATTEMPTS_MAX + 2):
        passed_on(people, elsewhere)
        pass_time(people, DAY / 3)
    assert len(elsewhere.sent) == ATTEMPTS_MAX


def told_anew(people: Services, number: int, inbox: str = "https://friend.example/inbox/", by: str = ALICE) -> None:
    """One more thing that somebody is given and told of."""
    path = by.removeprefix(PUBLIC).partition("/")[0]
    file(people, f"/{path}/given-{number}")
    give(
        people,
        visitor(people, by, f"/{path}/"),
        Said(FRIEND, (AccessItem(f"/{path}/given-{number}", SEE),), inbox=inbox),
    )


def test_an_owner_gives_so_often_in_an_hour(people: Services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(grants, "OF_GIVER", replace(grants.OF_GIVER, times=2))
    for number in range(2):
        told_anew(people, number)
    with pytest.raises(TooManyRequests):
        told_anew(people, 2)
    assert may(people, "/alice/given-2") == AccessMode.NONE
    told_anew(people, 3, by=BOB)


@pytest.mark.parametrize("bound", ["ANSWERS_OF_OWNER", "ANSWERS_TO_INBOX", "ANSWERS_TO_HOST"])
def test_so_many_answers_go_to_one_inbox_in_an_hour(people: Services, bound: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(notices, bound, replace(getattr(notices, bound), times=2))
    for number in range(4):
        told_anew(
            people, number, f"https://FRIEND.example/inbox/?{number}" if number % 2 else "https://friend.example/inbox/"
        )
    assert len(passed_on(people).sent) == 2
    assert may(people, "/alice/given-3") == SEE, "it is given all the same"
    pass_time(people, 3600)
    told_anew(people, 4)
    assert len(passed_on(people).sent) == 1


def test_so_many_messages_lie_in_one_inbox_in_an_hour(
    people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(notices, "MESSAGES", replace(notices.MESSAGES, times=2))
    for number in range(3):
        asked(people, f"/alice/{number}")
    passed_on(people)
    assert (len(messages(people)), len(waiting(people, alice))) == (2, 3)


def test_owners_take_turns_to_tell(people: Services):
    for number in range(AT_ONCE_MAX):
        told_anew(people, number, f"https://host-{number}.example/")
    told_anew(people, AT_ONCE_MAX, by=BOB)
    due = AccessRequests(people.store).due_notices(now_ms(people), 2)
    assert {each.account for each in due} == {row[0] for row in people.store.rows("SELECT id FROM account")}


def test_an_inbox_that_does_not_answer_keeps_no_other_waiting(people: Services):
    answers, quick = Event(), Event()

    class Slow(Elsewhere):
        def __call__(self, url: str, message: bytes, media_type: str) -> Posted:
            quick.set() if "quick" in url else answers.wait(SECONDS_MAX)
            return super().__call__(url, message, media_type)

    working = Notices(people, Slow(), Hosts(people.clock, 0))
    for number in range(WAITING_OF_ONE_MAX + THREADS):
        told_anew(people, number, f"https://slow-{number}.example/")
    try:
        working.work()
        told_anew(people, 99, "https://quick.example/", by=BOB)
        working.work()
        assert quick.wait(SECONDS_MAX)
    finally:
        answers.set()
    working.wait(SECONDS_MAX)
    working.work()
    working.wait(SECONDS_MAX)
    assert AccessRequests(people.store).due_notices(now_ms(people), 99) == ()


def test_a_host_that_is_silent_is_left_alone_and_then_given_up(people: Services, monkeypatch: pytest.MonkeyPatch):
    elsewhere, hosts = Elsewhere(), Hosts(people.clock, 0)
    monkeypatch.setattr(hosts, "ask", lambda _host: 60.0)
    working = Notices(people, elsewhere, hosts)
    told_anew(people, 0)
    for seconds in (60, AGE_MS_MAX / 1000, 0):
        working.work()
        working.wait(SECONDS_MAX)
        assert not AccessRequests(people.store).has_news(now_ms(people))
        pass_time(people, seconds)
    assert (elsewhere.sent, people.store.rows("SELECT COUNT(*) FROM access_notice")) == ([], [(0,)])


def test_an_answer_that_breaks_what_sends_it_keeps_no_other_waiting(people: Services):
    class Broken(Elsewhere):
        def __call__(self, url: str, message: bytes, media_type: str) -> Posted:
            if "broken" in url:
                raise ValueError(url)
            return super().__call__(url, message, media_type)

    told_anew(people, 0, "https://broken.example/")
    told_anew(people, 1)
    assert [url for url, _ in passed_on(people, Broken()).sent] == ["https://friend.example/inbox/"]
    assert not AccessRequests(people.store).has_news(now_ms(people))


def test_an_inbox_within_the_network_is_not_contacted_twice(people: Services, alice: Account):
    class Inside(Elsewhere):
        def __call__(self, url: str, message: bytes, media_type: str):
            super().__call__(url, message, media_type)
            raise ForbiddenAddress("10.0.0.1")

    grant_request(people, alice, asked(people, inbox="https://friend.example/inbox/").id)
    inside = Inside()
    for _ in range(2):
        passed_on(people, inside)
        pass_time(people, DAY)
    assert len(inside.sent) == 1


# -- the end of it -----------------------------------------------------------------------------------------------------


def test_requests_nobody_answers_and_old_answers_are_forgotten(people: Services, alice: Account):
    asked(people)
    refuse_request(people, alice, asked(people, "/alice/1").id)
    given = grant_request(people, alice, asked(people, "/alice/photos/cat").id)
    pass_time(people, ASKED_KEPT_MS / 1000 + 1)
    forget(people.config, people.store)
    assert (waiting(people, alice), len(AccessRequests(people.store).of_account(alice.id))) == ([], 2)
    pass_time(people, ANSWERED_KEPT_MS / 1000 + 1)
    forget(people.config, people.store)
    assert AccessRequests(people.store).of_account(alice.id) == ()
    assert AccessRequests(people.store).grant(given.id) is not None, "it was not taken back"
    withdraw(people, alice.id, given.id)
    pass_time(people, ANSWERED_KEPT_MS / 1000 + 1)
    forget(people.config, people.store)
    assert AccessRequests(people.store).grant(given.id) is None


TABLES = ("access_request", "given_access", "access_block", "access_notice")


def counted(people: Services) -> list[int]:
    return [int(people.store.rows(f"SELECT COUNT(*) FROM {table}")[0][0]) for table in TABLES]


def test_an_account_that_goes_takes_all_of_it_along(people: Services, alice: Account):
    inbox = "https://friend.example/inbox/"
    grant_request(people, alice, asked(people, inbox=inbox).id)
    block_asker(people, alice, asked(people, agent=BOB).id)
    asked(people, "/alice/1")
    assert 0 not in counted(people)
    delete_account(people, "alice", now=True)
    assert counted(people) == [0, 0, 0, 0]


def test_whom_another_owner_blocked_stays_blocked(people: Services, alice: Account):
    bob = people.accounts.by_name("bob")
    assert bob is not None
    with people.store.write(SERVER) as tx:
        for owner in (alice, bob):
            AccessRequests(tx).block(tx, owner.id, FRIEND)
    delete_account(people, "alice", now=True)
    assert not Hearing(people, people.store, bob.id).hears(FRIEND)


def test_what_somebody_asked_others_for_goes_with_their_account(people: Services):
    asked(people, agent=BOB)
    delete_account(people, "bob", now=True)
    assert counted(people)[0] == 0
