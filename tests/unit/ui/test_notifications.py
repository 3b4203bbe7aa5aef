"""The page of channels: what an owner sees of them, what stays the subscriber's secret, and ending one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pod.identity.clients import create_client
from pod.notifications.overview import LISTED_MAX, list_channels
from pod.protocol.notification import ChannelType
from pod.store.channels import Channels, Deliveries, Delivery
from tests.support.pages import BASE, NOW, Site
from tests.unit.notifications.channels import add, channel

PAGE = "/.account/notifications"
SECRET = "https://hooks.example/in/a-secret-path"
END_MS = int(NOW * 1000) + 86_400_000


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.account("alice")
    made.account("bob")
    yield made
    made.services.close()


def storage(site, name):
    return site.services.store.rows("SELECT id FROM storage WHERE path = ?", (f"/{name}/",))[0][0]


def subscribed(site, by, about, **changes):
    usual = {
        "id": f"{by}-{about}",
        "agent": f"{BASE}{by}/profile/card#me",
        "client": "https://app.example/id",
        "storage": storage(site, about),
        "topics": (f"/{about}/notes",),
        "send_to": SECRET,
        "end_ms": END_MS,
    }
    return add(site.services.store, channel(**usual | changes))


def listed(site, name):
    account = site.services.accounts.by_name(name)
    return {each.id: each for each in list_channels(site.services, account.id).channels}


def test_an_owner_sees_their_own_channels_and_those_on_their_pods(site):
    for by, about in (("alice", "alice"), ("alice", "bob"), ("bob", "alice"), ("bob", "bob")):
        subscribed(site, by, about)
    assert {key: each.is_own for key, each in listed(site, "alice").items()} == {
        "alice-alice": True,
        "alice-bob": True,
        "bob-alice": False,
    }


def test_the_page_tells_to_whom_about_what_and_how_it_goes(site):
    made = subscribed(site, "bob", "alice", subtree=True)
    failing = Delivery(made.id, 1, failures=3, last_status=500, last_error="It answered with status 500.")
    Deliveries(site.services.store).save(replace(failing, last_success_ms=int(NOW * 1000)))
    page = site.signed_in("alice").get(PAGE).text
    for text in (
        "hooks.example",
        "not yours",
        "3 tries in a row failed",
        "It answered with status 500.",
        "Last delivered",
    ):
        assert (text in page) == (text != "not yours")
    assert "a-secret-path" not in page


def test_a_program_is_called_what_its_owner_called_it(site):
    made = create_client(site.services, "alice", "Backup")[0]
    subscribed(site, "alice", "alice", client=made.id, send_to=None, type=ChannelType.WEBSOCKET)
    assert "<bdi>Backup</bdi>" in site.signed_in("alice").get(PAGE).text


def test_one_that_was_switched_off_says_so(site):
    made = subscribed(site, "alice", "alice")
    off = Delivery(
        made.id, 1, failures=32, due_ms=-1, last_error="It did not answer in time.", disabled_ms=int(NOW * 1000)
    )
    Deliveries(site.services.store).save(off)
    page = site.signed_in("alice").get(PAGE).text
    assert "switched off" in page
    assert "after 32 tries in a row had failed" in page


@pytest.mark.parametrize("by", ["alice", "bob"])
def test_stopping_one_ends_it(site, by):
    subscribed(site, by, "alice")
    assert site.signed_in("alice").submit(PAGE, PAGE).location == PAGE
    assert Channels(site.services.store).push_channels() == []


def test_nobody_stops_what_is_none_of_theirs(site):
    subscribed(site, "alice", "alice", id="hers")
    bob = site.signed_in("bob")
    assert bob.post(PAGE, {"csrf": bob.token(), "channel": "hers"}).location == PAGE
    assert len(Channels(site.services.store).push_channels()) == 1


def test_what_has_ended_is_not_listed(site):
    subscribed(site, "alice", "alice", end_ms=1)
    assert listed(site, "alice") == {}


def test_very_many_are_listed_in_part(site):
    for number in range(LISTED_MAX + 2):
        subscribed(site, "alice", "alice", id=str(number), created_ms=number)
    page = site.signed_in("alice").get(PAGE).text
    assert "And 2 more that are older." in page
    assert f"{LISTED_MAX + 2} receivers of changes" in site.signed_in("alice").get("/.account/").text


def test_without_channels_it_says_what_this_is(site):
    assert "Nobody is told of changes" in site.signed_in("alice").get(PAGE).text
