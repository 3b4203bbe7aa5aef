"""An app that wants to sign its person out here too: whether that may happen at once, and where they go then.

Only an ID token of the person who is signed in proves that the app speaks for them; otherwise they are asked, or any
page could sign people out. Only an app's own registered URI is redirected to, and without such a proof only after the
person agreed: anybody may register an app, and this would be a link to anywhere.

Spec: OpenID Connect RP-Initiated Logout s2, s3, s4, s6
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pod.errors import BadRequest, UnknownClient
from pod.identity.client_metadata import Client
from pod.identity.id_token_hint import Hint, read_hint
from pod.identity.identity import Identity
from pod.identity.requests import with_query
from pod.services import Services
from pod.store.sessions import Session

CHARACTERS_MAX: Mapping[str, int] = {
    "id_token_hint": 8192,
    "client_id": 2048,
    "post_logout_redirect_uri": 2048,
    "state": 4096,
}


@dataclass(frozen=True, slots=True)
class LogoutDecision:
    """`at_once`: without a question. `location` is where to then; None is the signed-out page. `client` is who asks."""

    at_once: bool
    location: str | None
    client: Client | None


def begin_logout(
    services: Services,
    identity: Identity,
    parameters: Sequence[tuple[str, str]],
    session: Session | None,
    *,
    address: str | None = None,
) -> LogoutDecision:
    """What an app's request comes to, for whoever has this session. The same again when they have agreed.

    Raises: BadRequest -- parameters that are repeated or too long; TooManyRequests, Busy -- the app's document
            could not be had.
    """
    values = read_parameters(parameters)
    hint = read_hint(services.keys, services.placement.base_url, values.get("id_token_hint", ""))
    client = _client(identity, values, hint, address)
    at_once = session is None or (hint is not None and hint.web_id in services.accounts.web_ids(session.account.id))
    may_redirect = client is not None and (hint is not None or session is not None)
    return LogoutDecision(at_once, _location(client, values) if client and may_redirect else None, client)


def read_parameters(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Raises: BadRequest."""
    known = [(name, value) for name, value in parameters if name in CHARACTERS_MAX and value]
    for name, count in Counter(name for name, _ in known).items():
        if count > 1:
            raise BadRequest(f"The parameter {name} is there more than once.")
    for name, value in known:
        if len(value) > CHARACTERS_MAX[name]:
            raise BadRequest(f"{name} may have at most {CHARACTERS_MAX[name]} characters.")
    return dict(known)


def _client(identity: Identity, values: Mapping[str, str], hint: Hint | None, address: str | None) -> Client | None:
    """What does not hold is not used.

    Spec: RP-Initiated Logout s2, "MUST verify that the Client Identifier matches the one used when issuing"
    """
    claimed = values.get("client_id", hint.client if hint else None)
    if claimed is None or (hint is not None and hint.client != claimed):
        return None
    try:
        return identity.clients.find(claimed, address=address)
    except UnknownClient:
        return None


def _location(client: Client, values: Mapping[str, str]) -> str | None:
    """Spec: RP-Initiated Logout s3, only what was registered."""
    uri = values.get("post_logout_redirect_uri")
    if uri is None or not client.allows_logout_redirect(uri):
        return None
    return with_query(uri, {"state": values["state"]} if "state" in values else {})
