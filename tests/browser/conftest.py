"""A browser, a server, and an app of somebody else, for the tests that see Freehold as people do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, expect

from tests.browser.people import Person
from tests.support.app_server import AppServer, running_app
from tests.support.browser import BrowserMissing, running_browser, visitor
from tests.support.node import NodeError, install_packages, node
from tests.support.server import ALICE, BOB, ERIN, Account, Server, account, running_server

HERE = Path(__file__).parent
BUNDLE_SECONDS_MAX = 120
CAROL = account("carol")
DORA = account("dora")

# Package scope, not session: while Playwright runs, its event loop is in the way of tests that have their own.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        with running_browser() as running:
            yield running
    except BrowserMissing as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="package")
def packages() -> Path:
    """The `node_modules` of these tests."""
    try:
        install_packages(HERE)
    except NodeError as error:
        pytest.fail(str(error), pytrace=False)
    return HERE / "node_modules"


@pytest.fixture(scope="package")
def axe(packages: Path) -> str:
    """The script of axe-core, to be evaluated in a page."""
    return (packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="package")
def app_files(packages: Path) -> dict[str, bytes]:
    """The app, made with the published libraries as real apps are: by a bundler."""
    command = [str(node()), str(packages / "esbuild" / "bin" / "esbuild"), "app/app.js"]
    options = ["--bundle", "--format=esm", "--log-level=warning"]
    bundle = subprocess.run(
        [*command, *options], cwd=HERE, capture_output=True, check=False, timeout=BUNDLE_SECONDS_MAX
    )
    assert bundle.returncode == 0, bundle.stderr.decode()
    return {"/": (HERE / "app" / "index.html").read_bytes(), "/app.js": bundle.stdout}


@pytest.fixture
def app(app_files: dict[str, bytes]) -> Iterator[AppServer]:
    with running_app(app_files) as server:
        yield server


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """Shadows the fixture of all other tests: this one ends with the package, as its accounts are changed."""
    with running_server((ALICE, BOB, CAROL, DORA, ERIN)) as running:
        yield running


Cookies = Callable[[Server], StorageState]


@pytest.fixture(scope="package")
def cookies(browser: Browser) -> Cookies:
    """`cookies(server)` are those of alice, who signs in once at each server, and again where a test signed her out."""
    kept: dict[str, StorageState] = {}

    def of(server: Server) -> StorageState:
        with visitor(browser, server.base_url, storage_state=kept.get(server.base_url)) as guest:
            inside = guest.context.request.get(server.url(".account/"), max_redirects=0).status == 200
            if not inside:
                alice = Person(guest, server, ALICE)
                alice.go(".account/sign-in")
                alice.sign_in()
                expect(alice.page.get_by_role("navigation", name="Main")).to_be_visible()
                kept[server.base_url] = guest.context.storage_state()
        return kept[server.base_url]

    return of


Meet = Callable[..., Person]


@pytest.fixture
def meet(browser: Browser, server: Server) -> Iterator[Meet]:
    """`meet(ALICE)` is alice before a browser with an empty profile; `options` are those of `visitor`."""
    with ExitStack() as stack:

        def come(account: Account = ALICE, **options: Any) -> Person:
            return Person(stack.enter_context(visitor(browser, server.base_url, **options)), server, account)

        yield come
