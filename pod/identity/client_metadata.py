"""What an app says about itself, in a registration or in a Client ID Document, checked and made into a `Client`.

Pure: knows neither the network nor the store. Everything here is the app's own word; only the host that a Client ID
Document came from is more than that.

Spec: RFC 7591 s2, s5; OpenID Connect Registration s2; Solid-OIDC #clientids; OAuth Client ID Metadata Document
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from pod.errors import BadRequest, InvalidClientMetadata, InvalidRedirectURI
from pod.identity import authorization_details, redirect_uris
from pod.identity.authorization_details import TYPE, AccessRequests
from pod.identity.redirect_uris import URI_CHARACTERS_MAX, redirect_host, web_url
from pod.protocol.text import check_unicode

AuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]
IDTokenAlgorithm = Literal["RS256", "ES256"]
ApplicationType = Literal["web", "native"]

REDIRECT_URIS_MAX = 50
REDIRECT_HOSTS_MAX = 5
"""Of an app that registers itself: people are told of each, for any of them can get what they give it."""
NAME_CHARACTERS_MAX = 100
SCOPE_CHARACTERS_MAX = 1000
ITEMS_MAX = 50
SUPPORTED_GRANT_TYPES = ("authorization_code", "refresh_token")
SUPPORTED_RESPONSE_TYPES = ("code",)
DEFAULT_SCOPE = "openid webid offline_access"
"""Of registrations that name none. Spec: RFC 7591 s2, scope."""

Document = Mapping[str, Any]
"""A JSON object from outside: any member may be anything."""

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, but Persian, Indic scripts and emoji are not written without them."""


@dataclass(frozen=True, slots=True)
class Client:
    """An app as the provider deals with it.

    `host` is where its Client ID Document is if it is `verified`, and else all `hosts` that it can be redirected to,
    which it only says itself. `pod` is the one on this server that its document lies in.
    """

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    host: str
    hosts: tuple[str, ...] = ()
    verified: bool = False
    pod: str | None = None
    post_logout_redirect_uris: tuple[str, ...] = ()
    uri: str | None = None
    logo_uri: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    scope: str = DEFAULT_SCOPE
    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = SUPPORTED_RESPONSE_TYPES
    token_endpoint_auth_method: AuthMethod = "none"  # noqa: S105  # the name of a method
    id_token_signed_response_alg: IDTokenAlgorithm = "RS256"  # noqa: S105  # the name of an algorithm
    dpop_bound_access_tokens: bool = False
    authorization_details: AccessRequests = ()
    """What it asks for wherever a request says nothing else."""
    secret_hash: str | None = field(default=None, repr=False)

    def allows_redirect(self, uri: str) -> bool:
        """Spec: Solid-OIDC #clientids-document; RFC 9700 s2.1; RFC 8252 s7.3."""
        return any(redirect_uris.matches(each, uri) for each in self.redirect_uris)

    def allows_logout_redirect(self, uri: str) -> bool:
        """Spec: OpenID Connect RP-Initiated Logout s3."""
        return uri in self.post_logout_redirect_uris

    def allows_grant(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


def parse_json(body: bytes) -> Document:
    """A JSON object, each member once at every level.

    Raises: InvalidClientMetadata.
    """
    try:
        text = body.decode("utf-8")
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        check_unicode(text, document)
    except (ValueError, RecursionError) as error:
        raise InvalidClientMetadata("This is not JSON in UTF-8 that names each member once.") from error
    if not isinstance(document, dict):
        raise InvalidClientMetadata("This is not a JSON object.")
    return document


def checked_registration(document: Document) -> dict[str, Any]:  # JSON
    """What is registered of what an app sent: what is understood, with the values that hold from now on.

    Raises: InvalidClientMetadata, InvalidRedirectURI.

    Spec: RFC 7591 s2 -- ignore what is not understood; replace what is not supported, or refuse it
    """
    method = _choice(document, "token_endpoint_auth_method", get_args(AuthMethod), "client_secret_basic")
    checked = _checked(document)
    if len(_hosts(checked["redirect_uris"])) > REDIRECT_HOSTS_MAX:
        raise InvalidRedirectURI(
            f"An app that registers itself has redirect_uris on {REDIRECT_HOSTS_MAX} hosts at most."
        )
    return {**checked, "token_endpoint_auth_method": method, **_kept(document)}


def registered_client(
    client_id: str, metadata: Document, secret_hash: str | None, leads_to: Callable[[str], str] = redirect_host
) -> Client:
    """The app of a registration. `metadata` is what `checked_registration` gave; `leads_to` says where a URI leads."""
    hosts = tuple(sorted(set(map(leads_to, metadata["redirect_uris"]))))
    client = _client(client_id, metadata, ", ".join(hosts), verified=False, secret_hash=secret_hash)
    return replace(client, hosts=hosts)


def document_client(url: str, document: Document) -> Client:
    """The app of a Client ID Document, fetched from `url` just so.

    Raises: InvalidClientMetadata, InvalidRedirectURI.

    Spec: OAuth Client ID Metadata Document, Client Metadata Document
    """
    where = web_url(url)
    if where is None or document.get("client_id") != url:
        raise InvalidClientMetadata("client_id must be the URL of the document, character by character.")
    if "client_secret" in document or "client_secret_expires_at" in document:
        raise InvalidClientMetadata("A public document cannot hold a client_secret.")
    _choice(document, "token_endpoint_auth_method", ("none",), "none")
    return _client(url, _checked(document, where.host), where.authority, verified=True)


def is_document_url(client_id: str, *, insecure: bool = False) -> bool:
    """Whether a client id is the URL of a Client ID Document. `insecure` allows http.

    Spec: OAuth Client ID Metadata Document, Client Identifier
    """
    url = web_url(client_id)
    return (
        url is not None
        and (url.scheme == "https" or insecure)
        and url.path.startswith("/")
        and not url.has_dot_segments
    )


def _client(client_id: str, metadata: Document, host: str, *, verified: bool, secret_hash: str | None = None) -> Client:
    return Client(
        id=client_id,
        name=metadata.get("client_name", host),
        redirect_uris=tuple(metadata["redirect_uris"]),
        host=host,
        verified=verified,
        post_logout_redirect_uris=tuple(metadata.get("post_logout_redirect_uris", ())),
        uri=metadata.get("client_uri"),
        logo_uri=metadata.get("logo_uri"),
        policy_uri=metadata.get("policy_uri"),
        tos_uri=metadata.get("tos_uri"),
        scope=metadata["scope"],
        grant_types=tuple(metadata["grant_types"]),
        response_types=tuple(metadata["response_types"]),
        token_endpoint_auth_method=metadata.get("token_endpoint_auth_method", "none"),
        id_token_signed_response_alg=metadata["id_token_signed_response_alg"],
        dpop_bound_access_tokens=metadata["dpop_bound_access_tokens"],
        authorization_details=_details(metadata),
        secret_hash=secret_hash,
    )


# -- members of the metadata -------------------------------------------------------------------------------------------


def _checked(document: Document, host: str | None = None) -> dict[str, Any]:  # JSON
    """What a `Client` is made of. The app's pages and its logo are on its `host`, or on the only one that it is
    redirected to: whoever has several redirect URIs may have named that of another app for its logo.
    """
    native = _choice(document, "application_type", get_args(ApplicationType), "web") == "native"
    uris = _redirect_uris(document, "redirect_uris", native=native)
    if not uris:
        raise InvalidRedirectURI("redirect_uris must say where the app is: an array with one URI or more.")
    after_logout = _redirect_uris(document, "post_logout_redirect_uris", native=native)
    return {
        "application_type": "native" if native else "web",
        "redirect_uris": uris,
        **({"post_logout_redirect_uris": after_logout} if after_logout else {}),
        **_shown(document, {host} | (hosts if len(hosts := _hosts(uris)) == 1 else set())),
        "scope": _scope(document),
        "grant_types": _supported(document, "grant_types", SUPPORTED_GRANT_TYPES),
        "response_types": _supported(document, "response_types", SUPPORTED_RESPONSE_TYPES),
        "id_token_signed_response_alg": _choice(
            document, "id_token_signed_response_alg", get_args(IDTokenAlgorithm), "RS256"
        ),
        "dpop_bound_access_tokens": _flag(document, "dpop_bound_access_tokens"),
        "subject_type": "public",
        **({"authorization_details": [each.to_json() for each in details]} if (details := _details(document)) else {}),
    }


def _details(document: Document) -> AccessRequests:
    """What an app always asks for. Those meant for other servers are ignored, like everything not understood.

    Deviates: in RFC 9396 s10 clients register the types alone.
    """
    said = document.get("authorization_details")
    if not isinstance(said, list) or not any(isinstance(each, dict) and each.get("type") == TYPE for each in said):
        return ()
    try:
        return authorization_details.read(said)
    except BadRequest as error:
        raise InvalidClientMetadata(error.detail) from error


def _redirect_uris(document: Document, member: str, *, native: bool) -> list[str]:
    try:
        uris = _strings(document, member, REDIRECT_URIS_MAX)
    except InvalidClientMetadata as error:
        raise InvalidRedirectURI(error.detail) from error
    for uri in uris:
        redirect_uris.check(uri, native=native)
    return uris


def _hosts(uris: Iterable[str]) -> set[str]:
    """Without ports: what is on one host is of one app. Schemes of native apps are hosts of their own."""
    return {redirect_host(uri) if (url := web_url(uri)) is None else url.host for uri in uris}


def _supported(document: Document, member: str, supported: tuple[str, ...]) -> list[str]:
    """Those that are offered here; the first of `supported` is what everything here needs.

    Spec: RFC 7591 s2.1
    """
    found = _strings(document, member, ITEMS_MAX) if member in document else [supported[0]]
    if supported[0] not in found:
        raise InvalidClientMetadata(f"{member} must have {supported[0]}: nothing else signs people in here.")
    return [each for each in supported if each in found]


def _shown(document: Document, hosts: Collection[str | None]) -> dict[str, str]:
    """What people see. A link or logo on a host that the app has not shown to be its own is not registered.

    Spec: RFC 7591 s5 -- same host as the redirect URIs, protect the user from malicious content
    """
    shown = {"client_name": _name(document)}
    for member in ("client_uri", "logo_uri", "policy_uri", "tos_uri"):
        url = web_url(_text(document, member) or "")
        if url is not None and url.host in hosts and (url.scheme == "https" or url.is_loopback):
            shown[member] = document[member]
    return {member: value for member, value in shown.items() if value}


def _name(document: Document) -> str:
    """On one line, without characters that hide something or turn the line around."""
    text = "".join(each if each.isprintable() or each in _JOINERS else " " for each in _text(document, "client_name"))
    return " ".join(text.split())[:NAME_CHARACTERS_MAX].strip(" \u200c\u200d")


def _scope(document: Document) -> str:
    """Spec: RFC 6749 s3.3; Solid-OIDC #clientids-oidc."""
    scope = document.get("scope", DEFAULT_SCOPE)
    names = scope.split() if isinstance(scope, str) and len(scope) <= SCOPE_CHARACTERS_MAX else []
    if not names or not all(map(_SCOPE_TOKEN.fullmatch, names)):
        raise InvalidClientMetadata("scope must be a string: names with a space between them.")
    return " ".join(names)


def _kept(document: Document) -> dict[str, Any]:  # JSON
    """What is only kept, and told again: who to write to, keys, the software.

    Spec: RFC 7591 s2 -- jwks_uri and jwks MUST NOT both be present
    """
    kept: dict[str, Any] = {}
    if "contacts" in document:
        kept["contacts"] = _strings(document, "contacts", ITEMS_MAX)
    for member in ("software_id", "software_version", "jwks_uri"):
        if text := _text(document, member):
            kept[member] = text
    if "jwks" in document:
        kept["jwks"] = _key_set(document)
    if "jwks_uri" in kept and _is_unsafe(kept["jwks_uri"]):
        raise InvalidClientMetadata("jwks_uri must be an https URL.")
    return kept


def _is_unsafe(text: str) -> bool:
    url = web_url(text)
    return url is None or (url.scheme != "https" and not url.is_loopback)


def _key_set(document: Document) -> dict[str, Any]:  # JSON
    keys = document["jwks"].get("keys") if isinstance(document["jwks"], dict) else None
    if "jwks_uri" in document or not isinstance(keys, list) or not all(_is_key(each) for each in keys):
        raise InvalidClientMetadata("jwks must be a JWK Set, and cannot be there together with jwks_uri.")
    return {"keys": keys}


def _is_key(key: object) -> bool:
    """Spec: RFC 7517 s4, as deep as a key goes."""
    values = key.values() if isinstance(key, dict) else [None]
    return all(isinstance(value, str) or _is_list_of_text(value) for value in values)


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


# -- members of any JSON object ----------------------------------------------------------------------------------------


def _text(document: Document, member: str) -> str:
    """Empty where there is none."""
    text = document.get(member, "")
    if not isinstance(text, str) or len(text) > URI_CHARACTERS_MAX:
        raise InvalidClientMetadata(f"{member} must be a string of at most {URI_CHARACTERS_MAX} characters.")
    return text


def _strings(document: Document, member: str, items_max: int) -> list[str]:
    """Each once; none where there is no such member."""
    items = document.get(member, [])
    if not isinstance(items, list) or len(items) > items_max or not _is_list_of_text(items):
        raise InvalidClientMetadata(f"{member} must be an array of at most {items_max} strings.")
    return list(dict.fromkeys(items))


def _choice(document: Document, member: str, choices: tuple[str, ...], default: str) -> str:
    choice = document.get(member, default)
    if choice not in choices:
        raise InvalidClientMetadata(f"{member} can be {' or '.join(choices)}.")
    return str(choice)


def _flag(document: Document, member: str) -> bool:
    flag = document.get(member, False)
    if not isinstance(flag, bool):
        raise InvalidClientMetadata(f"{member} must be true or false.")
    return flag


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:  # JSON
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a member is there twice")
    return found


def _no_number(name: str) -> None:
    """Spec: RFC 8259 s6."""
    raise ValueError(f"{name} is not JSON")
