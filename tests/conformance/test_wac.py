"""Web Access Control observed from outside, rule by rule. Which modes each request needs is the permission table's part.

Spec: WAC 1.0 and its editor's draft; Solid #web-access-control
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from rdflib import RDF, URIRef

from tests.support.client import (
    ACL,
    SPARQL,
    TURTLE,
    SolidClient,
    acl,
    assert_problem,
    authorization,
    contained,
    link,
    linked,
    listed,
)
from tests.support.fixtures import signed_in
from tests.support.server import ALICE, BOB, running_server
from tests.support.waiting import SECONDS_MAX

Give = Callable[..., None]


@pytest.fixture
def document(alice: SolidClient, container: str) -> str:
    """A document of alice's, in a container of hers, that inherits its rules."""
    alice.put_turtle(f"{container}doc", '<> <http://example.org/says> "hello".')
    return f"{container}doc"


@pytest.fixture
def give(alice: SolidClient) -> Give:
    """`give(url, rule, ...)` writes an ACL with these rules, and one that keeps alice in control."""

    def write(url: str, *rules: str) -> None:
        alice.put_acl(url, keep_control(alice, url), *rules)

    return write


def keep_control(alice: SolidClient, url: str) -> str:
    return authorization(url, "Read Write Control", agents=(alice.web_id,), default=url.endswith("/"))


def wac_allow(response: requests.Response) -> dict[str, set[str]]:
    field = response.headers["WAC-Allow"]
    assert re.fullmatch(r'[a-z]+="[a-z ]*"(, ?[a-z]+="[a-z ]*")*', field), field
    return {group: set(modes.split()) for group, modes in re.findall(r'([a-z]+)="([^"]*)"', field)}


def may(client: SolidClient, url: str, modes: str = "read") -> bool:
    """Whether the server lets a client do the simplest thing that takes a mode. What it writes stays harmless."""
    if modes == "read":
        answer = client.get(url)
    elif modes == "append":
        answer = client.patch(url, 'INSERT DATA { <> <http://example.org/says> "more" }', headers=SPARQL)
    else:
        answer = client.put(url, '<> <http://example.org/says> "hello".', headers=TURTLE)
    assert answer.status_code in {200, 204, 401, 403}, answer.text
    return answer.status_code < 300


# -- the ACL resource --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("solid#server-wac-acp")
@pytest.mark.requirement("wac#server-link-acl")
@pytest.mark.requirement("wac#server-resource-acl-max")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_every_resource_links_exactly_one_acl(alice: SolidClient, document: str, container: str, method: str) -> None:
    acls = {link(alice.request(method, url), "acl") for url in (document, container, alice.pod)}
    assert len(acls) == 3


@pytest.mark.requirement("wac#server-resource-acl-max")
def test_an_acl_has_no_other_acl(alice: SolidClient, document: str, give: Give) -> None:
    give(document)
    url = link(alice.head(document), "acl")
    assert set(linked(alice.head(url), "acl")) <= {url}
    assert alice.put(f"{url}.acl", acl(), headers=TURTLE).status_code == 409


@pytest.mark.requirement("wac#server-get-acl-turtle")
def test_an_acl_is_served_as_turtle(alice: SolidClient, document: str, give: Give) -> None:
    give(document)
    url = link(alice.head(document), "acl")
    answer = alice.get(url, headers={"Accept": "text/turtle"})
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, "text/turtle")
    assert alice.head(url, headers={"Accept": "text/turtle"}).status_code == 200
    assert list(alice.graph(url).subjects(RDF.type, ACL.Authorization))


@pytest.mark.requirement("wac#server-get-acl-turtle")
def test_an_acl_written_as_json_ld_is_served_as_turtle_and_counts(
    alice: SolidClient, bob: SolidClient, document: str
) -> None:
    text = f"""{{"@context": {{"@vocab": "http://www.w3.org/ns/auth/acl#"}}, "@graph": [{{"@type": "Authorization",
      "accessTo": {{"@id": "{document}"}}, "agent": [{{"@id": "{bob.web_id}"}}], "mode": {{"@id": "{ACL.Read}"}}}}]}}"""
    url = link(alice.head(document), "acl")
    assert alice.put(url, text, headers={"Content-Type": "application/ld+json"}).status_code == 201
    assert (None, ACL.agent, URIRef(bob.web_id)) in alice.graph(url)
    assert may(bob, document)


@pytest.mark.requirement("wac#server-acl-without-representation")
@pytest.mark.requirement("wac#server-get-acl-without-representation")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_resource_that_inherits_has_nothing_at_its_acl_url(
    alice: SolidClient, bob: SolidClient, document: str, container: str, method: str
) -> None:
    fresh = alice.post(container, "", headers=TURTLE).headers["Location"]
    for url in (document, fresh):
        acl_url = link(alice.head(url), "acl")
        assert alice.request(method, acl_url).status_code == 404
        assert bob.request(method, acl_url).status_code == 403


@pytest.mark.requirement("wac#server-acl-without-representation")
def test_deleting_an_acl_restores_inheritance(alice: SolidClient, bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Read", agents=(bob.web_id,)))
    assert may(bob, document)
    assert alice.delete(link(alice.head(document), "acl")).status_code == 204
    assert not may(bob, document)
    assert may(alice, document)


@pytest.mark.requirement("wac#server-root-container-acl")
@pytest.mark.requirement("wac#server-root-container-acl-authorization-control")
def test_the_root_has_an_acl_with_control_from_the_beginning(carol: SolidClient) -> None:
    url = link(carol.head(carol.pod), "acl")
    graph = carol.graph(url)
    rules = list(graph.subjects(ACL.mode, ACL.Control))
    assert any((rule, ACL.accessTo, URIRef(carol.pod)) in graph for rule in rules)
    assert any((rule, ACL.agent, URIRef(carol.web_id)) in graph for rule in rules)


@pytest.mark.requirement("wac#server-root-container-acl")
def test_the_root_acl_cannot_be_deleted(carol: SolidClient) -> None:
    url = link(carol.head(carol.pod), "acl")
    assert carol.delete(url).status_code == 405
    assert "DELETE" not in listed(carol.head(url), "Allow")
    assert carol.get(url).status_code == 200


@pytest.mark.requirement("wac#server-root-container-acl-authorization-control")
def test_the_root_acl_cannot_lose_its_control(carol: SolidClient, bob: SolidClient) -> None:
    url = link(carol.head(carol.pod), "acl")
    before = carol.get(url).text
    read_only = acl(authorization(carol.pod, "Read Write", agents=(carol.web_id, bob.web_id), default=True))
    only_default = acl(authorization(carol.pod, "Control", agents=(carol.web_id,), access_to=False, default=True))
    for content in ("", read_only, only_default):
        assert_problem(carol.put(url, content, headers=TURTLE), 409)
    loss = "PREFIX acl: <http://www.w3.org/ns/auth/acl#> DELETE { ?r acl:mode acl:Control } WHERE { ?r acl:mode acl:Control }"
    assert_problem(carol.patch(url, loss, headers=SPARQL), 409)
    assert carol.get(url).text == before


def test_the_root_acl_may_spell_the_root_as_any_other_acl_may_spell_its_resource(carol: SolidClient) -> None:
    url = link(carol.head(carol.pod), "acl")
    before = carol.get(url).text
    spelled = carol.pod.replace("carol", "%63arol")
    assert spelled != carol.pod
    carol.put_turtle(url, acl(authorization(spelled, "Read Write Control", agents=(carol.web_id,), default=True)))
    assert carol.get(carol.pod).status_code == 200
    carol.put_turtle(url, before)


def test_an_owner_repairs_an_acl_that_locks_everyone_out(alice: SolidClient, document: str) -> None:
    url = link(alice.head(document), "acl")
    alice.put_turtle(url, acl())
    assert alice.get(document).status_code == 403
    assert wac_allow(alice.get(url))["user"] == {"read", "write", "append", "control"}
    alice.put_turtle(url, acl(keep_control(alice, document)))
    assert alice.get(document).status_code == 200


@pytest.mark.parametrize("content", ["<a> <b>", "@prefix acl: <x", '{"@id": 1'])
def test_an_acl_that_does_not_parse_is_refused(alice: SolidClient, document: str, content: str) -> None:
    url = link(alice.head(document), "acl")
    assert_problem(alice.put(url, content, headers=TURTLE), 400)
    assert alice.get(url).status_code == 404


# -- which ACL, which rules ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("wac#effective-acl-resource-with-representation")
@pytest.mark.requirement("wac#effective-acl-resource-container-hierarchy")
def test_the_nearest_acl_counts_alone(alice: SolidClient, bob: SolidClient, container: str, give: Give) -> None:
    alice.put_turtle(f"{container}a/b/doc")
    reads = [authorization(url, "Read", agents=(bob.web_id,), default=True) for url in (container, f"{container}a/")]
    give(container, reads[0])
    assert may(bob, f"{container}a/b/doc")
    give(f"{container}a/")
    assert not may(bob, f"{container}a/b/doc")
    assert not may(bob, f"{container}a/")
    assert may(bob, container)
    give(f"{container}a/b/doc", authorization(f"{container}a/b/doc", "Read", agents=(bob.web_id,)))
    assert may(bob, f"{container}a/b/doc")
    assert not may(bob, f"{container}a/b/")


@pytest.mark.requirement("wac#effective-acl-resource-container-hierarchy")
def test_rules_are_inherited_across_many_containers(
    alice: SolidClient, bob: SolidClient, container: str, give: Give
) -> None:
    deep = f"{container}{'x/' * 20}doc"
    alice.put_turtle(deep)
    give(container, authorization(container, "Read", agents=(bob.web_id,), access_to=False, default=True))
    assert may(bob, deep)
    assert not may(bob, container)


@pytest.mark.requirement("wac#authorization-evaluation-context")
def test_access_to_is_for_the_resource_and_default_for_what_is_inside(
    alice: SolidClient, bob: SolidClient, document: str, container: str, give: Give
) -> None:
    give(container, authorization(container, "Read", agents=(bob.web_id,)))
    assert (may(bob, container), may(bob, document)) == (True, False)
    give(container, authorization(container, "Read", agents=(bob.web_id,), access_to=False, default=True))
    assert (may(bob, container), may(bob, document)) == (False, True)


@pytest.mark.requirement("wac#authorization-evaluation-context")
def test_rules_for_another_resource_do_not_count(bob: SolidClient, document: str, container: str, give: Give) -> None:
    give(container, authorization(document, "Read", agents=(bob.web_id,), default=True))
    assert not may(bob, document)
    give(document, authorization(container, "Read", agents=(bob.web_id,), default=True))
    assert not may(bob, document)


INCOMPLETE = [
    "[] acl:accessTo <{url}>; acl:agent <{bob}>; acl:mode acl:Read.",
    "[] a acl:Authorization; acl:agent <{bob}>; acl:mode acl:Read.",
    "[] a acl:Authorization; acl:accessTo <{url}>; acl:agent <{bob}>.",
    "[] a acl:Authorization; acl:accessTo <{url}>; acl:mode acl:Read.",
    '[] a acl:Authorization; acl:accessTo <{url}>; acl:agent "{bob}"; acl:mode acl:Read.',
    "[] a acl:Authorisation; acl:accessTo <{url}>; acl:agent <{bob}>; acl:mode acl:Read.",
]


@pytest.mark.requirement("wac#authorization-conformance")
@pytest.mark.parametrize("rule", INCOMPLETE)
def test_an_incomplete_rule_does_not_count(bob: SolidClient, document: str, give: Give, rule: str) -> None:
    give(document, rule.format(url=document, bob=bob.web_id))
    assert not may(bob, document)


@pytest.mark.requirement("wac#authorization-evaluation-applicable")
def test_rules_add_up_and_what_none_grants_is_denied(bob: SolidClient, document: str, give: Give) -> None:
    read, append = (authorization(document, mode, agents=(bob.web_id,)) for mode in ("Read", "Append"))
    give(document, read, append)
    assert [may(bob, document, mode) for mode in ("read", "append", "write")] == [True, True, False]
    give(document)
    assert [may(bob, document, mode) for mode in ("read", "append", "write")] == [False, False, False]


@pytest.mark.requirement("wac#authorization-evaluation-acl-mode-entailment")
def test_write_includes_append_and_not_read(bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Write", agents=(bob.web_id,)))
    assert [may(bob, document, mode) for mode in ("read", "append", "write")] == [False, True, True]


@pytest.mark.requirement("wac#http-acl-resource")
@pytest.mark.requirement("wac#authorization-evaluation-acl-mode-entailment")
@pytest.mark.requirement("wac#server-control-operation")
def test_control_gives_the_acl_and_nothing_else(bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Control", agents=(bob.web_id,)))
    assert [may(bob, document, mode) for mode in ("read", "append", "write")] == [False, False, False]
    assert bob.get(f"{document}.acl").status_code == 200
    assert bob.delete(f"{document}.acl").status_code == 204
    assert bob.get(f"{document}.acl").status_code == 403


@pytest.mark.requirement("wac#extension-acl-mode")
def test_unknown_modes_neither_stop_processing_nor_grant(bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Access Execute", agents=(bob.web_id,)))
    assert [may(bob, document, mode) for mode in ("read", "append", "write")] == [False, False, False]
    give(document, authorization(document, "Execute Read", agents=(bob.web_id,)))
    assert [may(bob, document, mode) for mode in ("read", "append", "write")] == [True, False, False]


@pytest.mark.requirement("wac#extensions")
@pytest.mark.parametrize("condition", ["[ a acl:ClientCondition ]", "<#anything>"])
def test_a_rule_under_a_condition_that_nothing_is_known_of_grants_nothing(
    bob: SolidClient, document: str, give: Give, condition: str
) -> None:
    rule = authorization(document, "Read", agents=(bob.web_id,))
    give(document, rule.replace("acl:mode", f"acl:condition {condition}; acl:mode"))
    assert not may(bob, document)
    give(document, rule.replace("acl:mode", f"acl:condition {condition}; acl:mode"), rule)
    assert may(bob, document)


# -- who -------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("wac#acl-agent")
def test_a_named_agent_may_and_others_may_not(
    bob: SolidClient, carol: SolidClient, anyone: SolidClient, document: str, give: Give
) -> None:
    give(document, authorization(document, "Read", agents=(bob.web_id,)))
    assert [may(who, document) for who in (bob, carol, anyone)] == [True, False, False]


@pytest.mark.requirement("wac#acl-agentclass")
@pytest.mark.requirement("wac#acl-agentclass-foaf-agent")
@pytest.mark.parametrize("classes", [{"public": True}, {"authenticated": True}], ids=str)
def test_classes_of_agents(
    bob: SolidClient, anyone: SolidClient, document: str, give: Give, classes: dict[str, bool]
) -> None:
    give(document, authorization(document, "Read", **classes))
    assert may(bob, document)
    assert may(anyone, document) is ("public" in classes)
    assert not may(bob, document, "write")


@pytest.fixture
def group(alice: SolidClient, container: str) -> str:
    """A private group document of alice's with a group that has no members yet."""
    alice.put_turtle(f"{container}groups", "<#team> a <http://www.w3.org/2006/vcard/ns#Group>.")
    return f"{container}groups#team"


def members(alice: SolidClient, group: str, *web_ids: str) -> None:
    lines = [f"<{group}> <http://www.w3.org/2006/vcard/ns#hasMember> <{web_id}>." for web_id in web_ids]
    alice.put_turtle(group.partition("#")[0], "\n".join(lines))


@pytest.mark.requirement("wac#acl-agentgroup")
def test_members_of_a_group_of_the_same_storage_come_and_go(
    alice: SolidClient, bob: SolidClient, carol: SolidClient, anyone: SolidClient, document: str, group: str, give: Give
) -> None:
    give(document, authorization(document, "Read", groups=(group,)))
    assert not may(bob, document)
    members(alice, group, bob.web_id)
    assert [may(who, document) for who in (bob, carol, anyone)] == [True, False, False]
    members(alice, group, carol.web_id)
    assert [may(who, document) for who in (bob, carol, anyone)] == [False, True, False]
    alice.delete(group.partition("#")[0])
    assert not may(carol, document)


@pytest.mark.requirement("wac#acl-agentgroup")
def test_a_group_in_another_storage_counts_when_everyone_may_read_it(
    alice: SolidClient, bob: SolidClient, carol: SolidClient, document: str, give: Give
) -> None:
    groups = f"{carol.pod}groups-{document.split('/')[-2]}"
    carol.put_turtle(groups, f"<#team> <http://www.w3.org/2006/vcard/ns#hasMember> <{bob.web_id}>.")
    give(document, authorization(document, "Read", groups=(f"{groups}#team",)))
    assert not may(bob, document)
    carol.put_acl(groups, keep_control(carol, groups), authorization(groups, "Read", public=True))
    assert may(bob, document)


@contextmanager
def group_server(answer: Callable[[], bytes]) -> Iterator[str]:
    """A web server with a group document; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert not self.headers["Authorization"]
            self.send_response(200)
            self.send_header("Content-Type", "text/turtle")
            self.end_headers()
            self.wfile.write(answer())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/groups"
        server.shutdown()
        thread.join(SECONDS_MAX)


@pytest.mark.requirement("wac#acl-agentgroup")
def test_members_of_a_group_on_another_server_may_read_and_write(
    alice: SolidClient, bob: SolidClient, carol: SolidClient, document: str, give: Give
) -> None:
    text = f"<#team> <http://www.w3.org/2006/vcard/ns#hasMember> <{bob.web_id}>."
    with group_server(text.encode) as groups:
        give(document, authorization(document, "Read Write", groups=(f"{groups}#team",)))
        assert [may(bob, document, mode) for mode in ("write", "read", "append")] == [True, True, True]
        assert not may(carol, document)


@pytest.mark.requirement("wac#consider-additional-information-lookups")
@pytest.mark.requirement("wac#acl-agentgroup")
def test_a_group_that_cannot_be_read_has_no_members_and_stops_nobody_else(
    alice: SolidClient, bob: SolidClient, carol: SolidClient, document: str, give: Give
) -> None:
    with group_server(lambda: b"this is not turtle") as groups:
        give(
            document,
            authorization(document, "Read", groups=(f"{groups}#team", "https://group.invalid/g#x")),
            authorization(document, "Read", agents=(carol.web_id,)),
        )
        assert [may(who, document) for who in (bob, carol, alice)] == [False, True, True]


# -- origins ---------------------------------------------------------------------------------------------------------------

APP, OTHER = {"Origin": "https://app.example"}, {"Origin": "https://other.example"}


@pytest.mark.requirement("wac#acl-origin")
@pytest.mark.requirement("wac#authorization-evaluation-origin")
def test_a_rule_with_an_origin_is_narrowed_to_it_when_a_browser_says_where_it_comes_from(
    bob: SolidClient, document: str, give: Give
) -> None:
    give(document, authorization(document, "Read", agents=(bob.web_id,), origins=(APP["Origin"],)))
    assert bob.get(document).status_code == 200
    assert bob.get(document, headers=APP).status_code == 200
    problem = assert_problem(bob.get(document, headers=OTHER), 403)
    assert "web app" in problem["detail"]


@pytest.mark.requirement("wac#acl-origin")
def test_an_origin_alone_grants_nothing(bob: SolidClient, anyone: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Read", origins=(APP["Origin"],)))
    assert bob.get(document, headers=APP).status_code == 403
    assert anyone.get(document, headers=APP).status_code == 401


@pytest.mark.requirement("wac#server-origin-authorization")
def test_rules_without_an_origin_are_for_every_web_app(bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Read", agents=(bob.web_id,)))
    assert bob.get(document, headers=OTHER).status_code == 200


@pytest.mark.requirement("wac#server-origin-authorization")
def test_the_strict_setting_wants_an_origin_for_what_is_not_public() -> None:
    with running_server((ALICE, BOB), environment={"FREEHOLD_ORIGIN_STRICT": "true"}) as server:
        alice, bob = signed_in(server, ALICE), signed_in(server, BOB)
        url = f"{alice.pod}doc"
        alice.put_turtle(url)
        by_agent = authorization(url, "Read Write", agents=(bob.web_id,))
        by_origin = authorization(url, "Read", origins=(APP["Origin"],))
        alice.put_acl(url, keep_control(alice, url), by_agent, by_origin)
        assert [bob.get(url, headers=who).status_code for who in ({}, APP, OTHER)] == [200, 200, 403]
        assert bob.put(url, "", headers=TURTLE | APP).status_code == 403
        alice.put_acl(url, keep_control(alice, url), authorization(url, "Read", public=True))
        assert bob.get(url, headers=OTHER).status_code == 200


# -- what may be learned -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("wac#wac-allow")
@pytest.mark.requirement("wac#server-wac-allow")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("modes", "user"),
    [
        ("Read", {"read"}),
        ("Read Control", {"read", "control"}),
        ("Read Append", {"read", "append"}),
        ("Read Write", {"read", "write", "append"}),
        ("Read Write Append Control", {"read", "write", "append", "control"}),
    ],
)
def test_answers_say_what_the_caller_and_everyone_may(
    bob: SolidClient, document: str, give: Give, method: str, modes: str, user: set[str]
) -> None:
    give(document, authorization(document, modes, agents=(bob.web_id,)))
    groups = wac_allow(bob.request(method, document))
    assert groups["user"] == user
    assert not groups.get("public")


@pytest.mark.requirement("ct#wac-allow")
@pytest.mark.requirement("wac#server-wac-allow")
@pytest.mark.requirement("wac#acl-agentclass-foaf-agent")
def test_the_user_may_what_the_public_may(
    bob: SolidClient, anyone: SolidClient, document: str, container: str, give: Give
) -> None:
    for url in (document, container):
        give(url, authorization(url, "Read", public=True), authorization(url, "Append", agents=(bob.web_id,)))
        answers = [bob.get(url), anyone.get(url)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert wac_allow(answers[0]) == {"user": {"read", "append"}, "public": {"read"}}
        assert wac_allow(answers[1]) == {"user": {"read"}, "public": {"read"}}


@pytest.mark.requirement("wac#server-wac-allow")
def test_inherited_modes_and_modes_by_group_are_told(
    alice: SolidClient, bob: SolidClient, document: str, container: str, group: str, give: Give
) -> None:
    members(alice, group, bob.web_id)
    by_default = authorization(container, "Read", authenticated=True, access_to=False, default=True)
    by_group = authorization(container, "Write", groups=(group,), access_to=False, default=True)
    give(container, by_default, by_group)
    assert wac_allow(bob.head(document))["user"] == {"read", "write", "append"}


@pytest.mark.requirement("wac#server-wac-allow")
def test_control_of_the_subject_is_every_mode_on_its_acl(bob: SolidClient, document: str, give: Give) -> None:
    give(
        document, authorization(document, "Control", agents=(bob.web_id,)), authorization(document, "Read", public=True)
    )
    groups = wac_allow(bob.get(f"{document}.acl"))
    assert groups["user"] == {"read", "write", "append", "control"}
    assert not groups.get("public")


@pytest.mark.requirement("wac#server-wac-allow")
def test_a_304_says_it_too(alice: SolidClient, document: str) -> None:
    etag = alice.get(document).headers["ETag"]
    answer = alice.get(document, headers={"If-None-Match": etag})
    assert (answer.status_code, wac_allow(answer)["user"]) == (304, {"read", "write", "append", "control"})


@pytest.mark.requirement("solid#exposing-information")
@pytest.mark.requirement("wac#consider-append-read-diff")
def test_a_refusal_says_which_modes_it_takes_and_nothing_of_the_resource(
    bob: SolidClient, anyone: SolidClient, document: str
) -> None:
    there, missing = (assert_problem(bob.get(url), 403) for url in (document, f"{document}-not"))
    assert there["requiredModes"] == missing["requiredModes"] == ["read"]
    assert there["detail"] == missing["detail"]
    assert "WWW-Authenticate" in anyone.get(document).headers


@pytest.mark.requirement("wac#reinstated-resource-permissions")
def test_rights_end_with_the_resource(alice: SolidClient, bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Read", agents=(bob.web_id,)))
    alice.delete(document)
    alice.put_turtle(document, "")
    assert not may(bob, document)


# -- what operations take ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("wac#server-read-operation")
def test_reading_takes_read(bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Write Control", agents=(bob.web_id,)))
    assert {bob.request(method, document).status_code for method in ("GET", "HEAD", "OPTIONS")} == {403}


@pytest.mark.requirement("wac#http-post")
@pytest.mark.requirement("wac#http-put")
@pytest.mark.requirement("wac#server-create-operation")
def test_creating_takes_append_where_it_happens(
    alice: SolidClient, bob: SolidClient, container: str, give: Give
) -> None:
    give(container, authorization(container, "Append", agents=(bob.web_id,), default=True))
    by_put = bob.put(f"{container}a/b/c", "", headers=TURTLE)
    by_post = bob.post(container, "", headers=TURTLE)
    assert (by_put.status_code, by_post.status_code) == (201, 201)
    assert not by_put.content
    give(container, authorization(container, "Read", agents=(bob.web_id,), default=True))
    assert bob.put(f"{container}d", "", headers=TURTLE).status_code == 403
    assert contained(alice, container) == {f"{container}a/", by_post.headers["Location"]}


@pytest.mark.requirement("wac#server-update-operation")
def test_adding_takes_append_and_replacing_write(bob: SolidClient, document: str, give: Give) -> None:
    give(document, authorization(document, "Append", agents=(bob.web_id,)))
    assert (may(bob, document, "append"), may(bob, document, "write")) == (True, False)
    give(document, authorization(document, "Write", agents=(bob.web_id,)))
    assert (may(bob, document, "append"), may(bob, document, "write")) == (True, True)


@pytest.mark.requirement("wac#server-delete-operation")
def test_deleting_takes_write_on_the_resource_and_on_its_container(
    bob: SolidClient, document: str, container: str, give: Give
) -> None:
    here = authorization(document, "Write", agents=(bob.web_id,))
    above = authorization(container, "Write", agents=(bob.web_id,))
    give(document, here)
    assert bob.delete(document).status_code == 403
    give(container, above)
    assert bob.delete(document).status_code == 204
