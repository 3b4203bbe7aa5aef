"""Which language the access rules of a data directory are written in: chosen while it has no pod yet, then kept.

The rules of one language say nothing in the other, so a server that took them for its own would lock everybody out, or
worse. Spec: Solid #server-wac-acp
"""

from __future__ import annotations

from typing import Literal

from pod.errors import OtherAccessControl
from pod.store import statements as sql
from pod.store.interface import ResourceStore
from pod.store.records import SERVER

AccessControl = Literal["wac", "acp"]

_NAMES = {"wac": "Web Access Control", "acp": "Access Control Policy"}


def settled_access_control(store: ResourceStore, wanted: str) -> AccessControl:
    """The language of this directory, given the one of the settings (empty: any).

    Raises: OtherAccessControl -- there are pods, and their rules are in the other one.
    """
    recorded, has_pods = store.rows(sql.ACCESS_CONTROL)[0]
    before: AccessControl = "acp" if recorded == "acp" else "wac"
    if wanted in {"", before}:
        return before
    if has_pods:
        raise OtherAccessControl(
            f"The access rules in this data directory are written in {_NAMES[before]}. Leave out the setting "
            f"access_control, or set it to {before}. To change the language, make a new data directory with "
            f"access_control = {wanted}, copy the resources over as their owners, and write their access rules anew: "
            "what is inherited, and what can be denied, is not the same in both."
        )
    language: AccessControl = "acp" if wanted == "acp" else "wac"
    with store.write(SERVER) as tx:
        tx.rows(sql.KEEP_ACCESS_CONTROL, (language,))
    return language
