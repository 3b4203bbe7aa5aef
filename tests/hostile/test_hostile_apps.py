"""What apps try that their person knows too little about: to take the place of another, and to be given more."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pod.identity.authorization import ConsentNeeded, Redirect
from pod.identity.authorization_details import TYPE
from pod.identity.ceilings import Level, Offers
from tests.support.apps import CALLBACK, App, Provider, query
from tests.support.inprocess import LocalServer
from tests.support.pages import Site

JSON_LD = {"Content-Type": "application/ld+json"}
CONTEXT = "https://www.w3.org/ns/solid/oidc-context.jsonld"


@pytest.fixture
def provider(tmp_path) -> Iterator[Provider]:
    server = LocalServer(tmp_path)
    yield Provider(server)
    server.close()


@pytest.fixture
def site(tmp_path) -> Site:
    site = Site(tmp_path)
    site.account("alice")
    return site


def in_pod(provider: Provider, *redirect_uris: str) -> str:
    """The client id of an app whose document lies in alice's pod."""
    path = "/alice/profile/app.jsonld"
    url = provider.base + path[1:]
    document = {"@context": [CONTEXT], "client_id": url, "client_name": "Notes", "redirect_uris": redirect_uris}
    answer = provider.server.request("PUT", path, JSON_LD, json.dumps(document).encode())
    assert answer.status in {201, 204}, answer.body
    rule = f"""@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.
    <#o> a acl:Authorization; acl:agent <card#me>; acl:accessTo <app.jsonld>; acl:mode acl:Read, acl:Write, acl:Control.
    <#p> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <app.jsonld>; acl:mode acl:Read."""
    provider.server.request("PUT", path + ".acl", {"Content-Type": "text/turtle"}, rule.encode())
    return url


def test_who_can_write_the_document_of_an_app_gets_nothing_without_a_question(provider):
    session = provider.sign_in()
    App(provider, in_pod(provider, CALLBACK)).code(session)
    evil = "https://evil.example/"
    thief = App(provider, in_pod(provider, CALLBACK, evil), redirect_uri=evil)
    assert query(thief.decide(session, prompt="none").location)["error"] == "consent_required"
    assert isinstance(thief.decide(session), ConsentNeeded)


def test_an_app_elsewhere_is_remembered(provider):
    app, session = provider.app(), provider.sign_in()
    app.code(session)
    assert isinstance(app.decide(session, prompt="none"), Redirect)


def test_no_document_that_an_app_chose_comes_along_with_the_index(provider):
    profile = f"""@prefix pim: <http://www.w3.org/ns/pim/space#>. @prefix solid: <http://www.w3.org/ns/solid/terms#>.
    <#me> pim:preferencesFile <{provider.base}alice/diary.ttl>; solid:oidcIssuer <{provider.base}>;
    pim:storage <{provider.base}alice/>."""
    for path, text in (("/alice/diary.ttl", "<> <#a> 1 ."), ("/alice/profile/card", profile)):
        answer = provider.server.request("PUT", path, {"Content-Type": "text/turtle"}, text.encode())
        assert answer.status in {201, 204, 205}, answer.body
    rows = Offers(provider.services, 1).make().rows
    assert not any(row.beside for row in rows)
    assert not any("diary" in item.path for row in rows for item in row.items(Level.SEE, control=False))


def test_whatever_an_app_asks_for_is_in_sight(site):
    places = [f"{site.base_url}alice/x{number}/" for number in range(12)]
    details = json.dumps([{"type": TYPE, "actions": ["read"], "locations": places}])
    page = site.signed_in("alice").ask(site.app_id(), authorization_details=details).text
    in_sight, more = page.split("<summary>More folders</summary>")
    assert all(f'name="at:/alice/x{number}/"' in in_sight for number in range(12))
    assert " selected>see<" not in more.split("</details>")[0].split('id="other_level"')[0]
