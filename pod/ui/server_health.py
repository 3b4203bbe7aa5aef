"""`/.console/health`: how the server is, in plain words, for those who run it.

What opening the page looks at costs nothing; what `freehold doctor` finds beyond that is looked for on a press of the
button. Nothing of it says what members keep.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from pod.console.members import Console
from pod.http.health import DISK_BYTES_LOW, examine, stream_reasons, worker_reasons
from pod.mail.message import mail_enabled
from pod.operator.database import check_access_log, check_database
from pod.operator.files import BACKUP_DAYS_MAX, FREE_BYTES_LOW, check_files
from pod.operator.findings import Finding, Level
from pod.operator.machine import check_machine
from pod.operator.mail import check_mail
from pod.operator.reach import Place, check_reach
from pod.operator.settings import check_settings
from pod.services import Services
from pod.store.backup import RECORD
from pod.store.mail import Outbox
from pod.ui.console import CONSOLE
from pod.ui.door import Door
from pod.ui.language import gettext as _
from pod.ui.language import ngettext
from pod.ui.render import render
from pod.ui.written import day_and_time, in_bytes, moment

HEALTH = f"{CONSOLE}health"
DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Vital:
    """One thing that is looked at, in the language of the page; `remedy` where there is something to do."""

    name: str
    level: Level
    text: str
    remedy: str = ""


def add_health(pages: Blueprint, door: Door) -> None:
    services = door.services

    def page(findings: Sequence[Finding] | None = None) -> Response:
        Console(services, door.session().account)
        return render("console/health.html", vitals=list(vitals(services)), findings=findings)

    @pages.get(HEALTH)
    def health() -> Response:
        return page()

    @pages.post(HEALTH)
    def look_closer() -> Response:
        Console(services, door.session().account)
        door.form()
        return page(list(_examined(services)))


def vitals(services: Services) -> Iterator[Vital]:
    yield _answers(services)
    yield _disk(services)
    yield _database(services)
    now = services.clock.now()
    running, stopped = _("It runs."), _("It does not run.")
    remedy = _("Start the server again; its log says why it stopped.")
    for name, reasons in (
        (_("Work in the background"), worker_reasons(services.config, now)),
        (_("Telling apps of changes"), stream_reasons(services.config, now)),
    ):
        yield Vital(name, Level.PROBLEM, stopped, remedy) if reasons else Vital(name, Level.OK, running)
    yield _backup(services)
    yield _mail(services)


def _examined(services: Services) -> Iterator[Finding]:
    """As `freehold doctor` does, from inside: what is well is not told, but of the way here."""
    config = services.config
    yield from _troubles(check_settings(config, (), None))
    yield from _troubles(check_machine())
    yield from _troubles(check_files(config, None, services.clock.now()))
    yield from _troubles(check_database(config))
    yield from _troubles(check_access_log(config))
    yield from check_reach(Place(config, running=True, now=services.clock.now))
    yield from check_mail(config, None, services.clock.now())


def _troubles(findings: Iterator[Finding]) -> Iterator[Finding]:
    return (each for each in findings if each.level is not Level.OK)


def _answers(services: Services) -> Vital:
    refusal, name = examine(services).refusal, _("Answering")
    if refusal is None:
        return Vital(name, Level.OK, _("The server answers."))
    return Vital(name, Level.PROBLEM, _("Requests cannot be answered."), refusal)


def _disk(services: Services) -> Vital:
    name = _("Disk")
    try:
        disk = os.statvfs(services.config.data)
    except OSError:
        return Vital(name, Level.PROBLEM, _("The directory with the data cannot be looked at."))
    if disk.f_flag & os.ST_RDONLY:
        return Vital(name, Level.PROBLEM, _("The disk can only be read."), _("See to the disk; its log may say why."))
    free = disk.f_bavail * disk.f_frsize
    text = _("%(free)s of %(all)s are free.", free=in_bytes(free), all=in_bytes(disk.f_blocks * disk.f_frsize))
    if free < DISK_BYTES_LOW:
        return Vital(name, Level.PROBLEM, text, _("Make room: when it is full, nothing more can be stored."))
    if free < FREE_BYTES_LOW:
        return Vital(name, Level.WARNING, text, _("Make room soon."))
    return Vital(name, Level.OK, text)


def _database(services: Services) -> Vital:
    try:
        size = services.config.database.stat().st_size
    except OSError:
        return Vital(_("Database"), Level.PROBLEM, _("It cannot be looked at."))
    return Vital(_("Database"), Level.OK, _("It has %(size)s.", size=in_bytes(size)))


def _backup(services: Services) -> Vital:
    name, remedy = _("Backup"), _("Have “freehold backup” run each day.")
    try:
        said = (services.config.data / RECORD).read_text(encoding="utf-8")
        made = float(json.loads(said)["time"])
    except FileNotFoundError:
        return Vital(name, Level.WARNING, _("None was ever made."), remedy)
    except (OSError, ValueError, KeyError, TypeError):
        return Vital(name, Level.WARNING, _("When the last one was made cannot be read."), remedy)
    text = _("The last one was made on %(when)s UTC.", when=day_and_time(moment(int(made * 1000))))
    is_old = services.clock.now() - made > BACKUP_DAYS_MAX * DAY_SECONDS
    return Vital(name, Level.WARNING, text, remedy) if is_old else Vital(name, Level.OK, text)


def _mail(services: Services) -> Vital:
    name = _("Mail")
    if not mail_enabled(services.config):
        return Vital(name, Level.WARNING, _("None is sent."), _("Nobody can get a new password by themselves."))
    waiting, failed = Outbox(services.store).waiting()
    if failed:
        text = ngettext("%(num)s could not be sent yet.", "%(num)s could not be sent yet.", failed)
        return Vital(name, Level.PROBLEM, text, _("Send a test on the page about mail: it says what is wrong."))
    if waiting:
        return Vital(name, Level.OK, ngettext("%(num)s is on its way.", "%(num)s are on their way.", waiting))
    return Vital(name, Level.OK, _("Nothing waits to be sent."))
