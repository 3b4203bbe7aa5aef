"""A data directory and the language of its access rules."""

import pytest

from pod.errors import OtherAccessControl
from pod.store.access_control import settled_access_control
from pod.store.records import SERVER
from tests.support.people import alice_of, opened
from tests.support.stores import sqlite_store


@pytest.fixture
def store(tmp_path):
    made = sqlite_store(tmp_path)
    yield made
    made.close()


def with_a_pod(store):
    with store.write(SERVER) as tx:
        account = tx.rows("INSERT INTO account (name, created_ms) VALUES ('alice', 0) RETURNING id")[0][0]
        tx.create_storage("/alice/", account, ())


@pytest.mark.parametrize(("wanted", "settled"), [("", "wac"), ("wac", "wac"), ("acp", "acp")])
def test_a_new_directory_takes_what_is_wanted(store, wanted, settled):
    assert settled_access_control(store, wanted) == settled


def test_the_language_may_change_until_there_is_a_pod(store):
    assert settled_access_control(store, "acp") == "acp"
    assert settled_access_control(store, "wac") == "wac"
    with_a_pod(store)
    with pytest.raises(OtherAccessControl):
        settled_access_control(store, "acp")


@pytest.mark.parametrize(("language", "other"), [("wac", "acp"), ("acp", "wac")])
def test_a_directory_with_pods_keeps_its_language_and_says_which_it_is(store, language, other):
    settled_access_control(store, language)
    with_a_pod(store)
    assert settled_access_control(store, "") == settled_access_control(store, language) == language
    with pytest.raises(OtherAccessControl, match=f"set it to {language}"):
        settled_access_control(store, other)
    assert settled_access_control(store, "") == language


def test_no_pod_is_made_in_a_language_that_another_process_settled_since(tmp_path):
    data, restart = tmp_path / "data", pytest.raises(OtherAccessControl, match="Restart the server")
    with opened(data) as services, opened(data, access_control="acp"), restart:
        alice_of(services)
    with opened(data) as services:
        alice_of(services)


def test_services_know_the_language_though_the_settings_do_not(tmp_path):
    with opened(tmp_path / "data", access_control="acp") as services:
        alice_of(services)
    with opened(tmp_path / "data") as services:
        assert services.config.access_control == "acp"
    with pytest.raises(OtherAccessControl), opened(tmp_path / "data", access_control="wac"):
        pass
