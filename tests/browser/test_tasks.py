"""Every task of people and of those who run a server: wide and narrow, light and dark, with and without scripts, by keyboard."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Cookies, Meet
from tests.browser.hands import Hands
from tests.browser.tasks import console, people, things
from tests.browser.tasks.task import Doing, Task
from tests.browser.ways import ALL_WAYS, Way, few_ways
from tests.support.browser import WIDE
from tests.support.server import ALICE, Server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

TASKS = (*people.TASKS, *things.TASKS, *console.TASKS)
FEW = [
    pytest.param(task, way, id=f"{task.name}, {way.name}") for turn, task in enumerate(TASKS) for way in few_ways(turn)
]
MANY = [pytest.param(task, way, id=f"{task.name}, {way.name}") for task in TASKS for way in ALL_WAYS]
KEYED = ("write a post",)
"""By keyboard in `make test`; all others in `make soak`."""


@pytest.fixture
def do(meet: Meet, server: Server, cookies: Cookies):
    """Alice, who is signed in, does a task, and nothing goes wrong on any page of it."""

    def done(task: Task, way: Way, *, keys_only: bool = False) -> None:
        alice = meet(ALICE, storage_state=cookies(server), **way.options)
        alice.go(task.at)
        task.steps(Doing(alice, Hands(alice.page, keys_only)))
        assert alice.visitor.faults == []

    return done


@pytest.mark.parametrize(("task", "way"), FEW)
def test_a_task_is_done(do, task: Task, way: Way):
    do(task, way)


@pytest.mark.soak
@pytest.mark.parametrize(("task", "way"), MANY)
def test_a_task_is_done_in_every_way(do, task: Task, way: Way):
    do(task, way)


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize(
    "task",
    [pytest.param(each, id=each.name, marks=[] if each.name in KEYED else pytest.mark.soak) for each in TASKS],
)
def test_a_task_is_done_with_the_keyboard_alone(do, task: Task, script: bool):
    do(task, Way(WIDE, "light", script), keys_only=True)
