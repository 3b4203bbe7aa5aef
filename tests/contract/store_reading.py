"""What readers are promised."""

from __future__ import annotations

import pytest

from pod.errors import VersionMoved
from pod.protocol.ceiling import NOTHING_ALLOWED
from pod.protocol.resource import Target
from pod.store import folders
from pod.store.accounts import Accounts, AccountStatus
from pod.store.acl_groups import keep_groups, sweep_groups
from pod.store.apps import Apps
from pod.store.records import SERVER, USES_MAX, Content, GroupUse, Kind, Member
from pod.store.statements import MEMBERS
from tests.support.ceilings import ceiling
from tests.support.stores import ALICE, EMPTY_DIGEST, delete, make_storage, put, put_in, state_in

POSTS = ceiling({"/alice/posts/": "read append"})


def described(store, path, grant=None, **options):
    return store.describe(Target.parse(path), grant, **options)


def granted(store, web_id=ALICE):
    accounts = Accounts(store)
    with store.write(SERVER) as tx:
        return accounts.create_grant(tx, accounts.by_name("alice").id, "app", web_id).id


def limit(store, key, to, end_ms=None):
    with store.write(SERVER) as tx:
        assert Apps(tx).limit_grant(tx, key, to, end_ms)


class ReadingContract:
    def test_describe_gives_the_target_with_its_body(self, store, pod):
        put(store, "/alice/note", b"<> a <#Note> .")
        state = described(store, "/alice/note").state
        assert (state.path, state.kind, state.media_type) == ("/alice/note", Kind.RDF, "text/turtle")
        assert (state.inline, state.size, state.storage) == (b"<> a <#Note> .", 14, pod)

    def test_describe_leaves_the_body_out_when_asked(self, store, pod):
        put(store, "/alice/note", b"text")
        state = described(store, "/alice/note", with_body=False).state
        assert (state.inline, state.blob, state.size) == (None, None, 4)

    def test_describe_of_nothing_still_gives_storage_and_acls(self, store, pod):
        snapshot = described(store, "/alice/a/b/c")
        assert snapshot.state is None
        assert snapshot.storage.path == "/alice/"
        assert [acl.subject for acl in snapshot.acls] == ["/alice/"]

    def test_describe_outside_any_storage_gives_no_storage(self, store, pod):
        snapshot = described(store, "/nobody/a")
        assert (snapshot.state, snapshot.storage, snapshot.acls) == (None, None, ())

    def test_describe_names_owners_and_account(self, store, pod):
        storage = described(store, "/alice/").storage
        assert (storage.id, storage.owners, storage.status) == (pod, (ALICE,), "active")
        assert Accounts(store).by_id(storage.account).name == "alice"

    def test_acls_come_nearest_first(self, store, pod):
        for path in ("/alice/a/", "/alice/a/b/", "/alice/a/b/c", "/alice/a/.acl", "/alice/a/b/c.acl"):
            put(store, path)
        acls = described(store, "/alice/a/b/c").acls
        assert [acl.subject for acl in acls] == ["/alice/a/b/c", "/alice/a/", "/alice/"]
        assert acls[1].id == state_in(store, "/alice/a/.acl").id
        assert acls[1].version == state_in(store, "/alice/a/.acl").version

    @pytest.mark.parametrize("auxiliary", ["/alice/a/.acl", "/alice/a/.meta"])
    def test_an_auxiliary_resource_is_governed_as_its_subject(self, store, pod, auxiliary):
        put(store, "/alice/a/")
        put(store, "/alice/a/.acl")
        put(store, auxiliary)
        snapshot = described(store, auxiliary)
        assert snapshot.state.path == auxiliary
        assert [acl.subject for acl in snapshot.acls] == ["/alice/a/", "/alice/"]

    def test_a_changed_acl_has_a_new_version(self, store, pod):
        before = described(store, "/alice/").acls[0]
        put(store, "/alice/.acl", b"# other rules")
        after = described(store, "/alice/").acls[0]
        assert (after.id, after.version > before.version) == (before.id, True)

    def test_a_wide_snapshot_has_the_subject_its_containers_and_twins(self, store, pod):
        for path in ("/alice/a/b/", "/alice/a/b/c", "/alice/other"):
            put(store, path)
        others = described(store, "/alice/a/b/c/", wide=True).others
        assert others == {"/alice/", "/alice/a/", "/alice/a/b/", "/alice/a/b/c"}
        others = described(store, "/alice/a/b/c.acl", wide=True).others
        assert others == {"/alice/", "/alice/a/", "/alice/a/b/", "/alice/a/b/c"}

    def test_a_wide_snapshot_shows_the_twin_of_a_container_above(self, store, pod):
        put(store, "/alice/a")
        assert described(store, "/alice/a/b/c", wide=True).others == {"/alice/", "/alice/a"}

    def test_a_narrow_snapshot_has_no_others(self, store, pod):
        assert described(store, "/alice/").others == frozenset()

    def test_no_grant_is_told_when_none_is_asked(self, store, pod):
        assert described(store, "/alice/").grant is None

    def test_an_unknown_grant_does_not_stand(self, store, pod):
        grant = described(store, "/alice/", "unheard-of").grant
        assert (grant.id, grant.stands) == ("unheard-of", False)

    def test_a_grant_stands(self, store, pod):
        key = granted(store)
        grant = described(store, "/alice/", key).grant
        assert (grant.id, grant.web_id, grant.client, grant.stands) == (key, ALICE, "app", True)

    def test_a_revoked_grant_does_not_stand(self, store, pod):
        key = granted(store)
        with store.write(SERVER) as tx:
            Accounts(store).revoke_grant(tx, key)
        assert not described(store, "/alice/", key).grant.stands

    def test_a_grant_stands_until_its_end(self, store, pod):
        key = granted(store)
        for end_ms, stands in ((store.now_ms, False), (store.now_ms + 60_000, True), (None, True)):
            limit(store, key, None, end_ms)
            grant = described(store, "/alice/", key).grant
            assert (grant.stands, grant.end_ms) == (stands, end_ms)

    def test_a_grant_tells_what_it_allows_at_most(self, store, pod):
        key = granted(store)
        assert described(store, "/alice/", key).grant.ceiling is None
        limit(store, key, POSTS)
        grant = described(store, "/alice/", key).grant
        assert (grant.ceiling, grant.account) == (POSTS, Accounts(store).by_name("alice").id)
        assert described(store, "/alice/", "unheard-of").grant.ceiling == NOTHING_ALLOWED

    def test_a_writer_sees_limits_that_it_changed(self, store, pod):
        key = granted(store)
        with store.write(SERVER) as tx:
            Apps(tx).limit_grant(tx, key, POSTS, tx.now_ms)
            grant = described(tx, "/alice/", key).grant
        assert (grant.ceiling, grant.stands) == (POSTS, False)

    def test_who_may_write_a_group_is_told_which_rules_name_it(self, store, pod):
        put(store, "/alice/a/")
        key, acl = granted(store), put(store, "/alice/a/.acl")
        with store.write(SERVER) as tx:
            keep_groups(tx, acl.id, acl.version, ["/alice/group", "/alice/box/.meta"])
        use = GroupUse("/alice/a/", Accounts(store).by_name("alice").id)
        for path in ("/alice/group", "/alice/box/", "/alice/box/.meta"):
            assert described(store, path, key, wide=True).uses == (use,)
        assert described(store, "/alice/other", key, wide=True).uses == ()
        assert described(store, "/alice/group", key).uses == described(store, "/alice/group", wide=True).uses == ()

    def test_rules_that_were_replaced_or_are_gone_name_no_groups(self, store, pod):
        put(store, "/alice/a/")
        key, acl = granted(store), put(store, "/alice/a/.acl")
        with store.write(SERVER) as tx:
            keep_groups(tx, acl.id, acl.version, ["/alice/group"])
        put(store, "/alice/a/.acl", b"# changed")
        assert described(store, "/alice/group", key, wide=True).uses == ()
        assert sweep_groups(store) == 1

    def test_only_so_many_rules_of_the_account_are_told_of_and_one_of_all_others(self, store, pod):
        key = granted(store)
        make_storage(store, "bob")
        empty = Content("text/turtle", 0, EMPTY_DIGEST, inline=b"")
        with store.write(SERVER) as tx:
            for path in (f"/{name}/{number}" for name in ("alice", "bob") for number in range(USES_MAX + 2)):
                put_in(tx, path, empty)
                acl = put_in(tx, path + ".acl", empty)
                keep_groups(tx, acl.id, acl.version, ["/alice/group"])
        told = described(store, "/alice/group", key, wide=True).uses
        alice, bob = (Accounts(store).by_name(name).id for name in ("alice", "bob"))
        assert [use.account for use in told] == [alice] * (USES_MAX + 1) + [bob]

    def test_a_grant_falls_with_its_account(self, store, pod):
        key = granted(store)
        accounts = Accounts(store)
        with store.write(SERVER) as tx:
            accounts.set_status(tx, accounts.by_name("alice").id, AccountStatus.DISABLED)
        assert not described(store, "/alice/", key).grant.stands

    def test_a_grant_for_the_web_id_of_another_account_does_not_stand(self, store, pod):
        make_storage(store, "bob")
        key = granted(store, "https://pods.example/bob/profile/card#me")
        assert not described(store, "/alice/", key).grant.stands

    def test_a_document_is_read_whole_while_its_version_is_current(self, store, pod):
        state = put(store, "/alice/group", b"members")
        assert store.document(state.id, state.version) == b"members"
        put(store, "/alice/group", b"other members")
        assert store.document(state.id, state.version) is None

    def test_a_document_may_be_large(self, opened):
        store = opened(inline_bytes_max=10)
        make_storage(store)
        state = put(store, "/alice/group", b"members " * 100)
        assert store.document(state.id, state.version) == b"members " * 100

    def test_members_come_in_path_order_without_auxiliary_resources(self, store, pod, clock):
        for path in ("/alice/b", "/alice/a/", "/alice/%C3%A9", "/alice/b.acl", "/alice/a/deep", "/alice/B"):
            put(store, path, b"x")
        members = list(store.members(state_in(store, "/alice/").id))
        assert [member.path for member in members] == ["/alice/%C3%A9", "/alice/B", "/alice/a/", "/alice/b"]
        assert members[3] == Member("/alice/b", Kind.RDF, "text/turtle", 1, int(clock.time * 1000))

    def test_a_listing_is_read_from_its_index_alone(self, store, pod):
        plan = " ".join(str(each) for row in store.rows(f"EXPLAIN QUERY PLAN {MEMBERS}", (1,)) for each in row)
        assert "USING COVERING INDEX resource_member" in plan

    def test_some_of_many_members_come_with_their_versions(self, store, pod):
        for path in ("/alice/a/", "/alice/b", "/alice/c", "/alice/d"):
            put(store, path, b"x")
        box = state_in(store, "/alice/").id
        assert folders.count(store, box) == 4
        some = folders.members_after(store, box, "/alice/a/", 2)
        assert [each.path for each in some] == ["/alice/b", "/alice/c"]
        versions = [state_in(store, each.path).version for each in some]
        gone = some[0]._replace(path="/alice/gone")
        assert [each.version for each in folders.with_versions(store, [some[0], gone, some[1]])] == versions
        assert folders.with_versions(store, []) == []

    def test_a_container_may_have_no_members(self, store, pod):
        put(store, "/alice/empty/")
        assert list(store.members(state_in(store, "/alice/empty/").id)) == []

    def test_members_are_of_one_moment(self, store, pod):
        for name in "abc":
            put(store, f"/alice/{name}")
        listing = store.members(state_in(store, "/alice/").id)
        assert next(listing).path == "/alice/a"
        delete(store, "/alice/b")
        put(store, "/alice/d")
        assert [member.path for member in listing] == ["/alice/b", "/alice/c"]

    def test_an_unfinished_listing_does_not_make_later_reads_old(self, store, pod):
        put(store, "/alice/a")
        listing = store.members(state_in(store, "/alice/").id)
        next(listing)
        put(store, "/alice/a", b"new")
        assert state_in(store, "/alice/a").inline == b"new"
        listing.close()
        assert state_in(store, "/alice/a").inline == b"new"

    def test_members_may_be_asked_of_one_listing_version_only(self, store, pod):
        container = state_in(store, "/alice/")
        assert list(store.members(container.id, container.listing_version)) == []
        put(store, "/alice/a")
        with pytest.raises(VersionMoved):
            next(store.members(container.id, container.listing_version))

    def test_members_of_a_container_that_is_gone_are_refused_where_a_version_is_named(self, store, pod):
        container = put(store, "/alice/a/")
        delete(store, "/alice/a/")
        with pytest.raises(VersionMoved):
            next(store.members(container.id, container.listing_version))

    def test_a_snapshot_sees_one_state(self, store, pod):
        with store.snapshot() as reader:
            before = reader.describe(Target.parse("/alice/"))
            put(store, "/alice/a")
            assert reader.describe(Target.parse("/alice/")) == before
            assert list(reader.members(before.state.id)) == []
        assert described(store, "/alice/a").state is not None
