"""`/.posts/`: what the owner of a pod wrote, read and written; and what others let whoever is signed in read of theirs.

A page shows what the access rules give to the account, as its WebID. Pictures are those of the pod, looked at through
this server's own address, for an image is asked for with cookies and not with a token.

Spec: docs/decisions/0027-posts.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import (
    BadRequest,
    Busy,
    Conflict,
    ContentTooLarge,
    NotFound,
    PodError,
    PreconditionFailed,
    QuotaExceeded,
    TooManyRequests,
    UnprocessableContent,
)
from pod.index.index import Index
from pod.operations.writing import acting_for
from pod.posts.changing import Writing
from pod.posts.cleaning import cleaned
from pod.posts.locating import is_own_of, own_target
from pod.posts.markdown import TEXT_CHARACTERS_MAX, to_html
from pod.posts.post import ALT_CHARACTERS_MAX, NAME_CHARACTERS_MAX, Picture, Post
from pod.posts.posts import Posts
from pod.posts.readers import Readers
from pod.posts.timeline import Entry, Timeline
from pod.protocol.agent import Credentials
from pod.protocol.placement import is_storage_name
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.audiences import person
from pod.sharing.people import People
from pod.store.accounts import ACTIVE
from pod.store.records import StorageState
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.post_audience import PostAudience
from pod.ui.post_forms import FIND, NEW_PICTURES_MAX, Desk, MakePicture, SentPost
from pod.ui.post_words import Told, as_data, errors_in, values_of
from pod.ui.render import render
from pod.ui.views import feed_url, name_of

POSTS = "/.posts/"
HOME = "/.home"
PREVIEW_SIDE = 640
_TOLD = (
    *(BadRequest, Busy, Conflict, ContentTooLarge),
    *(PreconditionFailed, QuotaExceeded, TooManyRequests, UnprocessableContent),
)
"""What is told above the form that it comes from."""


@dataclass(frozen=True, slots=True)
class Place:
    """The posts of one pod, before whoever is signed in."""

    account: int
    storage: StorageState
    who: Credentials

    @property
    def pod(self) -> str:
        return name_of(self.storage.path)

    @property
    def is_owner(self) -> bool:
        return self.who.agent in self.storage.owners

    def url(self, page: str = "", **query: str) -> str:
        return f"{POSTS}{self.pod}/{page}{'?' if query else ''}{urlencode(query)}"


def add_posts(pages: Blueprint, door: Door, people: People, index: Index, make_picture: MakePicture) -> None:
    office = _Office(door, people, index, make_picture)

    @pages.get(f"{POSTS}<pod>/")
    def timeline(pod: str) -> Response:
        return office.timeline(office.place(pod))

    @pages.get(f"{POSTS}<pod>/post")
    def one_post(pod: str) -> Response:
        return office.one(office.place(pod))

    @pages.get(f"{POSTS}<pod>/new")
    def new_post(pod: str) -> Response:
        return office.form(office.own(pod))

    @pages.post(f"{POSTS}<pod>/new")
    def write_post(pod: str) -> AnyResponse:
        return office.write(office.own(pod))

    @pages.post(f"{POSTS}<pod>/preview")
    def preview_post(pod: str) -> Response:
        return office.preview(office.own(pod))


def add_changing_posts(pages: Blueprint, door: Door, people: People, index: Index, make_picture: MakePicture) -> None:
    office = _Office(door, people, index, make_picture)

    @pages.get(f"{POSTS}<pod>/edit")
    def changed_post(pod: str) -> Response:
        place = office.own(pod)
        return office.form(place, office.named(place))

    @pages.post(f"{POSTS}<pod>/edit")
    def change_post(pod: str) -> AnyResponse:
        return office.edit(office.own(pod))

    @pages.get(f"{POSTS}<pod>/delete")
    def deleted_post(pod: str) -> Response:
        return office.confirm(office.own(pod))

    @pages.post(f"{POSTS}<pod>/delete")
    def delete_post(pod: str) -> AnyResponse:
        return office.delete(office.own(pod))


class _Office:
    """What the pages have in common. Shared by all threads."""

    def __init__(self, door: Door, people: People, index: Index, make_picture: MakePicture) -> None:
        self._door = door
        self._services: Services = door.services
        self._people = people
        self._index = index
        self._posts = Posts(door.services)
        self._timeline = Timeline(door.services, index)
        self._desk = Desk(door, make_picture)
        self._audience = PostAudience(door.services, people, index)

    # -- whose posts ---------------------------------------------------------------------------------------------------

    def place(self, pod: str) -> Place:
        """Raises: SignInFirst; NotFound -- no such pod."""
        account, path = self._door.session().account, f"/{pod}/"
        if not is_storage_name(pod):
            raise NotFound(_("There is no such pod."))
        storage = self._services.store.describe(Target(path, path), with_body=False).storage
        if storage is None or storage.status != ACTIVE:
            raise NotFound(_("There is no such pod."))
        place = Place(account.id, storage, acting_for(self._services, self._services.store, account.id, path))
        if place.is_owner:
            g.pod = pod
        return place

    def own(self, pod: str) -> Place:
        """Raises: NotFound -- only owners write here."""
        place = self.place(pod)
        if not place.is_owner:
            raise NotFound(_("You have no such pod."))
        return place

    def named(self, place: Place, iri: str | None = None) -> Entry:
        """The post that the address of a page, or a form, names. Raises: NotFound."""
        iri = request.args.get("iri", "") if iri is None else iri
        if own_target(self._services, iri).storage != place.storage.path:
            raise NotFound(_("There is no such post."))
        return self._timeline.one(iri, place.who)

    # -- reading -------------------------------------------------------------------------------------------------------

    def timeline(self, place: Place) -> Response:
        found = self._timeline.page(place.storage, place.who, request.args.get("before"))
        return self._rendered(
            "posts/timeline.html",
            place,
            posts=self._told(place, found.entries),
            older=place.url(before=found.before) if found.before else None,
            is_first="before" not in request.args,
            done=request.args.get("done", ""),
            feed=feed_url(self._services.placement.base_url, place.storage.path),
        )

    def one(self, place: Place) -> Response:
        entry = self.named(place)
        told = self._told(place, (entry,))[0]
        return self._rendered("posts/post.html", place, told=told, done=request.args.get("done", ""))

    def _told(self, place: Place, entries: tuple[Entry, ...]) -> list[Told]:
        authors = [each.post.author for each in entries if each.post.author]
        named = [each.iri for entry in entries if entry.readers for each in entry.readers.audiences if each.iri]
        seen = self._index.people([*authors, *named]) if entries else {}
        names = {web_id: each.name for web_id, each in seen.items() if each.name}
        names |= {each.iri: each.name for each in self._index.groups(place.storage.id)} if named else {}
        return [
            Told.of(each, names, self._services.placement.url(each.target.path), self._at_home(place, each.post.html))
            for each in entries
        ]

    # -- writing -------------------------------------------------------------------------------------------------------

    def form(
        self,
        place: Place,
        entry: Entry | None = None,
        sent: SentPost | None = None,
        errors: Errors | None = None,
        status: int = 200,
    ) -> Response:
        """`sent` is what somebody wrote that was not taken; they find it again."""
        readers = (entry.readers if entry else None) or Readers()
        return self._rendered(
            "posts/write.html",
            place,
            status=status,
            entry=entry,
            is_editable=entry is None or entry.post.markdown is not None,
            html=Markup(self._at_home(place, entry.post.html)) if entry else None,  # noqa: S704 -- it was cleaned
            values=values_of(entry, sent),
            reach=sent.reach if sent else readers.reach.value,
            audience=self._audience.offered(place.storage, place.who.agent, readers, sent),
            is_lost=sent is not None and bool(sent.pictures),
            knows_groups=self._services.config.access_control != "acp",
            kept=entry.post.pictures if entry else (),
            errors=errors or {},
            limits={"text": TEXT_CHARACTERS_MAX, "name": NAME_CHARACTERS_MAX, "alt": ALT_CHARACTERS_MAX},
            numbers=range(1, NEW_PICTURES_MAX + 1),
        )

    def write(self, place: Place) -> AnyResponse:
        sent, error = self._sent()
        if error is None and sent.get("do") == FIND:
            return self.form(place, None, sent)
        if error is None:
            try:
                author = self._people.name(place.who.agent or "") or place.pod
                writing = self._writing(place, sent)
                iri = self._posts.write(place.account, place.storage.path, writing, author)
                return see_other(place.url("post", iri=iri, done="draft" if writing.is_draft else "published"))
            except _TOLD as refusal:
                error = refusal
        return self.form(place, None, sent, errors_in(error), error.status)

    def edit(self, place: Place) -> AnyResponse:
        sent, error = self._sent()
        entry = self.named(place, sent.get("iri"))
        if error is None and sent.get("do") == FIND:
            return self.form(place, entry, sent)
        if error is None:
            try:
                writing = self._writing(place, sent, entry.post)
                self._posts.edit(place.account, entry.post.iri, writing, sent.get("version"))
                return see_other(place.url("post", iri=entry.post.iri, done="draft" if writing.is_draft else "changed"))
            except _TOLD as refusal:
                error = refusal
        return self.form(place, entry, sent, errors_in(error), error.status)

    def preview(self, place: Place) -> Response:
        """In a page of its own, so that what was chosen stays in the form."""
        sent = SentPost()
        self._desk.take(sent, side=PREVIEW_SIDE)
        base = self._services.placement.url(place.storage.path)
        own = is_own_of(self._services.placement, place.storage.path)
        return self._rendered(
            "posts/preview.html",
            place,
            name=sent.get("name"),
            html=Markup(cleaned(to_html(sent.get("text")), base=base, is_own=own)),  # noqa: S704 -- just cleaned
            shown=[(as_data(*each).url, sent.get(f"alt-{at}")) for at, each in sorted(sent.pictures.items())],
        )

    def confirm(self, place: Place) -> Response:
        entry = self.named(place)
        return self._rendered("posts/delete.html", place, told=self._told(place, (entry,))[0])

    def delete(self, place: Place) -> AnyResponse:
        iri = self._door.form().get("iri", "")
        self._posts.delete(place.account, self.named(place, iri).post.iri)
        return see_other(place.url(done="deleted"))

    def _sent(self) -> tuple[SentPost, PodError | None]:
        """What came, as far as it did."""
        sent = SentPost()
        try:
            self._desk.take(sent)
        except _TOLD as error:
            return sent, error
        return sent, None

    def _writing(self, place: Place, sent: SentPost, post: Post | None = None) -> Writing:
        """Raises: UnprocessableContent; TooManyRequests, Busy -- see `People.find`."""
        more = self._audience.named(place.storage, place.account, sent)
        labels = self._audience.labels(place.storage, sent.audiences())
        labels |= {each.web_id: each.name for each in more.values() if each.name}
        return sent.writing([person(each) for each in more], labels, post)

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _rendered(self, template: str, place: Place, *, status: int = 200, **values: Any) -> Response:  # of a template
        return render(template, status=status, media=True, place=place, src=self._source, **values)

    def _at_home(self, place: Place, html: str) -> str:
        """Clean HTML, with the pictures of the pod in it where `_source` has them from."""
        path = place.storage.path
        pattern = rf'<img src="{re.escape(self._services.placement.url(path))}([^"?#]*)[^"]*"'
        return re.sub(pattern, rf'<img src="{HOME}{path}\1?shown"', html)

    def _source(self, picture: Picture) -> str:
        """Where a page of ours has a picture of the pod from: the account looks at it there as itself."""
        return f"{HOME}{self._services.placement.local_path(picture.url)}?shown"
