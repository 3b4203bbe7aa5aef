"""What operators read of how the server is, and the table of members."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from pod.console.members import Console
from pod.console.roster import roster
from pod.identity.accounts import create_account, named
from pod.operator.findings import Level
from pod.store.backup import RECORD
from pod.store.mail import MailKind
from pod.store.records import SERVER
from pod.ui.server_health import vitals
from tests.support.pages import NOW, Site

HEALTH = "/.console/health"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, mail_from="pods@pods.example", smtp_host="127.0.0.1", smtp_port=1)
    for name in ("alice", "bob"):
        create_account(site.services, name)
    return site


def found(site: Site) -> dict[str, tuple[Level, str]]:
    return {each.name: (each.level, each.text) for each in vitals(site.services)}


def test_what_is_well_and_what_is_not_is_told_in_plain_words(site: Site):
    said = found(site)
    assert [name for name, (level, _) in said.items() if level is Level.OK] == ["Answering", "Disk", "Database", "Mail"]
    assert said["Backup"] == (Level.WARNING, "None was ever made.")
    page = site.signed_in("alice").get(HEALTH).text
    assert "Work in the background" in page
    assert "None was ever made." in page


@pytest.mark.parametrize(("days", "level"), [(0, Level.OK), (7, Level.OK), (9, Level.WARNING)])
def test_a_backup_that_is_old_is_told(site: Site, days: int, level: Level):
    (site.services.config.data / RECORD).write_text(json.dumps({"time": NOW - days * 86400, "directory": "/x"}))
    assert found(site)["Backup"][0] is level


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"time": "x"}', "\0"])
def test_a_record_that_cannot_be_read_is_no_failure(site: Site, content: str):
    (site.services.config.data / RECORD).write_text(content)
    assert found(site)["Backup"][0] is Level.WARNING


def test_mail_that_could_not_be_sent_is_told(site: Site):
    with site.services.store.write(SERVER) as tx:
        site.services.outbox.add(tx, MailKind.RESET, "bob@mail.example", named(site.services, "bob").id)
    assert found(site)["Mail"][0] is Level.OK
    with site.services.store.write(SERVER) as tx:
        tx.rows("UPDATE outgoing_mail SET attempts = 1")
    assert found(site)["Mail"] == (Level.PROBLEM, "1 could not be sent yet.")


def test_looking_closer_tells_what_doctor_finds(site: Site):
    alice = site.signed_in("alice")
    page = alice.submit(HEALTH, HEALTH).text
    assert "127.0.0.1:1 does not take it" in page
    assert site.signed_in("bob").get(HEALTH).status_code == 403


def test_the_table_of_members_has_no_formula_in_it(site: Site):
    with site.services.store.write(SERVER) as tx:
        tx.rows("UPDATE account SET email = '=cmd()@x.example' WHERE name = 'bob'")
    content = b"".join(roster(Console(site.services, named(site.services, "alice")))).decode()
    head, alice, bob = csv.reader(io.StringIO(content))
    assert head[:2] == ["name", "mail address"]
    assert (alice[0], alice[3]) == ("alice", "operator")
    assert bob[1] == "'=cmd()@x.example"
    answer = site.signed_in("alice").get("/.console/members.csv")
    assert (answer.text, answer.headers["Content-Type"]) == (content, "text/csv; charset=utf-8")
    assert site.signed_in("bob").get("/.console/members.csv").status_code == 403
