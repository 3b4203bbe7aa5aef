"""What people report, what operators keep from everybody but its owner, and whom they keep out.

Each act is noted with its reason; the owner of what is concerned reads it. Nobody needs to look at private things for
it: what is reported is what somebody else saw.

Spec: RFC 7725; Digital Services Act articles 16 and 17
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pod.config import is_mail_address
from pod.console.members import Console, Settled
from pod.errors import Conflict, NotFound, PodError, UnprocessableContent
from pod.operations.attempts import Allowance, spend
from pod.protocol.addresses import network_of
from pod.protocol.resource import Target, storage_of
from pod.services import Services
from pod.store.accounts import Account, Accounts
from pod.store.interface import Writer
from pod.store.moderation import LISTED_MAX, OPEN_REPORTS_MAX, Blocked, Cases, Entry, Report, entries
from pod.store.operator_acts import ActKind
from pod.store.records import SERVER

URL_CHARACTERS_MAX = 2_000
REASON_CHARACTERS_MAX = 2_000
NAME_CHARACTERS_MAX = 500
REPORTS = Allowance("reports", 10, 3600)
"""From one network."""
REPORTS_SHOWN = 200

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")

_Change = Callable[[Writer], Settled]


@dataclass(frozen=True, slots=True)
class Complaint:
    """As somebody typed it."""

    url: str
    reason: str
    contact: str = ""


def report(services: Services, complaint: Complaint, address: str) -> None:
    """Taken down for the operators. That something is reported changes nothing yet, and tells nobody if it is there.

    Raises: UnprocessableContent -- with the `field`; TooManyRequests; Conflict -- too many wait
    """
    url, reason, contact = complaint.url.strip(), complaint.reason.strip(), complaint.contact.strip()
    if not url.startswith(("https://", "http://")) or len(url) > URL_CHARACTERS_MAX or not url.isprintable():
        raise UnprocessableContent("Paste the whole address of what you report.", field="url")
    if not 0 < len(reason) <= REASON_CHARACTERS_MAX:
        raise UnprocessableContent(f"Say what is wrong, in at most {REASON_CHARACTERS_MAX:,} letters.", field="reason")
    if contact and not is_mail_address(contact):
        raise UnprocessableContent("This is not a mail address.", field="contact")
    with services.store.write(SERVER) as tx:
        spend(services, tx, REPORTS, network_of(address))
        if Cases(tx).open_reports() >= OPEN_REPORTS_MAX:
            raise Conflict("Very many reports wait already. Write to the operators of this server instead.")
        Cases(tx).add_report(tx, url, _path(services, url), reason, contact)


class Moderator:
    """What one operator does about reports and lists."""

    def __init__(self, services: Services, console: Console) -> None:
        self._services = services
        self._console = console
        self._cases = Cases(services.store)

    def reports(self) -> tuple[Report, ...]:
        return self._cases.reports(REPORTS_SHOWN)

    def waiting(self) -> int:
        return self._cases.open_reports()

    def entries(self) -> tuple[Entry, ...]:
        return entries(self._services.store)

    def take_down(self, url: str, reason: str, report_id: int | None = None) -> None:
        """Kept from everybody but its owner, with all that is in it, from now on.

        Raises: UnprocessableContent -- not of a pod here, a whole pod, or no reason; Conflict -- it was before
        """
        said, path = _said(reason), _path(self._services, url.strip())
        if path is None:
            raise UnprocessableContent("This is not the address of something in a pod here.", field="url")
        if path == storage_of(path):
            raise UnprocessableContent("A whole pod is not taken down; its account can be suspended.", field="url")

        def change(tx: Writer) -> Settled:
            self._check_room(tx)
            if not Cases(tx).take_down(tx, path, said):
                raise Conflict("This was taken down before.")
            if report_id is not None:
                Cases(tx).settle(tx, report_id, "taken down", self._console.operator.name)
            return Settled(path, said, _owner(tx, path))

        self._settle(ActKind.TAKEN_DOWN, change)

    def give_back(self, path: str) -> None:
        """Raises: NotFound."""

        def change(tx: Writer) -> Settled:
            if not Cases(tx).give_back(tx, path):
                raise NotFound("This is not taken down.")
            return Settled(path, member=_owner(tx, path))

        self._settle(ActKind.GIVEN_BACK, change)

    def leave(self, report_id: int) -> None:
        """What was reported stays as it is. Raises: NotFound -- there is no such report that waits."""

        def change(tx: Writer) -> Settled:
            found = Cases(tx).report(report_id)
            if found is None or not Cases(tx).settle(tx, report_id, "kept", self._console.operator.name):
                raise NotFound("This report was settled.")
            return Settled(found.url)

        self._settle(ActKind.REPORT_KEPT, change)

    def block(self, kind: str, name: str, reason: str) -> None:
        """A host with all below it, or one agent: they do nothing here any more, and a host is asked for nothing.

        Raises: UnprocessableContent -- this server itself, or no name; Conflict -- it was before
        """
        said, which, known = _said(reason), _kind(kind), name.strip()
        known = known.lower().rstrip(".") if which == "host" else known
        _check_name(self._services, which, known)

        def change(tx: Writer) -> Settled:
            self._check_room(tx)
            if not Cases(tx).block(tx, which, known, said):
                raise Conflict("This was blocked before.")
            return Settled(known, said)

        self._settle(ActKind.BLOCKED, change)

    def unblock(self, kind: str, name: str) -> None:
        """Raises: NotFound."""
        which = _kind(kind)

        def change(tx: Writer) -> Settled:
            if not Cases(tx).unblock(tx, which, name):
                raise NotFound("This is not blocked.")
            return Settled(name)

        self._settle(ActKind.UNBLOCKED, change)

    def _settle(self, kind: ActKind, change: _Change) -> None:
        self._console.settle(kind, change)
        self._services.moderation.forget()

    def _check_room(self, tx: Writer) -> None:
        """Raises: Conflict."""
        if Cases(tx).how_many() >= LISTED_MAX:
            raise Conflict(f"These lists hold at most {LISTED_MAX} entries. Take some off first.")


def _path(services: Services, url: str) -> str | None:
    """Of a resource that its URL names here, without what follows it; None of all else."""
    path = services.placement.local_path(url.partition("#")[0].partition("?")[0])
    try:
        return Target.parse(path).subject if path else None
    except PodError:
        return None


def _owner(tx: Writer, path: str) -> Account | None:
    storage = tx.describe(Target(storage_of(path), storage_of(path)), with_body=False).storage
    return None if storage is None else Accounts(tx).by_id(storage.account)


def _said(reason: str) -> str:
    """Raises: UnprocessableContent."""
    said = " ".join(reason.split())
    if not 0 < len(said) <= REASON_CHARACTERS_MAX:
        raise UnprocessableContent(f"Say why, in at most {REASON_CHARACTERS_MAX:,} letters.", field="reason")
    return said


def _kind(text: str) -> Blocked:
    """Raises: UnprocessableContent."""
    kinds: tuple[Literal["host"], Literal["agent"]] = ("host", "agent")
    found = next((each for each in kinds if each == text), None)
    if found is None:
        raise UnprocessableContent("Choose whether it is a server or a person.", field="kind")
    return found


def _check_name(services: Services, kind: Blocked, name: str) -> None:
    """Raises: UnprocessableContent."""
    own = urlsplit(services.placement.base_url).hostname or ""
    if kind == "host":
        if not _HOST.fullmatch(name) or own == name or own.endswith(f".{name}"):
            raise UnprocessableContent("Name another server, like bad.example.", field="name")
    elif urlsplit(name).scheme not in {"https", "http"} or len(name) > NAME_CHARACTERS_MAX or " " in name:
        raise UnprocessableContent("Paste their WebID, which begins with https://.", field="name")
