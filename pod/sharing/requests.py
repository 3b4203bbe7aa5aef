"""Asking for access: whoever is signed in, here or elsewhere, writes to the owner of a storage, and may take it back.

What is asked for is not looked at: the answer is the same whether or not anything is there, whoever has access to it,
and whatever the owner thinks of the one who asks. Owners are told later, by the worker, so that neither the time an
answer takes says more.

Spec: LWS 1.0 #access-request-endpoint, #security-access-requests, #privacy-access-requests
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

from pod.authorization.ceilings import refusal
from pod.authorization.required import Need
from pod.errors import (
    AccessDenied,
    CeilingReached,
    Conflict,
    NotAuthenticated,
    NotFound,
    TooManyRequests,
    UnprocessableContent,
)
from pod.operations.admission import settled
from pod.operations.attempts import Allowance, spend
from pod.protocol.access_profile import REQUESTS, endpoint
from pod.protocol.agent import Credentials
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.protocol.resource import INBOX, Target
from pod.services import Services
from pod.sharing.hearing import Hearing, person_of
from pod.store.access_requests import AccessRequest, AccessRequests, Answer, Asking, GivenAccess, Said
from pod.store.interface import Writer
from pod.store.notices import NoticeKind, Notices
from pod.store.records import SERVER, StorageState

OF_ASKER = Allowance("access asked for by agent", 20, 3600)
FROM_ADDRESS = Allowance("access asked for from address", 60, 3600)
OPEN_OF_PERSON_MAX, OPEN_OF_NETWORK_MAX, OPEN_MAX = 20, 50, 500
"""Requests that wait for the answer of one owner. WebIDs of elsewhere cost nothing, so addresses count too."""
UNHEARD_MAX = 200
"""Of those who are blocked. They take no places of others; the oldest makes room for the newest."""
KEY_BYTES = 16
APPS_PATH = ".account/apps"
"""The page on which people say what an app may do."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes to the endpoints of a storage. `controls`: it is theirs, and the app they use may decide for them;
    `limited`: their app was given some things only, so it asks for itself and sees what it asked.
    """

    credentials: Credentials
    storage: StorageState
    controls: bool
    limited: bool = False

    @property
    def agent(self) -> str:
        return self.credentials.agent or ""

    def may_see(self, found: AccessRequest | GivenAccess) -> bool:
        """What is theirs; an app that is limited sees only what it asked for itself, or what is for it alone.

        Spec: LWS 1.0 #privacy-access-requests
        """
        said, app = found.said, self.credentials.client or ""
        is_theirs = said.agent == self.agent and (said.client in {"", app} or self.asked(found))
        return self.controls or (is_theirs and (not self.limited or app == said.client or self.asked(found)))

    def asked(self, found: AccessRequest | GivenAccess) -> bool:
        """Whether it is what the app they use asked for."""
        return bool(found.through) and found.through == self.credentials.client


@settled
def arrive(services: Services, credentials: Credentials, root: str) -> Visitor:
    """Raises: NotAuthenticated; NotFound -- there is no such storage; CeilingReached -- it is theirs, and their app may
    not decide for them; PodLeaving, InvalidToken
    """
    if not credentials.authenticated:
        raise NotAuthenticated("Sign in to ask for access, or to see what was asked for.")
    snapshot = services.store.describe(Target.parse(root), credentials.grant, with_body=False)
    decision = services.authorizer.authorize(services.store, snapshot, credentials, ())
    storage = snapshot.storage
    assert storage is not None, "authorized"
    is_free = decision.ceiling is None or ALL_MODES in decision.ceiling
    owns = credentials.agent in storage.owners
    if owns and not is_free:
        raise refusal(services.placement, credentials, Need(root, ALL_MODES, told=ALL_MODES), decision)
    ceiling = snapshot.grant.ceiling if snapshot.grant else None
    limited = decision.ceiling is not None and not (ceiling is not None and ceiling.full)
    return Visitor(credentials, storage, owns and AccessMode.CONTROL in decision.modes, limited)


def ask(services: Services, visitor: Visitor, said: Said, network: str) -> AccessRequest:
    """Write down what somebody asks for. `network` is where they come from.

    Raises: AccessDenied -- in another's name; CeilingReached -- for more than an app that is limited itself;
        UnprocessableContent, Conflict, TooManyRequests
    """
    storage = visitor.storage
    _check(services, visitor, said)
    key = secrets.token_urlsafe(KEY_BYTES)
    asking = Asking(visitor.credentials.client or "", network, thing(said))
    requests = AccessRequests(services.store)
    with services.store.write(SERVER) as tx:
        spend(services, tx, OF_ASKER, person_of(services.placement, visitor.agent))
        spend(services, tx, FROM_ADDRESS, network)
    with services.store.write(SERVER) as tx:
        if (before := AccessRequests(tx).same(storage.id, said.agent, said.client, asking.thing)) is not None:
            raise _asked_before(services, storage, before)
        _make_room(services, tx, storage.account, visitor.agent, network)
        added = requests.add(tx, key, storage, said, asking)
        if Hearing(services, tx, storage.account).hears(said.agent):
            Notices(tx).add(tx, storage.account, NoticeKind.ASKED, said.agent, storage.path)
        assert added, "the transaction has just seen none"
    made = requests.by_id(key)
    assert made is not None
    return made


def _check(services: Services, visitor: Visitor, said: Said) -> None:
    if said.agent != visitor.agent:
        raise AccessDenied(f"Ask in your own name: `assignee` must be {visitor.agent}.")
    if visitor.agent in visitor.storage.owners:
        raise Conflict("This is your own: there is nobody else to ask.")
    if visitor.limited and said.client != visitor.credentials.client:
        raise _for_itself(services, visitor)
    if any(each.until_ms is not None and each.until_ms <= services.clock.now() * 1000 for each in said.items):
        raise UnprocessableContent("Ask for access until a moment that is still to come.")
    if said.inbox is not None:
        check_own_inbox(services, visitor.agent, said.inbox)


def _for_itself(services: Services, visitor: Visitor) -> CeilingReached:
    return CeilingReached(
        "The account gave this app some things only, so the app asks for itself alone: with a constraint whose "
        f"`leftOperand` is `client`, `operator` `eq` and `rightOperand` {visitor.credentials.client}.",
        widen=services.placement.base_url + APPS_PATH,
    )


def check_own_inbox(services: Services, agent: str, inbox: str) -> None:
    """Of the inboxes of this server, an answer goes to one's own alone. Raises: UnprocessableContent"""
    placement = services.placement
    if not placement.is_ours(inbox):
        return
    path = placement.local_path(inbox) or ""
    root = path.removesuffix(INBOX)
    storage = None
    if path != root and root.endswith("/") and root.count("/") == 2:
        storage = services.store.describe(Target.parse(root), with_body=False).storage
    if storage is None or agent not in storage.owners:
        raise UnprocessableContent("On this server, `inbox` must be the inbox of a pod of yours.")


def _make_room(services: Services, tx: Writer, account: int, agent: str, network: str) -> None:
    """Whoever is blocked meets the same bounds, and takes no place of others. Raises: TooManyRequests"""
    requests, hearing = AccessRequests(tx), Hearing(services, tx, account)
    lines, person = requests.open_of(account), hearing.person(agent)
    of_person = sum(hearing.person(each.agent) == person for each in lines)
    of_network = sum(each.network == network for each in lines)
    if of_person >= OPEN_OF_PERSON_MAX or of_network >= OPEN_OF_NETWORK_MAX:
        raise _too_many("Enough requests of yours wait here for an answer; take some back, or wait.")
    waiting = [each for each in lines if hearing.hears(each.agent)]
    if len(waiting) >= OPEN_MAX:
        going = hearing.making_room(waiting, agent, network, tx.now_ms)
        if going is None:
            raise _too_many("So many requests wait here for an answer that no more are taken now.")
        if hearing.hears(agent):
            requests.remove(tx, going.id)
    unheard = [each for each in lines if not hearing.hears(each.agent)]
    if not hearing.hears(agent) and len(unheard) >= UNHEARD_MAX:
        requests.remove(tx, unheard[-1].id)


def _too_many(why: str) -> TooManyRequests:
    return TooManyRequests(why, headers=(("Retry-After", "86400"),))


def thing(said: Said) -> str:
    """The same for requests for the same resources."""
    return sha256("\n".join(sorted(each.path for each in said.items)).encode()).hexdigest()


def _asked_before(services: Services, storage: StorageState, before: str) -> Conflict:
    url = endpoint(services.placement.base_url, storage.path, REQUESTS) + before
    return Conflict(
        "You asked for this before, and the answer is still to come. Take that back to ask anew.", request=url
    )


# -- afterwards --------------------------------------------------------------------------------------------------------


def visible_requests(services: Services, visitor: Visitor) -> list[AccessRequest]:
    """Those at a storage that somebody may see; the owner first what waits."""
    requests = AccessRequests(services.store)
    if visitor.controls:
        hearing = Hearing(services, services.store, visitor.storage.account)
        return [each for each in requests.of_storage(visitor.storage.id) if hearing.hears(each.said.agent)]
    mine = requests.of_agent(visitor.agent)
    return [each for each in mine if each.storage == visitor.storage.id and visitor.may_see(each)]


def visible_request(services: Services, visitor: Visitor, key: str) -> AccessRequest:
    """Raises: NotFound -- nor does anybody else learn that there is one"""
    found = AccessRequests(services.store).by_id(key)
    if found is None or found.storage != visitor.storage.id or not visitor.may_see(found):
        raise NotFound("There is no such request.")
    return found


def drop_request(services: Services, visitor: Visitor, key: str) -> None:
    """Taken back by whoever asked, or put away by the owner: there is nothing left of it.

    Raises: NotFound; CeilingReached -- an app that is limited did not ask for it
    """
    found = visible_request(services, visitor, key)
    if visitor.limited and not visitor.asked(found):
        raise CeilingReached("This app did not ask for it.", widen=services.placement.base_url + APPS_PATH)
    _remove(services, key)


def own_requests(services: Services, account: int) -> list[AccessRequest]:
    """What the people of an account asked others for."""
    requests = AccessRequests(services.store)
    return [each for web_id in services.accounts.web_ids(account) for each in requests.of_agent(web_id)]


def take_back(services: Services, account: int, key: str) -> None:
    """Raises: NotFound -- they asked for nothing like that, or were answered"""
    found = next((each for each in own_requests(services, account) if each.id == key), None)
    if found is None or found.answer is not Answer.OPEN:
        raise NotFound("There is no such request.")
    _remove(services, key)


def _remove(services: Services, key: str) -> None:
    with services.store.write(SERVER) as tx:
        if not AccessRequests(tx).remove(tx, key):
            raise NotFound("There is no such request.")
