"""What the server says of itself: to everyone a word, to insiders the reasons and the numbers."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pod.app import create_app
from pod.config import Config, ConfigError
from pod.errors import StoreUnavailable
from pod.http import health, metrics
from pod.http.insiders import DOCTORS_KEY, Insiders, doctors_token, is_direct
from pod.observability.meters import KINDS, METERS, TASKS, Meters, Sums
from pod.store.census import take_census
from pod.worker import upkeep
from tests.support.client import TURTLE
from tests.support.inprocess import LocalServer
from tests.support.logged import logging_to
from tests.support.stores import StillClock

TOKEN = "a-token-of-thirty-characters-x"
INSIDE = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:3000"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path_factory.mktemp("health") / "data")
    config = replace(server.services.config, metrics_token=TOKEN)
    server.application = create_app(config, replace(server.services, config=config)).wsgi_app
    yield server
    server.close()


def asked(local: LocalServer, path: str, method: str = "GET", **environ: str):
    made = local.environ(method, path, {}, None, None)
    return local.call({**made, **environ})


def test_everyone_is_told_a_word(local: LocalServer):
    answer = asked(local, "/.health", REMOTE_ADDR="192.0.2.1", HTTP_HOST="anything.example")
    assert (answer.status, list(json.loads(answer.body))) == (200, ["status"])
    assert answer.headers["cache-control"] == "no-store"


def test_insiders_are_told_the_reasons_and_how_their_request_arrived(local: LocalServer):
    told = json.loads(asked(local, "/.health", HTTP_X_FORWARDED_PROTO="https").body)
    assert told["reasons"] == [
        "the worker does not run: nothing is swept, and no mail is sent",
        "the stream process does not run: no app hears of changes as they happen",
    ]
    assert told["arrived"]["headers"]["x-forwarded-proto"] == "https"


def test_head_and_other_methods(local: LocalServer):
    head = asked(local, "/.health", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    refused = asked(local, "/.health", "POST")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("environ", "direct"),
    [
        ({}, True),
        ({"HTTP_HOST": "127.0.0.1:9000"}, True),
        ({"HTTP_HOST": "[::1]:9000", "REMOTE_ADDR": "::1"}, True),
        ({"HTTP_HOST": "pods.example"}, False),
        ({"HTTP_HOST": "localhost.evil.example"}, False),
        ({"HTTP_HOST": "["}, False),
        ({"HTTP_HOST": ""}, False),
        ({"REMOTE_ADDR": "192.0.2.1"}, False),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ({"HTTP_FORWARDED": "for=127.0.0.1"}, False),
        ({"HTTP_VIA": "1.1 proxy"}, False),
        ({"HTTP_X_REAL_IP": ""}, False),
    ],
)
def test_who_asks_from_this_machine(environ: dict[str, str], direct: bool):
    assert is_direct(INSIDE | environ) is direct


@pytest.mark.parametrize(
    ("base_url", "host", "admitted"),
    [
        ("http://localhost:3000/", "127.0.0.1", True),
        ("http://127.0.0.1:3000/", "localhost", True),
        ("http://localhost:3000/", "0.0.0.0", False),
        ("http://pods.home:3000/", "127.0.0.1", False),
        ("https://pods.example/", "127.0.0.1", False),
    ],
)
def test_a_server_that_others_can_reach_believes_no_address(tmp_path: Path, base_url: str, host: str, admitted: bool):
    """A proxy or tunnel on its machine may pass on strangers without a word, and whatever Host they send."""
    insiders = Insiders(Config(data=tmp_path, base_url=base_url, host=host, metrics_token=TOKEN), StillClock())
    assert insiders.admits(INSIDE) is admitted
    assert insiders.admits(INSIDE | {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"})


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("Bearer", 404),
        (f"Bearer {TOKEN}x", 404),
        (f"Basic {TOKEN}", 404),
    ],
)
def test_metrics_want_the_token_from_elsewhere(local: LocalServer, authorization: str, status: int):
    answer = asked(local, "/.metrics", REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION=authorization)
    assert answer.status == status


def test_to_others_there_are_no_metrics(local: LocalServer):
    far = {"REMOTE_ADDR": "192.0.2.1"}
    refused, unknown = asked(local, "/.metrics", **far), asked(local, "/.nothing", **far)
    told = [{**json.loads(each.body), "instance": ""} for each in (refused, unknown)]
    assert told[0] == told[1]
    assert refused.status == unknown.status == 404
    assert refused.headers.keys() == unknown.headers.keys()


def test_the_doctors_token_is_worth_something_for_a_short_while(local: LocalServer):
    key = bytes.fromhex((local.services.config.run / DOCTORS_KEY).read_text())
    now = local.services.clock.now()
    for age, status in ((0, 200), (60, 200), (120, 404), (-60, 404)):
        shown = f"Bearer {doctors_token(key, now - age)}"
        assert asked(local, "/.metrics", REMOTE_ADDR="192.0.2.1", HTTP_AUTHORIZATION=shown).status == status


def test_a_damaged_key_of_the_doctors_keeps_no_server_from_starting(tmp_path: Path):
    config = Config(data=tmp_path)
    config.run.mkdir()
    (config.run / DOCTORS_KEY).write_text("")
    Insiders(config, StillClock())
    assert len(bytes.fromhex((config.run / DOCTORS_KEY).read_text())) == 32


@pytest.mark.parametrize("token", ["short", "x" * 201, "twenty characters or more", "é" * 30])
def test_a_token_that_cannot_work_is_refused_at_start(token: str):
    with pytest.raises(ConfigError, match="metrics_token"):
        Config(metrics_token=token)


def test_the_page_is_what_prometheus_reads(local: LocalServer):
    local.request("PUT", "/alice/counted", TURTLE, b"<#a> <#b> <#c> .")
    text = asked(local, "/.metrics").body.decode()
    sample = re.compile(r'freehold_[a-z_]+(?:\{[a-z]+="[^"\n]+"(?:,[a-z]+="[^"\n]+")*\})? (?:[0-9.e+\-]+)')
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not sample.fullmatch(line)] == []
    assert len(lines) == len({line.rpartition(" ")[0] for line in lines})
    assert 'freehold_requests_total{kind="pod",method="PUT",status="2xx"}' in text
    assert "freehold_accounts 2" in text
    assert "alice" not in text


def noted(local: LocalServer) -> dict[str, float]:
    """What became of decisions, since this process began; other tests may have run in it."""
    text = asked(local, "/.metrics").body.decode()
    counts = re.findall(r'(?m)^freehold_access_log_(?:decisions_total\{kept="(\w+)"\}|(failures)_total) (\S+)', text)
    return {one or other: float(count) for one, other, count in counts}


def test_what_became_of_what_was_noted_for_owners_is_counted(local: LocalServer):
    before = noted(local)
    local.request("GET", "/alice/", by="bob")
    assert local.services.access_log.write_down()
    after = noted(local)
    assert after.pop("singly") > before.pop("singly")
    assert after == before
    assert before.keys() == {"together", "not", "failures"}
    text = asked(local, "/.metrics").body.decode()
    assert float(re.search(r'freehold_database_bytes\{file="access.sqlite"\} (\d+)', text)[1]) > 0


def test_buckets_add_up():
    observed = Meters()
    observed.waited(0.25)
    observed.waited(0.5)
    table = observed.unshared()
    lines = list(metrics.histogram("w", "Waits", [({}, Sums(table).write_waits)]))
    counts = [float(line.rpartition(" ")[2]) for line in lines if "_bucket" in line]
    assert counts == sorted(counts)
    assert counts[-1] == 2
    assert lines[-2:] == ["freehold_w_sum 0.75", "freehold_w_count 2"]


def test_a_census_counts_what_there_is(local: LocalServer):
    before = take_census(local.services.store)
    local.request("PUT", "/alice/more", TURTLE, b"<#a> <#b> <#c> .")
    after = take_census(local.services.store)
    assert (before.accounts, before.storages) == (2, 2)
    assert (after.resources - before.resources, after.bytes - before.bytes) == (1, 16)
    assert after.journal_position == before.journal_position + 1


def broken(**changes):
    config = SimpleNamespace(data=Path("/"), meters=Path("/none"))
    return SimpleNamespace(config=config, clock=SimpleNamespace(now=lambda: 0.0), **changes)


def test_without_its_database_the_server_is_not_healthy():
    def refuse(*_):
        raise StoreUnavailable("no disk")

    found = health.examine(broken(store=SimpleNamespace(rows=refuse)))
    assert (found.code, found.status, found.refusal) == (503, "unavailable", "no disk")


@pytest.mark.parametrize(
    ("free_bytes", "flags", "reason"),
    [(10 << 30, 0, None), (100 << 20, 0, "has 100 MiB left"), (10 << 30, os.ST_RDONLY, "can only be read")],
)
def test_a_disk_that_needs_a_hand(monkeypatch: pytest.MonkeyPatch, free_bytes: int, flags: int, reason: str | None):
    disk = SimpleNamespace(f_flag=flags, f_bavail=free_bytes // 4096, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda _: disk)
    reasons = health.disk_reasons(Path("/"))
    assert (reason is None) == (reasons == ())
    assert all(reason in each for each in reasons)


@pytest.mark.parametrize(("late", "reasons"), [(-10, 0), (30, 0), (100, 1)])
@pytest.mark.parametrize(("role", "look"), [("worker", health.worker_reasons), ("stream", health.stream_reasons)])
def test_a_process_that_is_held_up_is_noticed(tmp_path: Path, role: str, look: Any, late: float, reasons: int):
    process = Meters()
    process.share(Config(data=tmp_path).meters, role)
    process.back_by(1000.0)
    assert len(look(Config(data=tmp_path), 1000.0 + late)) == reasons
    process.close()


def test_health_is_looked_into_once_a_second(local: LocalServer):
    check = health.HealthCheck(local.services)
    local.counts.reset()
    for _ in range(100):
        check.look()
    assert len(local.counts.statements) == 1


def test_every_task_of_the_worker_is_counted(local: LocalServer):
    config = replace(local.services.config, mail_from="pods@example.org", smtp_host="mail.example")
    tasks = upkeep(config, local.services.store, local.services.clock)
    assert {task.name for task in tasks} == set(TASKS)


def test_requests_that_are_not_for_pods_are_counted_too(local: LocalServer):
    def counts() -> dict[str, float]:
        text = asked(local, "/.metrics").body.decode()
        METERS.write_down()
        found = re.findall(r'freehold_requests_total\{kind="([a-z-]+)",method="GET",status="[2-5]xx"\} (\d+)', text)
        return {kind: sum(float(n) for each, n in found if each == kind) for kind in KINDS}

    before = counts()
    asked(local, "/.oidc/jwks")
    asked(local, "/.account/sign-in")
    asked(local, "/", HTTP_HOST="wrong.example")
    after = counts()
    grown = {kind: after[kind] - before[kind] for kind in KINDS}
    assert grown == {"pod": 0, "sign-in": 1, "page": 1, "operator": 1, "other": 1}


def test_a_failure_is_logged_once_under_the_name_that_the_client_is_told(
    local: LocalServer, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_, **__):
        raise RuntimeError("broken with client_secret=verysecret")

    stream = io.StringIO()
    with logging_to(stream, "json"):
        monkeypatch.setattr(type(local.services.store), "describe", fail)
        answers = [local.request("GET", "/alice/doc", by=None) for _ in range(2)]
    names = [json.loads(answer.body)["instance"].rpartition(":")[2] for answer in answers]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["request"], "RuntimeError" in line["exception"]) for line in lines] == [
        ("failed", name, True) for name in names
    ]
    assert names[0] != names[1]
    assert "verysecret" not in stream.getvalue()
