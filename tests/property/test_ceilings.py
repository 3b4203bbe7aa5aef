"""For any rules, groups, ceilings and requests, in both languages: an app may do what the rule says, and no more.

The server's decisions are held against the model of tests/model, which was written from the specifications.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph

from pod.authorization.required import Need
from pod.errors import AccessDenied, CeilingReached
from pod.protocol.agent import Credentials
from pod.protocol.ceiling import Ceiling, CeilingItem
from pod.protocol.modes import AccessMode
from pod.store.accounts import Accounts
from pod.store.apps import Apps
from pod.store.records import SERVER
from tests.model import model_ceilings as model
from tests.model.model_access import ALL, Access, Modes
from tests.model.model_acp import ACP
from tests.model.model_values import NOBODY, RDF_SOURCE, Resource, Who
from tests.model.model_wac import WAC
from tests.model.rules import LANGUAGES, turtle_prefixes
from tests.support.ceilings import modes
from tests.unit.authorization.world import ALICE, BASE, BOB, World

APP, ISSUER, POD = "https://app.example/id", f"{BASE}/", "/alice/"
KNOWN = {
    "%POD%": BASE + POD,
    "%ALICE%": ALICE,
    "%BOB%": BOB,
    "%APP%": APP,
    "%OTHER%": "https://other.example/id",
    "%OWN%": "https://own.example/id",
    "%ISSUER%": ISSUER,
}
NOW = 1_800_000_000.0
"""Between the ends that rules have: one is long over, the other far ahead."""
RULED = (POD, "/alice/m/", "/alice/m/doc", "/alice/m/box/")
PATHS = (*RULED, "/alice/m/box/doc", "/alice/m/box/missing", "/alice/other", "/alice/m/group")
PLACES = (*PATHS, "/alice/m", "/alice/mm/", "/alice/m/do", "/bob/")
DENIED = "; ".join(
    f"acp:accessControl [ acp:apply [ {said} ] ]"
    for said in (
        "acp:allow acl:Read, acl:Append; acp:anyOf [ acp:agent acp:PublicAgent ]",
        "acp:deny acl:Read; acp:anyOf [ acp:agent <%ALICE%>, <%BOB%> ]",
    )
)
"""What strangers may, and those who sign in may not."""
LANGUAGE = {"wac": WAC(), "acp": ACP()}
VCARD = "<http://www.w3.org/2006/vcard/ns#hasMember>"


@dataclass
class Case:
    """A server with rules, and a model that knows the same."""

    language: str
    world: World
    resources: dict[str, Resource] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.access = Access(self.resources, POD, ALICE, lambda path: BASE + path, LANGUAGE[self.language])
        self.world.clock.time = NOW
        for path in ("/alice/m/doc", "/alice/m/box/doc", "/alice/other"):
            self.world.put(path)
        accounts = Accounts(self.world.store)
        with self.world.store.write(SERVER) as tx:
            for name, web_id in (("alice", ALICE), ("bob", BOB)):
                account = accounts.by_name(name).id
                accounts.add_web_id(tx, account, web_id)
                self.grants[web_id] = accounts.create_grant(tx, account, APP, web_id).id

    def write(self, path: str, text: str) -> None:
        """For the server as text, for the model as statements."""
        self.world.put(path, text)
        triples = frozenset(Graph().parse(data=text, format="turtle", publicID=BASE + path))
        self.resources[path] = Resource(RDF_SOURCE, "text/turtle", 0, triples)

    def make_up(self, random: Random) -> None:
        """New rules, and a new group."""
        rules = LANGUAGES[self.language](random)
        for subject in RULED:
            if subject == POD or random.random() < 0.5:
                some = [rules.usual, lambda: [rules.any() for _ in range(random.randint(0, 4))]]
                more = [DENIED] if self.language == "acp" and random.random() < 0.2 else []
                said = turtle_prefixes(self.language) + rules.statements([*random.choice(some)(), *more])
                for name, value in {**KNOWN, "%SUBJECT%": BASE + subject}.items():
                    said = said.replace(name, value)
                self.write(subject + ".acl", said)
            elif self.resources.pop(subject + ".acl", None):
                self.world.delete(subject + ".acl")
        members = random.sample((ALICE, BOB, APP, ISSUER), random.randint(0, 4))
        groups = [random.choice(("friends", "apps", "issuers", "others")) for _ in members]
        said = [f"<#{group}> {VCARD} <{member}>." for group, member in zip(groups, members, strict=True)]
        self.write("/alice/m/group", "\n".join(said))

    def limit(self, most: model.Ceiling) -> None:
        """In force from the next request on, for both apps."""
        items = tuple(CeilingItem(path, modes(" ".join(allowed))) for path, allowed in most.places.items())
        limits = Ceiling(most.everything, most.control, items, modes(" ".join(most.in_other_pods)))
        with self.world.store.write(SERVER) as tx:
            for grant in self.grants.values():
                Apps(tx).limit_grant(tx, grant, limits, None)

    def credentials(self, web_id: str) -> Credentials:
        return Credentials(web_id, APP, ISSUER, self.grants[web_id])

    def found(self, path: str, who: Credentials) -> tuple[Modes, Modes, Modes]:
        """What the server says: what an app may do, what its person may, and what everybody may."""
        decision = self.world.authorizer.decide(self.world.store, self.world.describe(path, who, wide=False), who)
        return tuple(frozenset(each.names()) for each in (decision.modes, decision.granted, decision.public))

    def refusal(self, path: str, mode: AccessMode, who: Credentials) -> type[Exception] | None:
        """What becomes of a request that needs a mode."""
        try:
            self.world.authorize(lambda snapshot: (Need(path, mode, mode),), path, who)
        except AccessDenied as error:
            return type(error)
        return None


@pytest.fixture(scope="module", params=["wac", "acp"])
def case(request, tmp_path_factory) -> Iterator[Case]:
    world = World(tmp_path_factory.mktemp("ceilings"), access_control=request.param)
    yield Case(request.param, world)
    world.store.close()


some_modes = st.frozensets(st.sampled_from(sorted(ALL)), max_size=4)
ceilings = st.builds(
    model.Ceiling,
    st.sampled_from((False, False, False, True)),
    st.booleans(),
    st.dictionaries(st.sampled_from(PLACES), some_modes, max_size=4),
    some_modes,
)


@settings(deadline=None, max_examples=80)
@given(st.randoms(use_true_random=False), st.lists(ceilings, min_size=1, max_size=3), st.sampled_from(list(AccessMode)))
def test_an_app_may_do_what_the_rule_of_ceilings_says(case, random, several, mode):
    case.make_up(random)
    for most in several:
        case.limit(most)
        for web_id in (ALICE, BOB):
            for path in PATHS:
                check(case, path, web_id, most, mode)


def check(case: Case, path: str, web_id: str, most: model.Ceiling, mode: AccessMode) -> None:
    who, is_own = case.credentials(web_id), web_id == ALICE
    granted = case.access.modes(path, Who(web_id, APP, ISSUER))
    public = case.access.modes(path, NOBODY)
    effective = model.effective(granted, public, most.at(path, is_own=is_own))
    assert case.found(path, who) == (effective, granted, public), (path, web_id)
    assert effective <= granted | public
    assert public & granted <= effective
    (name,) = mode.names()
    expected = None if name in effective else CeilingReached if name in granted else AccessDenied
    assert case.refusal(path, mode, who) is expected
    of_rules = [ALL if "control" in each else frozenset() for each in (effective, granted, public)]
    assert list(case.found(path + ".acl", who)) == of_rules


@settings(deadline=None, max_examples=30)
@given(st.randoms(use_true_random=False))
def test_without_a_ceiling_an_app_may_do_what_its_person_may(case, random):
    case.make_up(random)
    case.limit(model.Ceiling(everything=True, control=True))
    for web_id in (ALICE, BOB):
        for path in PATHS:
            granted = case.access.modes(path, Who(web_id, APP, ISSUER))
            assert case.found(path, case.credentials(web_id))[:2] == (granted, granted)
