"""What posts are called on pages: by whom, when, for whom, and what is wrong with one.

Spec: Activity Vocabulary
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup

from pod.errors import PodError
from pod.posts.post import Hint, Picture
from pod.posts.readers import Reach, Readers
from pod.posts.timeline import Entry
from pod.sharing.audiences import Audience, Whom
from pod.ui.language import gettext as _
from pod.ui.language import ngettext
from pod.ui.views import shown_iri

if TYPE_CHECKING:
    from pod.ui.post_forms import SentPost

NAMED_MAX = 3
"""In the words for an audience; more are counted."""


class Choice(NamedTuple):
    """Somebody a post can be for, as a line of a form."""

    code: str
    name: str
    is_group: bool
    is_chosen: bool
    address: str = ""
    """What tells them apart from others of the name."""


class Told(NamedTuple):
    """A post on a page."""

    entry: Entry
    html: Markup
    author: str
    audience: str
    url: str
    """Its own, at which everybody sees it who may."""
    query: str
    """How pages of ours name it."""
    hints: tuple[str, ...]

    @classmethod
    def of(cls, entry: Entry, names: Mapping[str, str], url: str, html: str) -> Told:
        """`html` is that of the post, with its pictures where pages of ours have them from."""
        post = entry.post
        author = (names.get(post.author) or post.author_name or shown_iri(post.author)) if post.author else ""
        audience = _("Shared with you") if entry.readers is None else audience_of(entry.readers, names)
        if entry.is_public:
            audience = _("Everyone")
        return cls(
            entry,
            Markup(html),  # noqa: S704 -- it was cleaned
            author,
            audience,
            url,
            urlencode({"iri": post.iri}),
            tuple(_hint(each) for each in post.hints),
        )


def audience_of(readers: Readers, names: Mapping[str, str]) -> str:
    """Whom a post is for, in a few words."""
    if readers.reach is Reach.ME:
        return _("Only you")
    if readers.reach is Reach.EVERYONE:
        return _("Everyone")
    told = [called(each, {**readers.names, **names}) for each in readers.audiences]
    shown, more = ", ".join(told[:NAMED_MAX]), len(told) - NAMED_MAX
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(num)s more", "%(names)s and %(num)s more", more, names=shown)


def called(audience: Audience, names: Mapping[str, str]) -> str:
    if audience.whom is Whom.SIGNED_IN:
        return _("Anyone who is signed in")
    if audience.whom is Whom.CREATOR:
        return _("Whoever made it")
    return names.get(audience.iri) or shown_iri(audience.iri)


def code_of(audience: Audience) -> str:
    """How a form names it; `SentPost.audiences` reads it."""
    return f"{audience.whom.value} {audience.iri}"


def values_of(entry: Entry | None, sent: SentPost | None) -> dict[str, str]:
    """What stands in the fields of a form: what was typed, else what the post says."""
    if sent is not None:
        return dict(sent.fields)
    if entry is None:
        return {}
    post = entry.post
    old = {f"alt-old-{at}": each.alt for at, each in enumerate(post.pictures)}
    return {"iri": post.iri, "version": entry.version, "name": post.name, "text": post.markdown or "", **old}


def as_data(content: bytes, media_type: str) -> Picture:
    """A picture that is in the page itself."""
    return Picture(f"data:{media_type};base64,{b64encode(content).decode()}", media_type=media_type, is_own=True)


def errors_in(error: PodError) -> dict[str, str]:
    """At the field that it is about."""
    return {str(error.extras.get("field", "")): error.detail}


def _hint(hint: Hint) -> str:
    return {
        Hint.NO_TEXT: _("This post has no text that can be shown here."),
        Hint.NO_DATE: _("This post does not say when it was written."),
        Hint.NO_AUTHOR: _("This post does not say who wrote it."),
    }[hint]
