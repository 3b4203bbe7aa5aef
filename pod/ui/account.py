"""What an account has, on one page, and the ways to change it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pod.identity.clients import list_clients
from pod.identity.consent import list_apps
from pod.identity.sessions import list_sessions
from pod.mail.message import mail_enabled
from pod.notifications.overview import count_channels
from pod.sharing.hearing import Hearing
from pod.sharing.links import list_links
from pod.store.factors import Factors
from pod.store.outside import provider_settings
from pod.ui.door import ACCOUNT, Door
from pod.ui.render import render


def add_overview(pages: Blueprint, door: Door) -> None:
    services = door.services

    @pages.get(ACCOUNT)
    def overview() -> Response:
        account = door.session().account
        return render(
            "account.html",
            factors=Factors(services.store).state(account.id),
            web_ids=services.accounts.web_ids(account.id),
            pods=len(services.accounts.storages(account.id)),
            apps=len(list_apps(services, account.id)),
            channels=count_channels(services, account.id),
            credentials=sum(not each.revoked_ms for each in list_clients(services, account.name)),
            sessions=len(list_sessions(services, account.id)),
            links=len(list_links(services, account)),
            requests=len(Hearing(services, services.store, account.id).waiting()),
            organisation=provider_settings(services.store),
            mail=mail_enabled(services.config),
            issuer=services.placement.base_url,
            delete_due_ms=account.delete_due_ms,
            done=request.args.get("done", ""),
        )
