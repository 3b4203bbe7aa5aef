"""What answers must look like: header fields that follow from the resource, and bodies that say what it says.

Spec: Solid #reading-resources, #contained-resource-metadata, #server-allow-methods; WAC #wac-allow; LDP 4.2, 5.2;
RFC 9110 s8.8, s14.4, s15.4.5; RFC 9457
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from rdflib.namespace import DCTERMS, RDF, XSD
from rdflib.term import Literal, Node, URIRef

from tests.model.model_access import ALL, Modes
from tests.model.model_http import HTML, UNSATISFIABLE, WHOLE, asked_part, date_of
from tests.model.model_paths import ACL, DESCRIPTION, is_auxiliary, parent_of
from tests.model.model_rdf import essence, is_rdf, same, triples
from tests.model.model_values import (
    NOBODY,
    OTHER,
    RDF_SOURCE,
    Answer,
    Check,
    Request,
    Resource,
    Triple,
    Triples,
    wrong,
)
from tests.model.model_writes import LDP, MEDIA_TYPES, PIM, STAT

if TYPE_CHECKING:
    from tests.model.model import Model

PROBLEM = "application/problem+json"
STORAGE_DESCRIPTION = 'rel="http://www.w3.org/ns/solid/terms#storageDescription"'


def allowed(path: str, resource: Resource | None, root: str) -> frozenset[str]:
    """Spec: Solid #server-allow-methods, #server-disallow-delete; REQUIREMENTS section 17, rows 8, 9, 13"""
    found = {"OPTIONS", "HEAD", "GET"}
    if path.endswith("/"):
        found |= {"PUT"} if resource is None else {"POST"}
    else:
        found |= {"PUT"} | ({"PATCH"} if resource is None or resource.kind == RDF_SOURCE else set())
    if resource is not None and path not in {root, root + ACL}:
        found.add("DELETE")
    return frozenset(found)


class Answers:
    """The looking half of a model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    # -- any answer ----------------------------------------------------------------------------------------------------

    def of_any(self, request: Request, answer: Answer) -> list[str]:
        """Spec: Solid #server-content-type-includes; RFC 9110 s8.6, s9.3.2"""
        length = answer.headers.get("content-length")
        found = wrong(not answer.body or "content-type" in answer.headers, "content without Content-Type")
        if request.method == "HEAD" or answer.status in {204, 304}:
            return found + wrong(not answer.body, "content where none may be")
        found += wrong(length is None or int(length) == len(answer.body), "Content-Length is not that of the content")
        if request.method not in {"GET", "HEAD"} and answer.status < 300:
            found += wrong(not answer.body, "a write was answered with content")
        return found

    def of_refusal(self, request: Request, answer: Answer) -> list[str]:
        """Clear, and no more than is known to who asked."""
        found = self._problem(request, answer)
        if answer.status == 401:
            found += wrong("www-authenticate" in answer.headers, "401 without WWW-Authenticate")
        if answer.status == 405:
            found += wrong(request.method not in answer.listed("allow"), "405, and Allow names the method")
            found += wrong("GET" in answer.listed("allow"), "405 without a good Allow")
        if answer.status == 415 and request.method == "PATCH":
            found += wrong("text/n3" in answer.listed("accept-patch"), "415 to a PATCH without Accept-Patch")
        if answer.status == 403 and request.method in {"GET", "HEAD"}:
            found += self._wac_allow(request, answer)
        return found

    def _problem(self, request: Request, answer: Answer) -> list[str]:
        """Spec: RFC 9457 s3"""
        if request.method == "HEAD" or HTML in (request.header("Accept") or ""):
            return []
        if essence(answer.header("content-type")) != PROBLEM:
            return [f"a refusal as {answer.header('content-type')}"]
        return wrong(json.loads(answer.body).get("status") == answer.status, "the problem tells another status")

    # -- reading -------------------------------------------------------------------------------------------------------

    def of_reading(self, request: Request, resource: Resource, variants: frozenset[str]) -> dict[int, Check]:
        """The answers to a GET or HEAD that may come, whatever the preconditions say."""

        def whole(answer: Answer) -> list[str]:
            return self._whole(request, resource, variants, answer)

        def unchanged(answer: Answer) -> list[str]:
            known = [variant_of(each, request, resource) for each in variants]
            return self._about(request, resource, answer, known[0] if len(known) == 1 else None)

        found: dict[int, Check] = {200: whole, 304: unchanged}
        if request.method == "GET" and request.header("Range") is not None:
            found |= self._ranges(request, resource, variants, whole)
        return found

    def of_unwritten(self, request: Request, resource: Resource, variants: frozenset[str]) -> Check:
        """Rules that nobody wrote: everything but validators."""

        def check(answer: Answer) -> list[str]:
            if answer.status == 304:
                return wrong("*" in (request.header("If-None-Match") or ""), "unchanged, without validators")
            media_type = answer.header("content-type")
            found = wrong(essence(media_type) in variants, f"came as {media_type}")
            found += wrong("etag" not in answer.headers, "a tag of what nobody wrote")
            found += self._wac_allow(request, answer) + self._accepts(answer)
            found += self._links(request, resource, answer)
            if request.method == "GET" and answer.status == 200 and not found:
                found += self._says(request, resource, answer)
            return found

        return check

    def _whole(self, request: Request, resource: Resource, variants: frozenset[str], answer: Answer) -> list[str]:
        media_type = answer.header("content-type")
        found = wrong(media_type in variants or essence(media_type) in variants, f"came as {media_type}")
        variant = variant_of(media_type, request, resource)
        found += self._about(request, resource, answer, variant)
        found += wrong(
            answer.listed("allow") == allowed(request.path, resource, self._model.root),
            f"Allow: {answer.header('allow')}",
        )
        found += self._accepts(answer) + self._links(request, resource, answer)
        if request.method == "GET" and not found:
            found += self._model.tags.observe_body(answer.header("etag"), request.path, answer.body)
            found += self._says(request, resource, answer)
        return found

    def _about(self, request: Request, resource: Resource, answer: Answer, variant: str | None) -> list[str]:
        found = self._model.tags.observe(answer.header("etag"), request.path, resource, variant)
        return found + self._modified(resource, answer) + self._wac_allow(request, answer)

    def _modified(self, resource: Resource, answer: Answer) -> list[str]:
        """Spec: Solid #server-last-modified-includes"""
        seen = date_of(answer.headers.get("last-modified"))
        if seen is None:
            return wrong(answer.status == 304, f"Last-Modified: {answer.headers.get('last-modified')}")
        known = resource.modified
        resource.modified = seen
        return wrong(known is None or known == seen, f"Last-Modified is {seen - (known or 0)} s off")

    def _wac_allow(self, request: Request, answer: Answer) -> list[str]:
        """Spec: WAC #wac-allow, #server-wac-allow; section 17, rows 27 and 28"""
        access, path = self._model.access, request.path
        told = dict(re.findall(r'(\w+)="([^"]*)"', answer.header("wac-allow")))
        found = []
        for group, modes in (("user", access.shown(path, request.by)), ("public", access.shown(path, NOBODY))):
            named: Modes = frozenset(told.get(group, "").split())
            found += wrong(named == modes & ALL, f"WAC-Allow of {group}: {sorted(named)}, expected {sorted(modes)}")
        return found + wrong("wac-allow" in answer.headers, "no WAC-Allow")

    def _accepts(self, answer: Answer) -> list[str]:
        """Spec: Solid #server-accept-headers -- consistent with Allow"""
        methods = ("PUT", "POST", "PATCH")
        told = {method for method in methods if f"accept-{method.lower()}" in answer.headers}
        found = wrong(told == answer.listed("allow") & set(methods), f"Accept-* for {sorted(told)}")
        if "PATCH" in told:
            found += wrong("text/n3" in answer.listed("accept-patch"), "Accept-Patch without text/n3")
        return found

    def _links(self, request: Request, resource: Resource, answer: Answer) -> list[str]:
        """Spec: Solid #server-link-auxiliary-type, #server-storage-description, #server-link-storage; LDP 4.2.1.4"""
        link, url, path = answer.header("link"), self._model.url(request.path), request.path
        types = {"Resource"} | ({"BasicContainer"} if resource.is_container else set())
        found = [f"no type ldp:{each}" for each in types if f'<{LDP[each]}>; rel="type"' not in link]
        found += wrong(STORAGE_DESCRIPTION in link, "no link to the storage description")
        if not is_auxiliary(path):
            found += wrong(f'<{url}{ACL}>; rel="acl"' in link, "no link to the ACL")
            found += wrong(link.count('rel="describedby"') == 1, "not one link to a description")
            found += wrong(f'<{url}{DESCRIPTION}>; rel="describedby"' in link, "no link to the description")
        elif path.endswith(ACL):
            found += self._model.access.language.announced(link, options=False)
        is_storage = f'<{PIM.Storage}>; rel="type"' in link
        return found + wrong(is_storage == (path == self._model.root), "the type pim:Storage is not the root's alone")

    def of_options(self, request: Request, resource: Resource | None) -> Check:
        def check(answer: Answer) -> list[str]:
            methods = answer.listed("allow")
            expected = allowed(request.path, resource, self._model.root)
            is_right = methods == expected if resource else expected <= methods
            found = wrong(is_right, f"Allow: {answer.header('allow')}, expected {sorted(expected)}")
            found += wrong(STORAGE_DESCRIPTION in answer.header("link"), "no link to the storage description")
            if request.path.endswith(ACL) and (resource or self._model.unwritten(request.path)):
                found += self._model.access.language.announced(answer.header("link"), options=True)
            return found + self._accepts(answer)

        return check

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _ranges(self, request: Request, resource: Resource, variants: frozenset[str], whole: Check) -> dict[int, Check]:
        """What a Range may lead to: exactly one answer where the bytes are known and nothing like If-Range is open."""

        def part(answer: Answer) -> list[str]:
            return self._part(request, resource, variants, answer)

        body = self._bytes(request, resource, variants)
        condition = request.header("If-Range")
        if body is None or condition is not None:
            return {200: whole, 206: part, 416: _nothing}
        asked = asked_part(request.header("Range"), len(body))
        if asked == UNSATISFIABLE:
            return {200: _never, 416: _nothing}
        return {200: whole} if asked == WHOLE else {200: _never, 206: part}

    def _bytes(self, request: Request, resource: Resource, variants: frozenset[str]) -> bytes | None:
        """The bytes of the representation asked for, where it is the stored one."""
        is_stored = resource.kind == OTHER or variants == {resource.media_type}
        return resource.body if is_stored and not resource.is_container else None

    def _part(self, request: Request, resource: Resource, variants: frozenset[str], answer: Answer) -> list[str]:
        """Spec: RFC 9110 s14.4, s15.3.7"""
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.header("content-range"))
        if told is None:
            return [f"Content-Range: {answer.header('content-range')}"]
        first, last, size = map(int, told.groups())
        found = wrong(asked_part(request.header("Range"), size) == (first, last), f"another part: {told[0]}")
        found += wrong(len(answer.body) == last - first + 1, "the part has another length")
        body = self._bytes(request, resource, variants)
        if body is not None:
            found += wrong(answer.body == body[first : last + 1] and size == len(body), "other bytes")
        variant = variant_of(answer.header("content-type"), request, resource)
        found += wrong(not self._if_range_fails(request, resource, variant), "a part, though If-Range does not hold")
        return found + self._about(request, resource, answer, variant)

    def _if_range_fails(self, request: Request, resource: Resource, variant: str) -> bool:
        """Whether it certainly does. Spec: RFC 9110 s13.1.5"""
        text = request.header("If-Range")
        if text is None or not text.startswith(('"', "W/")):
            return False
        return (
            text.startswith("W/")
            or not self._model.tags.matches(text, request.path, resource, frozenset({variant})).value
        )

    # -- bodies --------------------------------------------------------------------------------------------------------

    def _says(self, request: Request, resource: Resource, answer: Answer) -> list[str]:
        media_type = essence(answer.header("content-type"))
        if resource.kind == OTHER:
            return wrong(answer.body == resource.body, "other bytes than were written")
        if media_type == HTML:
            return []
        said = triples(answer.body, media_type, self._model.url(request.path))
        if said is None:
            return [f"{media_type} that does not parse"]
        if resource.is_container:
            return self._listing(request, said)
        found = wrong(same(said, resource.triples), f"says {_difference(said, resource.triples)}")
        if media_type == resource.media_type:
            found += wrong(resource.body in {None, answer.body}, "other bytes than were written")
            resource.body, resource.size = answer.body, len(answer.body)
        return found

    def _listing(self, request: Request, said: Triples) -> list[str]:
        """Spec: Solid #server-contained-resource-metadata; LDP 5.2.3.2"""
        model, path = self._model, request.path
        container = URIRef(model.url(path))
        members = [each for each in model.resources if parent_of(each, model.root) == path]
        if is_minimal(request):
            members = []
        contained = {o for s, p, o in said if p == LDP.contains}
        expected = {URIRef(model.url(each)) for each in members}
        found = wrong(
            contained == expected, f"contains {_named(contained - expected)}, lacks {_named(expected - contained)}"
        )
        for each in (path, *members):
            found += self._metadata(each, model.resources[each], said)
        described = model.resources.get(path + DESCRIPTION)
        subjects = expected | {container}
        rest = frozenset(each for each in said if not _is_of_server(each, subjects))
        known = described.triples if described else frozenset()
        known = frozenset(each for each in known if not _is_of_server(each, subjects))
        return found + wrong(same(rest, known), f"describes {_difference(rest, known)}")

    def _metadata(self, path: str, resource: Resource, said: Triples) -> list[str]:
        """What is said about a member, or about the container itself."""
        subject = URIRef(self._model.url(path))
        about = {(p, o) for s, p, o in said if s == subject}
        types = {LDP.Resource} | ({LDP.Container, LDP.BasicContainer} if resource.is_container else set())
        if not resource.is_container:
            types.add(URIRef(f"{MEDIA_TYPES}{essence(resource.media_type)}#Resource"))
        found = [f"{path} has no type {each}" for each in types if (RDF.type, each) not in about]
        if resource.size is not None and not resource.is_container:
            found += wrong((STAT.size, Literal(resource.size)) in about, f"{path} does not have {resource.size} bytes")
        if resource.modified is not None:
            mtime = (STAT.mtime, Literal(resource.modified)) in about
            found += wrong(mtime, f"{path} has another stat:mtime than Last-Modified {resource.modified}")
        moments = [
            o for p, o in about if p == DCTERMS.modified and isinstance(o, Literal) and o.datatype == XSD.dateTime
        ]
        return found + wrong(len(moments) == 1, f"{path} has {len(moments)} dcterms:modified")


def is_minimal(request: Request) -> bool:
    """Spec: LDP 7.2.2"""
    return "PreferMinimalContainer" in (request.header("Prefer") or "")


def variant_of(media_type: str, request: Request, resource: Resource) -> str:
    """What tells the representations of one state apart: a tag each (RFC 9110 s8.8.3.3)."""
    name = essence(media_type)
    if name == HTML:
        return HTML
    minimal = resource.is_container and is_minimal(request)
    return (name if is_rdf(name) else media_type) + ";minimal" * minimal


def _is_of_server(triple: Triple, subjects: set[URIRef]) -> bool:
    s, p, o = triple
    if s not in subjects:
        return False
    if p in {LDP.contains, DCTERMS.modified, STAT.size, STAT.mtime}:
        return True
    return p == RDF.type and (str(o).startswith((str(LDP), MEDIA_TYPES)) or o == PIM.Storage)


def _named(nodes: set[Node] | set[URIRef]) -> list[str]:
    return sorted(str(each) for each in nodes)


def _difference(said: Triples, expected: Triples) -> str:
    extra = [" ".join(term.n3() for term in each) for each in said - expected]
    lacking = [" ".join(term.n3() for term in each) for each in expected - said]
    return f"{sorted(extra)} beyond, and lacks {sorted(lacking)}"


def _nothing(_answer: Answer) -> list[str]:
    return []


def _never(answer: Answer) -> list[str]:
    return [f"status {answer.status} to a Range that should be answered otherwise"]
