"""Links that many open at once, in several processes: no use too many and none lost, no file in the place of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pod.errors import PodError
from pod.identity.accounts import set_disabled
from pod.services import Services
from pod.sharing.links import GUESSES, GUESSES_AT_ADDRESS, list_links, revoke_link
from pod.store.fsck import check
from pod.store.share_links import ShareLinks
from tests.support.linking import UPLOAD, content, file, folder, link_to, opened_link, send, visit
from tests.support.people import alice_of, opened
from tests.support.stores import delete, state_in
from tests.support.together import together

AT_ONCE = 12
PROCESSES = 3


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[list[Services]]:
    """What several processes work with over one store: nothing is shared but the files."""
    with ExitStack() as stack:
        made = [stack.enter_context(opened(tmp_path / "data")) for _ in range(PROCESSES)]
        alice_of(made[0])
        folder(made[0], "/alice/in/")
        file(made[0], "/alice/in/kept", b"first")
        yield made


def outcomes(processes: list[Services], work: Callable[[Services, int], object]) -> Counter[str]:
    """How often each thing came of it."""

    def tried(number: int) -> str:
        try:
            work(processes[number % PROCESSES], number)
        except PodError as error:
            return type(error).__name__
        return "done"

    return Counter(together(AT_ONCE, tried))


def secret_of(processes: list[Services], path: str = "/alice/in/", **wish) -> str:
    alice = processes[0].accounts.by_name("alice")
    assert alice is not None
    return link_to(processes[0], alice, path, **wish)


def uses(processes: list[Services]) -> list[int]:
    alice = processes[0].accounts.by_name("alice")
    assert alice is not None
    return [each.uses for each in list_links(processes[0], alice)]


@pytest.mark.parametrize("uses_max", [1, 3, AT_ONCE - 1])
def test_a_link_opens_exactly_as_often_as_it_may(processes: list[Services], uses_max: int):
    secret = secret_of(processes, uses_max=uses_max)
    found = outcomes(processes, lambda each, _: opened_link(each, secret))
    assert found == {"done": uses_max, "LinkEnded": AT_ONCE - uses_max}
    assert uses(processes) == [uses_max]


def test_no_use_of_a_link_is_lost(processes: list[Services]):
    secret = secret_of(processes)
    assert outcomes(processes, lambda each, _: opened_link(each, secret)) == {"done": AT_ONCE}
    assert uses(processes) == [AT_ONCE]


def test_guesses_are_counted_for_all_processes_together(processes: list[Services]):
    secret = secret_of(processes, password="a word for friends")
    found = outcomes(processes, lambda each, number: opened_link(each, secret, f"guess {number}"))
    assert found == {"WrongPassword": GUESSES_AT_ADDRESS.times, "TooManyRequests": AT_ONCE - GUESSES_AT_ADDRESS.times}
    assert GUESSES.times > AT_ONCE


def test_files_of_one_name_are_all_kept(processes: list[Services]):
    secret = secret_of(processes, mode=UPLOAD)
    link = visit(processes[0], secret).link
    bodies = [b"%d " % number * (30_000 if number % 2 else 1) for number in range(AT_ONCE)]
    assert outcomes(processes, lambda each, number: send(each, link, "kept", bodies[number])) == {"done": AT_ONCE}
    store = processes[0].store
    members = [state_in(store, each.path) for each in store.members(state_in(store, "/alice/in/").id)]
    kept = []
    for each in members:
        with store.open(each) as body:
            kept.append(body.read())
    assert sorted(kept) == sorted([b"first", *bodies])
    assert visit(processes[0], secret).link.files == AT_ONCE
    assert list(check(store)) == []


def test_a_link_takes_in_no_file_too_many(processes: list[Services], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pod.store.share_links.LEFT_FILES_MAX", 3)
    link = visit(processes[0], secret_of(processes, mode=UPLOAD)).link
    found = outcomes(processes, lambda each, number: send(each, link, f"file-{number}"))
    assert found == {"done": 3, "LinkFull": AT_ONCE - 3}


def test_nothing_is_kept_once_a_link_is_withdrawn_or_its_maker_locked_out(processes: list[Services]):
    secret = secret_of(processes, mode=UPLOAD)
    link = visit(processes[0], secret).link
    alice = processes[0].accounts.by_name("alice")
    assert alice is not None

    def act(each: Services, number: int) -> None:
        if number == AT_ONCE // 3:
            set_disabled(each, "alice", disabled=True)
        elif number == AT_ONCE // 2:
            revoke_link(each, alice, link.id)
        else:
            send(each, link, f"file-{number}")

    found = outcomes(processes, act)
    now = ShareLinks(processes[0].store).by_id(link.id)
    assert now is not None
    kept = now.files
    assert found["done"] == kept + 2
    assert found["LinkEnded"] == AT_ONCE - 2 - kept
    assert outcomes(processes, lambda each, number: send(each, link, f"late-{number}")) == {"LinkEnded": AT_ONCE}
    assert list(check(processes[0].store)) == []


def test_a_link_never_shows_what_took_the_place_of_its_resource(processes: list[Services]):
    secret = secret_of(processes, "/alice/in/kept")
    shown: list[bytes] = []

    def act(each: Services, number: int) -> None:
        if number == 0:
            for _ in range(20):
                delete(each.store, "/alice/in/kept")
                file(each, "/alice/in/kept", b"another")
        else:
            shown.extend(content(each, secret) for _ in range(20))

    outcomes(processes, act)
    assert set(shown) <= {b"first"}
