"""The edge of the server under fire: names, caches that strangers fill, log lines they write, and other placements."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from pod.app import create_app
from pod.config import Config
from pod.http.asgi import make_environ
from pod.http.request import raw_path
from pod.identity.seed import apply_seed
from pod.services import open_services
from tests.support.client import acl, authorization
from tests.support.inprocess import BASE, LocalServer

Ask = Callable[..., tuple[int, dict[str, str], bytes]]
TURTLE = {"Content-Type": "text/turtle"}
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("edge"))
    yield server
    server.close()


def asked(application: Any, host: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    environ = make_environ(
        {
            "method": "GET",
            "raw_path": path.encode("latin-1"),
            "query_string": b"",
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", "80"),
            "client": ("127.0.0.9", "5000"),
            "headers": [(b"host", host.encode()), *((name.encode(), text.encode()) for name, text in headers.items())],
        }
    )
    environ["wsgi.input"] = io.BytesIO()
    told: list[Any] = []
    body = b"".join(application(environ, lambda *head: told.extend(head)))
    return int(told[0][:3]), {name.lower(): value for name, value in told[1]}, body


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Ask]]:
    """Ask a server of that placement, with the storage `me`."""
    opened: dict[str, Any] = {}

    def ask_of(placement: Any) -> Ask:
        if placement not in opened:
            data = tmp_path_factory.mktemp(placement)
            config = Config(data=data, base_url="http://pods.example/", dev=True, placement=placement)
            opened[placement] = create_app(config, open_services(config))
            apply_seed(opened[placement].extensions["services"], {"accounts": [{"name": "me"}]})
        return lambda host, path, **headers: asked(opened[placement].wsgi_app, host, path, **headers)

    yield ask_of
    for app in opened.values():
        app.extensions["services"].close()


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["%0d%0aSet-Cookie:a=b", "%00", "%ff", "%c3%a9", "\xc3\xa9", "%5cevil.example", "A" * 9000, "a.acl"]
)
def test_what_names_no_storage_is_not_redirected(placed, name):
    status, headers, _ = placed("path")("pods.example", f"/{name}")
    assert (status, "location" in headers) == (404, False)


@pytest.mark.parametrize(
    ("placement", "location"),
    [("path", "http://pods.example/nobody/"), ("subdomain", "http://nobody.pods.example/")],
)
def test_a_storage_without_its_slash_is_where_the_placement_puts_it(placed, placement, location):
    status, headers, _ = placed(placement)("pods.example", "/nobody")
    assert (status, headers["location"]) == (308, location)


@pytest.mark.requirement("solid#server-storage-description-resource")
@pytest.mark.parametrize(
    ("placement", "host", "path"),
    [
        ("path", "pods.example", "/me/.well-known/solid"),
        ("subdomain", "me.pods.example", "/.well-known/solid"),
        ("root", "pods.example", "/.well-known/solid"),
    ],
)
def test_every_placement_has_its_storage_described(placed, placement, host, path):
    status, _, body = placed(placement)(host, path)
    assert (status, b"Storage" in body) == (200, True)


@pytest.mark.parametrize("path", ["/.oidc/jwks", "/.well-known/openid-configuration", "/.health"])
def test_a_storage_at_the_root_hides_no_page_of_the_server(placed, path):
    assert placed("root")("pods.example", path)[0] == 200


def test_bare_utf8_in_a_path_is_the_same_as_encoded():
    assert raw_path({"REQUEST_URI": "/alice/caf\xc3\xa9?q=\xe9"}) == "/alice/caf%C3%A9"


# -- memory ----------------------------------------------------------------------------------------------------------


def grown_by(local: LocalServer, requests: Iterable[tuple[str, str, dict[str, str]]]) -> int:
    """Bytes that stay in the server after requests of strangers."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for method, path, headers in requests:
        local.request(method, path, headers, by=None)
        local.counts.reset()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


DEEP = "/abcdefghijklmnopqrstuvwxyz012" * 60


@pytest.mark.parametrize(
    ("method", "under"),
    [("GET", "/alice"), ("PUT", "/alice"), ("GET", "/alice/open"), ("OPTIONS", "/alice/open")],
)
def test_strangers_do_not_fill_the_memory_with_paths(local, method, under):
    headers = TURTLE if method == "PUT" else {}
    open_to_all = authorization(f"{BASE}alice/open/", "Read", public=True, default=True)
    local.request("PUT", "/alice/open/", TURTLE, b"")
    local.request("PUT", "/alice/open/.acl", TURTLE, acl(open_to_all).encode())
    assert grown_by(local, ((method, f"{under}{DEEP}/{number}", headers) for number in range(100))) < MIB


@pytest.mark.parametrize("name", ["Accept", "Origin", "Prefer", "Link"])
@pytest.mark.parametrize("path", ["/alice/.well-known/solid", "/alice/profile/card"])
def test_long_headers_are_refused_everywhere(local, path, name):
    assert local.request("GET", path, {name: "x" * 100_000}, by=None).status == 431


def test_origins_are_short(local):
    assert local.request("GET", "/alice/profile/card", {"Origin": "https://" + "a" * 600}).status == 431


def test_strangers_do_not_fill_the_memory_with_names_of_headers(local):
    names = (f"x-{'y' * 50_000}-{number}" for number in range(40))
    assert grown_by(local, (("GET", "/.health", {name: "1"}) for name in names)) < MIB


# -- what stays in caches of others ----------------------------------------------------------------------------------


def test_a_redirect_to_the_twin_is_not_kept(local):
    """It depends on who asks, and on what is there today."""
    local.request("PUT", "/alice/twin/", TURTLE, b"")
    answer = local.request("GET", "/alice/twin")
    assert (answer.status, answer.headers["cache-control"]) == (301, "private, no-cache")
