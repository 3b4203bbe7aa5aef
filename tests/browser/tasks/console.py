"""What those do who run the server for others."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.tasks.task import Doing, Task


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
    """That somebody reported."""
    url = f"{doing.client.pod}profile/bad-{doing.mark}"
    doing.client.put_turtle(url)
    doing.write("Its address", url)
    doing.write("What is wrong with it", f"It lies {doing.mark}")
    doing.press("Send")
    doing.person.go(".console/reports")
    doing.reads(f"It lies {doing.mark}")


def make_a_group_of_members(doing: Doing) -> None:
    doing.hands.write(doing.page.get_by_label("Name", exact=True), f"Staff {doing.mark}")
    doing.press("Make the group")
    doing.reads(f"Staff {doing.mark}")


TASKS = (
    Task("limit what somebody keeps", ".console/members/dora", limit_what_somebody_keeps),
    Task("suspend somebody", ".console/members/dora", suspend_somebody),
    Task("give the server a name", ".console/organisation", give_the_server_a_name),
    Task("keep a server out", ".console/blocked", keep_a_server_out),
    Task("report something and read it", ".about/report", take_something_down),
    Task("make a group of members", ".console/groups", make_a_group_of_members),
)
