"""Small pictures of files: for the owner alone, made by us and once, and nothing of the file but what it shows."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from pod.files.previews import Previews
from pod.identity.accounts import named
from pod.operations.operation import Body, Operation
from pod.operations.put import put
from pod.operations.writing import acting_for
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.store.folders import Listed
from pod.store.records import Kind, ResourceState
from pod.store.thumbnails import sweep_thumbnails
from pod.ui.thumbnails import thumbnail_url
from tests.support.pages import Guest, Site
from tests.support.stores import delete, state_in

HERE = "/alice/photos/"
WIDE = "/alice/photos/wide%20one.jpg"
GPS = 0x8825


def picture(width: int = 800, height: int = 400, kind: str = "JPEG") -> bytes:
    said = Image.Exif()
    said[GPS] = {1: "N", 2: (1.0, 2.0, 3.0)}
    made = io.BytesIO()
    Image.new("RGB", (width, height), (30, 120, 60)).save(made, kind, exif=said, comment=b"private")
    return made.getvalue()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    for name in ("alice", "bob"):
        site.account(name)
    keep(site, WIDE, picture())
    yield site
    site.services.close()


def keep(site: Site, path: str, content: bytes, media_type: str = "image/jpeg") -> ResourceState:
    """As a PUT leaves it."""
    services, target = site.services, Target.parse(path)
    who = acting_for(services, services.store, named(services, target.storage.strip("/")).id, path)
    body = Body(io.BytesIO(content), MediaType.parse(media_type), len(content))
    put(services, Operation("PUT", target, who, NO_CONDITIONS, body=body))
    return state_in(services.store, path)


@pytest.fixture
def she(site: Site) -> Guest:
    return site.signed_in("alice")


def url(site: Site, path: str = WIDE, size: str = "tile") -> str:
    found = thumbnail_url(state_in(site.services.store, path), size)
    assert found is not None
    return found


@pytest.mark.parametrize(("size", "measures"), [("row", (96, 48)), ("tile", (320, 160)), ("page", (800, 400))])
def test_a_picture_is_shown_small_and_tells_nothing_else(site: Site, she: Guest, size: str, measures: tuple[int, int]):
    answer = she.get(url(site, size=size))
    shown = Image.open(io.BytesIO(answer.data))
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert (shown.format, shown.size, dict(shown.getexif())) == ("WEBP", measures, {})
    assert b"private" not in answer.data


def test_browsers_keep_what_is_of_one_state_and_may_not_guess(site: Site, she: Guest):
    told = she.get(url(site)).headers
    assert told["Cache-Control"] == "private, max-age=31536000, immutable"
    assert (told["X-Content-Type-Options"], told["Vary"]) == ("nosniff", "Cookie")
    assert told["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert she.get(url(site).partition("?")[0]).headers["Cache-Control"] == "private, no-cache"


def test_each_is_made_once_for_each_state_and_size(site: Site, she: Guest, monkeypatch: pytest.MonkeyPatch):
    made = []
    picture_of = Previews.picture

    def counted(self: Previews, source: bytes, side: int) -> bytes:
        made.append(side)
        return picture_of(self, source, side)

    monkeypatch.setattr(Previews, "picture", counted)
    path = f"{HERE}again.png"
    keep(site, path, picture(kind="PNG"), "image/png")
    first = [she.get(url(site, path, size)).data for size in ("row", "tile", "row", "tile")]
    assert (made, first[:2]) == ([96, 320], first[2:])
    keep(site, path, picture(200, 100, "PNG"), "image/png")
    assert Image.open(io.BytesIO(she.get(url(site, path, "row")).data)).size == (96, 48)
    assert made == [96, 320, 96]


@pytest.mark.parametrize("who", ["bob", None])
def test_nobody_else_is_shown_any(site: Site, who: str | None):
    other = site.signed_in(who) if who else site.guest()
    assert other.get(url(site)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/huge/alice/photos/wide%20one.jpg", "/tile/alice/photos/none.jpg", "/tile/alice/", "/tile/"]
)
def test_there_is_nothing_else_there(she: Guest, path: str):
    assert she.get(f"/.thumbnails{path}").status_code == 404


@pytest.mark.parametrize(
    ("media_type", "size", "has"),
    [
        ("image/png", 10, True),
        ("IMAGE/JPEG; q=1", 10, True),
        ("image/svg+xml", 10, False),
        ("text/html", 10, False),
        ("image/png", 10**9, False),
        ("image/png", 0, False),
    ],
)
def test_only_pictures_have_one(media_type: str, size: int, has: bool):
    member = Listed("/alice/a%20b", Kind.OTHER, media_type, size, 0, 7)
    assert thumbnail_url(member, "row") == ("/.thumbnails/row/alice/a%20b?v=7" if has else None)


def test_what_only_says_that_it_is_a_picture_shows_a_sign_and_is_tried_once(
    site: Site, she: Guest, monkeypatch: pytest.MonkeyPatch
):
    path = f"{HERE}script.png"
    keep(site, path, b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/png")
    for _ in range(2):
        answer = she.get(url(site, path))
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
        assert b"script" not in answer.data
        monkeypatch.setattr(Previews, "picture", None)


def test_they_go_with_the_file_and_with_its_earlier_states(site: Site, she: Guest):
    path, store = f"{HERE}leaving.png", site.services.store
    for side in (300, 400):
        keep(site, path, picture(side, side, "PNG"), "image/png")
        she.get(url(site, path, "row"))
        she.get(url(site, path, "page" if side == 300 else "tile"))
    rows = "SELECT size FROM thumbnail WHERE resource = ? ORDER BY size"
    key = state_in(store, path).id
    assert store.derived_rows(rows, (key,)) == [("page",), ("row",), ("tile",)]
    sweep_thumbnails(store)
    assert store.derived_rows(rows, (key,)) == [("row",), ("tile",)]
    delete(store, path)
    sweep_thumbnails(store)
    assert store.derived_rows(rows, (key,)) == []
    counted = "SELECT SUM(t.bytes) - MAX(a.bytes) FROM thumbnail t, thumbnail_total a"
    assert store.derived_rows(counted) == [(0,)]
