"""Which issuers a profile names: only its owner changes it, and what this server signed falls with its own name."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest

from pod.errors import Busy, Conflict, NotFound, QuotaExceeded, UnprocessableContent
from pod.identity.accounts import create_account
from pod.identity.clients import create_client
from pod.identity.consent import list_apps
from pod.identity.departure import schedule_deletion
from pod.identity.issuers import ISSUERS_MAX, NamedIssuers, add_issuer, list_issuers, remove_issuer
from pod.identity.pods import add_pod
from pod.identity.providers import Providers
from pod.identity.sessions import start_session
from pod.protocol.resource import Target
from pod.remote.client import Fetched
from pod.store.access_records import ANYTHING
from pod.store.records import SERVER, Actor, Kind
from tests.support.people import PASSWORD, PUBLIC
from tests.unit.authentication.conftest import ELSEWHERE, METADATA, Internet

CARD = "/alice/profile/card"
ALICE = f"{PUBLIC}alice/profile/card#me"
WORK = f"{PUBLIC}work/profile/card#me"


@pytest.fixture
def internet():
    """Of one provider."""
    internet = Internet()
    internet.has_issuer(ELSEWHERE)
    return internet


@pytest.fixture
def providers(people, internet):
    return Providers(people, internet)


@pytest.fixture
def moved(people, she, providers):
    """alice, whose profile names the other server alone."""
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    remove_issuer(people, she, ALICE, PUBLIC)
    return she


def named(services, account, web_id=ALICE):
    return next(each.issuers for each in list_issuers(services, account.id) if each.web_id == web_id)


def text(services, path=CARD):
    with services.store.open(services.store.describe(Target.parse(path)).state) as file:
        return file.read().decode()


def rewrite(services, content, media_type="text/turtle"):
    staged = services.store.stage(io.BytesIO(content.encode()), media_type, bytes_max=10**6)
    with services.store.write(SERVER) as tx:
        snapshot = tx.describe(Target.parse(CARD))
        tx.replace(snapshot.state, staged, kind=Kind.RDF, acl=snapshot.acls[0])


def an_app(services, account, web_id=ALICE):
    """An app that was let in: gives its grant."""
    session, _ = start_session(services, account, "a browser")
    with services.store.write(SERVER) as tx:
        app = services.apps.remember(
            tx, account.id, "https://app.example/id", web_id, name="App", host="app.example", scope="openid"
        )
        return services.apps.add_grant(tx, app, session.id, "openid offline_access")


def stands(services, grant):
    """As with each request, and at the token endpoint."""
    with_request = services.store.describe(Target.parse(CARD), grant).grant.stands
    assert services.apps.grant(grant).stands == with_request
    return with_request


# -- adding ------------------------------------------------------------------------------------------------------------


def test_a_new_profile_names_this_server(people, she):
    assert list_issuers(people, she.id) == (NamedIssuers(ALICE, (PUBLIC,)),)


@pytest.mark.requirement("oidc#security-issuer-trust")
def test_another_issuer_stands_in_the_profile_beside_ours(people, she, providers):
    before = text(people)
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    assert named(people, she) == (PUBLIC, ELSEWHERE)
    assert text(people).replace(f", <{ELSEWHERE}>", "") == before


def test_everything_else_in_the_profile_and_its_prefixes_stay(people, she, providers):
    rewrite(people, "@prefix mine: <https://mine.example/> .\n" + text(people) + f"<{ALICE}> mine:pet mine:cat .")
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    assert "mine:pet mine:cat" in text(people)


def test_a_profile_in_json_ld_stays_json_ld(people, she, providers):
    issuer = {"http://www.w3.org/ns/solid/terms#oidcIssuer": {"@id": PUBLIC}}
    rewrite(people, json.dumps({"@id": ALICE, **issuer}), "application/ld+json")
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    assert json.loads(text(people))
    assert named(people, she) == (PUBLIC, ELSEWHERE)


def test_the_journal_says_that_the_profile_changed_and_by_whom(people, she, providers):
    position = max(each.position for each in people.store.changes(0, 1000))
    add_issuer(people, providers, she, ALICE, ELSEWHERE, by=Actor(ALICE))
    (change,) = people.store.changes(position, 1000)
    assert (change.path, change.agent, change.client) == (CARD, ALICE, None)
    assert change.acl is not None


def test_an_issuer_that_is_named_already_changes_nothing(people, she, providers):
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    position = max(each.position for each in people.store.changes(0, 1000))
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    add_issuer(people, providers, she, ALICE, PUBLIC)
    assert people.store.changes(position, 1000) == []


def test_a_profile_names_so_many_issuers_at_most(people, she, providers, internet):
    for number in range(ISSUERS_MAX):
        internet.has_issuer(f"https://i{number}.example/")
    for number in range(ISSUERS_MAX - 1):
        add_issuer(people, providers, she, ALICE, f"https://i{number}.example/")
    with pytest.raises(Conflict, match="at most 10"):
        add_issuer(people, providers, she, ALICE, f"https://i{ISSUERS_MAX - 1}.example/")


def test_a_full_pod_keeps_its_profile_as_it_was(people, she, providers):
    before = text(people)
    with people.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET bytes_max = 1")
    with pytest.raises(QuotaExceeded):
        add_issuer(people, providers, she, ALICE, ELSEWHERE)
    assert text(people) == before


def test_a_profile_that_others_change_meanwhile_keeps_their_change(people, she, providers, monkeypatch):
    from pod.identity import issuers

    stage, changes = issuers.stage_document, iter(["meanwhile"])

    def interrupted(*given):
        for word in changes:
            rewrite(people, f"{text(people)}\n<{ALICE}> <https://x.example/said> '{word}' .")
        return stage(*given)

    monkeypatch.setattr(issuers, "stage_document", interrupted)
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    assert "meanwhile" in text(people)
    assert named(people, she) == (PUBLIC, ELSEWHERE)


# -- what is no issuer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "issuer",
    [
        "",
        " ",
        "elsewhere.example",
        "http://elsewhere.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https://[",
        "https://me:secret@elsewhere.example/",
        "https://elsewhere.example/?tenant=1",
        "https://elsewhere.example/#me",
        "https://elsewhere.example/ x",
        "https://elsewhere.example/\n",
        "https://elsewhere.example/><script>",
        'https://elsewhere.example/"',
        "https://elsewhere.example/\\",
        "https://elsewhére.example/",
        "https://elsewhere.example/" + "x" * 500,
        PUBLIC[:-1],
        PUBLIC.upper(),
        f"{PUBLIC}alice/",
        "https://pods.example:443/",
    ],
)
def test_what_can_be_no_issuer_is_refused_unasked(people, she, providers, internet, issuer):
    with pytest.raises(UnprocessableContent):
        add_issuer(people, providers, she, ALICE, issuer)
    assert internet.asked == []
    assert named(people, she) == (PUBLIC,)


def test_this_servers_address_must_be_exact(people, she, providers):
    with pytest.raises(UnprocessableContent, match=f"{PUBLIC}, exactly so"):
        add_issuer(people, providers, she, ALICE, PUBLIC[:-1])


@pytest.mark.parametrize(
    ("published", "says"),
    [
        ({"issuer": ELSEWHERE[:-1], "jwks_uri": "https://x.example/"}, f"calls itself {ELSEWHERE[:-1]} .a slash"),
        ({"issuer": "https://other.example/", "jwks_uri": "https://x.example/"}, "another name"),
        ({"issuer": ELSEWHERE}, "no sign-in server"),
        ({"issuer": [ELSEWHERE], "jwks_uri": "https://x.example/"}, "no sign-in server"),
        ([], "no sign-in server"),
        (Fetched(METADATA, 404, "application/json", b"{}"), "no sign-in server"),
        (Fetched(METADATA, 200, "text/html", b"<html>"), "no sign-in server"),
        (Fetched(METADATA, 200, "application/json", b'{"a":' * 50_000), "no sign-in server"),
        (None, "No sign-in server answers"),
    ],
)
def test_what_is_no_provider_is_refused_in_words(people, she, providers, internet, published, says):
    internet.pages.pop(METADATA)
    internet.pages |= {METADATA: published} if published is not None else {}
    with pytest.raises(UnprocessableContent, match=says):
        add_issuer(people, providers, she, ALICE, ELSEWHERE)
    assert named(people, she) == (PUBLIC,)


def test_some_threads_at_most_wait_for_providers(people, internet):
    providers = Providers(replace(people, config=replace(people.config, threads=1)), internet)
    seen = []

    def again(_url):
        with pytest.raises(Busy) as refused:
            providers.check(ELSEWHERE)
        seen.append(refused.type)

    internet.before = again
    providers.check(ELSEWHERE)
    assert seen == [Busy]
    internet.before = seen.append
    providers.check(ELSEWHERE)


# -- removing ----------------------------------------------------------------------------------------------------------


def test_an_issuer_that_is_removed_leaves_the_profile_as_it_was(people, she, providers):
    before = text(people)
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    remove_issuer(people, she, ALICE, ELSEWHERE)
    assert text(people) == before
    remove_issuer(people, she, ALICE, ELSEWHERE)


def test_the_only_issuer_stays(people, she, providers):
    with pytest.raises(Conflict, match="Add another one first"):
        remove_issuer(people, she, ALICE, PUBLIC)
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    remove_issuer(people, she, ALICE, PUBLIC)
    with pytest.raises(Conflict, match="Add another one first"):
        remove_issuer(people, she, ALICE, ELSEWHERE)
    assert named(people, she) == (ELSEWHERE,)


def test_while_this_server_is_named_nothing_of_ours_falls(people, she, providers):
    grant, (credential, _) = an_app(people, she), create_client(people, "alice")
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    remove_issuer(people, she, ALICE, ELSEWHERE)
    assert stands(people, grant)
    assert stands(people, credential.grant)


def test_with_this_server_falls_what_acts_as_the_webid(people, she, providers):
    grant, (credential, _) = an_app(people, she), create_client(people, "alice")
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    remove_issuer(people, she, ALICE, PUBLIC)
    assert not stands(people, grant)
    assert not stands(people, credential.grant)
    assert people.accounts.client(credential.id).revoked_ms is not None
    assert list_apps(people, she.id) == ()


def test_what_acts_as_another_webid_of_the_account_stays(people, she, providers):
    add_pod(people, she, "work")
    grant, (credential, _) = an_app(people, she, WORK), create_client(people, "alice", web_id=WORK)
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    remove_issuer(people, she, ALICE, PUBLIC)
    assert named(people, she, WORK) == (PUBLIC,)
    assert stands(people, grant)
    assert stands(people, credential.grant)


def test_a_grant_made_while_this_server_was_removed_is_worth_nothing(people, moved):
    assert not stands(people, an_app(people, moved))


def test_no_program_gets_credentials_for_a_webid_that_signs_in_elsewhere(people, moved):
    with pytest.raises(Conflict, match="no longer names this server"):
        create_client(people, "alice")


def test_this_server_can_be_added_again_and_what_fell_stays_fallen(people, she, providers):
    grant = an_app(people, she)
    add_issuer(people, providers, she, ALICE, ELSEWHERE)
    remove_issuer(people, she, ALICE, PUBLIC)
    add_issuer(people, providers, she, ALICE, PUBLIC)
    assert named(people, she) == (PUBLIC, ELSEWHERE)
    assert not stands(people, grant)
    assert stands(people, an_app(people, she))
    assert create_client(people, "alice")


# -- whose -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("web_id", ["", "https://people.example/#me", f"{PUBLIC}bob/profile/card#me", ALICE[:-3]])
def test_only_webids_of_the_account_are_changed(people, she, providers, web_id):
    create_account(people, "bob")
    with pytest.raises(NotFound):
        add_issuer(people, providers, she, web_id, ELSEWHERE)
    with pytest.raises(NotFound):
        remove_issuer(people, she, web_id, PUBLIC)


def test_an_account_that_is_leaving_changes_nothing(people, she, providers):
    schedule_deletion(people, she, PASSWORD)
    with pytest.raises(Conflict, match="about to be deleted"):
        add_issuer(people, providers, she, ALICE, ELSEWHERE)


def test_its_owner_sees_who_changed_the_profile(people, she, providers):
    add_issuer(people, providers, she, ALICE, ELSEWHERE, by=Actor(ALICE))
    remove_issuer(people, she, ALICE, ELSEWHERE)
    assert people.access_log.write_down()
    found = people.access_log.records.page("/alice/", ANYTHING, 10)
    assert {(each.agent, each.client, each.path, each.act): each.times for each in found} == {
        (ALICE, PUBLIC, CARD, "write"): 1,
        ("", f"{PUBLIC}#operator", CARD, "write"): 1,
    }
