"""Every task of people and of those who run a server: wide and narrow, light and dark, with and without scripts, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.browser.conftest import Cookies, Meet
from tests.browser.hands import Hands
from tests.browser.looks import flaws
from tests.browser.people import Person
from tests.browser.tasks import console, people, things
from tests.browser.tasks.task import Doing, Task
from tests.browser.ways import ALL_WAYS, Way, few_ways
from tests.support.browser import NARROW, WIDE
from tests.support.server import ALICE, Server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

TASKS = (*people.TASKS, *things.TASKS, *console.TASKS)
FEW = [
    pytest.param(task, way, id=f"{task.name}, {way.name}") for turn, task in enumerate(TASKS) for way in few_ways(turn)
]
MANY = [pytest.param(task, way, id=f"{task.name}, {way.name}") for task in TASKS for way in ALL_WAYS]
KEYED = ("write a post",)
"""By keyboard in `make test`; all others in `make soak`."""


Look = Callable[[Person], None]


@pytest.fixture
def do(meet: Meet, server: Server, cookies: Cookies):
    """Alice, who is signed in, does a task, and nothing goes wrong on any page of it."""

    def done(task: Task, way: Way, *, keys_only: bool = False, look: Look | None = None) -> None:
        alice = meet(ALICE, storage_state=cookies(server), **way.options)
        alice.go(task.at)
        seen = {"look": partial(look, alice)} if look else {}
        task.steps(Doing(alice, Hands(alice.page, keys_only), **seen))
        assert alice.visitor.faults == []

    return done


@pytest.mark.parametrize(("task", "way"), FEW)
def test_a_task_is_done(do, task: Task, way: Way):
    do(task, way)


@pytest.mark.soak
@pytest.mark.parametrize(("task", "way"), MANY)
def test_a_task_is_done_in_every_way(do, task: Task, way: Way):
    do(task, way)


@pytest.mark.soak
@pytest.mark.parametrize("way", [Way(WIDE, "light", True), Way(NARROW, "dark", True)], ids=["wide", "narrow"])
@pytest.mark.parametrize("task", [pytest.param(each, id=each.name) for each in TASKS])
def test_a_task_leads_through_pages_for_everyone(do, axe: str, task: Task, way: Way):
    """Saved, refused, emptied: as each step leaves them."""
    found: list[str] = []

    def look(person: Person) -> None:
        if person.page.url.startswith(person.server.base_url):  # and not an app's
            found.extend(flaws(person.visitor, axe, views=[(way.width, way.scheme)]))

    do(task, way, look=look)
    assert found == []


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize(
    "task",
    [pytest.param(each, id=each.name, marks=[] if each.name in KEYED else pytest.mark.soak) for each in TASKS],
)
def test_a_task_is_done_with_the_keyboard_alone(do, task: Task, script: bool):
    do(task, Way(WIDE, "light", script), keys_only=True)
