"""Messages whose end is a matter of opinion: two servers that read them differently would be one door too many.

Whatever is answered, the second message hidden in the first must never be carried out, and nothing may be stored that was
not whole.

Spec: RFC 9112 s2.2, s5.2, s6.1, s6.3, s7.1; RFC 9110 s6.5.1
"""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.hostile.place import ONE, Place
from tests.support.client import raw_connection, raw_head, raw_request

KIB = 1024
CHUNKED, TURTLE = "Transfer-Encoding: chunked", "Content-Type: text/turtle"
WHOLE = b"10\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n"
REFUSED_OR_CLOSED = {0, 400, 411, 413, 431, 501}


def sent(place: Place, *fields: str, method: str = "PUT") -> bytes:
    return raw_head(place.client, method, urlsplit(place.doc).path, *fields)


def hidden(place: Place) -> bytes:
    """A request that would be seen to have been carried out."""
    return raw_head(place.client, "DELETE", urlsplit(place.doc).path)


SMUGGLING = {
    "length and chunked": ["Content-Length: 4", CHUNKED],
    "chunked and length": [CHUNKED, "Content-Length: 4"],
    "chunked twice": [CHUNKED, CHUNKED],
    "chunked and identity": [CHUNKED, "Transfer-Encoding: identity"],
    "identity and chunked": ["Content-Length: 4", "Transfer-Encoding: identity, chunked"],
    "chunked, chunked": ["Transfer-Encoding: chunked, chunked"],
    "chunked, gzip": ["Content-Length: 4", "Transfer-Encoding: chunked, gzip"],
    "gzip, chunked": ["Content-Length: 4", "Transfer-Encoding: gzip, chunked"],
    "tab before chunked": ["Content-Length: 4", "Transfer-Encoding:\tchunked"],
    "vertical tab before chunked": ["Content-Length: 4", "Transfer-Encoding: \x0bchunked"],
    "quoted": ["Content-Length: 4", 'Transfer-Encoding: "chunked"'],
    "upper case": ["Content-Length: 4", "TRANSFER-ENCODING: CHUNKED"],
    "space before the colon": ["Content-Length: 4", "Transfer-Encoding : chunked"],
    "space before the name": ["Content-Length: 4", " Transfer-Encoding: chunked"],
    "folded": ["Content-Length: 4", "X-Own: a\r\n Transfer-Encoding: chunked"],
    "folded value": ["Content-Length: 4", "Transfer-Encoding:\r\n chunked"],
    "bare CR": ["Content-Length: 4", "X-Own: a\rTransfer-Encoding: chunked"],
    "NUL": ["Content-Length: 4", "Transfer-Encoding: chunked\x00"],
}


@pytest.mark.parametrize("how", SMUGGLING)
def test_no_message_hides_another(place: Place, how: str) -> None:
    message = sent(place, TURTLE, *SMUGGLING[how]) + b"0\r\n\r\n" + hidden(place)
    answer = raw_request(place.client.base_url, message)
    assert answer.status in {204} | REFUSED_OR_CLOSED
    assert place.client.get(place.doc).status_code == 200


@pytest.mark.parametrize("how", SMUGGLING)
def test_nor_behind_an_open_connection(place: Place, how: str) -> None:
    """The connection is not asked to be closed, and the hidden request comes where the other reader sees the end."""
    first = sent(place, TURTLE, *SMUGGLING[how]).replace(b"Connection: close\r\n", b"")
    with raw_connection(place.client.base_url) as connection:
        connection.sendall(first + b"0\r\n\r\n" + hidden(place))
        received = b""
        while (part := connection.recv(64 * KIB)) and received.count(b"HTTP/1.1 ") < 3:
            received += part
    assert place.client.get(place.doc).status_code == 200


CHUNKS = {
    "no size": b"\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "negative": b"-10\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "plus": b"+10\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "0x": b"0x10\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "too large": b"ffffffffffffffff\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "too large to hold": b"10000000000000010\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "many digits": b"0" * 100_000 + b"10\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "longer than it says": b"4\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "shorter than it says": b"20\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "no end of line": b"10\r\n<#x> <#y> <#z> .0\r\n\r\n",
    "bare LF": b"10\n<#x> <#y> <#z> .\n0\n\n",
    "bare CR": b"10\r<#x> <#y> <#z> .\r0\r\r",
    "spaces": b"10    \r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "an extension": b'10;a=b;c="d"\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n',
    "an extension with a line in it": b'10;a="\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n',
    "an extension without end": b"10;" + b"a" * 1_000_000 + b"\r\n<#x> <#y> <#z> .\r\n0\r\n\r\n",
    "nonsense": bytes(range(128, 256)),
    "nothing after the last": b"10\r\n<#x> <#y> <#z> .\r\n0\r\n",
    "a trailer": b"10\r\n<#x> <#y> <#z> .\r\n0\r\nX-Own: a\r\n\r\n",
    "trailers without end": b"10\r\n<#x> <#y> <#z> .\r\n0\r\n" + b"X-Own: a\r\n" * 100_000,
}
WHOLE_OR_NOTHING = {ONE, b"<#x> <#y> <#z> ."}


@pytest.mark.parametrize("how", CHUNKS)
def test_chunks_are_taken_whole_or_not_at_all(place: Place, how: str) -> None:
    answer = raw_request(place.client.base_url, sent(place, TURTLE, CHUNKED) + CHUNKS[how], cut=True)
    assert answer.status in {204} | REFUSED_OR_CLOSED
    content = place.client.get(place.doc).content
    assert content in WHOLE_OR_NOTHING
    if answer.status:  # it may hang up on who hung up, whatever became of the request
        assert (content == ONE) == (answer.status != 204)


@pytest.mark.parametrize(
    "trailer", ["Content-Type: text/plain", "If-None-Match: *", "Host: evil.example", "Content-Length: 0", "Slug: a"]
)
def test_what_comes_after_the_content_changes_nothing_of_the_request(place: Place, trailer: str) -> None:
    content = WHOLE[:-2] + trailer.encode() + b"\r\n\r\n"
    answer = raw_request(place.client.base_url, sent(place, TURTLE, CHUNKED) + content)
    assert answer.status in {204, 400}
    assert place.client.get(place.doc).headers["Content-Type"] == "text/turtle"


def test_many_tiny_chunks_are_one_content(place: Place) -> None:
    body = b"<#x> <#y> '" + b"z" * 20_000 + b"' ."
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    assert raw_request(place.client.base_url, sent(place, TURTLE, CHUNKED) + chunks).status == 204
    assert place.client.get(place.doc).content == body


@pytest.mark.parametrize("fields", [
    ["Content-Length: 16, 16"], ["Content-Length: 99999999999999999999"], ["Content-Length: 1e2"], ["Content-Length: "],
    ["Content-Length: \u0661"], ["Content-Length: 16\r\nContent-Length: 16,0"], ["Content-Length: 1 6"], ["Content-Length: 16;"],
])  # fmt: skip
def test_a_length_that_is_none_is_refused(place: Place, fields: list[str]) -> None:
    with place.unchanged():
        answer = raw_request(place.client.base_url, sent(place, TURTLE, *fields) + b"<#x> <#y> <#z> .", cut=True)
        assert answer.status in REFUSED_OR_CLOSED
