"""Command lines of `freehold`, as documents and unit files quote them: found, and held against what the command takes.

Options and the number of arguments are compared, and nothing is run. Values may be placeholders.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

import click

from pod.cli.main import main

STARTS = r"(?:\$ |sudo -u freehold |docker compose exec (?:-T )?pods |docker run (?:-\S+ \S+ )*(?=freehold ))?"
COMMAND = re.compile(rf"^{STARTS}(?:\w+=\S+ )*(?:\S*/bin/)?freehold (?P<rest>.+)$")


def quoted_in(shell: str) -> Iterator[list[str]]:
    """The words after `freehold` of each line of a shell script that calls it."""
    for line in shell.replace("\\\n", " ").splitlines():
        for command in re.split(r" (?:\||&&|\|\||&) |;", line.strip()):
            found = COMMAND.match(re.sub(r"(?:^|\s)#.*", "", command.strip()))
            if found and (words := shlex.split(found["rest"].rstrip(" &"))):
                yield words


def misused(words: Sequence[str], *, whole: bool = True) -> str:
    """What is wrong with the words after `freehold`; nothing if they are a command line that it takes.

    Unless the line is to be `whole`, its arguments may be left out.
    """
    command: click.Command = main
    rest = list(words)
    try:
        while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            context = click.Context(command)
            _, found, rest = command.resolve_command(context, rest)
            assert found is not None
            command = found
        given, left_over, _ = command.make_parser(click.Context(command)).parse_args(rest)
    except click.UsageError as error:
        return error.format_message()
    wanted = [each.name for each in command.params if isinstance(each, click.Argument) and each.required]
    missing = [name for name in wanted if whole and not isinstance(given.get(name), str | tuple)]
    return f"{command.name} takes {wanted}: {rest}" if missing or left_over else ""
