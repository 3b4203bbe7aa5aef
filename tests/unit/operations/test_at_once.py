"""Writers who were here lately are spared the first look; whoever is refused takes the whole way."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from pod.authorization.memory import Memory
from pod.errors import AccessDenied, NotAuthenticated, PreconditionFailed, VersionMoved
from pod.operations.admission import LITTLE_BYTES, at_once, remember_regular
from pod.operations.operation import Body, Operation
from pod.protocol.agent import Credentials
from pod.protocol.conditions import Conditions
from pod.protocol.representation import MediaType
from pod.protocol.resource import Target


@pytest.fixture
def services():
    return SimpleNamespace(regulars=Memory(10))


def put(path: str = "/alice/a", agent: str | None = "bob", content: bytes = b"x", media_type: str = "text/turtle"):
    body = Body(io.BytesIO(content), MediaType.parse(media_type), len(content))
    return Operation("PUT", Target.parse(path), Credentials(agent), Conditions(), body=body)


def test_somebody_new_takes_the_whole_way(services):
    assert at_once(services, put(), lambda: "done") is None


def test_who_was_let_write_into_a_container_is_spared_the_first_look_there(services):
    remember_regular(services, put("/alice/box/a"))
    assert at_once(services, put("/alice/box/b"), lambda: "done") == "done"


@pytest.mark.parametrize(
    "other",
    [put("/alice/box/a"), put("/bob/a"), put(agent="carol"), put(agent=None)],
    ids=["deeper", "elsewhere", "somebody else", "nobody"],
)
def test_elsewhere_and_for_others_that_says_nothing(services, other):
    remember_regular(services, put())
    assert at_once(services, other, lambda: "done") is None


@pytest.mark.parametrize(
    "large", [put(content=b"x" * (LITTLE_BYTES + 1)), put(media_type="application/ld+json")], ids=["large", "contexts"]
)
def test_what_takes_time_to_read_is_never_read_in_passing(services, large):
    remember_regular(services, put())
    assert at_once(services, large, lambda: "done") is None


@pytest.mark.parametrize("refusal", [AccessDenied, NotAuthenticated])
def test_who_is_refused_takes_the_whole_way_with_all_of_the_content(services, refusal):
    operation = put()
    remember_regular(services, operation)

    def refused():
        operation.body.stream.read()
        raise refusal

    assert at_once(services, operation, refused) is None
    assert operation.body.stream.read() == b"x"
    assert at_once(services, operation, lambda: "done") is None


def test_what_turns_out_to_need_a_closer_look_gets_it_and_the_writer_stays_known(services):
    def moved():
        raise VersionMoved

    remember_regular(services, put())
    assert at_once(services, put(), moved) is None
    assert at_once(services, put(), lambda: "done") == "done"


def test_other_errors_are_final(services):
    def failed():
        raise PreconditionFailed

    remember_regular(services, put())
    with pytest.raises(PreconditionFailed):
        at_once(services, put(), failed)
