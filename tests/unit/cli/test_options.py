"""Where data can be kept, and what is said where it cannot."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from pod.cli.main import main

COMMANDS = [
    ["serve"],
    ["web"],
    ["worker"],
    ["stream"],
    ["fsck"],
    ["account", "list"],
    ["explain", "public", "read", "http://a.b/"],
]


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize("command", COMMANDS)
def test_data_below_a_file_is_refused_with_a_sentence(tmp_path, command):
    (tmp_path / "file").write_text("")
    result = run(*command, "--data", tmp_path / "file" / "below")
    assert result.exit_code == 78
    assert f"{tmp_path / 'file'} is not a directory" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_data_on_a_disk_that_cannot_be_written_to_is_refused_with_a_sentence(tmp_path, monkeypatch, command):
    monkeypatch.setattr(os, "access", lambda *_: False)
    result = run(*command, "--data", tmp_path / "data")
    assert result.exit_code == 78
    assert f"{tmp_path} cannot be written to" in result.output


@pytest.mark.parametrize("command", [["fsck"], ["explain", "public", "read", "http://a.b/"]])
def test_asking_about_data_that_does_not_exist_does_not_make_it(tmp_path, command):
    result = run(*command, "--data", tmp_path / "typo")
    assert result.exit_code == 1
    assert "There is no data" in result.output
    assert not (tmp_path / "typo").exists()
