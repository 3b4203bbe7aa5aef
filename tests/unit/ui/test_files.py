"""Folders on their pages: new ones in them, what goes from them and what stays, and what is shown of a file."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import pytest
from markupsafe import escape
from werkzeug.test import TestResponse

from pod.files.keeping import Wish, keep_file
from pod.identity.accounts import named
from pod.operations.move import Moved
from pod.operations.writing import acting_for
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.ui.views import name_of
from tests.support.pages import Guest, Site
from tests.support.stores import put

ALICE = "/alice/things/"
HERE = f"/.home{ALICE}"
NAMES = (
    "plain.txt",
    "%3Cb%3Ebold%3C%2Fb%3E".replace("%2F", "_"),
    "%E2%80%AEtxt.exe",
    "it%27s%20%22quoted%22",
    "a" * 255,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"), registration="open")
    for name in ("alice", "bob"):
        site.account(name)
    return site


@pytest.fixture
def she(site: Site) -> Guest:
    return site.signed_in("alice")


def keep(site: Site, *names: str, media_type: str = "text/plain") -> None:
    for name in names:
        services, target = site.services, Target.parse(ALICE + name)
        if services.store.describe(target).state is None:
            who = acting_for(services, services.store, named(services, "alice").id, ALICE)
            keep_file(services, who, Wish(target, MediaType(media_type)), io.BytesIO(b"1"))


def is_there(site: Site, name: str) -> bool:
    return site.services.store.describe(Target.parse(ALICE + name)).state is not None


def do(guest: Guest, what: str, *names: str, at_address: str = HERE, **fields: str) -> TestResponse:
    """As a browser sends the form with these ticked."""
    chosen = [("chosen", at_address.partition("?")[0] + name) for name in names]
    sent = [("csrf", guest.token()), ("do", what), *chosen, *fields.items()]
    return guest.client.post(
        at_address,
        data=urlencode(sent),
        content_type="application/x-www-form-urlencoded",
        base_url=guest.site.base_url,
        headers={"Origin": guest.site.base_url[:-1], "Sec-Fetch-Site": "same-origin"},
    )


def test_what_is_ticked_goes_after_a_question_that_names_it(site: Site, she: Guest):
    keep(site, *NAMES, "stays.txt")
    page = she.get(HERE).text
    assert all(f'value="{HERE}{name}"' in page for name in NAMES)
    asked = do(she, "delete", *NAMES)
    assert asked.status_code == 200
    assert all(f"<bdi>{escape(name_of(name))}</bdi>" in asked.text for name in NAMES)
    assert all(is_there(site, name) for name in NAMES)
    gone = do(she, "deleted", *NAMES)
    assert (gone.status_code, gone.headers["Location"]) == (303, f"{HERE}?deleted=5")
    assert [is_there(site, name) for name in (*NAMES, "stays.txt")] == [False] * 5 + [True]
    assert "Deleted: 5" in she.get(f"{HERE}?deleted=5").text


def test_a_folder_goes_with_everything_in_it_which_is_told_before(site: Site, she: Guest):
    keep(site, "full/inside.txt", "full/deeper/inside.txt", "beside.txt")
    asked = do(she, "delete", "full/", "beside.txt")
    assert "Folder with 3 things in it, 2 bytes" in asked.text
    assert do(she, "deleted", "full/", "beside.txt").status_code == 303
    assert [is_there(site, name) for name in ("full/", "full/deeper/inside.txt", "beside.txt")] == [False] * 3


def test_what_must_stay_is_told_by_its_name_and_the_rest_goes(site: Site, she: Guest):
    keep(site, "kept-by-server.txt", "goes.txt")
    root = "/.home/alice/"
    answer = do(she, "deleted", "profile/", at_address=root)
    assert answer.status_code == 422
    assert "profile: " in answer.text
    assert site.services.store.describe(Target.parse("/alice/profile/card")).state is not None


def test_nothing_ticked_is_told(site: Site, she: Guest):
    keep(site, "one.txt")
    assert "Choose something first" in do(she, "delete").text


# -- names and places ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "said", "new"),
    [
        ("a.txt", "b c.txt", "b%20c.txt"),
        ("box/", "Kiste", "Kiste/"),
        ("x/y.txt".replace("/", "-"), "u/v\\w.txt", "u-v-w.txt"),
    ],
)
def test_a_thing_gets_the_name_it_was_given(site: Site, she: Guest, old: str, said: str, new: str):
    keep(site, f"{old}in.txt" if old.endswith("/") else old)
    form = she.get(f"{HERE}{old}?change=rename").text
    assert f'value="{name_of(old)}"' in form
    assert do(she, "renamed", old, name=said).headers["Location"] == f"{HERE}?renamed=1"
    assert (is_there(site, old), is_there(site, new)) == (False, True)


@pytest.mark.parametrize("said", ["", "  ", "..", "x" * 256, "taken.txt", "\u202e"])
def test_a_new_name_that_cannot_be_is_told_at_its_field(site: Site, she: Guest, said: str):
    keep(site, "old.txt", "taken.txt")
    answer = do(she, "renamed", "old.txt", name=said)
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert is_there(site, "old.txt")


def test_the_name_it_has_already_is_no_change(site: Site, she: Guest):
    keep(site, "same.txt")
    assert do(she, "renamed", "same.txt", name="same.txt").status_code == 303


def test_things_go_to_a_folder_that_is_looked_for_step_by_step(site: Site, she: Guest):
    keep(site, "one.txt", "two.txt", "from/here/x.txt", "there/x.txt")
    asked = do(she, "move", "one.txt", "from/")
    assert "This is where it is now" in asked.text
    assert 'value="/alice/things/there/"' in asked.text
    assert 'name="at" value="/alice/things/from/"' not in asked.text, "nothing goes into itself"
    there = do(she, "move", "one.txt", "from/", at=f"{ALICE}there/").text
    assert "Move to there</button>" in there
    assert 'name="at" value="/alice/"' in there
    moved = do(she, "moved", "one.txt", "from/", at=f"{ALICE}there/")
    assert moved.headers["Location"] == f"{HERE}?moved=2&to=%2Falice%2Fthings%2Fthere%2F"
    assert all(is_there(site, name) for name in ("there/one.txt", "there/from/here/x.txt", "two.txt"))
    assert f'href="{HERE}there/"' in she.get(moved.headers["Location"]).text


def test_links_to_what_moves_follow_it(site: Site, she: Guest):
    keep(site, "linked.txt")
    put(site.services.store, f"{ALICE}list.ttl", b"<> <http://purl.org/dc/terms/references> <linked.txt> .")
    do(she, "renamed", "linked.txt", name="new.txt")
    page = she.get(f"{HERE}list.ttl").text
    assert f'href="{HERE}new.txt"' in page
    assert "linked.txt" not in page


def test_what_holds_an_identity_cannot_go_and_is_not_offered_to(site: Site, she: Guest):
    page = she.get("/.home/alice/profile/?change=delete").text
    assert "This cannot be deleted" in page
    assert "WebID" in page


def test_a_folder_is_made_while_a_place_is_looked_for(site: Site, she: Guest):
    keep(site, "lonely.txt")
    page = do(she, "make-there", "lonely.txt", at=ALICE, name="New place")
    assert "Move to New place</button>" in page.text
    assert is_there(site, "New%20place/")


@pytest.mark.parametrize("mover", ["alice", "bob"])
def test_the_list_of_limits_is_written_anew_for_whose_pod_it_is(site: Site, monkeypatch, mover: str):
    told: list[int] = []
    monkeypatch.setattr("pod.ui.files.move_with_links", lambda *_: Moved(1, 0, (), limits_followed=True))
    monkeypatch.setattr("pod.ui.files.refresh", lambda _, account: told.append(account))
    assert do(site.signed_in(mover), "renamed", "a.txt", name="b.txt").status_code == 303
    assert told == [named(site.services, "alice").id]


def test_what_cannot_move_stays_with_the_reason(site: Site, she: Guest):
    keep(site, "a.txt", "b.txt", "target/a.txt")
    answer = do(she, "moved", "a.txt", "b.txt", at=f"{ALICE}target/")
    assert answer.status_code == 422
    assert "a.txt: " in answer.text
    assert [is_there(site, name) for name in ("a.txt", "b.txt", "target/b.txt")] == [True, False, True]


@pytest.mark.parametrize("at", ["/bob/", "/alice/none/", "/alice/profile/card", "/alice/../bob/", "nowhere"])
def test_nothing_goes_where_its_owner_has_no_folder(site: Site, she: Guest, at: str):
    keep(site, "stays.txt")
    assert do(she, "moved", "stays.txt", at=at).status_code >= 400
    assert do(she, "move", "stays.txt", at=at).status_code >= 400
    assert is_there(site, "stays.txt")


def test_only_one_thing_is_renamed_at_a_time(site: Site, she: Guest):
    keep(site, "a1.txt", "a2.txt")
    assert "Choose one thing to rename" in do(she, "rename", "a1.txt", "a2.txt").text


def test_one_comes_back_to_the_folder_as_it_was_seen(site: Site, she: Guest):
    keep(site, "one.txt")
    answer = do(she, "make", at_address=f"{HERE}?as=grid&sort=newest&page=2&x=y", name="Seen")
    assert answer.headers["Location"] == f"{HERE}?as=grid&sort=newest&page=2&made=1"


@pytest.mark.parametrize("what", ["rename", "move", "delete", "destroy"])
@pytest.mark.parametrize("path", ["/.home/alice/", "/.home/alice/.acl"])
def test_a_pod_and_its_rules_are_not_changed_as_files_are(she: Guest, path: str, what: str):
    assert she.get(f"{path}?change={what}").status_code == 404


@pytest.mark.parametrize("name", ["../profile/card", "full/inside.txt", "", "/", "..%2Fx/y"])
def test_only_what_is_in_the_folder_can_be_ticked(site: Site, she: Guest, name: str):
    keep(site, "full/inside.txt")
    assert do(she, "deleted", name).status_code == 400
    assert is_there(site, "full/inside.txt")


@pytest.mark.parametrize(
    ("said", "made"), [("Trips", "Trips/"), (" a/b\\c ", "a-b-c/"), ("Fünf & <b>", "F%C3%BCnf%20%26%20%3Cb%3E/")]
)
def test_a_new_folder_has_the_name_it_was_given(site: Site, she: Guest, said: str, made: str):
    keep(site, "one.txt")
    assert do(she, "make", name=said).headers["Location"] == f"{HERE}?made=1"
    assert is_there(site, made)


@pytest.mark.parametrize("said", ["", "   ", "..", "x" * 256, "taken", "one.txt", "\u202e"])
def test_a_name_that_cannot_be_is_told_at_its_field(site: Site, she: Guest, said: str):
    keep(site, "one.txt", "taken/inside")
    answer = do(she, "make", name=said)
    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text


def test_others_can_change_nothing(site: Site):
    keep(site, "kept.txt")
    bob = site.signed_in("bob")
    assert do(bob, "deleted", "kept.txt").status_code in {403, 404, 422}
    assert do(bob, "moved", "kept.txt", at="/bob/").status_code in {403, 404, 422}
    assert do(bob, "make", name="Mine").status_code in {403, 404}
    assert (is_there(site, "kept.txt"), is_there(site, "Mine/")) == (True, False)


def test_a_form_from_elsewhere_changes_nothing(site: Site, she: Guest):
    keep(site, "kept.txt")
    sent = {"csrf": she.token(), "do": "deleted", "chosen": f"{HERE}kept.txt"}
    assert she.post(HERE, {**sent, "csrf": "x"}).status_code == 403
    assert she.post(HERE, sent, Origin="https://evil.example").status_code == 403
    assert is_there(site, "kept.txt")
