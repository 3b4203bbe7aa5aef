"""`freehold doctor` on a real server behind a real proxy: a sound one has no problem, and each mistake is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pod.cli.doctor import findings
from pod.operator.findings import Finding, Level
from tests.support.proxy import certificate, proxy
from tests.support.server import ALICE, Server, free_port, running_server
from tests.support.waiting import SECONDS_MAX

pytestmark = pytest.mark.e2e

FREEHOLD = str(Path(sys.executable).with_name("freehold"))
YEARS_AGO = "Sun, 22 Nov 2020 12:00:00 GMT"


@dataclass(frozen=True)
class Home:
    """A server that is meant to be reached through a proxy with this certificate and port."""

    server: Server
    port: int
    certificate: Path
    folder: Path

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self.port}/"

    def behind(self, **mistakes: Any) -> Any:
        """The proxy. Whatever is not named is set up well."""
        settings = {"to": int(self.server.base_url.rsplit(":")[-1].strip("/")), "certificate": str(self.certificate)}
        return proxy(**{**settings, "port": self.port, **mistakes})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder, port = tmp_path_factory.mktemp("doctor"), free_port()
    settings = {"FREEHOLD_TRUSTED_PROXIES": "127.0.0.1"}
    words = ["--base-url", f"https://localhost:{port}/"]
    with running_server((ALICE,), directory=folder, environment=settings, extra_args=words, dev=False) as server:
        yield Home(server, port, certificate(folder / "good.pem"), folder)


@pytest.fixture(autouse=True)
def trusting(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor has the server's settings, and knows who signed the good certificate."""
    monkeypatch.setenv("FREEHOLD_TRUSTED_PROXIES", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(home.certificate))


def examined(home: Home, mail_to: str | None = None, clock_of: str | None = None, **options: Any) -> list[Finding]:
    return list(findings(None, mail_to, clock_of, {"data": home.server.data, **options}))


def problems(found: list[Finding]) -> list[Finding]:
    return [each for each in found if each.level is Level.PROBLEM]


def test_a_sound_server_has_no_problem_and_nothing_is_changed(home: Home):
    def state() -> dict[str, int]:
        data = home.server.data
        return {str(each): each.stat().st_mtime_ns for each in data.rglob("*") if "run" not in each.parts}

    before, environment = state(), {**os.environ}
    with home.behind():
        command = [FREEHOLD, "doctor", "--data", str(home.server.data), "--json"]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False, timeout=SECONDS_MAX
        )
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [each for each in found if each["level"] == "problem"] == []
    assert {
        "TLS",
        "base URL",
        "proxy",
        "clock",
        "uploads",
        "notifications",
        "database",
        "disk",
        "keys",
        "permissions",
    } <= {each["subject"] for each in found if each["level"] == "ok"}
    assert state() == before


@pytest.mark.parametrize(
    ("mistakes", "subject", "said"),
    [
        ({"headers": {"Host": "127.0.0.1:3000"}}, "base URL", "does not serve that host"),
        ({"headers": {"X-Forwarded-For": None}}, "proxy", "does not send X-Forwarded-For"),
        ({"headers": {"X-Forwarded-Host": "inside.example"}}, "base URL", "does not serve that host"),
        ({"headers": {"X-Forwarded-Proto": "http"}}, "base URL", "redirects to"),
        ({"headers": {"Authorization": None}}, "base URL", "takes away the header Authorization"),
        ({"source": "127.0.0.2"}, "proxy", "not in trusted_proxies"),
        ({"to": 9}, "base URL", "answers with 502 itself"),
        ({"stream": 9}, "notifications", "something else answers"),
        ({"headers": {"Upgrade": None}}, "notifications", "no WebSocket opens"),
        ({"limit": 1 << 20}, "uploads", "refuses those of 2 MiB"),
        ({"date": YEARS_AGO}, "clock", "differ by"),
    ],
    ids=lambda each: json.dumps(each) if isinstance(each, dict) else "",
)
def test_a_mistake_of_the_proxy_is_found(home: Home, mistakes: dict[str, Any], subject: str, said: str):
    with home.behind(**mistakes):
        found = problems(examined(home))
    assert any(each.subject == subject and said in each.text + each.remedy for each in found), found
    assert all(each.remedy for each in found)


def test_a_proxy_that_keeps_uploads_is_noticed(home: Home):
    with home.behind(keeps_uploads=True):
        found = examined(home)
    assert problems(found) == []
    assert any("keeps each upload" in each.text for each in found if each.level is Level.WARNING)


@pytest.mark.parametrize(
    ("days", "trusted", "level", "said"),
    [
        ({"begins": -90, "ends": -1}, True, Level.PROBLEM, "it ended on"),
        ({"begins": 1}, True, Level.PROBLEM, "it only begins on"),
        ({"name": "other.example"}, True, Level.PROBLEM, "it is not for localhost"),
        ({}, False, Level.PROBLEM, "do not know who signed it"),
        ({"ends": 5}, True, Level.WARNING, "ends in 4 days"),
    ],
)
def test_a_certificate_that_is_not_good_is_found(
    home: Home, monkeypatch: pytest.MonkeyPatch, days: dict[str, Any], trusted: bool, level: Level, said: str
):
    bad = certificate(home.folder / "bad.pem", **days)
    monkeypatch.setenv("SSL_CERT_FILE", str(bad if trusted else home.certificate))
    with home.behind(certificate=str(bad)):
        found = examined(home)
    assert any(each.subject == "TLS" and said in each.text for each in found if each.level is level), found


def test_a_wrong_base_url_is_found(home: Home):
    found = examined(home, base_url=home.server.base_url)
    assert any("mend base_url" in each.remedy for each in problems(found))
    assert any(f"it runs with base_url {home.base_url}" in each.text for each in found)


def test_a_name_that_leads_nowhere_is_found(home: Home):
    found = problems(examined(home, base_url="https://no-such-host.invalid/"))
    assert any("leads nowhere" in each.text for each in found)


def test_a_proxy_that_does_not_run_is_found(home: Home):
    assert any("nobody answers" in each.text for each in problems(examined(home)))


def test_a_server_with_other_data_is_found(home: Home, tmp_path: Path):
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / "doctor.key").write_text("00" * 32)
    options = {"data": tmp_path, "base_url": home.base_url}
    with home.behind():
        found = problems(list(findings(None, None, None, options)))
    assert any("does not know this data directory" in each.text for each in found)


def test_the_clock_of_another_server_is_asked_only_on_request(home: Home):
    with home.behind(), home.behind(port=0, date=YEARS_AGO) as other:
        assert problems(examined(home)) == []
        found = problems(examined(home, clock_of=f"https://localhost:{other}/"))
    assert [each.subject for each in found] == ["clock"]


def test_a_port_that_another_has_is_found(home: Home, tmp_path: Path):
    port = int(home.server.base_url.rsplit(":")[-1].strip("/"))
    found = problems(list(findings(None, None, None, {"data": tmp_path / "new", "port": port, "host": "127.0.0.1"})))
    assert any("could not" in each.text for each in found)
