"""Who may sign people in as a WebID of this server: the `solid:oidcIssuer` statements of a profile.

Apps cannot change them (operations/rules.py), only the owner of the account can, here. A profile without this server
is allowed: then no token of ours speaks for its WebID, for resource servers must find the issuer in the profile. Our
own tokens are not checked against the profile with each request, so whatever acts under one ends with the statement.

Spec: WebID Profile #server-update-protected-triples; Solid-OIDC #oidc-issuer-discovery, #id-token-validation
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from pod.authentication.issuer import wrong_with_issuer
from pod.errors import Busy, Conflict, NotFound, PodError, UnprocessableContent, VersionMoved
from pod.identity.notices import tell_owner
from pod.identity.projection import refresh
from pod.identity.providers import Providers
from pod.operations.admission import settled
from pod.operations.content import discarded_on_failure, stage_document
from pod.operations.create import effective
from pod.operations.watched import note_own
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.rdf import formats
from pod.rdf.graph import IRI, Dataset, Triple
from pod.rdf.vocab import SOLID
from pod.services import Services
from pod.store.accounts import Account, Accounts
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.records import SERVER, Actor, Kind, ResourceState

ISSUERS_MAX = 10
ISSUER_CHARACTERS_MAX = 500
ATTEMPTS_MAX = 10

_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""What a URL is written with."""

Change = Callable[[frozenset[str]], frozenset[str]]
"""From the issuers that a profile names to those it shall name."""


@dataclass(frozen=True, slots=True)
class NamedIssuers:
    """The issuers that the profile of a WebID names, exactly as written; this server first, if it is one."""

    web_id: str
    issuers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Profile:
    target: Target
    state: ResourceState
    dataset: Dataset


def list_issuers(services: Services, account_id: int) -> tuple[NamedIssuers, ...]:
    """Of each WebID of an account, the primary one first. Raises: Conflict -- a profile is not there."""
    own = services.placement.base_url

    @settled
    def named(web_id: str) -> NamedIssuers:
        found = _issuers(_read(services, web_id).dataset, web_id)
        return NamedIssuers(web_id, tuple(sorted(found, key=lambda issuer: (issuer != own, issuer))))

    return tuple(named(web_id) for web_id in services.accounts.web_ids(account_id))


def add_issuer(
    services: Services, providers: Providers, account: Account, web_id: str, issuer: str, *, by: Actor = SERVER
) -> None:
    """From now on, whoever this issuer says is the WebID, is. One that is named already stays. May wait for it.

    Raises: UnprocessableContent -- no provider, or not by that name; Conflict -- the profile names enough; NotFound --
        not a WebID of the account; QuotaExceeded, Busy
    """

    def added(named: frozenset[str]) -> frozenset[str]:
        if issuer not in named and len(named) >= ISSUERS_MAX:
            raise Conflict(f"A profile names at most {ISSUERS_MAX} sign-in servers. Remove one first.")
        return named | {issuer}

    _check_own(services.accounts, account, web_id)
    check_issuer(services, issuer)
    if issuer != services.placement.base_url:
        providers.check(issuer)
    _change(services, account, web_id, added, by)


def remove_issuer(services: Services, account: Account, web_id: str, issuer: str, *, by: Actor = SERVER) -> None:
    """What this issuer says of the WebID counts no more: here within a minute, elsewhere when others look again.

    If it is this server, all apps and programs that act as the WebID are cut off, and none can be let in as it.

    Raises: Conflict -- it is the only one; NotFound -- not a WebID of the account; QuotaExceeded, Busy
    """

    def removed(named: frozenset[str]) -> frozenset[str]:
        if named == {issuer}:
            raise Conflict("This is the only server that can sign you in. Add another one first.")
        return named - {issuer}

    _check_own(services.accounts, account, web_id)
    _change(services, account, web_id, removed, by)
    if issuer == services.placement.base_url:
        refresh(services, account.id)


def check_issuer(services: Services, issuer: str) -> None:
    """Whether it can be an issuer, by its spelling. Raises: UnprocessableContent."""
    if len(issuer) > ISSUER_CHARACTERS_MAX or not _URL.fullmatch(issuer):
        raise UnprocessableContent("This is not the address of a server.")
    wrong = wrong_with_issuer(issuer, dev=services.config.dev)
    if wrong:
        raise UnprocessableContent(f"The address of a sign-in server {wrong}.")
    own = services.placement.base_url
    if issuer != own and services.placement.is_ours(issuer):
        raise UnprocessableContent(f"This server's own address is {own}, exactly so.")


# -- changing a profile ------------------------------------------------------------------------------------------------


def _change(services: Services, account: Account, web_id: str, change: Change, by: Actor) -> None:
    """As PATCH does it: computed outside the transaction, and again when the profile was changed meanwhile."""
    for _ in range(ATTEMPTS_MAX):
        with suppress(VersionMoved), services.store.turn(_target(services, web_id).path):
            return _attempt(services, account, web_id, change, by)
    raise Busy("The profile kept changing; try again.", headers=(("Retry-After", "1"),))


def _attempt(services: Services, account: Account, web_id: str, change: Change, by: Actor) -> None:
    """Raises: VersionMoved -- the profile changed between reading and writing."""
    own = services.placement.base_url
    profile = _read(services, web_id)
    before = _issuers(profile.dataset, web_id)
    after = change(before)
    if after == before:
        return
    media_type = profile.state.media_type
    data = formats.serialize(_naming(profile.dataset, web_id, before, after), media_type)
    content = stage_document(services, data, media_type, profile.target)
    with discarded_on_failure(services, content), services.store.write(by) as tx:
        _check_own(Accounts(tx), account, web_id)
        snapshot = tx.describe(profile.target, with_body=False)
        if snapshot.state is None or snapshot.state.version != profile.state.version:
            raise VersionMoved
        tx.replace(snapshot.state, content, kind=Kind.RDF, acl=effective(snapshot))
        tell_owner(services, tx, account.id, MailKind.ISSUERS_CHANGED)
        if (own in before) != (own in after):
            _follow(services, tx, account, web_id, signs_in_here=own in after)
    note_own(services, profile.target.path, by.agent, AccessMode.WRITE)


def _follow(services: Services, tx: Writer, account: Account, web_id: str, *, signs_in_here: bool) -> None:
    """Where this server came or went, what may act under its tokens comes and goes with it."""
    services.accounts.set_signs_in_here(tx, account.id, web_id, signs_in_here=signs_in_here)
    if not signs_in_here:
        services.accounts.revoke_clients_as(tx, account.id, web_id)
        services.apps.forget_as(tx, account.id, web_id)


def _check_own(accounts: Accounts, account: Account, web_id: str) -> None:
    """Raises: NotFound, Conflict."""
    now = accounts.by_id(account.id)
    if now is None or web_id not in accounts.web_ids(account.id):
        raise NotFound("The account has no such WebID.")
    if now.leaving:
        raise Conflict("The account is about to be deleted.")


# -- the document ------------------------------------------------------------------------------------------------------


def _target(services: Services, web_id: str) -> Target:
    """Raises: Conflict -- the document is not at this server's present address."""
    path = services.placement.local_path(web_id)
    try:
        return Target.parse(path or "")
    except PodError as error:
        raise Conflict(f"The profile of {web_id} is not on this server.") from error


def _read(services: Services, web_id: str) -> _Profile:
    """Raises: VersionMoved -- it is being replaced; Conflict -- it is not there."""
    target = _target(services, web_id)
    state = services.store.describe(target, with_body=False).state
    if state is None or state.kind is not Kind.RDF:
        raise Conflict(f"The profile of {web_id} is not there.")
    with services.store.open(state) as file:
        return _Profile(
            target, state, services.parse(file.read(), state.media_type, services.placement.url(target.path))
        )


def _issuers(dataset: Dataset, web_id: str) -> frozenset[str]:
    found = dataset.default.objects(IRI(web_id), SOLID.oidcIssuer)
    return frozenset(term.value for term in found if isinstance(term, IRI))


def _naming(dataset: Dataset, web_id: str, before: frozenset[str], after: frozenset[str]) -> Dataset:
    """The document with other issuers, all else as its author wrote it."""
    graph = dataset.default.copy()
    for issuer in before - after:
        graph.discard(Triple(IRI(web_id), SOLID.oidcIssuer, IRI(issuer)))
    for issuer in sorted(after - before):
        graph.add(Triple(IRI(web_id), SOLID.oidcIssuer, IRI(issuer)))
    return Dataset(graph, dataset.named, dataset.prefixes)
