"""Access control resources made to be slow, to grow without end, or to ask somebody else: they are refused, or soon done."""

from __future__ import annotations

import time

import pytest

from tests.support.client import SolidClient, assert_problem
from tests.support.fixtures import People
from tests.tables.languages import ACP_PREFIXES, acr, agent, policy

SECONDS_MAX = 20.0
"""A long time for what takes milliseconds: only what does not end is meant."""
POLICIES_MAX = 500


@pytest.fixture
def alice(acp_people: People) -> SolidClient:
    return acp_people.alice


@pytest.fixture
def document(alice: SolidClient) -> str:
    url = f"{alice.pod}hostile-{time.monotonic_ns()}"
    alice.put_turtle(url)
    return url


def many(count: int, text: str) -> str:
    return ", ".join(text.format(number) for number in range(count))


HUGE = {
    "policies": "<> acp:accessControl [ acp:apply {} ].".format(many(POLICIES_MAX + 1, "<#p{}>")),
    "matchers": "<> acp:accessControl [ acp:apply [ acp:anyOf {} ] ].".format(many(POLICIES_MAX + 1, "<#m{}>")),
    "matchers named again and again": (
        f"<> acp:accessControl [ acp:apply {many(11, '<#p{}>')} ]. "
        + " ".join(f"<#p{each}> acp:anyOf {many(POLICIES_MAX, '<#m{}>')}." for each in range(11))
    ),
    "a policy elsewhere": "<> acp:accessControl [ acp:apply <https://elsewhere.invalid/policies#p> ].",
    "a policy on this machine": "<> acp:accessControl [ acp:apply <http://127.0.0.1:1/policies#p> ].",
    "a policy of another document here": "<> acp:accessControl [ acp:apply <settings/prefs.ttl#p> ].",
    "a denial to what is described elsewhere": (
        "<> acp:accessControl [ acp:apply [ acp:deny acl:Read; acp:anyOf <https://elsewhere.invalid/#m> ] ]."
    ),
    "an access control resource of another resource": (
        "<> acp:resource <another>; acp:accessControl [ acp:apply [ acp:deny acl:Read; acp:anyOf [ acp:agent acp:PublicAgent ] ] ]."
    ),
    "an access control resource of itself": "<> acp:resource <>; acp:accessControl <#a>.",
    "access controls of nothing": "<#r> a acp:AccessControlResource; acp:accessControl <#a>. <#a> acp:apply <#p>.",
    "rules of the other language": "<#r> a acl:Authorization.",
}


@pytest.mark.parametrize("name", HUGE)
def test_what_is_too_much_or_not_heard_here_is_refused_and_changes_nothing(
    alice: SolidClient, document: str, name: str
) -> None:
    before = alice.get(f"{document}.acl").text
    response = alice.put(f"{document}.acl", ACP_PREFIXES + HUGE[name], headers={"Content-Type": "text/turtle"})
    assert_problem(response, 422)
    assert alice.get(f"{document}.acl").text == before


def test_the_most_policies_with_the_most_matchers_are_soon_decided(acp_people: People, document: str) -> None:
    alice, bob = acp_people.alice, acp_people.bob
    others = POLICIES_MAX - 1
    lines = [f"<#m{number}> acp:agent <https://x.example/{number}>." for number in range(others)]
    lines += [f"<#p{number}> acp:allow acl:Read; acp:anyOf {many(others, '<#m{}>')}." for number in range(8)]
    lines.append(f"<#last> acp:allow acl:Read; acp:noneOf {many(others, '<#m{}>')}; acp:anyOf [ {agent(bob.web_id)} ].")
    lines.append(f"<> acp:accessControl [ acp:apply <#last>, {many(others, '<#p{}>')} ].")
    alice.put_turtle(f"{document}.acl", ACP_PREFIXES + "\n".join(lines))
    began = time.monotonic()
    assert bob.get(document).status_code == 200
    assert acp_people.carol.get(document).status_code == 403
    assert time.monotonic() - began < SECONDS_MAX


CIRCLES = {
    "a policy that matches itself": "<> acp:accessControl <#a>. <#a> acp:apply <#a>; acp:anyOf <#a>; acp:allow acl:Read.",
    "an ACR that is all things": (
        "<> acp:accessControl <>; acp:memberAccessControl <>; acp:apply <>; acp:allow acl:Read; "
        "acp:allOf <>; acp:anyOf <>; acp:noneOf <>."
    ),
    "lists without end": "<> acp:accessControl ( <#a> ( <#b> ) ); acp:apply ( ( ( <#c> ) ) ).",
    "modes and values of every kind": (
        "<> acp:accessControl 'a', 1, [ acp:apply 'b', [ acp:allow 'c', []; acp:deny 2; acp:anyOf 'd', "
        "[ acp:agent 'e', []; acp:client true; acp:issuer 1.5; acp:vc 'f' ] ] ]."
    ),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_circles_and_nonsense_grant_nothing_and_end(acp_people: People, document: str, name: str) -> None:
    acp_people.alice.put_turtle(f"{document}.acl", ACP_PREFIXES + CIRCLES[name])
    began = time.monotonic()
    assert acp_people.anyone.get(document).status_code == 401
    assert acp_people.bob.get(document).status_code == 403
    assert acp_people.alice.get(document).status_code == 200
    assert time.monotonic() - began < SECONDS_MAX


def test_rules_at_every_level_that_there_may_be_are_soon_decided(acp_people: People) -> None:
    alice, bob = acp_people.alice, acp_people.bob
    url = f"{alice.pod}deep-{time.monotonic_ns()}/"
    for _ in range(20):
        url += "d/"
    alice.put_turtle(f"{url}doc")
    levels = [url[: len(url) - 2 * level] for level in range(20)]
    for level in levels:
        alice.put_turtle(f"{level}.acl", acr(level, [], [policy("Read", agent(bob.web_id))] * 20))
    began = time.monotonic()
    assert bob.get(f"{url}doc").status_code == 200
    assert time.monotonic() - began < SECONDS_MAX


@pytest.mark.requirement("wac#server-root-container-acl-authorization-control")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_root_is_never_left_without_anybody_in_control(acp_people: People, method: str) -> None:
    carol = acp_people.carol
    before = carol.get(f"{carol.pod}.acl").text
    if method == "PUT":
        body, headers = acr(carol.pod, [policy("Read", agent(carol.web_id))]), {"Content-Type": "text/turtle"}
        assert_problem(carol.put(f"{carol.pod}.acl", body, headers=headers), 409)
    if method == "PATCH":
        update = "DELETE WHERE { ?policy <http://www.w3.org/ns/solid/acp#anyOf> ?matcher }"
        headers = {"Content-Type": "application/sparql-update"}
        assert_problem(carol.patch(f"{carol.pod}.acl", update, headers=headers), 409)
    if method == "DELETE":
        assert_problem(carol.delete(f"{carol.pod}.acl"), 405)
    assert carol.get(f"{carol.pod}.acl").text == before
