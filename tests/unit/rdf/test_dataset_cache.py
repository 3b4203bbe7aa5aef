"""What is remembered of patched documents."""

from __future__ import annotations

import pytest

from pod.rdf.dataset_cache import DatasetCache
from pod.rdf.graph import IRI, Dataset, Graph, Literal, Triple

URL = "https://pod.example/alice/notes"
LARGE = 50_000
"""Content of that size is counted exactly."""


def dataset(statements: int = 1, letters: int = 1) -> Dataset:
    term = IRI("https://vocab.example/#term")
    return Dataset(Graph(Triple(term, term, Literal(f"{number}" + "x" * letters)) for number in range(statements)))


def test_a_dataset_is_found_by_its_url_and_digest():
    cache, kept = DatasetCache(10_000), dataset()
    cache.put(URL, "digest", kept, LARGE)
    assert cache.get(URL, "digest") is kept


@pytest.mark.parametrize(("url", "digest"), [(URL, "other"), (f"{URL}2", "digest")])
def test_other_content_and_other_urls_are_not_known(url: str, digest: str):
    cache = DatasetCache(10_000)
    cache.put(URL, "digest", dataset(), LARGE)
    assert cache.get(url, digest) is None


def test_newer_content_takes_the_place_of_older():
    cache = DatasetCache(10_000)
    cache.put(URL, "older", dataset(), LARGE)
    cache.put(URL, "newer", dataset(), LARGE)
    assert (cache.get(URL, "older") is None, cache.get(URL, "newer") is None) == (True, False)


@pytest.mark.parametrize("large", [dataset(statements=100), dataset(letters=6_000)])
def test_what_would_take_more_than_half_is_not_kept(large: Dataset):
    cache = DatasetCache(10_000)
    cache.put(URL, "small", dataset(), LARGE)
    cache.put(URL, "large", large, LARGE)
    assert cache.get(URL, "large") is None
    assert cache.get(URL, "small") is None


def test_the_least_recently_used_is_forgotten_first():
    cache = DatasetCache(10_000)
    for name in "ab":
        cache.put(name, name, dataset(letters=4_000), LARGE)
    cache.get("a", "a")
    cache.put("c", "c", dataset(letters=4_000), LARGE)
    assert [name for name in "abc" if cache.get(name, name)] == ["a", "c"]


def test_a_small_one_is_not_counted_but_taken_for_the_most_it_could_be():
    cache = DatasetCache(20_000)
    cache.put(URL, "a", dataset(statements=10), 100)
    assert cache.get(URL, "a") is not None
    cache.put(URL, "b", dataset(statements=10), 1_000)
    assert cache.get(URL, "b") is None
