"""Where operators set the organisation's OpenID provider, with which members then sign in."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pod.console.members import Console
from pod.console.provider import Said, remove_provider, save_provider
from pod.errors import UnprocessableContent
from pod.identity.organisation_provider import OrganisationProvider
from pod.ui.console import CONSOLE
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors, errors_of
from pod.ui.render import render

PROVIDER = f"{CONSOLE}sign-in"


def add_console_provider(pages: Blueprint, door: Door, provider: OrganisationProvider) -> None:
    services = door.services

    def page(said: Said, errors: Errors | None = None, status: int = 200) -> Response:
        return render(
            "console/provider.html",
            status=status,
            said=said,
            is_set=provider.settings() is not None,
            callback=provider.callback,
            done=request.args.get("done", ""),
            errors=errors or {},
        )

    @pages.get(PROVIDER)
    def ask_provider() -> Response:
        Console(services, door.session().account)
        return page(Said.of(provider.settings()))

    @pages.post(PROVIDER)
    def change_provider() -> Response:
        console = Console(services, door.fresh_session(PROVIDER).account)
        form = door.form()
        if "remove" in form:
            remove_provider(console)
            return see_other(f"{PROVIDER}?done=removed")
        names = ("issuer", "client", "label", "domain", "claim", "value")
        typed = {name: form.get(name, "").strip() for name in names}
        said = Said(**typed, may_join="may_join" in form, secret=form.get("secret", "").strip())
        try:
            save_provider(console, provider, said)
        except UnprocessableContent as error:
            return page(said, errors_of(error), error.status)
        return see_other(f"{PROVIDER}?done=yes")
