"""The few collaborators that operations need, and how they are put together for one process.

Everything here is shared by all threads and holds no per-request state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pod.authentication.authenticate import Authenticator
from pod.authentication.credentials import Passwords
from pod.authentication.keys import KeyRing
from pod.authentication.listeners import Listeners
from pod.authorization.authorize import Authorizer
from pod.authorization.group_uses import settle_group_uses
from pod.authorization.memory import Memory
from pod.authorization.public import PublicDocuments
from pod.clock import Clock, SystemClock
from pod.config import Config
from pod.protocol.placement import Placement
from pod.protocol.representation import ETag
from pod.protocol.resource import storage_of
from pod.rdf import formats
from pod.rdf.contexts import ContextLoader
from pod.rdf.dataset_cache import DatasetCache
from pod.rdf.formats import Limits
from pod.rdf.graph import Dataset
from pod.rdf.large import LargeWork
from pod.remote.client import Receivers, RemoteClient
from pod.store.access_control import settled_access_control
from pod.store.access_log import AccessLog
from pod.store.access_records import AccessRecords
from pod.store.accounts import Accounts
from pod.store.apps import Apps
from pod.store.attempts import Attempts
from pod.store.contexts import FetchedContexts, KeptContexts
from pod.store.interface import ResourceStore
from pod.store.links import Links
from pod.store.mail import Outbox
from pod.store.moderation import Moderation
from pod.store.records import ResourceState
from pod.store.representation_cache import RepresentationCache
from pod.store.sessions import Sessions
from pod.store.sqlite import open_store

UNCONVERTED = "raw"
"""Format code in the ETag of what is not RDF."""
MINIMAL = "min"
"""Added to the format code of a container without its listing."""


REGULARS_MAX = 10_000
Regular = tuple[str | None, str | None, str | None, str]
"""Agent, client, origin, and the path of a container into which they were let write."""


@dataclass(frozen=True, slots=True)
class Services:
    """What one process works with."""

    config: Config
    clock: Clock
    placement: Placement
    limits: Limits
    store: ResourceStore
    accounts: Accounts
    sessions: Sessions
    apps: Apps
    attempts: Attempts
    links: Links
    outbox: Outbox
    receivers: Receivers
    keys: KeyRing
    passwords: Passwords
    authenticator: Authenticator
    listeners: Listeners
    authorizer: Authorizer
    access_log: AccessLog
    moderation: Moderation
    public_documents: PublicDocuments
    representations: RepresentationCache
    datasets: DatasetCache
    regulars: Memory[Regular, bool]
    large_work: LargeWork
    kept_contexts: ContextLoader
    new_contexts: FetchedContexts

    def etag(self, state: ResourceState, media_type: str | None = None, *, minimal: bool = False) -> ETag:
        """The strong ETag of a representation; of the stored one where no media type is named.

        Spec: RFC 9110 s8.8.3 -- one for each representation, all made from one state
        """
        code = formats.code(media_type or state.media_type) or UNCONVERTED
        return ETag(self.store.epoch, state.state_version, code + MINIMAL if minimal else code)

    def outbound(self) -> RemoteClient:
        """A guarded client of its own for one purpose, which asks no host that operators block."""
        return RemoteClient(dev=self.config.dev, blocks=lambda host: self.moderation.lists().blocks_host(host))

    def parse(self, content: bytes, media_type: str, base: str, limits: Limits | None = None) -> Dataset:
        """A document that was accepted: with the contexts that are known already.

        Raises: MalformedContent, ContentTooLarge, UnprocessableContent
        """
        return formats.parse(content, media_type, base=base, limits=limits or self.limits, contexts=self.kept_contexts)

    def contexts_for(self, base: str) -> ContextLoader:
        """For a document on its way in: others may be waited for and kept on its storage's account, so never ask in a
        transaction.
        """
        path = self.placement.local_path(base)
        return self.new_contexts.of_document(storage_of(path) if path else "")

    def close(self) -> None:
        self.access_log.close()
        self.authenticator.close()
        self.store.close()


def open_services(config: Config, clock: Clock | None = None, store: ResourceStore | None = None) -> Services:
    """Everything one process needs, over the data directory of the settings or over a store that is open already.

    The settings in it name the language of access rules, whether or not these did.

    Raises: NewerSchema, Busy -- see `open_store`; OtherAccessControl -- see `settled_access_control`
    """
    clock = clock or SystemClock()
    placement = Placement(config.base_url, config.placement, config.root_name)
    store = store or open_store(config, clock)
    config = replace(config, access_control=settled_access_control(store, config.access_control))
    accounts = Accounts(store)
    moderation = Moderation(store, clock)
    remote = RemoteClient(dev=config.dev, blocks=lambda host: moderation.lists().blocks_host(host))

    def is_ours(url: str) -> bool:
        return placement.local_path(url) is not None

    keys = KeyRing.open(config, store, accounts, clock)
    authorizer = Authorizer(config, placement, clock, remote, moderation)
    settle_group_uses(store, config, placement, authorizer.groups_named)
    public_documents = PublicDocuments(store, placement, authorizer, bytes_max=config.remote_bytes_max)
    return Services(
        config=config,
        clock=clock,
        placement=placement,
        limits=Limits.from_config(config),
        store=store,
        accounts=accounts,
        sessions=Sessions(store),
        apps=Apps(store),
        attempts=Attempts(),
        links=Links(store),
        outbox=Outbox(store),
        receivers=remote,
        keys=keys,
        passwords=Passwords(config.password_hash_concurrency),
        authenticator=Authenticator.for_server(config, keys, clock, remote, public_documents),
        listeners=Listeners.open(config, clock),
        authorizer=authorizer,
        access_log=AccessLog(AccessRecords.of(config), store, clock, config.activity_days, config.base_url),
        moderation=moderation,
        public_documents=public_documents,
        representations=RepresentationCache(config.representation_cache_bytes),
        datasets=DatasetCache(config.dataset_cache_bytes),
        regulars=Memory(REGULARS_MAX),
        large_work=LargeWork(config.threads // 4),
        kept_contexts=KeptContexts(store),
        new_contexts=FetchedContexts(store, remote, config, clock, is_ours),
    )
