"""Address books as files: entries of a .vcf read one by one, and written by vobject.

Files come from anywhere, so reading takes one pass over a bounded number of bytes, whatever is in them, and an entry
that cannot be read is told by its line and passed over. vobject does not read them: its expression for a line takes
twice as long for each comma more in a parameter, and it knows neither the encodings of 2.1 nor what 4.0 added.

Spec: RFC 6350 (4.0); RFC 2426 (3.0); vCard 2.1 s2.1
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pod.people.card import NOTE_CHARACTERS_MAX, Address, Card, Point, limited

if TYPE_CHECKING:
    import vobject

MEDIA_TYPE = "text/vcard"
BYTES_MAX = 50 * 1024 * 1024
LINE_BYTES_MAX = 4 * 1024 * 1024
"""Unfolded; a photo is one line."""
LINES_MAX = 1_000
"""Of one entry, unfolded."""
HEAD_BYTES_MAX = 8 * 1024
"""Of a line before its value: its name and what is said about the value."""
VALUE_BYTES_MAX = 64 * 1024
"""Of any but a picture: more than the longest text that a contact may have."""
PHOTO_BYTES_MAX = 3 * 1024 * 1024
MARKER_BYTES_MAX = 32
"""Of the line that begins or ends an entry."""
PARTS_MAX = 64
"""Of a structured value, and parameters of a line."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CARET = {"^n": "\n", "^'": '"', "^^": "^"}
_CARETS = re.compile(r"\^[n'^]")
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)")
_MONTH_DAY = re.compile(r"--(\d\d)-?(\d\d)")
_KINDS: Final = {"CELL": "mobile", "MOBILE": "mobile", "HOME": "home", "WORK": "work"}
IGNORED: Final = frozenset(
    {"BEGIN", "END", "VERSION", "PRODID", "REV", "KIND", "N", "SORT-STRING", "LABEL", "X-ABLABEL", "X-ABADR", "CLASS"}
)
"""What tells nothing about a person that would be missed."""


class Problem(StrEnum):
    """Why an entry was passed over."""

    NO_END = "no end"
    NO_NAME = "no name"
    GROUP = "group"
    TOO_LONG = "too long"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, from a line of the file on. Either there is a card, or a problem."""

    line: int
    card: Card | None = None
    photo: bytes = b""
    problem: Problem | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Properties that a contact here has no place for, and how often they were there."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A content line. `text` is the value as it stands there, with its encoding."""

    name: str
    parameters: Mapping[str, tuple[str, ...]]
    text: bytes

    @property
    def kind(self) -> str:
        types = {each.upper() for each in self.parameters.get("TYPE", ())}
        return next((kind for name, kind in _KINDS.items() if name in types), "")

    @property
    def encoding(self) -> str:
        return "".join(self.parameters.get("ENCODING", ("",))[:1]).upper()


# -- reading -----------------------------------------------------------------------------------------------------------


def read_vcards(data: bytes) -> Iterator[Entry]:
    """The entries of a file in their order. There are none in what is no such file."""
    start, lines, depth = 0, list[bytes](), 0
    for number, line in _logical(_utf8(data).splitlines()):
        marker = line.strip().upper().replace(b" ", b"") if len(line) < MARKER_BYTES_MAX else b""
        if marker == b"BEGIN:VCARD":
            if depth and not _embeds(lines):
                yield Entry(start, problem=Problem.NO_END)
                depth = 0
            depth += 1
            if depth == 1:
                start, lines = number, []
        elif depth and marker == b"END:VCARD":
            depth -= 1
            if not depth:
                yield _entry(start, lines)
        elif depth == 1:
            lines.append(line)
    if depth:
        yield Entry(start, problem=Problem.NO_END)


def _embeds(lines: list[bytes]) -> bool:
    """Whether an entry may begin in another: that of an agent does, in 2.1."""
    return bool(lines) and lines[-1].strip().upper().startswith(b"AGENT")


def _utf8(data: bytes) -> bytes:
    """Some programs write UTF-16."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace").encode("utf-8", errors="replace")
    return data.removeprefix(b"\xef\xbb\xbf")


def _logical(lines: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Unfolded lines with the number of the first; one that is too long ends where that shows.

    Spec: RFC 6350 s3.2; vCard 2.1 s2.1.3 (soft line breaks of quoted-printable)
    """
    start, parts, size = 0, list[bytes](), 0
    for number, line in enumerate(lines, 1):
        joined = _continues(parts, line)
        if joined is None:
            if parts:
                yield start, b"".join(parts)
            start, parts, size = number, [line], len(line)
        elif size + len(joined) <= LINE_BYTES_MAX:
            parts.append(joined)
            size += len(joined)
        else:
            size = LINE_BYTES_MAX
            parts[0] = b"\0"
    if parts:
        yield start, b"".join(parts)


def _continues(parts: list[bytes], line: bytes) -> bytes | None:
    """What a line adds to the one before; None if it is a line of its own."""
    if not parts:
        return None
    if parts[-1].endswith(b"=") and b"QUOTED-PRINTABLE" in parts[0][:200].upper():
        parts[-1] = parts[-1][:-1]
        return line.lstrip(b" \t") if line[:1] in {b" ", b"\t"} and not line.strip() else line
    if line[:1] in {b" ", b"\t"}:
        return line[1:] if line.strip() else b""
    is_base64 = b"BASE64" in parts[0][:200].upper()
    return line if is_base64 and line and b":" not in line else None


def _entry(start: int, lines: list[bytes]) -> Entry:
    if len(lines) > LINES_MAX or any(each.startswith(b"\0") for each in lines):
        return Entry(start, problem=Problem.TOO_LONG)
    read = [found for found in map(_line, lines) if found is not None]
    if not read:
        return Entry(start, problem=Problem.UNREADABLE)
    if any(each.name in {"KIND", "X-ADDRESSBOOKSERVER-KIND"} and each.text.lower() == b"group" for each in read):
        return Entry(start, problem=Problem.GROUP)
    card, photo, left_out = _card(read)
    if not card.name:
        return Entry(start, problem=Problem.NO_NAME)
    return Entry(start, card, photo, None, left_out)


def _line(line: bytes) -> _Line | None:
    """None for what is no content line. Spec: RFC 6350 s3.3"""
    end = _end_of_parameters(line)
    if not 0 <= end <= HEAD_BYTES_MAX:
        return None
    head = line[:end].decode("utf-8", errors="replace")
    name, *parameters = _split(head, ";", quoted=True)
    name = name.rpartition(".")[2].strip().upper()
    value = line[end + 1 :] if name == "PHOTO" else line[end + 1 : end + 1 + VALUE_BYTES_MAX]
    return _Line(name, _parameters(parameters[:PARTS_MAX]), value) if name else None


def _end_of_parameters(line: bytes) -> int:
    """Where the value begins: at the first colon that is not in quotation marks."""
    end, begun = line.find(b":"), 0
    while end >= 0 and line.count(b'"', begun, end) % 2:
        closing = line.find(b'"', end)
        if closing < 0:
            return -1
        begun, end = closing + 1, line.find(b":", closing)
    return end


def _parameters(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """A parameter without a name is a type, or an encoding. Spec: vCard 2.1 s2.1.2"""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().upper()
        if not equals:
            name, values = ("ENCODING" if name in {"QUOTED-PRINTABLE", "BASE64"} else "TYPE"), name
        parts = (each.strip().strip('"') for each in _split(values, ",", quoted=name != "TYPE"))
        said = tuple(_CARETS.sub(lambda found: _CARET[found[0]], each) for each in parts)
        if name == "TYPE":  # also `TYPE="home,work"`
            said = tuple(part for each in said for part in each.split(","))
        found[name] = (*found.get(name, ()), *said)[:PARTS_MAX]
    return found


def _split(text: str, separator: str, *, quoted: bool = False) -> list[str]:
    """At each separator that is neither escaped nor, if that counts, in quotation marks."""
    mark = '"' if quoted else "\\"
    if mark not in text:
        return text.split(separator)
    found: list[str] = []
    is_open, begun = False, 0
    escaped = False
    for at, character in enumerate(text):
        if quoted and character == '"':
            is_open = not is_open
        elif character == separator and not is_open and not escaped:
            found.append(text[begun:at])
            begun = at + 1
        escaped = not quoted and character == "\\" and not escaped
    return [*found, text[begun:]]


def _decoded(line: _Line) -> str:
    """The value as text, out of its encoding but with what is escaped in it."""
    if line.encoding == "QUOTED-PRINTABLE":
        return _in_charset(quopri.decodestring(line.text), line)
    return _in_charset(line.text, line)


def _in_charset(data: bytes, line: _Line) -> str:
    charset = "".join(line.parameters.get("CHARSET", ("",))[:1])
    for each in (charset, "utf-8", "cp1252"):
        try:
            return data.decode(each)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("latin-1")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def _text(line: _Line) -> str:
    return _unescaped(_decoded(line)).strip()


def _parts(line: _Line) -> list[str]:
    """Of a structured value; several values of one part are one text."""
    fields = _split(_decoded(line), ";")[:PARTS_MAX]
    return [", ".join(_unescaped(each).strip() for each in _split(part, ",")).strip() for part in fields]


# -- entries -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Making:
    """A card while its lines are read."""

    texts: dict[str, str] = field(default_factory=dict)
    emails: list[Point] = field(default_factory=list)
    phones: list[Point] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    web_ids: list[str] = field(default_factory=list)
    photo: bytes = b""
    left_out: Counter[str] = field(default_factory=Counter)

    def take(self, line: _Line) -> None:
        """What a line says, if there is a place for it."""
        if line.name in _TEXTS:
            self._text(line)
        elif line.name in _LISTS:
            self._value(line)
        elif line.name == "PHOTO":
            self.photo = self.photo or _photo(line)
        elif line.name not in IGNORED:
            self.left_out[line.name] += 1

    def _text(self, line: _Line) -> None:
        name = _TEXTS[line.name]
        if name == "birthday":
            said = _birthday(_text(line))
        elif name in {"organisation", "nickname"}:
            parts = [each for each in _parts(line) if each]
            said = ", ".join(parts)
        else:
            said = _text(line)
        if line.name == "TITLE":  # what is said as the role goes before
            self.texts.setdefault("title", said)
        elif said and (name != "note" or not self.texts.get("note")):
            self.texts.setdefault(name, said)
        elif said and len(self.texts["note"]) <= NOTE_CHARACTERS_MAX:
            self.texts["note"] += f"\n\n{said}"

    def _value(self, line: _Line) -> None:
        if line.name == "ADR":
            self.addresses.append(_address(line))
        elif line.name == "EMAIL":
            self.emails.append(Point(_without_scheme(_text(line), "mailto:"), line.kind))
        elif line.name == "TEL":
            self.phones.append(Point(_without_scheme(_text(line), "tel:").split(";ext=")[0], line.kind))
        elif line.name == "X-WEBID":
            self.web_ids.append(_text(line))
        else:
            page = _text(line)
            self.pages.append(page if "://" in page else f"https://{page}")


_TEXTS: Final = {
    "FN": "name",
    "NICKNAME": "nickname",
    "ORG": "organisation",
    "ROLE": "role",
    "TITLE": "role",
    "BDAY": "birthday",
    "NOTE": "note",
    "UID": "uid",
}
_LISTS: Final = frozenset({"EMAIL", "TEL", "ADR", "URL", "X-WEBID"})


def _card(lines: list[_Line]) -> tuple[Card, bytes, Mapping[str, int]]:
    making = _Making()
    for line in lines:
        making.take(line)
    texts, title = making.texts, making.texts.pop("title", "")
    if title and title != texts.setdefault("role", title):
        texts["role"] = f"{title}, {texts['role']}"
    reached = (each.value for each in (*making.emails, *making.phones))
    name = texts.pop("name", "") or _full_name(lines) or texts.get("organisation", "") or next(reached, "")
    card = Card(
        name=name,
        **texts,
        emails=tuple(making.emails),
        phones=tuple(making.phones),
        addresses=tuple(making.addresses),
        pages=tuple(making.pages),
        web_ids=tuple(making.web_ids),
    )
    return limited(card), making.photo, making.left_out


def _full_name(lines: Iterable[_Line]) -> str:
    """Spec: RFC 6350 s6.2.2 -- family, given, additional, prefixes, suffixes"""
    parts = next((_parts(each) for each in lines if each.name == "N"), [])
    family, given, additional, prefix, suffix = (*parts, "", "", "", "", "")[:5]
    return " ".join(each for each in (prefix, given, additional, family, suffix) if each)


def _address(line: _Line) -> Address:
    """Spec: RFC 6350 s6.3.1 -- post office box, extended address, street, locality, region, code, country"""
    box, extended, street, *rest = (*_parts(line), "", "", "", "", "", "", "")[:7]
    locality, region, code, country = rest
    whole = ", ".join(each for each in (street, extended, box) if each)
    return Address(whole, locality, region, code, country, line.kind if line.kind != "mobile" else "")


def _birthday(text: str) -> str:
    for expression, form in ((_DATE, "{0}-{1}-{2}"), (_MONTH_DAY, "--{0}-{1}")):
        found = expression.match(text)
        if found:
            said = form.format(*found.groups())
            # Apple leaves the year out by naming one in which nobody was born who lives.
            return f"--{said[5:]}" if said.startswith("1604-") else said
    return ""


def _photo(line: _Line) -> bytes:
    """Pictures that the file holds; those elsewhere are not fetched. Spec: RFC 2397; RFC 6350 s6.2.4"""
    text = line.text
    if text[:5].lower() == b"data:":
        text = text.partition(b",")[2]
    elif line.encoding not in {"B", "BASE64"}:
        return b""
    try:
        found = base64.b64decode(unquote(text.decode("ascii")).translate(_BLANKS), validate=False)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return b""
    return found if len(found) <= PHOTO_BYTES_MAX else b""


_BLANKS: Final = {ord(each): None for each in " \t\r\n\\"}


def _without_scheme(text: str, scheme: str) -> str:
    return unquote(text[len(scheme) :]) if text[: len(scheme)].lower() == scheme else text


# -- writing -----------------------------------------------------------------------------------------------------------

_TYPES: Final = {"home": "HOME", "work": "WORK", "mobile": "CELL"}
_PICTURES: Final = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"RIFF": "WEBP"}


def write_vcard(card: Card, photo: bytes = b"") -> str:
    """One entry, of the version that every program reads. Spec: RFC 2426"""
    import vobject  # noqa: PLC0415 -- and what dates are read with; few ever export

    made = vobject.vCard()
    made.add("fn").value = card.name
    made.add("n").value = _structured_name(card.name)
    for name, text in (("nickname", card.nickname), ("role", card.role), ("note", card.note), ("uid", card.uid)):
        if text:
            made.add(name).value = text
    if card.organisation:
        made.add("org").value = [card.organisation]
    if card.birthday:
        made.add("bday").value = card.birthday
    for name, points in (("email", card.emails), ("tel", card.phones)):
        for point in points:
            _typed(made.add(name), point.kind).value = point.value
    for address in card.addresses:
        _typed(made.add("adr"), address.kind).value = _structured_address(address)
    for name, texts in (("url", card.pages), ("x-webid", card.web_ids)):
        for text in texts:
            made.add(name).value = text
    _add_photo(made, photo)
    return str(made.serialize(validate=False))


def _structured_name(name: str) -> vobject.vcard.Name:
    """The last word is the family's, as most programs guess."""
    from vobject.vcard import Name  # noqa: PLC0415 -- see write_vcard

    given, _, family = name.rpartition(" ")
    return Name(family=family, given=given)


def _structured_address(address: Address) -> vobject.vcard.Address:
    from vobject import vcard  # noqa: PLC0415 -- see write_vcard

    return vcard.Address(
        street=address.street,
        city=address.locality,
        region=address.region,
        code=address.postal_code,
        country=address.country,
    )


def _typed(line: vobject.base.ContentLine, kind: str) -> vobject.base.ContentLine:
    if kind:
        line.type_param = _TYPES[kind]
    return line


def _add_photo(made: vobject.base.Component, photo: bytes) -> None:
    kind = next((each for begin, each in _PICTURES.items() if photo.startswith(begin)), None)
    if kind:
        line = made.add("photo")
        line.value, line.encoding_param, line.type_param = photo, "B", kind
