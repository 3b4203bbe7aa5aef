"""Things that people move to another place in their pod, or rename, with the links to them that the index knows.

What mentions a thing is looked up before; the move itself sees to it that nothing of that changed meanwhile.

Spec: Solid #uri-slashes-hierarchical-identifier
"""

from __future__ import annotations

from pod.errors import Busy
from pod.index.index import Index
from pod.operations.move import Moved, move
from pod.protocol.agent import Credentials
from pod.protocol.resource import Target
from pod.services import Services

CATCH_UPS_MAX = 20
"""How often the index reads what is new, a page's worth each time, before links are looked for in what it has."""


def move_with_links(services: Services, index: Index, who: Credentials, source: Target, destination: Target) -> Moved:
    """Raises: Busy -- the index still reads the pod, and without it links would be lost; what `move` raises."""
    return move(services, who, source, destination, _mentioning(services, index, source))


def _mentioning(services: Services, index: Index, source: Target) -> list[str]:
    """Documents outside of what moves that name something of it, by path."""
    root = services.store.describe(Target(source.storage, source.storage), with_body=False).storage
    if root is None:
        return []
    if not any(index.catch_up(root.id) for _ in range(CATCH_UPS_MAX)):
        raise Busy("Your pod is still being read, to keep the links in it. Try again in a minute.")
    found = index.documents_mentioning(root.id, source.path, beneath=source.is_container)
    return [each.path for each in found if not _is_within(each.path, source)]


def _is_within(path: str, source: Target) -> bool:
    return path.startswith(source.path) if source.is_container else Target.parse(path).subject == source.path
