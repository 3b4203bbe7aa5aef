"""What each operation needs, as text: `path: modes`."""

import pytest

from pod.authorization import required
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target, lineage
from pod.store.records import Kind, ResourceState, Snapshot, StorageState

READ, APPEND, WRITE = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE


def state(path):
    kind = Kind.CONTAINER if path.endswith("/") else Kind.RDF
    return ResourceState(1, 1, path, kind, "text/turtle", 1, 1, 0, 0, "")


def snapshot(path, *existing):
    target = Target.parse(path)
    others = {each: state(each) for each in lineage(target.subject) if each in (*existing, "/alice/")}
    storage = StorageState(1, "/alice/", 1, ())
    return Snapshot(target, state(path) if path in existing else None, (), storage, None, others)


def needed(needs):
    return [f"{each.path}: {' '.join(each.modes.names())}{' (any)' * each.any_of}" for each in needs]


TABLE = [
    (required.read, "/alice/a", True, ["/alice/a: read"]),
    (required.read, "/alice/a", False, ["/alice/a: read"]),
    (required.read, "/alice/c/", True, ["/alice/c/: read"]),
    (required.read, "/alice/a.meta", True, ["/alice/a: read"]),
    (required.read, "/alice/a.acl", True, ["/alice/a: control"]),
    (required.put, "/alice/a", True, ["/alice/a: write"]),
    (required.put, "/alice/a", False, ["/alice/a: append", "/alice/: append"]),
    (required.put, "/alice/b/c/", False, ["/alice/b/c/: append", "/alice/b/: append", "/alice/: append"]),
    (required.put, "/alice/a.meta", True, ["/alice/a: write"]),
    (required.put, "/alice/a.meta", False, ["/alice/a: append"]),
    (required.put, "/alice/.meta", False, ["/alice/: append"]),
    (required.put, "/alice/a.acl", True, ["/alice/a: control"]),
    (required.put, "/alice/a.acl", False, ["/alice/a: control"]),
    (required.put, "/alice/.acl", True, ["/alice/: control"]),
    (required.post, "/alice/c/", True, ["/alice/c/: append"]),
    (required.post, "/alice/c/", False, ["/alice/c/: append"]),
    (required.post, "/alice/c/.acl", True, ["/alice/c/: control"]),
    (required.patch, "/alice/a", True, ["/alice/a: append"]),
    (required.patch, "/alice/a", False, ["/alice/a: read append (any)"]),
    (required.patch, "/alice/a.acl", False, ["/alice/a: control"]),
    (required.delete, "/alice/a", True, ["/alice/a: write", "/alice/: write"]),
    (required.delete, "/alice/a", False, ["/alice/a: write", "/alice/: read write"]),
    (required.delete, "/alice/c/", True, ["/alice/c/: read write", "/alice/: write"]),
    (required.delete, "/alice/", True, ["/alice/: read write"]),
    (required.delete, "/alice/a.meta", True, ["/alice/a: write"]),
    (required.delete, "/alice/c/.meta", True, ["/alice/c/: write"]),
    (required.delete, "/alice/a.acl", True, ["/alice/a: control"]),
]


@pytest.mark.parametrize(("verb", "path", "exists", "needs"), TABLE)
def test_what_a_verb_needs(verb, path, exists, needs):
    assert needed(verb(snapshot(path, *([path] if exists else [])))) == needs


PATCHES = [
    (APPEND, True, ["/alice/a: append"]),
    (READ | APPEND, True, ["/alice/a: read append"]),
    (READ | WRITE, True, ["/alice/a: read write"]),
    (AccessMode.NONE, True, ["/alice/a: append"]),
    (APPEND, False, ["/alice/a: append", "/alice/: append"]),
    (READ | WRITE | APPEND, False, ["/alice/a: read write append", "/alice/: append"]),
    (READ | WRITE, False, ["/alice/a: read write", "/alice/: append"]),
    (READ, False, ["/alice/a: read", "/alice/: append"]),
]


@pytest.mark.parametrize(("modes", "exists", "needs"), PATCHES)
def test_what_a_patch_needs(modes, exists, needs):
    assert needed(required.patch(snapshot("/alice/a", *(["/alice/a"] if exists else [])), modes)) == needs


def test_containers_on_the_way_end_at_the_deepest_that_exists():
    needs = required.put(snapshot("/alice/a/b/c/d", "/alice/a/", "/alice/a/b/"))
    assert needed(needs) == ["/alice/a/b/c/d: append", "/alice/a/b/c/: append", "/alice/a/b/: append"]


@pytest.mark.parametrize("path", ["/alice/a", "/alice/c/", "/alice/a.meta", "/alice/a.acl"])
@pytest.mark.parametrize("verb", [required.read, required.put, required.post, required.patch, required.delete])
def test_a_refusal_tells_the_same_whether_the_target_exists_or_not(verb, path):
    told = [{each.told for each in verb(snapshot(path, *existing))} for existing in ([path], [])]
    assert told[0] == told[1]
    assert len(told[0]) == 1
