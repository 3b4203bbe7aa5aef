"""What is installed is what the code needs: image, compose file, service unit, proxies and dependencies name things that exist."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import sysconfig
import threading
import tomllib
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import packages_distributions
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from pod.cli.supervisor import DRAIN_SECONDS, MISCONFIGURED
from pod.cli.web import HEADERS_SECONDS_MAX
from pod.config import Config, load
from pod.sharing.links import LINKS
from tests.support.commands import misused, quoted_in
from tests.support.server import Server, free_port
from tests.support.waiting import SECONDS_MAX

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STOP_SECONDS = 2 * DRAIN_SECONDS
"""The supervisor waits so long for its children, and once more after it has killed them."""
DEFAULT = Config()
VARIABLES = {f"FREEHOLD_{each.name.upper()}" for each in fields(Config)}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# -- the image ---------------------------------------------------------------------------------------------------------


def instructions() -> list[list[tuple[str, str]]]:
    """The instructions of the Dockerfile, stage by stage."""
    lines = re.sub(r"\\\n *", "", re.sub(r"^#.*\n", "", text("Dockerfile"), flags=re.MULTILINE)).splitlines()
    stages: list[list[tuple[str, str]]] = []
    for line in filter(None, lines):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append((name, rest))
    return stages


BUILD, FINAL = instructions()


def of(stage: list[tuple[str, str]], name: str) -> list[str]:
    return [rest for instruction, rest in stage if instruction == name]


def health_check() -> list[str]:
    return json.loads(of(FINAL, "HEALTHCHECK")[0].partition("CMD ")[2])


def test_the_image_runs_as_nobody_in_particular():
    users = {each.partition(":")[0] for each in of(FINAL, "USER")}
    assert len(users) == 1
    assert int(users.pop()) >= 10_000
    assert FINAL.index(("USER", of(FINAL, "USER")[0])) < FINAL.index(("ENTRYPOINT", of(FINAL, "ENTRYPOINT")[0]))


def test_the_image_starts_a_command_that_exists():
    words = json.loads(of(FINAL, "ENTRYPOINT")[0]) + json.loads(of(FINAL, "CMD")[0])
    assert words[0] in PROJECT["scripts"]
    assert misused(words[1:]) == ""


def test_the_image_shows_the_ports_of_web_and_stream():
    assert of(FINAL, "EXPOSE") == [f"{DEFAULT.port} {DEFAULT.stream_port}"]


def test_the_image_keeps_everything_in_its_volume():
    environment = dict(re.findall(r"(FREEHOLD_\w+)=(\S+)", of(FINAL, "ENV")[0]))
    assert environment.keys() <= VARIABLES
    assert [str(load(environ=environment).data)] == of(FINAL, "VOLUME")


def test_the_image_is_built_from_files_that_are_there():
    let_in = {line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")}
    copied = {name for line in of(BUILD, "COPY") for name in line.split()[:-1]}
    assert copied == let_in
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_image_has_no_tools_to_build_with():
    assert re.findall(r"\b(?:pip|gcc|build-essential|python3-venv|git|curl)\b", " ".join(of(FINAL, "RUN"))) == []
    assert "--without-pip /opt/freehold" in " ".join(of(BUILD, "RUN"))


def test_the_image_takes_only_what_is_locked():
    installs = re.findall(r"/build/bin/pip[^&]* install[^&]*", " ".join(of(BUILD, "RUN")))
    assert len(installs) == 3
    assert all("--require-hashes" in each or "--no-index" in each for each in installs)


def test_the_health_check_passes_when_the_server_answers(server: Server):
    assert check_health(server.base_url.rpartition(":")[2].strip("/")) == 0


def test_the_health_check_fails_when_nobody_answers():
    assert check_health(str(free_port())) != 0


class Unwell(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(503)

    def log_message(self, *_):
        pass


def test_the_health_check_fails_when_the_server_says_it_is_not_well():
    with HTTPServer(("127.0.0.1", 0), Unwell) as server:
        threading.Thread(target=server.handle_request).start()
        assert check_health(str(server.server_port)) != 0


def check_health(port: str) -> int:
    _python, *arguments = health_check()
    assert arguments[1].count(f" {DEFAULT.port},") == 1
    script = arguments[1].replace(f" {DEFAULT.port},", f" {port},")
    command = [sys.executable, arguments[0], script]
    return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS_MAX).returncode


# -- compose -----------------------------------------------------------------------------------------------------------

COMPOSE = yaml.safe_load(text("compose.yaml"))
PODS, PROXY = COMPOSE["services"]["pods"], COMPOSE["services"]["proxy"]


def test_compose_gives_settings_that_are_taken():
    environment = {
        name: re.sub(r"\$\{DOMAIN[^}]*\}", "pods.example", value) for name, value in PODS["environment"].items()
    }
    assert environment.keys() <= VARIABLES
    assert load(environ=environment).base_url == "https://pods.example/"


def test_compose_believes_its_proxy_and_nobody_else():
    (network,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    assert load(
        environ={"FREEHOLD_TRUSTED_PROXIES": PODS["environment"]["FREEHOLD_TRUSTED_PROXIES"]}
    ).trusted_proxies == (network["subnet"],)
    assert ip_network(network["subnet"]).is_private
    assert PODS["networks"] == PROXY["networks"] == ["front"]


def test_compose_shows_the_proxy_alone():
    assert "ports" not in PODS
    assert PROXY["environment"]["UPSTREAM"] == f"pods:{DEFAULT.port}"
    assert PROXY["environment"]["STREAM"] == f"pods:{DEFAULT.stream_port}"
    assert PROXY["depends_on"] == {"pods": {"condition": "service_healthy"}}


def test_compose_lets_the_server_finish():
    assert int(PODS["stop_grace_period"].removesuffix("s")) > STOP_SECONDS


@pytest.mark.parametrize("service", [PODS, PROXY], ids=["pods", "proxy"])
def test_compose_leaves_services_little_to_do_harm_with(service: dict):
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit", "restart"} <= service.keys()


def test_compose_mounts_what_there_is():
    for mount in PODS["volumes"] + PROXY["volumes"]:
        source = mount.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
    assert PODS["volumes"] == [f"pods:{of(FINAL, 'VOLUME')[0]}"]


# -- the service unit --------------------------------------------------------------------------------------------------


class Unit(configparser.RawConfigParser):
    optionxform = staticmethod(str)


@pytest.fixture(scope="module")
def service() -> configparser.SectionProxy:
    unit = Unit(strict=False)
    unit.read(ROOT / "packaging" / "freehold.service")
    return unit["Service"]


def test_the_unit_starts_a_command_that_exists(service: configparser.SectionProxy):
    (words,) = quoted_in(service["ExecStart"])
    assert misused(words) == ""


def test_the_unit_keeps_everything_in_its_state_directory(service: configparser.SectionProxy):
    environment = dict(re.findall(r"(FREEHOLD_\w+)=(\S+)", service["Environment"]))
    assert environment.keys() <= VARIABLES
    assert str(load(environ=environment).data) == f"/var/lib/{service['StateDirectory']}"


def test_the_unit_lets_the_server_finish(service: configparser.SectionProxy):
    assert int(service["TimeoutStopSec"]) > STOP_SECONDS
    assert service["Restart"] == "on-failure"
    assert int(service["RestartPreventExitStatus"]) == MISCONFIGURED


def test_the_unit_leaves_the_server_little_to_do_harm_with(service: configparser.SectionProxy):
    assert service["User"] not in {"", "root"}
    assert service["CapabilityBoundingSet"] == ""
    assert service["ProtectSystem"] == "strict"
    for name in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "MemoryDenyWriteExecute", "PrivateDevices"):
        assert service[name] == "yes", name


# -- proxies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["packaging/Caddyfile", "packaging/nginx.conf"])
def test_proxies_lead_to_where_the_server_listens(name: str):
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", text(name))) == {str(DEFAULT.port), str(DEFAULT.stream_port)}


def test_nginx_lets_nobody_send_the_headers_that_are_believed():
    believed = set(re.findall(r"HTTP_(X_FORWARDED_\w+)", text("pod/http/proxies.py")))
    assert len(believed) == 3
    for name in ("Host", *(each.replace("_", "-").title() for each in believed)):
        assert re.search(rf"proxy_set_header {name} \S+;", text("packaging/nginx.conf")), name


def test_nginx_takes_what_the_server_takes():
    (kibibytes,) = re.findall(r"large_client_header_buffers \d+ (\d+)k;", text("packaging/nginx.conf"))
    assert int(kibibytes) * 1024 >= DEFAULT.header_bytes_max
    for line in ("client_max_body_size 0;", "proxy_request_buffering off;", "proxy_buffering off;"):
        assert line in text("packaging/nginx.conf")


def test_nginx_logs_no_url_that_opens_a_channel():
    (stream,) = re.findall(r"location /\.stream/ \{.*?\n\t\}", text("packaging/nginx.conf"), re.DOTALL)
    assert "access_log off;" in stream
    for line in ("proxy_buffering off;", "proxy_set_header Upgrade $http_upgrade;"):
        assert line in stream
    (seconds,) = re.findall(r"proxy_read_timeout (\d+)s;", stream)
    assert int(seconds) > 2 * DEFAULT.stream_idle_seconds


def test_nginx_logs_no_link_that_somebody_shared():
    conf = text("packaging/nginx.conf")
    (secret,) = re.findall(r"map \$uri \$freehold_logged \{\n\tdefault 1;\n\t~(\S+) 0;\n\}", conf)
    assert re.search(secret, f"/{LINKS}secret")
    assert not re.search(secret, "/alice/notes")
    servers = conf.split("server {")[1:]
    assert all("access_log /var/log/nginx/access.log combined if=$freehold_logged;" in each for each in servers)


def test_caddy_closes_idle_connections_before_the_server_does():
    seconds = [int(each) for each in re.findall(r"keepalive (\d+)s", text("packaging/Caddyfile"))]
    assert seconds
    assert max(seconds) < HEADERS_SECONDS_MAX


# -- dependencies ------------------------------------------------------------------------------------------------------


def imported_by(*folders: str) -> set[str]:
    """The distributions whose modules the code of these folders imports."""
    names = set()
    for file in (
        file for folder in folders for file in (ROOT / folder).rglob("*.py") if "node_modules" not in file.parts
    ):
        names |= set(re.findall(r"^ *(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))
    known = packages_distributions()
    return {canonical(each) for name in names - sys.stdlib_module_names for each in known.get(name, [])} - {"freehold"}


def declared(*extras: str) -> set[str]:
    lines = PROJECT["dependencies"] + [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    return {canonical(re.match(r"[\w-]+", line)[0]) for line in lines}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_server_asks_for_what_it_imports():
    assert imported_by("pod") - declared() == set()


def test_tests_and_benchmark_ask_for_what_they_import():
    assert imported_by("tests", "examples", "bench") - declared("test", "bench") == set()


def test_each_dependency_has_a_lower_bound():
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    assert [line for line in PROJECT["dependencies"] + extras if ">=" not in line] == []


def test_the_python_that_is_asked_for_is_the_one_that_is_tested():
    assert PROJECT["requires-python"] == f">={sysconfig.get_python_version()}"
