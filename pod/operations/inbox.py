"""What others may leave in an inbox, and how much of it.

Whoever may add to an inbox but not write there is a sender. What they send is a notification: an RDF document of
bounded size. Only so many lie there, and only so many come in a minute, from one sender and from all together. Whoever
may write there is not limited. What a notification says is nobody's business here.

Spec: LDN #receiver, #preventing-abuse, #test-receiver-post-response-contraints-unmet; RFC 6585 s4
"""

from __future__ import annotations

from dataclasses import replace

from pod.authentication.credentials import digest
from pod.authorization.decision import Decision
from pod.errors import Conflict, ContentTooLarge, InboxFull, TooManyRequests, UnsupportedMediaType
from pod.operations.operation import Body, Operation
from pod.protocol.modes import AccessMode
from pod.rdf import formats
from pod.services import Services
from pod.store import inboxes, quota
from pod.store.interface import Writer
from pod.store.records import Content, ResourceState, Snapshot

ACCEPT_POST = ", ".join(formats.MEDIA_TYPES)
WINDOW_MS = 60_000
SENDERS_OF_INBOX = 10
"""All senders together may leave this many times as much in one inbox as each of them."""


def takes_notification(container: Snapshot, decision: Decision) -> bool:
    """Whether what comes to this container comes from a sender."""
    return container.target.is_inbox and AccessMode.WRITE not in decision.modes


def check_announced(operation: Operation) -> None:
    """What can be refused before anything is read. Raises: Conflict, UnsupportedMediaType"""
    if operation.wants_container:
        raise Conflict("An inbox takes notifications, and no containers.")
    if operation.body is not None and not formats.is_rdf(operation.body.media_type.essence):
        raise UnsupportedMediaType(
            "A notification is an RDF document: send application/ld+json.", headers=(("Accept-Post", ACCEPT_POST),)
        )


def bounded(services: Services, operation: Operation) -> Operation:
    """The same, of whose content no more is taken in than a notification may have."""
    if operation.body is None:
        return operation
    return replace(operation, body=replace(operation.body, bytes_max=services.config.notification_bytes_max))


def take(services: Services, tx: Writer, operation: Operation, inbox: ResourceState, content: Content) -> None:
    """Count a notification, and refuse one that is too many. Raises: ContentTooLarge, InboxFull, TooManyRequests"""
    config = services.config
    if content.size > config.notification_bytes_max:
        most = config.notification_bytes_max
        raise ContentTooLarge(f"A notification may have at most {most} bytes.", limit=most)
    there = inboxes.held(tx, inbox.storage, config.inbox_notifications_max)
    if there.resources >= config.inbox_notifications_max or there.bytes + content.size > config.inbox_bytes_max:
        raise InboxFull("The inbox takes no more until its owner has deleted some notifications.")
    if config.inbox_posts_per_minute and not config.dev:
        sender = operation.credentials.agent or operation.network
        _count(services, tx, config.inbox_posts_per_minute, "sender", sender)
        _count(services, tx, config.inbox_posts_per_minute * SENDERS_OF_INBOX, "inbox", inbox.path)


def _count(services: Services, tx: Writer, most: int, *name: str) -> None:
    """Raises: TooManyRequests"""
    number, left_ms = services.attempts.count(tx, digest("\n".join(("notification", *name))), WINDOW_MS)
    if number > most:
        seconds = max(1, -(-left_ms // 1000))
        raise TooManyRequests(
            f"Too many notifications came from you or to this inbox. Try again in {seconds} seconds.",
            headers=(("Retry-After", str(seconds)),),
        )


def room(services: Services, snapshot: Snapshot, body: Body | None) -> int | None:
    """How large a new body may be, so that no more of it is taken in; None where there is no limit. What is in the
    inbox is not taken from what the owner may keep; it is looked at only where that could make a difference.
    """
    left = quota.room(snapshot)
    if left is None or snapshot.storage is None or body is None:
        return left
    if body.length is not None and body.length <= left:
        return left
    config = services.config
    aside = quota.Held(config.inbox_bytes_max, config.inbox_notifications_max)
    return left + inboxes.set_aside(services.store, snapshot.storage.id, aside).bytes
