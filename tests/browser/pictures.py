"""The pictures of README.md and docs/: `make pictures` takes them anew.

python -m tests.browser.pictures DIRECTORY
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import requests
from playwright.sync_api import Browser, expect

from tests.browser.people import Person
from tests.support.browser import running_browser, visitor
from tests.support.client import SECONDS_MAX, SolidClient
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, Server, running_server

PORT = 3000
SIZE = {"width": 720, "height": 620}
BYTES_MAX = 120_000
APP = "https://notes.example/"


def first_pod(person: Person) -> None:
    """The form that makes an account, a pod and a WebID."""
    person.go(".account/sign-up")
    person.page.locator("[name=name]").fill("bob")


def consent(person: Person) -> None:
    """What is asked when an app wants in."""
    metadata = {"client_name": "Notes", "client_uri": APP, "redirect_uris": [APP]}
    metadata |= {"token_endpoint_auth_method": "none"}
    endpoint = requests.get(person.server.url(".well-known/openid-configuration"), timeout=SECONDS_MAX).json()
    app = requests.post(endpoint["registration_endpoint"], json=metadata, timeout=SECONDS_MAX).json()
    request = {
        "client_id": app["client_id"],
        "redirect_uri": APP,
        "response_type": "code",
        "scope": "openid webid offline_access",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    sign_in(person)
    person.page.goto(f"{endpoint['authorization_endpoint']}?{urlencode(request)}")
    expect(person.page.locator("button[name=answer]").first).to_be_visible()


def home(person: Person) -> None:
    """What is in a pod, as its owner sees it."""
    fill(signed_in(person.server, ALICE))
    sign_in(person)
    person.go(f".home/{ALICE.name}/")
    expect(person.page.get_by_text("photos").first).to_be_visible()


def sign_in(person: Person) -> None:
    person.go(".account/sign-in")
    person.sign_in()


def fill(alice: SolidClient) -> None:
    for container in ("notes/", "photos/", "recipes/"):
        alice.put_container(alice.pod + container)
    alice.put_turtle(alice.pod + "reading-list.ttl", '<#it> <http://purl.org/dc/terms/title> "To read".')
    alice.put(alice.pod + "garden.txt", "Water the plants.", headers={"Content-Type": "text/plain"})


PICTURES: dict[str, Callable[[Person], None]] = {"first-pod": first_pod, "consent": consent, "home": home}


def take(browser: Browser, server: Server, name: str, file: Path) -> None:
    with visitor(browser, server.base_url) as guest:
        guest.page.set_viewport_size(SIZE)
        PICTURES[name](Person(guest, server, ALICE))
        # What stands at the foot of the screen is then at the foot of the page.
        height = guest.page.evaluate("document.documentElement.scrollHeight")
        guest.page.set_viewport_size({**SIZE, "height": height})
        guest.page.screenshot(path=file, full_page=True)
    if file.stat().st_size > BYTES_MAX:
        sys.exit(f"{file} has more than {BYTES_MAX} bytes")


def main(directory: Path) -> None:
    environment = {"FREEHOLD_REGISTRATION": "open"}
    with running_server((ALICE,), port=PORT, environment=environment) as server, running_browser() as browser:
        for name in PICTURES:
            take(browser, server, name, directory / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
