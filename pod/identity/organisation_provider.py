"""The organisation's OpenID provider as its client: where it is, what it says of somebody, and whether to believe it.

Authorization code with PKCE, `state` bound to the browser, `nonce`, `iss`. What is asked for travels sealed in `state`;
verifier and nonce are made of it and of a secret of the browser, so the provider cannot know the first and nothing is
kept. All requests go through the guarded client. docs/decisions/0031-organisation-sign-in.md says more.

Spec: OpenID Connect Core s3.1; OpenID Connect Discovery s4; RFC 7636; RFC 9207; RFC 9700 s2.1, s4.4
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pod.authentication.issuer import ForeignIssuers, json_object, metadata_url, wrong_with_issuer
from pod.authentication.jose import JOSEError, UnverifiedJWT, algorithm_of, decode_object, encode_segment
from pod.authentication.secret_files import derived
from pod.config import is_mail_address
from pod.errors import BadRequest, InvalidToken, ProviderFailed, StorageDamaged, WrongPassword
from pod.identity.challenges import FACTORS_KEY
from pod.identity.sealed import Seal
from pod.remote.cache import Cached, Loaded
from pod.remote.client import Limits, RemoteClient
from pod.remote.errors import RemoteError
from pod.services import Services
from pod.store.outside import ProviderSettings, provider_settings

CALLBACK = "/.account/sign-in/organisation/back"
STATE_SECONDS = 600
CODE_CHARACTERS_MAX = 4096
SUBJECT_CHARACTERS_MAX = 255
NAME_CHARACTERS_MAX = 200
SKEW_SECONDS = 60
SESSION_SECONDS_MAX = 365 * 24 * 3600
"""Of a session at the provider by which people come in. Whoever is asked for a limit says when they signed in: who goes
on there without showing who they are has not just done so here either.
"""
SECONDS_MAX = 2**40
_METADATA_SECONDS = 600
_FAILURE_SECONDS = 10
_NONCE_BYTES = 12
_SECRET_USE = "secret of the organisation's provider"  # noqa: S105 -- what a key is for
_STATE_USE = "state for the organisation's provider"
_VERIFIER_USE = "verifier for the organisation's provider"

log = structlog.get_logger("pod.organisation_provider")


@dataclass(frozen=True, slots=True)
class Person:
    """What the provider says of whoever signed in there. `email` only if the provider has verified it; `shown_ms` is
    when they showed there who they are, as far as it says so.
    """

    issuer: str
    subject: str
    name: str = ""
    email: str = ""
    shown_ms: int | None = None

    @property
    def shown(self) -> str:
        return self.name or self.email or self.subject


@dataclass(frozen=True, slots=True)
class Journey:
    """What somebody is on the way for: `use` is "in" or "connect"; where to go on, and the app's request that waits."""

    use: str
    next: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class Metadata:
    authorization: str
    token: str
    sends_iss: bool
    basic: bool


class OrganisationProvider:
    """Made once per process; shared by all threads."""

    def __init__(self, services: Services, remote: RemoteClient | None = None) -> None:
        self._services = services
        self._remote = remote or services.outbound()
        self._limits = Limits.of(services.config)
        config, places = services.config, BoundedSemaphore(max(1, services.config.threads // 4))
        self._keys = ForeignIssuers(config, services.clock, self._remote, places)
        self._metadata: Cached[str, Metadata] = Cached(
            self._load,
            clock=services.clock,
            fresh_seconds=_METADATA_SECONDS,
            stale_seconds=_METADATA_SECONDS,
            failure_seconds=_FAILURE_SECONDS,
            entries_max=4,
            loads_max=2,
        )
        self._seal = Seal(self._key(_STATE_USE), _STATE_USE, seconds=STATE_SECONDS, now=services.clock.now)

    # -- settings ------------------------------------------------------------------------------------------------------

    def settings(self) -> ProviderSettings | None:
        return provider_settings(self._services.store)

    def sealed_secret(self, secret: str) -> str:
        """As it is kept: encrypted under a file beside the database."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (nonce + self._cipher().encrypt(nonce, secret.encode(), b"")).hex()

    def _secret(self, settings: ProviderSettings) -> str:
        """Raises: StorageDamaged"""
        kept = bytes.fromhex(settings.secret)
        try:
            return self._cipher().decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], b"").decode()
        except InvalidTag as error:
            raise StorageDamaged("The client secret of the sign-in provider cannot be read: type it anew.") from error

    def _cipher(self) -> AESGCM:
        return AESGCM(self._key(_SECRET_USE))

    def _key(self, use: str) -> bytes:
        return derived(self._services.config.keys, FACTORS_KEY, use)

    # -- where it is ---------------------------------------------------------------------------------------------------

    @property
    def callback(self) -> str:
        """What is registered with the provider."""
        return self._services.placement.base_url.rstrip("/") + CALLBACK

    def metadata(self, issuer: str) -> Metadata:
        """Raises: ProviderFailed -- with what its operator can do about it"""
        return self._metadata.get(issuer)

    def _load(self, issuer: str) -> Loaded[Metadata]:
        wrong = wrong_with_issuer(issuer, dev=self._services.config.dev)
        if wrong:
            raise ProviderFailed(f"The address of the provider {wrong}.")
        try:
            answer = self._remote.fetch(metadata_url(issuer), accept="application/json", limits=self._limits)
        except RemoteError as error:
            log.warning("organisation provider unreachable", issuer=issuer, why=str(error))
            raise ProviderFailed("The provider did not answer. Try again in a minute.") from error
        said = json_object(answer)
        if said is None or said.get("issuer") != issuer:
            raise ProviderFailed("At this address is no OpenID provider, or it calls itself otherwise.")
        return Loaded(self._read_metadata(said), answer.fresh_seconds)

    def _read_metadata(self, said: Mapping[str, Any]) -> Metadata:  # JSON
        places = (said.get("authorization_endpoint"), said.get("token_endpoint"))
        for place in places:
            if not isinstance(place, str) or wrong_with_endpoint(place, dev=self._services.config.dev):
                raise ProviderFailed("The provider does not say where people sign in, or not at an https address.")
        methods = said.get("code_challenge_methods_supported", ["S256"])
        if "S256" not in methods:
            raise ProviderFailed("The provider does not know PKCE with S256, which protects the sign-in.")
        ways = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        sends_iss = said.get("authorization_response_iss_parameter_supported") is True
        return Metadata(str(places[0]), str(places[1]), sends_iss, "client_secret_basic" in ways)

    # -- there ---------------------------------------------------------------------------------------------------------

    def way(self, journey: Journey, browser: str, *, again: bool = False) -> str:
        """The URL at the provider. `browser` is a secret of this browser.

        Raises: BadRequest -- there is no provider; ProviderFailed, Busy
        """
        settings = self._settings()
        metadata = self.metadata(settings.issuer)
        state = self._seal.write(
            {
                "id": secrets.token_urlsafe(16),
                "issuer": settings.issuer,
                "browser": _digest(browser),
                "use": journey.use,
                "next": journey.next,
                "request": journey.request,
            }
        )
        asked = {
            "response_type": "code",
            "client_id": settings.client,
            "redirect_uri": self.callback,
            "scope": "openid profile email",
            "state": state,
            "nonce": self._made(state, browser, "nonce"),
            "code_challenge": encode_segment(sha256(self._made(state, browser, "verifier").encode()).digest()),
            "code_challenge_method": "S256",
            "max_age": str(SESSION_SECONDS_MAX),
            **({"prompt": "login"} if again else {}),
        }
        return f"{metadata.authorization}{'&' if '?' in metadata.authorization else '?'}{urlencode(asked)}"

    def _settings(self) -> ProviderSettings:
        settings = self.settings()
        if settings is None:
            raise BadRequest("This server has no organisation to sign in with.")
        return settings

    def _made(self, state: str, browser: str, use: str) -> str:
        text = f"{use}\n{state}\n{browser}"
        return encode_segment(hmac.digest(self._key(_VERIFIER_USE), text.encode(), "sha256"))

    # -- and back ------------------------------------------------------------------------------------------------------

    def arrived(self, query: Mapping[str, str], browser: str) -> tuple[Person, Journey]:
        """Who came back from the provider.

        Raises: BadRequest -- not begun in this browser, or too long ago; WrongPassword -- they may not come in, or the
            provider says no; ProviderFailed; Busy
        """
        settings = self._settings()
        state = query.get("state", "")
        begun = self._seal.read(state)
        if not hmac.compare_digest(begun["browser"], _digest(browser)) or begun["issuer"] != settings.issuer:
            raise BadRequest("This sign-in was begun in another browser, or is over. Begin again.")
        metadata = self.metadata(settings.issuer)
        said = query.get("iss")
        if said != settings.issuer and (metadata.sends_iss or said is not None):
            raise BadRequest("This answer is not from the provider that was asked.")
        if "error" in query or not 0 < len(query.get("code", "")) <= CODE_CHARACTERS_MAX:
            raise WrongPassword("The provider did not sign you in.")
        token = self._exchanged(settings, metadata, query["code"], self._made(state, browser, "verifier"))
        claims = self._believed(settings, token, self._made(state, browser, "nonce"))
        check_admitted(settings, claims)
        return person(settings.issuer, claims), Journey(begun["use"], begun["next"], begun["request"])

    def _exchanged(self, settings: ProviderSettings, metadata: Metadata, code: str, verifier: str) -> str:
        """The ID token for a code. Raises: ProviderFailed"""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": verifier,
        }
        fields = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        secret = self._secret(settings)
        if metadata.basic:  # Spec: RFC 6749 s2.3.1
            pair = f"{quote(settings.client, safe='')}:{quote(secret, safe='')}"
            fields["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": settings.client, "client_secret": secret}
        try:
            answer = self._remote.ask(metadata.token, urlencode(form).encode(), fields, limits=self._limits)
        except RemoteError as error:
            log.warning("organisation provider unreachable", issuer=settings.issuer, why=str(error))
            raise ProviderFailed("The provider did not answer. Try again in a minute.") from error
        token = (json_object(answer) or {}).get("id_token")
        if not isinstance(token, str):
            log.warning("organisation provider gave no ID token", issuer=settings.issuer, status=answer.status)
            raise ProviderFailed("The provider did not accept this server. Begin again; if it stays so, tell us.")
        return token

    def _believed(self, settings: ProviderSettings, token: str, nonce: str) -> dict[str, Any]:  # JSON
        """The claims of an ID token. Spec: OpenID Connect Core s3.1.3.7. Raises: ProviderFailed, Busy"""
        try:
            claims = self._signed(settings.issuer, token)
        except (JOSEError, InvalidToken) as error:
            raise _unbelievable(settings, str(error)) from error
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        now, said = self._services.clock.now(), claims.get("nonce")
        checks = {
            "iss": claims.get("iss") == settings.issuer,
            "aud": settings.client in audiences,
            "azp": claims.get("azp", settings.client if len(audiences) == 1 else None) == settings.client,
            "exp": now < _number(claims, "exp", otherwise=0) + SKEW_SECONDS,
            "iat": _number(claims, "iat", otherwise=now * 2) <= now + SKEW_SECONDS,
            "nonce": isinstance(said := claims.get("nonce"), str)
            and hmac.compare_digest(said.encode(), nonce.encode()),
            "sub": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= SUBJECT_CHARACTERS_MAX,
        }
        wrong = [name for name, holds in checks.items() if not holds]
        if wrong:
            raise _unbelievable(settings, ", ".join(wrong))
        return claims

    def _signed(self, issuer: str, token: str) -> dict[str, Any]:  # JSON
        """Raises: JOSEError, InvalidToken, Busy"""
        jwt = UnverifiedJWT.parse(token)
        header = decode_object(jwt.header)
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise JOSEError("It does not name the key it is signed with.")
        key = self._keys.key(issuer, kid)
        if key.algorithm != algorithm_of(header) or not jwt.is_signed_by(key):
            raise JOSEError("Its signature does not verify.")
        return decode_object(jwt.payload)


def check_admitted(settings: ProviderSettings, claims: Mapping[str, Any]) -> None:  # JSON
    """Raises: WrongPassword -- the organisation lets others in"""
    if settings.domain:
        local, _, domain = verified_email(claims).rpartition("@")
        if not local or domain.lower() != settings.domain.lower():
            raise WrongPassword(f"Only people with a verified address at {settings.domain} come in here.")
    if settings.claim:
        said = claims.get(settings.claim)
        if settings.value not in (said if isinstance(said, list) else [said]):
            raise WrongPassword("Your organisation has not given you access to this server. Ask there.")


def person(issuer: str, claims: Mapping[str, Any]) -> Person:  # JSON
    name = claims.get("name")
    shown = "".join(each for each in name if each.isprintable())[:NAME_CHARACTERS_MAX] if isinstance(name, str) else ""
    since = _number(claims, "auth_time", otherwise=-1)
    shown_ms = int((since + SKEW_SECONDS) * 1000) if 0 <= since < SECONDS_MAX else None
    return Person(issuer, claims["sub"], shown.strip(), verified_email(claims), shown_ms)


def verified_email(claims: Mapping[str, Any]) -> str:  # JSON
    email = claims.get("email")
    is_one = isinstance(email, str) and is_mail_address(email)
    return str(email) if is_one and claims.get("email_verified") is True else ""


def wrong_with_endpoint(url: str, *, dev: bool) -> bool:
    """Whether people cannot be sent there."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    is_safe = parts.scheme == "https" or (dev and parts.scheme == "http")
    return not is_safe or not parts.hostname or "@" in parts.netloc or "#" in url or not url.isascii() or " " in url


def _unbelievable(settings: ProviderSettings, why: str) -> ProviderFailed:
    log.warning("organisation provider is not believed", issuer=settings.issuer, why=why)
    return ProviderFailed("What the provider says of you does not hold. Begin again; if it stays so, tell us.")


def _number(claims: Mapping[str, Any], name: str, *, otherwise: float) -> float:  # JSON
    value = claims.get(name)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _digest(browser: str) -> str:
    return sha256(browser.encode()).hexdigest()
