"""Policies as values: what is parsed of an access control resource, and what its policies grant in a context."""

import pytest

from pod.authorization.acp import Context, Policy, evaluate, parse_acr
from pod.authorization.acr_content import check_acr_content
from pod.config import Config
from pod.errors import Conflict, UnprocessableContent
from pod.protocol.modes import AccessMode
from pod.rdf.formats import Limits, parse
from tests.unit.authorization.world import ALICE, BOB, CAROL

URL = "https://pods.example/alice/a"
ACR = f"{URL}.acl"
APP, ISSUER = "https://app.example/id", "https://issuer.example/"
NONE, READ, APPEND, WRITE, CONTROL = AccessMode.NONE, *list(AccessMode)
PREFIXES = """@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix acp: <http://www.w3.org/ns/solid/acp#>.
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#>. @prefix ex: <https://example.org/>.\n"""
BOB_HERE = Context(URL, BOB, APP, ISSUER, owners=(ALICE,), creator=BOB)
NOBODY = Context(URL, owners=(ALICE,))


def graph(text):
    return parse((PREFIXES + text).encode(), "text/turtle", base=ACR, limits=Limits.from_config(Config())).default


def applied(*policies):
    """An ACR that applies these to its own resource."""
    return f"<> acp:resource <{URL}>; acp:accessControl [ acp:apply {', '.join(policies)} ]."


def granted(*policies, context=BOB_HERE, more=""):
    return evaluate(parse_acr(graph(applied(*policies) + more), ACR, URL).own, context).modes


def allowing(matchers, modes="acl:Read"):
    return f"[ acp:allow {modes}; {matchers} ]"


@pytest.mark.requirement("acp#satisfied-matcher")
@pytest.mark.requirement("acp#acp-public-agent")
@pytest.mark.requirement("acp#acp-authenticated-agent")
@pytest.mark.requirement("acp#acp-public-client")
@pytest.mark.requirement("acp#acp-authenticated-client")
@pytest.mark.requirement("acp#acp-public-issuer")
@pytest.mark.requirement("acp#acp-authenticated-issuer")
@pytest.mark.requirement("acp#acp-vc-matcher")
@pytest.mark.requirement("acp#acp-always-satisfied-restriction")
@pytest.mark.parametrize(
    ("attributes", "bob", "nobody"),
    [
        (f"acp:agent <{BOB}>", READ, NONE),
        (f"acp:agent <{CAROL}>", NONE, NONE),
        (f"acp:agent <{CAROL}>, <{BOB}>", READ, NONE),
        (f'acp:agent "{BOB}"', NONE, NONE),
        ("acp:agent acp:PublicAgent", READ, READ),
        ("acp:agent acp:AuthenticatedAgent", READ, NONE),
        ("acp:agent acp:CreatorAgent", READ, NONE),
        ("acp:agent acp:OwnerAgent", NONE, NONE),
        (f"acp:client <{APP}>", READ, NONE),
        ("acp:client <https://other.example/id>", NONE, NONE),
        ("acp:client acp:PublicClient", READ, READ),
        ("acp:client acp:AuthenticatedClient", READ, NONE),
        (f"acp:issuer <{ISSUER}>", READ, NONE),
        ("acp:issuer <https://issuer.example>", NONE, NONE),
        ("acp:issuer acp:PublicIssuer", READ, READ),
        ("acp:issuer acp:AuthenticatedIssuer", READ, NONE),
        (f"acp:agent <{BOB}>; acp:client <{APP}>; acp:issuer <{ISSUER}>", READ, NONE),
        (f"acp:agent <{BOB}>; acp:client <https://other.example/id>", NONE, NONE),
        (f"acp:target <{URL}>", READ, READ),
        (f"acp:target <{URL}/other>", NONE, NONE),
        (f"acp:owner <{ALICE}>", READ, READ),
        (f"acp:owner <{BOB}>", NONE, NONE),
        (f"acp:creator <{BOB}>", READ, NONE),
        ("acp:vc ex:FamilyMember", NONE, NONE),
        (f"acp:agent <{BOB}>; acp:vc ex:FamilyMember", NONE, NONE),
        ("a acp:Matcher", NONE, NONE),
        ("rdfs:label 'empty'", NONE, NONE),
        (f"acp:agent <{BOB}>; rdfs:label 'bob'", READ, NONE),
    ],
)
def test_a_matcher_is_satisfied_by_every_attribute_it_defines(attributes, bob, nobody):
    policy = allowing(f"acp:anyOf [ {attributes} ]")
    assert (granted(policy), granted(policy, context=NOBODY)) == (bob, nobody)


@pytest.mark.requirement("acp#acp-owner-agent")
@pytest.mark.requirement("acp#acp-creator-agent")
def test_the_owner_matches_as_owner_and_an_unknown_creator_matches_nobody():
    owner = allowing("acp:anyOf [ acp:agent acp:OwnerAgent ]")
    creator = allowing("acp:anyOf [ acp:agent acp:CreatorAgent ]")
    assert granted(owner, context=Context(URL, ALICE, owners=(ALICE,))) == READ
    assert granted(creator, context=Context(URL, BOB)) == granted(creator, context=Context(URL)) == NONE


def test_a_client_without_an_iri_is_matched_by_its_name():
    context = Context(URL, BOB, client="s6BhdRkqt3")
    assert granted(allowing('acp:anyOf [ acp:client "s6BhdRkqt3" ]'), context=context) == READ
    assert granted(allowing('acp:anyOf [ acp:client "s6BhdRkqt3"@en ]'), context=context) == NONE


@pytest.mark.requirement("acp#matcher-extensibility")
def test_an_attribute_of_the_documents_own_is_never_matched():
    declared = "ex:tag rdfs:subPropertyOf acp:attribute."
    policy = allowing(f"acp:anyOf [ acp:agent <{BOB}>; ex:tag ex:Music ]")
    assert granted(policy) == READ
    assert granted(policy, more=declared) == NONE


ME, OTHER = f"[ acp:agent <{BOB}> ]", f"[ acp:agent <{CAROL}> ]"


@pytest.mark.requirement("acp#satisfied-policy")
@pytest.mark.parametrize(
    ("matchers", "modes"),
    [
        ("", NONE),
        (f"acp:noneOf {OTHER}", NONE),
        (f"acp:allOf {ME}", READ),
        (f"acp:allOf {ME}, [ acp:client <{APP}> ]", READ),
        (f"acp:allOf {ME}, {OTHER}", NONE),
        (f"acp:allOf {ME}, []", NONE),
        (f"acp:anyOf {ME}, {OTHER}", READ),
        (f"acp:anyOf {OTHER}", NONE),
        ("acp:anyOf []", NONE),
        (f"acp:allOf {ME}; acp:anyOf {OTHER}", NONE),
        (f"acp:allOf {ME}; acp:anyOf {ME}; acp:noneOf {OTHER}", READ),
        (f"acp:anyOf {ME}; acp:noneOf {OTHER}, {ME}", NONE),
        (f"acp:anyOf {ME}; acp:noneOf []", READ),
        (f'acp:anyOf {ME}; acp:noneOf "anything"', READ),
    ],
)
def test_a_policy_is_satisfied_as_its_matchers_say(matchers, modes):
    assert granted(allowing(matchers) if matchers else "[ acp:allow acl:Read ]") == modes


def denying(modes, matchers=f"acp:anyOf {ME}"):
    return f"[ acp:deny {modes}; {matchers} ]"


@pytest.mark.requirement("acp#granted-access-modes")
@pytest.mark.requirement("acp#access-mode")
@pytest.mark.parametrize(
    ("allow", "deny", "modes"),
    [
        ("acl:Read", "acl:Write", READ),
        ("acl:Read, acl:Write", "acl:Write", READ),
        ("acl:Write", "ex:Delete", WRITE | APPEND),
        ("acl:Write", "acl:Write", NONE),
        ("acl:Write", "acl:Append", WRITE),
        ("acl:Append, acl:Write", "acl:Write", APPEND),
        ("acl:Append", "acl:Append", NONE),
        ("acl:Control", "acl:Read", CONTROL),
        ("ex:Delete", "acl:Read", NONE),
    ],
)
def test_what_is_denied_is_not_granted_however_often_it_is_allowed(allow, deny, modes):
    allows = allowing(f"acp:anyOf {ME}", allow)
    for policies in ((allows, denying(deny)), (denying(deny), allows, allows)):
        assert granted(*policies) == modes


def test_a_denial_that_is_not_satisfied_takes_nothing():
    assert granted(allowing(f"acp:anyOf {ME}"), denying("acl:Read", f"acp:anyOf {OTHER}")) == READ


@pytest.mark.parametrize(
    "text",
    [
        f"<> acp:resource <{URL}>; acp:accessControl <#c>.",
        f"[] acp:resource <{URL}>; acp:accessControl <#c>.",
        f"<https://elsewhere.example/x> acp:resource <{URL}>; acp:accessControl <#c>.",
        "<> acp:accessControl <#c>.",
        f"<{URL}> acp:accessControlResource <#r>. <#r> acp:accessControl <#c>.",
    ],
)
def test_an_acr_is_what_names_the_resource_or_the_document_itself(text):
    policy = f"<#c> acp:apply {allowing(f'acp:anyOf {ME}')}."
    assert evaluate(parse_acr(graph(text + policy), ACR, URL).own, BOB_HERE).modes == READ


@pytest.mark.parametrize(
    "text", [f"<> acp:resource <{URL}/other>; acp:accessControl <#c>.", "<#other> acp:accessControl <#c>.", ""]
)
def test_an_acr_of_something_else_counts_for_nothing(text):
    policy = f"<#c> acp:apply {allowing(f'acp:anyOf {ME}')}."
    assert parse_acr(graph(text + policy), ACR, URL).own == ()


def test_a_shared_policy_is_one_and_circles_end():
    text = applied("<#p>", "<#p>", "<>") + f"<> acp:apply <#p>; acp:anyOf <>. <#p> acp:allow acl:Read; acp:anyOf {ME}."
    acr = parse_acr(graph(text), ACR, URL)
    assert [policy.name for policy in acr.own] == [f"{ACR}#p", ACR]
    assert evaluate(acr.own, BOB_HERE).modes == READ


# -- what may be written ---------------------------------------------------------------------------------------------------


NINE = ", ".join(f"<#m{each}>" for each in range(9))


def check(text, *, is_root=False, policies_max=10):
    check_acr_content(graph(text), ACR, URL, is_root=is_root, policies_max=policies_max)


@pytest.mark.parametrize(
    "text",
    [
        "<#r> a acl:Authorization.",
        applied("<https://elsewhere.example/policies#p>"),
        applied(f"[ acp:allow acl:Read; acp:anyOf {ME}; acp:noneOf <https://elsewhere.example/matchers#m> ]"),
        "<> acp:memberAccessControl <https://elsewhere.example/#c>.",
        applied(*(f"<#{number}>" for number in range(11))),
        applied(f"[ acp:anyOf {', '.join('[]' for _ in range(11))} ]"),
        applied(*[f"[ acp:anyOf {NINE}; acp:noneOf {NINE} ]"] * 6),
    ],
)
def test_what_would_not_do_what_it_says_is_refused(text):
    with pytest.raises(UnprocessableContent):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        f"<> acp:resource <{URL}/other>; acp:accessControl [ acp:apply [] ].",
        f"<> acp:resource <{URL}>, <{URL}/other>.",
        f"[] acp:resource <{URL}>. <#other> acp:resource <https://pods.example/alice/b/../a>.",
        "<> acp:resource <>.",
        "<> acp:resource [].",
        '<> acp:resource "a".',
        f"<{URL}/other> acp:accessControlResource <>.",
        "<#other> acp:accessControl <#c>.",
        "[] acp:memberAccessControl <#c>.",
    ],
)
def test_what_controls_something_else_is_refused_with_a_word_on_how_to_mend_it(text):
    with pytest.raises(UnprocessableContent, match=f"acp:resource <{URL}>"):
        check(text)


def test_what_is_elsewhere_but_described_here_and_what_is_missing_here_is_kept():
    check(applied("<https://elsewhere.example/#p>") + f"<https://elsewhere.example/#p> acp:anyOf {ME}.")
    check(applied("<#removed>"))
    check("<#anything> <#at> <#all>.")


@pytest.mark.requirement("wac#server-root-container-acl-authorization-control")
@pytest.mark.parametrize(
    "policies",
    [
        (),
        (allowing(f"acp:anyOf {ME}"),),
        (allowing("acp:anyOf [ acp:vc ex:Owner ]", "acl:Control"),),
        (allowing("acp:anyOf []", "acl:Control"),),
        (allowing("acp:noneOf []", "acl:Control"),),
        (allowing(f"acp:anyOf {ME}; acp:noneOf [ acp:agent acp:PublicAgent ]", "acl:Control"),),
        (
            allowing(f"acp:anyOf {ME}", "acl:Control"),
            denying("acl:Control", "acp:allOf [ acp:client acp:PublicClient ]"),
        ),
    ],
)
def test_a_root_that_leaves_nobody_in_control_is_refused(policies):
    text = applied(*policies) if policies else ""
    with pytest.raises(Conflict):
        check(text, is_root=True)
    check(text)


def test_a_root_that_keeps_somebody_in_control_is_accepted():
    check(
        applied(allowing(f"acp:anyOf {ME}", "acl:Control"), denying("acl:Control", f"acp:anyOf {OTHER}")), is_root=True
    )


def test_a_policy_without_matchers_is_never_satisfied():
    assert not Policy("p", READ, NONE).is_satisfied_by(BOB_HERE.values())
