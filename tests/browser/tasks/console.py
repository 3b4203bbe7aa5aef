"""What those do who run the server for others."""

from __future__ import annotations

import requests
from playwright.sync_api import expect

from tests.browser.tasks.task import Doing, Task, picture
from tests.support.client import authorization


def limit_what_somebody_keeps(doing: Doing) -> None:
    doing.hands.write(doing.page.get_by_label("Megabytes"), "2000")
    doing.press("Save")
    expect(doing.page.get_by_label("Megabytes")).to_have_value("2000")


def suspend_somebody(doing: Doing) -> None:
    """And let them in again."""
    doing.write("Why", "Spam")
    doing.press("Suspend")
    doing.reads("Spam")
    doing.hands.press(doing.page.get_by_role("main").get_by_role("button", name="Let").first)
    expect(doing.button("Suspend")).to_be_visible()


def give_the_server_a_name(doing: Doing) -> None:
    """And take it away."""
    for name in (f"Riverside {doing.mark}", ""):
        doing.hands.write(doing.page.get_by_label("Name of this server"), name)
        doing.press("Save")
        expect(doing.page.get_by_role("banner")).to_contain_text(name or "Freehold")


def keep_a_server_out(doing: Doing) -> None:
    doing.write("Name of the server, or WebID", f"{doing.mark}.example")
    doing.write("Why", "Spam")
    doing.press("Keep out")
    doing.reads(f"{doing.mark}.example")


def take_something_down(doing: Doing) -> None:
    """That somebody reported; and show it again."""
    url = f"{doing.client.pod}bad-{doing.mark}"
    doing.client.put_turtle(url)
    mine = authorization(url, "Read Write Control", agents=(doing.client.web_id,))
    doing.client.put_acl(url, mine, authorization(url, "Read", public=True))
    doing.write("Its address", url)
    doing.write("What is wrong with it", f"It lies {doing.mark}")
    doing.press("Send")
    doing.reads("will look at it")
    doing.person.go(".console/reports")
    report = doing.page.get_by_role("region", name=f"bad-{doing.mark}")
    expect(report).to_contain_text(f"It lies {doing.mark}")
    doing.hands.write(report.get_by_label("Why"), "Lies")
    doing.hands.press(report.get_by_role("button", name="Show it to nobody but its owner"))
    expect(doing.button(f"Show it again {url}")).to_be_visible()
    assert requests.get(url, timeout=60).status_code in {401, 403, 451}
    doing.press(f"Show it again {url}")
    expect(doing.button(f"Show it again {url}")).to_have_count(0)
    assert requests.get(url, timeout=60).status_code == 200


def choose_a_look(doing: Doing) -> None:
    """A logo and a colour, and back to ours."""
    doing.hands.give(doing.field("Choose a picture"), picture())
    doing.press("Use this picture")
    doing.is_told("Saved")
    expect(doing.page.get_by_role("img", name="The logo now")).to_be_visible()
    doing.press("Remove the logo")
    doing.is_told("Saved")
    doing.person.go(".console/organisation")
    own = doing.page.get_by_label("A colour of our own")
    for wanted in (True, False):
        if own.is_checked() != wanted:
            doing.hands.toggle(own)
        doing.press("Save")
        doing.is_told("Saved")
        expect(own).to_be_checked(checked=wanted)


def invite_somebody(doing: Doing) -> None:
    """And think again."""
    address = f"ada-{doing.mark}@example.org"
    doing.hands.tick(doing.page.get_by_role("radio", name="Whoever has an invitation"))
    doing.press("Save")
    doing.is_told("Saved")
    doing.person.go(".console/invitations")
    doing.hands.write(doing.page.get_by_label("Their mail addresses"), address)
    doing.press("Invite them")
    expect(doing.page.locator(".secret").first).to_be_visible()
    doing.press(f"Take back {address}")
    expect(doing.button(f"Take back {address}")).to_have_count(0)
    doing.person.go(".console/organisation")
    doing.hands.tick(doing.page.get_by_role("radio", name="As the settings of the server say"))
    doing.press("Save")
    doing.is_told("Saved")


def give_somebody_the_console(doing: Doing) -> None:
    """And take it back."""
    doing.press("Make dora an operator")
    doing.is_told("Saved")
    doing.press("Take the role back")
    doing.is_told("Saved")


def prepare_that_somebody_leaves(doing: Doing) -> None:
    """They are asked to take everything along, and to hand their pod over to somebody else; which then is not to be."""
    doing.hands.press(doing.page.get_by_role("button", name="to take everything along"))
    doing.is_told("take everything along")
    doing.write("Name of the member who gets it", "carol")
    doing.press("Ask dora to hand it over")
    doing.is_told("asked to agree")
    doing.press("No longer hand it over")
    doing.is_told("not handed over")


def make_a_group_of_members(doing: Doing) -> None:
    doing.hands.write(doing.page.get_by_label("Name", exact=True), f"Staff {doing.mark}")
    doing.press("Make the group")
    doing.reads(f"Staff {doing.mark}")


TASKS = (
    Task("limit what somebody keeps", ".console/members/dora", limit_what_somebody_keeps),
    Task("suspend somebody", ".console/members/dora", suspend_somebody),
    Task("give the server a name", ".console/organisation", give_the_server_a_name),
    Task("keep a server out", ".console/blocked", keep_a_server_out),
    Task("take something down that was reported", ".about/report", take_something_down),
    Task("choose a look", ".console/organisation/logo", choose_a_look),
    Task("invite somebody", ".console/organisation", invite_somebody),
    Task("give somebody the console", ".console/members/dora", give_somebody_the_console),
    Task("prepare that somebody leaves", ".console/members/dora", prepare_that_somebody_leaves),
    Task("make a group of members", ".console/groups", make_a_group_of_members),
)
