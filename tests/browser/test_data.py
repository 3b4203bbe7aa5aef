"""The data of a document, as people change it: value by value, and in its source."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Meet
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, Server

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

FOAF = "http://xmlns.com/foaf/0.1/"
DOCUMENT = f'<#it> <{FOAF}name> "Ada" ; <{FOAF}knows> </alice/data/b.ttl#it> .'


def test_a_value_is_changed_a_property_added_and_an_error_in_the_source_found(server: Server, meet: Meet):
    alice = signed_in(server, ALICE)
    for name in ("a.ttl", "b.ttl"):
        alice.put_turtle(f"{alice.pod}data/{name}", DOCUMENT)
    person = meet(ALICE)
    page = person.page
    person.go(".home/alice/data/a.ttl?view=details")
    person.sign_in()
    expect(page.get_by_text("You can do everything.")).to_be_visible()
    page.get_by_role("link", name="Data", exact=True).click()
    page.get_by_role("link", name="Change Name").click()
    page.get_by_label("Value", exact=True).fill("Augusta")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Augusta")).to_be_visible()
    page.get_by_role("link", name="Add a property").click()
    page.get_by_label("Property").fill("Birthday")
    page.get_by_label("Kind of value").select_option(label="Day")
    page.get_by_label("Value", exact=True).fill("1815-12-10")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("10 December 1815")).to_be_visible()
    page.get_by_role("link", name="/alice/data/b.ttl#it").click()
    expect(page.get_by_role("heading", name="b.ttl")).to_be_visible()
    page.get_by_role("link", name="Source", exact=True).click()
    page.get_by_role("textbox").fill("# one\n# two\n<#it> nonsense .\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#wrong")).to_contain_text("nonsense")
    assert page.evaluate("source.value.slice(0, source.selectionStart).split('\\n').length") == 3
