"""What `freehold doctor` finds in settings, files, the database and mail: each mistake, and nothing where there is none."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pod.cli.main import main
from pod.config import MIB, Config
from pod.operator import files, machine, reach
from pod.operator.asking import Reply
from pod.operator.database import check_access_log, check_database
from pod.operator.findings import Finding, Level
from pod.operator.mail import check_mail
from pod.operator.settings import check_settings
from pod.store.access_records import AccessRecords, Record
from pod.store.backup import back_up
from tests.support.people import opened
from tests.support.postbox import LATER, Postbox, certificate, postbox
from tests.support.stores import StillClock

NOW = 1_000_000.0
PUBLIC = "https://pods.example/"
SOUND = {"base_url": PUBLIC, "trusted_proxies": ("127.0.0.1",)}


def worst(found: list[Finding]) -> Level:
    return max((each.level for each in found), key=list(Level).index)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with opened(tmp_path / "data"):
        pass
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("settings", "level", "said"),
    [
        ({}, Level.OK, "nothing in them"),
        ({"base_url": "http://localhost:3000/", "dev": True, "trusted_proxies": ()}, Level.OK, "nothing in them"),
        ({"dev": True}, Level.PROBLEM, "dev is on for https://pods.example/"),
        ({"base_url": "http://pods.example/"}, Level.PROBLEM, "has no TLS"),
        ({"trusted_proxies": ("0.0.0.0/0",)}, Level.PROBLEM, "anyone there may say who they are"),
        ({"trusted_proxies": ("::/0",)}, Level.PROBLEM, "anyone there may say who they are"),
        ({"trusted_proxies": ("10.0.0.0/8",)}, Level.OK, "nothing in them"),
        ({"trusted_proxies": ()}, Level.WARNING, "none is trusted"),
        ({"registration": "open"}, Level.WARNING, "there is no mail"),
        ({"registration": "open"}, Level.WARNING, "may fill the disk"),
        ({"durability": "normal"}, Level.WARNING, "may be lost"),
        ({"session_idle_days": 100}, Level.WARNING, "does nothing"),
        ({"mail_from": "a@b.example", "smtp_host": "mail.example", "smtp_tls": "none"}, Level.PROBLEM, "without TLS"),
        ({"mail_from": "a@b.example", "smtp_host": "mailer", "smtp_tls": "none"}, Level.OK, "nothing in them"),
    ],
)
def test_settings(settings: dict, level: Level, said: str):
    found = list(check_settings(Config(**{**SOUND, **settings}), (), None))
    assert worst(found) is level
    assert any(said in each.text for each in found)


def test_a_variable_that_is_no_setting_is_named_with_the_one_that_was_meant():
    found = list(check_settings(Config(**SOUND), ("FREEHOLD_BASEURL", "FREEHOLD_DATA", "HOME"), PUBLIC))
    assert [(each.level, each.remedy) for each in found] == [(Level.WARNING, "Did you mean FREEHOLD_BASE_URL?")]


def test_data_that_was_served_elsewhere_is_noticed():
    (found,) = check_settings(Config(**SOUND), (), "https://old.example/")
    assert "was served at https://old.example/" in found.text


@pytest.mark.parametrize(
    ("free_bytes", "free_files", "level"),
    [
        (10_000 * MIB, 10**6, Level.OK),
        (10_000 * MIB, None, Level.OK),
        (500 * MIB, 10**6, Level.WARNING),
        (10 * MIB, 10**6, Level.PROBLEM),
        (0, 10**6, Level.PROBLEM),
        (10_000 * MIB, 5, Level.PROBLEM),
    ],
)
def test_room_on_the_disk(free_bytes: int, free_files: int | None, level: Level):
    assert files.check_room(Path("/data"), free_bytes, free_files).level is level


MOUNTS = """\
30 22 0:40 / /srv/pods rw - nfs4 server:/x rw
31 30 0:41 / /srv/pods/with\\040space rw master:1 - tmpfs tmpfs rw
32 22 0:42 / /srv/podsy rw - xfs /dev/sdb rw
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
"""


@pytest.mark.parametrize(
    ("directory", "kind", "level"),
    [
        ("/home/x", "ext4", Level.OK),
        ("/srv/pods", "nfs4", Level.PROBLEM),
        ("/srv/pods/data", "nfs4", Level.PROBLEM),
        ("/srv/pods/with space/data", "tmpfs", Level.WARNING),
        ("/srv/podsy/data", "xfs", Level.OK),
    ],
)
def test_file_systems(directory: str, kind: str, level: Level):
    assert files.file_system(Path(directory), MOUNTS) == kind
    assert files.check_file_system(Path(directory), kind).level is level


def test_data_inside_a_container_is_noticed():
    assert files.check_file_system(Path("/data"), "overlay").level is Level.WARNING


def test_a_disk_that_can_only_be_read_is_found(data: Path):
    assert files.check_writable(data, read_only=True).level is Level.PROBLEM
    assert files.check_writable(data, read_only=False).level is Level.OK


@pytest.mark.parametrize("name", ["", "keys/master.key", "pod.sqlite", "derived.sqlite"])
def test_what_others_may_read_is_found(data: Path, name: str):
    config = Config(data=data)
    assert worst(list(files.check_permissions(config, None))) is Level.OK
    (data / name).chmod(0o755 if not name else 0o644)
    (found,) = files.check_permissions(config, None)
    assert (found.level, found.remedy) == (Level.PROBLEM, f"chmod {'600' if name else '700'} {data / name}")


def test_a_file_of_settings_with_a_password_is_a_secret(data: Path, tmp_path: Path):
    file = tmp_path / "freehold.toml"
    file.touch()
    file.chmod(0o644)
    assert worst(list(files.check_permissions(Config(data=data), file))) is Level.OK
    config = Config(data=data, metrics_token="x" * 30)
    assert worst(list(files.check_permissions(config, file))) is Level.PROBLEM


def test_files_of_another_user_are_found(data: Path, monkeypatch: pytest.MonkeyPatch):
    ask = Path.stat

    def stat(file: Path, **options) -> os.stat_result:
        facts = list(ask(file, **options))
        facts[4] += file.name == "pod.sqlite"
        return os.stat_result(facts)

    monkeypatch.setattr(Path, "stat", stat)
    (found,) = files.check_permissions(Config(data=data), None)
    assert (found.level, "belongs to another user" in found.text) == (Level.PROBLEM, True)


@pytest.mark.parametrize("name", ["", "keys", "pod.sqlite"])
def test_the_wrong_user_is_told_so_and_nothing_else_about_the_data(
    data: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setattr(os, "access", lambda place, _: place != data / name)
    done = CliRunner().invoke(main, ["doctor"], env={"FREEHOLD_DATA": str(data)})
    assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
    last = done.output.splitlines()[-1]
    assert last.startswith(f"problem  permissions: {data} belongs to another user than you")
    assert last.endswith(f"sudo -u '#{data.stat().st_uid}' freehold doctor")


def test_data_that_cannot_even_be_found_is_told(monkeypatch: pytest.MonkeyPatch, data: Path):
    def refuse(_):
        raise PermissionError(13, "Permission denied", str(data))

    monkeypatch.setattr(Path, "stat", refuse)
    found = files.check_access(Config(data=data))
    assert found is not None
    assert (found.level, found.text) == (Level.PROBLEM, f"you may not look at {data}")


def test_a_missing_key_is_found(data: Path):
    (data / "keys" / "master.key").unlink()
    found = list(files.check_files(Config(data=data), None, NOW))
    assert [each.subject for each in found if each.level is Level.PROBLEM] == ["keys"]


def test_the_age_of_the_last_backup(data: Path, tmp_path: Path):
    record = data / files.RECORD
    assert files.check_backup(record, NOW).text == "none was ever made"
    back_up(Config(data=data), tmp_path / "backups", StillClock(NOW))
    assert files.check_backup(record, NOW + 3600).level is Level.OK
    assert "30 days ago" in files.check_backup(record, NOW + 30 * 86400).text
    record.write_text("[]")
    assert files.check_backup(record, NOW).level is Level.WARNING


def test_a_sound_database(data: Path):
    before = {each.name for each in data.iterdir()}
    assert [each.level for each in check_database(Config(data=data))] == [Level.OK, Level.OK]
    assert {each.name for each in data.iterdir()} == before


@pytest.mark.parametrize(("first", "last"), [(0, 100), (4096, 12288)])
def test_a_damaged_database_is_found(data: Path, first: int, last: int):
    with (data / "pod.sqlite").open("r+b") as file:
        file.seek(first)
        file.write(b"\xff" * (last - first))
    assert worst(list(check_database(Config(data=data)))) is Level.PROBLEM


def test_a_newer_database_is_found(data: Path):
    with sqlite3.connect(data / "pod.sqlite") as database:
        database.execute("INSERT INTO schema_migration VALUES (9999, 'later')")
    assert any("a newer version" in each.text for each in check_database(Config(data=data)))


def noted(data: Path) -> Path:
    """The data of somebody of whom something was read."""
    records = AccessRecords(data / "access.sqlite")
    records.add({"/alice/": [Record(1, "", "", "/alice/a", "read", "refused", 1, 1)]})
    records.close()
    return data / "access.sqlite"


def test_the_access_log(data: Path):
    assert list(check_access_log(Config(data=data))) == []
    file = noted(data)
    assert [each.level for each in check_access_log(Config(data=data))] == [Level.OK]
    file.chmod(0o644)
    assert [each.remedy for each in files.check_permissions(Config(data=data), None)] == [f"chmod 600 {file}"]


@pytest.mark.parametrize("content", [b"no database" * 1000, None])
def test_a_damaged_access_log_is_found(data: Path, content: bytes | None):
    file = noted(data)
    file.write_bytes(content or file.read_bytes()[:-4096] + b"\xff" * 4096)
    (found,) = check_access_log(Config(data=data))
    assert (found.level, "nothing is noted any more" in found.text) == (Level.PROBLEM, True)


def test_a_log_that_grew_is_noticed(data: Path):
    with (data / "pod.sqlite-wal").open("wb") as log:
        log.truncate(600 * MIB)
    assert any("600 MiB" in each.text for each in check_database(Config(data=data)))


@pytest.mark.parametrize(
    ("versions", "level"),
    [
        (((3, 11, 7), (3, 40, 1), 3), Level.OK),
        (((3, 10, 0), (3, 40, 1), 3), Level.PROBLEM),
        (((3, 11, 0), (3, 34, 0), 3), Level.PROBLEM),
        (((3, 11, 0), (3, 40, 0), 1), Level.PROBLEM),
    ],
)
def test_versions(versions: tuple, level: Level):
    assert machine.check_versions(*versions).level is level


def test_limits_of_the_machine():
    assert machine.check_open_files(1024).level is Level.WARNING
    assert machine.check_open_files(-1).level is Level.OK
    assert machine.check_memory(50 * MIB).level is Level.WARNING
    assert machine.check_memory(None).level is Level.OK


@pytest.mark.parametrize(
    ("date", "level"),
    [
        ("Mon, 12 Jan 1970 13:46:40 GMT", Level.OK),
        ("Mon, 12 Jan 1970 13:46:38 GMT", Level.OK),
        ("Mon, 12 Jan 1970 13:46:30 GMT", Level.PROBLEM),
        ("Mon, 12 Jan 1970 14:46:40 GMT", Level.PROBLEM),
        ("yesterday", Level.WARNING),
        ("", Level.WARNING),
    ],
)
def test_clocks(date: str, level: Level):
    assert reach.check_clock(date, NOW, NOW + 0.2, PUBLIC).level is level


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (200, {}, {"issuer": PUBLIC}, None),
        (200, {}, {"issuer": "https://pods.example"}, "says that it is https://pods.example"),
        (200, {}, {"name": "something"}, "something else answers"),
        (404, {}, None, "something else answers"),
        (301, {"location": "https://www.example/"}, None, "redirects to https://www.example/"),
        (421, {}, None, "does not serve that host"),
        (502, {}, None, "answers with 502 itself"),
    ],
)
def test_who_answers_at_the_base_url(status: int, headers: dict, body: dict | None, said: str | None):
    found = reach.check_discovery(PUBLIC, Reply(status, headers, json.dumps(body).encode() if body else b"<html>"))
    assert (found is None) is (said is None)
    assert said is None or said in found.text


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as running:
        yield running


def mailed(box: Postbox, address: str | None = None, **more) -> Finding:
    (found,) = check_mail(Config(**box.settings(**more)), address, NOW)
    return found


def test_mail_that_works(box: Postbox):
    assert mailed(box).level is Level.OK
    assert box.mails == []
    assert mailed(box, "you@example.org").level is Level.OK
    assert [(mail["To"], "A test of mail" in mail["Subject"]) for mail in box.mails] == [("you@example.org", True)]


@pytest.mark.parametrize(
    ("settings", "answer", "said"),
    [
        ({"smtp_port": 9}, None, "refused"),
        ({"smtp_tls": "starttls"}, None, "STARTTLS"),
        ({"smtp_user": "me", "smtp_password": "x"}, None, "AUTH"),
        ({}, LATER, "451 try later"),
    ],
)
def test_mail_that_is_not_taken(box: Postbox, settings: dict, answer: str | None, said: str):
    box.answer = answer or box.answer
    found = mailed(box, "you@example.org", **settings)
    assert (found.level, said in found.text, bool(found.remedy)) == (Level.PROBLEM, True, True), found


def test_a_mail_server_whose_certificate_is_not_good(tmp_path: Path):
    with postbox(tls_context=certificate(tmp_path).context) as box:
        assert "certificate is not good" in mailed(box, smtp_tls="starttls").text


def test_no_mail_is_no_problem_unless_one_is_to_be_sent():
    assert [each.level for each in check_mail(Config(), None, NOW)] == [Level.OK]
    assert [each.level for each in check_mail(Config(), "you@example.org", NOW)] == [Level.PROBLEM]


def test_settings_that_cannot_be_used_are_a_problem_too(tmp_path: Path):
    done = CliRunner().invoke(main, ["doctor", "--data", str(tmp_path), "--base-url", "pods.example"])
    assert done.exit_code == 1
    assert done.output.startswith("problem  settings: base_url must look like")


def test_without_data_or_a_server_it_says_so(tmp_path: Path):
    done = CliRunner().invoke(main, ["doctor", "--data", str(tmp_path / "none"), "--port", "9"])
    assert "there is no" in done.output
    assert "the server does not run" in done.output
    assert not (tmp_path / "none").exists()


def test_no_mail_goes_to_what_is_no_address(tmp_path: Path):
    done = CliRunner().invoke(main, ["doctor", "--data", str(tmp_path), "--mail", "a b@example.org"])
    assert (done.exit_code, "no mail address" in done.output) == (2, True)
