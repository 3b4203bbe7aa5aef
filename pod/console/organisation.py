"""What operators say of themselves: name, logo, colour, terms, privacy, whom to ask, and who may sign up."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from pod.config import is_mail_address
from pod.console.members import Console, Settled
from pod.errors import UnprocessableContent
from pod.protocol.colour import Colour
from pod.store.interface import Writer
from pod.store.operator_acts import ActKind
from pod.store.organisation import Organisation, organisation, put_organisation

NAME_CHARACTERS_MAX = 60
CONTACT_CHARACTERS_MAX = 300
TEXT_CHARACTERS_MAX = 20_000
LOGO_SIDE = 96
LOGO_BYTES_MAX = 12 * 1024
REGISTRATIONS = ("", "closed", "open", "invitation")


def save_organisation(console: Console, said: Organisation) -> None:
    """All of it but the logo, which has a way of its own. Raises: UnprocessableContent -- with the `field`."""
    _check(said)

    def change(tx: Writer) -> Settled:
        put_organisation(tx, replace(said, logo=organisation(tx).logo))
        return Settled()

    console.settle(ActKind.ORGANISATION, change)


def save_logo(console: Console, picture: bytes | None) -> None:
    """A small picture that this server made (WebP), or none. Raises: UnprocessableContent."""
    if picture is not None and len(picture) > LOGO_BYTES_MAX:
        raise UnprocessableContent("This picture has too many details to be shown small.", field="logo")
    logo = "" if picture is None else f"data:image/webp;base64,{b64encode(picture).decode()}"

    def change(tx: Writer) -> Settled:
        put_organisation(tx, replace(organisation(tx), logo=logo))
        return Settled()

    console.settle(ActKind.ORGANISATION, change)


def is_contact(text: str) -> bool:
    """Whether it can be a link: a mail address or the URL of a page."""
    return is_mail_address(text) or (text.startswith("https://") and text.isprintable() and " " not in text)


def _check(said: Organisation) -> None:
    """Raises: UnprocessableContent."""
    if len(said.name) > NAME_CHARACTERS_MAX or not said.name.isprintable():
        raise UnprocessableContent(f"A name has at most {NAME_CHARACTERS_MAX} letters.", field="name")
    if said.contact and not (len(said.contact) <= CONTACT_CHARACTERS_MAX and is_contact(said.contact)):
        raise UnprocessableContent("Give a mail address, or a page that begins with https://.", field="contact")
    for field, text in (("terms", said.terms), ("privacy", said.privacy)):
        if len(text) > TEXT_CHARACTERS_MAX:
            raise UnprocessableContent(f"This text may have {TEXT_CHARACTERS_MAX:,} letters.", field=field)
    if said.registration not in REGISTRATIONS:
        raise UnprocessableContent("Choose who may sign up.", field="registration")
    try:
        _ = said.accent and Colour.parse(said.accent)
    except ValueError as error:
        raise UnprocessableContent("A colour is written like #1b684b.", field="accent") from error
