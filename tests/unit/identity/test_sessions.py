"""Browsers that are signed in, and how that ends."""

from __future__ import annotations

import pytest

from pod.errors import NotFound
from pod.identity.accounts import create_account, reset_password, set_disabled
from pod.identity.sessions import (
    Arrival,
    end_everywhere,
    end_session,
    find_session,
    list_sessions,
    revoke_session,
    start_session,
)
from pod.store.forget import forget
from pod.store.records import SERVER
from tests.support.people import DAY, PASSWORD, pass_time

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def granted(services, session, scope="openid webid"):
    """A grant that an app was given in a session."""
    with services.store.write(SERVER) as tx:
        web_id = services.accounts.web_ids(session.account.id)[0]
        app = services.apps.remember(
            tx, session.account.id, "https://app.example/id", web_id, name="App", host="app.example", scope=scope
        )
        return services.apps.add_grant(tx, app, session.id, scope)


def stands(services, grant):
    return services.apps.grant(grant).stands


def test_a_session_is_found_by_its_secret_alone(people, she):
    session, secret = start_session(people, she, FIREFOX)
    assert find_session(people, secret) == session
    assert [find_session(people, other) for other in ("", session.id, secret + "x", "x" * 10_000)] == [None] * 4


def test_secrets_are_not_kept(people, she):
    session, secret = start_session(people, she, FIREFOX)
    assert secret not in str(people.store.rows("SELECT * FROM web_session")) + str(session)


def test_what_a_browser_says_of_itself_is_bounded(people, she):
    session, _ = start_session(people, she, "a\r\nb\x1b[31m\u202e" + "c" * 1000)
    assert session.user_agent == "ab[31m" + "c" * 194


def test_every_session_has_a_secret_of_its_own(people, she):
    assert len({start_session(people, she, FIREFOX)[1] for _ in range(5)}) == 5


@pytest.mark.parametrize("days", [{"session_idle_days": 14}, {"session_days": 90}])
def test_a_session_ends_when_it_is_idle_or_old(people, she, days):
    _, secret = start_session(people, she, FIREFOX)
    visits = 1 if "session_idle_days" in days else 9
    for _ in range(visits):
        assert find_session(people, secret)
        pass_time(people, next(iter(days.values())) * DAY / visits)
    assert find_session(people, secret) is None
    assert list_sessions(people, she.id) == ()


def test_a_visit_within_the_hour_writes_nothing(people, she):
    session, secret = start_session(people, she, FIREFOX)
    pass_time(people, 3599)
    assert find_session(people, secret).seen_ms == session.seen_ms
    pass_time(people, 1)
    find_session(people, secret)
    assert find_session(people, secret).seen_ms == session.seen_ms + 3_600_000


def test_signing_out_ends_the_session_and_what_apps_may_only_do_meanwhile(people, she):
    session, secret = start_session(people, she, FIREFOX)
    online, offline = granted(people, session), granted(people, session, "openid webid offline_access")
    end_session(people, session)
    assert find_session(people, secret) is None
    assert (stands(people, online), stands(people, offline)) == (False, True)


def test_a_session_revoked_from_elsewhere_takes_all_along(people, she):
    session, secret = start_session(people, she, FIREFOX)
    grant = granted(people, session, "openid webid offline_access")
    revoke_session(people, she.id, session.id)
    assert (find_session(people, secret), stands(people, grant)) == (None, False)


def test_signing_out_everywhere_ends_all_browsers_and_what_any_app_has(people, she):
    (first, one), (_, two) = start_session(people, she, FIREFOX), start_session(people, she, FIREFOX)
    grant = granted(people, first, "openid webid offline_access")
    end_everywhere(people, she.id)
    assert (find_session(people, one), find_session(people, two), stands(people, grant)) == (None, None, False)


def test_where_a_browser_is_used_is_known_within_a_minute(people, she):
    _, secret = start_session(people, she, FIREFOX, arrival=Arrival("a browser", "192.0.2.1"))
    pass_time(people, 59)
    assert find_session(people, secret, "203.0.113.9").network == "192.0.2.1"
    assert list_sessions(people, she.id)[0].network == "192.0.2.1"
    pass_time(people, 1)
    find_session(people, secret, "203.0.113.9")
    (seen,) = list_sessions(people, she.id)
    assert (seen.network, seen.seen_ms) == ("203.0.113.9", int(people.clock.now() * 1000))


def test_nobody_revokes_the_sessions_of_others(people, she):
    bob = create_account(people, "bob")
    session, secret = start_session(people, she, FIREFOX)
    with pytest.raises(NotFound):
        revoke_session(people, bob.id, session.id)
    assert find_session(people, secret)


def test_signing_in_again_replaces_the_session_and_keeps_what_apps_have(people, she):
    before, old = start_session(people, she, FIREFOX)
    grant = granted(people, before)
    pass_time(people, 60)
    after, new = start_session(people, she, FIREFOX, instead_of=before)
    assert (find_session(people, old), find_session(people, new)) == (None, after)
    assert after.authenticated_ms == before.authenticated_ms + 60_000
    assert stands(people, grant)
    end_session(people, after)
    assert not stands(people, grant)


def test_signing_in_as_somebody_else_ends_what_was_there(people, she):
    bob = create_account(people, "bob")
    hers, _ = start_session(people, she, FIREFOX)
    grant = granted(people, hers)
    start_session(people, bob, FIREFOX, instead_of=hers)
    assert not stands(people, grant)
    assert list_sessions(people, she.id) == ()


def test_a_disabled_account_has_no_sessions(people, she):
    _, secret = start_session(people, she, FIREFOX)
    set_disabled(people, "alice", disabled=True)
    assert find_session(people, secret) is None
    set_disabled(people, "alice", disabled=False)
    assert find_session(people, secret) is None


def test_the_operators_new_password_ends_everything(people, she):
    session, secret = start_session(people, she, FIREFOX)
    grant = granted(people, session, "openid webid offline_access")
    reset_password(people, "alice", PASSWORD + "!")
    assert (find_session(people, secret), stands(people, grant)) == (None, False)


def test_sessions_that_are_over_are_swept_and_others_stay(people, she):
    old, _ = start_session(people, she, FIREFOX)
    grants = granted(people, old), granted(people, old, "openid webid offline_access")
    with people.store.write(SERVER) as tx:
        for grant in grants:
            people.apps.add_refresh_token(tx, grant, grant=grant, jkt=None, expires_ms=2**60)
    pass_time(people, 14 * DAY + 1)
    _, secret = start_session(people, she, FIREFOX)
    forget(people.config, people.store)
    assert [row[0] for row in people.store.rows("SELECT COUNT(*) FROM web_session")] == [1]
    assert [stands(people, grant) for grant in grants] == [False, True]
    assert find_session(people, secret)
