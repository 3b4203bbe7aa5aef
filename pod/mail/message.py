"""What mail from this server says: short plain texts for people, each with at most one link, in the reader's language.

Pure: values in, a message out. English is here; who sends says how another language says it. Nothing in them comes from
a stranger but the address, which is one and no more; browsers are named in our words.

Spec: RFC 5322 s3.6; RFC 3834 s5
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pod.config import Config
from pod.store.mail import MailKind

if TYPE_CHECKING:
    from email.message import EmailMessage

RESET_MINUTES = 60
VERIFY_HOURS = 24


Said = Callable[[str], str]
"""A text of this file in the language of whoever reads it, its places still empty."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How a language says things: texts, days, and moments, these in milliseconds since the epoch."""

    said: Said
    day: Callable[[int], str]
    moment: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is about. `name` is the account's, if there is one; `date` is when what it tells is due, or was;
    `browser` and `place` are who did it and from where, if that is known; `reason` is what an operator said.
    """

    kind: MailKind
    link: str
    name: str = ""
    date: str = ""
    browser: str = ""
    place: str = ""
    reason: str = ""


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


ENGLISH = Speech(
    lambda text: text,
    lambda ms: _time(ms).strftime("%-d %B %Y"),
    lambda ms: _time(ms).strftime("%-d %B %Y, %H:%M UTC"),
)


def mail_enabled(config: Config) -> bool:
    """Whether this server sends mail. Without, people turn to its operator, who has the command line."""
    return bool(config.mail_from and config.smtp_host)


def message(config: Config, letter: Letter, email: str, now: float, said: Said = ENGLISH.said) -> EmailMessage:
    """Raises: ValueError -- no address; none such is ever stored."""
    subject, text = TEXTS[letter.kind]
    host = _host(config)
    lengths = {"minutes": RESET_MINUTES, "hours": VERIFY_HOURS, "days": config.invitation_days}
    about = {"name": letter.name, "link": letter.link, "date": letter.date, "reason": letter.reason}
    changed = FACTORS_CHANGED.get(letter.kind)
    composed = {"what": said(changed) if changed else "", "seen": _seen(letter, said)}
    written = said(text).format(host=host, **lengths, **about, **composed)
    return _mail(config, email, said(subject).format(host=host), written, now)


def _seen(letter: Letter, said: Said) -> str:
    """A line about who signed in, or nothing."""
    key = (bool(letter.browser), bool(letter.place))
    if key not in SEEN:
        return ""
    return said(SEEN[key]).format(browser=letter.browser, place=letter.place) + "\n"


def trial(config: Config, email: str, now: float) -> EmailMessage:
    """What `freehold doctor` sends. Raises: ValueError -- no address."""
    host = _host(config)
    text = f"The server {host} can send mail: this is what its operator wanted to know.\n"
    return _mail(config, email, f"A test of mail from {host}", text, now)


def _host(config: Config) -> str:
    return config.base_url.partition("://")[2].rstrip("/")


def _mail(config: Config, email: str, subject: str, text: str, now: float) -> EmailMessage:
    from email.headerregistry import Address  # noqa: PLC0415 -- 2 MB that servers without mail need not hold
    from email.message import EmailMessage  # noqa: PLC0415
    from email.policy import SMTP  # noqa: PLC0415
    from email.utils import format_datetime, make_msgid  # noqa: PLC0415

    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Freehold", addr_spec=config.mail_from)
    mail["To"] = Address(addr_spec=email)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = make_msgid(domain=config.mail_from.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail


FACTORS_CHANGED = {
    MailKind.PASSKEY_ADDED: "A passkey was added, with which one signs in without a password.",
    MailKind.PASSKEY_REMOVED: "A passkey was removed.",
    MailKind.CODES_ON: "Codes from an app were switched on: one is asked for after the password.",
    MailKind.CODES_OFF: "Codes from an app were switched off: none is asked for after the password any more.",
    MailKind.STEP_ON: "A passkey is asked for after the password.",
    MailKind.STEP_OFF: "No passkey is asked for after the password any more.",
    MailKind.RECOVERY_CODES_MADE: "New recovery codes were made, and the old ones ended.",
    MailKind.RECOVERY_CODE_USED: "One of the recovery codes was used to sign in.",
    MailKind.PASSWORD_REMOVED: "The password was removed: passkeys are what signs in.",
    MailKind.ORGANISATION_CONNECTED: "The account was connected with the sign-in of the organisation.",
    MailKind.ORGANISATION_DISCONNECTED: "The account was disconnected from the sign-in of the organisation.",
}
"""What changed about the ways into an account, in a sentence."""
_FACTORS_CHANGED = """\
On {date} something changed about how one signs in to the account {name} on {host}:

{what}

If that was you, there is nothing to do. If not, look what it is now, and sign out everywhere:
{link}
"""
SEEN = {
    (True, True): "It calls itself {browser} and came from {place}.",
    (True, False): "It calls itself {browser}.",
    (False, True): "It came from {place}.",
}
"""By whether it is known what a browser calls itself, and where it was."""

TEXTS: dict[MailKind, tuple[str, str]] = dict.fromkeys(
    FACTORS_CHANGED, ("How you sign in was changed ({host})", _FACTORS_CHANGED)
) | {
    MailKind.RESET: (
        "A new password for {host}",
        """\
Somebody, you we hope, asked for a new password for the account {name} on {host}.

Choose one here:
{link}

The link works once, for {minutes} minutes. If it was not you, do nothing: your password stays as it is.
""",
    ),
    MailKind.VERIFY: (
        "Is this your mail address? ({host})",
        """\
The account {name} on {host} named this address as its own.

If that is you, confirm it here:
{link}

The link works once, for {hours} hours. If it was not you, do nothing: nobody gets into anything with your address.
""",
    ),
    MailKind.INVITATION: (
        "An invitation to {host}",
        """\
You are invited to make an account with a pod of your own on {host}.

Begin here:
{link}

The link works once, for {days} days.
""",
    ),
    MailKind.LEAVING: (
        "Your account on {host} will be deleted",
        """\
The account {name} on {host} will be deleted on {date}, with its pods and everything in them.

Until then you can keep it, or save what is in it. Sign in here:
{link}

If it was not you who asked for this, sign in, keep your account, and choose a new password.
""",
    ),
    MailKind.PASSWORD_CHANGED: (
        "Your password on {host} was changed",
        """\
The password of the account {name} on {host} was changed on {date}.

If that was you, there is nothing to do. If not, choose a new password now:
{link}

Then sign in, and look for programs and sign-in servers that are not yours.
""",
    ),
    MailKind.EMAIL_CHANGED: (
        "Your mail address on {host} was changed",
        """\
The account {name} on {host} has another mail address, or none, since {date}. This one no longer belongs to it.

If that was you, there is nothing to do. If not, sign in now, name your address again, and choose a new password:
{link}

If you cannot sign in any more, turn to the operator of {host}.
""",
    ),
    MailKind.ISSUERS_CHANGED: (
        "Who can sign you in was changed ({host})",
        """\
The servers that can sign in the account {name} on {host}, to its pods and to apps, were changed on {date}.

If that was you, there is nothing to do. If not, see which they are, and choose a new password:
{link}
""",
    ),
    MailKind.NEW_BROWSER: (
        "A new sign-in on {host}",
        """\
On {date} somebody signed in to the account {name} on {host}, with a browser that was not seen before.
{seen}
If that was you, there is nothing to do. If not, sign out everywhere here, and choose a new password:
{link}
""",
    ),
    MailKind.WRONG_CODES: (
        "Somebody may know your password ({host})",
        """\
Many wrong codes were typed after the right password of the account {name} on {host}. The last was on {date}.
Fewer and fewer are taken, until a right one is typed.

If that was you, a recovery code or a passkey lets you in. If not, choose a new password now:
{link}
""",
    ),
    MailKind.FACTORS_REMOVED: (
        "Your passkeys and codes on {host} were removed",
        """\
On {date} the operator removed the passkeys and codes of the account {name} on {host}.
A password alone signs in again.

If you asked for that, sign in and add new ones. If not, turn to the operator, and choose a new password:
{link}
""",
    ),
    MailKind.ACCESS_ASKED: (
        "Somebody asks for access to your pod ({host})",
        """\
Somebody asks to see or change something in the pod of the account {name} on {host}.

See who, what and why, and answer with a click:
{link}

As long as you do not answer, they get nothing. More requests within an hour come in one mail.
""",
    ),
    MailKind.CLIENT_CHANGED: (
        "What a program can do with your pod on {host} was changed",
        """\
On {date} it was changed what a key is good for, with which a program can act for the account {name} on {host}.

If that was you, there is nothing to do. If not, revoke it here, and choose a new password:
{link}
""",
    ),
    MailKind.CLIENT_ADDED: (
        "A program can use your pod on {host}",
        """\
On {date} a key was made with which a program can act for the account {name} on {host}.

If that was you, there is nothing to do. If not, revoke it here, and choose a new password:
{link}
""",
    ),
    MailKind.SUSPENDED: (
        "Your account on {host} is suspended",
        """\
Those who run {host} suspended the account {name} on {date}. Nobody can sign in to it now, and no app acts for it.
Nothing was deleted. They say why:

{reason}

If you think that is wrong, write to them. Who they are is told here:
{link}
""",
    ),
    MailKind.RESUMED: (
        "Your account on {host} works again",
        """\
The account {name} on {host} is no longer suspended. Sign in here:
{link}
""",
    ),
    MailKind.QUOTA: (
        "Your pod on {host} is nearly full",
        """\
More than four fifths of what a pod of the account {name} on {host} may hold is used. Once it is full, nothing
more can be stored in it; nothing is deleted.

See how much there is room for:
{link}
""",
    ),
    MailKind.EXPORT_OFFERED: (
        "Take along what is yours ({host})",
        """\
Those who run {host} ask you to take along what is in the pods of the account {name}.

Sign in, and download everything as one file:
{link}

Only you get the file. They learn that you took it, and how large it was.
""",
    ),
    MailKind.HANDOVER_ASKED: (
        "Hand your account on {host} over?",
        """\
Those who run {host} ask you to hand the account {name} over to another member, with everything in its pods.

Nothing happens unless you agree. See to whom, and answer:
{link}
""",
    ),
    MailKind.HANDOVER_AGREED: (
        "An account on {host} is for you",
        """\
An account on {host} is handed over to you, {name}. Whoever had it agreed.

Take it over here:
{link}
""",
    ),
    MailKind.HANDED_OVER: (
        "Your account on {host} was handed over",
        """\
On {date} the account {name} on {host} went to another member, as you agreed. You can no longer sign in to it,
and this address no longer belongs to it.

If you did not agree, write to those who run the server. Who they are is told here:
{link}
""",
    ),
}
