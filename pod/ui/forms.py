"""What people send: read with caps, and only from a page of ours that this very browser was given.

SameSite cookies do not keep sibling pods apart, so each form carries a token bound to a cookie, and the browser says
where the form came from. A pod's content is sandboxed: its origin is `null`, which is not ours.

Spec: Fetch, `Origin` header; Fetch Metadata s2.3; RFC 9700 s4.7
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from flask import request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge

from pod.errors import BadRequest, ContentTooLarge, ForeignForm, UnprocessableContent
from pod.ui.visitor import Visitor

Errors = Mapping[str, str]
"""What is wrong with a form: a text for each field, and under "" what belongs to none."""

MEDIA_TYPE = "application/x-www-form-urlencoded"
BYTES_MAX = 64 * 1024
FIELDS_MAX = 50
LONG_BYTES_MAX = 512 * 1024
LONG_FIELDS_MAX = 500
"""Of a `long` form, with a text in it, or many fields of one kind."""
STALE = "The page was out of date. Please try again."
OWN_SITES = frozenset({"same-origin", "none"})


def read_form(visitor: Visitor, origin: str, *, nameless: bool = False, long: bool = False) -> Mapping[str, str]:
    """The fields of a form of ours; of a repeated one the last. `origin` is our own; `nameless`: see `check_origin`.

    Raises: ForeignForm -- it came from elsewhere, or from a page whose cookie is gone; BadRequest; ContentTooLarge
    """
    check_origin(request.headers, origin, nameless=nameless)
    fields = dict(read_fields(long=long))
    if not visitor.sent(fields.get("csrf", "")):
        raise ForeignForm
    return fields


def check_origin(headers: Headers, origin: str, *, nameless: bool = False) -> None:
    """Browsers that say neither leave it to the token, and so do pages that send no referrer, which are `nameless`: a
    form of theirs comes from the origin `null`. Raises: ForeignForm.

    Spec: Fetch, "append a request `Origin` header"
    """
    said = headers.get("Origin")
    if said is not None and said != origin and not (nameless and said == "null"):
        raise ForeignForm
    if headers.get("Sec-Fetch-Site", "none") not in OWN_SITES:
        raise ForeignForm


def read_fields(*, long: bool = False) -> list[tuple[str, str]]:
    """Whatever was sent as a form. Raises: BadRequest, ContentTooLarge."""
    if request.mimetype != MEDIA_TYPE:
        raise BadRequest(f"A form must be sent as {MEDIA_TYPE}.")
    bytes_max, fields_max = (LONG_BYTES_MAX, LONG_FIELDS_MAX) if long else (BYTES_MAX, FIELDS_MAX)
    request.max_content_length = bytes_max
    try:
        text = request.get_data().decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, max_num_fields=fields_max, errors="strict")
    except RequestEntityTooLarge as error:
        raise ContentTooLarge(f"A form may have {bytes_max} bytes.") from error
    except ValueError as error:
        raise BadRequest(f"A form must be UTF-8, with at most {fields_max} fields.") from error


def errors_of(error: UnprocessableContent) -> Errors:
    """What is wrong, at the field that it is about."""
    return {str(error.extras.get("field", "")): error.detail}
