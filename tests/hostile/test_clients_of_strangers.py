"""Apps that lie, lure and flood: what strangers can make the server fetch, believe, keep and wait for.

Documents and logos are asked for over real sockets, by the guarded client; names are looked up as each test says.
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest

from pod.app import create_app
from pod.errors import Busy, PodError, TooManyRequests, UnknownClient
from pod.identity.applications import FETCHES_OF_NETWORK, FETCHES_PER_MINUTE, Clients
from pod.identity.client_documents import DOCUMENT_BYTES_MAX, DOCUMENTS_MAX
from pod.identity.client_metadata import Client, document_client, registered_client
from pod.identity.logos import LOGO_BYTES_MAX
from pod.remote.client import RemoteClient
from pod.remote.names import system_look_up
from pod.remote.pace import Paced
from tests.support.waiting import until
from tests.unit.identity.apps import APP, BASE, CALLBACK, CannedRemote, answer, document, opened
from tests.unit.remote.servers import answering, ok, redirect, serving

FORBIDDEN = {
    "loopback": "127.0.0.1",
    "loopback, another": "127.8.9.10",
    "this network": "0.0.0.0",
    "private": "10.0.0.7",
    "private, home": "192.168.1.1",
    "link-local, metadata service": "169.254.169.254",
    "shared": "100.64.0.1",
    "multicast": "224.0.0.1",
    "loopback 6": "::1",
    "unspecified 6": "::",
    "unique local": "fd00::7",
    "link-local 6": "fe80::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.7",
    "translated": "64:ff9b::a9fe:a9fe",
    "6to4": "2002:7f00:1::",
}
SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]",
]


@dataclass
class World:
    """The apps of a server, and the port of another that answers as a test says."""

    clients: Clients
    looked_up: list[str] = field(default_factory=list)


@contextmanager
def world(folder, *, dev=False, look_up=None, **settings) -> Iterator[World]:
    made = World(None)

    def noted(host, port):
        made.looked_up.append(host)
        return (look_up or (lambda *_: ["127.0.0.1"]))(host, port)

    with opened(folder, dev=dev, **settings) as (services, _):
        made.clients = Clients(services, RemoteClient(dev=dev, look_up=noted))
        yield made
        made.clients.close()


@pytest.fixture(scope="module")
def open_world(tmp_path_factory):
    """With `dev`, so that servers on loopback are asked; what is there must end within a second."""
    with world(tmp_path_factory.mktemp("dev"), dev=True, remote_seconds_max=1) as made:
        yield made


def served(clients: Clients, given, path="/id") -> Client:
    with serving(given) as port:
        return clients.find(f"http://localhost:{port}{path}")


def self_describing(**members):
    """A server whose document names whatever URL it was asked for."""

    def give(connection, request):
        path = request.split(b" ")[1].decode()
        host = next(line[6:] for line in request.decode().split("\r\n") if line.startswith("Host: "))
        connection.sendall(ok(json.dumps(document(f"http://{host}{path}") | members).encode(), "application/ld+json"))

    return give


@pytest.fixture
def listener():
    """A socket on loopback that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def was_called(listener) -> bool:
    with suppress(BlockingIOError):
        listener.accept()[0].close()
        return True
    return False


# -- where documents and logos may not be ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """Addresses by name: each test says what `name.example` means."""
    answers = {}
    with world(tmp_path_factory.mktemp("guarded"), look_up=lambda host, _: answers[host]) as made:
        yield made, answers


@pytest.mark.parametrize("address", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_name_for_a_forbidden_address_is_not_contacted(guarded, listener, address):
    made, answers = guarded
    host = f"a{abs(hash(address))}.example"
    answers[host] = [address]
    port = listener.getsockname()[1]
    with pytest.raises(UnknownClient) as unknown:
        made.clients.find(f"https://{host}:{port}/id")
    assert address not in unknown.value.detail
    logo = f"https://{host}:{port}/logo.png"
    assert made.clients.logo(replace(document_client(APP, document()), logo_uri=logo)) is None
    assert not was_called(listener)


@pytest.mark.parametrize("host", SPELLINGS)
def test_loopback_is_not_contacted_however_it_is_spelled(tmp_path, listener, host):
    with world(tmp_path, look_up=system_look_up) as made, pytest.raises(UnknownClient):
        made.clients.find(f"https://{host}:{listener.getsockname()[1]}/id")
    assert not was_called(listener)


def test_a_name_is_looked_up_once_for_a_fetch_and_cannot_change_its_mind(tmp_path):
    addresses = iter([["127.0.0.1"], ["10.0.0.7"]])
    with world(tmp_path, dev=True, look_up=lambda *_: next(addresses)) as made, serving(self_describing()) as port:
        assert made.clients.find(f"http://rebinding.example:{port}/id").verified
        assert made.looked_up == ["rebinding.example"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_document_that_redirects_is_no_document(open_world, listener, status):
    target = f"http://127.0.0.1:{listener.getsockname()[1]}/id"
    given = redirect(target).replace(b"302 Found", f"{status} Moved".encode())
    with pytest.raises(UnknownClient):
        served(open_world.clients, answering(given))
    assert not was_called(listener)


def test_a_redirected_logo_is_checked_again(guarded, listener):
    made, answers = guarded
    answers["logo.example"] = ["169.254.169.254"]
    client = replace(document_client(APP, document()), logo_uri="https://logo.example/x.png")
    assert made.clients.logo(client) is None


def test_keys_are_never_fetched(tmp_path):
    remote = CannedRemote()
    said = {"redirect_uris": [CALLBACK], "jwks_uri": "https://127.0.0.1/keys"}
    remote.answers[APP] = answer(document(jwks_uri="https://10.0.0.7/keys"))
    with opened(tmp_path) as (services, _):
        clients = Clients(services, remote)
        clients.find(clients.register(said, "203.0.113.7")["client_id"])
        clients.find(APP)
        clients.close()
    assert remote.asked == [APP]


# -- documents that are not what they should be ------------------------------------------------------------------------


def chunks_for_ever(connection, _request):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")


def drops(connection, _request):
    for byte in b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + b"X: y\r\n" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


IN_TIME_SECONDS = 30
"""Room for a busy machine: who waits for one of these to end waits for minutes, or for ever."""
LARGE = b'{"x": "' + b"x" * DOCUMENT_BYTES_MAX + b'"}'
BAD = {
    "large": answering(ok(LARGE, "application/json")),
    "large when unpacked": answering(ok(gzip.compress(LARGE * 500), "application/json", "Content-Encoding: gzip")),
    "without an end": chunks_for_ever,
    "byte by byte": drops,
    "silent": lambda connection, _request: connection.recv(1),
    "nothing": answering(b""),
    "not HTTP": answering(b"SSH-2.0-OpenSSH\r\n"),
    "too short": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
    "HTML": answering(ok(b"<html>", "text/html")),
    "JSON as text": answering(ok(json.dumps(document()).encode(), "text/plain")),
    "of somebody else": answering(ok(json.dumps(document()).encode(), "application/ld+json")),
    "deep": answering(ok(b"[" * 60_000, "application/json")),
    "twice": answering(ok(b'{"client_id": "a", "client_id": "b"}', "application/json")),
    "UTF-16": answering(ok('{"client_id": "a"}'.encode("utf-16"), "application/json")),
    "unauthorized": answering(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_a_bad_document_is_refused_in_time(open_world, given):
    began = time.monotonic()
    with pytest.raises(UnknownClient):
        served(open_world.clients, given)
    assert time.monotonic() - began < IN_TIME_SECONDS


@pytest.mark.parametrize("given", [BAD["large"], BAD["without an end"], BAD["HTML"]], ids=["large", "endless", "HTML"])
def test_a_bad_logo_is_none(open_world, given):
    assert LOGO_BYTES_MAX <= DOCUMENT_BYTES_MAX
    with serving(given) as port:
        client = replace(document_client(APP, document()), logo_uri=f"http://localhost:{port}/logo.png")
        assert open_world.clients.logo(client) is None


def test_one_slow_document_holds_a_few_threads_and_no_more(tmp_path):
    answers = threading.Event()
    with (
        world(tmp_path, dev=True, remote_seconds_max=60, threads=8) as made,
        serving(lambda *_: answers.wait(60)) as port,
        ThreadPoolExecutor(40) as threads,
    ):
        found = [threads.submit(outcome, made.clients, f"http://localhost:{port}/{n % 20}") for n in range(40)]
        until(lambda: sum(each.done() for each in found) >= 30)
        answers.set()
        kinds = [each.result(60) for each in found]
    assert kinds.count(Busy) >= 30
    assert set(kinds) == {Busy, UnknownClient}


def outcome(clients, client_id, address=None):
    try:
        return clients.find(client_id, address=address)
    except PodError as error:
        return type(error)


def test_a_document_many_ask_for_at_once_is_fetched_once(tmp_path):
    asked = []

    def slowly(connection, request):
        asked.append(request)
        time.sleep(0.3)
        self_describing()(connection, request)

    with world(tmp_path, dev=True) as made, serving(slowly) as port, ThreadPoolExecutor(8) as threads:
        found = [threads.submit(made.clients.find, f"http://localhost:{port}/id") for _ in range(8)]
        assert {each.result(30).name for each in found} == {"Notes"}
    assert len(asked) == 1


def test_one_host_is_asked_only_so_often_whatever_paths_strangers_name(tmp_path):
    remote = CannedRemote()
    with opened(tmp_path) as (services, clock):
        clients = Clients(services, Paced(remote, clock, FETCHES_PER_MINUTE))
        kinds = [outcome(clients, f"https://victim.example/{number}") for number in range(FETCHES_PER_MINUTE + 5)]
        clients.close()
    assert kinds == [UnknownClient] * FETCHES_PER_MINUTE + [Busy] * 5
    assert len(remote.asked) == FETCHES_PER_MINUTE


FLOODER, PERSON = "2001:db8:bad::", "203.0.113.7"
GRANT = {"grant_type": "authorization_code", "code": "x", "code_verifier": "x" * 43}


@contextmanager
def paced(folder) -> Iterator[tuple[Clients, CannedRemote]]:
    """As in service: fetches are counted."""
    remote = CannedRemote()
    remote.answers[APP] = answer(document())
    with opened(folder) as (services, clock):
        clients = Clients(services, Paced(remote, clock, FETCHES_PER_MINUTE))
        yield clients, remote
        clients.close()


def flood(clients, requests):
    """Requests from all over one network, each naming a new app on a new host."""
    urls = (f"https://a{number}.example/id" for number in range(requests))
    return [outcome(clients, url, address=f"{FLOODER}{number % 9}") for number, url in enumerate(urls)]


def test_who_names_ever_new_apps_is_told_to_wait_and_others_go_on(tmp_path):
    with paced(tmp_path) as (clients, remote):
        kinds = flood(clients, 600)
        assert kinds == [UnknownClient] * FETCHES_OF_NETWORK + [TooManyRequests] * (600 - FETCHES_OF_NETWORK)
        with pytest.raises(TooManyRequests) as told:
            clients.find(APP, address=FLOODER)
        assert dict(told.value.headers)["Retry-After"].isdecimal()
        assert clients.find(APP, address=PERSON).name == "Notes"
        assert clients.find(APP, address=FLOODER).name == "Notes"
    assert len(remote.asked) == FETCHES_OF_NETWORK + 1


def test_a_logo_is_not_fetched_for_who_had_too_many(tmp_path):
    with paced(tmp_path) as (clients, remote):
        for number in range(FETCHES_OF_NETWORK + 5):
            logo = f"https://a{number}.example/logo.png"
            clients.logo(replace(document_client(APP, document()), logo_uri=logo), address=PERSON)
    assert len(remote.asked) == FETCHES_OF_NETWORK


def test_apps_nobody_uses_do_not_push_out_those_that_somebody_signed_in_with(tmp_path):
    remote = CannedRemote()
    urls = [APP, *(f"https://a{number}.example/id" for number in range(DOCUMENTS_MAX + 1))]
    remote.answers = {url: answer(document(url)) for url in urls}
    with opened(tmp_path) as (services, _):
        clients = Clients(services, remote)
        clients.find(APP)
        clients.used(APP)
        for url in [*urls, APP]:
            clients.find(url)
        clients.close()
    assert remote.asked == urls


@pytest.mark.parametrize("way", ["authorize", "logout", "token"])
def test_each_way_to_name_an_app_tells_the_flooder_when_to_try_again(tmp_path, way):
    with opened(tmp_path) as (services, _):
        client = create_app(services.config, services).test_client()
        send = client.post if way == "token" else client.get
        where = {"base_url": BASE, "environ_base": {"REMOTE_ADDR": FLOODER}}
        for number in range(FETCHES_OF_NETWORK + 1):
            asked = {"client_id": f"https://127.0.0.1:1/{number}", "redirect_uri": CALLBACK} | GRANT
            said = {"data": asked} if way == "token" else {"query_string": asked}
            answered = send(f"/.oidc/{way}", **where, **said)
            assert (answered.status_code == TooManyRequests.status) == (number == FETCHES_OF_NETWORK)
        assert int(answered.headers["Retry-After"]) <= 60


# -- redirect URIs -----------------------------------------------------------------------------------------------------

REGISTERED = ("https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb")
TRICKS = {
    "prefix": "https://app.example/c",
    "suffix": "https://app.example/cb.evil",
    "longer host": "https://app.example.evil.example/cb",
    "longer name": "https://evilapp.example/cb",
    "subdomain": "https://evil.app.example/cb",
    "credentials": "https://app.example@evil.example/cb",
    "credentials, encoded": "https://app.example%40evil.example/cb",
    "credentials of the app": "https://me@app.example/cb",
    "traversal": "https://app.example/cb/../evil",
    "traversal, encoded": "https://app.example/cb/%2e%2e/evil",
    "encoded": "https://app.example/%63%62",
    "encoded twice": "https://app.example/cb%2523",
    "port": "https://app.example:8443/cb",
    "default port": "https://app.example:443/cb",
    "case of the path": "https://app.example/CB",
    "case of the host": "https://App.Example/cb",
    "trailing slash": "https://app.example/cb/",
    "trailing dot": "https://app.example./cb",
    "double slash": "https://app.example//cb",
    "unicode host": "https://\u0430pp.example/cb",
    "punycode host": "https://xn--pp-7kc.example/cb",
    "soft hyphen": "https://app\u00ad.example/cb",
    "full-width": "https://app.example\uff0fcb",
    "fragment": "https://app.example/cb#https://evil.example",
    "query": "https://app.example/cb?redirect_uri=https://evil.example",
    "parameter": "https://app.example/cb&redirect_uri=https://evil.example",
    "matrix": "https://app.example/cb;evil",
    "backslash": "https://app.example\\@evil.example/cb",
    "backslash in path": "https://app.example/cb\\",
    "space": "https://app.example/cb ",
    "line": "https://app.example/cb\r\nSet-Cookie: a=b",
    "null": "https://app.example/cb\0",
    "scheme": "http://app.example/cb",
    "no scheme": "//app.example/cb",
    "script": "javascript:alert(1)//https://app.example/cb",
    "loopback elsewhere": "http://127.0.0.1:1@evil.example/cb",
    "loopback by name": "http://localhost/cb",
    "loopback, other spelling": "http://127.1/cb",
    "loopback 6": "http://[::1]/cb",
    "loopback, TLS": "https://127.0.0.1/cb",
    "loopback, path": "http://127.0.0.1:99/cb/",
    "own scheme, host": "com.example.app://cb",
    "own scheme, longer": "com.example.app.evil:/cb",
    "nothing": "",
    "all of them": " ".join(REGISTERED),
}
WITH_ALL = [
    document_client(APP, document(redirect_uris=list(REGISTERED), application_type="native")),
    registered_client("abc", {**document(), "redirect_uris": list(REGISTERED), "scope": "openid", "grant_types": [],
                              "response_types": [], "id_token_signed_response_alg": "RS256",
                              "dpop_bound_access_tokens": False}, None),
]  # fmt: skip


@pytest.mark.parametrize("uri", TRICKS.values(), ids=TRICKS)
def test_a_redirect_uri_that_only_looks_registered_is_not(uri):
    assert not any(client.allows_redirect(uri) for client in WITH_ALL)
    assert not any(client.allows_logout_redirect(uri) for client in WITH_ALL)


@pytest.fixture(scope="module")
def native_app(tmp_path_factory):
    """The provider with a registered app, and the app's id."""
    with opened(tmp_path_factory.mktemp("native")) as (services, _):
        app = create_app(services.config, services)
        said = {"redirect_uris": list(REGISTERED), "application_type": "native"}
        yield app.test_client(), register(app.test_client(), json.dumps(said)).json["client_id"]


@pytest.mark.parametrize("uri", TRICKS.values(), ids=TRICKS)
def test_nobody_is_sent_to_a_uri_that_is_not_registered(native_app, uri):
    client, client_id = native_app
    asked = {"client_id": client_id, "redirect_uri": uri, "response_type": "code", "scope": "openid", "state": "s"}
    answer = client.get("/.oidc/authorize", base_url=BASE, query_string=asked)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("uri", [*REGISTERED, "http://127.0.0.1:51004/cb"])
def test_an_app_is_told_its_mistakes_where_it_registered(native_app, uri):
    client, client_id = native_app
    asked = {"client_id": client_id, "redirect_uri": uri, "response_type": "token"}
    answer = client.get("/.oidc/authorize", base_url=BASE, query_string=asked)
    assert answer.status_code in {302, 303}
    assert answer.headers["Location"].startswith(uri)


def test_of_two_redirect_uris_neither_is_taken(native_app):
    client, client_id = native_app
    query = f"client_id={client_id}&redirect_uri={CALLBACK}&redirect_uri=https://evil.example/&response_type=code"
    answer = client.get("/.oidc/authorize", base_url=BASE, query_string=query)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


# -- registrations -----------------------------------------------------------------------------------------------------


def register(client, content, media_type="application/json", address="203.0.113.7"):
    return client.post(
        "/.oidc/register",
        base_url=BASE,
        data=content,
        content_type=media_type,
        environ_base={"REMOTE_ADDR": address},
    )


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("web"), client_registrations_per_hour=5) as (services, _):
        yield create_app(services.config, services)


FINE = json.dumps({"redirect_uris": [CALLBACK]}).encode()
MALFORMED = {
    "nothing": b"",
    "null": b"null",
    "array": b"[]",
    "form": b"redirect_uris=https%3A%2F%2Fapp.example%2F",
    "cut": FINE[:-2],
    "twice": b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://evil.example/"]}',
    "deep": b'{"redirect_uris": ' + b"[" * 8000 + b"]" * 8000 + b"}",
    "deep keys": b'{"redirect_uris": ["https://app.example/cb"], "jwks": {"keys": [' + b"[" * 900 + b"]" * 900 + b"]}}",
    "not UTF-8": b'{"redirect_uris": ["https://app.example/\xff"]}',
    "UTF-16": FINE.decode().encode("utf-16"),
    "null byte": b'{"redirect_uris": ["https://app.example/\\u0000"]}',
    "raw null byte": b'{"redirect_uris": ["https://app.example/\0"]}',
    "half a pair": b'{"redirect_uris": ["https://app.example/\\ud800"]}',
    "infinite": b'{"redirect_uris": ["https://app.example/cb"], "x": Infinity}',
    "many digits": b'{"redirect_uris": ["https://app.example/cb"], "x": ' + b"9" * 9000 + b"}",
    "10,000 redirect URIs": json.dumps({"redirect_uris": [f"{CALLBACK}{n}" for n in range(10_000)]}).encode(),
    "51 redirect URIs": json.dumps({"redirect_uris": [f"{CALLBACK}{n}" for n in range(51)]}).encode(),
    "long": json.dumps({"redirect_uris": [CALLBACK], "x": "x" * 20_000}).encode(),
    "nobody's": json.dumps({"redirect_uris": ["javascript:alert(1)"]}).encode(),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_registration_is_refused_and_leaves_nothing(web, content):
    answer = register(web.test_client(), content)
    assert answer.status_code == 400
    assert answer.json["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}
    assert registrations(web) == 0


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_page_elsewhere_cannot_register_with_a_simple_form(web, media_type):
    assert register(web.test_client(), FINE, media_type).status_code == 400


def test_a_flood_of_registrations_ends_for_its_address_only(tmp_path):
    with opened(tmp_path, client_registrations_per_hour=5) as (services, _):
        app = create_app(services.config, services)
        client = app.test_client()
        flood = [register(client, FINE).status_code for _ in range(8)]
        other = register(client, FINE, address="203.0.113.9")
        assert flood == [201] * 5 + [429] * 3
        assert other.status_code == 201
        assert registrations(app) == 6
        assert "Retry-After" in register(client, FINE).headers


def registrations(app):
    return app.extensions["services"].store.rows("SELECT COUNT(*) FROM registered_client")[0][0]
