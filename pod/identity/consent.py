"""What people are asked before an app may act for them, what is remembered of it, changing that and taking it back.

Spec: OpenID Connect Core s3.1.2.4; RFC 8252 s8.6; RFC 7591 s5
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pod.errors import NotFound
from pod.identity.ceilings import EVERYTHING, Offers, Row, Terms, Until, changed_meanwhile
from pod.identity.projection import decided
from pod.identity.redirect_uris import leads_to, web_url
from pod.identity.requests import PendingRequest
from pod.protocol.ceiling import NOTHING_ALLOWED, Ceiling
from pod.protocol.placement import Placement
from pod.protocol.resource import storage_of
from pod.services import Services
from pod.store.accounts import Accounts
from pod.store.apps import DAY_MS, App, Apps
from pod.store.interface import Writer

ALWAYS_ASKED = frozenset({"consent", "select_account"})
"""Prompts that want a person to answer. The consent page shows who is signed in; there another can be chosen."""


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """What a consent page shows. `host` is proven if `verified`; else nothing is but that the answer goes to
    `redirect_host`, and later ones may go to the `other_hosts`. `pod` is the one here that describes the app.

    `logo` is a data: URI. Of several `web_ids` the person chooses one.
    """

    client_id: str
    name: str
    host: str
    verified: bool
    logo: str | None
    uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    redirect_host: str
    other_hosts: tuple[str, ...]
    pod: str | None
    offline: bool
    web_ids: tuple[str, ...]


def question(
    pending: PendingRequest, web_ids: tuple[str, ...], logo: str | None, placement: Placement
) -> ConsentQuestion:
    client, here = pending.client, leads_to(pending.redirect_uri, placement)
    return ConsentQuestion(
        client_id=client.id,
        name=client.name,
        host=client.host,
        verified=client.verified,
        logo=logo,
        uri=client.uri,
        policy_uri=client.policy_uri,
        tos_uri=client.tos_uri,
        redirect_host=here,
        other_hosts=tuple(each for each in client.hosts if each != here),
        pod=client.pod,
        offline=pending.is_offline,
        web_ids=web_ids,
    )


def remembered(pending: PendingRequest, apps: tuple[App, ...], web_ids: tuple[str, ...], now_ms: int) -> App | None:
    """The earlier answer that covers this request: the one used last. None where somebody must be asked."""
    if pending.prompt & ALWAYS_ASKED or not is_surely_the_app(pending):
        return None
    asked = set(pending.scope.split())
    holds = (app for app in apps if app.web_id in web_ids and app.holds(now_ms))
    return next((app for app in holds if asked <= set(app.scope.split())), None)


def chosen_before(pending: PendingRequest, apps: tuple[App, ...]) -> App | None:
    """What was answered last time to this app, or to one that looked the same: many register again for each sign-in,
    and what was limited then shall not be unlimited now because nobody looked. But looks can be had by anybody: of an
    app that asks for some things, only these are chosen beforehand.
    """
    client = pending.client
    same = [app for app in apps if app.client == client.id or (app.name, app.host) == (client.name, client.host)]
    before = max(same, key=lambda app: (app.client == client.id, app.created_ms), default=None)
    if before is None or before.client == client.id or not pending.details:
        return before
    return replace(before, ceiling=NOTHING_ALLOWED)


def is_surely_the_app(pending: PendingRequest) -> bool:
    """Whether only the app itself can get the answer, so that it may come without a question.

    Another program of the same machine may listen where a native app is sent: at a port that was not registered, or
    under the app's scheme. Spec: RFC 8252 s8.6; RFC 6749 s10.2.
    """
    if pending.client.secret_hash is not None:
        return True
    return web_url(pending.redirect_uri) is not None and pending.redirect_uri in pending.client.redirect_uris


def joined(*scopes: str) -> str:
    """The scope of all together."""
    return " ".join(dict.fromkeys(" ".join(scopes).split()))


def put_terms(tx: Writer, app: App, terms: Terms) -> App:
    """What an app may do from now on, under all that it was given: so nothing of it outlasts what its person sees."""
    ceiling, end_ms = terms.limit, terms.ends(tx.now_ms)
    Apps(tx).limit(tx, app.id, ceiling, end_ms)
    if terms.until is Until.ONCE:
        end_ms = tx.now_ms
        Apps(tx).limit(tx, app.id, ceiling, end_ms)
    return replace(app, ceiling=ceiling, end_ms=end_ms)


# -- the apps that somebody let in -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """An app in the list of its person: what it may do, and until when. `rows` are the places of a limited one."""

    app: App
    ceiling: Ceiling
    rows: tuple[Row, ...]


def list_apps(services: Services, account_id: int) -> tuple[App, ...]:
    """The apps an account allowed to act for it, the one used last first. Those whose time is over are not among them.

    Many apps register again for each sign-in: to a person those are one, shown as it was used last.
    """
    now_ms = services.clock.now() * 1000
    newest: dict[tuple[str, ...], App] = {}
    for app in services.apps.of_account(account_id):
        if app.over_ms is None or app.over_ms > now_ms:
            newest.setdefault(_looks(app), app)
    return tuple(newest.values())


def connected(services: Services, account_id: int) -> tuple[Connected, ...]:
    """The same, with what each may do."""
    offers = Offers(services, account_id)
    return tuple(_connected(offers, app) for app in list_apps(services, account_id))


def find_app(services: Services, account_id: int, app_id: str) -> App:
    """Raises: NotFound."""
    found = next((app for app in services.apps.of_account(account_id) if app.id == app_id), None)
    if found is None:
        raise NotFound("You have no such app.")
    return found


def change_app(services: Services, account_id: int, app_id: str, terms: Terms, *, seen: App | None = None) -> None:
    """What an app may do, with its next request. Whatever looks like it, and need not be it, may do no more than that
    either, and gains nothing. `seen` is how it was when that was chosen.

    Raises: NotFound; UnprocessableContent -- it is not as it was seen
    """
    find_app(services, account_id, app_id)

    def change(tx: Writer) -> None:
        storages = {each.path for each in Accounts(tx).storages(account_id)}
        alike = _alike(tx, account_id, app_id)
        if seen and any(app.id == app_id and (app.ceiling, app.end_ms) != (seen.ceiling, seen.end_ms) for app in alike):
            raise changed_meanwhile()
        for app in alike:
            put_terms(tx, app, terms if app.id == app_id else _narrowed(app, terms, storages, tx.now_ms))

    decided(services, account_id, change, ceiling=terms.ceiling)


def revoke_app(services: Services, account_id: int, app_id: str) -> None:
    """Its tokens stop working with the next request, and it must ask again. So do those of whatever looks like it.

    Raises: NotFound.
    """
    find_app(services, account_id, app_id)

    def change(tx: Writer) -> None:
        for app in _alike(tx, account_id, app_id):
            Apps(tx).forget(tx, account_id, app.id)

    decided(services, account_id, change, ceiling=None)


def _connected(offers: Offers, app: App) -> Connected:
    ceiling = app.ceiling or EVERYTHING
    return Connected(app, ceiling, offers.told(ceiling))


def _alike(tx: Writer, account_id: int, app_id: str) -> list[App]:
    """An app with those that are shown as one with it; nobody if it is gone."""
    known = Apps(tx).of_account(account_id)
    looks = {_looks(app) for app in known if app.id == app_id}
    return [app for app in known if _looks(app) in looks]


def _narrowed(app: App, terms: Terms, storages: Collection[str], now_ms: int) -> Terms:
    """What an app may do now, but no more and no longer than these terms say."""
    ceiling = (app.ceiling or EVERYTHING).within(terms.ceiling, lambda path: storage_of(path) in storages)
    if terms.until is Until.ONCE:
        return Terms(ceiling, Until.ONCE)
    ends = [each for each in (app.end_ms, terms.ends(now_ms)) if each is not None]
    return Terms(ceiling, Until.KEPT, min(ends)) if ends else Terms(ceiling)


def _looks(app: App) -> tuple[str, ...]:
    """What tells apps apart in a list. Registered ones have ids without meaning, others the URL of their document. What
    may do more than another, or for longer, is not shown as one with it.
    """
    document = app.client if "/" in app.client else ""
    until = "" if app.end_ms is None else "once" if app.is_once else str(app.end_ms // DAY_MS)
    return app.name, app.host, app.web_id, document, (app.ceiling or EVERYTHING).to_text(), until
