"""What an app may do at most with a resource, by the grant it acts under; and why it was refused, in terms it can show.

The store reads the grant with the resource. Where it was not read, or is not the one of the token, or no longer stands,
an app may do what everybody may: whoever forgets to ask for it closes the door, and opens none.

Spec: design section 8; RFC 9396 s2
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from pod.authorization.decision import Decision
from pod.authorization.required import Need
from pod.errors import CeilingReached, GroupInUse
from pod.protocol.agent import Credentials
from pod.protocol.ceiling import Ceiling
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.rdf.vocab import LWS
from pod.store.records import USES_MAX, GroupUse, Snapshot

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
    modes, url = list(need.told.names()), placement.url(need.path)
    asked = {"client": credentials.client or "", "resource": url, "modes": ",".join(modes)}
    return CeilingReached(
        f"This takes {' and '.join(modes)} access. The account has it here, but did not give it to this app: whoever "
        "uses the app can do so at the address in `widen`.",
        requiredModes=modes,
        permittedModes=list(there.modes.names()),
        widen=f"{placement.base_url}{WIDEN_PAGE}?{urlencode(asked)}",
        authorization_details=[{"type": LWS.AccessRequest.value, "actions": modes, "locations": [url]}],
    )


def check_group(snapshot: Snapshot, is_group: Callable[[], bool]) -> None:
    """Refuse an app to change who is in a group that access rules name, unless it may change all those rules: to put
    somebody into the group does what changing the rules does.

    Rules of the account and of the storage count for what is not there yet, too. Those of others, who may name what
    they like, count once the document holds a group, which `is_group` looks into.

    Raises: GroupInUse
    """
    grant, storage = snapshot.grant, snapshot.storage
    if grant is None or grant.ceiling is None or not snapshot.uses:
        return
    accounts = {grant.account} if storage is None else {grant.account, storage.account}
    lacking = [use for use in snapshot.uses if not _controls(grant.ceiling, grant.account, use)]
    ours = any(use.account in accounts for use in lacking) or len(snapshot.uses) > USES_MAX
    if ours or (lacking and is_group()):
        raise GroupInUse(
            "Access rules name this document as a group: whoever changes it changes who gets in there. This app may "
            "not change those rules, so it may not change the group either.",
            requiredModes=["control"],
        )


def _controls(ceiling: Ceiling, account: int, use: GroupUse) -> bool:
    return AccessMode.CONTROL in ceiling.allows(use.subject, use.account == account)
