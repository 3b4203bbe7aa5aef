"""What signing in may cost at the token endpoint: one transaction for a code or a refresh token, and one signature checked.

The statements of a redemption: the proof (two), the code or token with its grant, its use, the next refresh token, and the
last use of grant and app; before them, the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.support.apps import App, Provider
from tests.support.inprocess import LocalServer, Work


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    server = LocalServer(tmp_path_factory.mktemp("budget"))
    yield Provider(server)
    server.close()


def work(app: App, form: dict[str, str]) -> tuple[int, Work]:
    content = urlencode(app.authentication() | form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "DPoP": app.proof()}
    environ = app.provider.server.environ("POST", "/.oidc/token", headers, content, None)
    answer, done = app.provider.server.measured(environ)
    return answer.status, done


def code_form(app: App, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": app.code(app.provider.sign_in(), **changes),
        "redirect_uri": app.redirect_uri,
        "code_verifier": app.verifier,
    }


@pytest.mark.parametrize(("scope", "statements"), [("openid webid offline_access", 8), ("openid webid", 7)])
def test_the_work_of_a_code(provider, scope, statements):
    app = provider.app()
    done = Work(statements=statements, commits=1, signatures=1)
    assert work(app, code_form(app, scope=scope)) == (200, done), "\n".join(provider.server.counts.statements)


def test_the_work_of_a_refresh_token(provider):
    app = provider.app()
    form = {"grant_type": "refresh_token", "refresh_token": app.signed_in()["refresh_token"]}
    done = Work(statements=8, commits=1, signatures=1)
    assert work(app, form) == (200, done), "\n".join(provider.server.counts.statements)


def test_the_work_of_client_credentials(provider):
    app = App(provider, "alice-client", "secret")
    done = Work(statements=5, commits=1, signatures=1)
    assert work(app, {"grant_type": "client_credentials"}) == (200, done), "\n".join(provider.server.counts.statements)


def test_what_strangers_make_up_is_never_committed(provider):
    app = provider.app()
    for form in ({"grant_type": "refresh_token", "refresh_token": "x"}, code_form(app) | {"code": "x"}):
        done = Work(statements=4, rollbacks=1, signatures=1)
        assert work(app, form) == (400, done), "\n".join(provider.server.counts.statements)
