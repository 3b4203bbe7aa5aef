"""Files, posts, sharing, and what the account is asked for."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.browser.tasks.task import Doing, Task
from tests.support.app_server import AppServer, running_app

SIGN_IN = '<!doctype html><html lang="en"><title>Notes</title><main><a href="{}">Sign in</a></main></html>'


def bring_a_file(doing: Doing) -> None:
    name = f"hello-{doing.mark}.txt"
    doing.hands.give(doing.page.locator("#files"), {"name": name, "mimeType": "text/plain", "buffer": b"Hello"})
    upload = doing.button("Upload")
    if upload.is_visible():
        doing.hands.press(upload)
    doing.reads(name)
    assert doing.client.get(f"{doing.client.pod}{name}").content == b"Hello"


def put_files_in_order(doing: Doing) -> None:
    """A folder is made; a file in it gets another name, and goes after a question."""
    folder = f"box-{doing.mark}"
    doing.hands.press(doing.page.locator("summary").filter(has_text="New folder"))
    doing.write("Name of the folder", folder)
    doing.press("Make the folder")
    expect(doing.page.get_by_role("main")).to_contain_text(folder)
    url = f"{doing.client.pod}{folder}/one.txt"
    assert doing.client.put(url, b"1", headers={"Content-Type": "text/plain"}).status_code == 201
    doing.person.go(f".home/alice/{folder}/")
    doing.hands.tick(doing.page.get_by_role("checkbox", name="Choose one.txt"))
    doing.press("Rename")
    doing.write("New name", "two.txt")
    doing.press("Rename")
    doing.hands.tick(doing.page.get_by_role("checkbox", name="Choose two.txt"))
    doing.press("Delete")
    doing.press("Delete")
    expect(doing.page.get_by_role("link", name="two.txt")).to_have_count(0)
    assert doing.client.get(url).status_code == 404


def move_a_file(doing: Doing) -> None:
    """Into a folder; what mentions it goes on doing so."""
    folder = f"{doing.client.pod}desk-{doing.mark}/"
    for name in ("box/old.txt", "one.txt"):
        assert doing.client.put(f"{folder}{name}", b"1", headers={"Content-Type": "text/plain"}).status_code == 201
    doing.client.put_turtle(f"{folder}list", "<#it> <http://schema.org/hasPart> <one.txt> .")
    doing.person.go(f".home/alice/desk-{doing.mark}/")
    doing.hands.tick(doing.page.get_by_role("checkbox", name="Choose one.txt"))
    doing.press("Move")
    doing.press("box")
    doing.press("Move to box")
    doing.follow("Open box")
    doing.reads("one.txt")
    assert doing.client.get(f"{folder}box/one.txt").content == b"1"
    assert "box/one.txt" in doing.client.get(f"{folder}list").text


def look_at_a_file(doing: Doing) -> None:
    """What is in it, what it is, and who can see it."""
    name = f"letter-{doing.mark}.txt"
    doing.client.put(f"{doing.client.pod}{name}", b"Dear Ada", headers={"Content-Type": "text/plain"})
    doing.person.go(f".home/alice/{name}")
    expect(doing.page.locator("pre")).to_contain_text("Dear Ada")
    doing.follow("Details")
    doing.reads("text/plain")
    doing.reads("You can do everything.")


def change_what_data_says(doing: Doing) -> None:
    """A value of it, one more, and one less."""
    name = f"ada-{doing.mark}"
    doing.client.put_turtle(f"{doing.client.pod}{name}", '<#it> <http://xmlns.com/foaf/0.1/name> "Ada" .')
    doing.person.go(f".home/alice/{name}?view=data")
    doing.follow("Change Name")
    doing.write("Value", "Augusta")
    doing.press("Save")
    doing.follow("Add a property")
    doing.write("Property", "Birthday")
    doing.hands.pick(doing.field("Kind of value"), "Day")
    doing.write("Value", "1815-12-10")
    doing.press("Save")
    doing.reads("10 December 1815")
    doing.follow("Change Name")
    doing.press("Remove this value")
    expect(doing.page.get_by_role("main")).not_to_contain_text("Augusta")


def share_with_bob(doing: Doing) -> None:
    """A folder of hers, and take it back."""
    folder = f"{doing.client.pod}shared-{doing.mark}/"
    doing.client.put_turtle(f"{folder}note")
    doing.person.go(f".account/sharing?resource=/alice/shared-{doing.mark}/")
    doing.hands.write(doing.page.get_by_label("Which person?"), "bob")
    doing.press("Share")
    doing.is_told("Shared with bob")
    doing.press("Remove bob")
    doing.is_told("The rules here give bob nothing any more")


def send_a_link(doing: Doing) -> None:
    """To somebody without an account, and withdraw it."""
    doing.client.put_turtle(f"{doing.client.pod}sent-{doing.mark}/note")
    doing.person.go(f".account/sharing?resource=/alice/sent-{doing.mark}/")
    doing.hands.write(doing.page.get_by_label("A note for yourself"), "For Ada")
    doing.press("Make a link")
    link = doing.page.locator(".secret").first.inner_text()
    assert doing.page.context.request.get(link).status == 200
    doing.person.go(f".account/sharing?resource=/alice/sent-{doing.mark}/")
    doing.hands.press(doing.page.get_by_role("main").get_by_role("button", name="Withdraw").first)
    expect(doing.page.get_by_role("main")).not_to_contain_text("For Ada")


def write_a_post(doing: Doing) -> None:
    """For everyone, then change and delete it."""
    doing.write("What would you like to say?", f"Hello {doing.mark}")
    doing.hands.tick(doing.page.get_by_role("radio", name="Everyone"))
    doing.press("Publish")
    expect(doing.page.get_by_role("status").first).to_be_visible()
    assert doing.mark in doing.client.get(f"{doing.person.server.base_url}.feed/alice.atom").text
    doing.follow("Edit")
    doing.write("What would you like to say?", f"Goodbye {doing.mark}")
    doing.press("Save changes")
    doing.reads(f"Goodbye {doing.mark}")
    doing.follow("Delete")
    doing.press("Delete the post")
    doing.is_told("deleted")


def read_the_notices(doing: Doing) -> None:
    """That somebody signed in is one; there may be nothing new."""
    if (button := doing.button("Mark all as read")).count():
        doing.hands.press(button)
    expect(doing.button("Mark all as read")).to_have_count(0)


def speak_german(doing: Doing) -> None:
    """And English again."""
    for language, said in (("Deutsch", "Speichern"), ("English", "Save")):
        choice = doing.page.get_by_role("contentinfo").get_by_role("button", name=language)
        if not choice.is_visible():
            doing.hands.press(doing.page.get_by_role("contentinfo").locator("summary").first)
        doing.hands.press(choice)
        expect(doing.page.get_by_role("main").get_by_role("button", name=said, exact=True).last).to_be_visible()


def give_a_program_a_key(doing: Doing) -> None:
    doing.write("What is it for?", doing.mark)
    doing.write("Your password", doing.person.account.password)
    doing.press("Make a key")
    expect(doing.page.locator("dd .secret").first).to_be_visible()
    doing.person.go(".account/credentials")
    doing.press(f"Revoke {doing.mark}")
    expect(doing.page.get_by_text(doing.mark)).to_have_count(0)


def connect_an_app(doing: Doing) -> None:
    """That may see her posts and nothing else, and disconnect it."""
    with running_app({}) as app:
        app.describe(client_name=f"Notes {doing.mark}")
        app.files["/"] = SIGN_IN.format(doing.person.server.url(f".oidc/authorize?{urlencode(asked(app))}")).encode()
        doing.person.open(app)
        doing.follow("Sign in")
        doing.hands.tick(doing.page.get_by_role("radio", name="Only some things"))
        doing.hands.pick(doing.page.get_by_label("Your posts"), "see")
        doing.press("Allow")
        doing.page.wait_for_url(re.compile(f"{re.escape(app.home)}.*code="))
    doing.person.go(".account/apps")
    doing.reads("May use only Your posts")
    doing.press(f"Disconnect Notes {doing.mark}")
    expect(doing.page.get_by_text(f"Notes {doing.mark}")).to_have_count(0)


def asked(app: AppServer) -> dict[str, str]:
    """With which an app asks."""
    how = {"scope": "openid webid", "code_challenge": "x" * 43, "code_challenge_method": "S256"}
    return {"client_id": app.client_id, "redirect_uri": app.home, "response_type": "code"} | how


def take_it_along(doing: Doing) -> None:
    with doing.page.expect_download() as download:
        doing.hands.press(doing.page.get_by_role("button", name=re.compile("Download, about")))
    assert download.value.path().read_bytes().startswith(b"PK")


TASKS = (
    Task("bring a file", ".uploads/new", bring_a_file),
    Task("put files in order", ".home/alice/", put_files_in_order),
    Task("move a file", ".home/alice/", move_a_file),
    Task("look at a file", ".home/alice/", look_at_a_file),
    Task("change what data says", ".home/alice/", change_what_data_says),
    Task("share a folder with somebody", ".home/", share_with_bob),
    Task("send a link", ".home/", send_a_link),
    Task("write a post", ".posts/alice/new", write_a_post),
    Task("read the notices", ".notices/", read_the_notices),
    Task("choose a language", ".profile/alice/", speak_german),
    Task("give a program a key", ".account/credentials", give_a_program_a_key),
    Task("connect an app", ".home/", connect_an_app),
    Task("take everything along", ".account/export", take_it_along),
)
