"""`freehold doctor`: looks at a server for what people get wrong, and says what to do. Changes nothing."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from pod.cli import guard
from pod.config import Config, ConfigError, is_mail_address, load
from pod.operator.doctor import Patient, examine
from pod.operator.findings import Finding, Level, problem


def doctor(file: Path | None, mail_to: str | None, clock_of: str | None, *, as_json: bool, **options: Any) -> int:
    """Exit code 1 where there is a problem. `options` are those of the command line."""
    found = []
    for finding in findings(file, mail_to, clock_of, options):
        found.append(finding)
        if not as_json:
            click.echo(finding.format())
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    return 1 if any(each.level is Level.PROBLEM for each in found) else 0


def findings(
    file: Path | None, mail_to: str | None, clock_of: str | None, options: dict[str, Any]
) -> Iterator[Finding]:
    if mail_to is not None and not is_mail_address(mail_to):
        raise click.BadParameter(f"{mail_to!r} is no mail address", param_hint="--mail")
    try:
        config = load(file, **options)
        served_at = guard.served_at(config.data)
        config = load(file, known={"base_url": served_at} if served_at else None, **options)
    except ConfigError as error:
        yield problem("settings", str(error).rstrip("."), "docs/settings.md says what each may be.")
        return
    patient = Patient(
        config=config,
        config_file=file,
        variables=os.environ,
        served_at=served_at,
        running=is_served(config.data),
        port=taken(config),
        now=time.time,
    )
    yield from examine(patient, mail_to=mail_to, clock_of=clock_of)


def is_served(data: Path) -> bool:
    """Whether somebody has the lock of a data directory."""
    try:
        with (data / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def taken(config: Config) -> str | None:
    try:
        guard.check_port(config.host, config.port)
        guard.check_port(config.host, config.stream_port, "stream_port")
    except (guard.InUse, OSError) as error:
        return str(error)
    return None
