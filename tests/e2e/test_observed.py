"""What a real server with two web processes tells its operator: sums, health, and a line for each request."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.processes import tree
from tests.support.server import ALICE, Server, running_server
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

SETTINGS = {"FREEHOLD_LOG_REQUESTS": "true", "FREEHOLD_LOG_FORMAT": "json", "FREEHOLD_TRUSTED_PROXIES": "127.0.0.1"}
PLAIN = {"Content-Type": "text/plain"}
READS = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("observed")
    with running_server((ALICE,), directory=folder, environment=SETTINGS, extra_args=["--workers", "2"]) as running:
        yield running


@pytest.fixture(scope="module")
def alice(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


def metrics(server: Server) -> dict[str, float]:
    lines = requests.get(server.url(".metrics"), timeout=30).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def counted(server: Server) -> float:
    return sum(value for name, value in metrics(server).items() if 'kind="pod",method="HEAD",status="2xx"' in name)


def web_processes(server: Server) -> list[int]:
    def words(pid: int) -> list[str]:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:  # noqa: PTH123
            return file.read().split("\0")

    return [pid for pid in tree(server.pid) if "web" in words(pid)]


def is_back(server: Server, killed: int) -> bool:
    """Connections that were on their way to the killed process are broken off."""
    try:
        return metrics(server)['freehold_processes{process="web"}'] == 2 and killed not in web_processes(server)
    except requests.ConnectionError:
        return False


def told(server: Server, **wanted: Any) -> list[dict[str, Any]]:
    """The lines of the log with these members."""
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if wanted.items() <= line.items()]


def test_requests_of_all_processes_are_added_up_and_survive_a_process(server: Server, alice: SolidClient):
    alice.put(f"{alice.pod}counted", b"x", headers=PLAIN)
    before = counted(server)
    for _ in range(READS):
        alice.session.close()
        assert alice.head(f"{alice.pod}counted").status_code == 200
    until(lambda: counted(server) == before + READS)
    first, second = web_processes(server)
    os.kill(first, 9)
    until(lambda: is_back(server, first))
    assert counted(server) == before + READS
    for _ in range(READS):
        alice.session.close()
        assert alice.head(f"{alice.pod}counted").status_code == 200
    until(lambda: counted(server) == before + 2 * READS)
    assert second in web_processes(server)


def test_metrics_tell_of_writes_memory_and_the_worker(server: Server, alice: SolidClient):
    before = metrics(server)
    alice.put(f"{alice.pod}more", b"x" * 100, headers=PLAIN)
    after = metrics(server)
    assert after["freehold_journal_position"] > before["freehold_journal_position"]
    assert after["freehold_stored_bytes"] == before["freehold_stored_bytes"] + 100
    assert after['freehold_resident_memory_bytes{process="worker"}'] > 1 << 20
    assert after['freehold_worker_task_age_seconds{task="sweep orphans"}'] < 3600
    assert after["freehold_commit_seconds_count"] > before["freehold_commit_seconds_count"]
    assert after["freehold_write_wait_seconds_count"] > before["freehold_write_wait_seconds_count"]
    assert after['freehold_pod_request_seconds_bucket{method="PUT",le="+Inf"}'] >= 1


def test_a_server_that_works_is_healthy(server: Server):
    until(lambda: requests.get(server.url(".health"), timeout=5).json()["reasons"] == [])
    assert requests.get(server.url(".health"), timeout=5).json()["status"] == "ok"
    assert requests.head(server.url(".health"), headers={"Host": "elsewhere.example"}, timeout=5).status_code == 200


def test_a_request_is_one_line_without_its_query_its_agent_and_its_secrets(server: Server, alice: SolidClient):
    alice.put(f"{alice.pod}line", b"x", headers=PLAIN)
    answer = alice.get(f"{alice.pod}line?access_token=verysecret", headers={"User-Agent": "someones-browser"})
    assert answer.status_code == 200
    until(lambda: told(server, method="GET", path="/alice/line"))
    (line,) = told(server, method="GET", path="/alice/line")
    assert set(line) == {"event", "level", "timestamp", "client", "method", "path", "status", "ms", "bytes", "request"}
    assert (line["status"], line["bytes"]) == (200, 1)
    text = server.log.read_text()
    assert "verysecret" not in text
    assert "someones-browser" not in text


@pytest.mark.parametrize(("given", "kept"), [("trace-0123456789", True), ("x y", False), ("a" * 65, False)])
def test_a_trusted_proxy_may_name_requests(server: Server, given: str, kept: bool):
    answer = requests.get(server.url("alice/none"), headers={"X-Request-Id": given}, timeout=30)
    name = answer.json()["instance"].rpartition(":")[2]
    assert (name == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9.\-]{8,64}", name)
    until(lambda: told(server, event="request", request=name, status=answer.status_code))
