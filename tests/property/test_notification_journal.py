"""Whatever happens in a pod, what is told of it is complete, in order, and enough to know what is there."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pod.notifications.messages import activities, beneath
from pod.protocol.resource import parent_of
from pod.store.journal import changes_after, head
from tests.support.stores import absent, delete, make_storage, put, sqlite_store

NAMES = [
    "/alice/a",
    "/alice/b/",
    "/alice/b/c",
    "/alice/b/d/",
    "/alice/b/d/e",
    "/alice/a.acl",
    "/alice/b/.meta",
    "/alice/b/c.meta",
]
STEPS = st.lists(st.tuples(st.sampled_from(["put", "delete"]), st.sampled_from(NAMES)), max_size=25)


def apply(store, steps):
    """Those of the steps that can be done; gives their number."""
    for verb, path in steps:
        subject = path.removesuffix(".acl").removesuffix(".meta")
        if subject != path and absent(store, subject):
            continue
        if verb == "put" and (absent(store, path) or not path.endswith("/")):
            put(store, path)
        elif verb == "delete" and not absent(store, path) and not has_members(store, path):
            delete(store, path)


def has_members(store, path):
    return path.endswith("/") and bool(store.rows("SELECT 1 FROM resource c JOIN resource m ON m.parent = c.id WHERE c.path = ?", (path,)))  # fmt: skip


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, at=st.integers(0, 60))
def test_what_is_told_is_complete_and_in_order(tmp_path_factory, steps, at):
    store = sqlite_store(tmp_path_factory.mktemp("journal"), durability="normal")
    try:
        pod = make_storage(store)
        apply(store, steps)
        end = head(store, pod)
        changes = changes_after(store, pod, 0, 10_000)
        assert [change.sequence for change in changes] == list(range(1, end + 1))
        assert changes_after(store, pod, min(at, end), 10_000) == changes[min(at, end) :]
        said = [each for change in changes for each in activities(change)]
        assert [each.sequence for each in said] == sorted(each.sequence for each in said)
        assert listened(said) == existing(store)
        assert members(said) == contained(store)
        deep = [each for change in changes if (each := beneath(change, "/alice/")) is not None]
        assert {each.object for each in deep} == {
            change.path for change in changes if change.subject is None and change.path != "/alice/"
        }
    finally:
        store.close()


def listened(said):
    """What is there, as those who listen to everything know it."""
    there = set()
    for each in said:
        if each.type == "Create":
            assert each.topic not in there
            there.add(each.topic)
        elif each.type == "Delete":
            there.remove(each.topic)
        elif each.type == "Update":
            assert each.topic in there
    return there


def members(said):
    """What containers contain, as those who listen to them know it."""
    there = set()
    for each in said:
        if each.type == "Add":
            assert parent_of(each.object) == each.topic == each.target
            there.add((each.topic, each.object))
        elif each.type == "Remove":
            there.remove((each.topic, each.object))
    return there


def existing(store):
    return {row[0] for row in store.rows("SELECT path FROM resource")}


def contained(store):
    rows = store.rows("SELECT p.path, m.path FROM resource m JOIN resource p ON p.id = m.parent")
    return {(container, member) for container, member in rows}
