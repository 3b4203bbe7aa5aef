"""What owners answer to those who ask: access as asked for or less, no, or silence; and taking back what they gave.

A grant is a record. What lets somebody in are access rules, written and removed in the transaction that writes or ends
the record; their end is a condition in the rules themselves.

Spec: LWS 1.0 #access-requests-and-grants, "it is the responsibility of the server to adjust any underlying access
policy"; #access-grant-endpoint
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from pod.errors import AccessDenied, Busy, Conflict, NotFound, UnprocessableContent, VersionMoved
from pod.operations.attempts import Allowance, spend
from pod.operations.watched import note_own
from pod.operations.writing import acting_for
from pod.protocol.access_profile import EDIT
from pod.protocol.access_profile import EVERYONE as EVERYBODY
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.audiences import EVERYONE, Audience, Level, person
from pod.sharing.hearing import Hearing
from pod.sharing.notices import add_grant_notice, add_refusal_notice
from pod.sharing.requests import KEY_BYTES, Visitor, check_own_inbox, thing
from pod.sharing.sharing import Sharing
from pod.store.access_requests import GRANTS_MAX, AccessItem, AccessRequest, AccessRequests, Answer, GivenAccess, Said
from pod.store.accounts import Account
from pod.store.interface import Writer
from pod.store.mail import MailKind, Outbox
from pod.store.notices import NoticeKind, Notices
from pod.store.records import SERVER, ACLReference, Actor, StorageState

BLOCKED_MAX = 1_000
OF_GIVER = Allowance("access given by account", 60, 3600)
"""By its apps: each may tell somebody of it."""
ATTEMPTS_MAX = 10


# -- giving ------------------------------------------------------------------------------------------------------------


def grant_request(
    services: Services, account: Account, key: str, items: tuple[AccessItem, ...] | None = None
) -> GivenAccess:
    """Give what was asked for; or only these items, each within one that was. Until when is for the owner to say.

    Raises: NotFound, Conflict -- there is no such request to answer; UnprocessableContent -- more than was asked for;
        what `Sharing.share` raises
    """
    request = _open(services, account, key)
    if items is not None:
        _check_narrower(request, items)
    said = request.said if items is None else replace(request.said, items=items)
    made = _given(services, request.root, said, request)
    _note(services, account.id, made.root, (each.path for each in made.said.items if each.written))
    return made


def give(services: Services, visitor: Visitor, said: Said) -> GivenAccess:
    """Give somebody access, whether or not they asked; an open request of theirs for the same is answered with it.

    Raises: AccessDenied; TooManyRequests; UnprocessableContent; see `grant_request`
    """
    if not visitor.controls:
        raise AccessDenied(
            "Only the owner of this storage gives access to it, through an app that may decide for them."
        )
    with services.store.write(SERVER) as tx:
        spend(services, tx, OF_GIVER, str(visitor.storage.account))
    if said.inbox is not None:
        check_own_inbox(services, said.agent, said.inbox)
    request = _asked_for(services, visitor, said)
    if request is not None and said.inbox is None:
        said = replace(said, inbox=request.said.inbox)
    made, storage = _given(services, visitor.storage.path, said, request), visitor.storage
    paths = (each.path for each in made.said.items if each.written)
    _note(services, storage.account, storage.path, paths, visitor.credentials)
    return made


def _asked_for(services: Services, visitor: Visitor, said: Said) -> AccessRequest | None:
    """The open request for the same resources. Spec: LWS 1.0 #access-notification-events"""
    requests = AccessRequests(services.store)
    key = requests.same(visitor.storage.id, said.agent, said.client, thing(said))
    return None if key is None else requests.by_id(key)


def _check_narrower(request: AccessRequest, items: tuple[AccessItem, ...]) -> None:
    """Raises: UnprocessableContent"""
    if not items:
        raise UnprocessableContent("Choose what they get, or refuse.")
    if len({each.path for each in items}) < len(items):
        raise UnprocessableContent("Say of each resource once what they get.")
    for item in items:
        if not any(_is_within(item, asked) for asked in request.said.items):
            raise UnprocessableContent(
                "That is more than they asked for. Share it from the page of that file or folder."
            )


def _is_within(item: AccessItem, asked: AccessItem) -> bool:
    is_there = item.path == asked.path or (asked.path.endswith("/") and item.path.startswith(asked.path))
    return is_there and item.modes in asked.modes


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written. `kept` are, by path, the rules that give that much already, and stay as they are."""

    said: Said
    audience: Audience
    kept: dict[str, _Kept]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What rules give already, and which rules those are."""

    modes: AccessMode
    until_ms: int | None
    acls: tuple[ACLReference, ...]


def _given(services: Services, root: str, said: Said, request: AccessRequest | None) -> GivenAccess:
    """The rules, the record, the answer and the message about it, in one transaction."""
    snapshot = services.store.describe(Target.parse(root), with_body=False)
    storage = snapshot.storage
    if storage is None:
        raise NotFound("There is no such storage.")
    for _ in range(ATTEMPTS_MAX):
        with suppress(VersionMoved):
            return _give_as_planned(services, storage, _plan(services, storage.account, said), request)
    raise Busy("Others kept changing who has access; try again.", headers=(("Retry-After", "1"),))


def _give_as_planned(
    services: Services, storage: StorageState, plan: _Plan, request: AccessRequest | None
) -> GivenAccess:
    """Raises: VersionMoved -- the rules are not those that it was planned by; see `grant_request`"""
    key, said = secrets.token_urlsafe(KEY_BYTES), plan.said
    who = acting_for(services, services.store, storage.account, storage.path).agent

    def change(tx: Writer) -> None:
        requests = AccessRequests(tx)
        if requests.count_given(storage.account) >= GRANTS_MAX and not _end_what_is_over(tx, storage.account):
            raise Conflict(f"At most {GRANTS_MAX} grants are kept. Take back some.")
        if request is not None and not requests.answer(tx, request.id, Answer.GRANTED):
            raise _answered()
        older = requests.given_to(storage.id, said.agent, said.client)
        inherited = frozenset(each.path for grant in older for each in grant.said.items if each.written)
        written = replace(said, items=tuple(_share(services, tx, storage.account, plan, inherited)))
        _supersede(tx, requests, storage.id, said)
        requests.give(tx, key, storage, written, request)
        add_grant_notice(services, tx, storage, written, key)
        _forget_mail(services, tx, storage.account)

    services.store.write_together(Actor(who), change)
    made = AccessRequests(services.store).grant(key)
    assert made is not None
    return made


def _end_what_is_over(tx: Writer, account: int) -> int:
    """What ended by itself takes no places; gives how many those were. What rules said so is as good as gone."""
    requests = AccessRequests(tx)
    over = [each for each in requests.given_by(account) if each.ended_ms is None and not each.stands(tx.now_ms)]
    return sum(requests.end(tx, each.id) for each in over)


def _plan(services: Services, account: int, said: Said) -> _Plan:
    """Raises: NotFound -- some of it is not there; UnprocessableContent"""
    audience, now_ms = _audience(said), services.clock.now() * 1000
    if any(each.until_ms is not None and each.until_ms <= now_ms for each in said.items):
        raise UnprocessableContent("The time that was asked for is over. Choose another, or refuse.")
    found = ((each.path, _kept(services, account, each, audience)) for each in said.items)
    return _Plan(said, audience, {path: kept for path, kept in found if kept is not None})


def _kept(services: Services, account: int, item: AccessItem, audience: Audience) -> _Kept | None:
    """What its own rules give the audience, if no less, for no shorter: they are not to have less for having asked."""
    acls = services.store.describe(Target.parse(item.path), with_body=False).acls
    try:
        state = Sharing(services).state(account, item.path)
    except NotFound as error:
        raise NotFound(f"There is nothing at {services.placement.url(item.path)} that could be shared.") from error
    for share in state.own_shares:
        is_full = not share.denies and not share.narrowed and item.modes in share.here
        reaches = not state.is_container or item.modes in share.inside
        lasts = share.until_ms is None or (item.until_ms is not None and item.until_ms <= share.until_ms)
        if share.audience == audience and is_full and reaches and lasts and share.stands(state.now_ms):
            return _Kept(share.here & EDIT, share.until_ms, acls)
    return None


def _share(
    services: Services, tx: Writer, account: int, plan: _Plan, inherited: frozenset[str]
) -> Iterable[AccessItem]:
    """What was written, item by item. What an older grant wrote and this one keeps is this one's from now on, and as
    much as it is: a record that says less than the rules would mislead its owner.
    """
    sharing = Sharing(services)
    for item in plan.said.items:
        if (kept := plan.kept.get(item.path)) is not None:
            if tx.describe(Target.parse(item.path), with_body=False).acls != kept.acls:
                raise VersionMoved
            is_ours = item.path in inherited
            yield AccessItem(item.path, kept.modes, kept.until_ms) if is_ours else replace(item, written=False)
            continue
        level = Level.of(item.modes)
        assert level is not None, "requests are for whole levels"
        sharing.share_within(tx, account, item.path, plan.audience, level, until_ms=item.until_ms)
        yield replace(item, written=True)


def _supersede(tx: Writer, requests: AccessRequests, storage: int, said: Said) -> None:
    """Rules written anew are those of the new grant: withdrawing the older one is not to end them."""
    anew = {each.path for each in said.items}
    for older in requests.given_to(storage, said.agent, said.client):
        left = [each for each in older.said.items if each.path not in anew]
        if not left:
            requests.end(tx, older.id)
        elif len(left) < len(older.said.items):
            requests.leave(tx, older.id, left)


def _audience(said: Said) -> Audience:
    """Raises: UnprocessableContent -- it is no WebID"""
    if said.agent == EVERYBODY:
        return replace(EVERYONE, client=said.client or None)
    return person(said.agent, said.client or None)


# -- other answers -----------------------------------------------------------------------------------------------------


def refuse_request(services: Services, account: Account, key: str) -> None:
    """Raises: NotFound, Conflict"""
    request = _open(services, account, key)
    storage = services.store.describe(Target.parse(request.root), with_body=False).storage
    with services.store.write(SERVER) as tx:
        if not AccessRequests(tx).answer(tx, key, Answer.REFUSED):
            raise _answered()
        if storage is not None:
            add_refusal_notice(services, tx, storage, request)
            Notices(tx).add_refused(tx, request.said.agent, account.id, storage.path)
        _forget_mail(services, tx, account.id)


def block_asker(services: Services, account: Account, key: str) -> None:
    """Hear no more of whoever made a request. They get no answer, like others whom nobody answers.

    Raises: NotFound; Conflict -- too many are blocked
    """
    request = _of(services, account, key)
    with services.store.write(SERVER) as tx:
        requests = AccessRequests(tx)
        if Hearing(services, tx, account.id).hears(request.said.agent):
            if len(requests.blocked(account.id)) >= BLOCKED_MAX:
                raise Conflict(f"At most {BLOCKED_MAX} people can be blocked. Let some of them ask again.")
            requests.block(tx, account.id, request.said.agent)
        _forget_mail(services, tx, account.id)


def unblock(services: Services, account: Account, agent: str) -> None:
    """What they asked for meanwhile, and was not forgotten, can be answered now."""
    with services.store.write(SERVER) as tx:
        for each in Hearing(services, tx, account.id).blocked_as(agent):
            AccessRequests(tx).unblock(tx, account.id, each)


def _open(services: Services, account: Account, key: str) -> AccessRequest:
    request = _of(services, account, key)
    if request.answer is not Answer.OPEN:
        raise _answered()
    return request


def _of(services: Services, account: Account, key: str) -> AccessRequest:
    found = AccessRequests(services.store).by_id(key)
    if found is None or found.account != account.id:
        raise NotFound("There is no such request. Whoever asked may have taken it back.")
    return found


def _answered() -> Conflict:
    return Conflict("This request was answered, or taken back, before.")


def _forget_mail(services: Services, tx: Writer, account: int) -> None:
    """Nobody needs to be told of requests that are all answered."""
    if not Hearing(services, tx, account).waiting():
        Outbox(tx).remove_of_account(tx, account, MailKind.ACCESS_ASKED)
        Notices(tx).read_kind(tx, account, NoticeKind.ASKED)


# -- taking back -------------------------------------------------------------------------------------------------------


def withdraw(services: Services, account: int, key: str, by: Credentials | None = None) -> None:
    """End a grant, and at once what was written for it, whatever it is by now. `by`: their app, where it is one.

    Raises: NotFound -- no such grant of this account's; what `Sharing.unshare` raises
    """
    grant = AccessRequests(services.store).grant(key)
    if grant is None or grant.account != account:
        raise NotFound("There is no such grant.")
    sharing, audience = Sharing(services), _audience(grant.said)
    there = {each.path for each in grant.said.items if each.written and _is_there(sharing, account, each, audience)}
    who = acting_for(services, services.store, account, grant.root).agent

    def change(tx: Writer) -> None:
        now = AccessRequests(tx).grant(key)
        if now is None or not AccessRequests(tx).end(tx, key):
            raise NotFound("This was taken back before.")
        for path in sorted(there & {each.path for each in now.said.items}):  # a newer grant has the rest
            with suppress(NotFound):  # it was deleted meanwhile, with its rules
                sharing.unshare_within(tx, account, path, audience)

    services.store.write_together(Actor(who), change)
    _note(services, account, grant.root, there, by)


def _note(services: Services, account: int, root: str, paths: Iterable[str], by: Credentials | None = None) -> None:
    """Owners see who decided about access, and through which app."""
    who = acting_for(services, services.store, account, root).agent
    for path in paths:
        if by is None:
            note_own(services, path, who, AccessMode.CONTROL)
        else:
            services.access_log.note(path, by.agent, by.client, AccessMode.CONTROL, allowed=True, issuer=by.issuer)


def _is_there(sharing: Sharing, account: int, item: AccessItem, audience: Audience) -> bool:
    """Whether the resource has rules of its own for the audience; what folders above give is not this grant's."""
    with suppress(NotFound):
        return any(each.audience == audience for each in sharing.state(account, item.path).own_shares)
    return False


def visible_grants(services: Services, visitor: Visitor) -> list[GivenAccess]:
    """Those in a storage that somebody may see and that were not taken back, the newest first."""
    requests, storage = AccessRequests(services.store), visitor.storage.id
    given = requests.given_in(storage) if visitor.controls else requests.given_to_agent(storage, visitor.agent)
    return [each for each in given if visitor.may_see(each)]


def visible_grant(services: Services, visitor: Visitor, key: str) -> GivenAccess:
    """Raises: NotFound -- nor does anybody else learn that there is one"""
    found = AccessRequests(services.store).grant(key)
    is_here = found is not None and found.storage == visitor.storage.id and found.ended_ms is None
    if found is None or not is_here or not visitor.may_see(found):
        raise NotFound("There is no such grant.")
    return found


def revoke(services: Services, visitor: Visitor, key: str) -> None:
    """Raises: NotFound, AccessDenied -- it is not theirs to end; see `withdraw`"""
    grant = visible_grant(services, visitor, key)
    if not visitor.controls:
        raise AccessDenied("Only the owner of this storage takes access back.")
    withdraw(services, grant.account, key, visitor.credentials)
