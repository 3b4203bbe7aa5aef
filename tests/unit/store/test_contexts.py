"""Contexts of other servers are fetched at the first write that names them, and never again."""

from __future__ import annotations

import json

import pytest

from pod.clock import SystemClock
from pod.config import Config
from pod.errors import Busy, UnprocessableContent
from pod.remote.client import Fetched
from pod.remote.errors import Unreachable
from pod.store.contexts import CONTEXT_BYTES_MAX, NEW_CONTEXTS_PER_DAY, FetchedContexts, KeptContexts
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


STORAGE, OTHER = "/alice/", "/bob/"


def all_contexts(store, remote, **settings):
    config = Config(**{"contexts_max": 10, "threads": 8, **settings})
    return FetchedContexts(store, remote, config, SystemClock(), is_ours=lambda url: "ours" in url)


def fetching(store, remote, **settings):
    return all_contexts(store, remote, **settings).of_document(STORAGE)


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


def test_slow_contexts_of_one_storage_keep_a_quarter_of_the_threads_waiting_at_most(store):
    remote = CannedRemote()
    contexts = all_contexts(store, remote)
    places = contexts._places
    assert [places.take(STORAGE), places.take(STORAGE)] == [True, True]
    with pytest.raises(Busy):
        contexts.of_document(STORAGE).load(URL)
    assert remote.fetched == []
    assert contexts.of_document(OTHER).load(URL) == BODY


def test_all_contexts_of_a_document_have_one_deadline(store):
    remote = CannedRemote()
    contexts = fetching(store, remote, remote_seconds_max=0)
    with pytest.raises(UnprocessableContent, match="too long"):
        contexts.load(URL)
    assert remote.fetched == []


def test_the_second_context_has_the_time_that_the_first_left(store):
    remote, left = CannedRemote(), []
    remote.fetch = lambda url, *, accept, limits: left.append(limits.seconds_max) or Fetched(url, 200, "", BODY)
    contexts = fetching(store, remote)
    contexts.load(URL)
    contexts.load(URL + "/2")
    assert 5 >= left[0] > left[1] > 0


def test_one_storage_brings_so_many_new_contexts_in_a_day_and_leaves_room_for_others(store):
    remote = CannedRemote()
    contexts = all_contexts(store, remote, contexts_max=1000)
    for number in range(NEW_CONTEXTS_PER_DAY):
        contexts.of_document(STORAGE).load(f"{URL}/{number}")
    with pytest.raises(UnprocessableContent, match="a day"):
        contexts.of_document(STORAGE).load(URL)
    assert contexts.of_document(OTHER).load(URL) == BODY
    assert contexts.of_document(STORAGE).load(URL) == BODY


def test_huge_contexts_are_not_read(store):
    remote, asked = CannedRemote(), []
    remote.fetch = lambda url, *, accept, limits: asked.append(limits.bytes_max) or Fetched(url, 200, "", BODY)
    fetching(store, remote).load(URL)
    assert asked == [CONTEXT_BYTES_MAX]
