"""Container representations: what a container contains, as a stream of bytes with constant work for each member.

The listing never becomes a graph; only what is said about the container itself does. The statements made here belong
to the server, and `protected` finds them in what a client sends. Who may see the listing is decided elsewhere.

Spec: Solid #server-contained-resource-metadata, #contained-resource-metadata-statements, #server-protect-containment,
#server-protect-contained-resource-metadata; LDP 5.2.1
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import pyoxigraph as ox

from pod.rdf import formats
from pod.rdf.graph import IRI, Dataset, Graph, Literal, Triple
from pod.rdf.vocab import DCTERMS, LDP, MEDIA_TYPE, PIM, RDF, STAT, XSD

MEMBERS_PER_CHUNK = 256
PREFIXES = {"dcterms": DCTERMS.iri, "ldp": LDP.iri, "pim": PIM.iri, "stat": STAT.iri, "xsd": XSD.iri}
CONTAINER_TYPES = (LDP.Resource, LDP.Container, LDP.BasicContainer)

_IRI_SAFE_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!$&+._\-]*/[A-Za-z0-9][A-Za-z0-9!$&+._\-]*")
_METADATA = frozenset({STAT.size, STAT.mtime, DCTERMS.modified})


class ListedContainer(NamedTuple):
    """What the server says about a container. `modified` counts seconds; `root` is a storage's root."""

    url: str
    modified: int
    root: bool = False


class ListedMember(NamedTuple):
    """What the server says about a member. Containers have neither media type nor size."""

    url: str
    is_container: bool
    media_type: str
    size: int
    modified: int


def write(
    container: ListedContainer, members: Iterable[ListedMember], description: Graph | None, media_type: str
) -> Iterator[bytes]:
    """The representation in an RDF media type, in pieces. `description` is what clients say about the container.

    Raises: NotAcceptable -- RDF/XML cannot say what the description says.
    """
    head = Dataset(_about(container, description), prefixes=PREFIXES)
    if media_type == formats.JSON_LD.media_type:
        return _json_ld(container, members, head)
    if media_type in {formats.N_TRIPLES.media_type, formats.N_QUADS.media_type}:
        return _lines(container, members, head)
    if media_type == formats.RDF_XML.media_type:
        return iter([_through_a_graph(container, members, head, media_type)])
    return _turtle(container, members, head)  # which is TriG too


def _about(container: ListedContainer, description: Graph | None) -> Graph:
    subject = IRI(container.url)
    graph = Graph(Triple(subject, RDF.type, each) for each in CONTAINER_TYPES)
    if container.root:
        graph.add(Triple(subject, RDF.type, PIM.Storage))
    graph.add(Triple(subject, DCTERMS.modified, Literal(timestamp(container.modified), datatype=XSD.dateTime)))
    graph.add(Triple(subject, STAT.mtime, Literal(str(container.modified), datatype=XSD.integer)))
    for triple in description or ():
        graph.add(triple)
    return graph


def timestamp(seconds: int) -> str:
    """A moment as xsd:dateTime in UTC, to the second as in Last-Modified."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@lru_cache(maxsize=512)
def _media_type_class(media_type: str) -> str | None:
    """The class of resources of a media type; None for one that no IRI can name."""
    essence = media_type.partition(";")[0].strip().lower()
    return f"{MEDIA_TYPE.iri}{essence}#Resource" if _IRI_SAFE_TYPE.fullmatch(essence) else None


# -- formats -----------------------------------------------------------------------------------------------------------


def _chunks(members: Iterable[ListedMember]) -> Iterator[list[ListedMember]]:
    members = iter(members)
    while chunk := list(islice(members, MEMBERS_PER_CHUNK)):
        yield chunk


def _turtle(container: ListedContainer, members: Iterable[ListedMember], head: Dataset) -> Iterator[bytes]:
    yield formats.serialize(head, formats.TURTLE.media_type)
    for chunk in _chunks(members):
        contained = ",\n    ".join([f"<{member.url}>" for member in chunk])
        about = "\n".join(map(_turtle_member, chunk))
        yield f"\n<{container.url}> ldp:contains {contained} .\n\n{about}".encode()


def _turtle_member(member: ListedMember) -> str:
    moment = f'dcterms:modified "{timestamp(member.modified)}"^^xsd:dateTime ;\n    stat:mtime {member.modified}'
    if member.is_container:
        return f"<{member.url}> a ldp:Resource, ldp:Container, ldp:BasicContainer ;\n    {moment} .\n"
    name = _media_type_class(member.media_type)
    kind = f", <{name}>" if name else ""
    return f"<{member.url}> a ldp:Resource{kind} ;\n    {moment} ;\n    stat:size {member.size} .\n"


def _lines(container: ListedContainer, members: Iterable[ListedMember], head: Dataset) -> Iterator[bytes]:
    yield formats.serialize(head, formats.N_TRIPLES.media_type)
    contains = f"<{container.url}> {LDP.contains} "
    for chunk in _chunks(members):
        yield "".join([f"{contains}<{member.url}> .\n{_lines_of_member(member)}" for member in chunk]).encode()


def _lines_of_member(member: ListedMember) -> str:
    subject = f"<{member.url}>"
    types = "".join([f"{subject} {RDF.type} <{each}> .\n" for each in _types(member)])
    moment = f'{subject} {DCTERMS.modified} "{timestamp(member.modified)}"^^{XSD.dateTime} .\n'
    mtime = f'{subject} {STAT.mtime} "{member.modified}"^^{XSD.integer} .\n'
    size = "" if member.is_container else f'{subject} {STAT.size} "{member.size}"^^{XSD.integer} .\n'
    return types + moment + mtime + size


def _types(member: ListedMember) -> list[str]:
    if member.is_container:
        return [each.value for each in CONTAINER_TYPES]
    name = _media_type_class(member.media_type)
    return [LDP.Resource.value, name] if name else [LDP.Resource.value]


def _json_ld(container: ListedContainer, members: Iterable[ListedMember], head: Dataset) -> Iterator[bytes]:
    yield formats.serialize(head, formats.JSON_LD.media_type).rstrip().removesuffix(b"]")
    for chunk in _chunks(members):
        contained = ",".join([f'{{"@id":"{member.url}"}}' for member in chunk])
        about = ",".join(map(_json_member, chunk))
        yield f',{{"@id":"{container.url}","{LDP.contains.value}":[{contained}]}},{about}'.encode()
    yield b"]"


def _json_member(member: ListedMember) -> str:
    types = ",".join([f'"{each}"' for each in _types(member)])
    size = "" if member.is_container else f',"{STAT.size.value}":[{_json_integer(member.size)}]'
    return (
        f'{{"@id":"{member.url}","@type":[{types}]'
        f',"{DCTERMS.modified.value}":[{{"@type":"{XSD.dateTime.value}","@value":"{timestamp(member.modified)}"}}]'
        f',"{STAT.mtime.value}":[{_json_integer(member.modified)}]{size}}}'
    )


def _json_integer(number: int) -> str:
    return f'{{"@type":"{XSD.integer.value}","@value":"{number}"}}'


def _through_a_graph(
    container: ListedContainer, members: Iterable[ListedMember], head: Dataset, media_type: str
) -> bytes:
    lines = b"".join(_lines(container, members, head))
    graph = Graph(quad.triple for quad in ox.parse(lines, ox.RdfFormat.N_TRIPLES))
    return formats.serialize(Dataset(graph, prefixes=PREFIXES), media_type)


# -- what clients may not say ------------------------------------------------------------------------------------------


def protected(graph: Graph, container_url: str) -> Triple | None:
    """The first statement in a client's description of a container that only the server may make, if any.

    That the container is a container may be repeated. Spec: Solid #server-protect-containment,
    #server-protect-contained-resource-metadata
    """
    return next((triple for triple in graph if _is_protected(triple, container_url)), None)


def _is_protected(triple: Triple, container_url: str) -> bool:
    if triple.predicate == LDP.contains:
        return True
    subject = triple.subject
    if not isinstance(subject, IRI):
        return False
    is_member = _is_member(subject.value, container_url)
    if triple.predicate in _METADATA:
        return is_member or subject.value == container_url
    return is_member and triple.predicate == RDF.type and (triple.object in LDP or triple.object in MEDIA_TYPE)


def _is_member(url: str, container_url: str) -> bool:
    name = url.removeprefix(container_url)
    return name != url and re.fullmatch(r"[^/?#]+/?", name) is not None
