"""Posts that owners write: where they are kept, who may read them, and what stays of what other apps wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pod.errors import Conflict, NotFound, PodError, PreconditionFailed, UnprocessableContent
from pod.posts.changing import NewPicture, Writing, post_of, version_of
from pod.posts.post import Post
from pod.posts.posts import Posts
from pod.posts.readers import Readers
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.rdf import formats
from pod.rdf.graph import Graph
from pod.sharing.audiences import EVERYONE, SIGNED_IN, Level, group, person
from pod.sharing.groups import Groups
from tests.support.people import PUBLIC as BASE
from tests.support.shapes import faults
from tests.unit.sharing.pod import ALICE, BOB, CAROL, Pod, pod_of

READ, NONE = AccessMode.READ, AccessMode.NONE
PICTURE = NewPicture(b"RIFF....WEBP", "image/webp", "The sea")
FOR_BOB = Readers.chosen("some", [person(BOB)])
FOR_ALL = Readers.chosen("everyone", [])


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, "wac") as made:
        yield made


@pytest.fixture
def posts(pod: Pod) -> Posts:
    return Posts(pod.services)


def path_of(pod: Pod, iri: str) -> str:
    return pod.services.placement.local_path(iri) or ""


def graph_of(pod: Pod, path: str) -> Graph:
    state = pod.services.store.describe(Target.parse(path)).state
    assert state is not None
    content = pod.services.store.document(state.id, state.version) or b""
    return pod.services.parse(content, state.media_type, pod.services.placement.url(path)).default


def read(pod: Pod, iri: str) -> Post:
    path = path_of(pod, iri)
    found = post_of(pod.services, graph_of(pod, path), Target.parse(path), iri)
    assert found is not None
    return found


def version(pod: Pod, iri: str) -> str:
    return version_of(pod.services, pod.services.store, Target.parse(path_of(pod, iri)))


def edit(pod: Pod, posts: Posts, iri: str, writing: Writing) -> None:
    posts.edit(pod.account, iri, writing, version(pod, iri))


def is_there(pod: Pod, path: str) -> bool:
    return pod.services.store.describe(Target.parse(path), with_body=False).state is not None


def members(pod: Pod, path: str) -> list[str]:
    state = pod.services.store.describe(Target.parse(path), with_body=False).state
    return [each.path for each in pod.services.store.members(state.id)] if state else []


def test_a_post_is_a_document_with_its_source_and_clean_html(pod: Pod, posts: Posts):
    iri = posts.write(pod.account, "/alice/", Writing("Hello **you** <script>x</script>", "At the sea"), "Alice")
    assert iri.endswith("-at-the-sea.ttl#it")
    post = read(pod, iri)
    assert (post.name, post.author, post.author_name) == ("At the sea", ALICE, "Alice")
    assert post.html == "<p>Hello <strong>you</strong> &lt;script&gt;x&lt;/script&gt;</p>\n"
    assert post.markdown == "Hello **you** <script>x</script>"
    assert post.published_ms == pod.now_ms
    assert post.hints == ()
    again = posts.write(pod.account, "/alice/", Writing("Hello", "At the sea"))
    assert again.endswith("-at-the-sea-2.ttl#it")


@pytest.mark.parametrize(
    "writing",
    [
        Writing("Hello"),
        Writing("Hello", "Titled", pictures=(PICTURE, NewPicture(b"PNG", "image/png"))),
        Writing("Hello", is_draft=True),
    ],
)
def test_what_is_written_has_the_published_shape(pod: Pod, posts: Posts, writing: Writing):
    iri = posts.write(pod.account, "/alice/", writing, "Alice")
    edited = posts.write(pod.account, "/alice/", writing)
    edit(pod, posts, edited, Writing("Hello you", writing.name, is_draft=writing.is_draft))
    for each in (iri, edited):
        path = path_of(pod, each)
        state = pod.services.store.describe(Target.parse(path)).state
        assert state is not None
        assert faults("posts", state.inline or b"", BASE + path[1:]) == ""


def test_a_post_without_an_author_has_not_the_published_shape(pod: Pod, posts: Posts):
    assert faults("posts", b"@prefix as: <https://www.w3.org/ns/activitystreams#>. <#it> a as:Note.", BASE) != ""


def test_posts_are_in_the_type_index_once(pod: Pod, posts: Posts):
    for _ in range(2):
        posts.write(pod.account, "/alice/", Writing("Hello"))
    index = str(list(graph_of(pod, "/alice/settings/privateTypeIndex.ttl")))
    assert index.count(f"{BASE}alice/posts/") == 2
    assert index.count("#Note") == index.count("#Article") == 1


@pytest.mark.parametrize(
    ("readers", "bob", "everyone"), [(Readers(), NONE, NONE), (FOR_BOB, READ, NONE), (FOR_ALL, READ, READ)]
)
def test_a_post_and_its_pictures_are_for_those_it_was_written_for(
    pod: Pod, posts: Posts, readers: Readers, bob: AccessMode, everyone: AccessMode
):
    iri = posts.write(pod.account, "/alice/", Writing("Hello", readers=readers, pictures=(PICTURE,)))
    paths = [path_of(pod, iri), path_of(pod, read(pod, iri).pictures[0].url)]
    assert [(pod.modes(each, BOB), pod.modes(each)) for each in paths] == [(bob, everyone)] * 2
    assert pod.modes("/alice/posts/") == NONE


def test_members_of_a_group_read_what_is_for_the_group(pod: Pod, posts: Posts):
    keeper = Groups(pod.services)
    family = keeper.make(pod.account, "/alice/", "Family")
    keeper.add(pod.account, family, BOB, "Bob")
    iri = posts.write(pod.account, "/alice/", Writing("Hello", readers=Readers.chosen("some", [group(family)])))
    assert [pod.modes(path_of(pod, iri), who) for who in (BOB, CAROL)] == [READ, NONE]


@pytest.mark.parametrize("language", ["wac", "acp"])
def test_an_audience_can_be_changed_in_either_language(tmp_path: Path, language: str):
    with pod_of(tmp_path, language) as pod:
        posts = Posts(pod.services)
        iri = posts.write(pod.account, "/alice/", Writing("Hello", readers=FOR_ALL, pictures=(PICTURE,)))
        paths = [path_of(pod, iri), path_of(pod, read(pod, iri).pictures[0].url)]
        edit(pod, posts, iri, Writing("Hello", readers=FOR_BOB))
        assert [(pod.modes(each, BOB), pod.modes(each)) for each in paths] == [(READ, NONE)] * 2
        edit(pod, posts, iri, Writing("Hello"))
        assert [pod.modes(each, BOB) for each in paths] == [NONE, NONE]


def test_a_private_post_is_private_in_a_folder_that_is_shared(pod: Pod, posts: Posts):
    posts.write(pod.account, "/alice/", Writing("The first"))
    pod.share("/alice/posts/", EVERYONE, Level.READ)
    pod.share("/alice/posts/", SIGNED_IN, Level.READ)
    iri = posts.write(pod.account, "/alice/", Writing("Hello", pictures=(PICTURE,)))
    for path in (path_of(pod, iri), path_of(pod, read(pod, iri).pictures[0].url)):
        assert (pod.modes(path), pod.modes(path, BOB)) == (NONE, NONE)


def test_who_may_do_more_than_read_keeps_that(pod: Pod, posts: Posts):
    iri = posts.write(pod.account, "/alice/", Writing("Hello"))
    pod.share(path_of(pod, iri), person(BOB), Level.EDIT)
    edit(pod, posts, iri, Writing("Hello", readers=FOR_BOB))
    assert AccessMode.WRITE in pod.modes(path_of(pod, iri), BOB)


def test_a_draft_is_only_its_owners_until_it_is_published(pod: Pod, posts: Posts):
    iri = posts.write(pod.account, "/alice/", Writing("Hello", readers=FOR_ALL, is_draft=True))
    assert pod.modes(path_of(pod, iri)) == NONE
    assert (read(pod, iri).is_draft, read(pod, iri).published_ms) == (True, None)
    edit(pod, posts, iri, Writing("Hello you", readers=FOR_ALL))
    post = read(pod, iri)
    assert pod.modes(path_of(pod, iri)) == READ
    assert (post.is_draft, post.published_ms, post.was_edited) == (False, pod.now_ms, False)
    edit(pod, posts, iri, Writing("Hello you", readers=FOR_ALL, is_draft=True))
    assert (read(pod, iri).is_draft, pod.modes(path_of(pod, iri))) == (False, READ)


def test_what_other_apps_keep_in_a_post_stays(pod: Pod, posts: Posts):
    pod.write(
        "/alice/elsewhere/note",
        f"""@prefix as: <https://www.w3.org/ns/activitystreams#>.
        <#n> a as:Note, <urn:app:Thing>; as:content "<p>Old</p>"; as:source [ as:content "Old"; as:mediaType "text/markdown";
          <urn:app:kept> 1 ]; as:published "2026-01-01T00:00:00Z"; as:attributedTo <{BOB}>; as:tag <urn:app:tag>;
          as:attachment <https://elsewhere.example/a>. <#other> <urn:app:kept> 2 .""",
    )
    iri = f"{BASE}alice/elsewhere/note#n"
    edit(pod, posts, iri, Writing("New", "Titled"))
    post = read(pod, iri)
    assert (post.html, post.markdown, post.author, post.name) == ("<p>New</p>\n", "New", BOB, "Titled")
    said = str(list(graph_of(pod, "/alice/elsewhere/note")))
    assert [said.count(each) for each in ("urn:app:kept", "urn:app:tag", "urn:app:Thing", "elsewhere.example/a")] == [
        2,
        1,
        1,
        1,
    ]
    posts.delete(pod.account, iri)
    assert [str(each.predicate) for each in graph_of(pod, "/alice/elsewhere/note")] == ["<urn:app:kept>"]


def test_nobodys_change_in_between_is_lost(pod: Pod, posts: Posts):
    iri = posts.write(pod.account, "/alice/", Writing("Hello"))
    seen = version(pod, iri)
    edit(pod, posts, iri, Writing("Hello you"))
    with pytest.raises(PreconditionFailed):
        posts.edit(pod.account, iri, Writing("Hello all", readers=FOR_ALL), seen)
    assert read(pod, iri).markdown == "Hello you"
    assert pod.modes(path_of(pod, iri)) == NONE


def test_pictures_come_change_and_go(pod: Pod, posts: Posts):
    iri = posts.write(pod.account, "/alice/", Writing("Hello", pictures=(PICTURE, PICTURE)))
    first, second = (each.url for each in read(pod, iri).pictures)
    another = NewPicture(b"PNG", "image/png")
    edit(pod, posts, iri, Writing("Hello", alts={second: "Waves"}, dropped=frozenset({first}), pictures=(another,)))
    post = read(pod, iri)
    folder = path_of(pod, iri).removesuffix(".ttl") + "/"
    assert [(each.alt, each.is_own) for each in post.pictures] == [("Waves", True), ("", True)]
    assert members(pod, folder) == sorted(path_of(pod, each.url) for each in post.pictures)
    posts.delete(pod.account, iri)
    assert not is_there(pod, folder)
    assert not is_there(pod, path_of(pod, iri))


def test_what_lies_elsewhere_is_not_deleted_with_a_post(pod: Pod, posts: Posts):
    iri = posts.write(pod.account, "/alice/", Writing("Hello", pictures=(PICTURE,)))
    path = path_of(pod, iri)
    turtle = formats.serialize(formats.Dataset(graph_of(pod, path)), "text/turtle").decode()
    pod.write(path, turtle.replace("/1.webp>", "/../../photos/sea>"))
    pod.write(path.removesuffix(".ttl") + "/kept", "<> a <urn:kept>.")
    posts.delete(pod.account, iri)
    assert is_there(pod, "/alice/photos/sea")
    assert is_there(pod, path.removesuffix(".ttl") + "/kept")


@pytest.mark.parametrize(
    ("writing", "field"),
    [
        (Writing(" \n\x00 "), "text"),
        (Writing("x" * 50_001), "text"),
        (Writing("Hello", "x" * 201), "name"),
    ],
)
def test_what_cannot_be_a_post_is_told_at_its_field(pod: Pod, posts: Posts, writing: Writing, field: str):
    with pytest.raises(UnprocessableContent) as refused:
        posts.write(pod.account, "/alice/", writing)
    assert refused.value.extras["field"] == field
    assert not is_there(pod, "/alice/posts/")


@pytest.mark.parametrize(
    "iri", ["https://elsewhere.example/a#it", f"{BASE}alice/none#it", f"{BASE}alice/photos/sea#it", ""]
)
def test_what_is_no_post_is_neither_changed_nor_deleted(pod: Pod, posts: Posts, iri: str):
    with pytest.raises(NotFound):
        posts.edit(pod.account, iri, Writing("Hello"), "")
    with pytest.raises(NotFound):
        posts.delete(pod.account, iri)


def test_nothing_remains_of_a_post_that_fails(pod: Pod, posts: Posts, tmp_path: Path):
    with pod_of(tmp_path / "other", "acp") as other:
        keeper = Posts(other.services)
        bad = Readers.chosen("some", [group(f"{BASE}alice/contacts/groups/a.ttl#it")])
        with pytest.raises(Conflict):
            keeper.write(other.account, "/alice/", Writing("Hello", readers=bad, pictures=(PICTURE,)))
        assert not is_there(other, "/alice/posts/")


def test_some_readers_have_to_be_named():
    for bad in ([], [person(f"https://p.example/{each}") for each in range(51)]):
        with pytest.raises(PodError):
            Readers.chosen("some", bad)
