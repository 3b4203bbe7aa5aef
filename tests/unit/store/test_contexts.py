"""Contexts of other servers are fetched at the first write that names them, and never again."""

from __future__ import annotations

import json

import pytest

from pod.clock import SystemClock
from pod.config import Config
from pod.errors import Busy, UnprocessableContent
from pod.remote.client import Fetched, Limits
from pod.remote.errors import Unreachable
from pod.store.contexts import FetchedContexts, KeptContexts
from pod.store.sqlite import open_store

URL = "https://contexts.example/v1"
BODY = json.dumps({"@context": {"name": "http://xmlns.com/foaf/0.1/name"}}).encode()


class CannedRemote:
    """Answers every fetch the same way and counts."""

    def __init__(self, body=BODY, status=200, error=None):
        self.body, self.status, self.error = body, status, error
        self.fetched = []

    def fetch(self, url, *, accept, limits):
        self.fetched.append(url)
        if self.error:
            raise self.error
        return Fetched(url, self.status, "application/ld+json", self.body)


@pytest.fixture
def store(tmp_path):
    store = open_store(Config(data=tmp_path), SystemClock())
    yield store
    store.close()


def fetching(store, remote, contexts_max=10):
    return FetchedContexts(
        store, remote, Limits(1000, 1, 1), contexts_max=contexts_max, is_ours=lambda url: "ours" in url, fetches_max=1
    )


def test_a_context_is_fetched_once_and_kept(store):
    remote = CannedRemote()
    contexts = fetching(store, remote)
    assert contexts.load(URL) == BODY
    remote.body = b'{"@context": {"name": "http://elsewhere.example/"}}'
    assert contexts.load(URL) == BODY
    assert remote.fetched == [URL]


def test_reading_never_fetches(store):
    with pytest.raises(UnprocessableContent):
        KeptContexts(store).load(URL)
    fetching(store, CannedRemote()).load(URL)
    assert KeptContexts(store).load(URL) == BODY


@pytest.mark.parametrize(
    "remote",
    [
        CannedRemote(error=Unreachable("no route")),
        CannedRemote(status=404),
        CannedRemote(body=b"<html>"),
        CannedRemote(body=b"[1]"),
        CannedRemote(body=b'{"no": "context"}'),
        CannedRemote(body=b"[" * 900),
    ],
)
def test_what_is_no_context_is_refused_by_name_and_not_kept(store, remote):
    with pytest.raises(UnprocessableContent, match=URL):
        fetching(store, remote).load(URL)
    with pytest.raises(UnprocessableContent):
        KeptContexts(store).load(URL)


def test_a_context_on_this_server_is_never_fetched(store):
    remote = CannedRemote()
    with pytest.raises(UnprocessableContent):
        fetching(store, remote).load("https://ours.example/alice/context")
    assert remote.fetched == []


def test_the_number_of_kept_contexts_is_bounded(store):
    contexts = fetching(store, CannedRemote(), contexts_max=1)
    contexts.load(URL)
    with pytest.raises(UnprocessableContent, match="no more"):
        contexts.load(URL + "/other")


def test_slow_contexts_cannot_keep_every_thread_waiting(store):
    remote = CannedRemote()
    contexts = fetching(store, remote)
    with contexts._places, pytest.raises(Busy):
        contexts.load(URL)
    assert remote.fetched == []
    assert contexts.load(URL) == BODY
