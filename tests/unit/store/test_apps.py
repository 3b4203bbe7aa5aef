"""What apps and their grants may do at most, and until when."""

from __future__ import annotations

import pytest

from pod.identity.sessions import start_session
from pod.store.apps import DAY_MS, ONCE_MS
from pod.store.records import SERVER
from tests.support.ceilings import FULL, ceiling
from tests.support.people import alice_of, opened, pass_time

POSTS = ceiling({"/alice/posts/": "read append"})
CLIENT = "https://app.example/id"


@pytest.fixture
def people(tmp_path):
    with opened(tmp_path / "people") as services:
        yield services


@pytest.fixture
def session(people):
    return start_session(people, alice_of(people), "")[0]


def remembered(people, session, **terms):
    account = session.account.id
    (web_id, *_) = people.accounts.web_ids(account)
    with people.store.write(SERVER) as tx:
        return people.apps.remember(tx, account, CLIENT, web_id, name="App", host="app.example", scope="", **terms)


def granted(people, session, app, **options):
    with people.store.write(SERVER) as tx:
        return people.apps.add_grant(tx, app, session.id, "", **options)


def limit(people, app, to, end_ms=None):
    with people.store.write(SERVER) as tx:
        return people.apps.limit(tx, app.id, to, end_ms)


def now_ms(people):
    return people.store.now_ms


def terms(people, grant):
    found = people.apps.grant(grant)
    return found.ceiling, found.end_ms


def test_an_app_without_a_ceiling_may_do_all_its_person_can(people, session):
    app = remembered(people, session)
    assert (app.ceiling, app.end_ms, app.holds(now_ms(people))) == (None, None, True)
    assert terms(people, granted(people, session, app)) == (None, None)


def test_a_grant_has_the_terms_of_its_app(people, session):
    end_ms = now_ms(people) + DAY_MS
    app = remembered(people, session, ceiling=POSTS, end_ms=end_ms)
    assert people.apps.of_client(session.account.id, CLIENT) == people.apps.of_account(session.account.id) == (app,)
    assert terms(people, granted(people, session, app)) == (POSTS, end_ms)


def test_remembering_an_app_again_does_not_change_its_terms(people, session):
    app = remembered(people, session, ceiling=POSTS, end_ms=now_ms(people) + 1)
    for more in ({}, {"ceiling": FULL, "end_ms": None}):
        assert remembered(people, session, **more) == app


def test_new_terms_hold_for_the_app_and_all_its_grants_at_once(people, session):
    app = remembered(people, session)
    grants = [granted(people, session, app) for _ in range(2)]
    end_ms = now_ms(people) + DAY_MS
    for to, until in ((POSTS, end_ms), (FULL, None), (None, None)):
        assert limit(people, app, to, until)
        (known,) = people.apps.of_account(session.account.id)
        assert [(known.ceiling, known.end_ms), *(terms(people, each) for each in grants)] == [(to, until)] * 3


def test_of_what_has_ended_or_was_revoked_nothing_stands_again(people, session):
    app = remembered(people, session, end_ms=now_ms(people) + 1000)
    ended, revoked = granted(people, session, app), granted(people, session, app)
    with people.store.write(SERVER) as tx:
        people.apps.revoke_grant(tx, revoked)
    pass_time(people, 1)
    limit(people, app, FULL)
    assert [people.apps.grant(each).stands for each in (ended, revoked)] == [False, False]


def test_what_was_let_in_once_ends_within_a_day_and_is_asked_again(people, session):
    app = remembered(people, session, ceiling=POSTS, end_ms=now_ms(people))
    grant = granted(people, session, app, once=True)
    assert not app.holds(now_ms(people))
    assert terms(people, grant) == (POSTS, now_ms(people) + ONCE_MS)
    limit(people, app, FULL, now_ms(people))
    assert terms(people, grant) == (FULL, now_ms(people) + ONCE_MS)
    pass_time(people, ONCE_MS / 1000)
    assert not people.apps.grant(grant).stands


def test_a_grant_of_an_app_whose_time_is_over_does_not_stand(people, session):
    app = remembered(people, session, end_ms=now_ms(people))
    assert not people.apps.grant(granted(people, session, app)).stands


def test_who_is_unknown_cannot_be_limited(people):
    with people.store.write(SERVER) as tx:
        assert not people.apps.limit(tx, "unknown", POSTS, None)
        assert not people.apps.limit_grant(tx, "unknown", POSTS, None)
