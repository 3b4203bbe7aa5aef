import pytest

from pod.authorization.public import PublicDocuments
from pod.store.records import Kind
from tests.unit.authorization.world import ALICE, BASE, EVERYONE, by_agent, rule

CARD = "/alice/profile/card"
TEXT = "<#me> a <#Person>."


@pytest.fixture
def documents(world):
    world.put(CARD, TEXT)
    world.acl(CARD, rule(CARD, EVERYONE, "Read"), rule(CARD, by_agent(ALICE), "Read Write Control", name="<#owner>"))
    return PublicDocuments(world.store, world.placement, world.authorizer, bytes_max=1_000)


@pytest.mark.parametrize(
    "url", [f"{BASE}{CARD}", f"{BASE}/alice/profile/c%61rd", "HTTPS://pods.example:443/alice/profile/card?x"]
)
def test_a_document_that_everybody_may_read_is_given_with_its_url(documents, url):
    found = documents.read(url)
    assert (found.url, found.media_type, found.content) == (f"{BASE}{CARD}", "text/turtle", TEXT.encode())


def test_a_document_as_it_is_now(world, documents):
    world.put(CARD, "<#you> a <#Person>.")
    assert documents.read(BASE + CARD).content.startswith(b"<#you>")
    world.acl(CARD, rule(CARD, by_agent(ALICE), "Read Write Control"))
    assert documents.read(BASE + CARD) is None


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/alice/private",
        f"{BASE}/alice/missing",
        f"{BASE}/alice/",
        f"{BASE}/alice/photo",
        f"{BASE}/alice/long",
        f"{BASE}{CARD}.acl",
        f"{BASE}/nobody/card",
        f"{BASE}/.well-known/openid-configuration",
        f"{BASE}/alice/..%2F",
        f"{BASE}/" + "x" * 9000,
        "http://pods.example/alice/profile/card",
        "https://elsewhere.example/alice/profile/card",
        "",
    ],
)
def test_anything_else_is_not_given(world, documents, url):
    world.put("/alice/private", TEXT)
    world.put("/alice/photo", TEXT, "image/png", Kind.OTHER)
    world.put("/alice/long", "#" * 1_001)
    for path in ("/alice/photo", "/alice/long"):
        world.acl(path, rule(path, EVERYONE, "Read"))
    assert documents.read(url) is None
