"""Pictures of people beside their documents: put there, and taken away again where they are ours.

Only pictures made here are put: whoever calls has them made anew from what came, without what cameras write into them.
"""

from __future__ import annotations

import uuid

from pod.errors import ContainerNotEmpty, NotFound, PodError
from pod.operations.content import Incoming, discarded_on_failure, stage_bytes
from pod.operations.delete import delete_within
from pod.operations.operation import Operation
from pod.operations.writing import write
from pod.people.type_index import Pen
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.resource import Target
from pod.store.records import Kind

KINDS = {b"\x89PNG": ("png", "image/png"), b"RIFF": ("webp", "image/webp"), b"\xff\xd8": ("jpg", "image/jpeg")}
"""How pictures begin that are made here: what their files are called, and their media type."""
NAME = "picture-"
"""How the names of our files begin. Each is new, so that nobody is shown an old picture under it."""


def put_picture(pen: Pen, person: Target, picture: bytes) -> str:
    """The IRI of a picture beside the document of somebody; "" without one."""
    kind = next((kind for begin, kind in KINDS.items() if picture.startswith(begin)), None)
    if kind is None:
        return ""
    ending, media_type = kind
    target = Target.parse(f"{person.parent}{NAME}{uuid.uuid4().hex[:8]}.{ending}")
    content = stage_bytes(pen.services, picture, media_type)
    with discarded_on_failure(pen.services, content):
        write(pen.services, pen.tx, pen.who, target, Incoming(content, Kind.OTHER))
    return pen.services.placement.url(target.path)


def drop_picture(pen: Pen, person: Target, photo: str) -> None:
    """One that lies beside the document and is called as ours are, and no other."""
    path = pen.services.placement.local_path(photo) if photo else None
    try:
        target = Target.parse(path) if path else None
    except PodError:
        return
    if target is not None and target.path.startswith(f"{person.parent}{NAME}") and not target.is_container:
        take_away(pen, target)


def take_away(pen: Pen, target: Target) -> None:
    """What is there and holds nothing."""
    try:
        delete_within(pen.services, pen.tx, Operation("DELETE", target, pen.who, NO_CONDITIONS))
    except (NotFound, ContainerNotEmpty):
        return
