"""SolidOS at the URLs of pods: the page of a build of mashlib, made to ask nobody but this server, with a policy for
exactly this page; and the files it asks for.

The page acts with its user's token on the origin of one pod, so nothing runs in it but the scripts of the build, each
known by its URL or digest, and our own. What pods hold never runs on that origin (pod/http/headers.py).

Spec: CSP Level 3 s2.3.1, s6.7.2; SRI s3.5; RFC 8246; RFC 9110 s12.5.3
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, request

from pod.config import Config, ConfigError
from pod.errors import NotFound, PodError
from pod.http.solid import DATA_BROWSER_PATH
from pod.operations.pages import Listing
from pod.operator.data_browser import SCRIPT, STYLE, Build, BuildFile, packed
from pod.protocol.placement import Placement
from pod.protocol.resource import Target
from pod.rdf.graph import Dataset, Graph
from pod.store.records import ResourceState
from pod.ui.data_browser_icons import icon
from pod.ui.render import ICON

BOOT = files("pod.ui").joinpath("data_browser.js").read_text(encoding="utf-8")
LOGO = ICON.replace(quote("path{fill:#1b684b}"), quote("path{fill:#fff}"))
"""Ours, on a dark ground."""
ICONS = "icons/"
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
MADE_OTHERWISE = "data_browser: this build of mashlib is not made like those that were tried"

_SCRIPTS = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_LINKS = re.compile(r"<link\b([^>]*)>", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:src|href)\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_PUBLIC_PATH = re.compile(rb'\b([A-Za-z_$]\.p=)"/"')
"""Where the script of a build looks for its other files: webpack's `output.publicPath`."""


# -- the page ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DataBrowser:
    """Shows any resource: the page is the same for all, and fetches what it shows. A `PageRenderer`.

    `digest` stands in the URLs of the files, and is another one whenever a file is.
    """

    build: Build
    digest: str
    shell: bytes
    policy: str
    files_policy: str
    code: str

    @classmethod
    def of(cls, build: Build, placement: Placement, sockets: str, *, anywhere: bool) -> DataBrowser:
        """`sockets` is where changes are told; `anywhere`: the page may ask other servers too.

        Raises: ConfigError -- the build is not made like those that were tried.
        """
        digest = digest_of(build)
        where = f"{DATA_BROWSER_PATH}{digest}/"
        placed = settled(build, where)
        page = Page(where, placed, placement.base_url)
        shell = page.made().encode()
        reach = Reach(placement, sockets, anywhere=anywhere)
        policy = f"{CLOSED}; {runs(placed, placement, where)} {page.hashes()}; {reach.sources()}"
        code = "app" + hashlib.sha256(shell + policy.encode()).hexdigest()[:8]
        files_policy = f"default-src 'none'; {reach.asked()}"
        return cls(placed, digest, shell, policy, files_policy, code)

    @property
    def language(self) -> None:
        """The program speaks as it likes."""
        return

    def read_in(self, _languages: str | None) -> DataBrowser:
        return self

    def container(self, _target: Target, _listing: Listing, _description: Graph | None) -> bytes:
        return self.shell

    def document(self, _target: Target, _state: ResourceState, _content: bytes, _dataset: Dataset) -> bytes:
        return self.shell

    def policy_of(self, _target: Target) -> str:
        return self.policy

    def failure(self, _error: PodError, _target: Target | None, _instance: str) -> bytes:
        """Who is not signed in may do so there."""
        return self.shell

    def file(self, name: str) -> BuildFile:
        """Raises: NotFound"""
        found = icon(name.removeprefix(ICONS)) if name.startswith(ICONS) else self.build.files.get(name)
        if found is None:
            raise NotFound("There is no such file.")
        return found


def open_data_browser(config: Config, placement: Placement) -> DataBrowser | None:
    """None where it is off. Raises: ConfigError -- there is no build, or none that can be shown."""
    if config.data_browser == "off":
        return None
    build = Build.read(config.data_browser_directory)
    return DataBrowser.of(build, placement, config.stream_url, anywhere=config.data_browser_reach == "anywhere")


def digest_of(build: Build) -> str:
    found = hashlib.sha256(BOOT.encode())
    for name in sorted(build.files):
        found.update(hashlib.sha256(name.encode() + b"\0" + build.files[name].content).digest())
    return found.hexdigest()[:16]


def settled(build: Build, where: str) -> Build:
    """The build, told where its files are, and without what its script never asks for. Nothing else is changed.

    Raises: ConfigError
    """
    script, found = _PUBLIC_PATH.subn(rb'\g<1>"' + where.encode() + b'"', build.files[SCRIPT].plain())
    if found != 1:
        raise ConfigError(f"{MADE_OTHERWISE}: it does not say where its files are")
    asked = [name for name in build.files if name == STYLE or is_part(name) or name.encode() in script]
    needed = {name: build.files[name] for name in asked}
    needed[SCRIPT] = BuildFile(build.files[SCRIPT].media_type, packed(script))
    return Build(build.page, needed, build.version)


def is_part(name: str) -> bool:
    """Whether it is a part of the script that is fetched once it is needed."""
    return name.endswith(f".{SCRIPT}")


def runs(build: Build, placement: Placement, where: str) -> str:
    """The style sheet, and what runs: the script, its parts, its workers, each by its whole URL on the host of any pod.

    SolidOS sets styles by attributes, so those cannot be known before. Hashes of inline scripts may follow this.
    """
    there = f"{placement.scheme}://*.{placement.authority}{where}"
    scripts = [name for name in sorted(build.files) if name.endswith(".js")]
    workers = " ".join(there + name for name in scripts if not is_part(name) and name != SCRIPT) or "'none'"
    parts = " ".join(there + name for name in scripts if is_part(name) or name == SCRIPT)
    return f"style-src {there}{STYLE} 'unsafe-inline'; font-src data:; worker-src {workers}; script-src {parts}"


class Page:
    """The page of a build with its files where we serve them, and the digests of the scripts in it."""

    def __init__(self, where: str, build: Build, issuer: str) -> None:
        self._where, self._build, self._issuer = where, build, issuer
        self._inline = [BOOT]

    def made(self) -> str:
        """Raises: ConfigError"""
        text = _LINKS.sub(self._link, _SCRIPTS.sub(self._script, self._build.page))
        head, found, rest = text.partition("<script")
        body = _BODY.search(rest)
        if not found or body is None or self._where + SCRIPT not in rest or self._where + STYLE not in text:
            raise ConfigError(f"{MADE_OTHERWISE}: something is missing in its page")
        before, after = rest[: body.end()], rest[body.end() :]
        return f"{head}{self._boot()}<script{before}{self._without_script()}{after}"

    def hashes(self) -> str:
        """Of all that was found in `made`."""
        return " ".join(f"'{_hash('sha256', each.encode())}'" for each in self._inline)

    def _script(self, match: re.Match[str]) -> str:
        address = _ADDRESS.search(match[1])
        if address is None:
            self._inline.append(match[2])
            return match[0]
        if not _is_one_of(address[1], "mashlib.js", SCRIPT):
            raise ConfigError(f"{MADE_OTHERWISE}: its page wants the script {address[1]}")
        return f'<script defer src="{self._where}{SCRIPT}" integrity="{self._digest(SCRIPT)}"></script>'

    def _link(self, match: re.Match[str]) -> str:
        address = _ADDRESS.search(match[1])
        if address is None or not _is_one_of(address[1], STYLE):
            return ""
        return f'<link rel="stylesheet" href="{self._where}{STYLE}" integrity="{self._digest(STYLE)}">'

    def _digest(self, name: str) -> str:
        return _hash("sha384", self._build.files[name].plain())

    def _boot(self) -> str:
        told = {"issuer": self._issuer, "icons": self._where + ICONS, "logo": LOGO}
        data = " ".join(f'data-{name}="{escape(value)}"' for name, value in told.items())
        return f'<link rel="icon" href="{ICON}"><script {data}>{BOOT}</script>'

    def _without_script(self) -> str:
        return (
            '<noscript><p>This page needs JavaScript. <a href="'
            f'{escape(self._issuer)}.home/">See your pod without it</a>.</p></noscript>'
        )


class Reach:
    """Whom the page may ask: the server it is on, with all its pods, or others too."""

    def __init__(self, placement: Placement, sockets: str, *, anywhere: bool) -> None:
        host = placement.authority
        self._servers = f"'self' {placement.scheme}://{host} {placement.scheme}://*.{host}" + " https:" * anywhere
        scheme, host = urlsplit(sockets)[:2]
        self._sockets = f"{scheme.replace('http', 'ws')}://{host}" + " wss:" * anywhere

    def asked(self) -> str:
        return f"connect-src {self._servers} {self._sockets}"

    def sources(self) -> str:
        media = f"{self._servers} blob:"
        return f"{self.asked()}; img-src {media} data:; media-src {media}"


def _is_one_of(address: str, *names: str) -> bool:
    """Whether it names one of these files of the build, wherever the build would have it."""
    return address.rpartition("/")[2] in names and "//" not in address


def _hash(algorithm: str, content: bytes) -> str:
    return f"{algorithm}-{b64encode(hashlib.new(algorithm, content).digest()).decode()}"


# -- its files ---------------------------------------------------------------------------------------------------------


def data_browser_files(browser: DataBrowser) -> Blueprint:
    """Routes on the hosts of all pods, which look at no cookie: workers must be on the origin of their page."""
    routes = Blueprint("data_browser", __name__)

    @routes.get(f"{DATA_BROWSER_PATH}<digest>/<path:name>")
    def data_browser_file(digest: str, name: str) -> Response:
        """Spec: RFC 8246 -- never asked for again"""
        if digest != browser.digest:
            raise NotFound("There is no such file.")
        response = sent(browser.file(name), takes_gzip=bool(request.accept_encodings["gzip"]))
        response.headers["Content-Security-Policy"] = browser.files_policy
        return response

    return routes


def sent(file: BuildFile, *, takes_gzip: bool) -> Response:
    """Spec: RFC 9110 s8.4 -- as it is kept, or plain for who does not take that"""
    response = Response(file.content if takes_gzip else file.plain(), content_type=file.media_type)
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
