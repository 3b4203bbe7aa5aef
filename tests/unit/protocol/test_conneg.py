"""Negotiation: the examples of RFC 9110 and what browsers and libraries really send."""

import pytest

from pod.protocol.conneg import ACCEPT_MEMBERS_MAX, negotiate

TURTLE, JSONLD, NTRIPLES, HTML = "text/turtle", "application/ld+json", "application/n-triples", "text/html"
RDF = (TURTLE, JSONLD, NTRIPLES)


@pytest.mark.requirement("rfc9110#12.5.1")
@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, TURTLE),
        ("", TURTLE),
        (" , ", TURTLE),
        ("*/*", TURTLE),
        ("application/*", JSONLD),
        ("APPLICATION/LD+JSON", JSONLD),
        ("application/ld+json, text/turtle", TURTLE),
        ("application/ld+json, text/turtle;q=0.9", JSONLD),
        ("text/turtle;q=0.5, application/*;q=0.7", JSONLD),
        ("text/*;q=0.3, */*;q=0.2", TURTLE),
        ("*/*, text/turtle;q=0", JSONLD),
        ("text/*, text/turtle;q=0.1, application/n-triples;q=0.2", NTRIPLES),
        ("image/png", None),
        ("text/turtle;q=0", None),
        ("*/*;q=0", None),
        ("*/*;q=0.001", TURTLE),
        ("text/turtle;q=0.000", None),
        ("text/turtle; version=1.2", TURTLE),
        ('application/ld+json;profile="a,b;q=0";q=1.0', JSONLD),
        ("application/ld+json;Q=0.5, application/n-triples;q=0.4", JSONLD),
        ("application/ld+json;q=0.5;ext=1, application/n-triples;q=0.4", JSONLD),
        ("text/turtle;q=0.2, text/turtle;x=y;q=0.8, application/ld+json;q=0.5", TURTLE),
    ],
)
def test_the_best_liked_offer_is_chosen(accept, chosen):
    assert negotiate(accept, RDF) == chosen


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML),
        ("*; q=.2", TURTLE),
        ("image/*, text/n3, text/turtle, */*;q=0.1", TURTLE),
        ("application/ld+json;q=0.9,text/turtle,application/xhtml+xml", TURTLE),
    ],
)
def test_clients_of_the_field_get_what_they_mean(accept, chosen):
    assert negotiate(accept, (TURTLE, JSONLD, HTML)) == chosen


@pytest.mark.parametrize(
    "malformed",
    [
        "text",
        "text/",
        "/turtle",
        "*/turtle",
        "text/turtle/x",
        "text/turtle x",
        "text/turtle;q=2",
        "text/turtle;q=-1",
        "text/turtle;q=1.1",
        "text/turtle;q=nan",
        "text/turtle;q=inf",
        "text/turtle;q=1e0",
        "text/turtle;q=",
        "text/turtle;q=.",
        "text/turtle;q=٠",
        'text/turtle;a="b"c',
        "q=1",
        ";",
        "=",
        "\x00",
    ],
)
def test_malformed_members_are_passed_over(malformed):
    assert negotiate(f"{malformed}, application/ld+json;q=0.1", RDF) == JSONLD
    assert negotiate(malformed, RDF) == TURTLE


def test_offers_with_parameters_are_matched_by_their_type():
    assert negotiate("text/*", ("text/plain; charset=utf-8",)) == "text/plain; charset=utf-8"


def test_offers_may_come_in_any_sequence():
    assert negotiate("*/*", [JSONLD, TURTLE]) == JSONLD
    assert negotiate("*/*", []) is None
    assert negotiate(None, []) is None


def test_what_comes_after_the_cap_does_not_count():
    accept = "image/png," * ACCEPT_MEMBERS_MAX + "text/turtle"
    assert negotiate(accept, RDF) is None
