"""Owners see who listens to what not everybody may read, who was not let, and what each was told."""

from __future__ import annotations

import json

import pytest

from pod.notifications.audience import Audience
from pod.notifications.legacy import may_read
from pod.notifications.messages import heard
from pod.store.access_records import ANYTHING
from tests.support.inprocess import BASE
from tests.unit.notifications.happenings import channel, credentials, fresh, now, put, share, since, web_id

ALICE, BOB, NOBODY = "alice", "bob", None


@pytest.fixture
def home(local):
    """Bob may read in it, everyone in `open/`."""
    path = fresh()
    put(local, f"{path}doc")
    put(local, f"{path}open/doc")
    share(local, path, BOB)
    share(local, f"{path}open/", public=True)
    noted(local)
    return path


def noted(local):
    """Since it was asked last."""
    log = local.services.access_log
    assert log.write_down()
    found = log.records.page("/alice/", ANYTHING, 1000)
    log.records.forget("/alice/")
    return sorted((each.agent, each.path, each.act, each.verdict) for each in found)


@pytest.mark.parametrize(
    ("name", "document", "expected"),
    [
        (BOB, "doc", [("notify", "allowed")]),
        (BOB, "open/doc", []),
        (NOBODY, "doc", []),
        (NOBODY, "open/doc", []),
    ],
)
def test_who_is_told_of_a_change(local, home, name, document, expected):
    path, before = home + document, now(local)
    put(local, path, b"changed")
    noted(local)
    audience, listens = Audience(local.services), channel(local, path, name=name)
    for change in since(local, before):
        for each in heard(listens, change):
            audience.may_hear(local.services.store, each, credentials(local, name))
    assert noted(local) == [(web_id(BOB), path, *each) for each in expected]


@pytest.mark.parametrize(
    ("name", "document", "status", "expected"),
    [
        (BOB, "doc", 200, [("read", "allowed")]),
        (BOB, "doc.acl", 403, [("control", "refused")]),
        (BOB, "open/doc", 200, []),
    ],
)
def test_who_asks_to_be_told(local, home, name, document, status, expected):
    path = home + document
    asked = {
        "@context": ["https://www.w3.org/ns/solid/notifications-context/v1"],
        "type": "WebSocketChannel2023",
        "topic": BASE + path[1:],
    }
    headers = {"Content-Type": "application/ld+json"}
    service = "/.notifications/WebSocketChannel2023"
    assert local.request("POST", service, headers, json.dumps(asked).encode(), by=name).status == status
    assert noted(local) == [(web_id(BOB), path, *each) for each in expected]


@pytest.mark.parametrize(
    ("name", "document", "expected"),
    [
        (BOB, "doc", [(web_id(BOB), "read", "allowed")]),
        (NOBODY, "doc", [("", "read", "refused")]),
        (NOBODY, "open/doc", []),
    ],
)
def test_who_listens_to_the_older_sockets(local, home, name, document, expected):
    may_read(local.services, home + document, credentials(local, name))
    assert noted(local) == [(agent, home + document, *each) for agent, *each in expected]
