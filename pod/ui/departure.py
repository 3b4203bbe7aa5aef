"""Taking everything along, and leaving.

Leaving takes the password, and days to change one's mind.
"""

from __future__ import annotations

from itertools import chain

from flask import Blueprint, Response

from pod.audit.export import activity_files, note_taken_along
from pod.console.exports import export_with_receipt
from pod.errors import WrongPassword
from pod.http.limits import Places
from pod.identity.departure import keep_account, schedule_deletion
from pod.identity.export import Enclosures
from pod.services import Services
from pod.sharing.access_export import access_files
from pod.store.accounts import Account
from pod.store.receipts import Receipts
from pod.ui.door import ACCOUNT, Door, see_other
from pod.ui.forms import Errors
from pod.ui.render import render

DELETE = "/.account/delete"
EXPORT = "/.account/export"
RECEIPTS_SHOWN = 20


def add_export(pages: Blueprint, door: Door) -> None:
    """An export keeps files open and compresses for as long as its download takes, so there are only so many."""
    services = door.services
    places = Places(services.config.threads // 4, "Many people are downloading all they have; try again soon.")

    @pages.get(EXPORT)
    def export() -> Response:
        account, receipts = door.session().account, Receipts(services.store)
        return render(
            "export.html",
            bytes=sum(each.bytes for each in services.accounts.storages(account.id)),
            offered=receipts.offered_by(account.id),
            receipts=receipts.of_member(account.id, RECEIPTS_SHOWN),
        )

    @pages.post(EXPORT)
    def download() -> Response:
        account = door.session().account
        door.form()
        pieces = places.during(export_with_receipt(services, account, _beside(services, account)))
        note_taken_along(services, account)
        response = Response(pieces, content_type="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="{account.name}-freehold.zip"'
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _beside(services: Services, account: Account) -> Enclosures:
    """What an export has that is no resource."""
    return chain(activity_files(services, account), access_files(services, account))


def add_delete(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(errors: Errors | None = None, status: int = 200) -> Response:
        storages = services.accounts.storages(door.session().account.id)
        urls = [services.placement.url(each.path) for each in storages]
        days = services.config.deletion_grace_days
        return render("delete.html", status=status, pods=urls, days=days, errors=errors or {})

    @pages.get(DELETE)
    def ask_delete() -> Response:
        door.confirmable()
        return page()

    @pages.post(DELETE)
    def delete() -> Response:
        session, password = door.session(), door.form().get("password", "")
        try:
            schedule_deletion(services, session.account, password, authenticated_ms=session.authenticated_ms)
        except WrongPassword as error:
            return page({"password": error.detail}, error.status)
        return door.forget(see_other(f"{DELETE}/done"))

    @pages.get(f"{DELETE}/done")
    def deleted() -> Response:
        return render("done.html", what="deletion", days=services.config.deletion_grace_days)

    @pages.post(f"{DELETE}/undo")
    def keep() -> Response:
        account = door.session().account
        door.form()
        keep_account(services, account)
        return see_other(f"{ACCOUNT}?done=kept")
