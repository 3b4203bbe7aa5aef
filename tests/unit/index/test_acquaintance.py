"""Names and pictures of people elsewhere: fetched in the background, within bounds, kept and let go."""

from __future__ import annotations

from threading import Barrier, Event

import pytest

from pod.errors import Busy, UnprocessableContent
from pod.identity.accounts import create_account
from pod.index.acquaintance import (
    BUSY_MS,
    FAILURE_MS,
    FETCHES_PER_MINUTE,
    OWN_REFRESH_MS,
    REFRESH_MS,
    WAITING_MAX,
    Acquaintance,
)
from pod.index.records import PersonSeen
from pod.remote.client import Fetched
from pod.remote.errors import AnswerTooLarge, Unreachable
from pod.store import people
from tests.support.people import PUBLIC
from tests.unit.index.documents import BOB, PREFIXES, contact

PICTURE = "https://pictures.example/bob.jpg"
BOB_SAYS = f"<#me> foaf:name 'Bob Builder'; vcard:hasPhoto <{PICTURE}>."


class Elsewhere:
    """Other servers."""

    def __init__(self):
        self.asked = []
        self.says = {"https://bob.example/": BOB_SAYS, PICTURE: b"jpeg of bob"}

    def fetch(self, url, *, accept, limits):
        self.asked.append(url)
        found = self.says.get(url)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, int) or found is None:
            return Fetched(url, found or 404, "text/html", b"")
        if isinstance(found, bytes):
            if len(found) > limits.bytes_max:
                raise AnswerTooLarge(url)
            return Fetched(url, 200, "image/jpeg", found)
        return Fetched(url, 200, "text/turtle", (PREFIXES + found).encode())


def encode(source, side):
    if source.startswith(b"no picture"):
        raise UnprocessableContent("not a picture")
    return b"\x89PNG" + source * (10_000 if source.startswith(b"loud") else 1) + str(side).encode()


@pytest.fixture
def elsewhere():
    return Elsewhere()


@pytest.fixture
def acquaintance(pod, elsewhere):
    made = Acquaintance(pod.services, elsewhere, encode)
    yield made
    made.close()


def meet_all(pod, acquaintance):
    """Whoever is due now, one after the other."""
    for each in people.due(pod.services.store, pod.services.store.now_ms, 1_000):
        acquaintance.meet(each)


def seen(pod, web_id=BOB):
    return pod.index.people([web_id]).get(web_id)


def due_in(pod, web_id=BOB):
    store = pod.services.store
    ((due_ms, failures),) = store.derived_rows("SELECT due_ms, failures FROM person WHERE web_id = ?", (web_id,))
    return due_ms - store.now_ms, failures


@pytest.fixture
def named(pod):
    """Bob is among alice's contacts."""
    pod.write("contacts/bob", contact("Bobby", BOB))
    pod.catch_up()


@pytest.mark.usefixtures("named")
def test_a_contact_brings_name_and_picture_from_their_profile(pod, acquaintance, elsewhere):
    assert seen(pod) is None
    meet_all(pod, acquaintance)
    known = seen(pod)
    assert known.name == "Bob Builder"
    assert people.picture(pod.services.store, known.picture_key) == encode(b"jpeg of bob", 128)
    assert elsewhere.asked == ["https://bob.example/", PICTURE]
    assert due_in(pod) == (REFRESH_MS, 0)


@pytest.mark.usefixtures("named")
def test_a_profile_is_read_again_after_a_day_and_shows_what_it_says_then(pod, acquaintance, elsewhere):
    meet_all(pod, acquaintance)
    elsewhere.says["https://bob.example/"] = "<#me> foaf:name 'Robert'."
    meet_all(pod, acquaintance)
    assert seen(pod).name == "Bob Builder"
    pod.services.clock.time += REFRESH_MS / 1000
    meet_all(pod, acquaintance)
    assert seen(pod) == PersonSeen("Robert", None)


@pytest.mark.usefixtures("named")
def test_whoever_does_not_answer_is_asked_less_and_less_often_and_stays_as_known(pod, acquaintance, elsewhere):
    meet_all(pod, acquaintance)
    elsewhere.says["https://bob.example/"] = Unreachable("down")
    pod.services.clock.time += REFRESH_MS / 1000
    pauses = []
    for _ in range(12):
        meet_all(pod, acquaintance)
        pauses.append(due_in(pod)[0])
        pod.services.clock.time += pauses[-1] / 1000
    assert pauses[:3] == [FAILURE_MS, 2 * FAILURE_MS, 4 * FAILURE_MS]
    assert pauses[-1] == 7 * 24 * FAILURE_MS
    assert seen(pod).name == "Bob Builder"


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_profile_that_is_no_longer_shown_takes_name_and_picture_along(pod, acquaintance, elsewhere, status):
    meet_all(pod, acquaintance)
    elsewhere.says["https://bob.example/"] = status
    pod.services.clock.time += REFRESH_MS / 1000
    meet_all(pod, acquaintance)
    assert seen(pod) == PersonSeen(None, None)


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("picture", [Unreachable("down"), 500, b"no picture at all", b"x" * 5_000_000])
def test_a_picture_that_cannot_be_had_leaves_the_name_and_what_is_known(pod, acquaintance, elsewhere, picture):
    elsewhere.says[PICTURE] = picture
    meet_all(pod, acquaintance)
    assert seen(pod) == PersonSeen("Bob Builder", None)


@pytest.mark.usefixtures("named")
def test_a_picture_that_stays_large_is_not_kept(pod, acquaintance, elsewhere):
    elsewhere.says[PICTURE] = b"loud"
    meet_all(pod, acquaintance)
    assert seen(pod) == PersonSeen("Bob Builder", None)


def test_nobody_is_asked_for_whom_nobody_names_any_more(pod, acquaintance, elsewhere, named):
    pod.remove("contacts/bob")
    pod.catch_up()
    meet_all(pod, acquaintance)
    assert elsewhere.asked == []
    assert pod.services.store.derived_rows("SELECT COUNT(*) FROM person") == [(0,)]


def test_one_host_is_asked_so_often_in_a_minute_and_the_rest_waits(pod, acquaintance, elsewhere):
    pod.write_all({f"c/{n}": contact("N", f"https://big.example/{n}#me") for n in range(FETCHES_PER_MINUTE + 5)})
    pod.catch_up()
    meet_all(pod, acquaintance)
    assert len(elsewhere.asked) == FETCHES_PER_MINUTE
    later = pod.services.store.derived_rows("SELECT COUNT(*) FROM person WHERE failures = 0 AND fetched_ms IS NULL")
    assert later == [(5,)]
    pod.services.clock.time += BUSY_MS / 1000
    meet_all(pod, acquaintance)
    assert len(elsewhere.asked) == FETCHES_PER_MINUTE + 5


def test_people_of_this_server_are_read_as_everyone_may_and_never_fetched(pod, acquaintance, elsewhere):
    carol = create_account(pod.services, "carol")
    web_id = pod.services.accounts.web_ids(carol.id)[0]
    pod.write("c", contact("Carol", web_id))
    private = f"{PUBLIC}alice/private#me"
    pod.write("private", "<#me> foaf:name 'Secret'.")
    pod.write("d", contact("Me", private))
    pod.catch_up()
    meet_all(pod, acquaintance)
    assert seen(pod, web_id).name == "carol"
    assert seen(pod, private) == PersonSeen(None, None)
    assert elsewhere.asked == []
    assert due_in(pod, web_id) == (OWN_REFRESH_MS, 0)


def test_a_changed_profile_of_this_server_is_read_again_at_once(pod, acquaintance):
    web_id = f"{PUBLIC}alice/me#it"
    pod.write("c", contact("Me", web_id))
    pod.catch_up()
    meet_all(pod, acquaintance)
    assert due_in(pod, web_id)[0] > 0
    pod.write("me", "<#it> a foaf:Person; foaf:name 'Alice'; solid:oidcIssuer <https://pods.example/>.")
    pod.catch_up()
    assert due_in(pod, web_id)[0] == 0


def test_many_are_asked_at_one_time_and_a_silent_host_does_not_stop_the_others(pod, elsewhere):
    silent, others = Event(), Barrier(2, timeout=60)
    pod.write_all({f"c/{n}": contact("N", f"https://silent.example/{n}#me") for n in range(WAITING_MAX + 6)})
    pod.catch_up()
    pod.write("z", contact("Bob", BOB))
    pod.services.clock.time += 1
    pod.catch_up()
    answer = elsewhere.fetch

    def fetch(url, **more):
        if "silent" in url:
            silent.wait(60)
            raise Unreachable("at last")
        if url == PICTURE:
            others.wait()
        return answer(url, **more)

    elsewhere.fetch = fetch
    acquaintance = Acquaintance(pod.services, elsewhere, encode)
    try:
        acquaintance.work()
        acquaintance.work()
        others.wait()
    finally:
        silent.set()
        acquaintance.close()


def test_what_was_busy_is_asked_a_minute_later(pod, acquaintance, elsewhere, named):
    elsewhere.says["https://bob.example/"] = Busy("taking long")
    meet_all(pod, acquaintance)
    assert due_in(pod) == (BUSY_MS, 0)


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    "profile", ["<#me> foaf:name", "<#me> foaf:name ''.", "<#me> vcard:hasPhoto <data:image/png,x>."]
)
def test_hostile_profiles_are_no_harm(pod, acquaintance, elsewhere, profile):
    elsewhere.says["https://bob.example/"] = profile
    meet_all(pod, acquaintance)
    assert seen(pod) in (None, PersonSeen(None, None))


def test_nothing_is_kept_that_was_not_made_here(pod, acquaintance, elsewhere, named):
    elsewhere.says[PICTURE] = b"<script>alert(1)</script>"
    meet_all(pod, acquaintance)
    assert people.picture(pod.services.store, seen(pod).picture_key).startswith(b"\x89PNG")
