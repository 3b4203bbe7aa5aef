"""Pages about people and posts, against what others leave in a pod: names that are more than names, addresses that lead
elsewhere, things that say they are their owner's; and against addresses of pages that somebody made up.
"""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from itertools import product
from urllib.parse import urlencode

import pytest

from pod.identity.accounts import named
from pod.operations.operation import Body, Operation
from pod.operations.put import put
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target
from pod.sharing.audiences import EVERYONE, Audience, Level, person
from pod.sharing.sharing import Sharing
from tests.support.pages import BASE, Guest, Site

ALICE, BOB = (f"{BASE}{name}/profile/card#me" for name in ("alice", "bob"))
PREFIXES = """
@prefix v: <http://www.w3.org/2006/vcard/ns#>. @prefix as: <https://www.w3.org/ns/activitystreams#>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
"""
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>'"
ODD = "javascript:alert(1)"
ADDRESSES = [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/",
    "https://[::1",
    "\\u202e",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("people"))
    for name in ("alice", "bob"):
        site.account(name)
    return site


@pytest.fixture(scope="module")
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def write(site: Site, path: str, turtle: str, by: str = ALICE) -> str:
    """By a request; gives the URL."""
    content = (PREFIXES + turtle).encode()
    body = Body(io.BytesIO(content), MediaType.parse("text/turtle"), len(content))
    put(site.services, Operation("PUT", Target.parse(path), Credentials(by), NO_CONDITIONS, body=body))
    return BASE + path[1:]


def share(site: Site, path: str, audience: Audience, level: Level) -> None:
    Sharing(site.services).share(named(site.services, "alice").id, path, audience, level)


class _Acting(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            leads = name in {"href", "src", "action", "formaction"}
            if name.startswith("on") or (leads and value and not _HARMLESS.match(value)):
                self.found.append(f"{tag} {name}={value}")
        if tag == "script" and not str(dict(attrs).get("src")).startswith("/.static/"):
            self.found.append(tag)


_HARMLESS = re.compile(r"https?://|/(?!/)|[?#]|mailto:|tel:|data:image/")


def acting(text: str) -> list[str]:
    """What of a page might do something, or lead to where nothing of the Web is."""
    parser = _Acting()
    parser.feed(text)
    return parser.found


# -- what others say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_contact_of_any_kind_is_only_shown(site: Site, alice: Guest, address: str):
    said = f'<#it> a v:Individual; v:fn "{MARKUP}", "{address}"; v:note "{MARKUP}"; v:hasPhoto <{ODD}>;'
    said += f' v:hasEmail <mailto:x>, [v:value "{address}"]; foaf:homepage <{ODD}>, [v:value "{address}"];'
    said += f' v:hasTelephone "{address}"; v:url [a v:WebID; v:value "{address}"], <{ODD}>.'
    url = write(site, "/alice/contacts/hostile", said)
    pages = [
        f"/.contacts/alice/{page}?{urlencode({'iri': f'{url}#it'})}" for page in ("person", "edit", "picture", "delete")
    ]
    for page in ("/.contacts/alice/", "/.contacts/alice/?q=alert", "/.home/", *pages):
        answer = alice.get(page)
        assert (answer.status_code, acting(answer.text)) == (200, []), page
    exported = alice.get("/.contacts/alice/export.vcf").text
    assert exported.count("BEGIN:VCARD") == exported.count("\nEND:VCARD")


@pytest.mark.parametrize("address", ADDRESSES[:3])
def test_a_post_of_any_kind_is_only_shown(site: Site, alice: Guest, address: str):
    said = f'<#it> a as:Note; as:name "{MARKUP}"; as:content "{MARKUP}<a href=\'{address}\'>x</a>";'
    said += ' as:published "2026-01-01T00:00:00Z"^^xsd:dateTime;'
    said += (
        f' as:attributedTo [as:name "{MARKUP}"]; as:attachment [a as:Image; as:url "{address}"; as:name "{MARKUP}"].'
    )
    url = write(site, "/alice/posts/hostile", said)
    share(site, "/alice/posts/hostile", EVERYONE, Level.READ)
    asked = urlencode({"iri": f"{url}#it"})
    for page in ("", f"post?{asked}", f"edit?{asked}", f"delete?{asked}"):
        answer = alice.get(f"/.posts/alice/{page}")
        assert (answer.status_code, acting(answer.text)) == (200, []), page
    for page in ("/alice/posts/hostile", "/.feed/alice"):
        answer = site.guest().get(page, Accept="text/html")
        assert (answer.status_code, acting(answer.text)) == (200, []), page


def test_nobody_posts_in_the_name_of_an_owner(site: Site):
    """Though they may write in a folder of theirs."""
    write(site, "/alice/party/own", f'<#it> a as:Note; as:content "Mine"; as:attributedTo <{ALICE}>.')
    share(site, "/alice/party/", EVERYONE, Level.READ)
    share(site, "/alice/party/", person(BOB), Level.EDIT)
    write(site, "/alice/party/forged", f'<#it> a as:Note; as:content "Theirs"; as:attributedTo <{ALICE}>.', BOB)
    for page in ("/.feed/alice", "/.feed/alice.atom"):
        text = site.guest().get(page).text
        assert "/alice/party/own" in text
        assert "/alice/party/forged" not in text


# -- addresses that somebody made up -----------------------------------------------------------------------------------

PAGES = [
    *("/.contacts/alice/", "/.contacts/alice/person", "/.contacts/alice/new", "/.contacts/alice/group"),
    *("/.posts/alice/", "/.posts/alice/post", "/.posts/alice/edit", "/.posts/alice/new", "/.home/", "/.notices/"),
]
NAMES = ["q", "after", "before", "from", "group", "iri", "pod", "web_id", "name", "who"]
MADE_UP = [
    *("\0", "9" * 40, "-1", "0-0", "%(x)s", "\u202e\x85", "ß" * 500, "http://[::1", '"><script>alert(1)</script>'),
    *(f"{BASE}alice/{each}" for each in ("\0#it", "%00", "x.ttl.acl#it", "../bob/", "#me")),
    *(f"{BASE}bob/profile/card#me", "javascript:alert(1)"),
]


@pytest.mark.parametrize("page", PAGES)
def test_no_made_up_address_breaks_a_page(alice: Guest, page: str):
    for name, value in product(NAMES, MADE_UP):
        answer = alice.get(f"{page}?{urlencode({name: value})}")
        assert answer.status_code in {200, 303, 400, 404}, (name, value)
        assert acting(answer.text) == [], (name, value)


@pytest.mark.parametrize(
    "page", ["person", "edit", "picture", "delete", "group", "import", "groups", "new", "export.vcf"]
)
def test_nobody_opens_the_contacts_of_others(site: Site, alice: Guest, page: str):
    url = write(site, "/bob/contacts/secret", '<#it> a v:Individual, v:Group; v:fn "Secret".', BOB)
    site.signed_in("bob").get("/.contacts/bob/")
    for pod in ("alice", "bob"):
        answer = alice.get(f"/.contacts/{pod}/{page}?{urlencode({'iri': f'{url}#it', 'group': f'{url}#it'})}")
        assert "Secret" not in answer.text
        assert answer.status_code == 404 or pod == "alice"
