"""Links for people without a WebID: made, listed and withdrawn by owners, opened by whoever has one.

A link is a secret of 256 bits in a URL; its digest is what is kept. One opening is one use: the browser gets a secret
of its own for an hour. Uses are counted in the transaction that allows them, and what may be tried how often in the
database, for all processes together. What a link shows and takes in: link_content.py.

Spec: W3C TAG, Good Practices for Capability URLs; RFC 9106; NIST SP 800-63B s5.2.2
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from pod.authentication.credentials import PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN, digest
from pod.errors import AccessDenied, Busy, Conflict, NotFound, UnprocessableContent, WrongPassword
from pod.operations.attempts import Allowance, forget, give_back, spend
from pod.protocol.addresses import network_of
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing.link_authority import check_maker, ended, needed, takes_files
from pod.store.accounts import Account
from pod.store.records import SERVER, ResourceState
from pod.store.share_links import LinkEnd, LinkMode, NewLink, ShareLink, ShareLinks

LINKS = ".link/"
"""Below the base URL: where links lead."""
SECRET_BYTES = 32
SECRET_CHARACTERS = 43
OPEN_SECONDS = 3600
"""How long one use lasts in the browser in which a link was opened."""
LINKS_MAX = 1_000
"""Of one account, with those that ended lately."""
USES_MAX = 1_000_000
DAYS_MAX = 3_650
LABEL_CHARACTERS_MAX = 200
OPENINGS = Allowance("link, opened at address", 100, 15 * 60)
PASSWORDS_CHOSEN = Allowance("link, password chosen", 60, 15 * 60)
GUESSES_AT_ADDRESS = Allowance("link, password at address", 10, 15 * 60)
GUESSES = Allowance("link, password", 100, 3600)
"""Mistakes at one link, from everywhere: many addresses must not help. Then those who know the password wait too; to
lock them out so, one must have been given the link, and its owner can make another.
"""
_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """What an owner chose for a new link. `days` and `uses_max` of None: without an end; any number."""

    mode: LinkMode
    label: str = ""
    password: str = field(default="", repr=False)
    uses_max: int | None = None
    days: int | None = 7


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody with a link that works, or that is used up. `is_open`: in this browser, it was opened a while ago."""

    link: ShareLink
    is_open: bool

    @property
    def opens_at_once(self) -> bool:
        """Without being asked first: nothing is used up, and nothing has to be known. Programs that look at links in
        messages, to show what they lead to, must not use up the uses.
        """
        return self.link.uses_max is None and self.link.password_hash is None


# -- owners ------------------------------------------------------------------------------------------------------------


def make_link(services: Services, account: Account, target: Target, wish: Wish) -> tuple[ShareLink, str]:
    """A new link to what is at `target`, and its URL, which is kept nowhere.

    Raises: NotFound; AccessDenied -- it is not in a pod of the account's; UnprocessableContent; Conflict;
        TooManyRequests; Busy
    """
    check_wish(services, target, wish)
    web_id = maker_of(services, account, target)
    state = check_maker(services, services.store, target, web_id, needed(wish.mode), may_wait=True)
    secret, links = secrets.token_urlsafe(SECRET_BYTES), ShareLinks(services.store)
    _check_count(links, account)
    password_hash = _hashed(services, account, wish.password)
    with services.store.write(SERVER) as tx:
        _check_count(ShareLinks(tx), account)
        end_ms = None if wish.days is None else tx.now_ms + wish.days * _DAY_MS
        new = NewLink(account.id, web_id, wish.mode, wish.label, password_hash, wish.uses_max, end_ms)
        number = links.create(tx, digest(secret), state, new)
    made = links.by_id(number)
    assert made is not None
    return made, f"{services.placement.base_url}{LINKS}{secret}"


def _check_count(links: ShareLinks, account: Account) -> None:
    """Raises: Conflict."""
    if links.count(account.id) >= LINKS_MAX:
        raise Conflict(f"An account may have {LINKS_MAX} links. Withdraw some; they are forgotten after a while.")


def _hashed(services: Services, account: Account, password: str) -> str | None:
    """Raises: TooManyRequests, Busy"""
    if not password:
        return None
    with services.store.write(SERVER) as tx:
        spend(services, tx, PASSWORDS_CHOSEN, str(account.id))
    return services.passwords.hash(password)


def check_wish(services: Services, target: Target, wish: Wish) -> None:
    """Raises: UnprocessableContent."""
    if target.auxiliary is not None:
        raise UnprocessableContent("Links lead to files and folders.")
    if wish.mode is LinkMode.UPLOAD and not takes_files(target):
        raise UnprocessableContent(
            "Files can be sent to a folder in a pod, but not to its inbox, profile or settings: make one for them."
        )
    if wish.uses_max is not None and not 1 <= wish.uses_max <= USES_MAX:
        raise UnprocessableContent(f"How often it may be opened is a number from 1 to {USES_MAX}.")
    if wish.days is not None and not 1 <= wish.days <= DAYS_MAX:
        raise UnprocessableContent(f"A link ends after 1 to {DAYS_MAX} days, or never.")
    if len(wish.label) > LABEL_CHARACTERS_MAX or not wish.label.isprintable():
        raise UnprocessableContent(f"A note is one line of {LABEL_CHARACTERS_MAX} characters at most.")
    characters_min = 1 if services.config.dev else PASSWORD_CHARACTERS_MIN
    if wish.password and not (
        len(wish.password) >= characters_min and len(wish.password.encode("utf-8", "replace")) <= PASSWORD_BYTES_MAX
    ):
        raise UnprocessableContent(
            f"A password has {characters_min} characters or more, in {PASSWORD_BYTES_MAX} bytes."
        )


def maker_of(services: Services, account: Account, target: Target) -> str:
    """As which of its WebIDs an account makes links: the one that owns the storage.

    Raises: AccessDenied -- none does
    """
    storage = services.store.describe(Target(target.storage, target.storage), with_body=False).storage
    owners = storage.owners if storage else ()
    for web_id in services.accounts.web_ids(account.id):
        if web_id in owners:
            return web_id
    raise AccessDenied("Only the owner of a pod makes links into it.")


def list_links(services: Services, account: Account, resource: ResourceState | None = None) -> tuple[ShareLink, ...]:
    """What the account made, and what others made into its pods; of one resource, or of all."""
    links = ShareLinks(services.store)
    return links.of_account(account.id) if resource is None else links.of_resource(account.id, resource.id)


def revoke_link(services: Services, account: Account, link: int) -> None:
    """At once, wherever it is open. Raises: NotFound -- no such link, or not this account's to withdraw."""
    with services.store.write(SERVER) as tx:
        if not ShareLinks(services.store).revoke(tx, account.id, link):
            raise NotFound("There is no such link, or it was withdrawn before.")


# -- whoever has a link ------------------------------------------------------------------------------------------------


def find_link(services: Services, secret: str, opening: str | None) -> Visit:
    """`opening` is what the browser was given when it opened this link, if it did.

    Raises: NotFound -- there never was such a link, or it is long over; LinkEnded
    """
    now_ms = int(services.clock.now() * 1000)
    if len(secret) != SECRET_CHARACTERS:
        raise NotFound("There is no such link.")
    found = ShareLinks(services.store).find(digest(secret), digest(opening) if opening else None, now_ms)
    if found is None:
        raise NotFound("There is no such link.")
    link, is_open = found
    if (end := link.end(now_ms)) is not None:
        raise ended(end)
    return Visit(link, is_open)


def open_link(services: Services, visit: Visit, password: str, address: str) -> str:
    """One use of a link: gives what its browser shows from then on, for an hour.

    Raises: LinkEnded -- used up, or ended meanwhile; WrongPassword; TooManyRequests; Busy
    """
    link, opening = visit.link, secrets.token_urlsafe(SECRET_BYTES)
    if link.is_used_up:
        raise ended(LinkEnd.USED_UP)
    network = network_of(address)
    if link.password_hash is not None:
        _check_password(services, link, password, network)
    with services.store.write(SERVER) as tx:
        if link.password_hash is None:
            spend(services, tx, OPENINGS, str(link.id), network)
        if not ShareLinks(tx).use(tx, link.id, digest(opening), OPEN_SECONDS * 1000):
            now = ShareLinks(tx).by_id(link.id)
            raise ended((now and now.end(tx.now_ms)) or LinkEnd.USED_UP)
    return opening


def _check_password(services: Services, link: ShareLink, password: str, network: str) -> None:
    """All that this may cost is counted before the work is done: also those who know the password make work.

    Raises: WrongPassword, TooManyRequests, Busy
    """
    key = str(link.id)
    with services.store.write(SERVER) as tx:
        for allowance, *keys in _costs(key, network):
            spend(services, tx, allowance, *keys)
    try:
        fits = len(password.encode("utf-8", "replace")) <= PASSWORD_BYTES_MAX
        if not fits or not services.passwords.matches(link.password_hash, password):
            raise WrongPassword("This is not the password of this link.")
    except Busy:  # nothing was tried
        with services.store.write(SERVER) as tx:
            for allowance, *keys in _costs(key, network):
                give_back(services, tx, allowance, *keys)
        raise
    with services.store.write(SERVER) as tx:
        forget(services, tx, GUESSES_AT_ADDRESS, key, network)
        give_back(services, tx, GUESSES, key)


def _costs(key: str, network: str) -> tuple[tuple[Allowance, *tuple[str, ...]], ...]:
    return (OPENINGS, key, network), (GUESSES_AT_ADDRESS, key, network), (GUESSES, key)
