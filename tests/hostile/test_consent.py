"""What apps, and what they left in a pod, may try on the page that asks what they may do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from pod.identity.authorization_details import TYPE
from pod.identity.ceilings import BESIDE
from pod.identity.consent import connected
from pod.identity.kinds import INDEX
from pod.operations.provision import PRIVATE_TYPE_INDEX
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.store.records import SERVER, Content, Kind
from tests.support.pages import Guest, Site, forms

MARKUP = "<b onclick=alert(1)>&quot;'"
AUTHORIZE = "/.oidc/authorize"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    for name in ("alice", "bob"):
        site.account(name)
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def put(site: Site, path: str, text: str) -> None:
    """As an app that may write there does."""
    content = Content("text/turtle", len(text.encode()), "", inline=text.encode())
    with site.services.store.write(SERVER) as tx:
        snapshot = tx.describe(Target.parse(path))
        assert snapshot.state is not None
        tx.replace(snapshot.state, content, kind=Kind.RDF, acl=snapshot.acls[0])


def register(site: Site, cls: str, place: str) -> None:
    text = f"""@prefix solid: <http://www.w3.org/ns/solid/terms#>.
    <#it> a solid:TypeRegistration; solid:forClass <{cls}>; solid:instanceContainer <{place}>."""
    put(site, f"/alice/{PRIVATE_TYPE_INDEX}", text)


def fields_of(page: TestResponse) -> dict[str, str]:
    return next(fields for action, fields in forms(page.text) if action == AUTHORIZE)


def answer(guest: Guest, page: TestResponse, **choices: str) -> TestResponse:
    return guest.post(AUTHORIZE, {**fields_of(page), "answer": "allow", **choices})


def test_names_of_kinds_and_folders_are_text(site: Site, alice: Guest):
    register(site, "https://vocab.example/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/alice/%3Cimg%20src=x%3E/")
    page = alice.ask(site.app_id(client_name=MARKUP)).text
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;img" in page


@pytest.mark.parametrize(
    "place",
    [
        "/alice/",
        "/bob/posts/",
        "https://elsewhere.example/",
        "/alice/posts/../../bob/",
        "/alice/.acl",
        "mailto:a@b.example",
    ],
)
def test_a_type_index_cannot_stretch_a_kind(site: Site, alice: Guest, place: str):
    register(site, "https://www.w3.org/ns/activitystreams#Note", place)
    fields = fields_of(alice.ask(site.app_id()))
    assert "at:/alice/posts/" in fields
    assert not any(name.startswith(("at:/bob", "at:http")) or name == "at:/alice/" for name in fields)


def test_a_page_that_an_app_made_out_of_date_is_shown_again(site: Site, alice: Guest):
    page = alice.ask(site.app_id())
    register(site, "https://www.w3.org/ns/activitystreams#Note", "/alice/inbox/")
    again = answer(alice, page, access="some", **{"at:/alice/posts/": "edit"})
    assert again.status_code == 422
    assert "changed meanwhile" in again.text
    assert connected(site.services, 1) == ()


def test_nobody_learns_what_is_in_pods_of_others(site: Site, alice: Guest):
    there, nowhere = (f"{site.base_url}bob/{path}" for path in ("settings/prefs.ttl", "no/such/thing"))
    answers = [answer(alice, alice.ask(site.app_id()), access="some", other=each) for each in (there, nowhere)]
    assert {each.status_code for each in answers} == {303}


@pytest.mark.parametrize("field", ["at:/bob/", "at:/alice/no/such/", "at:x", "at:/alice/posts/.acl"])
def test_a_field_that_the_page_did_not_have_gives_nothing(site: Site, alice: Guest, field: str):
    assert answer(alice, alice.ask(site.app_id()), access="some", **{field: "edit"}).status_code == 422
    assert connected(site.services, 1) == ()


def test_without_a_choice_nothing_is_given(site: Site, alice: Guest):
    page = alice.ask(site.app_id())
    fields = {name: value for name, value in fields_of(page).items() if name != "access"}
    assert alice.post(AUTHORIZE, {**fields, "answer": "allow"}).status_code == 400
    assert connected(site.services, 1) == ()


def test_a_page_stays_small_whatever_is_in_the_pod(site: Site, alice: Guest):
    for number in range(60):
        path = f"/alice/folder-{number:03}/"
        with site.services.store.write(SERVER) as tx:
            tx.create(Target.parse(path), Kind.CONTAINER, Content("text/turtle", 0, "", inline=b""), acl=None)
    details = [
        {"type": TYPE, "actions": ["read"], "locations": [f"{site.base_url}alice/x{each}/" for each in range(20)]}
    ]
    page = alice.ask(site.app_id(), authorization_details=json.dumps(details))
    assert len(re.findall("<select", page.text)) <= 40
    assert answer(alice, page).status_code == 303


def test_a_full_pod_lets_an_app_be_limited(tmp_path: Path):
    site = Site(tmp_path, quota_resources=12)
    site.account("alice")
    alice = site.signed_in("alice")
    assert answer(alice, alice.ask(site.app_id()), access="some", **{"at:/alice/posts/": "see"}).status_code == 303
    (app,) = connected(site.services, 1)
    assert not app.ceiling.full


# -- changing it -------------------------------------------------------------------------------------------------------

READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL
EDIT = READ | APPEND | WRITE
PREFERENCES, INDEX_PATH = "/alice/settings/prefs.ttl", f"/alice/{PRIVATE_TYPE_INDEX}"


def limited(site: Site, alice: Guest, ceiling: Ceiling) -> str:
    """The page on which an app with this ceiling is changed."""
    answer(alice, alice.ask(site.app_id()), access="everything")
    (shown,) = connected(site.services, 1)
    with site.services.store.write(SERVER) as tx:
        site.services.apps.limit(tx, shown.app.id, ceiling, None)
    return f"/.account/apps/change?app={shown.app.id}"


@pytest.mark.parametrize(
    ("items", "elsewhere"),
    [
        ({"/alice/posts/": (EDIT | CONTROL, None), "/alice/inbox/": (EDIT, None)}, READ),
        ({"/alice/posts/": (READ | CONTROL, "posts"), "/alice/inbox/": (CONTROL, None)}, AccessMode.NONE),
        ({INDEX_PATH: (READ, INDEX), PREFERENCES: (READ, BESIDE)}, AccessMode.NONE),
        ({INDEX_PATH: (READ, None), "/alice/inbox/": (APPEND | CONTROL, None)}, READ),
        ({INDEX_PATH: (READ, INDEX), PREFERENCES: (EDIT, None), "/bob/x/": (READ | APPEND, None)}, READ),
    ],
)
def test_saving_what_is_shown_changes_nothing(site: Site, alice: Guest, items, elsewhere: AccessMode):
    ceiling = Ceiling(items=tuple(CeilingItem(path, *each) for path, each in items.items()), elsewhere=elsewhere)
    saved = alice.submit(limited(site, alice, ceiling), "/.account/apps/change")
    (shown,) = connected(site.services, 1)
    assert saved.status_code == 303, saved.text
    assert (set(shown.ceiling.items), shown.ceiling.elsewhere) == (set(ceiling.items), elsewhere)


def test_all_that_an_app_has_is_told(site: Site, alice: Guest):
    items = (
        CeilingItem("/alice/posts/", READ | CONTROL),
        CeilingItem(INDEX_PATH, READ, INDEX),
        CeilingItem(PREFERENCES, READ, BESIDE),
    )
    limited(site, alice, Ceiling(items=items, elsewhere=READ))
    told = alice.get("/.account/apps").text
    assert "<bdi>posts</bdi> (see, and decide who has access)" in told
    assert (
        "The list of what is where</bdi> in <bdi>settings/privateTypeIndex.ttl</bdi> (see; and see settings/prefs.ttl)"
        in told
    )
    assert "what others on this server share with you" in told


def test_what_comes_along_is_told_before(site: Site, alice: Guest):
    assert "it also sees settings/prefs.ttl" in alice.ask(site.app_id()).text


def test_an_old_page_undoes_nothing(site: Site, alice: Guest):
    page = limited(site, alice, Ceiling(items=(CeilingItem("/alice/inbox/", EDIT),)))
    fields = next(fields for action, fields in forms(alice.get(page).text) if action == "/.account/apps/change")
    alice.submit(page, "/.account/apps/change", **{"at:/alice/inbox/": "none", "at:/alice/posts/": "see"})
    again = alice.post("/.account/apps/change", fields)
    (shown,) = connected(site.services, 1)
    assert (again.status_code, [item.path for item in shown.ceiling.items]) == (422, ["/alice/posts/"])
    now = next(fields for action, fields in forms(again.text) if action == "/.account/apps/change")
    assert (now["at:/alice/inbox/"], now["at:/alice/posts/"]) == ("none", "see")


def test_a_level_that_was_not_offered_is_refused(site: Site, alice: Guest):
    assert (
        answer(alice, alice.ask(site.app_id()), access="some", **{"at:/alice/posts/": "edit-control"}).status_code
        == 400
    )
