"""Signing keys on the command line: listed, and retired when one got out."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pod.cli.main import main


@pytest.fixture
def keys(tmp_path):
    def run(*words):
        return CliRunner().invoke(main, ["key", *words, "--data", str(tmp_path)])

    return run


def test_a_retired_key_is_listed_as_such_and_has_a_successor(keys):
    kid, algorithm, _ = keys("list").output.splitlines()[0].split()
    assert keys("retire", kid).exit_code == 0
    listed = [line.split() for line in keys("list").output.splitlines()]
    assert [line[3:] for line in listed if line[0] == kid] == [["retired"]]
    assert [line for line in listed if line[1] == algorithm and line[0] != kid]


def test_an_unknown_key_is_said_in_a_sentence(keys):
    result = keys("retire", "unknown")
    assert (result.exit_code, result.output) == (1, "Error: There is no such signing key.\n")
