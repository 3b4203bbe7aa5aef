"""The containers that cases need, each made once for each server and shared by the cases that leave it as it was.

Knows no server but through its URLs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from bench.tokens import RefusedError, Session

TURTLE = {"Content-Type": "text/turtle"}
BINARY = {"Content-Type": "application/octet-stream"}
CONTAINER = {**TURTLE, "Link": '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'}
DOCUMENTS = 100
LARGE_DOCUMENTS = (1_000, 10_000, 100_000)
LEVELS = 8
PREPARING_THREADS = 8
PUTS_A_TOKEN = 1_000
MIB = 1024 * 1024
STATEMENTS = 20
VALUE = "https://vocab.example/#value"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and as whom a case makes its requests. `series` tells one run's from another's."""

    session: Session
    token: str
    home: str
    series: str

    def put(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Raises: RefusedError."""
        self.session.send(self.token, "PUT", self.home + path, headers, body)

    def put_all(self, documents: Iterable[tuple[str, bytes]]) -> None:
        """Many of them, with a new token now and then: the first would expire."""
        waiting = iter(documents)
        while batch := list(islice(waiting, PUTS_A_TOKEN)):
            scene = replace(self, token=self.session.access_token())
            with ThreadPoolExecutor(PREPARING_THREADS) as threads:
                for done in [threads.submit(scene.put, path, TURTLE, body) for path, body in batch]:
                    done.result()

    def delete_all(self, paths: Iterable[str]) -> None:
        with ThreadPoolExecutor(PREPARING_THREADS) as threads:
            for done in [threads.submit(self._delete, path) for path in paths]:
                done.result()

    def _delete(self, path: str) -> None:
        with suppress(RefusedError):  # it was not there
            self.session.send(self.token, "DELETE", self.home + path, {})


@dataclass(frozen=True, slots=True)
class Place:
    """A container by its name, and what makes it."""

    name: str
    prepare: Callable[[Scene], None]


def document(number: int, statements: int = STATEMENTS) -> bytes:
    """Contact cards of 20 statements, about 1 kB each; one card unless more statements are wanted."""
    cards = range(number, number + statements // STATEMENTS)
    return "\n".join(line for card in cards for line in _card(card, "me" if card == number else f"p{card}")).encode()


def _card(number: int, name: str) -> Iterator[str]:
    yield f'<#{name}> <{VALUE}> "0".'
    yield f'<#{name}> <http://www.w3.org/2006/vcard/ns#fn> "Person {number}".'
    for each in range(STATEMENTS - 2):
        yield f'<#{name}> <https://vocab.example/#field{each}> "what is said in field {each}".'


@cache
def binary(mebibytes: int) -> bytes:
    """Something that is no text."""
    return bytes(range(256)) * (mebibytes * MIB // 256)


def access_rules(owner: str, container: str, *, public: bool) -> bytes:
    """Full control for the owner and, if `public`, Read for everyone, on the container and its contents."""
    prefix = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
    scope = f"a acl:Authorization; acl:accessTo <{container}>; acl:default <{container}>"
    rules = f"<#owner> {scope}; acl:agent <{owner}>; acl:mode acl:Read, acl:Write, acl:Control.\n"
    everyone = f"<#public> {scope}; acl:agentClass <http://xmlns.com/foaf/0.1/Agent>; acl:mode acl:Read.\n"
    return (prefix + rules + (everyone if public else "")).encode()


def make_container(scene: Scene, *, public: bool) -> None:
    """The place itself, with an ACL of its own."""
    scene.put("", CONTAINER, b"")
    scene.put(".acl", TURTLE, access_rules(scene.session.target.web_id, scene.home, public=public))


def _documents(count: int, under: str = "") -> Iterator[tuple[str, bytes]]:
    return ((f"{under}doc{number}", document(number)) for number in range(count))


def public_documents(count: int) -> Callable[[Scene], None]:
    def prepare(scene: Scene) -> None:
        make_container(scene, public=True)
        scene.put_all(_documents(count))

    return prepare


def private_documents(scene: Scene) -> None:
    make_container(scene, public=False)
    scene.put_all(_documents(DOCUMENTS))


def deep_documents(scene: Scene) -> None:
    """Documents whose ACL is that of the container eight levels up."""
    make_container(scene, public=False)
    scene.put_all(_documents(DOCUMENTS, under=DEEP))


DEEP = "".join(f"level{number}/" for number in range(1, LEVELS))


def large_documents(scene: Scene) -> None:
    make_container(scene, public=False)
    for statements in LARGE_DOCUMENTS:
        scene.put(f"doc{statements}", TURTLE, document(0, statements))


def nothing_yet(scene: Scene) -> None:
    make_container(scene, public=False)


def binaries(scene: Scene) -> None:
    make_container(scene, public=False)
    for mebibytes in (1, 100):
        scene.put(f"blob{mebibytes}", BINARY, binary(mebibytes))


PUBLIC = Place("public", public_documents(DOCUMENTS))
PRIVATE = Place("private", private_documents)
MIXED = Place("mixed", private_documents)
DEEP_DOWN = Place("deep", deep_documents)
NEW = Place("new", nothing_yet)
PATCHED = Place("patched", private_documents)
LARGE = Place("large", large_documents)
BINARIES = Place("binaries", binaries)
TEN = Place("ten", public_documents(10))
THOUSAND = Place("thousand", public_documents(1_000))
TEN_THOUSAND = Place("ten-thousand", public_documents(10_000))
