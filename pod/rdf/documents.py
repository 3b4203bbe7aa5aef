"""The small Turtle documents that the server itself writes when a storage is made, as functions of values.

People open these files first, so they read well; they hold absolute IRIs, so they mean the same wherever they are read.

Spec: WebID Profile #webid-profile-data-model, #private-preferences; Type Indexes #public-type-index,
#private-type-index; WAC #authorization-conformance; ACP #authorization-graph
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pod.protocol.modes import AccessMode
from pod.protocol.resource import ACL_SUFFIX
from pod.rdf import turtle_writer
from pod.rdf.graph import IRI, Graph, Literal, Term, Triple
from pod.rdf.modes import MODES
from pod.rdf.vocab import ACL, ACP, FOAF, LDP, PIM, PREFIXES, RDF, SOLID

Property = tuple[IRI, Term]

OWNERS_MODES = AccessMode.READ | AccessMode.WRITE | AccessMode.CONTROL
"""What owners hold; Write includes Append."""


def profile(
    webid: str,
    *,
    issuers: Sequence[str],
    storages: Sequence[str],
    preferences: str,
    public_type_index: str,
    inbox: str | None = None,
    name: str | None = None,
) -> bytes:
    """The WebID document of an agent: a person, until its owner says otherwise. SolidOS and others show the profiles of
    persons, and of mere agents nothing.

    Spec: WebID Profile #webid-profile-data-model; Solid-OIDC #oidc-issuer-discovery; Type Indexes #public-type-index
    """
    document = webid.partition("#")[0]
    agent: list[Property] = [(RDF.type, FOAF.Person), (RDF.type, FOAF.Agent)]
    agent += [(FOAF.name, Literal(name))] if name else []
    agent += [(SOLID.oidcIssuer, IRI(issuer)) for issuer in issuers]
    agent += [(PIM.storage, IRI(storage)) for storage in storages]
    agent += [(LDP.inbox, IRI(inbox))] if inbox else []
    agent += [(PIM.preferencesFile, IRI(preferences)), (SOLID.publicTypeIndex, IRI(public_type_index))]
    about = [(RDF.type, FOAF.PersonalProfileDocument), (FOAF.maker, IRI(webid)), (FOAF.primaryTopic, IRI(webid))]
    return _document((document, about), (webid, agent), prefixes=("foaf", "ldp", "pim", "solid"))


def preferences(document: str, webid: str, *, private_type_index: str) -> bytes:
    """The preferences document, which only its owner reads.

    Spec: WebID Profile #preferences-document; Type Indexes #private-type-index
    """
    about: list[Property] = [(RDF.type, PIM.ConfigurationFile)]
    agent: list[Property] = [(SOLID.privateTypeIndex, IRI(private_type_index))]
    return _document((document, about), (webid, agent), prefixes=("pim", "solid"))


def type_index(document: str, *, listed: bool) -> bytes:
    """An empty type index: listed is public, unlisted private. Spec: Type Indexes #type-index-registration-entries"""
    kind = SOLID.ListedDocument if listed else SOLID.UnlistedDocument
    return _document((document, [(RDF.type, SOLID.TypeIndex), (RDF.type, kind)]), prefixes=("solid",))


def access_control_list(
    resource: str,
    *,
    owners: Sequence[str],
    public: AccessMode = AccessMode.NONE,
    public_inherited: bool = False,
) -> bytes:
    """The ACL of a resource: owners hold all modes, the public those named. Its rules have names in it.

    The owners' rule of a container is inherited by what it contains, the public's only if `public_inherited`.

    Spec: WAC #authorization-conformance, #effective-acl-resource
    """
    document = resource + ACL_SUFFIX
    agents = [(ACL.agent, IRI(owner)) for owner in owners]
    rules = [(f"{document}#owner", _rule(resource, agents, OWNERS_MODES, inherited=resource.endswith("/")))]
    if public:
        everyone = [(ACL.agentClass, FOAF.Agent)]
        rules.append((f"{document}#public", _rule(resource, everyone, public, inherited=public_inherited)))
    return _document(*rules, prefixes=("acl", "foaf"))


def _rule(resource: str, agents: Iterable[tuple[IRI, IRI]], modes: AccessMode, *, inherited: bool) -> list[Property]:
    rule: list[Property] = [(RDF.type, ACL.Authorization), *agents, (ACL.accessTo, IRI(resource))]
    rule += [(ACL.default, IRI(resource))] if inherited else []
    return rule + [(ACL.mode, name) for name, mode in MODES.items() if mode & modes]


def access_control_resource(
    resource: str, *, owners: Sequence[str] = (), public: AccessMode = AccessMode.NONE
) -> bytes:
    """The access control resource of a resource: owners hold all modes on it and on all that is in it, the public those
    named on it alone. Everything in it has a name. Without anybody it says nothing but whose it is.

    Spec: ACP #access-control-resource, #effective-policies
    """
    document = resource + ACL_SUFFIX
    given = [("owner", [IRI(owner) for owner in owners], OWNERS_MODES)] if owners else []
    given += [("public", [ACP.PublicAgent], public)] if public else []
    about: list[Property] = [(RDF.type, ACP.AccessControlResource), (ACP.resource, IRI(resource))]
    about += [(ACP.accessControl, IRI(f"{document}#{name}")) for name, _, _ in given]
    about += [(ACP.memberAccessControl, IRI(f"{document}#owner"))] if owners and resource.endswith("/") else []
    policies = [each for name, agents, modes in given for each in _policy(f"{document}#{name}", agents, modes)]
    return _document((document, about), *policies, prefixes=("acl", "acp"))


def _policy(name: str, agents: Iterable[IRI], modes: AccessMode) -> list[tuple[str, list[Property]]]:
    """An access control, the policy it applies, and the matcher of that. Spec: ACP #policy, #matcher"""
    policy, matcher = f"{name}Policy", f"{name}Matcher"
    allowed: list[Property] = [(ACP.allow, iri) for iri, mode in MODES.items() if mode & modes]
    matched: list[Property] = [(ACP.agent, agent) for agent in agents]
    return [
        (name, [(RDF.type, ACP.AccessControl), (ACP.apply, IRI(policy))]),
        (policy, [(RDF.type, ACP.Policy), *allowed, (ACP.anyOf, IRI(matcher))]),
        (matcher, [(RDF.type, ACP.Matcher), *matched]),
    ]


def _document(*subjects: tuple[str, Iterable[Property]], prefixes: Sequence[str]) -> bytes:
    return turtle_writer.write(Graph(_triples(subjects)), {name: PREFIXES[name] for name in prefixes})


def _triples(subjects: Iterable[tuple[str, Iterable[Property]]]) -> Iterator[Triple]:
    for subject, properties in subjects:
        for predicate, value in properties:
            yield Triple(IRI(subject), predicate, value)
