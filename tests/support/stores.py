"""Making stores, storages and resources for tests: the few steps that every test of the store begins with."""

from __future__ import annotations

import io
from pathlib import Path

from pod.config import Config
from pod.protocol.resource import Target, parent_of
from pod.store.interface import ResourceStore, Writer
from pod.store.records import SERVER, Content, Kind, ResourceState
from pod.store.sqlite import SQLiteStore, open_store

ALICE = "https://pods.example/alice/profile/card#me"
TURTLE = "text/turtle"
ANY_SIZE = 10**9


class StillClock:
    """Stands still until a test moves it."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


def sqlite_store(folder: Path, clock: StillClock | None = None, **settings) -> SQLiteStore:
    return open_store(Config(data=folder, **settings), clock or StillClock())


def staged(store: ResourceStore, body: bytes, media_type: str = TURTLE) -> Content:
    return store.stage(io.BytesIO(body), media_type, bytes_max=ANY_SIZE)


def put_in(tx: Writer, path: str, content: Content, **options) -> ResourceState:
    """Create or replace, and make the containers above it."""
    target = Target.parse(path)
    options.setdefault("acl", None)
    state = tx.describe(target, with_body=False).state
    kind = Kind.CONTAINER if target.is_container else Kind.RDF
    if state:
        return tx.replace(state, content, kind=kind, **options)
    above = parent_of(target.subject)
    if above and not target.auxiliary and not tx.describe(Target.parse(above)).state:
        put_in(tx, above, Content(TURTLE, 0, EMPTY_DIGEST, inline=b""))
    return tx.create(target, kind, content, **options)


def put(store: ResourceStore, path: str, body: bytes = b"", **options) -> ResourceState:
    content = staged(store, body)
    with store.write(SERVER) as tx:
        return put_in(tx, path, content, **options)


def delete(store: ResourceStore, path: str, **options) -> None:
    options.setdefault("acl", None)
    with store.write(SERVER) as tx:
        tx.delete(state_in(tx, path), **options)


def state_in(reader, path: str) -> ResourceState:
    state = reader.describe(Target.parse(path)).state
    assert state is not None, path
    return state


def absent(store: ResourceStore, path: str) -> bool:
    return store.describe(Target.parse(path)).state is None


def body(store: ResourceStore, path: str) -> bytes:
    with store.open(state_in(store, path)) as file:
        return file.read()


def make_account(store: ResourceStore, name: str = "alice", web_id: str = ALICE) -> int:
    with store.write(SERVER) as tx:
        (account,) = tx.rows("INSERT INTO account (name, created_ms) VALUES (?, 0) RETURNING id", (name,))[0]
        tx.rows("INSERT INTO web_id (iri, account, is_primary) VALUES (?, ?, 1)", (web_id, account))
    return account


def make_storage(store: ResourceStore, name: str = "alice") -> int:
    """A storage with its root container and root ACL; gives its id."""
    web_id = f"https://pods.example/{name}/profile/card#me"
    account = make_account(store, name, web_id)
    with store.write(SERVER) as tx:
        storage = tx.create_storage(f"/{name}/", account, (web_id,))
    put(store, f"/{name}/")
    put(store, f"/{name}/.acl", b"# rules")
    return storage.id


EMPTY_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
