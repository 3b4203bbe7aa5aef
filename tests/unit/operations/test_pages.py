"""Pages of listings: containers first, each member on one page, and no more kept than one page."""

import tracemalloc

import pytest

from pod.errors import NotFound
from pod.operations.pages import PAGE_MEMBERS_MAX, listing_page
from pod.store.records import Kind, Member


def members(count, every=3):
    """In path order; each third is a container."""
    for number in range(count):
        kind = Kind.OTHER if number % every else Kind.CONTAINER
        slash = "" if number % every else "/"
        yield Member(f"/alice/{number:07}{slash}", kind, "text/plain", 1, 0)


@pytest.mark.parametrize("count", [0, 1, PAGE_MEMBERS_MAX, PAGE_MEMBERS_MAX + 1, 2 * PAGE_MEMBERS_MAX, 3500])
def test_every_member_is_on_one_page(count):
    first = listing_page(lambda: members(count), 1)
    pages = [first, *(listing_page(lambda: members(count), page) for page in range(2, first.pages + 1))]
    shown = [each for page in pages for each in page.members]
    assert len(shown) == count
    assert set(shown) == set(members(count))
    assert all(len(page.members) <= PAGE_MEMBERS_MAX for page in pages)
    kinds = [each.kind is Kind.CONTAINER for each in shown]
    assert kinds == sorted(kinds, reverse=True)
    assert (first.containers, first.others) == (kinds.count(True), kinds.count(False))


@pytest.mark.parametrize(("count", "page"), [(0, 2), (5, 2), (PAGE_MEMBERS_MAX, 2), (3500, 5)])
def test_there_is_no_page_after_the_last(count, page):
    with pytest.raises(NotFound):
        listing_page(lambda: members(count), page)


def test_names_are_sorted_as_people_do():
    found = listing_page(lambda: iter([member("/a/B"), member("/a/a"), member("/a/c")]), 1)
    assert [each.path for each in found.members] == ["/a/a", "/a/B", "/a/c"]


def member(path):
    return Member(path, Kind.OTHER, "text/plain", 1, 0)


def test_a_hundred_thousand_members_take_the_room_of_one_page():
    tracemalloc.start()
    try:
        found = listing_page(lambda: members(100_000), 50)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert (len(found.members), found.pages) == (PAGE_MEMBERS_MAX, 100)
