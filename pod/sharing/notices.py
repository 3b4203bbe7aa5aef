"""Telling people of requests for access and of the answers: in the inbox of a pod, by mail, in inboxes elsewhere.

What is to be told is in the database from the moment it happened; the worker passes it on. A message says who, and
where to read on, and holds nothing that somebody else wrote. An inbox of this server is written to directly, within the
bounds that hold for all who leave something there. How much one owner makes others hear, and one inbox hears, is
bounded; owners take turns, and an inbox elsewhere that is slow keeps no other waiting.

Spec: LWS 1.0 #access-notifications; LWS Notifications #notification-envelope; LDN #sender
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import structlog

from pod.errors import PodError
from pod.mail.message import mail_enabled
from pod.operations.attempts import Allowance, count
from pod.operations.content import discarded_on_failure, stage_bytes
from pod.operations.create import create_document
from pod.protocol.access_profile import GRANTS, LWS, REQUESTS, endpoint
from pod.protocol.notification import format_moment
from pod.protocol.resource import INBOX, Target
from pod.rdf import formats
from pod.rdf.contexts import Json
from pod.remote.client import Posted
from pod.remote.errors import ForbiddenAddress, RemoteError, UnsafeURL
from pod.remote.fairness import FairThreads
from pod.services import Services
from pod.sharing.hearing import Hearing
from pod.store import inboxes
from pod.store.access_requests import AccessRequest, AccessRequests, Answer, Notice, Said
from pod.store.interface import Writer
from pod.store.mail import MailKind, Outbox
from pod.store.records import SERVER, Content, Kind, StorageState

AT_ONCE_MAX = 20
THREADS, SLOW_THREADS = 4, 2
"""For inboxes elsewhere, and for those among them that keep us waiting. One owner keeps half busy at most."""
WAITING_OF_ONE_MAX = 10
"""Answers of one owner that wait for a thread; the others wait in the database."""
END_SECONDS = 2.0
"""For what is under way when the process is to end; it is sent again later."""
AGE_MS_MAX = 3 * 24 * 3600 * 1000
"""An answer that could not be sent for so long is given up."""
ATTEMPTS_MAX = 6
PAUSE_SECONDS = 60
"""After the first failure; each further pause is four times as long."""
MAILS = Allowance("access asked for, mail", 1, 3600)
"""One mail an hour tells of all that was asked for since the last."""
MESSAGES = Allowance("access asked for, message", 60, 3600)
"""In the inbox of one owner. What is not told there is on the page, and the mail leads to it."""
ANSWERS_OF_OWNER = Allowance("answer to an inbox, of account", 10, 3600)
ANSWERS_TO_INBOX = Allowance("answer to an inbox", 60, 3600)
ANSWERS_TO_HOST = Allowance("answer to a host", 600, 3600)
"""What is more than that is not told. Whoever was given something finds it where they asked."""
JSON_LD = formats.JSON_LD.media_type
"""What inboxes of every kind take."""
_AS = "https://www.w3.org/ns/activitystreams#"
_CONTEXT: dict[str, Json] = {
    "id": "@id",
    "type": "@type",
    "as": _AS,
    "lws": LWS,
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "storage": {"@id": "lws:storage", "@type": "@id"},
    "activity": "lws:activity",
    "actor": {"@id": "as:actor", "@type": "@id"},
    "object": "as:object",
    "target": {"@id": "as:target", "@type": "@id"},
    "published": {"@id": "as:published", "@type": "xsd:dateTime"},
    "summary": "as:summary",
    **{name: f"as:{name}" for name in ("Create", "Reject")},
    **{name: f"lws:{name}" for name in ("Notification", "AccessRequest", "AccessGrant")},
}
"""Written out: the contexts of LWS and of Activity Streams, both in one document, contradict each other."""

Post = Callable[[str, bytes, str], Posted]
"""URL, content and media type. Raises: RemoteError"""

log = structlog.get_logger()


class Hosts(Protocol):
    """How it goes with the hosts that messages are sent to: which keep us waiting, and when each may be asked."""

    def is_suspect(self, host: str) -> bool: ...
    def ask(self, host: str) -> float: ...
    def answered(self, host: str, seconds: float) -> None: ...
    def was_silent(self, host: str) -> None: ...


# -- messages ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _News:
    """What a message tells: what happened to something, and who did it when."""

    verb: str
    kind: str
    url: str
    actor: str
    summary: str
    time_ms: int

    def message(self, storage: str) -> bytes:
        """Spec: LWS Notifications #notification-envelope, #activity-properties"""
        activity = {
            "id": uuid4().urn,
            "type": [self.verb],
            "actor": self.actor,
            "object": {"id": self.url, "type": [self.kind]},
            "target": self.url[: self.url.rindex("/") + 1],
            "summary": self.summary,
            "published": format_moment(self.time_ms),
        }
        message = {"@context": _CONTEXT, "type": "Notification", "storage": storage, "activity": activity}
        return json.dumps(message, ensure_ascii=False).encode()


def add_grant_notice(services: Services, tx: Writer, storage: StorageState, said: Said, key: str) -> None:
    """Tell whoever asked that they were given access, if they said where."""
    url = endpoint(services.placement.base_url, storage.path, GRANTS) + key
    news = _News("Create", "AccessGrant", url, storage.owners[0], "Access was given to you.", tx.now_ms)
    _add(services, tx, storage, said, news)


def add_refusal_notice(services: Services, tx: Writer, storage: StorageState, request: AccessRequest) -> None:
    url = _request_url(services, request)
    news = _News("Reject", "AccessRequest", url, storage.owners[0], "Access was not given to you.", tx.now_ms)
    _add(services, tx, storage, request.said, news)


def _add(services: Services, tx: Writer, storage: StorageState, said: Said, news: _News) -> None:
    if said.inbox is not None and _may_tell(services, tx, storage.account, said.inbox):
        message = news.message(services.placement.url(storage.path))
        AccessRequests(tx).add_notice(tx, storage.account, said.inbox, message)


def _may_tell(services: Services, tx: Writer, account: int, inbox: str) -> bool:
    """An inbox is the same whatever its query is."""
    url = urlsplit(inbox)
    host = url.netloc.lower()
    place, bounds = f"{host}{url.path}", [(ANSWERS_OF_OWNER, str(account), f"{host}{url.path}")]
    bounds += [(ANSWERS_TO_INBOX, place, "")]
    if not services.placement.is_ours(inbox):
        bounds += [(ANSWERS_TO_HOST, host, "")]
    return all(count(services, tx, bound, *keys) <= bound.times for bound, *keys in bounds)


def _request_url(services: Services, request: AccessRequest) -> str:
    return endpoint(services.placement.base_url, request.root, REQUESTS) + request.id


# -- passing them on ---------------------------------------------------------------------------------------------------


class Notices:
    """What the worker does about them. `post` sends to inboxes elsewhere, and `hosts` knows theirs."""

    def __init__(self, services: Services, post: Post, hosts: Hosts) -> None:
        self._services = services
        self._post = post
        self._requests = AccessRequests(services.store)
        self._hosts = hosts
        self._threads: FairThreads[None] = FairThreads(THREADS, WAITING_OF_ONE_MAX, "tell")
        self._slow: FairThreads[None] = FairThreads(SLOW_THREADS, WAITING_OF_ONE_MAX, "tell-slow")
        self._sending: dict[int, Future[None]] = {}

    def work(self) -> int:
        """Pass on some of what waits, or have threads do so; gives how many that were."""
        untold = self._requests.untold(AT_ONCE_MAX)
        for request in untold:
            self._tell_owner(request)
        self._sending = {key: sending for key, sending in self._sending.items() if not sending.done()}
        due = self._requests.due_notices(self._now_ms(), AT_ONCE_MAX + len(self._sending))
        begun = [notice for notice in due if notice.id not in self._sending]
        for notice in begun:
            self._begin(notice)
        return len(untold) + len(begun)

    def wait(self, seconds_max: float) -> None:
        """For what threads are sending."""
        wait(self._sending.values(), seconds_max)

    def close(self) -> None:
        for threads in (self._threads, self._slow):
            threads.close(END_SECONDS)

    def _now_ms(self) -> int:
        return int(self._services.clock.now() * 1000)

    # -- owners --------------------------------------------------------------------------------------------------------

    def _tell_owner(self, request: AccessRequest) -> None:
        """In the inbox, or where that cannot be by mail alone. Who is blocked is not told of."""
        who, url = request.said.agent, _request_url(self._services, request)
        news = _News("Create", "AccessRequest", url, who, "Somebody asks for access.", request.created_ms)
        message = news.message(self._services.placement.url(request.root))
        content = stage_bytes(self._services, message, JSON_LD)
        try:
            with discarded_on_failure(self._services, content):
                self._told(request, content)
        except PodError as error:
            log.info("request for access not left in the inbox", why=error.type)
            self._told(request, None)
        except Exception:  # the border: one that cannot be told there must not keep those behind it
            log.exception("request for access not left in the inbox")
            self._told(request, None)

    def _told(self, request: AccessRequest, content: Content | None) -> None:
        with self._services.store.write(SERVER) as tx:
            requests = AccessRequests(tx)
            if not requests.tell(tx, request.id) or request.answer is not Answer.OPEN:
                return
            if not Hearing(self._services, tx, request.account).hears(request.said.agent):
                return
            if content is not None and count(self._services, tx, MESSAGES, str(request.account)) <= MESSAGES.times:
                self._leave(tx, request.root + INBOX, content)
            self._mail(tx, request.account)

    def _mail(self, tx: Writer, account: int) -> None:
        services = self._services
        owner, outbox = services.accounts.by_id(account), Outbox(tx)
        is_heard = owner is not None and owner.email_verified and not owner.leaving
        if owner is None or owner.email is None or not is_heard or not mail_enabled(services.config):
            return
        number, left_ms = services.attempts.count(tx, MAILS.name(str(account)), MAILS.seconds * 1000)
        if number <= MAILS.times:
            outbox.add(tx, MailKind.ACCESS_ASKED, owner.email, account)
        elif not outbox.waits(account, MailKind.ACCESS_ASKED):
            outbox.add(tx, MailKind.ACCESS_ASKED, owner.email, account, due_ms=tx.now_ms + left_ms)

    # -- those who asked -----------------------------------------------------------------------------------------------

    def _begin(self, notice: Notice) -> None:
        """Where an owner has too many on their way already, this one waits until it is read again."""
        if notice.created_ms + AGE_MS_MAX < self._now_ms():
            self._done(notice, "too old")
            return
        path = self._services.placement.local_path(notice.inbox)
        if path is not None:
            self._safely(notice, lambda: self._deliver_here(notice, path))
            return
        host = urlsplit(notice.inbox).netloc.lower()
        threads, owner = (self._slow, host) if self._hosts.is_suspect(host) else (self._threads, notice.account)
        sending = threads.submit(owner, lambda: self._safely(notice, lambda: self._send(notice, host)))
        if sending is not None:
            self._sending[notice.id] = sending

    def _safely(self, notice: Notice, deliver: Callable[[], None]) -> None:
        try:
            deliver()
        except Exception as error:  # the border: one that cannot be sent must not keep those behind it
            log.exception("answer to a request for access not sent")
            self._again(notice, type(error).__name__)

    def _send(self, notice: Notice, host: str) -> None:
        """To an inbox elsewhere. A host that is silent is left alone for a while by all that wait for it."""
        pause = self._hosts.ask(host)
        if pause:
            with self._services.store.write(SERVER) as tx:
                AccessRequests(tx).let_wait(tx, notice.id, tx.now_ms + int(pause * 1000))
            return
        started = self._services.clock.now()
        try:
            posted = self._post(notice.inbox, notice.message, JSON_LD)
        except (ForbiddenAddress, UnsafeURL) as error:
            self._done(notice, str(error))
        except RemoteError as error:
            self._hosts.was_silent(host)
            self._again(notice, str(error))
        else:
            self._hosts.answered(host, self._services.clock.now() - started)
            self._judge(notice, posted)

    def _judge(self, notice: Notice, posted: Posted) -> None:
        if posted.status < 500 and posted.status != 429:
            self._done(notice, None if posted.status < 300 else str(posted.status))
        else:
            self._again(notice, str(posted.status))

    def _deliver_here(self, notice: Notice, path: str) -> None:
        """To the inbox of a pod: that it belongs to whoever asked was seen when they asked."""
        content = stage_bytes(self._services, notice.message, JSON_LD)
        try:
            with discarded_on_failure(self._services, content), self._services.store.write(SERVER) as tx:
                self._leave(tx, path, content)
                AccessRequests(tx).remove_notice(tx, notice.id)
        except PodError as error:
            self._again(notice, error.type)

    def _leave(self, tx: Writer, inbox: str, content: Content) -> None:
        """A message in the inbox of a pod, if that is there and has room."""
        container = tx.describe(Target.parse(inbox), with_body=False)
        storage, config = container.storage, self._services.config
        if container.state is None or storage is None or storage.status != "active" or not container.target.is_inbox:
            return
        there = inboxes.held(tx, storage.id, config.inbox_notifications_max)
        if there.resources >= config.inbox_notifications_max or there.bytes + content.size > config.inbox_bytes_max:
            return
        message = tx.describe(Target.parse(f"{inbox}{uuid4().hex}"), wide=True, with_body=False)
        create_document(tx, message, Kind.RDF, content)

    def _done(self, notice: Notice, error: str | None) -> None:
        if error is not None:
            log.info("answer to a request for access not taken", why=error[:200])
        with self._services.store.write(SERVER) as tx:
            AccessRequests(tx).remove_notice(tx, notice.id)

    def _again(self, notice: Notice, error: str) -> None:
        if notice.attempts + 1 >= ATTEMPTS_MAX:
            self._done(notice, error)
            return
        pause_ms = PAUSE_SECONDS * 4**notice.attempts * 1000
        with self._services.store.write(SERVER) as tx:
            AccessRequests(tx).put_off(tx, notice.id, tx.now_ms + pause_ms)
