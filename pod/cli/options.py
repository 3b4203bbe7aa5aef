"""The options that commands share, and how they become settings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pod.cli import guard
from pod.config import Config, ConfigError, load
from pod.errors import PodError

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DIRECTORY = click.Path(file_okay=False, path_type=Path)


class Misconfigured(click.ClickException):
    """Ends the process with a code that tells the supervisor not to try again."""

    exit_code = 78


class Refused(click.ClickException):
    """What was asked for cannot be done; the message says why."""

    exit_code = 1


def where(command: F) -> F:
    """Options of every command: which server is meant."""
    for option in (
        click.option("--base-url", metavar="URL", help="The server's public URL, with its trailing slash."),
        click.option("--data", type=DIRECTORY, metavar="DIR", help="Where everything is kept. Default: ./data"),
        click.option("--config", "file", type=FILE, metavar="FILE", help="Settings in TOML; see docs/settings.md."),
    ):
        command = option(command)
    return command


def listen(command: F) -> F:
    """Options of the commands that serve."""
    for option in (
        click.option("--dev", is_flag=True, default=None, help="Allow http and loopback addresses; no rate limits."),
        click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Web processes. Default: 1"),
        click.option("--port", type=click.IntRange(1, 65535), metavar="N", help="Port to listen on. Default: 3000"),
        click.option("--host", metavar="ADDRESS", help="Address to listen on. Default: 127.0.0.1"),
    ):
        command = option(command)
    return command


def settings(file: Path | None, **overrides: Any) -> Config:
    """Raises: Misconfigured"""
    try:
        config = load(file, **overrides)
    except ConfigError as error:
        raise Misconfigured(str(error)) from error
    check_directory(config.data)
    return config


def check_directory(data: Path) -> None:
    """Whether the data directory is one to write to, or could be made.

    Raises: Misconfigured
    """
    there = next(each for each in (data, *data.absolute().parents) if each.exists())
    if not there.is_dir():
        raise Misconfigured(f"Data cannot be kept in {data}, because {there} is not a directory.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise Misconfigured(f"Data cannot be kept in {data}, because {there} cannot be written to.")


def settings_of_server(file: Path | None, **overrides: Any) -> Config:
    """Settings of a command about a server that may run elsewhere: unless something names its base URL, it is the one
    its data directory was last served at. Otherwise an account would get a WebID that nobody can sign in with.

    Raises: Misconfigured
    """
    served_at = guard.served_at(settings(file, **overrides).data)
    return settings(file, known={"base_url": served_at} if served_at else None, **overrides)


def refusing(error: PodError) -> Refused:
    return Refused(error.detail or error.title)
