"""All checks of `freehold doctor`, in the order in which they are told. None changes anything.

No third party is asked unless the operator names one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pod.config import Config
from pod.operator.data_browser import check_data_browser
from pod.operator.database import check_access_log, check_database
from pod.operator.files import check_access, check_files
from pod.operator.findings import Finding, fine, problem
from pod.operator.machine import check_machine
from pod.operator.mail import check_mail
from pod.operator.reach import Now, Place, check_other_clock, check_reach
from pod.operator.settings import check_settings


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at. `running`: somebody serves this data directory; `port` says who else has the port, if so."""

    config: Config
    config_file: Path | None
    variables: Iterable[str]
    served_at: str | None
    running: bool
    port: str | None
    now: Now


def examine(patient: Patient, *, mail_to: str | None = None, clock_of: str | None = None) -> Iterator[Finding]:
    """`mail_to` gets a test message; `clock_of` is a URL whose clock is compared with ours."""
    config = patient.config
    yield from check_settings(config, patient.variables, patient.served_at)
    yield from check_machine()
    closed = check_access(config)
    if closed is not None:
        yield closed
        return
    yield check_server(patient)
    yield from check_files(config, patient.config_file, patient.now())
    yield from check_database(config)
    yield from check_access_log(config)
    yield from check_data_browser(config)
    yield from check_reach(Place(config, patient.running, patient.now))
    if clock_of is not None:
        yield check_other_clock(clock_of, patient.now)
    yield from check_mail(config, mail_to, patient.now())


def check_server(patient: Patient) -> Finding:
    if patient.running:
        return fine("server", "it runs")
    if patient.port is not None:
        return problem("server", f"it does not run, and could not: {patient.port}".rstrip("."), "Free the port.")
    return fine("server", "it does not run; the port is free")
