"""Accounts, their pods, and their clients."""

from __future__ import annotations

import io

import pytest
from rdflib import Graph, URIRef

from pod.authentication import credentials
from pod.authentication.credentials import Passwords
from pod.config import Config
from pod.errors import Busy, Conflict, NotFound, UnprocessableContent
from pod.identity.accounts import create_account, list_accounts, named, reset_password, set_disabled
from pod.identity.clients import add_client, client_secrets, create_client, list_clients, revoke_client
from pod.identity.seed import apply_seed
from pod.protocol.resource import Target
from pod.services import open_services
from pod.store.accounts import AccountStatus
from pod.store.fsck import check
from tests.support.client import ACL, FOAF, LDP, PIM, SOLID
from tests.support.stores import StillClock

BASE = "https://pods.example/"
POD = f"{BASE}alice/"
ME = f"{POD}profile/card#me"


@pytest.fixture
def services(tmp_path):
    opened = open_services(Config(data=tmp_path, base_url=BASE), StillClock())
    yield opened
    opened.close()


@pytest.fixture
def alice(services):
    return create_account(services, "alice", email="alice@example.org")


def graph(services, path: str) -> Graph:
    state = services.store.describe(Target.parse(path)).state
    with services.store.open(state) as body:
        return Graph().parse(io.BytesIO(body.read()), format="turtle", publicID=services.placement.url(path))


def test_an_account_comes_with_a_web_id_and_a_pod(services, alice):
    assert services.accounts.by_name("alice") == alice
    assert services.accounts.web_ids(alice.id) == (ME,)
    assert services.store.describe(Target.parse("/alice/")).storage.owners == (ME,)
    members = {
        member.path for member in services.store.members(services.store.describe(Target.parse("/alice/")).state.id)
    }
    assert members == {"/alice/inbox/", "/alice/profile/", "/alice/settings/"}


def test_the_profile_leads_to_everything(services, alice):
    said = graph(services, "/alice/profile/card")
    me = URIRef(ME)
    assert said.value(me, SOLID.oidcIssuer) == URIRef(BASE)
    assert said.value(me, PIM.storage) == URIRef(POD)
    assert said.value(me, LDP.inbox) == URIRef(f"{POD}inbox/")
    for link in (said.value(me, PIM.preferencesFile), said.value(me, SOLID.publicTypeIndex)):
        assert services.store.describe(Target.parse(link.removeprefix(BASE[:-1]))).state
    assert services.store.describe(Target.parse("/alice/profile/card")).state.protected


def test_the_preferences_lead_to_the_private_type_index(services, alice):
    index = graph(services, "/alice/settings/prefs.ttl").value(URIRef(ME), SOLID.privateTypeIndex)
    assert services.store.describe(Target.parse(index.removeprefix(BASE[:-1]))).state


@pytest.mark.parametrize(
    ("path", "modes"),
    [
        ("/alice/", set()),
        ("/alice/profile/card", {ACL.Read}),
        ("/alice/settings/publicTypeIndex.ttl", {ACL.Read}),
        ("/alice/inbox/", {ACL.Append}),
    ],
)
def test_the_public_gets_little_and_the_owner_everything(services, alice, path, modes):
    rules = graph(services, f"{path}.acl")
    public = rules.value(None, ACL.agentClass, FOAF.Agent)
    owner = rules.value(None, ACL.agent, URIRef(ME))
    assert set(rules.objects(public, ACL.mode)) == modes if modes else public is None
    assert set(rules.objects(owner, ACL.mode)) == {ACL.Read, ACL.Write, ACL.Control}
    assert rules.value(owner, ACL.accessTo) == URIRef(services.placement.url(path))
    assert bool(rules.value(owner, ACL.default)) == path.endswith("/")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 64,
        "Alice",
        "al ice",
        "al.ice",
        "-alice",
        "alice-",
        "al/ice",
        "älice",
        "xn--lice",
        ".well-known",
        "a\n",
    ],
)
def test_a_name_that_cannot_be_a_host_is_refused(services, name):
    with pytest.raises(UnprocessableContent):
        create_account(services, name)


@pytest.mark.parametrize("name", ["a", "a1", "alice-and-bob", "7", "a" * 63])
def test_good_names_are_taken(services, name):
    assert create_account(services, name).name == name


@pytest.mark.parametrize("name", ["www", "admin", "postmaster"])
def test_reserved_names_are_refused(services, name):
    with pytest.raises(Conflict):
        create_account(services, name)


@pytest.mark.parametrize("email", ["alice", "a@b@c", "a b@c", "@", "a@", "a@b\n", "a@" + "b" * 254])
def test_what_is_no_mail_address_is_refused(services, email):
    with pytest.raises(UnprocessableContent):
        create_account(services, "alice", email=email)


@pytest.mark.parametrize("password", ["", "short", "x" * 2000])
def test_a_bad_password_is_refused(services, password):
    with pytest.raises(UnprocessableContent):
        create_account(services, "alice", password=password)


def test_names_and_addresses_are_unique_and_a_refusal_leaves_nothing(services, alice):
    with pytest.raises(Conflict):
        create_account(services, "alice")
    with pytest.raises(Conflict):
        create_account(services, "bob", email="alice@example.org")
    assert services.accounts.by_name("bob") is None
    assert services.store.describe(Target.parse("/bob/")).storage is None


def test_a_server_of_one_pod_has_one_name(tmp_path):
    services = open_services(Config(data=tmp_path, base_url=BASE, placement="root", root_name="me"), StillClock())
    with pytest.raises(Conflict):
        create_account(services, "alice")
    create_account(services, "me")
    assert services.accounts.web_id_account(f"{BASE}profile/card#me")


def test_accounts_are_listed_with_their_pods(services, alice):
    (line,) = list_accounts(services)
    assert line.startswith(f"alice <alice@example.org> active {POD} (")


def test_an_account_can_be_disabled_and_enabled(services, alice):
    for disabled, status in ((True, AccountStatus.DISABLED), (False, AccountStatus.ACTIVE)):
        set_disabled(services, "alice", disabled)
        assert named(services, "alice").status is status


def test_a_new_pod_is_as_the_store_wants_it(services, alice):
    assert list(check(services.store)) == []


def test_a_password_can_be_reset(services):
    create_account(services, "alice", password="correct horse")
    reset_password(services, "alice", "another horse")
    stored = named(services, "alice").password_hash
    assert Passwords(1).matches(stored, "another horse")
    assert not Passwords(1).matches(stored, "correct horse")


def test_a_password_may_be_any_text_that_json_can_carry(services):
    create_account(services, "alice", password="correct \ud800 horse")
    assert services.passwords.matches(named(services, "alice").password_hash, "correct \ud800 horse")


def test_only_so_many_passwords_are_hashed_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(credentials, "QUEUE_SECONDS_MAX", 0)
    services = open_services(Config(data=tmp_path, base_url=BASE, password_hash_concurrency=1), StillClock())
    with services.passwords._slots, pytest.raises(Busy):
        create_account(services, "alice", password="correct horse")
    services.close()


def test_a_seed_tells_when_a_client_id_belongs_to_somebody_else(services, alice):
    add_client(services, "alice", "program", "secret")
    with pytest.raises(Conflict, match="program"):
        apply_seed(services, {"accounts": [{"name": "bob", "clients": [{"id": "program", "secret": "other"}]}]})


def test_whoever_does_not_exist_is_not_found(services):
    with pytest.raises(NotFound):
        reset_password(services, "nobody", "correct horse")
    with pytest.raises(NotFound):
        add_client(services, "nobody", "program", "secret")


def test_client_secrets_are_kept_as_hashes(services, alice):
    client = add_client(services, "alice", "program", "secret", "Backup")
    assert (client.account, client.web_id, client.label) == (alice.id, ME, "Backup")
    assert "secret" not in client.secret_hash
    assert client_secrets(services.config).matches(client.secret_hash, "secret")


def test_a_client_can_be_made_listed_and_revoked(services, alice):
    client, secret = create_client(services, "alice", "Backup")
    assert client.id.startswith("alice-")
    assert client_secrets(services.config).matches(client.secret_hash, secret)
    revoke_client(services, "alice", client.id)
    assert [each.revoked_ms is None for each in list_clients(services, "alice")] == [False]


def test_an_account_revokes_its_own_clients_only(services, alice):
    create_account(services, "bob")
    add_client(services, "bob", "program", "secret")
    with pytest.raises(NotFound):
        revoke_client(services, "alice", "program")


@pytest.mark.parametrize(
    ("client_id", "secret", "label"),
    [("", "s", ""), ("é", "s", ""), ("i", "", ""), ("i", "a\nb", ""), ("i" * 256, "s", ""), ("i", "s", "a\nb")],
)
def test_unusable_client_credentials_are_refused(services, alice, client_id, secret, label):
    with pytest.raises(UnprocessableContent):
        add_client(services, "alice", client_id, secret, label)


def test_client_ids_are_unique(services, alice):
    add_client(services, "alice", "program", "secret")
    with pytest.raises(Conflict):
        add_client(services, "alice", "program", "other")
