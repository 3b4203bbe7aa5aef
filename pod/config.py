"""Every setting, its default and its meaning. The only reader of environment variables.

A setting comes from `FREEHOLD_<NAME>` first, then the TOML file, then the default here. docs/settings.md repeats the
table and a test compares them. Names end in their unit.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, get_args

KIB = 1024
MIB = 1024 * KIB


_BASE_URL = re.compile(r"https?://[a-z0-9._\-\[\]:]+/")
PORT_MAX = 65_535
MAIL_ADDRESS_CHARACTERS_MAX = 254
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
_MAIL_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_METRICS_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/=]{20,200}")
_AT_LEAST_ONE = frozenset(
    {
        "workers",
        "threads",
        "password_hash_concurrency",
        "client_registrations_per_hour",
        "group_fetches_max",
        "invitation_days",
        "session_idle_days",
        "session_days",
        "pods_per_account_max",
        "connections_max",
        "connections_per_address_max",
        "stream_queue_max",
        "stream_queue_bytes_max",
        "stream_idle_seconds",
        "channels_per_agent_max",
        "channels_per_topic_max",
        "channel_days_max",
        "channel_topics_max",
        "missed_changes_max",
        "missed_changes_days",
        "push_seconds_max",
        "push_failures_max",
        "uploads_per_account_max",
        "upload_days",
    }
)


class ConfigError(ValueError):
    """A setting that cannot be used. The message names it and says what it may be."""


def setting(  # dataclasses.field is typed by its default
    default: Any, meaning: str, choices: Any = None, *, secret: bool = False
) -> Any:
    metadata = {"meaning": meaning, "choices": choices and get_args(choices)}
    return field(default=default, metadata=metadata, repr=not secret)


Placement = Literal["path", "subdomain", "root"]
Durability = Literal["full", "normal"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]
Registration = Literal["closed", "open", "invitation"]
MailTLS = Literal["starttls", "tls", "none"]
DataBrowserReach = Literal["server", "anywhere"]
AccessControl = Literal["", "wac", "acp"]


@dataclass(frozen=True, slots=True)
class Config:
    """What the server was told. Immutable; made once, handed to whoever needs it."""

    data: Path = setting(Path("data"), "directory of the databases, blobs and keys")
    base_url: str = setting("", "the one canonical URL, with its trailing slash; http://localhost:PORT/ if empty")
    placement: Placement = setting("path", "where storages live: path, subdomain or root", Placement)
    root_name: str = setting("me", "the only storage of placement root")
    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(3000, "port to listen on")
    stream_port: int = setting(0, "port on which those who wait for notifications connect; if 0, the one after `port`")
    stream_url: str = setting(
        "", "URL at which that port is reached, with its trailing slash; if empty, by what base_url and port say"
    )
    dev: bool = setting(False, "allow http and loopback for issuers, WebIDs, groups and the like; no rate limits")
    trusted_proxies: tuple[str, ...] = setting((), "addresses or networks whose X-Forwarded-* headers are believed")
    workers: int = setting(1, "web processes")
    threads: int = setting(32, "request threads in each web process")
    durability: Durability = setting("full", "full: survives power loss; normal: survives a crash", Durability)
    log_level: LogLevel = setting("info", "debug, info, warning or error", LogLevel)
    log_format: LogFormat = setting("text", "text for people, json for collectors", LogFormat)
    log_requests: bool = setting(False, "log a line for each request")
    metrics_token: str = setting(
        "",
        "bearer token for /.metrics and the details of /.health; at localhost, programs on this machine need none",
        secret=True,
    )
    data_browser: str = setting(
        "off", "what browsers show at the URLs of pods: off, mashlib once it is installed, or a directory with a build"
    )
    data_browser_reach: DataBrowserReach = setting(
        "server", "whom the data browser may ask: server is this one alone, anywhere all others too", DataBrowserReach
    )

    # what a client may send
    header_bytes_max: int = setting(16 * KIB, "longest single request header")
    document_bytes_max: int = setting(20 * MIB, "largest RDF document")
    document_triples_max: int = setting(250_000, "most statements in one RDF document")
    document_depth_max: int = setting(100, "deepest nesting in one RDF document")
    literal_bytes_max: int = setting(4 * MIB, "longest literal in one RDF document")
    description_bytes_max: int = setting(1 * MIB, "largest description of a container; every listing includes it")
    patch_bytes_max: int = setting(5 * MIB, "largest PATCH body")
    patch_steps_max: int = setting(200_000, "most matching steps one patch may take")
    acl_bytes_max: int = setting(256 * KIB, "largest access control list")
    blob_bytes_max: int = setting(10 * 1024 * MIB, "largest binary resource")
    body_idle_seconds_max: int = setting(30, "longest silence within an upload")
    body_bytes_per_second_min: int = setting(1024, "slowest upload accepted after its first ten seconds")
    uploads_per_account_max: int = setting(100, "files that one account may be sending piece by piece at one time")
    upload_days: int = setting(3, "days after its last piece in which a file that is sent piece by piece may go on")
    members_max: int = setting(1_000_000, "most members of one container")

    # storing
    inline_bytes_max: int = setting(64 * KIB, "bodies up to this size live in the database, larger ones in files")
    quota_bytes: int = setting(0, "bytes a new storage may hold; 0 is no limit")
    quota_resources: int = setting(0, "resources a new storage may hold; 0 is no limit")
    busy_seconds_max: int = setting(10, "longest wait for the database")
    orphan_blob_seconds: int = setting(24 * 3600, "age at which an unreferenced blob is swept")
    journal_days: int = setting(0, "days a journal entry is kept; 0 is for ever")
    activity_days: int = setting(
        90, "days it is kept who used what in a pod, unless its owner chooses otherwise; 0 is not at all"
    )

    # what others may leave in an inbox; whoever may write there is not limited
    notification_bytes_max: int = setting(64 * KIB, "largest notification that others may leave in an inbox")
    inbox_notifications_max: int = setting(1_000, "notifications in an inbox after which others leave no more")
    inbox_bytes_max: int = setting(
        16 * MIB, "bytes in an inbox after which others leave no more; they do not count in the quota"
    )
    inbox_posts_per_minute: int = setting(
        30, "notifications in a minute from one WebID or address; ten times as many in one inbox; 0 is no limit"
    )

    # telling what happens, as it happens
    connections_max: int = setting(10_000, "most connections of those who wait for notifications")
    connections_per_address_max: int = setting(500, "most of them from one address")
    connections_per_minute: int = setting(
        600, "how often one WebID, and one address, may connect to wait for notifications in a minute; 0 is no limit"
    )
    stream_queue_max: int = setting(500, "notifications that may wait for a slow reader, who then has to connect again")
    stream_queue_bytes_max: int = setting(1 * MIB, "most bytes of them")
    stream_idle_seconds: int = setting(30, "silence after which a connection is sent a sign of life")

    # remembering
    representation_cache_bytes: int = setting(32 * MIB, "converted representations kept in each web process")
    thumbnail_bytes: int = setting(256 * MIB, "small pictures of files that are kept; no quota counts them")
    dataset_cache_bytes: int = setting(32 * MIB, "parsed documents of recent patches kept in each web process")
    acl_cache_entries: int = setting(10_000, "parsed access control lists kept in each web process")
    token_cache_entries: int = setting(10_000, "verified access tokens remembered in each web process")

    # tokens
    access_token_seconds: int = setting(600, "lifetime of an access token")
    refresh_token_days: int = setting(30, "days a refresh token waits to be used; each use gives the next one")
    refresh_token_days_max: int = setting(365, "days after which an app must have its user sign in again")
    signing_key_days: int = setting(90, "age at which a key that signs tokens gets a successor")
    proof_window_seconds: int = setting(60, "age at which a DPoP proof is too old")
    proof_skew_seconds: int = setting(10, "how far a client's clock may be ahead")
    proof_ath_required: bool = setting(False, "refuse DPoP proofs without ath; published libraries send none")
    replay_entries: int = setting(1_048_576, "DPoP proofs remembered by this machine")
    token_requests_per_minute: int = setting(
        120, "token requests of a client at an address; ten times as many of an address"
    )
    client_registrations_per_hour: int = setting(200, "apps that may register themselves from one address")
    password_hash_concurrency: int = setting(2, "argon2 computations at one time")

    # accounts
    registration: Registration = setting(
        "closed", "who may sign up after the first account: closed, open or invitation", Registration
    )
    invitation_days: int = setting(7, "days an invitation is good for")
    session_idle_days: int = setting(14, "days without a visit after which a browser is signed out")
    session_days: int = setting(90, "days after which a browser is signed out in any case")
    app_days: int = setting(90, "days without use after which an app must be let in again")
    deletion_grace_days: int = setting(14, "days in which the deletion of an account can be taken back")
    pods_per_account_max: int = setting(5, "most pods of one account")

    # mail; none is sent unless both mail_from and smtp_host are there
    mail_from: str = setting("", "address that mail to accounts comes from")
    smtp_host: str = setting("", "server that takes the mail")
    smtp_port: int = setting(587, "port of that server")
    smtp_tls: MailTLS = setting("starttls", "how the way there is encrypted: starttls, tls or none", MailTLS)
    smtp_user: str = setting("", "name to sign in there with, if it asks")
    smtp_password: str = setting("", "password to sign in there with", secret=True)

    # fetching from others
    remote_seconds_max: int = setting(5, "longest time for one outbound fetch")
    remote_bytes_max: int = setting(1 * MIB, "largest outbound answer read")
    remote_redirects_max: int = setting(3, "redirects followed, each checked again")
    contexts_max: int = setting(10_000, "JSON-LD contexts of other servers that are kept")
    group_seconds_fresh: int = setting(300, "age at which a remote group document is fetched again")
    group_bytes_max: int = setting(
        1 * MIB, "largest group document read; also all of our own that one decision reads, together"
    )
    group_lookups_max: int = setting(64, "groups asked about for one decision")
    group_fetches_max: int = setting(4, "remote group documents fetched at the same time by one web process")

    # tokens of other issuers
    issuer_seconds_fresh: int = setting(600, "age at which the keys of another issuer are fetched again")
    issuer_seconds_stale: int = setting(3600, "age at which its keys no longer count, even if it cannot be reached")
    issuer_cache_entries: int = setting(500, "other issuers whose keys are kept in each web process")
    webid_seconds_fresh: int = setting(300, "age at which a WebID document elsewhere is fetched again")
    webid_seconds_stale: int = setting(3600, "age at which what it said of issuers no longer counts")
    webid_cache_entries: int = setting(2_000, "WebID documents elsewhere that each web process remembers")
    foreign_fetches_per_minute: int = setting(
        60, "fetches from one host for tokens of other issuers, by each web process; ten times as many from all"
    )

    # notifications
    channels_per_agent_max: int = setting(
        500, "notification channels of one WebID at a time; for those without an account here, of one address"
    )
    channels_per_topic_max: int = setting(1_000, "notification channels about one resource at a time")
    channel_days_max: int = setting(14, "days after which a notification channel ends at the latest")
    channel_topics_max: int = setting(100, "topics of one notification channel")
    subscriptions_per_minute: int = setting(
        120, "notification channels that one WebID may ask for in a minute; of strangers, one address; 0 is no limit"
    )
    missed_changes_max: int = setting(10_000, "changes looked through for a subscriber that comes back")
    missed_changes_days: int = setting(7, "days in which a subscriber that comes back is told what it missed")
    push_seconds_max: int = setting(10, "longest time for sending one notification")
    push_failures_max: int = setting(
        32, "failed deliveries in a row after which a channel is switched off; with the growing pauses, about a day"
    )
    push_per_host_per_minute: int = setting(600, "notifications sent to one host in a minute; 0 is no limit")

    # deciding
    access_control: AccessControl = setting(
        "", "language of access rules: wac or acp; if empty, what the data has, wac for new data", AccessControl
    )
    acr_policies_max: int = setting(500, "most policies, and most matchers, in one access control resource")
    origin_strict: bool = setting(False, "require acl:origin rules for web apps (WAC #server-origin-authorization)")

    def __post_init__(self) -> None:
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://localhost:{self.port}/")  # frozen for everyone else
        check_base_url(self.base_url)
        if not self.stream_port:
            object.__setattr__(self, "stream_port", self.port + 1)
        if not self.stream_url:
            object.__setattr__(self, "stream_url", default_stream_url(self.base_url, self.port, self.stream_port))
        check_stream(self.stream_url, self.stream_port, self.port)
        check_networks(self.trusted_proxies)
        check_mail(self.mail_from, self.smtp_host)
        check_metrics_token(self.metrics_token)
        check_data_browser(self.data_browser, self.placement)
        for each in fields(self):
            check_choice(each.name, getattr(self, each.name), each.metadata.get("choices"))

    @property
    def database(self) -> Path:
        return self.data / "pod.sqlite"

    @property
    def side_database(self) -> Path:
        """What is written often and may be rebuilt: cursors, deliveries, jobs."""
        return self.data / "derived.sqlite"

    @property
    def access_database(self) -> Path:
        """Who used what."""
        return self.data / "access.sqlite"

    @property
    def blobs(self) -> Path:
        return self.data / "blobs"

    @property
    def keys(self) -> Path:
        return self.data / "keys"

    @property
    def run(self) -> Path:
        """What the processes of one machine share while they run."""
        return self.data / "run"

    @property
    def installed_data_browser(self) -> Path:
        """Where `freehold data-browser install` puts a build."""
        return self.data / "data-browser"

    @property
    def data_browser_directory(self) -> Path:
        """Where the build is that is shown, if one is."""
        return self.installed_data_browser if self.data_browser == "mashlib" else Path(self.data_browser)

    @property
    def turns(self) -> Path:
        return self.run / "turns"

    @property
    def replay_table(self) -> Path:
        return self.run / "proofs"

    @property
    def meters(self) -> Path:
        return self.run / "meters"


def check_base_url(base_url: str) -> None:
    """WebIDs and ACLs will repeat it byte for byte.

    Raises: ConfigError -- not an http(s) URL in lower case that ends in its only slash.
    """
    if not _BASE_URL.fullmatch(base_url):
        raise ConfigError(f"base_url must look like https://pods.example/ (got {base_url!r})")


def default_stream_url(base_url: str, port: int, stream_port: int) -> str:
    """Where nobody stands before the server, its own second port; else the same origin, which a proxy shares out."""
    scheme, _, authority = base_url.rstrip("/").partition("://")
    host, named, number = authority.rpartition(":")
    here = (host, number) if named and number.isdecimal() else (authority, "80")
    return f"http://{here[0]}:{stream_port}/" if scheme == "http" and here[1] == str(port) else base_url


def check_stream(stream_url: str, stream_port: int, port: int) -> None:
    """Raises: ConfigError -- a URL that is none, a port that is none or that is taken."""
    if not _BASE_URL.fullmatch(stream_url):
        raise ConfigError(f"stream_url must look like https://pods.example/ (got {stream_url!r})")
    if stream_port > PORT_MAX or stream_port == port:
        raise ConfigError(f"stream_port must be a port of its own, up to {PORT_MAX} (got {stream_port})")


def check_networks(networks: tuple[str, ...]) -> None:
    """Raises: ConfigError -- a proxy that is no address and no network. Found now, and not by the first request."""
    for each in networks:
        try:
            ip_network(each, strict=False)
        except ValueError as error:
            raise ConfigError(f"trusted_proxies holds {each!r}, which is neither an address nor a network") from error


def check_mail(mail_from: str, smtp_host: str) -> None:
    """Raises: ConfigError -- one without the other, or a sender that is no plain address."""
    if bool(mail_from) != bool(smtp_host):
        raise ConfigError("mail_from and smtp_host go together: mail needs a sender and a server that takes it")
    if mail_from and not is_mail_address(mail_from):
        raise ConfigError(f"mail_from must be a plain mail address like pods@example.org (got {mail_from!r})")


def check_metrics_token(token: str) -> None:
    """Raises: ConfigError -- one that can be guessed, or that no header can carry."""
    if token and not _METRICS_TOKEN.fullmatch(token):
        raise ConfigError(
            "metrics_token must have 20 to 200 letters, digits or -._~+/= (make one: openssl rand -hex 24)"
        )


def check_data_browser(data_browser: str, placement: str) -> None:
    """Raises: ConfigError -- what runs in its pages would reach more than one pod."""
    if data_browser != "off" and placement != "subdomain":
        shared = "all pods share one origin" if placement == "path" else "the pod and its account share one origin"
        raise ConfigError(
            f"data_browser needs placement subdomain: with placement {placement}, {shared}, and a program that runs "
            "there could act beyond what its user let it do; leave data_browser off"
        )
    if not data_browser:
        raise ConfigError("data_browser may be off, mashlib, or a directory")


def is_mail_address(text: str) -> bool:
    """Whether a mail can be addressed to exactly this, without quoting: nothing in it can be read as more than that.

    Spec: RFC 5322 s3.4.1 (dot-atom)
    """
    return len(text) <= MAIL_ADDRESS_CHARACTERS_MAX and bool(_MAIL_ADDRESS.fullmatch(text))


def check_choice(name: str, value: Any, choices: tuple[str, ...] | None) -> None:  # a value of any setting
    """Raises: ConfigError -- a word that is not one of the choices, or a number that is too low."""
    if choices is not None and value not in choices:
        raise ConfigError(f"{name} may be {', '.join(filter(None, choices))} (got {value!r})")
    if isinstance(value, int) and value < 0:
        raise ConfigError(f"{name} cannot be negative (got {value})")
    if value == 0 and name in _AT_LEAST_ONE:
        raise ConfigError(f"{name} must be at least 1")


def load(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    known: Mapping[str, Any] | None = None,
    **overrides: Any,
) -> Config:
    """The settings of this run: defaults, then what is `known`, then the TOML file, then the environment, then what the
    command line says.

    Raises: ConfigError -- an unknown name or a value of the wrong kind.
    """
    environ = os.environ if environ is None else environ
    chosen = dict(known or {})
    if file is not None:
        chosen |= _from_toml(file)
    chosen |= {name: environ[variable] for name, variable in _variables().items() if variable in environ}
    chosen |= {name: value for name, value in overrides.items() if value is not None}
    return Config(**{name: _typed(name, value) for name, value in chosen.items()})


def _variables() -> dict[str, str]:
    return {each.name: f"FREEHOLD_{each.name.upper()}" for each in fields(Config)}


def _from_toml(file: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: {error}") from error
    unknown = sorted(values.keys() - _variables().keys())
    if unknown:
        raise ConfigError(f"{file}: unknown settings {', '.join(unknown)}; docs/settings.md lists them all")
    return values


def _typed(name: str, value: Any) -> Any:
    default = next(each.default for each in fields(Config) if each.name == name)
    try:
        return _coerced(default, value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: expected {type(default).__name__}, got {value!r}") from error


def _coerced(default: Any, value: Any) -> Any:
    if isinstance(default, bool):
        return _as_bool(value)
    if isinstance(default, tuple):
        return tuple(value.split()) if isinstance(value, str) else tuple(value)
    return type(default)(value) if not isinstance(default, Path) else Path(value)


def _as_bool(value: Any) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if str(value).lower() not in known:
        raise ValueError(value)
    return known[str(value).lower()]
