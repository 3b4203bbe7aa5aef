"""Accounts get WebIDs under the URL that their data directory is served at, wherever the command is typed."""

from __future__ import annotations

from click.testing import CliRunner

from pod.cli import guard
from pod.cli.main import main
from pod.cli.options import settings_of_server


def test_a_command_takes_the_url_the_server_was_started_with(tmp_path):
    guard.record_base_url(tmp_path, "https://pods.example/")
    assert settings_of_server(None, data=tmp_path).base_url == "https://pods.example/"


def test_what_is_said_counts_more_than_what_was_recorded(tmp_path):
    guard.record_base_url(tmp_path, "https://pods.example/")
    assert settings_of_server(None, data=tmp_path, base_url="https://new.example/").base_url == "https://new.example/"


def test_without_a_record_the_default_counts(tmp_path):
    assert settings_of_server(None, data=tmp_path).base_url == "http://localhost:3000/"


def test_another_url_than_before_is_told(tmp_path):
    assert guard.record_base_url(tmp_path, "http://localhost:3000/") is None
    assert guard.record_base_url(tmp_path, "http://localhost:3000/") is None
    assert guard.record_base_url(tmp_path, "https://pods.example/") == "http://localhost:3000/"


def test_an_account_made_beside_a_server_has_its_url(tmp_path):
    guard.record_base_url(tmp_path, "https://pods.example/")
    command = ["account", "create", "alice", "--password", "a-long-password", "--data", str(tmp_path)]
    result = CliRunner().invoke(main, command)
    assert "https://pods.example/alice/profile/card#me" in result.output


def test_a_record_that_is_no_text_counts_as_none(tmp_path):
    (tmp_path / guard.BASE_URL_FILE).write_bytes(b"\xff")
    assert guard.served_at(tmp_path) is None
