"""Two servers: somebody lets the other one sign them in, on the page of their account, and moves their sign-in there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests

from tests.e2e.test_foreign_issuers import assert_names_what_to_add, claiming, shared
from tests.support.client import SECONDS_MAX, SolidClient
from tests.support.fixtures import signed_in
from tests.support.pages import forms
from tests.support.server import ALICE, BOB, Server, running_server

pytestmark = [pytest.mark.e2e, pytest.mark.requirement("solid#server-update-protected-triples")]

ISSUERS = ".account/issuers"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((ALICE,), directory=tmp_path_factory.mktemp("here")) as running:
        yield running


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((BOB,), directory=tmp_path_factory.mktemp("there")) as running:
        yield running


@pytest.fixture(scope="module")
def alice(here: Server) -> SolidClient:
    return signed_in(here, ALICE)


@dataclass
class Browser:
    """Without scripts: opens pages, fills in their forms and sends them."""

    server: Server
    session: requests.Session = field(default_factory=requests.Session)

    def submit(self, path: str, action: str, **fields: str) -> requests.Response:
        page = self.session.get(self.server.url(path), timeout=SECONDS_MAX)
        given = next(given for where, given in forms(page.text) if where == action)
        headers = {"Origin": self.server.base_url[:-1], "Sec-Fetch-Site": "same-origin"}
        form = {**given, **fields}
        return self.session.post(self.server.url(action), data=form, headers=headers, timeout=SECONDS_MAX)


@pytest.fixture(scope="module")
def browser(here: Server) -> Browser:
    browser = Browser(here)
    page = browser.submit(".account/sign-in", "/.account/sign-in", name="alice", password=ALICE.password)
    assert "Hello, alice" in page.text
    return browser


@pytest.mark.requirement("oidc#security-issuer-trust")
@pytest.mark.requirement("oidc#id-token-validation/2")
def test_a_server_that_its_owner_added_signs_them_in(alice, here, there, browser):
    url = shared(alice)
    visitor = claiming(there, alice.web_id)
    refused = visitor.get(url)
    assert_names_what_to_add(refused, alice.web_id, there.base_url)
    assert here.url(ISSUERS) in refused.json()["detail"]
    page = browser.submit(ISSUERS, "/" + ISSUERS, issuer=there.base_url, password=ALICE.password)
    assert there.base_url in page.text
    assert visitor.get(url).status_code == 200
    assert alice.get(url).status_code == 200


@pytest.mark.requirement("oidc#id-token-validation/2")
def test_who_moved_their_sign_in_away_is_signed_in_there_and_no_more_here(alice, here, there, browser):
    url = shared(alice)
    visitor = claiming(there, alice.web_id)
    page = browser.session.get(here.url(ISSUERS), timeout=SECONDS_MAX)
    if there.base_url not in page.text:
        browser.submit(ISSUERS, "/" + ISSUERS, issuer=there.base_url, password=ALICE.password)
    leave = requests.Request("GET", here.url(f"{ISSUERS}/leave"), params={"web_id": alice.web_id}).prepare().url
    browser.submit(leave.removeprefix(here.base_url), f"/{ISSUERS}/leave", password=ALICE.password)
    assert alice.get(url).status_code == 401
    assert visitor.get(url).status_code == 200
    assert visitor.request("PUT", url, data="<#a> <#b> 1 .", headers={"Content-Type": "text/turtle"}).ok
    profile = requests.get(alice.web_id, timeout=SECONDS_MAX).text
    assert f"<{there.base_url}>" in profile
    assert f"oidcIssuer> <{here.base_url}>" not in profile
