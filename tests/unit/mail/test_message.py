"""What mail says, and that nothing in it can be more than was meant."""

from __future__ import annotations

import pytest

from pod.config import Config, ConfigError, is_mail_address
from pod.mail.message import Letter, mail_enabled, message
from pod.store.mail import MailKind

CONFIG = Config(base_url="https://pods.example/", mail_from="pods@example.org", smtp_host="mail")
LINK = "https://pods.example/.account/x/token"
NOW = 1_800_000_000.0


@pytest.mark.parametrize("kind", list(MailKind))
def test_every_mail_is_a_short_text_with_one_link(kind):
    mail = message(CONFIG, Letter(kind, LINK, "alice", "1 May 2027"), "alice@example.org", NOW)
    text = mail.get_content()
    assert mail.get_content_type() == "text/plain"
    assert [line for line in text.splitlines() if "://" in line] == [LINK]
    assert "pods.example" in mail["Subject"]
    assert "{" not in text + mail["Subject"]
    assert max(map(len, text.splitlines())) < 130


def test_headers_say_who_writes_and_that_it_is_a_program():
    mail = message(CONFIG, Letter(MailKind.RESET, LINK, "alice"), "alice@example.org", NOW)
    assert mail["From"] == "Freehold <pods@example.org>"
    assert mail["To"] == "alice@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert mail["Message-ID"].endswith("@example.org>")


@pytest.mark.parametrize(
    "address",
    [
        "a@b\r\nBcc: c@d",
        "a@b\nBcc: c@d",
        "a@b, c@d",
        "a@b;c@d",
        "A <a@b>",
        '"a"@b',
        "a@b (c)",
        "a@[127.0.0.1]",
        "a\u2028@b",
        "a@b\x00",
        "a@b\ud800",
        "a@b@c",
        "a..b@c",
        ".a@b",
        "a@b..c",
        "a@-b",
        "bücher@example.org",
        "a",
        "",
        "a@" + "b" * 260,
    ],
)
def test_what_is_more_than_one_address_is_none(address):
    assert not is_mail_address(address)
    with pytest.raises(ConfigError):
        Config(mail_from=address or "x", smtp_host="mail")


@pytest.mark.parametrize(
    "address", ["a@b", "first.last+tag@sub.example.org", "o'neil@example.org", "a@xn--bcher-kva.example"]
)
def test_plain_addresses_are_addresses_and_go_out_as_they_are(address):
    assert is_mail_address(address)
    mail = message(CONFIG, Letter(MailKind.VERIFY, LINK, "alice"), address, NOW)
    (to,) = mail["To"].addresses
    assert to.addr_spec == address


@pytest.mark.parametrize("settings", [{"mail_from": "a@b"}, {"smtp_host": "mail"}])
def test_half_the_settings_are_a_mistake(settings):
    with pytest.raises(ConfigError, match="go together"):
        Config(**settings)


def test_without_settings_there_is_no_mail():
    assert (mail_enabled(Config()), mail_enabled(CONFIG)) == (False, True)


def test_the_password_of_the_mail_server_is_not_printed():
    assert "hunter2" not in repr(Config(smtp_password="hunter2"))
