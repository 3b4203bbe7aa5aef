"""What describes one representation: its media type, its entity tag and the dates HTTP speaks of.

Values and their text forms only. Which formats exist, and how they are parsed, is the business of rdf/.

Spec: RFC 9110 s5.6.7, s8.3.1, s8.8
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import floor
from time import gmtime
from typing import Literal

from pod.errors import BadRequest
from pod.protocol.headers import TOKEN, is_token, parameters, quote

MEDIA_TYPE_CHARS_MAX = 1024
ENTITY_TAGS_MAX = 256
HTTP_DATE_CHARS_MAX = 40

_QUOTED_STRICT = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_MEDIA_TYPE = re.compile(
    rf"[ \t]*+({TOKEN}/{TOKEN})((?:[ \t]*+;[ \t]*+(?:{TOKEN}=(?:{TOKEN}|{_QUOTED_STRICT}))?)*)[ \t]*+"
)


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type. `essence` is `type/subtype` and, like the names of parameters, in lower case."""

    essence: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> MediaType:
        """The value of a `Content-Type` field. Of a repeated parameter the first counts.

        Raises: BadRequest -- anything but exactly one media type.
        """
        return _parse_media_type(text)

    def parameter(self, name: str) -> str | None:
        """The value of a parameter, by its lower-case name."""
        return next((value for each, value in self.parameters if each == name), None)

    def format(self) -> str:
        pairs = ((name, value if is_token(value) else quote(value)) for name, value in self.parameters)
        return self.essence + "".join(f"; {name}={value}" for name, value in pairs)

    def __str__(self) -> str:
        return self.format()


@lru_cache(maxsize=1024)
def _parse_media_type(text: str) -> MediaType:
    match = _MEDIA_TYPE.fullmatch(text) if len(text) <= MEDIA_TYPE_CHARS_MAX else None
    if match is None:
        raise BadRequest("A Content-Type looks like `text/turtle` or `text/plain; charset=utf-8`.")
    essence, rest = match.groups()
    first: dict[str, str] = {}
    for name, value in parameters(rest)[0]:
        first.setdefault(name, value)
    return MediaType(essence.lower(), tuple(first.items()))


# -- entity tags ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EntityTag:
    """An entity tag as a client sent it: the text between the quotation marks, and whether it is weak."""

    opaque: str
    weak: bool = False


EntityTags = Literal["*"] | tuple[EntityTag, ...]


@dataclass(frozen=True, slots=True)
class ETag:
    """The strong entity tag of one representation: which state (`epoch`, `version`), and in which format.

    `epoch` has no full stop, `format_code` no quotation mark. Turtle and JSON-LD of one state differ in the
    last part only.

    Spec: RFC 9110 s8.8.3.3
    """

    epoch: str
    version: int
    format_code: str

    @property
    def opaque(self) -> str:
        return f"{self.epoch}.{self.version}-{self.format_code}"

    def format(self) -> str:
        return f'"{self.epoch}.{self.version}-{self.format_code}"'

    def __str__(self) -> str:
        return self.format()

    @staticmethod
    def parse_list(text: str) -> EntityTags:
        """The value of `If-Match` or `If-None-Match`.

        A member without quotation marks is taken as it stands: it can match what the client meant, or
        nothing.

        Raises: BadRequest -- a star among other members, or more than `ENTITY_TAGS_MAX` of them.
        """
        if single := _TAG.fullmatch(text):
            return (EntityTag(single[2], weak=single[1] is not None),)
        texts = [found for match in _TAG_MEMBER.finditer(text) if (found := match[0].strip(" \t"))]
        if texts == ["*"]:
            return "*"
        if "*" in texts or len(texts) > ENTITY_TAGS_MAX:
            raise BadRequest(f"Send `*` alone, or a list of at most {ENTITY_TAGS_MAX} entity tags.")
        return tuple(map(parse_entity_tag, texts))


# A backslash escapes nothing in an entity tag, so these lists cannot be split like others.
_TAG_MEMBER = re.compile(r'(?:[^",]++|"[^"]*+"?+)+')
_TAG = re.compile(r'(W/)?"([^"]*+)"')


def parse_entity_tag(text: str) -> EntityTag:
    match = _TAG.fullmatch(text)
    return EntityTag(match[2], weak=match[1] is not None) if match else EntityTag(text)


def same_state(tag: EntityTag, epoch: str, version: int) -> bool:
    """Whether the tag names this state in any format. Weakness is the caller's to judge.

    A client that read JSON-LD may write Turtle: what it must not have missed is a change of state.

    Spec: RFC 9110 s8.8.3.3
    """
    return tag.opaque.startswith(f"{epoch}.{version}-")


# -- dates ---------------------------------------------------------------------------------------------------

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_DAY_NAME = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG_DAY_NAME = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATE_FORMS = (
    re.compile(f"{_DAY_NAME}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(f"{_LONG_DAY_NAME}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(f"{_DAY_NAME} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})"),
)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
# "More than 50 years in the future" is the past. Counted from 2026: this module knows no clock, and the form
# is obsolete.
_FIRST_YEAR_OF_1900S = 77


def format_http_date(seconds: float) -> str:
    """`Sun, 06 Nov 1994 08:49:37 GMT`: the whole second that `seconds` lies in."""
    return _format_second(floor(seconds))


@lru_cache(maxsize=4096)
def _format_second(second: int) -> str:
    at = gmtime(second)
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04} {clock} GMT"


def parse_http_date(text: str) -> int | None:
    """Seconds since the Unix epoch; None for what is no HTTP-date, which every field using them ignores.

    Spec: RFC 9110 s5.6.7
    """
    return _parse_date(text) if len(text) <= HTTP_DATE_CHARS_MAX else None


@lru_cache(maxsize=1024)
def _parse_date(text: str) -> int | None:
    match = next(filter(None, (form.fullmatch(text.strip(" \t")) for form in _DATE_FORMS)), None)
    if match is None:
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"])
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        day = date(_full_year(match["year"]), _MONTHS.index(match["month"]) + 1, int(match["day"]))
    except ValueError:
        return None
    return (day.toordinal() - _EPOCH_ORDINAL) * 86400 + hour * 3600 + minute * 60 + second


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (1900 if year >= _FIRST_YEAR_OF_1900S else 2000)
