"""The store against a dictionary: whatever is done, in whatever order, both tell the same; what fails changes nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pod.errors import PodError, VersionMoved
from pod.protocol.resource import Target, lineage
from pod.store.accounts import Accounts
from pod.store.fsck import check
from pod.store.records import SERVER, ChangeKind, Kind
from tests.support.stores import body, make_storage, sqlite_store, staged

PATHS = ("/alice/a", "/alice/a/", "/alice/a/b", "/alice/a/b/", "/alice/a/b/c", "/alice/d")
AUXILIARY = ("/alice/.meta", *(path + suffix for path in PATHS[:4] for suffix in (".acl", ".meta")))
BODIES = st.binary(max_size=30)
QUOTA_BYTES, QUOTA_RESOURCES = 120, 9


class FailedError(Exception):
    """What a caller may raise inside its transaction."""


class StoreAgainstModel(RuleBasedStateMachine):
    """`model` maps paths to bodies; `history` is what the journal must tell; `version` counts the changes."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        limits = {"quota_bytes": QUOTA_BYTES, "quota_resources": QUOTA_RESOURCES, "inline_bytes_max": 20}
        self.store = sqlite_store(self.folder, durability="normal", **limits)
        make_storage(self.store)
        self.model = {"/alice/": b"", "/alice/.acl": b"# rules"}
        self.history = [(ChangeKind.CREATE, "/alice/"), (ChangeKind.CREATE, "/alice/.acl")]

    def teardown(self):
        if hasattr(self, "store"):
            assert list(check(self.store, deep=True)) == self.unreferenced()
            self.store.close()
            shutil.rmtree(self.folder)

    def unreferenced(self):
        return [finding for finding in check(self.store) if finding.severity == "notice"]

    @rule(path=st.sampled_from(PATHS + AUXILIARY), given=BODIES, fail=st.booleans())
    def write(self, path, given, fail):
        allowed = self.may_write(path, given) and not fail
        content = staged(self.store, given)
        try:
            with self.store.write(SERVER) as tx:
                self.write_in(tx, path, content)
                if fail:
                    raise FailedError
        except (PodError, FailedError):
            assert not allowed
            self.store.discard(content)
        else:
            assert allowed
            kind = ChangeKind.UPDATE if path in self.model else ChangeKind.CREATE
            self.history.append((kind, path))
            self.model[path] = given

    def write_in(self, tx, path, content):
        target = Target.parse(path)
        kind = Kind.CONTAINER if target.is_container else Kind.RDF
        state = tx.describe(target).state
        if state:
            tx.replace(state, content, kind=kind, acl=None)
        else:
            tx.create(target, kind, content, acl=None)

    def may_write(self, path, given):
        after = self.model | {path: given}
        growth = len(given) - len(self.model.get(path, b""))
        if growth > 0 and sum(map(len, after.values())) > QUOTA_BYTES:
            return False
        if path in self.model:
            return True
        target = Target.parse(path)
        above = target.subject if target.auxiliary else target.parent
        return above in self.model and target.twin not in self.model and len(after) <= QUOTA_RESOURCES

    @rule(path=st.sampled_from(PATHS + AUXILIARY), fail=st.booleans())
    def delete(self, path, fail):
        state = self.store.describe(Target.parse(path)).state
        assert (state is None) == (path not in self.model)
        if state is None:
            return
        members = [other for other in PATHS if other in self.model and other != path and path in lineage(other)]
        try:
            with self.store.write(SERVER) as tx:
                tx.delete(state, acl=None)
                if fail:
                    raise FailedError
        except (PodError, FailedError):
            assert members or fail
        else:
            assert not members
            assert not fail
            self.forget(path)

    def forget(self, path):
        gone = sorted(aux for aux in (path + ".acl", path + ".meta") if aux in self.model)
        for each in [*gone, path]:
            self.history.append((ChangeKind.DELETE, each))
            del self.model[each]

    @rule(path=st.sampled_from(PATHS), given=BODIES)
    def replace_what_is_no_longer_current(self, path, given):
        state = self.store.describe(Target.parse(path)).state
        if state is None or path not in self.model or not self.may_write(path, given):
            return
        self.write(path, self.model[path], fail=False)
        content = staged(self.store, given)
        try:
            with self.store.write(SERVER) as tx:
                tx.replace(state, content, kind=state.kind, acl=None)
        except VersionMoved:
            self.store.discard(content)
        else:
            raise AssertionError(path)

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def bodies_are_as_in_the_model(self):
        for path in PATHS + AUXILIARY:
            state = self.store.describe(Target.parse(path)).state
            assert (state is not None) == (path in self.model), path
            if state:
                assert body(self.store, path) == self.model[path]

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def listings_are_as_in_the_model(self):
        for path in filter(lambda path: path.endswith("/"), self.model):
            listed = [member.path for member in self.store.members(self.state(path).id)]
            assert listed == sorted(p for p in self.model if p in PATHS and Target.parse(p).parent == path)

    def state(self, path):
        return self.store.describe(Target.parse(path)).state

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def the_journal_tells_what_happened_and_nothing_else(self):
        changes = self.store.changes(0, 10_000)
        assert [(change.kind, change.path) for change in changes] == self.history
        assert [change.sequence for change in changes] == list(range(1, len(changes) + 1))

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def quota_counts_what_is_there(self):
        usage = next(Accounts(self.store).listed())[1][0]
        assert (usage.bytes, usage.resources) == (sum(map(len, self.model.values())), len(self.model))


TestStoreAgainstModel = StoreAgainstModel.TestCase
TestStoreAgainstModel.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


@pytest.mark.soak
class TestStoreAgainstModelAtLength(StoreAgainstModel.TestCase):
    settings = settings(max_examples=400, stateful_step_count=60, deadline=None)
