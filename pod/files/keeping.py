"""What people bring into their pods: files that are PUT for an account, under their own names where those are free.

Nothing is overwritten unless whoever brings a file said so, and then only the very state that was there at that time: a
file that others changed meanwhile stays, with the new one beside it.

Spec: RFC 9110 s9.3.4, s13.1.1, s13.1.2
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, NoReturn

from pod.authorization import required
from pod.errors import AccessDenied, Busy, NotAuthenticated, NotFound, PreconditionFailed
from pod.files.names import file_name, folder_names, media_type_of, numbered
from pod.operations.admission import actor, admit, check_creatable, settled
from pod.operations.content import Incoming, discarded_on_failure, receive
from pod.operations.operation import Body, Operation, Result
from pod.operations.put import put_within
from pod.operations.watched import watched
from pod.protocol.agent import Credentials
from pod.protocol.conditions import Conditions
from pod.protocol.representation import ETag, MediaType
from pod.protocol.resource import Target
from pod.protocol.slug import with_suffix
from pod.services import Services
from pod.store import quota
from pod.store.interface import Reader, Writer
from pod.store.records import ResourceState

NUMBERED_MAX = 99
"""Files of one name beside each other that are told apart by numbers; more get a name that nobody else takes."""
ATTEMPTS_MAX = 8
FREE = Conditions(if_none_match="*")

Also = Callable[[Writer, Target], None]
"""What else is to commit together with a file, told where it is."""


class Same(StrEnum):
    """What becomes of a file whose name is taken."""

    BOTH = "both"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a file is to be, and as what. `replaces` is the entity tag of what it may take the place of."""

    target: Target
    media_type: MediaType
    replaces: str | None = None


def wish_for(services: Services, folder: Target, said: str, media_type: str, same: Same) -> Wish:
    """For a file of this name, or relative path, below a folder.

    Raises: NotFound -- it is none; MalformedTarget, TargetTooLong, ReservedName
    """
    if not folder.is_container:
        raise NotFound("Files go into folders; this is none.")
    name = file_name(said)
    target = Target.parse(folder.path + "".join(f"{each}/" for each in folder_names(said)) + name)
    there = services.store.describe(target, with_body=False).state if same is Same.REPLACE else None
    replaces = str(services.etag(there)) if there is not None and _may_go(target, there) else None
    return Wish(target, media_type_of(media_type, name), replaces)


def _may_go(target: Target, state: ResourceState) -> bool:
    """The document of an identity, and what the server writes itself, are not replaced by a file that is so called."""
    return not state.protected and not target.is_app_list


def check(services: Services, who: Credentials, wish: Wish) -> None:
    """That whoever brings a file may, before any of it is read. Raises: what a PUT raises before it reads"""
    operation = _operation(services, services.store, who, wish)
    try:
        check_creatable(settled(admit)(services, services.store, operation, required.put))
    except (AccessDenied, NotAuthenticated) as refusal:
        watched(services, _raising(refusal), operation, app=services.placement.base_url)


def keep_file(services: Services, who: Credentials, wish: Wish, stream: BinaryIO) -> Target:
    """The whole of a file that is read as it comes; gives where it is.

    Raises: what a PUT raises
    """
    check(services, who, wish)
    incoming = read_in(services, wish, stream)
    with discarded_on_failure(services, incoming.content):
        return keep(services, who, wish, incoming)


def read_in(services: Services, wish: Wish, stream: BinaryIO, length: int | None = None) -> Incoming:
    """Raises: see `receive`."""
    room = quota.room(services.store.describe(wish.target, with_body=False))
    return receive(services, Body(stream, wish.media_type, length), wish.target, room=room, by_account=True)


def keep(services: Services, who: Credentials, wish: Wish, incoming: Incoming, also: Also | None = None) -> Target:
    """What was read in, committed; gives where it is. Raises: what a PUT raises after it read"""

    def verb(services: Services, operation: Operation) -> Result:
        def change(tx: Writer) -> Result:
            result = put_within(services, tx, operation, incoming)
            if also is not None:
                also(tx, operation.target)
            return result

        return services.store.write_together(actor(operation), change)

    for _ in range(ATTEMPTS_MAX):
        operation = _operation(services, services.store, who, wish)
        try:
            watched(services, verb, operation, app=services.placement.base_url)
        except PreconditionFailed:
            continue
        return operation.target
    raise Busy("Others kept taking the name of this file; try again.", headers=(("Retry-After", "1"),))


def _operation(services: Services, reader: Reader, who: Credentials, wish: Wish) -> Operation:
    """A PUT to the place that the wish comes to now."""
    state = reader.describe(wish.target, with_body=False).state
    if state is not None and str(services.etag(state)) == wish.replaces:
        return Operation("PUT", wish.target, who, Conditions(if_match=ETag.parse_list(wish.replaces)))
    target = next(each for each in _names(wish.target) if _is_free(reader, each))
    return Operation("PUT", target, who, FREE)


def _names(target: Target) -> Iterator[Target]:
    yield target
    container, _, name = target.path.rpartition("/")
    for number in range(2, NUMBERED_MAX + 1):
        yield Target.parse(f"{container}/{numbered(name, number)}")
    while True:
        yield Target.parse(f"{container}/{with_suffix(name, secrets.token_hex(4))}")


def _is_free(reader: Reader, target: Target) -> bool:
    snapshot = reader.describe(target, wide=True, with_body=False)
    return snapshot.state is None and target.twin not in snapshot.others and not target.is_app_list


def _raising(refusal: Exception) -> Callable[[Services, Operation], NoReturn]:
    def verb(_services: Services, _operation: Operation) -> NoReturn:
        raise refusal

    return verb
