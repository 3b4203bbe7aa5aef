"""Every page that people see, one line each; tests/browser/test_pages.py holds each against what all pages must keep.

A page is a path, who looks at it, and where a path alone does not lead there, the steps that do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.browser.people import Person
from tests.support.app_server import AppServer
from tests.support.server import ALICE, Account

Steps = Callable[[Person, AppServer], None]


@dataclass(frozen=True, slots=True)
class Look:
    """`who` is None for somebody who is not signed in."""

    name: str
    path: str = ""
    who: Account | None = None
    then: Steps | None = None


def wrong_password(person: Person, _app: AppServer) -> None:
    person.submit(name="alice", password="not the password")


def arrive_from_app(person: Person, app: AppServer) -> None:
    app.describe()
    person.open(app)
    person.sign_in_with(app, clientId=app.client_id)


def arrive_from_registered_app(person: Person, app: AppServer) -> None:
    person.open(app)
    person.sign_in_with(app)


PAGES = (
    Look("welcome"),
    Look("sign in", ".account/sign-in"),
    Look("sign in, wrong password", ".account/sign-in", then=wrong_password),
    Look("sign in for an app", then=arrive_from_app),
    Look("forgotten password", ".account/reset"),
    Look("a link that is no good", ".account/reset/no-such-link"),
    Look("sign up", ".account/sign-up"),
    Look("app asks, documented", who=ALICE, then=arrive_from_app),
    Look("app asks, registered", who=ALICE, then=arrive_from_registered_app),
    Look("app asks wrongly", ".oidc/authorize?client_id=nobody&redirect_uri=https://app.example/&response_type=code"),
    Look("sign out for an app", ".oidc/logout", who=ALICE),
    Look("start", who=ALICE),
    Look("account", ".account/", who=ALICE),
    Look("apps", ".account/apps", who=ALICE),
    Look("credentials", ".account/credentials", who=ALICE),
    Look("sessions", ".account/sessions", who=ALICE),
    Look("pods", ".account/pods", who=ALICE),
    Look("password", ".account/password", who=ALICE),
    Look("e-mail", ".account/email", who=ALICE),
    Look("invitations", ".account/invitations", who=ALICE),
    Look("delete", ".account/delete", who=ALICE),
    Look("home", ".home/", who=ALICE),
    Look("home, a container", ".home/alice/", who=ALICE),
    Look("home, a document", ".home/alice/settings/prefs.ttl", who=ALICE),
    Look("home, nothing there", ".home/alice/no/such/thing", who=ALICE),
    Look("public profile", "alice/profile/card"),
    Look("public container", "alice/profile/"),
    Look("private container", "alice/"),
    Look("no such page", ".account/no-such-page"),
)
