import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pod
from pod.rdf import vocab
from pod.rdf.contexts import vocabulary_directory
from pod.rdf.graph import IRI, Literal
from pod.rdf.vocab import ACL, ACP, LDP, PREFIXES, SOLID, Namespace
from tests.unit.rdf.reading import document

DEFINED_IN = {
    "ACL": "acl.ttl",
    "ACP": "acp.ttl",
    "FH": "freehold.ttl",
    "NOTIFY": "solid-notifications.ttl",
    "OIDC": "solid-oidc.ttl",
    "PIM": "pim-space.ttl",
    "SOLID": "solid-terms.ttl",
}

NOT_YET_IN_THE_VOCABULARIES = {
    ACL.iri + term
    for term in (
        *("condition", "Condition", "ClientCondition", "client", "clientGroup", "clientClass"),
        *("IssuerCondition", "issuer", "issuerGroup", "issuerClass"),
    )
} | {ACP.iri + term for term in ("AuthenticatedClient", "AuthenticatedIssuer")}
"""WAC 1.1, Editor's Draft, #access-conditions; ACP, Editor's Draft, #matcher, whose ontology leaves these two out."""
NOT_YET_IN_THE_VOCABULARIES |= {SOLID.iri + "notificationGateway"}
"""Of the gateway in older drafts of the Solid Notifications Protocol, which clients still look for."""

NOT_YET_IN_THE_VOCABULARIES |= {SOLID.iri + f"preferred{each}Pronoun" for each in ("Subject", "Object", "Relative")}
"""SolidOS writes pronouns so in profiles and contacts."""


def used_terms(name: str) -> Iterator[str]:
    """Every `NAME.term` in the code, under whatever name a module imports it."""
    for file in Path(pod.__file__).parent.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "pod.rdf.vocab"]
        here = {alias.asname or name for each in imports for alias in each.names if alias.name == name}
        for node in nodes:
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in here:
                yield node.attr


@pytest.mark.parametrize(("name", "file"), DEFINED_IN.items())
def test_every_term_the_code_uses_is_defined(name: str, file: str):
    namespace: Namespace = getattr(vocab, name)
    graph = document((vocabulary_directory() / file).read_bytes()).default
    defined = {triple.subject.value for triple in graph if isinstance(triple.subject, IRI)}
    used = {namespace.iri + term for term in used_terms(name) if term not in dir(Namespace) and term != "iri"}
    assert used - NOT_YET_IN_THE_VOCABULARIES <= defined


def test_a_namespace_gives_the_same_iri_each_time():
    assert ACL.Read == IRI("http://www.w3.org/ns/auth/acl#Read")
    assert ACL.Read is ACL.Read
    assert ACL["Read"] is ACL.Read
    assert str(ACL) == ACL.iri


def test_a_namespace_knows_its_terms():
    assert LDP.contains in LDP
    assert ACL.Read not in LDP
    assert Literal(LDP.iri) not in LDP
    with pytest.raises(AttributeError):
        LDP.__missing__  # noqa: B018


def test_prefixes_are_unique_both_ways():
    assert len(set(PREFIXES.values())) == len(PREFIXES)
