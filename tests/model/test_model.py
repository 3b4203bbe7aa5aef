"""The application against an independent model: random sequences of three agents, each answer judged by the model.

What fails prints the fewest steps that still show it; `python -m tests.model --replay FILE` plays them again.

Spec: Solid Protocol; WAC; LDP; RFC 9110
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model.asks import read, written
from tests.model.driving import Machine, Sockets, machine
from tests.model.model_values import Answer
from tests.model.playing import EPISODE, Play, Report, run
from tests.model.sequences import sequence
from tests.support.client import SolidClient
from tests.support.figures import record
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, running_server

OPERATIONS, OPERATIONS_OVER_SOCKETS, OPERATIONS_AT_LENGTH = 5_000, 300, 200_000
CONNECTIONS = 3

SEEN_OF_EACH = {
    "GET": {200, 206, 301, 304, 401, 403, 404, 406, 412, 416},
    "HEAD": {200, 304, 401, 403, 404, 412},
    "OPTIONS": {204, 401, 403},
    "PUT": {201, 204, 400, 401, 403, 404, 409, 412},
    "POST": {201, 400, 401, 403, 404, 405, 412},
    "PATCH": {201, 204, 400, 401, 403, 404, 405, 409, 412, 415, 422},
    "DELETE": {204, 401, 403, 404, 409, 412},
}
"""What 5,000 operations must have met, or they prove little."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("model")) as running:
        yield running


def check(report: Report) -> None:
    assert not report.disagreements, f"after {report.operations} operations\n{report.disagreements[0]}"


def test_the_application_does_what_the_model_expects(made: Machine) -> None:
    report = run(made.new_pod, seed=1, operations=OPERATIONS, length=EPISODE)
    check(report)
    missed = {(method, status) for method, some in SEEN_OF_EACH.items() for status in some} - report.seen.keys()
    assert not missed, "the sequences never came to these answers"


@pytest.mark.e2e
def test_a_server_with_two_processes_does_what_the_model_expects() -> None:
    with running_server((ALICE, BOB), environment={"FREEHOLD_WORKERS": "2"}) as server:
        agents = [signed_in(server, ALICE), signed_in(server, BOB), SolidClient(server.base_url)]
        owner, friend, nobody = (
            [each, *(SolidClient(each.base_url, each.login, each.name) for _ in range(CONNECTIONS - 1))]
            for each in agents
        )
        play = Play(Sockets(owner, friend, nobody))
        found = play.play(sequence(seed=4711, length=OPERATIONS_OVER_SOCKETS))
    assert found is None, f"\n{found}"


@pytest.mark.soak
def test_the_application_does_what_the_model_expects_at_length(made: Machine) -> None:
    report = run(made.new_pod, seed=1_000_000, operations=OPERATIONS_AT_LENGTH, length=EPISODE)
    found = len(report.disagreements)
    record("Against the model", {"operations": report.operations, "disagreements with the model": found})
    check(report)


# -- the model itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(Path(__file__).parent.glob("model*.py")), ids=lambda file: file.name)
def test_the_model_shares_no_code_with_the_server(file: Path) -> None:
    allowed = {
        "__future__",
        "collections",
        "dataclasses",
        "datetime",
        "email",
        "enum",
        "functools",
        "itertools",
        "json",
    }
    allowed |= {"logging", "rdflib", "re", "typing"}
    imported = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert {name.partition(".")[0] for name in imported if not name.startswith("tests.model.model")} <= allowed


def test_a_wrong_answer_is_told_in_as_few_steps_as_show_it(made: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that forgets how often it was written to is caught, and the way there shrinks to the write."""
    request = made.request

    def forgetful(method: str, *rest: object, **named: object) -> Answer:
        answer = request(method, *rest, **named)  # type: ignore[arg-type]  # passed on as they came
        status = 200 if answer.status == 201 and method == "PATCH" else answer.status
        return Answer(status, answer.headers, answer.body)

    monkeypatch.setattr(made, "request", forgetful)
    found = run(made.new_pod, seed=1, operations=5_000, length=EPISODE).disagreements[0]
    assert "status 200, expected 201" in found.wrong[0]
    assert found.asks[-1].method == "PATCH"
    assert len(found.asks) <= 2, "the patch, and perhaps what makes that possible"


def test_a_sequence_is_read_as_it_was_written() -> None:
    asks = sequence(seed=3, length=100)
    assert read(f"what was wrong\n{written(asks)}\n") == asks
    assert sequence(seed=3, length=100) == asks
