"""The organisation's OpenID provider as operators set it: where it is, as whom we come to it, whom it lets in."""

from __future__ import annotations

from dataclasses import dataclass, field

from pod.authentication.issuer import wrong_with_issuer
from pod.console.members import Console, Settled
from pod.errors import ProviderFailed, UnprocessableContent
from pod.identity.organisation_provider import OrganisationProvider
from pod.store.interface import Writer
from pod.store.operator_acts import ActKind
from pod.store.outside import ProviderSettings, provider_settings, put_provider_settings

ISSUER_CHARACTERS_MAX = 500
TEXT_CHARACTERS_MAX = 200
SECRET_CHARACTERS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """As typed. An empty `secret` is the one that is kept."""

    issuer: str = ""
    client: str = ""
    label: str = ""
    domain: str = ""
    claim: str = ""
    value: str = ""
    may_join: bool = False
    secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, settings: ProviderSettings | None) -> Said:
        if settings is None:
            return cls()
        kept = settings
        return cls(kept.issuer, kept.client, kept.label, kept.domain, kept.claim, kept.value, kept.may_join)


def save_provider(console: Console, provider: OrganisationProvider, said: Said) -> None:
    """Once the provider was asked whether it is one. Raises: UnprocessableContent -- with the `field`."""
    _check(console, said)
    try:
        provider.metadata(said.issuer)
    except ProviderFailed as error:
        raise UnprocessableContent(error.detail, field="issuer") from error
    sealed = provider.sealed_secret(said.secret) if said.secret else ""

    def change(tx: Writer) -> Settled:
        before = provider_settings(tx)
        _check_secret(said, before)
        secret = sealed or (before.secret if before else "")
        put_provider_settings(
            tx,
            ProviderSettings(
                said.issuer, said.client, secret, said.label, said.domain, said.claim, said.value, said.may_join
            ),
        )
        return Settled(said.issuer)

    console.settle(ActKind.PROVIDER, change)


def remove_provider(console: Console) -> None:
    """Nobody comes in by it any more. Who is connected stays so, should it come back."""

    def change(tx: Writer) -> Settled:
        put_provider_settings(tx, None)
        return Settled()

    console.settle(ActKind.PROVIDER, change)


def _check(console: Console, said: Said) -> None:
    """Raises: UnprocessableContent."""
    wrong = wrong_with_issuer(said.issuer, dev=console.services.config.dev)
    if wrong or len(said.issuer) > ISSUER_CHARACTERS_MAX:
        raise UnprocessableContent("Give the address of the provider, which begins with https://.", field="issuer")
    if not 0 < len(said.client) <= TEXT_CHARACTERS_MAX or not said.client.isprintable():
        raise UnprocessableContent("The provider told you a client ID when you registered this server.", field="client")
    _check_secret(said, provider_settings(console.services.store))
    if len(said.secret) > SECRET_CHARACTERS_MAX or not said.secret.isprintable():
        raise UnprocessableContent("This is no client secret.", field="secret")
    if not 0 < len(said.label) <= TEXT_CHARACTERS_MAX or not said.label.isprintable():
        raise UnprocessableContent("Say what people know it by, such as Example University.", field="label")
    if said.domain and ("@" in said.domain or "." not in said.domain or len(said.domain) > TEXT_CHARACTERS_MAX):
        raise UnprocessableContent("Write only what stands after the @, such as example.org.", field="domain")
    if bool(said.claim) != bool(said.value) or max(len(said.claim), len(said.value)) > TEXT_CHARACTERS_MAX:
        raise UnprocessableContent("A claim has a name and a value, or neither.", field="claim")


def _check_secret(said: Said, before: ProviderSettings | None) -> None:
    """A secret goes to nobody but the provider it was typed for, whoever saves too. Raises: UnprocessableContent."""
    if not said.secret and (before is None or before.issuer != said.issuer):
        raise UnprocessableContent("Type the client secret that the provider gave you.", field="secret")
