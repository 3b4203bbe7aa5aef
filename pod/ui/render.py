"""Turns templates into answers, with the header fields that keep other sites' and pods' content away from our pages.

All texts are in templates/. Every page is personal (it carries form tokens), so none is stored anywhere.

Spec: CSP Level 3; RFC 9111 s5.2.2.5; RFC 9700 s4.16 (framing)
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Response, current_app, g, request
from jinja2 import Environment, PackageLoader, StrictUndefined

from pod.http.request import raw_path
from pod.ui import written
from pod.ui.branding import LOGOS, PLAIN
from pod.ui.kind_words import kind_words
from pod.ui.language import LANGUAGES, spoken, translated, translated_number
from pod.ui.refusals import refusal
from pod.ui.visitor import Visitor

STATIC_PATH = ".static/"
MANIFEST = ".manifest.webmanifest"
VENDOR = "vendor/"
"""Of these files: libraries of others as they were published, with their licences."""
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


def _static() -> dict[str, bytes]:
    root = files("pod.ui").joinpath("static")
    ours = {each.name: each.read_bytes() for each in root.iterdir() if each.is_file()}
    others = {f"{VENDOR}{each.name}": each.read_bytes() for each in root.joinpath(VENDOR).iterdir()}
    return ours | others


STATIC = _static()
"""What every page shares, by file name."""
DIGEST = hashlib.sha256(b"".join(STATIC[name] for name in sorted(STATIC))).hexdigest()[:16]
STYLE = STATIC["style.css"].decode()
ICON = "data:image/svg+xml," + quote(STATIC["icon.svg"])


def static_url(name: str) -> str:
    """Of a file that never changes under this name."""
    return f"/{STATIC_PATH}{DIGEST}/{name}"


_WRONG = ("errors", "wrong", "link_errors")
"""Values of templates: a text for each field of a form."""
_WRITTEN: tuple[Callable[..., object], ...] = (  # filters of templates
    written.moment,
    written.number,
    written.long_day,
    written.short_day,
    written.time_of_day,
    written.day_and_time,
    written.in_bytes,
    kind_words,
)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("pod.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(translated, translated_number, newstyle=True)  # type: ignore[attr-defined]  # of i18n
    made.globals.update(static_url=static_url, icon=ICON, home="/")
    made.globals.update(spoken=spoken, direction=written.direction, languages=LANGUAGES)
    made.filters.update({each.__name__: each for each in _WRITTEN})
    return made


TEMPLATES = _environment()
MADE_PICTURES = (".thumbnails/", ".people/")
OWN_FILES = ".home/"
_SECTIONS = (
    ("files", "/.home/"),
    ("contacts", "/.contacts/"),
    ("posts", "/.posts/"),
    ("sharing", "/.account/sharing"),
    ("sharing", "/.account/links"),
    ("sharing", "/.account/requests"),
    ("apps", "/.account/apps"),
    ("notices", "/.notices/"),
    ("me", "/.account/"),
    ("me", "/.profile/"),
    ("console", "/.console/"),
)
"""Parts of the navigation, by how their pages' paths begin; the first that fits counts."""
NOTHING: dict[str, Any] = {  # values of templates
    "brand": PLAIN,
    "account": None,
    "csrf": "",
    "nonce": "",
    "scripts": (),
    "unread": 0,
    "section": "",
    "pod": "",
    "errors": {},
    "here": "",
    "base": "",
}


def html(template: str, **values: Any) -> str:  # values of any template
    """The text of a page, for whoever sends it without Flask. `nonce`, `csrf` and `scripts` are empty unless given."""
    return TEMPLATES.get_template(template).render(NOTHING | values)


def render(
    template: str,
    *,
    status: int = 200,
    form_targets: Iterable[str] = (),
    script: str | tuple[str, ...] = "",
    pictures: bool = False,
    uploads: bool = False,
    media: bool = False,
    **values: Any,
) -> Response:
    """The page for whoever asks. `form_targets` are URLs that a form of the page may lead on to, beside our own;
    `script` are files of ours that run in it. See `safety` for what `pictures`, `uploads` and `media` allow.
    """
    visitor: Visitor | None = g.get("visitor")
    nonce = secrets.token_urlsafe(16)
    scripts = (script,) if isinstance(script, str) and script else tuple(script)
    known: dict[str, Any] = {"brand": g.get("brand", PLAIN), "nonce": nonce, "scripts": scripts}  # of any template
    if visitor is not None:
        known |= {"account": visitor.account, "unread": visitor.unread, "csrf": visitor.form_token()}
        known |= {
            "here": _here(),
            "section": section_of(request.path),
            "pod": g.get("pod", ""),
            "base": g.get("base", ""),
        }
    response = Response(
        html(template, **known | values | _refusals(values)), status=status, content_type="text/html; charset=utf-8"
    )
    has_logo = bool(known["brand"].logo and g.get("base"))
    needs = {"pictures": pictures, "uploads": uploads, "media": media, "logo": has_logo}
    response.headers.extend(safety(nonce, form_targets, runs=bool(scripts), base=g.get("base", ""), **needs))
    return response


def section_of(path: str) -> str:
    """The part of the navigation that a page belongs to."""
    if path == "/.home/":
        return "home"
    return next((name for name, prefix in _SECTIONS if path.startswith(prefix)), "")


def _refusals(values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What is wrong with forms, in the language of the page."""
    found = ((name, values[name]) for name in _WRONG if isinstance(values.get(name), Mapping))
    return {name: {field: refusal(text) for field, text in wrong.items()} for name, wrong in found}


def _here() -> str:
    """Where a browser finds this page again, with what was asked for; the first page, if it is the answer to a form and
    nowhere else.
    """
    path, query = raw_path(request.environ), request.query_string.decode("ascii", "replace")
    if request.method in {"GET", "HEAD"}:
        return f"{path}?{query}" if query else path
    adapter = current_app.create_url_adapter(request)
    return path if adapter is not None and adapter.test(request.path, "GET") else "/"


def safety(
    nonce: str,
    form_targets: Iterable[str] = (),
    *,
    runs: bool = False,
    pictures: bool = False,
    uploads: bool = False,
    media: bool = False,
    logo: bool = False,
    base: str = "",
) -> dict[str, str]:
    """The fields of every page. Chromium holds redirects after a form against `form-action`, hence the targets. Few
    pages run anything: files that carry the nonce. `pictures` are those that the server made, of files and of people;
    `media` are the owner's own files as `/.home/` shows them; `logo` is the organisation's; `uploads` are sent by a
    script. Pods lie on the same origin, so each is named by its path under `base`, and never the origin as a whole.
    """
    targets = " ".join(["'self'", *(source(each) for each in form_targets)])
    scripts = f"script-src 'nonce-{nonce}'; " if runs else ""
    shown = (*(MADE_PICTURES if pictures else ()), *((OWN_FILES,) if media else ()), *((LOGOS,) if logo else ()))
    images = " ".join(["data:", *(base + each for each in shown)])
    more = f"media-src {base}{OWN_FILES}; " if media else ""
    more += f"connect-src {base}.uploads/; " if uploads else ""
    more += f"manifest-src {base}{MANIFEST}; " if base else ""
    policy = (
        f"default-src 'none'; {scripts}style-src 'nonce-{nonce}'; img-src {images}; {more}form-action {targets}; "
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
