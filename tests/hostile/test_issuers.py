"""The page that says who may sign somebody in, against whoever wants to be that one. Forged forms: test_pages.py.

Spec: WebID Profile #server-update-protected-triples; Solid-OIDC #security-issuer-trust
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pod.identity.issuers import add_issuer, list_issuers
from pod.identity.providers import Providers
from tests.hostile.test_foreign_issuers import INSIDE, listening
from tests.support.pages import BASE, PASSWORD, Guest, Site
from tests.unit.authentication.conftest import ELSEWHERE, Internet
from tests.unit.remote.servers import answering, redirect, serving

pytestmark = pytest.mark.requirement("solid#server-update-protected-triples")

ISSUERS = "/.account/issuers"
ALICE = f"{BASE}alice/profile/card#me"
BOB = f"{BASE}bob/profile/card#me"
MARKUP = "https://x.example/<script>alert(1)</script>\"'"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("issuers"))
    for name in ("alice", "bob"):
        site.account(name)
    return site


@pytest.fixture
def bob(site: Site) -> Guest:
    site.clock.time += 3600  # what was tried before is forgotten
    return site.signed_in("bob")


def named(site: Site) -> dict[str, tuple[str, ...]]:
    found = [each for account in (1, 2) for each in list_issuers(site.services, account)]
    return {each.web_id: each.issuers for each in found}


@pytest.fixture(autouse=True)
def nothing_changes(site: Site):
    yield
    assert named(site) == {ALICE: (BASE,), BOB: (BASE,)}


@pytest.mark.parametrize("path", [ISSUERS, f"{ISSUERS}/remove", f"{ISSUERS}/leave"])
@pytest.mark.parametrize("issuer", [BASE, ELSEWHERE])
def test_nobody_changes_the_profile_of_another(bob: Guest, path: str, issuer: str):
    fields = {"csrf": bob.token(), "web_id": ALICE, "issuer": issuer, "password": PASSWORD}
    answer = bob.post(path, fields)
    if answer.status_code == 303:  # asks first, and then asks whose it is
        answer = bob.get(answer.location)
    assert answer.status_code == 404


@pytest.mark.parametrize("web_id", ["", ALICE, MARKUP, "You have won! Go to https://evil.example/"])
def test_the_page_about_leaving_says_nothing_that_a_link_says(bob: Guest, web_id: str):
    answer = bob.client.get(f"{ISSUERS}/leave", query_string={"web_id": web_id}, base_url=BASE)
    assert answer.status_code == 404
    assert not web_id or web_id not in answer.text


@pytest.mark.parametrize("password", ["", "wrong", "x" * 5000])
def test_without_the_password_nothing_is_asked_and_nothing_added(bob: Guest, password: str):
    with listening() as (port, came):
        answer = bob.submit(ISSUERS, issuer=f"https://localhost:{port}/", password=password)
    assert answer.status_code == 403
    assert came == []


@pytest.mark.parametrize("host", [*INSIDE, "localhost"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_nothing_inside_is_contacted(site: Site, bob: Guest, host: str, scheme: str):
    """By `add_issuer`, as the page calls it once the password was right."""
    account = site.services.accounts.by_name("bob")
    with listening() as (port, came), pytest.raises(Exception, match=r"No sign-in server answers|not an https URL"):
        add_issuer(site.services, Providers(site.services), account, BOB, f"{scheme}://{host}:{port}/")
    assert came == []


def test_no_redirect_leads_inside(tmp_path: Path):
    local = Site(tmp_path, "http://localhost:3111/", dev=True)
    local.account("alice")
    alice = local.guest()
    alice.sign_in("alice")
    with serving(answering(redirect("http://169.254.169.254/latest/"))) as port:
        answer = alice.submit(ISSUERS, issuer=f"http://localhost:{port}/", password=PASSWORD)
    assert answer.status_code == 422
    assert "No sign-in server answers" in answer.text
    assert "169.254" not in answer.text


@pytest.mark.parametrize(
    "issuer", [MARKUP, "javascript:alert(1)", "https://x.example/\r\nSet-Cookie: a=b", "\x00", "ü"]
)
def test_what_was_typed_comes_back_as_text(bob: Guest, issuer: str):
    answer = bob.submit(ISSUERS, issuer=issuer, password=PASSWORD)
    assert answer.status_code == 422
    assert "<script>" not in answer.text
    assert 'href="javascript:' not in answer.text


def test_a_provider_cannot_put_words_on_the_page(site: Site):
    internet = Internet()
    internet.pages[f"{ELSEWHERE}.well-known/openid-configuration"] = {"issuer": MARKUP, "jwks_uri": ELSEWHERE}
    account = site.services.accounts.by_name("bob")
    with pytest.raises(Exception, match="another name") as refused:
        add_issuer(site.services, Providers(site.services, internet), account, BOB, ELSEWHERE)
    assert "script" not in str(refused.value)
