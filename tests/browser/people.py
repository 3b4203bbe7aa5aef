"""What people do on Freehold's pages and in apps: fill in forms, press buttons, follow links. As they would: by what they read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.app_server import AppServer
from tests.support.browser import SECONDS_MAX, Visitor
from tests.support.server import Account, Server

expect.set_options(timeout=SECONDS_MAX * 1000)


@dataclass
class Person:
    """Somebody with an account, before a browser."""

    visitor: Visitor
    server: Server
    account: Account

    @property
    def page(self) -> Page:
        return self.visitor.page

    @property
    def web_id(self) -> str:
        return self.server.web_id(self.account.name)

    def go(self, path: str = "") -> None:
        self.page.goto(self.server.url(path))

    def press(self, selector: str) -> None:
        self.page.locator(selector).first.click()

    def submit(self, **fields: str) -> None:
        """Fill in the form that has these fields, and send it."""
        form = self.page.locator("form").filter(has=self.page.locator(f"[name={next(iter(fields))}]")).first
        for name, value in fields.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button:not([type=button])").first.click()

    # -- Freehold's pages

    def sign_in(self, password: str | None = None) -> None:
        """On the page that asks for it. Afterwards the next page is there, whichever it is."""
        with self.page.expect_navigation():
            self.submit(name=self.account.name, password=password or self.account.password)

    def is_asked_to_sign_in(self) -> None:
        expect(self.page).to_have_url(re.compile(r"/\.account/sign-in"))
        expect(self.page.locator("[name=password]")).to_be_visible()

    def answer(self, answer: str) -> None:
        """allow or refuse, on the page where an app asks."""
        with self.page.expect_navigation():
            self.press(f"button[name=answer][value={answer}]")

    # -- an app

    def open(self, app: AppServer) -> None:
        self.page.goto(app.home)

    def sign_in_with(self, app: AppServer, **options: Any) -> None:
        """Press "sign in" in the app, once it is ready, which leads to Freehold."""
        expect(self.page.locator("output")).not_to_have_text("starting")
        self.page.evaluate("([issuer, options]) => app.login(issuer, options)", [self.server.base_url, options])
        self.page.wait_for_url(f"{self.server.base_url}**")

    def sees(self, said: str) -> None:
        """What the app says about who is signed in."""
        expect(self.page.locator("output")).to_have_text(said)

    def reads(self, url: str) -> Any:
        return self.page.evaluate("url => app.read(url)", url)

    def writes(self, url: str, body: str) -> Any:
        return self.page.evaluate("([url, body]) => app.write(url, body)", [url, body])
