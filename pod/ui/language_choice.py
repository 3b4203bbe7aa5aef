"""The language that somebody chooses at the foot of a page, kept in a cookie: signed out, too, and without
JavaScript. Mail to whoever is signed in is written in it from then on.

Spec: RFC 6265bis s4.1
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from flask import Blueprint, Response

from pod.errors import NotFound
from pod.store.records import SERVER
from pod.ui.cookies import Cookies
from pod.ui.door import ACCOUNT, Door, see_other
from pod.ui.forms import read_form
from pod.ui.language import LANGUAGES

LANGUAGE = f"{ACCOUNT}language"
BACK_CHARACTERS_MAX = 8_000

_PAGE = re.compile(r"/(?:\.[a-z][!-\[\]-~]*)?")


def add_language(pages: Blueprint, door: Door) -> None:
    placement = door.services.placement
    cookies = Cookies.of(placement.base_url)

    @pages.post(LANGUAGE)
    def choose_language() -> Response:
        """Pages of links send no referrer."""
        form = read_form(door.visitor(), placement.origin, nameless=True)
        language = form.get("language", "")
        if language not in LANGUAGES:
            raise NotFound("There is no such language here.")
        session = door.visitor().session
        if session is not None:
            with door.services.store.write(SERVER) as tx:
                door.services.accounts.set_language(tx, session.account.id, language)
        response = see_other(_page(form.get("back", "")))
        cookies.set_language(response, language)
        return response


def _page(path: str) -> str:
    """Where somebody was, if that is one of our own pages; else the first one."""
    is_ours = len(path) <= BACK_CHARACTERS_MAX and _PAGE.fullmatch(path) and ".." not in unquote(path).split("/")
    return path if is_ours else "/"
