"""Turns templates into answers, with the header fields that keep other sites' and pods' content away from our pages.

All texts are in templates/. Every page is personal (it carries form tokens), so none is stored anywhere.

Spec: CSP Level 3; RFC 9111 s5.2.2.5; RFC 9700 s4.16 (framing)
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Response, g
from jinja2 import Environment, PackageLoader, StrictUndefined

from pod.ui.visitor import Visitor

STATIC_PATH = ".static/"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


def _static() -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in files("pod.ui").joinpath("static").iterdir()}


STATIC = _static()
"""What every page shares, by file name."""
DIGEST = hashlib.sha256(b"".join(STATIC[name] for name in sorted(STATIC))).hexdigest()[:16]
STYLE = STATIC["style.css"].decode()
ICON = "data:image/svg+xml," + quote(STATIC["icon.svg"])


def static_url(name: str) -> str:
    """Of a file that never changes under this name."""
    return f"/{STATIC_PATH}{DIGEST}/{name}"


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("pod.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(static_url=static_url, icon=ICON, home="/")
    made.filters["moment"] = moment
    return made


TEMPLATES = _environment()
NOTHING: dict[str, Any] = {"account": None, "csrf": "", "nonce": "", "script": "", "errors": {}}  # values of templates


def html(template: str, **values: Any) -> str:  # values of any template
    """The text of a page, for whoever sends it without Flask. `nonce`, `csrf` and `script` are empty unless given."""
    return TEMPLATES.get_template(template).render(NOTHING | values)


def render(
    template: str, *, status: int = 200, form_targets: Iterable[str] = (), script: str = "", **values: Any
) -> Response:
    """The page for whoever asks. `form_targets` are URLs that a form of the page may lead on to, beside our own;
    `script` is the one file of ours that runs in it.
    """
    visitor: Visitor | None = g.get("visitor")
    nonce = secrets.token_urlsafe(16)
    known: dict[str, Any] = {"nonce": nonce, "script": script}  # values of any template
    if visitor is not None:
        known |= {"account": visitor.account, "csrf": visitor.form_token()}
    response = Response(html(template, **known | values), status=status, content_type="text/html; charset=utf-8")
    response.headers.extend(safety(nonce, form_targets, runs=bool(script)))
    return response


def safety(nonce: str, form_targets: Iterable[str] = (), *, runs: bool = False) -> dict[str, str]:
    """The fields of every page. Chromium holds redirects after a form against `form-action`, hence the targets. Few
    pages run anything: the one file that carries the nonce.
    """
    targets = " ".join(["'self'", *(source(each) for each in form_targets)])
    scripts = f"script-src 'nonce-{nonce}'; " if runs else ""
    policy = (
        f"default-src 'none'; {scripts}style-src 'nonce-{nonce}'; img-src data:; form-action {targets}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def source(url: str) -> str:
    """A URL that somebody registered, as a source of a policy: its origin, or its scheme where the policy's grammar
    cannot say the origin; never more words than one.

    Spec: CSP Level 3 s2.3.1
    """
    scheme, host = urlsplit(url)[:2]
    if scheme in {"http", "https"} and _HOST.fullmatch(host.lower()):
        return f"{scheme}://{host.lower()}"
    return f"{scheme}:" if _SCHEME.fullmatch(scheme) else "'none'"
