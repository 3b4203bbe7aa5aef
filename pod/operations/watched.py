"""An operation under the eyes of the owner: what was decided about it is noted, once, when it is over.

What everybody may do is not noted, nor what was refused before anybody asked whether it may be done, nor that somebody
who may read looked where nothing is.
"""

from __future__ import annotations

from collections.abc import Callable

from pod.errors import AccessDenied, CeilingReached, NotAuthenticated, NotFound
from pod.operations.operation import Operation, Result
from pod.protocol.modes import AccessMode
from pod.services import Services

Verb = Callable[[Services, Operation], Result]
OPERATOR = "#operator"
"""After the base URL, in place of a client: whoever runs the server did it, without a request."""


def watched(services: Services, verb: Verb, operation: Operation, *, app: str | None = None) -> Result:
    """What the verb gives, or raises. `app` is what to call the client where the credentials name none."""
    try:
        result = verb(services, operation)
    except (AccessDenied, NotAuthenticated) as refusal:
        _note_refused(services, operation, app, limited=isinstance(refusal, CeilingReached))
        raise
    except NotFound:
        raise
    except Exception:  # whoever was let in may have seen why it failed
        _note_allowed(services, operation, app)
        raise
    if result.moved_to is None:
        _note_allowed(services, operation, app)
    return result


def note_own(services: Services, path: str, agent: str | None, mode: AccessMode) -> None:
    """Something of a pod was read or changed by other means than a request for it: on a page of ours by its owner; by
    whoever runs the server, where there is no agent.
    """
    base_url = services.placement.base_url
    client = base_url if agent is not None else base_url + OPERATOR
    services.access_log.note(path, agent, client, mode, allowed=True)


def _note_allowed(services: Services, operation: Operation, app: str | None) -> None:
    need, decision, who = operation.judged.need, operation.judged.decision, operation.credentials
    if need is not None and decision is not None and not need.is_met_by(decision.public):
        path, client = operation.target.path, who.client or app
        services.access_log.note(path, who.agent, client, need.modes, allowed=True, issuer=who.issuer)


def _note_refused(services: Services, operation: Operation, app: str | None, *, limited: bool) -> None:
    need, who = operation.judged.need, operation.credentials
    if need is not None:
        path, client = operation.target.path, who.client or app
        note = services.access_log.note
        note(path, who.agent, client, need.told, allowed=False, limited=limited, issuer=who.issuer)
