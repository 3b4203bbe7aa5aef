"""`freehold data-browser ...`: puts a build of SolidOS where the server finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pod.cli.options import FILE, Refused, settings, where


@click.group("data-browser")
def data_browser() -> None:
    """SolidOS as the data browser at the URLs of pods."""


@data_browser.command()
@click.argument("package", type=FILE)
@click.option("--integrity", metavar="DIGEST", help="Digest of the package, for a version that Freehold does not know.")
@where
def install(package: Path, integrity: str | None, **options: Any) -> None:  # see pod/cli/main.py
    """Unpack PACKAGE, a file as `npm pack mashlib` gets it, into the data directory.

    Nothing is fetched. The package must be exactly one that this Freehold was tried with, or the one whose digest is
    given. Afterwards the setting `data_browser = "mashlib"` switches it on, for servers with placement subdomain.
    """
    from pod.operator import data_browser_package as published  # noqa: PLC0415

    config = settings(**options)
    try:
        version = published.install(package, config.installed_data_browser, integrity)
    except (published.PackageRefused, OSError) as error:
        raise Refused(str(error)) from error
    click.echo(f"mashlib {version} is installed. A server that runs shows it once it is started anew.")
