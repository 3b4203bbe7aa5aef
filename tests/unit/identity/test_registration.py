"""Apps that register themselves: what is kept of them, for how long, and how many."""

from __future__ import annotations

import json

import pytest

from pod.errors import InvalidClientMetadata, TooManyRequests, UnknownClient
from pod.identity.applications import Clients
from pod.identity.clients import client_secrets
from pod.identity.registration import REGISTRATION_BYTES_MAX, read_registration
from pod.store import clients as store
from pod.store.clients import KEPT_SECONDS, UNUSED_SECONDS, sweep_unused_clients
from tests.unit.identity.apps import CALLBACK, CannedRemote, clients_of, opened

requirement = pytest.mark.requirement
PUBLIC = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
ADDRESS = "203.0.113.7"


@pytest.fixture
def world(tmp_path):
    with opened(tmp_path, client_registrations_per_hour=3) as world:
        yield world


@pytest.fixture
def clients(world):
    with clients_of(world[0], CannedRemote()) as clients:
        yield clients


@requirement("rfc7591#3.2.1")
def test_a_confidential_app_gets_a_secret_that_is_kept_hashed(world, clients):
    services, clock = world
    told = clients.register({"redirect_uris": [CALLBACK]}, ADDRESS)
    assert told["client_secret_expires_at"] == 0
    assert told["client_id_issued_at"] == int(clock.time)
    client = clients.find(told["client_id"])
    assert client_secrets(services.config).matches(client.secret_hash, told["client_secret"])
    rows = services.store.rows("SELECT * FROM registered_client")
    assert told["client_secret"] not in str(rows) + repr(client)


@requirement("rfc7591#3.2.1")
def test_a_public_app_gets_no_secret(clients):
    told = clients.register(PUBLIC, ADDRESS)
    assert not {"client_secret", "client_secret_expires_at"} & told.keys()
    assert clients.find(told["client_id"]).secret_hash is None


@requirement("rfc7591#3.2.1")
def test_everything_that_is_registered_is_told(clients):
    said = {
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_post",
        "client_name": "Notes",
        "logo_uri": "https://app.example/logo.png",
        "scope": "openid webid",
        "contacts": ["me@app.example"],
        "jwks_uri": "https://app.example/keys",
        "software_id": "notes",
        "software_version": "1",
        "id_token_signed_response_alg": "ES256",
        "dpop_bound_access_tokens": True,
    }
    assert clients.register(said, ADDRESS).items() >= said.items()


def test_registrations_outlive_the_process(world, clients):
    told = clients.register({"redirect_uris": [CALLBACK], "client_name": "Notes"}, ADDRESS)
    with clients_of(world[0], CannedRemote()) as after_restart:
        assert after_restart.find(told["client_id"]) == clients.find(told["client_id"])


@pytest.mark.parametrize("client_id", ["", "unknown", "a" * 5000, "\ud800", "null\0", "ü", "HTTPS://app.example/id"])
def test_an_id_that_was_never_given_is_unknown(clients, client_id):
    with pytest.raises(UnknownClient):
        clients.find(client_id)


@requirement("oidc#security-client-ids")
def test_what_nobody_used_is_forgotten_after_a_day_and_what_was_used_is_kept(world, clients):
    services, clock = world
    used, unused = (clients.register(PUBLIC, ADDRESS)["client_id"] for _ in range(2))
    clients.used(used)
    clock.time += UNUSED_SECONDS
    sweep_unused_clients(services.store)
    clients.find(unused)
    clock.time += 1
    sweep_unused_clients(services.store)
    assert clients.find(used).id == used
    with pytest.raises(UnknownClient):
        clients.find(unused)


def test_what_nobody_has_used_for_long_is_forgotten(world, clients):
    services, clock = world
    used = clients.register(PUBLIC, ADDRESS)["client_id"]
    clients.used(used)
    clock.time += KEPT_SECONDS + 1
    sweep_unused_clients(services.store)
    with pytest.raises(UnknownClient):
        clients.find(used)


def last_use(services):
    return services.store.rows("SELECT used_ms FROM registered_client")[0][0] / 1000


def test_using_an_app_again_writes_at_most_once_a_day(world, clients):
    services, clock = world
    key = clients.register(PUBLIC, ADDRESS)["client_id"]
    clients.used(key)
    first = clock.time
    clock.time += 24 * 3600 - 1
    clients.used(key)
    assert last_use(services) == first
    clock.time += 1
    clients.used(key)
    assert last_use(services) == clock.time
    clients.used("https://app.example/id")


@requirement("rfc7591#5")
def test_an_address_registers_no_more_apps_than_it_may(clients, world):
    for _ in range(3):
        clients.register(PUBLIC, ADDRESS)
    with pytest.raises(TooManyRequests) as refused:
        clients.register(PUBLIC, ADDRESS)
    assert dict(refused.value.headers)["Retry-After"] == "3600"
    clients.register(PUBLIC, "203.0.113.8")
    world[1].time += 3600
    clients.register(PUBLIC, ADDRESS)


def test_all_processes_count_together(world, clients):
    clients.register(PUBLIC, ADDRESS)
    other = Clients(world[0], CannedRemote())
    for _ in range(2):
        other.register(PUBLIC, ADDRESS)
    with pytest.raises(TooManyRequests):
        clients.register(PUBLIC, ADDRESS)


@requirement("oidc#security-client-ids")
def test_the_oldest_that_nobody_used_give_way(world, clients, monkeypatch):
    monkeypatch.setattr(store, "UNUSED_MAX", 3)
    told = []
    for number in range(6):
        world[1].time += 1
        told.append(clients.register(PUBLIC, f"203.0.113.{number}")["client_id"])
        if number == 0:
            clients.used(told[0])
    kept = {row[0] for row in world[0].store.rows("SELECT id FROM registered_client")}
    assert kept == {told[0], *told[3:]}


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/plain", b"{}"),
        ("", b"{}"),
        ("application/x-www-form-urlencoded", b"redirect_uris=https://app.example/"),
        ("application/json", b" " * REGISTRATION_BYTES_MAX + b"{}"),
        ("application/json", b'"x"'),
    ],
)
def test_a_request_is_a_json_object_of_bounded_size(media_type, body):
    with pytest.raises(InvalidClientMetadata):
        read_registration(media_type, body)
    assert read_registration("application/json", json.dumps(PUBLIC).encode()) == PUBLIC
