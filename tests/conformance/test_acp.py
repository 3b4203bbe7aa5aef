"""Access Control Policy over HTTP: discovery, the access control resource (ACR) itself, and what policies do to requests.

The permission table runs under it too (test_permission_table.py); how policies and matchers are evaluated is in
tests/unit/authorization/test_acp.py.

Spec: ACP Editor's Draft, #conforming-resource-server, #conforming-acp-server, #access-control-resolution
"""

from __future__ import annotations

import uuid

import pytest
import rdflib

from tests.support.client import SPARQL, TURTLE, SolidClient, assert_problem, link, linked
from tests.support.fixtures import People
from tests.tables.languages import ACP_PREFIXES, acr, agent, policy

ACP = rdflib.Namespace("http://www.w3.org/ns/solid/acp#")
ACR_TYPE = str(ACP.AccessControlResource)
MODES = {f"http://www.w3.org/ns/auth/acl#{mode}" for mode in ("Read", "Append", "Write", "Control")}
ATTRIBUTES = {str(ACP[name]) for name in ("target", "agent", "creator", "owner", "client", "issuer")}
ATTRIBUTES |= {"urn:freehold:until"}
EVERYBODY = "acp:agent acp:PublicAgent"


@pytest.fixture
def alice(acp_people: People) -> SolidClient:
    return acp_people.alice


@pytest.fixture
def bob(acp_people: People) -> SolidClient:
    return acp_people.bob


@pytest.fixture
def box(alice: SolidClient) -> str:
    """A container of alice's with a document in it, both hers alone."""
    url = f"{alice.pod}b-{uuid.uuid4().hex[:12]}/"
    alice.put_turtle(f"{url}doc", "<#it> <http://example.org/says> 'anything'.")
    return url


def statuses(url: str, *who: SolidClient) -> list[int]:
    return [each.get(url).status_code for each in who]


# -- the access control resource -------------------------------------------------------------------------------------------


@pytest.mark.requirement("acp#discovery")
def test_every_resource_links_to_its_acr_which_says_what_it_is(alice: SolidClient, box: str) -> None:
    for url in (alice.pod, box, f"{box}doc"):
        acr_url = link(alice.head(url), "acl")
        for answer in (alice.get(acr_url), alice.head(acr_url), alice.options(acr_url)):
            assert ACR_TYPE in linked(answer, "type")
        assert linked(alice.get(acr_url), "http://www.w3.org/ns/auth/acl#condition") == []
    assert ACR_TYPE not in linked(alice.head(box), "type")


@pytest.mark.requirement("acp#discovery")
def test_refusals_and_writes_at_an_acr_say_what_it_is_too(alice: SolidClient, bob: SolidClient, box: str) -> None:
    for answer in (bob.get(f"{box}.acl"), alice.put(f"{box}.acl", "not turtle <", headers=TURTLE)):
        assert ACR_TYPE in linked(answer, "type")
    assert ACR_TYPE in linked(alice.put_turtle(f"{box}.acl", acr(box)), "type")


@pytest.mark.requirement("acp#discovery")
def test_options_tell_the_modes_and_attributes_that_are_understood(alice: SolidClient, box: str) -> None:
    answer = alice.options(f"{box}.acl")
    assert set(linked(answer, str(ACP.grant))) == MODES
    assert set(linked(answer, str(ACP.attribute))) == ATTRIBUTES
    assert linked(alice.options(box), str(ACP.grant)) == linked(alice.get(f"{box}.acl"), str(ACP.grant)) == []


def test_an_acr_that_nobody_wrote_says_whose_it_is_and_begins_what_is_added(alice: SolidClient, box: str) -> None:
    initial = alice.get(f"{box}doc.acl")
    assert initial.status_code == 200
    assert "ETag" not in initial.headers
    assert (rdflib.URIRef(f"{box}doc.acl"), ACP.resource, rdflib.URIRef(f"{box}doc")) in alice.graph(f"{box}doc.acl")
    assert alice.get(f"{box}doc.acl", headers={"Accept": "application/ld+json"}).json()
    assert alice.delete(f"{box}doc.acl").status_code == 404
    added = f"{ACP_PREFIXES.replace('@prefix', 'PREFIX').replace('>.', '>')} INSERT DATA {{ <#x> a acp:Policy }}"
    assert alice.patch(f"{box}doc.acl", added, headers=SPARQL).status_code == 201
    assert len(alice.graph(f"{box}doc.acl")) == 3
    assert "ETag" in alice.get(f"{box}doc.acl").headers


@pytest.mark.parametrize("field", ["If-Modified-Since", "If-Unmodified-Since"])
@pytest.mark.parametrize("date", ["Fri, 01 Jan 2100 00:00:00 GMT", "Wed, 01 Jan 2020 00:00:00 GMT"])
def test_an_acr_that_nobody_wrote_has_no_date_to_compare(alice: SolidClient, box: str, field: str, date: str) -> None:
    assert alice.get(f"{box}doc.acl", headers={field: date}).status_code == 200


def test_what_is_not_there_has_no_acr(alice: SolidClient, box: str) -> None:
    assert alice.get(f"{box}none.acl").status_code == 404
    assert alice.put(f"{box}none.acl", acr(f"{box}none"), headers=TURTLE).status_code == 404


def test_an_acr_goes_with_its_resource(alice: SolidClient, bob: SolidClient, box: str) -> None:
    alice.put_turtle(f"{box}doc.acl", acr(f"{box}doc", [policy("Read", agent(bob.web_id))]))
    assert statuses(f"{box}doc", bob) == [200]
    alice.delete(f"{box}doc")
    alice.put_turtle(f"{box}doc")
    assert statuses(f"{box}doc", bob) == [403]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("<> acp:accessControl", 400),
        ("<#r> a acl:Authorization.", 422),
        ("<> acp:accessControl [ acp:apply <https://elsewhere.example/#p> ].", 422),
        ("<> acp:accessControl [ acp:apply <#nothing> ].", 201),
    ],
)
def test_what_could_not_be_evaluated_is_refused(alice: SolidClient, box: str, text: str, status: int) -> None:
    response = alice.put(f"{box}doc.acl", ACP_PREFIXES + text, headers=TURTLE)
    if status == 201:
        assert response.status_code == 201
    else:
        assert_problem(response, status)


@pytest.mark.parametrize("media_type", ["application/trig", "application/n-quads"])
def test_rules_in_a_named_graph_are_refused_in_both_languages(
    acp_people: People, people: People, media_type: str
) -> None:
    for owner in (acp_people.alice, people.alice):
        url = f"{owner.pod}{uuid.uuid4()}"
        owner.put_turtle(url, "<#it> <http://example.org/says> 'anything'.")
        graphs = "<urn:a> <urn:b> <urn:c> <urn:g> ." if "quads" in media_type else "<urn:g> { <urn:a> <urn:b> <urn:c> }"
        assert_problem(owner.put(f"{url}.acl", graphs, headers={"Content-Type": media_type}), 422)


# -- what it does to requests ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("acp#resolved-access-control")
@pytest.mark.requirement("acp#effective-policies")
def test_access_adds_up_from_the_resource_and_all_that_contains_it(
    acp_people: People, alice: SolidClient, bob: SolidClient, box: str
) -> None:
    alice.put_turtle(f"{box}.acl", acr(box, [], [policy("Read", agent(bob.web_id))]))
    alice.put_turtle(f"{box}doc.acl", acr(f"{box}doc", [policy("Append", agent(bob.web_id))]))
    assert statuses(box, bob, acp_people.carol, acp_people.anyone) == [403, 403, 401]
    answer = bob.get(f"{box}doc")
    assert (answer.status_code, answer.headers["WAC-Allow"]) == (200, 'user="read append",public=""')
    alice.delete(f"{box}doc.acl")
    assert bob.head(f"{box}doc").headers["WAC-Allow"] == 'user="read",public=""'


@pytest.mark.requirement("acp#granted-access-modes")
def test_a_denial_wins_wherever_it_stands_and_is_told_to_nobody_else(
    acp_people: People, alice: SolidClient, bob: SolidClient, box: str
) -> None:
    public = policy("Read", EVERYBODY)
    alice.put_turtle(f"{box}.acl", acr(box, [], [public, policy("", agent(bob.web_id), deny="Read")]))
    alice.put_turtle(f"{box}doc.acl", acr(f"{box}doc", [policy("Read Append", agent(bob.web_id))]))
    assert statuses(f"{box}doc", bob, acp_people.carol, acp_people.anyone) == [403, 200, 200]
    assert bob.get(f"{box}doc").headers["WAC-Allow"] == 'user="append",public="read"'


def test_one_app_is_let_in_and_another_kept_out(
    acp_people: People, alice: SolidClient, bob: SolidClient, box: str
) -> None:
    mine = f'{agent(bob.web_id)}; acp:client "{bob.client_id}"; acp:issuer <{acp_people.server.base_url}>'
    alice.put_turtle(f"{box}doc.acl", acr(f"{box}doc", [policy("Read", mine)]))
    assert statuses(f"{box}doc", bob, acp_people.carol) == [200, 403]
    other = mine.replace(bob.client_id, "another-client")
    alice.put_turtle(f"{box}doc.acl", acr(f"{box}doc", [policy("Read", other)]))
    assert statuses(f"{box}doc", bob) == [403]


@pytest.mark.requirement("acp#acp-creator-agent")
def test_whoever_made_a_resource_may_what_its_creator_may(
    acp_people: People, alice: SolidClient, bob: SolidClient, box: str
) -> None:
    members = [policy("Read Write", "acp:agent acp:CreatorAgent"), policy("Append", "acp:agent acp:AuthenticatedAgent")]
    alice.put_turtle(f"{box}.acl", acr(box, [policy("Append", "acp:agent acp:AuthenticatedAgent")], members))
    made = bob.post(box, "<> <#a> <#b>.", headers=TURTLE).headers["Location"]
    assert statuses(made, bob, acp_people.carol, acp_people.anyone, alice) == [200, 403, 401, 200]
    assert statuses(f"{box}doc", bob) == [403]
    assert bob.put(made, "<> <#a> <#c>.", headers=TURTLE).status_code == 204


def test_owners_cannot_lock_themselves_out(alice: SolidClient, box: str) -> None:
    alice.put_turtle(f"{box}.acl", acr(box, [policy("", EVERYBODY, deny="Read Append Write Control")]))
    assert statuses(box, alice) == [403]
    assert alice.get(f"{box}.acl").status_code == 200
    assert alice.delete(f"{box}.acl").status_code == 204
    assert statuses(box, alice) == [200]


def test_control_is_given_and_taken_as_any_mode(alice: SolidClient, bob: SolidClient, box: str) -> None:
    alice.put_turtle(f"{box}doc.acl", acr(f"{box}doc", [policy("Control", agent(bob.web_id))]))
    assert statuses(f"{box}doc", bob) == [403]
    bob.put_turtle(f"{box}doc.acl", acr(f"{box}doc", [policy("Read", agent(bob.web_id))]))
    assert statuses(f"{box}doc", bob) == [200]
    assert bob.get(f"{box}doc.acl").status_code == 403


# -- a new pod -----------------------------------------------------------------------------------------------------------------

PROVISIONED = {
    "": "",
    "profile/": "",
    "profile/card": "read",
    "settings/": "",
    "settings/prefs.ttl": "",
    "settings/publicTypeIndex.ttl": "read",
    "settings/privateTypeIndex.ttl": "",
    "inbox/": "append",
    "inbox/new": "",
}
ALL = 'user="read write append control"'


@pytest.mark.requirement("acp#resolved-access-control")
def test_a_new_pod_gives_the_same_in_both_languages(people: People, acp_people: People) -> None:
    for path, public in PROVISIONED.items():
        for each in (people, acp_people):
            answer = each.bob.head(each.bob.pod + path)
            assert answer.status_code == (404 if path == "inbox/new" else 200)
            if answer.ok:
                assert answer.headers["WAC-Allow"] == f'{ALL},public="{public}"'
            strangers = each.carol.get(each.bob.pod + path)
            assert strangers.status_code == (200 if public == "read" else 403)


def test_anybody_drops_something_into_an_inbox_and_its_owner_alone_reads_it(acp_people: People) -> None:
    inbox = f"{acp_people.bob.pod}inbox/"
    answer = acp_people.anyone.post(inbox, "<> <#a> <#b>.", headers=TURTLE)
    assert answer.status_code == 201
    dropped = answer.headers["Location"]
    assert statuses(dropped, acp_people.anyone, acp_people.carol, acp_people.bob) == [401, 403, 200]


def test_conditions_of_the_other_language_are_not_signalled_and_its_acls_not_taken(acp_people: People) -> None:
    alice = acp_people.alice
    text = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. <#r> a acl:Authorization."
    problem = assert_problem(alice.put(f"{alice.pod}.acl", text, headers=TURTLE), 422)
    assert "Access Control Policy" in problem["detail"]
