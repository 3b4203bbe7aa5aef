"""The owner's profile: changed by what they changed, with everything of others and who may sign in left as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pod.errors import ContentTooLarge, NotFound
from pod.people.card import Address, Card, Point
from pod.people.profile import Profiles
from pod.protocol.modes import AccessMode
from pod.sharing.audiences import EVERYONE, Level
from tests.support.people import PUBLIC as BASE
from tests.support.shapes import faults
from tests.unit.people.test_address_book import PICTURE, content, exists, path_of
from tests.unit.sharing.pod import ALICE, Pod, pod_of

CARD = "/alice/profile/card"
WHOLE = Card(
    name="Alice Adams",
    nickname="Al",
    organisation="Club",
    role="Chair",
    pronouns="she/her",
    birthday="--04-01",
    note="Hello",
    emails=(Point("alice@example.org", "work"),),
    phones=(Point("+49-30-1", ""),),
    addresses=(Address(locality="Berlin", country="Germany"),),
    pages=("https://alice.example/",),
)


@pytest.fixture(params=["wac", "acp"])
def pod(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pod]:
    with pod_of(tmp_path, request.param) as made:
        yield made


@pytest.fixture
def profiles(pod: Pod) -> Profiles:
    return Profiles(pod.services, lambda tx, *what: pod.sharing.share_within(tx, *what, EVERYONE, Level.READ))


def test_a_profile_is_read_as_it_was_written_and_has_the_published_shape(pod: Pod, profiles: Profiles):
    before = profiles.profile(pod.account, "/alice/")
    assert before.card == Card(name="alice")
    profiles.change(pod.account, before.web_id, before.card, WHOLE)
    assert profiles.profile(pod.account, "/alice/").card == WHOLE
    text = content(pod, CARD)
    assert faults("profile", text, ALICE) == ""
    for each in (b"oidcIssuer", b"preferencesFile", b"publicTypeIndex", b"inbox", b"foaf:Person"):
        assert each in text


def test_what_apps_keep_in_it_stays(pod: Pod, profiles: Profiles):
    text = content(pod, CARD).decode().replace("foaf:name", "foaf:knows <https://bob.example/#me>; foaf:name")
    pod.write(CARD, text.partition("PREFIX")[0] if text.startswith("PREFIX") else text)
    seen = profiles.profile(pod.account, "/alice/").card
    profiles.change(pod.account, ALICE, seen, replace(seen, name="Alice"))
    assert b"bob.example" in content(pod, CARD)


def test_a_picture_is_for_everyone_and_goes_when_another_comes(pod: Pod, profiles: Profiles):
    seen = profiles.profile(pod.account, "/alice/").card
    profiles.change(pod.account, ALICE, seen, seen, PICTURE)
    first = profiles.profile(pod.account, "/alice/").card
    assert first.photo.startswith(f"{BASE}alice/profile/picture-")
    assert pod.modes(path_of(first.photo)) == AccessMode.READ
    profiles.change(pod.account, ALICE, first, first, PICTURE + b"2")
    second = profiles.profile(pod.account, "/alice/").card
    assert not exists(pod, path_of(first.photo))
    profiles.change(pod.account, ALICE, second, second, b"")
    assert not exists(pod, path_of(second.photo))
    assert profiles.profile(pod.account, "/alice/").card.photo == ""


def test_no_more_is_written_than_others_read(pod: Pod, profiles: Profiles):
    room = pod.services.config.remote_bytes_max
    text = content(pod, CARD).decode() + f'<#me> rdfs:comment "{"x" * (room - 2_000)}".'
    pod.write(CARD, text)
    seen = profiles.profile(pod.account, "/alice/").card
    with pytest.raises(ContentTooLarge):
        profiles.change(pod.account, ALICE, seen, replace(seen, note="x" * 9_000))


def test_nobody_changes_the_profile_of_others(pod: Pod, profiles: Profiles):
    for account in (pod.account + 1, 0):
        with pytest.raises(NotFound):
            profiles.profile(account, "/alice/")
        with pytest.raises(NotFound):
            profiles.change(account, ALICE, Card(), WHOLE)
