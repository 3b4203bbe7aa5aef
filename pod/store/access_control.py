"""Which language the access rules of a data directory are written in: chosen while it has no pod yet, then kept.

The rules of one language say nothing in the other, so a server that took them for its own would lock everybody out, or
worse. Spec: Solid #server-wac-acp
"""

from __future__ import annotations

from typing import Literal

from pod.errors import OtherAccessControl
from pod.store import statements as sql
from pod.store.interface import Queries, ResourceStore
from pod.store.records import SERVER

AccessControl = Literal["wac", "acp"]

_NAMES = {"wac": "Web Access Control", "acp": "Access Control Policy"}


def settled_access_control(store: ResourceStore, wanted: str) -> AccessControl:
    """The language of this directory, given the one of the settings (empty: any).

    Raises: OtherAccessControl -- there are pods, and their rules are in the other one.
    """
    before, _ = _recorded(store)
    if wanted in {"", before}:
        return before
    language: AccessControl = "acp" if wanted == "acp" else "wac"
    with store.write(SERVER) as tx:  # in which nobody else makes a pod
        before, has_pods = _recorded(tx)
        if has_pods and before != language:
            raise OtherAccessControl(
                f"The access rules in this data directory are written in {_NAMES[before]}. Leave out the setting "
                f"access_control, or set it to {before}. To change the language, make a new data directory with "
                f"access_control = {wanted}, copy the resources over as their owners, and write their access rules "
                "anew: what is inherited, and what can be denied, is not the same in both."
            )
        tx.rows(sql.KEEP_ACCESS_CONTROL, (language,))
    return language


def check_access_control(queries: Queries, language: str) -> None:
    """Before rules are written in the language that this process was started with.

    Raises: OtherAccessControl -- another process settled on the other one while there was no pod
    """
    settled, _ = _recorded(queries)
    if settled != language:
        raise OtherAccessControl(
            f"Access rules in this data directory are to be written in {_NAMES[settled]} by now. Restart the server."
        )


def _recorded(queries: Queries) -> tuple[AccessControl, bool]:
    recorded, has_pods = queries.rows(sql.ACCESS_CONTROL)[0]
    return "acp" if recorded == "acp" else "wac", has_pods == 1
