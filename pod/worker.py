"""The worker process: what may happen later happens here, so that no request waits for it.

Each task is safe to run at any time, beside any number of other processes, and to run again after a crash.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from pod.authentication.keys import KeyRing
from pod.clock import Clock, SteadyClock, SystemClock
from pod.config import Config
from pod.mail.message import mail_enabled
from pod.observability.meters import METERS
from pod.store.access_records import AccessRecords
from pod.store.access_requests import AccessRequests
from pod.store.access_retention import sweep_access
from pod.store.accounts import Accounts
from pod.store.acl_groups import sweep_groups
from pod.store.channels import Channels
from pod.store.clients import sweep_unused_clients
from pod.store.forget import forget
from pod.store.interface import ResourceStore
from pod.store.journal import expire
from pod.store.past_rules import sweep_past_rules
from pod.store.removal import remove_due
from pod.store.sqlite import open_store
from pod.store.sweep import sweep, sweep_garbage
from pod.store.things import has_places
from pod.store.thumbnails import compare_thumbnails, sweep_thumbnails
from pod.store.uploads import sweep_uploads

if TYPE_CHECKING:
    from pod.identity.outgoing_mail import Postman
    from pod.index.acquaintance import Acquaintance
    from pod.index.following import Following
    from pod.mail.message import Speech
    from pod.sharing.notices import Notices

MAIL_EVERY_SECONDS = 2
"""Somebody sits and waits for it."""
CHANNELS_EVERY_SECONDS = 1.0
"""How often it is looked whether there is somebody to notify, as long as there was nobody."""
ACCESS_EVERY_SECONDS = 1.0
"""How often it is looked whether somebody asked for access, or was answered."""
INDEX_EVERY_SECONDS = 1.0
"""How often it is looked whether documents changed of which lists are kept, or profiles are to be read."""
TASK_SECONDS_LONG = 15 * 60
"""What is still at one task after that is said to be late: health tells operators."""

log = structlog.get_logger()


@dataclass(slots=True)
class Task:
    """Something to do every so often. A failure is logged and the task is tried again when it is due next."""

    name: str
    every_seconds: float
    work: Callable[[], object]
    due: float = 0.0

    def run_if_due(self, now: float) -> None:
        if now < self.due <= now + self.every_seconds:  # one further ahead was set by a clock that has been set back
            return
        self.due = now + self.every_seconds
        METERS.back_by(now + TASK_SECONDS_LONG)
        failed = False
        try:
            self.work()
        except Exception:  # the border: one task's failure must not stop the others
            log.exception("task failed", task=self.name)
            failed = True
        METERS.task_ended(self.name, now, failed=failed)


def run(config: Config, stop: Event, clock: Clock | None = None) -> None:
    """Work until `stop` is set."""
    clock = clock or SystemClock()
    store = open_store(config, clock)
    pushing = Thread(target=push, args=(config, store, clock, stop), name="push")
    telling = Thread(target=tell, args=(config, store, clock, stop), name="tell")
    indexing = Thread(target=index, args=(config, store, clock, stop), name="index")
    try:
        tasks = upkeep(config, store, clock)
        pushing.start()
        telling.start()
        indexing.start()
        while not stop.is_set():
            for task in tasks:
                task.run_if_due(clock.now())
            due = min(task.due for task in tasks)
            METERS.back_by(due)
            stop.wait(max(0.0, due - clock.now()))
    finally:
        stop.set()
        for thread in (pushing, telling, indexing):
            if thread.ident is not None:
                thread.join()
        store.close()


def push(config: Config, store: ResourceStore, clock: Clock, stop: Event) -> None:
    """Deliver notifications until `stop` is set, from when there is a channel that is pushed to.

    In a thread of its own: neither do deliveries wait for a task, nor a task for them.
    """
    while not stop.wait(CHANNELS_EVERY_SECONDS):
        try:
            if Channels(store).push_mark()[0]:
                _push(config, store, clock, stop)
        except Exception:  # the border: what failed once may do better next time
            log.exception("push failed")


def _push(config: Config, store: ResourceStore, clock: Clock, stop: Event) -> None:
    """What it needs is large (RDF, access rules), and many servers never do."""
    from pod.notifications.push import THREADS, Push  # noqa: PLC0415
    from pod.services import open_services  # noqa: PLC0415

    services = open_services(replace(config, threads=THREADS), clock, store)  # strangers' servers keep some of them
    try:
        Push.of(services).run(stop)
    finally:
        services.access_log.close()
        services.authenticator.close()


def tell(config: Config, store: ResourceStore, clock: Clock, stop: Event) -> None:
    """Tell owners who asks them for access, and askers what the answer is, until `stop` is set."""
    with ExitStack() as opened:
        notices: Notices | None = None
        while not stop.wait(ACCESS_EVERY_SECONDS):
            try:
                if AccessRequests(store).has_news(int(clock.now() * 1000)):
                    notices = notices or _notices(config, store, clock, opened)
                    notices.work()
            except Exception:  # the border: what failed once may do better next time
                log.exception("telling of access failed")


def _notices(config: Config, store: ResourceStore, clock: Clock, opened: ExitStack) -> Notices:
    """Made when there is something to tell for the first time; many servers never need it."""
    from pod.notifications.hosts import Hosts  # noqa: PLC0415
    from pod.notifications.push import THREADS, inboxes  # noqa: PLC0415
    from pod.services import open_services  # noqa: PLC0415
    from pod.sharing.notices import Notices  # noqa: PLC0415

    services = open_services(replace(config, threads=THREADS), clock, store)
    opened.callback(services.authenticator.close)
    opened.callback(services.access_log.close)
    hosts = Hosts(clock, 0 if config.dev else config.push_per_host_per_minute)
    notices = Notices(services, inboxes(services, services.receivers).post, hosts)
    opened.callback(notices.close)
    return notices


def index(config: Config, store: ResourceStore, clock: Clock, stop: Event) -> None:
    """Read what documents say, and whom they name, until `stop` is set, from when somebody looked at lists of them."""
    with ExitStack() as opened:
        made: tuple[Following, Acquaintance] | None = None
        while not stop.wait(INDEX_EVERY_SECONDS):
            try:
                if made is None and has_places(store):
                    made = _index(config, store, clock, opened)
                for each in made or ():
                    each.work()
            except Exception:  # the border: what failed once may do better next time
                log.exception("index failed")


def _index(config: Config, store: ResourceStore, clock: Clock, opened: ExitStack) -> tuple[Following, Acquaintance]:
    """What it needs is large (RDF, the index), and servers whose pages nobody uses never do."""
    from pod.index.acquaintance import Acquaintance  # noqa: PLC0415
    from pod.index.following import Following  # noqa: PLC0415
    from pod.index.index import Index  # noqa: PLC0415
    from pod.services import open_services  # noqa: PLC0415

    services = open_services(replace(config, threads=4), clock, store)
    opened.callback(services.authenticator.close)
    opened.callback(services.access_log.close)
    following = Following(services, Index(services))
    opened.callback(following.close)
    acquaintance = Acquaintance(services, services.outbound(), _picture)
    opened.callback(acquaintance.close)
    return following, acquaintance


def _picture(content: bytes, side: int) -> bytes:
    """Made in a process apart, which begins with the first picture."""
    from pod.files.previews import Previews  # noqa: PLC0415

    made: bytes = Previews().picture(content, side)
    return made


def upkeep(config: Config, store: ResourceStore, clock: Clock) -> tuple[Task, ...]:
    """Removing what nobody needs or wants any more, sending mail, making signing keys before the old ones wear out."""
    mail = (Task("send mail", MAIL_EVERY_SECONDS, _postman(config, store, clock).work),) if mail_enabled(config) else ()
    keys = KeyRing.open(config, store, Accounts(store), clock)
    steady = SteadyClock(clock)
    return (
        *mail,
        Task("remove accounts", 60, lambda: remove_accounts(config, store, steady)),
        Task("forget sign-ins", 600, lambda: forget(config, store)),
        Task("sweep replaced bodies", 60, lambda: sweep_garbage(store, clock)),
        Task("sweep orphans", 6 * 3600, lambda: sweep(store, steady, config.orphan_blob_seconds)),
        Task("sweep small pictures", 60, lambda: sweep_thumbnails(store)),
        Task("look for small pictures of nothing", 6 * 3600, lambda: compare_thumbnails(store)),
        Task("sweep uploads", 600, lambda: sweep_uploads(store, clock, config)),
        Task("expire journal", 3600, lambda: expire(store, steady, days=config.journal_days)),
        Task("end channels", 60, lambda: Channels(store).expire(int(clock.now() * 1000))),
        Task("forget past rules", 60, lambda: sweep_past_rules(store, steady, days=config.missed_changes_days)),
        Task("forget groups of old rules", 3600, lambda: sweep_groups(store)),
        Task("renew signing keys", 3600, keys.renew),
        Task("forget apps that nobody used", 3600, lambda: sweep_unused_clients(store)),
        Task("forget who used what", 6 * 3600, lambda: forget_access(config, store, steady)),
    )


def _postman(config: Config, store: ResourceStore, clock: Clock) -> Postman:
    """What it needs is large, and many servers send no mail."""
    from pod.identity.outgoing_mail import Postman  # noqa: PLC0415

    return Postman(config, store, clock, speech=_speech)


def _speech(language: str) -> Speech:
    """Catalogues are large, and mail in English needs none."""
    from pod.mail.message import ENGLISH  # noqa: PLC0415

    if not language:
        return ENGLISH
    from pod.ui.letters import speech  # noqa: PLC0415

    return speech(language)


def remove_accounts(config: Config, store: ResourceStore, clock: Clock) -> int:
    with closing(AccessRecords.of(config)) as records:
        removed = remove_due(store, clock, records)
    if removed:
        compare_thumbnails(store)
    return removed


def forget_access(config: Config, store: ResourceStore, clock: Clock) -> int:
    with closing(AccessRecords.of(config)) as records:
        return sweep_access(store, records, clock, config.activity_days)
