"""How days, times, numbers and sizes are written in the language of the page.

Times are UTC, for browsers do not say where they are.

Spec: Unicode CLDR (LDML, parts 3 and 4)
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from pod.ui.language import gettext as _
from pod.ui.language import ngettext, spoken

_LOCALES = {"en": "en_GB"}
"""Where the language alone is not enough: the day comes before the month here."""
_WHOLE, _TENTH = "#,##0", "#,##0.0"
_KILO, _MEGA, _GIGA = 10**3, 10**6, 10**9


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, UTC)


def number(value: int) -> str:
    """`12,345`"""
    return format_decimal(value, format=_WHOLE, locale=_locale())


def long_day(at: date) -> str:
    """`4 March 2026`"""
    return format_date(at, "long", _locale())


def short_day(at: date) -> str:
    """`4 Mar 2026`"""
    return format_date(at, "medium", _locale())


def time_of_day(at: datetime) -> str:
    """`14:05`"""
    return format_time(at, "short", locale=_locale())


def day_and_time(at: datetime) -> str:
    """`4 March 2026, 14:05`"""
    return _("%(day)s, %(time)s", day=long_day(at), time=time_of_day(at))


def in_bytes(count: int) -> str:
    """`1.5 MB`"""
    if count < _KILO:
        return ngettext("%(count)s byte", "%(count)s bytes", count, count=number(count))
    if count < _MEGA:
        return _("%(number)s KB", number=_shown(count / _KILO, _WHOLE))
    if count < _GIGA:
        return _("%(number)s MB", number=_shown(count / _MEGA, _TENTH))
    return _("%(number)s GB", number=_shown(count / _GIGA, _TENTH))


def direction() -> str:
    """In which the language is read: `ltr`, or `rtl`."""
    return _locale().text_direction


def _shown(value: float, pattern: str) -> str:
    return format_decimal(value, format=pattern, locale=_locale())


def _locale() -> Locale:
    return Locale.parse(_LOCALES.get(spoken(), spoken()))
