"""No secret in any line, whoever writes it and however."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from pod.observability.logging import HIDDEN, scrub, scrub_text
from tests.support.logged import logging_to

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
SECRET = "correct-horse-battery"


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a process with this log format writes."""
    stream = io.StringIO()
    with logging_to(stream, request.param):
        yield stream


@pytest.mark.parametrize(
    "value",
    [
        {"Authorization": f"DPoP {SECRET}"},
        {"HTTP_AUTHORIZATION": f"Basic {SECRET}"},
        {"dpop": SECRET},
        {"Cookie": SECRET},
        {"Set-Cookie": SECRET},
        {"client_secret": SECRET},
        {"password": SECRET},
        {"new_password": SECRET},
        {"access_token": SECRET},
        {"refresh_token": SECRET},
        {"headers": {"authorization": SECRET}},
        {"headers": [("Authorization", SECRET), (b"DPoP", SECRET.encode())]},
        {"a": [{"b": ({"secret": SECRET},)}]},
        f"Authorization: Bearer {SECRET}",
        f"authorization: basic {SECRET}",
        f"GET /x with DPoP {SECRET}",
        f"grant_type=client_credentials&client_secret={SECRET}&scope=webid",
        f'{{"password": "{SECRET}"}}',
        f"Cookie: session={SECRET}; other=1",
        f"GET /.link/{SECRET}/photos/cat",
        f"at https://pods.example/.link/{SECRET}?show",
        f"/%2Elink/{SECRET}/x",
        f"proof {JWT} refused",
        JWT.encode(),
    ],
)
def test_secrets_are_hidden_wherever_they_stand(value):
    shown = json.dumps(scrub(value))
    assert SECRET not in shown
    assert JWT not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        "PUT /alice/notes/token.ttl",
        "basic container made",
        "http://localhost:3000/alice/profile/card#me",
        "the passwords of 3 accounts were upgraded",
        "status 401 in 3.2 ms",
    ],
)
def test_what_is_no_secret_stays(text):
    assert scrub_text(text) == text


def test_numbers_and_nothing_stay_what_they_are():
    assert scrub({"status": 200, "ms": 1.5, "ok": True, "none": None}) == {
        "status": 200,
        "ms": 1.5,
        "ok": True,
        "none": None,
    }


def test_something_endless_is_cut():
    endless: list = []
    endless.append(endless)
    assert HIDDEN in json.dumps(scrub(endless))


def test_our_lines_and_those_of_libraries_look_alike(lines):
    structlog.get_logger("pod.web").warning("took long", ms=12)
    logging.getLogger("urllib3").warning("took %s", "long")
    ours, theirs = lines.getvalue().splitlines()
    assert "took long" in ours
    assert "took long" in theirs
    assert ("warning" in ours) is ("warning" in theirs) is True


def test_secrets_are_hidden_in_arguments_members_and_tracebacks(lines):
    try:
        raise RuntimeError(f"token endpoint said: client_secret={SECRET}")
    except RuntimeError:
        structlog.get_logger().exception("failed", authorization=f"DPoP {SECRET}")
        logging.getLogger("x").exception("failed with %s", f"Bearer {SECRET}")
    written = lines.getvalue()
    assert SECRET not in written
    assert written.count("RuntimeError") >= 2


def test_lines_below_the_level_are_not_written(lines):
    structlog.get_logger().debug("details")
    logging.getLogger("x").debug("details")
    assert lines.getvalue() == ""


@pytest.mark.parametrize("lines", ["json"], indirect=True)
def test_json_lines_are_one_object_each(lines):
    structlog.get_logger().info("made", path="/alice/", status=201)
    line = json.loads(lines.getvalue())
    assert {"event": "made", "path": "/alice/", "status": 201, "level": "info"}.items() <= line.items()


def test_nobody_outside_starts_a_line_or_commands_a_terminal(lines):
    forged = "/x\n2026-11-22T09:00:00Z [info] forged \x1b[2J \x9b2J\x85\u2028"
    try:
        raise ValueError(forged)
    except ValueError:
        logging.getLogger("any").exception("failed %s", forged)
    structlog.get_logger().info("asked", path=forged)
    written = lines.getvalue()
    assert not any(line.startswith("2026-11-22T09:00:00Z") for line in written.splitlines())
    assert not any(each in written for each in "\x1b\x9b\x85\u2028")
