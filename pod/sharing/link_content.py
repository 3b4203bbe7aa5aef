"""What a link shows, and what is left through it: always as its maker, never beyond the resource it was made for.

Content is read first and the right to it looked at last: what has just been read was then still shared, and was no
later resource of the same name. What is left is kept as plain files, for strangers are not to say what documents of a
pod say; under their own names where those are free, which nobody is told.

Spec: Solid #server-put-patch-intermediate-containers; RFC 7578 s4.2, s7
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import BinaryIO

from pod.authorization.required import Need
from pod.errors import AccessDenied, BadRequest, LinkFull, NotAuthenticated, NotFound, QuotaExceeded
from pod.files.names import PLAIN_FILE, file_name
from pod.http.request import parse_target
from pod.operations.admission import check_creatable, settled
from pod.operations.content import discarded_on_failure, receive
from pod.operations.create import create_document
from pod.operations.get import get
from pod.operations.operation import Body, Operation, Result
from pod.operations.provision import SETTINGS
from pod.protocol.modes import AccessMode
from pod.protocol.representation import MediaType
from pod.protocol.resource import INBOX, Target
from pod.protocol.slug import with_suffix
from pod.rdf import formats
from pod.services import Services
from pod.sharing.link_authority import check_link, check_maker, ended, maker, needed
from pod.store import quota
from pod.store.interface import Reader, Writer
from pod.store.records import Actor, Content, Kind, Snapshot
from pod.store.share_links import LinkEnd, ShareLink, ShareLinks

NAME_ATTEMPTS_MAX = 8
NO_ROOM = "There is no room for this file. Whoever sent you the link can make some, or another link."
_NOTHING = "There is nothing here that this link shows."


def reached(link: ShareLink, rest: str) -> Target:
    """What stands at `rest` below a link, as its path was sent: the resource itself, or something in that folder.

    Raises: NotFound, MalformedTarget, TargetTooLong
    """
    whole = link.path or ""
    if rest in {"", "/"}:
        return Target(whole, whole)
    target = parse_target(whole + rest.removeprefix("/"), "GET") if whole.endswith("/") else None
    if (
        target is None
        or target.auxiliary is not None
        or not target.path.startswith(whole)
        or _is_kept_back(link, target)
    ):
        raise NotFound(_NOTHING)
    return target


def _is_kept_back(link: ShareLink, target: Target) -> bool:
    """What others wrote to the owner, and what apps are told, go to nobody with the pod as a whole."""
    root = target.storage
    return link.path == root and target.path.startswith((root + INBOX, root + SETTINGS))


def read(services: Services, link: ShareLink, operation: Operation) -> Result:
    """What `operation`, a GET or HEAD as `maker`, gives of something that `reached` found.

    Raises: NotFound -- nothing is there, or the maker may not share it; LinkEnded; what `get` raises
    """
    try:
        result = get(services, operation)
    except (AccessDenied, NotAuthenticated, NotFound) as error:
        check_still(services, link)
        raise NotFound(_NOTHING) from error
    try:
        check_still(services, link)
        if result.moved_to is None and operation.target.path != link.path:
            _check_shared(services, link, operation.target)
    except BaseException:
        _close(result)
        raise
    if result.granted is not None and AccessMode.READ not in result.granted[1]:
        services.access_log.note(
            operation.target.path, None, name_of_link(services, link), AccessMode.READ, allowed=True
        )
    return result


def name_of_link(services: Services, link: ShareLink) -> str:
    """What a link is called in the journal and where owners see who used what: it opens nothing."""
    return f"{services.placement.base_url}.account/links#link-{link.id}"


@settled
def check_still(services: Services, link: ShareLink) -> None:
    """Raises: LinkEnded, PodLeaving"""
    check_link(services, services.store, link, may_wait=True)


@settled
def _check_shared(services: Services, link: ShareLink, target: Target) -> None:
    """Raises: NotFound."""
    try:
        check_maker(services, services.store, target, link.web_id, needed(link.mode), may_wait=True)
    except (AccessDenied, NotAuthenticated, NotFound) as error:
        raise NotFound(_NOTHING) from error


def _close(result: Result) -> None:
    content = result.representation.content if result.representation else b""
    if not isinstance(content, bytes) and hasattr(content, "close"):
        content.close()


# -- what is left ------------------------------------------------------------------------------------------------------


def leave(services: Services, link: ShareLink, name: str, media_type: str, stream: BinaryIO) -> None:
    """Keep one file in the folder that an upload link is for. It never takes the place of another.

    Raises: LinkEnded; LinkFull, ContentTooLarge, TruncatedContent, TargetTooLong; Busy -- nothing remains of it
    """
    check_still(services, link)
    now = ShareLinks(services.store).by_id(link.id) or link
    _check_room(now, 1)
    wish = file_name(name)
    child = Target.parse(f"{link.path}{wish}")
    by = Actor(None, name_of_link(services, link))
    try:
        incoming = receive(
            services, Body(stream, kept_as(media_type)), child, room=_room(services, now, child), by_account=False
        )
        with discarded_on_failure(services, incoming.content):
            path = services.store.write_together(by, partial(_keep, services, link, wish, incoming.checked()))
    except QuotaExceeded as error:  # it tells owners of their pod, which is nobody else's business
        raise LinkFull(NO_ROOM) from error
    services.access_log.note(path, by.agent, by.client, AccessMode.APPEND, allowed=True)


def _room(services: Services, link: ShareLink, child: Target) -> int:
    room = quota.room(services.store.describe(child, with_body=False))
    return link.bytes_left if room is None else min(room, link.bytes_left)


def _check_room(link: ShareLink, size: int) -> None:
    """Raises: LinkFull."""
    if not link.files_left or size > link.bytes_left:
        raise LinkFull(NO_ROOM)


def _keep(services: Services, link: ShareLink, wish: str, content: Content, tx: Writer) -> str:
    """The look that counts, and the effect; gives the path.

    Raises: LinkEnded, LinkFull, QuotaExceeded, SlashTwinExists
    """
    links = ShareLinks(tx)
    now = links.by_id(link.id)
    end = LinkEnd.WITHDRAWN if now is None else now.end(tx.now_ms)
    if now is None or end is not None:
        raise ended(end or LinkEnd.WITHDRAWN)
    check_link(services, tx, now)
    _check_room(now, content.size)
    snapshot = _free(tx, now.path or "", wish)
    _check_grows(services, tx, now, snapshot)
    check_creatable(snapshot)
    create_document(tx, snapshot, Kind.OTHER, content)
    links.add_file(tx, link.id, content.size)
    return snapshot.target.path


def _check_grows(services: Services, tx: Writer, link: ShareLink, snapshot: Snapshot) -> None:
    """That the maker may make what is not there yet: its rules may be others than the folder's. Raises: LinkEnded"""
    need = Need(snapshot.target.path, AccessMode.APPEND, told=AccessMode.APPEND)
    try:
        services.authorizer.authorize(tx, snapshot, maker(services, link.web_id), (need,))
    except (AccessDenied, NotAuthenticated) as error:
        raise ended(LinkEnd.NO_RIGHT) from error


def _free(reader: Reader, container: str, wish: str) -> Snapshot:
    """The wished name if it is free, else the same with something added."""
    name = wish
    for _ in range(NAME_ATTEMPTS_MAX):
        child = Target.parse(container + name)
        snapshot = reader.describe(child, wide=True, with_body=False)
        if snapshot.state is None and child.twin not in snapshot.others:
            return snapshot
        name = with_suffix(wish, secrets.token_hex(4))
    raise AssertionError("eight random names were all taken")


def kept_as(media_type: str) -> MediaType:
    """What browsers say of a file, where that makes it neither a document of the pod nor several files in one."""
    try:
        said = MediaType.parse(media_type)
    except BadRequest:
        return PLAIN_FILE
    plain = formats.is_rdf(said.essence) or said.essence.startswith(("multipart/", "message/"))
    return PLAIN_FILE if plain else said
