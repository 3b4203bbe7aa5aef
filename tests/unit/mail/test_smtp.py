"""Mail on its way to a real server: encrypted unless the settings say otherwise, and never less than they say."""

from __future__ import annotations

import smtplib
import ssl

import pytest
from aiosmtpd.smtp import AuthResult

from pod.config import Config
from pod.mail.message import Letter, message
from pod.mail.smtp import send
from pod.store.mail import MailKind
from tests.support.postbox import LATER, NO_SUCH_MAILBOX, certificate, postbox


def sent(box, email="alice@example.org", **settings):
    config = Config(**box.settings(**settings))
    send(config, message(config, Letter(MailKind.RESET, "https://pods.example/x", "alice"), email, 0), email)


def test_a_mail_arrives_at_one_address():
    with postbox() as box:
        sent(box)
    assert box.envelopes == [("pods@example.org", ("alice@example.org",))]
    assert box.mails[0]["To"] == "alice@example.org"


def test_without_tls_on_the_other_side_nothing_is_sent():
    with postbox() as box, pytest.raises(smtplib.SMTPNotSupportedError):
        sent(box, smtp_tls="starttls")
    assert box.mails == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path, tls):
    options = {"tls_context" if tls == "starttls" else "ssl_context": certificate(tmp_path).context}
    with postbox(**options) as box, pytest.raises(ssl.SSLCertVerificationError):
        sent(box, smtp_tls=tls)
    assert box.mails == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_with_a_good_certificate_the_password_goes_over_tls(tmp_path, monkeypatch, tls):
    made = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    seen = []

    def authenticate(_server, session, _envelope, _mechanism, data):
        seen.append((session.ssl is not None, data.login, data.password))
        return AuthResult(success=True)

    options = {"tls_context": made.context} if tls == "starttls" else {"ssl_context": made.context}
    options |= {
        "authenticator": authenticate,
        "auth_required": tls == "starttls",
        "auth_require_tls": tls == "starttls",
    }
    with postbox(**options) as box:
        sent(box, smtp_tls=tls, smtp_user="pods", smtp_password="hunter2")
    assert [each[1:] for each in seen] == [(b"pods", b"hunter2")]
    assert len(box.mails) == 1


@pytest.mark.parametrize("answer", [NO_SUCH_MAILBOX, LATER])
def test_what_the_server_refuses_is_told(answer):
    with postbox() as box, pytest.raises(smtplib.SMTPRecipientsRefused):
        box.answer = answer
        sent(box)


def test_a_server_that_is_not_there_is_told():
    with postbox() as box:
        pass
    with pytest.raises(OSError):
        sent(box)
