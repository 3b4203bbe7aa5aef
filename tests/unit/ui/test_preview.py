"""What the page of a file shows of it: pictures made small, the beginnings of texts, and never anything that acts."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from markupsafe import escape
from PIL import Image

from pod.identity.accounts import named
from pod.operations.operation import Body, Operation
from pod.operations.put import put
from pod.operations.writing import acting_for
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.ui.preview import TEXT_BYTES_MAX, decoded
from tests.support.pages import Guest, Site
from tests.support.stores import state_in

HERE = "/alice/things/"
EVIL = b"<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    site.account("alice")
    yield site
    site.services.close()


@pytest.fixture
def she(site: Site) -> Guest:
    return site.signed_in("alice")


def keep(site: Site, name: str, content: bytes, media_type: str) -> str:
    """As a PUT leaves it; gives the path of its page."""
    services, target = site.services, Target.parse(HERE + name)
    who = acting_for(services, services.store, named(services, "alice").id, HERE)
    body = Body(io.BytesIO(content), MediaType.parse(media_type), len(content))
    put(services, Operation("PUT", target, who, NO_CONDITIONS, body=body))
    return f"/.home{HERE}{name}"


def picture(kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (2000, 1000), (30, 120, 60)).save(made, kind)
    return made.getvalue()


def test_a_picture_is_shown_small_in_its_measures_and_the_original_is_a_click_away(site: Site, she: Guest):
    page = keep(site, "photo.png", picture(), "image/png")
    version = state_in(site.services.store, f"{HERE}photo.png").version
    small = f"/.thumbnails/page{HERE}photo.png?v={version}"
    assert f'<img src="{small}" alt="photo.png">' in she.get(page).text
    she.get(small)
    answer = she.get(page)
    assert f'<img src="{small}" alt="photo.png" width="1280" height="640">' in answer.text
    assert '<a href="?shown" target="_blank"' in answer.text
    assert f"{site.base_url}.thumbnails/" in answer.headers["Content-Security-Policy"]


def test_of_what_is_no_picture_that_is_told(site: Site, she: Guest):
    page = keep(site, "broken.png", b"GIF89a", "image/png")
    she.get(f"/.thumbnails/page{HERE}broken.png")
    assert "cannot be shown here" in she.get(page).text


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "text/html",
        "text/markdown",
        "application/xhtml+xml",
        "application/javascript",
        "text/x; charset=utf-8",
    ],
)
def test_texts_of_all_kinds_are_shown_as_text(site: Site, she: Guest, media_type: str):
    answer = she.get(keep(site, "evil", EVIL, media_type))
    assert f'<pre tabindex="0" dir="auto">{escape(EVIL.decode())}</pre>' in answer.text
    assert EVIL.decode() not in answer.text


@pytest.mark.parametrize("unit", ["a line\n", "ä€"])
def test_of_a_long_text_the_beginning_is_shown(site: Site, she: Guest, unit: str):
    page = she.get(keep(site, "long.md", unit.encode() * TEXT_BYTES_MAX, "text/markdown"))
    shown = page.text.partition('dir="auto">')[2].partition("</pre>")[0]
    assert shown.startswith(unit * 100)
    assert TEXT_BYTES_MAX - 4 < len(shown.encode()) <= TEXT_BYTES_MAX
    assert "only the beginning" in page.text


@pytest.mark.parametrize(
    ("media_type", "content", "told"),
    [
        ("application/pdf", b"%PDF-1.7", "Open it in a new tab"),
        ("image/svg+xml", b"<svg/>", "cannot be shown here"),
        ("application/octet-stream", EVIL, "cannot be shown here"),
        ("text/plain", b"\0\1\2" * 100, "cannot be shown here"),
        ("text/plain", b"", "This file is empty."),
        ("image/png", b"", "This file is empty."),
    ],
)
def test_what_is_not_shown_is_told(site: Site, she: Guest, media_type: str, content: bytes, told: str):
    answer = she.get(keep(site, "other", content, media_type))
    assert told in answer.text
    assert b"<script>alert" not in answer.data


@pytest.mark.parametrize(
    ("media_type", "element"),
    [("video/mp4", '<video class="preview" controls'), ("audio/mpeg", '<audio class="preview" controls')],
)
def test_sound_and_film_play_on_the_page(site: Site, she: Guest, media_type: str, element: str):
    answer = she.get(keep(site, media_type.replace("/", "-"), b"1", media_type))
    assert element in answer.text
    assert f"media-src {site.base_url}.home/" in answer.headers["Content-Security-Policy"]


def test_a_pdf_opens_in_a_tab_where_nothing_acts(site: Site, she: Guest):
    answer = she.get(keep(site, "a.pdf", b"%PDF-1.7", "application/pdf") + "?shown")
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


@pytest.mark.parametrize(
    ("content", "media_type", "text"),
    [
        ("Grüße €".encode(), "text/plain", "Grüße €"),
        ("Grüße €".encode("cp1252"), "text/plain", "Grüße €"),
        ("Grüße".encode("utf-16"), "text/plain", "Grüße"),
        (b"\xef\xbb\xbf" + "Grüße".encode(), "text/plain", "Grüße"),
        ("Привет".encode("koi8-r"), 'text/plain; charset="KOI8-R"', "Привет"),
        ("日本".encode("shift_jis"), "text/plain; charset=shift_jis", "日本"),
        (b"a\x1b[31m\x07b\r\n\tc", "text/plain", "a\ufffd[31m\ufffdb\r\n\tc"),
        (b"a", "text/plain; charset=rot13", "a"),
        (b"a", "text/plain; charset=idna", "a"),
        (b"a", "text/plain; charset=zlib", "a"),
        (b"a", "text/plain; charset=\xff", "a"),
        (b"\xd8\x00\xd8", "text/plain", None),
    ],
)
def test_texts_are_read_in_the_encoding_they_have(content: bytes, media_type: str, text: str | None):
    assert decoded(content, media_type, is_whole=True) == text


def test_a_character_that_is_cut_at_the_end_is_left_out():
    assert decoded("aä".encode()[:-1], "text/plain", is_whole=False) == "a"
