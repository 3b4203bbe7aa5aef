"""Who gets a page: the Accept fields of browsers, and those of programs that must go on getting RDF."""

import pytest

from pod.http.request import wants_page

PAGE = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",  # Firefox, Safari
    (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
        "application/signed-exchange;v=b3;q=0.7"
    ),  # Chromium, Googlebot
    "text/html, application/xhtml+xml, image/jxr, */*",  # Edge of old
    "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",  # Lynx
    "text/html, text/*;q=0.5, image/*, application/*",  # w3m
    "text/html",
    "text/html;q=0.5, image/png",
    "text/html, text/turtle;q=0.9",
    "text/html;q=0.2, text/turtle;q=0.1, */*;q=0",
)
DATA = (
    None,  # @inrupt/solid-client reading a file
    "",
    "*/*",  # curl, wget, requests, fetch
    "text/turtle",  # @inrupt/solid-client
    (
        "image/*;q=0.9, */*;q=0.1, application/rdf+xml;q=0.9, application/xhtml+xml;q=0.8, text/xml;q=0.5, "
        "application/xml;q=0.5, text/html;q=0.8, text/plain;q=0.5, text/n3, text/turtle, application/ld+json;q=0.9"
    ),  # rdflib.js
    (
        "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,"
        "text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,application/json;q=0.45,text/html;q=0.3,"
        "application/xhtml+xml;q=0.27,*/*;q=0.1"
    ),  # Comunica
    "application/rdf+xml,text/html;q=0.8,application/xhtml+xml;q=0.9,text/turtle,*/*;q=0.1",  # rdflib
    "application/json, text/plain, */*",  # axios
    "text/html, text/turtle",
    "text/html, application/ld+json, */*;q=0.1",
    "text/*",
    "application/xhtml+xml",
    "text/html;q=0",
    "text/html;q=0.5, */*",
    "text/html;q=x",
    "text/htmlx",
)


@pytest.mark.requirement("rfc9110#12.5.1")
@pytest.mark.parametrize("accept", PAGE)
def test_a_browser_gets_a_page(accept):
    assert wants_page(accept)


@pytest.mark.requirement("rfc9110#12.5.1")
@pytest.mark.parametrize("accept", DATA)
def test_a_program_gets_data(accept):
    assert not wants_page(accept)
