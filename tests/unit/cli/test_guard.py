"""One server for one data directory and one port."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pod.cli import guard

HOLD = "import sys; from pathlib import Path; from pod.cli import guard; guard.lock(Path(sys.argv[1])); print(flush=True); input()"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "LOCK_WAIT_SECONDS", 0.1)


def test_a_data_directory_is_made_for_its_owner_alone(tmp_path: Path):
    os.close(guard.lock(tmp_path / "data"))
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_data_directory_in_use_names_the_process_that_uses_it(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=-1, stdout=-1) as holder:
        try:
            holder.stdout.readline()
            with pytest.raises(guard.InUse, match=f"process {holder.pid}\\b"):
                guard.lock(tmp_path)
        finally:
            holder.kill()
    os.close(guard.lock(tmp_path))


def test_a_data_directory_that_cannot_be_written_to_is_said_so(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(guard.InUse, match=r"file/data cannot be written to \(Not a directory\)"):
        guard.lock(tmp_path / "file" / "data")


def test_a_data_directory_is_free_again_after_its_holder(tmp_path: Path):
    os.close(guard.lock(tmp_path))
    os.close(guard.lock(tmp_path))


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_in_use_is_noticed_even_when_its_holder_would_share_it(shared: bool):
    with socket.socket() as taken:
        if shared:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert guard.listening("127.0.0.1", port)
        with pytest.raises(guard.InUse, match=f"Port {port} .* --port"):
            guard.check_port("127.0.0.1", port)


def test_a_free_port_is_free():
    with socket.socket() as before:
        before.bind(("127.0.0.1", 0))
        port = before.getsockname()[1]
    guard.check_port("127.0.0.1", port)
    assert not guard.listening("127.0.0.1", port)
