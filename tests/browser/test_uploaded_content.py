"""Files that strangers keep in pods and that would like to act, in front of somebody who is signed in: in path placement on
the very origin of the account's pages, in subdomain placement beside it. What counts is what Chromium did: what it asked
of whom, kept, opened and ran. The attacker's own site shows that it would have been noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.browser.people import Person
from tests.browser.trap import Trap, Upload, running_trap
from tests.browser.uploads import BESIDE, RUNS, STYLESHEET, UPLOADS, filled, upload
from tests.support.browser import visitor
from tests.support.client import SolidClient, acl, authorization
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, Account, Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]


class ByName(SolidClient):
    """Whose requests go to this machine, whatever name they are for: only browsers know `bob.localhost`."""

    def request(self, method: str, target: str, **options: Any) -> requests.Response:
        url = self.url(target)
        there = urlsplit(url)
        headers = {**self.authorization(method, url), **options.pop("headers", {}), "Host": there.netloc}
        here = there._replace(netloc=f"127.0.0.1:{there.port}").geturl()
        return self.session.request(method, here, headers=headers, timeout=60, allow_redirects=False, **options)


@dataclass
class Scene:
    """A server in one placement, alice who is signed in there, and what bob keeps for her to open."""

    server: Server
    placement: str
    trap: Trap
    alice: Person
    bob: SolidClient
    asked: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return self.server.base_url[:-1]

    @property
    def context(self) -> BrowserContext:
        return self.alice.visitor.context

    def pod(self, account: Account) -> str:
        base = urlsplit(self.server.base_url)
        if self.placement == "subdomain":
            return f"{base.scheme}://{account.name}.{base.netloc}/"
        return f"{self.server.base_url}{account.name}/"

    def put(self, name: str, media_type: str, content: bytes) -> str:
        url = f"{self.pod(BOB)}evil/{name}"
        answer = self.bob.put(url, content, headers={"Content-Type": media_type})
        assert answer.status_code in {201, 204}, answer.text
        return url

    def is_still_signed_in(self) -> None:
        self.alice.go(".account/")
        expect(self.alice.page.get_by_role("heading", level=1)).to_have_text("Hello, alice")


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with running_trap() as running:
        yield running


@contextmanager
def set_up(placement: str, browser: Browser, trap: Trap) -> Iterator[Scene]:
    with (
        running_server((ALICE, BOB), environment={"FREEHOLD_PLACEMENT": placement}) as server,
        visitor(browser, server.base_url) as seen,
    ):
        client = signed_in(server, BOB)
        bob = ByName(client.base_url, client.login, "bob")
        made = Scene(server, placement, trap, Person(seen, server, ALICE), bob)
        folder = f"{made.pod(BOB)}evil/"
        style = filled(STYLESHEET, made.origin, trap.origin)
        bob.put(f"{folder}style.xsl", style, headers={"Content-Type": "text/xsl"})
        owner = authorization(folder, "Read Write Control", agents=(f"{made.pod(BOB)}profile/card#me",), default=True)
        rules = acl(owner, authorization(folder, "Read", public=True, default=True))
        assert bob.put(f"{folder}.acl", rules, headers={"Content-Type": "text/turtle"}).status_code == 201
        made.alice.go(".account/sign-in")
        made.alice.sign_in()
        seen.context.on("response", lambda answer: made.asked.append(answer.url))
        yield made
        made.is_still_signed_in()


@pytest.fixture(scope="module")
def scenes(browser: Browser, trap: Trap) -> Iterator[Callable[[str], Scene]]:
    """Each is set up once. A parametrized fixture would be, again and again, as tests with their own order take turns."""
    with ExitStack() as stack:
        yield cache(lambda placement: stack.enter_context(set_up(placement, browser, trap)))


@pytest.fixture(params=["path", "subdomain"])
def scene(request: pytest.FixtureRequest, scenes: Callable[[str], Scene]) -> Scene:
    return scenes(request.param)


def opened(page: Page, url: str) -> None:
    """What becomes a download is no navigation."""
    try:
        page.goto(url)
    except Error as error:
        if not any(each in error.message for each in ("Download is starting", "ERR_ABORTED", "ERR_BLOCKED")):
            raise


def pressed(page: Page) -> None:
    """Everything that can be pressed."""
    for name in ("Send", "Post", "Run", "Ping", "Open"):
        for each in page.get_by_text(name, exact=True).all():
            if each.is_visible():
                each.click()


def staying(file: Upload) -> Upload:
    """Without what leads elsewhere before all else is done."""
    media_type, content = file
    return media_type, content.replace(b'http-equiv="refresh"', b"").replace("http-equiv".encode("utf-16le"), b"")


# -- the control: what happens where nobody keeps it from happening --------------------------------------------------------------


@pytest.mark.parametrize("name", RUNS)
def test_elsewhere_the_same_file_acts(browser: Browser, trap: Trap, name: str):
    trap.asked.clear()
    url = trap.serve("/evil/file", *staying(upload(name, trap.origin, trap.origin)))
    trap.serve("/evil/worker.js", "text/javascript", b"1")
    trap.serve("/evil/style.xsl", "text/xsl", filled(STYLESHEET, trap.origin, trap.origin))
    with visitor(browser, trap.origin) as seen:
        opened(seen.page, url)
        for heard in ("GET /ran", "POST /.account/sign-out", "GET /read", "GET /worker"):
            trap.hears(heard)
        assert any(each["name"] == "planted" for each in seen.context.cookies())


def test_elsewhere_forms_links_and_frames_work(browser: Browser, trap: Trap):
    trap.asked.clear()
    url = trap.serve("/evil/file", *staying(upload("HTML", trap.origin, trap.origin)))
    with visitor(browser, trap.origin) as seen:
        opened(seen.page, url)
        for heard in ("GET /picture", "GET /style", "GET /framed", "GET /.account/", "GET /film"):
            trap.hears(heard)
        seen.page.get_by_text("Post", exact=True).click()
        trap.hears("POST /form")
        seen.page.get_by_text("Ping", exact=True).click()
        trap.hears("POST /pinged")


# -- on a pod -------------------------------------------------------------------------------------------------------------------


TRIED = [*(("path", name) for name in UPLOADS), *(("subdomain", name) for name in BESIDE)]


@pytest.mark.parametrize(("scene", "name"), TRIED, indirect=["scene"])
def test_a_file_in_a_pod_only_shows_itself(scene: Scene, name: str):
    url = scene.put("file", *upload(name, scene.origin, scene.trap.origin))
    cookies, page = scene.context.cookies(), scene.alice.page
    scene.asked.clear()
    scene.trap.asked.clear()
    opened(page, url)
    pressed(page)
    assert page.title() != "ran"
    assert {each for each in scene.asked if each.startswith("http")} <= {url}
    assert scene.trap.asked == []
    assert (len(scene.context.pages), scene.context.service_workers) == (1, [])
    assert scene.context.cookies() == cookies


def test_nothing_of_a_pod_and_no_page_of_an_account_is_shown_in_a_frame(scene: Scene):
    uploaded = scene.put("file.html", "text/html", b"<title>framed</title>")
    plain = scene.trap.serve("/shown", "text/html", b"<title>shown</title>")
    there = [uploaded, scene.server.url(".account/"), f"{scene.pod(BOB)}profile/card", plain]
    frames = "".join(f'<iframe src="{url}"></iframe>' for url in there)
    page = scene.alice.page
    page.goto(scene.trap.serve("/frames", "text/html", f"<title>frames</title>{frames}".encode()))
    while not all(frame.url for frame in page.frames[1:]):  # each has an address once something is shown in it
        page.wait_for_timeout(20)
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"] * 3 + [plain]


def test_another_origin_of_the_same_site_neither_reads_nor_sends_in_her_name(scene: Scene):
    """Cookies know no ports, so hers come along."""
    scene.trap.asked.clear()
    attack = scene.trap.serve("/attack", *staying(upload("HTML", scene.origin, scene.trap.origin)))
    form = f'<form method="post" action="{scene.origin}/.account/sign-out"></form>'
    sent = scene.trap.serve("/form", "text/html", f"{form}<script>document.forms[0].submit()</script>".encode())
    page = scene.alice.page
    with page.expect_event("requestfailed", lambda request: request.url == scene.server.url(".account/")):
        page.goto(attack, wait_until="commit")
    scene.trap.hears("GET /ran")
    with page.expect_response(scene.server.url(".account/sign-out")) as answer:
        page.goto(sent)
    assert answer.value.status == 403
    assert "GET /read" not in scene.trap.asked
    scene.is_still_signed_in()


def test_who_opened_a_page_of_hers_cannot_look_into_it(scene: Scene):
    page = scene.alice.page
    page.goto(scene.trap.serve("/opener", "text/html", b"<title>opener</title>"))
    with page.expect_popup() as popup:
        page.evaluate("url => { window.theirs = open(url); }", scene.server.url(".account/"))
    popup.value.wait_for_load_state()
    look = "() => { try { return theirs.document.title; } catch (error) { return error.name; } }"
    assert page.evaluate(look) == "SecurityError"
    page.evaluate("() => theirs.postMessage('hello', '*')")
    popup.value.close()


# -- from inside her own pages: what a script there would find -------------------------------------------------------------------


def script_runs(page: Page, url: str) -> bool:
    """Whether the page takes a script from there."""
    return bool(
        page.evaluate(
            """url => new Promise(done => {
                const script = document.createElement('script');
                script.src = url;
                script.onload = () => done(true);
                script.onerror = () => done(false);
                document.head.append(script);
            })""",
            url,
        )
    )


def test_no_page_of_hers_takes_a_script_from_a_pod(scene: Scene):
    """In path placement `'self'` would."""
    said: list[str] = []
    page = scene.alice.page
    url = scene.put("evil.js", "application/javascript", b"document.title = 'ran'")
    page.goto(scene.trap.serve("/plain", "text/html", b"<title>plain</title>"))
    assert (script_runs(page, url), page.title()) == (True, "ran")
    page.on("console", lambda message: said.append(message.text))
    for path in (".account/", ".home/alice/", ".account/apps"):
        scene.alice.go(path)
        assert not script_runs(page, url)
        assert page.title() != "ran"
    assert "Content Security Policy" in said[0]


REGISTER = """([url, scope]) => navigator.serviceWorker.register(url, scope ? {scope} : {}).then(
    () => 'registered', error => error.name)"""


@pytest.mark.parametrize("scope", ["", "/"])
def test_no_worker_of_a_pod_comes_between_her_and_her_pages(scene: Scene, scope: str):
    page = scene.alice.page
    url = scene.put("worker.js", "application/javascript", b"onfetch = () => {}")
    page.goto(scene.trap.serve("/plain", "text/html", b"<title>plain</title>"))
    assert page.evaluate(REGISTER, [scene.trap.serve("/worker.js", "text/javascript", b"1"), scope]) == "registered"
    scene.alice.go(".account/")
    assert page.evaluate(REGISTER, [url, scope]) == "SecurityError"
    scene.alice.go("robots.txt")
    if scope:
        assert page.evaluate(REGISTER, [url, scope]) == "SecurityError"
    assert [each for each in scene.context.service_workers if scene.origin in each.url] == []


# -- what documents and apps say, on our own pages -------------------------------------------------------------------------------

ACTING = ["javascript:SCRIPT", "JaVaScRiPt:SCRIPT", "data:text/html,<script>SCRIPT</script>", "vbscript:x", "blob:BASE/x", "file:///etc/passwd", "view-source:BASE/.account/"]  # fmt: skip
DOCUMENT = """@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix vcard: <http://www.w3.org/2006/vcard/ns#>.
<#me> a foaf:Person; foaf:name "<img src=x onerror=alert(1)>Bob"; {} .
<> foaf:primaryTopic <#me> ."""
PROPERTIES = ("foaf:homepage", "foaf:img", "foaf:depiction", "vcard:hasPhoto", "vcard:url", "foaf:knows")


def acting_document(scene: Scene) -> bytes:
    encoded = (each.replace("SCRIPT", "alert(1)").replace("<", "%3C").replace(">", "%3E") for each in ACTING)
    iris = ", ".join(f"<{each.replace('BASE', scene.origin)}>" for each in encoded)
    literals = '"javascript:alert(1)"^^<http://www.w3.org/2001/XMLSchema#anyURI>'
    picture = f"<{scene.trap.url('/picture')}>"
    return DOCUMENT.format("; ".join(f"{each} {iris}, {picture}, {literals}" for each in PROPERTIES)).encode()


def does_not_act(scene: Scene, page: Page) -> None:
    schemes = page.eval_on_selector_all("a[href], area[href]", "all => all.map(each => each.protocol)")
    assert set(schemes) <= {"http:", "https:", "mailto:", "tel:"}
    pictures = page.eval_on_selector_all("img, object, embed, iframe, video, audio", "all => all.map(each => each.src)")
    assert all(each.startswith("data:image/") for each in pictures)
    assert {"GET /ran", "GET /picture"}.isdisjoint(scene.trap.asked)


@pytest.mark.parametrize("where", ["at the pod", "in her own view"])
def test_what_a_document_names_is_neither_fetched_nor_run(scene: Scene, where: str):
    scene.trap.asked.clear()
    dialogs: list[str] = []
    page = scene.alice.page
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    url = scene.put("card", "text/turtle", acting_document(scene))
    page.goto(url if where == "at the pod" else scene.server.url(".home/bob/evil/card"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bob")
    does_not_act(scene, page)
    assert dialogs == []


def test_what_an_app_says_of_itself_does_not_act(scene: Scene):
    scene.trap.asked.clear()
    trap, page = scene.trap, scene.alice.page
    metadata = {
        "client_name": '"><script>document.title="ran"</script><img src=x onerror="document.title=1">',
        "redirect_uris": [trap.url("/back")],
        "logo_uri": trap.url("/logo"),
        "client_uri": "javascript:alert(1)",
        "policy_uri": "data:text/html,<script>1</script>",
        "tos_uri": "javascript:alert(1)",
        "token_endpoint_auth_method": "none",
    }
    trap.serve("/logo", "image/png", filled(UPLOADS["SVG"][1], scene.origin, trap.origin))
    made = requests.post(scene.server.url(".oidc/register"), json=metadata, timeout=60).json()
    asked = {"client_id": made["client_id"], "redirect_uri": trap.url("/back"), "response_type": "code"}
    asked |= {"scope": "openid webid", "code_challenge": "x" * 43, "code_challenge_method": "S256"}
    page.goto(requests.Request("GET", scene.server.url(".oidc/authorize"), params=asked).prepare().url or "")
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    assert page.title().startswith('Let "><script>')
    does_not_act(scene, page)
    scene.alice.go(".account/apps")
    does_not_act(scene, page)
