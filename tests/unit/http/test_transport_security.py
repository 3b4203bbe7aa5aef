"""Which answers tell browsers to come by https from now on, and for which hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pod.app import create_app
from pod.http.headers import TRANSPORT_SECURITY, transport_security
from pod.identity.accounts import create_account
from pod.protocol.placement import Placement
from tests.unit.identity.apps import opened

SAID = f"max-age={365 * 24 * 3600}"
PATHS = [
    "/alice/",
    "/alice/secret",
    "/.account/sign-in",
    "/.well-known/openid-configuration",
    "/.account/nowhere",
    "/x?",
]


@pytest.fixture(scope="module")
def pods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with opened(tmp_path_factory.mktemp("pods"), trusted_proxies=("127.0.0.1",)) as (services, _):
        create_account(services, "alice")
        yield create_app(services.config, services).test_client()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_it_once(pods, path, method):
    answer = pods.open(path, method=method, base_url="https://pods.example")
    assert answer.headers.getlist(TRANSPORT_SECURITY) == [SAID]


def test_so_does_the_answer_to_a_preflight(pods):
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    answer = pods.options("/alice/x", base_url="https://pods.example", headers=headers)
    assert answer.headers.getlist(TRANSPORT_SECURITY) == [SAID]


@pytest.mark.parametrize("path", [*PATHS, "/.health"])
def test_nothing_that_travels_over_http_says_it(pods, path):
    headers = {"X-Forwarded-Proto": "http"}
    assert TRANSPORT_SECURITY not in pods.get(path, base_url="http://pods.example", headers=headers).headers


def test_a_host_that_is_not_ours_is_told_nothing(pods):
    answer = pods.get("/", base_url="https://others.example")
    assert answer.status_code == 421
    assert TRANSPORT_SECURITY not in answer.headers


@pytest.mark.parametrize("host", ["pods.example", "alice.pods.example"])
def test_each_host_of_pods_in_subdomains_speaks_for_itself(tmp_path, host):
    with opened(tmp_path, placement="subdomain") as (services, _):
        create_account(services, "alice")
        answer = create_app(services.config, services).test_client().get("/", base_url=f"https://{host}")
    assert answer.headers.getlist(TRANSPORT_SECURITY) == [SAID]


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("https://pods.example/", True),
        ("https://pods.example:443/", True),
        ("https://pods.example:8443/", False),
        ("http://pods.example/", False),
        ("https://localhost/", False),
        ("https://alice.localhost/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
    ],
)
def test_only_a_public_host_with_https_says_it(base_url, says):
    assert bool(transport_security(Placement(base_url))) is says
