"""Where posts lie: from IRIs to resources of this server, and whether a URL is of the same pod.

Spec: RFC 3986 s3.5
"""

from __future__ import annotations

from pod.errors import NotFound, PodError
from pod.posts.cleaning import IsOwn
from pod.protocol.placement import Placement
from pod.protocol.resource import Target
from pod.services import Services


def own_target(services: Services, iri: str) -> Target:
    """The document of a post of this server. Raises: NotFound."""
    path = services.placement.local_path(iri.partition("#")[0])
    try:
        target = Target.parse(path) if path else None
    except PodError:
        target = None
    if target is None or target.auxiliary is not None or target.is_container:
        raise NotFound("There is no such post.")
    return target


def is_own_of(placement: Placement, storage: str) -> IsOwn:
    """For pages about what is in a storage: whether a picture lies there too."""

    def is_own(url: str) -> bool:
        path = placement.local_path(url)
        try:
            return path is not None and Target.parse(path).storage == storage
        except PodError:
            return False

    return is_own
