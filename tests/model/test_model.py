"""The application against an independent model: random sequences of requests, each answer judged by the model.

What fails prints the fewest steps that still show it; `python -m tests.model --replay FILE` plays them again.

Spec: Solid Protocol; WAC; ACP; LDP; RFC 9110
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pod.config import AccessControl
from tests.model.asks import read, written
from tests.model.driving import AGAIN, FRIEND, OWNER, STRANGER, Machine, Sockets, app_of, machine
from tests.model.model_values import Answer
from tests.model.playing import EPISODE, Play, Report, Seen, run
from tests.model.sequences import sequence
from tests.support.client import Login, SolidClient
from tests.support.figures import record
from tests.support.server import Account, Client, Server, running_server

OPERATIONS: dict[AccessControl, int] = {"wac": 2_500, "acp": 2_500}
OPERATIONS_OVER_SOCKETS = 150
OPERATIONS_AT_LENGTH = 100_000
"""Under each language."""
CONNECTIONS = 3

SEEN_OF_EACH = {
    "GET": {200, 206, 301, 304, 401, 403, 404, 406, 412, 416},
    "HEAD": {200, 304, 401, 403, 404, 412},
    "OPTIONS": {204, 401, 403},
    "PUT": {201, 204, 400, 401, 403, 404, 409, 412, 422},
    "POST": {201, 400, 401, 403, 404, 405, 412},
    "PATCH": {201, 204, 400, 401, 403, 404, 405, 409, 412, 415, 422},
    "DELETE": {204, 401, 403, 404, 409, 412},
}
"""What 5,000 operations must have met, or they prove little."""


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Machine]]:
    with ExitStack() as stack:
        folders = {language: tmp_path_factory.mktemp(language) for language in OPERATIONS}
        yield {language: stack.enter_context(machine(folder, language)) for language, folder in folders.items()}


@pytest.fixture(scope="module")
def made(machines: dict[str, Machine]) -> Machine:
    return machines["wac"]


def check(report: Report) -> None:
    assert not report.disagreements, f"after {report.operations} operations\n{report.disagreements[0]}"


def test_the_application_does_what_the_model_expects(machines: dict[str, Machine]) -> None:
    seen: Seen = Counter()
    for language, operations in OPERATIONS.items():
        report = run(machines[language].new_pod, seed=1, operations=operations, length=EPISODE)
        check(report)
        seen += report.seen
    missed = {(method, status) for method, some in SEEN_OF_EACH.items() for status in some} - seen.keys()
    assert not missed, "the sequences never came to these answers"


def with_two_apps(name: str) -> Account:
    clients = tuple(Client(app_of(name, suffix), f"{name}-secret{suffix}") for suffix in ("", AGAIN))
    return Account(name, f"{name}@example.org", f"{name}-password-of-many-words", clients)


def connections(server: Server) -> dict[str, list[SolidClient]]:
    found = {STRANGER: [SolidClient(server.base_url) for _ in range(CONNECTIONS)]}
    for name, account in zip((OWNER, FRIEND), server.accounts, strict=True):
        for suffix, client in zip(("", AGAIN), account.clients, strict=True):
            login = Login(server.base_url, client.id, client.secret)
            found[name + suffix] = [SolidClient(server.base_url, login, account.name) for _ in range(CONNECTIONS)]
    return found


@pytest.mark.e2e
@pytest.mark.parametrize("language", OPERATIONS)
def test_a_server_with_two_processes_does_what_the_model_expects(language: str) -> None:
    settings = {"FREEHOLD_WORKERS": "2", "FREEHOLD_ACCESS_CONTROL": language}
    with running_server((with_two_apps("alice"), with_two_apps("bob")), environment=settings) as server:
        play = Play(Sockets(connections(server), language))
        found = play.play(sequence(seed=4711, length=OPERATIONS_OVER_SOCKETS, language=language))
    assert found is None, f"\n{found}"


@pytest.mark.soak
def test_the_application_does_what_the_model_expects_at_length(machines: dict[str, Machine]) -> None:
    reports = {
        language.upper(): run(made.new_pod, seed=1_000_000, operations=OPERATIONS_AT_LENGTH, length=EPISODE)
        for language, made in machines.items()
    }
    figures = {f"operations with {name}": report.operations for name, report in reports.items()}
    figures["disagreements with the model"] = sum(len(report.disagreements) for report in reports.values())
    record("Against the model", figures)
    for report in reports.values():
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
