"""Where storages live: the same store behind three layouts of URLs."""

import pytest

from pod.protocol.placement import Placement, is_storage_name

PATH = Placement("https://pods.example/")
SUBDOMAIN = Placement("https://pods.example/", "subdomain")
ROOT = Placement("https://alice.example/", "root", "alice")
LOCAL = Placement("http://localhost:3000/")
LOCAL_SUBDOMAIN = Placement("http://localhost:3000/", "subdomain")


@pytest.mark.parametrize(
    ("placement", "path", "url"),
    [
        (PATH, "/alice/", "https://pods.example/alice/"),
        (PATH, "/alice/a/b", "https://pods.example/alice/a/b"),
        (SUBDOMAIN, "/alice/", "https://alice.pods.example/"),
        (SUBDOMAIN, "/alice/a/b", "https://alice.pods.example/a/b"),
        (ROOT, "/alice/", "https://alice.example/"),
        (ROOT, "/alice/.acl", "https://alice.example/.acl"),
        (LOCAL, "/alice/.meta", "http://localhost:3000/alice/.meta"),
        (LOCAL_SUBDOMAIN, "/alice/%C3%A9", "http://alice.localhost:3000/%C3%A9"),
    ],
)
def test_a_path_has_one_url_and_back(placement, path, url):
    assert placement.url(path) == url
    assert placement.local_path(url) == path
    assert placement.local_path(url + "?q=1#me") == path


@pytest.mark.parametrize(
    ("placement", "url"),
    [
        (PATH, "https://pods.example/"),
        (PATH, "https://pods.example"),
        (PATH, "https://pods.example/alice"),
        (PATH, "https://pods.example/.well-known/openid-configuration"),
        (PATH, "https://pods.example/%2Ewell-known/openid-configuration"),
        (PATH, "https://pods.example/%2eoidc/x"),
        (PATH, "https://other.example/alice/"),
        (PATH, "https://alice.pods.example/a/"),
        (PATH, "http://pods.example/alice/"),
        (PATH, "https://pods.example:8443/alice/"),
        (PATH, "https://pods.example@evil.example/alice/"),
        (PATH, "https://me@pods.example/alice/"),
        (PATH, "https://pods.example.evil.example/alice/"),
        (PATH, "https://pods.example\\.evil.example/alice/"),
        (PATH, "https://pods.exam\nple/alice/"),
        (PATH, " https://pods.example/alice/"),
        (PATH, "//pods.example/alice/"),
        (PATH, "/alice/"),
        (PATH, "urn:uuid:1"),
        (PATH, ""),
        (PATH, "https://["),
        (PATH, "https://[::1/alice/"),
        (PATH, "https://pods.example\u2100/alice/"),
        (SUBDOMAIN, "https://pods.example/alice/"),
        (SUBDOMAIN, "https://a.b.pods.example/"),
        (SUBDOMAIN, "https://.pods.example/"),
        (SUBDOMAIN, "https://%61lice.pods.example/"),
        (ROOT, "https://alice.example/.account/"),
        (ROOT, "https://alice.example/.acl/x"),
    ],
)
def test_urls_of_the_server_and_of_others_have_no_path(placement, url):
    assert placement.local_path(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://PODS.example/alice/",
        "HTTPS://pods.example/alice/",
        "https://pods.example:443/alice/",
        "https://pods.example:/alice/",
    ],
)
def test_equivalent_urls_have_the_same_path(url):
    assert PATH.local_path(url) == "/alice/"


@pytest.mark.parametrize(
    ("placement", "host", "accepted"),
    [
        (PATH, "pods.example", True),
        (PATH, "PODS.example:443", True),
        (PATH, "pods.example:80", False),
        (PATH, "alice.pods.example", False),
        (PATH, "", False),
        (SUBDOMAIN, "alice.pods.example", True),
        (SUBDOMAIN, "ALICE.pods.example:443", True),
        (SUBDOMAIN, "al/ice.pods.example", False),
        (SUBDOMAIN, "al_ice.pods.example", False),
        (SUBDOMAIN, "-alice.pods.example", False),
        (SUBDOMAIN, "evilpods.example", False),
        (LOCAL, "localhost:3000", True),
        (LOCAL, "localhost", False),
        (LOCAL_SUBDOMAIN, "bob.localhost:3000", True),
    ],
)
def test_only_hosts_of_this_server_are_accepted(placement, host, accepted):
    assert placement.accepts(host) is accepted


@pytest.mark.parametrize("placement", [PATH, ROOT, SUBDOMAIN])
@pytest.mark.parametrize("target", ["*", "", "bob/secret", "https://x/"])
def test_a_request_target_without_leading_slash_names_no_resource(placement, target):
    host = "alice.pods.example" if placement is SUBDOMAIN else placement.authority
    assert placement.path(host, target) is None


def test_a_default_port_in_the_base_url_makes_no_difference():
    placement = Placement("https://pods.example:443/", "subdomain")
    assert placement.authority == "pods.example"
    assert placement.local_path("https://alice.pods.example/a") == "/alice/a"
    assert placement.local_path(placement.url("/alice/a")) == "/alice/a"


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("alice", True),
        ("a", True),
        ("a-1", True),
        ("a" * 63, True),
        ("a" * 64, False),
        ("Alice", False),
        ("a.b", False),
        ("-a", False),
        ("a-", False),
        ("", False),
        ("é", False),
        ("a\n", False),
    ],
)
def test_storages_are_named_like_hosts(name, fits):
    assert is_storage_name(name) is fits


@pytest.mark.parametrize(
    ("iri", "ours"),
    [
        ("https://pods.example/", True),
        ("https://pods.example", True),
        ("HTTP://PODS.example:443/alice/#me", True),
        ("https://user:secret@pods.example/x", True),
        ("https://alice.pods.example/card#me", True),
        ("https://pods.example:8443/", False),
        ("https://pods.example.evil.example/", False),
        ("https://evil.example/https://pods.example/", False),
        ("https://evil.example/@pods.example/", False),
        ("urn:pods.example", False),
        ("", False),
    ],
)
def test_whatever_names_this_server_is_ours(iri, ours):
    assert Placement("https://pods.example/", "subdomain").is_ours(iri) is ours
