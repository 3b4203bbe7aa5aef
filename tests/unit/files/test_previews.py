"""Pictures made anew in a process apart: what they show and nothing else, and no file that does harm."""

from __future__ import annotations

import io
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from pod.errors import Busy, UnprocessableContent
from pod.files import picture_process, previews
from pod.files.picture_process import LATE, UNREADABLE
from pod.files.previews import SIDE_MAX, SOURCE_BYTES_MAX, Previews, Reader
from tests.support.waiting import until

DOT = (10, 10)
ORIENTATION, GPS, TAKEN = 0x0112, 0x8825, 0x9003


def written(image: Image.Image, kind: str, **more: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **more)
    return made.getvalue()


def said_to_be(width: int, height: int) -> bytes:
    """A small WebP whose head says that it is large."""
    small = bytearray(written(Image.new("RGB", (16, 16)), "WEBP"))
    small[26:30] = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return bytes(small)


def many_words() -> PngImagePlugin.PngInfo:
    """More in one picture than decoders should unpack."""
    said = PngImagePlugin.PngInfo()
    for number in range(80):
        said.add_text(f"word{number}", " " * 1_000_000, zip=True)
    return said


def test_a_photo_comes_out_upright_and_smaller_and_tells_nothing():
    said = Image.Exif()
    said[ORIENTATION], said[TAKEN], said[GPS] = 6, "2026:03:04 05:06:07", {1: "N", 2: (1.0, 2.0, 3.0)}
    photo = written(Image.new("RGB", (400, 300), (200, 30, 30)), "JPEG", exif=said, comment=b"private")
    made = Previews().picture(photo, 100)
    shown = Image.open(io.BytesIO(made))
    assert (shown.format, shown.size, dict(shown.getexif())) == ("WEBP", (75, 100), {})
    assert b"private" not in made
    assert b"2026" not in made


@pytest.mark.parametrize(
    ("mode", "kind", "kept"),
    [("P", "GIF", "RGB"), ("RGBA", "PNG", "RGBA"), ("LA", "PNG", "RGBA"), ("CMYK", "JPEG", "RGB")],
)
def test_pictures_of_all_kinds_come_out_as_one(mode: str, kind: str, kept: str):
    source = written(Image.new(mode, (20, 10)), kind)
    shown = Image.open(io.BytesIO(Previews().picture(source, 100)))
    assert (shown.size, shown.mode) == ((20, 10), kept)


@pytest.mark.parametrize(
    ("source", "side"),
    [
        (b"", 100),
        (b"GIF89a", 100),
        (b"%PDF-1.7", 100),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 100),
        (written(Image.new("1", (20_000, 20_000)), "PNG"), 100),
        (written(Image.new("RGB", (10, 10)), "PNG")[:-30], 100),
        (written(Image.effect_noise((300, 300), 50), "JPEG")[:5_000], 100),
        (b"GIF89a" + b"\xff\xff\xff\xff\xf7\0\0" + bytes(768) + b",\0\0\0\0\xff\xff\xff\xff\0\x08", 100),
        (said_to_be(16_383, 16_383), 100),
        (written(Image.new("RGB", (10, 10)), "PNG", pnginfo=many_words()), 100),
        (written(Image.new("RGB", (10, 10)), "TIFF"), 100),
        (written(Image.new("RGB", (10, 10)), "PNG"), SIDE_MAX + 1),
    ],
    ids=[
        "nothing",
        "a beginning",
        "a document",
        "a drawing",
        "a bomb",
        "a part",
        "a part of a photo",
        "a huge page",
        "huge in its head",
        "many words",
        "another kind",
        "too large a wish",
    ],
)
def test_what_cannot_be_read_is_refused(source: bytes, side: int):
    with pytest.raises(UnprocessableContent):
        Previews().picture(source, side)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_other_kinds_are_turned_upright_too(kind: str):
    said = Image.Exif()
    said[ORIENTATION] = 6
    made = Previews().picture(written(Image.new("RGB", (400, 300)), kind, exif=said), 100)
    assert Image.open(io.BytesIO(made)).size == (75, 100)


def test_colours_of_other_screens_become_those_of_all():
    """Here of a screen whose red and green lamps were exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = profile.replace(b"rXYZ", b"none", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"none", b"gXYZ", 1)
    shown = {
        each: Image.open(io.BytesIO(Previews().picture(written(Image.new("RGB", DOT, (250, 0, 0)), "PNG", **more), 10)))
        for each, more in {
            "none": {},
            "same": {"icc_profile": profile},
            "other": {"icc_profile": exchanged},
            "broken": {"icc_profile": exchanged[:200]},
        }.items()
    }
    assert {each: image.getpixel((5, 5))[0] > 200 for each, image in shown.items()} == {
        "none": True,
        "same": True,
        "other": False,
        "broken": True,
    }


def test_a_file_is_read_by_the_process_alone(tmp_path: Path):
    path = tmp_path / "picture"
    path.write_bytes(written(Image.new("RGB", DOT), "PNG"))
    with path.open("rb") as file:
        assert Previews().picture(file, 10)
    with path.open("r+b") as file:
        file.truncate(SOURCE_BYTES_MAX + 1)
        with pytest.raises(UnprocessableContent):
            Previews().picture(file, 10)


def test_a_file_that_is_something_else_as_well_comes_out_as_a_picture_alone():
    script = b"<script>alert(1)</script>"
    for kind in ("GIF", "PNG", "JPEG"):
        made = Previews().picture(written(Image.new("RGB", DOT), kind) + script, 10)
        assert (made[:4], made[8:12], script in made) == (b"RIFF", b"WEBP", False)


# -- the process -------------------------------------------------------------------------------------------------------


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """The only one."""
    monkeypatch.setattr(previews, "_idle", [])
    made = Reader()
    previews._idle.append(made)
    yield made
    made.end()


def test_what_is_in_memory_is_read_without_memory_files_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(os, "memfd_create")
    assert one()


def one() -> bytes:
    return Previews().picture(written(Image.new("RGB", DOT), "PNG"), 10)


def none() -> None:
    with pytest.raises(UnprocessableContent):
        one()


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_one_process_makes_one_after_the_other(reader: Reader):
    assert len({one() for _ in range(5)}) == 1
    assert previews._idle == [reader]


def test_it_ends_when_nobody_asks_and_begins_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(previews, "_idle", [])
    monkeypatch.setattr(previews, "_COMMAND", (*previews._COMMAND[:-1], "0.05"))
    assert one()
    pid = previews._idle[0].pid
    until(lambda: not is_running(pid))
    assert one()


def test_one_that_was_killed_is_followed_by_another(reader: Reader):
    os.kill(reader.pid, signal.SIGKILL)
    assert one()
    assert previews._idle[0].pid != reader.pid


def test_what_has_the_number_of_one_that_ended_long_ago_is_not_killed(reader: Reader, monkeypatch: pytest.MonkeyPatch):
    os.kill(reader.pid, signal.SIGKILL)
    reader._seeing_off.join(60)
    killed = []
    monkeypatch.setattr(os, "killpg", lambda *words: killed.append(words))
    assert one()
    assert killed == []


def test_one_that_is_stuck_is_ended(reader: Reader):
    reader._socket.settimeout(0.2)
    os.kill(reader.pid, signal.SIGSTOP)
    with pytest.raises(Busy):
        one()
    until(lambda: not is_running(reader.pid))
    assert one()


def test_it_ends_with_whoever_asked(reader: Reader):
    one()
    reader._socket.close()
    until(lambda: not is_running(reader.pid))


def test_no_more_than_some_wait(reader: Reader, monkeypatch: pytest.MonkeyPatch):
    entered, go = Event(), Event()

    def slow(self: Reader, file: int, side: int) -> tuple[int, bytes]:
        entered.set()
        assert go.wait(60)
        return UNREADABLE, b""

    monkeypatch.setattr(Reader, "ask", slow)
    waiting = [Thread(target=none) for _ in range(10)]
    for each in waiting:
        each.start()
    assert entered.wait(60)
    until(lambda: previews._queue._value == 0)  # type: ignore[attr-defined]
    with pytest.raises(Busy):
        one()
    go.set()
    for each in waiting:
        each.join(60)
    assert previews._queue._value == 10  # type: ignore[attr-defined]


def loop(*_: object) -> bytes:
    while True:
        pass


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (loop, UNREADABLE),
        (lambda *_: time.sleep(60), LATE),
        (lambda *_: b"x" * 2**40, UNREADABLE),
        (lambda *_: os.abort(), UNREADABLE),
        (lambda *_: b"<html>", UNREADABLE),
        (lambda *_: b"RIFF" + b"x" * previews.MADE_BYTES_MAX, UNREADABLE),
        (lambda *_: Path("/tmp/written").write_bytes(b"x"), UNREADABLE),
    ],
    ids=["busy", "asleep", "large", "crash", "a page", "long", "a file"],
)
def test_a_picture_that_does_something_else_is_none(
    shown: Callable[..., bytes], outcome: int, monkeypatch: pytest.MonkeyPatch
):
    for name, value in (("shown", shown), ("CPU_SECONDS_MAX", 1), ("SECONDS_MAX", 0.5 if outcome == LATE else 60)):
        monkeypatch.setattr(picture_process, name, value)
    ours, theirs = socket.socketpair()
    with ours, theirs, Path("/dev/null").open("rb") as nothing:
        assert picture_process._in_a_child(theirs, nothing.fileno(), 100) == (outcome, b"")
