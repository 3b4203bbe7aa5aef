"""Conditions of Web Access Control 1.1: which are signalled, which hold, and what becomes of those nobody here knows.

The permission table runs under conditions too; here is what it cannot say.

Spec: WAC 1.1, #access-conditions, #acl-resource-condition-discovery, #condition-evaluation
"""

from __future__ import annotations

import pytest

from tests.support.client import SolidClient, acl, authorization, linked
from tests.support.fixtures import People
from tests.tables.languages import under

CONDITION = "http://www.w3.org/ns/auth/acl#condition"
SIGNALLED = {f"http://www.w3.org/ns/auth/acl#{name}Condition" for name in ("Client", "Issuer")}
SIGNALLED |= {"urn:freehold:TimeCondition"}
HAS_MEMBER = "http://www.w3.org/2006/vcard/ns#hasMember"


@pytest.fixture
def document(alice: SolidClient, container: str) -> str:
    alice.put_turtle(f"{container}doc", "<#it> <http://example.org/says> 'anything'.")
    return f"{container}doc"


def give(people: People, document: str, conditions: str, **who: object) -> None:
    """Bob may read under these conditions."""
    rule = authorization(document, "Read", **(who or {"agents": (people.bob.web_id,)}))
    owner = authorization(document, "Read Write Control", agents=(people.alice.web_id,))
    people.alice.put_turtle(f"{document}.acl", acl(owner, under(rule, filled(people, conditions))))


def filled(people: People, conditions: str) -> str:
    text = conditions.replace("BOBS", people.bob.client_id).replace("HERE", people.server.base_url)
    return text.replace("PUBLIC", "foaf:Agent")


def may_read(who: SolidClient, document: str) -> bool:
    status = who.get(document).status_code
    assert status in {200, 401, 403}
    return status == 200


@pytest.mark.requirement("wac#server-link-condition")
def test_an_acl_resource_signals_the_conditions_that_count(people: People, container: str, document: str) -> None:
    give(people, document, "[ a acl:ClientCondition; acl:clientClass PUBLIC ]")
    for url in (f"{document}.acl", f"{people.alice.pod}.acl"):
        for answer in (people.alice.get(url), people.alice.head(url), people.alice.options(url)):
            assert set(linked(answer, CONDITION)) == SIGNALLED
    assert linked(people.alice.get(document), CONDITION) == []
    assert linked(people.alice.get(f"{container}.acl"), CONDITION) == []


HELD = {
    "the client by name": '[ a acl:ClientCondition; acl:client "BOBS" ]',
    "the client among others": '[ a acl:ClientCondition; acl:client <https://other.example/id>, "BOBS" ]',
    "any client": "[ a acl:ClientCondition; acl:clientClass PUBLIC ]",
    "the issuer": "[ a acl:IssuerCondition; acl:issuer <HERE> ]",
    "any issuer": "[ a acl:IssuerCondition; acl:issuerClass PUBLIC ]",
    "both": '[ a acl:ClientCondition; acl:client "BOBS" ], [ a acl:IssuerCondition; acl:issuer <HERE> ]',
    "both in one": '[ a acl:ClientCondition, acl:IssuerCondition; acl:client "BOBS"; acl:issuer <HERE> ]',
    "with the class it is of": '[ a acl:Condition, acl:ClientCondition; acl:client "BOBS" ]',
    "without a type, by its properties": '[ acl:client "BOBS" ]',
}
NOT_HELD = {
    "another client": "[ a acl:ClientCondition; acl:client <https://other.example/id> ]",
    "another issuer": "[ a acl:IssuerCondition; acl:issuer <https://issuer.example/> ]",
    "an issuer written otherwise": "[ a acl:IssuerCondition; acl:issuer <HEREx> ]",
    "a client that is said to be an issuer": '[ a acl:IssuerCondition; acl:client "BOBS" ]',
    "an unknown class": "[ a acl:ClientCondition; acl:clientClass acl:AuthenticatedAgent ]",
    "nobody": "[ a acl:ClientCondition ]",
    "one of two": '[ a acl:ClientCondition; acl:client "BOBS" ], [ a acl:IssuerCondition; acl:issuer <https://i.example/> ]',
    "nothing known of it": "<#c>",
    "nothing said of it": "[]",
    "words": '"on weekdays"',
    "only that it is a condition": "[ a acl:Condition ]",
}


@pytest.mark.requirement("wac#server-condition-evaluation")
@pytest.mark.requirement("wac#acl-client")
@pytest.mark.requirement("wac#acl-clientclass")
@pytest.mark.requirement("wac#acl-issuer")
@pytest.mark.requirement("wac#acl-issuerclass")
@pytest.mark.parametrize("name", HELD)
def test_a_rule_counts_under_conditions_that_hold(people: People, document: str, name: str) -> None:
    give(people, document, HELD[name])
    assert may_read(people.bob, document)
    assert not may_read(people.carol, document)
    assert not may_read(people.anyone, document)


@pytest.mark.requirement("wac#server-condition-evaluation-conjunctive")
@pytest.mark.parametrize("name", NOT_HELD)
def test_a_rule_counts_for_nothing_unless_all_its_conditions_hold(people: People, document: str, name: str) -> None:
    give(people, document, NOT_HELD[name])
    assert not may_read(people.bob, document)
    assert may_read(people.alice, document)


@pytest.mark.requirement("wac#extension-acl-condition")
def test_conditions_of_types_that_are_not_signalled_are_as_if_they_were_not_there(
    people: People, document: str
) -> None:
    unknown = "[ a <https://example.org/Weekday>; <https://example.org/on> 'Monday' ]"
    give(people, document, unknown)
    assert may_read(people.bob, document)
    assert not may_read(people.carol, document)
    give(people, document, f"{unknown}, [ a acl:ClientCondition; acl:client <https://other.example/id> ]")
    assert not may_read(people.bob, document)


def test_the_public_may_what_any_client_may_and_a_named_client_only_signed_in(people: People, document: str) -> None:
    give(people, document, "[ a acl:ClientCondition; acl:clientClass PUBLIC ]", public=True)
    assert may_read(people.anyone, document)
    give(people, document, '[ a acl:ClientCondition; acl:client "BOBS" ]', public=True)
    assert [may_read(who, document) for who in (people.anyone, people.bob, people.carol)] == [False, True, False]
    assert people.bob.get(document).headers["WAC-Allow"] == 'user="read",public=""'


@pytest.mark.requirement("wac#acl-clientgroup")
@pytest.mark.requirement("wac#acl-issuergroup")
def test_groups_of_clients_and_of_issuers_are_looked_into(people: People, container: str, document: str) -> None:
    groups = f"{container}groups"
    people.alice.put_turtle(
        groups, f"<#issuers> <{HAS_MEMBER}> <{people.server.base_url}>. <#apps> <{HAS_MEMBER}> <x:y>."
    )
    give(people, document, f"[ a acl:IssuerCondition; acl:issuerGroup <{groups}#issuers> ]")
    assert may_read(people.bob, document)
    assert not may_read(people.carol, document)
    give(people, document, f"[ a acl:ClientCondition; acl:clientGroup <{groups}#apps> ]")
    assert not may_read(people.bob, document)
    people.alice.put_turtle(groups, "")
    give(people, document, f"[ a acl:IssuerCondition; acl:issuerGroup <{groups}#issuers> ]")
    assert not may_read(people.bob, document)


@pytest.mark.requirement("wac#consider-client-agnostic-control")
def test_an_owner_keeps_control_through_any_client(people: People, document: str) -> None:
    rule = authorization(document, "Read Control", agents=(people.alice.web_id,))
    only = under(rule, "[ a acl:ClientCondition; acl:client <https://other.example/id> ]")
    people.alice.put_turtle(f"{document}.acl", acl(only))
    assert not may_read(people.alice, document)
    assert people.alice.get(f"{document}.acl").status_code == 200
    assert people.alice.delete(f"{document}.acl").status_code == 204
    assert may_read(people.alice, document)
