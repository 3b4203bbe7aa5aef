"""Preconditions, row by row as RFC 9110 section 13 has them."""

import pytest

from pod.errors import BadRequest
from pod.protocol.conditions import NO_CONDITIONS, Conditions, Outcome, evaluate, range_applies
from pod.protocol.representation import ETag

PROCEED, NOT_MODIFIED, FAILED = Outcome.PROCEED, Outcome.NOT_MODIFIED, Outcome.FAILED

TURTLE = ETag("e1", 12, "ttl")
MODIFIED = 784111777.9
SAME_SECOND = "Sun, 06 Nov 1994 08:49:37 GMT"
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"

CURRENT, WEAK_CURRENT = '"e1.12-ttl"', 'W/"e1.12-ttl"'
OTHER_FORMAT, WEAK_OTHER_FORMAT = '"e1.12-jsonld"', 'W/"e1.12-jsonld"'
STALE, OTHER_EPOCH = '"e1.11-ttl"', '"e0.12-ttl"'


def outcome(headers, *, safe, exists=True):
    conditions = Conditions.parse(headers.get)
    etag, modified = (TURTLE, MODIFIED) if exists else (None, None)
    return evaluate(conditions, safe=safe, etag=etag, modified=modified)


@pytest.mark.requirement("rfc9110#13.1.1")
@pytest.mark.parametrize(
    ("tags", "exists", "read", "write"),
    [
        ("*", True, PROCEED, PROCEED),
        ("*", False, FAILED, FAILED),
        (CURRENT, True, PROCEED, PROCEED),
        (CURRENT, False, FAILED, FAILED),
        (STALE, True, FAILED, FAILED),
        (OTHER_EPOCH, True, FAILED, FAILED),
        (f"{STALE}, {CURRENT}", True, PROCEED, PROCEED),
        (OTHER_FORMAT, True, FAILED, PROCEED),
        (WEAK_CURRENT, True, FAILED, FAILED),
        (WEAK_OTHER_FORMAT, True, FAILED, FAILED),
        ('"*"', True, FAILED, FAILED),
        ("nonsense", True, FAILED, FAILED),
        ("", True, FAILED, FAILED),
    ],
)
def test_if_match(tags, exists, read, write):
    assert outcome({"if-match": tags}, safe=True, exists=exists) is read
    assert outcome({"if-match": tags}, safe=False, exists=exists) is write


@pytest.mark.requirement("rfc9110#13.1.2")
@pytest.mark.parametrize(
    ("tags", "exists", "read", "write"),
    [
        ("*", True, NOT_MODIFIED, FAILED),
        ("*", False, PROCEED, PROCEED),
        (CURRENT, True, NOT_MODIFIED, FAILED),
        (WEAK_CURRENT, True, NOT_MODIFIED, FAILED),
        (CURRENT, False, PROCEED, PROCEED),
        (STALE, True, PROCEED, PROCEED),
        (OTHER_EPOCH, True, PROCEED, PROCEED),
        (f"{STALE}, {CURRENT}", True, NOT_MODIFIED, FAILED),
        (OTHER_FORMAT, True, PROCEED, FAILED),
        (WEAK_OTHER_FORMAT, True, PROCEED, FAILED),
        ("nonsense", True, PROCEED, PROCEED),
        ("", True, PROCEED, PROCEED),
    ],
)
def test_if_none_match(tags, exists, read, write):
    assert outcome({"if-none-match": tags}, safe=True, exists=exists) is read
    assert outcome({"if-none-match": tags}, safe=False, exists=exists) is write


@pytest.mark.requirement("rfc9110#13.1.3")
@pytest.mark.parametrize(
    ("date", "exists", "read"),
    [
        (SAME_SECOND, True, NOT_MODIFIED),
        (AFTER, True, NOT_MODIFIED),
        (BEFORE, True, PROCEED),
        (AFTER, False, PROCEED),
        ("yesterday", True, PROCEED),
        (f"{AFTER}, {AFTER}", True, PROCEED),
    ],
)
def test_if_modified_since_counts_for_reads_only(date, exists, read):
    assert outcome({"if-modified-since": date}, safe=True, exists=exists) is read
    assert outcome({"if-modified-since": date}, safe=False, exists=exists) is PROCEED


@pytest.mark.requirement("rfc9110#13.1.4")
@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize(
    ("date", "exists", "expected"),
    [
        (SAME_SECOND, True, PROCEED),
        (AFTER, True, PROCEED),
        (BEFORE, True, FAILED),
        (BEFORE, False, PROCEED),
        ("yesterday", True, PROCEED),
    ],
)
def test_if_unmodified_since(date, exists, expected, safe):
    assert outcome({"if-unmodified-since": date}, safe=safe, exists=exists) is expected


@pytest.mark.requirement("rfc9110#13.2.2")
@pytest.mark.parametrize(
    ("headers", "safe", "expected"),
    [
        ({"if-match": CURRENT, "if-unmodified-since": BEFORE}, False, PROCEED),
        ({"if-match": STALE, "if-unmodified-since": AFTER}, False, FAILED),
        ({"if-none-match": STALE, "if-modified-since": AFTER}, True, PROCEED),
        ({"if-none-match": CURRENT, "if-modified-since": BEFORE}, True, NOT_MODIFIED),
        ({"if-none-match": "", "if-modified-since": AFTER}, True, PROCEED),
        ({"if-match": STALE, "if-none-match": CURRENT}, True, FAILED),
        ({"if-match": CURRENT, "if-none-match": CURRENT}, True, NOT_MODIFIED),
        ({"if-match": CURRENT, "if-none-match": "*"}, False, FAILED),
        ({"if-match": CURRENT, "if-modified-since": AFTER}, True, NOT_MODIFIED),
        ({"if-unmodified-since": BEFORE, "if-none-match": CURRENT}, True, FAILED),
        ({"if-unmodified-since": AFTER, "if-none-match": CURRENT}, True, NOT_MODIFIED),
    ],
)
def test_tags_go_before_dates_and_loss_before_freshness(headers, safe, expected):
    assert outcome(headers, safe=safe) is expected


@pytest.mark.parametrize("safe", [True, False])
def test_without_a_modification_date_dates_are_ignored(safe):
    conditions = Conditions.parse({"if-modified-since": AFTER, "if-unmodified-since": BEFORE}.get)
    assert evaluate(conditions, safe=safe, etag=TURTLE, modified=None) is PROCEED


@pytest.mark.requirement("rfc9110#13.1.5")
@pytest.mark.parametrize(
    ("if_range", "applies"),
    [
        (None, True),
        (CURRENT, True),
        (WEAK_CURRENT, False),
        (STALE, False),
        (OTHER_FORMAT, False),
        (f"{STALE}, {CURRENT}", False),
        ("*", False),
        ("e1.12-ttl", False),
        (SAME_SECOND, True),
        (BEFORE, False),
        (AFTER, False),
        ("", False),
    ],
)
def test_if_range_lets_only_the_same_representation_be_continued(if_range, applies):
    conditions = Conditions.parse({"if-range": if_range}.get)
    assert range_applies(conditions, TURTLE, MODIFIED) is applies


def test_if_range_never_matches_what_does_not_exist():
    for text in (CURRENT, SAME_SECOND):
        assert not range_applies(Conditions.parse({"if-range": text}.get), None, None)


def test_a_request_without_conditions_shares_one_value():
    assert Conditions.parse({}.get) is NO_CONDITIONS
    assert evaluate(NO_CONDITIONS, safe=False, etag=None, modified=None) is PROCEED


@pytest.mark.parametrize("field", ["if-match", "if-none-match"])
def test_a_star_among_tags_is_refused_before_anything_happens(field):
    with pytest.raises(BadRequest):
        Conditions.parse({field: f"*, {CURRENT}"}.get)
