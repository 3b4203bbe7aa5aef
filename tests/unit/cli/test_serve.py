"""What `freehold serve` says when it is ready."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pod.cli.main import main
from pod.cli.serve import welcome
from pod.config import Config
from tests.support.stores import sqlite_store


@pytest.mark.parametrize(
    ("base_url", "how"),
    [("https://pods.example/", "freehold account invite --data "), ("http://localhost:3000/", "open it in a browser")],
)
def test_how_to_make_the_first_pod_is_told_until_there_is_an_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], base_url: str, how: str
):
    config = Config(data=tmp_path, base_url=base_url)
    welcome(config)
    sqlite_store(tmp_path).close()
    welcome(config)
    assert capsys.readouterr().out.count(f"Make a pod:  {how}") == 2
    command = ["account", "create", "alice", "--password", "a-long-password", "--data", str(tmp_path)]
    assert CliRunner().invoke(main, command).exit_code == 0
    welcome(config)
    said = capsys.readouterr().out
    assert ("ready at " + base_url in said, "Make a pod" in said) == (True, False)
