"""Access requests and grants as the documents that LWS describes: read with caps, and written.

Plain JSON with the terms of LWS, or their full IRIs; no context is fetched. Knows neither the store nor who asks.

Spec: LWS 1.0 #access-data-model, #access-profile, #json-ld-serialization
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from urllib.parse import urlsplit

from pod.config import KIB
from pod.errors import PodError, UnprocessableContent
from pod.protocol.access_profile import (
    ACTIONS,
    CONTEXT,
    LWS,
    ODRL,
    actions_of,
    modes_of,
)
from pod.protocol.modes import AccessMode
from pod.protocol.notification import format_moment, parse_moment
from pod.protocol.placement import Placement
from pod.protocol.resource import Auxiliary, Target
from pod.rdf import nesting
from pod.rdf.contexts import Json, parsed
from pod.rdf.limits import Limits
from pod.store.access_requests import AccessItem, AccessRequest, GivenAccess, Said

BYTES_MAX = 64 * KIB
ITEMS_MAX = 10
"""Resources in one request or grant: an owner is to see at a glance what it is about."""
PURPOSES_MAX = 10
VALUES_MAX = 50
"""In one list."""
COMMENT_CHARACTERS_MAX = 1_000
COMMENT_LINES_MAX = 20
"""An owner is to see the buttons below it, too."""
MOMENT_MS_MAX = 32_472_144_000_000
"""The year 2999: what can be written as text again, in any time zone."""
IRI_CHARACTERS_MAX = 1_000
URL_CHARACTERS_MAX = 2_048
LIMITS = Limits(bytes=BYTES_MAX, depth=12, json_values=1_000)
REQUEST, GRANT, POLICY = "AccessRequest", "AccessGrant", "AccessPolicy"
TERMS = {
    "comment": "http://www.w3.org/2000/01/rdf-schema#comment",
    "created": "http://purl.org/dc/terms/created",
    "status": "urn:freehold:status",
    "grant": {"@id": "urn:freehold:grant", "@type": "@id"},
    "request": {"@id": "urn:freehold:request", "@type": "@id"},
}
"""What we say beside what LWS has terms for."""

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\\x7f]+")
_URL = re.compile(r"https?://[^\x00-\x20<>\"{}|^`\\/?#@\x7f]+(?:/[^\x00-\x20<>\"{}|^`\\#\x7f]*)?")
_NAME = re.compile(r"[^\x00-\x20<>\"{}|^`\\\x7f]+")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_TARGETS = {"StorageResource": ("", "/"), "Container": ("/",), "DataResource": ("",)}
"""How the paths of what each names end."""


# -- reading -----------------------------------------------------------------------------------------------------------


def read_document(content: bytes, kind: str, root: str, placement: Placement) -> tuple[str, Said]:
    """What a document says about access in one storage, whose root path is given, and whose assignee that is.

    Raises: MalformedContent, ContentTooLarge; UnprocessableContent -- it says nothing, or what cannot be done here
    """
    nesting.check_json(content, LIMITS)
    document = _object(parsed(content), "A document about access")
    if CONTEXT not in _list(document.get("@context"), "@context"):
        raise UnprocessableContent(f'"@context" must include {CONTEXT}.')
    if kind not in _terms(document.get("type"), "type"):
        raise UnprocessableContent(f"`type` must include {kind}.")
    if document.get("storage") != placement.url(root):
        raise UnprocessableContent(f"`storage` must be {placement.url(root)}: this endpoint is of no other.")
    policies = [_Policy(each, root, placement) for each in _list(document.get("access"), "access")]
    if not policies:
        raise UnprocessableContent("`access` must say what it is about.")
    inbox, comment = document.get("inbox"), document.get("comment", "")
    assignee = _same({each.assignee for each in policies}, "assignee")
    return assignee, Said(
        agent=assignee,
        items=_merged(item for each in policies for item in each.items()),
        client=_same({each.client for each in policies}, "client"),
        purposes=_purposes(policies),
        comment=check_comment(comment),
        inbox=None if inbox is None else check_inbox(inbox),
    )


def check_comment(text: Json) -> str:
    """Raises: UnprocessableContent."""
    if not isinstance(text, str) or len(text) > COMMENT_CHARACTERS_MAX or _UNSEEN.search(text) or not _is_text(text):
        raise UnprocessableContent(f"What you write about it is text of at most {COMMENT_CHARACTERS_MAX} characters.")
    if text.strip().count("\n") >= COMMENT_LINES_MAX:
        raise UnprocessableContent(f"What you write about it has at most {COMMENT_LINES_MAX} lines.")
    return text.strip()


def check_inbox(url: Json) -> str:
    """Whether it may be contacted is decided when it is. Raises: UnprocessableContent."""
    if not isinstance(url, str) or len(url) > URL_CHARACTERS_MAX or not url.isascii() or not _URL.fullmatch(url):
        raise UnprocessableContent("`inbox` must be an https URL without a user name or fragment.")
    if not _has_host(url):
        raise UnprocessableContent("`inbox` must be an https URL of a host, whose name does not end in a dot.")
    return url


def _has_host(url: str) -> bool:
    """With a dot at its end, a name is another spelling of the same."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return bool(host) and not str(host).endswith(".")


def item_path(url: Json, root: str, placement: Placement) -> str:
    """The path of what a URL names, for whoever wants access to it; of a description, of what it describes.

    Whether anything is there is not looked at. Raises: UnprocessableContent -- it cannot be in this storage.
    """
    path = placement.local_path(url) if isinstance(url, str) and len(url) <= URL_CHARACTERS_MAX else None
    try:
        target = Target.parse(path) if path else None
    except PodError:
        target = None
    if target is None or not target.path.startswith(root):
        raise UnprocessableContent(f"Each target must be a URL in {placement.url(root)}.")
    if target.auxiliary is Auxiliary.ACL:
        raise UnprocessableContent("Nobody can ask for access to access rules; say what they are about.")
    return target.subject


class _Policy:
    """One of the things that a document says about access."""

    def __init__(self, policy: Json, root: str, placement: Placement) -> None:
        said = _object(policy, "An access policy")
        if POLICY not in _terms(said.get("type"), "type"):
            raise UnprocessableContent(f"The `type` of each `access` must include {POLICY}.")
        self.assignee = _iri(said.get("assignee"), "assignee")
        self.client = ""
        self.purposes: tuple[str, ...] = ()
        self._until_ms: int | None = None
        self._modes = _modes(said.get("action"))
        self._paths = tuple(_paths(said.get("target"), root, placement))
        for constraint in _list(said.get("constraint", []), "constraint"):
            self._constrain(_object(constraint, "A constraint"))

    def items(self) -> Iterator[AccessItem]:
        for path in self._paths:
            yield AccessItem(path, self._modes, self._until_ms)

    def _constrain(self, constraint: dict[str, Json]) -> None:
        """Spec: LWS 1.0 #odrl-constraint: all of them MUST be satisfied"""
        operand = _term(constraint.get("leftOperand"))
        operator, value = _term(constraint.get("operator")), constraint.get("rightOperand")
        if operand == "purpose" and operator in {"eq", "isAnyOf"} and not self.purposes:
            self.purposes = tuple(_iri(each, "purpose") for each in _list(value, "purpose"))
        elif operand == "client" and operator == "eq" and not self.client:
            self.client = _client(value)
        elif operand == "dateTime" and operator == "lteq":
            until_ms = _moment(value)
            self._until_ms = until_ms if self._until_ms is None else min(until_ms, self._until_ms)
        else:
            raise UnprocessableContent(
                "Access can be narrowed to a `client` (eq) and to a time before a `dateTime` (lteq); a `purpose` "
                "(eq, isAnyOf) can be told. Other constraints cannot be kept here, so they are not taken.",
                leftOperand=operand,
            )


def _modes(actions: Json) -> AccessMode:
    asked = _terms(actions, "action")
    if not asked or not asked <= set(ACTIONS):
        raise UnprocessableContent(f"`action` must be one or more of {', '.join(ACTIONS)}.")
    modes = AccessMode.NONE
    for action in asked:
        modes |= modes_of(action)
    return modes


def _paths(target: Json, root: str, placement: Placement) -> Iterator[str]:
    """Spec: LWS 1.0 #odrl-target; without one it is the storage"""
    if target is None:
        yield root
        return
    said = _object(target, "A target")
    ends = _TARGETS.get(_term(said.get("type")))
    urls = _list(said.get("value"), "value")
    if ends is None or not urls:
        raise UnprocessableContent(f"A `target` has a `type`, one of {', '.join(_TARGETS)}, and URLs as `value`.")
    for url in urls:
        path = item_path(url, root, placement)
        if ("/" if path.endswith("/") else "") not in ends:
            raise UnprocessableContent("The URL of a Container ends in a slash, and that of a DataResource does not.")
        yield path


def _merged(items: Iterable[AccessItem]) -> tuple[AccessItem, ...]:
    """Each resource once."""
    found: dict[str, AccessItem] = {}
    for item in items:
        known = found.get(item.path, item)
        if known.until_ms != item.until_ms:
            raise UnprocessableContent("Say of each resource once until when.")
        found[item.path] = AccessItem(item.path, known.modes | item.modes, item.until_ms)
    if len(found) > ITEMS_MAX:
        raise UnprocessableContent(f"One document may be about {ITEMS_MAX} resources.", limit=ITEMS_MAX)
    return tuple(found[path] for path in sorted(found))


def _purposes(policies: Iterable[_Policy]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(purpose for each in policies for purpose in each.purposes))
    if len(found) > PURPOSES_MAX:
        raise UnprocessableContent(f"One document may name {PURPOSES_MAX} purposes.", limit=PURPOSES_MAX)
    return found


# -- the parts of a document -------------------------------------------------------------------------------------------


def _object(value: Json, what: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise UnprocessableContent(f"{what} is a JSON object.")
    return value


def _list(value: Json, name: str) -> list[Json]:
    """JSON-LD makes no difference between one value and a list of one."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    if len(values) > VALUES_MAX:
        raise UnprocessableContent(f"There are too many values of `{name}`.", limit=VALUES_MAX)
    return values


def _terms(value: Json, name: str) -> set[str]:
    return {_term(each) for each in _list(value, name)}


def _term(value: Json) -> str:
    """The short name of a term of LWS or ODRL that may be written out."""
    text = value if isinstance(value, str) else ""
    return text.removeprefix(LWS).removeprefix(ODRL)[:100]


def _iri(value: Json, name: str) -> str:
    is_iri = isinstance(value, str) and len(value) <= IRI_CHARACTERS_MAX and _IRI.fullmatch(value) and _is_text(value)
    if not is_iri:
        raise UnprocessableContent(f"`{name}` must be a URI of at most {IRI_CHARACTERS_MAX} characters.")
    return str(value)


def _client(value: Json) -> str:
    """Apps that registered here, and programs, have names that are no IRIs."""
    if (
        not isinstance(value, str)
        or len(value) > IRI_CHARACTERS_MAX
        or not _NAME.fullmatch(value)
        or not _is_text(value)
    ):
        raise UnprocessableContent(f"`client` must be a client id of at most {IRI_CHARACTERS_MAX} characters.")
    return value


def _is_text(text: str) -> bool:
    """JSON can carry halves of characters, which nothing else can."""
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _moment(value: Json) -> int:
    moment = parse_moment(value) if isinstance(value, str) else None
    if moment is None or moment > MOMENT_MS_MAX:
        raise UnprocessableContent("A `dateTime` must be an xsd:dateTime, like 2030-01-31T12:00:00Z.")
    return moment


def _same(values: set[str], name: str) -> str:
    if len(values) != 1:
        raise UnprocessableContent(f"All of `access` must have the same `{name}`.")
    return values.pop()


# -- writing -----------------------------------------------------------------------------------------------------------


def request_document(request: AccessRequest, url: str, placement: Placement) -> dict[str, Json]:
    return {**_document(REQUEST, request, url, placement), "status": request.answer.value}


def grant_document(grant: GivenAccess, url: str, request_url: str | None, placement: Placement) -> dict[str, Json]:
    said = _document(GRANT, grant, url, placement)
    return said if request_url is None else {**said, "request": request_url}


def _document(kind: str, about: AccessRequest | GivenAccess, url: str, placement: Placement) -> dict[str, Json]:
    said = about.said
    document: dict[str, Json] = {
        "@context": [CONTEXT, TERMS],
        "id": url,
        "type": [kind],
        "storage": placement.url(about.root),
        "access": list(_policies(said, placement)),
        "created": format_moment(about.created_ms),
    }
    if said.inbox is not None:
        document["inbox"] = said.inbox
    if said.comment:
        document["comment"] = said.comment
    return document


def _policies(said: Said, placement: Placement) -> Iterator[dict[str, Json]]:
    """One for all resources that are alike."""

    def alike(item: AccessItem) -> tuple[int, bool, int]:
        return item.modes.value, item.until_ms is not None, item.until_ms or 0

    for (modes, ends, until_ms), items in groupby(sorted(said.items, key=alike), alike):
        constraints = list(_constraints(said, until_ms if ends else None))
        policy: dict[str, Json] = {
            "type": [POLICY],
            "action": list(actions_of(AccessMode(modes))),
            "assignee": said.agent,
            "target": {"type": "StorageResource", "value": [placement.url(each.path) for each in items]},
        }
        yield {**policy, "constraint": constraints} if constraints else policy


def _constraints(said: Said, until_ms: int | None) -> Iterator[dict[str, Json]]:
    if said.purposes:
        several = len(said.purposes) > 1
        value = list(said.purposes) if several else said.purposes[0]
        yield {"leftOperand": "purpose", "operator": "isAnyOf" if several else "eq", "rightOperand": value}
    if said.client:
        yield {"leftOperand": "client", "operator": "eq", "rightOperand": said.client}
    if until_ms is not None:
        yield {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": format_moment(until_ms)}
