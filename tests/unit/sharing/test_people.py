"""From what people type to whom they mean: names, addresses of profiles, typing errors."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Semaphore

import pytest

from pod.errors import Busy, TooManyRequests, UnprocessableContent
from pod.identity.accounts import create_account
from pod.remote.client import Fetched, Limits
from pod.remote.errors import Unreachable
from pod.sharing.people import LOOKS, NobodyThere, People, Somebody
from tests.support.people import PUBLIC as BASE
from tests.unit.sharing.pod import ALICE, BOB, PREFIXES, Pod, pod_of

ISSUED = "solid:oidcIssuer <https://issuer.example/>"
PROFILES = {
    "https://bob.example/": f"<#me> {ISSUED}; foaf:name 'Bob Builder'.",
    "https://carol.example/card": f"<> foaf:primaryTopic <#it>. <#it> {ISSUED}; vcard:fn 'Carol'. <#other> {ISSUED}.",
    "https://id.example/dora": f"<> {ISSUED}; foaf:name 'Dora'.",
    "https://two.example/": f"<#a> {ISSUED}. <#b> {ISSUED}.",
    "https://none.example/": "<#a> foaf:name 'A thing'.",
    "https://typed.example/": "<#p> a foaf:Person; foaf:nick 'Pat'.",
    "https://broken.example/": "<#a> foaf:name ",
}


class Elsewhere:
    """Other servers: these profiles, and one that says no."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
        self.asked.append(url)
        if url == "https://private.example/":
            return Fetched(url, 401, "text/turtle", b"")
        if url not in PROFILES:
            raise Unreachable("nobody answers")
        return Fetched(url, 200, "text/turtle", (PREFIXES + PROFILES[url]).encode())


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, "wac") as made:
        create_account(made.services, "eve", password=None)
        yield made


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def people(pod: Pod, elsewhere: Elsewhere) -> People:
    return People(pod.services, elsewhere)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://bob.example/#me", Somebody(BOB, "Bob Builder")),
        ("  <https://bob.example/#me> ", Somebody(BOB, "Bob Builder")),
        ("https://bob.example/", Somebody(BOB, "Bob Builder")),
        ("bob.example/", Somebody(BOB, "Bob Builder")),
        ("https://carol.example/card", Somebody("https://carol.example/card#it", "Carol")),
        ("https://carol.example/card#other", Somebody("https://carol.example/card#other")),
        ("https://id.example/dora", Somebody("https://id.example/dora", "Dora")),
        ("https://typed.example/", Somebody("https://typed.example/#p", "Pat")),
        ("eve", Somebody(f"{BASE}eve/profile/card#me", "eve")),
        ("EVE", Somebody(f"{BASE}eve/profile/card#me", "eve")),
        (f"{BASE}eve/profile/card", Somebody(f"{BASE}eve/profile/card#me", "eve")),
        ("my friend", Somebody("https://friend.example/#me", "My Friend")),
    ],
)
def test_whom_somebody_means(people: People, typed: str, found: Somebody):
    assert people.find(typed, {"https://friend.example/#me": "My Friend"}, 1) == found


@pytest.mark.parametrize(
    "typed",
    [
        "https://bob.example/#you",
        "https://bob.exmaple/#me",
        "https://private.example/",
        "https://two.example/",
        "https://none.example/",
        "https://broken.example/",
        f"{BASE}eve/nothing#me",
        f"{BASE}alice/settings/prefs.ttl",
        "nobody",
        "nobody at all",
        "alice@",
    ],
)
def test_what_leads_to_nobody_is_said(people: People, typed: str):
    with pytest.raises(NobodyThere):
        people.find(typed, {}, 1)


@pytest.mark.parametrize("typed", ["", "  ", "<>", "ftp://bob.example/", "https://", "https://a b/"])
def test_what_is_no_address_is_said(people: People, typed: str):
    with pytest.raises(UnprocessableContent):
        people.find(typed, {}, 1)


def test_two_of_one_name_are_not_confused(people: People):
    with pytest.raises(NobodyThere):
        people.find("sam", {"https://a.example/#me": "Sam", "https://b.example/#me": "Sam"}, 1)


@pytest.mark.parametrize("typed", [BOB, "https://bob.example/"])
def test_a_name_never_stands_for_the_address_of_somebody_else(people: People, typed: str):
    assert people.find(typed, {"https://mallory.example/#me": typed}, 1).web_id == BOB


@pytest.mark.parametrize("taken", ["eve", "EVE", "bob.example/"])
def test_who_took_the_name_of_somebody_else_is_not_taken_for_them(people: People, taken: str):
    with pytest.raises(UnprocessableContent, match="paste a WebID"):
        people.find(taken, {"https://mallory.example/#me": taken}, 1)


def test_a_contact_with_an_account_here_is_found_by_its_name(people: People):
    eve = f"{BASE}eve/profile/card#me"
    assert people.find("eve", {eve: "Eve"}, 1) == Somebody(eve, "Eve")


def test_names_of_people_elsewhere_are_not_looked_up_to_show_a_page(people: People, elsewhere: Elsewhere):
    assert people.name(ALICE) == "alice"
    assert people.name(BOB) is None
    assert elsewhere.asked == []


def test_one_account_has_others_asked_so_often_and_no_more(people: People, elsewhere: Elsewhere):
    for _ in range(LOOKS.times):
        people.find(BOB, {}, 1)
    with pytest.raises(TooManyRequests):
        people.find(BOB, {}, 1)
    assert people.find("eve", {}, 1).name == "eve"
    assert people.find(BOB, {}, 2).name == "Bob Builder"
    assert len(elsewhere.asked) == LOOKS.times + 1


def test_one_account_does_not_keep_all_threads_waiting(pod: Pod):
    waiting, go_on = Semaphore(0), Event()

    class Slow(Elsewhere):
        def fetch(self, url: str, *, accept: str, limits: Limits) -> Fetched:
            waiting.release()
            go_on.wait(60)
            return super().fetch(url, accept=accept, limits=limits)

    people, places = People(pod.services, Slow()), pod.services.config.threads // 4
    with ThreadPoolExecutor(places) as threads:
        slow = [threads.submit(people.find, BOB, {}, 1) for _ in range(places)]
        for _ in slow:
            assert waiting.acquire(timeout=60)
        with pytest.raises(Busy):
            people.find(BOB, {}, 1)
        go_on.set()
        assert people.find(BOB, {}, 2).web_id == BOB
        assert all(each.result(60).web_id == BOB for each in slow)
    assert people.find(BOB, {}, 1).web_id == BOB
