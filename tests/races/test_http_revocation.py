"""Whatever takes something back does so in every web process with the next request: no process believes a token because
it believed it a moment ago.

Spec: RFC 7009 s2.1; RFC 6749 s10.5; design "Revoking is effective at once"
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from pod.config import Config
from pod.identity.accounts import create_account, reset_password, set_disabled
from pod.identity.clients import create_client, revoke_client
from pod.identity.consent import list_apps, revoke_app
from pod.identity.departure import delete_account
from pod.identity.issuers import add_issuer, remove_issuer
from pod.identity.providers import Providers
from pod.identity.recovery import change_password
from pod.identity.sessions import Session, end_session, revoke_session
from pod.services import open_services
from pod.store.accounts import Account
from tests.races.test_http_sign_in import Crowd
from tests.support.apps import App, Provider
from tests.support.client import Login, ProofKey
from tests.support.people import PASSWORD
from tests.support.server import Server
from tests.support.together import together
from tests.unit.authentication.conftest import ELSEWHERE, Internet

pytestmark = pytest.mark.e2e

TIMES = 12


@pytest.fixture
def provider(crowded: Server) -> Iterator[Provider]:
    services = open_services(Config(data=crowded.data, base_url=crowded.base_url, dev=True))
    yield Provider(Crowd(crowded, services))
    services.close()


@dataclass
class Person:
    """A new account, signed in, with an app that has tokens."""

    provider: Provider
    account: Account
    session: Session
    app: App
    tokens: dict[str, str]

    @classmethod
    def of(cls, provider: Provider, scope: str) -> Person:
        account = create_account(provider.services, f"p-{uuid.uuid4().hex[:12]}", password=PASSWORD)
        session, app = provider.sign_in(account.name), provider.app()
        return cls(provider, account, session, app, app.signed_in(session, scope=scope))

    @property
    def web_id(self) -> str:
        return self.provider.web_id(self.account.name)

    def statuses(self) -> set[int]:
        """What the app gets for its access token, from many connections at once, so from both processes."""
        path = f"/{self.account.name}/profile/"
        return set(together(TIMES, lambda _: self.app.read(self.tokens["access_token"], path)))


def take_back_app(she: Person) -> None:
    (known,) = list_apps(she.provider.services, she.account.id)
    revoke_app(she.provider.services, she.account.id, known.id)


def move_sign_in_away(she: Person) -> None:
    services, internet = she.provider.services, Internet()
    internet.has_issuer(ELSEWHERE)
    add_issuer(services, Providers(services, internet), she.account, she.web_id, ELSEWHERE)
    remove_issuer(services, she.account, she.web_id, she.provider.base)


def give_back(she: Person) -> None:
    form = {"token": she.tokens["access_token"], "client_id": she.app.id}
    assert she.provider.post("/.oidc/revoke", form).status == 200


ENDS: dict[str, Callable[[Person], object]] = {
    "app": take_back_app,
    "session": lambda she: revoke_session(she.provider.services, she.account.id, she.session.id),
    "password changed": lambda she: change_password(she.provider.services, she.account, PASSWORD, PASSWORD + "!"),
    "password reset": lambda she: reset_password(she.provider.services, she.account.name, PASSWORD + "!"),
    "account disabled": lambda she: set_disabled(she.provider.services, she.account.name, disabled=True),
    "another issuer": move_sign_in_away,
    "given back": give_back,
}


@pytest.mark.parametrize("end", ENDS)
def test_what_is_taken_back_is_refused_by_the_next_request_in_every_process(provider: Provider, end: str) -> None:
    she = Person.of(provider, "openid webid offline_access")
    assert she.statuses() == {200}
    ENDS[end](she)
    assert she.statuses() == {401}
    assert {each.status for each in together(TIMES, lambda _: she.app.refresh(she.tokens["refresh_token"]))} <= {400}


def test_signing_out_ends_what_was_not_for_when_nobody_is_there(provider: Provider) -> None:
    she, other = Person.of(provider, "openid webid"), Person.of(provider, "openid webid offline_access")
    for each in (she, other):
        end_session(provider.services, each.session)
    assert (she.statuses(), other.statuses()) == ({401}, {200})


def test_an_account_that_is_leaving_answers_nobody_in_every_process(provider: Provider) -> None:
    she = Person.of(provider, "openid webid offline_access")
    assert she.statuses() == {200}
    delete_account(provider.services, she.account.name)
    assert she.statuses() == {410}
    assert she.app.read(she.tokens["access_token"]) == 401


def test_a_revoked_client_credential_is_refused_by_the_next_request_in_every_process(provider: Provider) -> None:
    account = create_account(provider.services, f"p-{uuid.uuid4().hex[:12]}")
    credential, secret = create_client(provider.services, account.name)
    login = Login(provider.base, credential.id, secret)
    program = App(provider, credential.id, key=login.key)
    token, path = login.token(), f"/{account.name}/profile/"
    assert set(together(TIMES, lambda _: program.read(token, path))) == {200}
    revoke_client(provider.services, account.name, credential.id)
    assert set(together(TIMES, lambda _: program.read(token, path))) == {401}
    again = {"grant_type": "client_credentials", "client_id": credential.id, "client_secret": secret}
    asked = [App(provider, credential.id, key=ProofKey()) for _ in range(TIMES)]
    assert {each.status for each in together(TIMES, lambda number: asked[number].ask(**again))} == {401}
