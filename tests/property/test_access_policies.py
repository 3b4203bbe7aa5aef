"""What holds for all access policies: a denial more never grants, and the rules both languages can say mean the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pod.authorization import acp, wac
from pod.authorization.acp import Context, Matcher, Policy
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.rdf.vocab import ACP
from tests.property.test_authorization_rules import AGENTS, BASE, PATHS, modes, parsed
from tests.property.test_authorization_rules import rules as authorizations

CLIENTS = ["https://app.example/id", "https://other.example/id"]
VALUES = {
    ACP.agent: [
        *AGENTS,
        *(each.value for each in (ACP.PublicAgent, ACP.AuthenticatedAgent, ACP.OwnerAgent, ACP.CreatorAgent)),
    ],
    ACP.client: [*CLIENTS, ACP.PublicClient.value, ACP.AuthenticatedClient.value],
    ACP.issuer: ["https://issuer.example/", ACP.PublicIssuer.value, ACP.AuthenticatedIssuer.value],
    ACP.vc: ["https://example.org/FamilyMember"],
}

attributes = st.sampled_from(list(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), st.frozensets(st.sampled_from(VALUES[name]), max_size=2))
)
matchers = st.lists(attributes, max_size=2).map(lambda found: Matcher(tuple(found)))
some = st.lists(matchers, max_size=2).map(tuple)
policies = st.builds(Policy, name=st.none(), allow=modes, deny=modes, all_of=some, any_of=some, none_of=some)
contexts = st.builds(
    Context,
    target=st.just(BASE),
    agent=st.none() | st.sampled_from(AGENTS),
    client=st.none() | st.sampled_from(CLIENTS),
    issuer=st.none() | st.just("https://issuer.example/"),
    owners=st.just((AGENTS[0],)),
    creator=st.none() | st.sampled_from(AGENTS),
)


def granted(found, context):
    return acp.evaluate(found, context).modes


@settings(deadline=None)
@given(st.lists(policies, max_size=4), policies, contexts)
def test_a_policy_that_only_denies_never_grants_and_one_that_only_allows_never_takes(before, more, context):
    denies = Policy(None, AccessMode.NONE, more.deny, more.all_of, more.any_of, more.none_of)
    allows = Policy(None, more.allow, AccessMode.NONE, more.all_of, more.any_of, more.none_of)
    for place in (0, len(before)):
        assert granted([*before[:place], denies, *before[place:]], context) in granted(before, context)
        assert granted(before, context) in granted([*before[:place], allows, *before[place:]], context)


@settings(deadline=None)
@given(st.lists(policies, max_size=4), modes, contexts)
def test_what_is_denied_to_all_is_granted_to_nobody(before, denied, context):
    everybody = (Matcher(((ACP.agent, frozenset((ACP.PublicAgent.value,))),)),)
    assert not granted([*before, Policy(None, AccessMode.NONE, denied, any_of=everybody)], context) & denied


@settings(deadline=None)
@given(st.lists(policies, max_size=4), contexts)
def test_the_reasons_account_for_all_that_is_granted(found, context):
    verdict = acp.evaluate(found, context)
    given_by_them = AccessMode.NONE
    for policy in verdict.allowing:
        given_by_them |= policy.allow.entailed()
    assert verdict.modes in given_by_them


@settings(deadline=None)
@given(
    st.lists(authorizations, max_size=4),
    st.none() | st.sampled_from(AGENTS),
    st.sampled_from(PATHS),
    st.booleans(),
)
def test_rules_of_agents_and_classes_mean_the_same_in_both_languages(found, agent, url, inherited):
    simple = [plain(rule) for rule in found]
    by_wac = wac.evaluate(parsed(simple), url, inherited=inherited, credentials=Credentials(agent=agent)).modes
    reaching = [rule for rule in simple if url in (rule.default if inherited else rule.access_to)]
    assert granted(list(map(as_policy, reaching)), Context(url, agent)) == by_wac


def plain(rule):
    """Without what Access Control Policy has no word for: groups and origins."""
    return wac.Authorization(
        rule.name, rule.modes, rule.access_to, rule.default, rule.agents, frozenset(), rule.public, rule.authenticated
    )


def as_policy(rule):
    agents = set(rule.agents)
    agents |= {ACP.PublicAgent.value} if rule.public else set()
    agents |= {ACP.AuthenticatedAgent.value} if rule.authenticated else set()
    matcher = Matcher(((ACP.agent, frozenset(agents)),) if agents else ())
    return Policy(None, rule.modes, AccessMode.NONE, any_of=(matcher,))
