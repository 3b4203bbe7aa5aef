"""`freehold backup` and `freehold restore`: everything this server has, kept elsewhere and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from pod.cli import guard
from pod.cli.options import Refused, refusing
from pod.clock import SystemClock
from pod.errors import NoSpaceLeft, PodError
from pod.protocol.placement import is_private
from pod.store import backup as saving
from pod.store import restore as bringing_back
from pod.store.fsck import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from pod.config import Config

    T = TypeVar("T")


def backup(config: Config, folder: Path, *, verify: bool) -> int:
    """Exit code 1 when something could not be saved, 0 otherwise."""
    if folder.resolve().is_relative_to(config.data.resolve()):
        raise Refused(f"{folder} is in the data directory {config.data}, and would be lost with it. Name another.")
    made = attempted(folder, lambda: saving.back_up(config, folder, SystemClock(), verify=verify))
    manifest = made.manifest
    click.echo(
        f"{made.directory} holds {manifest.accounts} accounts with {manifest.storages} pods, "
        f"{manifest.resources} resources of {manifest.bytes} bytes, and this server's keys: keep it secret."
    )
    click.echo(f"{made.linked} files share their room on the disk with others, {made.copied} were copied.")
    for name in manifest.damaged:
        click.echo(f"damaged: {name} is missing here or not what was stored once; `freehold fsck --deep` says of what")
    return 1 if manifest.damaged else 0


def check(directory: Path) -> int:
    manifest = attempted(directory, lambda: bringing_back.verify(directory))
    click.echo(f"{directory} is whole: {manifest.files} files as they were on {manifest.made}.")
    return 0


def restore(config: Config, directory: Path) -> int:
    """Exit code 1 when what came back needs a hand, 0 otherwise."""
    made = attempted(config.data, lambda: bringing_back.restore(directory, config, SystemClock()))
    errors = [each for each in made.findings if each.severity is Severity.ERROR]
    for finding in errors:
        click.echo(f"{finding.severity}: {finding.path or 'store'}: {finding.text}")
    click.echo(f"{config.data} holds what {directory} held on {made.manifest.made}.")
    where = guard.served_at(config.data) or config.base_url
    port = (
        f" --port {urlsplit(where).port or 80}" if is_private(where, config.host) else ""
    )  # no proxy stands before it
    click.echo(f"Serve it at {where}:  freehold serve --data {config.data} --base-url {where}{port}")
    click.echo("The store is sound." if not errors else f"{len(errors)} errors found.")
    return 1 if errors else 0


def attempted(target: Path, work: Callable[[], T]) -> T:
    """What goes wrong is told in a sentence. `target` is where files are written."""
    try:
        return work()
    except saving.BackupRefused as error:
        raise Refused(str(error)) from error
    except NoSpaceLeft as error:
        raise Refused(f"The disk on which {target} lies is full. Nothing was changed.") from error
    except PodError as error:
        raise refusing(error) from error
    except OSError as error:
        raise Refused(f"{error.filename or 'The disk'}: {error.strerror or error}. Nothing was changed.") from error
