"""Mail about what operators did and about room, in the language of whoever reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pod.console.members import Console
from pod.identity.accounts import create_account, named
from pod.identity.outgoing_mail import Postman
from pod.mail.message import ENGLISH, FACTORS_CHANGED, SEEN, TEXTS, Letter, message
from pod.services import Services
from pod.store.mail import MailKind
from pod.store.records import SERVER
from pod.ui.language import LANGUAGES
from pod.ui.letters import speech
from tests.support.pages import Site
from tests.support.stores import put

_PLACE = re.compile(r"\{(\w*)\}")
DAY = 24 * 3600


@pytest.fixture
def site(tmp_path) -> Site:
    settings = {"mail_from": "pods@pods.example", "smtp_host": "localhost", "registration": "invitation"}
    site = Site(tmp_path, **settings, quota_bytes=100_000)
    for name in ("alice", "bob"):
        create_account(site.services, name, email=f"{name}@mail.example")
    return site


def delivered(services: Services) -> list[tuple[str, str]]:
    """Subject and text of all that waits, as the worker sends it."""
    mails: list[tuple[str, str]] = []

    def take(_config, mail, _email) -> None:
        mails.append((mail["Subject"], mail.get_content()))

    Postman(services.config, services.store, services.clock, take, speech).work()
    return mails


def speak(site: Site, name: str, language: str) -> None:
    guest = site.signed_in(name)
    page = guest.get("/.account/").text
    token = re.search(r'action="/.account/language".*?name="csrf" value="([^"]+)"', page, re.DOTALL)[1]
    assert guest.post("/.account/language", {"csrf": token, "language": language, "back": "/"}).status_code == 303


def console(site: Site) -> Console:
    return Console(site.services, named(site.services, "alice"))


def test_who_is_suspended_reads_why_and_who_decided(site: Site):
    console(site).suspend("bob", "Against {the} %s terms")
    ((subject, text),) = delivered(site.services)
    assert subject == "Your account on pods.example is suspended"
    assert "Against {the} %s terms" in text
    assert "https://pods.example/.about/" in text


def test_who_was_let_in_again_meanwhile_gets_no_mail_of_having_been_suspended(site: Site):
    console(site).suspend("bob", "a slip")
    console(site).resume("bob")
    assert [subject for subject, _ in delivered(site.services)] == ["Your account on pods.example works again"]


def test_mail_is_in_the_language_that_its_reader_chose(site: Site):
    speak(site, "bob", "de")
    console(site).suspend("bob", "Darum")
    ((subject, text),) = delivered(site.services)
    assert subject == speech("de").said(TEXTS[MailKind.SUSPENDED][0]).format(host="pods.example")
    assert subject != TEXTS[MailKind.SUSPENDED][0].format(host="pods.example")
    assert "15. Januar 2027" in text


def test_invitations_are_in_the_language_of_those_who_invite(site: Site):
    speak(site, "alice", "fr")
    site.signed_in("alice").submit("/.console/invitations", emails="new@mail.example")
    ((subject, _),) = delivered(site.services)
    assert subject == speech("fr").said(TEXTS[MailKind.INVITATION][0]).format(host="pods.example")


def test_signing_up_notes_the_language_of_the_page(site: Site):
    site.signed_in("alice").submit("/.console/organisation", registration="open")
    guest = site.guest()
    page = "/.account/sign-up"
    token = re.search(r'name="csrf" value="([^"]+)"', guest.get(page, **{"Accept-Language": "fr"}).text)[1]
    fields = {"csrf": token, "name": "dora", "password": "a password of many words"}
    assert guest.post(page, fields, **{"Accept-Language": "fr"}).status_code == 303
    assert site.services.accounts.language(named(site.services, "dora").id) == "fr"


def test_a_pod_that_gets_full_is_told_by_mail_and_notice_once_a_day(site: Site):
    for times in range(3):
        put(site.services.store, "/bob/big", bytes(90_000))
        put(site.services.store, "/bob/big", b"")
        assert len(delivered(site.services)) == (times == 0)
    site.clock.time += DAY + 1
    put(site.services.store, "/bob/big", bytes(90_000))
    assert [subject for subject, _ in delivered(site.services)] == ["Your pod on pods.example is nearly full"]
    assert "nearly full" in site.signed_in("bob").get("/.notices/").text


def test_less_room_that_an_operator_gives_is_told_too(site: Site):
    put(site.services.store, "/bob/big", bytes(50_000))
    assert delivered(site.services) == []
    console(site).set_quota("bob", 55_000, 0)
    assert [subject for subject, _ in delivered(site.services)] == ["Your pod on pods.example is nearly full"]


def test_an_address_that_is_not_surely_theirs_gets_nothing(site: Site):
    with site.services.store.write(SERVER) as tx:
        tx.rows("UPDATE account SET email_verified_ms = NULL WHERE name = 'bob'")
    console(site).suspend("bob", "x")
    put(site.services.store, "/bob/big", bytes(90_000))
    assert delivered(site.services) == []


def texts() -> Iterator[str]:
    for each in TEXTS.values():
        yield from each
    yield from (*FACTORS_CHANGED.values(), *SEEN.values())


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_translation_of_mail_has_the_places_of_the_text_and_fits(language: str, site: Site):
    said = speech(language).said
    for text in texts():
        assert sorted(_PLACE.findall(said(text))) == sorted(_PLACE.findall(text)), text
    for kind in MailKind:
        letter = Letter(kind, "https://pods.example/x", "bob", "1", "Firefox", "203.0.113.9", "why")
        content = message(site.services.config, letter, "bob@mail.example", 0, said).get_content()
        assert content != message(site.services.config, letter, "bob@mail.example", 0).get_content()
        assert max(map(len, content.splitlines())) < 150
        assert [line for line in content.splitlines() if "://" in line] == [letter.link]


def test_a_language_that_is_none_of_ours_is_english():
    assert speech("xx") is speech("") is ENGLISH
