"""What operators say of themselves, and where people see it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pod.app import create_app
from pod.identity.accounts import create_account
from pod.protocol.colour import CONTRAST_MIN, WHITE, Accent, Colour, contrast
from pod.ui.branding import DARK, KEPT_SECONDS, LIGHT
from tests.support.pages import Guest, Site

PAGE = "/.console/organisation"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, registration="invitation")
    create_account(site.services, "alice")
    create_account(site.services, "bob")
    return site


@pytest.fixture
def alice(site: Site) -> Guest:
    return site.signed_in("alice")


def test_its_name_and_colour_are_on_every_page_within_moments(site: Site, alice: Guest):
    before = site.guest().get("/.account/sign-in").text
    alice.submit(PAGE, name="The Choir & Friends", coloured="yes", accent="#aa0066")
    after = site.guest().get("/.account/sign-in")
    assert "Choir" not in before
    assert "<title>Sign in · The Choir &amp; Friends</title>" in after.text
    nonce = re.search(r"style-src 'nonce-([^']+)'", after.headers["Content-Security-Policy"])[1]
    assert re.search(rf'<style nonce="{nonce}">:root{{--accent:#', after.text)


def test_other_processes_hear_of_it_soon(site: Site, alice: Guest):
    other = Site.__new__(Site)
    other.base_url, other.clock, other.services = site.base_url, site.clock, site.services
    other.app = create_app(site.services.config, site.services)
    other.guest().get("/.account/sign-in")
    alice.submit(PAGE, name="The Choir")
    site.clock.time += KEPT_SECONDS
    assert "The Choir" in other.guest().get("/.account/sign-in").text


def test_terms_are_read_by_everybody_and_nothing_in_them_acts(site: Site, alice: Guest):
    alice.submit(PAGE, terms="# Be kind\n<script>alert(1)</script> [here](javascript:alert(1))")
    page = site.guest().get("/.about/terms").text
    assert "Be kind</h" in page
    assert "<script>alert" not in page
    assert "javascript:" not in page.replace("[here](javascript:alert(1))", "")
    assert 'href="/.about/terms"' in site.guest().get("/.about/").text
    assert site.guest().get("/.about/privacy").status_code == 404


def test_who_may_sign_up_is_decided_there_too(site: Site, alice: Guest):
    assert site.guest().get("/.account/sign-up").status_code == 403
    alice.submit(PAGE, registration="open")
    assert site.guest().get("/.account/sign-up").status_code == 200
    alice.submit(PAGE, registration="")
    assert site.guest().get("/.account/sign-up").status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 61),
        ("name", "a\u202eb"),
        ("contact", "javascript:alert(1)"),
        ("contact", "https://a b"),
        ("terms", "x" * 20_001),
        ("accent", "red;}"),
        ("registration", "maybe"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(site: Site, alice: Guest, field: str, value: str):
    answer = alice.submit(PAGE, **{"name": "Other", "coloured": "yes", field: value})
    assert answer.status_code == 422
    assert "Other" not in site.guest().get("/.about/").text


def test_members_change_nothing(site: Site, alice: Guest):
    bob = site.signed_in("bob")
    assert bob.get(PAGE).status_code == 403
    assert bob.post(PAGE, {"csrf": bob.token(), "name": "Mine"}).status_code == 403
    assert bob.get("/.console/mail").status_code == 403
    assert bob.post("/.console/mail", {"csrf": bob.token()}).status_code == 403


def test_a_trial_of_mail_says_what_is_wrong(tmp_path: Path):
    site = Site(tmp_path, mail_from="pods@pods.example", smtp_host="127.0.0.1", smtp_port=1)
    create_account(site.services, "alice", email="alice@mail.example")
    page = site.signed_in("alice").submit("/.console/mail", "/.console/mail").text
    assert "Connection refused" in page
    assert "smtp_host" in page


PARTS = st.integers(0, 255).map(lambda part: part / 255)


@given(st.builds(Colour, PARTS, PARTS, PARTS), st.sampled_from([LIGHT, DARK]))
def test_every_colour_becomes_one_that_can_be_read(chosen: Colour, ground: Colour):
    accent = Accent.of(chosen, ground)
    assert contrast(accent.plain, accent.soft) > CONTRAST_MIN - 0.1
    assert contrast(accent.plain, ground) > CONTRAST_MIN
    assert contrast(accent.on, accent.plain) >= 4.5
    assert contrast(accent.on, accent.strong) >= 4.5
    assert Colour.parse(accent.plain.format()).luminance <= WHITE.luminance


LOGO = f"{PAGE}/logo"


def sent(guest: Guest, content: bytes, **fields: str) -> int:
    """A picture, as a browser sends it."""
    form = {"csrf": guest.token(), **fields, "picture": (io.BytesIO(content), "logo.png")}
    headers = {"Origin": guest.site.base_url[:-1], "Sec-Fetch-Site": "same-origin"}
    return guest.client.post(LOGO, data=form, headers=headers, base_url=guest.site.base_url).status_code


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (300, 200), "#aa0066").save(made, "PNG", pnginfo=None)
    return made.getvalue() + b"<script>"


def test_a_logo_is_made_anew_and_served_by_us_on_every_page(site: Site, alice: Guest):
    assert sent(alice, picture()) == 303
    page = site.guest().get("/.account/sign-in")
    (where,) = re.findall(r'<img class="logo" src="(/\.about/logo/[0-9a-f]{16}\.webp)" alt=""', page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "img-src data: https://pods.example/.about/logo/;" in policy
    answer = site.guest().get(where)
    assert answer.data[:4] + answer.data[8:12] == b"RIFFWEBP"
    assert b"<script>" not in answer.data
    assert "immutable" in answer.headers["Cache-Control"]
    assert sent(alice, b"", remove="yes") == 303
    assert "/.about/logo/" not in site.guest().get("/.account/sign-in").text
    site.clock.time += KEPT_SECONDS + 1
    assert site.guest().get(where).status_code == 404


@pytest.mark.parametrize("content", [b"", b"<svg onload=alert(1)>", b"GIF89a" + bytes(50), b"x" * 5_000_001])
def test_what_is_no_picture_becomes_no_logo(site: Site, alice: Guest, content: bytes):
    assert sent(alice, content) in {413, 422}
    assert "/.about/logo/" not in site.guest().get("/.about/").text


def test_only_operators_choose_the_logo(site: Site):
    bob = site.signed_in("bob")
    assert (sent(bob, picture()), bob.get(LOGO).status_code) == (403, 403)
