"""`/.notices/`: what somebody with an account should know of, in one place; what they have not read stands out.

Opening one leads to where something can be done about it, and counts as having read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from pod.errors import NotFound
from pod.index.index import Index
from pod.store.mail import MailKind
from pod.store.notices import Notice, NoticeKind, Notices
from pod.store.operator_acts import ActKind
from pod.store.records import SERVER
from pod.ui.door import Door, see_other
from pod.ui.language import gettext as _
from pod.ui.language import marked
from pod.ui.render import render
from pod.ui.views import name_of, shown_iri

NOTICES = "/.notices/"
OPEN = f"{NOTICES}open"
READ = f"{NOTICES}read"
PAGE = 30
NUMBER_CHARACTERS_MAX = 16


@dataclass(frozen=True, slots=True)
class Told:
    """A notice in words. `sign` is one of navigation.html."""

    id: int
    text: str
    sign: str
    at_ms: int
    is_unread: bool


def add_notices(pages: Blueprint, door: Door, index: Index) -> None:
    services = door.services
    notices = Notices(services.store)

    @pages.get(NOTICES)
    def all_notices() -> Response:
        account = door.session().account
        found = notices.latest(account.id, request.args.get("before", ""), PAGE + 1)
        onward = f"?{urlencode({'before': found[PAGE - 1].mark})}" if len(found) > PAGE else ""
        newest = found[0].at_ms if found else 0
        return render("notices.html", notices=in_words(index, found[:PAGE]), onward=onward, newest_ms=newest)

    @pages.post(OPEN)
    def open_notice() -> Response:
        account = door.session().account
        key = _number(door.form().get("notice", ""))
        found = notices.get(account.id, key)
        if found is None:
            raise NotFound(_("This notice is no longer kept."))
        with services.store.write(SERVER) as tx:
            notices.read(tx, account.id, key)
        return see_other(_place(found))

    @pages.post(READ)
    def read_all() -> Response:
        account = door.session().account
        until_ms = _number(door.form().get("until", ""))
        with services.store.write(SERVER) as tx:
            notices.read_all(tx, account.id, until_ms)
        return see_other(NOTICES)


def in_words(index: Index, found: Sequence[Notice]) -> list[Told]:
    """With the names of people, as far as they are known here: nobody is asked."""
    people = index.people([each.who for each in found if each.who])
    names = {web_id: seen.name for web_id, seen in people.items() if seen.name}
    return [Told(each.id, _text(each, names), _SIGNS[each.kind], each.at_ms, each.is_unread) for each in found]


def _text(notice: Notice, names: Mapping[str, str]) -> str:
    who = names.get(notice.who) or shown_iri(notice.who)
    match notice.kind:
        case NoticeKind.ASKED:
            return _("%(who)s asks for access to your pod", who=who)
        case NoticeKind.REFUSED:
            return _("Your request for access in the pod %(pod)s was refused", pod=name_of(notice.thing))
        case NoticeKind.SHARED:
            return _("%(who)s shared “%(name)s” with you", who=who, name=name_of(notice.thing))
        case NoticeKind.QUOTA:
            return _("Your pod %(pod)s is nearly full", pod=name_of(notice.thing))
        case NoticeKind.ACCOUNT:
            return _happened(notice.thing)
        case NoticeKind.OPERATORS:
            return _(_DONE_BY_OPERATORS.get(notice.thing, _SOMETHING_DONE))
        case NoticeKind.HANDOVER:
            return _("The account %(name)s is handed over to you", name=notice.thing)


def _happened(kind: str) -> str:
    """Something about the ways into the account."""
    return _(_HAPPENED.get(kind, marked("Something about how you sign in was changed")))


def _place(notice: Notice) -> str:
    """Where something can be done about it, on a page of ours."""
    match notice.kind:
        case NoticeKind.ASKED | NoticeKind.REFUSED:
            return "/.account/requests"
        case NoticeKind.SHARED:
            return f"/.home{notice.thing}"
        case NoticeKind.QUOTA:
            return "/.account/pods"
        case NoticeKind.OPERATORS:
            return _OPERATORS_PLACES.get(notice.thing, "/.account/operators")
        case NoticeKind.HANDOVER:
            return "/.account/hand-over"
        case NoticeKind.ACCOUNT:
            return _PLACES.get(notice.thing, "/.account/security")


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= NUMBER_CHARACTERS_MAX
    return int(text) if is_number else 0


_SIGNS = {
    NoticeKind.ASKED: "contacts",
    NoticeKind.REFUSED: "contacts",
    NoticeKind.SHARED: "sharing",
    NoticeKind.QUOTA: "files",
    NoticeKind.ACCOUNT: "key",
    NoticeKind.OPERATORS: "bell",
    NoticeKind.HANDOVER: "key",
}
_OPERATORS_PLACES = {
    ActKind.EXPORT_OFFERED.value: "/.account/export",
    ActKind.HANDOVER.value: "/.account/hand-over",
}
_SOMETHING_DONE = marked("Whoever runs this server did something to your account")
_DONE_BY_OPERATORS: dict[str, str] = {
    ActKind.SUSPENDED.value: marked("Whoever runs this server suspended your account"),
    ActKind.RESUMED.value: marked("Your account works again"),
    ActKind.QUOTA.value: marked("Whoever runs this server changed how much you may keep"),
    ActKind.ROLE.value: marked("Whoever runs this server changed your role"),
    ActKind.RESET_SENT.value: marked("Whoever runs this server sent you a link for a new password"),
    ActKind.DELETION.value: marked("Whoever runs this server marked your account for deletion"),
    ActKind.KEPT.value: marked("Your account stays after all"),
    ActKind.TAKEN_DOWN.value: marked("Whoever runs this server took something of yours down"),
    ActKind.GIVEN_BACK.value: marked("Something of yours that was taken down can be seen again"),
    ActKind.JOINED.value: marked("Whoever runs this server put you into a group"),
    ActKind.LEFT.value: marked("Whoever runs this server took you out of a group"),
    ActKind.EXPORT_OFFERED.value: marked("Whoever runs this server asks you to take your things along"),
    ActKind.HANDOVER.value: marked("Whoever runs this server asks you to hand your account over"),
    ActKind.HANDOVER_ENDED.value: marked("Your account need not be handed over any more"),
}
_PLACES = {
    MailKind.NEW_BROWSER.value: "/.account/sessions",
    MailKind.EMAIL_CHANGED.value: "/.account/email",
    MailKind.ISSUERS_CHANGED.value: "/.account/issuers",
    MailKind.CLIENT_ADDED.value: "/.account/credentials",
    MailKind.CLIENT_CHANGED.value: "/.account/credentials",
}
_HAPPENED: dict[str, str] = {
    MailKind.NEW_BROWSER.value: marked("Somebody signed in to your account from a browser not seen before"),
    MailKind.PASSWORD_CHANGED.value: marked("Your password was changed"),
    MailKind.EMAIL_CHANGED.value: marked("Your e-mail address was changed"),
    MailKind.ISSUERS_CHANGED.value: marked("The servers that can sign you in were changed"),
    MailKind.CLIENT_ADDED.value: marked("A key for a program was made"),
    MailKind.CLIENT_CHANGED.value: marked("What an app or a key for a program may do was changed"),
    MailKind.PASSKEY_ADDED.value: marked("A passkey was added"),
    MailKind.PASSKEY_REMOVED.value: marked("A passkey was removed"),
    MailKind.CODES_ON.value: marked("Codes from an app were switched on"),
    MailKind.CODES_OFF.value: marked("Codes from an app were switched off"),
    MailKind.WRONG_CODES.value: marked("Many wrong codes were typed after your right password"),
    MailKind.STEP_ON.value: marked("A passkey is asked for after your password"),
    MailKind.STEP_OFF.value: marked("No passkey is asked for after your password"),
    MailKind.RECOVERY_CODES_MADE.value: marked("New recovery codes were made"),
    MailKind.RECOVERY_CODE_USED.value: marked("A recovery code was used to sign in"),
    MailKind.PASSWORD_REMOVED.value: marked("Your password was removed"),
    MailKind.ORGANISATION_CONNECTED.value: marked("Your account was connected with your organisation's sign-in"),
    MailKind.ORGANISATION_DISCONNECTED.value: marked("Your account was disconnected from your organisation's sign-in"),
    MailKind.FACTORS_REMOVED.value: marked("Whoever runs this server removed your passkeys and codes"),
}
