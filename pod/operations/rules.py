"""What the content of particular documents may not do: lock out an owner, claim containment, or move an identity.

Spec: WAC #server-root-container-acl-authorization-control; Solid #server-protect-containment,
#server-protect-contained-resource-metadata; WebID Profile #server-update-protected-triples
"""

from __future__ import annotations

from pod.authentication.webid import ISSUERS_PAGE
from pod.errors import Conflict, ProtectedStatement, UnprocessableContent
from pod.protocol.resource import Auxiliary, Target
from pod.rdf import containment
from pod.rdf.graph import BNode, Dataset, Graph
from pod.rdf.vocab import LDP, PIM, SOLID
from pod.services import Services
from pod.store.acl_groups import keep_groups
from pod.store.interface import Reader, Writer
from pod.store.records import ResourceState, Snapshot


def check_document(services: Services, reader: Reader, snapshot: Snapshot, dataset: Dataset | None) -> None:
    """The rules for the new content of a target that the caller may write. `dataset` is None for what is not RDF.

    Raises: Conflict, ProtectedStatement, UnprocessableContent
    """
    target = snapshot.target
    if target.auxiliary is Auxiliary.ACL and dataset is not None:
        _check_no_graphs(dataset)
        services.authorizer.check_content(target, dataset.default)
    if target.auxiliary is Auxiliary.DESCRIPTION and target.subject.endswith("/") and dataset is not None:
        check_description(services, target.subject, dataset.default)
    if snapshot.state is not None and snapshot.state.protected:
        _check_issuers(services, reader, snapshot, dataset)
        _check_profile(dataset)


def keep_uses(services: Services, tx: Writer, target: Target, state: ResourceState, dataset: Dataset | None) -> None:
    """Record which groups access rules name that were just written; nothing for any other document."""
    if target.auxiliary is Auxiliary.ACL and dataset is not None:
        keep_groups(tx, state.id, state.version, services.authorizer.groups_named(dataset.default))


def _check_no_graphs(dataset: Dataset) -> None:
    """Rules count in the default graph alone: a denial elsewhere would close nothing while seeming to."""
    if any(map(len, dataset.named.values())):
        raise UnprocessableContent("Access rules in named graphs have no effect; write them without naming a graph.")


def check_description(services: Services, container: str, graph: Graph) -> None:
    """A client may describe a container, but not say what it contains. Spec: Solid #server-protect-containment"""
    offending = containment.protected(graph, services.placement.url(container))
    if offending is not None:
        raise ProtectedStatement("The server manages this statement; leave it out.", triple=str(offending))


def _check_issuers(services: Services, reader: Reader, snapshot: Snapshot, dataset: Dataset | None) -> None:
    if dataset is None:
        raise ProtectedStatement("This document holds a WebID and must stay an RDF document.")
    state = snapshot.state
    before = reader.document(state.id, state.version) if state else None
    if state is None or before is None:
        raise Conflict("The document changed meanwhile; read it again and retry.")
    url = services.placement.url(snapshot.target.path)
    if _issuers(services.parse(before, state.media_type, url)) != _issuers(dataset):
        raise ProtectedStatement(
            "solid:oidcIssuer says who may sign in as this WebID. Apps cannot change it; its owner can, at "
            f"{services.placement.base_url}{ISSUERS_PAGE}"
        )


def _check_profile(dataset: Dataset | None) -> None:
    """Apps take any one of several, so what they keep there would be in two places.

    Spec: WebID Profile #webid-profile-data-model, #server-unprocessable-content
    """
    for one in (PIM.preferencesFile, LDP.inbox):
        subjects = [str(triple.subject) for triple in dataset.default.match(p=one)] if dataset else []
        if len(set(subjects)) < len(subjects):
            raise UnprocessableContent(f"Somebody has more than one {one} in this profile; leave one.")


def _issuers(dataset: Dataset) -> frozenset[tuple[bool, str, str]]:
    """Every statement on issuers: about whom, and whether in the default graph.

    Not of the owner's IRI alone: who reads this document elsewhere may take all its graphs for one, or
    `/alice/profile/../profile/card#me` for the same WebID.
    """
    graphs = ((True, dataset.default), *((False, graph) for graph in dataset.named.values()))
    return frozenset(
        (is_default, _named(triple.subject), _named(triple.object))
        for is_default, graph in graphs
        for triple in graph.match(p=SOLID.oidcIssuer)
    )


def _named(term: object) -> str:
    """Blank nodes have other labels each time a document is parsed."""
    return "" if isinstance(term, BNode) else str(term)


def check_deletable(snapshot: Snapshot) -> None:
    """Raises: Conflict -- the document is somebody's identity."""
    if snapshot.state is not None and snapshot.state.protected:
        raise Conflict("This document holds the WebID of an account; it goes when the account is deleted.")
