import pytest

from pod.protocol.modes import AccessMode
from pod.rdf import documents
from pod.rdf.graph import IRI, Graph, Literal
from pod.rdf.vocab import ACL, FOAF, LDP, PIM, RDF, SOLID
from tests.unit.rdf.reading import document

POD = "http://pod.example/alice/"
CARD = POD + "profile/card"
WEBID = CARD + "#me"
ME = IRI(WEBID)


def profile(**options: str) -> Graph:
    return document(
        documents.profile(
            WEBID,
            issuers=["http://pod.example/"],
            storages=[POD],
            preferences=POD + "settings/prefs.ttl",
            public_type_index=POD + "settings/publicTypeIndex.ttl",
            **options,
        )
    ).default


def test_a_profile_has_the_data_model_of_webid_profiles():
    graph = profile(inbox=POD + "inbox/", name="Alice")
    assert set(graph.objects(ME, RDF.type)) == {FOAF.Agent, FOAF.Person}
    assert list(graph.objects(IRI(WEBID.partition("#")[0]), RDF.type)) == [FOAF.PersonalProfileDocument]
    assert list(graph.objects(ME, PIM.preferencesFile)) == [IRI(POD + "settings/prefs.ttl")]
    assert list(graph.objects(ME, LDP.inbox)) == [IRI(POD + "inbox/")]
    assert list(graph.objects(ME, PIM.storage)) == [IRI(POD)]
    assert list(graph.objects(ME, SOLID.publicTypeIndex)) == [IRI(POD + "settings/publicTypeIndex.ttl")]
    assert graph.value(ME, FOAF.name) == Literal("Alice")


def test_a_profile_names_its_issuer_to_the_letter():
    assert list(profile().objects(ME, SOLID.oidcIssuer)) == [IRI("http://pod.example/")]


def test_a_profile_says_neither_name_nor_inbox_where_there_is_none():
    graph = profile()
    assert graph.value(ME, FOAF.name) is None
    assert graph.value(ME, LDP.inbox) is None


def test_a_name_may_hold_anything():
    assert profile(name='"; <#x> a <y> .\n\\').value(ME, FOAF.name) == Literal('"; <#x> a <y> .\n\\')


def test_preferences_link_the_private_type_index():
    url = POD + "settings/prefs.ttl"
    graph = document(documents.preferences(url, WEBID, private_type_index=POD + "private.ttl")).default
    assert list(graph.objects(IRI(url), RDF.type)) == [PIM.ConfigurationFile]
    assert list(graph.objects(ME, SOLID.privateTypeIndex)) == [IRI(POD + "private.ttl")]


@pytest.mark.parametrize(("listed", "kind"), [(True, SOLID.ListedDocument), (False, SOLID.UnlistedDocument)])
def test_type_indexes_say_which_they_are(listed: bool, kind: IRI):
    url = POD + "settings/index.ttl"
    graph = document(documents.type_index(url, listed=listed)).default
    assert set(graph.objects(IRI(url), RDF.type)) == {SOLID.TypeIndex, kind}


def rules(resource: str, **options: object) -> Graph:
    return document(documents.access_control_list(resource, owners=[WEBID], **options)).default


def test_an_acl_gives_its_owners_everything_and_the_public_nothing():
    graph = rules(POD)
    (rule,) = graph.subjects(RDF.type, ACL.Authorization)
    assert rule == IRI(POD + ".acl#owner")
    assert set(graph.objects(rule, ACL.mode)) == {ACL.Read, ACL.Write, ACL.Control}
    assert list(graph.objects(rule, ACL.agent)) == [ME]
    assert list(graph.objects(rule, ACL.accessTo)) == list(graph.objects(rule, ACL.default)) == [IRI(POD)]


def test_the_acl_of_a_document_inherits_to_nothing():
    assert rules(CARD).count(None, ACL.default) == 0


@pytest.mark.parametrize(
    ("options", "modes", "inherited"),
    [
        ({"public": AccessMode.READ}, {ACL.Read}, 0),
        ({"public": AccessMode.READ, "public_inherited": True}, {ACL.Read}, 1),
        ({"public": AccessMode.APPEND}, {ACL.Append}, 0),
    ],
)
def test_the_public_gets_what_is_named(options: dict[str, object], modes: set[IRI], inherited: int):
    graph = rules(POD + "inbox/", **options)
    rule = IRI(POD + "inbox/.acl#public")
    assert set(graph.objects(rule, ACL.mode)) == modes
    assert list(graph.objects(rule, ACL.agentClass)) == [FOAF.Agent]
    assert graph.count(rule, ACL.default) == inherited


def test_documents_are_turtle_that_reads_well():
    assert documents.access_control_list(CARD, owners=[WEBID], public=AccessMode.READ).decode() == (
        """@prefix acl: <http://www.w3.org/ns/auth/acl#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .

<http://pod.example/alice/profile/card.acl#owner> a acl:Authorization ;
    acl:agent <http://pod.example/alice/profile/card#me> ;
    acl:accessTo <http://pod.example/alice/profile/card> ;
    acl:mode acl:Read, acl:Write, acl:Control .

<http://pod.example/alice/profile/card.acl#public> a acl:Authorization ;
    acl:agentClass foaf:Agent ;
    acl:accessTo <http://pod.example/alice/profile/card> ;
    acl:mode acl:Read .
"""
    )
