"""The pages about sharing: what they say, what comes of their forms, and who never sees them."""

from __future__ import annotations

import io
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from pod.identity.accounts import create_account
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.resource import Target
from pod.sharing import sharing
from pod.store.records import SERVER
from tests.support.pages import BASE, NOW, Guest, Site

PAGE, REMOVE, GROUPS = "/.account/sharing", "/.account/sharing/remove", "/.contacts/alice/groups"
FOLDER, FILE = "/alice/settings/", "/alice/settings/prefs.ttl"
ALICE, BOB = f"{BASE}alice/profile/card#me", f"{BASE}bob/profile/card#me"
DAY = 24 * 3600


both = pytest.mark.parametrize("site", ["wac", "acp"], indirect=True)
"""Languages of access rules."""


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, access_control=getattr(request, "param", "wac"))
    for name in ("alice", "bob"):
        create_account(site.services, name, password=None)  # passwords take long to hash
    yield site
    site.services.close()


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def page(path: str = FOLDER, **more: str) -> str:
    query = "".join(f"&{name}={quote(value, safe='')}" for name, value in more.items())
    return f"{PAGE}?resource={quote(url(path), safe='')}{query}"


def url(path: str) -> str:
    return BASE[:-1] + path


def text(answer: TestResponse) -> str:
    """What people read, without hints for those who only hear it."""
    main = re.sub(r'<span class="hidden">.*?</span>', "", answer.text.partition("<main")[2], flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def share(guest: Guest, path: str = FOLDER, **fields: str) -> TestResponse:
    return guest.submit(page(path), PAGE, **{"whom": "person", "level": "read", **fields})


def take_back(guest: Guest, path: str = FOLDER, **fields: str) -> TestResponse:
    return guest.post(REMOVE, {"csrf": guest.token(), "resource": url(path), "name": "", **fields})


def modes(site: Site, path: str, web_id: str | None) -> str:
    who = Credentials(web_id) if web_id else PUBLIC
    snapshot = site.services.store.describe(Target.parse(path), with_body=False)
    return " ".join(site.services.authorizer.decide(site.services.store, snapshot, who).modes.names())


@both
def test_sharing_with_somebody_takes_one_form(site: Site, alice: Guest):
    answer = share(alice, who="bob", level="edit", days="7")
    assert answer.status_code == 303
    assert modes(site, FILE, BOB) == "read write append"
    said = text(alice.get(answer.location))
    assert "Shared with bob . Send them the address: https://pods.example/alice/settings/" in said
    assert "Can see and change, until 22 January 2027" in said
    site.clock.time += 7 * DAY
    assert modes(site, FILE, BOB) == ""
    assert "bob over" in text(alice.get(page()))


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"days": "1"}, DAY),
        ({"days": ""}, None),
        ({"days": "365"}, 365 * DAY),
        ({"date": "2027-01-20", "days": "1"}, None),
    ],
)
def test_it_lasts_as_long_as_was_chosen(site: Site, alice: Guest, fields: dict[str, str], ends: int | None):
    share(alice, who="bob", **fields)
    if "date" in fields:
        ends = 1_800_489_600 - int(NOW)  # the end of that day
    site.clock.time += (ends or 10**9) - 1
    assert modes(site, FILE, BOB) == "read"
    site.clock.time += 1
    assert modes(site, FILE, BOB) == ("" if ends else "read")


def test_a_change_keeps_the_end_unless_another_is_chosen(site: Site, alice: Guest):
    share(alice, who="bob", level="read", days="1")
    own = {"resource": url(FOLDER), "whom": "person", "iri": BOB, "name": "bob", "csrf": alice.token(), "level": "add"}
    alice.post(PAGE, {**own, "days": "keep", "until": str(int(NOW + DAY) * 1000)})
    assert modes(site, FILE, BOB) == "read append"
    site.clock.time += DAY
    assert modes(site, FILE, BOB) == ""


@both
def test_taking_back_says_what_else_lets_them_in(site: Site, alice: Guest):
    share(alice, who="bob", level="edit")
    share(alice, whom="signed-in")
    said = text(alice.get(take_back(alice, whom="person", iri=BOB).location))
    assert "The rules here give bob nothing any more." in said
    assert "But they can still see, by something else" in said
    said = text(alice.get(take_back(alice, whom="signed-in").location))
    assert "But they can still" not in said
    assert modes(site, FILE, BOB) == ""


@both
@pytest.mark.parametrize("audience", [{"whom": "person", "iri": BOB}, {"whom": "everyone"}])
def test_taking_back_says_what_inside_still_lets_them_in(site: Site, alice: Guest, audience: dict[str, str]):
    for path in (FOLDER, FILE):
        share(alice, path, **({"who": "bob"} if "iri" in audience else audience))
    assert "prefs.ttl" in told_inside(alice.get(take_back(alice, **audience).location))
    share(alice, FILE, who="https://x.invalid/#me", sure="1")
    take_back(alice, FILE, **audience)
    assert "prefs.ttl" not in told_inside(alice.get(page(done="removed", who=audience.get("iri", "everyone"))))


def told_inside(answer: TestResponse) -> str:
    return text(answer).partition("what has rules of its own that name them:")[2].partition("Remove them there")[0]


def test_taking_back_says_what_was_not_looked_at(alice: Guest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sharing, "APART_MAX", 1)
    share(alice, "/alice/", who="bob")
    said = text(alice.get(take_back(alice, "/alice/", whom="person", iri=BOB).location))
    assert "not all of it was looked at here" in said


def test_taking_back_from_a_group_says_nothing_of_a_person_at_its_address(site: Site, alice: Guest):
    group = f"{BASE}alice/groups#g"
    for fields in ({"whom": "group", "iri": group}, {"whom": "everyone"}):
        share(alice, **fields)
    said = text(alice.get(take_back(alice, whom="group", iri=group).location))
    assert "nothing any more" in said
    assert "can still" not in said


def test_nobody_is_told_of_something_that_was_not_done(alice: Guest):
    for who in (BOB, "everyone", "nonsense", "https://x.example/<b>"):
        assert "Shared with" not in text(alice.get(page(done="shared", who=who)))
    share(alice, who="bob")
    assert "nothing any more" not in text(alice.get(page(done="removed", who=BOB)))
    assert "Shared with bob" in text(alice.get(page(done="shared", who=BOB)))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"who": ""}, "Say whom to share with"),
        ({"who": "nobody-here"}, "Nobody here is called"),
        ({"who": f"{BASE}bob/profile/cart#me"}, "I am sure about this address"),
        ({"who": "alice"}, "An owner always keeps everything"),
        ({"whom": "the cat"}, "Share with a person"),
        ({"whom": "everyone", "level": "full"}, "Only people and groups that you name"),
        ({"who": "bob", "level": "fly"}, "Say what they may do"),
        ({"who": "bob", "date": "tomorrow"}, "The last day must be a date"),
        ({"who": "bob", "date": "2001-01-01"}, "The end is in the past"),
        ({"who": "bob", "date": "9999-12-31"}, "The last day must be a date"),
        ({"who": "bob", "days": "keep", "until": "9" * 15}, "The end is too far away"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(site: Site, alice: Guest, fields: dict[str, str], said: str):
    answer = share(alice, **fields)
    assert answer.status_code in {409, 422}
    assert said in text(answer)
    assert f'value="{fields.get("who", "")}"' in answer.text or not fields.get("who")
    assert modes(site, FOLDER, BOB) == ""


def test_who_is_sure_of_an_address_shares_with_it(site: Site, alice: Guest):
    address = f"{BASE}bob/profile/cart#me"
    assert share(alice, who=address, sure="1").status_code == 303
    assert modes(site, FILE, address) == "read"


@both
def test_a_file_tells_what_it_has_from_its_folder(site: Site, alice: Guest):
    share(alice, who="bob", level="add")
    said = text(alice.get(page(FILE)))
    if site.services.config.access_control == "acp":
        assert "From settings : change it there" in said
        assert "They have it from" in text(take_back(alice, FILE, whom="person", iri=BOB))
        return
    assert "As in the folder settings . If you change it here, this file has rules of its own from then on." in said
    take_back(alice, FILE, whom="person", iri=BOB)
    assert (modes(site, FILE, BOB), modes(site, FOLDER, BOB)) == ("", "read append")
    assert "except with what has rules of its own: prefs.ttl" in text(alice.get(page()))


@both
def test_what_somebody_can_see_is_explained(alice: Guest):
    share(alice, who="bob", level="edit")
    share(alice, whom="everyone")
    said = text(alice.get(f"{page(FILE).replace(PAGE, f'{PAGE}/who')}&asked=bob"))
    assert "They can see and change. All of this lets them in" in said
    assert said.count("By the rules of settings") == 2
    said = text(alice.get(f"{page(FILE).replace(PAGE, f'{PAGE}/who')}&asked="))
    assert "They can see. This lets them in" in said
    said = text(alice.get(f"{page('/alice/profile/').replace(PAGE, f'{PAGE}/who')}&asked=https://x.invalid/%23me"))
    assert "They can do nothing. No rule gives them anything here." in said
    assert "Nobody here is called" in text(alice.get(f"{page().replace(PAGE, f'{PAGE}/who')}&asked=nobody-here"))


def test_a_page_can_be_looked_at_as_somebody_else(alice: Guest):
    share(alice, FILE, who="bob")
    seen = alice.get(f"{page(FILE).replace(PAGE, f'{PAGE}/who')}&asked=bob").text
    (path,) = re.findall(r'href="([^"]*/as/[^"]*)"', seen)
    assert "This is what bob sees. Back to sharing" in text(alice.get(path))
    assert "Private type index" in text(alice.get(path))
    assert "This is not shared with them." in text(alice.get(path.replace("prefs.ttl", "")))
    assert "they are asked to sign in" in text(alice.get(f"{PAGE}/as/-{FILE}"))
    assert "Everyone can see" not in text(alice.get(f"{PAGE}/as/-/alice/profile/card"))
    for bad in ("!", "bm90IGFuIGlyaQ", "_w"):
        assert alice.get(f"{PAGE}/as/{bad}{FILE}").status_code == 404


def test_nobody_sees_as_somebody_else_what_they_do_not_see_themselves(site: Site, alice: Guest):
    """Bob decides who has access to a file of alice's, and may not read it."""
    share(alice, FILE, who="bob", level="full")
    store, path = site.services.store, f"{FILE}.acl"
    state = store.describe(Target.parse(path)).state
    assert state is not None
    less = (state.inline or b"").replace(b"acl:Read, acl:Write, acl:Control", b"acl:Control")
    rules = less.replace(
        b"acl:mode acl:Control", b"acl:mode acl:Read, acl:Write, acl:Control", 1
    )  # alice's comes first
    with store.write(SERVER) as tx:
        tx.replace(state, store.stage(io.BytesIO(rules), "text/turtle", bytes_max=10_000), kind=state.kind, acl=None)
    assert (modes(site, FILE, BOB), modes(site, FILE, ALICE)) == ("control", "read write append control")
    as_alice = f"{PAGE}/as/{urlsafe_b64encode(ALICE.encode()).decode().rstrip('=')}{FILE}"
    assert alice.get(as_alice).status_code == 200
    bob = site.signed_in("bob")
    assert bob.get(page(FILE)).status_code == 200
    assert bob.get(as_alice).status_code == 404


def test_everything_shared_is_on_one_page(alice: Guest):
    share(alice, who="bob", level="edit")
    said = text(alice.get(PAGE))
    assert "settings /alice/settings/ bob : can see and change" in said
    assert (
        "inbox /alice/inbox/ Everyone : can add, without seeing what is there: the folder itself, not what is in it"
        in said
    )


def test_a_page_tells_of_so_many_and_counts_the_rest(alice: Guest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sharing, "SHARES_MAX", 1)
    share(alice, who="bob")
    share(alice, whom="everyone")
    said = text(alice.get(page()))
    assert "bob" in said
    assert "And 1 more." in said


def test_the_owners_page_says_whether_something_is_shared(site: Site, alice: Guest):
    assert "settings Private" in text(alice.get(f"/.home{FOLDER}"))
    share(alice, who="bob", days="1")
    assert "settings Shared" in text(alice.get(f"/.home{FOLDER}"))
    site.clock.time += DAY
    assert "settings Private" in text(alice.get(f"/.home{FOLDER}"))


@pytest.mark.parametrize("path", [FOLDER, FILE, "/alice/none", "/alice/settings/.acl", "/nobody/", "/alice/../x", ""])
def test_others_find_nothing_to_share(site: Site, alice: Guest, path: str):
    share(alice, FILE, who="bob", level="edit")
    bob = site.signed_in("bob")
    pages = (page(path), page(path).replace(PAGE, f"{PAGE}/who"), f"{PAGE}/as/-{path}")
    assert {bob.get(each).status_code for each in pages} <= {400, 404}
    fields = {"csrf": bob.token(), "resource": url(path), "whom": "everyone", "level": "read"}
    assert {bob.post(each, fields).status_code for each in (PAGE, REMOVE)} == {404}
    assert site.guest().get(page(path)).status_code == 303


def test_foreign_forms_share_nothing(site: Site, alice: Guest):
    fields = {"resource": url(FOLDER), "whom": "everyone", "level": "read"}
    for csrf, headers in (("", {}), (alice.token(), {"Origin": "https://evil.example"})):
        assert alice.post(PAGE, {**fields, "csrf": csrf}, **headers).status_code == 403
    assert modes(site, FOLDER, None) == ""


def test_what_others_call_themselves_is_text(site: Site, alice: Guest):
    turtle = f"<{BOB}> <http://xmlns.com/foaf/0.1/name> '<script>alert(1)</script>'."
    state = site.services.store.describe(Target.parse("/bob/profile/card")).state
    assert state is not None
    content = site.services.store.stage(io.BytesIO(turtle.encode()), "text/turtle", bytes_max=10_000)
    with site.services.store.write(SERVER) as tx:
        tx.replace(state, content, kind=state.kind, acl=None)
    share(alice, who=BOB)
    shown = alice.get(page()).text
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


# -- groups ------------------------------------------------------------------------------------------------------------


@both
def test_groups_are_made_filled_shared_with_and_emptied(site: Site, alice: Guest):
    if site.services.config.access_control == "acp":
        assert "cannot name groups" in text(alice.get(GROUPS))
        return
    family = made(alice, "Family")
    alice.submit(family, who="bob")
    group = f"{BASE}alice/contacts/groups/family.ttl#it"
    assert share(alice, whom=group).status_code == 303
    assert "Family group" in text(alice.get(page()))
    assert modes(site, FILE, BOB) == "read"
    alice.submit(family)  # its first form takes out whoever is in it
    assert modes(site, FILE, BOB) == ""
    alice.submit(family, family.replace("/group?", "/group/delete?"))
    assert "Family" not in text(alice.get(GROUPS))


def test_whoever_is_added_to_a_group_is_looked_up(alice: Guest):
    family = made(alice, "Family")
    answer = alice.submit(family, who=f"{BASE}bob/profile/cart#me")
    assert answer.status_code == 422
    assert "I am sure that this is their WebID" in text(answer)
    assert alice.submit(family, who=f"{BASE}bob/profile/cart#me", sure="yes").status_code == 303
    assert alice.submit(GROUPS, name=" ").status_code == 422


def test_nobody_changes_the_groups_of_others(site: Site, alice: Guest):
    family, bob = made(alice, "Family"), site.signed_in("bob")
    for page_of in (family, family.replace("/group?", "/group/delete?"), GROUPS):
        fields = {"csrf": bob.token(), "who": "bob", "name": "Mine"}
        assert bob.post(page_of, fields).status_code == 404
    for foreign in ({"who": "bob"}, {"member": ALICE}):
        page_of = family.replace("/alice/", "/bob/", 1)
        assert bob.post(page_of, {"csrf": bob.token(), **foreign}).status_code == 404
    assert "Nobody is in it yet." in text(alice.get(family))


def test_the_old_page_of_groups_leads_to_theirs(site: Site, alice: Guest):
    assert alice.get("/.account/groups").headers["Location"] == GROUPS
    assert f'href="{GROUPS}"' in alice.get(PAGE).text
    assert f'href="{GROUPS}"' in alice.get(page()).text
    assert "/.account/sign-in" in site.guest().get("/.account/groups").headers["Location"]


@both
def test_the_page_of_a_person_tells_what_is_shared_with_them(alice: Guest):
    contacts = "/.contacts/alice/"
    fields = {"name": "Bob", "web_ids-0": BOB}
    person = alice.submit(f"{contacts}new", f"{contacts}new", **fields).headers["Location"]
    assert "Nothing of this pod is shared with them" in text(alice.get(person))
    share(alice, who="bob", level="edit")
    told = alice.get(person)
    assert "settings /alice/settings/ can see and change" in text(told)
    assert page() in told.text
    take_back(alice, whom="person", iri=BOB)
    assert "Nothing of this pod is shared with them" in text(alice.get(person))


def test_what_a_group_has_is_told_of_its_members(alice: Guest):
    contacts, family = "/.contacts/alice/", made(alice, "Family")
    fields = {"name": "Bob", "web_ids-0": BOB}
    person = alice.submit(f"{contacts}new", f"{contacts}new", **fields).headers["Location"]
    alice.submit(family, who=BOB)
    share(alice, whom=f"{BASE}alice/contacts/groups/family.ttl#it")
    assert "As a member of Family: can see" in text(alice.get(person))


def made(guest: Guest, name: str) -> str:
    """The page of a new group."""
    return guest.submit(GROUPS, name=name).headers["Location"]
