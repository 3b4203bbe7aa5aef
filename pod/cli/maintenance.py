"""`freehold fsck` and `freehold explain`: questions to the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pod.authorization import explain as explaining
from pod.authorization.group_uses import check_group_uses
from pod.cli.accounts import opened
from pod.cli.options import Refused
from pod.protocol.agent import Credentials
from pod.store import fsck as checking

if TYPE_CHECKING:
    from pod.config import Config
    from pod.services import Services


@contextmanager
def there(config: Config) -> Iterator[Services]:
    """The services of a server whose data exists: asking about it must not make it."""
    if not config.database.exists():
        raise Refused(f"There is no data of Freehold in {config.data}. Say with --data where it is.")
    with opened(config) as services:
        yield services


def fsck(config: Config, *, deep: bool) -> int:
    """Prints what is wrong. Exit code 1 when something needs a hand, 0 otherwise."""
    errors = 0
    with there(config) as services:
        for finding in _found(services, deep=deep):
            errors += finding.severity is checking.Severity.ERROR
            click.echo(f"{finding.severity}: {finding.path or 'store'}: {finding.text}")
    click.echo("The store is sound." if not errors else f"{errors} errors found.")
    return 1 if errors else 0


def _found(services: Services, *, deep: bool) -> Iterator[checking.Finding]:
    yield from checking.check(services.store, deep=deep)
    yield from checking.check_access(services.store, services.access_log.records)
    if deep:
        named = services.authorizer.groups_named
        yield from check_group_uses(services.store, services.config, services.placement, named)


def explain(config: Config, agent: str, mode: str, url: str, *, client: str | None, issuer: str | None) -> str:
    who = Credentials(None if agent == "public" else agent, client, issuer)
    with there(config) as services:
        return explaining.explain(services, who, mode, url)
