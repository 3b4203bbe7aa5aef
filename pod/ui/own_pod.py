"""Which of an account's pods a page is about: each names it in its path, and `/.contacts/` alone means the first.

Spec: Solid #storage-resource
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, g

from pod.errors import NotFound
from pod.services import Services
from pod.store.accounts import Account, StorageUsage
from pod.ui.door import Door, see_other
from pod.ui.language import gettext as _

PREFIXES = {"/.files/": "/.home/", "/.contacts/": "/.contacts/", "/.posts/": "/.posts/", "/.profile/": "/.profile/"}
"""Where people come from the navigation, and where the pages of a pod begin."""


def pod_of(services: Services, account: Account, name: str) -> StorageUsage:
    """The account's pod of that name (its path without slashes); the page's navigation stays in it. Raises: NotFound"""
    found = next((each for each in services.accounts.storages(account.id) if name_in_path(each) == name), None)
    if found is None:
        raise NotFound(_("You have no pod of this name."))
    g.pod = name
    return found


def first_pod(services: Services, account: Account) -> StorageUsage:
    """Raises: NotFound -- the account has none."""
    for each in services.accounts.storages(account.id):
        return each
    raise NotFound(_("This account has no pod."))


def name_in_path(pod: StorageUsage) -> str:
    return pod.path.strip("/")


def groups_page(services: Services, account: Account, path: str = "") -> str:
    """Where the account's groups are that things beneath a path are shared with; nothing if it has no pod."""
    pods = services.accounts.storages(account.id)
    here = [each for each in pods if path.startswith(each.path)] or pods
    return f"/.contacts/{name_in_path(here[0])}/groups" if here else ""


def add_first_pods(pages: Blueprint, door: Door) -> None:
    """`/.contacts/` and the like, without a pod."""
    for prefix, there in PREFIXES.items():
        pages.add_url_rule(prefix, f"first_pod_{prefix.strip('/.')}", _to_first(door, there))


def _to_first(door: Door, there: str) -> Callable[[], Response]:
    def lead() -> Response:
        pod = first_pod(door.services, door.session().account)
        return see_other(f"{there}{name_in_path(pod)}/")

    return lead
