"""The client for fast answers: wrk replays requests that were made beforehand, for a fixed time.

wrk drops what is under way when the time is up, so it is for servers that answer hundreds of times in a run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bench.load import Answers, LoadError, OutOfRequestsError, Request

SCRIPT = Path(__file__).with_name("replay.lua")
OUT_OF_REQUESTS = 75
REQUEST_SECONDS_MAX = 20


def write_requests(requests: Iterable[Request], file: Path) -> None:
    """Write the records replay.lua reads."""
    with file.open("wb") as out:
        for request in requests:
            encoded = request.encode()
            out.write(b"%08d" % len(encoded) + encoded)


def replay(base_url: str, file: Path, *, seconds: float, connections: int, loop: bool) -> Answers:
    """Send what is in `file`, again and again if `loop`.

    Raises: OutOfRequestsError; LoadError -- wrk failed or got no answer at all.
    """
    done = subprocess.run(
        _command(base_url, file, seconds=seconds, connections=connections, loop=loop),
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=False,
    )
    if done.returncode == OUT_OF_REQUESTS:
        raise OutOfRequestsError(f"more than the requests made for {seconds} s")
    if done.returncode != 0:
        raise LoadError(f"wrk failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return _answers(done.stdout.splitlines()[-1])


def _answers(line: str) -> Answers:
    """What replay.lua prints last."""
    told = json.loads(line)
    errors = {kind: count for kind, count in told["errors"].items() if count}
    good = max(0, told["requests"] - errors.get("status", 0))  # to wrk, answers that say no are answers too
    return Answers(good, told["seconds"], told["p50_ms"] or None, told["p99_ms"] or None, errors)


def wrk_program() -> str:
    """Raises: LoadError -- wrk is not installed and cannot be."""
    program = shutil.which("wrk")
    if program is None:
        raise LoadError("wrk is missing. On Debian: apt-get install wrk")
    return program


def _command(base_url: str, file: Path, *, seconds: float, connections: int, loop: bool) -> list[str]:
    how = {
        "threads": 1,
        "connections": connections,
        "duration": f"{seconds:.0f}s",
        "timeout": f"{REQUEST_SECONDS_MAX}s",
    }
    options = [part for name, value in how.items() for part in (f"--{name}", str(value))]
    script = ["--latency", "--script", str(SCRIPT), base_url, "--", str(file), "loop" if loop else "once"]
    return [wrk_program(), *options, *script]
