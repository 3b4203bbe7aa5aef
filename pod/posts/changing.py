"""What one transaction does to a post: its document, its pictures and the rules of both, or nothing of all that.

Whatever is computed is computed from what the transaction reads, so nobody's change in between is lost.

Spec: RFC 9110 s9.3.4, s13.1.1
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from pod.errors import Conflict, NotFound, PreconditionFailed, UnprocessableContent
from pod.operations.content import Incoming
from pod.operations.delete import delete_within
from pod.operations.operation import Operation
from pod.operations.writing import TURTLE, Document, read_document, write, write_document
from pod.posts import document
from pod.posts.cleaning import cleaned
from pod.posts.document import Said
from pod.posts.locating import is_own_of, own_target
from pod.posts.markdown import TEXT_CHARACTERS_MAX
from pod.posts.post import ALT_CHARACTERS_MAX, NAME_CHARACTERS_MAX, Picture, Post, posts_in, readable
from pod.posts.readers import ONLY_ME, Readers, open_to
from pod.posts.registration import POSTS, register
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.resource import Target
from pod.rdf.graph import IRI, Dataset, Graph
from pod.services import Services
from pod.store.interface import Reader, Writer
from pod.store.records import Content, Kind

PICTURES_MAX = 10
SAME_NAME_MAX = 200
SLUG_CHARACTERS_MAX = 48
ENDINGS = {"image/webp": ".webp", "image/png": ".png", "image/jpeg": ".jpg"}

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class NewPicture:
    """As it will be kept: without what cameras write into pictures beside what they show."""

    content: bytes
    media_type: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody wrote. `alts` are the new texts of pictures that the post has, by their URLs; `dropped` those that
    go.
    """

    text: str
    name: str = ""
    readers: Readers = ONLY_ME
    labels: Mapping[str, str] = field(default_factory=dict)
    pictures: tuple[NewPicture, ...] = ()
    alts: Mapping[str, str] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    is_draft: bool = False

    def tidied(self) -> Writing:
        """As it is kept: without what nobody can see."""
        text = _CONTROL.sub("", self.text.replace("\r\n", "\n")).strip()
        return replace(self, text=text, name=readable(self.name))

    def check(self, *, has_pictures: bool) -> None:
        """Raises: UnprocessableContent -- with the `field` that it is about."""
        if len(self.text) > TEXT_CHARACTERS_MAX:
            raise UnprocessableContent(f"A post has at most {TEXT_CHARACTERS_MAX:,} characters.", field="text")
        if len(self.name) > NAME_CHARACTERS_MAX:
            raise UnprocessableContent(f"A title has at most {NAME_CHARACTERS_MAX} characters.", field="name")
        if not self.text and not has_pictures and not self.pictures:
            raise UnprocessableContent("Write something, or add a picture.", field="text")


@dataclass(frozen=True, slots=True)
class Change:
    """A change by somebody with an account, in the caller's transaction. `staged` are the new pictures."""

    services: Services
    tx: Writer
    who: Credentials
    account: int
    writing: Writing = Writing("")
    staged: tuple[Content, ...] = ()

    def make(self, storage: str, author: str) -> str:
        """The IRI of the new post."""
        writing, now_ms = self.writing, self.tx.now_ms
        target = _free(self.tx, f"{storage}{POSTS}{_day(now_ms)}-{slug(writing.name or writing.text)}")
        iri = IRI(self.services.placement.url(target.path) + document.FRAGMENT)
        graph = Graph()
        document.say(graph, iri, self._said(target), now_ms)
        document.say_author(graph, iri, self.who.agent or "", author)
        self._write(target, (Dataset(graph, prefixes=dict(document.NAMESPACES)), TURTLE))
        self._open(target, is_draft=writing.is_draft)
        self._register(storage)
        return iri.value

    def change(self, iri: str, version: str) -> None:
        """Raises: PreconditionFailed -- it is not of that version any more; UnprocessableContent"""
        target = own_target(self.services, iri)
        dataset, media_type, post = self._found(target, iri)
        if version_of(self.services, self.tx, target) != version:
            raise PreconditionFailed("This post was changed meanwhile. Look at it again; what you wrote is still here.")
        if post.markdown is not None:
            self._say_again(target, dataset.default, post)
            self._write(target, (dataset, media_type))
        self._open(target, is_draft=self._is_draft(post))

    def delete(self, iri: str) -> None:
        target = own_target(self.services, iri)
        dataset, media_type, post = self._found(target, iri)
        for each in post.pictures:
            self._delete_picture(target, each.url)
        self._delete_folder(target)
        document.forget_post(dataset.default, IRI(iri))
        if len(dataset):
            self._write(target, (dataset, media_type))
        else:
            self._delete(target)

    # -- the document --------------------------------------------------------------------------------------------------

    def _say_again(self, target: Target, graph: Graph, post: Post) -> None:
        writing, left = self.writing, [each for each in post.pictures if each.url not in self.writing.dropped]
        writing.check(has_pictures=bool(left))
        if len(left) + len(self.staged) > PICTURES_MAX:
            raise UnprocessableContent(f"A post has at most {PICTURES_MAX} pictures.", field="picture-1")
        for url in writing.dropped & {each.url for each in post.pictures}:
            document.forget_picture(graph, IRI(post.iri), url)
            self._delete_picture(target, url)
        told = tuple(replace(each, alt=_alt(writing.alts.get(each.url, each.alt))) for each in left)
        said = replace(self._said(target), pictures=told, is_draft=self._is_draft(post))
        document.say(graph, IRI(post.iri), said, self.tx.now_ms)

    def _is_draft(self, post: Post) -> bool:
        """What was published stays so."""
        return self.writing.is_draft and post.is_draft

    def _found(self, target: Target, iri: str) -> tuple[Dataset, str, Post]:
        found = read_document(self.services, self.tx, target)
        post = found and post_of(self.services, found[0].default, target, iri)
        if not found or not post:
            raise NotFound("There is no such post.")
        return (*found, post)

    def _said(self, target: Target) -> Said:
        writing, placement = self.writing, self.services.placement
        base, is_own = placement.url(target.path), is_own_of(placement, target.storage)
        html = cleaned(document.html_of(writing.text), base=base, is_own=is_own)
        return Said(writing.name, writing.text, html, added=self._kept(target), is_draft=writing.is_draft)

    def _write(self, target: Target, said: Document) -> None:
        write_document(self.services, self.tx, self.who, target, said)

    def _delete(self, target: Target) -> None:
        delete_within(self.services, self.tx, Operation("DELETE", target, self.who, NO_CONDITIONS))

    # -- who may read it -----------------------------------------------------------------------------------------------

    def _open(self, target: Target, *, is_draft: bool) -> None:
        """The rules of the document and of its pictures. A draft is nobody's but its owner's."""
        readers = ONLY_ME if is_draft else self.writing.readers
        for each in (target, folder_of(target)):
            if _is_there(self.tx, each):
                open_to(self.services, self.tx, self.account, each.path, readers, labels=self.writing.labels)

    def _register(self, storage: str) -> None:
        register(self.services, self.tx, self.who, storage)

    # -- pictures ------------------------------------------------------------------------------------------------------

    def _kept(self, target: Target) -> tuple[Picture, ...]:
        """The new pictures, where they are from now on."""
        made = []
        for picture, content in zip(self.writing.pictures, self.staged, strict=True):
            place = _free_picture(self.tx, folder_of(target), ENDINGS[picture.media_type])
            write(self.services, self.tx, self.who, place, Incoming(content, Kind.OTHER))
            url = self.services.placement.url(place.path)
            made.append(Picture(url, _alt(picture.alt), picture.media_type, is_own=True))
        return tuple(made)

    def _delete_picture(self, post: Target, url: str) -> None:
        """Only what lies in the post's own folder goes with it: others may use what lies elsewhere."""
        path, folder = self.services.placement.local_path(url), folder_of(post).path
        if path and path.startswith(folder) and "/" not in path[len(folder) :]:
            target = Target.parse(path)
            if target.auxiliary is None and _is_there(self.tx, target):
                self._delete(target)

    def _delete_folder(self, post: Target) -> None:
        """If nothing else was put into it."""
        folder = folder_of(post)
        state = self.tx.describe(folder, with_body=False).state
        if state is not None and next(self.tx.members(state.id), None) is None:
            self._delete(folder)


def post_of(services: Services, graph: Graph, target: Target, iri: str) -> Post | None:
    """The post of this IRI, as a document of the pod tells it."""
    is_own = is_own_of(services.placement, target.storage)
    found = posts_in(graph, services.placement.url(target.path), is_own)
    return next((each for each in found if each.iri == iri), None)


def version_of(services: Services, reader: Reader, target: Target) -> str:
    """Of the document that somebody sees before they change it. Raises: NotFound."""
    state = reader.describe(target, with_body=False).state
    if state is None:
        raise NotFound("There is no such post.")
    return services.etag(state).format()


def folder_of(post: Target) -> Target:
    """Where the pictures of a post lie: beside it, under its name without what its format is called."""
    return Target.parse(post.path.removesuffix(".ttl") + ("/" if post.path.endswith(".ttl") else ".pictures/"))


def slug(text: str) -> str:
    """The beginning of a text as a part of a path: it says something to whoever reads the address."""
    plain = unicodedata.normalize("NFKD", text[:200]).encode("ascii", "ignore").decode().lower()
    words = _NOT_IN_NAMES.sub("-", plain).strip("-")
    if len(words) > SLUG_CHARACTERS_MAX:
        words = words[:SLUG_CHARACTERS_MAX].rpartition("-")[0] or words[:SLUG_CHARACTERS_MAX]
    return words or "post"


def _alt(text: str) -> str:
    return readable(text)[:ALT_CHARACTERS_MAX]


def _day(now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y-%m-%d")


def _is_there(reader: Reader, target: Target) -> bool:
    return reader.describe(target, with_body=False).state is not None


def _free(reader: Reader, path: str) -> Target:
    """Raises: Conflict."""
    for number in count(1):
        if number > SAME_NAME_MAX:
            raise Conflict("There are too many posts of this name today. Give it another title.")
        target = Target.parse(f"{path}.ttl" if number == 1 else f"{path}-{number}.ttl")
        if not _is_there(reader, target) and not _is_there(reader, folder_of(target)):
            return target
    raise AssertionError("counting ends")


def _free_picture(reader: Reader, folder: Target, ending: str) -> Target:
    """Raises: Conflict."""
    for number in count(1):
        if number > SAME_NAME_MAX:
            raise Conflict("There are too many pictures in the folder of this post.")
        target = Target.parse(f"{folder.path}{number}{ending}")
        if not _is_there(reader, target):
            return target
    raise AssertionError("counting ends")
