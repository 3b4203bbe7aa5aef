"""Forms with files: read part by part however the bytes come, never held, and refused when they are no such thing."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pod.errors import BadRequest, ContentTooLarge, PodError, TruncatedContent
from pod.http.multipart import FIELD_BYTES_MAX, HEAD_BYTES_MAX, PIECE_BYTES, SentField, SentFile, parts

TYPE = "multipart/form-data; boundary=cut"
FIELD = b'Content-Disposition: form-data; name="csrf"\r\n\r\ntoken'
FILE = b'Content-Disposition: form-data; name="files"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'


class Slow(io.BytesIO):
    """Gives so many bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(self._size, size if size and size > 0 else self._size))


def form(*bodies: bytes) -> bytes:
    return b"".join(b"\r\n--cut\r\n" + each for each in bodies) + b"\r\n--cut--\r\n"


def found(
    data: bytes, size: int = 10**6, content_type: str = TYPE, parts_max: int = 10
) -> list[tuple[str, str, bytes]]:
    """Name, file name and content of each part."""
    told = []
    for part in parts(content_type, Slow(data, size), parts_max=parts_max):
        if isinstance(part, SentField):
            told.append((part.name, "", part.value.encode()))
        else:
            told.append((part.name, part.file_name, b"".join(iter(lambda each=part: each.stream.read(100), b""))))
    return told


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.just(b"\r\n--cu\r\n--") | st.just(b"\r\n" * 50), st.integers(1, 80))
def test_every_byte_of_a_file_comes_through_however_it_is_cut(content: bytes, size: int):
    if b"--cut" in content:
        return
    expected = [("csrf", "", b"token"), ("files", "a.txt", content), ("files", "a.txt", b"")]
    assert found(form(FIELD, FILE + content, FILE), size) == expected


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_part_may_share_its_empty_line_with_the_boundary(size: int):
    assert found(form(FILE[:-2], FIELD), size) == [("files", "a.txt", b""), ("csrf", "", b"token")]


def test_what_of_a_file_is_not_read_is_passed_over():
    sent = list(parts(TYPE, io.BytesIO(form(FILE + b"1" * 10**6, FIELD)), parts_max=3))
    assert [type(each) for each in sent] == [SentFile, SentField]
    assert sent[1] == SentField("csrf", "token")


def test_a_large_file_is_never_held():
    data, size = io.BytesIO(form(FILE + b"0123456789\r\n" * 2_000_000)), 0
    tracemalloc.start()
    for part in parts(TYPE, data, parts_max=1):
        assert isinstance(part, SentFile)
        while piece := part.stream.read(256 * 1024):
            size += len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 24_000_000
    assert peak < 8 * PIECE_BYTES


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (form(FIELD), "multipart/form-data"),
        (form(FIELD), "multipart/mixed; boundary=cut"),
        (form(FIELD), "application/x-www-form-urlencoded"),
        (form(FIELD), ""),
        (form(FIELD), f"multipart/form-data; boundary={'x' * 201}"),
        (form(FIELD), "multipart/form-data; boundary=ü"),
        (form(FIELD)[:-9], TYPE),
        (form(FIELD)[:-4], TYPE),
        (form(FIELD)[:-15], TYPE),
        (b"", TYPE),
        (form(b"\r\n\r\nno disposition"), TYPE),
        (form(b'Content-Disposition: form-data; name="\xff"\r\n\r\nx'), TYPE),
        (form(FIELD + b"\xff"), TYPE),
    ],
)
def test_what_is_no_form_is_refused(data: bytes, content_type: str):
    with pytest.raises(BadRequest):
        found(data, content_type=content_type)


@pytest.mark.parametrize(
    "data",
    [
        form(FIELD + b"x" * FIELD_BYTES_MAX),
        form(*[FIELD] * 11),
        b"x" * 3 * HEAD_BYTES_MAX,
        form(b"X: " + b"y" * 3 * HEAD_BYTES_MAX + b"\r\n" + FIELD),
        form(b"X: y\r\n" * HEAD_BYTES_MAX + FIELD),
    ],
    ids=["a field", "parts", "before", "a line", "lines"],
)
def test_what_is_too_much_is_refused(data: bytes):
    with pytest.raises(ContentTooLarge):
        found(data, size=64 * 1024)


def test_a_connection_that_breaks_ends_no_file():
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if not piece:
                raise TruncatedContent
            return piece

    with pytest.raises(TruncatedContent):
        for part in parts(TYPE, Broken(form(FILE + b"half")[:-12]), parts_max=1):
            assert isinstance(part, SentFile)
            part.stream.read()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_anything_is_read_or_refused(data: bytes, size: int):
    try:
        found(b"--cut\r\n" + data, size)
    except PodError:
        return
