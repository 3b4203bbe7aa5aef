"""Authorization requests: what an app may ask for when it sends somebody here, checked.

Pure but for the client, which the caller found. What is wrong with a request is told to the app by a redirect, so this
begins only when it is certain where that leads.

Spec: OpenID Connect Core s3.1.2.1, s11; RFC 6749 s4.1.1; RFC 7636 s4.3; RFC 9396; RFC 9449 s10; Solid-OIDC #webid-scope
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from pod.errors import BadRequest, RefusedAuthorization
from pod.identity import authorization_details
from pod.identity.authorization_details import AccessRequests
from pod.identity.client_metadata import Client
from pod.protocol.placement import Placement
from pod.store.sessions import Session

PARAMETERS_MAX = 50
PLACES_MAX = 20
"""That one request may name in `authorization_details`."""
CHARACTERS_MAX: Mapping[str, int] = {
    "response_type": 100,
    "client_id": 2048,
    "redirect_uri": 2048,
    "scope": 1000,
    "state": 4096,
    "nonce": 1024,
    "code_challenge": 128,
    "code_challenge_method": 16,
    "dpop_jkt": 128,
    "prompt": 100,
    "max_age": 9,
    "login_hint": 320,
    "id_token_hint": 8192,
    "response_mode": 32,
    "authorization_details": authorization_details.CHARACTERS_MAX,
    "request": 8192,
    "request_uri": 2048,
    "registration": 8192,
}
"""The parameters that mean something here, and how long each may be."""

SCOPES = ("openid", "webid", "offline_access")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}
_SHA256 = re.compile(r"[A-Za-z0-9_-]{43}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: +[\x21\x23-\x5b\x5d-\x7e]+)*")
_SECONDS = re.compile(r"[0-9]+")
_NOT_IN_DESCRIPTION = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


class RequestError(Exception):
    """What is wrong with a request, as the app is told. Spec: RFC 6749 s4.1.2.1; OpenID Connect Core s3.1.2.6."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = describable(description)


def describable(text: str) -> str:
    """Text fit for an `error_description`. Spec: RFC 6749 s4.1.2.1, s5.2."""
    return _NOT_IN_DESCRIPTION.sub("'", text)


def is_scope(text: str) -> bool:
    """Names with spaces between them. Spec: RFC 6749 s3.3."""
    return len(text) <= CHARACTERS_MAX["scope"] and bool(_SCOPE.fullmatch(text.strip(" ")))


class ErrorRedirect(Exception):
    """The request is answered with an error at the app's own redirect URI."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A checked authorization request, until somebody allowed or refused it.

    `max_age` is in seconds; `web_id` is who an ID token hint says is wanted; `details` is what the app asks for.
    """

    client: Client
    redirect_uri: str
    scope: str
    challenge: str
    asked_ms: int
    state: str | None = None
    nonce: str | None = None
    dpop_jkt: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    login_hint: str | None = None
    web_id: str | None = None
    details: AccessRequests = ()

    @property
    def is_silent(self) -> bool:
        """Nobody may be asked anything."""
        return "none" in self.prompt

    @property
    def is_offline(self) -> bool:
        return "offline_access" in self.scope.split()

    def meant(self, web_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Of somebody's WebIDs, those that the app can mean."""
        return tuple(each for each in web_ids if self.web_id in {None, each})

    def is_recent_enough(self, session: Session) -> bool:
        """Whether the person signed in late enough. Held against the moment of the request, so that it can be met.

        Spec: OpenID Connect Core s3.1.2.1, max_age, prompt
        """
        if "login" in self.prompt:
            return session.authenticated_ms >= self.asked_ms
        return self.max_age is None or session.authenticated_ms >= self.asked_ms - self.max_age * 1000

    def location(self, issuer: str, **answer: str) -> str:
        """Where the app gets an answer, with `state` and `iss`. Spec: RFC 6749 s4.1.2; RFC 9207 s2."""
        return location(self.redirect_uri, issuer, self.state, answer)


def location(redirect_uri: str, issuer: str, state: str | None, answer: Mapping[str, str]) -> str:
    return with_query(redirect_uri, {**answer, **({} if state is None else {"state": state}), "iss": issuer})


def with_query(uri: str, parameters: Mapping[str, str]) -> str:
    """A registered URI keeps the query it was registered with. Spec: RFC 6749 s3.1.2."""
    joint = "" if not parameters or uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return uri + joint + urlencode(parameters)


# -- reading -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a request that mean something here and have a value, by name; and those there more than once.

    Spec: RFC 6749 s3.1 -- no value is as good as none; not more than once
    """

    values: Mapping[str, str]
    repeated: frozenset[str]

    @classmethod
    def of(cls, parameters: Sequence[tuple[str, str]]) -> Parameters:
        """Raises: RefusedAuthorization -- too many, or not Unicode."""
        if len(parameters) > PARAMETERS_MAX:
            raise RefusedAuthorization(f"A request may have at most {PARAMETERS_MAX} parameters.")
        known = [(name, value) for name, value in parameters if name in CHARACTERS_MAX and value]
        if any("\ud800" <= character <= "\udfff" for _, value in known for character in value):
            raise RefusedAuthorization("The request is not UTF-8.")
        counts = Counter(name for name, _ in known)
        return cls(dict(known), frozenset(name for name, count in counts.items() if count > 1))

    def certain(self, name: str) -> str:
        """One that must be right before anybody is redirected. Raises: RefusedAuthorization."""
        value = self.values.get(name)
        if value is None or name in self.repeated or len(value) > CHARACTERS_MAX[name]:
            raise RefusedAuthorization(f"The app's request must have one {name} of {CHARACTERS_MAX[name]} characters.")
        return value

    @property
    def state(self) -> str | None:
        """As far as it can be given back."""
        value = self.values.get("state")
        return None if "state" in self.repeated or self._is_too_long("state") else value

    def check(self) -> None:
        """Raises: RequestError -- something there more than once, too long, or not supported."""
        for name in self.values:
            if name in self.repeated:
                raise RequestError("invalid_request", f"The parameter {name} is there more than once.")
            if self._is_too_long(name):
                raise RequestError("invalid_request", f"{name} may have at most {CHARACTERS_MAX[name]} characters.")
            if name in _UNSUPPORTED:
                raise RequestError(_UNSUPPORTED[name], f"This server does not support the parameter {name}.")

    def _is_too_long(self, name: str) -> bool:
        return len(self.values.get(name, "")) > CHARACTERS_MAX[name]


def checked(parameters: Parameters, client: Client, asked_ms: int) -> PendingRequest:
    """The request of a client whose redirect URI is its own; who an ID token hint means is left to the caller.

    Raises: RequestError.
    """
    parameters.check()
    values = parameters.values
    check_response(values, client)
    return PendingRequest(
        client=client,
        redirect_uri=values["redirect_uri"],
        scope=granted_scope(values.get("scope"), client),
        challenge=challenge(values),
        asked_ms=asked_ms,
        state=values.get("state"),
        nonce=values.get("nonce"),
        dpop_jkt=dpop_jkt(values),
        prompt=prompt(values),
        max_age=max_age(values),
        login_hint=values.get("login_hint"),
        details=details(values, client),
    )


def check_response(values: Mapping[str, str], client: Client) -> None:
    """Spec: RFC 6749 s4.1.2.1; OAuth 2.0 Multiple Response Type Encoding Practices s2.1, s5. Raises: RequestError."""
    if "response_type" not in values:
        raise RequestError("invalid_request", "The parameter response_type is missing; it is code.")
    if values["response_type"] != "code":
        raise RequestError("unsupported_response_type", "This server supports response_type=code only.")
    if values.get("response_mode", "query") != "query":
        raise RequestError("invalid_request", "This server supports response_mode=query only.")
    if not client.allows_grant("authorization_code") or "code" not in client.response_types:
        raise RequestError("unauthorized_client", "The client is not registered for authorization codes.")


def granted_scope(scope: str | None, client: Client) -> str:
    """What is understood of the scope; always `webid`, for that is what the tokens say.

    Only a client that can use a refresh token gets `offline_access`.

    Spec: RFC 6749 s3.3; OpenID Connect Core s11; Solid-OIDC #webid-scope. Raises: RequestError.
    """
    if scope and not is_scope(scope):
        raise RequestError("invalid_scope", "The scope must be names with spaces between them.")
    asked = {"webid", *(scope or "").split()}
    if not client.allows_grant("refresh_token") or "offline_access" not in client.scope.split():
        asked.discard("offline_access")
    return " ".join(each for each in SCOPES if each in asked)


def challenge(values: Mapping[str, str]) -> str:
    """Spec: RFC 7636 s4.3, s4.4.1; RFC 9700 s2.1.1. S256 for every client. Raises: RequestError."""
    if values.get("code_challenge_method", "plain") != "S256":
        raise RequestError("invalid_request", "PKCE is required: code_challenge with code_challenge_method=S256.")
    given = values.get("code_challenge", "")
    if not _SHA256.fullmatch(given):
        raise RequestError("invalid_request", "code_challenge must be a SHA-256 in base64url, 43 characters.")
    return given


def dpop_jkt(values: Mapping[str, str]) -> str | None:
    """Spec: RFC 9449 s10. Raises: RequestError."""
    jkt = values.get("dpop_jkt")
    if jkt is not None and not _SHA256.fullmatch(jkt):
        raise RequestError("invalid_request", "dpop_jkt must be the SHA-256 thumbprint of a key, 43 characters.")
    return jkt


def prompt(values: Mapping[str, str]) -> frozenset[str]:
    """Spec: OpenID Connect Core s3.1.2.1, `none` with any other value is an error. Raises: RequestError."""
    asked = frozenset(values.get("prompt", "").split(" ")) - {""}
    if not asked <= PROMPTS or ("none" in asked and len(asked) > 1):
        raise RequestError("invalid_request", "prompt may be none, or any of login, consent and select_account.")
    return asked


def max_age(values: Mapping[str, str]) -> int | None:
    """Spec: OpenID Connect Core s3.1.2.1. Raises: RequestError."""
    seconds = values.get("max_age")
    if seconds is None:
        return None
    if not _SECONDS.fullmatch(seconds):
        raise RequestError("invalid_request", "max_age must be a number of seconds.")
    return int(seconds)


def details(values: Mapping[str, str], client: Client) -> AccessRequests:
    """What the app asks for, in this request or else in its description of itself. Spec: RFC 9396 s5.

    Raises: RequestError.
    """
    said = values.get("authorization_details")
    if said is None:
        return client.authorization_details
    try:
        return authorization_details.parse(said)
    except BadRequest as error:
        raise RequestError("invalid_authorization_details", error.detail) from error


def check_places(asked: AccessRequests, placement: Placement) -> None:
    """Only of what is here this server can say who may have it. Raises: RequestError."""
    places = [url for request in asked for url in request.locations]
    kinds = [iri for request in asked for iri in request.datatypes]
    if len(places) + len(kinds) > PLACES_MAX:
        raise RequestError("invalid_authorization_details", f"At most {PLACES_MAX} places or kinds can be asked for.")
    for url in places:
        if placement.local_path(url) is None:
            raise RequestError("invalid_authorization_details", f"{url} is in no pod of this server.")
