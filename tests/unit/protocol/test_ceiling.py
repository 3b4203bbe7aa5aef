from __future__ import annotations

import json
from itertools import product

import pytest

from pod.errors import BadRequest, MalformedTarget, PodError
from pod.protocol.ceiling import CEILING_CHARACTERS_MAX, CEILING_ITEMS_MAX, NOTHING_ALLOWED, Ceiling, CeilingItem
from pod.protocol.modes import ALL_MODES, AccessMode
from tests.support.ceilings import FULL, NO_CONTROL, ceiling, modes

POSTS = ceiling({"/alice/posts/": "read append", "/alice/card": "write", "/bob/shared/": "read"}, elsewhere="append")


def allowed(limits: Ceiling, path: str, own: bool = True) -> str:
    return " ".join(limits.allows(path, own).names())


@pytest.mark.parametrize(
    ("path", "own", "names"),
    [
        ("/alice/posts/", True, "read append"),
        ("/alice/posts/2026/a", True, "read append"),
        ("/alice/posts", True, ""),
        ("/alice/posts2/a", True, ""),
        ("/alice/", True, ""),
        ("/alice/card", True, "write append"),
        ("/alice/card/a", True, ""),
        ("/alice/cards", True, ""),
        ("/bob/", False, "append"),
        ("/bob/shared/a", False, "read"),
        ("/alice2/posts/", True, ""),
    ],
)
def test_a_container_is_meant_with_all_beneath_and_a_document_alone(path, own, names):
    assert allowed(POSTS, path, own) == names


def test_several_items_give_all_that_one_of_them_gives():
    limits = ceiling({"/alice/": "read", "/alice/a/": "append", "/alice/a/b": "control"})
    assert [allowed(limits, path) for path in ("/alice/x", "/alice/a/x", "/alice/a/b")] == [
        "read",
        "read append",
        "read append control",
    ]


def test_full_access_holds_everywhere_and_has_control_only_where_it_was_chosen():
    assert FULL.allows("/alice/", True) == FULL.allows("/bob/", False) == ALL_MODES
    assert NO_CONTROL.allows("/alice/", True) == NO_CONTROL.allows("/bob/", False) == ALL_MODES & ~AccessMode.CONTROL
    assert (FULL.is_everything, NO_CONTROL.is_everything) == (True, False)


@pytest.mark.parametrize("limits", [POSTS, FULL, NO_CONTROL, NOTHING_ALLOWED, ceiling({}, elsewhere="read")])
def test_it_is_read_back_as_it_was_written(limits):
    assert Ceiling.from_text(limits.to_text()) == limits
    assert Ceiling.from_text(limits.to_text()).to_text() == limits.to_text()


def test_the_kind_that_was_chosen_stays_with_what_it_became():
    limits = Ceiling(items=(CeilingItem("/alice/posts/", modes("read"), "https://vocab.example/Post"),))
    assert Ceiling.from_text(limits.to_text()).items[0].kind == "https://vocab.example/Post"


def changed(**members: object) -> str:
    return json.dumps(json.loads(FULL.to_text()) | members)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 60_000,
        FULL.to_text()[:-1],
        changed(full=1),
        changed(control="yes"),
        changed(more=True),
        changed(items={}),
        changed(items=["/alice/"]),
        changed(items=[{"path": "/alice/", "modes": ["read"]}]),
        changed(items=[{"path": 1, "modes": ["read"], "kind": None}]),
        changed(items=[{"path": "alice", "modes": ["read"], "kind": None}]),
        changed(items=[{"path": "/alice/", "modes": ["reed"], "kind": None}]),
        changed(items=[{"path": "/alice/", "modes": "read", "kind": None}]),
        changed(items=[{"path": "/alice/", "modes": ["read"], "kind": 1}]),
        changed(items=[{"path": "/alice/", "modes": [["read"]], "kind": None}]),
        changed(elsewhere=None),
        changed(elsewhere=["all"]),
        changed(items=[{"path": f"/alice/{each}", "modes": [], "kind": None} for each in range(CEILING_ITEMS_MAX + 1)]),
        FULL.to_text() + " " * CEILING_CHARACTERS_MAX,
    ],
)
def test_what_is_not_understood_allows_nothing(text):
    assert Ceiling.from_text(text) == NOTHING_ALLOWED
    assert not Ceiling.from_text(text).allows("/alice/", True)


@pytest.mark.parametrize("path", ["/alice/.acl", "/alice/a.meta", "/alice/%7E", "alice", "/alice/../bob/", "/alice//"])
def test_items_are_containers_and_documents_by_their_one_name(path):
    with pytest.raises(PodError):
        CeilingItem(path, modes("read"))


def test_there_are_only_so_many_items_and_only_so_long():
    with pytest.raises(BadRequest, match="100 places"):
        ceiling({f"/alice/{each}": "read" for each in range(CEILING_ITEMS_MAX + 1)})
    with pytest.raises(BadRequest, match="too long"):
        ceiling({f"/alice/{each}/" + ("x" * 200 + "/") * 9: "read" for each in range(CEILING_ITEMS_MAX)}).to_text()
    with pytest.raises(BadRequest, match="kind"):
        CeilingItem("/alice/", modes("read"), "k" * 513)
    with pytest.raises(MalformedTarget):
        CeilingItem("", modes("read"))


READ, APPEND, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.CONTROL
SEVERAL = (
    Ceiling(full=True, control=True),
    Ceiling(full=True),
    Ceiling(),
    Ceiling(elsewhere=READ),
    Ceiling(items=(CeilingItem("/alice/a/", READ | CONTROL), CeilingItem("/bob/x", APPEND)), elsewhere=READ),
    Ceiling(items=(CeilingItem("/alice/a/b", READ | AccessMode.WRITE), CeilingItem("/alice/", APPEND))),
)


PATHS = ("/alice/", "/alice/a/", "/alice/a/b", "/alice/a/c", "/bob/", "/bob/x", "/bob/a/")


@pytest.mark.parametrize("one", SEVERAL)
def test_what_two_ceilings_allow_together_is_no_more_than_both_allow(one):
    for other, path in product(SEVERAL, PATHS):
        own = path.startswith("/alice/")
        both = one.within(other, lambda each: each.startswith("/alice/")).allows(path, own)
        expected = one.allows(path, own) & other.allows(path, own)
        assert both == expected if own else both in expected, (other, path)
