"""Removing somebody's lost passkeys and codes on the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from pod.cli.main import main
from pod.config import Config
from pod.identity.recovery_codes import make_recovery_codes
from pod.identity.second_step import ask_for_passkey, remove_password
from pod.services import open_services
from pod.store.factors import Factors, Passkey
from pod.store.records import SERVER


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr("pod.observability.logging.set_up", lambda _config: None)

    def account(*words, **options):
        return CliRunner().invoke(main, ["account", *words, "--data", str(tmp_path / "data")], **options)

    assert account("create", "alice", "--password", "a-long-password").exit_code == 0
    return account


@pytest.fixture
def lost(run, tmp_path):
    """What alice has, and lost; `without_password`: and no password either."""

    def have(*, without_password: bool) -> None:
        services = open_services(Config(data=tmp_path / "data"))
        alice = services.accounts.by_name("alice")
        with services.store.write(SERVER) as tx:
            for key in ("one", "two"):
                Factors(tx).add_passkey(tx, Passkey(key, alice.id, b"key", 0, "Phone", (), False, 0))
        make_recovery_codes(services, alice)
        if without_password:
            remove_password(services, alice)
        else:
            ask_for_passkey(services, alice, asked=True)
        services.close()

    return have


def state(tmp_path):
    services = open_services(Config(data=tmp_path / "data"))
    try:
        return Factors(services.store).state(1)
    finally:
        services.close()


def test_what_was_lost_is_removed_told_and_logged(run, lost, tmp_path):
    lost(without_password=False)
    with capture_logs() as logged:
        done = run("remove-factors", "alice", "--yes")
    assert done.output == "Removed from alice: 2 passkeys, no codes from an app, 10 recovery codes\n"
    assert [(each["event"], each["account"]) for each in logged] == [("factors removed by the operator", "alice")]
    after = state(tmp_path)
    assert (after.passkeys, after.recovery_codes, after.second_step) == (0, 0, False)


def test_whoever_has_no_password_either_needs_one(run, lost):
    lost(without_password=True)
    assert "freehold account reset-password alice" in run("remove-factors", "alice", "--yes").output


def test_it_asks_before_it_does_anything_and_knows_whom(run, lost, tmp_path):
    lost(without_password=False)
    assert run("remove-factors", "alice", input="n\n").exit_code == 1
    assert state(tmp_path).passkeys == 2
    assert "no account named bob" in run("remove-factors", "bob", "--yes").output
