"""What owners let apps do: what they are offered, what their answer comes to, and what holds from then on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pod.errors import BadRequest, NotFound, RefusedAuthorization, UnprocessableContent
from pod.identity.authorization import ConsentNeeded, Redirect
from pod.identity.authorization_details import TYPE, AccessRequest
from pod.identity.ceilings import ALL_FOR_GOOD, EVERYTHING, Answers, Level, Offers, Terms, Until, level_of
from pod.identity.clients import change_client, create_client
from pod.identity.consent import change_app, connected, list_apps, revoke_app
from pod.identity.widening import Widenings
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import AccessMode
from pod.store.apps import DAY_MS
from pod.store.records import SERVER
from tests.support.apps import Provider, error_of, query
from tests.support.inprocess import LocalServer

READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL
POSTS = Terms(Ceiling(items=(CeilingItem("/alice/posts/", READ, "posts"),)))
NOTE = "https://www.w3.org/ns/activitystreams#Note"
DAY = 24 * 3600


@pytest.fixture
def provider(tmp_path) -> Iterator[Provider]:
    server = LocalServer(tmp_path)
    yield Provider(server)
    server.close()


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory) -> Iterator[Provider]:
    """For tests that decide nothing."""
    server = LocalServer(tmp_path_factory.mktemp("unchanged"))
    yield Provider(server)
    server.close()


def details(*actions: str, **members: object) -> str:
    return json.dumps([{"type": TYPE, "actions": list(actions or ["read"]), **members}])


def answered(provider: Provider, form: dict[str, str], asked: tuple[AccessRequest, ...] = ()) -> Terms:
    offers = Offers(provider.services, provider.services.accounts.by_name("alice").id)
    return Answers(provider.services, offers).terms(offers.make(None, asked), form)


def turtle(provider: Provider, path: str, text: str) -> None:
    answer = provider.server.request("PUT", path, {"Content-Type": "text/turtle"}, text.encode())
    assert answer.status in {201, 204}, answer.body


# -- offers ------------------------------------------------------------------------------------------------------------


def test_everything_is_offered_to_an_app_that_says_nothing(unchanged):
    offer = Offers(unchanged.services, 1).make()
    assert (offer.limited, offer.control, offer.until) == (False, True, Until.STOPPED)
    assert {row.level for row in offer.rows} == {Level.NONE}
    assert [row.name for row in offer.rows[:3]] == ["Your profile", "Your contacts", "Your posts"]


def test_what_an_app_asks_for_is_chosen_beforehand(unchanged):
    asked = (AccessRequest(READ | APPEND, (f"{unchanged.base}alice/a/b/",), (NOTE,), 90 * 86_400.0),)
    offer = Offers(unchanged.services, 1).make(None, asked)
    chosen = {row.path: row.level for row in offer.rows if row.level is not Level.NONE}
    assert chosen == {"/alice/a/b/": Level.ADD, "/alice/posts/": Level.ADD}
    assert (offer.limited, offer.until) == (True, Until.SEASON)


def test_what_names_no_place_is_about_the_whole_pod(unchanged):
    offer = Offers(unchanged.services, 1).make(None, (AccessRequest(READ),))
    assert (offer.rows[0].path, offer.rows[0].level) == ("/alice/", Level.SEE)


@pytest.mark.parametrize(
    ("modes", "level"),
    [
        (READ, Level.SEE),
        (APPEND, Level.DROP),
        (READ | APPEND, Level.ADD),
        (WRITE, Level.EDIT),
        (READ | CONTROL, Level.SEE),
        (AccessMode.NONE, Level.NONE),
    ],
)
def test_modes_have_the_least_level_that_holds_them(modes, level):
    assert level_of(modes) is level


def test_type_indexes_say_where_kinds_of_data_are(provider):
    turtle(
        provider,
        "/alice/settings/privateTypeIndex.ttl",
        f"""@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix vcard: <http://www.w3.org/2006/vcard/ns#>.
        <#a> a solid:TypeRegistration; solid:forClass <{NOTE}>; solid:instanceContainer </alice/blog/>.
        <#b> a solid:TypeRegistration; solid:forClass vcard:AddressBook; solid:instance </alice/people/index.ttl#this>.
        <#c> a solid:TypeRegistration; solid:forClass <http://schema.org/Recipe>; solid:instanceContainer </alice/food/>.
        <#d> a solid:TypeRegistration; solid:forClass <http://schema.org/Event>; solid:instanceContainer </alice/>.
        <#e> a solid:TypeRegistration; solid:forClass <http://schema.org/Movie>; solid:instanceContainer </bob/films/>.""",
    )
    rows = {row.name: row.path for row in Offers(provider.services, 1).make().rows}
    assert rows["Your posts"] == "/alice/blog/"
    assert rows["Your contacts"] == "/alice/people/"
    assert rows["Recipe"] == "/alice/food/"
    assert "Event" not in rows
    assert "Movie" not in rows


def test_a_type_index_that_is_none_is_passed_over(provider):
    turtle(provider, "/alice/settings/privateTypeIndex.ttl", '<#a> <#b> "c".')
    provider.server.request("DELETE", "/alice/settings/publicTypeIndex.ttl")
    rows = {row.name: row.path for row in Offers(provider.services, 1).make().rows}
    assert rows["Your posts"] == "/alice/posts/"


# -- answers -----------------------------------------------------------------------------------------------------------


def test_everything_is_with_or_without_control(unchanged):
    assert answered(unchanged, {"access": "everything", "control": "yes"}) == ALL_FOR_GOOD
    assert answered(unchanged, {"access": "everything"}).ceiling == Ceiling(full=True)


def test_some_things_are_what_was_chosen(unchanged):
    form = {
        "access": "some",
        "at:/alice/posts/": "edit",
        "at:/alice/inbox/": "see",
        "control_there": "yes",
        "until": "day",
    }
    terms = answered(unchanged, form)
    assert {item.path: item.modes for item in terms.ceiling.items} == {
        "/alice/posts/": READ | APPEND | WRITE | CONTROL,
        "/alice/inbox/": READ,
    }
    assert terms.ends(1_000) == 1_000 + DAY_MS


def test_whoever_finds_things_by_the_index_may_read_what_leads_there(unchanged):
    terms = answered(unchanged, {"access": "some", "at:/alice/settings/privateTypeIndex.ttl": "add"})
    assert {item.path: item.modes for item in terms.ceiling.items} == {
        "/alice/settings/privateTypeIndex.ttl": READ | APPEND,
        "/alice/settings/prefs.ttl": READ,
    }


@pytest.mark.parametrize("typed", ["inbox", "/inbox/", "alice/inbox/x", "{base}alice/inbox/", "{base}bob/any thing"])
def test_another_folder_is_found_as_people_write_it(unchanged, typed):
    turtle(unchanged, "/alice/alice/inbox/x", "")
    form = {"access": "some", "other": typed.format(base=unchanged.base), "other_level": "add"}
    (item,) = answered(unchanged, form).ceiling.items
    assert item.modes == READ | APPEND


@pytest.mark.parametrize("typed", ["no/such/folder/", "https://elsewhere.example/x/", "x" * 2000, "../../etc", ".acl "])
def test_a_folder_that_is_not_there_is_told(unchanged, typed):
    with pytest.raises(UnprocessableContent) as told:
        answered(unchanged, {"access": "some", "other": typed})
    assert told.value.extras["field"] == "other"


def test_limits_and_everything_together_are_asked_about_once(unchanged):
    form = {"access": "everything", "at:/alice/posts/": "see"}
    with pytest.raises(UnprocessableContent):
        answered(unchanged, form)
    assert answered(unchanged, {**form, "sure": "yes"}).ceiling.full


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"access": "all"},
        {"access": "some", "at:/alice/posts/": "own"},
        {"access": "some", "until": "ever"},
        {"access": "everything", "until": "kept"},
    ],
)
def test_a_form_that_no_page_made_is_refused(unchanged, form):
    with pytest.raises(BadRequest):
        answered(unchanged, form)


def test_nothing_at_all_may_be_chosen(unchanged):
    assert answered(unchanged, {"access": "some"}).ceiling == Ceiling()


# -- what holds --------------------------------------------------------------------------------------------------------


def test_a_limited_app_is_refused_elsewhere_and_its_folder_is_made(provider):
    app, session = provider.app(), provider.sign_in()
    token = app.signed_in(session, terms=POSTS)["access_token"]
    assert [app.read(token, path) for path in ("/alice/posts/", "/alice/", "/alice/settings/prefs.ttl")] == [
        200,
        403,
        403,
    ]


def test_tokens_say_what_was_granted(provider):
    app = provider.app()
    tokens = app.signed_in(terms=POSTS)
    granted = [{"type": TYPE, "actions": ["read"], "locations": [f"{provider.base}alice/posts/"]}]
    assert tokens["authorization_details"] == granted
    assert provider.app().signed_in()["authorization_details"] == [
        {"type": TYPE, "actions": ["read", "write", "append", "control"]}
    ]


def test_a_limited_app_is_not_asked_about_again(provider):
    app, session = provider.app(), provider.sign_in()
    app.code(session, terms=POSTS)
    assert isinstance(app.decide(session), Redirect)
    assert app.read(app.signed_in(session)["access_token"], "/alice/") == 403


def test_an_app_that_asks_for_more_is_asked_about_again(provider):
    app, session = provider.app(), provider.sign_in()
    app.code(session, terms=POSTS)
    assert isinstance(app.decide(session, authorization_details=details("read", datatypes=[NOTE])), Redirect)
    decision = app.decide(session, authorization_details=details("append", datatypes=[NOTE]))
    assert isinstance(decision, ConsentNeeded)
    assert {row.path: row.level for row in decision.offer.rows}["/alice/posts/"] is Level.ADD
    silent = app.decide(session, authorization_details=details("write"), prompt="none")
    assert query(silent.location)["error"] == "consent_required"


def test_a_change_holds_with_the_next_request_refresh_tokens_included(provider):
    app, session = provider.app(), provider.sign_in()
    tokens = app.signed_in(session)
    (known,) = list_apps(provider.services, session.account.id)
    change_app(provider.services, session.account.id, known.id, POSTS)
    renewed = json.loads(app.refresh(tokens["refresh_token"]).body)["access_token"]
    assert [app.read(each, "/alice/") for each in (tokens["access_token"], renewed)] == [403, 403]
    change_app(provider.services, session.account.id, known.id, ALL_FOR_GOOD)
    assert [app.read(each, "/alice/") for each in (tokens["access_token"], renewed)] == [200, 200]


def test_what_was_given_for_a_day_ends_and_asks_again(provider):
    app, session = provider.app(), provider.sign_in()
    tokens = app.signed_in(session, terms=Terms(EVERYTHING, Until.DAY))
    provider.clock.time += DAY + 1
    assert error_of(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert isinstance(app.decide(provider.sign_in()), ConsentNeeded)
    assert list_apps(provider.services, session.account.id) == ()


def test_what_was_given_once_asks_again_and_ends_with_the_session(provider):
    app, session = provider.app(), provider.sign_in()
    tokens = app.signed_in(session, terms=Terms(EVERYTHING, Until.ONCE))
    assert app.read(tokens["access_token"]) == 200
    assert isinstance(app.decide(session), ConsentNeeded)
    assert [each.app.is_once for each in connected(provider.services, session.account.id)] == [True]
    with provider.services.store.write(SERVER) as tx:
        provider.services.apps.revoke_grants_of_session(tx, session.id, offline_too=False)
    assert error_of(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


def test_the_last_answer_holds_for_what_was_given_before(provider):
    app, session = provider.app(), provider.sign_in()
    earlier = app.signed_in(session)["access_token"]
    app.signed_in(session, terms=Terms(POSTS.ceiling, Until.ONCE), prompt="consent")
    assert app.read(earlier, "/alice/") == 403
    provider.clock.time += DAY + 1
    assert app.read(earlier, "/alice/posts/") == 401


def test_an_app_that_registers_anew_begins_with_the_last_answer(provider):
    session = provider.sign_in()
    provider.app().code(session, terms=POSTS)
    assert provider.app().decide(session).offer.limited
    other = provider.app(client_name="Another")
    assert not other.decide(session).offer.limited


def test_apps_that_look_alike_and_may_do_different_things_are_shown_apart(provider):
    session = provider.sign_in()
    provider.app().code(session, terms=POSTS)
    provider.app().code(session)
    provider.app().code(session)
    shown = connected(provider.services, session.account.id)
    assert sorted(each.ceiling.full for each in shown) == [False, True]


def test_who_lost_it_meanwhile_is_not_let_in_again(provider):
    app, session = provider.app(), provider.sign_in()
    app.code(session, terms=POSTS)
    (known,) = list_apps(provider.services, session.account.id)
    authorization, pending = provider.identity.authorization, app.begin()
    revoke_app(provider.services, session.account.id, known.id)
    with pytest.raises(RefusedAuthorization):
        authorization._allow(pending, session, provider.web_id(), None)


@pytest.mark.parametrize(
    "said",
    [
        "nothing",
        "[]",
        details("own"),
        details("read", locations=["https://elsewhere.example/"]),
        details("read", privileges=["admin"]),
        json.dumps([{"type": "payment", "actions": ["read"]}]),
        details("read", duration="soon"),
        details(
            "read", datatypes=[f"https://vocab.example/{each}" for each in range(20)], locations=["{base}alice/"] * 1
        ),
        "[" * 4000,
    ],
)
def test_an_app_that_asks_wrongly_is_told(unchanged, said):
    from pod.identity.requests import ErrorRedirect

    with pytest.raises(ErrorRedirect) as told:
        unchanged.app().begin(authorization_details=said.replace("{base}", unchanged.base))
    assert query(told.value.location)["error"] == "invalid_authorization_details"


def test_a_request_that_waits_keeps_what_it_asks_for(unchanged):
    authorization, pending = unchanged.identity.authorization, unchanged.app().begin(authorization_details=details())
    assert authorization.unseal(authorization.seal(pending)) == pending


# -- more --------------------------------------------------------------------------------------------------------------


def widened(provider: Provider, client: str, path: str, modes: str, place: str | None = None) -> None:
    account = provider.services.accounts.by_name("alice")
    widenings = Widenings(provider.services, account)
    asked = widenings.asked(client, provider.base + path, modes)
    widenings.allow(asked, place or asked.places[0].path)


def test_a_limited_app_gets_more_and_keeps_what_it_had(provider):
    app = provider.app()
    token = app.signed_in(terms=POSTS)["access_token"]
    widened(provider, app.id, "alice/inbox/", "read")
    assert [app.read(token, path) for path in ("/alice/inbox/", "/alice/posts/", "/alice/settings/")] == [200, 200, 403]


def test_more_may_be_a_folder_above(provider):
    turtle(provider, "/alice/a/b/c", "")
    app = provider.app()
    token = app.signed_in(terms=POSTS)["access_token"]
    widened(provider, app.id, "alice/a/b/c", "read", "/alice/a/")
    assert app.read(token, "/alice/a/b/") == 200


def test_nobody_is_asked_about_an_app_they_did_not_let_in(provider):
    app = provider.app()
    app.signed_in(terms=POSTS)
    with pytest.raises(NotFound):
        Widenings(provider.services, provider.services.accounts.by_name("bob")).asked(app.id, provider.base, "read")


@pytest.mark.parametrize(
    ("resource", "modes"),
    [("https://elsewhere.example/x", "read"), ("{base}alice/", "own"), ("{base}alice/", ""), ("", "read")],
)
def test_a_question_without_sense_is_refused(provider, resource, modes):
    app = provider.app()
    app.signed_in(terms=POSTS)
    widenings = Widenings(provider.services, provider.services.accounts.by_name("alice"))
    with pytest.raises(BadRequest):
        widenings.asked(app.id, resource.replace("{base}", provider.base), modes)


# -- keys for programs -------------------------------------------------------------------------------------------------


def test_a_key_is_good_for_what_it_was_made_for_and_no_longer(provider):
    key, secret = create_client(provider.services, "alice", "Backup", terms=Terms(POSTS.ceiling, Until.DAY))
    program = type(provider.app())(provider, key.id, secret)
    answer = program.ask(grant_type="client_credentials")
    token = json.loads(answer.body)["access_token"]
    assert [program.read(token, path) for path in ("/alice/posts/", "/alice/")] == [200, 403]
    change_client(provider.services, "alice", key.id, Terms(EVERYTHING, Until.KEPT, key.end_ms))
    assert program.read(token, "/alice/") == 200
    provider.clock.time += DAY + 1
    assert error_of(program.ask(grant_type="client_credentials")) == (401, "invalid_client")


# -- the projection ----------------------------------------------------------------------------------------------------


def app_list(provider: Provider) -> str:
    return provider.server.request("GET", "/alice/settings/apps.ttl").body.decode()


def test_the_pod_tells_what_apps_may_do(provider):
    app, session = provider.app(), provider.sign_in()
    app.code(session, terms=POSTS)
    told = app_list(provider)
    assert f'odrl:rightOperand "{app.id}"' in told
    assert f"odrl:target <{provider.base}alice/posts/>" in told
    (known,) = list_apps(provider.services, session.account.id)
    revoke_app(provider.services, session.account.id, known.id)
    assert app.id not in app_list(provider)


def test_only_the_server_writes_the_list(provider):
    path = "/alice/settings/apps.ttl"
    for _ in range(2):  # while there is none, and when there is one
        for method, kind in (("PUT", "text/turtle"), ("PATCH", "application/sparql-update"), ("DELETE", None)):
            headers = {} if kind is None else {"Content-Type": kind}
            content = b"INSERT DATA { <#a> <#b> <#c> }" if kind else b""
            answer = provider.server.request(method, path, headers, content)
            assert (answer.status, answer.headers.get("allow")) == (405, "OPTIONS, HEAD, GET") or answer.status == 404
        slug = {"Content-Type": "text/turtle", "Slug": "apps.ttl"}
        posted = provider.server.request("POST", "/alice/settings/", slug, b"")
        assert not posted.headers["location"].endswith("/apps.ttl")
        provider.app().code(provider.sign_in())
    assert provider.server.request("GET", path).headers["allow"] == "OPTIONS, HEAD, GET"


def test_a_pod_that_cannot_take_the_list_keeps_nobody_from_taking_access_back(provider):
    provider.server.request("PUT", "/alice/settings/apps.ttl/", {})  # a container of that name
    app, session = provider.app(), provider.sign_in()
    token = app.signed_in(session, terms=POSTS)["access_token"]
    (known,) = list_apps(provider.services, session.account.id)
    revoke_app(provider.services, session.account.id, known.id)
    assert app.read(token, "/alice/posts/") == 401
