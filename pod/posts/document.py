"""A post on its way into a document: what this server says of it, beside whatever other apps keep there.

Pure: a graph is changed in place, and only in the statements that are named here. Everything has a name of its own, so
that a patch can change it.

Spec: Activity Vocabulary, Note, Article, Image; ActivityPub s3.3 (source); docs/data.md
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from pod.posts.markdown import to_html
from pod.posts.post import DRAFT, HTML, MARKDOWN, OURS, STATUS, Picture
from pod.protocol.notification import format_moment
from pod.rdf.graph import IRI, Graph, Literal, Node, Term, Triple
from pod.rdf.vocab import AS, PREFIXES, RDF, XSD

FRAGMENT = "#it"
NAMESPACES = {name: PREFIXES[name] for name in ("as", "xsd")}


@dataclass(frozen=True, slots=True)
class Said:
    """What a post says from now on. `html` was cleaned. `added` are new pictures; of those that are there already,
    `pictures` has the texts.
    """

    name: str
    markdown: str
    html: str
    pictures: tuple[Picture, ...] = ()
    added: tuple[Picture, ...] = ()
    is_draft: bool = False


def html_of(markdown: str) -> str:
    """What apps show that do not know Markdown; to be cleaned."""
    return to_html(markdown)


def say(graph: Graph, post: IRI, said: Said, now_ms: int) -> None:
    """The text, the pictures and the times. A post that everybody may have seen before is one that was changed."""
    kind = AS.Article if said.name else AS.Note
    for other in OURS:
        graph.discard(Triple(post, RDF.type, other))
    graph.add(Triple(post, RDF.type, kind))
    _set(graph, post, AS.name, [Literal(said.name)] if said.name else [])
    _set(graph, post, AS.content, [Literal(said.html)])
    _set(graph, post, AS.mediaType, [Literal(HTML)])
    _say_source(graph, post, said.markdown)
    _say_times(graph, post, said, now_ms)
    _say_alts(graph, post, said.pictures)
    for each in said.added:
        _say_picture(graph, post, each)


def say_author(graph: Graph, post: IRI, web_id: str, name: str) -> None:
    """With the name, so that whoever reads the document need not look elsewhere."""
    _set(graph, post, AS.attributedTo, [IRI(web_id)])
    if name and not graph.count(IRI(web_id), AS.name):
        graph.add(Triple(IRI(web_id), AS.name, Literal(name)))


def _say_alts(graph: Graph, post: IRI, pictures: Iterable[Picture]) -> None:
    alts = {each.url: each.alt for each in pictures}
    for term in list(graph.objects(post, AS.attachment)):
        url = picture_url(graph, term)
        if url in alts and not isinstance(term, Literal):
            _set(graph, term, AS.name, [Literal(alts[url])] if alts[url] else [])


def forget_picture(graph: Graph, post: IRI, url: str) -> None:
    for term in list(graph.objects(post, AS.attachment)):
        if picture_url(graph, term) == url and not isinstance(term, Literal):
            graph.discard(Triple(post, AS.attachment, term))
            _forget(graph, term)


def forget_post(graph: Graph, post: IRI) -> None:
    """Whatever is said of it, and of what only it refers to."""
    parts = [
        term
        for each in (AS.attachment, AS.source)
        for term in graph.objects(post, each)
        if not isinstance(term, Literal)
    ]
    authors = [term for term in graph.objects(post, AS.attributedTo) if isinstance(term, IRI)]
    _forget(graph, post)
    for part in parts:
        if not graph.count(o=part):
            _forget(graph, part)
    for author in authors:
        if not graph.count(o=author) and {each.predicate for each in graph.match(s=author)} <= {AS.name}:
            _forget(graph, author)


def picture_url(graph: Graph, term: Term) -> str | None:
    """Of an attachment that this server, or somebody in the same words, wrote."""
    if isinstance(term, Literal) or not graph.count(term, RDF.type, AS.Image):
        return None
    url = graph.value(term, AS.url)
    return url.value if isinstance(url, IRI) else None


def _say_source(graph: Graph, post: IRI, markdown: str) -> None:
    source = graph.value(post, AS.source)
    if source is None or isinstance(source, Literal):
        source = _free(graph, post, "source")
        _set(graph, post, AS.source, [source])
    _set(graph, source, AS.content, [Literal(markdown)])
    _set(graph, source, AS.mediaType, [Literal(MARKDOWN)])


def _say_times(graph: Graph, post: IRI, said: Said, now_ms: int) -> None:
    now = Literal(format_moment(now_ms), datatype=XSD.dateTime)
    _set(graph, post, STATUS, [Literal(DRAFT)] if said.is_draft else [])
    if graph.count(post, AS.published) or said.is_draft:
        _set(graph, post, AS.updated, [now])
    else:
        _set(graph, post, AS.published, [now])
        _set(graph, post, AS.updated, [])


def _say_picture(graph: Graph, post: IRI, picture: Picture) -> None:
    node = _free(graph, post, "picture")
    graph.add(Triple(post, AS.attachment, node))
    graph.add(Triple(node, RDF.type, AS.Image))
    graph.add(Triple(node, AS.url, IRI(picture.url)))
    graph.add(Triple(node, AS.mediaType, Literal(picture.media_type)))
    if picture.alt:
        graph.add(Triple(node, AS.name, Literal(picture.alt)))


def _free(graph: Graph, post: IRI, name: str) -> IRI:
    document = post.value.partition("#")[0]
    names = (IRI(f"{document}#{name}{'' if number == 1 else f'-{number}'}") for number in count(1))
    return next(each for each in names if not graph.count(each) and not graph.count(o=each))


def _set(graph: Graph, subject: Node, predicate: IRI, values: list[Term]) -> None:
    for triple in list(graph.match(subject, predicate)):
        graph.discard(triple)
    for value in values:
        graph.add(Triple(subject, predicate, value))


def _forget(graph: Graph, node: Node) -> None:
    for triple in list(graph.match(s=node)):
        graph.discard(triple)
