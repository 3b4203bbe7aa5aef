"""Target: documents about access. What is read names resources of the one storage alone, gives no say in who gets in, and reads the
same once it was written again.

Spec: LWS 1.0 #access-data-model
"""

from __future__ import annotations

import json

from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.sharing.access_documents import ITEMS_MAX, REQUEST, read_document, request_document
from pod.store.access_requests import AccessRequest, Answer
from tests.fuzz import documents
from tests.fuzz.running import Target, Wrong
from tests.support.asking import FRIEND, as_bytes, purpose, request_for, through, until

BASE, ROOT = "https://pods.example/", "/alice/"
POD = BASE + "alice/"
PLACEMENT = Placement(BASE)


def read(data: bytes) -> None:
    who, said = read_document(data, REQUEST, ROOT, PLACEMENT)
    paths = [each.path for each in said.items]
    if not 0 < len(paths) <= ITEMS_MAX or not all(each.startswith(ROOT) and ".acl" not in each for each in paths):
        raise Wrong(f"not of the storage: {paths}")
    if any(AccessMode.CONTROL in each.modes for each in said.items):
        raise Wrong("a say in who gets in")
    request = AccessRequest("key", 1, 1, ROOT, said, Answer.OPEN, 0, None)
    again = read_document(as_bytes(request_document(request, POD, PLACEMENT)), REQUEST, ROOT, PLACEMENT)
    if again != (who, said):
        raise Wrong(f"another once it was written: {said} {again}")


CONSTRAINTS = [
    purpose("https://purpose.example/a"),
    through("https://app.example/id"),
    until("2030-01-01T00:00:00.5+02:00"),
]
WORDS = (
    b'"access"',
    b'"assignee"',
    b'"action"',
    b'"target"',
    b'"value"',
    b'"StorageResource"',
    b'"Container"',
    b'"constraint"',
    b'"leftOperand"',
    b'"rightOperand"',
    b'"isAnyOf"',
    b'"lteq"',
    b'"9999-12-31T23:59:59-99:99"',
    b'"https://pods.example/alice/a.acl"',
    b'"https://pods.example/alice/a/.meta"',
    b'"https://pods.example/alice/%2e%2e/bob/"',
    b'"https://pods.example/bob/"',
    b"\\ud800",
    b"\\u0000",
)
TARGETS = (
    Target(
        "access-request",
        read,
        (
            as_bytes(request_for(POD, FRIEND, POD + "a", POD + "b/", action=["read", "create"])),
            as_bytes(
                request_for(POD, FRIEND, constraint=CONSTRAINTS, comment="Please", inbox="https://friend.example/in/")
            ),
            json.dumps(request_for(POD, FRIEND, POD + "a"), indent=1).encode(),
        ),
        (*WORDS, *documents.JSON_WORDS),
    ),
)
