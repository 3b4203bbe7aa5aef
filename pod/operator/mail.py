"""Mail: whether the server that takes it lets us in; and one test message, if asked for."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator

from pod.config import Config
from pod.mail.message import mail_enabled, trial
from pod.mail.smtp import send, sign_in
from pod.operator.findings import Finding, fine, problem

SUBJECT = "mail"


def check_mail(config: Config, address: str | None, now: float) -> Iterator[Finding]:
    """`address` gets a test message."""
    if not mail_enabled(config):
        if address is not None:
            yield problem(SUBJECT, "none is sent by this server", "Set mail_from and smtp_host.")
        else:
            yield fine(SUBJECT, "none is sent: new passwords are given with `freehold account reset-password`")
        return
    where = f"{config.smtp_host}:{config.smtp_port}"
    try:
        if address is None:
            sign_in(config)
        else:
            send(config, trial(config, address, now), address)
    except (OSError, ValueError) as error:
        yield problem(SUBJECT, f"{where} does not take it: {_told(error)}", _remedy(error))
        return
    yield fine(SUBJECT, f"{where} took a message to {address}" if address else f"{where} lets this server in")


def _told(error: Exception) -> str:
    match error:
        case smtplib.SMTPResponseException():
            code, said = error.smtp_code, error.smtp_error
            return f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}".rstrip(".")
        case smtplib.SMTPRecipientsRefused():
            return "; ".join(f"{code} {said.decode('utf-8', 'replace')}" for code, said in error.recipients.values())
        case ssl.SSLCertVerificationError():
            return f"its certificate is not good ({error.verify_message})"
    return str(error).rstrip(".") or type(error).__name__


def _remedy(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return "Look at smtp_user and smtp_password."
        case smtplib.SMTPNotSupportedError() | ssl.SSLError():
            return "Look at smtp_tls and smtp_port: starttls goes with 587, tls with 465."
        case smtplib.SMTPRecipientsRefused() | smtplib.SMTPSenderRefused():
            return "Look at mail_from, and at what that server lets you send."
    return "Look at smtp_host and smtp_port, and whether your network lets mail out."
