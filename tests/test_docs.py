"""What the documentation says is what the code does."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from pod.cli.main import main
from tests.support.reference import PAGES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(group: click.Group, prefix: str = "") -> list[str]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{name} ")
        elif not command.hidden:
            found.append(prefix + name)
    return found


def pinned(name: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("command", commands(main))
def test_every_command_is_in_the_readme(command: str):
    group, _, name = command.rpartition(" ")
    assert f"freehold {command}" in README or (group and re.search(rf"freehold {group}.*[ ,]{name}\b", README))


@pytest.mark.parametrize("command", commands(main))
def test_every_command_and_option_has_help(command: str):
    found: click.Command = main
    for word in command.split():
        found = found.commands[word]
    assert found.help
    assert all(each.help for each in found.params if isinstance(each, click.Option) and not each.hidden)


@pytest.mark.parametrize("target", ["run", "example", "test", "check", "fix", "bench", "soak", "lock"])
def test_make_alone_lists_the_targets(target: str):
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^  make {target} ", listed, re.MULTILINE)


def test_continuous_integration_runs_make_test():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["exec make test"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_links_between_documents_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (document.parent / target).exists(), target


def test_every_package_is_on_the_map():
    packages = [each.parent.name for each in (ROOT / "pod").glob("*/__init__.py")]
    assert [name for name in packages if f"`{name}/`" not in MAP] == []


def test_every_file_named_on_the_map_exists():
    named = re.findall(r"`((?:pod|tests|docs|examples)/[\w./]+)`", MAP)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {"run.txt": [], "test.txt": extras["test"], "bench.txt": extras["test"] + extras["bench"]}
    for file, more in wanted.items():
        names = {re.match(r"[\w-]+", each)[0].lower() for each in project["dependencies"] + more}
        assert names <= pinned(file), f"run `make lock`: {file}"


@pytest.mark.parametrize("file", ["build.txt", "run.txt", "test.txt", "bench.txt"])
def test_locks_name_no_place_to_fetch_from(file: str):
    text = (ROOT / "requirements" / file).read_text()
    assert re.findall(r"^ *(?:--(?!hash)\S+|.*://.*)", text, re.MULTILINE) == []


def test_decisions_are_numbered_without_gaps():
    decisions = sorted((ROOT / "docs" / "decisions").iterdir())
    assert [int(each.name[:4]) for each in decisions] == list(range(1, len(decisions) + 1))
    assert [each.read_text(encoding="utf-8").split(".")[0] for each in decisions] == [
        f"# {number}" for number in range(1, len(decisions) + 1)
    ]
