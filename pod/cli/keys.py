"""`freehold key ...`: the keys that tokens are signed with. They renew themselves; this is for when one got out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from pod.cli.accounts import opened
from pod.cli.options import settings_of_server, where


@click.group()
def key() -> None:
    """Look at the keys that tokens are signed with. The server may be running meanwhile."""


@key.command("list")
@where
def list_(**options: Any) -> None:  # see pod/cli/main.py
    """List all keys, the newest first."""
    with opened(settings_of_server(**options)) as services:
        for each in services.accounts.signing_keys():
            made = datetime.fromtimestamp(each.created_ms / 1000, UTC).date()
            click.echo(f"{each.kid} {each.algorithm} {made}{'' if each.retired_ms is None else ' retired'}")


@key.command()
@click.argument("kid")
@where
def retire(kid: str, **options: Any) -> None:  # see pod/cli/main.py
    """Stop using a key that others may know. In a minute its tokens are worth nothing; apps get new ones."""
    with opened(settings_of_server(**options)) as services:
        services.keys.retire(kid)
    click.echo(f"Key {kid} is retired")
