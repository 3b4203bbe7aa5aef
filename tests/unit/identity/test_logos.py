"""Logos of apps: pictures only, told by their first bytes, never waited for long."""

from __future__ import annotations

import threading
import time
from base64 import b64decode

import pytest

from pod.identity import logos
from pod.identity.client_metadata import document_client
from pod.identity.logos import FAILURE_SECONDS, LOGO_BYTES_MAX, WAITING_MAX
from pod.remote.errors import AnswerTooLarge, ForbiddenAddress
from tests.unit.identity.apps import APP, CannedRemote, answer, clients_of, document, opened

PNG = b"\x89PNG\r\n\x1a\n" + b"." * 50
LOGO = "https://app.example/logo.png"
WITH_LOGO = document_client(APP, document(logo_uri=LOGO))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def remote():
    return CannedRemote()


@pytest.fixture
def clients(world, remote):
    with clients_of(world[0], remote) as clients:
        yield clients


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0JFIF", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_a_picture_becomes_a_data_uri(clients, remote, content, media_type):
    remote.answers[LOGO] = answer(content, "text/html")
    head, _, data = clients.logo(WITH_LOGO).partition(",")
    assert head == f"data:{media_type};base64"
    assert b64decode(data) == content
    clients.logo(WITH_LOGO)
    assert remote.asked == [LOGO]


@pytest.mark.parametrize(
    "given",
    [
        answer(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        answer(b"<html>", "image/png"),
        answer(b"", "image/png"),
        answer(PNG, status=404),
        answer(PNG + b"." * LOGO_BYTES_MAX),
        answer(b"RIFF\x10\0\0\0WAVEfmt "),
        ForbiddenAddress("private"),
        AnswerTooLarge("huge"),
    ],
    ids=range(8),
)
def test_anything_else_is_no_logo_and_is_left_alone_for_a_while(clients, remote, world, given):
    remote.answers[LOGO] = given
    assert clients.logo(WITH_LOGO) is None
    remote.answers[LOGO] = answer(PNG)
    assert clients.logo(WITH_LOGO) is None
    assert remote.asked == [LOGO]
    world[1].time += FAILURE_SECONDS
    assert clients.logo(WITH_LOGO).startswith("data:image/png")


def test_an_app_without_a_logo_has_none(clients, remote):
    assert clients.logo(document_client(APP, document())) is None
    assert remote.asked == []


def test_a_slow_logo_is_there_the_next_time(clients, remote):
    sent = threading.Event()
    remote.answers[LOGO] = lambda: answer(PNG if sent.wait(60) else b"")
    began = time.monotonic()
    assert clients.logo(WITH_LOGO) is None
    assert time.monotonic() - began < 30
    sent.set()
    assert clients.logo(WITH_LOGO).startswith("data:image/png")


def test_a_crowd_that_waits_for_logos_keeps_nobody(clients, remote, monkeypatch):
    sent = threading.Event()
    remote.answers[LOGO] = lambda: answer(PNG if sent.wait(60) else b"")
    crowd = [threading.Thread(target=clients.logo, args=(WITH_LOGO,)) for _ in range(WAITING_MAX)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join(60)
    monkeypatch.setattr(logos, "WAIT_SECONDS_MAX", 60)
    began = time.monotonic()
    assert clients.logo(WITH_LOGO) is None
    assert time.monotonic() - began < 30
    sent.set()


def test_a_logo_of_ours_is_never_fetched(clients, remote):
    ours = "https://pods.example/alice/logo.png"
    client = document_client(
        "https://pods.example/alice/app", document("https://pods.example/alice/app", logo_uri=ours)
    )
    assert client.logo_uri == ours
    assert clients.logo(client) is None
    assert remote.asked == []
