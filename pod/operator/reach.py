"""The server as others reach it: its name, TLS, the proxy before it, and the clock.

The server itself tells how a request arrived, to a doctor who can read its data directory (http/insiders.py): so what a
proxy left out or added is seen without guessing.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from pod.config import MIB, Config
from pod.http.insiders import DOCTORS_KEY, doctors_token
from pod.operator.asking import Reply, ask, certificate, utc
from pod.operator.findings import Finding, fine, problem, warning
from pod.operator.streaming import check_stream

URL, TLS, PROXY, CLOCK, UPLOADS = "base URL", "TLS", "proxy", "clock", "uploads"
DISCOVERY, HEALTH = ".well-known/openid-configuration", ".health"
CERTIFICATE_DAYS_LOW = 14
CLOCK_SECONDS_LOW = 3
SIZES = (2 * MIB, 25 * MIB, 1024 * MIB)
"""Of uploads that are announced: a proxy may refuse some. Usual limits are 1 MiB (nginx) and 10 to 20 MiB."""
UPLOAD_SECONDS_MAX = 3.0

_NGINX_HOST = "nginx: proxy_set_header Host $host; Caddy and Traefik do so by themselves"

Now = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Place:
    """The server that is looked at. `running`: somebody serves this data directory now."""

    config: Config
    running: bool
    now: Now

    @property
    def is_https(self) -> bool:
        return self.config.base_url.startswith("https:")

    @property
    def host(self) -> str:
        return urlsplit(self.config.base_url).netloc


def check_reach(place: Place) -> Iterator[Finding]:
    """From outside to inside; what stands in the way of the rest ends it."""
    parts = urlsplit(place.config.base_url)
    port = parts.port or (443 if place.is_https else 80)
    try:
        socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError:
        yield problem(URL, f"the name {parts.hostname} leads nowhere", "Make a DNS record for it, or mend base_url.")
        return
    verified = True
    if place.is_https:
        found = _check_certificate(place, parts.hostname or "", port)
        verified = found is None or found.level != "problem"
        if found is not None:
            yield found
    try:
        reply = ask(place.config.base_url + DISCOVERY, verified=verified)
    except (OSError, http.client.HTTPException) as error:
        yield _unreachable(place, error)
        return
    wrong = check_discovery(place.config.base_url, reply)
    if wrong is not None:
        yield wrong
    if verified:
        yield from _check_inside(place, is_right=wrong is None)
        if place.running:
            yield check_stream(place.config)


def _unreachable(place: Place, error: Exception) -> Finding:
    if not place.running:
        text = f"{place.config.base_url} was not looked at, because the server does not run"
        return warning(URL, text, "Start it, and run this again.")
    text = f"nobody answers at {place.config.base_url} ({error or type(error).__name__})"
    return problem(URL, text, "Is the port open, and does the proxy run and lead to this server?")


def _check_certificate(place: Place, host: str, port: int) -> Finding | None:
    """None where nobody answers at all: that is told elsewhere."""
    now = utc(place.now())
    try:
        found = certificate(host, port, now)
    except ConnectionError:
        return None
    except OSError as error:
        return problem(TLS, f"{host}:{port} does not speak it ({error})", "Let the proxy do TLS for this name.")
    if found.fault:
        return problem(TLS, f"the certificate of {host} is refused: {found.fault}", "Renew it, or mend the proxy.")
    days = (found.ends - now).days if found.ends else 0
    if days < CERTIFICATE_DAYS_LOW:
        text = f"the certificate of {host} ends in {days} days"
        return warning(TLS, text, "See why it is not renewed.")
    return fine(TLS, f"the certificate of {host} is good for {days} days")


def check_discovery(base_url: str, reply: Reply) -> Finding | None:
    """What is wrong with the answer; None if it is this server's."""
    if reply.status == 421:
        text = "the server says that it does not serve that host: the proxy passes on another Host than it is asked for"
        return problem(URL, text, f"Have the Host passed on ({_NGINX_HOST}), or mend base_url.")
    if 300 <= reply.status < 400:
        text = f"{base_url} redirects to {reply.headers.get('location', 'somewhere')}"
        return problem(URL, text, "Make base_url what people end up at, or mend the proxy.")
    if reply.status >= 500:
        text = f"the proxy at {base_url} answers with {reply.status} itself"
        return problem(URL, text, "Does it lead to the address and port that this server listens on?")
    try:
        issuer = json.loads(reply.body)["issuer"]
    except (ValueError, KeyError, TypeError):
        text = f"something else answers at {base_url} (status {reply.status})"
        return problem(URL, text, "Have the proxy lead the whole name to this server, or mend base_url.")
    if issuer != base_url:
        text = f"the server at {base_url} says that it is {issuer}"
        return problem(URL, text, f"Make base_url {issuer}, or have the proxy lead to the right server.")
    return None


def _check_inside(place: Place, *, is_right: bool) -> Iterator[Finding]:
    """What only the server itself can tell, and what is seen on the way."""
    try:
        token = doctors_token(bytes.fromhex((place.config.run / DOCTORS_KEY).read_text()), place.now())
    except (OSError, ValueError):
        token = ""
    sent = place.now()
    try:
        reply = ask(place.config.base_url + HEALTH, {"Authorization": f"Bearer {token}"} if token else {})
        told = json.loads(reply.body)
    except (OSError, ValueError, http.client.HTTPException) as error:
        yield problem(URL, f"{place.config.base_url}{HEALTH} does not answer as it should ({error})", "See the log.")
        return
    received = place.now()
    if reply.date is not None:
        yield check_clock(reply.date, sent, received, place.config.base_url)
    if not isinstance(told, dict) or "arrived" not in told:
        yield _not_recognised(place)
        return
    if is_right:
        yield fine(URL, f"{place.config.base_url} leads to this server")
    yield from check_told(place.config, told)
    yield from _check_uploads(place)


def _not_recognised(place: Place) -> Finding:
    text = f"the server at {place.config.base_url} does not know this data directory"
    if not place.running:
        return problem(URL, f"{text}, which nobody serves now", "Another server answers there. Which is the right one?")
    return problem(URL, text, "The proxy leads to another server, or it takes away the header Authorization.")


def check_clock(date: str, sent: float, received: float, url: str) -> Finding:
    """The time in an answer must lie between that of asking and that of receiving it."""
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return warning(CLOCK, f"{url} gives no time that can be read", "Look at the proxy.")
    off = max(sent - 1 - theirs, theirs - received, 0.0)
    if off > CLOCK_SECONDS_LOW:
        text = f"the one of {url} and the one here differ by {off:.0f} s"
        return problem(CLOCK, text, "Turn on NTP (timedatectl set-ntp true): sign-ins fail when clocks differ.")
    return fine(CLOCK, f"it agrees with that of {url}")


def check_other_clock(url: str, now: Now) -> Finding:
    """Against a server that the operator names."""
    sent = now()
    try:
        date = ask(url, method="HEAD").date
    except (OSError, http.client.HTTPException) as error:
        return warning(CLOCK, f"{url} could not be asked ({error})", "Name another.")
    return check_clock(date or "", sent, now(), url)


def check_told(config: Config, told: dict[str, Any]) -> Iterator[Finding]:  # JSON
    """What the server says of itself, and of how the request came to it."""
    for reason in told.get("reasons", ()):
        yield warning("server", str(reason), "See the log.")
    if told.get("dev") and urlsplit(config.base_url).hostname not in {"localhost", "127.0.0.1"}:
        yield problem("server", "it runs with dev, and so without limits", "Start it without --dev.")
    if told.get("base_url") != config.base_url:
        text = f"it runs with base_url {told.get('base_url')}, but the settings here say {config.base_url}"
        yield warning("server", text, "Give this command the same settings as the server.")
    arrived = told["arrived"]
    headers = arrived["headers"]
    if config.base_url.startswith("https:"):
        yield from _check_proxy(config, arrived["from"], headers, trusted=arrived["trusted"])
    elif "x-forwarded-for" in headers and not arrived["trusted"]:
        yield _untrusted(arrived["from"])


def _check_proxy(config: Config, peer: str, headers: dict[str, str], *, trusted: bool) -> Iterator[Finding]:
    if not trusted:
        yield _untrusted(peer)
        return
    found = list(_wrong_headers(urlsplit(config.base_url).netloc, headers))
    yield from found or [fine(PROXY, f"the one at {peer} is trusted, and says for whom it asks")]


def _untrusted(peer: str) -> Finding:
    text = f"requests come from a proxy at {peer}, which is not in trusted_proxies: all visitors share one limit"
    return problem(PROXY, text, f'Set trusted_proxies to ["{peer}"].')


def _wrong_headers(host: str, headers: dict[str, str]) -> Iterator[Finding]:
    if not headers.get("x-forwarded-for"):
        text = "it does not send X-Forwarded-For, so all visitors share one limit"
        yield problem(PROXY, text, "nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;")
    said = headers.get("x-forwarded-proto")
    if said != "https":
        text = f"it sends X-Forwarded-Proto {said or 'not at all'}, though it was asked by https"
        remedy = "nginx: proxy_set_header X-Forwarded-Proto $scheme;"
        yield (problem if said else warning)(PROXY, text, remedy)
    named = headers.get("x-forwarded-host")
    if named is not None and named.lower() != host:
        text = f"it sends X-Forwarded-Host {named}, though it was asked for {host}"
        yield problem(PROXY, text, "Have it send the host that it was asked for, or none.")


def _check_uploads(place: Place) -> Iterator[Finding]:
    """Announces uploads to a path that takes none: the server refuses them at once, unless a proxy does so before."""
    allowed = [size for size in SIZES if size <= place.config.blob_bytes_max]
    for size in allowed:
        try:
            reply = ask(
                place.config.base_url + HEALTH, method="POST", announced_bytes=size, seconds_max=UPLOAD_SECONDS_MAX
            )
        except TimeoutError:
            text = "a proxy keeps each upload until it is whole, before the server hears of it"
            yield warning(UPLOADS, text, "nginx: proxy_request_buffering off;")
            return
        except (OSError, http.client.HTTPException):
            return  # broken off without an answer: nothing can be told
        if reply.status == 413:
            text = f"a proxy refuses those of {size // MIB} MiB"
            remedy = f"nginx: client_max_body_size {place.config.blob_bytes_max // MIB}m;"
            yield (problem if size == SIZES[0] else warning)(UPLOADS, text, remedy)
            return
    yield fine(UPLOADS, f"those of up to {allowed[-1] // MIB if allowed else 0} MiB reach the server at once")
