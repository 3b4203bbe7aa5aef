"""The seed file is checked whole before anything is made, and says where it is wrong."""

from __future__ import annotations

import pytest

from pod.errors import UnprocessableContent
from pod.identity.seed import TEXT_CHARACTERS_MAX, SeedAccount, SeedClient, parse

ALICE = {"name": "alice", "email": "alice@example.org", "password": "a long one", "clients": []}
CLIENT = {"id": "a-1", "secret": "s", "label": "laptop"}


def test_a_whole_seed_is_understood():
    client = SeedClient("a-1", "s", "laptop")
    expected = SeedAccount("alice", "alice@example.org", "a long one", (client,))
    assert parse({"accounts": [ALICE | {"clients": [CLIENT]}]}) == [expected]


def test_only_names_ids_and_secrets_are_needed():
    seed = {"accounts": [{"name": "alice", "clients": [{"id": "a-1", "secret": "s"}]}]}
    assert parse(seed) == [SeedAccount("alice", None, None, (SeedClient("a-1", "s", ""),))]


@pytest.mark.parametrize("seed", [{}, {"accounts": []}])
def test_an_empty_seed_makes_nothing(seed):
    assert parse(seed) == []


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        ([], "the seed must be an object"),
        (None, "the seed must be an object"),
        ({"acounts": []}, "unknown members: acounts"),
        ({"accounts": {}}, "accounts of the seed must be an array"),
        ({"accounts": [ALICE, "bob"]}, r"accounts\[1\] must be an object"),
        ({"accounts": [{}]}, r"name of accounts\[0\]"),
        ({"accounts": [ALICE | {"name": ""}]}, r"name of accounts\[0\]"),
        ({"accounts": [ALICE | {"name": 7}]}, r"name of accounts\[0\]"),
        ({"accounts": [ALICE | {"name": "a" * (TEXT_CHARACTERS_MAX + 1)}]}, r"name of accounts\[0\]"),
        ({"accounts": [ALICE | {"email": None}]}, r"email of accounts\[0\]"),
        ({"accounts": [ALICE | {"admin": True}]}, "unknown members: admin"),
        ({"accounts": [ALICE | {"clients": "a-1"}]}, r"clients of accounts\[0\] must be an array"),
        ({"accounts": [ALICE | {"clients": [{"id": "a-1"}]}]}, r"secret of accounts\[0\].clients\[0\]"),
        ({"accounts": [ALICE | {"clients": [CLIENT | {"label": []}]}]}, r"label of accounts\[0\].clients\[0\]"),
    ],
)
def test_a_wrong_seed_says_where(seed, words):
    with pytest.raises(UnprocessableContent, match=words):
        parse(seed)
