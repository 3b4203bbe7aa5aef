"""Sharing, by what requests are then allowed: given, lowered, ended and taken back, in both languages of access rules."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.identity.accounts import create_account
from pod.protocol.agent import Credentials
from pod.protocol.modes import ALL_MODES, AccessMode
from pod.protocol.resource import Target
from pod.rdf.graph import IRI
from pod.rdf.vocab import ACL, ACP, RDFS
from pod.services import open_services
from pod.sharing.audiences import EVERYONE, SIGNED_IN, Audience, Level, Whom, group, person
from pod.sharing.in_force import RulesUnreadable
from pod.sharing.sharing import Sharing, is_shared
from pod.store.records import Actor
from pod.store.sqlite import open_store
from tests.support.people import PUBLIC as BASE
from tests.unit.sharing.pod import ALICE, BOB, CAROL, FILE, FOLDER, Pod, pod_of

NONE, READ = AccessMode.NONE, AccessMode.READ
WEEK_MS = 7 * 24 * 3600 * 1000


@pytest.fixture(params=["wac", "acp"])
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, request.param) as made:
        yield made


@pytest.fixture
def wac(tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, "wac") as made:
        yield made


@pytest.fixture
def acp(tmp_path: Path) -> Iterator[Pod]:
    with pod_of(tmp_path, "acp") as made:
        yield made


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("path", [FOLDER, FILE])
def test_a_person_gets_what_the_level_says_there_and_inside(pod: Pod, path: str, level: Level):
    pod.share(path, person(BOB), level)
    assert pod.modes(path, BOB) == pod.modes(FILE, BOB) == level.modes
    assert pod.modes(path, CAROL) == pod.modes(path) == NONE
    assert pod.modes("/alice/", BOB) == NONE
    assert pod.modes(path, ALICE) == ALL_MODES
    pod.unshare(path, person(BOB))
    assert pod.modes(path, BOB) == pod.modes(FILE, BOB) == NONE


@pytest.mark.parametrize(("audience", "who"), [(SIGNED_IN, {BOB, CAROL}), (EVERYONE, {BOB, CAROL, None})])
def test_many_are_let_in_at_once(pod: Pod, audience: Audience, who: set[str | None]):
    pod.share(FOLDER, audience, Level.READ)
    assert {each for each in (BOB, CAROL, None) if READ in pod.modes(FILE, each)} == who
    pod.unshare(FOLDER, audience)
    assert all(pod.modes(FILE, each) == NONE for each in (BOB, CAROL, None))


def test_sharing_again_sets_what_they_have(pod: Pod):
    for level in (Level.EDIT, Level.READ, Level.FULL, Level.ADD):
        pod.share(FOLDER, person(BOB), level)
        assert pod.modes(FOLDER, BOB) == level.modes
    assert pod.shares(FOLDER) == [(BOB, FOLDER)]


def test_access_ends_by_itself_and_the_page_goes_on_telling_of_it(pod: Pod):
    pod.share(FOLDER, person(BOB), Level.READ, pod.now_ms + WEEK_MS)
    pod.pass_time(WEEK_MS / 1000 - 1)
    assert pod.modes(FILE, BOB) == READ
    pod.pass_time(1)
    assert pod.modes(FILE, BOB) == NONE
    state = pod.sharing.state(pod.account, FOLDER)
    assert [share.stands(state.now_ms) for share in state.shares] == [False]


def test_only_through_one_app(pod: Pod):
    pod.share(FOLDER, person(BOB, "https://app.example/id"), Level.READ)
    pod.share(FOLDER, person(BOB, "registered-here"), Level.EDIT)
    store, decide = pod.services.store, pod.services.authorizer.decide
    snapshot = store.describe(Target.parse(FILE), with_body=False)
    for client, modes in (("https://app.example/id", READ), ("registered-here", Level.EDIT.modes), (None, NONE)):
        assert decide(store, snapshot, Credentials(BOB, client)).modes == modes
    pod.unshare(FOLDER, person(BOB, "registered-here"))
    assert pod.shares(FOLDER) == [(BOB, FOLDER)]
    pod.unshare(FOLDER, person(BOB))
    assert pod.shares(FOLDER) == []


def test_what_is_given_through_something_that_is_no_app_can_be_changed_and_taken_back(pod: Pod):
    for client in ("https://app.example/an id", "http://"):
        audience = person(BOB, client)
        pod.share(FOLDER, audience, Level.READ)
        assert [share.audience for share in pod.sharing.state(pod.account, FOLDER).shares] == [audience]
        pod.unshare(FOLDER, audience)
        assert pod.shares(FOLDER) == []


def test_the_page_tells_what_is_inherited_and_from_where(pod: Pod):
    pod.share(FOLDER, person(BOB), Level.EDIT, label="Bob")
    (share,) = pod.sharing.state(pod.account, FILE).shares
    assert (share.audience, share.here, share.source, share.label) == (person(BOB), Level.EDIT.modes, FOLDER, "Bob")


def test_what_is_above_counts_on_where_rules_add_up(acp: Pod):
    acp.share(FOLDER, person(BOB), Level.READ)
    acp.share(FILE, person(CAROL), Level.READ)
    assert acp.shares(FILE) == [(CAROL, FILE), (BOB, FOLDER)]
    with pytest.raises(Conflict, match="photos/"):
        acp.unshare(FILE, person(BOB))


def test_a_list_of_its_own_begins_with_what_was_inherited(wac: Pod):
    wac.write(
        f"{FOLDER}.acl",
        f"""<#owner> a acl:Authorization; acl:agent <{ALICE}>; acl:default <./>; acl:accessTo <./>; acl:mode acl:Control.
        <#bob> a acl:Authorization; rdfs:comment "my friend"; acl:agent <{BOB}>; acl:default <./>; acl:mode acl:Read;
          acl:origin <https://app.example>; acl:condition <#when>, [ a <urn:other:Condition>; <urn:other:x> [ a <urn:y> ] ].
        <#when> a fh:TimeCondition; fh:until "2031-01-01T00:00:00Z"^^xsd:dateTime.
        <#here> a acl:Authorization; acl:agent <{CAROL}>; acl:accessTo <./>; acl:mode acl:Read.""",
    )
    before = wac.modes(FILE, BOB)
    wac.share(FILE, EVERYONE, Level.READ)
    rules, bob = wac.rules(FILE), IRI(f"{BASE}alice/photos/sea.acl#bob")
    assert {str(term) for term in rules.objects(bob, ACL.accessTo)} == {f"<{BASE}alice/photos/sea>"}
    assert rules.count(bob, ACL.default) == 0
    assert rules.count(bob) == 8
    assert rules.count(IRI(f"{BASE}alice/photos/sea.acl#when")) == 2
    assert rules.count(None, None, IRI("urn:y")) == 1
    assert rules.count(None, ACL.agent, IRI(CAROL)) == 0
    assert wac.modes(FILE, BOB) == before | READ
    assert wac.modes(FILE, ALICE) == ALL_MODES


def test_somebody_who_inherits_can_be_left_out_of_one_file(wac: Pod):
    for who in (BOB, CAROL):
        wac.share(FOLDER, person(who), Level.READ)
    wac.unshare(FILE, person(BOB))
    assert (wac.modes(FILE, BOB), wac.modes(FILE, CAROL), wac.modes(FOLDER, BOB)) == (NONE, READ, READ)


def test_taking_back_what_nobody_has_writes_nothing(pod: Pod):
    before = pod.services.store.changes(0, 1000)
    pod.unshare(FILE, person(BOB))
    assert pod.services.store.changes(0, 1000) == before


# -- groups ------------------------------------------------------------------------------------------------------------

FRIENDS = f"{BASE}alice/friends#it"


def test_members_have_what_the_group_has_while_they_are_in_it(wac: Pod):
    wac.write("/alice/friends", f"<#it> a vcard:Group; vcard:hasMember <{BOB}>.")
    wac.share(FOLDER, group(FRIENDS), Level.ADD)
    assert (wac.modes(FILE, BOB), wac.modes(FILE, CAROL)) == (Level.ADD.modes, NONE)
    wac.write("/alice/friends", f"<#it> a vcard:Group; vcard:hasMember <{CAROL}>.")
    assert (wac.modes(FILE, BOB), wac.modes(FILE, CAROL)) == (NONE, Level.ADD.modes)


def test_where_rules_know_no_groups_it_says_so(acp: Pod):
    with pytest.raises(Conflict, match="cannot name groups"):
        acp.share(FOLDER, group(FRIENDS), Level.READ)
    assert not acp.sharing.state(acp.account, FOLDER).knows_groups


# -- nobody is locked out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/alice/", FOLDER, FILE])
def test_an_owner_keeps_everything(pod: Pod, path: str):
    for act in (lambda: pod.share(path, person(ALICE), Level.READ), lambda: pod.unshare(path, person(ALICE))):
        with pytest.raises(Conflict, match="owner"):
            act()
    pod.share(path, EVERYONE, Level.EDIT)
    pod.unshare(path, EVERYONE)
    assert pod.modes(path, ALICE) == ALL_MODES


def test_an_owner_who_had_everything_as_one_of_all_has_it_by_name_afterwards(wac: Pod):
    wac.write(
        f"{FOLDER}.acl", "[] a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <./>; acl:mode acl:Write."
    )
    wac.unshare(FOLDER, EVERYONE)
    assert wac.modes(FOLDER, ALICE) == wac.modes(FILE, ALICE) == ALL_MODES


def test_a_profile_stays_readable(pod: Pod):
    for act in (
        lambda: pod.unshare("/alice/profile/card", EVERYONE),
        lambda: pod.share("/alice/profile/card", EVERYONE, Level.READ, pod.now_ms + WEEK_MS),
    ):
        with pytest.raises(Conflict, match="profile"):
            act()
    assert pod.modes("/alice/profile/card") == READ


# -- whoever may not, and what cannot be -------------------------------------------------------------------------------


def test_nobody_else_shares_it_but_whom_the_owner_lets_decide(pod: Pod):
    bob = create_account(pod.services, "bob", password=None).id
    for act in (
        lambda: pod.sharing.state(bob, FOLDER),
        lambda: pod.sharing.share(bob, FOLDER, EVERYONE, Level.READ),
        lambda: pod.sharing.unshare(bob, FOLDER, EVERYONE),
        lambda: pod.sharing.explain(bob, FOLDER, ALICE),
    ):
        with pytest.raises(NotFound):
            act()
    pod.share(FOLDER, person(f"{BASE}bob/profile/card#me"), Level.FULL)
    pod.sharing.share(bob, FOLDER, person(CAROL), Level.READ)
    assert pod.modes(FILE, CAROL) == READ


def _delegate(pod: Pod, path: str) -> int:
    account = create_account(pod.services, "bob", password=None).id
    pod.share(path, person(f"{BASE}bob/profile/card#me"), Level.FULL)
    return account


def test_who_was_let_decide_about_one_thing_hears_nothing_of_rules_above_and_inside(acp: Pod):
    acp.share("/alice/", person(CAROL), Level.READ)
    bob = _delegate(acp, FOLDER)
    acp.write(f"{FILE}.acl", "<> acp:resource <./sea>; acp:accessControl <#own>.")
    assert CAROL not in {each.audience.iri for each in acp.sharing.state(bob, FOLDER).shares}
    with pytest.raises(Conflict, match="only the owner"):
        acp.sharing.explain(bob, FOLDER, CAROL)
    acp.sharing.unshare(bob, FOLDER, person(CAROL))  # and so is not told where it comes from
    assert acp.modes(FOLDER, CAROL) == READ


def test_who_was_let_decide_about_one_thing_hears_only_of_rules_inside_that_it_decides_about_too(wac: Pod):
    bob = _delegate(wac, FOLDER)
    wac.share(FILE, person(CAROL), Level.READ)
    assert wac.sharing.state(bob, FOLDER).apart == (FILE,)
    wac.unshare(FILE, person(f"{BASE}bob/profile/card#me"))
    assert wac.sharing.state(bob, FOLDER).apart == ()
    assert wac.sharing.state(wac.account, FOLDER).apart == (FILE,)


def test_who_was_let_decide_cannot_find_out_who_is_in_a_private_group(wac: Pod):
    wac.write("/alice/friends", f"<#it> a vcard:Group; vcard:hasMember <{CAROL}>.")
    bob = _delegate(wac, FOLDER)
    assert wac.sharing.explain(bob, FOLDER, CAROL).ways == ()
    wac.sharing.share(bob, FOLDER, group(FRIENDS), Level.READ)
    with pytest.raises(Conflict, match="only the owner"):
        wac.sharing.explain(bob, FOLDER, CAROL)
    wac.share("/alice/friends", SIGNED_IN, Level.READ)
    assert wac.sharing.explain(bob, FOLDER, CAROL).modes == READ


def test_owners_see_in_their_activity_who_changed_who_has_access(pod: Pod, monkeypatch: pytest.MonkeyPatch):
    noted: list[tuple[Any, ...]] = []
    monkeypatch.setattr(type(pod.services.access_log), "note", lambda _, *what, **more: noted.append(what))
    bob = _delegate(pod, FOLDER)
    pod.sharing.share(bob, FOLDER, person(CAROL), Level.READ)
    pod.unshare(FOLDER, person(CAROL))
    pod.unshare(FOLDER, person(CAROL))  # does nothing
    who = [ALICE, f"{BASE}bob/profile/card#me", ALICE]
    assert noted == [(FOLDER, each, BASE, AccessMode.CONTROL) for each in who]


@pytest.mark.parametrize("path", ["/alice/none", "/alice/photos/.acl", "/alice/photos/sea.meta", "/nobody/x"])
def test_what_is_not_there_cannot_be_shared(pod: Pod, path: str):
    with pytest.raises(NotFound):
        pod.share(path, EVERYONE, Level.READ)


@pytest.mark.parametrize(
    ("audience", "level", "after_ms"),
    [
        (EVERYONE, Level.FULL, None),
        (SIGNED_IN, Level.FULL, None),
        (Audience(Whom.CREATOR), Level.READ, None),
        (person(BOB), Level.READ, 0),
        (person(BOB), Level.READ, -1),
    ],
)
def test_what_would_do_harm_or_nothing_is_refused(pod: Pod, audience: Audience, level: Level, after_ms: int | None):
    with pytest.raises(UnprocessableContent):
        pod.share(FOLDER, audience, level, None if after_ms is None else pod.now_ms + after_ms)


@pytest.mark.parametrize(
    "iri", ["", "bob", "mailto:bob@example.org", "https://", "https://a b", "http://x/<y>", "https://x/" + "a" * 2000]
)
def test_an_address_has_to_be_one(iri: str):
    for make in (person, group):
        with pytest.raises(UnprocessableContent):
            make(iri)


def test_rules_that_cannot_be_read_are_not_written_over(pod: Pod):
    pod.share(FOLDER, person(BOB), Level.READ)
    with pod.services.store.write(Actor()) as tx:
        tx.rows("UPDATE resource SET body = ? WHERE path = ?", (b"not turtle <", f"{FOLDER}.acl"))
    for act in (lambda: pod.share(FOLDER, EVERYONE, Level.READ), lambda: pod.sharing.state(pod.account, FOLDER)):
        with pytest.raises(RulesUnreadable):
            act()
    assert not is_shared(pod.services, FOLDER)


def test_two_things_are_shared_in_one_transaction_or_neither(pod: Pod):
    with pytest.raises(NotFound), pod.services.store.write(Actor(ALICE)) as tx:
        pod.sharing.share_within(tx, pod.account, FOLDER, person(BOB), Level.READ)
        pod.sharing.share_within(tx, pod.account, "/alice/none", person(BOB), Level.READ)
    assert pod.modes(FOLDER, BOB) == NONE


def test_what_an_app_writes_meanwhile_is_not_lost(wac: Pod, monkeypatch: pytest.MonkeyPatch):
    computed, written = wac.sharing._computed, []

    def interrupted(*what: Any) -> Any:
        made = computed(*what)
        if not written:
            written.append(True)
            owner = f"<#o> a acl:Authorization; acl:agent <{ALICE}>; acl:accessTo <./>; acl:default <./>; acl:mode acl:Control."
            wac.write(
                f"{FOLDER}.acl",
                f"{owner} <#c> a acl:Authorization; acl:agent <{CAROL}>; acl:accessTo <./>; acl:mode acl:Read.",
            )
        return made

    monkeypatch.setattr(Sharing, "_computed", lambda _, *what: interrupted(*what))
    wac.share(FOLDER, person(BOB), Level.READ)
    assert wac.modes(FOLDER, BOB) == wac.modes(FOLDER, CAROL) == READ


def test_what_another_page_shares_and_takes_back_meanwhile_is_not_lost(pod: Pod, monkeypatch: pytest.MonkeyPatch):
    """It is open in another process."""
    config, clock = pod.services.config, pod.services.clock
    services = open_services(config, clock, open_store(config, clock))
    computed, other = Sharing._computed, Sharing(services)
    waiting = [
        lambda: other.share(pod.account, FOLDER, person(CAROL), Level.READ),
        lambda: other.unshare(pod.account, FOLDER, SIGNED_IN),
    ]

    def interrupted(sharing: Sharing, *what: Any) -> Any:
        made = computed(sharing, *what)
        if sharing is pod.sharing and waiting:
            waiting.pop()()
        return made

    pod.share(FOLDER, SIGNED_IN, Level.EDIT)
    monkeypatch.setattr(Sharing, "_computed", interrupted)
    pod.share(FOLDER, person(BOB), Level.READ)
    services.close()
    assert not waiting
    assert {name for name, _ in pod.shares(FOLDER)} == {BOB, CAROL}


def test_many_who_share_at_once_lose_nothing(pod: Pod):
    names = [f"https://p{number}.example/#me" for number in range(12)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: pod.share(FOLDER, person(name), Level.READ), names))
    assert {name for name, _ in pod.shares(FOLDER)} == set(names)


@pytest.mark.parametrize(
    "taken", [["share-1"], ["share-1", "share-2-until"], ["share-9", "share-10"], ["share-x", "share-"]]
)
def test_new_rules_have_new_names(wac: Pod, taken: list[str]):
    wac.write(f"{FOLDER}.acl", "".join(f"<#{name}> rdfs:comment 'kept'. " for name in taken))
    wac.share(FOLDER, person(BOB), Level.READ, wac.now_ms + 1000)
    assert wac.rules(FOLDER).count(None, RDFS.comment) == len(taken)
    assert all(wac.rules(FOLDER).count(IRI(f"{BASE}alice/photos/.acl#{name}")) == 1 for name in taken)


def test_something_is_shared_when_somebody_else_has_access_now(pod: Pod):
    assert not is_shared(pod.services, FOLDER)
    pod.share(FOLDER, person(BOB), Level.READ, pod.now_ms + 1000)
    assert is_shared(pod.services, FOLDER)
    assert is_shared(pod.services, FILE)
    pod.pass_time(2)
    assert not is_shared(pod.services, FOLDER)


# -- what somebody can see ---------------------------------------------------------------------------------------------


def test_all_that_lets_somebody_in_is_told(pod: Pod):
    pod.share(FOLDER, person(BOB), Level.EDIT, pod.now_ms + WEEK_MS)
    pod.share(FOLDER, SIGNED_IN, Level.READ)
    pod.share(FOLDER, person(CAROL), Level.READ)
    found = pod.sharing.explain(pod.account, FILE, BOB)
    assert found.modes == Level.EDIT.modes
    assert [each.audience for each in found.ways] == [person(BOB), SIGNED_IN]
    pod.pass_time(WEEK_MS / 1000)
    found = pod.sharing.explain(pod.account, FILE, BOB)
    assert (found.modes, [each.audience for each in found.over]) == (READ, [person(BOB)])
    assert pod.sharing.explain(pod.account, FILE, None).ways == ()
    assert pod.sharing.explain(pod.account, FILE, ALICE).is_owner


def test_a_group_lets_its_members_in(wac: Pod):
    wac.write("/alice/friends", f"<#it> a vcard:Group; vcard:hasMember <{BOB}>.")
    wac.share(FOLDER, group(FRIENDS), Level.READ)
    assert [each.audience for each in wac.sharing.explain(wac.account, FILE, BOB).ways] == [group(FRIENDS)]
    assert wac.sharing.explain(wac.account, FILE, CAROL).ways == ()


def test_what_keeps_somebody_out_is_told(acp: Pod):
    acp.share("/alice/", EVERYONE, Level.READ)
    acp.write(
        f"{FOLDER}.acl",
        f"""<> acp:resource <./>; acp:accessControl [ acp:apply [ acp:deny acl:Read; acp:anyOf [ acp:agent <{BOB}> ] ] ];
        acp:memberAccessControl [ acp:apply [ acp:allow acl:Append; acp:anyOf [ acp:agent acp:CreatorAgent ] ] ].""",
    )
    found = acp.sharing.explain(acp.account, FOLDER, BOB)
    assert (found.modes, len(found.denials), found.denials[0].changeable) == (NONE, 1, False)
    assert [each.audience.whom for each in acp.sharing.explain(acp.account, FILE, ALICE).ways] == [
        Whom.CREATOR,
        Whom.PERSON,
        Whom.EVERYONE,
    ]
    assert acp.rules(FOLDER).count(None, ACP.deny) == 1
