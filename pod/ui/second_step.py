"""The page after the password, for accounts whose owner wants more than that to let somebody in."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from pod.errors import TooManyRequests, WrongPassword
from pod.identity.passkeys import relying_party, second_step_options
from pod.identity.second_step import finish_with_code, finish_with_passkey
from pod.store.factors import Factors
from pod.ui.door import SECOND_STEP, Door
from pod.ui.forms import Errors
from pod.ui.pending import Waiting
from pod.ui.render import render
from pod.ui.sign_in import PASSKEY_SCRIPT


def add_second_step(pages: Blueprint, door: Door, waiting: Waiting) -> None:
    services = door.services

    def page(sealed: str, errors: Errors | None = None, status: int = 200) -> Response:
        step = door.step(sealed)
        state = Factors(services.store).state(step.account.id)
        with_passkeys = bool(state.passkeys) and relying_party(services) is not None
        options = second_step_options(services, step.account, door.visitor().secret) if with_passkeys else None
        return render(
            "second_step.html",
            status=status,
            form_targets=waiting.targets_at(step.location),
            script=PASSKEY_SCRIPT if options else "",
            options=json.dumps(options) if options else "",
            step=sealed,
            state=state,
            errors=errors or {},
        )

    @pages.get(SECOND_STEP)
    def ask_second_step() -> Response:
        return page(request.args.get("step", ""))

    @pages.post(SECOND_STEP)
    def take_second_step() -> Response:
        form, address = door.form(), door.address()
        step = door.step(form.get("step", ""))
        try:
            if "answer" in form:
                secret = door.visitor().secret
                account, passkey = finish_with_passkey(services, step, form["answer"], secret, address)
                return door.welcome(account, step.location, passkey=passkey)
            return door.welcome(finish_with_code(services, step, form.get("code", ""), address), step.location)
        except WrongPassword as error:
            return page(form.get("step", ""), {"code": error.detail}, error.status)
        except TooManyRequests as error:  # another way may be open still
            response = page(form.get("step", ""), {"code": error.detail}, error.status)
            response.headers.extend(error.headers)
            return response
