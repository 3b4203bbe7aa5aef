"""What people are asked before an app may act for them, what is remembered of the answer, and taking it back.

Spec: OpenID Connect Core s3.1.2.4; RFC 8252 s8.6; RFC 7591 s5
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.errors import NotFound
from pod.identity.redirect_uris import redirect_host, web_url
from pod.identity.requests import PendingRequest
from pod.services import Services
from pod.store.apps import App, Apps
from pod.store.records import SERVER

ALWAYS_ASKED = frozenset({"consent", "select_account"})
"""Prompts that want a person to answer. The consent page shows who is signed in; there another can be chosen."""


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """What a consent page shows. `host` is proven if `verified`, and else only where the app wants to be redirected.

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
    offline: bool
    web_ids: tuple[str, ...]


def question(pending: PendingRequest, web_ids: tuple[str, ...], logo: str | None) -> ConsentQuestion:
    client = pending.client
    return ConsentQuestion(
        client_id=client.id,
        name=client.name,
        host=client.host,
        verified=client.verified,
        logo=logo,
        uri=client.uri,
        policy_uri=client.policy_uri,
        tos_uri=client.tos_uri,
        redirect_host=redirect_host(pending.redirect_uri),
        offline=pending.is_offline,
        web_ids=web_ids,
    )


def remembered(pending: PendingRequest, apps: tuple[App, ...], web_ids: tuple[str, ...]) -> App | None:
    """The earlier answer that covers this request: the one used last. None where somebody must be asked."""
    if pending.prompt & ALWAYS_ASKED or not is_surely_the_app(pending):
        return None
    asked = set(pending.scope.split())
    return next((app for app in apps if app.web_id in web_ids and asked <= set(app.scope.split())), None)


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


def list_apps(services: Services, account_id: int) -> tuple[App, ...]:
    """The apps an account allowed to act for it, the one used last first.

    Many apps register again for each sign-in: to a person those are one, shown as it was used last.
    """
    newest: dict[tuple[str, ...], App] = {}
    for app in services.apps.of_account(account_id):
        newest.setdefault(_looks(app), app)
    return tuple(newest.values())


def revoke_app(services: Services, account_id: int, app_id: str) -> None:
    """Its tokens stop working with the next request, and it must ask again. So do those of whatever looks like it.

    Raises: NotFound.
    """
    with services.store.write(SERVER) as tx:
        apps = Apps(tx)
        known = apps.of_account(account_id)
        looks = {_looks(app) for app in known if app.id == app_id}
        if not looks:
            raise NotFound("You have no such app.")
        for app in known:
            if _looks(app) in looks:
                apps.forget(tx, account_id, app.id)


def _looks(app: App) -> tuple[str, ...]:
    """What tells apps apart in a list. Registered ones have ids without meaning, others the URL of their document."""
    return app.name, app.host, app.web_id, app.client if "/" in app.client else ""
