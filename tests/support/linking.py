"""Links to what is in pods, for tests: made by alice, opened by whoever has them."""

from __future__ import annotations

import io
from typing import Any

from pod.operations.operation import Operation
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.link_authority import maker
from pod.sharing.link_content import leave, reached, read
from pod.sharing.links import Visit, Wish, find_link, make_link, open_link
from pod.store.accounts import Account
from pod.store.records import SERVER, Kind
from pod.store.share_links import LinkMode, ShareLink
from tests.support.people import HERE
from tests.support.stores import put

VIEW, UPLOAD = LinkMode.VIEW, LinkMode.UPLOAD


def link_to(services: Services, account: Account, path: str, mode: LinkMode = VIEW, **wish: Any) -> str:
    """The secret of a new link."""
    return make_link(services, account, Target.parse(path), Wish(mode, **wish))[1].rpartition("/")[2]


def visit(services: Services, secret: str, opening: str | None = None) -> Visit:
    return find_link(services, secret, opening)


def opened_link(services: Services, secret: str, password: str = "", address: str = HERE) -> str:
    """What the browser is given for one use."""
    return open_link(services, visit(services, secret), password, address)


def content(services: Services, secret: str, rest: str = "") -> bytes:
    """What a link shows."""
    return shown(services, visit(services, secret).link, rest)


def shown(services: Services, link: ShareLink, rest: str = "") -> bytes:
    """The same, of a link as it was found a while ago."""
    operation = Operation("GET", reached(link, rest), maker(services, link.web_id), NO_CONDITIONS)
    found = read(services, link, operation).representation
    assert found is not None
    if isinstance(found.content, bytes):
        return found.content
    assert isinstance(found.content, io.IOBase)
    with found.content as file:
        return bytes(file.read())


def send(services: Services, link: ShareLink, name: str, body: bytes = b"1", media_type: str = "text/plain") -> None:
    leave(services, link, name, media_type, io.BytesIO(body))


def file(services: Services, path: str, body: bytes = b"0123456789", media_type: str = "text/plain") -> None:
    """Something in a pod, whoever put it there."""
    staged = services.store.stage(io.BytesIO(body), media_type, bytes_max=10**9)
    with services.store.write(SERVER) as tx:
        tx.create(Target.parse(path), Kind.OTHER, staged, acl=None)


def folder(services: Services, path: str, acl: str = "") -> None:
    """With access rules of its own, if any."""
    put(services.store, path)
    if acl:
        put(services.store, f"{path}.acl", acl.encode())
