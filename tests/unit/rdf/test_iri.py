import pytest

from pod.rdf.iri import is_absolute, resolve, split

# RFC 3986 s5.4, with the strict reading of "http:g"
BASE = "http://a/b/c/d;p?q"
EXAMPLES = [
    ("g:h", "g:h"),
    ("g", "http://a/b/c/g"),
    ("./g", "http://a/b/c/g"),
    ("g/", "http://a/b/c/g/"),
    ("/g", "http://a/g"),
    ("//g", "http://g"),
    ("?y", "http://a/b/c/d;p?y"),
    ("g?y", "http://a/b/c/g?y"),
    ("#s", "http://a/b/c/d;p?q#s"),
    ("g#s", "http://a/b/c/g#s"),
    ("g?y#s", "http://a/b/c/g?y#s"),
    (";x", "http://a/b/c/;x"),
    ("g;x", "http://a/b/c/g;x"),
    ("", "http://a/b/c/d;p?q"),
    (".", "http://a/b/c/"),
    ("./", "http://a/b/c/"),
    ("..", "http://a/b/"),
    ("../g", "http://a/b/g"),
    ("../..", "http://a/"),
    ("../../g", "http://a/g"),
    ("../../../g", "http://a/g"),
    ("/./g", "http://a/g"),
    ("/../g", "http://a/g"),
    ("g.", "http://a/b/c/g."),
    ("..g", "http://a/b/c/..g"),
    ("./../g", "http://a/b/g"),
    ("g/./h", "http://a/b/c/g/h"),
    ("g/../h", "http://a/b/c/h"),
    ("g;x=1/../y", "http://a/b/c/y"),
    ("g?y/../x", "http://a/b/c/g?y/../x"),
    ("g#s/../x", "http://a/b/c/g#s/../x"),
    ("http:g", "http:g"),
]


@pytest.mark.parametrize(("reference", "expected"), EXAMPLES)
def test_the_examples_of_rfc_3986(reference: str, expected: str):
    assert resolve(split(BASE), reference) == expected


@pytest.mark.parametrize(("base", "expected"), [("http://a", "http://a/g"), ("urn:x:y", "urn:g")])
def test_bases_without_a_path(base: str, expected: str):
    assert resolve(split(base), "g") == expected


def test_absolute_means_a_scheme():
    assert is_absolute("urn:x")
    assert not is_absolute("//host/path")
    assert not is_absolute("1a:b")
