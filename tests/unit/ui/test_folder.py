"""The page of a folder: the order of what is in it, its two looks, and its pages when there is much."""

from __future__ import annotations

import re
import time

import pytest

from pod.store.records import SERVER, Kind, Member
from pod.ui import folder
from pod.ui.folder import Order, sorted_members
from tests.support.pages import Guest, Site
from tests.support.stores import put_in, staged

HERE = "/.home/alice/many/"
MANY = 150
_NAME = re.compile(r'<bdi class="name">([^<]*)</bdi>')


def member(name: str, size: int = 0, modified_ms: int = 0, media_type: str = "text/plain") -> Member:
    kind = Kind.CONTAINER if name.endswith("/") else Kind.OTHER
    return Member(f"/alice/{name}", kind, media_type, size, modified_ms)


MEMBERS = (
    member("b10.txt", 3, 30),
    member("%C3%84pfel.pdf", 1, 20, "application/pdf"),
    member("Zoo/", 0, 5),
    member("b2.txt", 2, 40),
    member("archive/", 0, 50),
    member("apple.png", 9, 10, "image/png"),
)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("name", "archive Zoo %C3%84pfel.pdf apple.png b2.txt b10.txt"),
        ("name-down", "Zoo archive b10.txt b2.txt apple.png %C3%84pfel.pdf"),
        ("newest", "archive Zoo b2.txt b10.txt %C3%84pfel.pdf apple.png"),
        ("oldest", "Zoo archive apple.png %C3%84pfel.pdf b10.txt b2.txt"),
        ("largest", "archive Zoo apple.png b10.txt b2.txt %C3%84pfel.pdf"),
        ("smallest", "archive Zoo %C3%84pfel.pdf b2.txt b10.txt apple.png"),
        ("kind", "archive Zoo %C3%84pfel.pdf apple.png b2.txt b10.txt"),
    ],
)
def test_folders_come_first_and_the_rest_as_people_order_it(order: str, names: str):
    found = sorted_members(MEMBERS, Order(order))
    assert [each.path.removeprefix("/alice/").rstrip("/") for each in found] == names.split()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    site.account("alice")
    content = staged(site.services.store, b"")
    with site.services.store.write(SERVER) as tx:
        for number in range(MANY):
            put_in(tx, f"/alice/many/n{number}.ttl", content)
        put_in(tx, "/alice/empty/", content)
    return site


@pytest.fixture
def she(site: Site) -> Guest:
    return site.signed_in("alice")


def names(page: str) -> list[str]:
    return _NAME.findall(page)


def test_a_large_folder_comes_in_pages_in_one_order(she: Guest):
    found = [names(she.get(f"{HERE}?page={page}").text) for page in (1, 2, 3)]
    assert [len(each) for each in found] == [60, 60, 30]
    assert [name for each in found for name in each] == [f"n{number}.ttl" for number in range(MANY)]
    assert "Page 3 of 3" in she.get(f"{HERE}?page=9").text, "what went with the last page leads to the one before"


@pytest.mark.parametrize(
    "asked", ["page=0", "page=-1", "page=%C2%B2", "page=99999999", "sort=x", "as=x", "page=1&page=2"]
)
def test_an_address_that_asks_for_nonsense_shows_the_folder(she: Guest, asked: str):
    answer = she.get(f"{HERE}?{asked}")
    assert answer.status_code == 200
    assert names(answer.text)


def test_a_folder_with_more_than_can_be_ordered_comes_by_its_paths(she: Guest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(folder, "SORTED_MAX", 140)
    seen, address = [], HERE
    for _ in range(3):
        page = she.get(address).text
        seen += names(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = HERE + following[1].replace("&amp;", "&") if following else ""
    assert address == ""
    assert seen == sorted(f"n{number}.ttl" for number in range(MANY))
    assert "too much in here to put in order" in page


def test_how_somebody_likes_to_see_folders_is_kept(site: Site, she: Guest):
    assert "tiles" not in she.get("/.home/alice/").text
    chosen = she.get("/.home/alice/?as=grid&sort=oldest")
    assert 'class="tiles shelf"' in chosen.text
    again = she.get(HERE).text
    assert 'class="tiles shelf"' in again
    assert "Oldest first</summary>" in again
    assert site.signed_in("alice").get(HERE).text.count("tiles") == 0


def test_an_empty_folder_takes_files_in(she: Guest):
    page = she.get("/.home/alice/empty/").text
    assert "Nothing here yet" in page
    assert 'id="upload"' in page
    assert 'id="selection"' not in page


def test_who_can_see_it_stands_below_the_heading(she: Guest):
    for path in (HERE, f"{HERE}n1.ttl"):
        page = she.get(path).text
        assert 0 < page.index("</h1>") < page.index(">Private<")


def test_each_thing_leads_to_its_details(she: Guest):
    assert f'href="{HERE}n1.ttl?view=details"' in she.get(HERE).text


@pytest.mark.soak
def test_ten_thousand_things_are_put_in_order_in_a_moment(site: Site, she: Guest):
    content = staged(site.services.store, b"")
    with site.services.store.write(SERVER) as tx:
        for number in range(10_000):
            put_in(tx, f"/alice/heap/n{number}.ttl", content)
    begun = time.perf_counter()
    page = she.get("/.home/alice/heap/?sort=name-down&page=2").text
    assert time.perf_counter() - begun < 2, "a tenth of a second, where nothing else is done"
    assert names(page)[0] == "n9939.ttl"
    assert len(page) < 100_000
