"""The wheel has everything in it: installed elsewhere, it serves a pod without the checkout.

Its libraries are those of the tests, so nothing is fetched; the code of Freehold is that of the wheel alone.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from pod import __version__
from tests.support.client import SECONDS_MAX, SOLID, SolidClient
from tests.support.fixtures import signed_in
from tests.support.processes import tree
from tests.support.server import ALICE, Server, running_server

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
ACTIVITY = '{"@context": "https://www.w3.org/ns/activitystreams", "id": "#it", "type": "Note", "content": "Hello"}'


def run(*command: str | Path, cwd: Path, typed_in: str = "") -> str:
    done = subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        input=typed_in,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(target: str, source: Path, into: Path) -> Path:
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", into, cwd=source)
    return next(into.iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def programs(wheel: Path, elsewhere: Path) -> Path:
    """Where a fresh virtual environment with the wheel has its programs.

    A `.pth` file gives it the libraries of the tests; those of that directory, which lead to the checkout, are not read.
    """
    environment = elsewhere / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=elsewhere,
    )
    libraries = environment / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


@pytest.fixture(scope="module")
def server(programs: Path, elsewhere: Path) -> Iterator[Server]:
    with running_server((ALICE,), program=programs / "freehold", prefix=("env", f"--chdir={elsewhere}")) as running:
        yield running


@pytest.fixture(scope="module")
def alice(server: Server) -> SolidClient:
    return signed_in(server, ALICE)


def test_the_code_comes_from_the_wheel(programs: Path, elsewhere: Path):
    say = "import pod, pod.rdf.contexts as contexts; print(pod.__file__, contexts.vocabulary_directory())"
    for place in run(programs / "python", "-c", say, cwd=elsewhere).split():
        assert Path(place).is_relative_to(programs.parent)


def test_its_processes_are_those_of_the_installation(server: Server, programs: Path):
    commands = [Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0] for pid in tree(server.pid)]
    assert len(commands) == 4
    assert set(commands) == {str(programs / "python")}


def test_the_version_is_said_in_one_place(wheel: Path, programs: Path, elsewhere: Path):
    assert wheel.name == f"freehold-{__version__}-py3-none-any.whl"
    assert run(programs / "freehold", "--version", cwd=elsewhere) == f"freehold, version {__version__}\n"


def test_an_account_is_made_and_its_profile_served(server: Server, programs: Path, elsewhere: Path):
    freehold = (programs / "freehold", "account", "create", "newcomer", "--data", server.data)
    assert server.web_id("newcomer") in run(*freehold, cwd=elsewhere, typed_in="a long enough password\n")
    profile = SolidClient(server.base_url).graph("newcomer/profile/card")
    assert (None, SOLID.oidcIssuer, None) in profile


def test_pages_come_with_their_design(server: Server):
    page = requests.get(server.url(), headers={"Accept": "text/html"}, timeout=SECONDS_MAX).text
    sheet = page.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    style = requests.get(server.url(sheet), timeout=SECONDS_MAX)
    assert (style.status_code, style.headers["Content-Type"].partition(";")[0]) == (200, "text/css")
    assert "<h1" in page
    assert len(style.content) > 1000


def test_json_ld_is_read_with_a_context_that_came_along(alice: SolidClient):
    url = f"{alice.pod}hello"
    assert alice.put(url, ACTIVITY, headers={"Content-Type": "application/ld+json"}).status_code == 201
    assert "https://www.w3.org/ns/activitystreams#content" in alice.graph(url).serialize(format="nt")


def test_libraries_of_others_come_with_their_licences(wheel: Path):
    vendored = {name for name in names(wheel) if name.startswith("pod/ui/static/vendor/")}
    assert vendored == {f"pod/ui/static/vendor/{name}" for name in ("tus.min.js", "tus.LICENSE.txt")}


def test_the_source_archive_gives_the_same_wheel(wheel: Path, tmp_path: Path):
    run("tar", "-xf", build("sdist", ROOT, tmp_path / "dist"), cwd=tmp_path)
    again = build("wheel", tmp_path / f"freehold-{__version__}", tmp_path / "again")
    assert names(again) == names(wheel)


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())
