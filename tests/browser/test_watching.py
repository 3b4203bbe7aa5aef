"""The tests of pages would notice: what is wrong with a page on purpose is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.looks import audit, wider_than_the_screen
from tests.support.app_server import AppServer, running_app
from tests.support.browser import Visitor, visitor

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

BAD = b"""<!doctype html><html lang="en"><title>Bad</title>
<meta http-equiv="Content-Security-Policy" content="style-src 'none'">
<h1 style="color: red">Bad</h1><img src="http://127.0.0.1:9/pixel">
<script>setTimeout(() => { throw new Error("at all"); });</script>
<table width="4000"><tr><td>wide</td></tr></table></html>"""


@pytest.fixture(scope="module")
def bad() -> Iterator[AppServer]:
    with running_app({"/": BAD}) as server:
        yield server


@pytest.fixture
def guest(browser: Browser, bad: AppServer) -> Iterator[Visitor]:
    with visitor(browser, bad.home) as visitor_:
        visitor_.page.goto(bad.home)
        yield visitor_


@pytest.mark.parametrize("fault", ["Content Security Policy", "asks for http://127.0.0.1:9/pixel", "throws at all"])
def test_what_goes_wrong_in_a_page_is_noted(guest: Visitor, fault: str):
    assert [each for each in guest.faults if fault in each], guest.faults


def test_what_is_hard_to_use_is_found(guest: Visitor, axe: str):
    guest.page.evaluate(axe)
    assert [each for each in audit(guest.page) if each.startswith("image-alt")]
    assert wider_than_the_screen(guest.page)


def test_no_other_host_is_reachable(guest: Visitor):
    assert (
        guest.page.evaluate("fetch('https://example.org/', { mode: 'no-cors' }).catch((error) => error.message)")
        == "Failed to fetch"
    )
