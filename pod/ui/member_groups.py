"""Groups that operators keep for members: made and filled in the console, read by apps at `/.groups/`.

Spec: WAC #acl-agentgroup; vCard Ontology; RFC 9110 s12
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request

from pod.authorization.groups import GROUP_FRAGMENT, MEMBER_GROUPS
from pod.console.groups import NAME_CHARACTERS_MAX, GroupKeeper
from pod.console.members import Console
from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.protocol.conneg import negotiate
from pod.rdf import formats
from pod.rdf.graph import IRI, Dataset, Graph, Literal, Triple
from pod.rdf.vocab import PREFIXES, RDF, VCARD
from pod.store.member_groups import Belonging, MemberGroup, MemberGroups
from pod.ui.console import CONSOLE
from pod.ui.door import Door, see_other
from pod.ui.forms import Errors, errors_of
from pod.ui.render import render

GROUPS = f"{CONSOLE}groups"
DOCUMENTS = f"/{MEMBER_GROUPS}"
MEDIA_TYPES = (formats.TURTLE.media_type, formats.JSON_LD.media_type)


def add_member_groups(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(errors: Errors | None = None, typed: str = "", status: int = 200) -> Response:
        keeper = _keeper(door)
        counts = services.config.access_control != "acp"
        most = NAME_CHARACTERS_MAX
        return render(
            "console/groups.html",
            status=status,
            groups=keeper.listed(),
            counts=counts,
            typed=typed,
            most=most,
            errors=errors or {},
        )

    @pages.get(GROUPS)
    def member_groups() -> Response:
        return page()

    @pages.post(GROUPS)
    def make_member_group() -> Response:
        keeper, form = _keeper(door, GROUPS), door.form()
        try:
            slug = keeper.make(form.get("name", ""), is_public=form.get("public") == "yes")
        except (Conflict, UnprocessableContent) as error:
            return page({"name": error.detail}, form.get("name", ""), error.status)
        return see_other(f"{GROUPS}/{slug}")

    @pages.get(f"{GROUPS}/<slug>")
    def member_group(slug: str) -> Response:
        return _group_page(door, slug)

    @pages.post(f"{GROUPS}/<slug>/<what>")
    def change_member_group(slug: str, what: str) -> Response:
        keeper, form = _keeper(door, f"{GROUPS}/{quote(slug)}"), door.form()
        acts: dict[str, Callable[[], None]] = {
            "add": lambda: keeper.add(slug, form.get("member", "").strip().lower()),
            "remove": lambda: keeper.remove(slug, form.get("member", "")),
            "change": lambda: keeper.change(slug, form.get("name", ""), is_public=form.get("public") == "yes"),
            "end": lambda: keeper.end(slug),
        }
        if what not in acts:
            raise NotFound("There is no such page.")
        try:
            acts[what]()
        except (Conflict, NotFound, UnprocessableContent) as error:
            errors = {"member": error.detail} if what == "add" else errors_of_any(error)
            return _group_page(door, slug, errors, form.get("member", ""), error.status)
        return see_other(GROUPS if what == "end" else f"{GROUPS}/{quote(slug)}?{urlencode({'done': what})}")


def add_group_documents(pages: Blueprint, door: Door) -> None:
    """A document each, with a URL that stays. Who is in a group that is not public is told to members alone."""
    services = door.services
    groups = MemberGroups(services.store)

    @pages.get(f"{DOCUMENTS}<slug>")
    def group_document(slug: str) -> Response:
        group = groups.by_slug(slug)
        if group is None:
            raise NotFound("There is no such group.")
        session = door.visitor().session
        sees = group.is_public or (session is not None and session.account.stands)
        members = tuple(each for each in groups.members(group.id) if each.stands) if sees else ()
        best = request.accept_mimetypes.best_match(("text/html", *MEDIA_TYPES), "text/turtle")
        url = f"{services.placement.base_url}{MEMBER_GROUPS}{slug}#{GROUP_FRAGMENT}"
        if best == "text/html":
            return render("member_group.html", group=group, members=members, sees=sees, url=url)
        return _document(group, members, url)


def _document(group: MemberGroup, members: tuple[Belonging, ...], url: str) -> Response:
    it = IRI(url)
    graph = Graph((Triple(it, RDF.type, VCARD.Group), Triple(it, VCARD.fn, Literal(group.name))))
    for each in members:
        if each.web_id is not None:
            graph.add(Triple(it, VCARD.hasMember, IRI(each.web_id)))
    media_type = negotiate(request.headers.get("Accept"), MEDIA_TYPES) or MEDIA_TYPES[0]
    content = formats.serialize(Dataset(graph, prefixes={"vcard": PREFIXES["vcard"]}), media_type)
    response = Response(content, content_type=media_type)
    response.headers["Vary"] = "Accept, Cookie"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if group.is_public:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def errors_of_any(error: Conflict | NotFound | UnprocessableContent) -> Errors:
    return errors_of(error) if isinstance(error, UnprocessableContent) else {"": error.detail}


def _keeper(door: Door, fresh: str = "") -> GroupKeeper:
    """`fresh`: where to come back to, for what takes a fresh session. Raises: SignInFirst, AccessDenied."""
    session = door.fresh_session(fresh) if fresh else door.session()
    return GroupKeeper(door.services, Console(door.services, session.account))


def _group_page(door: Door, slug: str, errors: Errors | None = None, typed: str = "", status: int = 200) -> Response:
    keeper = _keeper(door)
    found = keeper.group(slug)
    return render(
        "console/group.html",
        status=status,
        group=found,
        members=keeper.members(found),
        url=f"{door.services.placement.base_url}{MEMBER_GROUPS}{slug}",
        typed=typed,
        most=NAME_CHARACTERS_MAX,
        done=request.args.get("done", ""),
        errors=errors or {},
    )
