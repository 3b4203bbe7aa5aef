"""What of a pod is shared with somebody: by rules that name them, or a group that they are in, and what they can do.

What stands open to everyone, or to all who are signed in, is not told: it is not shared with them.

Spec: WAC #authorization-rule; ACP #policy
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pod.errors import PodError
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.sharing import Sharing
from pod.store.accounts import Account
from pod.store.own_rules import with_own_rules
from pod.ui.sharing import sharing_url
from pod.ui.sharing_words import Line
from pod.ui.views import name_of

LOOKED_AT_MAX = 100
"""Rules that are read for one page."""


class Given(NamedTuple):
    """Something that is shared. `group` is the name of the one by which it is; `url` is where that is changed."""

    title: str
    path: str
    url: str
    line: Line
    group: str


class SharedWith(NamedTuple):
    given: tuple[Given, ...]
    is_more: bool
    """Not all was looked at."""


def shared_with(services: Services, account: Account, storage: str, names: Mapping[str, str]) -> SharedWith:
    """`names` are the WebIDs of somebody, each with nothing, and groups that they are in, with their names."""
    paths = (storage, *with_own_rules(services.store, storage, LOOKED_AT_MAX))
    found = tuple(each for path in paths for each in _given(services, account, path, names))
    return SharedWith(found, len(paths) > LOOKED_AT_MAX)


def _given(services: Services, account: Account, path: str, names: Mapping[str, str]) -> list[Given]:
    try:
        state = Sharing(services).state(account.id, path)
    except PodError:  # it went meanwhile, or its rules cannot be read: its own page says so
        return []
    url = sharing_url(services, Target.parse(path))
    return [
        Given(name_of(path), path, url, Line.of(each, path, {}, state.now_ms), names[each.audience.iri])
        for each in state.own_shares
        if each.audience.iri in names
    ]
