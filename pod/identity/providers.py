"""Looks whether an OpenID provider is where somebody says that one is, before a profile names it.

Spec: OpenID Connect Discovery s4; Solid-OIDC #oidc-issuer-discovery
"""

from __future__ import annotations

from threading import BoundedSemaphore

import structlog

from pod.authentication.issuer import LOADS_SHARE, differs_in_slash, json_object, metadata_url
from pod.errors import Busy, UnprocessableContent
from pod.remote.client import Fetched, Limits, Remote
from pod.remote.errors import RemoteError
from pod.remote.pace import Paced
from pod.services import Services

log = structlog.get_logger()

FETCHES_PER_MINUTE = 20
"""From one host, by each web process; ten times as many from all. Not counted with `dev`."""


class Providers:
    """Asks servers that account holders name. One a process; of its threads, some at most wait here."""

    def __init__(self, services: Services, remote: Remote | None = None) -> None:
        """`remote` is the guarded client, at a bounded rate, unless another is given."""
        config = services.config
        per_minute = 0 if config.dev else FETCHES_PER_MINUTE
        self._remote = remote or Paced(services.outbound(), services.clock, per_minute)
        self._limits = Limits.of(config)
        self._places = BoundedSemaphore(max(1, config.threads // LOADS_SHARE))

    def check(self, issuer: str) -> None:
        """Raises: UnprocessableContent -- no provider goes by exactly this name there; Busy -- too many are asked."""
        if not self._places.acquire(blocking=False):
            raise Busy("Too many other servers are being asked right now; try again.", headers=(("Retry-After", "5"),))
        try:
            answer = self._remote.fetch(metadata_url(issuer), accept="application/json", limits=self._limits)
        except RemoteError as error:
            log.info("issuer unreachable", issuer=issuer, why=str(error))
            raise UnprocessableContent(
                f"No sign-in server answers at {issuer}. Is the address right? If so, try again later."
            ) from error
        finally:
            self._places.release()
        check_metadata(answer, issuer)


def check_metadata(answer: Fetched, issuer: str) -> None:
    """Spec: OpenID Connect Discovery s4.3, "MUST be identical to the Issuer URL that was used as the prefix"

    Raises: UnprocessableContent
    """
    metadata = json_object(answer)
    said = metadata.get("issuer") if metadata else None
    if metadata is None or not isinstance(said, str) or not isinstance(metadata.get("jwks_uri"), str):
        raise UnprocessableContent(f"What answers at {issuer} is no sign-in server (OpenID provider).")
    if said == issuer:
        return
    if differs_in_slash(said, issuer):
        raise UnprocessableContent(f"That server calls itself {said} (a slash at the end counts). Enter exactly that.")
    raise UnprocessableContent(f"The server at {issuer} goes by another name as an issuer. Look up its exact address.")
