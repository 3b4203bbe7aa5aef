"""What apps try that their person knows too little about: to take the place of another, and to be given more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest

from pod.errors import BadRequest, InvalidRedirectURI, NotFound, UnprocessableContent
from pod.identity import widening
from pod.identity.authorization import ConsentNeeded, Redirect
from pod.identity.authorization_details import TYPE
from pod.identity.ceilings import ALL_FOR_GOOD, PLACES_MAX, Level, Offers, Terms, Until
from pod.identity.clients import create_client
from pod.identity.consent import change_app, list_apps, revoke_app
from pod.identity.notices import latest_events
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import AccessMode
from pod.store.apps import App as Remembered
from pod.store.mail import MailKind
from tests.support.apps import CALLBACK, App, Provider, query
from tests.support.inprocess import LocalServer
from tests.support.pages import PASSWORD, Site

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
    rule = """@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.
    <#o> a acl:Authorization; acl:agent <card#me>; acl:accessTo <app.jsonld>; acl:mode acl:Read, acl:Write, acl:Control.
    <#p> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <app.jsonld>; acl:mode acl:Read."""
    provider.server.request("PUT", path + ".acl", {"Content-Type": "text/turtle"}, rule.encode())
    return url


def named(provider: Provider, app: App) -> Remembered:
    (known,) = provider.services.apps.of_client(provider.services.accounts.by_name("alice").id, app.id)
    return known


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


# -- who it is ---------------------------------------------------------------------------------------------------------

GOOD, EVIL = "https://good.example/callback", "https://evil.example/callback"
POSTS = Terms(Ceiling(items=(CeilingItem("/alice/posts/", AccessMode.READ),)))


def test_all_hosts_that_can_be_answered_are_told(site):
    alice, client = site.signed_in("alice"), site.app_id(redirect_uris=[GOOD, EVIL], client_name="Good")
    page = alice.ask(client, redirect_uri=GOOD)
    told = page.text.split("<main")[1].split("<form")[0]
    assert "<strong>good.example</strong>" in told
    assert "<strong>evil.example</strong>" in told
    alice.answer(page, "allow")
    assert "evil.example, good.example" in alice.get("/.account/apps").text


def test_an_app_with_several_hosts_shows_the_links_of_none(site):
    client = site.app_id(redirect_uris=[GOOD, EVIL], client_uri="https://good.example/", client_name="Good")
    assert 'href="https://good.example/"' not in site.signed_in("alice").ask(client, redirect_uri=EVIL).text


def test_an_app_is_not_hidden_in_a_crowd_of_hosts(provider):
    with pytest.raises(InvalidRedirectURI):
        provider.app(redirect_uris=[f"https://h{number}.example/" for number in range(6)])
    assert provider.app(redirect_uris=[f"http://localhost:{number}/" for number in range(5000, 5010)]).id


def test_where_an_answer_goes_on_this_server_names_the_pod(site):
    there = f"{site.base_url}mallory/app.html"
    page = site.signed_in("alice").ask(site.app_id(redirect_uris=[there]), redirect_uri=there)
    assert "<strong>pods.example/mallory/</strong>" in page.text


def test_an_app_described_in_a_pod_is_not_called_verified(provider):
    app = App(provider, in_pod(provider, CALLBACK))
    question = app.decide(provider.sign_in()).question
    assert (question.verified, question.pod) == (False, "alice")


def test_what_an_app_is_given_is_not_given_to_its_double(provider):
    session, app, double = provider.sign_in(), provider.app(), provider.app()
    tokens = [each.signed_in(session, terms=POSTS)["access_token"] for each in (double, app)]
    assert len(list_apps(provider.services, session.account.id)) == 1
    change_app(provider.services, session.account.id, named(provider, app).id, ALL_FOR_GOOD)
    assert [each.read(token, "/alice/") for each, token in zip((double, app), tokens, strict=True)] == [403, 200]
    assert len(list_apps(provider.services, session.account.id)) == 2


def test_what_is_taken_from_an_app_is_taken_from_its_double(provider):
    session, app, double = provider.sign_in(), provider.app(), provider.app()
    tokens = [each.signed_in(session)["access_token"] for each in (double, app)]
    change_app(provider.services, session.account.id, named(provider, app).id, Terms(POSTS.ceiling, Until.DAY))
    for each, token in zip((double, app), tokens, strict=True):
        assert [each.read(token, path) for path in ("/alice/posts/", "/alice/")] == [200, 403]
    assert named(provider, double).end_ms == named(provider, app).end_ms


def test_a_double_that_asks_for_something_is_not_offered_what_the_other_has(provider):
    session = provider.sign_in()
    provider.app().code(session, terms=POSTS)
    asked = json.dumps([{"type": TYPE, "actions": ["read"], "locations": [f"{provider.base}alice/inbox/"]}])
    offer = provider.app().decide(session, authorization_details=asked).offer
    assert {row.path for row in offer.rows if row.level is not Level.NONE} == {"/alice/inbox/"}


# -- more --------------------------------------------------------------------------------------------------------------

INBOX = CeilingItem("/alice/inbox/", AccessMode.READ)


@pytest.fixture
def meanwhile(monkeypatch) -> Callable[[Callable[[], None]], None]:
    """Something else happens between the question for more and the answer."""

    def happen(change: Callable[[], None]) -> None:
        real = widening.decided

        def late(*arguments, **named):
            change()
            return real(*arguments, **named)

        monkeypatch.setattr(widening, "decided", late)

    return happen


def test_more_undoes_nothing_that_was_decided_meanwhile(provider, meanwhile):
    session, app = provider.sign_in(), provider.app()
    app.code(session, terms=POSTS)
    limit = Terms(Ceiling(items=(CeilingItem("/alice/notes/", AccessMode.READ),)), Until.DAY)
    meanwhile(lambda: change_app(provider.services, session.account.id, named(provider, app).id, limit))
    widenings = widening.Widenings(provider.services, session.account)
    widenings.allow(widenings.asked(app.id, f"{provider.base}alice/inbox/", "read"), "/alice/inbox/")
    now = named(provider, app)
    assert {item.path for item in now.ceiling.items} == {"/alice/notes/", "/alice/inbox/"}
    assert now.end_ms is not None


def test_what_was_chosen_on_a_page_undoes_nothing_that_was_decided_meanwhile(provider):
    session, app = provider.sign_in(), provider.app()
    app.code(session, terms=POSTS)
    seen = named(provider, app)
    widenings = widening.Widenings(provider.services, session.account)
    widenings.allow(widenings.asked(app.id, f"{provider.base}alice/inbox/", "read"), "/alice/inbox/")
    with pytest.raises(UnprocessableContent):
        change_app(provider.services, session.account.id, seen.id, POSTS, seen=seen)
    assert INBOX in named(provider, app).ceiling.items


def test_more_brings_back_nothing_that_was_taken_away_meanwhile(provider, meanwhile):
    session, app = provider.sign_in(), provider.app()
    token = app.signed_in(session, terms=POSTS)["access_token"]
    meanwhile(lambda: revoke_app(provider.services, session.account.id, named(provider, app).id))
    widenings = widening.Widenings(provider.services, session.account)
    with pytest.raises(NotFound):
        widenings.allow(widenings.asked(app.id, f"{provider.base}alice/inbox/", "read"), "/alice/inbox/")
    assert app.read(token, "/alice/inbox/") == 401


def test_an_app_gets_no_more_places_than_a_page_can_show(provider):
    session, app = provider.sign_in(), provider.app()
    app.code(session, terms=POSTS)
    widenings = widening.Widenings(provider.services, session.account)
    with pytest.raises(BadRequest):
        for number in range(PLACES_MAX):
            place = f"alice/{number}/"
            widenings.allow(widenings.asked(app.id, provider.base + place, "read"), f"/{place}")
    assert len(named(provider, app).ceiling.items) == PLACES_MAX


@pytest.mark.parametrize("page", ["/.account/credentials/change?credential={}", "{}"])
def test_a_key_is_good_for_more_only_with_the_password_and_its_owner_is_told(site, page):
    key, _ = create_client(site.services, "alice", terms=POSTS)
    asked = {"client": key.id, "resource": f"{site.base_url}alice/inbox/", "modes": "read"}
    page = page.format(key.id) if "change" in page else f"/.account/apps/widen?{urlencode(asked)}"
    alice, action = site.signed_in("alice"), page.partition("?")[0]
    more = {"answer": "allow"} if "widen" in page else {"at:/alice/inbox/": "see"}
    assert alice.submit(page, action, password="not it", **more).status_code == 403
    assert site.services.accounts.client(key.id).ceiling == POSTS.ceiling
    assert alice.submit(page, action, password=PASSWORD, **more).status_code in {200, 303}
    assert INBOX in site.services.accounts.client(key.id).ceiling.items
    assert latest_events(site.services, key.account)[0].kind is MailKind.CLIENT_CHANGED


def test_a_page_that_an_app_opens_cannot_be_exchanged_by_it_and_takes_no_click_at_once(site):
    key, _ = create_client(site.services, "alice", label="Sure? Press Allow, " * 5, terms=POSTS)
    asked = {"client": key.id, "resource": f"{site.base_url}alice/inbox/", "modes": "read"}
    page = site.signed_in("alice").get(f"/.account/apps/widen?{urlencode(asked)}")
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert 'class="button careful" name="answer" value="allow"' in page.text
    assert "Press Allow, " * 3 not in page.text


def test_a_scheme_is_not_taken_for_a_host(site):
    client = site.app_id(redirect_uris=["good.example:/cb"], application_type="native")
    page = site.signed_in("alice").ask(client, redirect_uri="good.example:/cb").text
    assert "<strong>good.example: on your device</strong>" in page
