"""Sharing and taking back, on documents of any content: every other statement stays, what was shared is what is then allowed,
nobody else has more or less, and the page says the same as the decision.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pod.authorization import acp, wac
from pod.authorization.acp import Context
from pod.errors import Conflict
from pod.protocol.agent import Credentials
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.rdf.graph import IRI, BNode, Dataset, Graph, Literal, Triple
from pod.rdf.vocab import ACL, ACP, FH, FOAF, RDF, RDFS, XSD
from pod.sharing.acp_document import UNDERSTOOD as UNDERSTOOD_OF_POLICIES
from pod.sharing.acp_document import ACRDocument
from pod.sharing.audiences import EVERYONE, SIGNED_IN, Audience, Level, Whom, group, person
from pod.sharing.shares import Narrowing, Share
from pod.sharing.wac_document import UNDERSTOOD, UNDERSTOOD_OF_CONDITIONS, ACLDocument

RESOURCE, PATH = "https://pods.example/alice/photos/", "/alice/photos/"
DOCUMENT, OTHER = f"{RESOURCE}.acl", "https://pods.example/alice/other"
ALICE, BOB, CAROL, DAVE = (f"https://{name}.example/#me" for name in ("alice", "bob", "carol", "dave"))
FRIENDS, STRANGERS = "https://pods.example/alice/friends#it", "https://elsewhere.example/strangers#it"
APP, ISSUER, ORIGIN = "https://app.example/id", "https://issuer.example/", "https://app.example"
NOW, SOON = 1_000_000_000_000, "2031-01-01T00:00:00Z"
BEFORE = "2001-01-01T00:00:00Z"

names = [IRI(f"{DOCUMENT}#{each}") for each in ("a", "b", "c", "share-1")]
blanks = [BNode(each) for each in ("x", "y", "z")]
nodes = [*names, *blanks, IRI(DOCUMENT)]
moments = [Literal(each, datatype=XSD.dateTime) for each in (SOON, BEFORE, "tomorrow")]
strange = [
    (RDFS.comment, Literal("kept")),
    (IRI("http://example.org/of"), blanks[0]),
    (IRI("http://example.org/of"), names[1]),
    (IRI("http://example.org/with"), IRI(BOB)),
    (RDFS.label, Literal("a label")),
]

WAC_STATEMENTS = [
    *((RDF.type, each) for each in (ACL.Authorization, ACL.ClientCondition, ACL.IssuerCondition, FH.TimeCondition)),
    (RDF.type, IRI("urn:other:Condition")),
    *((ACL.agent, IRI(each)) for each in (ALICE, BOB, CAROL)),
    *((ACL.agentGroup, IRI(each)) for each in (FRIENDS, STRANGERS)),
    *((ACL.agentClass, each) for each in (FOAF.Agent, ACL.AuthenticatedAgent)),
    *((each, IRI(url)) for each in (ACL.accessTo, ACL.default) for url in (RESOURCE, OTHER)),
    *((ACL.mode, each) for each in (ACL.Read, ACL.Append, ACL.Write, ACL.Control, IRI("urn:other:Mode"))),
    *((ACL.condition, each) for each in (*names, *blanks)),
    *((FH.until, each) for each in moments),
    (ACL.client, IRI(APP)),
    (ACL.clientClass, FOAF.Agent),
    (ACL.issuer, IRI(ISSUER)),
    (ACL.origin, IRI(ORIGIN)),
    *strange,
]
"""Predicates with objects, that anything may have."""
RULE = [
    (RDF.type, ACL.Authorization),
    (ACL.agent, IRI(BOB)),
    (ACL.accessTo, IRI(RESOURCE)),
    (ACL.mode, ACL.Write),
]
MIXED = [*RULE, (ACL.agentGroup, IRI(FRIENDS)), (ACL.agentClass, ACL.AuthenticatedAgent)]
"""One rule for many."""


def documents(statements: list[tuple[IRI, object]], usual: list[tuple[IRI, object]]) -> st.SearchStrategy[Graph]:
    """Of any statements about a few nodes; one of them is likely to mean something."""
    one = st.tuples(st.sampled_from(nodes), st.sampled_from([*statements, *usual, *usual]))
    whole = st.sampled_from(nodes).map(lambda node: [(node, each) for each in usual])
    parts = st.lists(st.one_of(one.map(lambda each: [each]), whole), max_size=25)
    return parts.map(lambda found: Graph(Triple(node, *said) for node, said in itertools.chain.from_iterable(found)))


levels = st.sampled_from(Level)
ends = st.sampled_from([None, NOW + 1, NOW + 10**9])
audiences = st.sampled_from([person(BOB), group(FRIENDS), SIGNED_IN, EVERYONE])


LINKS = {ACP.anyOf, ACP.allOf, ACP.apply, ACP.accessControl, ACP.memberAccessControl}


def kept(before: Graph, after: Graph, naming: Iterable[Triple], understood: Iterable[IRI]) -> None:
    """Nothing is gone but what names the audience, links to what does nothing any more, and what went as a whole, having
    nothing said of it that is not understood.
    """
    for triple in {each for each in before if each not in after} - set(naming):
        whole = {each.predicate for each in before.match(s=triple.subject) if each not in set(naming)}
        went = not after.count(triple.subject) and whole <= {*understood, *LINKS}
        assert went or triple.predicate in LINKS, triple
    assert all(triple in before for triple in after)


def added(before: Graph, after: Graph) -> None:
    """Everything is still there, and what is new has new names."""
    assert all(triple in after for triple in before)
    for triple in (each for each in after if each not in before):
        is_new = isinstance(triple.subject, IRI) and triple.subject.value.startswith(f"{DOCUMENT}#share-")
        assert is_new or triple.predicate in {ACP.accessControl, ACP.memberAccessControl, RDFS.subPropertyOf}


# -- Web Access Control ------------------------------------------------------------------------------------------------


def acl(graph: Graph) -> ACLDocument:
    return ACLDocument(Dataset(graph.copy()), DOCUMENT, RESOURCE, PATH, str)


def is_member(group: str, who: str) -> bool:
    return group == FRIENDS and who in {BOB, DAVE}


def modes(graph: Graph, who: str | None, *, inside: bool = False, now_ms: float = NOW, **how: object) -> AccessMode:
    return evaluated(wac.parse_acl(graph), who, inside=inside, now_ms=now_ms, **how)


def evaluated(
    rules: wac.ACL, who: str | None, *, inside: bool = False, now_ms: float = NOW, **how: object
) -> AccessMode:
    credentials = Credentials(who, how.get("client"), how.get("issuer"), origin=how.get("origin"))
    strict = bool(how.get("strict"))
    return wac.evaluate(
        rules, RESOURCE, inherited=inside, credentials=credentials, membership=is_member, strict=strict, now_ms=now_ms
    ).modes


def all_ways() -> list[dict[str, object]]:
    """To come: through an app or not, from a site or not, and so on."""
    some = {
        "client": (None, APP),
        "issuer": (None, ISSUER),
        "origin": (None, ORIGIN),
        "inside": (False, True),
        "strict": (False, True),
        "now_ms": (0, NOW),
    }
    return [dict(zip(some, each, strict=True)) for each in itertools.product(*some.values())]


def said(shares: Iterable[Share], who: str | None, *, inside: bool = False) -> AccessMode:
    """What the page says that somebody may, who comes without any app."""
    found = AccessMode.NONE
    for share in shares:
        audience = share.audience
        is_free = audience.client is None and not share.narrowed & {Narrowing.APPS, Narrowing.ISSUERS}
        if is_meant(audience, who) and is_free and share.stands(NOW):
            found |= share.inside if inside else share.here
    return found


def is_meant(audience: Audience, who: str | None) -> bool:
    return {
        Whom.PERSON: audience.iri == who,
        Whom.GROUP: who is not None and is_member(audience.iri, who),
        Whom.SIGNED_IN: who is not None,
        Whom.EVERYONE: True,
    }[audience.whom]


@settings(deadline=None, max_examples=150)
@given(documents(WAC_STATEMENTS, RULE), levels, ends)
def test_a_person_shared_with_by_a_list_has_that_and_what_strangers_have(graph, level, end):
    document = acl(graph)
    document.remove(person(BOB))
    document.add(person(BOB), level, end, "Bob")
    for inside in (False, True):
        strangers = modes(document.graph, DAVE, inside=inside)
        assert modes(document.graph, BOB, inside=inside) == level.modes | strangers
        if end is not None:
            over = {"inside": inside, "now_ms": end}
            assert modes(document.graph, BOB, **over) == modes(document.graph, DAVE, **over)
        assert said(document.shares(), BOB, inside=inside) == level.modes | strangers


@settings(deadline=None, max_examples=150)
@given(documents(WAC_STATEMENTS, RULE), audiences)
def test_taking_back_from_a_list_leaves_what_strangers_have(graph, audience):
    document = acl(graph)
    document.remove(audience)
    assert audience not in [each.audience for each in document.shares()]
    if audience == person(BOB):
        for way in all_ways():
            assert modes(document.graph, BOB, **way) == modes(document.graph, DAVE, **way)


@settings(deadline=None, max_examples=100)
@given(documents(WAC_STATEMENTS, MIXED), audiences, levels, ends, st.booleans())
def test_others_have_by_a_list_what_they_had(graph, audience, level, end, only_removing):
    document = acl(graph)
    document.remove(audience)
    if not only_removing:
        document.add(audience, level, end, "Bob")
    given = AccessMode.NONE if only_removing else level.modes
    was, became = wac.parse_acl(graph), wac.parse_acl(document.graph)
    for way in all_ways():
        for who in (None, BOB, CAROL, DAVE):
            before, after = evaluated(was, who, **way), evaluated(became, who, **way)
            assert after in before | given if is_meant(audience, who) else after == before


@settings(deadline=None, max_examples=150)
@given(documents(WAC_STATEMENTS, RULE), levels, ends)
def test_a_list_keeps_every_other_statement(graph, level, end):
    document, naming = acl(graph), set(graph.match(None, ACL.agent, IRI(BOB)))
    document.remove(person(BOB))
    kept(graph, document.graph, naming, {*UNDERSTOOD, *UNDERSTOOD_OF_CONDITIONS})
    before = document.graph.copy()
    document.add(person(BOB), level, end, "Bob")
    added(before, document.graph)
    document.remove(person(BOB))
    assert document.graph == before


@settings(deadline=None, max_examples=100)
@given(documents(WAC_STATEMENTS, RULE))
def test_the_page_about_a_list_says_what_is_decided(graph):
    shares = acl(graph).shares()
    for who, inside in itertools.product((None, BOB, CAROL, DAVE), (False, True)):
        assert said(shares, who, inside=inside) == modes(graph, who, inside=inside)


@settings(deadline=None, max_examples=100)
@given(documents(WAC_STATEMENTS, RULE), st.sampled_from(["sea", "more/"]))
def test_a_list_of_its_own_gives_what_was_inherited(graph, name):
    child = acl(graph).inherited_by(f"{RESOURCE}{name}.acl", RESOURCE + name, PATH + name)
    rules = wac.parse_acl(child.graph)
    for way in all_ways():
        for who in (None, ALICE, BOB, CAROL, DAVE):
            how = {key: value for key, value in way.items() if key not in {"inside", "strict", "now_ms"}}
            found = wac.evaluate(
                rules,
                RESOURCE + name,
                inherited=bool(way["inside"]) and name.endswith("/"),
                credentials=Credentials(who, how["client"], how["issuer"], origin=how["origin"]),
                membership=is_member,
                strict=bool(way["strict"]),
                now_ms=way["now_ms"],
            ).modes
            assert found == modes(graph, who, **{**way, "inside": True})


@settings(deadline=None, max_examples=100)
@given(documents(WAC_STATEMENTS, RULE), audiences)
def test_whatever_a_list_says_its_owner_keeps_everything(graph, audience):
    document = acl(graph)
    document.remove(audience)
    document.keep_owners((ALICE,))
    assert modes(document.graph, ALICE) == modes(document.graph, ALICE, inside=True) == ALL_MODES
    size = len(document.graph)
    document.keep_owners((ALICE,))
    assert len(document.graph) == size


# -- Access Control Policy ---------------------------------------------------------------------------------------------

ACP_STATEMENTS = [
    *((each, node) for each in (ACP.accessControl, ACP.memberAccessControl, ACP.apply) for node in (*names, *blanks)),
    *((each, node) for each in (ACP.anyOf, ACP.allOf, ACP.noneOf) for node in (*names, *blanks)),
    *((each, mode) for each in (ACP.allow, ACP.deny) for mode in (ACL.Read, ACL.Append, ACL.Write, ACL.Control)),
    *((ACP.agent, IRI(each)) for each in (ALICE, BOB, CAROL)),
    *((ACP.agent, each) for each in (ACP.PublicAgent, ACP.AuthenticatedAgent, ACP.OwnerAgent, ACP.CreatorAgent)),
    *((ACP.client, each) for each in (IRI(APP), ACP.PublicClient)),
    (ACP.issuer, IRI(ISSUER)),
    *((FH.until, each) for each in moments[:2]),
    (RDF.type, ACP.Policy),
    *strange,
]
a, b, c = names[:3]


def grant(control: object, policy: object, matcher: object, who: IRI) -> list[Triple]:
    """A whole way in, for documents that mean something."""
    return [
        Triple(IRI(DOCUMENT), ACP.accessControl, control),
        Triple(IRI(DOCUMENT), ACP.memberAccessControl, control),
        Triple(control, ACP.apply, policy),
        Triple(policy, ACP.allow, ACL.Write),
        Triple(policy, ACP.anyOf, matcher),
        Triple(matcher, ACP.agent, who),
    ]


wholes = st.builds(
    grant,
    st.sampled_from([a, blanks[0]]),
    st.sampled_from([b, blanks[1]]),
    st.sampled_from([c, blanks[2]]),
    st.sampled_from([IRI(BOB), IRI(CAROL), ACP.PublicAgent]),
)
resources = st.tuples(documents(ACP_STATEMENTS, [(ACP.agent, IRI(BOB))]), st.lists(wholes, min_size=1, max_size=3)).map(
    lambda found: Graph((*found[0], *itertools.chain.from_iterable(found[1])))
)
people_only = st.sampled_from([person(BOB), SIGNED_IN, EVERYONE])


def acr(graph: Graph) -> ACRDocument:
    return ACRDocument(Dataset(graph.copy()), DOCUMENT, RESOURCE, PATH, str)


def allowed(graph: Graph, who: str | None, *, inside: bool = False, now_ms: float = NOW, **how: object) -> AccessMode:
    read = acp.parse_acr(graph, DOCUMENT, RESOURCE)
    context = Context(RESOURCE, who, how.get("client"), how.get("issuer"), owners=(ALICE,), creator=CAROL)
    return acp.evaluate(read.members if inside else read.own, context, now_ms=now_ms).modes


def acp_ways() -> list[dict[str, object]]:
    some = {"client": (None, APP), "issuer": (None, ISSUER), "inside": (False, True), "now_ms": (0, NOW)}
    return [dict(zip(some, each, strict=True)) for each in itertools.product(*some.values())]


@settings(deadline=None, max_examples=100)
@given(resources, people_only, levels, ends, st.booleans())
def test_taking_back_from_policies_gives_nobody_anything_and_sharing_gives_what_it_says(
    graph, audience, level, end, only_removing
):
    document = acr(graph)
    try:
        document.remove(audience)
    except Conflict:
        assume(False)
    for way in acp_ways():
        for who in (None, BOB, CAROL, DAVE):
            before, after = allowed(graph, who, **way), allowed(document.graph, who, **way)
            assert after in before
            assert after == before or is_meant(audience, who)
    kept(graph, document.graph, set(graph.match(None, ACP.agent)), UNDERSTOOD_OF_POLICIES)
    if only_removing:
        return
    before = document.graph.copy()
    document.add(audience, level, end, "a name")
    denied = {term for triple in graph.match(p=ACP.deny) for term in [triple.object]}
    for way in acp_ways():
        for who in (None, CAROL, DAVE):
            is_same = allowed(document.graph, who, **way) == allowed(before, who, **way)
            assert is_same or is_meant(audience, who)
    for inside in (False, True):
        given_now = allowed(document.graph, BOB, inside=inside)
        assert given_now in allowed(before, BOB, inside=inside) | level.modes
        assert denied or given_now == allowed(before, BOB, inside=inside) | level.modes
    added(before, document.graph)


@settings(deadline=None, max_examples=100)
@given(resources, people_only)
def test_who_left_the_policies_has_what_strangers_have_at_most(graph, audience):
    document = acr(graph)
    try:
        document.remove(audience)
    except Conflict:
        assume(False)
    assert not [each for each in document.shares() if each.audience == audience and not each.denies]
    if audience == person(BOB):
        for way in acp_ways():
            assert allowed(document.graph, BOB, **way) in allowed(document.graph, DAVE, **way)


@settings(deadline=None, max_examples=100)
@given(st.lists(wholes, max_size=3), people_only, levels, st.booleans())
def test_what_the_page_wrote_it_can_take_back(found, audience, level, shares_twice):
    graph = Graph(itertools.chain.from_iterable(found))
    document = acr(graph)
    document.remove(audience)
    before = document.graph.copy()
    document.add(audience, level, NOW + 1, "a name")
    if shares_twice:
        document.add(Audience(Whom.PERSON, CAROL), Level.READ, None, None)
        document.remove(Audience(Whom.PERSON, CAROL))
    document.remove(audience)
    left = {triple for triple in document.graph if triple not in before}
    assert {triple.subject for triple in left} <= {FH.until}


@pytest.mark.parametrize("predicate", [ACP.noneOf, ACP.anyOf])
def test_what_would_open_something_is_refused(predicate):
    """Bob leaves a matcher that a denial, or an exception, looks at as well."""
    graph = Graph(grant(a, b, c, IRI(BOB)))
    other = BNode("denying")
    graph.add(Triple(a, ACP.apply, other))
    graph.add(Triple(other, ACP.deny, ACL.Read))
    graph.add(Triple(other, predicate, c))
    before = graph.copy()
    document = acr(graph)
    with pytest.raises(Conflict, match="depend on each other"):
        document.remove(person(BOB))
    assert document.graph == before
