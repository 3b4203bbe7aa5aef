"""Things that are moved within a pod: what comes along, what links to them says afterwards, and what is refused whole."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest

from pod.authorization.group_uses import check_group_uses
from pod.errors import AccessDenied, Busy, Conflict, MethodNotAllowed, NotFound, PodError, SlashTwinExists
from pod.files.moving import move_with_links as move
from pod.identity.accounts import named
from pod.identity.projection import refresh
from pod.index.index import Index
from pod.operations import move as moves
from pod.operations.move import Moved
from pod.operations.remove_tree import remove_tree, tree_of
from pod.protocol.agent import Credentials
from pod.protocol.resource import Target
from pod.rdf.large import LargeWork
from pod.store.fsck import check
from pod.store.journal import changes_after, head
from pod.store.records import SERVER, ChangeKind
from tests.support.ceilings import ceiling, limit
from tests.support.client import TURTLE, acl, authorization
from tests.support.inprocess import BASE, LocalServer

ALICE, BOB = (f"{BASE}{name}/profile/card#me" for name in ("alice", "bob"))
SHE = Credentials(agent=ALICE, issuer=BASE)
TEXT = {"Content-Type": "text/plain"}
numbers = itertools.count()


@pytest.fixture(scope="module", params=["wac", "acp"])
def server(request, tmp_path_factory) -> Iterator[LocalServer]:
    made = LocalServer(tmp_path_factory.mktemp("moves"), settings={"access_control": request.param})
    yield made
    assert [each for each in check(made.services.store, deep=True) if each.severity == "error"] == []
    made.close()


@pytest.fixture(scope="module")
def wac(tmp_path_factory) -> Iterator[LocalServer]:
    """Where the test writes rules itself."""
    made = LocalServer(tmp_path_factory.mktemp("wac"))
    yield made
    assert [each for each in check(made.services.store, deep=True) if each.severity == "error"] == []
    made.close()


def folder(server: LocalServer) -> str:
    path = f"/alice/m{next(numbers)}/"
    assert server.request("PUT", path).status == 201
    return path


def put(server: LocalServer, path: str, said: str, headers=TURTLE) -> None:
    assert server.request("PUT", path, headers, said.encode()).status in {201, 204}


def said(server: LocalServer, path: str, *, by: str | None = "alice") -> str:
    answer = server.request("GET", path, {"Accept": "application/n-triples, */*;q=0.1"}, by=by)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def moved(server: LocalServer, old: str, new: str, who: Credentials = SHE) -> Moved:
    return move(server.services, Index(server.services), who, Target.parse(old), Target.parse(new))


def test_a_file_is_at_its_new_place_with_its_body_and_rules_and_not_at_the_old_one(server):
    home = folder(server)
    put(server, f"{home}a.txt", "what it says", TEXT)
    put(server, f"{home}a.txt.meta", "<a.txt> <http://example.org/p> 1 .")
    before = server.services.store.describe(Target.parse(f"{home}a.txt")).state
    assert moved(server, f"{home}a.txt", f"{home}b.txt").resources == 2
    after = server.services.store.describe(Target.parse(f"{home}b.txt")).state
    assert (after.id, after.digest, after.modified_ms) == (before.id, before.digest, before.modified_ms)
    assert after.version > before.version
    assert said(server, f"{home}b.txt") == "what it says"
    assert f"{home}b.txt> <http://example.org/p>" in said(server, f"{home}b.txt.meta")
    assert server.request("GET", f"{home}a.txt").status == 404
    listing = said(server, home)
    assert "b.txt>" in listing
    assert "a.txt>" not in listing


def test_a_folder_takes_all_that_is_in_it_along_and_its_listings_tell(server):
    home = folder(server)
    for name in ("in/a", "in/deep/b", "in/deep/!first", "other/c"):
        put(server, f"{home}{name}", "<#it> <#is> <#here> .")
    tags = [server.request("GET", f"{home}{each}").headers["etag"] for each in ("in/", "in/deep/")]
    moved(server, f"{home}in/", f"{home}other/out/")
    for name in ("a", "deep/b", "deep/!first"):
        assert f"{BASE}{home[1:]}other/out/{name}#it" in said(server, f"{home}other/out/{name}")
        assert server.request("GET", f"{home}in/{name}").status == 404
    assert "other/out/deep/" in said(server, f"{home}other/out/")
    now = [server.request("GET", f"{home}other/{each}").headers["etag"] for each in ("out/", "out/deep/")]
    assert not set(tags) & set(now)
    assert "in/>" not in said(server, home)


def test_links_to_what_moved_are_kept_wherever_they_are_in_the_pod(server):
    home = folder(server)
    put(
        server, f"{home}album/index.ttl", "<#it> <#shows> <photo.jpg>, <../notes.ttl#n>, <http://elsewhere.example/x> ."
    )
    put(server, f"{home}album/photo.jpg", "no picture", TEXT)
    put(server, f"{home}notes.ttl", "<#n> <#about> <album/photo.jpg>, <album/>, <album/index.ttl#it> .")
    put(
        server,
        f"{home}far.jsonld",
        f'{{"@id": "#f", "http://example.org/p": {{"@id": "{BASE}{home[1:]}album/photo.jpg"}}}}',
        {"Content-Type": "application/ld+json"},
    )
    result = moved(server, f"{home}album/", f"{home}picked%20one/")
    new = f"{BASE}{home[1:]}picked%20one/"
    assert (result.rewritten, result.left) == (2, ())
    notes = said(server, f"{home}notes.ttl")
    assert all(f"<{new}{name}>" in notes for name in ("photo.jpg", "", "index.ttl#it"))
    assert f"<{new}photo.jpg>" in said(server, f"{home}far.jsonld")
    index = said(server, f"{home}picked%20one/index.ttl")
    assert f"<{new}photo.jpg>" in index
    assert f"<{BASE}{home[1:]}notes.ttl#n>" in index
    assert "album" not in notes + index


def test_a_link_keeps_what_it_asks_for_at_the_new_place(server):
    home = folder(server)
    put(server, f"{home}in/a", "a", TEXT)
    put(server, f"{home}page", "<> <#sees> <in/a?size=2&of=x#part>, <in/?page=2> .")
    moved(server, f"{home}in/", f"{home}out/")
    assert f"{home}out/a?size=2&of=x#part>" in said(server, f"{home}page")
    assert f"{home}out/?page=2>" in said(server, f"{home}page")


def test_large_documents_wait_for_their_turn_when_links_are_looked_for(wac, monkeypatch):
    home, sizes = folder(wac), []
    put(wac, f"{home}in/large", f"<> <#says> {json.dumps('x' * 300_000)} .")
    document = LargeWork.document
    monkeypatch.setattr(LargeWork, "document", lambda work, size: sizes.append(size) or document(work, size))
    moved(wac, f"{home}in/", f"{home}out/")
    assert max(sizes) > 300_000


def test_relative_references_to_what_stays_still_name_it_from_another_depth(server):
    home = folder(server)
    put(server, f"{home}stays", "text", TEXT)
    put(server, f"{home}deep/er/x", "text", TEXT)
    put(server, f"{home}page.ttl", "<> <#cites> <stays> .")
    assert moved(server, f"{home}page.ttl", f"{home}deep/er/page.ttl").rewritten == 1
    assert f"<{BASE}{home[1:]}stays>" in said(server, f"{home}deep/er/page.ttl")


def test_rules_of_its_own_go_along_and_inherited_ones_are_those_of_the_new_place(wac):
    home = folder(wac)
    put(wac, f"{home}open/x", "x", TEXT)
    put(wac, f"{home}closed/y", "y", TEXT)
    url = BASE + home[1:]
    own = acl(
        authorization(f"{url}open/", "Read Write Control", agents=(ALICE,), default=True),
        authorization(f"{url}open/", "Read", public=True, default=True),
    )
    put(wac, f"{home}open/.acl", own)
    moved(wac, f"{home}open/", f"{home}closed/open/")
    assert said(wac, f"{home}closed/open/x", by=None) == "x"
    assert f"{url}closed/open/" in said(wac, f"{home}closed/open/.acl")
    moved(wac, f"{home}closed/open/x", f"{home}closed/x")
    assert wac.request("GET", f"{home}closed/x", by=None).status == 401
    moved(wac, f"{home}closed/y", f"{home}closed/open/y")
    assert said(wac, f"{home}closed/open/y", by=None) == "y"


def test_the_journal_tells_that_each_went_and_came_in_one_operation(server):
    home = folder(server)
    put(server, f"{home}in/a", "a", TEXT)
    storage = server.services.store.describe(Target.parse(home)).storage.id
    since = head(server.services.store, storage)
    moved(server, f"{home}in/", f"{home}out/")
    told = changes_after(server.services.store, storage, since, 100)
    gone = [each.path for each in told if each.kind is ChangeKind.DELETE]
    come = [(each.path, each.old_path) for each in told if each.kind is ChangeKind.CREATE]
    assert [path for path in gone if not path.endswith((".acl", ".meta"))] == [f"{home}in/a", f"{home}in/"]
    assert [pair for pair in come if not pair[0].endswith((".acl", ".meta"))] == [
        (f"{home}out/", f"{home}in/"),
        (f"{home}out/a", f"{home}in/a"),
    ]
    assert len({each.operation for each in told}) == 1
    assert {each.agent for each in told} == {ALICE}


def test_what_apps_may_do_at_most_follows_what_was_moved(wac):
    home = folder(wac)
    put(wac, f"{home}for-app/a", "a", TEXT)
    wac.add_client("alice", f"limited{next(numbers)}")
    client = list(wac.logins)[-1]
    limit(wac.services, client, ceiling({f"{home}for-app/": "read"}))
    assert moved(wac, f"{home}for-app/", f"{home}later/").limits_followed
    assert said(wac, f"{home}later/a", by=client) == "a"
    put(wac, f"{home}for-app/secret", "made later", TEXT)
    assert wac.request("GET", f"{home}for-app/secret", by=client).status == 403


def test_what_was_taken_down_stays_so_under_another_name(wac):
    home = folder(wac)
    put(wac, f"{home}in/bad", "bad", TEXT)
    with wac.services.store.write(SERVER) as tx:
        tx.rows("INSERT INTO takedown (path, since_ms, reason) VALUES (?, 1, 'law')", (f"{home}in/bad",))
    moved(wac, f"{home}in/", f"{home}out/")
    assert wac.services.store.rows("SELECT path FROM takedown WHERE path LIKE ?", (f"{home}%",)) == [
        (f"{home}out/bad",)
    ]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("{}a", "{}taken", Conflict),
        ("{}a", "{}box", SlashTwinExists),
        ("{}a", "{}box/", Conflict),
        ("{}a", "{}missing/a", NotFound),
        ("{}gone", "{}b", NotFound),
        ("{}box/", "{}box/in/", Conflict),
        ("{}box/", "{}box/", Conflict),
        ("{}a", "/alice/inbox/a", Conflict),
        ("/alice/profile/", "{}profile/", Conflict),
        ("/alice/profile/card", "{}card", Conflict),
        ("/bob/profile/", "{}x/", Conflict),
        ("/alice/", "{}out/", Conflict),
        ("{}a.acl", "{}b.acl", Conflict),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(wac, old, new, error):
    home = folder(wac)
    for name in ("a", "taken", "box/in"):
        put(wac, home + name, name, TEXT)
    storage = wac.services.store.describe(Target.parse("/alice/")).storage.id
    before = head(wac.services.store, storage)
    with pytest.raises(error):
        moved(wac, old.format(home), new.format(home))
    assert head(wac.services.store, storage) == before


def test_nothing_takes_the_place_of_a_folder_that_the_server_writes_in():
    for place in ("settings/", "profile/", "inbox/"):
        with pytest.raises(Conflict, match="has its place"):
            moves._check_names(Target.parse("/new/mine/"), Target.parse(f"/new/{place}"))


def test_a_name_too_long_for_what_is_beneath_is_refused(wac):
    home = folder(wac)
    deep = "/".join(["x" * 200] * 9)
    put(wac, f"{home}in/{deep}/leaf", "leaf", TEXT)
    with pytest.raises(PodError, match="at most"):
        moved(wac, f"{home}in/", f"{home}{'y' * 250}/")
    assert said(wac, f"{home}in/{deep}/leaf") == "leaf"


def test_somebody_else_moves_only_what_they_may_delete_to_where_they_may_write(wac):
    home = folder(wac)
    put(wac, f"{home}a", "a", TEXT)
    put(wac, f"{home}box/b", "b", TEXT)
    url = BASE + home[1:]
    put(
        wac,
        f"{home}.acl",
        acl(
            authorization(url, "Read Write Control", agents=(ALICE,), default=True),
            authorization(url, "Read Write", agents=(BOB,), default=True),
        ),
    )
    put(wac, f"{home}box/b.acl", acl(authorization(f"{url}box/b", "Read Write Control", agents=(ALICE,))))
    bob = Credentials(agent=BOB, issuer=BASE)
    with pytest.raises(AccessDenied):
        moved(wac, f"{home}box/", f"{home}taken/", bob)
    with pytest.raises(AccessDenied):
        moved(wac, f"{home}a", "/alice/a", bob)
    moved(wac, f"{home}a", f"{home}box/a", bob)
    assert said(wac, f"{home}box/a") == "a"


def test_whoever_may_not_read_a_file_does_not_move_it_to_where_they_may(wac):
    home = folder(wac)
    put(wac, f"{home}drop/a", "a", TEXT)
    put(wac, f"{home}seen/b", "b", TEXT)
    url = BASE + home[1:]
    for name, modes in (("drop/", "Write"), ("seen/", "Read Write")):
        rules = (authorization(url + name, "Read Write Control", agents=(ALICE,), default=True),)
        bobs = authorization(url + name, modes, agents=(BOB,), default=True)
        put(wac, f"{home}{name}.acl", acl(*rules, bobs))
    with pytest.raises(AccessDenied):
        moved(wac, f"{home}drop/a", f"{home}seen/a", Credentials(agent=BOB, issuer=BASE))
    assert said(wac, f"{home}drop/a") == "a"


def test_a_group_that_goes_along_with_the_rules_that_name_it_stays_known_as_one(wac):
    home = folder(wac)
    put(wac, f"{home}in/group", "<#g> a <http://www.w3.org/2006/vcard/ns#Group> .")
    put(wac, f"{home}in/a", "a", TEXT)
    rule = "@prefix acl: <http://www.w3.org/ns/auth/acl#> . <#r> a acl:Authorization; acl:accessTo <a>; acl:mode "
    put(
        wac,
        f"{home}in/a.acl",
        f"{rule} acl:Read; acl:agentGroup <group#g> . <#o> a acl:Authorization; "
        f"acl:accessTo <a>; acl:agent <{ALICE}>; acl:mode acl:Read, acl:Write, acl:Control .",
    )
    moved(wac, f"{home}in/", f"{home}out/")
    store, services = wac.services.store, wac.services
    named = services.authorizer.groups_named
    assert list(check_group_uses(store, services.config, services.placement, named)) == []


def test_a_takedown_goes_along_where_there_was_one_and_with_what_leaves_its_folder(wac):
    home = folder(wac)
    for name in ("in/bad", "out", "closed/inner/bad"):
        put(wac, f"{home}{name}", "bad", TEXT)
    with wac.services.store.write(SERVER) as tx:
        for name in ("in/bad", "bad", "closed/"):
            tx.rows("INSERT INTO takedown (path, since_ms, reason) VALUES (?, 1, 'law')", (f"{home}{name}",))
    moved(wac, f"{home}in/bad", f"{home}bad")
    moved(wac, f"{home}closed/inner/bad", f"{home}free")
    moved(wac, f"{home}closed/inner/", f"{home}closed/other/")
    taken = {path for (path,) in wac.services.store.rows("SELECT path FROM takedown WHERE path LIKE ?", (f"{home}%",))}
    assert taken == {f"{home}bad", f"{home}free", f"{home}closed/"}


def test_a_link_for_people_without_a_web_id_goes_along(wac):
    home = folder(wac)
    put(wac, f"{home}a", "a", TEXT)
    before = tree_of(wac.services, SHE, Target.parse(f"{home}a"))
    key = wac.services.store.describe(Target.parse(f"{home}a")).state
    account = named(wac.services, "alice").id
    with wac.services.store.write(SERVER) as tx:
        tx.rows(
            "INSERT INTO share_link (hash, account, web_id, storage, resource, mode, label, created_ms) "
            "VALUES (?, ?, ?, ?, ?, 'view', '', 1)",
            (f"h{key.id}", account, ALICE, key.storage, key.id),
        )
    moved(wac, f"{home}a", f"{home}b")
    assert (before.links, tree_of(wac.services, SHE, Target.parse(f"{home}b")).links) == (0, 1)


def test_nothing_moves_before_all_that_could_link_to_it_was_read(wac, monkeypatch):
    home = folder(wac)
    put(wac, f"{home}a", "a", TEXT)
    monkeypatch.setattr(Index, "catch_up", lambda *_: False)
    with pytest.raises(Busy):
        moved(wac, f"{home}a", f"{home}b")
    assert said(wac, f"{home}a") == "a"


def test_a_large_folder_is_refused_whole(wac, monkeypatch):
    home = folder(wac)
    for number in range(4):
        put(wac, f"{home}in/{number}", "x", TEXT)
    monkeypatch.setattr(moves, "MOVED_MAX", 4)
    with pytest.raises(Conflict, match="part by part"):
        moved(wac, f"{home}in/", f"{home}out/")
    assert said(wac, f"{home}in/3") == "x"


def test_a_folder_goes_with_all_in_it_and_tells_before_what_that_is(server):
    home = folder(server)
    for name in ("in/a", "in/deep/b", "in/deep/!c", "stays"):
        put(server, home + name, "12345", TEXT)
    told = tree_of(server.services, SHE, Target.parse(f"{home}in/"))
    assert (told.documents, told.bytes >= 15, told.people, told.is_too_large) == (3, True, 0, False)
    assert remove_tree(server.services, SHE, Target.parse(f"{home}in/")) == 5
    assert server.request("GET", f"{home}in/a").status == 404
    assert "in/" not in said(server, home)
    assert said(server, f"{home}stays") == "12345"


def test_a_folder_with_something_that_others_alone_may_delete_stays_whole(wac):
    home = folder(wac)
    put(wac, f"{home}in/a", "a", TEXT)
    put(wac, f"{home}in/b", "b", TEXT)
    url = BASE + home[1:]
    put(wac, f"{home}.acl", acl(authorization(url, "Read Write Control", agents=(ALICE, BOB), default=True)))
    put(wac, f"{home}in/b.acl", acl(authorization(f"{url}in/b", "Read Write Control", agents=(ALICE,))))
    assert tree_of(wac.services, SHE, Target.parse(f"{home}in/")).people == 0
    with pytest.raises(AccessDenied):
        remove_tree(wac.services, Credentials(agent=BOB, issuer=BASE), Target.parse(f"{home}in/"))
    assert said(wac, f"{home}in/a") == "a"


def test_the_folder_with_what_apps_may_do_stays_whole(wac, monkeypatch):
    monkeypatch.setattr("pod.operations.remove_tree.REMOVED_AT_ONCE", 1)
    wac.add_client("alice", f"listed{next(numbers)}")
    refresh(wac.services, named(wac.services, "alice").id)
    put(wac, "/alice/settings/z", "z", TEXT)
    for asked in (tree_of, remove_tree):
        with pytest.raises(MethodNotAllowed):
            asked(wac.services, SHE, Target.parse("/alice/settings/"))
    assert said(wac, "/alice/settings/z") == "z"


def test_the_folder_of_the_profile_and_a_pod_as_a_whole_are_not_removed(wac):
    for path in ("/alice/profile/", "/alice/"):
        with pytest.raises(PodError):
            remove_tree(wac.services, SHE, Target.parse(path))
    assert wac.request("GET", "/alice/profile/card", by=None).status == 200


def test_a_move_takes_three_statements_for_each_thing_that_moves(wac):
    home = folder(wac)
    counted = []
    for many in (10, 20):
        for number in range(many):
            put(wac, f"{home}{many}/{number}", "x", TEXT)
        Index(wac.services).catch_up(wac.services.store.describe(Target.parse(home)).storage.id)
        wac.counts.reset()
        moved(wac, f"{home}{many}/", f"{home}to{many}/")
        counted.append(len(wac.counts.statements))
    assert counted[1] - counted[0] == 3 * 10
