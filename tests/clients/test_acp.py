"""The published client library against a server whose access rules are those of Access Control Policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.clients.conftest import describe
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.clients.conftest import Check

pytestmark = [pytest.mark.clients, pytest.mark.e2e]


@pytest.fixture(scope="session")
def target() -> Iterator[str]:
    with running_server(environment={"FREEHOLD_ACCESS_CONTROL": "acp"}) as server:
        yield json.dumps(describe(server))


@pytest.mark.parametrize("scenario", ["acp", "sharing"])
def test_access_policies_are_read_and_written_by_a_published_client(
    scenario: str, run_scenario: Callable[[str], list[Check]], subtests: pytest.Subtests
) -> None:
    for check in run_scenario(scenario):
        with subtests.test(msg=check.name):
            assert check.ok, check.error
