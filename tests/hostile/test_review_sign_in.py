"""Ways in for thieves that a review of signing in found: links and grants that outlive a new password, allowances that
tell or are got around, mail that floods, logs that open accounts.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pod.app import create_app
from pod.authentication.access_token import REMEMBERED_SECONDS
from pod.authentication.authenticate import Authenticator
from pod.errors import LinkExpired, TooManyRequests, WrongPassword
from pod.identity.accounts import create_account, reset_password, set_disabled, set_verified_email
from pod.identity.departure import delete_account
from pod.identity.endpoint import EndpointRequest
from pod.identity.identity import open_identity
from pod.identity.issuers import add_issuer
from pod.identity.outgoing_mail import Postman
from pod.identity.providers import Providers
from pod.identity.recovery import change_password, request_reset, reset_with_link, set_email, verify_email
from pod.identity.sessions import end_session, start_session
from pod.identity.sign_in import OF_NAME_AT_ADDRESS, sign_in
from pod.identity.sign_up import sign_up
from pod.observability.logging import scrub_text
from pod.store.records import SERVER
from tests.support.client import ProofKey
from tests.support.inprocess import BASE, LocalServer, Login
from tests.support.people import (
    ELSEWHERE,
    HERE,
    MAIL,
    PASSWORD,
    CountedPasswords,
    Letters,
    alice_of,
    opened,
    pass_time,
)
from tests.unit.authentication.conftest import ELSEWHERE as ISSUER
from tests.unit.authentication.conftest import Internet, foreign_token, jwk

ALICE = f"{BASE}alice/profile/card#me"
NEW = "staple battery horse"
THIEF = "thief@evil.example"
PLAIN_PAGE = "reset"
"""The last part of the link in the mail that tells of a new password: a page for everybody."""


@pytest.fixture
def people(tmp_path):
    with opened(tmp_path / "people", registration="open", **MAIL) as services:
        yield services


@pytest.fixture
def she(people):
    return alice_of(people)


@pytest.fixture
def letters(people):
    return Letters(people)


# -- links -------------------------------------------------------------------------------------------------------------


WAYS_BACK = {
    "changed": lambda people, she: change_password(people, she, PASSWORD, NEW),
    "reset by the operator": lambda people, _: reset_password(people, "alice", NEW),
    "address set by the operator": lambda people, _: set_verified_email(people, "alice", "alice@example.net"),
}


@pytest.mark.parametrize("way", WAYS_BACK)
def test_an_address_that_a_thief_named_is_no_way_in_once_the_owner_is_back(people, she, letters, way):
    set_email(people, she, THIEF, password=PASSWORD)
    ((_, token),) = letters.delivered()
    WAYS_BACK[way](people, she)
    with pytest.raises(LinkExpired):
        verify_email(people, token)
    assert people.accounts.by_email(THIEF) is None


def test_a_new_password_by_mail_ends_what_a_thief_asked_for(people, she, letters):
    set_email(people, she, THIEF, password=PASSWORD)
    request_reset(people, "alice", HERE)
    links = dict(letters.delivered())
    reset_with_link(people, links["alice@example.org"], NEW, HERE)
    with pytest.raises(LinkExpired):
        verify_email(people, links[THIEF])


def test_who_reads_the_old_mailbox_gets_in_no_more_once_there_is_a_new_one(people, she, letters):
    request_reset(people, "alice", HERE)
    ((_, old),) = letters.delivered()
    set_email(people, she, "new@example.org", password=PASSWORD)
    ((_, token),) = letters.delivered()
    verify_email(people, token)
    with pytest.raises(LinkExpired):
        reset_with_link(people, old, NEW, ELSEWHERE)


def test_mail_that_is_withdrawn_while_others_before_it_go_out_is_not_sent(people, she):
    bob = create_account(people, "bob", email="bob@example.org", password=PASSWORD)
    sent = []

    def slowly(_config, _mail, email):
        sent.append(email)
        change_password(people, bob, PASSWORD, NEW)

    request_reset(people, "alice", HERE)
    set_email(people, bob, THIEF, password=PASSWORD)
    Postman(people.config, people.store, people.clock, slowly).work()
    assert sent == ["alice@example.org"]
    assert people.store.rows("SELECT email FROM single_use_link WHERE purpose = 'verify'") == []


# -- grants ------------------------------------------------------------------------------------------------------------


def granted_and_signed_out(people, she) -> str:
    """The grant of an app that may act while nobody is there, from a session that is over."""
    session, _ = start_session(people, she, "")
    with people.store.write(SERVER) as tx:
        web_id = people.accounts.web_ids(she.id)[0]
        app = people.apps.remember(tx, she.id, "app", web_id, name="App", host="app.example", scope="offline_access")
        grant = people.apps.add_grant(tx, app, session.id, "offline_access")
    end_session(people, session)
    assert people.apps.grant(grant).stands
    return grant


def locked_and_unlocked(people, _):
    set_disabled(people, "alice", disabled=True)
    set_disabled(people, "alice", disabled=False)


@pytest.mark.parametrize("act", [lambda people, she: change_password(people, she, PASSWORD, NEW), locked_and_unlocked])
def test_an_app_that_a_thief_let_in_before_signing_out_falls_too(people, she, act):
    grant = granted_and_signed_out(people, she)
    act(people, she)
    assert not people.apps.grant(grant).stands


@pytest.fixture
def local(tmp_path):
    """alice's profile names an issuer elsewhere too, and she signed in there."""
    server, internet, key = LocalServer(tmp_path), Internet(), ProofKey()
    made = server.services
    internet.has_issuer(ISSUER, jwk())
    add_issuer(made, Providers(made, internet), made.accounts.by_name("alice"), ALICE, ISSUER)
    made.authenticator.close()
    own = Authenticator.for_server(made.config, made.keys, made.clock, internet, made.public_documents)
    server.services = replace(made, authenticator=own)
    server.application = create_app(made.config, server.services).wsgi_app
    server.logins["elsewhere"] = Login(key, foreign_token(web_id=ALICE, cnf={"jkt": key.thumbprint}))
    yield server
    server.close()


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda _: None, 403),
        (lambda services: set_disabled(services, "alice", disabled=True), 401),
        (lambda services: delete_account(services, "alice"), 401),
    ],
)
def test_another_issuer_cannot_speak_for_an_account_that_is_locked_or_leaving(local, act, status):
    """bob's pod answers 403 to alice and 401 to nobody; a token is believed for a minute without another look."""
    assert local.request("GET", "/bob/", by="elsewhere").status == 403
    act(local.services)
    local.services.clock.time += REMEMBERED_SECONDS
    assert local.request("GET", "/bob/", by="elsewhere").status == status


# -- what was begun with the old password ------------------------------------------------------------------------------


class SlowPasswords(CountedPasswords):
    """Something happens while a password is tested."""

    def __init__(self, meanwhile) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def matches(self, password_hash, password):
        right = super().matches(password_hash, password)
        self.meanwhile()
        return right


def begin_session(people, she):
    return start_session(people, sign_in(people, "alice", PASSWORD, HERE), "")


@pytest.mark.parametrize(
    "act",
    [
        begin_session,
        lambda people, she: change_password(people, she, PASSWORD, "the thief's own password"),
        lambda people, she: set_email(people, she, THIEF, password=PASSWORD),
    ],
)
def test_what_was_begun_with_the_old_password_ends_with_it(people, she, letters, act):
    slow = SlowPasswords(lambda: reset_password(people, "alice", NEW))
    with pytest.raises(WrongPassword):
        act(replace(people, passwords=slow), she)
    assert people.sessions.of_account(she.id) == ()
    assert letters.delivered() == [("alice@example.org", PLAIN_PAGE)]
    assert sign_in(people, "alice", NEW, HERE)


def test_nobody_is_signed_in_by_the_time_an_account_is_unlocked(people, she):
    slow = SlowPasswords(lambda: set_disabled(people, "alice", disabled=True))
    with pytest.raises(WrongPassword):
        begin_session(replace(people, passwords=slow), she)
    set_disabled(people, "alice", disabled=False)
    assert people.sessions.of_account(she.id) == ()


# -- allowances --------------------------------------------------------------------------------------------------------


def test_the_count_of_a_name_does_not_tell_whose_mail_address_it_is(people, she):
    for _ in range(OF_NAME_AT_ADDRESS.times):
        with pytest.raises(WrongPassword):
            sign_in(people, "alice", "wrong", HERE)
    for email in ("alice@example.org", "nobody@example.org"):
        with pytest.raises(WrongPassword):
            sign_in(people, email, "wrong", HERE)


def test_a_name_has_one_count_however_it_is_typed(people, she):
    for number in range(OF_NAME_AT_ADDRESS.times):
        with pytest.raises(WrongPassword):
            sign_in(people, " " * 100 * number + "aLiCe\t", "wrong", HERE)
    with pytest.raises(TooManyRequests):
        sign_in(people, "alice", PASSWORD, HERE)


def test_one_mailbox_is_not_flooded_through_many_accounts(people, letters):
    create_account(people, "first")
    for number in range(8):
        sign_up(people, f"thief-{number}", PASSWORD, "Victim@example.org", address=f"192.0.2.{number}")
    accounts = [people.accounts.by_name(f"thief-{number}") for number in range(8)]
    for account in accounts:
        set_email(people, account, "victim@example.org", password=PASSWORD)
    assert len(letters.delivered()) <= 5
    pass_time(people, 3600)
    set_email(people, accounts[0], "victim@example.org", password=PASSWORD)
    assert letters.delivered()


def test_an_ipv6_network_is_one_address_to_the_token_endpoint(tmp_path):
    with opened(tmp_path / "data", token_requests_per_minute=1) as services:
        server = open_identity(services).tokens
        for number in range(10):
            server.token(request_from(f"2001:db8::{number:x}", f"app-{number}"))
        with pytest.raises(TooManyRequests):
            server.token(request_from("2001:db8::ffff", "another app"))
        assert server.token(request_from("2001:db8:1::1", "app-1")).status == 400


def request_from(address, client_id):
    return EndpointRequest([("client_id", client_id)], None, [], address)


# -- logs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["reset", "verify"])
def test_the_log_of_requests_opens_no_account(page):
    token = "Zm9vYmFyYmF6cXV4-_Zm9vYmFyYmF6cXV4Zm9vYmFy"
    assert scrub_text(f"path=/.account/{page}/{token} status=200") == f"path=/.account/{page}/[hidden] status=200"
    assert scrub_text(f"path=/.account/{page}/sent") == f"path=/.account/{page}/sent"
