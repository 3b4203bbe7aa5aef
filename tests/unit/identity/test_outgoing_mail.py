"""Mail that waits: sent once, tried again, given up; and what is in the log of it."""

from __future__ import annotations

import smtplib

import pytest
import structlog

from pod.errors import LinkExpired
from pod.identity.accounts import set_verified_email
from pod.identity.departure import keep_account, schedule_deletion
from pod.identity.outgoing_mail import ATTEMPTS_MAX, Postman
from pod.identity.recovery import find_link, request_reset, reset_with_link
from pod.store.links import Purpose
from tests.support.people import DAY, HERE, PASSWORD, alice_of, opened, pass_time, token_in
from tests.support.postbox import LATER, NO_SUCH_MAILBOX, TAKEN, postbox

SECRETS = ("alice@example.org", ".account/")


class Refusing:
    """A way out that fails, and keeps what was to be sent."""

    def __init__(self, error):
        self.error = error
        self.texts = []

    def __call__(self, _config, mail, _email):
        self.texts.append(mail.get_content())
        raise self.error


def waiting(services):
    return services.store.rows("SELECT attempts, due_ms FROM outgoing_mail")


def links(services):
    return services.store.rows("SELECT hash FROM single_use_link")


def test_mail_goes_out_once(people, she, letters):
    request_reset(people, "alice", HERE)
    assert len(letters.delivered()) == 1
    assert (letters.delivered(), waiting(people)) == ([], [])


def test_mail_that_failed_is_tried_again_with_growing_pauses(people, she):
    request_reset(people, "alice", HERE)
    out = Refusing(ConnectionRefusedError())
    postman, pauses = Postman(people.config, people.store, people.clock, out), []
    postman.work()
    while rows := waiting(people):
        pauses.append(rows[0][1] / 1000 - people.clock.now())
        pass_time(people, pauses[-1] - 1)
        assert postman.work() == 0
        assert len(out.texts) == len(pauses)
        pass_time(people, 1)
        postman.work()
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600]
    assert len(out.texts) == ATTEMPTS_MAX


def test_a_link_that_was_not_sent_does_not_work(people, she):
    request_reset(people, "alice", HERE)
    out = Refusing(ConnectionRefusedError())
    Postman(people.config, people.store, people.clock, out).work()
    assert links(people) == []
    with pytest.raises(LinkExpired):
        find_link(people, token_in(out.texts[0]), Purpose.RESET)


@pytest.mark.parametrize(
    ("error", "given_up"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such mailbox")}), True),
        (smtplib.SMTPRecipientsRefused({"a": (451, b"later")}), False),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), False),
        (TimeoutError(), False),
        (ValueError("no address"), True),
    ],
)
def test_only_a_mailbox_that_does_not_exist_is_given_up_at_once(people, she, error, given_up):
    request_reset(people, "alice", HERE)
    Postman(people.config, people.store, people.clock, Refusing(error)).work()
    assert (waiting(people) == []) is given_up


def test_the_log_has_no_address_and_no_link(people, she):
    request_reset(people, "alice", HERE)
    out = Refusing(smtplib.SMTPRecipientsRefused({"alice@example.org": (550, b"alice@example.org?")}))
    with structlog.testing.capture_logs() as logged:
        Postman(people.config, people.store, people.clock, out).work()
    assert logged
    assert not any(secret in str(logged) for secret in (*SECRETS, token_in(out.texts[0])))


def test_what_became_pointless_is_not_sent(people, she, letters):
    schedule_deletion(people, she, PASSWORD)
    keep_account(people, she)
    request_reset(people, "alice", HERE)
    set_verified_email(people, "alice", "new@example.org")
    letters.delivered()
    assert [email for email, text in letters.sent if "was changed" not in text and "another" not in text] == []
    assert waiting(people) == []


def test_what_waited_for_a_day_is_not_sent(people, she, letters):
    request_reset(people, "alice", HERE)
    pass_time(people, DAY + 1)
    assert (letters.delivered(), waiting(people)) == ([], [])


def test_with_a_real_mail_server_from_request_to_new_password(tmp_path):
    with postbox() as box, opened(tmp_path / "data", **box.settings()) as services:
        she = alice_of(services)
        postman = Postman(services.config, services.store, services.clock)
        request_reset(services, "alice", HERE)
        for answer, arrived in ((LATER, 0), (TAKEN, 1)):
            box.answer = answer
            postman.work()
            pass_time(services, 60)
            assert len(box.mails) == arrived
        assert reset_with_link(services, box.token(), "staple battery horse", HERE).id == she.id
        box.answer = NO_SUCH_MAILBOX
        request_reset(services, "alice", HERE)
        postman.work()
        assert waiting(services) == []
