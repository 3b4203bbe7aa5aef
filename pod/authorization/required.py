"""What each operation needs: which modes on which resources. A table in code, one function a verb.

Works on what the store said exists. Knows neither who is asking nor what is granted. Writes take a wide snapshot.

Spec: WAC #reading-writing-resources, #server-read-operation, #server-create-operation, #server-update-operation,
#server-delete-operation, #server-control-operation; Solid #server-description-resource-authorization
"""

from __future__ import annotations

from dataclasses import dataclass

from pod.protocol.modes import AccessMode
from pod.protocol.resource import Auxiliary, lineage
from pod.store.records import Snapshot

READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL


@dataclass(frozen=True, slots=True)
class Need:
    """Modes needed on one resource: all of them, or `any_of` them.

    `told` is what a refusal says was needed; it is the same whether the target exists or not, so that it cannot be used
    to find out. `missing`: nothing is there or will be made, so whoever may read hears just that.
    """

    path: str
    modes: AccessMode
    told: AccessMode
    any_of: bool = False
    missing: bool = False

    def is_met_by(self, granted: AccessMode) -> bool:
        return bool(self.modes & granted) if self.any_of else self.modes in granted


Needs = tuple[Need, ...]


def read(snapshot: Snapshot) -> Needs:
    """GET, HEAD and OPTIONS: Read."""
    return _control(snapshot) or (_need(snapshot, READ, missing=snapshot.state is None),)


def put(snapshot: Snapshot) -> Needs:
    """PUT: Write to replace; to create, Append on the new resource and on the container it comes into.

    What an inbox says of itself is not for those who may only leave something in it.

    Deviates: the note http-put asks for Write on the new resource; like other servers, and as server-create-operation
    allows, Append is enough for what did not exist before.
    """
    if snapshot.target.auxiliary is Auxiliary.ACL:
        return _control(snapshot)
    if snapshot.state is not None or snapshot.target.describes_inbox:
        return (_need(snapshot, WRITE),)
    return (_need(snapshot, APPEND, told=WRITE), *_containers_grow(snapshot, told=WRITE))


def post(snapshot: Snapshot) -> Needs:
    """POST: Append on the container."""
    return _control(snapshot) or (_need(snapshot, APPEND, missing=snapshot.state is None),)


def patch(snapshot: Snapshot, modes: AccessMode | None = None) -> Needs:
    """PATCH: what the patch itself needs, Append at least; to create, also Append where the new resource comes into.

    Before the patch was read (None): a mode with which some patch would be possible. Whoever may read hears that there
    is nothing for a patch that inserts nothing.
    """
    if snapshot.target.auxiliary is Auxiliary.ACL:
        return _control(snapshot)
    if modes is None:
        return (_possible_patch(snapshot),)
    needed = WRITE | (modes or APPEND) if snapshot.target.describes_inbox else modes or APPEND
    if snapshot.state is not None or snapshot.target.describes_inbox:
        return (_need(snapshot, needed),)
    here = _need(snapshot, needed, missing=APPEND not in needed)
    return (here, *_containers_grow(snapshot, told=needed))


def delete(snapshot: Snapshot) -> Needs:
    """DELETE: Write on the resource and on its container; on a container also Read, since it shows whether it is empty.

    On what is missing, Read on its container too, or the answer would tell that it is missing.
    """
    target, missing = snapshot.target, snapshot.state is None
    if target.auxiliary is Auxiliary.ACL:
        return _control(snapshot)
    here = _need(snapshot, READ | WRITE if target.is_container else WRITE, missing=missing)
    if target.auxiliary or target.parent is None:
        return (here,)
    modes = READ | WRITE if missing else WRITE
    return (here, Need(target.parent, modes, told=here.told, missing=missing))


def _control(snapshot: Snapshot) -> Needs:
    """Everything about an ACL needs Control of its subject, and nothing else does. Empty for other resources."""
    if snapshot.target.auxiliary is not Auxiliary.ACL:
        return ()
    return (Need(snapshot.target.subject, CONTROL, told=CONTROL),)


def _need(snapshot: Snapshot, modes: AccessMode, *, told: AccessMode | None = None, missing: bool = False) -> Need:
    """A need on the target; a description resource is governed by its subject's rules."""
    return Need(snapshot.target.subject, modes, told=told or modes, missing=missing)


def _possible_patch(snapshot: Snapshot) -> Need:
    if snapshot.target.describes_inbox:
        return _need(snapshot, WRITE)
    if snapshot.state is not None:
        return _need(snapshot, APPEND)
    return Need(snapshot.target.subject, READ | APPEND, told=APPEND, any_of=True)


def _containers_grow(snapshot: Snapshot, *, told: AccessMode) -> Needs:
    """Append on each container that is to be made on the way, and on the deepest one that exists.

    Spec: WAC #container-permissions -- "the server applies the same requirements for the create operation for each
    container"
    """
    needs: list[Need] = []
    if snapshot.target.auxiliary is None:
        for container in lineage(snapshot.target.path)[1:]:
            needs.append(Need(container, APPEND, told=told))
            if container in snapshot.others:
                break
    return tuple(needs)
