"""A pod with as many files, contacts and posts as tests want, put there in one transaction."""

from __future__ import annotations

from pod.index.index import Budget, Index
from pod.services import Services
from pod.store.records import SERVER
from tests.support.stores import put_in, staged

PREFIXES = """@prefix as: <https://www.w3.org/ns/activitystreams#>.
@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
"""
CONTACT = """<#this> a vcard:Individual; vcard:fn "Person {n:05}"; vcard:hasEmail <mailto:p{n}@example.org>;
  vcard:inAddressBook <../../index.ttl#this>; vcard:url [ a vcard:WebId; vcard:value <{elsewhere}{n}#me> ]."""
POST = """<> a as:Note; as:content "<p>Post {n}</p>"; as:attributedTo <{elsewhere}{n}#me>;
  as:published "{year}-01-01T00:00:00Z"^^xsd:dateTime."""
FILE = "<> <http://purl.org/dc/terms/references> <../folder-{n}/x>."


def fill(
    services: Services, *, contacts: int, posts: int, files: int, elsewhere: str = "https://people.example/p"
) -> int:
    """Fill alice's pod, and read all of it into the index; gives the storage's id. `files` counts all together."""
    documents = {f"contacts/Person/p{n}/index.ttl": CONTACT.format(n=n, elsewhere=elsewhere) for n in range(contacts)}
    for n in range(posts):
        documents[f"posts/p{n}.ttl"] = POST.format(n=n, year=2000 + n % 25, elsewhere=elsewhere)
    for n in range(files - contacts - posts):
        documents[f"folder-{n % 100}/file-{n}.ttl"] = FILE.format(n=n % 100)
    contents = {path: staged(services.store, (PREFIXES + text).encode()) for path, text in documents.items()}
    with services.store.write(SERVER) as tx:
        for path, content in contents.items():
            put_in(tx, f"/alice/{path}", content)
        ((storage,),) = tx.rows("SELECT id FROM storage WHERE path = '/alice/'")
    assert Index(services).catch_up(storage, Budget(600))
    return int(storage)
