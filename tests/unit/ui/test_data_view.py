"""The data of a resource on pages: read, changed value by value and in its source, and never over what nobody saw."""

from __future__ import annotations

import io
import re

import pytest
from werkzeug.test import TestResponse

from pod.identity.accounts import named
from pod.operations.operation import Body, Operation
from pod.operations.put import put
from pod.operations.writing import acting_for
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.store.records import SERVER
from tests.support.pages import BASE, Guest, Site, forms

FOAF = "http://xmlns.com/foaf/0.1/"
XSD = "http://www.w3.org/2001/XMLSchema#"
TURTLE = "text/turtle"
DOCUMENT = f"""@prefix foaf: <{FOAF}> .
<> foaf:name "A card"@en .
<#it> a foaf:Person ; foaf:name "Ada" ; foaf:age 36 ; foaf:knows </alice/other.ttl#b>, <https://else.example/x> ;
  foaf:made [ foaf:name "Notes" ; foaf:topic [ foaf:name "Engines" ] ] ; foaf:interest ( "one" "two" ) .
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"), registration="open")
    for name in ("alice", "bob"):
        site.account(name)
    return site


@pytest.fixture
def she(site: Site) -> Guest:
    return site.signed_in("alice")


def keep(site: Site, path: str, content: str, media_type: str = TURTLE) -> str:
    """As an app of hers writes it; gives the address of its pages."""
    services, data = site.services, content.encode()
    who = acting_for(services, services.store, named(services, "alice").id, "/alice/")
    body = Body(io.BytesIO(data), MediaType.parse(media_type), len(data))
    put(services, Operation("PUT", Target.parse(path), who, NO_CONDITIONS, body=body))
    return f"/.home{path}"


def kept(site: Site, path: str) -> str:
    state = site.services.store.describe(Target.parse(path)).state
    assert state is not None
    with site.services.store.open(state) as file:
        return file.read().decode()


def form(page: str) -> dict[str, str]:
    """The fields of the one form of the data view."""
    return next(fields for action, fields in forms(page) if "view=" in action)


def change(she: Guest, page: str, label: str, **fields: str) -> TestResponse:
    """Follow the link that changes the first value of a property, and send the form."""
    at = re.search(
        rf'href="([^"]+change=\d+)">(?:Change|Remove)<span class="hidden"> {label}<', she.get(f"{page}?view=data").text
    )
    assert at is not None
    given = form(she.get(at[1].replace("&amp;", "&")).text)
    return she.post(f"{page}?view=data", {**given, "do": "change", **fields})


def test_a_document_is_shown_in_words_and_its_links_stay_in_the_view(site: Site, she: Guest):
    page = she.get(keep(site, "/alice/read.ttl", DOCUMENT) + "?view=data")
    assert page.status_code == 200
    assert all(f">{words}<" in page.text for words in ("Ada", "36", "Notes", "Engines", "one", "two", "A card"))
    assert 'href="/.home/alice/other.ttl?view=data"' in page.text
    assert re.search(r'<a href="https://else.example/x" rel="nofollow noreferrer"', page.text)
    assert f'title="{FOAF}knows"' in page.text


@pytest.mark.parametrize(
    ("kind", "value", "turtle"),
    [
        ("text", "Ada <b>", '"Ada <b>"'),
        ("language", "Ada", '"Ada"@en-gb'),
        ("number", "3.5", " 3.5"),
        ("date", "1815-12-10", f'"1815-12-10"^^<{XSD}date>'),
        ("moment", "1815-12-10T08:00:00Z", f'"1815-12-10T08:00:00Z"^^<{XSD}dateTime>'),
        ("truth", "yes", " true"),
        ("link", "#other", f"<{BASE}alice/kinds.ttl#other>"),
        ("link", "ada@example.org", "<mailto:ada@example.org>"),
        ("other", "P1D", f'"P1D"^^<{XSD}duration>'),
    ],
)
def test_a_value_becomes_what_was_chosen_in_words(site: Site, she: Guest, kind: str, value: str, turtle: str):
    page = keep(site, "/alice/kinds.ttl", f'<#it> <{FOAF}nick> "before" .')
    more = {"language": "en-GB", "datatype": f"{XSD}duration"}
    assert change(she, page, "Nickname", kind=kind, value=value, **more).status_code == 303
    assert turtle in kept(site, "/alice/kinds.ttl")


@pytest.mark.parametrize(
    ("kind", "value"),
    [("number", "many"), ("date", "2030-02-31"), ("moment", "noon"), ("truth", "maybe"), ("link", "https://x.example/<"),
     ("link", "javascript:<b>"), ("language", "x"), ("text", " "), ("magic", "x")],
)  # fmt: skip
def test_what_cannot_be_meant_comes_back_with_its_reason(site: Site, she: Guest, kind: str, value: str):
    page = keep(site, "/alice/wrong.ttl", f'<#it> <{FOAF}nick> "before" .')
    answer = change(she, page, "Nickname", kind=kind, value=value, language="not a language")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "before" in kept(site, "/alice/wrong.ttl")


def test_removing_what_has_no_name_takes_along_what_only_it_refers_to(site: Site, she: Guest):
    page = keep(site, "/alice/inner.ttl", DOCUMENT)
    assert change(she, page, "Made", do="remove").status_code == 303
    left = kept(site, "/alice/inner.ttl")
    assert ("Engines" in left, "Ada" in left, "two" in left) == (False, True, True)


@pytest.mark.parametrize(
    ("item", "left"), [("one", '( "two" "three" )'), ("two", '( "one" "three" )'), ("three", '( "one" "two" )')]
)
def test_a_list_closes_around_what_is_removed_from_it(site: Site, she: Guest, item: str, left: str):
    page = keep(site, "/alice/list.ttl", f'<#it> <{FOAF}interest> ( "one" "two" "three" ) .')
    shown = she.get(f"{page}?view=data").text.partition(f">{item}<")[2]
    at = re.search(r"change=(\d+)", shown)
    assert at is not None
    given = form(she.get(f"{page}?view=data&change={at[1]}").text)
    assert she.post(f"{page}?view=data", {**given, "do": "remove"}).status_code == 303
    assert left in kept(site, "/alice/list.ttl")


@pytest.mark.parametrize("name", ["nickname", "foaf:nick", f"{FOAF}nick"])
def test_a_property_is_added_by_its_words_or_its_address(site: Site, she: Guest, name: str):
    page = keep(site, "/alice/more.ttl", f'@prefix foaf: <{FOAF}> . [] foaf:made [ foaf:name "x" ] .')
    fields = form(she.get(f"{page}?view=data&add=0").text)
    sent = {**fields, "do": "add", "property": name, "kind": "text", "value": "Countess"}
    assert she.post(f"{page}?view=data", sent).status_code == 303
    assert 'foaf:nick "Countess"' in kept(site, "/alice/more.ttl")


def test_an_unknown_property_is_asked_for_again_with_what_was_typed(site: Site, she: Guest):
    page = keep(site, "/alice/more.ttl", f'<#it> <{FOAF}name> "x" .')
    fields = form(she.get(f"{page}?view=data&add=0").text)
    answer = she.post(
        f"{page}?view=data", {**fields, "do": "add", "property": "frobnicate", "kind": "text", "value": "kept"}
    )
    assert (answer.status_code, ">\nkept</textarea>" in answer.text, "property-error" in answer.text) == (
        422,
        True,
        True,
    )


def test_two_who_change_at_once_are_both_shown_and_the_second_may_still_save(site: Site, she: Guest):
    page = keep(site, "/alice/both.ttl", f'<#it> <{FOAF}name> "Ada" ; <{FOAF}age> 36 .')
    given = form(she.get(f"{page}?view=data&change=0").text)
    keep(site, "/alice/both.ttl", f'<#new> <{FOAF}age> 1 . <#it> <{FOAF}age> 37 ; <{FOAF}name> "Ada", "Countess" .')
    answer = she.post(f"{page}?view=data", {**given, "do": "change", "value": "Augusta"})
    assert answer.status_code == 412
    assert "Countess" in answer.text
    assert ">\nAugusta</textarea>" in answer.text
    assert "Augusta" not in kept(site, "/alice/both.ttl")
    assert she.post(f"{page}?view=data", {**form(answer.text), "do": "change", "value": "Augusta"}).status_code == 303
    left = kept(site, "/alice/both.ttl")
    assert ('"Augusta"' in left, '"Countess"' in left, '"Ada"' in left, "37" in left) == (True, True, False, True)


def test_what_is_gone_meanwhile_is_not_made_again(site: Site, she: Guest):
    page = keep(site, "/alice/gone.ttl", f'<#it> <{FOAF}name> "Ada" .')
    given = form(she.get(f"{page}?view=data&change=0").text)
    keep(site, "/alice/gone.ttl", f'<#it> <{FOAF}name> "Grace" .')
    answer = she.post(f"{page}?view=data", {**given, "do": "change", "value": "Augusta"})
    assert (answer.status_code, "Augusta" in answer.text, "Grace" in answer.text) == (412, True, True)
    assert [action for action, _ in forms(answer.text) if "view=" in action] == []


def test_a_folder_and_a_file_are_described_where_nothing_was_said(site: Site, she: Guest):
    keep(site, "/alice/folder/note.txt", "1", "text/plain")
    for path in ("/alice/folder/", "/alice/folder/note.txt"):
        page = f"/.home{path}"
        fields = form(she.get(f"{page}?view=data&add").text)
        sent = {
            **fields,
            "do": "add",
            "subject": f"{BASE}{path[1:]}",
            "property": "Title",
            "kind": "text",
            "value": "Mine",
        }
        assert she.post(f"{page}?view=data", sent).status_code == 303
        assert '"Mine"' in kept(site, f"{path}.meta")
        assert ">Mine<" in she.get(f"{page}?view=data").text


def test_long_documents_come_in_pages_that_lead_to_each_other(site: Site, she: Guest):
    lines = "".join(f'<#n{number}> <{FOAF}name> "name {number}" .\n' for number in range(250))
    page = keep(site, "/alice/long.ttl", lines + "<#n0> " + f"<{FOAF}knows> <#n249> .")
    first, last = she.get(f"{page}?view=data").text, she.get(f"{page}?view=data&page=99").text
    assert ("name 0<" in first, "name 249</bdi></h2>" in first) == (True, False)
    assert 'view=data&amp;page=3#s250"' in first
    assert 'id="s250"' in last
    assert len(first) < 100_000


def test_what_others_wrote_acts_nowhere(site: Site, she: Guest):
    evil = "<javascript:alert(1)>, <data:text/html,x>, <vbscript:x>"
    name = '"<img src=x onerror=alert(1)>"'
    page = keep(site, "/alice/evil.ttl", f"<#it> a {evil} ; <{FOAF}knows> {evil} ; <{FOAF}name> {name} .")
    for view in ("data", "source", "details", "data&change=3", "data&add=0"):
        shown = she.get(f"{page}?view={view}").text
        assert not re.search(r'href="(?:javascript|data|vbscript):[^i]', shown)
        assert "<img src=x" not in shown


def test_a_document_that_says_too_much_is_shown_as_text_soon(site: Site, she: Guest):
    said = ",".join(map(str, range(30_000)))
    page = keep(site, "/alice/much.ttl", f"<#it> <{FOAF}age> {said} .")
    answer = she.get(f"{page}?view=data")
    assert (answer.status_code, "too large for this page" in answer.text) == (200, True)
    assert len(answer.text) < 100_000


# -- the source --------------------------------------------------------------------------------------------------------


def test_an_error_in_the_source_is_shown_where_it_is_and_nothing_typed_is_lost(site: Site, she: Guest):
    page = keep(site, "/alice/source.ttl", f'<#it> <{FOAF}name> "Ada" .\n')
    given = form(she.get(f"{page}?view=source").text)
    typed = f'<#it> <{FOAF}name> "Ada" .\r\n<#it> <{FOAF}name> Ada & .\r\n'
    answer = she.post(f"{page}?view=source", {**given, "source": typed})
    assert answer.status_code == 422
    assert re.search(r'id="wrong" data-line="2" data-column="\d+"', answer.text)
    assert "Ada &amp; ." in answer.text.partition("<textarea")[2]
    assert "&" not in kept(site, "/alice/source.ttl")


def test_the_source_is_saved_as_it_was_typed(site: Site, she: Guest):
    page = keep(site, "/alice/source.ttl", "# nothing\n")
    given = form(she.get(f"{page}?view=source").text)
    typed = f'# a remark\n<#it> <{FOAF}name> "Ada" .\n'
    assert she.post(f"{page}?view=source", {**given, "source": typed.replace("\n", "\r\n")}).status_code == 303
    assert kept(site, "/alice/source.ttl") == typed


def test_the_source_is_not_saved_over_what_nobody_saw(site: Site, she: Guest):
    page = keep(site, "/alice/source.ttl", "# one\n")
    given = form(she.get(f"{page}?view=source").text)
    keep(site, "/alice/source.ttl", "# two\n")
    answer = she.post(f"{page}?view=source", {**given, "source": "# mine"})
    assert (answer.status_code, "# two" in answer.text, "# mine" in answer.text) == (412, True, True)
    assert she.post(f"{page}?view=source", form(answer.text) | {"source": "# mine"}).status_code == 303
    assert kept(site, "/alice/source.ttl") == "# mine"


def test_nobody_takes_their_own_access_away_in_the_source(site: Site, she: Guest):
    keep(site, "/alice/ruled.ttl", "")
    acl, me, url = "http://www.w3.org/ns/auth/acl#", f"{BASE}alice/profile/card#me", f"{BASE}alice/ruled.ttl"
    rule = f"<#o> a <{acl}Authorization> ; <{acl}agent> <{me}> ; <{acl}accessTo> <{url}> ; <{acl}mode> "
    page = keep(site, "/alice/ruled.ttl.acl", f"{rule} <{acl}Read>, <{acl}Write>, <{acl}Control> .")
    assert "view=data&amp;change" not in she.get(f"{page}?view=data").text
    given = form(she.get(f"{page}?view=source").text)
    refused = she.post(f"{page}?view=source", {**given, "source": f"{rule} <{acl}Control> ."})
    assert (refused.status_code, "acl#Read" in kept(site, "/alice/ruled.ttl.acl")) == (409, True)
    fine = f"# mine\n{rule} <{acl}Read>, <{acl}Write>, <{acl}Control> ."
    assert she.post(f"{page}?view=source", {**given, "source": fine}).status_code == 303


def test_a_document_that_cannot_be_read_any_more_is_shown_as_text(site: Site, she: Guest):
    page = keep(site, "/alice/broken.ttl", f'<#it> <{FOAF}name> "as it was" .')
    state = site.services.store.describe(Target.parse("/alice/broken.ttl")).state
    assert state is not None
    with site.services.store.write(SERVER) as tx:
        tx.rows("UPDATE resource SET body = ?, size = 9 WHERE id = ?", (b"<#it> <<!", state.id))
    answer = she.get(f"{page}?view=data")
    assert (answer.status_code, "&lt;#it&gt; &lt;&lt;!" in answer.text) == (200, True)


# -- new ones, details, and others -------------------------------------------------------------------------------------


def test_a_new_document_has_its_name_as_title(site: Site, she: Guest):
    keep(site, "/alice/new/x.txt", "1", "text/plain")
    fields = form(she.get("/.home/alice/new/?view=new").text)
    answer = she.post("/.home/alice/new/?view=new", {**fields, "name": "My plants"})
    assert answer.headers["Location"] == "/.home/alice/new/My%20plants.ttl?view=data"
    assert '"My plants"' in kept(site, "/alice/new/My%20plants.ttl")
    again = she.post("/.home/alice/new/?view=new", {**fields, "name": "My plants"})
    assert (again.status_code, 'value="My plants"' in again.text) == (422, True)


def test_details_tell_what_it_is_who_made_it_and_what_mentions_it(site: Site, she: Guest):
    page = keep(site, "/alice/told.ttl", f'<#it> <{FOAF}name> "x" .')
    keep(site, "/alice/teller.ttl", f"<#it> <{FOAF}knows> </alice/told.ttl#it> .")
    shown = she.get(f"{page}?view=details").text
    assert all(
        each in shown for each in (f"{BASE}alice/told.ttl", "text/turtle", 'href="/.home/alice/teller.ttl?view=data"')
    )
    assert re.search(r"<dt>Made by</dt><dd><bdi[^>]*>You</bdi>", shown)
    assert "WAC-Allow: user=" in shown
    assert "ETag: " in shown
    assert "Updates-Via" not in shown


@pytest.mark.parametrize("view", ["data", "source", "details", "new"])
@pytest.mark.parametrize("path", ["/alice/private.ttl", "/alice/private.ttl.acl", "/alice/none.ttl", "/alice/"])
def test_others_get_nothing_whether_it_is_there_or_not(site: Site, view: str, path: str):
    keep(site, "/alice/private.ttl", f'<#it> <{FOAF}name> "secret" .')
    bob = site.signed_in("bob")
    answer = bob.get(f"/.home{path}?view={view}")
    assert (answer.status_code, "secret" in answer.text) == (404, False)
    sent = bob.post(f"/.home{path}?view={view}", {"csrf": bob.token(), "etag": "*", "source": "", "do": "add"})
    assert sent.status_code == 404
    assert "secret" in kept(site, "/alice/private.ttl")


def test_a_form_without_its_token_changes_nothing(site: Site, she: Guest):
    page = keep(site, "/alice/token.ttl", "# mine")
    given = form(she.get(f"{page}?view=source").text)
    assert she.post(f"{page}?view=source", given | {"csrf": "", "source": "# theirs"}).status_code == 403
    assert kept(site, "/alice/token.ttl") == "# mine"


def test_whoever_is_not_signed_in_comes_back_to_the_view(site: Site):
    answer = site.guest().get("/.home/alice/x.ttl?view=details")
    assert (answer.status_code, "x.ttl%3Fview%3Ddetails" in answer.headers["Location"]) == (303, True)
