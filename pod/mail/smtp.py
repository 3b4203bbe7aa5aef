"""Handing a mail to the server that takes it, over TLS unless the settings say otherwise.

TLS is never given up because the other side does not offer it, and its certificate must be good.

Spec: RFC 5321; RFC 3207; RFC 8314
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from pod.config import Config

SECONDS_MAX = 20
"""Longest silence of the other server."""


def send(config: Config, mail: EmailMessage, email: str) -> None:
    """Raises: OSError -- smtplib's errors are among these: nobody took the mail."""
    with _signed_in(config) as server:
        server.send_message(mail, config.mail_from, [email])


def sign_in(config: Config) -> None:
    """Whether that server would take a mail. Raises: OSError -- see `send`."""
    with _signed_in(config) as server:
        server.noop()


@contextmanager
def _signed_in(config: Config) -> Iterator[smtplib.SMTP]:
    with _connected(config) as server:
        if config.smtp_user:
            server.login(config.smtp_user, config.smtp_password)
        yield server


def _connected(config: Config) -> smtplib.SMTP:
    if config.smtp_tls == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(config.smtp_host, config.smtp_port, timeout=SECONDS_MAX, context=context)
    server = smtplib.SMTP(config.smtp_host, config.smtp_port, timeout=SECONDS_MAX)
    if config.smtp_tls == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server
