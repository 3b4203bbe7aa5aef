"""What a new account's WebID leads to: its document, its preferences, its type indexes; and what may not be written there.

Spec: WebID; Solid WebID Profile; Type Indexes; Solid-OIDC #oidc-issuer-discovery
"""

from __future__ import annotations

import pytest
from rdflib import FOAF, RDF, RDFS, Graph, URIRef

from tests.support.client import LDP, PIM, SOLID, SPARQL, TURTLE, SolidClient, assert_problem

FORMATS = ("text/turtle", "application/ld+json")


def document(client: SolidClient) -> str:
    return client.web_id.partition("#")[0]


def one(graph: Graph, subject: str, predicate: URIRef) -> str:
    (found,) = graph.objects(URIRef(subject), predicate)
    return str(found)


def preferences(client: SolidClient) -> str:
    return one(client.graph(document(client)), client.web_id, PIM.preferencesFile)


def public_index(client: SolidClient) -> str:
    return one(client.graph(document(client)), client.web_id, SOLID.publicTypeIndex)


def private_index(client: SolidClient) -> str:
    return one(client.graph(preferences(client)), client.web_id, SOLID.privateTypeIndex)


@pytest.mark.requirement("solid#webid")
@pytest.mark.requirement("webid#webid")
@pytest.mark.requirement("webid#hash")
@pytest.mark.requirement("solid26#common-assumptions")
@pytest.mark.parametrize("media_type", FORMATS)
def test_a_web_id_leads_to_its_document_for_everybody(carol: SolidClient, anyone: SolidClient, media_type: str) -> None:
    answer = anyone.get(document(carol), headers={"Accept": media_type})
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, media_type)
    parsed = Graph().parse(data=answer.text, format=media_type, publicID=document(carol))
    assert (URIRef(carol.web_id), RDF.type, FOAF.Agent) in parsed


@pytest.mark.requirement("oidc#oidc-issuer-discovery")
def test_the_document_names_an_issuer_that_is_one(carol: SolidClient, anyone: SolidClient) -> None:
    issuer = one(anyone.graph(document(carol)), carol.web_id, SOLID.oidcIssuer)
    metadata = anyone.get(issuer + ".well-known/openid-configuration").json()
    assert metadata["issuer"] == issuer


@pytest.mark.requirement("solid#client-rdf-storage")
@pytest.mark.requirement("profile#webid-profile-data-model")
def test_a_profile_has_the_parts_of_the_data_model(carol: SolidClient, anyone: SolidClient) -> None:
    profile = anyone.graph(document(carol))
    assert one(profile, carol.web_id, PIM.storage) == carol.pod
    assert one(profile, carol.web_id, LDP.inbox).startswith(carol.pod)
    assert one(profile, carol.web_id, PIM.preferencesFile).startswith(carol.pod)
    assert set(profile.objects(URIRef(carol.web_id), RDF.type)) == {FOAF.Agent, FOAF.Person}
    assert (URIRef(document(carol)), RDF.type, FOAF.PersonalProfileDocument) in profile


@pytest.mark.requirement("profile#private-preferences")
@pytest.mark.requirement("typeindex#private")
@pytest.mark.parametrize("private", [preferences, private_index])
def test_preferences_and_the_private_index_are_the_owners_alone(carol, bob, anyone, private) -> None:
    url = private(carol)
    assert [client.get(url).status_code for client in (carol, bob, anyone)] == [200, 403, 401]
    assert [client.put(url, "", headers=TURTLE).status_code for client in (bob, anyone)] == [403, 401]


@pytest.mark.requirement("typeindex#public")
@pytest.mark.requirement("typeindex#public-pointer")
def test_the_public_index_is_for_everybody_to_read_and_its_owners_to_write(carol, bob, anyone) -> None:
    url = public_index(carol)
    assert [client.get(url).status_code for client in (carol, bob, anyone)] == [200, 200, 200]
    assert [client.patch(url, "INSERT DATA {}", headers=SPARQL).status_code for client in (bob, anyone)] == [403, 401]


@pytest.mark.requirement("typeindex#private-pointer")
@pytest.mark.requirement("typeindex#registration-entries")
@pytest.mark.parametrize(
    ("index", "kind"), [(public_index, SOLID.ListedDocument), (private_index, SOLID.UnlistedDocument)]
)
def test_type_indexes_are_typed_and_take_registrations(carol: SolidClient, index, kind) -> None:
    url = index(carol)
    assert {SOLID.TypeIndex, kind} <= set(carol.graph(url).objects(URIRef(url), RDF.type))
    entry = f"<#notes> a <{SOLID.TypeRegistration}>; <{SOLID.forClass}> <https://schema.org/Note>; <{SOLID.instanceContainer}> <{carol.pod}notes/> ."
    assert carol.patch(url, f"INSERT DATA {{ {entry} }}", headers=SPARQL).status_code == 204
    assert one(carol.graph(url), f"{url}#notes", SOLID.instanceContainer) == f"{carol.pod}notes/"


@pytest.mark.requirement("solid26#common-assumptions")
def test_an_extended_profile_can_be_linked(carol: SolidClient, anyone: SolidClient) -> None:
    more = f"{carol.pod}profile/more"
    statement = f"<{carol.web_id}> <{RDFS.seeAlso}> <{more}> ."
    assert carol.patch(document(carol), f"INSERT DATA {{ {statement} }}", headers=SPARQL).status_code == 204
    assert one(anyone.graph(document(carol)), carol.web_id, RDFS.seeAlso) == more
    assert carol.patch(document(carol), f"DELETE DATA {{ {statement} }}", headers=SPARQL).status_code == 204


@pytest.mark.requirement("profile#webid-profile-single-inbox")
@pytest.mark.requirement("profile#server-unprocessable-content")
@pytest.mark.parametrize("predicate", [LDP.inbox, PIM.preferencesFile])
def test_a_profile_with_two_of_what_there_is_one_is_refused(carol: SolidClient, predicate: URIRef) -> None:
    before = carol.get(document(carol)).text
    another = f"<#me> <{predicate}> <{carol.pod}another> ."
    assert_problem(carol.patch(document(carol), f"INSERT DATA {{ {another} }}", headers=SPARQL), 422)
    assert_problem(carol.put(document(carol), f"{before}\n{another}", headers=TURTLE), 422)
    assert carol.get(document(carol)).text == before


@pytest.mark.requirement("profile#server-unprocessable-content")
def test_a_profile_with_an_unknown_context_is_refused(carol: SolidClient) -> None:
    before = carol.get(document(carol)).text
    profile = '{"@context": "https://nowhere.example/context.jsonld", "@id": "#me"}'
    assert_problem(carol.put(document(carol), profile, headers={"Content-Type": "application/ld+json"}), 422)
    assert carol.get(document(carol)).text == before
