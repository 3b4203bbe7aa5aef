"""Settings that are dangerous, contradict each other, or are none. Pure: values in, findings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from pod.config import Config
from pod.mail.message import mail_enabled
from pod.operator.findings import Finding, fine, problem, warning
from pod.protocol.placement import is_loopback

SUBJECT = "settings"
VARIABLE = "FREEHOLD_"
PREFIX_WIDE = 8
"""Of a network of proxies: who trusts so many addresses trusts strangers."""


def check_settings(config: Config, variables: Iterable[str], served_at: str | None) -> Iterator[Finding]:
    """`variables` are the names in the environment, `served_at` the base URL that the data was served at last."""
    found = [
        *_unknown(variables),
        *_base_url(config, served_at),
        *_proxies(config),
        *_openness(config),
        *_mail(config),
        *_durability(config),
    ]
    yield from found or [fine(SUBJECT, "nothing in them is dangerous or contradicts itself")]


def is_local(config: Config) -> bool:
    return is_loopback(urlsplit(config.base_url).hostname or "")


def _unknown(variables: Iterable[str]) -> Iterator[Finding]:
    known = [VARIABLE + each.name.upper() for each in fields(Config)]
    for name in sorted(each for each in variables if each.startswith(VARIABLE) and each not in known):
        close = get_close_matches(name, known, 1)
        remedy = f"Did you mean {close[0]}?" if close else "docs/settings.md lists them all."
        yield warning(SUBJECT, f"the variable {name} is no setting, so it does nothing", remedy)


def _base_url(config: Config, served_at: str | None) -> Iterator[Finding]:
    if config.dev and not is_local(config):
        text = f"dev is on for {config.base_url}: limits are off, and strangers' requests may reach this network"
        yield problem(SUBJECT, text, "Start it without --dev.")
    if config.base_url.startswith("http:") and not is_local(config):
        text = f"{config.base_url} has no TLS: passwords cross the network in the open, and apps in browsers refuse it"
        yield problem(SUBJECT, text, "Put a proxy with TLS before it, and make base_url begin with https://.")
    if served_at is not None and served_at != config.base_url:
        text = (
            f"base_url is {config.base_url}, but the data was served at {served_at}: WebIDs made there begin with that"
        )
        yield warning(SUBJECT, text, f"Keep {served_at} if there are pods already.")


def _proxies(config: Config) -> Iterator[Finding]:
    for each in config.trusted_proxies:
        network = ip_network(each, strict=False)
        if network.prefixlen < PREFIX_WIDE and network.prefixlen < network.max_prefixlen:
            text = f"trusted_proxies holds {each}: anyone there may say who they are and which host they asked for"
            yield problem(SUBJECT, text, "Name the addresses of your proxy alone.")
    if config.base_url.startswith("https:") and not config.trusted_proxies:
        text = (
            "base_url is https, so a proxy stands before the server, but none is trusted: all visitors share one limit"
        )
        yield warning(SUBJECT, text, 'Set trusted_proxies to the address of the proxy, such as ["127.0.0.1"].')


def _openness(config: Config) -> Iterator[Finding]:
    if config.registration != "open":
        return
    if not mail_enabled(config):
        text = "registration is open and there is no mail: anyone makes accounts, and nobody gets a lost password back"
        yield warning(SUBJECT, text, "Set mail_from and smtp_host, or registration to invitation.")
    if config.quota_bytes == 0:
        text = "registration is open and pods have no limit: anyone may fill the disk"
        yield warning(SUBJECT, text, "Set quota_bytes.")


def _mail(config: Config) -> Iterator[Finding]:
    if config.smtp_host and config.smtp_tls == "none" and not _is_near(config.smtp_host):
        text = f"mail goes to {config.smtp_host} without TLS, with links in it that open accounts"
        yield problem(SUBJECT, text, "Set smtp_tls to starttls or tls.")
    if config.session_idle_days > config.session_days:
        text = "session_idle_days is more than session_days, so it does nothing"
        yield warning(SUBJECT, text, "Make it less.")


def _is_near(host: str) -> bool:
    if is_loopback(host):
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host  # a neighbour in a network of containers


def _durability(config: Config) -> Iterator[Finding]:
    if config.durability != "full":
        text = "durability is normal: what was acknowledged just before a power cut may be lost"
        yield warning(SUBJECT, text, "Set it to full.")
