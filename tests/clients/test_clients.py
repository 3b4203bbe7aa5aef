"""The client libraries people use, unchanged, against a real server: every scenario is a script, every check a subtest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.conftest import Check

SCENARIOS = {
    "sign_in": "client credentials with DPoP give a session that reads and writes as access rules allow",
    "datasets": "datasets are created, read, changed and deleted",
    "things": "values of every kind survive being written, added to, removed and replaced",
    "files": "files of any type are saved, read, replaced and deleted",
    "containers": "containers are created, listed and deleted",
    "resource_info": "headers and links tell what a resource is and what one may do with it",
    "access": "universalAccess changes what others may do, at once",
    "legacy_acl": "the access control lists of Web Access Control are read and written",
    "sharing": "what owners share on the page and what apps give is the same",
    "contacts": "contacts, groups and the profile are the same on the pages and for contacts-rdflib",
    "limited_app": "an app, and a key, of which only some things were allowed, until its person says more, or stop",
    "refusals": "a refusal reaches the program as an error it can explain",
    "rdflib": "rdflib.js loads, updates and replaces documents",
    "rdflib_live": "rdflib.js follows documents that others change",
    "solid_client_notifications": "solid-client-notifications finds the socket and hears of changes",
    "event_source": "an EventSource hears of changes, and goes on after the last event it saw",
    "streaming_fetch": "a fetch whose answer does not end reads one notification after the other",
    "webhook": "a receiver of webhooks verifies token, proof and message signature",
    "web_push": "a push service knows the server, and only the browser can read the message",
    "openid_client": "a registered client of openid-client signs a person in, refreshes, revokes and logs out",
    "oauth4webapi": "a registered client of oauth4webapi does, and checks all that the specifications say of answers",
}

pytestmark = [pytest.mark.clients, pytest.mark.e2e]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_published_client_does_its_work(
    scenario: str, run_scenario: Callable[[str], list[Check]], subtests: pytest.Subtests
) -> None:
    for check in run_scenario(scenario):
        with subtests.test(msg=check.name):
            assert check.ok, check.error


def test_every_script_is_a_scenario() -> None:
    """acp.mjs is one of test_acp.py, ask.mjs of tests/browser/test_access_requests.py."""
    scripts = {path.stem for path in Path(__file__).parent.glob("*.mjs")} - {
        "harness",
        "person",
        "subscriber",
        "acp",
        "ask",
    }
    assert scripts == set(SCENARIOS)
