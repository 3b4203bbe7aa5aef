"""The processes of one machine: started together, started again, ended together, and never in each other's way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from pod.config import Config
from tests.support.client import Login, SolidClient
from tests.support.processes import living, pss_bytes, tree, unshared_bytes
from tests.support.server import ALICE, Server, free_port, running_server
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

FREEHOLD = str(Path(sys.executable).with_name("freehold"))
IDLE_BYTES_MAX = 175_000_000
STALLED = 40
STALL_SECONDS = Config().body_idle_seconds_max
PLAIN = {"Content-Type": "text/plain"}
BIG_BYTES = 64 * 1024 * 1024


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own, for what would disturb others."""
    with running_server((ALICE,), directory=tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For tests that leave it as it was."""
    with running_server((ALICE,), directory=tmp_path_factory.mktemp("shared")) as running:
        yield running


def as_alice(server: Server) -> SolidClient:
    client = server.accounts[0].clients[0]
    return SolidClient(server.base_url, Login(server.base_url, client.id, client.secret), "alice")


def named(server: Server, name: str) -> int:
    """The process id of the child that runs `freehold NAME`."""
    for pid in tree(server.pid):
        with suppress(OSError):  # ended meanwhile
            if f"main\0{name}\0" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
    return 0


def is_up(server: Server) -> bool:
    try:
        return requests.get(server.url(".health"), timeout=5).ok
    except requests.RequestException:
        return False


def connected(server: Server) -> socket.socket:
    url = urlsplit(server.base_url)
    return socket.create_connection((url.hostname, url.port), timeout=60)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FREEHOLD, *words], capture_output=True, text=True, timeout=60, check=False)


def test_a_killed_web_process_is_back_without_a_hand(own_server: Server):
    alice = as_alice(own_server)
    url = own_server.url("alice/kept.txt")
    assert alice.put(url, b"kept", headers=PLAIN).status_code == 201
    for _ in range(3):
        before = named(own_server, "web")
        os.kill(before, signal.SIGKILL)
        until(lambda before=before: named(own_server, "web") not in {0, before} and is_up(own_server))
    assert as_alice(own_server).get(url).content == b"kept"


def test_a_killed_worker_is_back_without_a_hand(own_server: Server):
    before = named(own_server, "worker")
    os.kill(before, signal.SIGKILL)
    until(lambda: named(own_server, "worker") not in {0, before})
    assert is_up(own_server)


def test_a_killed_stream_process_is_back_without_a_hand(own_server: Server):
    before = named(own_server, "stream")
    os.kill(before, signal.SIGKILL)
    until(lambda: named(own_server, "stream") not in {0, before})
    assert is_up(own_server)


def test_nothing_outlives_a_killed_server_and_it_starts_again(own_server: Server):
    family = tree(own_server.pid)
    assert len(family) == 4
    own_server.kill()
    assert living(family) == []
    own_server.start()
    assert is_up(own_server)


def test_asked_to_stop_it_ends_cleanly_and_quickly(own_server: Server):
    process = own_server.process
    own_server.stop()
    assert process.returncode == 0


def test_an_upload_under_way_is_finished_before_the_server_stops(own_server: Server):
    alice = as_alice(own_server)
    url = own_server.url("alice/slow.txt")
    with connected(own_server) as client:
        client.sendall(upload(alice, url, length=6) + b"abc")
        os.kill(own_server.pid, signal.SIGTERM)
        until(lambda: not is_up(own_server))
        client.sendall(b"def")
        assert client.recv(100).startswith(b"HTTP/1.1 201")
    own_server.process.wait(60)
    own_server.restart()
    assert as_alice(own_server).get(url).content == b"abcdef"


def upload(alice: SolidClient, url: str, length: int) -> bytes:
    """The head of a PUT whose content follows."""
    headers = {
        "Host": urlsplit(url).netloc,
        "Content-Type": "text/plain",
        "Content-Length": str(length),
        **alice.authorization("PUT", url),
    }
    lines = [f"PUT {urlsplit(url).path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@pytest.mark.parametrize("length", [1_000, 1_000_000])
def test_stalled_uploads_keep_nobody_waiting(shared_server: Server, length: int):
    alice = as_alice(shared_server)
    url = shared_server.url("alice/stalled.txt")
    stalled = [connected(shared_server) for _ in range(STALLED)]
    for client in stalled:
        client.sendall(upload(alice, url, length) + b"x")
    for _ in range(5):
        assert requests.get(shared_server.url("alice/profile/card"), timeout=STALL_SECONDS / 2).status_code == 200
    for client in stalled:
        client.close()
    assert alice.get(url).status_code == 404


def test_large_bodies_pass_through_without_being_held(shared_server: Server):
    alice = as_alice(shared_server)
    url = shared_server.url("alice/large.bin")
    content = os.urandom(BIG_BYTES)
    before = unshared_bytes(shared_server.pid)
    for _ in range(3):
        assert alice.put(url, content, headers=PLAIN).status_code in {201, 204, 205}
        assert alice.get(url).content == content
    assert unshared_bytes(shared_server.pid) - before < BIG_BYTES / 2


def test_an_idle_server_is_small(shared_server: Server):
    assert pss_bytes(shared_server.pid) < IDLE_BYTES_MAX


def test_a_second_server_on_the_same_data_names_the_first(shared_server: Server):
    second = run("serve", "--data", str(shared_server.data), "--port", str(free_port()))
    assert second.returncode == 1
    assert f"process {shared_server.pid}." in second.stderr
    assert is_up(shared_server)


@pytest.mark.parametrize("command", ["serve", "web"])
def test_a_taken_port_is_said_so(shared_server: Server, tmp_path: Path, command: str):
    port = str(urlsplit(shared_server.base_url).port)
    second = run(command, "--data", str(tmp_path / "other"), "--port", port)
    assert second.returncode != 0
    assert f"Port {port}" in second.stderr


def test_a_bad_seed_stops_the_start_with_a_sentence(tmp_path: Path):
    (tmp_path / "seed.json").write_text('{"accounts": [{"name": "Not A Name"}]}')
    options = ["--data", str(tmp_path / "data"), "--port", str(free_port())]
    ended = run("serve", "--seed", str(tmp_path / "seed.json"), *options)
    assert ended.returncode == 78
    assert "seed.json: An account's name" in ended.stderr


def test_a_seed_leaves_alone_what_exists(own_server: Server):
    own_server.seeded = False
    own_server.restart()
    accounts = run("account", "list", "--data", str(own_server.data)).stdout.splitlines()
    assert len(accounts) == 1
    assert as_alice(own_server).get(own_server.url("alice/")).status_code == 200


@pytest.mark.parametrize("command", ["web", "worker", "stream"])
def test_each_process_runs_alone(tmp_path: Path, command: str):
    port = free_port()
    words = [FREEHOLD, command, "--data", str(tmp_path / "data"), "--port", str(port)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            if command == "web":
                until(lambda: answers(f"http://localhost:{port}/.health"))
            elif command == "stream":
                until(lambda: answers(f"http://localhost:{port + 1}/.stream/health"))
            else:
                until((tmp_path / "data" / "pod.sqlite").exists)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) in {0, -signal.SIGTERM}
        finally:
            process.kill()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def test_the_log_is_json_when_asked_and_holds_no_secret(tmp_path: Path):
    settings = {"FREEHOLD_LOG_FORMAT": "json", "FREEHOLD_LOG_REQUESTS": "true"}
    with running_server((ALICE,), directory=tmp_path, environment=settings) as server:
        as_alice(server).get(server.url("alice/"))
        os.kill(named(server, "web"), signal.SIGKILL)
        until(lambda: is_up(server))
        log = server.log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert {"request", "GET", "/alice/"} <= {str(value) for line in lines for value in line.values()}
    assert any("killed by SIGKILL" in line["event"] for line in lines)
    assert ALICE.clients[0].secret not in log
    assert "eyJ" not in log
