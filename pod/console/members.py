"""Looking after members: who may come in, how much they may hold, who else runs the server, who leaves.

Each act is noted in the transaction that does it, where the other operators and the member read it. What members keep
is read nowhere here.

Spec: GDPR articles 5(2) and 25
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pod.errors import AccessDenied, Conflict, NotFound, UnprocessableContent
from pod.identity.accounts import disable_within
from pod.identity.departure import keep_within, schedule_within
from pod.mail.message import mail_enabled
from pod.services import Services
from pod.store.accounts import Account, Accounts, AccountStatus, Role
from pod.store.interface import Writer
from pod.store.mail import MailKind
from pod.store.members import Member, Members, Standing, Totals
from pod.store.notices import tell_of_room
from pod.store.operator_acts import NEWEST, ActKind, OperatorAct, OperatorActs
from pod.store.quota import is_nearly_full
from pod.store.receipts import Receipt, Receipts
from pod.store.records import SERVER

PAGE = 50
ACTS_PAGE = 100
REASON_CHARACTERS_MAX = 500
SEARCH_CHARACTERS_MAX = 200
BYTES_MAX = 2**53
RESOURCES_MAX = 2**40
NEARLY_FULL_PERCENT = 80

Act = Callable[[Writer, Account], str]
"""What is done to a member in a transaction; gives what is noted beside the kind."""


@dataclass(frozen=True, slots=True)
class Page:
    """Members by name; `more` is the name after which the next ones come."""

    members: tuple[Member, ...]
    more: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What is noted of an act: what it is about, whom it concerns, and more in words."""

    about: str = ""
    detail: str = ""
    member: Account | None = None


class Console:
    """What one operator does. Made for a request, of an account that is an operator's."""

    def __init__(self, services: Services, operator: Account) -> None:
        """Raises: AccessDenied."""
        if not operator.is_operator:
            raise AccessDenied("This is for those who run this server.")
        self._services = services
        self._operator = operator
        self._members = Members(services.store)
        self._acts = OperatorActs(services.store)

    @property
    def operator(self) -> Account:
        return self._operator

    @property
    def services(self) -> Services:
        return self._services

    # -- looking -------------------------------------------------------------------------------------------------------

    def page(self, after: str = "", *, search: str = "", standing: Standing = "") -> Page:
        found = self._members.listed(after, PAGE + 1, search=search[:SEARCH_CHARACTERS_MAX].strip(), standing=standing)
        return Page(found[:PAGE], found[PAGE - 1].name if len(found) > PAGE else None)

    def member(self, name: str) -> Member:
        """Raises: NotFound."""
        found = self._members.by_name(name)
        if found is None:
            raise NotFound("There is no member of this name.")
        return found

    def totals(self) -> Totals:
        return self._members.totals(NEARLY_FULL_PERCENT)

    def acts(self, before: int = NEWEST) -> tuple[OperatorAct, ...]:
        return self._acts.latest(ACTS_PAGE, before)

    def acts_about(self, member: Member) -> tuple[OperatorAct, ...]:
        return self._acts.about(member.id, ACTS_PAGE)

    # -- acting --------------------------------------------------------------------------------------------------------

    def suspend(self, name: str, reason: str) -> None:
        """Sessions, apps and programs of the member stop at once; what others may read stays readable.

        Raises: NotFound; Conflict -- oneself; UnprocessableContent -- no reason, or a long one
        """
        said = _reason(reason)

        def act(tx: Writer, member: Account) -> str:
            self._check_other(member)
            disable_within(self._services, tx, member.id, disabled=True)
            self._write_to(tx, member, MailKind.SUSPENDED)
            return said

        self._do(ActKind.SUSPENDED, name, act)

    def resume(self, name: str) -> None:
        """Raises: NotFound."""

        def act(tx: Writer, member: Account) -> str:
            disable_within(self._services, tx, member.id, disabled=False)
            self._write_to(tx, member, MailKind.RESUMED)
            return ""

        self._do(ActKind.RESUMED, name, act)

    def set_quota(self, name: str, bytes_max: int, resources_max: int) -> None:
        """Of each pod of the member; 0 is no limit. Raises: NotFound, UnprocessableContent."""
        if not (0 <= bytes_max <= BYTES_MAX and 0 <= resources_max <= RESOURCES_MAX):
            raise UnprocessableContent("How much a pod may hold is a number, and 0 where there is no limit.")

        def act(tx: Writer, member: Account) -> str:
            self._members.set_quota(tx, member.id, bytes_max, resources_max)
            for pod in Accounts(tx).storages(member.id):
                if is_nearly_full(pod.bytes, pod.bytes_max):
                    tell_of_room(tx, pod.id, tx.now_ms)
            return f"{bytes_max} bytes, {resources_max} resources"

        self._do(ActKind.QUOTA, name, act)

    def set_role(self, name: str, role: Role) -> None:
        """Raises: NotFound; Conflict -- nobody else would run the server."""

        def act(tx: Writer, member: Account) -> str:
            if role is not Role.OPERATOR:
                self._check_not_last(tx, member)
            self._members.set_role(tx, member.id, role)
            return role.value

        self._do(ActKind.ROLE, name, act)

    def send_reset(self, name: str) -> None:
        """Mail with a link for a new password, to the address that is surely theirs: no operator ever sees it.

        Raises: NotFound; Conflict -- there is no such address, or this server sends no mail
        """
        if not mail_enabled(self._services.config):
            raise Conflict("This server sends no mail.")

        def act(tx: Writer, member: Account) -> str:
            if member.email is None or not member.email_verified or not member.stands:
                raise Conflict("This member has no confirmed address, or cannot sign in.")
            self._services.outbox.add(tx, MailKind.RESET, member.email, member.id)
            return ""

        self._do(ActKind.RESET_SENT, name, act)

    def delete(self, name: str) -> None:
        """The account goes with its pods after the days of grace, unless it is kept.

        Raises: NotFound; Conflict -- oneself, or nobody else would run the server
        """

        def act(tx: Writer, member: Account) -> str:
            self._check_other(member)
            schedule_within(self._services, tx, member.id)
            return f"{self._services.config.deletion_grace_days} days"

        self._do(ActKind.DELETION, name, act)

    def keep(self, name: str) -> None:
        """Raises: NotFound; Conflict -- too late."""

        def act(tx: Writer, member: Account) -> str:
            keep_within(self._services, tx, member.id)
            return ""

        self._do(ActKind.KEPT, name, act)

    def offer_export(self, name: str) -> None:
        """The member is asked to take along what they keep; only they can. Raises: NotFound; Conflict."""

        def act(tx: Writer, member: Account) -> str:
            if member.status is not AccountStatus.ACTIVE:
                raise Conflict("This member cannot sign in. Let them in again first.")
            Receipts(tx).offer(tx, member.id, self._operator.name)
            self._write_to(tx, member, MailKind.EXPORT_OFFERED)
            return ""

        self._do(ActKind.EXPORT_OFFERED, name, act)

    def receipts(self, before: int = NEWEST) -> tuple[Receipt, ...]:
        return Receipts(self._services.store).latest(ACTS_PAGE, before)

    @contextmanager
    def acting(self) -> Iterator[Writer]:
        """A transaction of an operator's, who still is one. Raises: AccessDenied."""
        with self._services.store.write(SERVER) as tx:
            self._check_still_operator(tx)
            yield tx

    def settle(self, kind: ActKind, change: Callable[[Writer], Settled]) -> None:
        """Change something of the server, and note about what and whom."""
        with self.acting() as tx:
            settled = change(tx)
            about, detail = settled.about, settled.detail
            self._acts.add(tx, self._operator, kind, settled.member, about=about, detail=detail)

    def _do(self, kind: ActKind, name: str, act: Act) -> None:
        with self.acting() as tx:
            member = member_named(tx, name)
            detail = act(tx, member)
            self._acts.add(tx, self._operator, kind, member, detail=detail)

    def _write_to(self, tx: Writer, member: Account, kind: MailKind) -> None:
        """To the address that is surely theirs, if this server sends mail."""
        if mail_enabled(self._services.config) and member.email is not None and member.email_verified:
            self._services.outbox.add(tx, kind, member.email, member.id)

    def _check_still_operator(self, tx: Writer) -> None:
        """Raises: AccessDenied -- another operator was faster."""
        now = Accounts(tx).by_id(self._operator.id)
        if now is None or not now.is_operator or not now.stands:
            raise AccessDenied("This is for those who run this server.")

    def _check_other(self, member: Account) -> None:
        """Raises: Conflict."""
        if member.id == self._operator.id:
            raise Conflict("You cannot do this to your own account. Another operator can.")

    def _check_not_last(self, tx: Writer, member: Account) -> None:
        """Raises: Conflict."""
        if not Members(tx).other_operators(member.id):
            raise Conflict("Nobody else runs this server. Give the role to another member first.")


def member_named(tx: Writer, name: str) -> Account:
    """Raises: NotFound."""
    member = Accounts(tx).by_name(name)
    if member is None:
        raise NotFound("There is no member of this name.")
    return member


def _reason(text: str) -> str:
    """Raises: UnprocessableContent."""
    said = " ".join(text.split())
    if not 0 < len(said) <= REASON_CHARACTERS_MAX:
        raise UnprocessableContent(f"Say why, in at most {REASON_CHARACTERS_MAX} letters: the member reads it.")
    return said
