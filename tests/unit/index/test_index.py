"""The rows of a storage tell what its documents say, whatever happened to either."""

from __future__ import annotations

import pytest

from pod.index import index as index_module
from pod.index.index import DOCUMENT_BYTES_MAX, Budget, Index
from pod.index.records import Counts
from pod.store import things
from pod.store.access_records import AccessRecords
from pod.store.journal import expire
from pod.store.records import SERVER
from pod.store.removal import remove_due
from pod.store.things import NAMED_MAX
from tests.support.stores import make_storage, put, state_in
from tests.unit.index.documents import ANY_TIME, BOB, CAROL, NO_TIME, PREFIXES, contact, group, note, url


def fill(pod, count=3):
    pod.write_all({f"contacts/{n}": contact(f"Name{n}") for n in range(count)})
    return [f"Name{n}" for n in range(count)]


def test_documents_written_changed_and_removed_are_followed(pod):
    assert pod.names() == []
    pod.write("contacts/b", contact("Bob"))
    pod.write("contacts/a", contact("ann"))
    assert pod.names() == ["ann", "Bob"]
    pod.write("contacts/b", contact("Zoe"))
    assert pod.names() == ["ann", "Zoe"]
    pod.remove("contacts/a")
    pod.write("contacts/b", note("no longer a contact"))
    assert pod.names() == []
    assert pod.index.counts(pod.storage) == Counts(posts=1, is_complete=True)


def test_a_storage_of_before_is_read_as_a_whole_by_and_by(pod):
    names = fill(pod)
    assert not pod.index.catch_up(pod.storage, NO_TIME)
    steps = 1
    while not pod.index.catch_up(pod.storage, NO_TIME):
        steps += 1
    assert steps > len(names)
    assert pod.names() == names


def test_what_changes_while_a_storage_is_read_is_not_missed(pod):
    fill(pod)
    pod.write("zebra", contact("Zebra"))
    for _ in range(4):
        pod.index.catch_up(pod.storage, NO_TIME)
    pod.write("a", contact("Early"))
    pod.remove("contacts/0")
    pod.write("contacts/1", contact("Changed"))
    assert pod.names() == ["Changed", "Early", "Name2", "Zebra"]


def test_a_moved_document_is_found_where_it_is_now(pod):
    pod.write("notes/", "")
    pod.write("old", contact("Bob"))
    pod.catch_up()
    with pod.services.store.write(SERVER) as tx:  # as a move writes it
        state = state_in(tx, "/alice/old")
        (sequence,) = tx.rows("UPDATE storage SET sequence = sequence + 1 RETURNING sequence")[0]
        tx.rows("UPDATE resource SET path = '/alice/notes/new', version = ? WHERE id = ?", (sequence, state.id))
        tx.rows(
            "INSERT INTO change (storage, sequence, time_ms, kind, resource, path, old_path, media_type, size, digest, "
            "operation) VALUES (?, ?, 0, 'move', ?, '/alice/notes/new', '/alice/old', 'text/turtle', 0, '', 'x')",
            (pod.storage, sequence, state.id),
        )
    assert pod.names() == ["Bob"]
    (row,) = pod.index.contacts(pod.storage)
    assert (row.path, row.iri) == ("/alice/notes/new", url("notes/new#this"))


@pytest.mark.parametrize("how", ["journal gone", "epoch", "format", "side database deleted", "journal ahead"])
def test_rows_that_are_no_longer_right_are_made_anew(pod, how, monkeypatch):
    names = fill(pod)
    pod.catch_up()
    store = pod.services.store
    pod.remove("contacts/0")
    if how == "journal gone":
        pod.services.clock.time += 90 * 24 * 3600
        assert expire(store, pod.services.clock, days=1)
    elif how == "epoch":  # restored from a backup: the same ids may be those of something else
        store.change_derived("UPDATE thing_place SET epoch = 'before'")
        store.change_derived("UPDATE thing SET name = 'of another history'")
    elif how == "format":
        monkeypatch.setattr(index_module, "FORMAT", 2)
        store.change_derived("UPDATE thing SET name = 'read in another way'")
    elif how == "journal ahead":
        store.change_derived("UPDATE thing_place SET sequence = 1000")
    else:
        for table in ("thing_place", "thing", "thing_document", "thing_member", "thing_reference"):
            store.change_derived(f"DELETE FROM {table}")
    again = pod.another_index()
    assert again.catch_up(pod.storage, ANY_TIME)
    assert [row.name for row in again.contacts(pod.storage)] == names[1:]
    assert again.counts(pod.storage).contacts == len(names) - 1


def test_what_is_read_twice_counts_once(pod):
    fill(pod)
    pod.catch_up()
    other = pod.another_index()
    pod.write("contacts/0", contact("Changed"))
    pod.catch_up()
    assert other.catch_up(pod.storage, ANY_TIME)
    assert pod.index.counts(pod.storage).contacts == 3
    assert len(pod.names()) == 3


def test_who_was_slower_leaves_what_others_wrote(pod, monkeypatch):
    """One reads what was, is held up, and would write it after another has read what is."""
    pod.write("contacts/b", contact("Old"))
    slow, put_readings = pod.another_index(), Index._save

    def late(self, old, new, readings):
        if self is slow and any(reading.things for reading in readings):
            monkeypatch.undo()
            pod.write("contacts/b", contact("New"))
            pod.catch_up()
        put_readings(self, old, new, readings)

    monkeypatch.setattr(Index, "_save", late)
    slow.catch_up(pod.storage, ANY_TIME)
    assert pod.names() == ["New"]
    assert pod.index.counts(pod.storage).contacts == 1


def test_rows_and_place_change_together_or_not_at_all(pod, monkeypatch):
    """What ends in between, however it ends, is done again from where it stood."""
    fill(pod)
    monkeypatch.setattr(things, "_add_thing", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pod.index.catch_up(pod.storage, ANY_TIME)
    monkeypatch.undo()
    assert pod.services.store.derived_rows("SELECT COUNT(*) FROM thing_document") == [(0,)]
    assert len(pod.names()) == 3


@pytest.mark.parametrize(
    "body",
    [b"<#this> a", b"\xff\xfe", (PREFIXES + contact("Big") + "#" * DOCUMENT_BYTES_MAX).encode()],
    ids=["broken", "not text", "too large"],
)
def test_documents_that_cannot_be_read_are_counted_and_may_mention_anything(pod, body):
    put(pod.services.store, "/alice/odd", body)
    pod.write("contacts/b", contact("Bob"))
    assert pod.names() == ["Bob"]
    assert pod.index.counts(pod.storage).unread == 1
    (odd,) = pod.index.documents_mentioning(pod.storage, "/alice/anything")
    assert (odd.path, odd.is_sure) == ("/alice/odd", False)
    pod.write("odd", contact("Mended"))
    assert pod.names() == ["Bob", "Mended"]
    assert pod.index.counts(pod.storage).unread == 0


def test_what_strangers_leave_in_the_inbox_is_neither_contact_nor_post(pod):
    pod.write("inbox/letter", note("I am you") + contact("Mallory"))
    pod.write("photos/", "")
    pod.write("photos/.meta", note("said of a folder"))
    pod.catch_up()
    assert pod.index.counts(pod.storage) == Counts(is_complete=True)


def test_a_storage_that_is_gone_leaves_nothing(pod):
    fill(pod)
    pod.catch_up()
    store = pod.services.store
    with store.write(SERVER) as tx:
        for statement in (
            "DELETE FROM resource WHERE subject IS NOT NULL",
            "DELETE FROM resource WHERE kind = 'rdf'",
            "DELETE FROM resource WHERE parent IS NOT NULL",
            "DELETE FROM resource",
            "DELETE FROM storage_owner",
            "DELETE FROM storage",
        ):
            tx.rows(statement)
    assert pod.index.catch_up(pod.storage)
    tables = ("thing_place", "thing", "thing_document", "thing_member", "thing_reference")
    assert [store.derived_rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables] == [0] * 5


def test_what_was_kept_goes_with_the_account(pod, tmp_path):
    """The file too holds nothing more of it."""
    names = fill(pod)
    pod.write("unmistakable", note("xylophone-under-water") + group("Zebrafish", BOB))
    pod.catch_up()
    store = pod.services.store
    with store.write(SERVER) as tx:
        tx.rows("UPDATE account SET delete_due_ms = 0")
    assert remove_due(store, pod.services.clock, AccessRecords(tmp_path / "access.sqlite")) == 1
    assert store.derived_rows("SELECT COUNT(*) FROM thing_place") == [(0,)]
    assert names
    files = list(pod.services.config.data.glob("derived.sqlite*"))
    assert not [file for file in files if b"xylophone" in file.read_bytes() or b"ebrafish" in file.read_bytes()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_storages_do_not_see_each_other(pod):
    fill(pod)
    other = make_storage(pod.services.store, "bea")
    pod.catch_up()
    assert pod.index.catch_up(other, ANY_TIME)
    assert pod.index.contacts(other) == []
    assert pod.index.thing(other, url("contacts/0#this")) is None


# -- what lists ask for ------------------------------------------------------------------------------------------------


def test_contacts_come_in_pages_by_name_and_are_found_by_parts(pod):
    pod.write_all({f"c/{n:02}": contact(f"Name{n:02}", BOB if n == 7 else None) for n in range(25)})
    pod.write("c/odd", "<#a> a vcard:Individual; vcard:fn '100%_a'.")
    pod.catch_up()
    seen, after = [], None
    while rows := pod.index.contacts(pod.storage, after=after, limit=10):
        seen += [row.name for row in rows]
        after = rows[-1].mark
    assert (seen, len(seen)) == (sorted(seen), 26)
    for words, names in (
        ("NAME07", ["Name07"]),
        ("bob.example", ["Name07"]),
        ("%_", ["100%_a"]),
        ("!", []),
        ("", seen),
    ):
        assert [row.name for row in pod.index.contacts(pod.storage, search=words)] == names


def test_what_is_no_mark_begins_at_an_end(pod):
    pod.write("p", note("hello"))
    pod.write("c", contact("Bob"))
    pod.catch_up()
    for mark in ("", "x", "\n", "9" * 400, "-", "١ x", "no\0mark"):
        assert len(pod.index.posts(pod.storage, before=mark)) == 1
        assert len(pod.index.contacts(pod.storage, after=mark)) == 1


def test_posts_come_newest_first_in_pages(pod):
    pod.write_all({f"p/{n}": note(f"post {n}", f"2025-01-{n:02}") for n in range(1, 8)})
    pod.catch_up()
    first = pod.index.posts(pod.storage, limit=4)
    second = pod.index.posts(pod.storage, before=first[-1].mark, limit=4)
    assert [row.summary for row in first + second] == [f"post {n}" for n in range(7, 0, -1)]


def test_groups_tell_who_is_in_them_by_the_names_of_contacts(pod):
    pod.write("c/bob", contact("Bob", BOB))
    pod.write("c/ann", contact("Ann"))
    pod.write("g/f", group("Friends", BOB, url("c/ann#this"), CAROL) + f"<{CAROL}> vcard:fn 'Carol'.")
    pod.catch_up()
    (row,) = pod.index.groups(pod.storage)
    assert (row.name, row.members) == ("Friends", 3)
    members = {each.iri: (each.name, each.contact) for each in pod.index.group_members(pod.storage, row.iri)}
    assert members == {
        BOB: ("Bob", url("c/bob#this")),
        CAROL: ("Carol", None),
        url("c/ann#this"): ("Ann", url("c/ann#this")),
    }
    assert pod.index.groups_with(pod.storage, [BOB]) == [row.iri]


def test_documents_that_mention_a_path_are_found_with_rules_and_descriptions(pod):
    pod.write("a", "<#x> foaf:knows <photos/sea.jpg>, <photos/>, <#y>.")
    pod.write("b", f"<#x> foaf:knows <{url('photos/%73ea.jpg?v=1#p')}>; foaf:page <https://elsewhere.example/alice/a>.")
    pod.write("photos/sea.jpg", "")
    pod.write("photos/sea.jpg.acl", "<#r> <http://www.w3.org/ns/auth/acl#accessTo> <sea.jpg>.")
    pod.write("photosynthesis", "<> foaf:page <a>.")
    pod.catch_up()

    def mentioning(path, **how):
        return [each.path for each in pod.index.documents_mentioning(pod.storage, path, **how)]

    assert mentioning("/alice/photos/sea.jpg") == ["/alice/a", "/alice/b", "/alice/photos/sea.jpg.acl"]
    assert mentioning("/alice/photos/", beneath=True) == ["/alice/a", "/alice/b", "/alice/photos/sea.jpg.acl"]
    assert mentioning("/alice/photos/") == ["/alice/a"]
    assert mentioning("/alice/a") == ["/alice/photosynthesis"]


def test_recent_files_are_the_last_written_without_documents_that_have_pages_of_their_own(pod):
    for path in ("old.ttl", "contacts/c", "new.ttl", "old.ttl.acl", "gone.ttl", "profile/x"):
        pod.write(path, "")
    pod.write("old.ttl", "")
    pod.remove("gone.ttl")
    files = pod.index.recent_files(pod.storage, "/alice/")
    assert [row.path for row in files] == ["/alice/old.ttl", "/alice/new.ttl"]
    assert [row.path for row in pod.index.recent_files(pod.storage, "/alice/", limit=1)] == ["/alice/old.ttl"]


def test_of_one_storage_a_bounded_number_of_people_are_asked_for_their_names(pod, monkeypatch):
    assert NAMED_MAX == 5_000
    monkeypatch.setattr(things, "NAMED_MAX", 3)
    pod.write_all({f"c/{n}": contact(f"N{n}", f"https://p{n}.example/#me") for n in range(6)})
    pod.catch_up()
    assert pod.services.store.derived_rows("SELECT COUNT(*) FROM person") == [(3,)]
    pod.write("me", "<#it> a foaf:Person; solid:oidcIssuer <https://pods.example/>.")
    pod.catch_up()
    for path in ("me", *(f"c/{n}" for n in range(6))):
        pod.remove(path)
    pod.write("c/new", contact("New", "https://new.example/#me"))
    pod.catch_up()
    place = things.place_of(pod.services.store, pod.storage)
    assert place is not None
    assert place.people == 1


def test_a_hostile_document_takes_bounded_time_and_rows(pod):
    many = "".join(f"<#{n}> a vcard:Individual; vcard:fn 'N'; foaf:page <x{n}>.\n" for n in range(8_000))
    pod.write("many", many)
    pod.write("huge", f"<#a> a vcard:Individual; vcard:fn '{'é' * 200_000}'.")
    pod.catch_up()
    counted = pod.services.store.derived_rows(
        "SELECT (SELECT COUNT(*) FROM thing), (SELECT MAX(LENGTH(data)) FROM thing)"
    )
    things_kept, longest = counted[0]
    assert things_kept == 1_001
    assert longest < 4096


def test_a_call_ends_about_when_its_time_is_over(pod):
    pod.write_all({f"c/{n}": contact(f"N{n}") for n in range(50)})
    times = iter(range(10_000))
    slow = Index(pod.services, monotonic=lambda: float(next(times)))
    assert not slow.catch_up(pod.storage, Budget(10))
    assert pod.services.store.derived_rows("SELECT COUNT(*) FROM thing")[0][0] < 12
