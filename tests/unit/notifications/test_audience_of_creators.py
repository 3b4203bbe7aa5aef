"""Under Access Control Policy, who hears of something may depend on who made it; of what is gone, on who had made it."""

from __future__ import annotations

import pytest

from tests.support.inprocess import BASE, LocalServer
from tests.tables.languages import acr, agent, policy
from tests.unit.notifications.happenings import TURTLE, delete, fresh, now, put, web_id
from tests.unit.notifications.test_audience import ALICE, BOB, told

CREATOR = "acp:agent acp:CreatorAgent"
EVERYBODY = "acp:agent acp:PublicAgent"


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    server = LocalServer(tmp_path_factory.mktemp("notifications") / "data", settings={"access_control": "acp"})
    yield server
    server.close()


def box(local, *policies):
    """A container of alice's in which bob may make things, under these policies."""
    path = fresh()
    put(local, path + ".keep")
    given = [policy("Append", agent(web_id(BOB))), *policies]
    put(local, path + ".acl", acr(BASE + path[1:], [policy("Append", agent(web_id(BOB)))], given).encode(), TURTLE)
    return path


def deleted(local, path, by):
    """Made by somebody, deleted by alice; gives the moment between."""
    put(local, path, by=by)
    before = now(local)
    delete(local, path)
    return before


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_who_may_read_what_it_made_hears_that_it_is_gone(local):
    doc = box(local, policy("Read", CREATOR)) + "doc"
    before = deleted(local, doc, by=BOB)
    assert told(local, BOB, before, doc) == [("Delete", doc)]
    put(local, doc)
    assert told(local, BOB, before, doc) == [("Delete", doc)]


@pytest.mark.requirement("notifications#authorization-at-delivery")
def test_who_may_not_read_what_it_made_does_not_hear_that_it_is_gone(local):
    doc = box(local, policy("Read", EVERYBODY), policy("", CREATOR, deny="Read")) + "doc"
    before = deleted(local, doc, by=BOB)
    put(local, doc)
    assert told(local, BOB, before, doc) == [("Create", doc)]
    assert told(local, ALICE, before, doc) == [("Delete", doc)]


def test_what_others_made_at_the_same_place_is_theirs(local):
    doc = box(local, policy("Read", CREATOR)) + "doc"
    before = deleted(local, doc, by=ALICE)
    put(local, doc, by=BOB)
    assert told(local, BOB, before, doc) == [("Create", doc)]
