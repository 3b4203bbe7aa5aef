"""What kinds of data are called on the pages that say what apps may do. What people named themselves stays as it is."""

from __future__ import annotations

from pod.ui.language import gettext as _
from pod.ui.language import marked

_KINDS = frozenset(
    {marked("Your profile"), marked("Your contacts"), marked("Your posts"), marked("The list of what is where")}
)


def kind_words(name: str) -> str:
    """In the language of the page, if it is one of those that everybody has."""
    return _(name) if name in _KINDS else name
