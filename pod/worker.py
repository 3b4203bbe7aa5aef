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
from pod.identity.outgoing_mail import Postman
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

if TYPE_CHECKING:
    from pod.sharing.notices import Notices

MAIL_EVERY_SECONDS = 2
"""Somebody sits and waits for it."""
CHANNELS_EVERY_SECONDS = 1.0
"""How often it is looked whether there is somebody to notify, as long as there was nobody."""
ACCESS_EVERY_SECONDS = 1.0
"""How often it is looked whether somebody asked for access, or was answered."""
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
    try:
        tasks = upkeep(config, store, clock)
        pushing.start()
        telling.start()
        while not stop.is_set():
            for task in tasks:
                task.run_if_due(clock.now())
            due = min(task.due for task in tasks)
            METERS.back_by(due)
            stop.wait(max(0.0, due - clock.now()))
    finally:
        stop.set()
        for thread in (pushing, telling):
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


def upkeep(config: Config, store: ResourceStore, clock: Clock) -> tuple[Task, ...]:
    """Removing what nobody needs or wants any more, sending mail, making signing keys before the old ones wear out."""
    postman = Postman(config, store, clock)
    mail = (Task("send mail", MAIL_EVERY_SECONDS, postman.work),) if mail_enabled(config) else ()
    keys = KeyRing.open(config, store, Accounts(store), clock)
    steady = SteadyClock(clock)
    return (
        *mail,
        Task("remove accounts", 60, lambda: remove_accounts(config, store, steady)),
        Task("forget sign-ins", 600, lambda: forget(config, store)),
        Task("sweep replaced bodies", 60, lambda: sweep_garbage(store, clock)),
        Task("sweep orphans", 6 * 3600, lambda: sweep(store, steady, config.orphan_blob_seconds)),
        Task("expire journal", 3600, lambda: expire(store, steady, days=config.journal_days)),
        Task("end channels", 60, lambda: Channels(store).expire(int(clock.now() * 1000))),
        Task("forget past rules", 60, lambda: sweep_past_rules(store, steady, days=config.missed_changes_days)),
        Task("forget groups of old rules", 3600, lambda: sweep_groups(store)),
        Task("renew signing keys", 3600, keys.renew),
        Task("forget apps that nobody used", 3600, lambda: sweep_unused_clients(store)),
        Task("forget who used what", 6 * 3600, lambda: forget_access(config, store, steady)),
    )


def remove_accounts(config: Config, store: ResourceStore, clock: Clock) -> int:
    with closing(AccessRecords.of(config)) as records:
        return remove_due(store, clock, records)


def forget_access(config: Config, store: ResourceStore, clock: Clock) -> int:
    with closing(AccessRecords.of(config)) as records:
        return sweep_access(store, records, clock, config.activity_days)
