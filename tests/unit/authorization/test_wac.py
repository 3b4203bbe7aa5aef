"""Rules of one ACL as values: what is parsed, and what is granted."""

import pytest

from pod.authorization.root_acl import check_acl_content
from pod.authorization.wac import ACL, Authorization, evaluate, parse_acl, unsignalled
from pod.config import Config
from pod.errors import Conflict
from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.modes import AccessMode
from pod.rdf.formats import Limits, parse
from tests.unit.authorization.world import ALICE, BOB, PREFIXES

URL = "https://pods.example/alice/a"
READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL
WHOLE = f"<#r> a acl:Authorization; acl:accessTo <{URL}>; acl:agent <{BOB}>; acl:mode acl:Read."


def parsed(text):
    return parse_acl(graph(text))


def graph(text):
    limits = Limits.from_config(Config())
    return parse((PREFIXES + text).encode(), "text/turtle", base=f"{URL}.acl", limits=limits).default


def granted(acl, credentials=PUBLIC, **options):
    acl = parsed(acl) if isinstance(acl, str) else acl
    return evaluate(acl, URL, inherited=False, credentials=credentials, **options).modes


BOB_AGENT = Credentials(agent=BOB)


def test_a_whole_rule_grants():
    assert granted(WHOLE, BOB_AGENT) == READ
    assert granted(WHOLE, Credentials(agent=ALICE)) == granted(WHOLE) == AccessMode.NONE


@pytest.mark.parametrize(
    ("part", "replacement"),
    [
        ("a acl:Authorization;", ""),
        ("a acl:Authorization;", "a acl:Access;"),
        (f"acl:accessTo <{URL}>;", ""),
        (f"acl:accessTo <{URL}>;", f'acl:accessTo "{URL}";'),
        (f"acl:accessTo <{URL}>;", f"acl:default <{URL}>;"),
        (f"acl:agent <{BOB}>;", ""),
        (f"acl:agent <{BOB}>;", f'acl:agent "{BOB}";'),
        (f"acl:agent <{BOB}>;", "acl:agent [];"),
        (f"acl:agent <{BOB}>;", f"acl:agent <{BOB}/>;"),
        (f"acl:agent <{BOB}>;", f"acl:agentClass <{BOB}>;"),
        ("acl:mode acl:Read", "acl:label 1"),
        ("acl:mode acl:Read", 'acl:mode "Read"'),
        ("acl:mode acl:Read", "acl:mode acl:Access"),
        ("acl:mode acl:Read", "acl:mode acl:Execute, <http://x.example/Read>, [], 7"),
    ],
)
def test_a_rule_with_a_part_missing_or_unknown_grants_nothing(part, replacement):
    assert part in WHOLE
    assert granted(WHOLE.replace(part, replacement), BOB_AGENT) == AccessMode.NONE


def test_unknown_modes_do_not_stop_the_known_ones():
    assert granted(WHOLE.replace("acl:Read", "acl:Execute, acl:Read"), BOB_AGENT) == READ


def under(condition):
    return WHOLE.replace("acl:mode", f"acl:condition {condition}; acl:mode")


CLIENT, ISSUER = "https://app.example/id", "https://issuer.example/"
BOB_THROUGH = Credentials(agent=BOB, client=CLIENT, issuer=ISSUER)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (f"[ a acl:ClientCondition; acl:client <{CLIENT}> ]", True),
        ("[ a acl:ClientCondition; acl:client <https://other.example/id> ]", False),
        ("[ a acl:ClientCondition; acl:clientClass foaf:Agent ]", True),
        ("[ a acl:ClientCondition ]", False),
        (f"[ a acl:IssuerCondition; acl:issuer <{ISSUER}> ]", True),
        ("[ a acl:IssuerCondition; acl:issuer <https://issuer.example> ]", False),
        ("[ a acl:IssuerCondition; acl:issuerClass foaf:Agent ]", True),
        (f"[ a acl:IssuerCondition; acl:client <{CLIENT}> ]", False),
        (f"[ a acl:ClientCondition, acl:IssuerCondition; acl:client <{CLIENT}> ]", False),
        (f"[ acl:client <{CLIENT}> ]", True),
        (f"[ acl:client <{CLIENT}>; acl:issuer <https://other.example/> ]", False),
        ("[ a acl:UnknownCondition ]", True),
        (f"[ a acl:UnknownCondition ], [ a acl:ClientCondition; acl:client <{ISSUER}> ]", False),
        ("[ a acl:Condition ]", False),
        ("<#c>", False),
        ('"anything"', False),
    ],
)
def test_a_rule_counts_when_all_its_conditions_hold_and_others_beside_it(condition, holds):
    assert granted(under(condition), BOB_THROUGH) == (READ if holds else AccessMode.NONE)
    other = WHOLE.replace("#r", "#s").replace("acl:Read", "acl:Append")
    assert APPEND in granted(under(condition) + other, BOB_THROUGH)


def test_conditions_that_are_not_used_are_found_to_be_told_of():
    known = "[ a acl:ClientCondition, acl:Other; acl:clientClass foaf:Agent ]"
    text = under(f"[ a acl:Condition, acl:UnknownCondition ], {known}, <#c>, 'anything'")
    assert unsignalled(graph(text)) == {"http://www.w3.org/ns/auth/acl#UnknownCondition"}


@pytest.mark.requirement("wac#acl-clientgroup")
@pytest.mark.parametrize(("kind", "member"), [("client", CLIENT), ("issuer", ISSUER)])
def test_a_condition_looks_into_groups(kind, member):
    text = under(f"[ a acl:{kind.title()}Condition; acl:{kind}Group <https://x.example/g#1> ]")
    members = {("https://x.example/g#1", member)}
    assert granted(text, BOB_THROUGH, membership=lambda *asked: asked in members) == READ
    assert granted(text, BOB_THROUGH) == AccessMode.NONE
    assert granted(text, BOB_AGENT, membership=lambda *asked: asked in members) == AccessMode.NONE


def test_a_condition_holds_for_a_rule_with_an_origin_that_is_enforced_to_the_letter():
    narrowed = under(f"[ a acl:ClientCondition; acl:client <{CLIENT}> ]").replace(
        "acl:mode", "acl:origin <https://o.example>; acl:mode"
    )
    for client, modes in ((CLIENT, READ), ("https://other.example/id", AccessMode.NONE)):
        who = Credentials(agent=BOB, client=client, origin="https://o.example")
        assert granted(narrowed, who, strict=True) == granted(narrowed, who) == modes


@pytest.mark.parametrize(
    ("who", "nobody", "bob"),
    [
        ("acl:agentClass foaf:Agent", READ, READ),
        ("acl:agentClass acl:AuthenticatedAgent", AccessMode.NONE, READ),
        ("acl:agent foaf:Agent", AccessMode.NONE, AccessMode.NONE),
        ("acl:agentClass foaf:Person", AccessMode.NONE, AccessMode.NONE),
        ("acl:origin <https://app.example>", AccessMode.NONE, AccessMode.NONE),
    ],
)
def test_classes_of_agents(who, nobody, bob):
    text = WHOLE.replace(f"acl:agent <{BOB}>", who)
    assert (granted(text), granted(text, BOB_AGENT)) == (nobody, bob)


def test_write_includes_append_and_control_includes_nothing():
    assert granted(WHOLE.replace("acl:Read", "acl:Write"), BOB_AGENT) == WRITE | APPEND
    assert granted(WHOLE.replace("acl:Read", "acl:Control"), BOB_AGENT) == CONTROL


def test_rules_add_up():
    text = WHOLE + f"[] a acl:Authorization; acl:accessTo <{URL}>; acl:agentClass foaf:Agent; acl:mode acl:Append."
    assert granted(text, BOB_AGENT) == READ | APPEND


def test_the_rules_that_helped_are_the_reason():
    text = (
        WHOLE + WHOLE.replace("#r", "#same") + WHOLE.replace("#r", "#more").replace("acl:Read", "acl:Read, acl:Write")
    )
    reasons = evaluate(parsed(text), URL, inherited=False, credentials=BOB_AGENT).rules
    assert [rule.name for rule in reasons] == [f"{URL}.acl#r", f"{URL}.acl#more"]


GROUP_RULE = WHOLE.replace(f"acl:agent <{BOB}>", "acl:agentGroup <https://x.example/g#1>, <https://x.example/g#2>")


def test_members_of_a_group_are_granted():
    assert granted(GROUP_RULE, BOB_AGENT, membership=lambda group, member: (group[-2:], member) == ("#2", BOB)) == READ
    assert granted(GROUP_RULE, BOB_AGENT) == AccessMode.NONE


@pytest.mark.parametrize(
    ("text", "credentials", "wanted"),
    [
        (GROUP_RULE, PUBLIC, READ),
        (GROUP_RULE + WHOLE.replace("#r", "#s"), BOB_AGENT, READ),
        (GROUP_RULE, BOB_AGENT, WRITE),
        (GROUP_RULE.replace(URL, f"{URL}/other"), BOB_AGENT, READ),
    ],
    ids=["nobody is in groups", "another rule grants it", "not wanted", "another resource"],
)
def test_groups_are_not_asked_about_in_vain(text, credentials, wanted):
    def asked(group, member):
        raise AssertionError(group, member)

    granted(text, credentials, membership=asked, wanted=wanted)


APP, OTHER = "https://app.example", "https://other.example"


@pytest.mark.parametrize(
    ("subjects", "origin", "lenient", "strict"),
    [
        (f"acl:agent <{BOB}>", None, True, True),
        (f"acl:agent <{BOB}>", APP, True, False),
        (f"acl:agent <{BOB}>; acl:origin <{APP}>", None, True, True),
        (f"acl:agent <{BOB}>; acl:origin <{APP}>", APP, True, True),
        (f"acl:agent <{BOB}>; acl:origin <{APP}/>", APP, True, True),
        (f'acl:agent <{BOB}>; acl:origin "{APP}"', APP, True, True),
        (f"acl:agent <{BOB}>; acl:origin <{APP}>", OTHER, False, False),
        (f"acl:agent <{BOB}>; acl:origin <{APP}>", "null", False, False),
        (f"acl:agent <{BOB}>; acl:origin []", APP, False, False),
        (f"acl:origin <{APP}>", APP, False, False),
        (f"acl:origin <{APP}>", None, False, False),
        ("acl:agentClass foaf:Agent", APP, True, True),
        (f"acl:agentClass foaf:Agent; acl:origin <{APP}>", OTHER, False, False),
        (f"acl:agentClass foaf:Agent; acl:origin <{APP}>", APP, True, True),
    ],
)
def test_origins_narrow_and_never_widen(subjects, origin, lenient, strict):
    text = WHOLE.replace(f"acl:agent <{BOB}>", subjects)
    who = Credentials(agent=BOB, origin=origin)
    assert (READ in granted(text, who), READ in granted(text, who, strict=True)) == (lenient, strict)


def test_strictly_the_origin_may_stand_in_another_rule_for_the_same_mode():
    text = WHOLE.replace("acl:Read", "acl:Read, acl:Write") + WHOLE.replace("#r", "#o").replace(
        f"acl:agent <{BOB}>", f"acl:origin <{APP}>"
    )
    assert granted(text, Credentials(agent=BOB, origin=APP), strict=True) == READ


def test_inherited_rules_are_those_by_default():
    acl = ACL.of([Authorization(None, READ, frozenset(), frozenset({URL}), public=True)])
    assert evaluate(acl, URL, inherited=True, credentials=PUBLIC).modes == READ
    assert evaluate(acl, URL, inherited=False, credentials=PUBLIC).modes == AccessMode.NONE


CONTROL_RULE = WHOLE.replace("acl:Read", "acl:Control")


def test_a_root_acl_with_control_passes():
    check_acl_content(graph(CONTROL_RULE), URL, is_root=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        WHOLE,
        CONTROL_RULE.replace("acl:accessTo", "acl:default"),
        CONTROL_RULE.replace(f"acl:agent <{BOB}>", f"acl:origin <{APP}>"),
        CONTROL_RULE.replace("acl:mode", "acl:condition []; acl:mode"),
        CONTROL_RULE.replace(URL, "https://pods.example/other"),
    ],
    ids=["empty", "read only", "default only", "origin only", "conditional", "another"],
)
def test_a_root_acl_without_control_is_refused_and_others_are_free(text):
    with pytest.raises(Conflict):
        check_acl_content(graph(text), URL, is_root=True)
    check_acl_content(graph(text), URL, is_root=False)
