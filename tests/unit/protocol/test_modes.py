"""Access modes: what follows from what, and how they are spelled."""

import pytest

from pod.protocol.agent import PUBLIC, Credentials
from pod.protocol.modes import AccessMode

READ, APPEND, WRITE, CONTROL = AccessMode.READ, AccessMode.APPEND, AccessMode.WRITE, AccessMode.CONTROL


@pytest.mark.requirement("wac#authorization-evaluation-acl-mode-entailment")
@pytest.mark.parametrize(
    ("modes", "entailed"),
    [
        (AccessMode.NONE, AccessMode.NONE),
        (READ, READ),
        (WRITE, WRITE | APPEND),
        (CONTROL, CONTROL),
        (READ | CONTROL, READ | CONTROL),
        (READ | WRITE, READ | WRITE | APPEND),
    ],
)
def test_only_write_entails_another_mode(modes, entailed):
    assert modes.entailed() == entailed
    assert entailed.entailed() == entailed


@pytest.mark.parametrize(
    ("modes", "names"),
    [
        (AccessMode.NONE, ()),
        (CONTROL | READ, ("read", "control")),
        (~AccessMode.NONE, ("read", "write", "append", "control")),
    ],
)
def test_modes_are_named_in_the_order_of_wac_allow(modes, names):
    assert modes.names() == names


def test_the_public_is_nobody():
    assert not PUBLIC.authenticated
    assert Credentials(agent="https://pods.example/alice/profile/card#me").authenticated
