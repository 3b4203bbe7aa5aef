"""`/.home/`: what is new in a pod and what waits for its owner, at a glance; the way to everything else.

Costs the same however much is in the pod: each list is one statement of the index, and no document is read.

Spec: Solid #storage-resource
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request

from pod.index.index import Index
from pod.index.records import ContactRow, FileRow, PostRow
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.accounts import Account, StorageUsage
from pod.store.notices import Notices
from pod.store.quota import FULL_PERCENT
from pod.store.records import Kind
from pod.ui.door import ACCOUNT, HOME, Door, see_other
from pod.ui.notices import in_words
from pod.ui.own_pod import name_in_path, pod_of
from pod.ui.render import render
from pod.ui.uploads import upload_of
from pod.ui.views import kind_of, name_of

FILES, POSTS, CONTACTS, WAITING = 8, 4, 8, 4
"""How many of each are shown."""
DOCUMENTS = frozenset({"text/turtle", "application/ld+json"})


@dataclass(frozen=True, slots=True)
class File:
    """One that was changed lately. `sign` is one of resource/_icons.html."""

    name: str
    folder: str
    href: str
    sign: str
    kind: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Face:
    """Somebody in the address book, as far as their profile is known."""

    name: str
    href: str
    picture: str


def add_front(pages: Blueprint, door: Door, index: Index) -> None:
    services = door.services
    notices = Notices(services.store)

    @pages.get(HOME)
    def front() -> Response:
        session = door.session()
        if session.account.leaving:
            return see_other(ACCOUNT)  # which asks whether the account shall stay
        pods = services.accounts.storages(session.account.id)
        if not pods:
            return render("front_empty.html")
        named = request.args.get("pod", "")
        pod = pod_of(services, session.account, named) if named else pods[0]
        waiting = notices.unread(session.account.id, WAITING) if session.unread else []
        index.catch_up(pod.id)
        return render(
            "front.html",
            pictures=True,
            pods=[name_in_path(each) for each in pods],
            name=name_in_path(pod),
            room=Room.of(pod),
            waiting=in_words(index, waiting),
            posts=[_post(each, pod) for each in index.posts(pod.id, limit=POSTS)],
            counts=index.counts(pod.id),
            faces=_faces(index, index.contacts(pod.id, limit=CONTACTS), pod),
            **_files(services, session.account, index.recent_files(pod.id, pod.path, FILES), pod),
        )


@dataclass(frozen=True, slots=True)
class Room:
    """How full a pod is. A most of 0 is no limit."""

    used: int
    most: int
    is_low: bool

    @classmethod
    def of(cls, pod: StorageUsage) -> Room:
        return cls(pod.bytes, pod.bytes_max, 0 < pod.bytes_max * FULL_PERCENT <= pod.bytes * 100)


def _files(services: Services, account: Account, found: Sequence[FileRow], pod: StorageUsage) -> dict[str, Any]:
    """Where there are none yet, the page takes the first ones in."""
    if found:
        return {"files": [_file(each, pod) for each in found], "upload": None}
    upload = upload_of(services, account, Target.parse(pod.path))
    return {"files": [], "upload": upload, "script": "uploads.js", "uploads": True}


def _file(row: FileRow, pod: StorageUsage) -> File:
    folder = row.path[: row.path.rindex("/") + 1]
    sign, kind = kind_of(Kind.RDF if row.media_type in DOCUMENTS else Kind.OTHER, row.media_type)
    return File(
        name_of(row.path),
        "" if folder == pod.path else name_of(folder),
        f"{HOME[:-1]}{row.path}",
        sign,
        kind,
        row.modified_ms,
    )


def _post(row: PostRow, pod: StorageUsage) -> dict[str, object]:
    href = f"/.posts/{quote(name_in_path(pod))}/post?{urlencode({'iri': row.iri})}"
    return {"href": href, "title": row.name, "summary": row.summary, "at_ms": row.published_ms}


def _faces(index: Index, contacts: Sequence[ContactRow], pod: StorageUsage) -> list[Face]:
    seen = index.people([each.web_id for each in contacts if each.web_id])
    faces = []
    for each in contacts:
        known = seen.get(each.web_id or "")
        key = known.picture_key if known else None
        href = f"/.contacts/{quote(name_in_path(pod))}/person?{urlencode({'iri': each.iri})}"
        name = each.name or (known.name if known else "") or ""
        faces.append(Face(name, href, f"/.people/{key}" if key else ""))
    return faces
