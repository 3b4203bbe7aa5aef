"""What it costs that owners see who used what: a request does nothing for it but add to a number in memory, and what was
added up is written in one go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pod.app import create_app
from pod.store.access_log import AccessLog
from pod.store.access_records import ANYTHING, AccessRecords
from tests.support.client import TURTLE
from tests.support.counting import Counts
from tests.support.inprocess import LocalServer

SMALL = b"<#a> <#b> <#c> ."
DOCUMENTS = 50


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Iterator[tuple[LocalServer, Counts]]:
    """A server, and what happens to the file of who used what."""
    server, counts = LocalServer(tmp_path_factory.mktemp("access")), Counts()
    services = server.services
    records = AccessRecords(services.config.access_database, on_connect=counts.on_connect)
    log = AccessLog(records, services.store, services.clock, services.config.activity_days)
    server.services = replace(services, access_log=log)
    server.application = create_app(services.config, server.services).wsgi_app
    assert server.request("PUT", "/alice/doc", TURTLE, SMALL).status == 201
    yield server, counts
    server.close()
    services.access_log.close()


def noted(server: LocalServer) -> int:
    assert server.services.access_log.write_down()
    return sum(each.times for each in server.services.access_log.records.page("/alice/", ANYTHING, 10_000))


@pytest.mark.parametrize(
    ("method", "content", "by", "status"),
    [
        ("GET", None, "alice", 200),
        ("GET", None, "bob", 403),
        ("GET", None, None, 401),
        ("PUT", SMALL, "alice", 204),
        ("PUT", SMALL, "bob", 403),
    ],
)
def test_a_request_does_nothing_to_the_file(local, method, content, by, status):
    server, counts = local
    before = noted(server)
    counts.reset()
    assert server.request(method, "/alice/doc", TURTLE if content else {}, content, by=by).status == status
    assert (counts.statements, counts.transactions) == ([], 0)
    assert noted(server) - before == 1


def test_a_batch_is_one_transaction_and_one_question_to_the_store(local):
    server, counts = local
    noted(server)
    for number in range(DOCUMENTS):
        server.request("GET", f"/alice/missing-{number}", by="bob")
        server.request("GET", f"/alice/missing-{number}", by="bob")
    counts.reset()
    server.counts.reset()
    assert server.services.access_log.write_down()
    assert (counts.transactions, len(counts.statements)) == (1, 1 + DOCUMENTS)
    assert len(server.counts.statements) == 1
