"""What a change does, and what it refuses."""

from __future__ import annotations

import pytest

from pod.errors import Conflict, ContainerNotEmpty, NotFound, SlashTwinExists, VersionMoved
from pod.protocol.agent import Proof
from pod.protocol.resource import Target
from pod.store.records import SERVER, Kind
from tests.support.stores import (
    absent,
    body,
    delete,
    make_account,
    make_storage,
    put,
    put_in,
    staged,
    state_in,
)


def versions(store, *paths):
    return [state_in(store, path).state_version for path in paths]


class WritingContract:
    def test_create_gives_the_state_that_is_read_later(self, store, pod):
        created = put(store, "/alice/a", b"body", protected=True)
        assert created == state_in(store, "/alice/a")
        assert created.protected

    def test_replace_gives_the_state_that_is_read_later(self, store, pod):
        first = put(store, "/alice/a", b"body", protected=True)
        second = put(store, "/alice/a", b"other body")
        assert second == state_in(store, "/alice/a")
        assert (second.id, second.protected, second.size) == (first.id, True, 10)
        assert second.version > first.version

    def test_replace_may_change_kind_and_media_type(self, store, pod):
        state = put(store, "/alice/a", b"<> a <> .")
        content = staged(store, b"GIF89a", "image/gif")
        with store.write(SERVER) as tx:
            tx.replace(state, content, kind=Kind.OTHER, acl=None)
        assert (state_in(store, "/alice/a").kind, state_in(store, "/alice/a").media_type) == (
            Kind.OTHER,
            "image/gif",
        )

    def test_replace_refuses_a_state_that_is_no_longer_current(self, store, pod):
        old = put(store, "/alice/a", b"1")
        put(store, "/alice/a", b"2")
        content = staged(store, b"3")
        with pytest.raises(VersionMoved), store.write(SERVER) as tx:
            tx.replace(old, content, kind=Kind.RDF, acl=None)
        assert body(store, "/alice/a") == b"2"

    def test_delete_refuses_a_state_that_is_no_longer_current(self, store, pod):
        old = put(store, "/alice/a", b"1")
        put(store, "/alice/a", b"2")
        with pytest.raises(VersionMoved), store.write(SERVER) as tx:
            tx.delete(old, acl=None)
        assert body(store, "/alice/a") == b"2"

    def test_create_refuses_what_exists(self, store, pod):
        put(store, "/alice/a")
        content = staged(store, b"")
        with pytest.raises(Conflict), store.write(SERVER) as tx:
            tx.create(Target.parse("/alice/a"), Kind.RDF, content, acl=None)

    @pytest.mark.requirement("solid#server-uri-trailing-slash-distinct")
    @pytest.mark.parametrize(("there", "asked"), [("/alice/a", "/alice/a/"), ("/alice/a/", "/alice/a")])
    def test_create_refuses_a_slash_twin(self, store, pod, there, asked):
        put(store, there)
        with pytest.raises(SlashTwinExists):
            put(store, asked)
        assert absent(store, asked)

    @pytest.mark.parametrize("path", ["/alice/a/b", "/alice/a/b/", "/alice/a.acl", "/alice/a/.meta", "/bob/"])
    def test_create_refuses_what_has_nothing_to_be_in(self, store, pod, path):
        content = staged(store, b"")
        kind = Kind.CONTAINER if path.endswith("/") else Kind.RDF
        with pytest.raises(NotFound), store.write(SERVER) as tx:
            tx.create(Target.parse(path), kind, content, acl=None)

    def test_delete_refuses_a_container_with_members(self, store, pod):
        put(store, "/alice/a/b")
        with pytest.raises(ContainerNotEmpty):
            delete(store, "/alice/a/")
        assert not absent(store, "/alice/a/")

    def test_a_container_may_go_when_its_members_went(self, store, pod):
        put(store, "/alice/a/b")
        delete(store, "/alice/a/b")
        delete(store, "/alice/a/")
        assert absent(store, "/alice/a/")

    @pytest.mark.requirement("solid#server-delete-remove-auxiliary-resource")
    @pytest.mark.parametrize("subject", ["/alice/a", "/alice/a/"])
    def test_auxiliary_resources_die_with_their_subject(self, store, pod, subject):
        for path in (subject, subject + ".acl", subject + ".meta"):
            put(store, path)
        delete(store, subject)
        assert all(absent(store, path) for path in (subject, subject + ".acl", subject + ".meta"))

    def test_ids_are_never_given_twice(self, store, pod):
        first = put(store, "/alice/a")
        delete(store, "/alice/a")
        assert put(store, "/alice/a").id > first.id

    def test_versions_never_repeat(self, store, pod):
        seen = [put(store, "/alice/a").version, put(store, "/alice/a").version]
        delete(store, "/alice/a")
        seen += [put(store, "/alice/a").version, put(store, "/alice/b").version]
        assert len(set(seen)) == 4
        assert seen == sorted(seen)

    def test_a_new_member_moves_its_container_and_the_listing_above(self, store, pod, clock):
        put(store, "/alice/a/b/")
        clock.time += 60
        before = versions(store, "/alice/", "/alice/a/", "/alice/a/b/")
        version = put(store, "/alice/a/b/c").version
        after = versions(store, "/alice/", "/alice/a/", "/alice/a/b/")
        assert after == [before[0], version, version]
        assert state_in(store, "/alice/a/b/").modified == clock.time
        assert state_in(store, "/alice/a/").modified == clock.time - 60

    def test_a_removed_member_moves_its_container_and_the_listing_above(self, store, pod, clock):
        put(store, "/alice/a/b/c")
        clock.time += 60
        before = versions(store, "/alice/", "/alice/a/", "/alice/a/b/")
        delete(store, "/alice/a/b/c")
        after = versions(store, "/alice/", "/alice/a/", "/alice/a/b/")
        assert (after[0], after[1] > before[1], after[2] > before[2]) == (before[0], True, True)
        assert state_in(store, "/alice/a/b/").modified == clock.time

    def test_a_replaced_member_moves_the_listing_of_its_container_alone(self, store, pod, clock):
        put(store, "/alice/a/b")
        clock.time += 60
        before = versions(store, "/alice/", "/alice/a/")
        version = put(store, "/alice/a/b", b"new").version
        assert versions(store, "/alice/", "/alice/a/") == [before[0], version]
        assert state_in(store, "/alice/a/").modified == clock.time - 60

    @pytest.mark.parametrize("change", ["create", "replace", "delete"])
    def test_a_containers_description_is_shown_by_it_and_its_time_by_the_listing_above(self, store, pod, clock, change):
        put(store, "/alice/a/b/")
        if change != "create":
            put(store, "/alice/a/b/.meta")
        clock.time += 60
        before = versions(store, "/alice/", "/alice/a/", "/alice/a/b/")
        if change == "delete":
            delete(store, "/alice/a/b/.meta")
        else:
            put(store, "/alice/a/b/.meta", b"new")
        after = versions(store, "/alice/", "/alice/a/", "/alice/a/b/")
        assert after[0] == before[0]
        assert after[1] == after[2] > before[2]
        assert state_in(store, "/alice/a/b/").modified == clock.time

    @pytest.mark.parametrize("auxiliary", ["/alice/a/b/.acl", "/alice/a/c.meta", "/alice/a/c.acl"])
    def test_other_auxiliary_resources_are_shown_nowhere(self, store, pod, auxiliary):
        put(store, "/alice/a/b/")
        put(store, "/alice/a/c")
        shown = ("/alice/", "/alice/a/", "/alice/a/b/", "/alice/a/c")
        before = versions(store, *shown)
        put(store, auxiliary)
        put(store, auxiliary, b"new")
        delete(store, auxiliary)
        assert versions(store, *shown) == before

    def test_a_storage_is_found_by_its_path(self, store):
        account = make_account(store)
        with store.write(SERVER) as tx:
            created = tx.create_storage("/alice/", account, ("https://b.example/", "https://a.example/"))
        assert store.describe(Target.parse("/alice/x")).storage == created
        assert created.owners == ("https://a.example/", "https://b.example/")

    def test_a_storage_path_is_taken_once(self, store, pod):
        account = store.describe(Target.parse("/alice/")).storage.account
        with pytest.raises(Conflict), store.write(SERVER) as tx:
            tx.create_storage("/alice/", account, ())

    def test_a_proof_is_accepted_once(self, store):
        proof = Proof("thumbprint", "one", expires=2_000_000)
        with store.write(SERVER) as tx:
            assert tx.remember_proof(proof)
            assert not tx.remember_proof(proof)
        with store.write(SERVER) as tx:
            assert not tx.remember_proof(proof)
            assert tx.remember_proof(Proof("other thumbprint", "one", expires=2_000_000))

    def test_a_proof_is_forgotten_with_the_write_that_failed(self, store):
        proof = Proof("thumbprint", "one", expires=2_000_000)
        with pytest.raises(ZeroDivisionError), store.write(SERVER) as tx:
            assert tx.remember_proof(proof)
            raise ZeroDivisionError
        with store.write(SERVER) as tx:
            assert tx.remember_proof(proof)

    def test_expired_proofs_do_not_pile_up(self, store, clock):
        with store.write(SERVER) as tx:
            for number in range(100):
                tx.remember_proof(Proof("thumbprint", str(number), clock.time + 60))
        clock.time += 61
        with store.write(SERVER) as tx:
            for number in range(100, 150):
                tx.remember_proof(Proof("thumbprint", str(number), clock.time + 60))
        assert store.rows("SELECT COUNT(*) FROM proof_seen") == [(50,)]

    def test_a_container_has_at_most_so_many_members(self, opened):
        store = opened(members_max=3)
        make_storage(store)
        put(store, "/alice/1")
        put(store, "/alice/2")
        put(store, "/alice/3")
        with pytest.raises(Exception, match="at most 3 members"):
            put(store, "/alice/4")
        delete(store, "/alice/1")
        put(store, "/alice/4")

    def test_a_container_that_has_too_many_members_may_lose_them(self, opened):
        store = opened()
        make_storage(store)
        for number in range(4):
            put(store, f"/alice/{number}")
        limited = opened(members_max=2)
        put(limited, "/alice/1", b"new")
        delete(limited, "/alice/1")

    def test_a_writer_sees_its_own_changes(self, store, pod):
        content = staged(store, b"body")
        with store.write(SERVER) as tx:
            created = put_in(tx, "/alice/a/b", content)
            assert state_in(tx, "/alice/a/b") == created
            assert tx.document(created.id, created.version) == b"body"
            assert [member.path for member in tx.members(state_in(tx, "/alice/a/").id)] == ["/alice/a/b"]
            assert tx.changes(0, 100)[-1].path == "/alice/a/b"
            assert absent(store, "/alice/a/b")
