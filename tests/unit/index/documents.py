"""A storage with an index, and documents as apps write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pod.index.index import Budget, Index
from pod.services import Services
from pod.store.records import SERVER, ResourceState
from tests.support.people import PUBLIC, opened
from tests.support.stores import delete, make_storage, put, put_in, staged

BOB, CAROL = "https://bob.example/#me", "https://carol.example/card#it"
PREFIXES = """
@prefix as: <https://www.w3.org/ns/activitystreams#>.
@prefix dcterms: <http://purl.org/dc/terms/>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>.
@prefix schema: <http://schema.org/>.
@prefix sioc: <http://rdfs.org/sioc/ns#>.
@prefix solid: <http://www.w3.org/ns/solid/terms#>.
@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
"""
NO_TIME, ANY_TIME = Budget(0), Budget(600)


def contact(name: str, web_id: str | None = None) -> str:
    known = f"; vcard:url [ a vcard:WebId; vcard:value <{web_id}> ]" if web_id else ""
    return f"<#this> a vcard:Individual; vcard:fn '{name}'; vcard:hasEmail <mailto:{name.lower()}@example.org>{known}."


def note(text: str, published: str = "2025-05-01T10:00:00Z") -> str:
    return f"<> a as:Note; as:content '{text}'; as:published '{published}'^^xsd:dateTime."


def group(name: str, *members: str) -> str:
    return f"<#this> a vcard:Group; vcard:fn '{name}'. " + "".join(f"<#this> vcard:hasMember <{m}>." for m in members)


@dataclass(frozen=True, slots=True)
class Pod:
    """Alice's."""

    services: Services
    index: Index
    storage: int

    def write(self, path: str, turtle: str) -> ResourceState:
        return put(self.services.store, f"/alice/{path}", (PREFIXES + turtle).encode())

    def write_all(self, documents: dict[str, str]) -> None:
        """In one transaction."""
        store = self.services.store
        contents = {path: staged(store, (PREFIXES + turtle).encode()) for path, turtle in documents.items()}
        with store.write(SERVER) as tx:
            for path, content in contents.items():
                put_in(tx, f"/alice/{path}", content)

    def remove(self, path: str) -> None:
        delete(self.services.store, f"/alice/{path}")

    def catch_up(self) -> None:
        assert self.index.catch_up(self.storage, ANY_TIME)

    def names(self) -> list[str]:
        self.catch_up()
        return [row.name for row in self.index.contacts(self.storage)]

    def summaries(self) -> list[str]:
        self.catch_up()
        return [row.summary for row in self.index.posts(self.storage)]

    def another_index(self) -> Index:
        """As another process has one."""
        return Index(self.services)


@contextmanager
def pod_in(folder: Path) -> Iterator[Pod]:
    with opened(folder / "data") as services:
        yield Pod(services, Index(services), make_storage(services.store))


def url(path: str) -> str:
    return f"{PUBLIC}alice/{path}"
