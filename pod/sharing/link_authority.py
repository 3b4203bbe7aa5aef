"""On whose authority a link works: its maker's, as it is at the moment when somebody uses it.

Sharing takes Control. So whoever lost that gives nothing to anybody any more, and a link to a folder shows nothing in
it that its maker may only read.

Spec: WAC #acl-mode-control, #authorization-evaluation
"""

from __future__ import annotations

from pod.authorization.required import Need
from pod.errors import AccessDenied, LinkEnded, NotAuthenticated, NotFound
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.store.interface import Reader
from pod.store.records import ResourceState
from pod.store.share_links import LinkEnd, LinkMode, ShareLink

_NEEDED = {
    LinkMode.VIEW: AccessMode.READ | AccessMode.CONTROL,
    LinkMode.UPLOAD: AccessMode.APPEND | AccessMode.CONTROL,
}
_EXPLAINED = {
    LinkEnd.WITHDRAWN: "Whoever made this link has withdrawn it.",
    LinkEnd.ENDED: "This link worked for a while, and that is over. Whoever sent it to you can make a new one.",
    LinkEnd.USED_UP: "This link was opened as often as it could be. Whoever sent it to you can make a new one.",
    LinkEnd.GONE: "What this link led to was deleted.",
    LinkEnd.NO_RIGHT: "Whoever made this link can no longer share what it led to.",
}


def ended(end: LinkEnd) -> LinkEnded:
    return LinkEnded(_EXPLAINED[end])


def maker(services: Services, web_id: str) -> Credentials:
    """As whom a link acts: through no app."""
    return Credentials(agent=web_id, issuer=services.placement.base_url)


def needed(mode: LinkMode) -> AccessMode:
    """What a link's maker must have on all that it gives."""
    return _NEEDED[mode]


def check_maker(
    services: Services, reader: Reader, target: Target, web_id: str, modes: AccessMode, *, may_wait: bool = False
) -> ResourceState:
    """What is at `target`, if the maker may do that there now. `may_wait`: for remote groups; never in a transaction.

    Raises: AccessDenied, NotAuthenticated; NotFound -- nothing is there; PodLeaving; VersionMoved
    """
    snapshot = reader.describe(target, with_body=False)
    need = Need(target.subject, modes, told=modes)
    services.authorizer.authorize(reader, snapshot, maker(services, web_id), (need,), may_wait=may_wait)
    if snapshot.state is None:
        raise NotFound("There is nothing to share at this address.")
    return snapshot.state


def check_link(services: Services, reader: Reader, link: ShareLink, *, may_wait: bool = False) -> ResourceState:
    """What the link opens: the very resource it was made for, shared by somebody who still may.

    Raises: LinkEnded; PodLeaving, VersionMoved
    """
    if link.path is None:
        raise ended(LinkEnd.GONE)
    try:
        target = Target(link.path, link.path)
        state = check_maker(services, reader, target, link.web_id, needed(link.mode), may_wait=may_wait)
    except NotFound as error:
        raise ended(LinkEnd.GONE) from error
    except (AccessDenied, NotAuthenticated) as error:
        raise ended(LinkEnd.NO_RIGHT) from error
    if state.id != link.resource:
        raise ended(LinkEnd.GONE)
    return state
