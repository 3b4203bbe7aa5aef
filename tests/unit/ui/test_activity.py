"""The page on which owners see who used their data: names, questions, pages, files, and for how long it is kept."""

from __future__ import annotations

import csv
import io
import re
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pod.audit.export import note_taken_along
from pod.audit.keeping import kept_days
from pod.audit.search import write_key
from pod.errors import StorageDamaged
from pod.identity.accounts import named
from pod.identity.clients import create_client
from pod.protocol.modes import AccessMode
from pod.store.access_records import ANYTHING
from pod.store.records import SERVER
from tests.support.pages import BASE, PASSWORD, Site

PAGE = "/.account/activity"
KEY_OF_HALVES = write_key((1, "\ud800", "", "", "", "", ""))
READ, WRITE, CONTROL = AccessMode.READ, AccessMode.WRITE, AccessMode.CONTROL


@pytest.fixture
def site(tmp_path: Path):
    made = Site(tmp_path)
    made.account("alice")
    made.account("bob")
    yield made
    made.services.close()


def web_id(name: str) -> str:
    return f"{BASE}{name}/profile/card#me"


def note(site: Site, path: str = "/alice/a", agent: str | None = None, client: str | None = None, **more) -> None:
    site.services.access_log.note(path, agent, client, more.pop("mode", READ), **{"allowed": True, **more})


def words(site: Site, query: str = "", name: str = "alice") -> list[str]:
    """Each line of the page, as it is read."""
    site.services.access_log.write_down()
    answer = site.signed_in(name).get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    lines = re.findall(r'<li>\n<span class="mark.*?<details', answer.text, re.DOTALL)
    texts = (re.sub(r"<span class=\"mark.*?</span>|<[^>]+>", " ", line) for line in lines)
    return [" ".join(text.replace("<details", "").split()) for text in texts]


def test_people_and_apps_have_names(site):
    program, _ = create_client(site.services, "alice", "Backup")
    note(site, "/alice/photos/my%20cat.jpg", web_id("bob"), "https://app.example/id")
    note(site, "/alice/a", web_id("alice"), program.id, mode=WRITE)
    note(site, "/alice/.acl", web_id("alice"), BASE, mode=CONTROL)
    note(site, "/alice/b", "https://eve.example/profile#me", "unknown", allowed=False)
    note(site, "/alice/b", None, f"{BASE}.account/links#link-7", mode=AccessMode.APPEND)
    note(site, "/alice/c", web_id("alice"), "https://app.example/id", allowed=False, limited=True)
    site.services.access_log.told("/alice/d", web_id("bob"), None)
    at = "08:00 UTC ·"
    assert sorted(words(site)) == sorted(
        [
            f"bob read photos/my cat.jpg {at} with app.example/id",
            f"You changed a {at} with Backup",
            f"You saw or changed who may use the whole pod {at} with the pages of this server",
            f"eve.example/profile elsewhere refused wanted to read b {at} with unknown",
            f"Somebody not signed in added to b {at} with a link",
            f"You refused wanted to read c {at} with app.example/id , which may do less",
            "bob was told that something changed in d 08:00 UTC",
        ]
    )


def test_no_token_of_another_server_borrows_a_name(site):
    """Not of these pages, of a link, of an app that its owner knows, nor of anything else."""
    account, said = named(site.services, "alice").id, {"name": "Holiday Photos", "host": "photos", "scope": "openid"}
    with site.services.store.write(SERVER) as tx:
        for known in ("photos", "https://trusted.example/id"):
            site.services.apps.remember(tx, account, known, web_id("alice"), **said)
    claims = (
        BASE,
        f"{BASE}.account/links#link-7",
        "photos",
        "*",
        "x” · with Photos\u202e",
        "https://trusted.example/id",
    )
    for client in claims:
        note(site, "/alice/a", web_id("bob"), client, issuer="https://idp.example/")
    lines = words(site)
    assert len([line for line in lines if "with an app that says it is “" in line]) == len(claims)
    assert not any("Holiday Photos" in line for line in lines)
    assert {line.count("”") for line in lines} == {1}
    assert "<dt>Signed in by</dt><dd>https:/<wbr>/<wbr>idp.example/<wbr></dd>" in site.signed_in("alice").get(PAGE).text
    assert len(words(site, urlencode({"app": "by:https://idp.example/ photos"}))) == 1
    assert words(site, urlencode({"app": "is:photos"})) == []


def test_what_an_app_called_itself_when_it_came_is_told_as_that(site):
    note(site, "/alice/a", web_id("bob"), site.app_id(client_name="the pages of this server"))
    (line,) = words(site)
    assert "with an app that calls itself “the pages of this server”" in line


def test_what_was_too_much_to_list_is_told(site):
    note(site, "/alice/?", web_id("bob"), "https://app.example/id")
    (line,) = words(site)
    assert line.startswith("bob read several things in your pod 08:00 UTC · with app.example/id")


def test_halves_of_characters_are_no_failure_of_the_server(site):
    alice = site.signed_in("alice")
    fields = ("after", "person", "app", "where", "since", "as", "pod", "done")
    for field, value in product(fields, ("%ED%A0%80", "%FF", "%00", KEY_OF_HALVES)):
        assert alice.get(f"{PAGE}?{field}={value}").status_code < 500, (field, value)


def test_names_that_others_chose_are_text(site):
    note(site, "/alice/a", "https://x.example/<script>", "<script>alert(1)</script>", allowed=False)
    site.services.access_log.write_down()
    assert "<script" not in site.signed_in("alice").get(PAGE).text


def test_nobody_sees_what_is_of_others(site):
    note(site)
    assert words(site, name="bob") == []
    assert site.signed_in("bob").get(f"{PAGE}?pod=alice").status_code == 404
    assert site.guest().get(PAGE).status_code == 303
    answer = site.signed_in("bob").get(f"{PAGE}?pod=alice&as=csv")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("person=is:", 1),
        (f"person=is:{web_id('bob').replace('#', '%23')}", 2),
        ("app=is:app", 2),
        ("where=photos/", 1),
        ("refused=yes", 1),
        ("since=2027-01-15&until=2027-01-15", 3),
        ("until=2027-01-14", 0),
        ("app=is:nobody-knows", 0),
    ],
)
def test_it_is_found_by(site, query, found):
    note(site, "/alice/photos/a", web_id("bob"), "app")
    note(site, "/alice/b", web_id("bob"), "app")
    note(site, "/alice/b", None, None, allowed=False)
    assert len(words(site, query)) == found


def test_others_are_found_apart_from_their_owner(site):
    note(site, "/alice/a", web_id("alice"), "app")
    note(site, "/alice/b", web_id("bob"), "app")
    note(site, "/alice/c")
    assert [line.split()[0] for line in words(site, "person=others")] == ["bob", "Somebody"]


def test_it_is_seen_that_everything_was_taken_along(site):
    assert site.signed_in("alice").submit("/.account/export").status_code == 200
    assert words(site) == ["You read the whole pod 08:00 UTC · with the pages of this server"]


def test_what_whoever_runs_the_server_did_is_told_as_that(site):
    note_taken_along(site.services, named(site.services, "alice"), by_operator=True)
    (line,) = words(site)
    assert line == "Whoever runs this server read the whole pod 08:00 UTC · with a command on the server"


def test_a_question_that_cannot_be_understood_is_shown_again(site):
    answer = site.signed_in("alice").get(f"{PAGE}?since=tomorrow&where=..")
    assert answer.status_code == 422
    assert 'value="tomorrow" autocomplete="off" aria-invalid="true"' in answer.text


def test_pages_lead_on_and_back(site):
    for number in range(60):
        note(site, f"/alice/{number}")
    first = words(site, "where=")
    text = site.signed_in("alice").get(PAGE).text
    older = re.search(r'href="([^"]+)">Older', text)[1].replace("&amp;", "&")
    second = words(site, older.partition("?")[2])
    assert (len(first), len(set(first + second))) == (50, 60)
    assert site.signed_in("alice").get(f"{PAGE}?after=nonsense").status_code == 400


@pytest.mark.parametrize(("form", "media_type"), [("csv", "text/csv; charset=utf-8"), ("ttl", "text/turtle")])
def test_it_is_taken_along_as_it_was_asked_for(site, form, media_type):
    note(site, "/alice/a", web_id("bob"), "app")
    note(site, "/alice/b", web_id("bob"), "app", allowed=False)
    site.services.access_log.write_down()
    answer = site.signed_in("alice").get(f"{PAGE}?refused=yes&as={form}")
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"] == f'attachment; filename="alice-activity.{form}"'
    assert (f"{BASE}alice/a" in answer.text, f"{BASE}alice/b" in answer.text) == (False, True)
    if form == "csv":
        assert len(list(csv.reader(io.StringIO(answer.text)))) == 2


def kept(site: Site, **fields: str):
    return site.signed_in("alice").submit(PAGE, f"{PAGE}/keep", **fields)


def test_its_owner_says_for_how_long_it_is_kept(site):
    note(site)
    site.services.access_log.write_down()
    answer = kept(site, days="0", password=PASSWORD)
    assert (answer.status_code, kept_days(site.services, "/alice/")) == (303, 0)
    assert site.services.access_log.records.page("/alice/", ANYTHING, 10) == []
    note(site)
    assert words(site) == []
    assert kept_days(site.services, "/bob/") == 90


@pytest.mark.parametrize("days", ["-1", "3651", "many", "", "1e3", "٣"])
def test_not_for_any_number_of_days(site, days):
    answer = kept(site, days=days, password=PASSWORD)
    assert (answer.status_code, kept_days(site.services, "/alice/")) == (422, 90)


def test_whoever_found_an_open_browser_cannot_wipe_out_their_traces(site):
    note(site)
    site.services.access_log.write_down()
    assert kept(site, days="0", password="a guess").status_code == 403
    assert len(words(site)) == 1


def test_a_damaged_file_is_told_and_nothing_else_suffers(site, monkeypatch):
    def refuse(*_):
        raise StorageDamaged("The database of this server is damaged. Nothing was changed.")

    monkeypatch.setattr(site.services.access_log.records, "_rows", refuse)
    alice = site.signed_in("alice")
    assert alice.get(PAGE).status_code == 500
    assert alice.get("/.account/").status_code == 200
