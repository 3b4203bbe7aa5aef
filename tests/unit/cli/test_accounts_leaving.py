"""Inviting, exporting and deleting on the command line."""

from __future__ import annotations

import zipfile

import pytest
from click.testing import CliRunner

from pod.cli.main import main


@pytest.fixture
def account(tmp_path):
    def run(*words, **options):
        return CliRunner().invoke(main, ["account", *words, "--data", str(tmp_path / "data")], **options)

    assert run("create", "alice", "--password", "a-long-password").exit_code == 0
    return run


def test_the_first_invitation_is_printed_before_there_is_an_account(tmp_path):
    words = ["account", "invite", "--data", str(tmp_path), "--base-url", "https://pods.example/"]
    printed = CliRunner().invoke(main, words).output
    assert printed.startswith("https://pods.example/.account/sign-up?invitation=")
    assert len(printed.splitlines()) == 1


def test_a_closed_server_says_why_it_invites_nobody(account):
    result = account("invite")
    assert (result.exit_code, "registration" in result.output.lower()) == (1, True)


def test_an_account_is_written_to_a_new_file_for_its_owner_only(account, tmp_path):
    file = tmp_path / "alice.zip"
    assert account("export", "alice", str(file)).exit_code == 0
    assert {"alice/profile/card", "access.json"} <= set(zipfile.ZipFile(file).namelist())
    assert file.stat().st_mode & 0o777 == 0o600
    assert account("export", "alice", str(file)).exit_code == 1
    again = tmp_path / "again.zip"
    assert account("export", "alice", str(again)).exit_code == 0
    assert b"#operator" in zipfile.ZipFile(again).read("activity-alice.csv")


def test_half_a_file_is_not_left_behind(account, tmp_path):
    assert account("export", "nobody", str(tmp_path / "x.zip")).exit_code == 1
    assert account("export", "alice", str(tmp_path / "no" / "x.zip")).exit_code == 1
    assert not (tmp_path / "x.zip").exists()


def test_a_deletion_can_be_taken_back(account):
    assert "14 days" in account("delete", "alice", "--yes").output
    assert "leaving" in account("list").output
    assert account("keep", "alice").exit_code == 0
    assert "active" in account("list").output


def test_an_account_is_gone_at_once_if_asked_for(account):
    assert account("delete", "alice", "--now", "--yes").exit_code == 0
    assert account("list").output == ""
    assert account("create", "alice", "--password", "a-long-password").exit_code == 1


def test_deleting_asks_first(account):
    assert account("delete", "alice", input="n\n").exit_code == 1
    assert "active" in account("list").output


def test_an_address_is_set_and_shown(account):
    assert account("set-email", "alice", "alice@example.org").exit_code == 0
    assert "<alice@example.org>" in account("list").output
    assert account("set-email", "alice", "nonsense").exit_code == 1
