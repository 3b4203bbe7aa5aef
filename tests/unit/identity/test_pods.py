"""Several pods of one account."""

from __future__ import annotations

import pytest

from pod.errors import Conflict, UnprocessableContent
from pod.identity.accounts import create_account
from pod.identity.clients import create_client
from pod.identity.departure import schedule_deletion
from pod.identity.pods import add_pod, list_pods
from pod.protocol.resource import Target
from pod.store.fsck import check
from pod.store.records import SERVER
from tests.support.people import PASSWORD, alice_of, opened


def test_a_pod_comes_with_a_web_id_of_its_own(people, she):
    pod = add_pod(people, she, "work")
    assert [each.path for each in list_pods(people, she.id)] == ["/alice/", "/work/"]
    assert people.accounts.web_ids(she.id)[1] == "https://pods.example/work/profile/card#me"
    assert people.store.describe(Target.parse(pod.path)).storage.owners == (
        "https://pods.example/work/profile/card#me",
    )
    assert list(check(people.store)) == []


@pytest.mark.parametrize("name", ["alice", "bob", "bobs-other", "admin"])
def test_pods_and_accounts_share_their_names(people, she, name):
    bob = create_account(people, "bob")
    add_pod(people, bob, "bobs-other")
    with pytest.raises(Conflict):
        add_pod(people, she, name)
    assert len(list_pods(people, she.id)) == 1


def test_a_pod_needs_a_name_that_can_be_a_host(people, she):
    with pytest.raises(UnprocessableContent):
        add_pod(people, she, "My Pod")


def test_an_account_has_so_many_pods(tmp_path):
    with opened(tmp_path / "data", pods_per_account_max=2) as services:
        she = alice_of(services)
        add_pod(services, she, "work")
        with pytest.raises(Conflict, match="at most 2"):
            add_pod(services, she, "club")


def test_a_server_of_one_pod_has_one(tmp_path):
    with opened(tmp_path / "data", placement="root") as services, pytest.raises(Conflict):
        add_pod(services, create_account(services, "me"), "work")


def test_whoever_leaves_gets_nothing_new(people, she):
    schedule_deletion(people, she, PASSWORD)
    with pytest.raises(Conflict):
        add_pod(people, she, "work")
    with pytest.raises(Conflict):
        create_client(people, "alice")


def test_a_program_may_act_as_any_web_id_of_its_account(people, she):
    add_pod(people, she, "work")
    client, _ = create_client(people, "alice", web_id="https://pods.example/work/profile/card#me")
    assert client.web_id == "https://pods.example/work/profile/card#me"


def test_a_program_is_seen_to_be_used(people, she):
    client, _ = create_client(people, "alice")
    with people.store.write(SERVER) as tx:
        people.accounts.client_used(tx, client.id)
    assert (client.used_ms, people.accounts.client(client.id).used_ms) == (None, 1_000_000_000)
