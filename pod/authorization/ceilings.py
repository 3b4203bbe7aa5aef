"""What an app may do at most with a resource, by the grant it acts under; and why it was refused, in terms it can show.

The store reads the grant with the resource. Where it was not read, or is not the one of the token, or no longer stands,
an app may do what everybody may: whoever forgets to ask for it closes the door, and opens none.

Spec: design section 8; RFC 9396 s2
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from pod.authorization.decision import Decision
from pod.authorization.required import Need
from pod.errors import CeilingReached, GroupInUse
from pod.protocol.agent import Credentials
from pod.protocol.ceiling import Ceiling
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.rdf.vocab import LWS
from pod.store.records import USES_MAX, Snapshot

WIDEN_PAGE = ".account/apps/widen"


def permitted(snapshot: Snapshot, credentials: Credentials, path: str) -> AccessMode | None:
    """At most which modes on a resource of the snapshot's lineage; None where there is no ceiling.

    Tokens of other issuers and anonymous requests are under no grant: nobody here said what they may do.
    """
    if credentials.grant is None:
        return None
    grant, storage = snapshot.grant, snapshot.storage
    if grant is None or not grant.stands or grant.id != credentials.grant:
        return AccessMode.NONE
    if grant.ceiling is None or grant.ceiling.is_everything:
        return None
    return grant.ceiling.allows(path, storage is not None and storage.account == grant.account)


def refusal(placement: Placement, credentials: Credentials, need: Need, there: Decision) -> CeilingReached:
    """Of what the person might do, and their app may not."""
    modes = list(need.told.names())
    return CeilingReached(
        f"This takes {' and '.join(modes)} access. The account has it here, but did not give it to this app: whoever "
        "uses the app can do so at the address in `widen`.",
        requiredModes=modes,
        permittedModes=list(there.modes.names()),
        **_to_ask(placement, credentials.client or "", need.path, modes),
    )


def _to_ask(placement: Placement, client: str, path: str, modes: list[str]) -> dict[str, Any]:
    """With what an app gets it: by leading its person there, or when it signs them in again."""
    url = placement.url(path)
    asked = {"client": client, "resource": url, "modes": ",".join(modes)}
    return {
        "widen": f"{placement.base_url}{WIDEN_PAGE}?{urlencode(asked)}",
        "authorization_details": [{"type": LWS.AccessRequest.value, "actions": modes, "locations": [url]}],
    }


def check_group(snapshot: Snapshot, placement: Placement, lets_in: Callable[[], bool]) -> None:
    """Refuse an app to change who is in a group that access rules name: to put somebody into it does what changing the
    rules does.

    Rules of the account and of the storage it must all be allowed to change, also for what is not there yet. Those of
    others, who may name what they like, count where `lets_in` says that the document does let people in there; then
    it takes Control of the document, which the person can give: so nobody else can keep it from their apps.

    Raises: GroupInUse
    """
    named_by_us, named_by_others = _lacking(snapshot)
    if named_by_us:
        raise GroupInUse(f"{_IN_USE} This app may not change those rules.", requiredModes=["control"])
    grant = snapshot.grant
    if grant is not None and named_by_others and lets_in():
        raise GroupInUse(
            f"{_IN_USE} The rules are of other people: an app may do so that may decide who has access to the document "
            "itself. Whoever uses the app can let it at the address in `widen`.",
            requiredModes=["control"],
            **_to_ask(placement, grant.client, snapshot.target.subject, ["control"]),
        )


_IN_USE = "Access rules name this document as a group: whoever changes it changes who gets in there."


def is_named(snapshot: Snapshot) -> bool:
    """Whether any rules name what is written as a group for which its app would lack Control."""
    return any(_lacking(snapshot))


def _lacking(snapshot: Snapshot) -> tuple[bool, bool]:
    """Whether the app lacks Control for a group that rules of the account or of the storage name, and for one that
    others name.
    """
    grant, storage = snapshot.grant, snapshot.storage
    if grant is None or grant.ceiling is None or not snapshot.uses:
        return False, False
    ceiling, owner = grant.ceiling, grant.account if storage is None else storage.account
    ours = [use for use in snapshot.uses if use.account in {grant.account, owner}]
    named_by_us = any(not _controls(ceiling, use.subject, use.account == grant.account) for use in ours)
    is_controlled = _controls(ceiling, snapshot.target.subject, owner == grant.account)
    return named_by_us or len(ours) > USES_MAX, len(ours) < len(snapshot.uses) and not is_controlled


def _controls(ceiling: Ceiling, path: str, own: bool) -> bool:
    return AccessMode.CONTROL in ceiling.allows(path, own)
