"""The Solid Protocol as a small WSGI application around Flask's.

What names a resource of a storage is answered here, all else goes on to Flask. A plain callable costs a hundredth of a
Flask view, and pods are read far more often than pages.

Spec: Solid Protocol sections 2 to 9
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from threading import get_ident
from time import perf_counter
from typing import Any

import structlog

from pod.authentication.authenticate import METADATA_PATH
from pod.errors import (
    MalformedTarget,
    MethodNotAllowed,
    Misdirected,
    NotAuthenticated,
    NotImplementedHere,
    PodError,
)
from pod.http import cors, metrics
from pod.http.description import describe_storage
from pod.http.headers import DESCRIPTION_PATH, Headers, also_vary, transport_security
from pod.http.health import HealthCheck, document
from pod.http.insiders import Insiders
from pod.http.limits import Places
from pod.http.proxies import effective_address, effective_host, is_forwarded_http, is_trusted
from pod.http.request import check_headers, is_navigation, parse_operation, parse_target, raw_path, wants_page
from pod.http.response import Answer, answer, failure
from pod.http.upload import Reader
from pod.observability.meters import KINDS, METERS
from pod.observability.requests import GIVEN, under_way
from pod.operations.delete import delete
from pod.operations.get import get, options
from pod.operations.pages import PageRenderer
from pod.operations.patch import patch
from pod.operations.post import post
from pod.operations.put import put
from pod.operations.watched import Verb, watched
from pod.protocol.agent import Credentials
from pod.protocol.resource import Target
from pod.services import Services

Environ = dict[str, Any]  # WSGI's own type
StartResponse = Callable[..., Any]
WSGIApplication = Callable[[Environ, StartResponse], Iterable[bytes]]
Served = tuple[int, Iterable[bytes]]
"""The status of an answer that has begun, and its content."""

VERBS: dict[str, Verb] = {
    "GET": get,
    "HEAD": get,
    "OPTIONS": options,
    "PUT": put,
    "POST": post,
    "PATCH": patch,
    "DELETE": delete,
}
REFUSED_METHODS = frozenset({"TRACE", "CONNECT", "MOVE", "COPY", "QUERY", "PROPFIND", "MKCOL", "LOCK", "UNLOCK"})
HEALTH_PATH = "/.health"
METRICS_PATH = "/.metrics"
DATA_BROWSER_PATH = "/.data-browser/"
OPERATORS_PATHS = frozenset({HEALTH_PATH, METRICS_PATH})
READING = ("GET", "HEAD")
UNKEPT: Headers = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
POD, SIGN_IN, PAGE, OPERATOR, OTHER = range(len(KINDS))
"""What a request is for, as it is counted."""
SIGN_IN_PATHS = ("/.oidc/", "/.well-known/")

log = structlog.get_logger()


class SolidApplication:
    """Answers requests for resources of storages; hands everything else to `fallback`.

    Pages are made by `renderer`; what somebody navigates to is shown by the `data_browser`, where there is one.
    """

    def __init__(
        self,
        services: Services,
        fallback: WSGIApplication,
        renderer: PageRenderer,
        data_browser: PageRenderer | None = None,
    ) -> None:
        self._services = services
        self._renderer = renderer
        self._data_browser = data_browser
        self._fallback = fallback
        self._secure = transport_security(services.placement)
        self._health = HealthCheck(services)
        self._insiders = Insiders(services.config, services.clock)
        self._strangers = Places(
            services.config.threads // 4, "Too many people who are not signed in are sending at once; try again soon."
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Counted and named; everything else is below."""
        started = perf_counter()
        thread = get_ident()
        under_way[thread] = environ
        if METERS.asleep:
            METERS.wake()
        kind, status = OTHER, 500
        try:
            kind, reply = self._reply(environ, start_response)
            if isinstance(reply, Answer):
                status = reply.status
                return self._send(environ, start_response, reply)
            status, pages = reply
            return pages
        finally:
            under_way.pop(thread, None)
            METERS.answered((kind, environ["REQUEST_METHOD"], status, started, perf_counter()))

    def _reply(self, environ: Environ, start_response: StartResponse) -> tuple[int, Answer | Served]:
        trusted = self._services.config.trusted_proxies
        host = effective_host(environ, trusted)
        path = raw_path(environ)
        if "HTTP_X_REQUEST_ID" in environ:
            environ[GIVEN] = is_trusted(environ["REMOTE_ADDR"], trusted)
        if path in OPERATORS_PATHS and (about := self._about_itself(environ, path)) is not None:
            return OPERATOR, about
        if not self._services.placement.accepts(host):
            return OTHER, self._misdirected(environ, host)
        if not path.startswith(("/", "*")) or not environ["QUERY_STRING"].isascii():
            error = MalformedTarget("A request names a path, or a whole URL of this server, in ASCII.")
            return OTHER, self._failure(environ, error, None)
        if self._is_insecure(environ):
            return OTHER, redirect(f"https://{host}{environ['REQUEST_URI']}", environ)
        store_path = self._services.placement.path(host, path)
        if store_path is None or is_resource_metadata(path) or self._is_of_data_browser(path):
            kind = SIGN_IN if path.startswith(SIGN_IN_PATHS) else PAGE
            return kind, self._fallen_back(environ, start_response)
        reply = self._answer(environ, host, path, store_path)
        reply.headers.extend(self._secure)
        if self._data_browser is not None and wants_page(environ.get("HTTP_ACCEPT")):
            also_vary(reply.headers, "Sec-Fetch-Dest")
        return POD, reply

    def _fallen_back(self, environ: Environ, start_response: StartResponse) -> Served:
        """What Flask answers, and its status."""
        seen = [500]

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:  # PEP 3333
            seen[0] = int(status[:3])
            return start_response(status, [*headers, *self._secure], *failure)

        pages = self._fallback(environ, start)
        return seen[0], pages

    def _is_of_data_browser(self, path: str) -> bool:
        """Its files are on the host of each pod, under a name that no resource can have."""
        return self._data_browser is not None and path.startswith(DATA_BROWSER_PATH)

    def _about_itself(self, environ: Environ, path: str) -> Answer | None:
        """Health, for whatever host; metrics, for insiders: to others there is no such thing."""
        insider = self._insiders.admits(environ)
        if path == METRICS_PATH and not insider:
            return None
        method = environ["REQUEST_METHOD"]
        if method not in READING:
            refusal = MethodNotAllowed("This can only be read.", headers=(("Allow", ", ".join(READING)),))
            return self._failure(environ, refusal, None)
        try:
            status, media_type, body = self._told_of_itself(environ, path, insider)
        except PodError as error:
            return self._failure(environ, error, None)
        fields = [("Content-Type", media_type), ("Content-Length", str(len(body))), *UNKEPT]
        return Answer(status, fields, b"" if method == "HEAD" else body)

    def _told_of_itself(self, environ: Environ, path: str, insider: bool) -> tuple[int, str, bytes]:
        if path == METRICS_PATH:
            return 200, metrics.MEDIA_TYPE, metrics.page(self._services)
        health = self._health.look()
        return health.code, "application/json", document(health, self._services if insider else None, environ)

    def _is_insecure(self, environ: Environ) -> bool:
        """Spec: Solid #server-tls-https-redirect"""
        secure = self._services.placement.base_url.startswith("https:")
        return secure and is_forwarded_http(environ, self._services.config.trusted_proxies)

    def _misdirected(self, environ: Environ, host: str) -> Answer:
        base_url = self._services.placement.base_url
        error = Misdirected(f"This server is {base_url} and answers for no other host; its settings can change that.")
        log.info("misdirected", host=host[:100])
        return self._failure(environ, error, None)

    def _answer(self, environ: Environ, host: str, path: str, store_path: str) -> Answer:
        """One request, start to end; the border where unexpected exceptions stop."""
        method: str = environ["REQUEST_METHOD"]
        origin: str | None = environ.get("HTTP_ORIGIN")
        target: Target | None = None
        try:
            check_headers(environ, self._services.config.header_bytes_max)
            if method == "OPTIONS" and origin and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
                return Answer(204, list(cors.preflight(origin, environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))))
            if is_description(store_path):
                return describe_storage(self._services, store_path, method, environ.get("HTTP_ACCEPT"), origin)
            target = parse_target(store_path, method)
            return self._operate(environ, method, target, self._credentials(environ, method, host, path))
        except PodError as error:
            return self._failure(environ, error, target)
        except Exception as error:  # noqa: BLE001 -- the border; `failure` tells the operator
            internal = PodError()
            internal.__cause__ = error
            return self._failure(environ, internal, target)

    def _failure(self, environ: Environ, error: PodError, target: Target | None) -> Answer:
        renderer = self._renderer_for(environ, error) if wants_page(environ.get("HTTP_ACCEPT")) else None
        head = environ["REQUEST_METHOD"] == "HEAD"
        languages = environ.get("HTTP_ACCEPT_LANGUAGE")
        origin = environ.get("HTTP_ORIGIN")
        return failure(self._services, error, target, origin, head=head, renderer=renderer, languages=languages)

    def _renderer_for(self, environ: Environ, error: PodError | None = None) -> PageRenderer:
        """The data browser is for people who have come to a resource, or may once they have signed in."""
        if self._data_browser is None or not is_navigation(environ):
            return self._renderer
        return self._data_browser if error is None or isinstance(error, NotAuthenticated) else self._renderer

    def _credentials(self, environ: Environ, method: str, host: str, path: str) -> Credentials:
        """Spec: RFC 9449 s4.3 -- `htu` is held against the canonical URL, never against what a proxy made of it"""
        scheme = self._services.placement.base_url.partition(":")[0]
        return self._services.authenticator.authenticate(
            method=method,
            url=f"{scheme}://{host}{path}",
            authorization=_values(environ.get("HTTP_AUTHORIZATION")),
            dpop=_values(environ.get("HTTP_DPOP")),
            origin=environ.get("HTTP_ORIGIN"),
        )

    def _operate(self, environ: Environ, method: str, target: Target, credentials: Credentials) -> Answer:
        verb = VERBS.get(method)
        if verb is None:
            raise unsupported(method)
        address = effective_address(environ, self._services.config.trusted_proxies) if method == "POST" else ""
        operation = parse_operation(environ, method, target, credentials, self._renderer_for(environ), address=address)
        # Slow content holds one of the threads that everyone's uploads share.
        is_strangers_upload = not credentials.has_account and isinstance(environ["wsgi.input"], Reader)
        with self._strangers if is_strangers_upload else nullcontext():
            result = watched(self._services, verb, operation)
        return answer(self._services, result, credentials, head=method == "HEAD")

    def _send(self, environ: Environ, start_response: StartResponse, reply: Answer) -> Iterable[bytes]:
        start_response(reply.status_line, reply.headers)
        if isinstance(reply.body, bytes):
            return [reply.body]
        wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](reply.body)
        return wrapped


def unsupported(method: str) -> PodError:
    """Spec: RFC 9110 s15.5.6, s15.6.2"""
    allow = (("Allow", ", ".join(VERBS)),)
    if method in REFUSED_METHODS:
        return MethodNotAllowed("No resource of a pod supports that method.", headers=allow)
    return NotImplementedHere("This server does not know that method.", headers=allow)


def redirect(location: str, environ: Environ) -> Answer:
    """To the same resource under its secure URL."""
    shared = cors.shared(environ.get("HTTP_ORIGIN"))
    return Answer(308, [("Location", location), ("Content-Length", "0"), *shared])


def is_resource_metadata(path: str) -> bool:
    """Served beside the resource it is about, on whatever host that is. Spec: RFC 9728 s3.1"""
    return path.startswith(METADATA_PATH) and path.removeprefix(METADATA_PATH)[:1] in {"", "/"}


def is_description(store_path: str) -> bool:
    """`/alice/.well-known/solid`, the only server document inside a storage."""
    name, _, rest = store_path[1:].partition("/")
    return bool(name) and rest == DESCRIPTION_PATH


def _values(header: str | None) -> tuple[str, ...]:
    """A repeated header arrives joined by commas, which no token contains."""
    return () if header is None else tuple(part.strip() for part in header.split(","))
