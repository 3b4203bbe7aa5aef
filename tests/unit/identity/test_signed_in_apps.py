"""What is left of sign-ins: apps by last use, what the sweep takes, and tokens when keys change."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pod.errors import NotFound
from pod.identity.consent import list_apps, revoke_app
from pod.identity.logout import begin_logout
from pod.store.apps import DAY_MS, Apps
from pod.store.forget import forget
from pod.store.records import SERVER
from tests.support.apps import Provider, error_of
from tests.support.inprocess import BASE, LocalServer

DAY = 24 * 3600


@pytest.fixture
def provider(tmp_path) -> Iterator[Provider]:
    server = LocalServer(tmp_path)
    yield Provider(server)
    server.close()


def sweep(provider: Provider) -> int:
    with provider.services.store.write(SERVER) as tx:
        return Apps(tx).sweep(tx, tx.now_ms)


def rows(provider: Provider, table: str) -> int:
    return provider.services.store.rows(
        f"SELECT COUNT(*) FROM {table} WHERE {'app IS NOT NULL' if table == 'access_grant' else '1'}"
    )[0][0]


# -- apps --------------------------------------------------------------------------------------------------------------


def test_apps_are_listed_by_last_use(provider):
    session, first, second = provider.sign_in(), provider.app(client_name="First"), provider.app(client_name="Second")
    tokens = first.signed_in(session)
    provider.clock.time += 5
    second.signed_in(session)
    names = [app.name for app in list_apps(provider.services, session.account.id)]
    provider.clock.time += 5
    first.refresh(tokens["refresh_token"])
    assert names == ["Second", "First"]
    assert [app.name for app in list_apps(provider.services, session.account.id)] == ["First", "Second"]


def test_signing_in_again_makes_no_second_app(provider):
    session, app = provider.sign_in(), provider.app()
    app.code(session, scope="webid")
    app.code(session, scope="openid offline_access")
    (known,) = list_apps(provider.services, session.account.id)
    assert set(known.scope.split()) == {"openid", "webid", "offline_access"}


def test_nobody_revokes_the_apps_of_others(provider):
    session, app = provider.sign_in(), provider.app()
    token = app.signed_in(session)["access_token"]
    (known,) = list_apps(provider.services, session.account.id)
    with pytest.raises(NotFound):
        revoke_app(provider.services, provider.sign_in("bob").account.id, known.id)
    assert app.read(token) == 200


def test_an_app_that_registers_for_each_sign_in_is_one_to_a_person(provider):
    session = provider.sign_in()
    earlier, later = (provider.app(client_name="Notes") for _ in range(2))
    tokens = []
    for app in (earlier, later):
        provider.clock.time += 5
        tokens.append(app.signed_in(session)["access_token"])
    (known,) = list_apps(provider.services, session.account.id)
    assert known.client == later.id
    revoke_app(provider.services, session.account.id, known.id)
    assert [app.read(token) for app, token in zip((earlier, later), tokens, strict=True)] == [401, 401]


def test_apps_of_one_name_at_two_hosts_are_two(provider):
    session = provider.sign_in()
    for host in ("one.example", "two.example"):
        app = provider.app(client_name="Notes", redirect_uris=[f"https://{host}/"])
        app.code(session, redirect_uri=f"https://{host}/")
    assert {each.host for each in list_apps(provider.services, session.account.id)} == {"one.example", "two.example"}


def test_an_app_that_was_not_used_for_long_must_ask_again(provider):
    app, session = provider.app(), provider.sign_in()
    tokens = app.signed_in(session)
    provider.clock.time += provider.services.config.app_days * DAY + 1
    forget(provider.services.config, provider.services.store)
    assert list_apps(provider.services, session.account.id) == ()
    assert error_of(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


# -- the sweep ---------------------------------------------------------------------------------------------------------


def test_the_sweep_leaves_what_lives(provider):
    app = provider.app()
    token = app.signed_in()["refresh_token"]
    provider.clock.time += 20 * DAY
    sweep(provider)
    assert rows(provider, "authorization_code") == 0
    assert app.refresh(token).status == 200


def test_the_sweep_takes_what_is_dead_when_reuse_need_not_be_noticed_any_more(provider):
    session, staying, going = provider.sign_in(), provider.app(), provider.app()
    staying.signed_in(session)
    going.signed_in(session, scope="webid")
    assert sweep(provider) == 0
    provider.clock.time += 8 * DAY
    assert sweep(provider) == 3
    assert (rows(provider, "access_grant"), rows(provider, "refresh_token")) == (1, 1)
    provider.clock.time += 30 * DAY
    sweep(provider)
    assert [rows(provider, table) for table in ("access_grant", "refresh_token", "authorization_code")] == [0, 0, 0]
    assert rows(provider, "app") == 2


def test_a_used_refresh_token_is_remembered_for_a_week(provider):
    app = provider.app()
    first = app.signed_in()["refresh_token"]
    second = json.loads(app.refresh(first).body)["refresh_token"]
    provider.clock.time += 6 * DAY
    sweep(provider)
    assert error_of(app.refresh(first)) == (400, "invalid_grant")
    assert error_of(app.refresh(second)) == (400, "invalid_grant")


def test_grants_of_client_credentials_are_never_swept(provider):
    provider.clock.time += 400 * DAY
    sweep(provider)
    assert provider.services.store.rows("SELECT COUNT(*) FROM access_grant")[0][0] == 2
    assert DAY_MS == DAY * 1000


# -- keys --------------------------------------------------------------------------------------------------------------


def retire_all(provider: Provider) -> None:
    for key in provider.services.accounts.signing_keys():
        provider.services.keys.retire(key.kid)


def test_tokens_of_a_retired_key_are_worth_nothing_within_a_minute(provider):
    session = provider.sign_in()
    app = provider.app(token_endpoint_auth_method="client_secret_post", post_logout_redirect_uris=[f"{BASE}bye"])
    tokens = app.signed_in(session)
    assert app.read(tokens["access_token"]) == 200
    retire_all(provider)
    provider.clock.time += 61
    assert app.read(tokens["access_token"]) == app.read(tokens["id_token"]) == 401
    told = provider.post("/.oidc/introspect", app.authentication() | {"token": tokens["access_token"]})
    assert json.loads(told.body) == {"active": False}
    hint = [("id_token_hint", tokens["id_token"])]
    assert not begin_logout(provider.services, provider.identity, hint, session).at_once


def test_a_refresh_token_outlives_the_keys(provider):
    app = provider.app()
    token = app.signed_in()["refresh_token"]
    retire_all(provider)
    assert app.read(json.loads(app.refresh(token).body)["access_token"]) == 200


def test_tokens_live_on_when_a_key_gets_its_successor(provider):
    app, services = provider.app(), provider.services
    provider.clock.time += services.config.signing_key_days * DAY - 60
    tokens = app.signed_in()
    provider.clock.time += 120
    services.keys.renew()
    assert len(services.keys.key_set()["keys"]) == 4
    assert app.read(tokens["access_token"]) == app.read(tokens["id_token"]) == 200
