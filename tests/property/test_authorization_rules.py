"""What holds for every ACL: more authorizations never grant less, and nothing is granted that no rule gives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pod.authorization.required import Need
from pod.authorization.wac import ACL, Authorization, evaluate, parse_acl
from pod.config import Config
from pod.protocol.agent import Credentials
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.rdf.formats import Limits, parse

BASE = "https://pods.example/alice/"
PATHS = [BASE, f"{BASE}a", f"{BASE}b/"]
AGENTS = [f"https://{name}.example/#me" for name in ("alice", "bob")]
GROUPS = ["https://groups.example/g#1", f"{BASE}groups#2"]
ORIGINS = ["https://app.example", "https://other.example"]
LIMITS = Limits.from_config(Config())


def some(values):
    return st.frozensets(st.sampled_from(values), max_size=2)


modes = st.sampled_from([AccessMode(bits) for bits in range(16)])
rules = st.builds(
    Authorization,
    name=st.none(),
    modes=modes.map(AccessMode.entailed),
    access_to=some(PATHS),
    default=some(PATHS),
    agents=some(AGENTS),
    groups=some(GROUPS),
    public=st.booleans(),
    authenticated=st.booleans(),
    origins=some(ORIGINS),
)
credentials = st.builds(
    Credentials, agent=st.none() | st.sampled_from(AGENTS), origin=st.none() | st.sampled_from(ORIGINS)
)


@settings(deadline=None)
@given(
    st.lists(rules, max_size=4), rules, credentials, st.sampled_from(PATHS), some(GROUPS), st.booleans(), st.booleans()
)
def test_adding_an_authorization_never_removes_a_mode(acl, rule, who, url, groups, inherited, strict):
    options = {
        "inherited": inherited,
        "credentials": who,
        "membership": lambda group, _: group in groups,
        "strict": strict,
    }
    before = evaluate(ACL.of(acl), url, **options).modes
    for more in ([rule, *acl], [*acl, rule]):
        assert before in evaluate(ACL.of(more), url, **options).modes


@settings(deadline=None)
@given(st.lists(rules, max_size=4), credentials, st.sampled_from(PATHS), some(GROUPS), st.booleans(), st.booleans())
def test_more_groups_never_remove_a_mode_and_the_user_may_what_the_public_may(acl, who, url, groups, inherited, strict):
    options = {"inherited": inherited, "strict": strict}
    without = evaluate(ACL.of(acl), url, credentials=who, **options).modes
    within = evaluate(ACL.of(acl), url, credentials=who, membership=lambda group, _: group in groups, **options).modes
    public = evaluate(ACL.of(acl), url, credentials=Credentials(origin=who.origin), **options).modes
    assert public in without
    assert without in within


@settings(deadline=None)
@given(st.lists(rules, max_size=4), credentials, st.sampled_from(PATHS), some(GROUPS), st.booleans(), modes)
def test_looking_only_for_some_modes_finds_them_all(acl, who, url, groups, inherited, wanted):
    options = {"inherited": inherited, "credentials": who, "membership": lambda group, _: group in groups}
    everything = evaluate(ACL.of(acl), url, **options)
    enough = evaluate(ACL.of(acl), url, wanted=wanted, **options)
    assert everything.modes & wanted == enough.modes & wanted
    given_by_rules = AccessMode.NONE
    for rule in everything.rules:
        given_by_rules |= rule.modes
    assert everything.modes in given_by_rules


@settings(deadline=None)
@given(st.lists(rules, max_size=4), rules, credentials, st.sampled_from(PATHS), st.booleans())
def test_the_same_holds_for_acls_as_text(acl, rule, who, url, inherited):
    before = evaluate(parsed(acl), url, inherited=inherited, credentials=who).modes
    after = evaluate(parsed([*acl, rule]), url, inherited=inherited, credentials=who).modes
    assert before in after
    assert before == evaluate(ACL.of(acl), url, inherited=inherited, credentials=who).modes


def parsed(acl):
    text = "@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    text += "\n".join(map(written, acl))
    return parse_acl(parse(text.encode(), "text/turtle", base=BASE, limits=LIMITS).default)


def written(rule):
    names = [name.title() for name in rule.modes.names()]
    statements = [("acl:mode", f"acl:{name}") for name in names]
    for predicate, iris in (
        ("acl:accessTo", rule.access_to),
        ("acl:default", rule.default),
        ("acl:agent", rule.agents),
        ("acl:agentGroup", rule.groups),
        ("acl:origin", rule.origins),
    ):
        statements += [(predicate, f"<{iri}>") for iri in sorted(iris)]
    statements += [("acl:agentClass", "foaf:Agent")] * rule.public
    statements += [("acl:agentClass", "acl:AuthenticatedAgent")] * rule.authenticated
    return "[] a acl:Authorization" + "".join(f"; {predicate} {value}" for predicate, value in statements) + "."


@settings(deadline=None)
@given(modes, modes, st.booleans())
def test_a_met_need_stays_met_when_more_is_granted(needed, granted, any_of):
    need = Need("/a/", needed, needed, any_of=any_of)
    if need.is_met_by(granted):
        for more in range(16):
            assert need.is_met_by(granted | AccessMode(more))
    assert need.is_met_by(ALL_MODES) or not needed
