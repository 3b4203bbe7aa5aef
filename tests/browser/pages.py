"""Every page that people see, one line each; tests/browser/test_pages.py holds each against what all pages must keep.

A page is a path, who looks at it, and where a path alone does not lead there, the steps that do.
"""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import pyotp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.people import Person
from tests.browser.sandbox import examine
from tests.support.app_server import AppServer
from tests.support.asking import LWS_JSON, as_bytes, request_for
from tests.support.asking import until as until_moment
from tests.support.fixtures import BOB, CAROL, signed_in
from tests.support.postbox import Postbox
from tests.support.server import ALICE, ERIN, Account
from tests.support.subscribing import subscribe
from tests.support.waiting import until


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is before the browser, an app that may come along, and where mail arrives."""

    person: Person
    app: AppServer
    box: Postbox


PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""As Chromium plays one. Spec: WebAuthn Level 3 s11.3"""

AS = "https://www.w3.org/ns/activitystreams#"
VCARD = "http://www.w3.org/2006/vcard/ns#"
Steps = Callable[[Scene], None]


@dataclass(frozen=True, slots=True)
class Look:
    """`who` is None for somebody who is not signed in; `hospitable` is a server that sends mail and lets people invite.
    `at` is where the steps lead, if that is a page of its own.
    """

    name: str
    path: str = ""
    who: Account | None = None
    then: Steps | None = None
    hospitable: bool = False
    at: str = ""


def wrong_password(scene: Scene) -> None:
    scene.person.submit(name="alice", password="not the password")
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


def arrive_from_app(scene: Scene) -> None:
    scene.app.describe()
    scene.person.open(scene.app)
    scene.person.sign_in_with(scene.app, clientId=scene.app.client_id)


def arrive_from_registered_app(scene: Scene) -> None:
    scene.person.open(scene.app)
    scene.person.sign_in_with(scene.app)


def limit_it(scene: Scene) -> None:
    arrive_from_app(scene)
    scene.person.page.get_by_label("Only some things").check()
    scene.person.page.get_by_text("More folders").click()


def limit_it_wrongly(scene: Scene) -> None:
    limit_it(scene)
    scene.person.page.get_by_label("Another folder or file").fill("no/such/folder/")
    scene.person.answer("allow")
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


def let_it_in(scene: Scene) -> None:
    arrive_from_app(scene)
    scene.person.page.get_by_label("Only some things").check()
    scene.person.page.get_by_label("Your posts").select_option("see")
    scene.person.answer("allow")
    scene.person.page.wait_for_url(f"{scene.app.home}**")


def see_what_it_may(scene: Scene) -> None:
    let_it_in(scene)
    scene.person.go(".account/apps")


def change_what_it_may(scene: Scene) -> None:
    see_what_it_may(scene)
    scene.person.page.get_by_role("link", name="Change").first.click()


def be_asked_for_more(scene: Scene) -> None:
    let_it_in(scene)
    asked = {"client": scene.app.client_id, "resource": scene.person.server.url("alice/inbox/"), "modes": "read"}
    scene.person.go(f".account/apps/widen?{urlencode(asked)}")


def allow_more(scene: Scene) -> None:
    be_asked_for_more(scene)
    scene.person.answer("allow")


def change_a_key(scene: Scene) -> None:
    make_a_key(scene)
    scene.person.go(".account/credentials")
    scene.person.page.get_by_role("link", name="Change").first.click()


def make_a_key(scene: Scene) -> None:
    scene.person.submit(label="Backup", password=ALICE.password)
    expect(scene.person.page.locator("dd .secret").first).to_be_visible()


def leave(scene: Scene) -> None:
    scene.person.go(f".account/issuers/leave?{urlencode({'web_id': scene.person.web_id})}")


def have_things(scene: Scene) -> None:
    """Files of several kinds, one with a long name; a post, and people."""
    alice = signed_in(scene.person.server, ALICE)
    for name, kind in (
        ("a-" * 40 + "z.pdf", "application/pdf"),
        ("films/sea.mp4", "video/mp4"),
        ("note.txt", "text/plain"),
    ):
        alice.put(f"{alice.pod}things/{name}", b"1", headers={"Content-Type": kind})
    alice.put_turtle(f"{alice.pod}posts/short.ttl", f'<> a <{AS}Note>; <{AS}content> "It is done.".')
    for name in ("Ada Lovelace", "Grace Hopper"):
        card = f'<#this> a <{VCARD}Individual>; <{VCARD}fn> "{name}".'
        alice.put_turtle(f"{alice.pod}contacts/Person/{name[:3]}/index.ttl", card)
    scene.person.page.reload()
    expect(scene.person.page.get_by_role("link", name="note.txt")).to_be_visible()
    expect(scene.person.page.get_by_role("link", name="Grace Hopper")).to_be_visible()


def look_whether_it_is_reached(scene: Scene) -> None:
    scene.person.page.get_by_role("button", name="Check now").click()
    expect(scene.person.page.get_by_role("status")).to_be_visible()


def ask_for_a_link(scene: Scene) -> None:
    scene.person.submit(name="alice")
    expect(scene.person.page).to_have_url(re.compile("sent"))


def follow_the_link(scene: Scene) -> None:
    before = len(scene.box.mails)
    ask_for_a_link(scene)
    until(lambda: len(scene.box.mails) > before)
    scene.person.page.goto(scene.box.link())


def invite(scene: Scene) -> None:
    scene.person.press("main form button")
    expect(scene.person.page.locator(".secret").first).to_be_visible()


def follow_an_invitation(scene: Scene) -> None:
    invite(scene)
    link = scene.person.page.locator(".secret").first.inner_text()
    scene.person.page.context.clear_cookies()
    scene.person.page.goto(link)


def be_told(scene: Scene) -> None:
    """An app listens, and a receiver that refuses what it gets."""
    alice = signed_in(scene.person.server, ALICE)
    subscribe(alice, "WebSocketChannel2023", f"{alice.pod}profile/")
    subscribe(
        alice, "WebhookChannel2023", f"{alice.pod}profile/", alice.web_id.partition("#")[0], sendTo=scene.app.home
    )
    alice.put_turtle(f"{alice.pod}profile/told-{uuid.uuid4().hex}")

    def failed() -> bool:
        scene.person.page.reload()
        return scene.person.page.get_by_text("failed").count() > 0

    until(failed)
    scene.person.press("details.more summary")


def use_data(scene: Scene) -> None:
    """Her app reads what is hers alone, and Bob wants to."""
    server = scene.person.server
    private = f"{signed_in(server, ALICE).pod}settings/prefs.ttl"
    for who in (signed_in(server, ALICE), signed_in(server, BOB)):
        who.get(private)

    def noted() -> bool:
        scene.person.go(".account/activity?where=settings/prefs.ttl")
        return scene.person.page.get_by_text("refused", exact=True).count() > 0

    until(noted)
    scene.person.press("details.more summary")


def be_asked(scene: Scene) -> None:
    """By bob, for several things; what he was given, what she asked him for, and somebody of whom she hears no more."""
    server = scene.person.server
    alice, bob, carol = (signed_in(server, who) for who in (ALICE, BOB, CAROL))
    for name in ("photos/", "notes/", "old/"):
        alice.put_turtle(f"{alice.pod}asked/{name}doc")
    for who, owner, name, more in (
        (bob, alice, "photos/", {"constraint": [until_moment("2999-01-01T00:00:00Z")], "action": ["modify"]}),
        (bob, alice, "notes/", {}),
        (bob, alice, "old/", {}),
        (carol, alice, "photos/", {}),
        (alice, bob, "photos/", {}),
    ):
        told = request_for(owner.pod, who.web_id, f"{owner.pod}asked/{name}", comment="Hello, it is me.", **more)
        who.post(f"{server.base_url}.access/{owner.name}/requests/", as_bytes(told), headers=LWS_JSON)
    for which, button in (("carol", "Block"), ("old", "Give this")):
        scene.person.page.reload()
        scene.person.page.locator("section").filter(has_text=which).get_by_role("button", name=button).first.click()
        expect(scene.person.page.get_by_role("status")).to_be_visible()
    scene.person.press("details.more summary")
    scene.person.page.locator("summary").filter(has_text="Give less").first.click()


def ask_for_access(scene: Scene) -> None:
    """For something in the pod of bob, without saying why."""
    resource = scene.person.server.url("bob/photos/sea")
    scene.person.go(f".account/requests/ask?{urlencode({'resource': resource})}")
    expect(scene.person.page.get_by_role("heading", level=1)).to_have_text("Ask for access")


def after(*steps: Steps) -> Steps:
    def all_of_them(scene: Scene) -> None:
        for each in steps:
            each(scene)

    return all_of_them


def see_links_of(scene: Scene) -> None:
    """The owner's page about the links to a folder."""
    alice = signed_in(scene.person.server, ALICE)
    folder = f"{alice.pod}party-{uuid.uuid4().hex}/"
    alice.put_container(folder)
    scene.person.go(f".account/links?{urlencode({'resource': folder})}")


def make_a_link(scene: Scene, **choice: str) -> str:
    """From the page about a resource. Afterwards the new link is shown."""
    for mode in scene.person.page.locator(f"[name=mode][type=radio][value={choice.pop('mode', 'view')}]").all():
        mode.check()
    scene.person.submit(link_label="For a friend", **choice)
    return scene.person.page.locator(".secret").inner_text()


def follow_a_link(**choice: str) -> Steps:
    """As somebody who has no account here."""

    def steps(scene: Scene) -> None:
        link = make_a_link(scene, **choice)
        scene.person.page.context.clear_cookies()
        scene.person.page.goto(link)

    return steps


def list_a_link(scene: Scene) -> None:
    make_a_link(scene, link_uses="3", link_password="a word for friends")
    scene.person.go(".account/links")


def open_a_file_by_link(scene: Scene) -> None:
    alice = signed_in(scene.person.server, ALICE)
    url = f"{alice.pod}settings/picture-{uuid.uuid4().hex}.png"
    assert alice.put(url, b"\x89PNG", headers={"Content-Type": "image/png"}).status_code == 201
    scene.person.go(f".account/links?{urlencode({'resource': url})}")
    follow_a_link()(scene)


def use_up_a_link(scene: Scene) -> None:
    follow_a_link(link_uses="1")(scene)
    with scene.person.page.expect_navigation():
        scene.person.press("main form button")
    link = scene.person.page.url
    scene.person.page.context.clear_cookies()
    scene.person.page.goto(link)
    expect(scene.person.page.get_by_role("heading", level=1)).to_have_text("This link does not work any more")


def send_by_link(scene: Scene) -> None:
    follow_a_link(mode="upload")(scene)
    scene.person.page.locator("[type=file]").set_input_files({"name": "a", "mimeType": "text/plain", "buffer": b"1"})
    scene.person.press("main form button")
    expect(scene.person.page.get_by_role("status")).to_be_visible()


def sign_in(scene: Scene) -> None:
    """And come to the page, which takes a fresh sign-in."""
    scene.person.sign_in()
    expect(scene.person.page.get_by_role("navigation", name="Main")).to_be_visible()


def type_a_wrong_code(scene: Scene) -> None:
    sign_in(scene)
    scene.person.submit(code="000000")
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


def make_recovery_codes(scene: Scene) -> None:
    sign_in(scene)
    scene.person.page.get_by_role("button", name="Make new recovery codes").click()
    expect(scene.person.page.locator(".secret").first).to_be_visible()


def lose_a_passkey(scene: Scene) -> None:
    """In each browser another one, which nothing shows again."""
    sign_in(scene)
    page = scene.person.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("link", name="Remove").last.click()
    expect(page.get_by_role("button", name="Remove it")).to_be_visible()


def come_to_the_second_step(scene: Scene) -> None:
    erin = Person(scene.person.visitor, scene.person.server, ERIN)
    erin.sign_in()
    if "second" not in erin.page.url:
        erin.go(".account/security/codes")
        app = pyotp.TOTP(erin.page.locator(".secret").inner_text().replace(" ", ""))
        erin.submit(code=app.now())
        erin.page.context.clear_cookies()
        erin.go(".account/sign-in")
        erin.sign_in()
    expect(erin.page.get_by_role("heading", level=1)).to_have_text("One more step")


ADA = ".home/alice/data/ada.ttl"
FOAF = "http://xmlns.com/foaf/0.1/"


def keep_data(scene: Scene) -> None:
    """A document with values of several kinds, and one that mentions it."""
    alice = signed_in(scene.person.server, ALICE)
    said = (
        f'<{FOAF}name> "Ada"@en ; <{FOAF}age> 36 ; <{FOAF}made> [ <{FOAF}name> "Notes" ] ; <{FOAF}topic> ("one" <#it>)'
    )
    alice.put_turtle(f"{alice.pod}data/ada.ttl", f"<#it> a <{FOAF}Person> ; {said} .")
    alice.put_turtle(f"{alice.pod}data/friend.ttl", f"<#me> <{FOAF}knows> <ada.ttl#it> .")
    scene.person.page.reload()
    expect(scene.person.page.get_by_role("heading", name="ada.ttl")).to_be_visible()


def be_slower(scene: Scene) -> None:
    """Somebody else changes the document while a value is in the form."""
    keep_data(scene)
    scene.person.page.get_by_role("link", name="Change Age").click()
    alice = signed_in(scene.person.server, ALICE)
    alice.put_turtle(f"{alice.pod}data/ada.ttl", f"<#it> <{FOAF}age> 37, 36 .")
    scene.person.page.get_by_label("Value", exact=True).fill("38")
    scene.person.page.get_by_role("button", name="Save").click()
    expect(scene.person.page.get_by_role("heading", name="There now")).to_be_visible()


def write_no_turtle(scene: Scene) -> None:
    keep_data(scene)
    scene.person.page.get_by_role("textbox").fill(f"<#it> a <{FOAF}Person> .\n<#it> <{FOAF}name> Ada & .")
    scene.person.page.get_by_role("button", name="Save").click()
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


def share_with_bob(scene: Scene) -> None:
    scene.person.submit(who="bob")
    expect(scene.person.page.get_by_role("status")).to_contain_text("Shared with bob")
    scene.person.press("details.more summary")


def share_with_nobody(scene: Scene) -> None:
    scene.person.submit(who=f"{scene.person.server.base_url}nobody/profile/card#me")
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


def bring_files(scene: Scene) -> None:
    """Some are on their way, and stay so; others wait."""
    scene.person.page.route("**/.uploads/files", lambda _route: None)
    files = [{"name": f"photo {each}.jpg", "mimeType": "image/jpeg", "buffer": b"1"} for each in range(4)]
    scene.person.page.get_by_label("Add files").set_input_files(files)
    expect(scene.person.page.get_by_role("progressbar", name="photo 1.jpg")).to_be_visible()


def bring_nothing(scene: Scene) -> None:
    with scene.person.page.expect_navigation():
        scene.person.page.evaluate("() => document.querySelector('#upload').submit()")


def ask_to_delete(scene: Scene) -> None:
    scene.person.page.get_by_label("Choose prefs.ttl").check()
    scene.person.page.get_by_role("button", name="Delete").click()
    expect(scene.person.page.get_by_role("heading", name="Delete prefs.ttl?")).to_be_visible()


def dot() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (60, 40), (90, 140, 180)).save(made, "PNG")
    return made.getvalue()


def have_a_folder(scene: Scene) -> None:
    """With things of several kinds in it, two of them ticked."""
    alice = signed_in(scene.person.server, ALICE)
    alice.put(f"{alice.pod}shelf/box/in.txt", b"1", headers={"Content-Type": "text/plain"})
    for number in range(3):
        alice.put(f"{alice.pod}shelf/dot-{number}.png", dot(), headers={"Content-Type": "image/png"})
    for name, kind in (("long-" * 20 + ".pdf", "application/pdf"), ("note.txt", "text/plain")):
        alice.put(f"{alice.pod}shelf/{name}", b"1", headers={"Content-Type": kind})
    scene.person.page.reload()
    for name in ("box", "note.txt"):
        scene.person.page.get_by_label(f"Choose {name}").check()


def choose_a_place(scene: Scene) -> None:
    have_a_folder(scene)
    scene.person.page.get_by_role("button", name="Move").click()
    expect(scene.person.page.get_by_role("heading", name="Move 2 things")).to_be_visible()


def give_a_taken_name(scene: Scene) -> None:
    have_a_folder(scene)
    scene.person.go(".home/alice/shelf/note.txt?change=rename")
    scene.person.page.get_by_label("New name").fill("dot-1.png")
    scene.person.page.get_by_role("button", name="Rename").click()
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


def make_a_taken_folder(scene: Scene) -> None:
    scene.person.page.get_by_text("New folder", exact=True).click()
    scene.person.page.get_by_label("Name of the folder").fill("settings")
    scene.person.page.get_by_role("button", name="Make the folder").click()
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


CONTACTS = ".contacts/alice/"


def add_a_contact(scene: Scene) -> None:
    """Ends on her page."""
    scene.person.go(f"{CONTACTS}new")
    scene.person.page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    scene.person.page.get_by_label("Mail address 1", exact=True).fill("ada@example.org")
    scene.person.page.get_by_label("WebID 1").fill(scene.person.server.web_id("dora"))
    scene.person.page.get_by_role("main").get_by_role("button", name="Save").last.click()
    expect(scene.person.page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()


def see_contacts(scene: Scene) -> None:
    add_a_contact(scene)
    scene.person.go(CONTACTS)


def add_nobody(scene: Scene) -> None:
    """With one more row for numbers, and a mail address that is none."""
    page = scene.person.page
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_label("Web page 1").fill("https://x y")
    page.get_by_role("button", name="Another number").click()
    page.get_by_label("Birthday").evaluate("field => { field.type = 'text'; field.value = 'soon' }")
    page.get_by_role("button", name="Another web page").focus()
    page.locator("form.person-form").evaluate("form => { form.noValidate = true }")
    page.get_by_role("main").get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("alert")).to_be_visible()


def from_a_contact(link: str) -> Steps:
    def go_on(scene: Scene) -> None:
        add_a_contact(scene)
        scene.person.page.get_by_role("link", name=link, exact=True).click()

    return go_on


def bring_contacts(scene: Scene) -> None:
    entry = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Grace Hopper\r\nX-SKYPE:grace\r\nEND:VCARD\r\n"
    content = f"{entry}{entry}BEGIN:VCARD\r\nEND:VCARD\r\n".encode()
    file = {"name": "contacts.vcf", "mimeType": "text/vcard", "buffer": content}
    scene.person.page.get_by_label("Choose the file").set_input_files([file])  # type: ignore[list-item]
    scene.person.page.get_by_role("button", name="Import").click()
    expect(scene.person.page.get_by_role("heading", level=1)).to_contain_text("came in")


def fill_a_group(scene: Scene) -> None:
    add_a_contact(scene)
    scene.person.go(f"{CONTACTS}groups")
    scene.person.page.get_by_label("What is it called?").fill("Friends")
    scene.person.page.get_by_role("button", name="Make the group").click()
    scene.person.page.get_by_label("Add somebody").fill(scene.person.server.web_id("bob"))
    scene.person.page.get_by_role("button", name="Add", exact=True).click()
    expect(scene.person.page.get_by_role("button", name="Remove")).to_be_visible()


def write_a_post(scene: Scene, *, reach: str = "some") -> None:
    """With a title, a picture and much in it; for bob, or for everyone."""
    scene.person.go(".posts/alice/new")
    page, picture = scene.person.page, io.BytesIO()
    Image.new("RGB", (600, 400), (90, 140, 180)).save(picture, "PNG")
    page.locator("[name=text]").fill("## Where\n\n- by **train**\n- on foot\n\n> Far.\n\n`code` https://example.org/a")
    page.locator("[name=name]").fill("A day in the hills")
    page.locator("[name=picture-1]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    page.locator("[name=alt-1]").fill("A lake")
    page.locator(f"[name=reach][value={reach}]").check()
    if reach == "some":
        page.locator("[name=somebody]").fill("bob")
    page.locator("button[value=publish]").click()
    expect(page.get_by_role("status")).to_be_visible()


def see_a_public_post(scene: Scene) -> None:
    """At its own address, in its sandbox."""
    write_a_post(scene, reach="everyone")
    examine(scene.person.page)
    scene.person.page.get_by_role("link", name="As everyone sees it").click()


def write_nothing(scene: Scene) -> None:
    scene.person.page.locator("[name=reach][value=some]").check()
    scene.person.page.locator("button[value=publish]").click()
    expect(scene.person.page.get_by_role("alert")).to_be_visible()


def follow(name: str) -> Steps:
    def steps(scene: Scene) -> None:
        scene.person.page.locator("main").get_by_role("link", name=name).first.click()

    return steps


def see_posts(scene: Scene) -> None:
    scene.person.go(".posts/alice/")


def preview_a_post(scene: Scene) -> None:
    """In the same window, where the page is looked at."""
    page = scene.person.page
    page.locator("[name=text]").fill("Hello *you*")
    page.locator("button[value=preview]").evaluate("each => each.removeAttribute('formtarget')")
    page.locator("button[value=preview]").click()
    expect(page.locator("article em")).to_be_visible()


def keep_a_group(scene: Scene) -> None:
    """With somebody in it."""
    page = scene.person.page
    if not page.get_by_role("link", name="Staff").count():
        page.locator("[name=name]").fill("Staff")
        page.get_by_role("button", name="Make the group").click()
    scene.person.go(".console/groups/staff")
    page.locator("[name=member]").last.fill("bob")
    page.get_by_role("button", name="Put into the group").click()
    expect(page.get_by_role("status")).to_be_visible()


def see_a_group(scene: Scene) -> None:
    keep_a_group(scene)
    scene.person.go(".groups/staff")


def look_closer(scene: Scene) -> None:
    scene.person.page.get_by_role("button", name="Look closer").click()
    expect(scene.person.page.get_by_role("status")).to_be_visible()


def leave_a_receipt(scene: Scene) -> None:
    """Alice asks Bob to take everything along, and he does."""
    page = scene.person.page
    page.get_by_role("button", name="take everything along").click()
    page.context.clear_cookies()
    scene.person.go(".account/export")
    scene.person.submit(name=BOB.name, password=BOB.password)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.path()
    page.context.clear_cookies()
    scene.person.go(".console/receipts")
    scene.person.submit(name=ALICE.name, password=ALICE.password)
    expect(page.get_by_text("took everything along").first).to_be_visible()


def choose_no_logo(scene: Scene) -> None:
    """A file that is no picture."""
    page = scene.person.page
    page.locator("[name=picture]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("alert")).to_be_visible()


def ask_to_hand_over(scene: Scene) -> None:
    page = scene.person.page
    if page.locator("[name=successor]").count():
        page.locator("[name=successor]").fill("alice")
        page.get_by_role("button", name="to hand it over").click()
    expect(page.get_by_text("has not agreed yet")).to_be_visible()


def be_asked_to_hand_over(scene: Scene) -> None:
    ask_to_hand_over(scene)
    scene.person.page.context.clear_cookies()
    scene.person.go(".account/hand-over")
    scene.person.submit(name=BOB.name, password=BOB.password)
    expect(scene.person.page.get_by_role("button", name="I agree")).to_be_visible()


PAGES = (
    Look("welcome"),
    Look("sign in", ".account/sign-in"),
    Look("sign in, wrong password", ".account/sign-in", then=wrong_password),
    Look("sign in for an app", then=arrive_from_app),
    Look("other ways in", ".account/sign-in/passkey"),
    Look("a recovery code", ".account/sign-in/recovery"),
    Look("a second step", ".account/sign-in", then=come_to_the_second_step),
    Look("a second step, too late", ".account/sign-in/second?step=x"),
    Look("forgotten password", ".account/reset"),
    Look("forgotten password, with mail", ".account/reset", hospitable=True),
    Look("a link is on its way", ".account/reset/sent", hospitable=True),
    Look("a new password", ".account/reset", then=follow_the_link, hospitable=True),
    Look("a link that is no good", ".account/reset/no-such-link"),
    Look("an address to confirm, no good", ".account/verify/no-such-link"),
    Look("an address confirmed", ".account/verify/done"),
    Look("signed out", ".account/signed-out"),
    Look("sign up, closed", ".account/sign-up"),
    Look("sign up, by invitation", ".account/sign-up", hospitable=True),
    Look("sign up, invited", ".console/invitations", ALICE, follow_an_invitation, hospitable=True),
    Look("ready", ".account/ready", who=ALICE),
    Look("app asks, documented", who=ALICE, then=arrive_from_app),
    Look("app asks, registered", who=ALICE, then=arrive_from_registered_app),
    Look("app asks, only some things", who=ALICE, then=limit_it),
    Look("app asks, of a folder that is not there", who=ALICE, then=limit_it_wrongly),
    Look("app asks wrongly", ".oidc/authorize?client_id=nobody&redirect_uri=https://app.example/&response_type=code"),
    Look("sign out for an app", ".oidc/logout", who=ALICE),
    Look("start", who=ALICE),
    Look("account", ".account/", who=ALICE),
    Look("apps", ".account/apps", who=ALICE),
    Look("apps, a limited one", who=ALICE, then=see_what_it_may),
    Look("what an app may do", who=ALICE, then=change_what_it_may, at=".account/apps/change"),
    Look("an app asks for more", who=ALICE, then=be_asked_for_more, at=".account/apps/widen"),
    Look("an app got more", who=ALICE, then=allow_more),
    Look("notifications, nobody", ".account/notifications", who=ALICE, hospitable=True),
    Look("notifications", ".account/notifications", ALICE, be_told),
    Look("activity", ".account/activity", ALICE, use_data),
    Look("activity, nothing found", ".account/activity?refused=yes&since=2001-01-01&until=2001-01-02", who=ALICE),
    Look("activity, wrong", ".account/activity?since=tomorrow&where=../..", who=ALICE),
    Look("credentials", ".account/credentials", who=ALICE),
    Look("credential made", ".account/credentials", ALICE, make_a_key),
    Look("what a key is good for", ".account/credentials", ALICE, change_a_key, at=".account/credentials/change"),
    Look("sessions", ".account/sessions", who=ALICE),
    Look("passkeys and codes", ".account/security", then=sign_in),
    Look("a passkey that goes", ".account/security", then=lose_a_passkey, at=".account/security/passkey/remove"),
    Look("codes from an app", ".account/security/codes", then=sign_in),
    Look("codes from an app, wrong", ".account/security/codes", then=type_a_wrong_code),
    Look("recovery codes", ".account/security", then=make_recovery_codes),
    Look("pods", ".account/pods", who=ALICE),
    Look("password", ".account/password", who=ALICE),
    Look("password, by its well-known address", ".well-known/change-password", who=ALICE),
    Look("e-mail", ".account/email", who=ALICE),
    Look("e-mail, with mail", ".account/email", who=ALICE, hospitable=True),
    Look("issuers", ".account/issuers", who=ALICE),
    Look("leave this issuer", ".account/issuers/leave", ALICE, leave),
    Look("console", ".console/", who=ALICE),
    Look("console, members", ".console/members", who=ALICE),
    Look("console, nobody found", ".console/members?search=nobody", who=ALICE),
    Look("console, a member", ".console/members/bob", who=ALICE),
    Look("console, delete a member", ".console/members/bob/delete", who=ALICE),
    Look("console, what was done", ".console/log", who=ALICE),
    Look("console, invitations, closed", ".console/invitations", who=ALICE),
    Look("console, invitations", ".console/invitations", who=ALICE, hospitable=True),
    Look("console, invitation made", ".console/invitations", ALICE, invite, hospitable=True),
    Look("console, name and look", ".console/organisation", who=ALICE),
    Look("console, sign-in of the organisation", ".console/sign-in", who=ALICE),
    Look("sign-in of the organisation", ".account/organisation", who=ALICE),
    Look("console, mail", ".console/mail", who=ALICE),
    Look("console, mail, sent", ".console/mail", who=ALICE, hospitable=True),
    Look("console, reports", ".console/reports", who=ALICE),
    Look("console, kept out", ".console/blocked", who=ALICE),
    Look("console, groups", ".console/groups", who=ALICE),
    Look("console, a group", ".console/groups", ALICE, keep_a_group, at=".console/groups/staff"),
    Look("a group of members", ".console/groups", ALICE, see_a_group, at=".groups/staff"),
    Look("console, health", ".console/health", who=ALICE),
    Look("console, health, looked closer", ".console/health", ALICE, look_closer),
    Look("console, receipts", ".console/members/bob", ALICE, leave_a_receipt, at=".console/receipts"),
    Look("console, logo", ".console/organisation/logo", who=ALICE),
    Look("console, no logo", ".console/organisation/logo", ALICE, choose_no_logo),
    Look("console, a member who leaves", ".console/members/bob", ALICE, ask_to_hand_over),
    Look("hand an account over", ".account/hand-over", who=ALICE),
    Look("hand an account over, asked", ".console/members/bob", ALICE, be_asked_to_hand_over, at=".account/hand-over"),
    Look("report something", ".about/report"),
    Look("something was reported", ".about/report/done"),
    Look("about this server", ".about/"),
    Look("what the operators did", ".account/operators", who=ALICE),
    Look("requests, nobody asks", ".account/requests", who=ALICE, hospitable=True),
    Look("requests", ".account/requests", ALICE, be_asked),
    Look("ask for access", ".account/requests/ask", ALICE, ask_for_access),
    Look("export", ".account/export", who=ALICE),
    Look("delete", ".account/delete", who=ALICE),
    Look("deletion is due", ".account/delete/done", who=ALICE),
    Look("links", ".account/links", who=ALICE),
    Look("links, some", "", ALICE, after(see_links_of, list_a_link)),
    Look("links to a folder", who=ALICE, then=see_links_of),
    Look("link made", "", ALICE, after(see_links_of, make_a_link)),
    Look(
        "link, asked for a password",
        "",
        ALICE,
        after(see_links_of, follow_a_link(link_password="a word for friends", link_uses="3")),
    ),
    Look("link to a folder", "", ALICE, after(see_links_of, follow_a_link())),
    Look("link to a file", "", ALICE, open_a_file_by_link),
    Look("link, files sent", "", ALICE, after(see_links_of, send_by_link)),
    Look("link, used up", "", ALICE, after(see_links_of, use_up_a_link)),
    Look("link that never was", ".link/no-such-link"),
    Look("link that never was, a folder", ".link/no-such-link/"),
    Look("link that never was, something in it", ".link/no-such-link/file"),
    Look("sharing", ".account/sharing", who=ALICE),
    Look("sharing, a folder", ".account/sharing?resource=/alice/settings/", ALICE, share_with_bob),
    Look("sharing, with nobody", ".account/sharing?resource=/alice/settings/", ALICE, share_with_nobody),
    Look("what everyone sees", ".account/sharing/who?resource=/alice/profile/card&asked=", ALICE),
    Look("as others see it", ".account/sharing/as/-/alice/profile/", ALICE),
    Look("as others do not see it", ".account/sharing/as/-/alice/", ALICE),
    Look("home", ".home/", ALICE, have_things),
    Look("home of a pod without files", ".home/", who=ALICE, hospitable=True),
    Look("notices", ".notices/", who=ALICE),
    Look("reachable", ".console/reach", who=ALICE),
    Look("reachable, looked at", ".console/reach", ALICE, look_whether_it_is_reached),
    Look("contacts, none yet", ".contacts/", who=ALICE, hospitable=True, at=CONTACTS),
    Look("contacts", ".contacts/", ALICE, see_contacts, at=CONTACTS),
    Look("contacts, nobody found", f"{CONTACTS}?q=nobody", ALICE),
    Look("a contact", "", ALICE, add_a_contact, at=f"{CONTACTS}person"),
    Look("a new contact, wrong", f"{CONTACTS}new", ALICE, add_nobody),
    Look("a contact, changed", "", ALICE, from_a_contact("Edit"), at=f"{CONTACTS}edit"),
    Look("a contact, its picture", "", ALICE, from_a_contact("Picture"), at=f"{CONTACTS}picture"),
    Look("a contact, deleted", "", ALICE, from_a_contact("Delete this contact"), at=f"{CONTACTS}delete"),
    Look("contacts from a file", f"{CONTACTS}import", ALICE),
    Look("contacts from a file, come in", f"{CONTACTS}import", ALICE, bring_contacts),
    Look("groups of contacts", ".account/groups", ALICE, at=f"{CONTACTS}groups"),
    Look("a group of contacts", "", ALICE, fill_a_group, at=f"{CONTACTS}group"),
    Look("profile", ".profile/", who=ALICE, at=".profile/alice/"),
    Look("profile, its picture", ".profile/alice/picture", who=ALICE),
    Look("upload", ".uploads/new", who=ALICE),
    Look("upload, on their way", ".uploads/new?folder=/alice/photos/", ALICE, bring_files),
    Look("upload, not everything", ".uploads/new?folder=/alice/photos/", ALICE, bring_nothing),
    Look("home, a container", ".files/", who=ALICE, at=".home/alice/"),
    Look("files, deleted", ".home/alice/settings/", ALICE, ask_to_delete),
    Look("files, as pictures", ".home/alice/shelf/?as=grid", ALICE, have_a_folder),
    Look("files, choose a folder", ".home/alice/shelf/?as=list", ALICE, choose_a_place),
    Look("files, a name that is taken", ".home/alice/shelf/?as=list", ALICE, give_a_taken_name),
    Look("files, a folder that is there", ".home/alice/", ALICE, make_a_taken_folder),
    Look("home, a document", ".home/alice/settings/prefs.ttl", who=ALICE),
    Look("home, nothing there", ".home/alice/no/such/thing", who=ALICE),
    Look("home, not shared", ".home/bob/settings/prefs.ttl", who=ALICE),
    Look("data", f"{ADA}?view=data", ALICE, keep_data),
    Look("data, somebody was faster", f"{ADA}?view=data", ALICE, be_slower),
    Look("source, an error", f"{ADA}?view=source", ALICE, write_no_turtle),
    Look("details", f"{ADA}?view=details", ALICE, keep_data),
    Look("new document", ".home/alice/settings/?view=new", who=ALICE),
    Look("posts, none", ".posts/", who=ALICE, hospitable=True, at=".posts/alice/"),
    Look("posts", ".posts/alice/", ALICE, after(write_a_post, see_posts)),
    Look("posts of somebody else", ".posts/bob/", who=ALICE),
    Look("a post", ".posts/alice/new", ALICE, write_a_post, at=".posts/alice/post"),
    Look("new post", ".posts/alice/new", who=ALICE),
    Look("new post, nothing in it", ".posts/alice/new", ALICE, write_nothing),
    Look("preview of a post", ".posts/alice/new", ALICE, preview_a_post),
    Look("edit a post", ".posts/alice/new", ALICE, after(write_a_post, follow("Edit")), at=".posts/alice/edit"),
    Look("delete a post", ".posts/alice/new", ALICE, after(write_a_post, follow("Delete")), at=".posts/alice/delete"),
    Look("public post", ".posts/alice/new", ALICE, see_a_public_post),
    Look("public posts", ".feed/alice", ALICE),
    Look("private posts", "alice/posts/"),
    Look("public profile", "alice/profile/card"),
    Look("public container", "alice/profile/"),
    Look("private container", "alice/"),
    Look("no such page", ".account/no-such-page"),
    Look("what a problem means", ".problems/unknown-client"),
)
