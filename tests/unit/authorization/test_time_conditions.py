"""Access that ends by itself, in both languages: until a moment and not after it, whatever is remembered."""

import pytest

from pod.authorization.acp import Context, parse_acr
from pod.authorization.acp import evaluate as evaluate_policies
from pod.authorization.moments import LONG_AGO, end_of
from pod.authorization.wac import evaluate, parse_acl
from pod.config import Config
from pod.errors import Conflict, UnprocessableContent
from pod.protocol.resource import Target
from pod.rdf.formats import Limits, parse
from pod.rdf.graph import Literal
from pod.rdf.vocab import XSD
from tests.unit.authorization.world import BASE, BOB, EVERYONE, World, agent, by_agent, rule

FH = "@prefix fh: <urn:freehold:>. @prefix xsd: <http://www.w3.org/2001/XMLSchema#>.\n"
ACP = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix acp: <http://www.w3.org/ns/solid/acp#>.\n" + FH
END = "2001-09-09T01:46:40Z"
END_MS = 1_000_000_000_000
PATH = "/alice/notes"


def until(*moments: str, kind: str = "a fh:TimeCondition; ") -> str:
    said = "; ".join(f'fh:until "{each}"^^xsd:dateTime' for each in moments)
    return f"acl:condition [ {kind}{said} ]"


def acl(condition: str, who: str = f"acl:agent <{BOB}>"):
    text = FH + "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    text += rule(PATH, f"{who}; {condition}", "Read")
    return parse_acl(parse(text.encode(), "text/turtle", base=BASE, limits=Limits.from_config(Config())).default)


def is_let_in(condition: str, now_ms: float | None) -> bool:
    told = {} if now_ms is None else {"now_ms": now_ms}
    return bool(evaluate(acl(condition), BASE + PATH, inherited=False, credentials=agent(BOB), **told).modes)


@pytest.mark.parametrize(("now_ms", "expected"), [(0, True), (END_MS - 1, True), (END_MS, False), (None, False)])
def test_a_rule_counts_until_its_end(now_ms, expected):
    assert is_let_in(until(END), now_ms) is expected


@pytest.mark.parametrize(
    "condition",
    [
        until("2001-09-09T03:46:40+02:00"),
        until("2001-09-09T01:46:40"),
        until("2031-01-01T00:00:00Z", END),
        f'{until("2031-01-01T00:00:00Z")}, [ a fh:TimeCondition; fh:until "{END}"^^xsd:dateTime ]',
        until(END, kind=""),
        until(END, kind="a acl:Condition, fh:TimeCondition; "),
    ],
)
def test_an_end_may_be_said_in_many_ways_and_the_earliest_counts(condition):
    assert is_let_in(condition, END_MS - 1)
    assert not is_let_in(condition, END_MS)


@pytest.mark.parametrize(
    "condition",
    [
        "acl:condition [ a fh:TimeCondition ]",
        'acl:condition [ a fh:TimeCondition; fh:until "2031-01-01T00:00:00Z" ]',
        "acl:condition [ a fh:TimeCondition; fh:until <https://a.example/> ]",
        until("tomorrow"),
        until("2031-01-01T00:00:00Z", "tomorrow"),
        until("2031-01-01T00:00:00Z", kind="a fh:TimeCondition, acl:ClientCondition; "),
    ],
)
def test_what_says_no_moment_never_holds(condition):
    assert not is_let_in(condition, 0)


@pytest.mark.parametrize("terms", [[], [Literal("x", datatype=XSD.dateTime)], [Literal("2031-01-01T00:00:00Z")]])
def test_no_moment_was_long_ago(terms):
    assert end_of(terms) == LONG_AGO


# -- over the store ----------------------------------------------------------------------------------------------------


def shared(world: World, who: str) -> None:
    world.put(PATH)
    world.acl(PATH, rule(PATH, f"{who}; {until(END)}", "Read"), prefixes=FH + world_prefixes())


def world_prefixes() -> str:
    return "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"


@pytest.mark.parametrize("who", [by_agent(BOB), EVERYONE, f"acl:agentGroup <{BASE}/alice/group#it>"])
def test_what_is_remembered_ends_too(world, who):
    world.put("/alice/group", f"<{BASE}/alice/group#it> <http://www.w3.org/2006/vcard/ns#hasMember> <{BOB}>.")
    shared(world, who)
    for seconds, expected in ((-1, "read"), (-0.001, "read"), (0, ""), (1, ""), (-1, "read")):
        world.clock.time = END_MS / 1000 + seconds
        assert world.modes(PATH, agent(BOB)) == expected


def test_without_an_end_nobody_looks_at_the_clock(world):
    world.clock.now = lambda: pytest.fail("the clock was looked at")
    assert world.modes("/alice/", agent(BOB)) == ""


def test_control_that_ends_does_not_keep_a_storage(world):
    turtle = FH + world_prefixes() + rule("/alice/", f"acl:agent <{BOB}>; {until('2031-01-01T00:00:00Z')}", "Control")
    graph = parse(turtle.encode(), "text/turtle", base=BASE, limits=Limits.from_config(Config())).default
    with pytest.raises(Conflict):
        world.authorizer.check_content(Target.parse("/alice/.acl"), graph)


# -- Access Control Policy ---------------------------------------------------------------------------------------------

RESOURCE = f"{BASE}{PATH}"


def policies(matcher: str, how: str = "acp:allow acl:Read; acp:anyOf"):
    text = f"{ACP}[] acp:resource <{RESOURCE}>; acp:accessControl [ acp:apply [ {how} [ {matcher} ] ] ]."
    graph = parse(text.encode(), "text/turtle", base=BASE, limits=Limits.from_config(Config())).default
    return parse_acr(graph, f"{RESOURCE}.acl", RESOURCE).own


MATCHER_ENDS = f'fh:until "{END}"^^xsd:dateTime'


@pytest.mark.parametrize("matcher", [f"acp:agent <{BOB}>; {MATCHER_ENDS}", MATCHER_ENDS])
@pytest.mark.parametrize(("now_ms", "expected"), [(END_MS - 1, True), (END_MS, False), (None, False)])
def test_a_matcher_is_satisfied_until_its_end(matcher, now_ms, expected):
    told = {} if now_ms is None else {"now_ms": now_ms}
    assert bool(evaluate_policies(policies(matcher), context(), **told).modes) is expected


def test_an_exception_ends_too():
    how = "acp:allow acl:Read; acp:anyOf [ acp:agent acp:PublicAgent ]; acp:noneOf"
    found = policies(f"acp:agent <{BOB}>; {MATCHER_ENDS}", how)
    assert not evaluate_policies(found, context(), now_ms=END_MS - 1).modes
    assert evaluate_policies(found, context(), now_ms=END_MS).modes


def context():
    return Context(RESOURCE, agent=BOB)


def test_policies_that_are_remembered_end_too(tmp_path):
    world = World(tmp_path, access_control="acp")
    text = f"{ACP}[] acp:resource <{BASE}/alice/>; acp:memberAccessControl [ acp:apply [ acp:allow acl:Read; acp:anyOf"
    world.put("/alice/.acl", f"{text} [ acp:agent <{BOB}>; {MATCHER_ENDS} ] ] ].")
    for seconds, expected in ((-1, "read"), (0, ""), (1, ""), (-1, "read")):
        world.clock.time = END_MS / 1000 + seconds
        assert world.modes(PATH, agent(BOB)) == expected
    world.store.close()


@pytest.mark.parametrize("said", ['"tomorrow"^^xsd:dateTime', '"2031-01-01T00:00:00Z"', "<https://a.example/>"])
def test_an_end_that_is_no_moment_is_refused(tmp_path, said):
    world = World(tmp_path, access_control="acp")
    text = f"{ACP}[] acp:resource <{BASE}/alice/notes>; acp:accessControl [ acp:apply [ acp:deny acl:Read; acp:anyOf"
    turtle = f"{text} [ acp:agent <{BOB}>; fh:until {said} ] ] ]."
    graph = parse(turtle.encode(), "text/turtle", base=BASE, limits=Limits.from_config(Config())).default
    with pytest.raises(UnprocessableContent, match="fh:until"):
        world.authorizer.check_content(Target.parse("/alice/notes.acl"), graph)
    world.store.close()
