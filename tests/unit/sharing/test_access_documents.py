"""Documents about access: what is written reads the same, in every placement of storages; tests/hostile has what is refused."""

from __future__ import annotations

import pytest

from pod.protocol.access_profile import ADD, EDIT, SEE
from pod.protocol.placement import Placement
from pod.sharing.access_documents import (
    GRANT,
    REQUEST,
    check_inbox,
    grant_document,
    item_path,
    read_document,
    request_document,
)
from pod.store.access_requests import AccessItem, AccessRequest, Answer, GivenAccess, Said
from tests.support.asking import FRIEND, as_bytes

BASE = "https://pods.example/"
PLACEMENTS = {
    "path": (Placement(BASE), "/alice/", f"{BASE}alice/"),
    "subdomain": (Placement(BASE, "subdomain"), "/alice/", "https://alice.pods.example/"),
    "root": (Placement(BASE, "root", "me"), "/me/", BASE),
}
A, B = AccessItem("a", SEE), AccessItem("b/", EDIT, 4_000_000_000_123)
SAYINGS = (
    Said(FRIEND, (A,)),
    Said(FRIEND, (A, B), comment="Please\nlet me in", inbox="https://friend.example/inbox/?a=b"),
    Said(FRIEND, (A, AccessItem("c", SEE), AccessItem("d", ADD, -1)), "a-client", ("https://p.example/1",)),
    Said("http://xmlns.com/foaf/0.1/Agent", (B,), "https://app.example/#it", ("urn:p:1", "urn:p:2")),
)


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("said", SAYINGS, ids=str)
def test_what_is_written_reads_the_same(said: Said, placement: str):
    where, root, url = PLACEMENTS[placement]
    items = tuple(AccessItem(root + each.path, each.modes, each.until_ms) for each in said.items)
    said = Said(said.agent, items, said.client, said.purposes, said.comment, said.inbox)
    request = AccessRequest("key", 1, 1, root, said, Answer.OPEN, 0, None)
    told = request_document(request, "https://pods.example/.access/x", where)
    assert told["storage"] == url
    assert read_document(as_bytes(told), REQUEST, root, where) == (said.agent, said)
    grant = GivenAccess("key", 1, 1, root, None, said, 0, None)
    told = grant_document(grant, "https://pods.example/.access/x", None, where)
    assert read_document(as_bytes(told), GRANT, root, where) == (said.agent, said)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("a", "a"),
        ("a#it", "a"),
        ("a?q", "a"),
        ("%61", "a"),
        ("a.meta", "a"),
        (".meta", ""),
        ("", ""),
        ("b/.meta", "b/"),
    ],
)
def test_a_resource_has_one_name_and_its_description_is_part_of_it(url: str, path: str):
    where, root, base = PLACEMENTS["path"]
    assert item_path(base + url, root, where) == root + path


@pytest.mark.parametrize(
    "url", ["https://friend.example/", "http://localhost:3000/a/inbox/", "https://[::1]:8080/in?x=y"]
)
def test_inboxes_are_plain_urls(url: str):
    assert check_inbox(url) == url
