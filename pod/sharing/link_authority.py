"""On whose authority a link works: its maker's, as it is at the moment when somebody uses it.

Only owners of a pod make links into it. Control that somebody was lent may be taken back and given again, and a link
that nobody sees in the rules would come back with it, when all have long forgotten it. A link to a folder shows
nothing in it that its maker may not read.

Spec: WAC #acl-mode-control, #authorization-evaluation
"""

from __future__ import annotations

from pod.authorization.required import Need
from pod.errors import AccessDenied, LinkEnded, NotAuthenticated, NotFound, Withheld
from pod.operations.provision import SETTINGS
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import INBOX, Target
from pod.services import Services
from pod.store.interface import Reader
from pod.store.records import ResourceState
from pod.store.share_links import LinkEnd, LinkMode, ShareLink

_NEEDED = {
    LinkMode.VIEW: AccessMode.READ | AccessMode.CONTROL,
    LinkMode.UPLOAD: AccessMode.APPEND | AccessMode.CONTROL,
}
_OF_THE_SERVER = (INBOX, "profile/", SETTINGS)
"""Folders below a root whose names and members mean something to apps and servers."""
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


def takes_files(target: Target) -> bool:
    """Whether strangers may leave files there: under names that they choose, which mean something to apps in the root
    of a pod and in some folders of it.
    """
    is_free = target.is_container and not target.is_storage_root
    return is_free and not target.path.startswith(tuple(target.storage + each for each in _OF_THE_SERVER))


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
    if services.moderation.lists().covers(target.subject):
        raise Withheld("The operators of this server keep this from everybody but its owner.")
    return snapshot.state


def check_link(services: Services, reader: Reader, link: ShareLink, *, may_wait: bool = False) -> ResourceState:
    """What the link opens: the very resource it was made for, shared by somebody who still may.

    Raises: LinkEnded; PodLeaving, VersionMoved
    """
    if link.path is None:
        raise ended(LinkEnd.GONE)
    try:
        target = Target(link.path, link.path)
        if link.mode is LinkMode.UPLOAD and not takes_files(target):
            raise ended(LinkEnd.NO_RIGHT)
        state = check_maker(services, reader, target, link.web_id, needed(link.mode), may_wait=may_wait)
    except NotFound as error:
        raise ended(LinkEnd.GONE) from error
    except (AccessDenied, NotAuthenticated) as error:
        raise ended(LinkEnd.NO_RIGHT) from error
    if state.id != link.resource:
        raise ended(LinkEnd.GONE)
    return state
