"""`freehold account ...` and the seed file: thin commands over pod/identity."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pod.cli.options import Misconfigured, Refused, refusing, settings_of_server, where
from pod.errors import PodError

if TYPE_CHECKING:
    from pod.config import Config
    from pod.services import Services


@contextmanager
def opened(config: Config) -> Iterator[Services]:
    """The services of this server, for one command. What goes wrong is told in a sentence."""
    from pod.services import open_services  # noqa: PLC0415

    try:
        services = open_services(config)
    except PodError as error:
        raise refusing(error) from error
    try:
        yield services
    except PodError as error:
        raise refusing(error) from error
    finally:
        services.close()


@click.group()
def account() -> None:
    """Make and look after accounts. The server may be running meanwhile."""


PASSWORD = click.option(
    "--password", metavar="TEXT", help="Asked for if left out. Other users of this machine may see what stands here."
)


@account.command()
@click.argument("name")
@click.option("--email", metavar="ADDRESS", help="Where to reach its owner.")
@PASSWORD
@where
def create(name: str, email: str | None, password: str | None, **options: Any) -> None:  # see pod/cli/main.py
    """Make an account with a pod and a WebID."""
    from pod.identity import accounts  # noqa: PLC0415

    config = settings_of_server(**options)
    with opened(config) as services:
        accounts.create_account(services, name, email=email, password=password or ask_password())
    click.echo(f"Account {name}")
    click.echo(f"  Pod    {services.placement.url(f'/{name}/')}")
    click.echo(f"  WebID  {services.placement.url(f'/{name}/profile/card')}#me")


@account.command("list")
@where
def list_(**options: Any) -> None:  # see pod/cli/main.py
    """List all accounts with their pods."""
    from pod.identity import accounts  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        for line in accounts.list_accounts(services):
            click.echo(line)


@account.command()
@click.argument("name")
@where
def disable(name: str, **options: Any) -> None:  # see pod/cli/main.py
    """Lock an account: its tokens stop working at once. The pod stays."""
    switched(name, disabled=True, options=options)


@account.command()
@click.argument("name")
@where
def enable(name: str, **options: Any) -> None:  # see pod/cli/main.py
    """Unlock an account."""
    switched(name, disabled=False, options=options)


@account.command("reset-password")
@click.argument("name")
@PASSWORD
@where
def reset_password(name: str, password: str | None, **options: Any) -> None:  # see pod/cli/main.py
    """Give an account a new password. Signs it out everywhere, and disconnects its apps."""
    from pod.identity import accounts  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        accounts.reset_password(services, name, password or ask_password())
    click.echo(f"Account {name} has a new password")


@account.command("remove-factors")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@where
def remove_factors(name: str, *, yes: bool, **options: Any) -> None:  # see pod/cli/main.py
    """Remove the passkeys and codes of somebody who lost them. Make sure that it is they who ask.

    Signs the account out everywhere, disconnects its apps, and tells its owner.
    """
    from pod.identity import accounts, second_step  # noqa: PLC0415
    from pod.observability import logging  # noqa: PLC0415

    config = settings_of_server(**options)
    logging.set_up(config)
    if not yes:
        click.confirm(f"Let the password alone sign {name} in again?", abort=True)
    with opened(config) as services:
        removed = second_step.remove_factors(services, name)
        has_password = accounts.named(services, name).has_password
    app = "codes from an app" if removed.has_codes else "no codes from an app"
    click.echo(f"Removed from {name}: {removed.passkeys} passkeys, {app}, {removed.recovery_codes} recovery codes")
    if not has_password:
        click.echo(f"{name} has no password either: freehold account reset-password {name}")


@account.command("set-email")
@click.argument("name")
@click.argument("address")
@where
def set_email(name: str, address: str, **options: Any) -> None:  # see pod/cli/main.py
    """Give an account a mail address that you know to be its owner's: who reads mail there gets a new password."""
    from pod.identity import accounts  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        accounts.set_verified_email(services, name, address)
    click.echo(f"Account {name} has the address {address}")


@account.command()
@click.option("--email", metavar="ADDRESS", help="Mail it there too, if this server sends mail.")
@where
def invite(email: str | None, **options: Any) -> None:  # see pod/cli/main.py
    """Print a link with which somebody makes an account, once."""
    from pod.identity import sign_up  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        url = sign_up.invite(services, email)
    click.echo(url)


@account.command()
@click.argument("name")
@click.argument("archive", metavar="FILE", type=click.Path(path_type=Path))
@where
def export(name: str, archive: Path, **options: Any) -> None:  # see pod/cli/main.py
    """Write everything an account has to a new zip FILE."""
    from pod.audit.export import activity_files, note_taken_along  # noqa: PLC0415
    from pod.identity import accounts, export  # noqa: PLC0415
    from pod.sharing.access_export import access_files  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        found = accounts.named(services, name)
        note_taken_along(services, found, by_operator=True)
        beside = chain(activity_files(services, found), access_files(services, found))
        try:
            write_new(archive, export.export_account(services, found, beside))
        except OSError as error:
            raise Refused(f"{archive} cannot be written: {error.strerror}") from error
    click.echo(f"{archive} holds everything of the account {name}")


@account.command()
@click.argument("name")
@click.option("--now", is_flag=True, help="At once, without days to change one's mind.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@where
def delete(name: str, *, now: bool, yes: bool, **options: Any) -> None:  # see pod/cli/main.py
    """Delete an account with its pods and everything in them. Its owner has some days to keep it."""
    from pod.identity import departure  # noqa: PLC0415

    if not yes:
        click.confirm(f"Delete the account {name} and everything it has?", abort=True)
    with opened(settings_of_server(**options)) as services:
        departure.delete_account(services, name, now=now)
        days = services.config.deletion_grace_days
    click.echo(f"Account {name} is gone" if now else f"Account {name} will be deleted in {days} days")


@account.command()
@click.argument("name")
@where
def keep(name: str, **options: Any) -> None:  # see pod/cli/main.py
    """Take the deletion of an account back, while there is time."""
    from pod.identity import accounts, departure  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        departure.keep_account(services, accounts.named(services, name))
    click.echo(f"Account {name} stays")


@account.command("add-client")
@click.argument("name")
@click.option("--label", default="", metavar="TEXT", help="What it is for, so that you know it again.")
@click.option(
    "--only", "places", multiple=True, metavar="PATH=LEVEL", help="Let it use this of the pod alone: see, add or edit."
)
@click.option("--days", type=click.IntRange(1, 3650), help="Let it end by itself after so many days.")
@where
def add_client(
    name: str, label: str, places: tuple[str, ...], days: int | None, **options: Any
) -> None:  # see pod/cli/main.py
    """Make an id and secret with which a program acts as this account. The secret is shown once."""
    from pod.identity import clients  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        terms = clients.typed_terms(services, name, places, days)
        client, secret = clients.create_client(services, name, label, terms=terms)
    click.echo(f"client_id={client.id}\nclient_secret={secret}")


@account.command("list-clients")
@click.argument("name")
@where
def list_clients(name: str, **options: Any) -> None:  # see pod/cli/main.py
    """List the programs that may act as this account."""
    from pod.identity import clients  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        for client in clients.list_clients(services, name):
            click.echo(clients.line(services, client))


@account.command("revoke-client")
@click.argument("name")
@click.argument("client_id")
@where
def revoke_client(name: str, client_id: str, **options: Any) -> None:  # see pod/cli/main.py
    """Take a program's credentials back: its tokens stop working at once."""
    from pod.identity import clients  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        clients.revoke_client(services, name, client_id)
    click.echo(f"{client_id} can no longer act as {name}")


@account.command()
@click.argument("name")
@click.option(
    "--add", metavar="URL", help="Let this OpenID provider sign its owner in too. It is asked whether it is one."
)
@click.option("--remove", metavar="URL", help="Take one away. This server's own address: disconnects its apps.")
@click.option("--web-id", metavar="IRI", help="Which WebID of the account; its first one if left out.")
@where
def issuers(
    name: str, add: str | None, remove: str | None, web_id: str | None, **options: Any
) -> None:  # see pod/cli/main.py
    """List the servers that may sign this account's owner in, as its profile names them, or change them."""
    from pod.identity import accounts, issuers, providers  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        found = accounts.named(services, name)
        which = web_id or services.accounts.web_ids(found.id)[0]
        if add is not None:
            issuers.add_issuer(services, providers.Providers(services), found, which, add)
        if remove is not None:
            issuers.remove_issuer(services, found, which, remove)
        for each in issuers.list_issuers(services, found.id):
            for issuer in each.issuers:
                click.echo(f"{each.web_id} {issuer}")


def switched(name: str, *, disabled: bool, options: dict[str, Any]) -> None:
    from pod.identity import accounts  # noqa: PLC0415

    with opened(settings_of_server(**options)) as services:
        accounts.set_disabled(services, name, disabled)
    click.echo(f"Account {name} is {'disabled' if disabled else 'enabled'}")


def write_new(file: Path, pieces: Iterable[bytes]) -> None:
    """A file that nobody else may read. One that is there already is left alone, and half a one is not left behind."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(pieces)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def ask_password() -> str:
    """From the terminal, twice; from a pipe, its first line."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def seed(config: Config, document: Path) -> None:
    """Creates what is missing and says what that was."""
    from pod.identity.seed import apply_seed  # noqa: PLC0415

    try:
        content = json.loads(document.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Misconfigured(f"{document} is not JSON: {error}") from error
    try:
        with opened(config) as services:
            done = apply_seed(services, content)
    except click.ClickException as error:
        raise Misconfigured(f"{document}: {error.message}") from error
    for line in done:
        click.echo(line)
