"""An operation under the eyes of the owner: what was decided about it is noted, once, when it is over.

What everybody may do is not noted, nor what was refused before anybody asked whether it may be done, nor that somebody
who may read looked where nothing is.
"""

from __future__ import annotations

from collections.abc import Callable

from pod.errors import AccessDenied, CeilingReached, NotAuthenticated, NotFound
from pod.operations.operation import Operation, Result
from pod.services import Services

Verb = Callable[[Services, Operation], Result]


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
