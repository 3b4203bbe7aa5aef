"""What is refused harms nothing beside it: writes that arrive together may share a transaction, and each still has its own
outcome. With one web process, so that they do arrive together, and with two.

Spec: RFC 9110 s13.1; Solid #server-delete-protect-nonempty-container
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from itertools import count

import pytest
from requests import Response

from tests.races.conftest import CLIENTS, crowd
from tests.support.client import N3, TURTLE, SolidClient, contained
from tests.support.server import ALICE
from tests.support.together import together

pytestmark = pytest.mark.e2e

Clients = list[SolidClient]
PLAIN = {"Content-Type": "text/plain"}
FIRST = PLAIN | {"If-None-Match": "*"}
LARGE = "x" * 100_000
"""More than is kept in the database: a blob."""
ROUNDS = 6
PATCH = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. [] a solid:InsertDeletePatch; "


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def neighbours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    with crowd(tmp_path_factory.mktemp("neighbours"), workers=request.param) as made:
        yield made.clients(ALICE, CLIENTS)


@pytest.fixture
def here(neighbours: Clients) -> str:
    url = f"{neighbours[0].pod}t-{uuid.uuid4().hex[:12]}/"
    neighbours[0].put_container(url)
    return url


def test_a_refusal_harms_no_write_beside_it(neighbours: Clients, here: str) -> None:
    """A third insists on being first, a third deletes what is not empty, a third writes what nobody else touches."""
    neighbours[0].put(here + "full/member", "x", headers=PLAIN)

    def work(number: int) -> list[Response]:
        client = neighbours[number]
        if number % 3 == 0:
            return [client.put(f"{here}first{turn}", f"{number}", headers=FIRST) for turn in range(ROUNDS)]
        if number % 3 == 1:
            return [client.delete(here + "full/") for _ in range(ROUNDS)]
        return [client.put(f"{here}own{number}-{turn}", f"{number} {turn}", headers=PLAIN) for turn in range(ROUNDS)]

    done = together(CLIENTS, work)
    assert {answer.status_code for each in done[1::3] for answer in each} == {409}
    assert {answer.status_code for each in done[2::3] for answer in each} == {201}
    for turn in range(ROUNDS):
        winners = [number for number in range(0, CLIENTS, 3) if done[number][turn].status_code == 201]
        assert [neighbours[0].get(f"{here}first{turn}").text] == [str(winner) for winner in winners]
        assert {done[number][turn].status_code for number in range(0, CLIENTS, 3)} == {201, 412}
    for number in range(2, CLIENTS, 3):
        written = [neighbours[0].get(f"{here}own{number}-{turn}").text for turn in range(ROUNDS)]
        assert written == [f"{number} {turn}" for turn in range(ROUNDS)]
    own = {f"{here}own{number}-{turn}" for number in range(2, CLIENTS, 3) for turn in range(ROUNDS)}
    assert contained(neighbours[0], here) == own | {f"{here}first{turn}" for turn in range(ROUNDS)} | {here + "full/"}


def test_of_writes_to_one_state_one_happens_whatever_they_are(neighbours: Clients, here: str) -> None:
    """Each round everybody holds the same tag: one PUT, PATCH or DELETE has it, and what is there is what that one made."""
    url, kinds = here + "doc", count()
    for turn in range(ROUNDS):
        tag = neighbours[0].put(url, f"<#it> <#was> {turn} .", headers=TURTLE).headers["ETag"]
        shift = next(kinds)

        def write(number: int, tag: str = tag, shift: int = shift) -> Response:
            client, held = neighbours[number], {"If-Match": tag}
            if (number + shift) % 3 == 0:
                return client.put(url, f"<#it> <#was> 'put {number}' .", headers=TURTLE | held)
            if (number + shift) % 3 == 1:
                inserts = f"{PATCH} solid:inserts {{ <#it> <#was> 'patch {number}' }} ."
                return client.patch(url, inserts, headers=N3 | held)
            return client.delete(url, headers=held)

        answers = together(CLIENTS, write)
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses[204] == 1
        assert statuses.keys() <= {204, 412, 404}, "404 where the state went with the resource"
        winner = next(number for number, answer in enumerate(answers) if answer.status_code == 204)
        now = neighbours[0].get(url)
        assert now.status_code == (404 if (winner + shift) % 3 == 2 else 200)
        assert now.status_code == 404 or f"{winner}'" in now.text.replace('"', "'")


def test_what_many_send_at_once_is_what_each_finds(neighbours: Clients, here: str) -> None:
    """Small and large bodies, new and replaced, in one container: no body is another's, and each tag is its own."""

    def work(number: int) -> list[tuple[str, str, str]]:
        written = []
        for turn in range(ROUNDS):
            url, body = f"{here}{number}-{turn // 2}", f"{number} {turn} " + LARGE * (turn % 3 == 1)
            answer = neighbours[number].put(url, body, headers=PLAIN)
            assert answer.status_code == (204 if turn % 2 else 201)
            written.append((url, body, answer.headers["ETag"]))
        return written

    done = [each for some in together(CLIENTS, work) for each in some]
    last = {url: (body, tag) for url, body, tag in done}
    assert len({tag for _, _, tag in done}) == len(done), "every write had a version of its own"
    for url, (body, tag) in last.items():
        found = neighbours[0].get(url)
        assert (found.text, found.headers["ETag"]) == (body, tag)
