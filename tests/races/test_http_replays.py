"""One DPoP proof sent many times at once, to two web processes: it is accepted once.

Spec: RFC 9449 s11.1
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import pytest

from tests.support.client import SolidClient, contained, raw_head, raw_request
from tests.support.together import together

pytestmark = [pytest.mark.e2e, pytest.mark.requirement("rfc9449#11.1")]

TIMES = 16
CONTENT = {
    "GET": ("", b""),
    "HEAD": ("", b""),
    "PUT": ("text/plain", b"new"),
    "POST": ("text/plain", b"new"),
    "PATCH": ("application/sparql-update", b"INSERT DATA { <#a> <#b> <#c> }"),
    "DELETE": ("", b""),
}
ACCEPTED = {"GET": 200, "HEAD": 200, "PUT": 204, "POST": 201, "PATCH": 204, "DELETE": 204}


def statuses(client: SolidClient, method: str, url: str, times: int) -> Counter[int]:
    """What the very same request gets when it is sent many times at once."""
    media_type, content = CONTENT[method]
    fields = [f"Content-Type: {media_type}", f"Content-Length: {len(content)}"] if content else []
    sent = raw_head(client, method, urlsplit(url).path, *fields) + content
    return Counter(together(times, lambda _: raw_request(url, sent).status))


@pytest.mark.parametrize("method", CONTENT)
def test_a_proof_sent_many_times_at_once_is_accepted_once(alices: list[SolidClient], place: str, method: str) -> None:
    url = place + "doc"
    alices[0].put_turtle(url, "<#is> <#as> <#it> .")
    target = place if method == "POST" else url
    answers = statuses(alices[0], method, target, TIMES)
    assert answers[ACCEPTED[method]] == 1
    assert answers.keys() <= {ACCEPTED[method], 401, 404}, "a replay may also find that what it would delete is gone"
    if method == "POST":
        assert len(contained(alices[0], place)) == 2
