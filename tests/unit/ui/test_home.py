"""The owner's view: what the session's account may read, only that, and nothing of it active on this origin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pod.identity.sessions import start_session
from pod.store.accounts import AccountStatus
from pod.store.records import SERVER
from tests.support.client import CONTAINER_LINK, acl, authorization
from tests.support.inprocess import BASE, Answer, LocalServer

EVIL = b"<script>alert(1)</script>"


class Home:
    """A server, and browsers that are signed in."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        services = server.services
        self.cookies = {}
        for name in ("alice", "bob"):
            _, secret = start_session(services, services.accounts.by_name(name), "tests")
            self.cookies[name] = f"freehold-3000={secret}"

    def open(self, path: str, by: str | None = "alice", method: str = "GET", **headers: str) -> Answer:
        """A request as a browser sends it."""
        cookie = {"Cookie": self.cookies[by]} if by else {}
        path, _, query = path.partition("?")
        sent = {"Accept": "text/html", **cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        environ = self.server.environ(method, path, sent, None, None)
        environ |= {"QUERY_STRING": query, "REQUEST_URI": f"{path}?{query}" if query else path}
        return self.server.call(environ)

    def put(self, path: str, content: bytes, media_type: str = "text/turtle", by: str = "alice") -> None:
        assert self.server.request("PUT", path, {"Content-Type": media_type}, content, by=by).status in {201, 204}

    def share(self, path: str, modes: str = "Read", **whom: object) -> None:
        """Alice shares something of hers."""
        url, default = BASE + path[1:], path.endswith("/")
        owner = authorization(url, "Read Write Control", agents=(f"{BASE}alice/profile/card#me",), default=default)
        self.put(f"{path}.acl", acl(owner, authorization(url, modes, default=default, **whom)).encode())


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[Home]:
    server = LocalServer(tmp_path_factory.mktemp("home"))
    home = Home(server)
    assert server.request("PUT", "/alice/notes/", CONTAINER_LINK, b"").status == 201
    home.put("/alice/notes/doc", b"<#it> <http://purl.org/dc/terms/title> 'My secret' .")
    home.put("/alice/notes/evil.html", EVIL, "text/html")
    home.put("/alice/notes/small", b"0123456789", "text/plain")
    home.put("/alice/notes/large", b"0123456789" * 20_000, "video/mp4")
    home.put("/alice/notes/%C3%BC%20x", b"1", "text/plain")
    yield home
    server.close()


def test_the_pods_of_an_account_are_listed(home: Home):
    page = home.open("/.home/")
    assert page.status == 200
    assert b'href="/.home/alice/"' in page.body
    assert b"/.home/bob/" not in page.body


def test_private_folders_and_documents_are_shown(home: Home):
    page = home.open("/.home/alice/notes/")
    assert page.status == 200
    assert b'href="/.home/alice/notes/doc"' in page.body
    assert b"Private" in page.body
    assert b"My secret" in home.open("/.home/alice/notes/doc").body


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/.home/", ""),
        ("/.home/alice/", "?download"),
        ("/.home/alice/notes/doc", ""),
        ("/.home/alice/notes/doc", "?download"),
        ("/.home/alice/notes/%C3%BC%20x", "?download"),
    ],
)
def test_strangers_are_led_to_sign_in_and_back(home: Home, path: str, query: str):
    answer = home.open(path + query, by=None)
    assert answer.status == 303
    assert answer.headers["location"] == "/.account/sign-in?next=" + path.replace("%", "%25").replace("/", "%2F")


@pytest.mark.parametrize(
    "path", ["alice/", "alice/notes/", "alice/notes/doc", "alice/notes/small", "alice/.acl", "alice/none", "nobody/x"]
)
@pytest.mark.parametrize("query", ["", "?download"])
def test_what_others_keep_private_is_not_there(home: Home, path: str, query: str):
    answer = home.open(f"/.home/{path}{query}", by="bob")
    assert answer.status == 404
    assert b"My secret" not in answer.body


def test_what_others_share_is_shown(home: Home):
    home.put("/alice/shared", b"<#it> <http://purl.org/dc/terms/title> 'For Bob' .")
    home.share("/alice/shared", agents=(f"{BASE}bob/profile/card#me",))
    page = home.open("/.home/alice/shared", by="bob")
    assert page.status == 200
    assert b"Shared with you" in page.body
    assert home.open("/.home/alice/shared?download", by="bob").status == 200
    assert home.open("/.home/alice/shared.acl", by="bob").status == 404


def test_a_rule_that_is_taken_back_bites_at_once(home: Home):
    home.put("/alice/lent", b"<#it> <http://purl.org/dc/terms/title> 'Lent' .")
    home.share("/alice/lent", agents=(f"{BASE}bob/profile/card#me",))
    assert home.open("/.home/alice/lent", by="bob").status == 200
    home.share("/alice/lent", agents=(f"{BASE}carol/profile/card#me",))
    assert home.open("/.home/alice/lent", by="bob").status == 404


def test_what_everyone_sees_is_marked(home: Home):
    page = home.open("/.home/alice/profile/card")
    assert b"Everyone can see this" in page.body
    assert f'href="{BASE}alice/profile/card"'.encode() in page.body


def test_the_cookie_of_a_session_means_nothing_at_a_pod(home: Home):
    for path in ("/alice/", "/alice/notes/doc", "/alice/notes/?download"):
        assert home.open(path).status == 401


def test_an_ended_account_sees_nothing(home: Home):
    services = home.server.services
    account = services.accounts.by_name("bob").id
    for status, expected in ((AccountStatus.DISABLED, 303), (AccountStatus.ACTIVE, 200)):
        with services.store.write(SERVER) as tx:
            services.accounts.set_status(tx, account, status)
        assert home.open("/.home/bob/", by="bob").status == expected


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_file_is_described_and_not_shown(home: Home):
    page = home.open("/.home/alice/notes/evil.html")
    assert page.status == 200
    assert b"text/html" in page.body
    assert EVIL not in page.body


@pytest.mark.parametrize("name", ["evil.html", "small", "large", "doc"])
def test_a_download_is_an_attachment_that_acts_nowhere(home: Home, name: str):
    answer = home.open(f"/.home/alice/notes/{name}?download")
    assert answer.status == 200
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-store"
    assert len(answer.body) == int(answer.headers["content-length"])


@pytest.mark.parametrize("name", ["small", "large"])
def test_a_part_of_a_file_is_downloaded(home: Home, name: str):
    answer = home.open(f"/.home/alice/notes/{name}?download", Range="bytes=2-5")
    assert (answer.status, answer.body) == (206, b"2345")
    assert answer.headers["content-range"].startswith("bytes 2-5/")
    whole = home.open(f"/.home/alice/notes/{name}?download", Range="bytes=2-5", If_Range='"other"')
    assert whole.status == 200


def test_a_download_that_is_known_is_not_sent_again(home: Home):
    etag = home.open("/.home/alice/notes/small?download").headers["etag"]
    answer = home.open("/.home/alice/notes/small?download", If_None_Match=etag)
    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("%C3%BC%20x", "%C3%BC%20x"),
        ("a%22%3B%20x", "a%22%3B%20x"),
        ("%E2%80%AEgpj.exe", "_gpj.exe"),
        ("a%C2%85b", "a_b"),
    ],
)
def test_a_name_cannot_trick_who_saves(home: Home, name: str, saved: str):
    home.put(f"/alice/notes/{name}", b"1", "text/plain")
    answer = home.open(f"/.home/alice/notes/{name}?download")
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{saved}"


@pytest.mark.parametrize("path", ["/.home/alice/notes/", "/.home/alice/notes/doc", "/.home/alice/notes/large?download"])
def test_head_sends_no_content(home: Home, path: str):
    answer = home.open(path, method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/.home/", "/.home/alice/notes/doc"])
def test_nothing_can_be_changed_here(home: Home, method: str, path: str):
    takes_forms = method == "POST" and path != "/.home/"
    assert home.open(path, method=method).status == (400 if takes_forms else 405), "no form, or no such method"
    assert home.open("/.home/alice/notes/doc").status == 200


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/.home/..", {400, 404}),
        ("/.home/../alice/", {400, 404}),
        ("/.home/%2e%2e/alice/", {400}),
        ("/.home/alice/%2e%2e/bob/", {400}),
        ("/.home/alice/notes%2Fdoc", {400}),
        ("/.home/alice%2Fnotes/doc", {400}),
        ("/.home/alice/notes%5Cdoc", {400}),
        ("/.home/alice/%00", {400}),
        ("/.home/alice/%ff", {400}),
        ("/.home/alice/%", {400}),
        ("/.home//alice/", {400, 404}),
        ("/.home/alice//notes/", {400, 404}),
        ("/.home/alice", {400, 404}),
        ("/.home/alice/.well-known/solid", {404}),
        ("/.home/.home/alice/", {404}),
        ("/.home/.account/", {404}),
        ("/.home/http://elsewhere.example/", {400, 404}),
        ("/%2Ehome/alice/", {404}),
        ("/.home/alice/" + "x" * 300, {414}),
        ("/.home/alice/" + "x/" * 100, {414}),
    ],
)
def test_tricks_with_paths_lead_nowhere(home: Home, path: str, statuses: set[int]):
    answer = home.open(path)
    assert answer.status in statuses
    assert "//elsewhere" not in answer.headers.get("location", "").replace("http://localhost:3000", "")


def test_another_host_has_no_home(home: Home):
    assert home.open("/.home/", Host="elsewhere.example").status == 421


def test_a_missing_slash_is_added(home: Home):
    answer = home.open("/.home/alice/notes")
    assert (answer.status, answer.headers["location"]) == (303, "/.home/alice/notes/")


def test_what_a_pod_says_is_text(home: Home):
    home.put("/alice/notes/xss", b'<#it> <http://purl.org/dc/terms/title> "<script>alert(1)</script>\'\\"" .')
    page = home.open("/.home/alice/notes/xss")
    assert EVIL not in page.body
    assert b"&lt;script&gt;" in page.body
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert page.headers["cache-control"] == "no-store"


def test_pages_of_the_owner_and_of_everyone_are_kept_apart(home: Home):
    """Both come from one cache."""
    home.put("/alice/both", b"<#it> <http://purl.org/dc/terms/relation> </alice/notes/> .")
    home.share("/alice/both", public=True)
    for _ in range(2):
        assert b'href="/.home/alice/notes/"' in home.open("/.home/alice/both").body
        public = home.open("/alice/both", by=None).body
        assert f'href="{BASE}alice/notes/"'.encode() in public
        assert b'href="/.home/alice/notes/"' not in public
