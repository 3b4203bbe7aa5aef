"""What writing does to the world of the model: what content is accepted, what comes to be, and what shows the change.

Spec: Solid #writing-resources, #deleting-resources, #server-protect-containment; LDP 5.2.3, 5.2.5; WebID Profile
#server-update-protected-triples; REQUIREMENTS section 17, rows 8 to 12, 29, 30, 48
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdflib.namespace import DCTERMS, RDF, Namespace
from rdflib.term import BNode, Node, URIRef

from tests.model.model_access import READ
from tests.model.model_patch import Patch, parse
from tests.model.model_paths import ACL, DESCRIPTION, above, is_auxiliary, parent_of, subject_of, twin_of
from tests.model.model_rdf import NOTHING, TURTLE, essence, is_rdf, same, triples
from tests.model.model_values import (
    CONTAINER,
    OTHER,
    RDF_SOURCE,
    Answer,
    Check,
    Refused,
    Request,
    Resource,
    Triple,
    Triples,
    wrong,
)

if TYPE_CHECKING:
    from tests.model.model import Model

LDP = Namespace("http://www.w3.org/ns/ldp#")
PIM = Namespace("http://www.w3.org/ns/pim/space#")
STAT = Namespace("http://www.w3.org/ns/posix/stat#")
SOLID = Namespace("http://www.w3.org/ns/solid/terms#")
MEDIA_TYPES = "http://www.w3.org/ns/iana/media-types/"

MANAGED = frozenset({STAT.size, STAT.mtime, DCTERMS.modified})
NAME = re.compile(r"[A-Za-z0-9]+(\.txt|\.ttl)?")


class Writes:
    """The writing half of a model: each method gives what a success must look like; called with it, it comes true."""

    def __init__(self, model: Model, protected: frozenset[str]) -> None:
        self._model = model
        self._resources = model.resources
        self._protected = protected

    # -- PUT, POST ---------------------------------------------------------------------------------------------------

    def put(self, request: Request, resource: Resource | None) -> Check:
        """Raises: Refused -- 400, 409, 415, 422"""
        path = request.path
        said = self._content(request, path)
        self._check_document(path, said, before=resource)

        def done(answer: Answer) -> list[str]:
            if resource is None:
                self._create(request, path, said)
            else:
                self._replace(request, path, said)
            return self._told(path, answer)

        return done

    def post(self, request: Request) -> Check:
        """Raises: Refused -- 400, 409, 415"""
        container = wants_container(request)
        placeholder = request.path + "new" + "/" * container
        said = self._content(request, placeholder)
        if container:
            self._check_document(placeholder, said, before=None)

        def done(answer: Answer) -> list[str]:
            made, found = self._made(request, answer)
            if found:
                return found
            said = self._content(request, made)
            self._create(request, made, said)
            return self._told(made, answer)

        return done

    def _made(self, request: Request, answer: Answer) -> tuple[str, list[str]]:
        """The path the server chose, and what is wrong with it. Spec: #server-post-container-create-resource"""
        model, container = self._model, wants_container(request)
        location = answer.header("location")
        path = "/" + location.removeprefix(model.base_url)
        name = path.removeprefix(request.path).removesuffix("/" * container)
        found = wrong(location == model.url(path), "Location is no URL of the server")
        found += wrong(bool(name) and "/" not in name, f"Location {path} is not directly in the container")
        found += wrong(path.endswith("/") == container, f"{path} is not of the kind asked for")
        found += wrong(path not in self._resources, f"{path} existed before")
        found += wrong(twin_of(path) not in self._resources, f"{path} has a slash twin")
        found += wrong(not name.endswith((ACL, DESCRIPTION)), f"{path} is the name of an auxiliary resource")
        return path, found + self._slug(request, path, name)

    def _slug(self, request: Request, path: str, name: str) -> list[str]:
        """A free plain name is taken; else it has the wish in it (row 12), as it has for whoever may not look."""
        wish = request.header("Slug") or ""
        if not NAME.fullmatch(wish):
            return []
        taken = {request.path + wish, request.path + wish + "/"} & self._resources.keys()
        if not taken and READ in self._model.access.modes(request.path, request.by):
            return wrong(name == wish, f"the name is {name}, though {wish} was free")
        return wrong(name.startswith(wish.partition(".")[0]), f"the name {name} has nothing of the wish {wish}")

    # -- content -----------------------------------------------------------------------------------------------------

    def _content(self, request: Request, path: str) -> Triples:
        """What the content says, relative to the URL of what it will be. Raises: Refused -- 400, 415"""
        media_type = request.header("Content-Type")
        if media_type is None:
            return NOTHING
        if not is_rdf(media_type):
            if path.endswith("/") or is_auxiliary(path):
                raise Refused(415)
            return NOTHING
        said = triples(request.content or b"", essence(media_type), self._model.url(path))
        if said is None:
            raise Refused(400)
        return said

    def _check_document(self, path: str, said: Triples, *, before: Resource | None) -> None:
        """Raises: Refused -- 409, 422: what a client may not say there"""
        model = self._model
        if path.endswith(ACL) and not model.access.language.is_heard(said, model.url(path.removesuffix(ACL))):
            raise Refused(422)
        if path == model.root + ACL:
            keeps = model.access.language.keeps_control(said, model.url(model.root))
            if keeps is None:
                model.open |= {409}
            elif not keeps:
                raise Refused(409)
        described = path if path.endswith("/") else subject_of(path) if path.endswith(DESCRIPTION) else ""
        if described.endswith("/") and any(self._is_managed(each, described) for each in said):
            raise Refused(409)
        if path in self._protected and before is not None:
            self._check_profile(said, before)

    def _is_managed(self, triple: Triple, container: str) -> bool:
        """Spec: Solid #server-protect-containment, #server-protect-contained-resource-metadata"""
        s, p, o = triple
        if p == LDP.contains:
            return True
        url = self._model.url(container)
        is_member = isinstance(s, URIRef) and re.fullmatch(re.escape(url) + r"[^/?#]+/?", str(s)) is not None
        if p in MANAGED:
            return is_member or s == URIRef(url)
        return is_member and p == RDF.type and str(o).startswith((str(LDP), MEDIA_TYPES))

    def _check_profile(self, said: Triples, before: Resource) -> None:
        """Spec: WebID Profile #server-update-protected-triples, #webid-profile-data-model"""
        if _issuers(said) != _issuers(before.triples):
            raise Refused(409)
        for one in (PIM.preferencesFile, LDP.inbox):
            subjects = [s for s, p, _ in said if p == one]
            if len(set(subjects)) < len(subjects):
                raise Refused(422)

    # -- PATCH -------------------------------------------------------------------------------------------------------

    def parsed_patch(self, request: Request) -> Patch:
        """Raises: Refused -- 400, 415, 422"""
        media_type = essence(request.header("Content-Type") or "")
        return parse(request.content or b"", media_type, self._model.url(request.path))

    def patch(self, request: Request, resource: Resource | None, patch: Patch) -> Check:
        """Raises: Refused -- 409: it does not fit; nothing comes of it; 422"""
        path = request.path
        said = patch.apply(resource.triples if resource else self._model.unwritten(path) or NOTHING)
        if resource is None and not said:
            raise Refused(409)
        self._check_document(path, said, before=resource)

        def done(answer: Answer) -> list[str]:
            if resource is None:
                self._bring_about(path, Resource(RDF_SOURCE, TURTLE, 0, said), request)
            else:
                self._patched(path, resource, said, request.now)
            return self._told(path, answer)

        return done

    def _patched(self, path: str, resource: Resource, said: Triples, now: int | None) -> None:
        """A patch that changes nothing may leave the tag as it was."""
        certain = not same(said, resource.triples)
        _move(resource, certain=certain)
        resource.modified = now if certain or resource.modified == now else None
        resource.triples, resource.body, resource.size = said, None, None
        self._show(path, now, grew=False, certain=certain)

    # -- DELETE ------------------------------------------------------------------------------------------------------

    def cannot_delete(self, path: str) -> bool:
        """Spec: Solid #server-delete-protect-nonempty-container; a WebID's document stays"""
        return path in self._protected or any(parent_of(each, self._model.root) == path for each in self._resources)

    def delete(self, request: Request) -> Check:
        path = request.path

        def done(_answer: Answer) -> list[str]:
            for each in (path, path + ACL, path + DESCRIPTION):
                self._resources.pop(each, None)
            self._show(path, request.now, grew=True)
            return []

        return done

    # -- effects -----------------------------------------------------------------------------------------------------

    def _create(self, request: Request, path: str, said: Triples) -> None:
        media_type = request.header("Content-Type") or TURTLE
        if path.endswith("/"):
            self._bring_about(path, Resource(CONTAINER, TURTLE, 0), request)
            if said:
                described = Resource(RDF_SOURCE, essence(media_type), 0, said)
                self._bring_about(path + DESCRIPTION, described, request)
            return
        self._bring_about(path, _document(request, media_type, said), request)

    def _bring_about(self, path: str, resource: Resource, request: Request) -> None:
        """Make it, and the containers above it from the topmost. Spec: #server-put-patch-intermediate-containers"""
        if not is_auxiliary(path):
            for container in reversed(above(path, self._model.root)):
                if container not in self._resources:
                    self._bring_about(container, Resource(CONTAINER, TURTLE, 0), request)
        resource.serial, resource.modified = next(self._model.serials), request.now
        resource.creator = request.by.agent
        self._resources[path] = resource
        self._show(path, request.now, grew=True)

    def _replace(self, request: Request, path: str, said: Triples) -> None:
        before = self._resources[path]
        after = _document(request, request.header("Content-Type") or TURTLE, said)
        after.serial, after.state, after.shade = before.serial, before.state + 1, before.shade
        after.modified, after.creator = request.now, before.creator
        self._resources[path] = after
        self._show(path, request.now, grew=False)

    def _show(self, path: str, now: int | None, *, grew: bool, certain: bool = True) -> None:
        """A container shows its members' size and time, its own time, and what its description says: it has another
        tag whenever a member was written (section 17, row 19: revisions are counted, not times).
        """
        model = self._model
        if path.endswith(DESCRIPTION) and path.endswith("/" + DESCRIPTION):
            container, grew = subject_of(path), True
        elif is_auxiliary(path) or path == model.root:
            return
        else:
            container = path[: path.rstrip("/").rindex("/") + 1]
        shown = self._resources[container]
        _move(shown, certain=certain)
        if grew:
            shown.modified = now
            above_it = parent_of(container, model.root)
            if above_it is not None:
                _move(self._resources[above_it], certain=certain)

    def _told(self, path: str, answer: Answer) -> list[str]:
        """A validator in the answer is that of what is there now. Spec: RFC 9110 s8.8, s15.3.2"""
        tag = answer.header("etag")
        return self._model.tags.observe(tag, path, self._resources[path], None) if tag else []


def _move(resource: Resource, *, certain: bool) -> None:
    resource.state += certain
    resource.shade += not certain


def wants_container(request: Request) -> bool:
    link = request.header("Link") or ""
    return str(LDP.BasicContainer) in link or f"{LDP.Container}>" in link


def _document(request: Request, media_type: str, said: Triples) -> Resource:
    body = request.content or b""
    if is_rdf(media_type):
        return Resource(RDF_SOURCE, essence(media_type), 0, said, body, len(body))
    return Resource(OTHER, media_type, 0, NOTHING, body, len(body))


def _issuers(said: Triples) -> set[tuple[Node | None, Node | None]]:
    found = {(s, o) for s, p, o in said if p == SOLID.oidcIssuer}
    return {(None if isinstance(s, BNode) else s, None if isinstance(o, BNode) else o) for s, o in found}
