"""More for an app or a program that was limited: it met a refusal, and its person is asked where they can say yes.

Whoever sends somebody here may name any app and any resource, so only what the person let in is asked about, in the
words of its consent, and nothing that the person chose before is taken away.

Spec: design section 8, step-up consent; RFC 9396 s2
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from pod.errors import BadRequest, NotFound
from pod.identity.ceilings import EVERYTHING, MODES, PLACES_MAX, Level, Offers, Row, level_of, merged
from pod.identity.notices import tell_owner
from pod.identity.projection import decided
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import AccessMode
from pod.protocol.resource import lineage
from pod.services import Services
from pod.store.accounts import Account, Accounts, ClientCredential
from pod.store.apps import App, Apps
from pod.store.interface import Queries, Writer
from pod.store.mail import MailKind

ABOVE_MAX = 3
"""How many folders above what is asked for are offered in its place."""
_NAMED = {mode.names()[0]: mode for mode in AccessMode}


@dataclass(frozen=True, slots=True)
class Widening:
    """What is asked. `places` are the resource and folders it is in, of which one is chosen."""

    client: str
    name: str
    host: str
    is_program: bool
    places: tuple[Row, ...]
    level: Level
    control: bool
    has_it: bool
    """All of it is allowed already."""
    unlimited: bool
    """But for Control, which is given to it for everything or not at all."""
    app: str | None
    """The id of the app in the list of its person."""


class Widenings:
    """Asks one account, and does what it says."""

    def __init__(self, services: Services, account: Account) -> None:
        self._services = services
        self._account = account
        self._offers = Offers(services, account.id)

    def asked(self, client: str, resource: str, modes: str) -> Widening:
        """Raises: NotFound -- the account let no such app in; BadRequest -- no resource of this server, or no modes."""
        apps, program = self._clients(client, self._services.store)
        path = self._offers.local(resource)
        if path is None:
            raise BadRequest("The resource that the app wants to use is not on this server.")
        wanted = _modes(modes)
        level = level_of(wanted)
        ceilings = [app.ceiling or EVERYTHING for app in apps]
        ceilings += [program.ceiling or EVERYTHING] if program else []
        return Widening(
            client=client,
            name=apps[0].name if apps else program.label or program.id if program else "",
            host=apps[0].host if apps else "",
            is_program=program is not None,
            places=self._places(path),
            level=level,
            control=AccessMode.CONTROL in wanted,
            has_it=all(wanted in each.allows(path, path.startswith(self._offers.storages)) for each in ceilings),
            unlimited=any(each.full for each in ceilings),
            app=apps[0].id if apps else None,
        )

    def allow(self, widening: Widening, place: str) -> None:
        """The app may do it there from now on, beside what it may do at that moment. Of a program the owner gets mail.

        Raises: BadRequest -- no such place, or too many; NotFound
        """
        if place not in {row.path for row in widening.places}:
            raise BadRequest("The form names a place that the page did not offer.")
        control = AccessMode.CONTROL if widening.control else AccessMode.NONE
        item = CeilingItem(place, MODES[widening.level] | control)

        def change(tx: Writer) -> None:
            apps, program = self._clients(widening.client, tx)
            for app in apps:
                if app.ceiling is not None:
                    Apps(tx).limit(tx, app.id, _with(app.ceiling, item), app.end_ms)
            if program is not None and program.ceiling is not None:
                tell_owner(self._services, tx, self._account.id, MailKind.CLIENT_CHANGED)
                Apps(tx).limit_grant(tx, program.grant, _with(program.ceiling, item), program.end_ms)

        decided(self._services, self._account.id, change, ceiling=Ceiling(items=(item,)))

    def _clients(self, client: str, queries: Queries) -> tuple[tuple[App, ...], ClientCredential | None]:
        """Raises: NotFound"""
        apps = Apps(queries).of_client(self._account.id, client)
        found = Accounts(queries).client(client)
        program = found if found and found.account == self._account.id and found.revoked_ms is None else None
        if not apps and program is None:
            raise NotFound("You have not let this app in, so there is nothing to change. Sign in with it first.")
        return apps, program

    def _places(self, path: str) -> tuple[Row, ...]:
        above = (each for each in lineage(path)[1:-1])
        return tuple(self._offers.row(each) for each in (path, *islice(above, ABOVE_MAX)))


def _modes(text: str) -> AccessMode:
    """Raises: BadRequest"""
    modes = AccessMode.NONE
    for name in text.replace(",", " ").split():
        if name not in _NAMED:
            raise BadRequest(f"Access is {', '.join(_NAMED)}, and nothing else.")
        modes |= _NAMED[name]
    if not modes:
        raise BadRequest("The app does not say what it wants to do.")
    return modes


def _with(ceiling: Ceiling, item: CeilingItem) -> Ceiling:
    """Raises: BadRequest -- it would be too many places"""
    items = merged((*ceiling.items, item))
    if len(items) > PLACES_MAX:
        raise BadRequest(f"This has {PLACES_MAX} places already. Choose fewer and larger ones where all of them are.")
    return replace(ceiling, items=items)
