"""One code, or one refresh token, used many times at once in two web processes: one use succeeds, and then all falls.

Spec: RFC 6749 s4.1.2, s10.5; RFC 9700 s4.14.2
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from pod.config import Config
from pod.identity.consent import revoke_app
from pod.services import Services, open_services
from tests.support.apps import App, Provider
from tests.support.client import raw_request
from tests.support.inprocess import Answer
from tests.support.server import Server
from tests.support.together import together

pytestmark = pytest.mark.e2e

TIMES = 12
ROUNDS = 3


@dataclass
class Crowd:
    """The running server as apps reach it; people act on the same data from here."""

    server: Server
    services: Services

    def request(
        self, method: str, path: str, headers: Mapping[str, str] = {}, content: bytes | None = None, *, by: None = None
    ) -> Answer:
        body = content or b""
        host = self.server.base_url.split("/")[2]
        fields = {"Host": host, "Connection": "close", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        sent = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
        answer = raw_request(self.server.base_url, sent)
        return Answer(answer.status, answer.headers, answer.body)


@pytest.fixture
def provider(crowded: Server) -> Iterator[Provider]:
    services = open_services(Config(data=crowded.data, base_url=crowded.base_url, dev=True))
    yield Provider(Crowd(crowded, services))
    services.close()


def statuses(use: Callable[[], Answer]) -> tuple[Counter[int], list[dict]]:
    """How often each status came, and what was given."""
    answers = together(TIMES, lambda _: use())
    return Counter(each.status for each in answers), [json.loads(each.body) for each in answers if each.status == 200]


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_many_uses_of_one_code_at_once_one_succeeds_and_its_grant_is_revoked(
    provider: Provider, _round: int
) -> None:
    app = provider.app()
    code = app.code(provider.sign_in())
    counted, given = statuses(lambda: app.redeem(code))
    assert counted == {200: 1, 400: TIMES - 1}
    assert app.read(given[0]["access_token"]) == 401
    assert app.refresh(given[0]["refresh_token"]).status == 400


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_of_many_uses_of_one_refresh_token_at_once_one_succeeds_and_the_grant_falls(
    provider: Provider, _round: int
) -> None:
    app = provider.app()
    token = app.signed_in()["refresh_token"]
    counted, given = statuses(lambda: app.refresh(token))
    assert counted == {200: 1, 400: TIMES - 1}
    assert app.read(given[0]["access_token"]) == 401
    assert app.refresh(given[0]["refresh_token"]).status == 400


def test_the_same_request_many_times_at_once_is_one_use(provider: Provider) -> None:
    app = provider.app()
    code, proof = app.code(provider.sign_in()), app.proof()
    counted, given = statuses(lambda: app.redeem(code, proof=proof))
    assert counted == {200: 1, 400: TIMES - 1}
    assert app.read(given[0]["access_token"]) == 200


def test_a_revoked_app_is_refused_by_the_next_request_in_every_process(provider: Provider) -> None:
    app, session = provider.app(), provider.sign_in()
    token = app.signed_in(session)["access_token"]
    assert together(TIMES, lambda _: app.read(token)) == [200] * TIMES
    (known,) = provider.services.apps.of_client(session.account.id, app.id)
    revoke_app(provider.services, session.account.id, known.id)
    assert together(TIMES, lambda _: app.read(token)) == [401] * TIMES


def test_revoking_an_app_while_it_signs_in_leaves_nothing_behind(provider: Provider) -> None:
    app, session = provider.app(), provider.sign_in()
    tokens = app.signed_in(session)
    (known,) = provider.services.apps.of_client(session.account.id, app.id)

    def act(number: int) -> None:
        if number == 0:
            revoke_app(provider.services, session.account.id, known.id)
        else:
            App(provider, app.id, key=app.key).refresh(tokens["refresh_token"])

    together(4, act)
    assert app.read(tokens["access_token"]) == 401
