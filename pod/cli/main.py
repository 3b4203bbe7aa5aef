"""The `freehold` command. Each command imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from pod import __version__
from pod.cli.accounts import account
from pod.cli.data_browser import data_browser
from pod.cli.keys import key
from pod.cli.options import DIRECTORY, FILE, Misconfigured, Refused, listen, settings, settings_of_server, where
from pod.config import ConfigError
from pod.errors import OtherAccessControl

SUPERVISED = click.option("--supervised", type=int, hidden=True, help="Process id of the supervisor.")


HELP = """Your own Solid pod: a personal data store.

\b
Start here:
  freehold serve                  run everything on this machine
  freehold account create alice   make an account with a pod
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="freehold")
def main() -> None:
    """The command; see HELP. Whatever it writes is for its user alone."""
    os.umask(0o077)


main.add_command(account)
main.add_command(data_browser)
main.add_command(key)


@main.command()
@where
@listen
@click.option("--seed", type=FILE, metavar="FILE", help="JSON file of accounts to create where they are missing.")
def serve(seed: Path | None, **options: Any) -> None:  # options: see pod/cli/options.py
    """Run everything on this machine, and keep it running."""
    from pod.cli import guard  # noqa: PLC0415
    from pod.cli.serve import serve as run  # noqa: PLC0415

    config = settings(**options)
    try:
        sys.exit(run(config, as_words(options), seed))
    except guard.InUse as error:
        raise Refused(str(error)) from error


@main.command()
@where
@listen
@SUPERVISED
def web(supervised: int | None, **options: Any) -> None:  # see serve
    """Run one web process alone."""
    config = settings(**options)
    alone_or_supervised(config, supervised, config.port, "--port")
    from pod.cli import web as serving  # noqa: PLC0415

    try:
        serving.run(config)
    except (ConfigError, OtherAccessControl) as error:
        raise Misconfigured(str(error)) from error


@main.command()
@where
@listen
@SUPERVISED
def worker(supervised: int | None, **options: Any) -> None:  # see serve
    """Run the worker process alone."""
    config = settings(**options)
    tied(supervised)
    from pod.cli import work  # noqa: PLC0415

    work.run(config)


@main.command()
@where
@listen
@SUPERVISED
def stream(supervised: int | None, **options: Any) -> None:  # see serve
    """Run the process for notifications alone. It listens on the next port, or on `stream_port`."""
    config = settings(**options)
    alone_or_supervised(config, supervised, config.stream_port, "stream_port")
    from pod.cli import stream as streaming  # noqa: PLC0415

    try:
        streaming.run(config)
    except (ConfigError, OtherAccessControl) as error:
        raise Misconfigured(str(error)) from error


@main.command(hidden=True)
@click.argument("document", type=FILE)
@where
@listen
@SUPERVISED
def seed(document: Path, supervised: int | None, **options: Any) -> None:  # see serve
    """Create the accounts of a seed file where they are missing."""
    config = settings(**options)
    tied(supervised)
    from pod.cli import accounts  # noqa: PLC0415

    accounts.seed(config, document)


@main.command()
@where
@click.option("--deep", is_flag=True, help="Also read every body and compare its digest.")
def fsck(*, deep: bool, **options: Any) -> None:  # see serve
    """Check that the store keeps its promises. Changes nothing; the server may be running."""
    from pod.cli import maintenance  # noqa: PLC0415

    sys.exit(maintenance.fsck(settings_of_server(**options), deep=deep))


@main.command()
@where
@listen
@click.option("--mail", "mail_to", metavar="ADDRESS", help="Send a test message there.")
@click.option("--clock", "clock_of", metavar="URL", help="Compare the clock with that of this web server too.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def doctor(
    file: Path | None, mail_to: str | None, clock_of: str | None, *, as_json: bool, **options: Any
) -> None:  # see serve
    """Look for what people get wrong: settings, proxy, TLS, clock, mail, disk, permissions, database.

    Give it the same settings as the server. One line for each thing: "ok", "warning" (worth a look), or "problem",
    with what to do. Exit code 1 if there is a problem. Changes nothing; the server may be running, and more is seen
    if it is. Nobody is asked but the server itself, by its base URL, and the mail server.
    """
    from pod.cli import doctor as examining  # noqa: PLC0415

    sys.exit(examining.doctor(file, mail_to, clock_of, as_json=as_json, **options))


@main.command()
@click.argument("folder", metavar="DIR", type=DIRECTORY)
@where
@click.option("--verify", is_flag=True, help="Also read and compare what is shared with the living server.")
def backup(folder: Path, *, verify: bool, **options: Any) -> None:  # see serve
    """Save everything in a new directory within DIR, named by the time. The server may be running.

    Pods, accounts and keys, as they were at one moment: what was answered before that is in it. Large bodies that have
    not changed share their room on the disk with those of the last backup in DIR, or of the server itself, where the
    file system is the same; so DIR is best on another disk. What is in a backup is as secret as the server itself.

    Every file is listed with its digest in SHA256SUMS. Old backups may simply be removed.
    """
    from pod.cli import backup as backing_up  # noqa: PLC0415

    sys.exit(backing_up.backup(settings_of_server(**options), folder, verify=verify))


@main.command()
@click.argument("directory", metavar="BACKUP", type=click.Path(exists=True, file_okay=False, path_type=Path))
@where
@click.option("--check", is_flag=True, help="Only read the backup, and say whether it is whole.")
def restore(directory: Path, *, check: bool, **options: Any) -> None:  # see serve
    """Make a new data directory, named by --data, from a BACKUP.

    Every file is compared with its digest, and the result is checked like `freehold fsck` does. A directory that holds
    anything is refused. Sessions, passwords and access rules are those of the backup: what was revoked since is not.
    """
    from pod.cli import backup as backing_up  # noqa: PLC0415

    sys.exit(backing_up.check(directory) if check else backing_up.restore(settings(**options), directory))


@main.command()
@where
@click.argument("agent")
@click.argument("mode", type=click.Choice(["read", "append", "write", "control"], case_sensitive=False))
@click.argument("url")
@click.option("--client", metavar="ID", help="The app it asks through, and what it was let do.")
@click.option("--issuer", metavar="URL", help="The provider that vouches for it; the same holds for these.")
def explain(
    agent: str, mode: str, url: str, client: str | None, issuer: str | None, **options: Any
) -> None:  # see serve
    """Say whether AGENT may MODE the resource at URL, and which rule says so.

    AGENT is a WebID, or "public" for anyone.
    """
    from pod.cli import maintenance  # noqa: PLC0415

    config = settings_of_server(**options)
    click.echo(maintenance.explain(config, agent, mode, url, client=client, issuer=issuer))


def alone_or_supervised(config: Any, supervised: int | None, port: int, setting: str) -> None:  # Config
    """Ties this process to its supervisor; alone, it sees to its port itself."""
    from pod.cli import guard  # noqa: PLC0415

    tied(supervised)
    if supervised is None:
        try:
            guard.check_port(config.host, port, setting)
        except guard.InUse as error:
            raise Misconfigured(str(error)) from error


def tied(supervised: int | None) -> None:
    from pod.cli import guard  # noqa: PLC0415

    import_structlog_alone()
    if supervised is not None:
        guard.die_with(supervised)


def import_structlog_alone() -> None:
    """It takes rich, and rich takes pygments, wherever they are installed: 3 MB a process, to draw what none draws."""
    sys.modules["rich"] = None  # type: ignore[assignment]  # how Python marks what cannot be imported
    import structlog  # noqa: F401, PLC0415

    del sys.modules["rich"]


def as_words(options: dict[str, Any]) -> tuple[str, ...]:
    """Parsed options as words of a command line again."""
    words: list[str] = []
    for name, value in options.items():
        flag = "--" + {"file": "config"}.get(name, name).replace("_", "-")
        if value is True:
            words.append(flag)
        elif value is not None:
            words += [flag, str(value)]
    return tuple(words)


if __name__ == "__main__":
    main()
