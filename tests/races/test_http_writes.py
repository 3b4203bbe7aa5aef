"""Many clients write the same resources at once, to two web processes: each write happens wholly, in some order, or is refused.

Spec: RFC 9110 s13.1.1, s13.1.2; Solid #server-uri-trailing-slash-distinct, #server-post-uri-assignment
"""

from __future__ import annotations

from collections import Counter

import pytest
import rdflib
from requests import Response

from tests.races.conftest import CLIENTS, CLIENTS_MAX
from tests.support.client import CONTAINER_LINK, DCTERMS, N3, SPARQL, TURTLE, SolidClient, contained, graph
from tests.support.together import at_once, together

pytestmark = pytest.mark.e2e

Clients = list[SolidClient]
PLAIN = {"Content-Type": "text/plain"}
ROUNDS = 4
N3_PATCH = "@prefix solid: <http://www.w3.org/ns/solid/terms#>. [] a solid:InsertDeletePatch; "


def statuses(answers: list[Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


# -- lost updates ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("rfc9110#13.1.1")
def test_no_increment_of_a_counter_is_lost(alices: Clients, place: str) -> None:
    url, times = place + "counter", 3
    alices[0].put(url, "0", headers=PLAIN)

    def increment(client: SolidClient) -> None:
        status = 412
        while status == 412:
            read = client.get(url)
            headers = PLAIN | {"If-Match": read.headers["ETag"]}
            status = client.put(url, str(int(read.content) + 1), headers=headers).status_code
        assert status == 204

    together(8, lambda number: [increment(alices[number]) for _ in range(times)])
    assert alices[0].get(url).content == b"%d" % (8 * times)


def everybody_puts(clients: Clients, url: str, headers: dict[str, str]) -> list[Response]:
    """Each its own number."""
    return together(CLIENTS, lambda number: clients[number].put(url, str(number), headers=headers))


@pytest.mark.requirement("rfc9110#13.1.1")
def test_of_replacements_of_one_version_exactly_one_wins(alices: Clients, place: str) -> None:
    url = place + "version"
    tag = alices[0].put(url, "nobody's", headers=PLAIN).headers["ETag"]
    for _ in range(ROUNDS):
        headers = PLAIN | {"If-Match": tag}
        answers = everybody_puts(alices, url, headers)
        assert statuses(answers) == {204: 1, 412: CLIENTS - 1}
        (tag,) = {answer.headers["ETag"] for answer in answers if answer.status_code == 204}
        winner = next(number for number, answer in enumerate(answers) if answer.status_code == 204)
        read = alices[0].get(url)
        assert (read.text, read.headers["ETag"]) == (str(winner), tag)


@pytest.mark.parametrize("others", ["patch too", "replace"])
def test_a_counter_kept_by_patches_ends_at_the_exact_sum(alices: Clients, place: str, others: str) -> None:
    """Each takes away the number it read and puts the next: whoever read an old one is told, and reads again."""
    url, times, threads = place + "counter", 2, CLIENTS_MAX
    alices[0].put_turtle(url, "<#it> <#is> 0 .")

    def increment(number: int) -> int:
        status = 409
        while status in {409, 412}:
            read = alices[number].get(url)
            if number % 2 and others == "replace":
                headers = TURTLE | {"If-Match": read.headers["ETag"]}
                status = alices[number].put(url, f"<#it> <#is> {counted(read) + 1} .", headers=headers).status_code
            else:
                status = alices[number].patch(url, counting(counted(read)), headers=N3).status_code
        return status

    done = together(threads, lambda number: [increment(number) for _ in range(times)])
    assert done == [[204] * times] * threads
    assert counted(alices[0].get(url)) == threads * times


def counted(read: Response) -> int:
    (number,) = graph(read).objects()
    return int(str(number))


def counting(number: int) -> str:
    deletes, inserts = f"<#it> <#is> {number}", f"<#it> <#is> {number + 1}"
    return f"{N3_PATCH} solid:deletes {{ {deletes} }}; solid:inserts {{ {inserts} }}."


@pytest.mark.parametrize("exists", [True, False])
def test_no_insertion_by_patch_is_lost(alices: Clients, place: str, exists: bool) -> None:
    url, times = place + "doc", 4
    if exists:
        alices[0].put_turtle(url, "<#a> <#is> <#here> .")

    def insert(number: int) -> list[int]:
        patches = [inserting(f"<#{number}> <#inserted> {time}", sparql=time % 2 == 0) for time in range(times)]
        return [alices[number].patch(url, patch, headers=kind).status_code for patch, kind in patches]

    answers = Counter(status for each in together(CLIENTS, insert) for status in each)
    assert answers == ({204: CLIENTS * times} if exists else {201: 1, 204: CLIENTS * times - 1})
    assert len(alices[0].graph(url)) == CLIENTS * times + exists


def inserting(triple: str, *, sparql: bool) -> tuple[str, dict[str, str]]:
    if sparql:
        return f"INSERT DATA {{ {triple} }};", SPARQL
    return f"{N3_PATCH} solid:inserts {{ {triple} }}.", N3


def test_of_patches_that_take_the_last_one_exactly_one_fits(alices: Clients, place: str) -> None:
    url = place + "doc"
    alices[0].put_turtle(url, "<#ticket> <#is> <#free> .")

    def take(number: int) -> Response:
        patch = f"{N3_PATCH} solid:deletes {{ <#ticket> <#is> <#free> }}; solid:inserts {{ <#ticket> <#is> {number} }}."
        return alices[number].patch(url, patch, headers=N3)

    answers = together(CLIENTS, take)
    assert statuses(answers) == {204: 1, 409: CLIENTS - 1}
    (winner,) = alices[0].graph(url).objects()
    assert answers[int(str(winner))].status_code == 204


# -- creating the same thing -------------------------------------------------------------------------------------------


def test_posts_that_wish_for_one_name_all_get_their_own(alices: Clients, place: str) -> None:
    headers = PLAIN | {"Slug": "same"}
    answers = together(CLIENTS, lambda number: alices[number].post(place, str(number), headers=headers))
    assert statuses(answers) == {201: CLIENTS}
    made = [answer.headers["Location"] for answer in answers]
    assert contained(alices[0], place) == set(made)
    assert [alices[0].get(url).text for url in made] == [str(number) for number in range(CLIENTS)]


def test_containers_posted_under_one_name_keep_their_own_descriptions(alices: Clients, place: str) -> None:
    headers = TURTLE | CONTAINER_LINK | {"Slug": "same"}

    def make(number: int) -> Response:
        return alices[number].post(place, f"<> <{DCTERMS.title}> 'number {number}' .", headers=headers)

    made = [answer.headers["Location"] for answer in together(CLIENTS, make)]
    assert len(set(made)) == CLIENTS
    titles = [alices[0].graph(url).value(rdflib.URIRef(url), DCTERMS.title) for url in made]
    assert [str(title) for title in titles] == [f"number {number}" for number in range(CLIENTS)]


@pytest.mark.requirement("rfc9110#13.1.2")
def test_of_creations_that_insist_on_being_first_one_is(alices: Clients, place: str) -> None:
    headers = PLAIN | {"If-None-Match": "*"}
    answers = together(CLIENTS, lambda number: alices[number].put(place + "a/b/c", str(number), headers=headers))
    assert statuses(answers) == {201: 1, 412: CLIENTS - 1}
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 201)
    assert alices[0].get(place + "a/b/c").text == str(winner)


@pytest.mark.requirement("solid#server-uri-trailing-slash-distinct")
@pytest.mark.parametrize("inner", ["", "inner"])
def test_a_name_never_comes_to_be_with_and_without_its_slash(alices: Clients, place: str, inner: str) -> None:
    def make(number: int) -> Response:
        if number % 2:
            return alices[number].put(place + "x", "document", headers=PLAIN)
        headers = PLAIN if inner else CONTAINER_LINK
        return alices[number].put(f"{place}x/{inner}{number if inner else ''}", "x" if inner else None, headers=headers)

    answers = together(CLIENTS, make)
    documents = {answer.status_code for answer in answers[1::2]}
    containers = {answer.status_code for answer in answers[::2]}
    assert (documents, containers) in [({201, 204}, {409}), ({409}, {201} if inner else {201, 409})]
    assert contained(alices[0], place) == {place + ("x" if 201 in documents else "x/")}


def test_a_wished_name_never_takes_the_slash_twin(alices: Clients, place: str) -> None:
    def make(number: int) -> Response:
        link = CONTAINER_LINK if number % 2 else {}
        return alices[number].post(place, "", headers=TURTLE | link | {"Slug": "twin"})

    answers = together(CLIENTS, make)
    assert statuses(answers) == {201: CLIENTS}
    names = [answer.headers["Location"].removesuffix("/") for answer in answers]
    assert len(set(names)) == CLIENTS


# -- deleting meanwhile ------------------------------------------------------------------------------------------------


def test_what_is_made_in_a_container_while_it_is_deleted_is_there_if_that_was_said(alices: Clients, place: str) -> None:
    for turn in range(ROUNDS):
        box = f"{place}box{turn}/"
        alices[0].put_container(box)

        def make(number: int, box: str = box) -> Response:
            if number == 0:
                return alices[number].delete(box)
            if number % 2:
                return alices[number].put(f"{box}{number}", "x", headers=PLAIN)
            return alices[number].post(box, "x", headers=PLAIN)

        deletion, *answers = together(CLIENTS, make)
        assert deletion.status_code in {204, 409}
        assert statuses(answers[::2]) == {201: len(answers[::2])}, "PUT makes its container again"
        assert statuses(answers[1::2]).keys() <= {201, 404}
        made = {answer.headers["Location"] for answer in answers if answer.status_code == 201}
        assert contained(alices[0], box) == made
        assert {alices[0].get(url).text for url in made} == {"x"}


def test_of_a_deletion_and_a_replacement_of_one_state_one_happens(alices: Clients, place: str) -> None:
    for turn in range(ROUNDS):
        url = f"{place}{turn}"
        headers = PLAIN | {"If-Match": alices[0].put(url, "old", headers=PLAIN).headers["ETag"]}
        deleted, *replaced = at_once(
            lambda url=url, headers=headers: alices[0].delete(url, headers=headers),
            *(lambda url=url, headers=headers, by=by: by.put(url, "new", headers=headers) for by in alices[1:4]),
        )
        assert statuses([deleted, *replaced]) == {204: 1, 412: 3}
        assert alices[0].get(url).status_code == (404 if deleted.status_code == 204 else 200)


def test_deletions_and_creations_of_one_resource_alternate(alices: Clients, place: str) -> None:
    url, times = place + "flicker", 4

    def work(number: int) -> list[tuple[str, int]]:
        if number % 2:
            return [("DELETE", alices[number].delete(url).status_code) for _ in range(times)]
        bodies = ["x" * (1 if time % 2 else 100_000) for time in range(times)]
        return [("PUT", alices[number].put(url, body, headers=PLAIN).status_code) for body in bodies]

    done = Counter(each for some in together(8, work) for each in some)
    assert done.keys() <= {("PUT", 201), ("PUT", 204), ("DELETE", 204), ("DELETE", 404)}
    assert done["PUT", 201] - done["DELETE", 204] == (alices[0].get(url).status_code == 200)
