"""Removes what signing in leaves behind once it is over: sessions, links, counts, codes and tokens.

Nothing here takes part in a decision, for whatever reads these looks at their times: this keeps the tables small.
"""

from __future__ import annotations

from collections.abc import Callable

from pod.config import Config
from pod.store.access_requests import AccessRequests
from pod.store.account_events import AccountEvents
from pod.store.apps import SWEPT_AT_ONCE_MAX, Apps
from pod.store.attempts import Attempts
from pod.store.factors import Factors
from pod.store.interface import ResourceStore, Writer
from pod.store.links import Links
from pod.store.notices import Notices
from pod.store.records import SERVER
from pod.store.sessions import Sessions
from pod.store.share_links import ShareLinks

ATTEMPTS_KEPT_MS = 4 * 3600 * 1000
"""As long as the longest window, and no longer: whoever has many addresses fills this table."""
_DAY_MS = 24 * 3600 * 1000
EVENTS_KEPT_MS = 365 * _DAY_MS
BROWSERS_KEPT_MS = 400 * _DAY_MS
"""As long as browsers keep a cookie."""

SHARED_KEPT_MS = 30 * _DAY_MS
"""For so long, whoever has a link that ended is told so."""
ASKED_KEPT_MS = 90 * _DAY_MS
"""For so long, a request for access waits for an answer."""
ANSWERED_KEPT_MS = 365 * _DAY_MS

Sweep = Callable[[Writer], int]


def forget(config: Config, store: ResourceStore) -> int:
    """Gives how many rows went, so many in a transaction."""
    links, attempts, apps, events = Links(store), Attempts(), Apps(store), AccountEvents(store)
    shared = ShareLinks(store)
    sweeps: tuple[Sweep, ...] = (
        lambda tx: _sweep_sessions(config, store, tx),
        links.sweep,
        lambda tx: attempts.sweep(tx, tx.now_ms - ATTEMPTS_KEPT_MS),
        lambda tx: apps.forget_unused(tx, tx.now_ms - config.app_days * _DAY_MS),
        lambda tx: apps.sweep(tx, tx.now_ms),
        lambda tx: shared.sweep(tx, tx.now_ms - SHARED_KEPT_MS),
        lambda tx: AccessRequests(tx).sweep(
            tx, asked_before_ms=tx.now_ms - ASKED_KEPT_MS, ended_before_ms=tx.now_ms - ANSWERED_KEPT_MS
        ),
        Factors(store).sweep,
        lambda tx: events.sweep_events(tx, tx.now_ms - EVENTS_KEPT_MS),
        lambda tx: Notices(tx).sweep(tx, tx.now_ms - EVENTS_KEPT_MS),
        lambda tx: events.sweep_browsers(tx, tx.now_ms - BROWSERS_KEPT_MS),
    )
    return sum(_until_done(store, sweep) for sweep in sweeps)


def _until_done(store: ResourceStore, sweep: Sweep) -> int:
    removed = 0
    while True:
        with store.write(SERVER) as tx:
            swept = sweep(tx)
        removed += swept
        if swept < SWEPT_AT_ONCE_MAX:
            return removed


def _sweep_sessions(config: Config, store: ResourceStore, tx: Writer) -> int:
    """As if signed out: what apps may keep while nobody is there, they keep."""
    gone = Sessions(store).sweep(
        tx,
        created_before_ms=tx.now_ms - config.session_days * _DAY_MS,
        seen_before_ms=tx.now_ms - config.session_idle_days * _DAY_MS,
    )
    for session in gone:
        Apps(tx).revoke_grants_of_session(tx, session, offline_too=False)
    return len(gone)
