"""`freehold backup` of a server that eight writers keep busy, and `freehold restore` of it: what was acknowledged before
is there, and nobody takes the new history for the old one.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pod.store.fsck import check
from tests.support.client import SolidClient
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, Server, running_server
from tests.support.stores import sqlite_store
from tests.support.waiting import SECONDS_MAX, until

pytestmark = pytest.mark.e2e

FREEHOLD = str(Path(sys.executable).with_name("freehold"))
WRITERS = 8
PLAIN = {"Content-Type": "text/plain"}
KILLS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server((ALICE, BOB), directory=tmp_path_factory.mktemp("backup")) as running:
        yield running


def freehold(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FREEHOLD, *map(str, words)], capture_output=True, text=True, timeout=120, check=False)


def content(writer: int, number: int) -> bytes:
    """Every second body is a file of its own."""
    return f"{writer} {number} ".encode() * (20_000 if number % 2 else 10)


@contextmanager
def writers(server: Server) -> Iterator[dict[int, int]]:
    """What each writer last had acknowledged: it replaces one document after the other, three in turn."""
    done = dict.fromkeys(range(WRITERS), -1)
    stop = threading.Event()

    def write(writer: int) -> None:
        client = signed_in(server, ALICE)
        while not stop.is_set():
            number = done[writer] + 1
            answer = client.put(f"{client.pod}busy/{writer}-{number % 3}", content(writer, number), headers=PLAIN)
            assert answer.ok, answer.text
            done[writer] = number

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: min(done.values()) >= 3)
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS_MAX)


def number_in(client: SolidClient, writer: int, place: int) -> int:
    """Which of its bodies a writer's document holds, whole."""
    found = client.get(f"{client.pod}busy/{writer}-{place}").content
    number = int(found.split()[1])
    assert found == content(writer, number)
    return number


@contextmanager
def serving(server: Server, data: Path) -> Iterator[Server]:
    """Another server in the same place, on other data."""
    words = [str(data) if word == str(server.data) else word for word in server.command]
    server.stop()
    other = replace(server, command=tuple(words), data=data, process=None)
    other.start()
    try:
        yield other
    finally:
        other.stop()
        server.start()


def test_what_was_acknowledged_before_a_backup_comes_back(server: Server, tmp_path: Path):
    alice, new = signed_in(server, ALICE), tmp_path / "new"
    alice.put(f"{alice.pod}quiet", b"quiet", headers=PLAIN)
    etag = alice.get(f"{alice.pod}quiet").headers["ETag"]
    with writers(server) as done:
        before = dict(done)
        saved = freehold("backup", tmp_path / "backups", "--data", server.data, "--verify")
        after = dict(done)
    assert (saved.returncode, saved.stderr) == (0, ""), saved.stdout
    (backup,) = (tmp_path / "backups").iterdir()
    back = freehold("restore", backup, "--data", new)
    assert back.returncode == 0, back.stdout + back.stderr
    assert back.stdout.endswith("The store is sound.\n")
    assert f"--base-url {server.base_url} --port {urlsplit(server.base_url).port}\n" in back.stdout
    with serving(server, new) as restored:
        again = signed_in(restored, ALICE)
        for writer in range(WRITERS):
            newest = max(number_in(again, writer, place) for place in range(3))
            assert before[writer] <= newest <= after[writer] + 1
        answer = again.get(f"{alice.pod}quiet")
        assert answer.content == b"quiet"
        assert answer.headers["ETag"] != etag
        assert again.put(f"{alice.pod}quiet", b"x", headers={**PLAIN, "If-Match": etag}).status_code == 412
        assert again.put(f"{alice.pod}new", b"new", headers=PLAIN).status_code == 201
    store = sqlite_store(new)
    assert [each for each in check(store, deep=True) if each.severity == "error"] == []
    store.close()


def test_a_backup_that_is_killed_leaves_nothing_to_restore(server: Server, tmp_path: Path):
    alice = signed_in(server, ALICE)
    for number in range(30):
        alice.put(f"{alice.pod}files/{number}", content(number, 1), headers=PLAIN)
    folder = tmp_path / "backups"
    for kill in range(KILLS):
        making = subprocess.Popen([FREEHOLD, "backup", str(folder), "--data", str(server.data)])
        until(lambda kill=kill, making=making: has_begun(folder, kill) or making.poll() is not None)
        making.send_signal(signal.SIGKILL)
        making.wait(SECONDS_MAX)
        for left in folder.glob("*.unfinished"):
            refused = freehold("restore", left, "--data", tmp_path / "new")
            assert refused.returncode == 1
            assert "no finished backup" in refused.stderr
            assert not (tmp_path / "new").exists()
    assert freehold("backup", folder, "--data", server.data).returncode == 0
    assert list(folder.glob("*.unfinished")) == []
    for whole in folder.iterdir():
        assert freehold("restore", whole, "--check").returncode == 0


def has_begun(folder: Path, kill: int) -> bool:
    """A little further with each kill."""
    seen = ["*.unfinished", "*.unfinished/pod.sqlite", "*.unfinished/SHA256SUMS", "*.unfinished/blobs/??/*"][kill]
    return any(folder.glob(seen))


def test_what_goes_wrong_is_told_in_a_sentence(server: Server, tmp_path: Path):
    freehold("backup", tmp_path / "backups", "--data", server.data)
    (backup,) = (tmp_path / "backups").iterdir()
    in_the_way = freehold("restore", backup, "--data", server.data)
    assert (in_the_way.returncode, "is not empty" in in_the_way.stderr) == (1, True)
    with (backup / "pod.sqlite").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x00\x01\x02")
    damaged = freehold("restore", backup, "--data", tmp_path / "new")
    assert (damaged.returncode, f"{backup / 'pod.sqlite'} is damaged" in damaged.stderr) == (1, True)
    nothing = freehold("backup", tmp_path / "backups", "--data", tmp_path / "none")
    assert (nothing.returncode, "There is no data of Freehold" in nothing.stderr) == (1, True)
