"""Writes that must fail, each at another point of its way, for writers beside those whose writes must succeed.

What each needs is arranged by `arrange`; how the refusal looks is told with it. All leave nothing behind.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.chaos.scene import Scene
from tests.chaos.wire import Wire
from tests.chaos.writers import BINARY, NEW, PLAIN, PREFIX, Work, unique, written
from tests.support.client import CONTAINER_LINK, N3, TURTLE, authorization
from tests.support.fixtures import signed_in
from tests.support.server import BOB
from tests.support.together import together

MEMBERS_MAX = 400
"""Of a container on the server of these tests."""
FILLERS = 8
POISON = "poison"


def arrange(scene: Scene) -> None:
    """A document, a container with a member, a container that is full, and a pod that is."""
    owner, place = scene.owner, scene.place
    owner.put(f"{place}doc", b"kept", headers=PLAIN)
    owner.put_turtle(f"{place}graph", "<#it> <#is> <#here> .")
    together(FILLERS, lambda filler: _fill(scene, filler))
    bob = signed_in(scene.server, BOB)
    his = authorization(bob.pod, "Read Write Control", agents=(bob.web_id,), default=True)
    bob.put_acl(bob.pod, his, authorization(bob.pod, "Read Write", public=True, default=True))
    statement(scene, "UPDATE storage SET resources_max = resources WHERE path = '/bob/'")


def _fill(scene: Scene, filler: int) -> None:
    wire = scene.wire()
    for number in range(filler, MEMBERS_MAX, FILLERS):
        assert wire.send("PUT", f"{scene.place}full/{number}", b"kept", PLAIN).status == 201
    wire.close()


def poison(scene: Scene, effect: str) -> None:
    """The database itself refuses some rows from now on: `effect` is ABORT, or ROLLBACK, which ends the transaction."""
    statement(
        scene,
        f"CREATE TRIGGER {POISON} BEFORE INSERT ON resource WHEN NEW.path LIKE '%{POISON}%' "
        f"BEGIN SELECT RAISE({effect}, 'poisoned'); END",
    )


def heal(scene: Scene) -> None:
    statement(scene, f"DROP TRIGGER {POISON}")


def statement(scene: Scene, text: str) -> None:
    with closing(sqlite3.connect(scene.server.data / "pod.sqlite", timeout=60)) as connection, connection:
        connection.execute(text)


def precondition(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    written(scene, wire, "PUT", f"{scene.place}doc", b"new", PLAIN | NEW, expected=(), refusals=(412,))


def twin(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    url = f"{scene.place}doc/a{turn}/b"
    written(scene, wire, "PUT", url, b"new", PLAIN, expected=(), refusals=(409,))


def not_empty(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    written(scene, wire, "DELETE", f"{scene.place}full/", None, expected=(), refusals=(409,))


def not_there(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    written(scene, wire, "DELETE", f"{scene.place}absent", None, expected=(), refusals=(404,))


def full_container(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Refused after its row was written."""
    url = f"{scene.place}full/{name}{turn}/below/it"
    written(scene, wire, "PUT", url, b"new", PLAIN, expected=(), refusals=(507,))


def full_pod(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Refused where the storage is charged; of another storage than the neighbours'."""
    written(scene, wire, "PUT", scene.server.pod("bob") + name, b"new", PLAIN, expected=(), refusals=(507,))


def malformed(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Refused after the container was made whose description it was to be."""
    url, headers = f"{scene.place}{name}{turn}/", TURTLE | CONTAINER_LINK
    written(scene, wire, "PUT", url, b"<#a> <#b", headers, expected=(), refusals=(400,))


def protected(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Refused by a rule for content, after the container was made."""
    url, headers = f"{scene.place}{name}{turn}/", TURTLE | CONTAINER_LINK
    body = b"<> <http://www.w3.org/ns/ldp#contains> <x> ."
    written(scene, wire, "PUT", url, body, headers, expected=(), refusals=(409,))


def lock_out(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Rules of the root that would leave nobody in control."""
    url = f"{scene.owner.pod}.acl"
    written(scene, wire, "PUT", url, b"<#a> <#b> <#c> .", TURTLE, expected=(), refusals=(409, 422), signed=True)


def mismatch(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    text = f"{PREFIX} solid:deletes {{ <#it> <#is> <#{turn}> }}; solid:inserts {{ <#it> <#was> <#{turn}> }}."
    written(scene, wire, "PATCH", f"{scene.place}graph", text.encode(), N3, expected=(), refusals=(409,))


def poisoned(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Refused by the database, as nobody expected it to."""
    url = f"{scene.place}{POISON}{turn}"
    written(scene, wire, "PUT", url, unique(name, turn), PLAIN, expected=(), refusals=(500,))


def too_large(scene: Scene, wire: Wire, name: str, turn: int) -> None:
    """Larger than what the disk takes in one file."""
    url = f"{scene.place}{name}{turn}"
    written(scene, wire, "PUT", url, b"x" * LARGE_BYTES, BINARY, expected=(), refusals=(507,))


FILE_BYTES = 12 * 1024 * 1024
"""What the disk takes in one file then: more than the database of these tests ever has."""
LARGE_BYTES = FILE_BYTES + 64 * 1024
"""Little more, so that all of it has been sent when it is refused."""

FAILING: dict[str, Work] = {
    "precondition": precondition,
    "twin": twin,
    "not-empty": not_empty,
    "not-there": not_there,
    "full-container": full_container,
    "full-pod": full_pod,
    "malformed": malformed,
    "protected": protected,
    "lock-out": lock_out,
    "mismatch": mismatch,
}
