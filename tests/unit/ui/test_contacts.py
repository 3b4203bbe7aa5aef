"""Contacts and profiles as their owner sees and changes them: every task by forms alone, whatever other apps wrote."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from pod.operations.operation import Body, Operation
from pod.operations.put import put
from pod.people.card import Card, Point
from pod.people.vcards import write_vcard
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from tests.support.pages import BASE, Guest, Site, forms

OURS = {"Origin": BASE[:-1], "Sec-Fetch-Site": "same-origin"}
HOME = "/.contacts/alice/"
BOB = "https://bob.example/card#me"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, registration="open")
    site.account("alice")
    site.account("bob")
    return site


@pytest.fixture
def she(site: Site) -> Guest:
    return site.signed_in("alice")


def form(she: Guest, page: str, action: str = "") -> tuple[str, dict[str, str]]:
    found = forms(she.get(page).text)
    return next(each for each in found if each[0].startswith(action or page.partition("?")[0]))


def add(she: Guest, **fields: str) -> str:
    """The page of somebody new."""
    answer = she.submit(f"{HOME}new", f"{HOME}new", **fields)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def bring(she: Guest, content: bytes, page: str = f"{HOME}import", name: str = "file") -> TestResponse:
    sent = {"csrf": she.token(), name: (io.BytesIO(content), "file.vcf")}
    return she.client.post(page, data=sent, base_url=BASE, headers=OURS, content_type="multipart/form-data")


def stored(site: Site, path: str) -> str:
    state = site.services.store.describe(Target.parse(path)).state
    assert state is not None
    return (site.services.store.document(state.id, state.version) or b"").decode()


def write(site: Site, path: str, turtle: str) -> None:
    """As an app does."""
    content = f"@prefix vcard: <http://www.w3.org/2006/vcard/ns#>. {turtle}".encode()
    body = Body(io.BytesIO(content), MediaType.parse("text/turtle"), len(content))
    who = Credentials(f"{BASE}alice/profile/card#me")
    put(site.services, Operation("PUT", Target.parse(path), who, NO_CONDITIONS, body=body))


def test_somebody_is_added_found_changed_and_deleted(she: Guest):
    page = add(she, name="Ada Lovelace", **{"emails-0": "ada@example.org", "phones-0": "+44 20", "web_ids-0": BOB})
    assert "ada@example.org" in she.get(page).text
    assert "Ada Lovelace" in she.get(f"{HOME}?q=LOVE").text
    assert "Nobody found" in she.get(f"{HOME}?q=nobody").text
    edit = page.replace("person?", "edit?").replace("&done=added", "")
    action, fields = form(she, edit)
    assert she.post(action, fields | {"name": "Ada King", "emails-0": ""}).status_code == 303
    text = she.get(page).text
    assert "Ada King" in text
    assert "ada@example.org" not in text
    delete = page.replace("person?", "delete?").replace("&done=added", "")
    assert "Ada King" in she.get(delete).text
    for _ in range(2):  # the button may be pressed twice
        assert she.post(delete, {"csrf": she.token()}).status_code == 303
    assert she.get(page).status_code == 404
    assert "Whom do you know?" in she.get(HOME).text


def test_one_more_row_comes_without_losing_what_is_typed(she: Guest):
    action, fields = form(she, f"{HOME}new")
    page = she.post(action, fields | {"name": "Ada", "emails-0": "a@b.example", "more": "emails"})
    sent = next(fields for each, fields in forms(page.text) if each == action)
    assert (page.status_code, sent["name"], sent["emails-0"], sent["emails-1"]) == (200, "Ada", "a@b.example", "")


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(she: Guest):
    action, fields = form(she, f"{HOME}new")
    page = she.post(action, fields | {"name": "Ada", "emails-0": "nonsense", "note": "kept"})
    assert page.status_code == 422
    assert 'id="emails-0-error"' in page.text
    assert "kept" in page.text
    assert "Whom do you know?" in she.get(HOME).text


def test_a_form_that_lay_open_overwrites_nothing_it_did_not_change(she: Guest):
    page = add(she, name="Ada", note="first")
    edit = page.replace("person?", "edit?").replace("&done=added", "")
    action, old = form(she, edit)
    assert she.post(action, old | {"note": "by an app"}).status_code == 303
    assert she.post(action, old | {"nickname": "Countess"}).status_code == 303
    text = she.get(page).text
    assert "by an app" in text
    assert "Countess" in text


def test_a_form_that_was_tampered_with_is_refused(she: Guest):
    action, fields = form(she, f"{HOME}new")
    for was in ("x", "[]", '{"emails": 3}', '{"name": 1}', "[" * 50_000):
        assert she.post(action, fields | {"name": "Ada", "was": was}).status_code == 400, was


def test_groups_are_one_world_with_those_that_are_shared_with(site: Site, she: Guest):
    page = add(she, name="Bob B", **{"web_ids-0": BOB})
    made = she.submit(f"{HOME}groups", f"{HOME}groups", name="Family")
    group = made.headers["Location"]
    found = she.post(group, {"csrf": she.token(), "who": "bob b"}).headers["Location"].partition("#")[0]
    assert "Nobody is in it yet" in she.get(group).text
    iri = unquote(page.partition("iri=")[2].partition("&")[0])
    assert she.submit(found, who=iri).status_code == 303
    assert "Bob B" in she.get(group).text
    assert "Family" in she.get(page).text
    assert BOB in stored(site, "/alice/contacts/groups/family.ttl")
    assert she.post(group, {"csrf": she.token(), "called": "Kin"}).status_code == 303
    assert "Kin" in she.get(f"{HOME}groups").text
    assert she.post(group, {"csrf": she.token(), "member": BOB}).status_code == 303
    assert "Nobody is in it yet" in she.get(group).text
    assert she.post(group.replace("group?", "group/delete?"), {"csrf": she.token()}).status_code == 303
    assert she.get(group).status_code == 404


def test_a_name_leads_to_all_who_have_it_with_their_addresses(site: Site, she: Guest):
    add(she, name="Mum", **{"web_ids-0": "https://mum.example/me"})
    write(site, "/alice/shared.ttl", '<#x> a vcard:Individual; vcard:fn "Mum"; vcard:hasEmail <mailto:x@evil.example>.')
    group = she.submit(f"{HOME}groups", name="Family").headers["Location"]
    found = she.get(she.post(group, {"csrf": she.token(), "who": "mum"}).headers["Location"].partition("#")[0]).text
    assert "mum.example/me" in found
    assert "x@evil.example" in found
    assert "Nobody is in it yet" in found


def test_who_is_deleted_leaves_their_groups(site: Site, she: Guest):
    page = add(she, name="Bob B", **{"web_ids-0": BOB})
    made = she.submit(f"{HOME}groups", f"{HOME}groups", name="Family").headers["Location"]
    iri = page.partition("iri=")[2].partition("&")[0]
    group = made.partition("iri=")[2]
    assert (
        she.post(f"{HOME}join", {"csrf": she.token(), "iri": unquote(iri), "group": unquote(group)}).status_code == 303
    )
    assert "Family" in she.get(f"{HOME}delete?iri={iri}").text
    she.post(f"{HOME}delete?iri={iri}", {"csrf": she.token()})
    assert BOB not in stored(site, "/alice/contacts/groups/family.ttl")


def test_a_file_comes_in_once_and_goes_out_again(she: Guest):
    people = [Card(name=f"Person {n}", emails=(Point(f"p{n}@example.org"),)) for n in range(60)]
    data = "".join(map(write_vcard, people)).encode() + b"BEGIN:VCARD\nX:1\nEND:VCARD\n"
    first = bring(she, data).text
    assert "60 contacts came in" in first
    assert "1 entry was passed over" in first
    second = bring(she, data).text
    assert "0 contacts came in" in second
    assert "60 were there already" in second
    listed = she.get(HOME).text
    assert "Next page" in listed
    following = listed.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert she.get(following).text.count('class="what"') == 10
    assert she.get(f"{HOME}?from=P").text.count('class="what"') == 50
    out = she.get(f"{HOME}export.vcf")
    assert (out.status_code, out.text.count("BEGIN:VCARD")) == (200, 60)
    assert out.headers["Content-Disposition"].startswith("attachment")


def test_what_holds_no_contacts_is_refused_with_a_word(she: Guest):
    for content in (b"", b"\0\1\2", b"<script>", b"BEGIN:VCARD"):
        answer = bring(she, content)
        assert answer.status_code in {200, 422}
        assert 'role="alert"' in answer.text or "passed over" in answer.text


HOSTILE = """
<#a> a vcard:Individual; vcard:fn "<script>alert(1)</script>"; vcard:hasEmail <mailto:%22%3Cb%3E@x>, "javascript:x";
  vcard:hasTelephone <tel:1;x=%22onclick>; vcard:hasPhoto <https://tracker.example/p.png>;
  vcard:url <javascript:alert(1)>, [ a vcard:WebID; vcard:value "not an address" ],
  [ a vcard:WebId; vcard:value "javascript:alert(2)" ];
  <http://xmlns.com/foaf/0.1/homepage> <javascript:alert(3)>; vcard:bday "soon"; vcard:note "\\u0000\\u0007x".
<#b> a vcard:Individual.
<#c> vcard:fn "No type".
"""


def test_what_hostile_apps_wrote_shows_without_harm(site: Site, she: Guest):
    write(site, "/alice/odd", HOSTILE)
    listed = she.get(HOME)
    assert (listed.status_code, "<script>" in listed.text) == (200, False)
    for name, marks in (("a", ("&lt;script&gt;",)), ("b", ("no name",)), ("c", ("does not say",))):
        page = she.get(f"{HOME}person?{urlencode({'iri': f'{BASE}alice/odd#{name}'})}")
        assert page.status_code == 200
        assert all(each in page.text for each in marks)
        assert 'href="javascript:' not in page.text
        assert "tracker.example" not in page.text
    edit = f"{HOME}edit?{urlencode({'iri': f'{BASE}alice/odd#a'})}"
    action, fields = form(she, edit)
    assert she.post(action, fields | {"name": "Tame"}).status_code == 303
    assert "Tame" in stored(site, "/alice/odd")
    made = she.submit(f"{HOME}groups", f"{HOME}groups", name="Odd").headers["Location"]
    iri = {"iri": f"{BASE}alice/odd#a", "group": unquote(made.partition("iri=")[2]), "csrf": she.token()}
    assert she.post(f"{HOME}join", iri).status_code == 303
    assert she.get(f"{HOME}export.vcf").status_code == 200


def test_what_is_not_there_is_not_found_nor_what_others_have(she: Guest):
    iris = ("x", "https://elsewhere.example/#x", f"{BASE}bob/profile/card#me", f"{BASE}alice/#x", "")
    pages = ("person", "edit", "delete", "picture", "group")
    paths = [f"{HOME}{page}?iri={quote(iri, safe='')}" for page in pages for iri in iris]
    others = ["/.contacts/bob/", "/.contacts/none/", "/.profile/bob/", "/.contacts/bob/export.vcf"]
    assert {path: she.get(path).status_code for path in paths + others} == dict.fromkeys(paths + others, 404)


def test_strangers_sign_in_first_and_other_sites_change_nothing(site: Site, she: Guest):
    assert site.guest().get(HOME).status_code == 303
    assert she.post(f"{HOME}new", {"name": "X", "csrf": she.token()}, Origin="https://evil.example").status_code == 403
    assert she.post(f"{HOME}new", {"name": "X", "csrf": "wrong"}).status_code == 403


def test_a_profile_is_changed_and_everyone_sees_it(site: Site, she: Guest):
    assert "Everyone on the internet" in she.get("/.profile/alice/").text
    fields = {"name": "Alice Adams", "pronouns": "she/her", "addresses-0-locality": "Berlin", "note": "Hello"}
    assert she.submit("/.profile/alice/", "/.profile/alice/", **fields).status_code == 303
    text = stored(site, "/alice/profile/card")
    for each in ("Alice Adams", '"she"', "Berlin", "Hello", "oidcIssuer"):
        assert each in text
    wrong = she.submit("/.profile/alice/", "/.profile/alice/", **{"pages-0": "nonsense"})
    assert (wrong.status_code, 'id="pages-0-error"' in wrong.text) == (422, True)


def test_pictures_in_the_pod_show_and_those_elsewhere_never_do(site: Site, she: Guest):
    buffer = io.BytesIO()
    Image.new("RGB", (600, 300), "red").save(buffer, "JPEG")
    page = add(she, name="Ada")
    picture = page.replace("person?", "picture?").replace("&done=added", "")
    assert bring(she, buffer.getvalue(), picture, "picture").status_code == 303
    shown = she.get(page).text.partition('<img src="')[2].partition('"')[0]
    assert shown.startswith("/.people/own/alice/contacts/Person/")
    answer = she.get(shown)
    assert (answer.mimetype, answer.headers["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert site.signed_in("bob").get(shown).status_code == 404
    assert she.get(HOME).text.count(shown) == 1
    refused = bring(she, b"<svg onload=alert(1)>", picture, "picture")
    assert (refused.status_code, "picture-error" in refused.text) == (422, True)
    write(site, "/alice/odd", HOSTILE)
    assert she.get("/.people/own/alice/odd").status_code == 404
    assert "PHOTO" in she.get(f"{HOME}export.vcf").text


def test_a_contact_is_shared_with_by_name_however_many_there_are(site: Site, she: Guest):
    people = "".join(
        write_vcard(Card(name=f"Person {n:03}", web_ids=(f"https://p{n}.example/#me",))) for n in range(120)
    )
    assert "120 contacts came in" in bring(she, people.encode()).text
    page = "/.account/sharing?resource=/alice/settings/"
    csrf = she.token()
    fields = {
        "csrf": csrf,
        "resource": "/alice/settings/",
        "whom": "person",
        "who": "person 119",
        "level": "read",
        "iri": "",
    }
    assert she.post("/.account/sharing", fields).status_code == 303
    assert "Person 119" in she.get(page).text
