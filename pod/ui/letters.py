"""How mail is written in a language that pages speak too: from the same catalogues, with days and times as people of it
write them.
"""

from __future__ import annotations

from pod.mail.message import ENGLISH, Speech
from pod.ui.language import ENGLISH as NATIVE
from pod.ui.language import LANGUAGES, speaking, translated
from pod.ui.written import day_and_time, long_day, moment


def speech(language: str) -> Speech:
    """English where nobody said which, or where it is none of ours."""
    if language == NATIVE or language not in LANGUAGES:
        return ENGLISH

    def said(text: str) -> str:
        with speaking(language):
            return translated(text)

    def day(milliseconds: int) -> str:
        with speaking(language):
            return long_day(moment(milliseconds))

    def time(milliseconds: int) -> str:
        with speaking(language):
            return f"{day_and_time(moment(milliseconds))} UTC"

    return Speech(said, day, time)
