"""What the documentation says is what the code does."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import rdflib
import yaml

from pod.cli.main import main
from pod.config import Config, load
from tests.support.commands import misused, quoted_in
from tests.support.markdown import Document
from tests.support.reference import PAGES
from tests.support.waiting import SECONDS_MAX

ROOT = Path(__file__).parent.parent
MAP = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
GUIDES = [Document(ROOT / name) for name in ("README.md", "docs/owners.md", "docs/operators.md", "docs/apps.md")]
"""What people read who do not work on Freehold. All of it is held against the code."""
FILES = [ROOT / "CHANGELOG.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTS = [*GUIDES, *(Document(each) for each in FILES if each not in {guide.path for guide in GUIDES})]
SETTINGS = {each.name for each in fields(Config)}
VARIABLES = {f"FREEHOLD_{name.upper()}" for name in SETTINGS}
NO_SETTINGS = {"redirect_uris", "offline_access", "authorization_details"}
"""Words of OAuth."""
PICTURE_BYTES_MAX = 120_000

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.path.name)
every_guide = pytest.mark.parametrize("document", GUIDES, ids=lambda each: each.path.name)


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


def test_operators_are_told_of_every_secret_that_has_to_be_kept():
    sources = "\n".join(each.read_text(encoding="utf-8") for each in (ROOT / "pod").rglob("*.py"))
    names = dict(re.findall(r'^(\w+) = "([a-z-]+\.key)"$', sources, re.MULTILINE))
    kept = {name for constant, name in names.items() if re.search(rf"config\.keys, {constant}\b", sources)}
    told = set(re.findall(r"^\| `([a-z-]+\.key)` \|", (ROOT / "docs/operators.md").read_text(), re.MULTILINE))
    assert {"master.key", "listeners.key", "vapid.key"} <= kept <= told


@pytest.mark.parametrize("command", commands(main))
def test_every_command_is_in_a_guide(command: str):
    assert any(f"freehold {command}" in guide.text for guide in GUIDES)


@pytest.mark.parametrize("command", commands(main))
def test_every_command_and_option_has_help(command: str):
    found: click.Command = main
    for word in command.split():
        found = found.commands[word]
    assert found.help
    assert all(each.help for each in found.params if isinstance(each, click.Option) and not each.hidden)


@pytest.mark.parametrize(
    "target",
    [
        "run",
        "example",
        "data-browser",
        "test",
        "check",
        "fix",
        "bench",
        "soak",
        "lock",
        "wheel",
        "pictures",
        "conformance",
    ],
)
def test_make_alone_lists_the_targets(target: str):
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=SECONDS_MAX).stdout
    assert re.search(rf"^  make {target} ", listed, re.MULTILINE)


def test_continuous_integration_runs_make_test():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["exec make test"]


@every_document
def test_links_between_documents_lead_somewhere(document: Document):
    for link in document.links():
        target, _, anchor = link.partition("#")
        if not target.startswith(("https://", "http://localhost:")):
            there = document.path.parent / target if target else document.path
            assert there.exists(), link
            assert not anchor or anchor in Document(there).anchors(), link


@every_document
def test_quoted_commands_are_commands(document: Document):
    lines = [(words, True) for fence in document.fences("sh") for words in quoted_in(fence.code)]
    lines += [(words, False) for span in document.spans() for words in quoted_in(span)]
    wrong = [f"{' '.join(words)}: {problem}" for words, whole in lines if (problem := misused(words, whole=whole))]
    assert wrong == []


@every_document
def test_quoted_make_targets_are_in_the_makefile(document: Document):
    code = [*document.spans(), *(fence.code for fence in document.fences("sh"))]
    quoted = {name for text in code for name in re.findall(r"(?:^|\bDIR |\n)make ([a-z][a-z-]*)", text)}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert quoted - targets == set()


@every_document
def test_quoted_variables_are_settings(document: Document):
    named = set(re.findall(r"FREEHOLD_[A-Z_]*[A-Z]", document.text)) - {"FREEHOLD"}
    assert named - VARIABLES == set()


@every_guide
def test_quoted_settings_are_settings(document: Document):
    named = {
        span.partition(" = ")[0] for span in document.spans() if re.fullmatch(r"[a-z]+(?:_[a-z]+)+(?: = .*)?", span)
    }
    assert named - SETTINGS - NO_SETTINGS == set()
    for span in document.spans():
        if re.match(r"[a-z_]+ = ", span):
            load(environ={}, **tomllib.loads(span))


def as_settings(code: str) -> Any:
    return load(environ={}, **tomllib.loads(code))


def as_shell(code: str) -> Any:
    subprocess.run(["sh", "-n"], input=code, text=True, check=True, timeout=SECONDS_MAX)


def as_turtle(code: str) -> Any:
    return rdflib.Graph().parse(data=code, format="turtle", publicID="https://pod.example/")


LANGUAGES: dict[str, Callable[[str], Any]] = {
    "sh": as_shell,
    "turtle": as_turtle,
    "toml": as_settings,
    "json": json.loads,
    "yaml": yaml.safe_load,
    "js": str,  # run, or compared with what is run
}


@every_document
def test_blocks_of_code_parse(document: Document):
    for fence in document.fences():
        LANGUAGES[fence.language](fence.code)


@every_document
def test_javascript_is_run_or_taken_from_what_is(document: Document):
    """tests/clients/test_apps_page.py runs the one, tests/browser the examples."""
    for fence in document.fences("js"):
        how, _, source = fence.note.partition(" ")
        assert how == "run" or fence.code in (ROOT / source.removeprefix("from ")).read_text(encoding="utf-8")


def test_pictures_are_small_and_used():
    used = {(guide.path.parent / link).resolve() for guide in GUIDES for link in guide.links() if link.endswith(".png")}
    assert used == set((ROOT / "docs" / "pictures").iterdir())
    assert [each.name for each in used if each.stat().st_size > PICTURE_BYTES_MAX] == []


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
